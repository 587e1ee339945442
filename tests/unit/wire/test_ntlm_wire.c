#include "tests/support/check.h"

#include "wire/ntlm.h"

/* Reads the first n octets of v as message `type`; true when read. */
static bool read_cut(const struct buf *v, size_t n, unsigned type)
{
	uint8_t *c = exact_copy(v->p, v->n, n);
	struct rd r = rd_of(c, n);
	struct ntlm_negotiate neg;
	struct ntlm_challenge ch;
	struct ntlm_authenticate au;
	bool ok = type == 1 ? ntlm_negotiate_read(&r, &neg) :
		  type == 2 ? ntlm_challenge_read(&r, &ch) :
			      ntlm_authenticate_read(&r, &au);

	assert_true(ok == (r.err == NULL));
	free(c);
	return ok;
}

static void challenge(void **state)
{
	struct buf v = {0}, again = {0};
	struct ntlm_challenge c;
	struct rd r;

	(void)state;
	vector_read(&v, "ntlm/challenge_ocs2007r2.hex");
	assert_int_equal(v.n, 206);
	assert_int_equal(ntlm_type(buf_view(&v)), 2);
	r = rd_of(v.p, v.n);
	assert_true(ntlm_challenge_read(&r, &c));
	assert_int_equal(c.flags, 0xe29882f3);
	assert_memory_equal(c.challenge, "\xdd\x1b\xaa\xf4\xe7\xe2\x18\xd1", 8);
	assert_true(c.target.n == 0 && c.info.n == 150 && ntlm_av_check(c.info));
	assert_true(sv_eq(ntlm_av(c.info, NTLM_AV_DOMAIN), ((struct sv){"C\0O\0S\0M\0O\0", 10})));
	assert_null(ntlm_av(c.info, NTLM_AV_TIME).p);
	ntlm_challenge_write(&again, &c);
	assert_true(sv_eq(buf_view(&again), buf_view(&v)));
	for (size_t n = 0; n < v.n; n++)
		assert_false(read_cut(&v, n, 2));
	buf_free(&v);
	buf_free(&again);
	vector_read(&v, "ntlm/challenge_contoso.hex");
	r = rd_of(v.p, v.n);
	assert_true(ntlm_challenge_read(&r, &c));
	assert_true(sv_eq(ntlm_av(c.info, NTLM_AV_TIME), ((struct sv){"\x00\xc0\xa3\xc4\xb7\xf4\xce\x01", 8})));
	assert_true(ntlm_av(c.info, 99).p == NULL);
	buf_free(&v);
}

static void authenticate(void **state)
{
	struct buf v = {0}, again = {0};
	struct ntlm_authenticate a;
	struct rd r;

	(void)state;
	vector_read(&v, "ntlm/authenticate_contoso.hex");
	assert_int_equal(v.n, 338);
	r = rd_of(v.p, v.n);
	assert_true(ntlm_authenticate_read(&r, &a));
	assert_int_equal(a.flags, 0x62988255);
	assert_true(sv_eq(a.user, ((struct sv){"a\0l\0i\0c\0e\0", 10})));
	assert_true(a.domain.p - (char *)v.p == 72 && a.user.p - (char *)v.p == 86 && a.workstation.p - (char *)v.p == 96);
	assert_true(a.lm.p - (char *)v.p == 108 && a.nt.p - (char *)v.p == 132 && a.key.p - (char *)v.p == 322);
	assert_true(a.lm.n == 24 && a.nt.n == 190 && a.key.n == 16 && !a.has_mic);
	ntlm_authenticate_write(&again, &a);
	assert_true(sv_eq(buf_view(&again), buf_view(&v)));
	for (size_t n = 0; n < v.n; n++)
		assert_false(read_cut(&v, n, 3));
	for (size_t n = 0; n < v.n; n++) { /* each octet wrong once: read or refused, never a step too far */
		v.p[n] ^= 0xff;
		read_cut(&v, v.n, 3);
		v.p[n] ^= 0xff;
	}
	/* With a MIC: said by the AV flags, and there is room for it before the payload. */
	{
		struct buf nt = {0}, mic = {0};
		struct ntlm_authenticate b;

		buf_add(&nt, a.nt.p, 44);
		ntlm_av_add(&nt, NTLM_AV_FLAGS, (struct sv){"\2\0\0\0", 4});
		ntlm_av_add(&nt, NTLM_AV_END, (struct sv){NULL, 0});
		a.nt = buf_view(&nt);
		a.has_mic = true;
		memset(a.mic, 0x5a, 16);
		ntlm_authenticate_write(&mic, &a);
		r = rd_of(mic.p, mic.n);
		assert_true(ntlm_authenticate_read(&r, &b) && b.has_mic && b.mic_at == 72);
		assert_memory_equal(b.mic, a.mic, 16);
		assert_true(sv_eq(b.nt, a.nt) && sv_eq(b.user, a.user));
		a.has_mic = false;
		buf_clear(&mic);
		ntlm_authenticate_write(&mic, &a);
		r = rd_of(mic.p, mic.n);
		assert_true(ntlm_authenticate_read(&r, &b) && !b.has_mic);
		buf_free(&nt);
		buf_free(&mic);
	}
	buf_free(&v);
	buf_free(&again);
}

static void negotiate(void **state)
{
	struct ntlm_negotiate m = {NTLM_OEM | NTLM_NTLM | NTLM_VERSION, SV("CONTOSO"), SV("PHONE1")}, back;
	struct buf b = {0};
	struct rd r;

	(void)state;
	ntlm_negotiate_write(&b, &m);
	assert_int_equal(b.n, 40 + 7 + 6);
	r = rd_of(b.p, b.n);
	assert_true(ntlm_negotiate_read(&r, &back));
	assert_true(back.flags == m.flags && sv_eq(back.domain, m.domain) && sv_eq(back.workstation, m.workstation));
	for (size_t n = 0; n < b.n; n++) /* the shortest form of all ends behind the flags */
		assert_int_equal(read_cut(&b, n, 1), n == 16);
	assert_int_equal(ntlm_type(buf_view(&b)), 1);
	b.p[8] = 4;
	assert_int_equal(ntlm_type(buf_view(&b)), 0);
	assert_false(read_cut(&b, b.n, 1));
	assert_int_equal(ntlm_type(SV("NTLMSSP")), 0);
	buf_free(&b);
}

static void pairs(void **state)
{
	struct buf b = {0};

	(void)state;
	ntlm_av_add(&b, NTLM_AV_DOMAIN, SV("D\0"));
	ntlm_av_add(&b, NTLM_AV_COMPUTER, SV(""));
	ntlm_av_add(&b, NTLM_AV_END, (struct sv){NULL, 0});
	for (size_t n = 0; n <= b.n; n++) {
		uint8_t *c = exact_copy(b.p, b.n, n);
		struct sv info = {(char *)c, n};

		assert_int_equal(ntlm_av_check(info), n == b.n);
		assert_int_equal(ntlm_av(info, NTLM_AV_DOMAIN).p != NULL, n == b.n);
		if (n == b.n)
			assert_true(ntlm_av(info, NTLM_AV_COMPUTER).p && ntlm_av(info, NTLM_AV_COMPUTER).n == 0);
		free(c);
	}
	buf_free(&b);
}

static void unicode(void **state)
{
	static const struct {
		const char *utf8, *utf16, *upper;
	} rows[] = {
		{"", "", ""},
		{"Alice", "41006c00690063006500", "41004c00490043004500"},
		{"\xc3\xa4\xc3\xb7\xc3\xbf", "e400f700ff00", "c400f7007801"},
		{"\xce\xac\xcf\x82\xcf\x89", "ac03c203c903", "8603c203a903"},
		{"\xd0\xb6\xd1\x91\xd2\x91", "360451049104", "160401049004"},
		{"\xf0\x9f\x93\x9e", "3dd8dedc", "3dd8dedc"},
		{"\xe2\x82\xac\xc5\xbe", "ac207e01", "ac207d01"},
	};
	static const char *const bad8[] = {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
					   "a\xc3(", "\xf0\x9f\x93"};
	static const char *const bad16[] = {"41", "00d8", "00d84100", "00dc", "00d800d8"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf want = {0}, upper = {0}, got = {0}, back = {0};

		hex_of(&want, rows[i].utf16);
		hex_of(&upper, rows[i].upper);
		assert_true(utf16_from_utf8(&got, sv_of(rows[i].utf8), false));
		assert_true(sv_eq(buf_view(&got), buf_view(&want)));
		assert_true(utf8_from_utf16(&back, buf_view(&got)));
		assert_true(sv_eq(buf_view(&back), sv_of(rows[i].utf8)));
		buf_clear(&got);
		assert_true(utf16_from_utf8(&got, sv_of(rows[i].utf8), true));
		assert_true(sv_eq(buf_view(&got), buf_view(&upper)));
		buf_free(&want);
		buf_free(&upper);
		buf_free(&got);
		buf_free(&back);
	}
	for (size_t i = 0; i < sizeof bad8 / sizeof *bad8; i++) {
		size_t n = strlen(bad8[i]);
		uint8_t *c = exact_copy(bad8[i], n, n);
		struct buf b = {0};

		buf_str(&b, "kept");
		assert_false(utf16_from_utf8(&b, (struct sv){(char *)c, n}, false));
		assert_true(sv_eq(buf_view(&b), SV("kept")));
		buf_free(&b);
		free(c);
	}
	for (size_t i = 0; i < sizeof bad16 / sizeof *bad16; i++) {
		struct buf in = {0}, b = {0};
		uint8_t *c;

		hex_of(&in, bad16[i]);
		c = exact_copy(in.p, in.n, in.n);
		buf_str(&b, "kept");
		assert_false(utf8_from_utf16(&b, (struct sv){(char *)c, in.n}));
		assert_true(sv_eq(buf_view(&b), SV("kept")));
		buf_free(&b);
		buf_free(&in);
		free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(challenge), cmocka_unit_test(authenticate), cmocka_unit_test(negotiate),
					   cmocka_unit_test(pairs), cmocka_unit_test(unicode)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
