/* phone/client/soap.c: what the Web Services' answers mean; the URLs beside each other ([web-services 4, 12]). */
#include "phone/client/soap.h"

#include <string.h>

#include "phone/run/record.h"
#include "wire/well_known.h"

/* ---- faults --------------------------------------------------------------------------------------------------- */

enum dt_failure soap_failure(const struct http_client *h, bool outside, enum dt_failure refused, struct attempt *try, struct why *why)
{
	struct ph_core *core = ph_core(h->ph);
	struct soap_fault f = {0};
	const char *bad = NULL;
	char reason[256] = "";
	unsigned id = 0;
	xmlDocPtr doc;

	if (h->failure != DT_F_OK) {
		why_set(why, "%s", h->why.text);
		return ph_date_failure(h->ph, h->failure);
	}
	doc = xml_read(h->body.p, h->body.n, &bad);
	if (doc && soap_fault_read(doc, &f) == NULL) {
		id = f.error_id;
		text_set(reason, sizeof reason, "%s", f.reason);
	}
	xmlFreeDoc(doc);
	if (id == 0 && msg_get(&h->m, "X-Ms-diagnostics").p)
		soap_diag_read(msg_get(&h->m, "X-Ms-diagnostics"), &id, reason, sizeof reason);
	text_set(core->said, sizeof core->said, "%s", reason);
	try->fact.diag = id;
	try->fact.said = core->said;
	if (id)
		why_set(why, "the server answers %u: %s", id, reason);
	else if (h->status / 100 == 3)
		why_set(why, "HTTP %u, to " SV_FMT, h->status, SV_ARG(msg_get(&h->m, "Location")));
	else
		why_set(why, "HTTP %u%s%s", h->status, reason[0] ? ": " : "", reason);
	if (id == 0 && h->status == 401)
		return refused;
	/* UNKNOWN: an id of its own; 28000 is also "not SIP enabled".  The server's own words are all that tells them apart. */
	if (id == 28000 && outside && strstr(reason, "remote access"))
		return DT_F_REMOTE_OFF;
	return dt_failure_of_fault(id, refused);
}

xmlDocPtr soap_answer(const struct http_client *h, enum dt_failure *f, struct why *why)
{
	const char *bad = NULL;
	xmlDocPtr doc = xml_read(h->body.p, h->body.n, &bad);

	if (doc == NULL) {
		*f = DT_F_SOAP_BAD;
		why_set(why, "%s", bad ? bad : "");
	}
	return doc;
}

/* "GET <service URL>/mex", however the URL was written in DHCP. */
void mex_of(const char *service, char out[SOAP_URI_MAX + 8])
{
	struct sv s = sv_of(service);

	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	text_set(out, SOAP_URI_MAX + 8, SV_FMT "%s", SV_ARG(s), sv_iends(s, SV("/mex")) ? "" : "/mex");
}

bool soap_is_fault(const struct http_client *h)
{
	xmlDocPtr doc = xml_read(h->body.p, h->body.n, NULL);
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
		text_set(out, cap, "https://%s" CERTPROV_PATH, u.host);
	else
		text_set(out, cap, "https://%s:%u" CERTPROV_PATH, u.host, u.port);
	return true;
}
