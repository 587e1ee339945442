/* pki/x509_cache.c keeps certificates that were read lately: those of the CA and of the key for tickets are needed for each sign-in, and OpenSSL 3
 * takes as long for the public key in one as for half of a handshake's signature.  A certificate is a value: whoever brings the same octets
 * gets the same one, counted; nobody writes into it.
 */
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pki/internal.h"

#define SLOTS 32u
#define KEPT_OCTETS_MAX 8192 /* a longer one is nobody's of ours */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot {
	X509 *x;
	unsigned char *der;
	size_t n;
} slots[SLOTS];

/* FNV-1a over the end, which is the signature: no two certificates have the same one but by intent, and then they share a slot. */
static struct slot *slot_of(const unsigned char *der, size_t n)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = n > 32 ? n - 32 : 0; i < n; i++)
		h = (h ^ der[i]) * UINT64_C(0x100000001b3);
	return &slots[(h ^ h >> 32) % SLOTS];
}

static X509 *cache_get(const unsigned char *der, size_t n)
{
	struct slot *s = slot_of(der, n);
	X509 *x = NULL;

	pthread_mutex_lock(&lock);
	if (s->x && s->n == n && memcmp(s->der, der, n) == 0 && X509_up_ref(s->x))
		x = s->x;
	pthread_mutex_unlock(&lock);
	return x;
}

static void cache_put(X509 *x, const unsigned char *der, size_t n)
{
	struct slot now = {.x = x, .der = malloc(n), .n = n}, was;
	struct slot *s = slot_of(der, n);

	if (now.der == NULL)
		return;
	memcpy(now.der, der, n);
	X509_up_ref(x);
	pthread_mutex_lock(&lock);
	was = *s;
	*s = now;
	pthread_mutex_unlock(&lock);
	X509_free(was.x);
	free(was.der);
}

void pki_x509_keep(X509 *x, const void *der, size_t n)
{
	if (n > 0 && n <= KEPT_OCTETS_MAX)
		cache_put(x, der, n);
}

X509 *pki_x509(const void *der, size_t n)
{
	const unsigned char *p = der;
	X509 *x;

	if (n == 0 || n > LONG_MAX)
		return NULL;
	if (n <= KEPT_OCTETS_MAX && (x = cache_get(der, n)) != NULL)
		return x;
	x = d2i_X509(NULL, &p, (long)n);
	if (x != NULL && p != (const unsigned char *)der + n) {
		X509_free(x);
		x = NULL;
	}
	if (x != NULL)
		pki_x509_keep(x, der, n);
	return x;
}
