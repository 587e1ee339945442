/* server/vault/sources.c: guessing has an end for an address, too.
 *
 * Counters of a user lock that user, whoever guesses; this one slows down the address that guesses, before any user's counter is
 * touched, so that one stranger can neither try one PIN on everybody nor lock everybody.  Each attempt counts as a failure before
 * it is checked, and stops counting when it was none.  An address may fail SOURCE_FREE times at once and once a minute from
 * then on (a phone with an old password among many behind one address does no harm); more, and it has to wait, twice as long
 * each time.  An IPv6 host counts by its /64.
 *
 * The counts are not on disk: a vault that is started again begins anew, and nobody outside can make it do so.
 */
#include "server/vault/internal.h"

#include <string.h>

#include "base/ip.h"

#define SOURCE_FREE 20
#define SOURCE_FORGIVEN 60   /* seconds until one failure is forgotten */
#define SOURCE_PAUSE_MAX 300 /* seconds */

/* The address's own entry, or the one that matters least. */
static struct vault_source *entry(struct vault *v, uint64_t key)
{
	unsigned at = (unsigned)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 52) % VAULT_SOURCES;
	struct vault_source *least = &v->source[at];

	for (unsigned i = 0; i < VAULT_SOURCES_NEAR; i++) {
		struct vault_source *s = &v->source[(at + i) % VAULT_SOURCES];

		if (s->key == key)
			return s;
		if (s->failures < least->failures || (s->failures == least->failures && s->at < least->at))
			least = s;
	}
	*least = (struct vault_source){.key = key};
	return least;
}

static void forgive(struct vault_source *s, int64_t now)
{
	int64_t since = now - s->at;
	unsigned n = since <= 0 ? 0 : since / SOURCE_FORGIVEN > s->failures ? s->failures : (unsigned)(since / SOURCE_FORGIVEN);

	if (s->at > now || s->failures == 0)
		s->at = now; /* also when the clock was set back */
	else
		s->at += (int64_t)n * SOURCE_FORGIVEN;
	s->failures -= n;
	if (s->until > now + SOURCE_PAUSE_MAX)
		s->until = now + SOURCE_PAUSE_MAX;
}

bool vault_source_try(struct vault *v, const char *peer, struct why *why)
{
	uint64_t key = ip_key(peer);
	int64_t now = vault_now(v), wait = 0;
	struct vault_source *s;

	if (key == 0)
		return true;
	pthread_mutex_lock(&v->lock);
	s = entry(v, key);
	forgive(s, now);
	if (s->until > now) {
		wait = s->until - now;
	} else {
		s->failures++;
		if (s->failures > SOURCE_FREE) {
			unsigned over = s->failures - SOURCE_FREE - 1;

			s->until = now + (over < 8 ? (int64_t)1 << over : SOURCE_PAUSE_MAX);
		}
	}
	pthread_mutex_unlock(&v->lock);
	return wait == 0 || why_not(why, "too many wrong PINs or passwords from there: nothing is checked for %d s", (int)wait);
}

void vault_source_good(struct vault *v, const char *peer)
{
	uint64_t key = ip_key(peer);
	struct vault_source *s;

	if (key == 0)
		return;
	pthread_mutex_lock(&v->lock);
	s = entry(v, key);
	if (s->failures)
		s->failures--;
	if (s->failures <= SOURCE_FREE)
		s->until = 0;
	pthread_mutex_unlock(&v->lock);
}
