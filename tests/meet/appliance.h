/* tests/meet/appliance.h: what the tests of a phone that stays share. */
#ifndef DIALTONE_TESTS_MEET_APPLIANCE_H
#define DIALTONE_TESTS_MEET_APPLIANCE_H

#include "tests/support/check.h"

#include "dialtone/handset.h"
#include "tests/meet/meet.h"

#define ALICE "alice@contoso.test"
#define MINUTE (60 * 1000ull)
#define HOUR (60 * MINUTE)

extern const struct dt_sign_in alice;
struct dt_status status(struct meet *m);
void in_state(struct meet *m, enum dt_phase state);
unsigned bindings(struct meet *m); /* of alice */
unsigned records(const struct meet *m, enum dt_record_kind kind, const char *what); /* what NULL: any */
bool kept(const struct meet_flash *flash, const char *name);
struct meet *powered(struct meet_flash *flash); /* a phone that was just plugged in, and knows nobody */
void signed_in(struct meet *m);			/* alice signs in */
void end(struct meet *m, struct meet_flash *flash);

#endif
