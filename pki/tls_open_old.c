#include "pki/tls_open_old.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MAX = 16384 + 2048, MAC_MAX = 48, TAG = 16, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, KEY_BLOCK = 2 * (MAC_MAX + 32 + 16) };

struct cipher {
	gnutls_cipher_algorithm_t id;
	uint8_t key, iv; /* of the key block */
	uint8_t block;	 /* 0: none: a stream, or with a tag */
	uint8_t nonce;	 /* octets of it that each record begins with */
	bool aead;
};

/* clang-format off */
static const struct cipher
	aes128 = {GNUTLS_CIPHER_AES_128_CBC, 16, 16, 16, 0, false}, aes256 = {GNUTLS_CIPHER_AES_256_CBC, 32, 16, 16, 0, false},
	des3 = {GNUTLS_CIPHER_3DES_CBC, 24, 8, 8, 0, false},        rc4 = {GNUTLS_CIPHER_ARCFOUR_128, 16, 0, 0, 0, false},
	gcm128 = {GNUTLS_CIPHER_AES_128_GCM, 16, 4, 0, 8, true},    gcm256 = {GNUTLS_CIPHER_AES_256_GCM, 32, 4, 0, 8, true},
	chacha = {GNUTLS_CIPHER_CHACHA20_POLY1305, 32, 12, 0, 0, true};

#define MD5 GNUTLS_MAC_MD5
#define SHA GNUTLS_MAC_SHA1
#define SHA256 GNUTLS_MAC_SHA256
#define SHA384 GNUTLS_MAC_SHA384

/* IANA's numbers.  The digest is that of the MAC; of a suite with a tag, and of one with SHA-384, it is the key derivation's, too. */
static const struct suite {
	uint16_t id;
	const struct cipher *cipher;
	gnutls_mac_algorithm_t mac;
} suites[] = {
	/* RSA key exchange: what the phones of the time have */
	{0x0004, &rc4, MD5}, {0x0005, &rc4, SHA}, {0x000a, &des3, SHA}, {0x002f, &aes128, SHA}, {0x0035, &aes256, SHA},
	{0x003c, &aes128, SHA256}, {0x003d, &aes256, SHA256}, {0x009c, &gcm128, SHA256}, {0x009d, &gcm256, SHA384},
	/* DHE_RSA */
	{0x0016, &des3, SHA}, {0x0033, &aes128, SHA}, {0x0039, &aes256, SHA}, {0x0067, &aes128, SHA256}, {0x006b, &aes256, SHA256},
	{0x009e, &gcm128, SHA256}, {0x009f, &gcm256, SHA384},
	/* ECDHE_ECDSA, ECDHE_RSA */
	{0xc009, &aes128, SHA}, {0xc00a, &aes256, SHA}, {0xc011, &rc4, SHA}, {0xc012, &des3, SHA}, {0xc013, &aes128, SHA}, {0xc014, &aes256, SHA},
	{0xc023, &aes128, SHA256}, {0xc024, &aes256, SHA384}, {0xc027, &aes128, SHA256}, {0xc028, &aes256, SHA384},
	{0xc02b, &gcm128, SHA256}, {0xc02c, &gcm256, SHA384}, {0xc02f, &gcm128, SHA256}, {0xc030, &gcm256, SHA384},
	{0xcca8, &chacha, SHA256}, {0xcca9, &chacha, SHA256},
};
/* clang-format on */

struct tls_open_old {
	const struct suite *suite;
	uint16_t version;
	bool encrypt_then_mac, broken;
	uint64_t sequence;
	uint8_t mac[MAC_MAX], iv[16];
	gnutls_cipher_hd_t cipher;
	gnutls_aead_cipher_hd_t aead;
};

static size_t mac_size(const struct suite *s)
{
	return s->cipher->aead ? 0 : gnutls_hmac_get_len(s->mac);
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */

/* "key_block = PRF(SecurityParameters.master_secret, "key expansion", server_random + client_random)" */
static bool key_block(const struct tls_open_hello *h, const struct suite *s, const uint8_t *master, uint8_t *out, size_t n)
{
	const char *digest = h->version < TLS_1_2 ? "MD5-SHA1" : s->mac == SHA384 ? "SHA384" : "SHA256";
	uint8_t seed[13 + 2 * TLS_RANDOM] = "key expansion";
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *c = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)digest, 0),
			  OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)master, TLS_MASTER),
			  OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed), OSSL_PARAM_construct_end()};
	bool good;

	memcpy(seed + 13, h->server, TLS_RANDOM);
	memcpy(seed + 13 + TLS_RANDOM, h->client, TLS_RANDOM);
	good = c && EVP_KDF_derive(c, out, n, p) == 1;
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
	return good;
}

static bool cipher_begin(struct tls_open_old *o, uint8_t *key)
{
	const struct cipher *c = o->suite->cipher;
	gnutls_datum_t k = {key, c->key}, iv = {o->iv, c->iv};

	return c->aead ? gnutls_aead_cipher_init(&o->aead, c->id, &k) == 0 : gnutls_cipher_init(&o->cipher, c->id, &k, c->iv ? &iv : NULL) == 0;
}

struct tls_open_old *tls_open_old_new(const struct tls_open_hello *h, const uint8_t master[TLS_MASTER], unsigned side)
{
	struct tls_open_old *o = calloc(1, sizeof *o);
	uint8_t block[KEY_BLOCK];
	size_t mac, key, iv;

	for (size_t i = 0; o && i < sizeof suites / sizeof *suites; i++)
		if (suites[i].id == h->suite)
			o->suite = &suites[i];
	if (o == NULL || o->suite == NULL || h->version < 0x0301 || h->version > TLS_1_2) {
		free(o);
		return NULL;
	}
	mac = mac_size(o->suite);
	key = o->suite->cipher->key;
	iv = o->suite->cipher->iv;
	o->version = h->version;
	o->encrypt_then_mac = h->encrypt_then_mac && o->suite->cipher->block;
	/* "client_write_MAC_key, server_write_MAC_key, client_write_key, server_write_key, client_write_IV, server_write_IV" */
	if (!key_block(h, o->suite, master, block, 2 * (mac + key + iv))) {
		tls_open_old_free(o);
		return NULL;
	}
	memcpy(o->mac, block + side * mac, mac);
	memcpy(o->iv, block + 2 * mac + 2 * key + side * iv, iv);
	if (!cipher_begin(o, block + 2 * mac + side * key)) {
		tls_open_old_free(o);
		o = NULL;
	}
	explicit_bzero(block, sizeof block);
	return o;
}

void tls_open_old_free(struct tls_open_old *o)
{
	if (o == NULL)
		return;
	if (o->cipher)
		gnutls_cipher_deinit(o->cipher);
	if (o->aead)
		gnutls_aead_cipher_deinit(o->aead);
	explicit_bzero(o, sizeof *o);
	free(o);
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static void put(uint8_t *to, uint64_t v, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		to[i] = (uint8_t)(v >> (8 * (octets - 1 - i)));
}

/* "seq_num + TLSCompressed.type + TLSCompressed.version + TLSCompressed.length" */
static void pseudo_head(const struct tls_open_old *o, const uint8_t head[5], size_t length, uint8_t ret[13])
{
	put(ret, o->sequence, 8);
	memcpy(ret + 8, head, 3);
	put(ret + 11, length, 2);
}

static bool mac_good(const struct tls_open_old *o, const uint8_t head[5], const uint8_t *p, size_t n, const uint8_t *mac)
{
	uint8_t before[13], got[MAC_MAX];
	gnutls_hmac_hd_t h;

	pseudo_head(o, head, n, before);
	if (gnutls_hmac_init(&h, o->suite->mac, o->mac, mac_size(o->suite)) != 0)
		return false;
	gnutls_hmac(h, before, sizeof before);
	gnutls_hmac(h, p, n);
	gnutls_hmac_deinit(h, got);
	return gnutls_memcmp(got, mac, mac_size(o->suite)) == 0;
}

/* Octets of the padding and its length, RFC 5246 6.2.3.2; 0: it is none. */
static size_t padding(const uint8_t *p, size_t n)
{
	size_t pad = n ? p[n - 1] : 0;

	if (n == 0 || pad + 1 > n)
		return 0;
	for (size_t i = 0; i < pad; i++)
		if (p[n - 2 - i] != pad)
			return 0;
	return pad + 1;
}

static long record_block(struct tls_open_old *o, const uint8_t head[5], uint8_t *p, size_t n, const uint8_t **content)
{
	size_t block = o->suite->cipher->block, mac = mac_size(o->suite), skip = o->version >= TLS_1_1 ? block : 0, pad;

	if (o->encrypt_then_mac) {
		if (n <= mac || !mac_good(o, head, p, n - mac, p + n - mac))
			return -1;
		n -= mac;
	}
	if (n < skip + block || n % block || gnutls_cipher_decrypt2(o->cipher, p, n, p, n) != 0)
		return -1;
	p += skip; /* an explicit IV: as the first block it made the second one right */
	n -= skip;
	pad = padding(p, n);
	if (pad == 0 || (!o->encrypt_then_mac && n < pad + mac))
		return -1;
	n -= pad;
	if (!o->encrypt_then_mac) {
		n -= mac;
		if (!mac_good(o, head, p, n, p + n))
			return -1;
	}
	*content = p;
	return (long)n;
}

static long record_stream(struct tls_open_old *o, const uint8_t head[5], uint8_t *p, size_t n, const uint8_t **content)
{
	size_t mac = mac_size(o->suite);

	if (n < mac || gnutls_cipher_decrypt2(o->cipher, p, n, p, n) != 0 || !mac_good(o, head, p, n - mac, p + n - mac))
		return -1;
	*content = p;
	return (long)(n - mac);
}

static long record_aead(struct tls_open_old *o, const uint8_t head[5], uint8_t *p, size_t n, const uint8_t **content)
{
	const struct cipher *c = o->suite->cipher;
	uint8_t before[13], nonce[12], out[RECORD_MAX];
	size_t got = sizeof out;

	if (n < (size_t)c->nonce + TAG)
		return -1;
	memcpy(nonce, o->iv, c->iv);
	if (c->nonce) { /* RFC 5288 3: "salt, nonce_explicit" */
		memcpy(nonce + c->iv, p, c->nonce);
	} else { /* RFC 7905 2: the sequence number, added to the IV */
		for (unsigned i = 0; i < 8; i++)
			nonce[11 - i] ^= (uint8_t)(o->sequence >> (8 * i));
	}
	p += c->nonce;
	n -= c->nonce;
	pseudo_head(o, head, n - TAG, before);
	if (gnutls_aead_cipher_decrypt(o->aead, nonce, sizeof nonce, before, sizeof before, TAG, p, n, out, &got) != 0)
		return -1;
	memcpy(p, out, got);
	explicit_bzero(out, got);
	*content = p;
	return (long)got;
}

long tls_open_old_record(struct tls_open_old *o, const uint8_t head[5], uint8_t *p, size_t n, const uint8_t **content)
{
	const struct cipher *c = o->suite->cipher;
	long got = -1;

	if (!o->broken && n <= RECORD_MAX)
		got = c->aead ? record_aead(o, head, p, n, content) : c->block ? record_block(o, head, p, n, content)
										 : record_stream(o, head, p, n, content);
	o->broken = got < 0;
	o->sequence++;
	return got;
}
