/* server/vault/keys.c: the vault's key files: made once, read at each start. */
#include "server/vault/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/enc.h"
#include "base/file.h"
#include "server/site/files.h"

/* ---- reading --------------------------------------------------------------------------------------------- */

bool vault_secret_load(const char *dir, uint8_t secret[32], struct why *why)
{
	struct buf text = {0};
	char path[PATH_MAX];
	bool ok;
	int rc;

	if (!site_path(path, dir, VAULT_DIR "/secret", why))
		return false;
	rc = file_read(path, 1024, &text);
	ok = rc >= 0 && hex_read(sv_trim(buf_view(&text)), secret, 32);
	buf_wipe(&text);
	if (rc == -ENOENT)
		return why_not(why, "%s is missing: restore it from the backup; without it all PINs and passwords must be set anew", path);
	return ok || site_fail(why, path, rc < 0 ? strerror(-rc) : "it is not 64 hexadecimal digits");
}

bool vault_keys_load(const char *dir, struct vault_keys *ret, struct why *why)
{
	struct vault_keys k = {0};

	if (site_pair_load(dir, VAULT_CA, &k.ca, &k.ca_der, why) &&
	    site_pair_load(dir, VAULT_TICKET, &k.ticket, &k.ticket_der, why) &&
	    vault_secret_load(dir, k.secret, why)) {
		*ret = k;
		return true;
	}
	vault_keys_clear(&k);
	return false;
}

void vault_keys_clear(struct vault_keys *k)
{
	pki_key_free(k->ca);
	pki_key_free(k->ticket);
	buf_free(&k->ca_der);
	buf_free(&k->ticket_der);
	explicit_bzero(k, sizeof *k);
}

void vault_keys_conf(const struct vault_keys *k, struct vault_conf *c)
{
	c->ca = k->ca;
	c->ticket = k->ticket;
	c->ca_der = buf_view(&k->ca_der);
	c->ticket_der = buf_view(&k->ticket_der);
	c->secret = k->secret;
}

/* ---- making ---------------------------------------------------------------------------------------------- */

static bool pair_make(const char *dir, const char *name, const struct pki_issue *what, const struct vault_keys *by, struct why *why)
{
	struct buf pem = {0};
	bool ok = site_pair_make(what, 2048, by ? by->ca : NULL, by ? &by->ca_der : NULL, &pem, &pem, why) &&
		  site_save(dir, name, &pem, 0600, why);

	buf_wipe(&pem);
	return ok;
}

static bool secret_make(const char *dir, struct why *why)
{
	struct buf text = {0};
	uint8_t secret[32];
	char hex[65];
	bool ok = pki_random(secret, sizeof secret);

	hex_write(hex, secret, sizeof secret, false);
	buf_printf(&text, "%s\n", hex);
	ok = ok ? site_save(dir, VAULT_DIR "/secret", &text, 0600, why) : site_fail(why, dir, pki_error());
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(hex, sizeof hex);
	buf_wipe(&text);
	return ok;
}

bool vault_keys_make(const char *dir, int64_t unix_s, struct why *why)
{
	struct pki_issue ca = {.profile = PKI_CA, .cn = "Communications Server", .not_before = unix_s - 86400,
			       .not_after = unix_s + SECONDS_OF_YEARS(20)};
	struct pki_issue ticket = {.profile = PKI_CODE, .cn = "Web Ticket", .not_before = unix_s - 86400,
				   .not_after = unix_s + SECONDS_OF_YEARS(10)};
	struct vault_keys k = {0};
	struct buf pem = {0};
	char path[PATH_MAX];
	bool ok;

	if (!site_path(path, dir, VAULT_DIR, why))
		return false;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return site_fail(why, path, strerror(errno));
	ok = (site_has(dir, VAULT_DIR "/secret") || secret_make(dir, why)) &&
	     (site_has(dir, VAULT_CA) || pair_make(dir, VAULT_CA, &ca, NULL, why)) &&
	     site_pair_load(dir, VAULT_CA, &k.ca, &k.ca_der, why);
	if (ok) {
		pki_pem_add(&pem, "CERTIFICATE", k.ca_der.p, k.ca_der.n);
		ok = site_save(dir, SITE_ISSUING, &pem, 0644, why) &&
		     (site_has(dir, VAULT_TICKET) ||
		      pair_make(dir, VAULT_TICKET, &ticket, &k, why));
	}
	buf_free(&pem);
	vault_keys_clear(&k);
	return ok;
}
