/* pki/tls_openssl.c: the engine for everybody.
 *
 * OpenSSL reads from and writes to the endpoint's two struct bufs through a BIO of our own.
 */
#include <limits.h>
#include <string.h>

#include "pki/internal.h"
#include "pki/tls_internal.h"

/* ---- the BIO ---------------------------------------------------------------------------------------------- */

static int bio_read(BIO *b, char *p, size_t n, size_t *got)
{
	BIO_clear_retry_flags(b);
	*got = tls_take(BIO_get_data(b), p, n);
	if (*got == 0)
		BIO_set_retry_read(b);
	return *got > 0;
}

static int bio_write(BIO *b, const char *p, size_t n, size_t *put)
{
	struct tls *t = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	buf_add(&t->out, p, n);
	*put = t->out.oom ? 0 : n;
	return !t->out.oom;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	(void)b, (void)num, (void)ptr;
	return cmd == BIO_CTRL_FLUSH || cmd == BIO_CTRL_DUP;
}

static int bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static BIO *bio_of(struct tls *t)
{
	static _Atomic(BIO_METHOD *) made; /* one for the process; BIOs point to it */
	BIO_METHOD *m = made, *none = NULL;
	BIO *b;

	if (m == NULL) {
		m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "dialtone: struct buf");
		if (m == NULL || !BIO_meth_set_read_ex(m, bio_read) || !BIO_meth_set_write_ex(m, bio_write) ||
		    !BIO_meth_set_ctrl(m, bio_ctrl) || !BIO_meth_set_create(m, bio_create)) {
			BIO_meth_free(m);
			return NULL;
		}
		if (!__atomic_compare_exchange_n((BIO_METHOD **)&made, &none, m, false, __ATOMIC_SEQ_CST,
						 __ATOMIC_SEQ_CST)) {
			BIO_meth_free(m);
			m = none;
		}
	}
	b = BIO_new(m);
	if (b != NULL)
		BIO_set_data(b, t);
	return b;
}

/* ---- the engine ------------------------------------------------------------------------------------------- */

static SSL *ssl_of(const struct tls *t)
{
	return t->session;
}

static bool openssl_open(struct tls *t, const char *sni)
{
	SSL *ssl = SSL_new(t->ctx->ssl);
	BIO *b;

	ERR_clear_error();
	t->session = ssl;
	b = ssl ? bio_of(t) : NULL;
	if (b == NULL || (sni && *sni && !SSL_set_tlsext_host_name(ssl, sni))) {
		BIO_free(b);
		return false;
	}
	SSL_set_bio(ssl, b, b);
	if (t->ctx->server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return true;
}

static void openssl_close(struct tls *t)
{
	SSL_free(ssl_of(t));
}

/* SSL_get_error(3ssl) has no word for it: the reasons of alerts that came begin at SSL_AD_REASON_OFFSET. */
static uint8_t alert_of(unsigned long error)
{
	int reason = ERR_GET_REASON(error);

	return ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256
	    ? (uint8_t)(reason - SSL_AD_REASON_OFFSET) : 0;
}

static void openssl_fail(struct tls *t, const char *doing)
{
	long verify = SSL_get_verify_result(ssl_of(t));
	char because[160];

	t->alert = alert_of(ERR_peek_last_error());
	if (verify != X509_V_OK && t->ctx->server)
		snprintf(because, sizeof because, "the peer's certificate: %s", X509_verify_cert_error_string(verify));
	else
		snprintf(because, sizeof because, "%s", pki_error());
	tls_fail(t, doing, because);
	ERR_clear_error();
}

/* What a call of OpenSSL's that did not succeed means for the connection. */
static void openssl_stopped(struct tls *t, int ret, const char *doing)
{
	switch (SSL_get_error(ssl_of(t), ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		if (t->out.oom)
			openssl_fail(t, doing);
		return;
	case SSL_ERROR_ZERO_RETURN:
		t->state = TLS_CLOSED;
		return;
	default:
		openssl_fail(t, doing);
	}
}

static void openssl_handshake(struct tls *t)
{
	int ret;

	ERR_clear_error();
	ret = SSL_do_handshake(ssl_of(t));
	if (ret == 1)
		t->state = TLS_UP;
	else
		openssl_stopped(t, ret, "the TLS handshake");
}

static long openssl_read(struct tls *t, void *p, size_t n)
{
	size_t got = 0;
	int ret;

	ERR_clear_error();
	ret = SSL_read_ex(ssl_of(t), p, n < LONG_MAX ? n : LONG_MAX, &got);
	if (ret == 1)
		return (long)got;
	openssl_stopped(t, ret, "reading from TLS");
	return t->state == TLS_UP ? 0 : -1;
}

static bool openssl_write(struct tls *t, const void *p, size_t n)
{
	size_t put = 0;
	int ret;

	ERR_clear_error();
	ret = SSL_write_ex(ssl_of(t), p, n, &put); /* the BIO takes everything: never a part */
	if (ret == 1 && put == n)
		return true;
	openssl_fail(t, "writing to TLS");
	return false;
}

static void openssl_shutdown(struct tls *t)
{
	ERR_clear_error();
	SSL_shutdown(ssl_of(t));
	ERR_clear_error();
}

static unsigned openssl_peer_chain(struct tls *t, struct buf *store, const uint8_t **der, size_t *n, unsigned cap)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl_of(t));
	X509 *leaf = SSL_get0_peer_certificate(ssl_of(t));
	int rest = SSL_is_server(ssl_of(t)) ? 0 : 1; /* a client sees the leaf in the chain as well */
	unsigned count = 0;
	size_t at = store->n;

	for (X509 *x = leaf; x && count < cap; x = sk_X509_value(chain, rest++)) { /* beyond its end: NULL */
		size_t was = store->n;

		if (!pki_x509_add(store, x))
			break;
		n[count++] = store->n - was;
		pki_x509_keep(x, store->p + was, store->n - was);
	}
	for (unsigned i = 0; i < count; at += n[i++])
		der[i] = store->p + at;
	return count;
}

static const char *openssl_version(const struct tls *t)
{
	return SSL_get_version(ssl_of(t));
}

static const char *openssl_cipher(const struct tls *t)
{
	const char *name = SSL_get_cipher_name(ssl_of(t));

	return name ? name : "none";
}

/* [MS-SIPAE] 3.2.5.1 [sip 8.5]: use_context is 0, the label has no NUL. */
static bool openssl_export_eap(struct tls *t, uint8_t out[128])
{
	ERR_clear_error();
	return SSL_export_keying_material(ssl_of(t), out, 128, "client EAP encryption", 21, NULL, 0, 0) == 1;
}

static const char *openssl_mac_hash(const struct tls *t)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(ssl_of(t));
	int nid = c ? SSL_CIPHER_get_digest_nid(c) : NID_undef;
	const EVP_MD *md;

	if (c && nid == NID_undef) { /* an AEAD suite: the handshake's hash stands in */
		md = SSL_CIPHER_get_handshake_digest(c);
		nid = md ? EVP_MD_get_type(md) : NID_undef;
	}
	switch (nid) {
	case NID_md5:
		return "MD5";
	case NID_sha1:
		return "SHA1";
	case NID_sha256:
		return "SHA256";
	case NID_sha384:
		return "SHA384";
	default:
		return "";
	}
}

const struct tls_engine tls_openssl = {
	.open = openssl_open,
	.close = openssl_close,
	.handshake = openssl_handshake,
	.read = openssl_read,
	.write = openssl_write,
	.shutdown = openssl_shutdown,
	.peer_chain = openssl_peer_chain,
	.version = openssl_version,
	.cipher = openssl_cipher,
	.export_eap = openssl_export_eap,
	.mac_hash = openssl_mac_hash,
};
