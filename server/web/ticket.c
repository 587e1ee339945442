/* server/web/ticket.c: the Web Ticket Service [web-services 5, 6]. */
#include "server/web/internal.h"

#include <string.h>

#include "base/enc.h"

/* ---- the answer, the same for every way ---------------------------------------------------------------------- */

/* Who may not sign in from outside is told so only after he has proved who he is. */
static bool may_from_here(const struct web_call *k, const struct vault_ticket *t)
{
	const struct vault_ops *v = k->w->conf.vault;
	const char *id = t->issued.name_id;
	struct vault_user u;

	if (!k->q->outside)
		return true;
	return v->user(v->arg, strncmp(id, "sip:", 4) == 0 ? id + 4 : id, &u) == VAULT_OK && u.remote;
}

static void answer(struct web_call *k, const struct soap_issue *ask, enum vault_status st, struct vault_ticket *t, const char *why,
		   bool windows)
{
	if (st == VAULT_MALFORMED)
		web_fault(k, FAULT_CLIENT, why[0] ? why : "The request cannot be read.");
	else if (st == VAULT_NOT_ENABLED && windows)
		web_fault(k, FAULT_WINDOWS_USER, why);
	else if (st != VAULT_OK)
		web_fault(k, web_fault_of(st), why);
	else if (!may_from_here(k, t))
		web_fault(k, FAULT_REMOTE, "the user may not sign in from outside");
	else {
		t->issued.trust2005 = ask->trust2005;
		memcpy(t->issued.token_type, ask->token_type, sizeof t->issued.token_type);
		web_soap_reply(k, 200, ask->trust2005 ? NS_WST_2005 "/RSTR/Issue" : NS_WST_SLASH "RSTRC/IssueFinal");
		soap_issued_write(&k->a->body, &t->issued);
	}
	vault_ticket_clear(t);
}

/* NULL: the answer is composed already.  `kind`: what is kept of a question that is none; NULL: nothing. */
static xmlDocPtr question(struct web_call *k, struct soap_issue *ask, const char *kind)
{
	static const char *const actions[] = {SOAP_ACTION_ISSUE, SOAP_ACTION_ISSUE_2005, NULL};
	xmlDocPtr doc = web_soap(k, actions);
	const char *why = doc ? soap_issue_read(doc, ask) : NULL;

	if (why) {
		web_fault(k, FAULT_CLIENT, why);
		xmlFreeDoc(doc);
		doc = NULL;
	}
	if (doc == NULL && kind)
		web_capture(k, kind, true);
	return doc;
}

/* ---- Integrated Windows ---------------------------------------------------------------------------------------- */

void web_wts_windows(struct web_call *k)
{
	const struct vault_ops *v = k->w->conf.vault;
	struct vault_ticket t = {0};
	struct soap_issue ask;
	char why[VAULT_WHY] = "";
	enum vault_status st;
	xmlDocPtr doc;

	if (k->w->conf.site->UseWindowsAuth != SITE_WINDOWS_NTLM) {
		web_fault(k, FAULT_METHOD, "UseWindowsAuth is off");
		return;
	}
	if (!web_windows(k))
		return;
	doc = question(k, &ask, NULL);
	if (doc == NULL)
		return;
	st = v->ticket_login(v->arg, k->c->login.id, &ask, k->q->outside, &t, why);
	if (st == VAULT_REFUSED || st == VAULT_NOT_FOUND) { /* "forgotten after 10 minutes": prove it again */
		k->c->windows = WINDOWS_NOT_YET;
		web_reply(k, 401, "text/html");
		web_header(k, "WWW-Authenticate", "NTLM");
		vault_ticket_clear(&t);
	} else {
		answer(k, &ask, st, &t, why, true);
	}
	soap_issue_clear(&ask);
	xmlFreeDoc(doc);
}

/* ---- certificate ------------------------------------------------------------------------------------------------ */

void web_wts_cert(struct web_call *k)
{
	const struct vault_ops *v = k->w->conf.vault;
	struct vault_ticket t = {0};
	struct soap_issue ask;
	char why[VAULT_WHY] = "";
	xmlDocPtr doc;

	if (!k->w->conf.site->UseCertificateAuth) {
		web_fault(k, FAULT_METHOD, "UseCertificateAuth is off");
		return;
	}
	doc = question(k, &ask, "cert");
	if (doc == NULL)
		return;
	if (ask.has_signature) {
		enum vault_status st = v->ticket_cert(v->arg, k->q->body.p, k->q->body.n, k->q->outside, &t, why);

		answer(k, &ask, st, &t, why, false);
	} else {
		web_capture(k, "cert", true);
		web_fault(k, FAULT_NO_TOKEN, "no certificate and signature in the header");
	}
	soap_issue_clear(&ask);
	xmlFreeDoc(doc);
}

/* ---- PIN (6.3) --------------------------------------------------------------------------------------------------- */

struct secret {
	char number[256], pin[256];
};

static bool spelled(struct sv s, const char *letters)
{
	bool digit = false;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\0' || strchr(letters, s.p[i]) == NULL)
			return false;
		digit |= s.p[i] >= '0' && s.p[i] <= '9';
	}
	return digit && s.n <= 32;
}

/* What server/vault/line.c can read: "+1 (425) 555-0123", "tel:+14255550123;ext=4411".  "If number + PIN is not unique either,
 * number + extension must be used": this is how it is typed. */
static bool is_number(const char *s)
{
	struct sv rest = sv_of(s), number;

	if (sv_istarts(rest, SV("tel:")))
		rest = sv_from(rest, 4);
	number = sv_cut(&rest, ';');
	if (rest.p && (!sv_istarts(rest, SV("ext=")) || !spelled(sv_from(rest, 4), "0123456789")))
		return false;
	return spelled(number, "+0123456789 ().-");
}

static bool is_pin(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= 24 && s[n] == '\0';
}

static bool plain(const struct web_call *k, xmlDocPtr doc, const struct soap_issue *ask, struct secret *ret)
{
	(void)k;
	(void)doc;
	if (!ask->has_username)
		return false;
	memcpy(ret->number, ask->username, sizeof ret->number);
	memcpy(ret->pin, ask->password, sizeof ret->pin);
	return is_number(ret->number) && is_pin(ret->pin);
}

static bool decode(const char *text, char out[256])
{
	struct buf b = {0};
	bool ok = b64_read(&b, sv_of(text)) && sv_copy(out, 256, buf_view(&b));

	buf_wipe(&b);
	return ok;
}

/* "The sibling /Auth port takes a UsernameToken whose Username and Password are each base64 of the UTF-8 text." */
static bool base64(const struct web_call *k, xmlDocPtr doc, const struct soap_issue *ask, struct secret *ret)
{
	(void)k;
	(void)doc;
	return ask->has_username && decode(ask->username, ret->number) && decode(ask->password, ret->pin) &&
	       is_number(ret->number) && is_pin(ret->pin);
}

static bool claims(const struct web_call *k, xmlDocPtr doc, const struct soap_issue *ask, struct secret *ret)
{
	xmlNodePtr c = xml_child(soap_body(doc), NULL, "Claims");
	xmlNodePtr one = xml_child(c, NULL, "ClaimType"), two = xml_next(one, NULL, "ClaimType");
	char other[sizeof ret->pin];

	(void)k;
	(void)ask;
	if (!two || !xml_text(xml_child(one, NULL, "Value"), ret->number, sizeof ret->number) ||
	    !xml_text(xml_child(two, NULL, "Value"), ret->pin, sizeof ret->pin))
		return false;
	if (!is_pin(ret->pin)) { /* "one all digits of PIN length": the other one, then */
		memcpy(other, ret->number, sizeof other);
		memcpy(ret->number, ret->pin, sizeof ret->number);
		memcpy(ret->pin, other, sizeof ret->pin);
		explicit_bzero(other, sizeof other);
	}
	return is_number(ret->number) && is_pin(ret->pin);
}

static bool basic(const struct web_call *k, xmlDocPtr doc, const struct soap_issue *ask, struct secret *ret)
{
	struct sv value = msg_get(k->q->m, "Authorization"), scheme = sv_cut(&value, ' '), user;
	struct buf b = {0};
	bool ok = false;

	(void)doc;
	(void)ask;
	if (k->q->tls && sv_ieq(scheme, SV("Basic")) && value.p && b64_read(&b, sv_trim(value))) {
		struct sv pin = buf_view(&b);

		user = sv_cut(&pin, ':');
		ok = pin.p && sv_copy(ret->number, sizeof ret->number, user) && sv_copy(ret->pin, sizeof ret->pin, pin) &&
		     is_number(ret->number) && is_pin(ret->pin);
	}
	buf_wipe(&b);
	return ok;
}

/* From outside only where the site demands it there: else the Internet could guess, and lock everybody out. */
bool web_pin_taken(const struct web_call *k)
{
	return k->w->conf.site->UsePinAuth && (!k->q->outside || k->w->conf.site->external_require_pin);
}

/* UNKNOWN: the SOAP shape of PIN authentication.  The first row that recognises the request; what none recognises is
 * kept with its values masked, so that the real format becomes known.  A row more is five lines. */
static bool (*const recognisers[])(const struct web_call *k, xmlDocPtr doc, const struct soap_issue *ask,
				   struct secret *ret) = {plain, base64, claims, basic};

/* Who signs in by number cannot know his SIP URI yet: only what looks like one is a claim.  Where the claims are the
 * credentials, they claim nothing. */
void web_wts_pin(struct web_call *k)
{
	const struct vault_ops *v = k->w->conf.vault;
	struct vault_ticket t = {0};
	struct secret s = {"", ""};
	struct soap_issue ask;
	char why[VAULT_WHY] = "";
	bool found = false;
	xmlDocPtr doc;

	if (!web_pin_taken(k)) {
		web_fault(k, FAULT_METHOD, k->q->outside ? "no PIN from outside" : "UsePinAuth is off");
		return;
	}
	doc = question(k, &ask, "pin");
	if (doc == NULL)
		return;
	for (size_t i = 0; i < sizeof recognisers / sizeof *recognisers && !found; i++) {
		found = recognisers[i](k, doc, &ask, &s);
		if (found && (recognisers[i] == claims || strchr(ask.claim, '@') == NULL))
			ask.claim[0] = '\0';
	}
	if (found) {
		enum vault_status st = v->ticket_pin(v->arg, s.number, s.pin, &ask, k->q->outside, &t, why);

		answer(k, &ask, st, &t, why, false);
	} else {
		web_capture(k, "pin", true);
		web_fault(k, FAULT_NO_TOKEN, "neither number nor PIN is recognised in the request");
	}
	explicit_bzero(&s, sizeof s);
	soap_issue_clear(&ask);
	xmlFreeDoc(doc);
}
