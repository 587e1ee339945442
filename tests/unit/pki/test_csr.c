/* tests/unit/pki/test_csr.c: certificate requests, ours and those of others, and what is made of them. */
#include "tests/support/check.h"

#include "pki/cert.h"
#include "pki/internal.h"
#include "pki/many_keys.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#define NOW 1795000000
#define DAY 86400

static struct {
	struct pki_key *ca, *server;
	struct buf ca_der;
} keys;

static int make(void **state)
{
	struct pki_issue ca = {.profile = PKI_CA, .cn = "Contoso Root", .not_before = NOW - DAY, .not_after = NOW + DAY};

	(void)state;
	keys.ca = pki_key_make(2048);
	keys.server = pki_key_make(2048);
	assert_true(pki_issue(&ca, keys.ca, keys.ca, NULL, 0, &keys.ca_der));
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	pki_key_free(keys.ca);
	pki_key_free(keys.server);
	buf_free(&keys.ca_der);
	return 0;
}

/* A signed RSA request of another version, signed again: newer releases of OpenSSL let nobody set one but 0. */
static void set_version(unsigned char *der, size_t n, EVP_PKEY *key, const char *md, uint8_t version)
{
	const unsigned char *outer = der, *info, *end;
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	size_t nsig = (size_t)EVP_PKEY_get_size(key);
	int tag, class;
	long len;

	/* CertificationRequest ::= SEQUENCE { info SEQUENCE { version INTEGER, ... }, algorithm, signature BIT STRING } */
	assert_int_equal(ASN1_get_object(&outer, &len, &tag, &class, (long)n), V_ASN1_CONSTRUCTED);
	info = end = outer;
	assert_int_equal(ASN1_get_object(&end, &len, &tag, &class, len), V_ASN1_CONSTRUCTED);
	assert_memory_equal(end, "\x02\x01\x00", 3);
	der[end - der + 2] = version;
	end += len;
	assert_true(c && EVP_DigestSignInit(c, NULL, EVP_get_digestbyname(md), NULL, key) == 1);
	assert_int_equal(EVP_DigestSign(c, der + n - nsig, &nsig, info, (size_t)(end - info)), 1);
	EVP_MD_CTX_free(c);
}

/* ---- keys that anybody could compute ---------------------------------------------------------------------------------- */

/* n, e and d as a key. */
static EVP_PKEY *key_of(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *k = NULL;
	OSSL_PARAM *p;

	assert_true(b && c && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) &&
		    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_D, d));
	p = OSSL_PARAM_BLD_to_param(b);
	assert_true(EVP_PKEY_fromdata_init(c) == 1 && EVP_PKEY_fromdata(c, &k, EVP_PKEY_KEYPAIR, p) == 1);
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(c);
	return k;
}

/* The modulus is a * b, primes; a of 0 bits is 1: the modulus is a prime. */
static EVP_PKEY *weak_key(int a_bits, int b_bits, unsigned long exponent)
{
	BIGNUM *a = BN_new(), *b = BN_new(), *n = BN_new(), *e = BN_new(), *d = NULL, *phi = BN_new();
	BN_CTX *x = BN_CTX_new();
	EVP_PKEY *k;

	assert_true(a && b && n && e && phi && x && BN_one(a) && BN_set_word(e, exponent));
	do { /* until the exponent has an inverse */
		if (a_bits)
			assert_true(BN_generate_prime_ex(a, a_bits, 0, NULL, NULL, NULL));
		assert_true(BN_generate_prime_ex(b, b_bits, 0, NULL, NULL, NULL) && BN_mul(n, a, b, x) && BN_sub(phi, n, b));
		if (a_bits)
			assert_true(BN_sub(phi, phi, a) && BN_add_word(phi, 1));
		else
			assert_true(BN_copy(phi, b) && BN_sub_word(phi, 1));
	} while ((d = BN_mod_inverse(NULL, e, phi, x)) == NULL);
	k = key_of(n, e, d);
	BN_free(a);
	BN_free(b);
	BN_free(n);
	BN_free(e);
	BN_free(d);
	BN_free(phi);
	BN_CTX_free(x);
	return k;
}

static void keys_that_are_not_sound(void **state)
{
	static const struct {
		int a, b;
		unsigned long e;
		const char *why; /* NULL: it is sound */
	} rows[] = {
	    {1024, 1024, 65537, NULL},     {1024, 1024, 4294967297, NULL}, {1024, 1024, 3, "exponent"}, {1024, 1024, 257, "exponent"},
	    {0, 2048, 65537, "not sound"}, {8, 2040, 65537, "not sound"},  {1024, 1024, 8589934595, "exponent"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pki_key k = {.pkey = weak_key(rows[i].a, rows[i].b, rows[i].e)};
		struct pki_csr r = {.bits = 7};
		struct buf der = {0};
		const char *why;

		assert_true(pki_csr_make(&k, "alice@contoso.test", false, &der));
		why = pki_csr_read(der.p, der.n, &r);
		if (rows[i].why ? !why || !strstr(why, rows[i].why) || r.bits != 7 : !!why)
			fail_msg("row %zu: %s", i, why ? why : "it was taken");
		buf_free(&der);
		EVP_PKEY_free(k.pkey);
	}
}

/* Each prime below 752 is found in a modulus, whatever else is in it; that of no other is refused. */
static void small_factors(void **state)
{
	BIGNUM *large = BN_new(), *n = BN_new(), *i = BN_new();
	BN_CTX *x = BN_CTX_new();

	(void)state;
	assert_true(large && n && i && x && BN_generate_prime_ex(large, 512, 0, NULL, NULL, NULL));
	for (unsigned odd = 3; odd < 1000; odd += 2) {
		assert_true(BN_set_word(i, odd) && BN_mul(n, large, i, x));
		if (BN_check_prime(i, x, NULL) == 1 && pki_modulus_is_sound(n) != (odd > 752))
			fail_msg("a factor of %u", odd);
	}
	assert_true(BN_mul_word(n, 2) && !pki_modulus_is_sound(n) && !pki_modulus_is_sound(large));
	assert_true(BN_sqr(n, large, x) && pki_modulus_is_sound(n)); /* as EVP_PKEY_public_check(3) has it */
	BN_zero(n);
	assert_false(pki_modulus_is_sound(n));
	BN_free(large);
	BN_free(n);
	BN_free(i);
	BN_CTX_free(x);
}

/* Requests as other clients make them: "accept version 0, 1 and 2", "ignore subject and extensions". */
static const struct {
	uint8_t version;
	const char *cn, *ou; /* NULL: none */
	const char *md, *cn_read;
	bool extension, ec;
} others[] = {
    {0, "alice@contoso.test", NULL, "SHA256", "alice@contoso.test", false, false},
    {1, "alice@contoso.test", NULL, "SHA1", "alice@contoso.test", false, false},
    {2, "alice@contoso.test", NULL, "SHA1", "alice@contoso.test", false, false}, /* SIPE with OpenSSL */
    {0, NULL, NULL, "SHA1", "", false, false},
    {0, NULL, "phones", "SHA384", "", true, false},
    {0, "+14255550123", "phones", "SHA512", "+14255550123", true, false},
    {0, "", NULL, "SHA256", "", false, false},
    {0, "x", NULL, "SHA256", "x", false, true},
};

static void requests_of_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		X509_REQ *req = X509_REQ_new();
		EVP_PKEY *ec = EVP_EC_gen("P-256"), *k = others[i].ec ? ec : keys.server->pkey;
		STACK_OF(X509_EXTENSION) *more = sk_X509_EXTENSION_new_null();
		struct pki_csr r = {.bits = 7};
		unsigned char *der = NULL;
		const char *why;
		int n;

		assert_true(req && ec && more);
		assert_true(X509_REQ_set_version(req, X509_REQ_VERSION_1) && X509_REQ_set_pubkey(req, k));
		if (others[i].ou)
			X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "OU", MBSTRING_UTF8, (const uint8_t *)others[i].ou, -1, -1, 0);
		if (others[i].cn)
			X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8, (const uint8_t *)others[i].cn, -1, -1, 0);
		if (others[i].extension) {
			sk_X509_EXTENSION_push(more, X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, "critical,keyCertSign"));
			assert_true(X509_REQ_add_extensions(req, more));
		}
		assert_true(X509_REQ_sign(req, k, EVP_get_digestbyname(others[i].md)) > 0);
		n = i2d_X509_REQ(req, &der);
		assert_true(n > 0);
		if (others[i].version)
			set_version(der, (size_t)n, k, others[i].md, others[i].version);
		why = pki_csr_read(der, (size_t)n, &r);
		if (why)
			fail_msg("row %zu: %s", i, why);
		assert_string_equal(r.cn, others[i].cn_read);
		assert_int_equal(r.rsa, !others[i].ec);
		if (r.rsa) { /* and nothing of it is in the certificate but the key */
			struct pki_issue what = {.profile = PKI_USER, .cn = "alice@contoso.test", .not_before = NOW, .not_after = NOW + DAY};
			struct pki_cert_info info;
			struct pki_request *read = NULL;
			struct buf cert = {0};

			assert_null(pki_request_read(der, (size_t)n, &r, &read));
			assert_true(pki_issue_request(&what, read, keys.ca, keys.ca_der.p, keys.ca_der.n, &cert));
			assert_null(pki_cert_info(cert.p, cert.n, &info));
			assert_string_equal(info.subject_cn, "alice@contoso.test");
			assert_true(!info.ca && pki_cert_is_of(cert.p, cert.n, keys.server));
			buf_free(&cert);
			pki_request_free(read);
		}
		OPENSSL_free(der);
		sk_X509_EXTENSION_pop_free(more, X509_EXTENSION_free);
		EVP_PKEY_free(ec);
		X509_REQ_free(req);
	}
}

static void requests(void **state)
{
	struct pki_csr r = {.bits = 7};

	(void)state;
	for (unsigned sha1 = 0; sha1 < 2; sha1++) {
		struct buf der = {0}, cert = {0};
		struct pki_issue what = {.profile = PKI_USER, .cn = "alice@contoso.test", .not_before = NOW, .not_after = NOW + DAY,
					 .sha1 = sha1};
		struct pki_request *read = NULL;
		struct pki_cert_info info;
		unsigned long before = pki_private_operations();

		assert_true(pki_csr_make(keys.server, "bob, the builder", sha1, &der));
		assert_int_equal(pki_private_operations() - before, 1);
		assert_null(pki_request_read(der.p, der.n, &r, &read));
		assert_string_equal(r.cn, "bob, the builder");
		assert_true(r.rsa && r.bits == 2048);
		/* the subject is ours, not the request's */
		before = pki_private_operations();
		assert_true(pki_issue_request(&what, read, keys.ca, keys.ca_der.p, keys.ca_der.n, &cert));
		pki_request_free(read);
		assert_int_equal(pki_private_operations() - before, 1);
		assert_null(pki_cert_info(cert.p, cert.n, &info));
		assert_string_equal(info.subject_cn, "alice@contoso.test");
		assert_string_equal(info.issuer_cn, "Contoso Root");
		assert_string_equal(info.signature, sha1 ? "sha1WithRSAEncryption" : "sha256WithRSAEncryption");
		assert_true(info.not_before == NOW && info.not_after == NOW + DAY && !info.ca && !info.self_signed);
		assert_true(pki_cert_is_of(cert.p, cert.n, keys.server));
		r = (struct pki_csr){.bits = 7};
		for (size_t n = 0; n < der.n; n++) {
			uint8_t *cut = exact_copy(der.p, der.n, n);

			assert_non_null(pki_csr_read(cut, n, &r));
			free(cut);
		}
		/* whatever octet of the CertificationRequestInfo is bent, the signature or the shape is wrong */
		size_t signed_n = 8 + ((size_t)der.p[6] << 8 | der.p[7]);
		assert_true(der.p[5] == 0x82 && signed_n < der.n);
		for (size_t n = 0; n < signed_n; n++) {
			uint8_t *bent = exact_copy(der.p, der.n, der.n);

			bent[n] ^= 0x40;
			if (pki_csr_read(bent, der.n, &r) == NULL)
				fail_msg("octet %zu is not covered", n);
			free(bent);
		}
		buf_add(&der, "", 1);
		assert_non_null(pki_csr_read(der.p, der.n, &r));
		assert_int_equal(r.bits, 7); /* untouched */
		buf_free(&der);
		buf_free(&cert);
	}
}

/* Each is a sound key of its own, and the same whenever it is asked for. */
static void keys_for_many_phones(void **state)
{
	enum { KEYS = 6 };
	struct pki_many_keys *many = pki_many_keys_new(KEYS); /* four primes, six pairs */
	struct pki_csr r[KEYS], again;

	(void)state;
	assert_non_null(many);
	for (unsigned i = 0; i < KEYS; i++) {
		struct pki_key *k = pki_many_keys_one(many, i), *same = pki_many_keys_one(many, i);
		struct buf der = {0}, pem = {0};

		assert_true(k && same);
		assert_true(pki_csr_make(k, "alice@contoso.test", false, &der));
		assert_null(pki_csr_read(der.p, der.n, &r[i]));
		assert_true(r[i].rsa && r[i].bits == 2048);
		buf_clear(&der);
		assert_true(pki_csr_make(same, "bob@contoso.test", true, &der));
		assert_null(pki_csr_read(der.p, der.n, &again));
		assert_memory_equal(again.key, r[i].key, sizeof again.key);
		for (unsigned j = 0; j < i; j++)
			assert_memory_not_equal(r[j].key, r[i].key, sizeof r[i].key);
		pki_key_free(same);
		pki_key_write(k, &pem);
		pki_key_free(k);
		assert_non_null(k = pki_key_read(buf_view(&pem)));
		pki_key_free(k);
		buf_free(&der);
		buf_wipe(&pem);
	}
	assert_null(pki_many_keys_one(many, KEYS));
	pki_many_keys_free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(keys_for_many_phones), cmocka_unit_test(small_factors), cmocka_unit_test(requests_of_others), cmocka_unit_test(keys_that_are_not_sound), cmocka_unit_test(requests)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("csr", tests, make, unmake);
}
