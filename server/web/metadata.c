/* server/web/metadata.c: WSDL by GET, and by POST in WS-Transfer's form [web-services 4]. */
#include "server/web/internal.h"

#include <stdio.h>
#include <string.h>

static void append(char out[SITE_URL_MAX], const char *base, const char *tail)
{
	snprintf(out, SITE_URL_MAX, "%.480s%s", base, tail);
}

static void serve(struct web_call *k, const struct soap_metadata *m, const char *ns,
		  void (*write)(struct buf *b, const struct soap_metadata *m))
{
	struct buf wsdl = {0};
	bool soap12 = false;
	char id[128];
	xmlDocPtr doc;

	web_seen(k, SEEN_METADATA);
	if (!sv_eq(k->q->m->method, SV("POST"))) {
		web_reply(k, 200, "text/xml; charset=utf-8");
		write(&k->a->body, m);
		return;
	}
	doc = web_soap(k, NULL);
	if (doc == NULL)
		return;
	if (!soap_mex_get_read(doc, id, &soap12)) {
		web_fault(k, FAULT_CLIENT, "This is not a request for metadata.");
	} else {
		write(&wsdl, m);
		web_reply(k, 200, soap12 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8");
		soap_mex_answer_write(&k->a->body, id, soap12, ns, buf_view(&wsdl));
		k->a->body.oom |= wsdl.oom;
		buf_free(&wsdl);
	}
	xmlFreeDoc(doc);
}

void web_certprov_mex(struct web_call *k)
{
	const struct site *s = k->w->conf.site;
	struct soap_metadata m = {.endorsing = true};
	char base[SITE_URL_MAX];

	site_wts_url(s, k->q->outside, m.issuer);
	if (s->UseCertificateAuth)
		site_certprov_auth_url(s, k->q->outside, m.cert_url);
	if (s->EnableCertChainDownload && k->q->outside)
		append(m.anon_url, site_certprov_url(s, true, base), "/anon");
	else if (s->EnableCertChainDownload)
		site_certprov_anon_url(s, m.anon_url);
	serve(k, &m, NS_AUTHWS, soap_metadata_certprov_write);
}

/* OverrideAuthTypeFor...Clients: the one port that is offered on that side; nothing: all. */
static bool offered(const struct web_call *k, const char *port)
{
	const struct site *s = k->w->conf.site;
	const char *only = k->q->outside ? s->OverrideAuthTypeForExternalClients : s->OverrideAuthTypeForInternalClients;

	return only[0] == '\0' ? strcmp(port, "WebTicketServiceWinNtlm") != 0 : sv_ieq(sv_of(only), sv_of(port));
}

/* "Advertise a port only while its method is switched on." Never WsFedBearer. */
void web_wts_mex(struct web_call *k)
{
	const struct site *s = k->w->conf.site;
	struct soap_metadata m = {0};
	char base[SITE_URL_MAX];

	site_wts_url(s, k->q->outside, base);
	if (s->UseWindowsAuth == SITE_WINDOWS_NTLM && offered(k, "WebTicketServiceWinNegotiate"))
		append(m.negotiate_url, base, "");
	if (s->UseWindowsAuth == SITE_WINDOWS_NTLM && offered(k, "WebTicketServiceWinNtlm")) /* UNKNOWN: its path; the other's */
		append(m.ntlm_url, base, "");
	if (s->UseCertificateAuth && offered(k, "WebTicketServiceCert"))
		append(m.cert_auth_url, base, "/cert");
	if (web_pin_taken(k) && offered(k, "WebTicketServicePin"))
		append(m.pin_url, base, "/pin");
	serve(k, &m, "http://tempuri.org/", soap_metadata_wts_write);
}
