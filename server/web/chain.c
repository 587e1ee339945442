/* server/web/chain.c: the root chain, for phones that trust nobody yet [web-services 10]. */
#include "server/web/internal.h"

#include <stdlib.h>

#include "base/enc.h"
#include "base/log.h"
#include "pki/cert.h"

static const struct buf *chain_of(const struct web_call *k)
{
	return k->q->outside ? &k->w->p7_outside : &k->w->p7;
}

static bool off(struct web_call *k)
{
	if (k->w->conf.site->EnableCertChainDownload && chain_of(k)->n)
		return false;
	web_plain(k, 403, "EnableCertChainDownload is off.");
	return true;
}

/* "Anything that carries a credential or a CSR: 403, never processed on HTTP." */
static bool secret_in_clear(const struct web_call *k, xmlDocPtr doc)
{
	enum soap_kind kind = soap_kind(doc);

	return !k->q->tls && (kind == SOAP_ISSUE || kind == SOAP_CERT || soap_security(doc));
}

bool web_chain_outside(struct sv chain_pem, struct buf *p7)
{
	struct pki_cert_info *info = malloc(sizeof *info);
	struct buf der = {0}, pem = {0};
	bool ok = info != NULL;

	for (unsigned i = 0; ok && pki_pem_cert(chain_pem, i, &der); i++) {
		if (pki_cert_info(der.p, der.n, info) == NULL && info->ca)
			pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
		buf_clear(&der);
	}
	ok = ok && !der.oom && !pem.oom && (pem.n == 0 || pki_p7_write(p7, buf_view(&pem)));
	buf_free(&der);
	buf_free(&pem);
	free(info);
	return ok;
}

static bool is_thumb(struct sv thumb, const uint8_t sha1[20])
{
	char print[41];

	hex_write(print, sha1, 20, true);
	return sv_eq(thumb, sv_of(print));
}

static bool chain_find(struct sv pem, struct sv thumb, struct pki_cert_info *info, struct buf *to)
{
	struct buf der = {0};
	bool found = false;

	for (unsigned i = 0; !found && pki_pem_cert(pem, i, &der); i++) {
		if (pki_cert_info(der.p, der.n, info) == NULL && is_thumb(thumb, info->sha1)) {
			pki_pem_add(to, "CERTIFICATE", der.p, der.n);
			found = true;
		}
		buf_clear(&der);
	}
	buf_free(&der);
	return found;
}

/* "With InferCertChainFromSSL true, the chain of the web server's own certificate; else the certificates in TrustedCACerts,
 * named by thumbprint." */
bool web_chain_named(const struct web_conf *c, struct buf *pem)
{
	struct pki_cert_info *info = malloc(sizeof *info);
	struct sv rest = sv_of(c->site->TrustedCACerts);
	bool ok = info != NULL;

	while (ok && rest.p && rest.n) {
		struct sv thumb = sv_cut(&rest, ' ');

		ok = chain_find(c->trusted_pem, thumb, info, pem) || chain_find(c->chain_pem, thumb, info, pem);
		if (!ok)
			log_line(LOG_ERROR, "web", "TrustedCACerts: " SV_FMT " is neither in trusted.pem nor this server's own",
				 SV_ARG(thumb));
	}
	free(info);
	return ok;
}

void web_chain(struct web_call *k)
{
	char name[128], ns[256];
	xmlDocPtr doc;

	web_seen(k, SEEN_CHAIN);
	if (off(k))
		return;
	doc = web_soap(k, NULL); /* UNKNOWN: the real action; any is borne */
	if (doc == NULL) { /* "any other POST: log body, fault" */
		web_capture(k, "chain", true);
		return;
	}
	if (secret_in_clear(k, doc)) {
		web_plain(k, 403, "Credentials and certificate requests are refused without TLS.");
		k->a->close = true;
	} else if (!soap_chain_read(doc, name, ns)) {
		web_capture(k, "chain", true);
		web_fault(k, FAULT_CLIENT, "This is not a request for the root chain.");
	} else {
		web_soap_reply(k, 200, SOAP_ACTION_CHAIN "Response");
		soap_chain_answer_write(&k->a->body, name, ns, chain_of(k)->p, chain_of(k)->n);
	}
	xmlFreeDoc(doc);
}

void web_chain_p7b(struct web_call *k)
{
	web_seen(k, SEEN_CHAIN);
	if (off(k))
		return;
	web_reply(k, 200, "application/x-pkcs7-certificates");
	buf_sv(&k->a->body, buf_view(chain_of(k)));
}
