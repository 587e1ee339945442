/* tests/unit/store/store_world.h: the backends of the store, one after the other, and what the tests write into them. */
#ifndef TESTS_UNIT_STORE_STORE_WORLD_H
#define TESTS_UNIT_STORE_STORE_WORLD_H

#include "tests/support/check.h"

#include "store/store.h"

struct place { /* a test's *state */
	const struct backend *b;
	char dir[64], path[96], database[160];
};

struct backend {
	const char *name;
	struct store *(*open)(struct place *p, struct why *why);
	bool lasts; /* its rows outlive the process that wrote them */
};

int store_world_setup(void **state);
int store_world_teardown(void **state);
struct store *store_world_open(void **state);
/* Another process finds what this one wrote: closes s and opens it anew, where it lasts. */
struct store *store_world_reopen(void **state, struct store *s);

struct store_user store_world_user(const char *aor, const char *login, const char *number, const char *extension);
struct store_cert store_world_cert(int64_t user, const char *device, uint32_t serial);
enum store_result store_world_put(struct store *s, int64_t user, const char *device, uint32_t serial); /* such a certificate */
bool store_world_has(struct store *s, uint32_t serial);
bool store_world_count_cert(void *unsigned_n, const struct store_cert *c);

/* Runs `all` on every backend, and `lasting` on those that last; then SQLite is the backend.  The value: how many failed. */
int store_world_run(const char *suite, const struct CMUnitTest *all, size_t n, const struct CMUnitTest *lasting, size_t m);

#endif
