/* pki/tls_gnutls_ctx.c: contexts of the engine for old phones: which versions and suites, whose certificate. */
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>

#include "pki/tls_gnutls.h"

/* [network E.1]: suites that phones of the time depend on, without those they fail against (DHE).  Nothing later than
 * TLS 1.0: whoever speaks TLS 1.2 is OpenSSL's.  A phone's hello has no extensions. */
#define SUITES "NONE:+VERS-TLS1.0:+RSA:+AES-128-CBC:+AES-256-CBC:+3DES-CBC:+ARCFOUR-128:+SHA1:+MD5:+COMP-NULL:+SIGN-ALL"
static const char server_priority[] = SUITES ":%ALLOW_SMALL_RECORDS";
static const char phone_priority[] = SUITES ":%NO_EXTENSIONS:%DISABLE_SAFE_RENEGOTIATION";

static struct tls_old *old_new(const char *priority)
{
	struct tls_old *o = calloc(1, sizeof *o);

	if (o == NULL)
		return NULL;
	if (gnutls_certificate_allocate_credentials(&o->credentials) < 0 || gnutls_priority_init(&o->priority, priority, NULL) < 0) {
		tls_old_free(o);
		return NULL;
	}
	return o;
}

static bool old_load(struct tls_old *o, struct sv cert_pem, const struct pki_key *key)
{
	struct buf pem = {0};
	gnutls_datum_t certs = {(unsigned char *)cert_pem.p, (unsigned)cert_pem.n}, secret;
	bool good;

	if (key == NULL || cert_pem.n == 0 || cert_pem.n > UINT32_MAX)
		return false;
	pki_key_write(key, &pem);
	secret = (gnutls_datum_t){pem.p, (unsigned)pem.n};
	good = !pem.oom && gnutls_certificate_set_x509_key_mem(o->credentials, &certs, &secret, GNUTLS_X509_FMT_PEM) >= 0;
	buf_wipe(&pem);
	return good;
}

/* The client's chain, before TLS_UP.  Dates are left to the caller's own clock, as in pki/tls_ctx.c. */
static int old_verify(gnutls_session_t s)
{
	unsigned status = 0;

	return gnutls_certificate_verify_peers2(s, &status) < 0 || status ? -1 : 0;
}

static bool old_ask_client(struct tls_old *o, struct sv ca_pem)
{
	gnutls_datum_t ca = {(unsigned char *)ca_pem.p, (unsigned)ca_pem.n};

	if (ca_pem.n > UINT32_MAX || gnutls_certificate_set_x509_trust_mem(o->credentials, &ca, GNUTLS_X509_FMT_PEM) <= 0)
		return false;
	gnutls_certificate_set_verify_flags(o->credentials, GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS |
								GNUTLS_VERIFY_ALLOW_SIGN_WITH_SHA1 | GNUTLS_VERIFY_DISABLE_CRL_CHECKS);
	gnutls_certificate_set_verify_function(o->credentials, old_verify);
	o->ask_client = true;
	return true;
}

struct tls_old *tls_old_server(const struct tls_server_conf *c)
{
	struct tls_old *o = old_new(server_priority);

	if (o && old_load(o, c->cert_pem, c->key) && (c->client_ca_pem.n == 0 || old_ask_client(o, c->client_ca_pem)))
		return o;
	tls_old_free(o);
	return NULL;
}

struct tls_old *tls_old_client(const struct tls_client_conf *c)
{
	struct tls_old *o = old_new(phone_priority);

	if (o && (c->cert_pem.n == 0 || old_load(o, c->cert_pem, c->key)))
		return o;
	tls_old_free(o);
	return NULL;
}

void tls_old_free(struct tls_old *o)
{
	if (o == NULL)
		return;
	if (o->credentials)
		gnutls_certificate_free_credentials(o->credentials);
	if (o->priority)
		gnutls_priority_deinit(o->priority);
	free(o);
}
