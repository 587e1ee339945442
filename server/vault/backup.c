/* server/vault/backup.c verifies what the company's CA has certified elsewhere, and takes back the users that a backup had [sip 12.2].
 *
 * "The backup accepts the same certificate because certificates are replicated with the user data."  DIFFERS: users are replicated here,
 * certificates are not.  The company's CA has signed them, so the backup verifies the signature; a certificate of before a revocation is
 * refused by its date.  What a backup certifies carries a serial number of 20 octets, and the home pool publishes such a certificate
 * when its phone comes back with it: nobody types anything, and no other certificate that was dropped here comes back in this way.
 */
#include "server/vault/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/log.h"

int64_t vault_cert_made(const struct pki_cert_info *info)
{
	return info->not_before + VAULT_CERT_BACKDATED;
}

enum vault_status vault_cert_company(struct vault *v, struct sv der, const struct store_user *u, struct why *why)
{
	const uint8_t *leaf = (const uint8_t *)der.p;
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct pki_chain_result verified = {0};
	struct buf ca = {0};
	bool good = false;

	pki_pem_add(&ca, "CERTIFICATE", v->conf.ca_der.p, v->conf.ca_der.n);
	if (info && !ca.oom && pki_cert_info(der.p, der.n, info) == NULL && vault_name_eq(info->subject_cn, u->aor))
		good = pki_chain_verify(&leaf, &der.n, 1, buf_view(&ca), false, NULL, vault_now(v), &verified) == PKI_TRUSTED;
	if (good && vault_cert_made(info) <= u->tickets_after) {
		good = false;
		why_set(&verified.why, "it is from before a revocation");
	}
	if (!good)
		why_set(why, "the certificate is not one that the company's CA made for %.100s: %.60s", u->aor, verified.why.text);
	buf_free(&ca);
	free(info);
	return good ? VAULT_OK : VAULT_REFUSED;
}

/* The certificate is one that a backup made for a user who lives here, behind the last revocation and since the user is there. */
static bool made_by_backup(struct vault *v, const uint8_t *der, size_t n, struct pki_cert_info *info, struct store_user *u)
{
	struct store *s = v->conf.store;
	struct why why = {0};

	return v->conf.site->watch_pools && pki_cert_info(der, n, info) == NULL && info->serial_octets == PKI_LONG_SERIAL &&
	       s->ops->user_get(s, info->subject_cn, u) == STORE_OK && vault_is_home(v->conf.site, u->home_pool) &&
	       vault_cert_made(info) >= u->created && vault_cert_company(v, (struct sv){(const char *)der, n}, u, &why) == VAULT_OK;
}

enum store_result vault_cert_take_back(struct vault *v, const uint8_t *der, size_t n, const uint8_t sha1[20], struct store_cert *ret,
				       struct store_user *u)
{
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct store_cert c = {.published = vault_now(v)};
	enum store_result r = STORE_NONE;

	if (info && made_by_backup(v, der, n, info, u)) {
		c.user = u->id;
		c.expires = info->not_after;
		memcpy(c.sha1, sha1, sizeof c.sha1);
		hex_write(c.device, sha1, sizeof c.sha1, false); /* the device's own name is not in it */
		buf_add(&c.der, der, n);
		r = c.der.oom ? STORE_FAILED : v->conf.store->ops->cert_put(v->conf.store, &c);
		log_line(r == STORE_OK ? LOG_INFO : LOG_ERROR, "vault", "the certificate that a backup made for %s is %s here%s%s", u->aor,
			 r == STORE_OK ? "published" : "not stored", r == STORE_OK ? "" : ": ", r == STORE_OK ? "" : store_why(v->conf.store));
	}
	free(info);
	if (r == STORE_OK)
		*ret = c;
	else
		store_cert_clear(&c);
	return r;
}
