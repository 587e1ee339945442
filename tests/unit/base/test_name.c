#include "tests/support/check.h"

#include "base/name.h"
#include "base/number.h"

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define N253 L63 "." L63 "." L63 "." "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy" /* 3 * 64 + 61 */

/* Each row says which rule refuses it; NULL: a name, and its normal form. */
static const struct {
	const char *in, *refused, *plain;
} host_name_rows[] = {
    {"fe01.contoso.test", NULL, "fe01.contoso.test"},
    {"fe01", NULL, "fe01"},
    {"FE01.Contoso.Test", NULL, "FE01.Contoso.Test"}, /* RFC 4343: kept */
    {"contoso.test.", NULL, "contoso.test"},          /* RFC 1034 3.1 */
    {"fe_01.contoso.test", NULL, "fe_01.contoso.test"},
    {"_sipinternaltls._tcp.contoso.test", NULL, "_sipinternaltls._tcp.contoso.test"},
    {"3com.test", NULL, "3com.test"}, /* RFC 1123 2.1 */
    {"a--b.test", NULL, "a--b.test"},
    {"xn--bcher-kva.test", NULL, "xn--bcher-kva.test"},
    {L63 ".test", NULL, L63 ".test"},
    {N253, NULL, N253},
    {N253 ".", NULL, N253},
    {"", "is empty", NULL},
    {".", "an empty label", NULL},
    {"..", "an empty label", NULL},
    {"fe..01.contoso.test", "an empty label", NULL},
    {".contoso.test", "an empty label", NULL},
    {"contoso.test..", "an empty label", NULL},
    {"-fe01.contoso.test", "'-'", NULL},
    {"fe01-.contoso.test", "'-'", NULL},
    {"fe01.contoso.test-", "'-'", NULL},
    {"fe01.-.test", "'-'", NULL},
    {L63 "x.test", "more than 63", NULL},
    {N253 "z", "more than 253", NULL},
    {"fe 01.contoso.test", "only letters, digits", NULL},
    {"fe01.contoso.test ", "only letters, digits", NULL},
    {"fe01,contoso.test", "only letters, digits", NULL},
    {"*.contoso.test", "only letters, digits", NULL},
    {"b\xc3\xbc" "cher.test", "only letters, digits", NULL},
    {"sip:contoso.test", "only letters, digits", NULL},
    {"10.66.0.1", "is an address", NULL},
    {"10.66.0.1.", "is an address", NULL},
    {"10.66.0.256", "a number as its last label", NULL},
    {"fe01.7", "a number as its last label", NULL},
    {"2013", "a number as its last label", NULL},
};

static void host_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof host_name_rows / sizeof *host_name_rows; i++) {
		char *in = (char *)exact_copy(host_name_rows[i].in, strlen(host_name_rows[i].in), strlen(host_name_rows[i].in));
		struct sv s = {in, strlen(host_name_rows[i].in)};
		char ret[NAME_TEXT_MAX] = "untouched";
		const char *wrong = name_read(s, ret);

		print_message("# '%s'\n", host_name_rows[i].in);
		assert_ptr_equal(wrong, name_check(s));
		if (host_name_rows[i].refused) {
			assert_non_null(wrong);
			assert_non_null(strstr(wrong, host_name_rows[i].refused));
			assert_string_equal(ret, "untouched");
		} else {
			assert_null(wrong);
			assert_string_equal(ret, host_name_rows[i].plain);
			assert_null(name_check(sv_of(ret)));
		}
		free(in);
	}
	assert_non_null(name_check(((struct sv){"a\0b", 3})));
	assert_non_null(name_check((struct sv){NULL, 0}));
}

static void hosts_are_names_or_addresses(void **state)
{
	char ret[NAME_TEXT_MAX] = "";

	(void)state;
	assert_null(host_read(SV("10.66.0.1"), ret));
	assert_string_equal(ret, "10.66.0.1");
	assert_null(host_read(SV("fe01.contoso.test."), ret));
	assert_string_equal(ret, "fe01.contoso.test");
	assert_non_null(strstr(host_check(SV("10.66.0.256")), "a number"));
	assert_non_null(strstr(host_check(SV("10.66.0")), "a number"));
	assert_non_null(strstr(host_check(SV("fe..lab")), "an empty label"));
}

/* A table of what people type: the rows of base/number.h first. */
static void numbers(void **state)
{
	static const struct {
		const char *in, *refused, *global, *local;
	} rows[] = {
	    {"+1 (425) 555-0123", NULL, "+14255550123", ""},
	    {"tel:+14255550123;ext=4411", NULL, "+14255550123", "4411"},
	    {"14255550123;ext=4411", NULL, "+14255550123", "4411"},
	    {"4411", NULL, "", "4411"},
	    {"TEL:+1.425.555.0123", NULL, "+14255550123", ""},
	    {" +49 89/12 34 ", NULL, "+49891234", ""},
	    {"(+1)\t425", NULL, "+1425", ""},
	    {"+14255550123;EXT=44 11", NULL, "+14255550123", "4411"},
	    {"0014255550123", NULL, "", "0014255550123"},
	    {"44-11", NULL, "", "4411"},
	    {"+123456789012345", NULL, "+123456789012345", ""},
	    {"12345678901234567890123", NULL, "", "12345678901234567890123"},
	    {"", "no digit", NULL, NULL},
	    {"+", "no digit", NULL, NULL},
	    {"()", "no digit", NULL, NULL},
	    {"tel:", "no digit", NULL, NULL},
	    {";ext=4411", "no digit", NULL, NULL},
	    {"1+425", "'+' that is not in front", NULL, NULL},
	    {"++1425", "'+' that is not in front", NULL, NULL},
	    {"alice", "neither a digit", NULL, NULL},
	    {"sip:alice@contoso.test", "neither a digit", NULL, NULL},
	    {"4411x", "neither a digit", NULL, NULL},
	    {"*4411#", "neither a digit", NULL, NULL},
	    {"+1234567890123456", "more than 15 digits", NULL, NULL},
	    {"1234567890123456;ext=1", "more than 15 digits", NULL, NULL},
	    {"123456789012345678901234", "too many digits", NULL, NULL},
	    {"+14255550123;phone-context=x", "other than ';ext='", NULL, NULL},
	    {"+14255550123;", "other than ';ext='", NULL, NULL},
	    {"+14255550123;ext=", "no extension behind", NULL, NULL},
	    {"+14255550123;ext=+44", "no extension behind", NULL, NULL},
	    {"+14255550123;ext=44;ext=55", "no extension behind", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct number n = {"untouched", "untouched"};
		size_t len = strlen(rows[i].in);
		uint8_t *in = exact_copy(rows[i].in, len, len);
		const char *wrong = number_read((struct sv){(char *)in, len}, &n);

		print_message("# '%s'\n", rows[i].in);
		if (rows[i].refused) {
			assert_non_null(wrong);
			assert_non_null(strstr(wrong, rows[i].refused));
			assert_string_equal(n.global, "untouched");
			assert_string_equal(n.local, "untouched");
		} else {
			assert_null(wrong);
			assert_string_equal(n.global, rows[i].global);
			assert_string_equal(n.local, rows[i].local);
		}
		free(in);
	}
	assert_non_null(number_read(((struct sv){"44\0" "11", 5}), &(struct number){0}));
}

static void extensions(void **state)
{
	(void)state;
	assert_true(extension_check(SV("4411")) && extension_check(SV("0")) && extension_check(SV("123456789012345")));
	assert_false(extension_check(SV("")) || extension_check(SV("1234567890123456")));
	assert_false(extension_check(SV("44 11")) || extension_check(SV("+4411")) || extension_check(SV("44a")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(host_names), cmocka_unit_test(hosts_are_names_or_addresses),
					   cmocka_unit_test(numbers), cmocka_unit_test(extensions)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
