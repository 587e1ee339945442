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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(channel_binding), cmocka_unit_test(client_mic)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
