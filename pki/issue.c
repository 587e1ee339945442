/* pki/issue.c: certificates made: private roots, servers, users, code. */
#include <arpa/inet.h>
#include <string.h>

#include "pki/internal.h"

/* clang-format off */
static const struct {
	const char *basic, *usage, *extended;
} profiles[] = {
	/* a root must say CA:TRUE, or certificates under it fail to verify */
	[PKI_CA]     = {"critical,CA:TRUE",  "critical,keyCertSign,cRLSign,digitalSignature",   NULL},
	[PKI_SERVER] = {"critical,CA:FALSE", "critical,digitalSignature,keyEncipherment",       "serverAuth,clientAuth"},
	[PKI_USER]   = {"critical,CA:FALSE", "critical,digitalSignature,keyEncipherment",       "clientAuth"},
	[PKI_CODE]   = {"critical,CA:FALSE", "critical,digitalSignature",                       "codeSigning"},
};
/* clang-format on */

static bool extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool good;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	good = e && X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	return good;
}

static bool issue_push(GENERAL_NAMES *all, const char *name)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	struct in_addr v4;
	bool ip = inet_pton(AF_INET, name, &v4) == 1;
	ASN1_STRING *s = ip ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

	if (g == NULL || s == NULL || !ASN1_STRING_set(s, ip ? (const void *)&v4 : name, ip ? 4 : (int)strlen(name))) {
		ASN1_STRING_free(s);
		GENERAL_NAME_free(g);
		return false;
	}
	GENERAL_NAME_set0_value(g, ip ? GEN_IPADD : GEN_DNS, s);
	if (sk_GENERAL_NAME_push(all, g))
		return true;
	GENERAL_NAME_free(g);
	return false;
}

/* By structure, not by OpenSSL's text form: a name from outside may hold commas. */
static bool alt_names(X509 *x, const char *const *names)
{
	GENERAL_NAMES *all;
	bool good = true;

	if (names == NULL || *names == NULL)
		return true;
	all = sk_GENERAL_NAME_new_null();
	for (size_t i = 0; good && names[i]; i++)
		good = all && issue_push(all, names[i]);
	good = good && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(all);
	return good;
}

/* RFC 5280 4.1.2.2: positive, at most 20 octets. */
static bool serial(X509 *x, size_t octets_of_it)
{
	uint8_t octets[PKI_LONG_SERIAL];
	ASN1_INTEGER *i;
	BIGNUM *n;
	bool good;

	if (!pki_random(octets, octets_of_it))
		return false;
	octets[0] = (octets[0] & 0x7f) | 0x40;
	n = BN_bin2bn(octets, (int)octets_of_it, NULL);
	i = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;
	good = i && X509_set_serialNumber(x, i);
	ASN1_INTEGER_free(i);
	BN_free(n);
	return good;
}

static bool issue_key(X509 *x, EVP_PKEY *subject, const struct pki_request *req)
{
	return req ? pki_request_certify(req, x) : X509_set_pubkey(x, subject) == 1;
}

static bool issue(const struct pki_issue *what, EVP_PKEY *subject, const struct pki_request *req,
		  const struct pki_key *ca_key, const void *ca_der, size_t ca_n, struct buf *der)
{
	X509 *ca = ca_der ? pki_x509(ca_der, ca_n) : NULL, *x = X509_new(), *issuer = ca ? ca : x;
	bool good;

	ERR_clear_error();
	good = x && (ca || !ca_der) && X509_set_version(x, X509_VERSION_3) && serial(x, what->long_serial ? PKI_LONG_SERIAL : 16) && issue_key(x, subject, req) &&
	       X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
					  (const unsigned char *)what->cn, -1, -1, 0) &&
	       X509_set_issuer_name(x, X509_get_subject_name(issuer)) &&
	       ASN1_TIME_adj(X509_getm_notBefore(x), what->not_before, 0, 0) &&
	       ASN1_TIME_adj(X509_getm_notAfter(x), what->not_after, 0, 0) &&
	       extend(x, issuer, NID_basic_constraints, profiles[what->profile].basic) &&
	       extend(x, issuer, NID_key_usage, profiles[what->profile].usage) &&
	       (!profiles[what->profile].extended ||
		extend(x, issuer, NID_ext_key_usage, profiles[what->profile].extended)) &&
	       extend(x, issuer, NID_subject_key_identifier, "hash") &&
	       extend(x, issuer, NID_authority_key_identifier, "keyid") && alt_names(x, what->names) &&
	       X509_sign(x, ca_key->pkey, what->sha1 ? EVP_sha1() : EVP_sha256()) > 0 && pki_x509_add(der, x);
	X509_free(x);
	X509_free(ca);
	return good;
}

bool pki_issue(const struct pki_issue *what, const struct pki_key *subject_key, const struct pki_key *ca_key,
	       const void *ca_der, size_t ca_n, struct buf *der)
{
	return issue(what, subject_key->pkey, NULL, ca_key, ca_der, ca_n, der);
}

bool pki_issue_request(const struct pki_issue *what, const struct pki_request *req, const struct pki_key *ca_key,
		       const void *ca_der, size_t ca_n, struct buf *der)
{
	return issue(what, NULL, req, ca_key, ca_der, ca_n, der);
}
