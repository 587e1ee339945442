/* NTLM answers that are bound to their connection: by the channel binding, the MIC, the time. */
#include "tests/support/check.h"

#include <openssl/evp.h>

#include "auth/ntlm.h"
#include "pki/cert.h"

/* RFC 5929 4.1, [MS-NLMP] 3.1.5.1.2: a certificate signed with SHA-256 and one signed with SHA-1 are both hashed by SHA-256. */
static void channel_binding(void **state)
{
	uint8_t out[16], again[16], hash[32], md5[16], zero[16] = {0};

	(void)state;
	for (unsigned sha1 = 0; sha1 < 2; sha1++) {
		struct pki_issue what = {.profile = PKI_SERVER, .cn = "fe01.contoso.test", .not_after = 2000000000, .sha1 = sha1};
		struct pki_key *k = pki_key_make(2048);
		struct buf der = {0}, b = {0};

		assert_true(pki_issue(&what, k, k, NULL, 0, &der));
		assert_true(ntlm_channel_binding(der.p, der.n, out));
		assert_int_equal(EVP_Digest(der.p, der.n, hash, NULL, EVP_sha256(), NULL), 1);
		buf_add(&b, zero, 16);
		buf_add(&b, "\x35\0\0\0", 4); /* 21 + 32 */
		buf_str(&b, "tls-server-end-point:");
		buf_add(&b, hash, 32);
		assert_int_equal(EVP_Digest(b.p, b.n, md5, NULL, EVP_md5(), NULL), 1);
		assert_memory_equal(out, md5, 16);
		assert_false(ntlm_channel_binding(der.p, der.n - 1, again));
		pki_key_free(k);
		buf_free(&der);
		buf_free(&b);
	}
	assert_false(ntlm_channel_binding("", 0, out));
}

/* [MS-NLMP] 3.1.5.1.2: with a timestamp and a NEGOTIATE the answer has Z(24) for LM, MsvAvFlags 2 and a MIC; in SIP neither. */
static void client_mic(void **state)
{
	static const uint8_t binding[16] = {7, 7, 7};
	struct ntlm_negotiate hello = {.flags = NTLM_UNICODE | NTLM_NTLM | NTLM_ESS};
	struct ntlm_names names = {"CONTOSO", "FE01", "contoso.test", "fe01.contoso.test", "contoso.test"};

	(void)state;
	for (unsigned sip = 0; sip < 2; sip++) {
		struct ntlm_client c = {.user = "alice", .domain = "CONTOSO", .password = "Pa$$word", .workstation = "P", .binding = binding};
		struct buf first = {0}, challenge = {0}, answer = {0};
		struct ntlm_authenticate m = {0};
		uint8_t nonce[8] = {1, 2, 3}, hash[16], key[16], sent[16];
		uint32_t flags;
		struct sv av;
		struct rd r;

		ntlm_negotiate_write(&first, &hello);
		c.negotiate = sip ? (struct sv){0} : buf_view(&first);
		assert_true(ntlm_make_challenge(&challenge, sip, hello.flags, &names, nonce, ntlm_filetime(1700000000000)));
		assert_null(ntlm_answer(&answer, buf_view(&challenge), &c, &flags));
		r = rd_of(answer.p, answer.n);
		assert_true(ntlm_authenticate_read(&r, &m));
		assert_true(ntlm_nt_hash(SV("Pa$$word"), hash) && ntlm_check(&m, hash, nonce, key));
		assert_int_equal(ntlm_time_sent(&m), ntlm_filetime(1700000000000));
		ntlm_binding_sent(&m, sent);
		assert_memory_equal(sent, binding, 16);
		av = ntlm_av(sv_from(m.nt, 44), NTLM_AV_FLAGS);
		if (sip) {
			assert_true(av.p == NULL && m.lm.n == 24 && m.lm.p[0] | m.lm.p[1] | m.lm.p[2] | m.lm.p[3]);
		} else {
			static const char zero[24];

			assert_true(av.n == 4 && av.p[0] == 2 && m.has_mic && sv_eq(m.lm, (struct sv){zero, 24}));
			assert_true(ntlm_check_mic(buf_view(&first), buf_view(&challenge), buf_view(&answer), m.mic_at, key));
			first.p[12] ^= 1; /* somebody between has changed what was asked */
			assert_false(ntlm_check_mic(buf_view(&first), buf_view(&challenge), buf_view(&answer), m.mic_at, key));
		}
		buf_free(&first);
		buf_free(&challenge);
		buf_free(&answer);
	}
}

/* [MS-NLMP] 3.4.4.1: the layout; 4.2.2.4 gives RC4 of the key of 55s: the seal of "Plaintext" comes first there, here nothing does. */
static void old_signatures(void **state)
{
	static const struct {
		uint32_t flags;
		unsigned nkey;
		uint8_t end[3];
	} rows[] = {{NTLM_128, 16, {0x55, 0x55, 0x55}}, {NTLM_128 | NTLM_DATAGRAM | NTLM_56, 8, {0x55, 0x55, 0xa0}}, {NTLM_LM_KEY, 8, {0xe5, 0x38, 0xb0}}};
	static const uint8_t crc[4] = {0x26, 0x39, 0xf4, 0xcb}; /* of "123456789", CBF43926 */
	uint8_t key[16], mac[SIPSIG_MAX], plain[12];

	(void)state;
	memset(key, 0x55, 16);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sipsig_key c2s, s2c;
		struct rc4 r;

		ntlm_sign_keys(key, rows[i].flags, &c2s, &s2c);
		assert_int_equal(c2s.mac, SIPSIG_NTLM_OLD);
		assert_int_equal(c2s.nkey, rows[i].nkey);
		assert_memory_equal(c2s.key + (rows[i].nkey == 16 ? 13 : 5), rows[i].end, 3);
		assert_memory_equal(&c2s, &s2c, sizeof c2s);
		assert_int_equal(sipsig_make(&c2s, SV("123456789"), mac), 16);
		assert_memory_equal(mac, "\1\0\0\0\0\0\0\0", 8);
		rc4_init(&r, c2s.key, c2s.nkey);
		memset(plain, 0, 4);
		memcpy(plain + 4, mac + 8, 8);
		rc4_apply(&r, plain, plain, 12);
		assert_memory_equal(plain + 4, crc, 4);
		assert_memory_equal(plain + 8, "\x64\0\0\0", 4); /* SIP's sequence number is 100 */
		ntlm_sign_key_plain(&c2s);
		assert_true(c2s.nkey == 16 && memcmp(c2s.key, key, 16) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(channel_binding), cmocka_unit_test(client_mic), cmocka_unit_test(old_signatures)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
