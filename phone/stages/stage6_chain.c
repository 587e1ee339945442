/* phone/stages/stage6_chain.c
 *
 * "Connect to the Web Service and Download the Root CA Certificate Chain": anonymously over HTTP, stored; then the web
 * server's own certificate is verified by it, name included, and stored too.
 *
 * "What comes over HTTP 80 is trusted on first use": the chain is kept from then on; another one is taken only after the
 * phone was told to forget (--cold).  Outside there is no HTTP: TCP is refused, then TLS, verified by the chain stored
 * inside, else by the host's public roots.
 */
#include <stdlib.h>

#include "base/enc.h"
#include "phone/internal.h"
#include "pki/cert.h"

static void chain_connect_tls(struct dt_phone *ph);

static void chain_tls_failed(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	/* C-05: "the phone keeps the chain of its very first connection" */
	if (f == DT_F_TLS_UNTRUSTED && ph->work->chain_stored)
		f = DT_F_CHAIN_CHANGED;
	attempt_fail(ph, &ph->work->try, f, why);
	if (f == DT_F_TLS_UNTRUSTED && ph->work->chain_failure != DT_F_OK && !ph->conf.outside) { /* no chain: that is why the stage fails */
		f = ph->work->chain_failure;
		why = ph->work->chain_why.text;
	}
	if (!ph->work->chain_stored) {
		buf_free(&ph->cred.dropped);
		ph->cred.dropped = ph->cred.roots;
		ph->cred.roots = (struct buf){0};
		ph_state_anchors(ph);
	}
	if (http_unreachable(f) && cert_good(ph))
		stage_skip(ph, "the web service does not answer; the stored certificate does without");
	else
		stage_fail(ph, f, why);
}

static void chain_connected(void *arg, struct http_client *h)
{
	struct dt_phone *ph = arg;
	struct ticket_client *t;
	struct pki_cert_info *info;
	struct why why = {0};
	char found[FOUND_MAX] = "";

	attempt_http(&ph->work->try, h);
	if (h->failure != DT_F_OK) {
		enum dt_failure f = soap_failure(h, ph->conf.outside, DT_F_HTTP_STATUS, &ph->work->try, &why);

		chain_tls_failed(ph, f, why.text);
		return;
	}
	info = calloc(1, sizeof *info);
	if (info && pki_cert_info(h->leaf.p, h->leaf.n, info) == NULL)
		text_set(found, sizeof found, "%s, by %s", info->subject_cn, info->issuer_cn);
	free(info);
	if (ph->work->chain_failure != DT_F_OK)
		attempt_sign(&ph->work->try, DT_SIGN_CHAIN_NONE);
	attempt_ok(ph, &ph->work->try, found, NULL);
	if (h->status == 200 && (t = ph_ticket(ph)) != NULL)
		ticket_metadata_take(t, ph->found.web_url, &why); /* stage 7 asks again and tells, if it could not be read */
	/* the chain, now that it has proved good for the server that handed it out; then the server's certificate */
	if ((!ph->work->chain_stored && ph->cred.roots.n && !ph_state_save_roots(ph)) || !ph_state_save_web(ph, h->leaf.p, h->leaf.n)) {
		stage_fail(ph, DT_F_STORE, ph->core.persist_why);
		return;
	}
	if (ph->work->chain_stored)
		stage_skip(ph, "the stored chain still fits %s", found);
	else
		stage_done(ph, "%s", ph->work->chain_found[0] ? ph->work->chain_found : found);
}

static void chain_connect_tls(struct dt_phone *ph)
{
	char url[SOAP_URI_MAX + 8];
	struct http_ask a = {.method = "GET", .url = url, .public_roots = ph->conf.outside || ph->work->chain_failure != DT_F_OK,
			     .follow = true, .done = chain_connected, .arg = ph};
	struct http_client *h = ph_http(ph);

	mex_of(ph->found.web_url, url);
	attempt_begin(ph, &ph->work->try, "tls %s", ph->found.web_url);
	if (h)
		http_ask(h, &a);
}

static void chain_no_chain(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	attempt_fail(ph, &ph->work->try, f, why);
	ph->work->chain_failure = f;
	why_set(&ph->work->chain_why, "%s", why ? why : "");
	chain_connect_tls(ph);
}

/* "Carried as PKCS#7"; a server that hands its certificates out as they are, PEM or a single DER, is understood as well. */
static const char *chain_certificates(const void *p, size_t n, struct pki_cert_info *info, struct buf *pem)
{
	const char *why = pki_p7_read(p, n, pem);
	struct buf der = {0};

	if (why && pki_pem_cert((struct sv){p, n}, 0, &der)) {
		buf_add(pem, p, n);
		why = NULL;
	} else if (why && pki_cert_info(p, n, info) == NULL) {
		pki_pem_add(pem, "CERTIFICATE", p, n);
		why = NULL;
	}
	buf_free(&der);
	return why;
}

/* C-08: "SHA-2 with 4096 bits" */
static bool chain_is_strong(const struct pki_cert_info *info)
{
	return info->rsa && info->bits >= 4096 && !sv_istarts(sv_of(info->signature), SV("sha1"));
}

/* Only authorities are anchors: the server's own certificate in the answer proves nothing about later ones. */
static const char *chain_take_chain(struct dt_phone *ph, const void *p7, size_t n, enum dt_sign *sign)
{
	struct buf pem = {0}, der = {0}, roots = {0};
	struct pki_cert_info *info = calloc(1, sizeof *info);
	const char *why = info ? chain_certificates(p7, n, info, &pem) : "out of memory";
	char print[41];
	bool strong = false;

	ph->work->chain_found[0] = '\0';
	for (unsigned i = 0; why == NULL && pki_pem_cert(buf_view(&pem), i, &der); i++) {
		if (pki_cert_info(der.p, der.n, info) == NULL && (info->ca || info->self_signed)) {
			pki_pem_add(&roots, "CERTIFICATE", der.p, der.n);
			strong |= chain_is_strong(info);
			hex_write(print, info->sha1, 20, true);
			if (info->self_signed)
				text_set(ph->work->chain_found, sizeof ph->work->chain_found, "%s, SHA-1 %s", info->subject_cn, print);
		}
		buf_clear(&der);
	}
	if (why == NULL && strong && (dt_model_cannot(ph->core.model, ph->core.version) & DT_CANNOT_STRONG_ROOT))
		attempt_sign(&ph->work->try, DT_SIGN_ROOT_STRONG);
	if (why == NULL && roots.n == 0) {
		*sign = DT_SIGN_CHAIN_EMPTY;
		why = dt_signs[DT_SIGN_CHAIN_EMPTY].what;
	}
	if (why == NULL && (roots.oom || pem.oom || der.oom))
		why = "out of memory";
	if (why == NULL) {
		buf_clear(&ph->cred.roots);
		buf_sv(&ph->cred.roots, buf_view(&roots));
		if (!ph_state_anchors(ph))
			why = "out of memory";
	}
	buf_free(&pem);
	buf_free(&der);
	buf_free(&roots);
	free(info);
	return why;
}

static void chain_have_raw(void *arg, struct http_client *h);

static void chain_ask_raw(struct dt_phone *ph)
{
	char url[SOAP_URI_MAX + 16];
	struct http_ask a = {.method = "GET", .url = url, .follow = true, .done = chain_have_raw, .arg = ph};
	struct url u;

	if (!url_read(sv_of(ph->found.web_url), &u)) {
		chain_no_chain(ph, DT_F_HTTP_BAD, "the web service's URL");
		return;
	}
	text_set(url, sizeof url, "http://%s%s/chain.p7b", u.host, u.path);
	http_ask(ph->http, &a);
}

static void chain_taken(struct dt_phone *ph, const void *p7, size_t n)
{
	enum dt_sign sign = DT_SIGN_NONE;
	const char *why = chain_take_chain(ph, p7, n, &sign);

	if (why) {
		attempt_sign(&ph->work->try, sign);
		chain_no_chain(ph, DT_F_CHAIN_BAD, why);
		return;
	}
	attempt_ok(ph, &ph->work->try, ph->work->chain_found, NULL);
	chain_connect_tls(ph);
}

static void chain_have_raw(void *arg, struct http_client *h)
{
	struct dt_phone *ph = arg;
	struct why why = {0};

	attempt_http(&ph->work->try, h);
	if (h->failure != DT_F_OK) {
		why_set(&why, "%s", h->why.text);
		chain_no_chain(ph, h->failure, why.text);
	} else if (h->status != 200 && (ph->work->chain_fault || h->status == 403)) {
		why_set(&why, "HTTP %u", h->status);
		chain_no_chain(ph, DT_F_CHAIN_DISABLED, why.text);
	} else if (h->status != 200) { /* it is not the service that answers so: nobody knows whether it would hand a chain out */
		why_set(&why, "HTTP %u", h->status);
		chain_no_chain(ph, DT_F_HTTP_STATUS, why.text);
	} else {
		chain_taken(ph, h->body.p, h->body.n);
	}
}

static void chain_have_chain(void *arg, struct http_client *h)
{
	struct dt_phone *ph = arg;
	struct buf p7 = {0};
	struct why why = {0};
	enum dt_failure f;
	const char *bad = NULL;
	xmlDocPtr doc;

	attempt_http(&ph->work->try, h);
	if (h->failure != DT_F_OK) {
		why_set(&why, "%s", h->why.text);
		chain_no_chain(ph, h->failure, why.text);
		return;
	}
	if (ph->conf.outside) { /* DIFFERS: the first use that is trusted is inside; out there anybody could have answered */
		attempt_sign(&ph->work->try, DT_SIGN_CHAIN_OUTSIDE);
		chain_no_chain(ph, DT_F_CHAIN_BAD, dt_signs[DT_SIGN_CHAIN_OUTSIDE].what);
		return;
	}
	ph->work->chain_fault = h->status == 200 || soap_is_fault(h);
	if (h->status != 200) {
		chain_ask_raw(ph); /* "the raw DER: our own phone's fall-back" */
		return;
	}
	doc = soap_answer(h, &f, &why);
	if (doc)
		bad = soap_chain_answer_read(doc, &p7);
	xmlFreeDoc(doc);
	if (doc == NULL || bad || p7.oom)
		chain_ask_raw(ph);
	else
		chain_taken(ph, p7.p, p7.n);
	buf_free(&p7);
}

void stage_chain(struct dt_phone *ph)
{
	char url[SOAP_URI_MAX + 16];
	struct http_ask a = {.method = "POST", .url = url, .soap_action = SOAP_ACTION_CHAIN, .type = "text/xml; charset=utf-8",
			     .body = &ph->work->ask, .done = chain_have_chain, .arg = ph};
	struct http_client *h = ph_http(ph);
	struct url u;

	ph->work->chain_failure = DT_F_OK;
	ph->work->chain_found[0] = '\0';
	ph->work->chain_stored = ph->cred.roots.n > 0;
	if (ph->found.web_url[0] == '\0' && cert_good(ph)) {
		stage_skip(ph, "no web service is needed: the certificate is good");
		return;
	}
	if (ph->found.web_url[0] == '\0' || !url_read(sv_of(ph->found.web_url), &u)) {
		text_set(url, sizeof url, "%s%s", ph->found.web_url, ph->found.web_url[0] ? " is no URL" : "");
		stage_fail(ph, DT_F_WEB_URL_NONE, url);
		return;
	}
	ph_key_early(ph);
	if (ph->work->chain_stored && !ph->conf.outside) {
		chain_connect_tls(ph);
		return;
	}
	/* UNKNOWN: operation name and schema of the download [web-services 10] */
	text_set(url, sizeof url, "http://%s%s", u.host, u.path);
	attempt_begin(ph, &ph->work->try, "root chain %s", url);
	ph->work->try.guess = true;
	buf_wipe(&ph->work->ask);
	soap_chain_write(&ph->work->ask);
	if (h)
		http_ask(h, &a);
}
