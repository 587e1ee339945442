/* tests/unit/auth/test_pin.c: which PINs are refused and by which rule, and when guessing ends. */
#include "tests/support/check.h"

#include "auth/pin.h"

#define NOW 1795000000

/* clang-format off */
static const char digits[]    = "a PIN has digits only",
		  shorter[]   = "it is shorter than the policy's MinPasswordLength",
		  longer[]    = "it is longer than 24 digits",
		  repeats[]   = "it repeats its digits",
		  period[]    = "it repeats a shorter sequence",
		  sequence[]  = "it has four consecutive digits",
		  extension[] = "it is the user's extension",
		  number[]    = "it is the user's phone number, or its end";
/* clang-format on */

/* At least five digits; the user has +14257350192 and extension 44110. */
static void each_rule(void **state)
{
	/* clang-format off */
	static const struct {
		const char *pin;
		bool common;
		const char *why; /* NULL: allowed */
	} rows[] = {
		{"73914",                     false, NULL},
		{"739141739141739141739142",  false, NULL},      /* 24 */
		{"7391417391417391417391411", false, longer},
		{"7391417391417391417391411", true,  longer},
		{"7391",                      false, shorter},
		{"7391",                      true,  shorter},
		{"",                          true,  shorter},
		{"7391a",                     false, digits},
		{"7391a",                     true,  digits},
		{"739a",                      true,  digits},    /* the first rule that refuses is named */
		{"77729",                     false, NULL},
		{"77779",                     false, repeats},
		{"91111",                     false, repeats},
		{"11111",                     true,  NULL},
		{"225577",                    false, repeats},   /* the product's own example */
		{"112233",                    false, repeats},
		{"2255577",                   false, repeats},
		{"22557",                     false, NULL},
		{"121212",                    false, period},
		{"123123",                    false, period},
		{"12121",                     false, period},
		{"121213",                    false, NULL},
		{"225577",                    true,  NULL},
		{"991234",                    false, sequence},
		{"1234567",                   false, sequence},
		{"91234",                     false, sequence},
		{"98765",                     false, sequence},
		{"91234",                     true,  NULL},
		{"12391",                     false, NULL},
		{"44110",                     false, extension},
		{"44110",                     true,  NULL},
		{"50192",                     false, number},    /* the end of the number */
		{"14257350192",               false, number},
		{"50192",                     true,  NULL},
		{"42573",                     false, NULL},      /* its middle */
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pin_policy p = {5, rows[i].common};
		const char *why = pin_check_policy(sv_of(rows[i].pin), &p, SV("+14257350192"), SV("44110"));

		if (why == NULL || rows[i].why == NULL ? why != rows[i].why : strcmp(why, rows[i].why) != 0)
			fail_msg("PIN %s: %s", rows[i].pin, why ? why : "allowed");
	}
}

/* MinPasswordLength has the range 4 to 24: below four, four is asked for. */
static void never_below_four(void **state)
{
	struct pin_policy p = {0, false};

	(void)state;
	assert_string_equal(pin_check_policy(SV("739"), &p, SV(""), SV("")), shorter);
	assert_null(pin_check_policy(SV("7391"), &p, SV(""), SV("")));
}

static void limits_by_length(void **state)
{
	static const unsigned want[][3] = {{4, 10, 100}, {5, 25, 1000}, {6, 25, 5000}, {7, 25, 5000}, {24, 25, 5000}};

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct pin_limits l = pin_limits(want[i][0], 0);

		assert_int_equal(l.local, want[i][1]);
		assert_int_equal(l.global, want[i][2]);
		l = pin_limits(want[i][0], 3);
		assert_int_equal(l.local, 3);
		assert_int_equal(l.global, want[i][2]);
	}
}

static void locked_for_an_hour(void **state)
{
	struct pin_limits l = {3, 100};
	struct pin_counters c = {0};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(pin_attempt(&c, l, NOW + i), PIN_OPEN);
	assert_int_equal(pin_attempt(&c, l, NOW + 3), PIN_LOCKED);
	assert_int_equal(c.global, 3); /* an unchecked PIN does not count */
	assert_int_equal(pin_gate(&c, l, NOW + 2 + PIN_LOCK - 1), PIN_LOCKED);
	assert_int_equal(pin_gate(&c, l, NOW + 2 + PIN_LOCK), PIN_OPEN);
	assert_int_equal(pin_attempt(&c, l, NOW + 2 + PIN_LOCK), PIN_OPEN);
	assert_true(c.local == 1 && c.global == 4);
	pin_success(&c);
	assert_true(c.local == 0 && c.global == 3 && c.locked_until == 0);
}

static void a_window_of_thirty_minutes(void **state)
{
	struct pin_limits l = {3, 100};
	struct pin_counters c = {0};

	(void)state;
	assert_int_equal(pin_attempt(&c, l, NOW), PIN_OPEN);
	assert_int_equal(pin_attempt(&c, l, NOW + PIN_WINDOW - 1), PIN_OPEN);
	assert_int_equal(c.local, 2);
	assert_int_equal(pin_attempt(&c, l, NOW + PIN_WINDOW), PIN_OPEN);
	assert_int_equal(c.local, 1);
}

static void locked_for_good(void **state)
{
	struct pin_limits l = {3, 2};
	struct pin_counters c = {0};

	(void)state;
	assert_int_equal(pin_attempt(&c, l, NOW), PIN_OPEN);
	assert_int_equal(pin_attempt(&c, l, NOW + PIN_WINDOW), PIN_OPEN);
	assert_int_equal(pin_attempt(&c, l, NOW + 10 * PIN_LOCK), PIN_LOCKED_GLOBAL);
	pin_unlock(&c);
	assert_int_equal(pin_attempt(&c, l, NOW + 10 * PIN_LOCK), PIN_OPEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_rule),
	    cmocka_unit_test(never_below_four),
	    cmocka_unit_test(limits_by_length),
	    cmocka_unit_test(locked_for_an_hour),
	    cmocka_unit_test(a_window_of_thirty_minutes),
	    cmocka_unit_test(locked_for_good),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("pin", tests, NULL, NULL);
}
