/* pki/ticket_keys.h gives the keys of TLS session tickets: a new one each day, the same in all processes of a machine.
 *
 * The key of a day is made from the day before's, which is wiped when it is two days old: from a key nobody can compute an earlier one.
 * Processes agree without a message, since they share the clock that counts the days.
 */
#ifndef DIALTONE_PKI_TICKET_KEYS_H
#define DIALTONE_PKI_TICKET_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#define TICKET_DAY_MS 86400000u

struct ticket_key {
	uint8_t name[16], mac[32], cipher[32];
};

struct ticket_keys { /* SECRET */
	uint64_t day; /* of `now`, counted by clock_mono_ms() */
	struct ticket_key now, before;
	bool has_before; /* tickets of yesterday are good */
};

bool ticket_keys_make(struct ticket_keys *k, uint64_t mono_ms); /* false: there is no random number */
void ticket_keys_turn(struct ticket_keys *k, uint64_t mono_ms); /* to the day of that moment; a clock never goes back */
const struct ticket_key *ticket_keys_find(const struct ticket_keys *k, const uint8_t name[16]); /* NULL: it is no key of today or yesterday */

#endif
