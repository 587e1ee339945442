/* tests/unit/server/test_pool_watch.c tells when a pool is away, and when it is back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/daemon/pool_watch.h"

/* Asked every two seconds; the state behind the last answer. */
static enum health_pool_state after(struct pool_watch *w, enum health_pool_state is, bool answers, unsigned times, uint64_t *now)
{
	while (times--)
		is = pool_watch_next(w, is, answers, *now += 2000);
	return is;
}

static void away_and_back(void **state)
{
	struct pool_watch w = {0};
	uint64_t now = 5000;

	(void)state;
	assert_int_equal(after(&w, HEALTH_POOL_NEW, true, 1, &now), HEALTH_POOL_ANSWERS);
	assert_int_equal(after(&w, HEALTH_POOL_ANSWERS, false, 4, &now), HEALTH_POOL_ANSWERS);
	assert_int_equal(after(&w, HEALTH_POOL_ANSWERS, true, 1, &now), HEALTH_POOL_ANSWERS); /* a restart */
	assert_int_equal(after(&w, HEALTH_POOL_ANSWERS, false, 5, &now), HEALTH_POOL_AWAY);
	assert_int_equal(after(&w, HEALTH_POOL_AWAY, true, 5, &now), HEALTH_POOL_AWAY);
	assert_int_equal(after(&w, HEALTH_POOL_AWAY, false, 1, &now), HEALTH_POOL_AWAY); /* it has gone again */
	assert_int_equal(after(&w, HEALTH_POOL_AWAY, true, 6, &now), HEALTH_POOL_ANSWERS);
}

static void never_there(void **state)
{
	struct pool_watch w = {0};
	uint64_t now = 5000;

	(void)state;
	assert_int_equal(after(&w, HEALTH_POOL_NEW, false, 4, &now), HEALTH_POOL_NEW);
	assert_int_equal(after(&w, HEALTH_POOL_NEW, false, 1, &now), HEALTH_POOL_AWAY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(away_and_back), cmocka_unit_test(never_there)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
