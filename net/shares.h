/* net/shares.h: what the peers of a server may hold of it, connections and memory, before they have proved who they are.
 *
 * Each address has a share of both.  When all that there is for strangers is taken, whoever holds the most gives way: the
 * oldest connection of the address that holds the most memory is ended, for an address that holds less than half of that.  So a
 * peer that is new finds room, however many others are there; and those who have much do not push each other out and come back,
 * each time with the work of a new handshake.  An IPv6 host counts by its /64, since it has all of it.
 */
#ifndef DIALTONE_NET_SHARES_H
#define DIALTONE_NET_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct share;
struct shares;

struct shares_conf {
	unsigned connections; /* of one address; 0: no limit */
	size_t memory;	      /* octets, of all strangers; one address has at most a quarter; 0: no limit */
};

struct hold { /* what one connection holds: part of the connection, starts as {0} */
	TAILQ_ENTRY(hold) by_age;
	struct shares *of;
	struct share *share; /* NULL: its address is not counted */
	size_t octets;
	bool known; /* it has proved who it is: its memory is not counted, and it never gives way */
	void (*end)(void *arg, const char *why); /* ends the connection, from the loop and not before it returns */
	void *arg;
};

struct shares *shares_new(const struct shares_conf *conf); /* NULL: out of memory */
void shares_free(struct shares *s);			   /* NULL is fine */

/* One more connection of that address ("192.0.2.1"; "local" and its like are not counted), with so many octets at first.
 * false: its address holds its share.  s NULL: no limits. */
bool shares_take(struct shares *s, struct hold *h, const char *address, size_t octets);
void shares_give(struct hold *h); /* the connection is gone */
/* It holds that many octets now.  Others give way for it: its own address's when that has its share, else those of the address that holds the most.  false: there is not
 * so much for it, and it must end, or hold less. */
bool shares_hold(struct hold *h, size_t octets);
void shares_know(struct hold *h); /* it has proved who it is */
/* Ends one connection to make room.  false: nobody is there who could give way. */
bool shares_make_room(struct shares *s);
size_t shares_held(const struct shares *s); /* octets, of all strangers */

#endif
