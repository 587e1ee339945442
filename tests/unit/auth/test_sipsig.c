/* tests/unit/auth/test_sipsig.c: the signed string, the signatures and the identities of [sip 5, 7, 8.7, 8.8, 9.6]
 * and 18.1 (recorded runs of pidgin-sipe, of OCS 2007 R2, and numbers computed apart from this code). */
#include "tests/support/check.h"

#include "auth/ntlm.h"
#include "auth/sipsig.h"

#define REALM SV("SIP Communications Service")

/* ---- 5 ---------------------------------------------------------------------------------------------------------- */

static void instances(void **state)
{
	static const struct {
		const char *epid, *uuid;
	} rows[] = {
	    {"2ebb6f264f", "124841e4-264d-52e8-96c5-d22aa8cdc316"},
	    {"8248ca9ebb", "4233fd41-093b-5fd6-b5d2-651ed55969e6"},
	    {"c8ca638a15", "34d859db-6585-5f91-a3b4-de853c15347d"},
	    {"c97532c1946f", "5ccdb10d-dca1-559e-ad2b-b514060a2da2"},
	    {"01010101", "4b1682a8-f968-5701-83fc-7c6741dc6697"}, /* [web-services 9.3]: the DeviceId */
	};
	char out[37];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		sip_instance_of_epid(sv_of(rows[i].epid), out);
		assert_string_equal(out, rows[i].uuid);
	}
}

static void gruus(void **state)
{
	static const char uuid[] = "5ccdb10d-dca1-559e-ad2b-b514060a2da2";
	char out[25] = "as it was";

	(void)state;
	assert_true(sip_gruu_of_instance(SV("e0de506b-a705-59cc-9bfa-d37593141231"), out));
	assert_string_equal(out, "a1De4AWnzFmb-tN1kxQSMQAA");
	assert_true(sip_gruu_of_instance(sv_of(uuid), out));
	assert_string_equal(out, "DbHNXKHcnlWtK7UUBgotogAA");
	assert_true(sip_gruu_of_instance(SV("5CCDB10D-DCA1-559E-AD2B-B514060A2DA2"), out));
	assert_string_equal(out, "DbHNXKHcnlWtK7UUBgotogAA");
	strcpy(out, "as it was");
	for (size_t n = 0; n < 36; n++) {
		uint8_t *in = exact_copy(uuid, 36, n);

		assert_false(sip_gruu_of_instance((struct sv){(char *)in, n}, out));
		free(in);
	}
	assert_false(sip_gruu_of_instance(SV("5ccdb10d-dca1-559e-ad2b-b514060a2dg2"), out));
	assert_false(sip_gruu_of_instance(SV("5ccdb10d+dca1-559e-ad2b-b514060a2da2"), out));
	assert_string_equal(out, "as it was");
}

/* ---- 7, 18.1: messages as they were on the wire, and what was signed ------------------------------------------------ */

static const char request7[] =
    "REGISTER sip:contoso.com SIP/2.0\r\nVia: SIP/2.0/tcp 127.0.0.1:36102;branch=z9hG4bKAF6BFA54092BE8F390BC\r\n"
    "From: <sip:alice@contoso.com>;tag=2654214137;epid=c97532c1946f\r\nTo: <sip:alice@contoso.com>\r\n"
    "CSeq: 6 REGISTER\r\nCall-ID: C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx\r\nContent-Length: 0\r\n\r\n";
static const char answer8[] =
    "SIP/2.0 200 OK\r\nFrom: <sip:alice@contoso.com>;tag=2654214137;epid=c97532c1946f\r\n"
    "To: <sip:alice@contoso.com>;tag=5E61CCD925D17E043D9A74835A88F664\r\n"
    "Call-ID: C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx\r\nCSeq: 6 REGISTER\r\n"
    "Via: SIP/2.0/tcp 127.0.0.1:36102;branch=z9hG4bKAF6BFA54092BE8F390BC\r\nExpires: 600\r\nContent-Length: 0\r\n\r\n";
static const char subscribe[] =
    "SUBSCRIBE sip:alice@contoso.com SIP/2.0\r\nFrom: <sip:alice@contoso.com>;tag=187605218;epid=c97532c1946f\r\n"
    "To: <sip:alice@contoso.com>\r\nCSeq: 1 SUBSCRIBE\r\nCall-ID: 7C04gA98FaAAB9i751Em0A9FtE8A7b4123xCE2Ex\r\n"
    "Expires: 0\r\nContent-Length: 0\r\n\r\n";
static const char subscribed[] =
    "SIP/2.0 200 OK\r\nFrom: <sip:alice@contoso.com>;tag=187605218;epid=c97532c1946f\r\n"
    "To: <sip:alice@contoso.com>;tag=5E61CCD925D17E043D9A74835A88F664\r\n"
    "Call-ID: 7C04gA98FaAAB9i751Em0A9FtE8A7b4123xCE2Ex\r\nCSeq: 1 SUBSCRIBE\r\nExpires: 0\r\nContent-Length: 0\r\n\r\n";
static const char leaving[] =
    "REGISTER sip:contoso.com SIP/2.0\r\nFrom: <sip:alice@contoso.com>;tag=593313140;epid=c97532c1946f\r\n"
    "To: <sip:alice@contoso.com>\r\nCSeq: 7 REGISTER\r\nCall-ID: C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx\r\n"
    "Expires: 0\r\nContent-Length: 0\r\n\r\n";
static const char left[] =
    "SIP/2.0 200 OK\r\nFrom: <sip:alice@contoso.com>;tag=593313140;epid=c97532c1946f\r\n"
    "To: <sip:alice@contoso.com>;tag=5E61CCD925D17E043D9A74835A88F664\r\nCSeq: 7 REGISTER\r\n"
    "Call-ID: C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx\r\nExpires: 0\r\nContent-Length: 0\r\n\r\n";
static const char identities[] =
    "SUBSCRIBE sip:alice@contoso.com SIP/2.0\r\nf: \"Alice <a>\" <sip:Alice@Contoso.com>;epid=1;tag=Ab\r\n"
    "t: <sip:alice@contoso.com>;tag=x\r\nCSeq: 012  SUBSCRIBE\r\ni: 1\r\n"
    "P-Asserted-Identity: <tel:+14255550123>, \"A, B\" <sip:a@b>\r\nExpires: 5\r\n\r\n";

static const char preferred[] =
    "INVITE sip:bob@contoso.com SIP/2.0\r\nFrom: <sip:alice@contoso.com>;tag=1\r\nTo: <sip:bob@contoso.com>\r\nCSeq: 1 INVITE\r\n"
    "Call-ID: 1\r\nP-Preferred-Identity: <sip:alice@contoso.com>, <tel:+14255550123;ext=4411>\r\n\r\n";
static const char both[] =
    "INVITE sip:bob@contoso.com SIP/2.0\r\nFrom: <sip:alice@contoso.com>;tag=1\r\nTo: <sip:bob@contoso.com>\r\nCSeq: 1 INVITE\r\n"
    "Call-ID: 1\r\nP-Preferred-Identity: <sip:x@y>, <tel:+1>\r\nP-Asserted-Identity: <sip:alice@contoso.com>\r\n\r\n";

static void string_of(struct buf *text, const char *wire, unsigned version, const char *scheme, const char *rand,
		      const char *num, const char *targetname)
{
	struct msg m;
	struct msg_error e;

	buf_clear(text);
	assert_int_equal(msg_scan_head(wire, strlen(wire), MSG_SIP, &m, &e), MSG_OK);
	assert_true(sipsig_string(text, &m, version, sv_of(scheme), sv_of(rand), sv_of(num), REALM, sv_of(targetname)));
	(void)buf_cstr(text);
}

#define HEAD "><SIP Communications Service><server.contoso.com><"
static const struct {
	const char *wire;
	unsigned version;
	const char *rand, *num, *text, *mac;
	bool server;
} signed_strings[] = {
    {request7, 4, "c2be27d9", "1",
     "<TLS-DSK><c2be27d9><1" HEAD "C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx><6><REGISTER><sip:alice@contoso.com>"
     "<2654214137><sip:alice@contoso.com><><><><>",
     "D4ECC862AF130CF9399FFA8A009720B3BB72D7BE", false},
    {answer8, 4, "B4EA343D", "1",
     "<TLS-DSK><B4EA343D><1" HEAD "C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx><6><REGISTER><sip:alice@contoso.com>"
     "<2654214137><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><600><200>",
     "17f17a5e7dea044044e1fe10420b4851d55203ca", true},
    {subscribe, 4, "27799161", "3",
     "<TLS-DSK><27799161><3" HEAD "7C04gA98FaAAB9i751Em0A9FtE8A7b4123xCE2Ex><1><SUBSCRIBE><sip:alice@contoso.com>"
     "<187605218><sip:alice@contoso.com><><><><0>",
     "5CE8BE0A088DF698F2939A2F14465694AAA9A071", false},
    {subscribed, 4, "BA9E8893", "3",
     "<TLS-DSK><BA9E8893><3" HEAD "7C04gA98FaAAB9i751Em0A9FtE8A7b4123xCE2Ex><1><SUBSCRIBE><sip:alice@contoso.com>"
     "<187605218><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><0><200>",
     "9ecab6f731faa4cb526bb4924dca01dcec724cab", true},
    {leaving, 4, "c075655f", "10",
     "<TLS-DSK><c075655f><10" HEAD "C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx><7><REGISTER><sip:alice@contoso.com>"
     "<593313140><sip:alice@contoso.com><><><><0>",
     "739B0ACF4B351BE920CBDF5CA405579FCFFF870A", false},
    {left, 4, "B3058D25", "10",
     "<TLS-DSK><B3058D25><10" HEAD "C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx><7><REGISTER><sip:alice@contoso.com>"
     "<593313140><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><0><200>",
     "efe3edaa420f1448abb34cdcd407bc47e640bf4e", true},
    {identities, 3, "1", "2",
     "<TLS-DSK><1><2" HEAD "1><012><SUBSCRIBE><sip:Alice@Contoso.com><Ab><sip:alice@contoso.com><x><sip:a@b>"
     "<tel:+14255550123><5>", NULL, false},
    /* "if there is no P-Asserted-Identity SIPE takes P-Preferred-Identity" */
    {preferred, 4, "1", "2",
     "<TLS-DSK><1><2" HEAD "1><1><INVITE><sip:alice@contoso.com><1><sip:bob@contoso.com><><sip:alice@contoso.com>"
     "<tel:+14255550123;ext=4411><>", NULL, false},
    {both, 4, "1", "2",
     "<TLS-DSK><1><2" HEAD "1><1><INVITE><sip:alice@contoso.com><1><sip:bob@contoso.com><><sip:alice@contoso.com><><>", NULL, false},
    /* "fields 11, 13 and 14 are absent in version 2" */
    {identities, 2, "1", "2", "<TLS-DSK><1><2" HEAD "1><012><SUBSCRIBE><sip:Alice@Contoso.com><Ab><x><5>", NULL, false},
};

static void strings(void **state)
{
	struct sipsig_key keys[2] = {{.mac = SIPSIG_HMAC_SHA1}, {.mac = SIPSIG_HMAC_SHA1}};
	struct buf text = {0};

	(void)state;
	assert_true(hex_read(SV("915372a22e35cf32606a87f4f4711e83b8af72c3beed738630a74e78a93a5130"), keys[0].key, 32));
	assert_true(hex_read(SV("91aff3cef793f1d9090b5a1045e0a5cbb92860c2016eb234f56d49853569f48d"), keys[1].key, 32));
	for (size_t i = 0; i < sizeof signed_strings / sizeof *signed_strings; i++) {
		string_of(&text, signed_strings[i].wire, signed_strings[i].version, "TLS-DSK", signed_strings[i].rand,
			  signed_strings[i].num, "server.contoso.com");
		assert_string_equal((char *)text.p, signed_strings[i].text);
		if (signed_strings[i].mac == NULL)
			continue;
		assert_true(sipsig_check(&keys[signed_strings[i].server], buf_view(&text), sv_of(signed_strings[i].mac)));
		assert_false(sipsig_check(&keys[!signed_strings[i].server], buf_view(&text), sv_of(signed_strings[i].mac)));
		for (size_t n = 0; n < 40; n++) { /* cut, and each digit changed */
			uint8_t *cut = exact_copy(signed_strings[i].mac, 40, n), *bad = exact_copy(signed_strings[i].mac, 40, 40);

			assert_false(sipsig_check(&keys[signed_strings[i].server], buf_view(&text), (struct sv){(char *)cut, n}));
			bad[n] = bad[n] == '0' ? '1' : '0';
			assert_false(sipsig_check(&keys[signed_strings[i].server], buf_view(&text), (struct sv){(char *)bad, 40}));
			free(cut);
			free(bad);
		}
	}
	buf_free(&text);
}

static void no_string_without_headers(void **state)
{
	static const char *const wires[] = {"A sip:a SIP/2.0\r\nFrom: <sip:a@b>;tag=1\r\nCSeq: 1 A\r\n\r\n",
					    "A sip:a SIP/2.0\r\nTo: <sip:a@b>;tag=1\r\nCSeq: 1 A\r\n\r\n",
					    "A sip:a SIP/2.0\r\nTo: <sip:a@b>;tag=1\r\nFrom: <sip:a@b>\r\n\r\n"};
	struct buf text = {0};
	struct msg m;
	struct msg_error e;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(msg_scan_head(wires[i], strlen(wires[i]), MSG_SIP, &m, &e), MSG_OK);
		assert_false(sipsig_string(&text, &m, 4, SV("NTLM"), SV("1"), SV("1"), REALM, SV("s")));
	}
	buf_free(&text);
}

/* ---- 8.8: known answers for every hash -------------------------------------------------------------------------------- */

static const char c_string[] = "<TLS-DSK><0000002a><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><4>"
			       "<REGISTER><sip:alice@contoso.com><2654214137><sip:alice@contoso.com><><><><>";
static const char s_string[] = "<TLS-DSK><AE4D44F8><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><4>"
			       "<REGISTER><sip:alice@contoso.com><2654214137><sip:alice@contoso.com>"
			       "<5E61CCD925D17E043D9A74835A88F664><><><600><200>";

static void every_hash(void **state)
{
#define K10C "948ec3478c1f730527884c487afb5c190e5caa63038b95d25e51212aac42b107"
#define K10S "aeb25bc7797dd7639945e474c411544bbdf52620e2680c41ee9f3ccee452211b"
#define K256C "00da8cdb60f50fa5bedd7a6d53f15b9b3a583fda5221460957bd2decc9fd249e"
#define K256S "e2355f2d703c8b19fca7988410488772b5616e326182354e177a53323809d304"
	static const struct {
		enum sipsig_mac mac;
		const char *key, *text, *hex;
	} rows[] = {
	    {SIPSIG_HMAC_MD5, K10C, c_string, "7b606fe0ccc9d267fac051347ec29f93"},
	    {SIPSIG_HMAC_MD5, K10S, s_string, "8a2e4933f4842825ef9fb0262eee1e2e"},
	    {SIPSIG_HMAC_SHA1, K10C, c_string, "bceee22db61fd048120311e7bf4b86ee65f4b012"},
	    {SIPSIG_HMAC_SHA1, K10S, s_string, "a2934bb4b8f94457b57dc2b265c900c7d198fc27"},
	    {SIPSIG_HMAC_SHA1, K256C, c_string, "7be138857647aaf5f7a95ec56ca91b77b7c703d2"},
	    {SIPSIG_HMAC_SHA1, K256S, s_string, "0619a8ae2159129244c980ccb13be421c369baca"},
	    {SIPSIG_HMAC_SHA256, K256C, c_string, "4354277b0a46d9827566ba34a99c3331f3ccb50b513b1efc5fdd6c7e868f6c45"},
	    {SIPSIG_HMAC_SHA256, K256S, s_string, "59ea5206a538a4a82835d3d32e8e94162946f6e28d5ccc6e671cbb2fcc7fc837"},
	    {SIPSIG_HMAC_SHA384, "686239f210e1a58fa7300ac114b67d32bd2918a2bd111306a6497f277303f314", c_string,
	     "dd75a091928d50e38ed8a37406390216a4860c62ea8200d3d441ca77a7c1222243e7cb6296183371b76fbae3a611da51"},
	    {SIPSIG_HMAC_SHA384, "a3aafa2d7a817aa8a42d339c249525dc1c8a4daf26c60733ef1da1c9be317828", s_string,
	     "5dbb44b6a0aeb681901fee554c7dc4ebcc4ddf0e6954bcd4807ce49f75258d030577efa9ab3724901f9428af157d9222"},
	};

	(void)state;
	assert_int_equal(strlen(c_string), 167);
	assert_int_equal(strlen(s_string), 207);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sipsig_key k = {.mac = rows[i].mac};
		uint8_t out[SIPSIG_MAX];
		char hex[2 * SIPSIG_MAX + 1];

		assert_true(hex_read(sv_of(rows[i].key), k.key, 32));
		hex_write(hex, out, sipsig_make(&k, sv_of(rows[i].text), out), false);
		assert_string_equal(hex, rows[i].hex);
		assert_true(sipsig_check(&k, sv_of(rows[i].text), sv_of(rows[i].hex)));
	}
}

/* ---- 9.6: a real OCS 2007 R2, and the example of 18.2 ------------------------------------------------------------------ */

static void ntlm_signatures(void **state)
{
	static const struct {
		const char *session, *request, *request_mac, *answer, *answer_mac;
	} rows[] = {
	    {"6742fbe37bb1946b49d86a525bd29a9b",
	     "<NTLM><13317733><1><SIP Communications Service><cosmo-ocs-r2.cosmo.local><4037df9284354df39065195bd57a4b14><3>"
	     "<REGISTER><sip:user@cosmo.local><3e49177a52><sip:user@cosmo.local><><><><>",
	     "0100000029618e9651b65a7764000000",
	     "<NTLM><9616454F><1><SIP Communications Service><cosmo-ocs-r2.cosmo.local><4037df9284354df39065195bd57a4b14><3>"
	     "<REGISTER><sip:user@cosmo.local><3e49177a52><sip:user@cosmo.local><5E61CCD925D17E043D9A74835A88F664><><><7200><200>",
	     "01000000e615438a917661be64000000"},
	    {"55555555555555555555555555555555",
	     "<NTLM><0000002a><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
	     "<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><><><><>",
	     "01000000755c2d5cde9472a164000000",
	     "<NTLM><AE4D44F8><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
	     "<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><600><200>",
	     "010000000205df78c768b29d64000000"},
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sipsig_key c, s;
		uint8_t session[16];

		assert_true(hex_read(sv_of(rows[i].session), session, 16));
		ntlm_sign_keys(session, 0x62988255, &c, &s);
		assert_true(sipsig_check(&c, sv_of(rows[i].request), sv_of(rows[i].request_mac)));
		assert_true(sipsig_check(&s, sv_of(rows[i].answer), sv_of(rows[i].answer_mac)));
		assert_false(sipsig_check(&c, sv_of(rows[i].answer), sv_of(rows[i].answer_mac)));
	}
}

/* ---- the window ---------------------------------------------------------------------------------------------------------- */

static bool take(struct sipsig_window *w, uint32_t num)
{
	if (!sipsig_window_check(w, num))
		return false;
	sipsig_window_take(w, num);
	return true;
}

static void window(void **state)
{
	struct sipsig_window w = {0};
	uint32_t rnd = 7;

	(void)state;
	assert_false(take(&w, 0));
	assert_true(take(&w, 1));
	assert_false(take(&w, 1));
	assert_true(take(&w, 256));
	assert_true(take(&w, 2)); /* 255 ago: inside still */
	assert_true(take(&w, 258));
	assert_false(take(&w, 2)); /* seen, and outside */
	assert_true(take(&w, 3)); /* 255 ago */
	assert_true(take(&w, 259));
	assert_false(take(&w, 3));
	assert_true(take(&w, UINT32_MAX));
	assert_false(take(&w, UINT32_MAX));
	assert_true(take(&w, UINT32_MAX - 255));
	assert_false(take(&w, UINT32_MAX - 256));
	/* against the plain rule, over numbers that wander */
	for (unsigned round = 0; round < 20; round++) {
		static bool seen[8192];
		uint32_t highest = 0, near = 1;

		memset(seen, 0, sizeof seen);
		w = (struct sipsig_window){0};
		for (unsigned i = 0; i < 2000; i++) {
			uint32_t num;
			bool want;

			rnd = rnd * 1103515245u + 12345u;
			near += (rnd >> 16) % 4;
			num = near + (rnd >> 20) % 600 > 300 ? near + (rnd >> 20) % 600 - 300 : 1;
			want = !seen[num] && (num > highest || highest - num < 256);
			assert_int_equal(take(&w, num), want);
			if (want)
				seen[num] = true;
			highest = num > highest && want ? num : highest;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(instances),  cmocka_unit_test(gruus),
	    cmocka_unit_test(strings),	  cmocka_unit_test(no_string_without_headers),
	    cmocka_unit_test(every_hash), cmocka_unit_test(ntlm_signatures),
	    cmocka_unit_test(window),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
