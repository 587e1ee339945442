/* server/web/ticket.c: the Web Ticket Service [web-services 5, 6]. */
#include "server/web/internal.h"

#include <string.h>

#include "base/enc.h"
#include "base/number.h"
#include "base/text.h"

/* ---- the answer, the same for every way ---------------------------------------------------------------------- */

/* A user who may not sign in from outside is told so only after it was proved who it is. */
static void ticket_answer(struct web_call *k, struct vault_reply *r, struct vault_ticket *t)
{
	const struct soap_issue *ask = &k->issue;

	web_seen_ticket(k, r, t);
	if (r->status == VAULT_MALFORMED)
		web_fault(k, FAULT_CLIENT, r->why.text[0] ? r->why.text : "The request cannot be read.");
	else if (r->status == VAULT_NOT_ENABLED && r->kind == VAULT_TICKET_LOGIN)
		web_fault(k, FAULT_WINDOWS_USER, r->why.text);
	else if (r->status == VAULT_ELSEWHERE)
		web_elsewhere(k, t, r->why.text);
	else if (r->status != VAULT_OK)
		web_fault(k, web_fault_of(r->status), r->why.text);
	else if (k->q->outside && !t->remote)
		web_fault(k, FAULT_REMOTE, "the user may not sign in from outside");
	else {
		t->issued.trust2005 = ask->trust2005;
		memcpy(t->issued.token_type, ask->token_type, sizeof t->issued.token_type);
		web_soap_reply(k, 200, ask->trust2005 ? NS_WST_2005 "/RSTR/Issue" : NS_WST_SLASH "RSTRC/IssueFinal");
		soap_issued_write(&k->a->body, &t->issued);
	}
}

/* NULL: the answer is composed already.  `kind`: the name under which an unreadable request is captured; NULL: nothing. */
static xmlDocPtr ticket_question(struct web_call *k, const char *kind)
{
	static const char *const actions[] = {SOAP_ACTION_ISSUE, SOAP_ACTION_ISSUE_2005, NULL};
	xmlDocPtr doc = web_soap(k, actions);
	const char *why = doc ? soap_issue_read(doc, &k->issue) : NULL;

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

static void login_ticket(struct web_call *k, struct vault_reply *r)
{
	if (r->status != VAULT_REFUSED && r->status != VAULT_NOT_FOUND) {
		ticket_answer(k, r, &r->ticket_login);
		return;
	}
	web_seen_refused(k, DT_F_PASSWORD_REFUSED, r->why.text);
	k->c->windows = WINDOWS_NOT_YET; /* "forgotten after 10 minutes": prove it again */
	web_reply(k, 401, "text/html");
	web_header(k, "WWW-Authenticate", "NTLM");
}

static void logged_in(struct web_call *k)
{
	struct vault_ask q = {.kind = VAULT_TICKET_LOGIN, .ticket_login = {.login = k->c->login.id, .outside = k->q->outside}};
	xmlDocPtr doc = ticket_question(k, NULL);

	if (doc == NULL)
		return;
	xmlFreeDoc(doc);
	q.ticket_login.issue = k->issue;
	web_ask(k, &q, login_ticket);
	vault_ask_clear(&q);
}

void web_wts_windows(struct web_call *k)
{
	web_seen(k, SEEN_TICKET);
	if (k->w->conf.site->UseWindowsAuth == SITE_WINDOWS_NTLM)
		web_windows(k, logged_in);
	else
		web_fault(k, FAULT_METHOD, "UseWindowsAuth is off");
}

/* ---- certificate ------------------------------------------------------------------------------------------------ */

static void cert_ticket(struct web_call *k, struct vault_reply *r)
{
	ticket_answer(k, r, &r->ticket_cert);
}

void web_wts_cert(struct web_call *k)
{
	struct vault_ask q = {.kind = VAULT_TICKET_CERT, .ticket_cert = {k->q->body, k->q->outside}};
	xmlDocPtr doc;

	web_seen(k, SEEN_TICKET);
	if (!k->w->conf.site->UseCertificateAuth) {
		web_fault(k, FAULT_METHOD, "UseCertificateAuth is off");
		return;
	}
	if ((doc = ticket_question(k, "cert")) == NULL)
		return;
	xmlFreeDoc(doc);
	if (k->issue.has_signature) {
		web_ask(k, &q, cert_ticket);
	} else {
		web_capture(k, "cert", true);
		web_fault(k, FAULT_NO_TOKEN, "no certificate and signature in the header");
	}
}

/* ---- PIN (6.3) --------------------------------------------------------------------------------------------------- */

struct secret {
	char number[256], pin[256];
};

/* As server/vault/line.c reads it.  "If number + PIN is not unique either, number + extension must be used": this is how it
 * is typed. */
static bool ticket_is_number(const char *s)
{
	struct number n;

	return number_read(sv_of(s), &n) == NULL;
}

static bool is_pin(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n <= 24 && s[n] == '\0';
}

static bool ticket_plain(const struct web_call *k, xmlDocPtr doc, const struct soap_issue *ask, struct secret *ret)
{
	(void)k;
	(void)doc;
	if (!ask->has_username)
		return false;
	memcpy(ret->number, ask->username, sizeof ret->number);
	memcpy(ret->pin, ask->password, sizeof ret->pin);
	return ticket_is_number(ret->number) && is_pin(ret->pin);
}

static bool ticket_decode(const char *text, char out[256])
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
	return ask->has_username && ticket_decode(ask->username, ret->number) && ticket_decode(ask->password, ret->pin) &&
	       ticket_is_number(ret->number) && is_pin(ret->pin);
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
	return ticket_is_number(ret->number) && is_pin(ret->pin);
}

/* "Accept ... sip:user@domain, user@domain" [web-services 6.3]: *s is without the scheme then. */
static bool ticket_is_address(char s[256])
{
	struct sv a = sv_of(s), user;

	if (sv_istarts(a, SV("sip:")))
		a = sv_from(a, 4);
	user = a;
	user = sv_cut(&user, '@');
	if (user.n == 0 || user.n == a.n || user.n + 1 == a.n)
		return false;
	memmove(s, a.p, a.n + 1);
	return true;
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

		const char *colon = pin.n ? memrchr(pin.p, ':', pin.n) : NULL; /* "sip:" and "tel:" have one of their own */

		user = (struct sv){pin.p, colon ? (size_t)(colon - pin.p) : 0};
		pin = sv_from(pin, user.n + (colon != NULL));
		ok = colon && sv_copy(ret->number, sizeof ret->number, user) && sv_copy(ret->pin, sizeof ret->pin, pin) &&
		     (ticket_is_number(ret->number) || ticket_is_address(ret->number)) && is_pin(ret->pin);
	}
	buf_wipe(&b);
	return ok;
}

bool web_basic_read(const struct web_call *k, char number[256], char pin[256])
{
	struct secret s = {"", ""};
	bool ok = basic(k, NULL, NULL, &s);

	if (ok) {
		memcpy(number, s.number, sizeof s.number);
		memcpy(pin, s.pin, sizeof s.pin);
	}
	explicit_bzero(&s, sizeof s);
	return ok;
}

/* From outside only where the site demands it there: else the Internet could guess, and lock everybody out. */
bool web_pin_taken(const struct web_call *k)
{
	return k->w->conf.site->UsePinAuth && (!k->q->outside || k->w->conf.site->external_require_pin);
}

/* UNKNOWN: how phones send number and PIN, beside HTTP Basic [web-services 6.3].  The first row that recognises the
 * request; what none recognises is kept with its values masked, so that the real format becomes known.  A row more is
 * five lines. */
static bool (*const recognisers[])(const struct web_call *k, xmlDocPtr doc, const struct soap_issue *ask,
				   struct secret *ret) = {ticket_plain, base64, claims, basic};

static bool recognised(struct web_call *k, xmlDocPtr doc, struct secret *ret)
{
	for (size_t i = 0; i < sizeof recognisers / sizeof *recognisers; i++) {
		if (!recognisers[i](k, doc, &k->issue, ret))
			continue;
		k->basic = recognisers[i] == basic;
		/* A phone that signs in by number cannot know its SIP URI yet: only what looks like one is a claim.  Where the
		 * claims are the credentials, they claim nothing. */
		if (recognisers[i] == claims || strchr(k->issue.claim, '@') == NULL)
			k->issue.claim[0] = '\0';
		return true;
	}
	return false;
}

static void pin_ticket(struct web_call *k, struct vault_reply *r)
{
	if (k->basic && (r->status == VAULT_REFUSED || r->status == VAULT_NOT_FOUND)) {
		web_seen_ticket(k, r, &r->ticket_pin);
		web_basic_refused(k, r->why.text);
	} else
		ticket_answer(k, r, &r->ticket_pin);
}

/* Number and PIN may stand in the message, though in no form that is known; a request without any is how WCF begins. */
static bool has_credentials(const struct web_call *k, xmlDocPtr doc)
{
	xmlNodePtr one = xml_child(xml_child(soap_body(doc), NULL, "Claims"), NULL, "ClaimType");

	return k->issue.has_username || xml_next(one, NULL, "ClaimType") != NULL;
}

static void ask_pin(struct web_call *k, const struct secret *s)
{
	struct vault_ask q = {.kind = VAULT_TICKET_PIN, .ticket_pin = {.outside = k->q->outside, .issue = k->issue}};

	memcpy(q.ticket_pin.number, s->number, sizeof q.ticket_pin.number);
	memcpy(q.ticket_pin.pin, s->pin, sizeof q.ticket_pin.pin);
	text_set(k->number, sizeof k->number, "%s", s->number);
	if (sv_copy(q.ticket_pin.peer, sizeof q.ticket_pin.peer, sv_of(k->q->peer)))
		web_ask(k, &q, pin_ticket);
	else
		web_fault(k, FAULT_INTERNAL, "the peer's address is too long");
	vault_ask_clear(&q);
	explicit_bzero(q.ticket_pin.issue.password, sizeof q.ticket_pin.issue.password);
}

void web_wts_pin(struct web_call *k)
{
	struct secret s = {"", ""};
	xmlDocPtr doc;

	web_seen(k, SEEN_TICKET);
	if (!web_pin_taken(k)) {
		web_fault(k, FAULT_METHOD, k->q->outside ? "no PIN from outside" : "UsePinAuth is off");
		return;
	}
	if ((doc = ticket_question(k, "pin")) == NULL)
		return;
	if (recognised(k, doc, &s)) {
		ask_pin(k, &s);
	} else if (msg_get(k->q->m, "Authorization").p) {
		web_basic_refused(k, "neither number nor PIN is recognised in Authorization");
	} else if (!has_credentials(k, doc)) {
		web_basic_ask(k);
	} else {
		web_capture(k, "pin", true);
		web_fault(k, FAULT_NO_TOKEN, "neither number nor PIN is recognised in the request");
	}
	explicit_bzero(&s, sizeof s);
	xmlFreeDoc(doc);
}
