/* tests/unit/pki/test_pki.c: hashes against published vectors; keys, certificates, chains, catalogs against what may
 * be wrong with them. */
#include "tests/support/check.h"

#include "pki/cert.h"
#include "pki/internal.h"

#define NOW 1795000000
#define DAY 86400

static struct {
	struct pki_key *ca, *server, *code, *other;
	struct buf ca_der, ca_pem, server_der, code_der, other_der, other_pem;
} keys;

static void issue(enum pki_profile profile, const char *cn, const char *const *names, const struct pki_key *k,
		  const struct pki_key *by, const struct buf *issuer, struct buf *der)
{
	struct pki_issue what = {.profile = profile, .cn = cn, .names = names, .not_before = NOW - DAY, .not_after = NOW + DAY};

	assert_true(pki_issue(&what, k, by, issuer ? issuer->p : NULL, issuer ? issuer->n : 0, der));
}

static int make(void **state)
{
	static const char *const names[] = {"fe01.contoso.test", "*.pool.contoso.test", "192.0.2.1", NULL};

	(void)state;
	keys.ca = pki_key_make(2048);
	keys.server = pki_key_make(2048);
	keys.code = pki_key_make(2048);
	keys.other = pki_key_make(1024);
	issue(PKI_CA, "Contoso Root", NULL, keys.ca, keys.ca, NULL, &keys.ca_der);
	issue(PKI_SERVER, "cn.contoso.test", names, keys.server, keys.ca, &keys.ca_der, &keys.server_der);
	issue(PKI_CODE, "Update", NULL, keys.code, keys.code, NULL, &keys.code_der);
	issue(PKI_SERVER, "other.contoso.test", NULL, keys.other, keys.other, NULL, &keys.other_der);
	pki_pem_add(&keys.ca_pem, "CERTIFICATE", keys.ca_der.p, keys.ca_der.n);
	pki_pem_add(&keys.other_pem, "CERTIFICATE", keys.other_der.p, keys.other_der.n);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	pki_key_free(keys.ca);
	pki_key_free(keys.server);
	pki_key_free(keys.code);
	pki_key_free(keys.other);
	buf_free(&keys.ca_der);
	buf_free(&keys.ca_pem);
	buf_free(&keys.server_der);
	buf_free(&keys.code_der);
	buf_free(&keys.other_der);
	buf_free(&keys.other_pem);
	return 0;
}

/* ---- hashes -------------------------------------------------------------------------------------------------------- */

static void is_hex(const uint8_t *p, size_t n, const char *hex)
{
	char got[129];

	hex_write(got, p, n, false);
	assert_string_equal(got, hex);
}

static void published_vectors(void **state)
{
	struct pki_sha256_ctx *c = pki_sha256_new();
	uint8_t out[32];

	(void)state;
	pki_sha1("abc", 3, out); /* FIPS 180-4 */
	is_hex(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
	pki_sha256("abc", 3, out);
	is_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_non_null(c);
	for (unsigned i = 0; i < 3; i++)
		pki_sha256_add(c, &"abc"[i], 1);
	pki_sha256_end(c, out);
	is_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	pki_hmac_sha1("Jefe", 4, "what do ya want for nothing?", 28, out); /* RFC 2202 */
	is_hex(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	pki_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out); /* RFC 4231 */
	is_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_true(pki_pbkdf2("passwd", 6, "salt", 4, 1, out)); /* RFC 7914 11, the first 32 octets */
	is_hex(out, 32, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
	assert_true(pki_equal("abc", "abc", 3));
	assert_false(pki_equal("abc", "abd", 3));
}

static void sealing(void **state)
{
	static const uint8_t key[32] = {1}, other[32] = {2};
	struct buf sealed = {0}, open = {0};

	(void)state;
	for (size_t len = 0; len < 40; len += 13) {
		buf_clear(&sealed);
		buf_clear(&open);
		assert_true(pki_seal(key, SV("ctx"), "0123456789012345678901234567890123456789", len, &sealed));
		assert_int_equal(sealed.n, len + 28);
		assert_true(pki_unseal(key, SV("ctx"), sealed.p, sealed.n, &open));
		assert_int_equal(open.n, len);
		assert_memory_equal(open.n ? open.p : (uint8_t *)"", "0123456789012345678901234567890123456789", len);
		buf_clear(&open);
		assert_false(pki_unseal(key, SV("cty"), sealed.p, sealed.n, &open));
		assert_false(pki_unseal(other, SV("ctx"), sealed.p, sealed.n, &open));
		for (size_t n = 0; n < sealed.n; n++) {
			uint8_t *cut = exact_copy(sealed.p, sealed.n, n), *bent = exact_copy(sealed.p, sealed.n, sealed.n);

			bent[n] ^= 1;
			assert_false(pki_unseal(key, SV("ctx"), cut, n, &open));
			assert_false(pki_unseal(key, SV("ctx"), bent, sealed.n, &open));
			free(cut);
			free(bent);
		}
		assert_int_equal(open.n, 0);
	}
	buf_free(&sealed);
	buf_free(&open);
}

/* ---- keys and requests ----------------------------------------------------------------------------------------------- */

static void keys_as_pem(void **state)
{
	struct buf pem = {0}, again = {0};
	struct pki_key *k;

	(void)state;
	pki_key_write(keys.server, &pem);
	assert_true(sv_starts(buf_view(&pem), SV("-----BEGIN PRIVATE KEY-----\n")));
	buf_str(&again, "text before\n");
	buf_sv(&again, buf_view(&keys.ca_pem));
	buf_sv(&again, buf_view(&pem));
	k = pki_key_read(buf_view(&again));
	assert_non_null(k);
	assert_true(pki_cert_is_of(keys.server_der.p, keys.server_der.n, k));
	assert_false(pki_cert_is_of(keys.ca_der.p, keys.ca_der.n, k));
	pki_key_free(k);
	assert_null(pki_key_read(buf_view(&keys.ca_pem)));
	assert_null(pki_key_read((struct sv){(char *)pem.p, pem.n / 2}));
	assert_null(pki_key_read((struct sv){0}));
	buf_wipe(&pem);
	buf_wipe(&again);
	pki_key_free(NULL);
}

/* [web-services 7.2, 15]: A(1), and the key it leads to. */
static void proof_key(void **state)
{
	uint8_t client[32], server[32], a1[20], key[32];
	struct buf want = {0}, text = {0};

	(void)state;
	for (uint8_t i = 0; i < 32; i++)
		client[i] = i, server[i] = (uint8_t)(32 + i);
	pki_hmac_sha1(client, 32, server, 32, a1);
	hex_of(&want, "860de445fd57f943c268a6f817b185b84c4806ab");
	assert_memory_equal(a1, want.p, 20);
	pki_p_sha1(client, 32, server, 32, key, sizeof key);
	b64_add(&text, key, sizeof key);
	assert_string_equal(buf_cstr(&text), "31kTLCr20jDkM3cyB2oUVhaUvhKDjMACA9Y8gWZT11s=");
	buf_free(&want);
	buf_free(&text);
}

/* ---- certificates ------------------------------------------------------------------------------------------------------ */

static void certificates(void **state)
{
	struct pki_cert_info info = {.bits = 7};

	(void)state;
	assert_null(pki_cert_info(keys.server_der.p, keys.server_der.n, &info));
	assert_string_equal(info.subject_cn, "cn.contoso.test");
	assert_int_equal(info.nnames, 3);
	assert_string_equal(info.names[0], "fe01.contoso.test");
	assert_string_equal(info.names[2], "192.0.2.1");
	assert_true(info.rsa && info.bits == 2048);
	assert_null(pki_cert_info(keys.ca_der.p, keys.ca_der.n, &info));
	assert_true(info.ca && info.self_signed);
	info.bits = 7;
	for (size_t n = 0; n < keys.server_der.n; n++) {
		uint8_t *cut = exact_copy(keys.server_der.p, keys.server_der.n, n);

		assert_non_null(pki_cert_info(cut, n, &info));
		free(cut);
	}
	assert_int_equal(info.bits, 7);
}

static void names(void **state)
{
	static const struct {
		const char *host;
		bool server, other;
	} rows[] = {
	    {"fe01.contoso.test", true, false},	   {"FE01.Contoso.TEST", true, false},
	    {"fe01.contoso.test.", true, false},   {"fe02.contoso.test", false, false},
	    {"a.pool.contoso.test", true, false},  {"a.b.pool.contoso.test", false, false},
	    {"pool.contoso.test", false, false},   {"192.0.2.1", true, false},
	    {"192.0.2.2", false, false},	   {"cn.contoso.test", false, false}, /* SAN only when there is one */
	    {"other.contoso.test", false, true},   {"", false, false},
	    {".", false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(pki_cert_names(keys.server_der.p, keys.server_der.n, rows[i].host), rows[i].server);
		assert_int_equal(pki_cert_names(keys.other_der.p, keys.other_der.n, rows[i].host), rows[i].other);
	}
}

static void pem_blocks(void **state)
{
	struct buf pem = {0}, der = {0};

	(void)state;
	buf_str(&pem, "before\n");
	buf_sv(&pem, buf_view(&keys.ca_pem));
	buf_str(&pem, "between\n");
	buf_sv(&pem, buf_view(&keys.other_pem));
	assert_true(pki_pem_cert(buf_view(&pem), 0, &der));
	assert_int_equal(der.n, keys.ca_der.n);
	assert_memory_equal(der.p, keys.ca_der.p, der.n);
	assert_true(pki_pem_cert(buf_view(&pem), 1, &der)); /* appended */
	assert_int_equal(der.n, keys.ca_der.n + keys.other_der.n);
	assert_false(pki_pem_cert(buf_view(&pem), 2, &der));
	assert_false(pki_pem_cert(SV("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0, &der));
	{
		struct buf none = {0};

		assert_false(pki_pem_cert(SV("-----BEGIN CERTIFICATE----------END CERTIFICATE-----"), 0, &none));
		assert_int_equal(none.n, 0);
		buf_free(&none);
	}
	assert_int_equal(der.n, keys.ca_der.n + keys.other_der.n);
	buf_free(&pem);
	buf_free(&der);
}

static void judging(void **state)
{
	const struct {
		const struct buf *leaf;
		const struct buf *anchors;
		const char *host;
		int64_t at;
		enum pki_verdict v;
		enum dt_sign sign[3];
	} rows[] = {
	    {&keys.server_der, &keys.ca_pem, "fe01.contoso.test", NOW, PKI_TRUSTED},
	    {&keys.server_der, &keys.ca_pem, NULL, NOW, PKI_TRUSTED},
	    {&keys.server_der, &keys.ca_pem, "web.contoso.test", NOW, PKI_WRONG_NAME, {DT_SIGN_CERT_OTHER_NAME}},
	    {&keys.server_der, &keys.ca_pem, "fe01.contoso.test", NOW + 2 * DAY, PKI_WRONG_DATE, {DT_SIGN_CERT_EXPIRED}},
	    {&keys.server_der, &keys.ca_pem, "fe01.contoso.test", NOW - 2 * DAY, PKI_WRONG_DATE, {DT_SIGN_CERT_NOT_YET}},
	    {&keys.server_der, &keys.other_pem, "fe01.contoso.test", NOW, PKI_UNTRUSTED, {DT_SIGN_CERT_UNTRUSTED, DT_SIGN_CERT_ALONE}},
	    {&keys.server_der, &keys.other_pem, "web.contoso.test", NOW, PKI_UNTRUSTED,
	     {DT_SIGN_CERT_UNTRUSTED, DT_SIGN_CERT_ALONE, DT_SIGN_CERT_OTHER_NAME}},
	    {&keys.other_der, &keys.ca_pem, "other.contoso.test", NOW, PKI_UNTRUSTED, {DT_SIGN_CERT_SELF_SIGNED}},
	    {&keys.server_der, &(struct buf){0}, "fe01.contoso.test", NOW, PKI_UNTRUSTED, {DT_SIGN_CERT_UNTRUSTED, DT_SIGN_CERT_ALONE}},
	    {&keys.other_der, &keys.other_pem, "other.contoso.test", NOW, PKI_TRUSTED}, /* pinned itself, 1024 bits */
	    {&keys.code_der, &keys.ca_pem, NULL, NOW, PKI_UNTRUSTED, {DT_SIGN_CERT_SELF_SIGNED}},
	    {&keys.ca_pem, &keys.ca_pem, NULL, NOW, PKI_NO_CERT, {DT_SIGN_CERT_NONE}}, /* no DER */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const uint8_t *p = rows[i].leaf->p;
		size_t n = rows[i].leaf->n;
		struct pki_chain_result j;
		enum pki_verdict v = pki_chain_verify(&p, &n, 1, buf_view(rows[i].anchors), false, rows[i].host, rows[i].at, &j);

		if (v != rows[i].v)
			fail_msg("row %zu: %d, %s", i, (int)v, j.why.text);
		assert_int_equal(j.why.text[0] != '\0', v != PKI_TRUSTED);
		if (memcmp(j.sign, rows[i].sign, sizeof rows[i].sign) != 0)
			fail_msg("row %zu: %s, %s, %s", i, dt_signs[j.sign[0]].code, dt_signs[j.sign[1]].code, dt_signs[j.sign[2]].code);
		assert_string_equal(j.name, v == PKI_NO_CERT ? "" : rows[i].leaf == &keys.server_der ? "fe01.contoso.test" : j.name);
	}
	assert_int_equal(pki_chain_verify(NULL, NULL, 0, buf_view(&keys.ca_pem), false, NULL, NOW, NULL), PKI_NO_CERT);
}

static void an_issuer_between(void **state)
{
	struct buf between = {0}, leaf = {0};
	struct pki_chain_result j;

	(void)state;
	issue(PKI_CA, "Between", NULL, keys.code, keys.ca, &keys.ca_der, &between);
	issue(PKI_SERVER, "leaf.contoso.test", NULL, keys.server, keys.code, &between, &leaf);
	const uint8_t *const p[] = {leaf.p, between.p};
	const size_t n[] = {leaf.n, between.n};
	assert_int_equal(pki_chain_verify(p, n, 2, buf_view(&keys.ca_pem), false, "leaf.contoso.test", NOW, &j), PKI_TRUSTED);
	assert_int_equal(pki_chain_verify(p, n, 1, buf_view(&keys.ca_pem), false, "leaf.contoso.test", NOW, &j),
			 PKI_UNTRUSTED);
	/* a certificate that is no CA's cannot sign another */
	buf_clear(&between);
	buf_clear(&leaf);
	issue(PKI_SERVER, "Between", NULL, keys.code, keys.ca, &keys.ca_der, &between);
	issue(PKI_SERVER, "leaf.contoso.test", NULL, keys.server, keys.code, &between, &leaf);
	const uint8_t *const q[] = {leaf.p, between.p};
	const size_t k[] = {leaf.n, between.n};
	assert_int_equal(pki_chain_verify(q, k, 2, buf_view(&keys.ca_pem), false, "leaf.contoso.test", NOW, &j),
			 PKI_UNTRUSTED);
	buf_free(&between);
	buf_free(&leaf);
}

/* ---- envelopes ------------------------------------------------------------------------------------------------------------ */

static void chains_in_pkcs7(void **state)
{
	struct buf pem = {0}, p7 = {0}, back = {0};

	(void)state;
	pki_pem_add(&pem, "CERTIFICATE", keys.server_der.p, keys.server_der.n);
	buf_sv(&pem, buf_view(&keys.ca_pem));
	assert_true(pki_p7_write(&p7, buf_view(&pem)));
	assert_null(pki_p7_read(p7.p, p7.n, &back));
	assert_int_equal(back.n, pem.n); /* in the same order, the root last */
	assert_memory_equal(back.p, pem.p, pem.n);
	buf_clear(&back);
	for (size_t n = 0; n < p7.n; n++) {
		uint8_t *cut = exact_copy(p7.p, p7.n, n);

		assert_non_null(pki_p7_read(cut, n, &back));
		free(cut);
	}
	assert_int_equal(back.n, 0);
	buf_clear(&p7);
	assert_false(pki_p7_write(&p7, SV("no certificate")));
	buf_free(&pem);
	buf_free(&p7);
	buf_free(&back);
}

static void catalogs(void **state)
{
	static const char text[] = "sha256 00 5 a.img\n";
	struct buf cms = {0}, anchor = {0}, back = {0};

	(void)state;
	pki_pem_add(&anchor, "CERTIFICATE", keys.code_der.p, keys.code_der.n);
	assert_true(pki_catalog_sign(sv_of(text), keys.code, keys.code_der.p, keys.code_der.n, &cms));
	assert_null(pki_catalog_verify(cms.p, cms.n, buf_view(&anchor), &back));
	assert_int_equal(back.n, strlen(text));
	assert_memory_equal(back.p, text, back.n);
	buf_clear(&back);
	assert_non_null(pki_catalog_verify(cms.p, cms.n, buf_view(&keys.ca_pem), &back));
	assert_non_null(pki_catalog_verify(cms.p, cms.n, (struct sv){0}, &back));
	for (size_t n = 0; n < cms.n; n++) {
		uint8_t *cut = exact_copy(cms.p, cms.n, n);

		assert_non_null(pki_catalog_verify(cut, n, buf_view(&anchor), &back));
		free(cut);
	}
	/* the text bent inside it */
	uint8_t *bent = exact_copy(cms.p, cms.n, cms.n);
	((char *)memmem(bent, cms.n, "a.img", 5))[0] = 'b';
	assert_non_null(pki_catalog_verify(bent, cms.n, buf_view(&anchor), &back));
	free(bent);
	/* signed, and trusted, but by a server's certificate */
	buf_clear(&cms);
	if (pki_catalog_sign(sv_of(text), keys.other, keys.other_der.p, keys.other_der.n, &cms))
		assert_non_null(pki_catalog_verify(cms.p, cms.n, buf_view(&keys.other_pem), &back));
	assert_int_equal(back.n, 0);
	buf_free(&cms);
	buf_free(&anchor);
	buf_free(&back);
}

/* The same octets are read once; other octets, and what is no certificate, are what they are. */
static void read_once(void **state)
{
	X509 *a = pki_x509(keys.ca_der.p, keys.ca_der.n), *b, *other = pki_x509(keys.other_der.p, keys.other_der.n);
	uint8_t *bent = exact_copy(keys.ca_der.p, keys.ca_der.n, keys.ca_der.n);

	(void)state;
	b = pki_x509(bent, keys.ca_der.n); /* elsewhere in memory: octets count */
	assert_non_null(a);
	assert_ptr_equal(a, b);
	assert_non_null(other);
	assert_ptr_not_equal(a, other);
	X509_free(b);
	bent[keys.ca_der.n / 2] ^= 1; /* the end, which chooses the slot, is the same */
	b = pki_x509(bent, keys.ca_der.n);
	assert_ptr_not_equal(a, b);
	X509_free(b);
	assert_null(pki_x509(bent, keys.ca_der.n - 1));
	free(bent);
	X509_free(a);
	X509_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(published_vectors), cmocka_unit_test(sealing),	cmocka_unit_test(keys_as_pem),
	    cmocka_unit_test(proof_key),	 cmocka_unit_test(certificates), cmocka_unit_test(names),
	    cmocka_unit_test(pem_blocks),	 cmocka_unit_test(judging),	cmocka_unit_test(an_issuer_between),
	    cmocka_unit_test(chains_in_pkcs7),	 cmocka_unit_test(catalogs),		cmocka_unit_test(read_once),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, unmake);
}
