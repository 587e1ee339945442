/* auth/rc4.c: RC4, for NTLM alone: OpenSSL 3 keeps it in its legacy provider. */
#include "auth/ntlm.h"

void rc4_init(struct rc4 *r, const uint8_t *key, size_t n)
{
	uint8_t j = 0;

	r->i = r->j = 0;
	for (unsigned i = 0; i < 256; i++)
		r->s[i] = (uint8_t)i;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t t = r->s[i];

		j = (uint8_t)(j + t + key[i % n]);
		r->s[i] = r->s[j];
		r->s[j] = t;
	}
}

void rc4_apply(struct rc4 *r, const uint8_t *in, uint8_t *out, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		uint8_t t;

		r->i++;
		t = r->s[r->i];
		r->j = (uint8_t)(r->j + t);
		r->s[r->i] = r->s[r->j];
		r->s[r->j] = t;
		out[k] = in[k] ^ r->s[(uint8_t)(r->s[r->i] + t)];
	}
}
