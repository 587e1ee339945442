/* The bundle: a capture that is read back, and names that become others. */
#include "tests/support/check.h"

#include "cmd/doctor/bundle.h"
#include "wire/capture/capture.h"
#include "wire/capture/pcapng.h"

static void the_capture_is_read_back(void **state)
{
	static const char *const frames[] = {"a frame of some length", "b", "cc", "ddd", "eeee"};
	struct buf b = {0};
	struct capture c;
	struct packet k;

	(void)state;
	pcapng_begin(&b, "dialtone");
	pcapng_secrets(&b, SV("CLIENT_RANDOM 00 11\n"));
	for (size_t i = 0; i < 5; i++)
		pcapng_packet(&b, 1764480000123456ll + (int64_t)i, sv_of(frames[i]));
	assert_int_equal(b.n % 4, 0);
	assert_non_null(memmem(b.p, b.n, "\x0a\x00\x00\x00", 4)); /* a block of secrets */
	assert_non_null(memmem(b.p, b.n, "KSLT", 4));
	assert_true(capture_open(&c, b.p, b.n));
	assert_int_equal(c.secrets.n, 0);
	for (size_t i = 0; i < 5; i++) {
		assert_true(capture_next(&c, &k));
		assert_int_equal(k.link, LINK_ETHERNET);
		assert_true(k.unix_us == 1764480000123456ll + (int64_t)i);
		assert_true(sv_eq(k.octets, sv_of(frames[i])));
	}
	assert_false(capture_next(&c, &k));
	assert_null(c.err);
	assert_true(sv_eq(c.secrets, SV("CLIENT_RANDOM 00 11\n")));
	buf_free(&b);
}

static void no_secrets_no_block(void **state)
{
	struct buf a = {0}, b = {0};

	(void)state;
	pcapng_begin(&a, "x");
	pcapng_begin(&b, "x");
	pcapng_secrets(&b, (struct sv){0});
	assert_true(sv_eq(buf_view(&a), buf_view(&b)));
	buf_free(&a);
	buf_free(&b);
}

static void names_become_others(void **state)
{
	static const struct {
		const char *was, *is;
	} rows[] = {
		{"fe01.contoso.test", "h1.site1.example"},
		{"srv _sipinternaltls._tcp.contoso.test", "srv _sipinternaltls._tcp.site1.example"},
		{"a ucupdates-r2.contoso.test: no DNS answer", "a ucupdates-r2.site1.example: no DNS answer"},
		{"https://fe01.contoso.test/CertProv/CertProvisioningService.svc at 10.20.0.10:443",
		 "https://h1.site1.example/CertProv/CertProvisioningService.svc at 198.18.0.1:443"},
		{"sip:alice@contoso.test at FE01.contoso.test:5061", "sip:user1@site1.example at h1.site1.example:5061"},
		{"10.20.0.10 belongs to 00:04:f2:aa:bb:cc.", "198.18.0.1 belongs to 00:04:f2:00:00:01."},
		{"TLSv1.3, 4.0.7577.4363 is up to date.", "TLSv1.3, 4.0.7577.4363 is up to date."},
		{"web.fabrikam.test, by Root CA", "h2.site2.example, by Root CA"},
	};
	json_t *j = json_object(), *list = json_array();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		json_array_append_new(list, json_pack("{ss ss}", "found", rows[i].was, "error", "dns.none.code"));
	json_array_append_new(list, json_pack("{ss}", "peer", "core-switch-7"));
	json_object_set_new(j, "record", list);
	json_object_set_new(j, "pcapng", json_string("AAAA"));
	assert_true(bundle_rename(j));
	assert_null(json_object_get(j, "pcapng"));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_string_equal(json_string_value(json_object_get(json_array_get(list, i), "found")), rows[i].is);
		assert_string_equal(json_string_value(json_object_get(json_array_get(list, i), "error")), "dns.none.code");
	}
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, json_array_size(list) - 1), "peer")), "device1");
	json_decref(j);
}

static void a_bundle_without_packets(void **state)
{
	json_t *j = json_pack("{ss}", "pcapng", "!!");
	struct buf b = {0};

	(void)state;
	assert_false(bundle_capture(j, &b));
	buf_clear(&b);
	json_object_del(j, "pcapng");
	assert_false(bundle_capture(j, &b));
	buf_free(&b);
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_capture_is_read_back), cmocka_unit_test(no_secrets_no_block),
					   cmocka_unit_test(names_become_others), cmocka_unit_test(a_bundle_without_packets)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
