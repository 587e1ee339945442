/* pki/tls.c: a TLS endpoint without a socket.
 *
 * OpenSSL reads from and writes to two struct bufs through a BIO of our own, which gives their memory back as soon as
 * they are empty: an idle phone costs what OpenSSL itself keeps.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pki/internal.h"
#include "pki/tls_internal.h"

struct tls {
	SSL *ssl;
	struct buf in, out; /* octets from and to the peer */
	size_t taken;	    /* of `in`, by OpenSSL */
	enum tls_state state;
	uint8_t alert;
	char why[200];
};

/* ---- the BIO ---------------------------------------------------------------------------------------------- */

static int bio_read(BIO *b, char *p, size_t n, size_t *got)
{
	struct tls *t = BIO_get_data(b);
	size_t left = t->in.n - t->taken;

	BIO_clear_retry_flags(b);
	*got = 0;
	if (left == 0) {
		BIO_set_retry_read(b);
		return 0;
	}
	*got = n < left ? n : left;
	memcpy(p, t->in.p + t->taken, *got);
	t->taken += *got;
	if (t->taken == t->in.n) {
		buf_free(&t->in);
		t->taken = 0;
	}
	return 1;
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

/* ---- the endpoint ----------------------------------------------------------------------------------------- */

static struct tls *tls_endpoint(struct tls_ctx *c, bool server, const char *sni)
{
	struct tls *t = calloc(1, sizeof *t);
	BIO *b;

	ERR_clear_error();
	if (t == NULL)
		return NULL;
	t->ssl = SSL_new(c->ssl);
	b = t->ssl ? bio_of(t) : NULL;
	if (b == NULL || (sni && *sni && !SSL_set_tlsext_host_name(t->ssl, sni))) {
		BIO_free(b);
		tls_free(t);
		return NULL;
	}
	SSL_set_bio(t->ssl, b, b);
	if (server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	return t;
}

struct tls *tls_accept(struct tls_ctx *c)
{
	return tls_endpoint(c, true, NULL);
}

struct tls *tls_connect(struct tls_ctx *c, const char *sni)
{
	struct tls *t = tls_endpoint(c, false, sni);

	if (t != NULL)
		tls_feed(t, NULL, 0); /* the ClientHello */
	return t;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_free(t->ssl);
	buf_wipe(&t->in);
	buf_wipe(&t->out);
	free(t);
}

/* SSL_get_error(3ssl) has no word for it: the reasons of alerts that came begin at SSL_AD_REASON_OFFSET. */
static uint8_t alert_of(unsigned long error)
{
	int reason = ERR_GET_REASON(error);

	return ERR_GET_LIB(error) == ERR_LIB_SSL && reason > SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256
	    ? (uint8_t)(reason - SSL_AD_REASON_OFFSET) : 0;
}

static void failed(struct tls *t, const char *doing)
{
	long verify = SSL_get_verify_result(t->ssl);

	t->state = TLS_FAILED;
	t->alert = alert_of(ERR_peek_last_error());
	if (verify != X509_V_OK && SSL_is_server(t->ssl))
		snprintf(t->why, sizeof t->why, "%s failed: the peer's certificate: %s", doing,
			 X509_verify_cert_error_string(verify));
	else if (t->in.oom || t->out.oom)
		snprintf(t->why, sizeof t->why, "%s failed: out of memory", doing);
	else
		snprintf(t->why, sizeof t->why, "%s failed: %s", doing, pki_error());
	ERR_clear_error();
}

/* What a call of OpenSSL's that did not succeed means for the connection. */
static void stopped(struct tls *t, int ret, const char *doing)
{
	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		if (t->out.oom)
			failed(t, doing);
		return;
	case SSL_ERROR_ZERO_RETURN:
		t->state = TLS_CLOSED;
		return;
	default:
		failed(t, doing);
	}
}

enum tls_state tls_feed(struct tls *t, const void *p, size_t n)
{
	int ret;

	if (t->state == TLS_FAILED || t->state == TLS_CLOSED)
		return t->state;
	buf_add(&t->in, p, n);
	ERR_clear_error();
	if (t->in.oom) {
		failed(t, "receiving");
	} else if (t->state == TLS_HANDSHAKE) {
		ret = SSL_do_handshake(t->ssl);
		if (ret == 1)
			t->state = TLS_UP;
		else
			stopped(t, ret, "the TLS handshake");
	}
	return t->state;
}

enum tls_state tls_state(const struct tls *t)
{
	return t->state;
}

void tls_drain(struct tls *t, struct buf *out)
{
	buf_add(out, t->out.p, t->out.n);
	buf_free(&t->out);
}

long tls_read(struct tls *t, void *p, size_t n)
{
	size_t got = 0;
	int ret;

	if (t->state == TLS_HANDSHAKE)
		return 0;
	if (t->state != TLS_UP)
		return -1;
	if (n == 0)
		return 0;
	ERR_clear_error();
	ret = SSL_read_ex(t->ssl, p, n < LONG_MAX ? n : LONG_MAX, &got);
	if (ret == 1)
		return (long)got;
	stopped(t, ret, "reading from TLS");
	return t->state == TLS_UP ? 0 : -1;
}

bool tls_write(struct tls *t, const void *p, size_t n)
{
	size_t put = 0;
	int ret;

	if (t->state != TLS_UP)
		return false;
	if (n == 0)
		return true;
	ERR_clear_error();
	ret = SSL_write_ex(t->ssl, p, n, &put); /* the BIO takes everything: never a part */
	if (ret == 1 && put == n)
		return true;
	failed(t, "writing to TLS");
	return false;
}

void tls_shutdown(struct tls *t)
{
	if (t->state != TLS_UP)
		return;
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
	t->state = TLS_CLOSED;
}

uint8_t tls_alert(const struct tls *t)
{
	return t->alert;
}

const char *tls_why(const struct tls *t)
{
	return t->why[0] ? t->why : "the TLS connection has not failed";
}

unsigned tls_peer_chain(struct tls *t, struct buf *store, const uint8_t **der, size_t *n, unsigned cap)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl);
	X509 *leaf = SSL_get0_peer_certificate(t->ssl);
	int rest = SSL_is_server(t->ssl) ? 0 : 1; /* a client sees the leaf in the chain as well */
	unsigned count = 0;
	size_t at = store->n;

	for (X509 *x = leaf; x && count < cap; x = sk_X509_value(chain, rest++)) { /* beyond its end: NULL */
		size_t was = store->n;

		if (!pki_x509_add(store, x))
			break;
		n[count++] = store->n - was;
	}
	for (unsigned i = 0; i < count; at += n[i++])
		der[i] = store->p + at;
	return count;
}

const char *tls_version(const struct tls *t)
{
	return SSL_get_version(t->ssl);
}

const char *tls_cipher(const struct tls *t)
{
	const char *name = SSL_get_cipher_name(t->ssl);

	return name ? name : "none";
}

/* [MS-SIPAE] 3.2.5.1 [sip 8.5]: use_context is 0, the label has no NUL. */
bool tls_export_eap(struct tls *t, uint8_t out[128])
{
	ERR_clear_error();
	return t->state == TLS_UP &&
	       SSL_export_keying_material(t->ssl, out, 128, "client EAP encryption", 21, NULL, 0, 0) == 1;
}

const char *tls_mac_hash(const struct tls *t)
{
	const SSL_CIPHER *c = SSL_get_current_cipher(t->ssl);
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
