/* tests/unit/server/test_site_pair.c: what `dialtoned -t` must not call good, because no phone takes it. */
#include "pki/cert.h"
#include "server/site/pair.h"
#include "tests/support/check.h"

#define NOW 1795000000
#define DAY INT64_C(86400)

/* A key on a curve, made for this test and used nowhere else. */
static const char curve[] = "-----BEGIN PRIVATE KEY-----\n"
			    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgxztGKeCAzA0vaB9i\n"
			    "123jfEkTI8EI66szUXm1/yjzc1ahRANCAAShPwkbPcVxdKcGppWNPzGAO/4YRfJM\n"
			    "UQmAo5b2PWXSnonxvBWfCGs34ZKtkHbBqZRHnDy0bCLpxRNwFkiKo/dN\n"
			    "-----END PRIVATE KEY-----\n";

struct world {
	struct pki_key *root_key, *between_key, *key;
	struct buf root, between; /* DER */
	struct buf anchors;	  /* PEM */
};

static void certify(struct buf *der, enum pki_profile profile, int64_t from, int64_t to, struct pki_key *of, struct pki_key *by,
		    const struct buf *issuer)
{
	static const char *const names[] = {"fe01.contoso.test", NULL};
	struct pki_issue what = {.profile = profile, .cn = "fe01.contoso.test", .names = profile == PKI_SERVER ? names : NULL,
				 .not_before = from, .not_after = to};

	if (profile == PKI_CA)
		what.cn = issuer ? "contoso.test CA between" : "contoso.test Root CA";
	assert_true(pki_issue(&what, of, by, issuer ? issuer->p : NULL, issuer ? issuer->n : 0, der));
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->root_key = pki_key_make(1024);
	w->between_key = pki_key_make(1024);
	w->key = pki_key_make(1024);
	certify(&w->root, PKI_CA, NOW - DAY, NOW + 9 * DAY, w->root_key, w->root_key, NULL);
	certify(&w->between, PKI_CA, NOW - DAY, NOW + 5 * DAY, w->between_key, w->root_key, &w->root);
	pki_pem_add(&w->anchors, "CERTIFICATE", w->root.p, w->root.n);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	pki_key_free(w->root_key);
	pki_key_free(w->between_key);
	pki_key_free(w->key);
	buf_free(&w->root);
	buf_free(&w->between);
	buf_free(&w->anchors);
	free(w);
	return 0;
}

/* The verdict on a leaf with that chain below it. */
static const char *said(const struct world *w, const struct buf *leaf, const struct buf *chain, int64_t at)
{
	static struct why why;
	struct buf pem = {0};
	bool good;

	pki_pem_add(&pem, "CERTIFICATE", leaf->p, leaf->n);
	if (chain)
		pki_pem_add(&pem, "CERTIFICATE", chain->p, chain->n);
	why.text[0] = '\0';
	good = site_pair_good((struct sv){(const char *)pem.p, pem.n}, (struct sv){(const char *)w->anchors.p, w->anchors.n}, false, at,
			      &why);
	assert_int_equal(good, why.text[0] == '\0');
	buf_free(&pem);
	return why.text;
}

static void holds(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

static void chains(void **state)
{
	struct world *w = *state;
	struct buf direct = {0}, below = {0};

	certify(&direct, PKI_SERVER, NOW - DAY, NOW + 9 * DAY, w->key, w->root_key, &w->root);
	certify(&below, PKI_SERVER, NOW - DAY, NOW + 9 * DAY, w->key, w->between_key, &w->between);
	assert_string_equal(said(w, &direct, NULL, NOW), "");
	assert_string_equal(said(w, &below, &w->between, NOW), "");
	holds(said(w, &below, NULL, NOW), "phones will not trust it: unable to get local issuer certificate");
	holds(said(w, &below, &w->between, NOW + 6 * DAY), "its chain is out of date");
	buf_clear(&w->anchors); /* another site's root */
	pki_pem_add(&w->anchors, "CERTIFICATE", w->between.p, w->between.n);
	holds(said(w, &direct, NULL, NOW), "phones will not trust it");
	buf_free(&direct);
	buf_free(&below);
}

static void purposes(void **state)
{
	struct world *w = *state;
	struct buf user = {0}, code = {0};

	certify(&user, PKI_USER, NOW - DAY, NOW + 9 * DAY, w->key, w->root_key, &w->root);
	certify(&code, PKI_CODE, NOW - DAY, NOW + 9 * DAY, w->key, w->root_key, &w->root);
	holds(said(w, &user, NULL, NOW), "purpose");
	holds(said(w, &code, NULL, NOW), "purpose");
	buf_free(&user);
	buf_free(&code);
}

static void keys(void **state)
{
	struct world *w = *state;
	struct pki_key *ec = pki_key_read(sv_of(curve)), *weak = pki_key_make(768);
	struct buf der = {0};

	assert_non_null(ec);
	certify(&der, PKI_SERVER, NOW - DAY, NOW + 9 * DAY, ec, w->root_key, &w->root);
	holds(said(w, &der, NULL, NOW), "its key is not RSA");
	buf_clear(&der);
	certify(&der, PKI_SERVER, NOW - DAY, NOW + 9 * DAY, weak, w->root_key, &w->root);
	holds(said(w, &der, NULL, NOW), "its key has 768 bits");
	pki_key_free(ec);
	pki_key_free(weak);
	buf_free(&der);
}

/* Why there is no key in what an administrator has put together. */
static void key_forms(void **state)
{
	(void)state;
	holds(pki_key_why(SV("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n")), "encrypted");
	holds(pki_key_why(SV("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")), "encrypted");
	holds(pki_key_why(SV("-----END CERTIFICATE----------BEGIN PRIVATE KEY-----\n")), "two PEM blocks stand on one line");
	holds(pki_key_why(SV("-----BEGIN PRIVATE KEY-----\nnonsense\n")), "cannot be read");
	holds(pki_key_why(SV("-----BEGIN CERTIFICATE-----\n")), "there is no private key in it");
	holds(pki_key_why((struct sv){0}), "there is no private key in it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(chains, setup, teardown),
		cmocka_unit_test_setup_teardown(purposes, setup, teardown),
		cmocka_unit_test_setup_teardown(keys, setup, teardown),
		cmocka_unit_test(key_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
