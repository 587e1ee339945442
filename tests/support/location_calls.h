/* tests/support/location_calls.h: each question to the location process as a function that returns with the
 * answer. */
#ifndef DIALTONE_TESTS_LOCATION_CALLS_H
#define DIALTONE_TESTS_LOCATION_CALLS_H

#include <string.h>

#include "server/location/location.h"
#include "tests/support/call_wait.h"

enum location_action call_put(const struct location_link *l, const struct location_binding *b, unsigned quota,
			      struct location_binding *all, size_t cap, size_t *n);
bool call_drop(const struct location_link *l, const char *aor, const char *instance, uint64_t conn);
bool call_list(const struct location_link *l, const char *aor, struct location_binding *all, size_t cap,
	       size_t *n);

#endif
