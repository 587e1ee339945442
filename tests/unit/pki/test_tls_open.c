/* Records of somebody else's TLS 1.3: the example of RFC 8448 3. */
#include "pki/tls_open.h"
#include "tests/support/check.h"

static const char secret_hex[] = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"; /* client_application_traffic_secret_0 */
static const char record_hex[] = "1703030043 a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a"
				 "6292a2977014bd1e3deae63aeebb21694915e4";

static void the_example(void **state)
{
	struct buf secret = {0}, record = {0};
	struct tls_open o, before;
	uint8_t out[128], type = 0;

	(void)state;
	hex_of(&secret, secret_hex);
	hex_of(&record, record_hex);
	assert_true(tls_open_begin(&o, 0x1301, secret.p, secret.n));
	assert_memory_equal(o.key, "\x17\x42\x2d\xda\x59\x6e\xd5\xd9\xac\xd8\x90\xe3\xc6\x3f\x50\x51", 16);
	before = o;
	record.p[20] ^= 1; /* damaged: nothing has changed */
	assert_int_equal(tls_open_record(&o, record.p, record.p + 5, record.n - 5, out, &type), -1);
	assert_memory_equal(&o, &before, sizeof o);
	record.p[20] ^= 1;
	assert_int_equal(tls_open_record(&o, record.p, record.p + 5, record.n - 5, out, &type), 50);
	assert_int_equal(type, 23);
	for (uint8_t i = 0; i < 50; i++)
		assert_int_equal(out[i], i);
	assert_int_equal(tls_open_record(&o, record.p, record.p + 5, record.n - 5, out, &type), -1); /* not twice */
	for (size_t n = 0; n < 20; n++)
		assert_int_equal(tls_open_record(&o, record.p, record.p + 5, n, out, &type), -1);
	buf_free(&secret);
	buf_free(&record);
}

static void other_suites(void **state)
{
	uint8_t secret[48] = {1};
	struct tls_open o;

	(void)state;
	assert_true(tls_open_begin(&o, 0x1302, secret, 48));
	assert_true(tls_open_begin(&o, 0x1303, secret, 32));
	assert_false(tls_open_begin(&o, 0x1302, secret, 32));
	assert_false(tls_open_begin(&o, 0x1301, secret, 48));
	assert_false(tls_open_begin(&o, 0x002f, secret, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_example), cmocka_unit_test(other_suites)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
