/* pki/chain.c: is this chain to be trusted, for this name, at this time? */
#include <string.h>
#include <time.h>

#include "pki/internal.h"

static bool is_date(int error)
{
	return error == X509_V_ERR_CERT_NOT_YET_VALID || error == X509_V_ERR_CERT_HAS_EXPIRED ||
	       error == X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD || error == X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD;
}

static enum dt_sign sign_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return DT_SIGN_CERT_NOT_YET;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return DT_SIGN_CERT_EXPIRED;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return DT_SIGN_CERT_SELF_SIGNED;
	case X509_V_ERR_INVALID_PURPOSE:
		return DT_SIGN_CERT_PURPOSE;
	default:
		return DT_SIGN_CERT_UNTRUSTED;
	}
}

/* The issuer of the leaf is neither sent nor trusted: an authority between that the server does not send, or an unknown root. */
static bool is_alone(int error, int depth, const STACK_OF(X509) *others)
{
	return depth == 0 && sk_X509_num(others) == 0 &&
	       (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY || error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE);
}

/* The first name it has: of its alternative names, else the subject's. */
static void first_name(const uint8_t *der, size_t n, char out[256])
{
	struct pki_cert_info *info = calloc(1, sizeof *info);

	if (info && pki_cert_info(der, n, info) == NULL)
		snprintf(out, 256, "%s", info->nnames ? info->names[0] : info->subject_cn);
	free(info);
}

static enum pki_verdict chain_verify(X509 *leaf, STACK_OF(X509) *others, X509_STORE *store, bool server, int64_t unix_s,
			       struct pki_chain_result *ret)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	enum pki_verdict v = PKI_UNTRUSTED;

	if (ctx == NULL || !X509_STORE_CTX_init(ctx, store, leaf, others)) {
		why_set(&ret->why, "the chain could not be checked: %s", pki_error());
	} else {
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

		/* Level 0: private roots of the time sign with SHA-1 and have 1024 bits; the anchors decide about
		 * trust.  Partial: an anchor may be any certificate that was pinned, not only a root. */
		X509_VERIFY_PARAM_set_auth_level(p, 0);
		X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
		X509_VERIFY_PARAM_set_time(p, (time_t)unix_s);
		X509_VERIFY_PARAM_set_purpose(p, server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_ANY);
		if (X509_verify_cert(ctx) == 1) {
			v = PKI_TRUSTED;
		} else {
			int error = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
			struct pki_cert_info *info = calloc(1, sizeof *info);
			X509 *at = X509_STORE_CTX_get_current_cert(ctx);
			struct buf der = {0};

			if (info && at && pki_x509_add(&der, at))
				pki_cert_info(der.p, der.n, info);
			why_set(&ret->why, "%s (certificate %d, %s)", X509_verify_cert_error_string(error), depth,
				 info && info->subject[0] ? info->subject : "without a subject");
			v = is_date(error) ? PKI_WRONG_DATE : PKI_UNTRUSTED;
			dt_signs_add(ret->sign, sign_of(error));
			if (is_alone(error, depth, others))
				dt_signs_add(ret->sign, DT_SIGN_CERT_ALONE);
			buf_free(&der);
			free(info);
		}
	}
	X509_STORE_CTX_free(ctx);
	return v;
}

enum dt_failure pki_failure_of(enum pki_verdict v)
{
	static const enum dt_failure failures[] = {[PKI_TRUSTED] = DT_F_OK, [PKI_UNTRUSTED] = DT_F_TLS_UNTRUSTED,
						   [PKI_WRONG_NAME] = DT_F_TLS_NAME, [PKI_WRONG_DATE] = DT_F_TLS_DATE,
						   [PKI_NO_CERT] = DT_F_TLS_HANDSHAKE};

	return failures[v];
}

enum pki_verdict pki_chain_verify(const uint8_t *const *der, const size_t *n, unsigned count, struct sv anchors_pem,
			   bool public_roots, const char *host, int64_t unix_s, struct pki_chain_result *ret)
{
	STACK_OF(X509) *others = NULL;
	X509_STORE *store = NULL;
	X509 *leaf = NULL;
	enum pki_verdict v = PKI_NO_CERT;
	struct pki_chain_result nobody;

	ERR_clear_error();
	if (ret == NULL)
		ret = &nobody;
	memset(ret, 0, sizeof *ret);
	if (count > 0)
		leaf = pki_x509(der[0], n[0]);
	if (leaf == NULL) {
		why_set(&ret->why, "%s", count ? "the peer's certificate cannot be read" : "the peer showed no certificate");
		dt_signs_add(ret->sign, DT_SIGN_CERT_NONE);
		return PKI_NO_CERT;
	}
	first_name(der[0], n[0], ret->name);
	others = sk_X509_new_null();
	for (unsigned i = 1; others && i < count; i++) {
		X509 *x = pki_x509(der[i], n[i]);

		if (x && !sk_X509_push(others, x))
			X509_free(x);
	}
	store = pki_store(anchors_pem);
	if (store == NULL || others == NULL || (public_roots && !X509_STORE_set_default_paths(store))) {
		why_set(&ret->why, "the trusted roots cannot be read");
		v = PKI_UNTRUSTED;
	} else {
		v = chain_verify(leaf, others, store, host != NULL, unix_s, ret);
	}
	if (host != NULL && !pki_cert_names(der[0], n[0], host)) {
		dt_signs_add(ret->sign, DT_SIGN_CERT_OTHER_NAME);
		if (v == PKI_TRUSTED) {
			why_set(&ret->why, "the certificate does not name %s", host);
			v = PKI_WRONG_NAME;
		}
	}
	X509_STORE_free(store);
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	ERR_clear_error();
	return v;
}
