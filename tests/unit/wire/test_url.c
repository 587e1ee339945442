#include "tests/support/check.h"

#include "wire/url.h"

static void good(void **state)
{
	static const struct {
		const char *text, *host, *path;
		uint16_t port;
		bool https;
	} rows[] = {
		{"https://fe01.Contoso.TEST:443/CertProv/CertProvisioningService.svc", "fe01.contoso.test",
		 "/CertProv/CertProvisioningService.svc", 443, true},
		{"HTTP://fe01", "fe01", "/", 80, false},
		{"http://fe01?x=1", "fe01", "/?x=1", 80, false},
		{"https://10.0.0.1:/a?b=c:d@e", "10.0.0.1", "/a?b=c:d@e", 443, true},
		{"https://fe_01.:8443/", "fe_01", "/", 8443, true}, /* base/name.h */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct url u;
		size_t n = strlen(rows[i].text);
		uint8_t *c = exact_copy(rows[i].text, n, n);

		if (!url_read((struct sv){(char *)c, n}, &u))
			fail_msg("%s was refused", rows[i].text);
		assert_string_equal(u.host, rows[i].host);
		assert_string_equal(u.path, rows[i].path);
		assert_true(u.port == rows[i].port && u.https == rows[i].https);
		free(c);
	}
}

static void bad(void **state)
{
	static const char *const rows[] = {
		"", "http:", "http://", "http:///x", "ftp://a/", "https//a", "http://u@a/", "http://u:p@a/", "http://a:0/",
		"http://a:65536/", "http://a:1:2/", "http://a:+1/", "http://a b/", "http://a/ b", "http://a/\r\nX: y", "http://a/#f",
		"http://a#f", "http://[::1]/", "http://a..b/", "http://.a/", "http://a%41/", "http://\xc3\xa4/", "http://a/\xc3\xa4",
		"http://-a/", "http://a-/", "http://10.0.0.256/", "http://a/\"", "http://a\\b/",
	};
	struct url u = {.port = 7};
	char longer[2000];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (url_read(sv_of(rows[i]), &u))
			fail_msg("'%s' was read", rows[i]);
	assert_false(url_read(((struct sv){"http://a/\0b", 11}), &u));
	memset(longer, 'a', sizeof longer);
	memcpy(longer, "http://", 7);
	for (size_t i = 63; i < 255; i += 64) /* labels of 63 characters */
		longer[7 + i] = '.';
	assert_false(url_read((struct sv){longer, 7 + 254}, &u));
	assert_int_equal(u.port, 7);
	assert_true(url_read((struct sv){longer, 7 + 253}, &u));
	longer[8] = '/';
	assert_true(url_read((struct sv){longer, 8 + 1023}, &u));
	assert_int_equal(strlen(u.path), 1023);
	assert_false(url_read((struct sv){longer, 8 + 1024}, &u));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(good), cmocka_unit_test(bad)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
