/* server/location/feed.h: what the location process is asked, as the table of phones sees it: bindings that come and go, and what
 * other processes saw.  Each sign-in, refusal and sign-off is a line of the log. */
#ifndef DIALTONE_SERVER_LOCATION_FEED_H
#define DIALTONE_SERVER_LOCATION_FEED_H

#include "server/location/journey.h"
#include "server/vault/vault.h"

/* A table that logs, and tells the vault's inventory who signed in and off (NULL: nobody keeps one); NULL: out of memory. */
struct journeys *feed_new(struct vault_link *inventory);
/* A question of this worker, and what it was answered. */
void feed_question(struct journeys *t, uint32_t worker, const struct location_ask *q, const struct location_reply *r);
void feed_order(struct journeys *t, const struct location_notice *n);
void feed_expire(struct journeys *t);
/* "event=refused user=alice@contoso.test mac=... model=... stage=7 code=pin-refused address=..." */
void feed_line(struct buf *b, const struct journey *j, enum journey_event what, uint64_t now);

#endif
