/* MD4, RC4, NTLMv2 and its signatures against published numbers: RFC 1320, [MS-NLMP] 4.2.4, a recorded sign-in at an
 * OCS 2007 R2 server, and our worked example [sip 9.6]. */
#include "tests/support/check.h"

#include "auth/ntlm.h"

static void same(const void *p, size_t n, const char *hex)
{
	struct buf want = {0};

	hex_of(&want, hex);
	assert_int_equal(n, want.n);
	assert_memory_equal(p, want.p, n);
	buf_free(&want);
}

static void octets(uint8_t *to, size_t n, const char *hex)
{
	assert_true(hex_read(sv_of(hex), to, n));
}

static void md4_vectors(void **state)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {
		/* RFC 1320 A.5 */
		{"", "31d6cfe0d16ae931b73c59d7e0c089c0"},
		{"a", "bde52cb31de33e46245e05fbdbd6fb24"},
		{"abc", "a448017aaf21d8525fc10ae87aa6729d"},
		{"message digest", "d9130a8164549fe818874806e1c7014b"},
		{"abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "043f8582f241db351ce627e153e7f0e4"},
		{"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		 "e33b4ddc9c38f2199c3e7b164fcc0536"},
	};
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		md4(rows[i].text, strlen(rows[i].text), out);
		same(out, 16, rows[i].digest);
	}
}

static void rc4_vectors(void **state)
{
	static const struct {
		const char *key, *text, *out;
	} rows[] = {
		{"Key", "Plaintext", "bbf316e8d940af0ad3"},
		{"Wiki", "pedia", "1021bf0420"},
		{"Secret", "Attack at dawn", "45a01f645fc35b383552544b9bf5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t out[32];
		struct rc4 r;
		size_t n = strlen(rows[i].text);

		rc4_init(&r, (const uint8_t *)rows[i].key, strlen(rows[i].key));
		rc4_apply(&r, (const uint8_t *)rows[i].text, out, n / 2); /* in two pieces: the state goes on */
		rc4_apply(&r, (const uint8_t *)rows[i].text + n / 2, out + n / 2, n - n / 2);
		same(out, n, rows[i].out);
	}
}

/* The steps between, which no function of ours shows: NTOWFv2, and SessionBaseKey, which is what there is without a key
 * exchange. */
static void base_key(const struct ntlm_authenticate *m, const uint8_t hash[16], const uint8_t challenge[8], const char *ntowfv2,
		     const char *base)
{
	struct ntlm_authenticate plain = *m;
	uint8_t v2[16], key[16];

	assert_true(ntlm_ntowfv2(hash, m->user, m->domain, v2));
	same(v2, 16, ntowfv2);
	plain.flags &= ~(uint32_t)NTLM_KEY_EXCH;
	assert_true(ntlm_check(&plain, hash, challenge, key));
	if (base)
		same(key, 16, base);
}

/* [MS-NLMP] 3.2.5.1.2: without SIGN and SEAL the session key is the key exchange key, with KEY_EXCH as without, and the
 * encrypted key counts for nothing. */
static void no_sign_no_exchange(const struct ntlm_authenticate *m, const uint8_t hash[16], const uint8_t challenge[8],
				const char *base)
{
	struct ntlm_authenticate unsigned_one = *m;
	uint8_t key[16];

	unsigned_one.flags &= ~(uint32_t)(NTLM_SIGN | NTLM_SEAL);
	assert_true(unsigned_one.flags & NTLM_KEY_EXCH);
	assert_true(ntlm_check(&unsigned_one, hash, challenge, key));
	same(key, 16, base);
	unsigned_one.key = (struct sv){0};
	assert_true(ntlm_check(&unsigned_one, hash, challenge, key));
	same(key, 16, base);
}

/* [MS-NLMP] 4.2.4, in connection mode as printed there: no timestamp in the target information, so the client's own
 * time counts, which is 0. */
static void nlmp_4_2_4(void **state)
{
	static const char nt[] = "68cd0ab851e51c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa"
				 "0000000002000c0044006f006d00610069006e0001000c005300650072007600650072000000000000000000";
	struct ntlm_client c = {.user = "User", .domain = "Domain", .password = "Password", .workstation = "COMPUTER"};
	struct ntlm_challenge ch = {.flags = 0xe28a8233};
	struct buf info = {0}, challenge = {0}, user = {0}, domain = {0}, answer = {0};
	struct ntlm_authenticate a;
	struct sipsig_key c2s, s2c;
	uint8_t hash[16], v2[16], key[16];
	uint32_t flags = 0;
	struct rd r;

	(void)state;
	memset(c.client_challenge, 0xaa, 8);
	memset(c.session_key, 0x55, 16);
	octets(ch.challenge, 8, "0123456789abcdef");
	hex_of(&info, "02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000");
	ch.info = buf_view(&info);
	ntlm_challenge_write(&challenge, &ch);

	assert_true(ntlm_nt_hash(SV("Password"), hash));
	same(hash, 16, "a4f49c406510bdcab6824ee7c30fd852");
	assert_true(utf16_from_utf8(&user, SV("User"), false) && utf16_from_utf8(&domain, SV("Domain"), false));
	assert_true(ntlm_ntowfv2(hash, buf_view(&user), buf_view(&domain), v2));
	same(v2, 16, "0c868a403bfd7a93a3001ef22ef02e3f");

	assert_null(ntlm_answer(&answer, buf_view(&challenge), &c, &flags));
	r = rd_of(answer.p, answer.n);
	assert_true(ntlm_authenticate_read(&r, &a));
	same(a.lm.p, a.lm.n, "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
	same(a.nt.p, a.nt.n, nt);
	same(a.key.p, a.key.n, "c5dad2544fc9799094ce1ce90bc9d03e");
	assert_true(ntlm_check(&a, hash, ch.challenge, key));
	assert_memory_equal(key, c.session_key, 16);
	base_key(&a, hash, ch.challenge, "0c868a403bfd7a93a3001ef22ef02e3f", "8de40ccadbc14a82f15cb0ad0de95ca3");
	no_sign_no_exchange(&a, hash, ch.challenge, "8de40ccadbc14a82f15cb0ad0de95ca3");

	ntlm_sign_keys(key, 0xe28a8233, &c2s, &s2c);
	same(c2s.key, 16, "4788dc861b4782f35d43fd98fe1a2d39");
	same(c2s.seal, 16, "59f600973cc4960a25480a7c196e4c58");
	assert_true(c2s.mac == SIPSIG_NTLM && c2s.key_exch && s2c.key_exch);
	{
		struct buf text = {0};
		uint8_t sealed[18], mac[16];
		struct rc4 rc4;

		assert_true(utf16_from_utf8(&text, SV("Plaintext"), false));
		rc4_init(&rc4, c2s.seal, 16);
		rc4_apply(&rc4, text.p, sealed, text.n);
		same(sealed, 18, "54e50165bf1936dc996020c1811b0f06fb5f");
		ntlm_mac(c2s.key, c2s.seal, false, 0, text.p, text.n, mac);
		same(mac, 16, "0100000070352851f256430900000000");
		rc4_apply(&rc4, mac + 4, mac + 4, 8); /* connection mode: the cipher goes on behind the data */
		same(mac, 16, "010000007fb38ec5c55d497600000000");
		buf_free(&text);
	}
	buf_free(&info);
	buf_free(&challenge);
	buf_free(&user);
	buf_free(&domain);
	buf_free(&answer);
}

static void signature(const struct sipsig_key *k, const char *string, const char *want)
{
	uint8_t mac[16];

	ntlm_mac(k->key, k->seal, k->key_exch, 100, string, strlen(string), mac);
	same(mac, 16, want);
}

/* A real OCS 2007 R2 server and its client: published with Pidgin-SIPE. */
static void recorded(void **state)
{
	struct ntlm_client c = {.user = "User", .domain = "COSMO", .password = "Pa$$word", .workstation = "COSMO-OCS-R2"};
	struct buf challenge = {0}, answer = {0};
	struct ntlm_authenticate a;
	struct ntlm_challenge ch;
	struct sipsig_key c2s, s2c;
	uint8_t hash[16], key[16] = {0};
	uint32_t flags = 0;
	struct rd r;

	(void)state;
	vector_read(&challenge, "ntlm/challenge_ocs2007r2.hex");
	r = rd_of(challenge.p, challenge.n);
	assert_true(ntlm_challenge_read(&r, &ch));
	octets(c.client_challenge, 8, "d6ae875cb0fdaa41");
	octets(c.session_key, 16, "6742fbe37bb1946b49d86a525bd29a9b");
	c.filetime = 0x01cab927179a5159; /* 59519a1727b9ca01; this server sends no timestamp */
	assert_null(ntlm_answer(&answer, buf_view(&challenge), &c, &flags));
	assert_int_equal(flags, 0x62988255);
	assert_int_equal(answer.n, 352);
	r = rd_of(answer.p, answer.n);
	assert_true(ntlm_authenticate_read(&r, &a));
	same(a.lm.p, a.lm.n, "a1e92efe4e078bf7c5c0049acc6166c2d6ae875cb0fdaa41");
	same(a.nt.p, 16, "8dc0c800ae76eca606d2b9fbebd04731");
	assert_int_equal(a.nt.n, 198);
	same(a.key.p, a.key.n, "31cb739e1ca80a498591e8ae797115e4");
	assert_true(ntlm_nt_hash(SV("Pa$$word"), hash));
	same(hash, 16, "1a4b1757588cab6298e29e91c06df58d");
	assert_true(ntlm_check(&a, hash, ch.challenge, key));
	assert_memory_equal(key, c.session_key, 16);
	base_key(&a, hash, ch.challenge, "164b086e00d2f393529fa3a98209f99e", NULL);
	ntlm_sign_keys(key, flags, &c2s, &s2c);
	same(c2s.key, 16, "ea5e87c195ae65338f7c023e7600690d");
	same(s2c.key, 16, "0151fe94dba8c83f3c6a6e5444ae54b4");
	same(c2s.seal, 16, "83013a189002d3abad49c4c8f605ecc8");
	same(s2c.seal, 16, "2a2e34e8d420c039e8f31cb9e8e0cd88");
	signature(&c2s,
		  "<NTLM><13317733><1><SIP Communications Service><cosmo-ocs-r2.cosmo.local><4037df9284354df39065195bd57a4b14><3>"
		  "<REGISTER><sip:user@cosmo.local><3e49177a52><sip:user@cosmo.local><><><><>",
		  "0100000029618e9651b65a7764000000");
	signature(&s2c,
		  "<NTLM><9616454F><1><SIP Communications Service><cosmo-ocs-r2.cosmo.local><4037df9284354df39065195bd57a4b14><3>"
		  "<REGISTER><sip:user@cosmo.local><3e49177a52><sip:user@cosmo.local><5E61CCD925D17E043D9A74835A88F664><><><7200><200>",
		  "01000000e615438a917661be64000000");
	buf_free(&challenge);
	buf_free(&answer);
}

/* Both signatures of SIP, with key exchange and without: HMAC[0..7], and the cipher over it. */
static void signatures_of_sip(const uint8_t session_key[16], uint32_t flags)
{
	struct sipsig_key c2s, s2c;

	ntlm_sign_keys(session_key, flags, &c2s, &s2c);
	same(s2c.key, 16, "d04d6f10741041d1d246d64188d7a8ad");
	same(s2c.seal, 16, "9355f3a957c1583d25c4c2f11e40390e");
	signature(&c2s,
		  "<NTLM><0000002a><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
		  "<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><><><><>",
		  "01000000755c2d5cde9472a164000000");
	signature(&s2c,
		  "<NTLM><AE4D44F8><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
		  "<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><600><200>",
		  "010000000205df78c768b29d64000000");

	/* before the cipher, and the cipher's key: HMAC[0..7], MD5(SealKey || seq) */
	c2s.key_exch = s2c.key_exch = false;
	signature(&c2s,
		  "<NTLM><0000002a><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
		  "<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><><><><>",
		  "010000003235dded8bda1d7364000000");
	signature(&s2c,
		  "<NTLM><AE4D44F8><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
		  "<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><600><200>",
		  "01000000df0d08d6cf7d38fb64000000");
	for (unsigned i = 0; i < 2; i++) {
		uint8_t rc4_key[16], text[8];
		struct rc4 rc4;

		octets(rc4_key, 16, i ? "318733edb895a46d8d5cf9b15664e70f" : "d88dc90f761359beae4cc0548d466c56");
		octets(text, 8, i ? "df0d08d6cf7d38fb" : "3235dded8bda1d73");
		rc4_init(&rc4, rc4_key, 16);
		rc4_apply(&rc4, text, text, 8);
		same(text, 8, i ? "0205df78c768b29d" : "755c2d5cde9472a1");
	}
}

/* The wrong password, another nonce, another name, any octet of the response changed: refused.  `a` points into `message`. */
static void refused(struct ntlm_authenticate *a, uint8_t *message, uint8_t hash[16], uint8_t nonce[8])
{
	char user[256] = "untouched", domain[256];
	uint8_t key[16];

	memset(key, 7, sizeof key);
	hash[0] ^= 1;
	assert_false(ntlm_check(a, hash, nonce, key));
	hash[0] ^= 1;
	nonce[7] ^= 1;
	assert_false(ntlm_check(a, hash, nonce, key));
	nonce[7] ^= 1;
	for (size_t i = 0; i < a->nt.n; i++) {
		message[132 + i] ^= 1;
		assert_false(ntlm_check(a, hash, nonce, key));
		message[132 + i] ^= 1;
	}
	message[86] = 'b';
	assert_false(ntlm_check(a, hash, nonce, key));
	message[86] = 'A'; /* upper-casing makes no difference */
	assert_true(ntlm_check(a, hash, nonce, key));
	message[72] = 'c'; /* of the domain it does */
	assert_false(ntlm_check(a, hash, nonce, key));
	message[72] = 'C';
	for (size_t n = 0; n < a->nt.n; n++) { /* every shorter response */
		struct ntlm_authenticate cut = *a;
		uint8_t *nt = exact_copy(a->nt.p, a->nt.n, n);

		cut.nt = (struct sv){(char *)nt, n};
		assert_false(ntlm_check(&cut, hash, nonce, key));
		free(nt);
	}
	a->key.n = 15;
	assert_false(ntlm_check(a, hash, nonce, key));
	a->user.n = 0;
	assert_false(ntlm_check(a, hash, nonce, key));
	assert_false(ntlm_who(a, user, domain));
	assert_string_equal(user, "untouched");
}

/* CONTOSO\alice: whole messages, octet for octet, and both signatures of SIP. */
static void whole_exchange(void **state)
{
	static const struct ntlm_names names = {"CONTOSO", "SERVER", "contoso.com", "server.contoso.com", "contoso.com"};
	struct ntlm_client c = {.user = "alice", .domain = "CONTOSO", .password = "Pa$$word", .workstation = "PHONE1"};
	struct buf want = {0}, challenge = {0}, answer = {0};
	struct ntlm_authenticate a;
	uint8_t nonce[8], hash[16], key[16] = {0};
	char user[256], domain[256];
	uint32_t flags = 0;
	struct rd r;

	(void)state;
	octets(nonce, 8, "0123456789abcdef");
	memset(c.client_challenge, 0xaa, 8);
	memset(c.session_key, 0x55, 16);
	vector_read(&want, "ntlm/challenge_contoso.hex");
	assert_int_equal(ntlm_filetime(1386577335000), 0x01cef4b7c44e9580);
	assert_true(ntlm_make_challenge(&challenge, true, 0, &names, nonce, 0x01cef4b7c4a3c000));
	assert_true(sv_eq(buf_view(&challenge), buf_view(&want)));
	buf_clear(&want);
	vector_read(&want, "ntlm/authenticate_contoso.hex");
	assert_null(ntlm_answer(&answer, buf_view(&challenge), &c, &flags));
	assert_true(sv_eq(buf_view(&answer), buf_view(&want)));

	r = rd_of(answer.p, answer.n);
	assert_true(ntlm_authenticate_read(&r, &a));
	assert_true(ntlm_who(&a, user, domain));
	assert_string_equal(user, "alice");
	assert_string_equal(domain, "CONTOSO");
	assert_true(ntlm_nt_hash(SV("Pa$$word"), hash));
	assert_true(ntlm_check(&a, hash, nonce, key));
	assert_memory_equal(key, c.session_key, 16);
	base_key(&a, hash, nonce, "09f12999ef56ade81bd8dee6bbe296df", "35c372c59f1d7addb8a269dfbd81dcaa");
	signatures_of_sip(key, flags);
	refused(&a, answer.p, hash, nonce);
	buf_free(&want);
	buf_free(&challenge);
	buf_free(&answer);
}

/* Over HTTP the client asks first, names may come in the OEM code page, there may be no key exchange, and a MIC. */
static void connection_mode(void **state)
{
	static const struct ntlm_names names = {"CONTOSO", "SERVER", "contoso.com", "server.contoso.com", "contoso.com"};
	struct ntlm_client c = {.user = "\xc3\xa4nne", .domain = "", .password = "p\xc3\xa4ss", .workstation = "W",
				.client_challenge = {1, 2, 3}, .session_key = {4, 5, 6}};
	struct buf challenge = {0}, answer = {0};
	struct ntlm_authenticate a;
	struct ntlm_challenge ch;
	uint8_t nonce[8] = {9}, hash[16], key[16];
	char user[256], domain[256];
	uint32_t flags = 0;
	struct rd r;

	(void)state;
	assert_true(ntlm_nt_hash(sv_of(c.password), hash));
	assert_true(ntlm_make_challenge(&challenge, false, NTLM_OEM | NTLM_NTLM, &names, nonce, 1));
	r = rd_of(challenge.p, challenge.n);
	assert_true(ntlm_challenge_read(&r, &ch));
	assert_true(ch.target.n == 14 && !(ch.flags & (NTLM_DATAGRAM | NTLM_KEY_EXCH | NTLM_SIGN)));
	assert_null(ntlm_answer(&answer, buf_view(&challenge), &c, &flags));
	r = rd_of(answer.p, answer.n);
	assert_true(ntlm_authenticate_read(&r, &a) && !(a.flags & NTLM_KEY_EXCH) && a.key.n == 0);
	assert_true(ntlm_who(&a, user, domain));
	assert_string_equal(user, c.user);
	assert_string_equal(domain, "");
	assert_true(ntlm_check(&a, hash, nonce, key));

	a.flags &= ~(uint32_t)NTLM_UNICODE;
	a.user = sv_of(c.user);
	assert_true(ntlm_check(&a, hash, nonce, key));
	a.user = SV("\xff");
	assert_false(ntlm_check(&a, hash, nonce, key));
	assert_false(ntlm_who(&a, user, domain));
	{
		static const uint8_t k[16] = {1};
		uint8_t message[90], *exact;
		struct sv m;

		memset(message, 3, sizeof message);
		exact = exact_copy(message, sizeof message, sizeof message);
		m = (struct sv){(char *)exact, sizeof message};
		/* HMAC-MD5(01 00*15, "NEG" "CHA" 03*72 00*16 03*2), worked out with another program */
		octets(exact + 72, 16, "a7a7b3e62948e1a628cf5079208d43db");
		assert_false(ntlm_check_mic(SV("NEG"), SV("CHA"), m, 73, k));
		assert_false(ntlm_check_mic(SV("NEG"), SV("CHA"), m, 75, k));
		assert_false(ntlm_check_mic(SV("NEG"), SV("CHA"), m, (size_t)-1, k));
		assert_true(ntlm_check_mic(SV("NEG"), SV("CHA"), m, 72, k));
		exact[0] ^= 1;
		assert_false(ntlm_check_mic(SV("NEG"), SV("CHA"), m, 72, k));
		free(exact);
	}
	buf_free(&challenge);
	buf_free(&answer);
}

/* What the client does not take: the flags that SIP needs missing, no target information, cut messages. */
static void challenges_refused(void **state)
{
	static const uint32_t needed[] = {NTLM_UNICODE, NTLM_NTLM, NTLM_ESS, NTLM_TARGET_INFO, NTLM_SIGN, NTLM_KEY_EXCH, NTLM_128};
	struct ntlm_client c = {.user = "alice", .domain = "CONTOSO", .password = "x", .workstation = ""};
	struct buf v = {0}, out = {0};
	uint32_t flags = 7;

	(void)state;
	vector_read(&v, "ntlm/challenge_contoso.hex");
	for (size_t n = 0; n < v.n; n++) {
		uint8_t *p = exact_copy(v.p, v.n, n);

		assert_non_null(ntlm_answer(&out, (struct sv){(char *)p, n}, &c, &flags));
		free(p);
	}
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		for (unsigned k = 0; k < 4; k++)
			v.p[20 + k] ^= (uint8_t)(needed[i] >> (8 * k));
		assert_non_null(ntlm_answer(&out, buf_view(&v), &c, &flags));
		for (unsigned k = 0; k < 4; k++)
			v.p[20 + k] ^= (uint8_t)(needed[i] >> (8 * k));
	}
	c.user = "";
	assert_non_null(ntlm_answer(&out, buf_view(&v), &c, &flags));
	c.user = "\xff";
	assert_non_null(ntlm_answer(&out, buf_view(&v), &c, &flags));
	assert_true(flags == 7 && out.n == 0);
	buf_free(&v);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(md4_vectors),     cmocka_unit_test(rc4_vectors),
					   cmocka_unit_test(nlmp_4_2_4),      cmocka_unit_test(recorded),
					   cmocka_unit_test(whole_exchange),  cmocka_unit_test(connection_mode),
					   cmocka_unit_test(challenges_refused)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
