/* pki/tls_ctx.c: TLS contexts: which versions, suites and certificates a profile stands for. */
#include <openssl/core_names.h>
#include <stdlib.h>
#include <string.h>

#include "pki/internal.h"
#include "pki/tls_internal.h"

/* Level 0 must be set before a key is loaded, or a small one is refused.  The DSK list is that of [sip 8.6]:
 * SIPE needs AES128-SHA or AES256-SHA with RSA key exchange. */
#define DSK_SUITES                                                                                                     \
	"ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-GCM-SHA256:"                 \
	"AES128-SHA:AES256-SHA:@SECLEVEL=0"
#define OLD_SUITES "DEFAULT:AES128-SHA:AES256-SHA:@SECLEVEL=0"

/* clang-format off */
static const struct profile {
	int lowest, highest;  /* 0: not OpenSSL's */
	const char *suites;   /* NULL: the library's */
	uint64_t options;
	bool old_server, old_client; /* GnuTLS answers, or plays, what OpenSSL cannot */
} profiles[] = {
	[TLS_MODERN]     = {TLS1_2_VERSION, TLS1_3_VERSION, NULL,       0},
	/* TLS 1.3 has another exporter and no phone of the time has it: never inside SIP */
	[TLS_DSK]        = {TLS1_VERSION,   TLS1_2_VERSION, DSK_SUITES, SSL_OP_NO_TICKET | SSL_OP_LEGACY_SERVER_CONNECT |
	                                                                SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS, true, false},
	[TLS_LEGACY]     = {TLS1_VERSION,   TLS1_3_VERSION, OLD_SUITES, SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS, true, false},
	[TLS_CLIENT_OLD] = {TLS1_VERSION,   TLS1_3_VERSION, OLD_SUITES, SSL_OP_LEGACY_SERVER_CONNECT |
	                                                                SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS},
	[TLS_PHONE]      = {0,              0,              NULL,       0, false, true},
};
/* clang-format on */

static void keylog(const SSL *ssl, const char *line)
{
	const struct tls_ctx *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (c && c->keylog)
		c->keylog(c->keylog_arg, line);
}

/* Where a handshake takes an RSA private key of ours: a server signs its ServerKeyExchange, and in TLS 1.3, as a client
 * does, its CertificateVerify; with the RSA key exchange it decrypts what ClientKeyExchange brings. */
static void counted(int writing, int version, int content, const void *p, size_t n, SSL *ssl, void *arg)
{
	const SSL_CIPHER *c = SSL_get_pending_cipher(ssl);
	const uint8_t *type = p;

	(void)version, (void)arg;
	if (content != SSL3_RT_HANDSHAKE || n == 0)
		return;
	if (writing ? *type == SSL3_MT_SERVER_KEY_EXCHANGE || *type == SSL3_MT_CERTIFICATE_VERIFY
		    : *type == SSL3_MT_CLIENT_KEY_EXCHANGE && c && SSL_CIPHER_get_kx_nid(c) == NID_kx_rsa)
		pki_count_one();
}

/* The same key as OpenSSL makes it itself: see pki/count.c. NULL: it refuses. */
static EVP_PKEY *native(const struct pki_key *key)
{
	EVP_PKEY *pkey = key ? pki_key_evp(key) : NULL, *ret;
	unsigned char *der = NULL;
	const unsigned char *at;
	int n = pkey ? i2d_PrivateKey(pkey, &der) : 0;

	if (n <= 0)
		return NULL;
	at = der;
	ret = d2i_AutoPrivateKey(NULL, &at, n);
	OPENSSL_clear_free(der, (size_t)n);
	return ret;
}

static struct tls_ctx *ctx_new(enum tls_profile which, bool server)
{
	const struct profile *p = &profiles[which];
	struct tls_ctx *c = calloc(1, sizeof *c);

	ERR_clear_error();
	if (c == NULL)
		return NULL;
	c->server = server;
	if (p->lowest == 0)
		return c;
	c->ssl = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (c->ssl == NULL || !SSL_CTX_set_min_proto_version(c->ssl, p->lowest) ||
	    !SSL_CTX_set_max_proto_version(c->ssl, p->highest) ||
	    (p->suites && !SSL_CTX_set_cipher_list(c->ssl, p->suites))) {
		tls_ctx_free(c);
		return NULL;
	}
	SSL_CTX_set_app_data(c->ssl, c);
	SSL_CTX_set_options(c->ssl, p->options | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	return c;
}

/* Leaf, then what stands behind it. */
static bool load(struct tls_ctx *c, struct sv cert_pem, const struct pki_key *key, bool roots_too)
{
	STACK_OF(X509) *all = pki_x509_stack(cert_pem);
	EVP_PKEY *pkey = native(key);
	bool good = all && sk_X509_num(all) > 0 && pkey && SSL_CTX_use_certificate(c->ssl, sk_X509_value(all, 0)) == 1 &&
		    SSL_CTX_use_PrivateKey(c->ssl, pkey) == 1 && SSL_CTX_check_private_key(c->ssl) == 1;

	if (good && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA)
		SSL_CTX_set_msg_callback(c->ssl, counted);
	EVP_PKEY_free(pkey);

	for (int i = 1; good && i < sk_X509_num(all); i++) {
		X509 *x = sk_X509_value(all, i);

		if (roots_too || !(X509_get_extension_flags(x) & EXFLAG_SS))
			good = SSL_CTX_add1_chain_cert(c->ssl, x) == 1;
	}
	sk_X509_pop_free(all, X509_free);
	return good;
}

/* The validity dates are left to the caller's own clock: handlers get the time from it, the library would read the machine's. */
static bool ask_client(struct tls_ctx *c, struct sv ca_pem)
{
	STACK_OF(X509) *all = pki_x509_stack(ca_pem);
	X509_STORE *store = SSL_CTX_get_cert_store(c->ssl);
	bool good = all && sk_X509_num(all) > 0;

	for (int i = 0; good && i < sk_X509_num(all); i++)
		good = X509_STORE_add_cert(store, sk_X509_value(all, i)) == 1;
	sk_X509_pop_free(all, X509_free);
	/* No list of authorities is sent: the flight must fit one record [sip 8.4]. */
	X509_VERIFY_PARAM_set_flags(X509_STORE_get0_param(store), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
	SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return good;
}

/* In TLS 1.2 the ticket's key alone would open a resumed connection that somebody has recorded, as long as the key lives; TLS 1.3 makes
 * new keys for each (RFC 8446 2.2, psk_dhe_ke; OpenSSL takes no other).  A hello without supported_versions is not of TLS 1.3. */
static int no_old_tickets(SSL *ssl, int *alert, void *arg)
{
	const unsigned char *p = NULL;
	size_t n = 0;
	bool new = false;

	(void)alert;
	(void)arg;
	if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &p, &n) == 1)
		for (size_t i = 1; i + 1 < n; i += 2) /* behind the length of the list */
			new |= p[i] == 3 && p[i + 1] == 4;
	if (!new)
		SSL_set_options(ssl, SSL_OP_NO_TICKET);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* OpenSSL asks for the key of a ticket that it makes, or has got.  0: no key of ours, a full handshake; 2: good, and a new
 * ticket besides, as TLS 1.3 wants each used once (RFC 8446 C.4). */
static int ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int making)
{
	struct tls_ctx *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const struct ticket_key *k = &c->tickets.now;
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0), OSSL_PARAM_construct_end()};

	ticket_keys_turn(&c->tickets, c->mono_ms());
	if (!making && (k = ticket_keys_find(&c->tickets, name)) == NULL)
		return 0;
	if (making) {
		memcpy(name, k->name, sizeof k->name);
		if (!pki_random(iv, (size_t)EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())))
			return -1;
	}
	if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, k->cipher, iv, making) != 1 ||
	    EVP_MAC_init(mac, k->mac, sizeof k->mac, params) != 1)
		return -1;
	return making ? 1 : 2;
}

static bool tickets(struct tls_ctx *c, const struct tls_server_conf *conf)
{
	static const uint8_t context[] = "dialtone";

	if (conf->ticket_keys == NULL) {
		SSL_CTX_set_options(c->ssl, SSL_OP_NO_TICKET);
		return SSL_CTX_set_num_tickets(c->ssl, 0) == 1;
	}
	c->tickets = *conf->ticket_keys;
	c->mono_ms = conf->mono_ms;
	SSL_CTX_set_client_hello_cb(c->ssl, no_old_tickets, NULL);
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	return SSL_CTX_set_session_id_context(c->ssl, context, sizeof context - 1) == 1 &&
	       SSL_CTX_set_tlsext_ticket_key_evp_cb(c->ssl, ticket_key) == 1 && SSL_CTX_set_num_tickets(c->ssl, 1) == 1;
}

struct tls_ctx *tls_ctx_server(const struct tls_server_conf *conf)
{
	struct tls_ctx *c = ctx_new(conf->profile, true);

	if (c == NULL)
		return NULL;
	if (c->ssl == NULL || !load(c, conf->cert_pem, conf->key, conf->profile != TLS_DSK) || !tickets(c, conf) ||
	    (conf->client_ca_pem.n && !ask_client(c, conf->client_ca_pem)) ||
	    (profiles[conf->profile].old_server && (c->old = tls_old_server(conf)) == NULL)) {
		tls_ctx_free(c);
		return NULL;
	}
	return c;
}

/* The groups of OpenSSL 3.0.  3.5 adds ML-KEM, whose key share has 1,216 octets: no phone's hello is so large, and where large packets are
 * lost (I-09) it would be lost, too. */
#define CLIENT_GROUPS "X25519:P-256:X448:P-521:P-384"

struct tls_ctx *tls_ctx_client(const struct tls_client_conf *conf)
{
	struct tls_ctx *c = ctx_new(conf->profile, false);

	if (c == NULL)
		return NULL;
	if (c->ssl) {
		SSL_CTX_set_verify(c->ssl, SSL_VERIFY_NONE, NULL); /* the caller verifies: pki_chain_verify() */
		tls_sessions_of(c);
	}
	if ((c->ssl && SSL_CTX_set1_groups_list(c->ssl, CLIENT_GROUPS) != 1) ||
	    (c->ssl && conf->cert_pem.n && !load(c, conf->cert_pem, conf->key, false)) ||
	    (profiles[conf->profile].old_client && (c->old = tls_old_client(conf)) == NULL)) {
		tls_ctx_free(c);
		return NULL;
	}
	return c;
}

void tls_ctx_free(struct tls_ctx *c)
{
	if (c == NULL)
		return;
	SSL_CTX_free(c->ssl);
	tls_old_free(c->old);
	explicit_bzero(&c->tickets, sizeof c->tickets);
	free(c);
}

void tls_ctx_keylog(struct tls_ctx *c, void (*line)(void *arg, const char *line), void *arg)
{
	c->keylog = line;
	c->keylog_arg = arg;
	if (c->ssl)
		SSL_CTX_set_keylog_callback(c->ssl, line ? keylog : NULL);
}

bool tls_ctx_begins(const struct tls_ctx *server, uint8_t first)
{
	return first == SSL3_RT_HANDSHAKE || (server->old && first & 0x80);
}
