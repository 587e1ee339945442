#include "pki/tls_open.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { TAG = 16 };

/* The suites of RFC 8446 B.4 that anybody offers. */
static const struct suite {
	uint16_t id;
	uint8_t key, secret;
	const EVP_CIPHER *(*cipher)(void);
	const EVP_MD *(*digest)(void);
} suites[] = {
	{0x1301, 16, 32, EVP_aes_128_gcm, EVP_sha256},
	{0x1302, 32, 48, EVP_aes_256_gcm, EVP_sha384},
	{0x1303, 32, 32, EVP_chacha20_poly1305, EVP_sha256},
};

static const struct suite *suite_of(uint16_t id)
{
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

/* HKDF-Expand-Label(Secret, Label, "", Length), 7.1: one round of HMAC is enough for these lengths. */
static bool expand(const struct suite *s, const uint8_t *secret, const char *label, uint8_t *out, size_t n)
{
	uint8_t info[64] = {0, (uint8_t)n}, mac[EVP_MAX_MD_SIZE];
	size_t at = 2, length = strlen(label);
	unsigned got = 0;

	info[at++] = (uint8_t)(6 + length);
	memcpy(info + at, "tls13 ", 6);
	memcpy(info + at + 6, label, length);
	at += 6 + length;
	info[at++] = 0; /* no context */
	info[at++] = 1; /* the first round */
	if (HMAC(s->digest(), secret, s->secret, info, at, mac, &got) == NULL || got < n)
		return false;
	memcpy(out, mac, n);
	explicit_bzero(mac, sizeof mac);
	return true;
}

bool tls_open_begin(struct tls_open *o, uint16_t suite, const uint8_t *secret, size_t n)
{
	const struct suite *s = suite_of(suite);

	*o = (struct tls_open){.suite = suite};
	return s && n == s->secret && expand(s, secret, "key", o->key, s->key) && expand(s, secret, "iv", o->iv, sizeof o->iv);
}

static bool decrypt(const struct tls_open *o, const uint8_t head[5], const uint8_t *p, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], tag[TAG];
	int got = 0, more = 0;
	bool good;

	memcpy(nonce, o->iv, sizeof nonce);
	for (unsigned i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(o->sequence >> (8 * i));
	memcpy(tag, p + n - TAG, TAG);
	good = c && EVP_DecryptInit_ex(c, suite_of(o->suite)->cipher(), NULL, o->key, nonce) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 && EVP_DecryptUpdate(c, NULL, &more, head, 5) == 1 &&
	       EVP_DecryptUpdate(c, out, &got, p, (int)(n - TAG)) == 1 && EVP_DecryptFinal_ex(c, out + got, &more) == 1;
	EVP_CIPHER_CTX_free(c);
	return good;
}

long tls_open_record(struct tls_open *o, const uint8_t head[5], const uint8_t *p, size_t n, uint8_t *out, uint8_t *type)
{
	size_t left;

	if (suite_of(o->suite) == NULL || n <= TAG || n > 16384 + 256 || !decrypt(o, head, p, n, out))
		return -1;
	o->sequence++;
	/* "the content, the type, zeros" */
	for (left = n - TAG; left > 0 && out[left - 1] == 0;)
		left--;
	if (left == 0)
		return -1;
	*type = out[left - 1];
	return (long)left - 1;
}
