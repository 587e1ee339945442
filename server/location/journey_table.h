/* server/location/journey_table.h: the bounded table of journeys, found by instance, MAC and address.  For journey.c only. */
#ifndef DIALTONE_SERVER_JOURNEY_TABLE_H
#define DIALTONE_SERVER_JOURNEY_TABLE_H

#include "server/location/journey.h"

enum journey_key { KEY_INSTANCE, KEY_MAC, KEY_ADDRESS, JOURNEY_KEYS };

const struct journeys_conf *journeys_conf(const struct journeys *t);
/* Those whose key may be this one: the caller compares.  key "": none.  Of an address those that were touched last come first. */
struct journey *journeys_first(const struct journeys *t, enum journey_key k, const char *key);
struct journey *journeys_next(const struct journey *j, enum journey_key k);
/* A new one, for which another may have to go.  NULL: out of memory, or everybody else is worth more. */
struct journey *journeys_add(struct journeys *t, const char *address, enum seen_evidence e);
void journeys_drop(struct journeys *t, struct journey *j);
void journeys_set(struct journeys *t, struct journey *j, enum journey_key k, const char *key); /* may be the one it has */
void journeys_raise(struct journeys *t, struct journey *j, enum seen_evidence e);
void journeys_touch(struct journeys *t, struct journey *j); /* it was seen just now */
void journeys_all(struct journeys *t, void (*fn)(void *arg, struct journey *j), void *arg);

#endif
