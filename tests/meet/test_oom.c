/* tests/meet/test_oom.c: the whole plan again with failing allocations.
 *
 * malloc, calloc and realloc of our own objects go through --wrap; the n-th call made while phone or servers run fails
 * (from then on every 97th too), libraries included where they take memory through us.  Nothing may crash, leak or hang;
 * when memory is there again the next sign-in works.
 */
#include "tests/support/check.h"

#include "tests/meet/meet.h"

#define LONG_ENOUGH (300 * 1000)

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);

static struct {
	unsigned calls, fail_at;
	bool armed;
} memory;

static bool fails(void)
{
	if (!memory.armed)
		return false;
	memory.calls++;
	return memory.fail_at && (memory.calls == memory.fail_at ||
				  (memory.calls > memory.fail_at && (memory.calls - memory.fail_at) % 97 == 0));
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t each)
{
	return fails() ? NULL : __real_calloc(n, each);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static unsigned run(unsigned fail_at)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 9);
	unsigned calls;

	assert_non_null(m);
	memory.calls = 0;
	memory.fail_at = fail_at;
	memory.armed = true;
	if (meet_phone(m)) {
		meet_run(m, LONG_ENOUGH);
		meet_stop(m);
	}
	memory.armed = false;
	calls = memory.calls;
	/* With memory again, and the same flash: it signs in. */
	meet_phone_off(m);
	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	if (meet_result(m) == NULL || !meet_result(m)->ok) {
		meet_dump(m);
		fail_msg("no dial tone after allocation %u failed", fail_at);
	}
	meet_free(m);
	meet_flash_free(&flash);
	return calls;
}

static void each_allocation(void **state)
{
	unsigned all = run(0), step = all > 400 ? all / 200 : 1;

	(void)state;
	assert_true(all > 100);
	for (unsigned n = 1; n <= all; n += n < 100 ? 1 : step)
		run(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation)};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
