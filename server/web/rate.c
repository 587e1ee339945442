/* server/web/rate.c: how fast one address may write into logs/.
 *
 * budget.c bounds what all write together; this keeps one stranger from taking that for itself within seconds.  Each address
 * has two buckets, for lines of the audit log and for logs of devices; octets run into them at a steady rate up to a bound, and
 * what is written takes them out.  Each worker counts by itself.  An IPv6 host counts by its /64.
 */
#include "server/web/internal.h"

#include <string.h>

#include "base/ip.h"

#define NEAR 8 /* places that an address may have in the table */

/* Of a worker.  A question of a phone is a line of some hundred octets, after a start and once a day; many phones may come from one
 * address, behind a router. */
static const struct {
	uint64_t most, a_second;
} buckets[WEB_RATES] = {
    [WEB_RATE_AUDIT] = {256 << 10, 256},
    [WEB_RATE_LOG] = {32 << 20, 8192},
};

static struct web_rate *rate_of(struct web *w, uint64_t key, int64_t unix_s)
{
	unsigned at = (unsigned)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 54) % WEB_RATE_PLACES;
	struct web_rate *oldest = &w->rate[at];

	for (unsigned i = 0; i < NEAR; i++) {
		struct web_rate *r = &w->rate[(at + i) % WEB_RATE_PLACES];

		if (r->key == key)
			return r;
		if (r->at < oldest->at)
			oldest = r;
	}
	*oldest = (struct web_rate){.key = key, .at = unix_s};
	for (unsigned i = 0; i < WEB_RATES; i++)
		oldest->left[i] = buckets[i].most;
	return oldest;
}

bool web_rate_may(struct web *w, enum web_rate_kind kind, const char *peer, uint64_t octets, int64_t unix_s)
{
	uint64_t key = ip_key(peer);
	struct web_rate *r;

	if (key == 0)
		return true;
	r = rate_of(w, key, unix_s);
	for (unsigned i = 0; i < WEB_RATES && unix_s > r->at; i++) {
		uint64_t more = (uint64_t)(unix_s - r->at) * buckets[i].a_second;

		r->left[i] = more > buckets[i].most - r->left[i] ? buckets[i].most : r->left[i] + more;
	}
	r->at = unix_s; /* also when the clock was set back */
	if (r->left[kind] < octets)
		return false;
	r->left[kind] -= octets;
	return true;
}
