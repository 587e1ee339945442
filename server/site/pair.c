#include "server/site/pair.h"

#include <stdlib.h>
#include <string.h>

#include "pki/cert.h"

enum { CHAIN_MAX = 8, BITS_MIN = 1024 };

/* What old phones demand of the server's own certificate: they exchange keys by RSA and read neither MD2 nor MD5 (Windows CE 6.0,
 * [network E.1]). */
static bool key_good(const struct pki_cert_info *c, struct why *why)
{
	if (!c->rsa)
		why_set(why, "its key is not RSA, and these phones exchange keys by RSA only");
	else if (c->bits < BITS_MIN)
		why_set(why, "its key has %u bits: 2048 are wanted, and %d the least", c->bits, BITS_MIN);
	else if (strncasecmp(c->signature, "md", 2) == 0)
		why_set(why, "it is signed by %.40s, which no client trusts today", c->signature);
	else
		return true;
	return false;
}

bool site_pair_good(struct sv pem, struct sv anchors, bool public_roots, int64_t unix_s, struct why *why)
{
	struct pki_cert_info *info = malloc(sizeof *info);
	struct buf der[CHAIN_MAX] = {0};
	const uint8_t *p[CHAIN_MAX];
	size_t n[CHAIN_MAX];
	unsigned count = 0;
	struct pki_chain_result result;
	enum pki_verdict v = PKI_NO_CERT;

	for (; count < CHAIN_MAX && pki_pem_cert(pem, count, &der[count]); count++) {
		p[count] = der[count].p;
		n[count] = der[count].n;
	}
	if (info == NULL || count == 0 || pki_cert_info(p[0], n[0], info) != NULL)
		why_set(why, "there is no certificate in it");
	else if (!key_good(info, why))
		; /* it says why */
	else if ((v = pki_chain_verify(p, n, count, anchors, public_roots, "", unix_s, &result)) == PKI_UNTRUSTED)
		why_set(why, "phones will not trust it: %.260s", result.why.text);
	else if (v == PKI_WRONG_DATE)
		why_set(why, "its chain is out of date: %.260s", result.why.text);
	for (unsigned i = 0; i < CHAIN_MAX; i++)
		buf_free(&der[i]);
	free(info);
	return v == PKI_TRUSTED || v == PKI_WRONG_NAME; /* the names are the caller's to look at */
}
