/* pki/cert.c: what a certificate says; PEM. */
#include "pki/cert.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/enc.h"
#include "pki/internal.h"

bool pki_x509_add(struct buf *der, X509 *x)
{
	unsigned char *p = NULL;
	int n = i2d_X509(x, &p);

	if (n <= 0)
		return false;
	buf_add(der, p, (size_t)n);
	OPENSSL_free(p);
	return !der->oom;
}

bool pki_name_cn(const X509_NAME *name, char *out, size_t cap)
{
	int at = X509_NAME_get_index_by_NID((X509_NAME *)name, NID_commonName, -1);
	unsigned char *p = NULL;
	bool good;
	int n;

	if (at < 0)
		return false;
	n = ASN1_STRING_to_UTF8(&p, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
	good = n > 0 && sv_copy(out, cap, (struct sv){(char *)p, (size_t)n});
	OPENSSL_free(p);
	return good;
}

static void name_line(X509_NAME *name, char *out, size_t cap)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	*out = '\0';
	if (b != NULL && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
		n = BIO_get_mem_data(b, &p);
		if (n > 0)
			snprintf(out, cap, "%.*s", (int)n, p);
	}
	BIO_free(b);
}

static int64_t unix_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? (int64_t)timegm(&tm) : 0;
}

static void cert_names_of(X509 *x, struct pki_cert_info *info)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; all && i < sk_GENERAL_NAME_num(all) && info->nnames < sizeof info->names / sizeof *info->names; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);
		char *to = info->names[info->nnames];
		struct sv v;

		if (g->type == GEN_DNS) {
			v = (struct sv){(const char *)ASN1_STRING_get0_data(g->d.dNSName),
					(size_t)ASN1_STRING_length(g->d.dNSName)};
			info->nnames += sv_copy(to, sizeof info->names[0], v);
		} else if (g->type == GEN_IPADD) {
			int n = ASN1_STRING_length(g->d.iPAddress);

			if (n == 4 || n == 16)
				info->nnames += inet_ntop(n == 4 ? AF_INET : AF_INET6,
							  ASN1_STRING_get0_data(g->d.iPAddress), to,
							  sizeof info->names[0]) != NULL;
		}
	}
	GENERAL_NAMES_free(all);
}

const char *pki_cert_info(const void *der, size_t n, struct pki_cert_info *ret)
{
	struct pki_cert_info *info;
	X509 *x;
	EVP_PKEY *pkey;
	const char *sig;
	uint32_t flags;

	ERR_clear_error();
	x = pki_x509(der, n);
	if (x == NULL)
		return "this is not a certificate in DER";
	flags = X509_get_extension_flags(x);
	pkey = X509_get0_pubkey(x);
	info = calloc(1, sizeof *info);
	if (info == NULL || pkey == NULL || flags & EXFLAG_INVALID) {
		X509_free(x);
		free(info);
		return pkey == NULL ? "its public key cannot be read" : "one of its extensions is malformed";
	}
	pki_name_cn(X509_get_subject_name(x), info->subject_cn, sizeof info->subject_cn);
	pki_name_cn(X509_get_issuer_name(x), info->issuer_cn, sizeof info->issuer_cn);
	name_line(X509_get_subject_name(x), info->subject, sizeof info->subject);
	name_line(X509_get_issuer_name(x), info->issuer, sizeof info->issuer);
	info->serial_octets = (unsigned)ASN1_STRING_length(X509_get0_serialNumber(x));
	info->not_before = unix_of(X509_get0_notBefore(x));
	info->not_after = unix_of(X509_get0_notAfter(x));
	pki_sha1(der, n, info->sha1);
	pki_sha256(der, n, info->sha256);
	info->self_signed = flags & EXFLAG_SS;
	info->ca = flags & EXFLAG_CA;
	info->rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA;
	info->bits = (unsigned)EVP_PKEY_get_bits(pkey);
	sig = OBJ_nid2ln(X509_get_signature_nid(x));
	snprintf(info->signature, sizeof info->signature, "%s", sig ? sig : "unknown");
	if (strcmp(info->signature, "undefined") == 0)
		snprintf(info->signature, sizeof info->signature, "unknown");
	cert_names_of(x, info);
	*ret = *info;
	free(info);
	X509_free(x);
	return NULL;
}

bool pki_cert_is_of(const void *der, size_t n, const struct pki_key *k)
{
	X509 *x = pki_x509(der, n);
	bool is = x && X509_check_private_key(x, k->pkey) == 1;

	ERR_clear_error();
	X509_free(x);
	return is;
}

/* RFC 6125 6.4.4: the common name counts only when the SAN has no name at all. */
static unsigned check_flags(X509 *x)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

	for (int i = 0; all && i < sk_GENERAL_NAME_num(all); i++) {
		int type = sk_GENERAL_NAME_value(all, i)->type;

		if (type == GEN_DNS || type == GEN_IPADD)
			flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	}
	GENERAL_NAMES_free(all);
	return flags;
}

bool pki_cert_names(const void *der, size_t n, const char *host)
{
	struct in6_addr any;
	size_t len = strlen(host);
	X509 *x = pki_x509(der, n);
	bool good = false;

	if (x != NULL && (inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1)) {
		good = X509_check_ip_asc(x, host, 0) == 1;
	} else if (x != NULL && len > 0) {
		len -= host[len - 1] == '.'; /* an absolute name in DNS's spelling */
		good = len > 0 && X509_check_host(x, host, len, check_flags(x), NULL) == 1;
	}
	ERR_clear_error();
	X509_free(x);
	return good;
}

/* ---- PEM (RFC 7468) ------------------------------------------------------------------------------------ */

void pki_pem_add(struct buf *pem, const char *label, const void *der, size_t n)
{
	const uint8_t *p = der;

	buf_printf(pem, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < n; i += 48) {
		b64_add(pem, p + i, n - i < 48 ? n - i : 48);
		buf_str(pem, "\n");
	}
	buf_printf(pem, "-----END %s-----\n", label);
}

static bool cut_behind(struct sv *s, struct sv mark, struct sv *before)
{
	const char *at = s->n ? memmem(s->p, s->n, mark.p, mark.n) : NULL;

	if (at == NULL)
		return false;
	*before = (struct sv){s->p, (size_t)(at - s->p)};
	*s = sv_from(*s, before->n + mark.n);
	return true;
}

bool pki_pem_cert(struct sv pem, unsigned i, struct buf *der)
{
	struct sv body = {0};
	size_t was = der->n;
	X509 *x;

	for (unsigned at = 0; at <= i; at++) {
		if (!cut_behind(&pem, SV("-----BEGIN CERTIFICATE-----"), &body) ||
		    !cut_behind(&pem, SV("-----END CERTIFICATE-----"), &body))
			return false;
	}
	if (!b64_read(der, body) || der->n == was)
		return false;
	x = pki_x509(der->p + was, der->n - was);
	ERR_clear_error();
	if (x == NULL)
		der->n = was;
	X509_free(x);
	return x != NULL;
}

STACK_OF(X509) *pki_x509_stack(struct sv pem)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	struct buf der = {0};
	struct sv body = {0};

	while (all && cut_behind(&pem, SV("-----BEGIN CERTIFICATE-----"), &body)) {
		X509 *x = NULL;

		buf_clear(&der);
		if (cut_behind(&pem, SV("-----END CERTIFICATE-----"), &body) && b64_read(&der, body))
			x = pki_x509(der.p, der.n);
		if (x == NULL || !sk_X509_push(all, x)) {
			X509_free(x);
			sk_X509_pop_free(all, X509_free);
			all = NULL;
		}
	}
	buf_free(&der);
	return all;
}

X509_STORE *pki_store(struct sv pem)
{
	STACK_OF(X509) *all = pki_x509_stack(pem);
	X509_STORE *store = all ? X509_STORE_new() : NULL;

	for (int i = 0; store && i < sk_X509_num(all); i++)
		if (!X509_STORE_add_cert(store, sk_X509_value(all, i))) {
			X509_STORE_free(store);
			store = NULL;
		}
	sk_X509_pop_free(all, X509_free);
	return store;
}

static bool crl_of(const DIST_POINT *d, char *out, size_t cap)
{
	const GENERAL_NAMES *names = d->distpoint && d->distpoint->type == 0 ? d->distpoint->name.fullname : NULL;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
		struct sv url;

		if (g->type != GEN_URI)
			continue;
		url = (struct sv){(const char *)ASN1_STRING_get0_data(g->d.uniformResourceIdentifier),
				  (size_t)ASN1_STRING_length(g->d.uniformResourceIdentifier)};
		if (sv_istarts(url, SV("http://")) && memchr(url.p, '\0', url.n) == NULL && sv_copy(out, cap, url))
			return true;
	}
	return false;
}

bool pki_cert_crl(const void *der, size_t n, char *out, size_t cap)
{
	X509 *x = pki_x509(der, n);
	CRL_DIST_POINTS *points = x ? X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL) : NULL;
	bool found = false;

	for (int i = 0; i < sk_DIST_POINT_num(points) && !found; i++)
		found = crl_of(sk_DIST_POINT_value(points, i), out, cap);
	CRL_DIST_POINTS_free(points);
	X509_free(x);
	ERR_clear_error();
	return found;
}
