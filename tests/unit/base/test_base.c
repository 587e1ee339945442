#include "tests/support/check.h"

#include "base/date.h"
#include "base/cursor.h"
#include "base/ip.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "dialtone/failure.h"

static void views(void **state)
{
	struct sv s = SV("a,,b"), x;
	uint64_t v = 7;
	char small[3] = "zz";

	(void)state;
	x = sv_cut(&s, ',');
	assert_true(sv_eq(x, SV("a")));
	x = sv_cut(&s, ',');
	assert_true(x.p && x.n == 0);
	x = sv_cut(&s, ',');
	assert_true(sv_eq(x, SV("b")) && s.p == NULL);
	assert_true(sv_ieq(SV("CSeq"), SV("cseq")) && !sv_ieq(SV("CSeq"), SV("cseqs")));
	assert_true(sv_istarts(SV("Bearer x"), SV("bearer ")) && sv_iends(SV("a.TEST"), SV(".test")));
	assert_true(sv_within(SV("fe01.Contoso.test"), SV("contoso.TEST")) && sv_within(SV("contoso.test"), SV("contoso.test")));
	assert_false(sv_within(SV("notcontoso.test"), SV("contoso.test")) || sv_within(SV("test"), SV("contoso.test")));
	assert_true(sv_within(SV("test"), SV("")) && sv_within(SV(""), SV("")));
	assert_true(sv_eq(sv_trim(SV(" \t x y\r\n")), SV("x y")));
	assert_true(sv_u64(SV("65535"), 65535, &v) && v == 65535);
	v = 7;
	assert_false(sv_u64(SV("65536"), 65535, &v));
	assert_false(sv_u64(SV("18446744073709551616"), UINT64_MAX, &v));
	assert_false(sv_u64(SV(""), 9, &v));
	assert_false(sv_u64(SV("+1"), 9, &v));
	assert_false(sv_u64(SV("1 "), 9, &v));
	assert_int_equal(v, 7);
	assert_true(sv_u64(SV("18446744073709551615"), UINT64_MAX, &v) && v == UINT64_MAX);
	assert_true(sv_copy(small, sizeof small, SV("ab")));
	assert_false(sv_copy(small, sizeof small, SV("abc")));
	assert_false(sv_copy(small, sizeof small, ((struct sv){"\0", 1})));
	assert_string_equal(small, "ab");
}

static void letters(void **state)
{
	char text[] = "aZ@[`{09-\xc4";

	(void)state;
	assert_string_equal(ascii_upper_all(text), "AZ@[`{09-\xc4");
	assert_string_equal(ascii_lower_all(text), "az@[`{09-\xc4");
	assert_true(sv_eq(sv_trim_nul(((struct sv){"a\0b\0\0", 5})), ((struct sv){"a\0b", 3})));
	assert_int_equal(sv_trim_nul(((struct sv){"\0\0", 2})).n, 0);
	assert_int_equal(sv_trim_nul((struct sv){NULL, 0}).n, 0);
}

static void cursor_never_oversteps(void **state)
{
	static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

	(void)state;
	for (size_t n = 0; n <= sizeof in; n++) {
		uint8_t *c = exact_copy(in, sizeof in, n);
		struct rd r = rd_of(c, n);
		uint64_t a = rd_be(&r, 2), b = rd_le(&r, 2);
		struct rd sub = rd_sub(&r, 3);

		if (n >= 4) {
			assert_int_equal(a, 0x0102);
			assert_int_equal(b, 0x0403);
		}
		rd_be(&sub, 4); /* one more than it holds */
		assert_non_null(sub.err);
		assert_true((n < 7) == (r.err != NULL));
		rd_end(&r);
		assert_true((n == 7) == (r.err == NULL));
		free(c);
	}
	{
		uint8_t out[5];
		struct wr w = wr_of(out, sizeof out);

		wr_be(&w, 4, 0x01020304);
		assert_int_equal(wr_n(&w), 4);
		wr_be(&w, 2, 5);
		assert_non_null(w.err);
		wr_be(&w, 1, 5); /* the error sticks */
		assert_int_equal(wr_n(&w), 4);
	}
}

static void base64(void **state)
{
	static const struct {
		const char *text, *b64;
	} rfc4648[] = {{"", ""},	   {"f", "Zg=="},	 {"fo", "Zm8="},	{"foo", "Zm9v"},
		       {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm=9", "Zm9v=", "Z!==", "Zm9v\0"};

	(void)state;
	for (size_t i = 0; i < sizeof rfc4648 / sizeof *rfc4648; i++) {
		struct buf b = {0}, back = {0};

		b64_add(&b, rfc4648[i].text, strlen(rfc4648[i].text));
		assert_true(sv_eq(buf_view(&b), sv_of(rfc4648[i].b64)));
		assert_true(b64_read(&back, sv_of(rfc4648[i].b64)));
		assert_true(sv_eq(buf_view(&back), sv_of(rfc4648[i].text)));
		buf_free(&b);
		buf_free(&back);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf back = {0};
		size_t n = i == 9 ? 5 : strlen(bad[i]);

		buf_str(&back, "keep");
		assert_false(b64_read(&back, (struct sv){bad[i], n}));
		assert_true(sv_eq(buf_view(&back), SV("keep")));
		buf_free(&back);
	}
	{
		struct buf b = {0}, back = {0};
		uint8_t in[200];

		for (size_t i = 0; i < sizeof in; i++)
			in[i] = (uint8_t)(i * 7);
		for (size_t i = 0; i < sizeof in; i += 57) { /* in lines, as mail and PEM have it */
			b64_add(&b, in + i, sizeof in - i < 57 ? sizeof in - i : 57);
			buf_str(&b, "\r\n");
		}
		assert_true(b64_read(&back, buf_view(&b)));
		assert_int_equal(back.n, sizeof in);
		assert_memory_equal(back.p, in, sizeof in);
		buf_free(&b);
		buf_free(&back);
	}
}

/* Every code point there and back, and every string of one to four octets that is none of them refused. */
static void utf8(void **state)
{
	static const uint8_t tails[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
	unsigned good = 0, seen = 0;
	uint32_t c;

	(void)state;
	for (uint32_t code = 0; code < 0x110000; code++) {
		struct buf b = {0};
		char o[4];

		if (code >= 0xd800 && code < 0xe000)
			continue;
		utf8_add(&b, code);
		c = ~code;
		assert_int_equal(utf8_next(buf_view(&b), &c), b.n);
		assert_int_equal(c, code);
		memcpy(o, b.p, b.n);
		for (size_t n = 0; n < b.n; n++) /* cut */
			assert_int_equal(utf8_next((struct sv){o, n}, &c), 0);
		good += b.n == 3;
		buf_free(&b);
	}
	assert_int_equal(good, 0x10000 - 0x800 - 0x800);
	for (unsigned first = 0; first < 256; first++) /* a value that is read is written the same */
		for (unsigned i = 0; i < sizeof tails * sizeof tails * sizeof tails; i++) {
			char o[4] = {(char)first, (char)tails[i % sizeof tails], (char)tails[i / sizeof tails % sizeof tails],
				     (char)tails[i / sizeof tails / sizeof tails]};
			struct buf b = {0};
			size_t n = utf8_next((struct sv){o, 4}, &c);

			if (n == 0)
				continue;
			utf8_add(&b, c);
			assert_int_equal(b.n, n);
			assert_memory_equal(b.p, o, n);
			buf_free(&b);
			seen++;
		}
	assert_true(seen > 128);
	c = 7;
	assert_int_equal(utf8_next(SV("\xc0\x80"), &c), 0);	     /* overlong */
	assert_int_equal(utf8_next(SV("\xe0\x9f\xbf"), &c), 0);     /* overlong */
	assert_int_equal(utf8_next(SV("\xed\xa0\x80"), &c), 0);     /* a surrogate */
	assert_int_equal(utf8_next(SV("\xf4\x90\x80\x80"), &c), 0); /* above U+10FFFF */
	assert_int_equal(utf8_next(SV(""), &c), 0);
	assert_int_equal(c, 7);
}

static void hexadecimal(void **state)
{
	uint8_t o[2] = {9, 9};
	char text[5];

	(void)state;
	for (int c = 0; c < 256; c++) {
		static const char digits[] = "0123456789abcdef";
		const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

		assert_int_equal(hex_digit((char)c), at ? at - digits : -1);
	}
	assert_false(hex_read(SV("12g4"), o, 2));
	assert_false(hex_read(SV("123"), o, 2));
	assert_int_equal(o[0], 9);
	assert_true(hex_read(SV("aBf0"), o, 2));
	hex_write(text, o, 2, true);
	assert_string_equal(text, "ABF0");
}

/* RFC 9562 A.3 and its fields; each form of a MAC address, and what is none. */
static void uuids_and_macs(void **state)
{
	static const uint8_t uuid[16] = {0x91, 0x91, 0x08, 0xf7, 0x52, 0xd1, 0x43, 0x20, 0x9b, 0xac, 0xf8, 0x47, 0xdb, 0x41, 0x48, 0xa8};
	static const uint8_t mac[6] = {0x00, 0x04, 0xf2, 0x0a, 0xbc, 0xff}, ones[16] = {[0 ... 15] = 0xff};
	static const char *const uuids[] = {"", "919108f7-52d1-4320-9bac-f847db4148a", "919108f7-52d1-4320-9bac-f847db4148a80",
					    "919108f752d143209bacf847db4148a8", "919108f7-52d1-4320-9bac0f847db4148a8",
					    "919108g7-52d1-4320-9bac-f847db4148a8", "{919108f7-52d1-4320-9bac-f847db4148a8}"};
	static const char *const good[] = {"00:04:f2:0a:bc:ff", "00-04-F2-0A-BC-FF", "0004f20abcff", "0004.F20A.bcff"};
	static const char *const bad[] = {"", "00:04:f2:0a:bc", "00:04:f2:0a:bc:f", "00:04:f2:0a:bc:ff:", "00:04-f2:0a:bc:ff",
					  "00.04.f2.0a.bc.ff", "0004:f20a:bcff", "0:04:f2:0a:bc:ff", "00:04:f2:0a:bc:fg", "0004f20abcff0",
					  ":00:04:f2:0a:bc:ff", "00::04:f2:0a:bc:ff"};
	char text[UUID_TEXT_MAX];
	uint8_t got[16];

	(void)state;
	assert_string_equal(uuid_text(text, uuid), "919108f7-52d1-4320-9bac-f847db4148a8");
	assert_true(uuid_read(SV("919108F7-52d1-4320-9bac-f847db4148a8"), got));
	assert_memory_equal(got, uuid, 16);
	assert_string_equal(uuid_random(text, ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
	assert_string_equal(uuid_random(text, (const uint8_t[16]){0}), "00000000-0000-4000-8000-000000000000");
	for (size_t i = 0; i < sizeof uuids / sizeof *uuids; i++)
		assert_false(uuid_read(sv_of(uuids[i]), got));
	assert_memory_equal(got, uuid, 16);
	assert_string_equal(mac_text(text, mac), "00:04:f2:0a:bc:ff");
	assert_string_equal(mac_text_upper(text, mac, '-'), "00-04-F2-0A-BC-FF");
	assert_string_equal(mac_text_upper(text, mac, '\0'), "0004F20ABCFF");
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		memset(got, 0, sizeof got);
		assert_true(mac_read(sv_of(good[i]), got));
		assert_memory_equal(got, mac, 6);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(mac_read(sv_of(bad[i]), got));
	assert_memory_equal(got, mac, 6);
}

/* Every element that was put into the array is still there after it has grown. */
static void arrays_grow(void **state)
{
	unsigned *p = NULL;
	size_t n = 0, cap = 0;

	(void)state;
	for (; n < 1000; n++) {
		unsigned *more = vec_room(p, n, &cap, sizeof *more);

		assert_non_null(more);
		assert_true(cap > n);
		p = more;
		p[n] = (unsigned)n;
	}
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], i);
	free(p);
	cap = SIZE_MAX / 2 + 1;
	assert_null(vec_room((void *)&cap, cap, &cap, 1)); /* twice as many cannot be counted */
	assert_int_equal(cap, SIZE_MAX / 2 + 1);
}

static void addresses(void **state)
{
	static const char *const bad[] = {"", "10", "10.66.0", "10.66.0.", ".10.66.0.1", "10.66.0.1.", "10.66.0.1.2", "10..0.1",
					  "10.66.0.256", "10.66.0.1 ", "+1.2.3.4", "a.b.c.d"};
	char text[IP_TEXT_MAX];
	uint32_t a = 7;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(ip_read(sv_of(bad[i]), &a));
	assert_false(ip_read((struct sv){NULL, 0}, &a));
	assert_int_equal(a, 7);
	assert_true(ip_read(SV("10.66.0.1"), &a));
	assert_int_equal(a, 0x0a420001);
	assert_string_equal(ip_text(a, text), "10.66.0.1");
	assert_true(ip_read(SV("255.255.255.255"), &a));
	assert_string_equal(ip_text(a, text), "255.255.255.255");
	assert_string_equal(ip_text(0, text), "0.0.0.0");
}

/* What free() and realloc() are given of one piece of memory: nothing of what was in it may still be there. */
static struct {
	const uint8_t *p;
	size_t n;
	unsigned freed, legible;
} watched;

void __real_free(void *p);
void *__real_realloc(void *p, size_t n);
void __wrap_free(void *p);
void *__wrap_realloc(void *p, size_t n);

void __wrap_free(void *p)
{
	if (p && p == watched.p) {
		watched.freed++;
		for (size_t i = 0; i < watched.n; i++)
			watched.legible += watched.p[i] != 0;
		watched.p = NULL;
	}
	__real_free(p);
}

void *__wrap_realloc(void *p, size_t n)
{
	if (p && p == watched.p) { /* it moves, and nobody wipes where it was */
		watched.legible++;
		watched.p = NULL;
	}
	return __real_realloc(p, n);
}

static void nothing_is_left_behind(void **state)
{
	static const char pin[] = "DIALTONE_PIN 481516";
	struct buf b = {0};

	(void)state;
	buf_str(&b, pin);
	for (unsigned i = 0; i < 3; i++) {
		size_t was = b.cap;

		watched.p = b.p;
		watched.n = b.cap;
		watched.freed = watched.legible = 0;
		while (b.cap == was)
			buf_str(&b, pin);
		assert_int_equal(watched.freed, 1);
		assert_int_equal(watched.legible, 0);
	}
	assert_true(sv_starts(buf_view(&b), SV("DIALTONE_PIN 481516DIALTONE_PIN")));
	watched.p = b.p;
	watched.n = b.cap;
	watched.freed = 0;
	buf_wipe(&b);
	assert_true(watched.freed == 1 && watched.legible == 0);
}

static void times(void **state)
{
	char out[ISO_TIME_MAX];
	int64_t t = 0;

	(void)state;
	assert_string_equal(iso_time(out, 1768467600), "2026-01-15T09:00:00Z");
	assert_true(iso_time_read(SV("2026-01-15T10:00:00.5+01:00"), &t) && t == 1768467600);
	assert_string_equal(http_date(out, 1386577335), "Mon, 09 Dec 2013 08:22:15 GMT");
	assert_true(http_date_read(sv_of(out), &t) && t == 1386577335);
	assert_string_equal(iso_time_ms(out, -1), "1969-12-31T23:59:59.999Z");
	for (int64_t d = -200000; d < 200000; d += 97) {
		int64_t s = d * 43201;

		assert_true(iso_time_read(sv_of(iso_time(out, s)), &t));
		assert_int_equal(t, s);
	}
	t = 5;
	assert_false(iso_time_read(SV("2026-13-15T10:00:00Z"), &t));
	assert_false(iso_time_read(SV("2026-01-15T10:00"), &t));
	assert_false(iso_time_read(SV("2026-01-15T10:00:00ZZ"), &t));
	assert_false(http_date_read(SV("Mon, 09 Foo 2013 08:22:15 GMT"), &t));
	assert_false(http_date_read(SV("Sat, 30 Feb 2013 08:22:15 GMT"), &t));
	assert_false(iso_time_read(SV("2027-02-29T00:00:00Z"), &t));
	assert_int_equal(t, 5);
	assert_true(iso_time_read(SV("2028-02-29T00:00:00Z"), &t));
}

static void failures_have_all_their_texts(void **state)
{
	(void)state;
	for (int i = 1; i < DT_FAILURE_COUNT; i++) {
		const struct dt_failure_row *f = &dt_failures[i];

		assert_true(f->code[0] && f->what[0] && f->fix[0] && f->fault != DT_FAULT_NONE);
		assert_null(strchr(f->what, '%'));
		for (int j = 0; j < i; j++)
			assert_string_not_equal(f->code, dt_failures[j].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(views), cmocka_unit_test(letters), cmocka_unit_test(cursor_never_oversteps), cmocka_unit_test(base64), cmocka_unit_test(utf8),
	    cmocka_unit_test(hexadecimal), cmocka_unit_test(uuids_and_macs), cmocka_unit_test(arrays_grow), cmocka_unit_test(addresses), cmocka_unit_test(nothing_is_left_behind),
	    cmocka_unit_test(times),
	    cmocka_unit_test(failures_have_all_their_texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
