#include "tests/support/check.h"

#include "base/text.h"
#include "base/why.h"

/* A cut text ends behind a whole character, wherever the array ends. */
static void a_cut_leaves_whole_characters(void **state)
{
	static const char in[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\x9ez"; /* 1, 2, 3, 4 and 1 octets: a, ae, euro, telephone, z */
	static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

	(void)state;
	for (size_t cap = 1; cap <= sizeof in; cap++) {
		char *out = malloc(cap);

		assert_non_null(out);
		assert_ptr_equal(text_set(out, cap, "%s", in), out);
		assert_int_equal(strlen(out), ends[cap - 1]);
		assert_memory_equal(out, in, ends[cap - 1]);
		free(out);
	}
	text_set(NULL, 0, "%s", in);
}

/* Text that is not UTF-8 is cut as well, and stays inside the array. */
static void a_cut_of_other_octets(void **state)
{
	char out[4];

	(void)state;
	assert_string_equal(text_set(out, sizeof out, "%s", "\x80\x80\x80\x80\x80"), "\x80\x80\x80");
	assert_string_equal(text_set(out, sizeof out, "%s", "a\xff\x80\x80\x80"), "a");
	assert_string_equal(text_set(out, sizeof out, "%d", 123456), "123");
}

static void reasons(void **state)
{
	struct why w = {0};
	char big[2 * WHY_TEXT_MAX];

	(void)state;
	assert_string_equal(why_or(NULL, "refused"), "refused");
	assert_string_equal(why_or(&w, "refused"), "refused");
	assert_ptr_equal(why_set(&w, "line %d", 7), w.text);
	assert_string_equal(why_or(&w, "refused"), "line 7");
	assert_string_equal(why_set(&w, "%s: %s", "dialtone.conf", w.text), "dialtone.conf: line 7");
	assert_false(why_not(&w, "no %s", "memory"));
	assert_string_equal(w.text, "no memory");
	assert_string_equal(why_set(NULL, "nobody asks"), "");
	assert_false(why_not(NULL, "nobody asks"));
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	assert_int_equal(strlen(why_set(&w, "%s", big)), WHY_TEXT_MAX - 1);
}

/* A held reason is the text alone; NULL and "" leave none. */
static void held(void **state)
{
	struct why w = {0};
	char *why = NULL;

	(void)state;
	why_hold(&why, NULL);
	assert_null(why);
	why_hold(&why, why_set(&w, "line %d", 7));
	assert_string_equal(why, "line 7");
	assert_ptr_not_equal(why, w.text);
	why_hold(&why, why);
	assert_string_equal(why, "line 7");
	why_hold(&why, why + 5);
	assert_string_equal(why, "7");
	why_hold(&why, "");
	assert_null(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_cut_leaves_whole_characters),
					   cmocka_unit_test(a_cut_of_other_octets), cmocka_unit_test(reasons), cmocka_unit_test(held)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
