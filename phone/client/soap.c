/* phone/client/soap.c: web tickets: metadata, IssueToken by PIN, by NTLM, by certificate; and what faults mean
 * [web-services 4, 5, 6, 12]. */
#include "phone/internal.h"

/* ---- faults --------------------------------------------------------------------------------------------------- */

static enum dt_failure of_id(unsigned id, enum dt_failure refused)
{
	switch (id) {
	case 28000:
		return DT_F_NOT_ENABLED;
	case 28020:
		return refused;
	case 28029:
		return DT_F_METHOD_OFF;
	case 28032:
		return DT_F_TICKET_BAD;
	default:
		return DT_F_HTTP_STATUS;
	}
}

enum dt_failure soap_failure(struct dt_phone *ph, enum dt_failure refused, char why[WHY_MAX])
{
	struct http *h = &ph->http;
	struct soap_fault f = {0};
	const char *bad = NULL;
	char reason[256] = "";
	unsigned id = 0;
	xmlDocPtr doc;

	if (h->failure != DT_F_OK) {
		text(why, WHY_MAX, "%s", h->why);
		return h->failure == DT_F_TLS_DATE && !ph->time_known ? DT_F_CLOCK_WRONG : h->failure;
	}
	doc = xml_read(h->body.p, h->body.n, &bad);
	if (doc && soap_fault_read(doc, &f) == NULL) {
		id = f.error_id;
		text(reason, sizeof reason, "%s", f.reason);
	}
	xmlFreeDoc(doc);
	if (id == 0 && msg_get(&h->m, "X-Ms-diagnostics").p)
		soap_diag_read(msg_get(&h->m, "X-Ms-diagnostics"), &id, reason, sizeof reason);
	text(ph->said, sizeof ph->said, "%s", reason);
	ph->try.fact.diag = id;
	ph->try.fact.said = ph->said;
	if (id)
		text(why, WHY_MAX, "the server says %u: %s", id, reason);
	else if (h->status / 100 == 3)
		text(why, WHY_MAX, "HTTP %u, to " SV_FMT, h->status, SV_ARG(msg_get(&h->m, "Location")));
	else
		text(why, WHY_MAX, "HTTP %u%s%s", h->status, reason[0] ? ": " : "", reason);
	if (id == 0 && h->status == 401)
		return refused;
	/* UNKNOWN: an id of its own; 28000 is also "not SIP enabled".  The server's own words are all that tells them apart. */
	if (id == 28000 && ph->outside && strstr(reason, "remote access"))
		return DT_F_REMOTE_OFF;
	return of_id(id, refused);
}

xmlDocPtr soap_answer(struct dt_phone *ph, enum dt_failure *f, char why[WHY_MAX])
{
	const char *bad = NULL;
	xmlDocPtr doc = xml_read(ph->http.body.p, ph->http.body.n, &bad);

	if (doc == NULL) {
		*f = DT_F_SOAP_BAD;
		text(why, WHY_MAX, "%s", bad ? bad : "");
	}
	return doc;
}

/* "GET <service URL>/mex", however the URL was written in DHCP. */
void mex_of(const char *service, char out[SOAP_URI_MAX + 8])
{
	struct sv s = sv_of(service);

	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	text(out, SOAP_URI_MAX + 8, SV_FMT "%s", SV_ARG(s), sv_iends(s, SV("/mex")) ? "" : "/mex");
}

bool soap_is_fault(struct dt_phone *ph)
{
	xmlDocPtr doc = xml_read(ph->http.body.p, ph->http.body.n, NULL);
	bool fault = soap_kind(doc) == SOAP_FAULT;

	xmlFreeDoc(doc);
	return fault;
}

/* In-band provisioning tells the update service's external URL; the Web Services stand at the same name. */
bool web_external_of(const char *update_url, char *out, size_t cap)
{
	struct url u;

	if (!url_read(sv_of(update_url), &u) || !u.https)
		return false;
	if (u.port == 443)
		text(out, cap, "https://%s/CertProv/CertProvisioningService.svc", u.host);
	else
		text(out, cap, "https://%s:%u/CertProv/CertProvisioningService.svc", u.host, u.port);
	return true;
}

/* ---- the ticket ---------------------------------------------------------------------------------------------------- */

static void ended(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	char copy[WHY_MAX];

	text(copy, sizeof copy, "%s", why ? why : "");
	buf_wipe(&ph->ask);
	ph->ticket_done(ph, f, copy);
}

static void failed(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	char copy[WHY_MAX];

	text(copy, sizeof copy, "%s", why ? why : "");
	attempt_fail(ph, &ph->try, f, copy);
	ended(ph, f, copy);
}

/* clang-format off */
static const struct {
	const char *name;
	enum dt_failure refused;
	bool guess; /* no specification publishes the message */
} by[] = {
	[BY_PIN]  = {"pin",         DT_F_PIN_REFUSED,      true},
	[BY_NTLM] = {"ntlm",        DT_F_PASSWORD_REFUSED, false},
	[BY_CERT] = {"certificate", DT_F_CERT_REFUSED,     true},
};
/* clang-format on */

static const char *port_of(const struct dt_phone *ph)
{
	const struct soap_metadata *m = &ph->metadata;

	switch (ph->ticket_by) {
	case BY_PIN:
		return m->pin_url;
	case BY_CERT:
		return m->cert_auth_url;
	default:
		return m->negotiate_url[0] ? m->negotiate_url : m->ntlm_url;
	}
}

static void issued(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	const char *bad;

	if (ph->have_ticket)
		soap_issued_clear(&ph->ticket);
	ph->have_ticket = false;
	memset(&ph->ticket, 0, sizeof ph->ticket);
	bad = soap_issued_read(h->body.p, h->body.n, &ph->ticket);
	if (bad) {
		failed(ph, DT_F_SOAP_BAD, bad);
		return;
	}
	if (ph->ticket.nproof == 0 && ph->ticket.nentropy == 0) {
		soap_issued_clear(&ph->ticket);
		failed(ph, DT_F_SOAP_BAD, "the ticket comes without a key to prove it with");
		return;
	}
	ph->have_ticket = true;
	ph->nproof = ph->ticket.nproof ? ph->ticket.nproof : sizeof ph->entropy;
	if (ph->ticket.nproof)
		memcpy(ph->proof, ph->ticket.proof, ph->nproof);
	else /* "key = P_SHA1(client entropy, server entropy)" */
		pki_p_sha1(ph->entropy, sizeof ph->entropy, ph->ticket.entropy, ph->ticket.nentropy, ph->proof, ph->nproof);
	explicit_bzero(ph->entropy, sizeof ph->entropy);
	attempt_ok(ph, &ph->try, ph->ticket.name_id, NULL);
	ended(ph, DT_F_OK, NULL);
}

static void have_answer(struct dt_phone *ph);

static void post(struct dt_phone *ph, const char *headers)
{
	struct http_ask a = {.method = "POST", .url = port_of(ph), .soap_action = SOAP_ACTION_ISSUE, .type = "text/xml",
			     .body = &ph->ask, .headers = headers};

	http_ask(ph, &a, have_answer);
}

static bool next_leg(struct dt_phone *ph, char why[WHY_MAX])
{
	struct buf header = {0};
	struct sv token = {0};
	bool on = ntlm_http_offered(ph, &token) && ntlm_http_leg(ph, token, &header, why);

	if (on)
		post(ph, buf_cstr(&header));
	buf_wipe(&header);
	return on;
}

static void have_answer(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	char why[WHY_MAX] = "";
	enum dt_failure f;

	attempt_http(&ph->try, h);
	if (h->failure == DT_F_OK && h->status == 200 && !soap_is_fault(ph)) {
		issued(ph);
		return;
	}
	if (ticket_moved(ph, ph->ticket_done))
		return;
	if (ph->ticket_by == BY_NTLM && h->failure == DT_F_OK && h->status == 401 && next_leg(ph, why))
		return;
	f = why[0] ? DT_F_HTTP_BAD : soap_failure(ph, by[ph->ticket_by].refused, why);
	failed(ph, f, why);
}

static bool compose(struct dt_phone *ph)
{
	struct soap_issue q = {0};
	struct buf header = {0};
	bool ok = true;

	dice(ph, ph->entropy, sizeof ph->entropy);
	memcpy(q.entropy, ph->entropy, sizeof ph->entropy);
	q.nentropy = sizeof ph->entropy;
	sip_ids(ph);
	text(q.context, sizeof q.context, "%s", ph->sip.uuid);
	text(q.applies_to, sizeof q.applies_to, "%s", ph->metadata.cert_url);
	if (ph->ticket_by == BY_PIN) { /* UNKNOWN: the SOAP shape of PIN authentication (6.3) */
		soap_username_write(&header, ph->number, ph->pin);
		ph->pin_used = true;
	} else if (ph->account.sip[0]) {
		text(q.claim, sizeof q.claim, "sip:%s", ph->account.sip);
	}
	if (ph->ticket_by == BY_CERT) {
		struct pki_key *k = pki_key_read(buf_view(key_in_use(ph)));

		ok = k && ticket_sign_x509(&header, k, cert_in_use(ph)->p, cert_in_use(ph)->n, phone_unix(ph), false);
		pki_key_free(k);
	}
	buf_wipe(&ph->ask);
	soap_issue_write(&ph->ask, &q, buf_view(&header));
	ok = ok && !header.oom && !ph->ask.oom;
	buf_wipe(&header);
	soap_issue_clear(&q);
	return ok;
}

static void ask_ticket(struct dt_phone *ph)
{
	attempt_begin(ph, &ph->try, "web ticket %s", by[ph->ticket_by].name);
	ph->try.guess = by[ph->ticket_by].guess;
	if (port_of(ph)[0] == '\0') {
		attempt_sign(&ph->try, DT_SIGN_PORT_NOT_OFFERED);
		failed(ph, DT_F_METHOD_OFF, dt_signs[DT_SIGN_PORT_NOT_OFFERED].what);
		return;
	}
	if (ph->ticket_by == BY_PIN && ph->pin_used) { /* one PIN attempt a run */
		failed(ph, DT_F_PIN_REFUSED, "the PIN was used in this run already");
		return;
	}
	if (strncmp(port_of(ph), "https://", 8) != 0) {
		failed(ph, DT_F_METADATA_BAD, "the port is not an https URL: no secret goes there");
		return;
	}
	if (!compose(ph)) {
		failed(ph, DT_F_MEMORY, NULL);
		return;
	}
	ph->ntlm.leg = 0;
	post(ph, NULL);
}

/* ---- metadata ------------------------------------------------------------------------------------------------------- */

static void have_wts(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	struct soap_metadata m = {0};
	char why[WHY_MAX] = "";
	enum dt_failure f = DT_F_METADATA_BAD;
	const char *bad = NULL;
	xmlDocPtr doc;

	attempt_http(&ph->try, h);
	if (h->failure != DT_F_OK || h->status != 200) {
		failed(ph, soap_failure(ph, DT_F_METADATA_BAD, why), why);
		return;
	}
	doc = soap_answer(ph, &f, why);
	if (doc)
		bad = soap_metadata_read(doc, &m);
	xmlFreeDoc(doc);
	if (doc == NULL || bad) {
		failed(ph, f, bad ? bad : why);
		return;
	}
	memcpy(ph->metadata.negotiate_url, m.negotiate_url, sizeof m.negotiate_url);
	memcpy(ph->metadata.ntlm_url, m.ntlm_url, sizeof m.ntlm_url);
	memcpy(ph->metadata.cert_auth_url, m.cert_auth_url, sizeof m.cert_auth_url);
	memcpy(ph->metadata.pin_url, m.pin_url, sizeof m.pin_url);
	attempt_ok(ph, &ph->try, NULL, NULL);
	ask_ticket(ph);
}

static void get_wts(struct dt_phone *ph)
{
	char url[SOAP_URI_MAX + 8];
	struct http_ask a = {.method = "GET", .url = url, .follow = true};

	mex_of(ph->metadata.issuer, url);
	attempt_begin(ph, &ph->try, "metadata %s", url);
	http_ask(ph, &a, have_wts);
}

bool metadata_take(struct dt_phone *ph, const char *certprov_url, char why[WHY_MAX])
{
	struct soap_metadata m = {0};
	const char *bad = NULL;
	enum dt_failure f;
	xmlDocPtr doc = soap_answer(ph, &f, why);

	if (doc)
		bad = soap_metadata_read(doc, &m);
	xmlFreeDoc(doc);
	if (bad == NULL && doc && (m.issuer[0] == '\0' || m.cert_url[0] == '\0'))
		bad = "it names no web ticket service or no certificate port";
	if (bad)
		text(why, WHY_MAX, "%s", bad);
	if (doc == NULL || bad)
		return false;
	ph->metadata = m;
	text(ph->metadata_of, sizeof ph->metadata_of, "%s", certprov_url);
	return true;
}

static void have_certprov(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	char why[WHY_MAX] = "", url[SOAP_URI_MAX];

	attempt_http(&ph->try, h);
	text(url, sizeof url, "%s", ph->ask_url);
	if (h->failure != DT_F_OK || h->status != 200) {
		failed(ph, soap_failure(ph, DT_F_METADATA_BAD, why), why);
		return;
	}
	if (!metadata_take(ph, url, why)) {
		failed(ph, DT_F_METADATA_BAD, why);
		return;
	}
	attempt_ok(ph, &ph->try, NULL, NULL);
	get_wts(ph);
}

void ticket_get(struct dt_phone *ph, enum ticket_by way, const char *certprov_url,
		void (*done)(struct dt_phone *, enum dt_failure, const char *why))
{
	char url[SOAP_URI_MAX + 8];
	struct http_ask a = {.method = "GET", .url = url, .follow = true};

	ph->ticket_by = way;
	ph->ticket_done = done;
	if (strcmp(ph->metadata_of, certprov_url) == 0 && ph->metadata.issuer[0]) {
		if (ph->metadata.pin_url[0] || ph->metadata.negotiate_url[0] || ph->metadata.cert_auth_url[0] ||
		    ph->metadata.ntlm_url[0])
			ask_ticket(ph);
		else
			get_wts(ph);
		return;
	}
	text(ph->ask_url, sizeof ph->ask_url, "%s", certprov_url);
	mex_of(certprov_url, url);
	attempt_begin(ph, &ph->try, "metadata %s", url);
	http_ask(ph, &a, have_certprov);
}

/* "A redirect to another pool means: start over with that pool's WTS, tickets do not travel."  What was sent has been
 * judged by nobody. */
bool ticket_moved(struct dt_phone *ph, void (*done)(struct dt_phone *, enum dt_failure, const char *why))
{
	struct http *h = &ph->http;
	char to[SOAP_URI_MAX], url[SOAP_URI_MAX];

	if (h->failure != DT_F_OK || h->status / 100 != 3 || ph->moved || !sv_copy(to, sizeof to, msg_get(&h->m, "Location")) ||
	    !web_external_of(to, url, sizeof url))
		return false;
	ph->moved = true;
	ph->pin_used = false;
	attempt_sign(&ph->try, DT_SIGN_REDIRECTED);
	attempt_ok(ph, &ph->try, url, "sent to another pool");
	ticket_get(ph, ph->ticket_by, url, done);
	return true;
}
