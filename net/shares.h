/* net/shares.h: how many connections each address holds, so that none of them can take all there are.
 *
 * An address is an IPv4 address, or the first 64 bits of an IPv6 one, which a host has for itself.
 */
#ifndef DIALTONE_NET_SHARES_H
#define DIALTONE_NET_SHARES_H

#include <stdbool.h>
#include <stdint.h>

struct shares;

struct shares *shares_new(unsigned most); /* for each address; NULL: out of memory */
void shares_free(struct shares *s);	  /* NULL is fine; nothing may be held any more */

/* One more for this address, as text; *key gives it back.  false: it holds all that it may, or out of memory. A text
 * that is no address ("local") has no limit, and key 0; so has every address where s is NULL. */
bool shares_take(struct shares *s, const char *address, uint64_t *key);
void shares_give(struct shares *s, uint64_t key);

#endif
