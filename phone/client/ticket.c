/* phone/client/ticket.c: web tickets: metadata, IssueToken by PIN, by NTLM, by certificate ([web-services 4, 5, 6]). */
#include "phone/client/ticket.h"

#include <stdlib.h>
#include <string.h>

#include "auth/ticket.h"
#include "base/enc.h"
#include "phone/client/sip.h"
#include "pki/cert.h"
#include "wire/challenge.h"
#include "wire/url.h"

static void ticket_ended(struct ticket_client *t, enum dt_failure f, const char *why)
{
	struct why copy = {0}; /* the client may be freed by its handler, and the reason with it */

	why_set(&copy, "%s", why ? why : "");
	buf_wipe(&t->ask);
	t->done(t->arg, f, copy.text);
}

static void ticket_failed(struct ticket_client *t, enum dt_failure f, const char *why)
{
	struct why copy = {0};

	why_set(&copy, "%s", why ? why : "");
	attempt_fail(t->ph, &t->try, f, copy.text);
	ticket_ended(t, f, copy.text);
}

/* clang-format off */
static const struct {
	const char *name;
	enum dt_failure refused;
	bool guess; /* no specification publishes the message */
} by[] = {
	[BY_PIN]  = {"pin",         DT_F_PIN_REFUSED,      false},
	[BY_NTLM] = {"ntlm",        DT_F_PASSWORD_REFUSED, false},
	[BY_CERT] = {"certificate", DT_F_CERT_REFUSED,     true},
};
/* clang-format on */

static const char *ticket_port_of(const struct ticket_client *t)
{
	const struct soap_metadata *m = &t->metadata;

	switch (t->by) {
	case BY_PIN:
		return m->pin_url;
	case BY_CERT:
		return m->cert_auth_url;
	default:
		return m->negotiate_url[0] ? m->negotiate_url : m->ntlm_url;
	}
}

static void ticket_issued(struct ticket_client *t)
{
	const char *bad;

	if (t->have)
		soap_issued_clear(&t->ticket);
	t->have = false;
	memset(&t->ticket, 0, sizeof t->ticket);
	bad = soap_issued_read(t->http->body.p, t->http->body.n, &t->ticket);
	if (bad) {
		ticket_failed(t, DT_F_SOAP_BAD, bad);
		return;
	}
	if (t->ticket.nproof == 0 && t->ticket.nentropy == 0) {
		soap_issued_clear(&t->ticket);
		ticket_failed(t, DT_F_SOAP_BAD, "the ticket comes without a key to prove it with");
		return;
	}
	t->have = true;
	t->nproof = t->ticket.nproof ? t->ticket.nproof : sizeof t->entropy;
	if (t->ticket.nproof)
		memcpy(t->proof, t->ticket.proof, t->nproof);
	else /* "key = P_SHA1(client entropy, server entropy)" */
		pki_p_sha1(t->entropy, sizeof t->entropy, t->ticket.entropy, t->ticket.nentropy, t->proof, t->nproof);
	explicit_bzero(t->entropy, sizeof t->entropy);
	attempt_ok(t->ph, &t->try, t->ticket.name_id, NULL);
	ticket_ended(t, DT_F_OK, NULL);
}

static void ticket_have_answer(void *arg, struct http_client *h);

static void ticket_post(struct ticket_client *t, const char *headers)
{
	struct http_ask a = {.method = "POST", .url = ticket_port_of(t), .soap_action = SOAP_ACTION_ISSUE, .type = "text/xml",
			     .body = &t->ask, .headers = headers, .done = ticket_have_answer, .arg = t};

	http_ask(t->http, &a);
}

static enum ntlm_leg ticket_next_leg(struct ticket_client *t, struct why *why)
{
	struct buf header = {0};
	struct sv token = {0};
	enum ntlm_leg leg = NTLM_LEG_REFUSED;

	if (http_is_trusted(t->http) && ntlm_http_offered(&t->ntlm, &t->http->m, &token))
		leg = ntlm_http_leg(t->ph, &t->ntlm, &t->who.ntlm, buf_view(&t->http->leaf), token, &header, why);
	if (leg == NTLM_LEG)
		ticket_post(t, buf_cstr(&header));
	buf_wipe(&header);
	return leg;
}

/* "The client is WCF: it sends the RST once without credentials, gets the bare 401, sends it again with Basic" [web-services 6.3].
 * Number and PIN go out once, to a server that was verified and asks for them so; nothing else takes them. */
static bool ticket_basic(struct ticket_client *t)
{
	struct buf pair = {0}, header = {0};
	struct sv ignored;
	bool send = t->by == BY_PIN && !t->basic_sent && t->http->status == 401 && http_is_trusted(t->http) &&
		    challenge_find(&t->http->m, "WWW-Authenticate", SV("Basic"), &ignored);

	if (send) {
		buf_printf(&pair, "%s:%s", t->who.number, t->who.pin);
		buf_str(&header, "Authorization: Basic ");
		b64_add(&header, pair.p, pair.n);
		buf_str(&header, "\r\n");
		send = !pair.oom && !header.oom;
	}
	if (send) {
		t->basic_sent = *t->who.pin_used = true;
		ticket_post(t, buf_cstr(&header));
	}
	buf_wipe(&pair);
	buf_wipe(&header);
	return send;
}

static void ticket_have_answer(void *arg, struct http_client *h)
{
	struct ticket_client *t = arg;
	enum ntlm_leg leg = NTLM_LEG_REFUSED;
	struct why why = {0};
	enum dt_failure f;

	attempt_http(&t->try, h);
	if (h->failure == DT_F_OK && h->status == 200 && !soap_is_fault(h)) {
		ticket_issued(t);
		return;
	}
	if (ticket_moved(t, &t->try, t->done, t->arg))
		return;
	if (t->by == BY_NTLM && h->failure == DT_F_OK && h->status == 401 && (leg = ticket_next_leg(t, &why)) == NTLM_LEG)
		return;
	if (h->failure == DT_F_OK && ticket_basic(t))
		return;
	f = leg == NTLM_LEG_BAD ? DT_F_HTTP_BAD : soap_failure(h, t->who.outside, by[t->by].refused, &t->try, &why);
	if (f == DT_F_PIN_REFUSED && !t->basic_sent) { /* a PIN that was not sent was not refused */
		f = DT_F_HTTP_BAD;
		why_set(&why, "%s, and the PIN port does not ask for HTTP Basic", why.text);
	}
	ticket_failed(t, f, why.text);
}

static bool ticket_compose(struct ticket_client *t)
{
	struct soap_issue q = {0};
	struct sip_ids ids;
	struct buf header = {0};
	bool ok = true;

	ph_random(t->ph, t->entropy, sizeof t->entropy);
	memcpy(q.entropy, t->entropy, sizeof t->entropy);
	q.nentropy = sizeof t->entropy;
	sip_ids_of(ph_core(t->ph)->mac, t->who.sip, &ids);
	text_set(q.context, sizeof q.context, "%s", ids.uuid);
	text_set(q.applies_to, sizeof q.applies_to, "%s", t->metadata.cert_url);
	if (t->by != BY_PIN && t->who.sip[0])
		text_set(q.claim, sizeof q.claim, "sip:%s", t->who.sip);
	if (t->by == BY_CERT) {
		struct pki_key *k = pki_key_read(buf_view(t->who.key));

		ok = k && ticket_sign_x509(&header, k, t->who.cert->p, t->who.cert->n, ph_unix_s(t->ph), false);
		pki_key_free(k);
	}
	buf_wipe(&t->ask);
	soap_issue_write(&t->ask, &q, buf_view(&header));
	ok = ok && !header.oom && !t->ask.oom;
	buf_wipe(&header);
	soap_issue_clear(&q);
	return ok;
}

static void ticket_ask(struct ticket_client *t)
{
	attempt_begin(t->ph, &t->try, "web ticket %s", by[t->by].name);
	t->try.guess = by[t->by].guess;
	if (ticket_port_of(t)[0] == '\0') {
		attempt_sign(&t->try, DT_SIGN_PORT_NOT_OFFERED);
		ticket_failed(t, DT_F_METHOD_OFF, dt_signs[DT_SIGN_PORT_NOT_OFFERED].what);
		return;
	}
	if (t->by == BY_PIN && *t->who.pin_used) { /* one PIN attempt a run */
		ticket_failed(t, DT_F_PIN_REFUSED, "the PIN was used in this run already");
		return;
	}
	if (strncmp(ticket_port_of(t), "https://", 8) != 0) {
		ticket_failed(t, DT_F_METADATA_BAD, "the port is not an https URL: no secret goes there");
		return;
	}
	if (!ticket_compose(t)) {
		ticket_failed(t, DT_F_MEMORY, NULL);
		return;
	}
	t->ntlm.leg = 0;
	t->basic_sent = false;
	ticket_post(t, NULL);
}

/* ---- metadata ------------------------------------------------------------------------------------------------------- */

static void ticket_have_wts(void *arg, struct http_client *h)
{
	struct ticket_client *t = arg;
	struct soap_metadata m = {0};
	struct why why = {0};
	enum dt_failure f = DT_F_METADATA_BAD;
	const char *bad = NULL;
	xmlDocPtr doc;

	attempt_http(&t->try, h);
	if (h->failure != DT_F_OK || h->status != 200) {
		ticket_failed(t, soap_failure(h, t->who.outside, DT_F_METADATA_BAD, &t->try, &why), why.text);
		return;
	}
	doc = soap_answer(h, &f, &why);
	if (doc)
		bad = soap_metadata_read(doc, &m);
	xmlFreeDoc(doc);
	if (doc == NULL || bad) {
		ticket_failed(t, f, bad ? bad : why.text);
		return;
	}
	memcpy(t->metadata.negotiate_url, m.negotiate_url, sizeof m.negotiate_url);
	memcpy(t->metadata.ntlm_url, m.ntlm_url, sizeof m.ntlm_url);
	memcpy(t->metadata.cert_auth_url, m.cert_auth_url, sizeof m.cert_auth_url);
	memcpy(t->metadata.pin_url, m.pin_url, sizeof m.pin_url);
	attempt_ok(t->ph, &t->try, NULL, NULL);
	ticket_ask(t);
}

static void ticket_get_wts(struct ticket_client *t)
{
	char url[SOAP_URI_MAX + 8];
	struct http_ask a = {.method = "GET", .url = url, .follow = true, .done = ticket_have_wts, .arg = t};

	mex_of(t->metadata.issuer, url);
	attempt_begin(t->ph, &t->try, "metadata %s", url);
	http_ask(t->http, &a);
}

bool ticket_metadata_take(struct ticket_client *t, const char *certprov_url, struct why *why)
{
	struct soap_metadata m = {0};
	const char *bad = NULL;
	enum dt_failure f;
	xmlDocPtr doc = soap_answer(t->http, &f, why);

	if (doc)
		bad = soap_metadata_read(doc, &m);
	xmlFreeDoc(doc);
	if (bad == NULL && doc && m.issuer[0] == '\0' && m.cert_url[0])
		bad = "it names no web ticket service";
	if (bad == NULL && doc && m.cert_url[0] && strncmp(m.cert_url, "https://", 8) != 0)
		bad = "its port for certificates is not an https URL: no web ticket goes there";
	if (bad)
		why_set(why, "%s", bad);
	if (doc == NULL || bad)
		return false;
	t->metadata = m;
	text_set(t->metadata_of, sizeof t->metadata_of, "%s", certprov_url);
	return true;
}

static void ticket_have_certprov(void *arg, struct http_client *h)
{
	struct ticket_client *t = arg;
	struct why why = {0};
	char url[SOAP_URI_MAX];

	attempt_http(&t->try, h);
	text_set(url, sizeof url, "%s", t->ask_url);
	if (h->failure != DT_F_OK || h->status != 200) {
		ticket_failed(t, soap_failure(h, t->who.outside, DT_F_METADATA_BAD, &t->try, &why), why.text);
		return;
	}
	if (!ticket_metadata_take(t, url, &why)) {
		ticket_failed(t, DT_F_METADATA_BAD, why.text);
		return;
	}
	if (t->metadata.cert_url[0] == '\0') { /* "Set-CsWebServiceConfiguration -UseCertificateAuth $False" */
		attempt_sign(&t->try, DT_SIGN_CERT_NOT_GIVEN);
		ticket_failed(t, DT_F_METHOD_OFF, dt_signs[DT_SIGN_CERT_NOT_GIVEN].what);
		return;
	}
	attempt_ok(t->ph, &t->try, NULL, NULL);
	ticket_get_wts(t);
}

static void ticket_begin(struct ticket_client *t, enum ticket_by by_what, const char *certprov_url, ticket_fn *done, void *arg)
{
	char url[SOAP_URI_MAX + 8];
	struct http_ask a = {.method = "GET", .url = url, .follow = true, .done = ticket_have_certprov, .arg = t};

	t->by = by_what;
	t->done = done;
	t->arg = arg;
	if (strcmp(t->metadata_of, certprov_url) == 0 && t->metadata.issuer[0]) {
		if (t->metadata.pin_url[0] || t->metadata.negotiate_url[0] || t->metadata.cert_auth_url[0] ||
		    t->metadata.ntlm_url[0])
			ticket_ask(t);
		else
			ticket_get_wts(t);
		return;
	}
	text_set(t->ask_url, sizeof t->ask_url, "%s", certprov_url);
	mex_of(certprov_url, url);
	attempt_begin(t->ph, &t->try, "metadata %s", url);
	http_ask(t->http, &a);
}

void ticket_get(struct ticket_client *t, enum ticket_by by_what, const char *certprov_url, ticket_fn *done, void *arg)
{
	t->moves = 0;
	ticket_begin(t, by_what, certprov_url, done, arg);
}

/* Two URLs of one server: a port that goes without saying may be said (RFC 3986 6.2.3). */
static bool ticket_same_server(const char *one, const char *other)
{
	struct url a, b;

	return url_read(sv_of(one), &a) && url_read(sv_of(other), &b) && a.port == b.port && sv_ieq(sv_of(a.host), sv_of(b.host));
}

/* The pools so far, this one among them: *url is one of them, or they are too many. */
static bool ticket_in_a_circle(struct ticket_client *t, const char *url)
{
	bool again = false;

	if (t->moves < TICKET_MOVES)
		text_set(t->visited[t->moves], sizeof t->visited[0], "%s", t->metadata_of);
	t->moves++;
	for (unsigned i = 0; i < t->moves && i < TICKET_MOVES; i++)
		again |= ticket_same_server(t->visited[i], url);
	return again || t->moves > TICKET_MOVES;
}

/* "A redirect to another pool means: start over with that pool's WTS, tickets do not travel."  What was sent has been
 * verified by nobody. */
bool ticket_moved(struct ticket_client *t, struct attempt *try, ticket_fn *done, void *arg)
{
	const struct http_client *h = t->http;
	char to[SOAP_URI_MAX], url[SOAP_URI_MAX];

	if (h->failure != DT_F_OK || h->status / 100 != 3 || !sv_copy(to, sizeof to, msg_get(&h->m, "Location")) ||
	    !web_external_of(to, url, sizeof url))
		return false;
	if (ticket_in_a_circle(t, url)) {
		struct why why = {0};

		why_set(&why, "the pools send it round in a circle: to %.200s again", url);
		attempt_fail(t->ph, try, DT_F_REDIRECTS, why.text);
		t->done = done;
		t->arg = arg;
		ticket_ended(t, DT_F_REDIRECTS, why.text);
		return true;
	}
	*t->who.pin_used = false;
	attempt_sign(try, DT_SIGN_MOVED);
	attempt_ok(t->ph, try, url, "sent to another pool");
	ticket_begin(t, t->by, url, done, arg);
	return true;
}

struct ticket_client *ticket_new(struct dt_phone *ph, struct http_client *http)
{
	struct ticket_client *t = ph_alloc(ph, sizeof *t);

	if (t) {
		t->ph = ph;
		t->http = http;
	}
	return t;
}

void ticket_drop(struct ticket_client *t)
{
	if (t->have)
		soap_issued_clear(&t->ticket);
	memset(&t->ticket, 0, sizeof t->ticket);
	explicit_bzero(t->proof, sizeof t->proof);
	t->have = false;
	t->moves = 0;
}

void ticket_free(struct ticket_client *t)
{
	if (t == NULL)
		return;
	ticket_drop(t);
	buf_wipe(&t->ask);
	explicit_bzero(t, sizeof *t);
	free(t);
}
