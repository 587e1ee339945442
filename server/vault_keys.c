/* server/vault_keys.c: the vault's key files: made once, read at each start. */
#include "server/vault_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/enc.h"
#include "base/file.h"

#define FILE_MAX (64 << 10)
#define YEARS(n) ((int64_t)(n) * 365 * 86400)

static bool fail(char *why, size_t cap, const char *path, const char *reason)
{
	snprintf(why, cap, "%s: %s", path, reason);
	return false;
}

static bool path_of(char out[4096], const char *dir, const char *name, char *why, size_t cap)
{
	if ((size_t)snprintf(out, 4096, "%s/%s", dir, name) < 4096)
		return true;
	return fail(why, cap, dir, "the path is too long");
}

/* ---- reading --------------------------------------------------------------------------------------------- */

static bool pair_load(const char *dir, const char *name, struct pki_key **key, struct buf *der, char *why, size_t cap)
{
	struct buf pem = {0};
	char path[4096];
	int rc;

	if (!path_of(path, dir, name, why, cap))
		return false;
	if ((rc = file_read(path, FILE_MAX, &pem)) < 0) {
		buf_wipe(&pem);
		return fail(why, cap, path, strerror(-rc));
	}
	*key = pki_key_read(buf_view(&pem));
	if (*key == NULL)
		fail(why, cap, path, "there is no private key in it");
	else if (!pki_pem_cert(buf_view(&pem), 0, der))
		fail(why, cap, path, "there is no certificate in it");
	else if (!pki_cert_is_of(der->p, der->n, *key))
		fail(why, cap, path, "its certificate is of another key");
	else
		rc = 1;
	buf_wipe(&pem);
	return rc == 1;
}

bool vault_secret_load(const char *dir, uint8_t secret[32], char *why, size_t cap)
{
	struct buf text = {0};
	char path[4096];
	bool ok;
	int rc;

	if (!path_of(path, dir, VAULT_DIR "/secret", why, cap))
		return false;
	rc = file_read(path, 1024, &text);
	ok = rc >= 0 && hex_read(sv_trim(buf_view(&text)), secret, 32);
	buf_wipe(&text);
	return ok || fail(why, cap, path, rc < 0 ? strerror(-rc) : "it is not 64 hexadecimal digits");
}

bool vault_keys_load(const char *dir, struct vault_keys *ret, char *why, size_t cap)
{
	struct vault_keys k = {0};

	if (pair_load(dir, VAULT_DIR "/ca.pem", &k.ca, &k.ca_der, why, cap) &&
	    pair_load(dir, VAULT_DIR "/ticket.pem", &k.ticket, &k.ticket_der, why, cap) &&
	    vault_secret_load(dir, k.secret, why, cap)) {
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

static bool save(const char *dir, const char *name, const struct buf *b, mode_t mode, char *why, size_t cap)
{
	char path[4096];
	int rc;

	if (!path_of(path, dir, name, why, cap))
		return false;
	rc = b->oom ? -ENOMEM : file_write(NULL, path, b->p, b->n, mode);
	return rc == 0 || fail(why, cap, path, strerror(-rc));
}

static bool there(const char *dir, const char *name)
{
	char path[4096], why[300];
	struct stat st;

	return path_of(path, dir, name, why, sizeof why) && stat(path, &st) == 0;
}

/* "issuer CN=Communications Server.  The signing key belongs to the web services, is not part of the enterprise PKI" */
static bool pair_make(const char *dir, const char *name, const struct pki_issue *what, const struct vault_keys *ca,
		      char *why, size_t cap)
{
	struct pki_key *key = pki_key_make(2048);
	struct buf der = {0}, pem = {0};
	bool ok = key && (ca ? pki_issue(what, key, ca->ca, ca->ca_der.p, ca->ca_der.n, &der)
			     : pki_issue(what, key, key, NULL, 0, &der));

	if (ok) {
		pki_key_write(key, &pem);
		pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
		ok = save(dir, name, &pem, 0600, why, cap);
	} else {
		fail(why, cap, name, pki_error());
	}
	pki_key_free(key);
	buf_free(&der);
	buf_wipe(&pem);
	return ok;
}

static bool secret_make(const char *dir, char *why, size_t cap)
{
	struct buf text = {0};
	uint8_t secret[32];
	char hex[65];
	bool ok = pki_random(secret, sizeof secret);

	hex_write(hex, secret, sizeof secret, false);
	buf_printf(&text, "%s\n", hex);
	ok = ok ? save(dir, VAULT_DIR "/secret", &text, 0600, why, cap) : fail(why, cap, dir, pki_error());
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(hex, sizeof hex);
	buf_wipe(&text);
	return ok;
}

bool vault_keys_make(const char *dir, int64_t unix_s, char *why, size_t cap)
{
	struct pki_issue ca = {.profile = PKI_CA, .cn = "Communications Server", .not_before = unix_s - 86400,
			       .not_after = unix_s + YEARS(20)};
	struct pki_issue ticket = {.profile = PKI_CODE, .cn = "Web Ticket", .not_before = unix_s - 86400,
				   .not_after = unix_s + YEARS(10)};
	struct vault_keys k = {0};
	struct buf pem = {0};
	char path[4096];
	bool ok;

	if (!path_of(path, dir, VAULT_DIR, why, cap))
		return false;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail(why, cap, path, strerror(errno));
	ok = (there(dir, VAULT_DIR "/secret") || secret_make(dir, why, cap)) &&
	     (there(dir, VAULT_DIR "/ca.pem") || pair_make(dir, VAULT_DIR "/ca.pem", &ca, NULL, why, cap)) &&
	     pair_load(dir, VAULT_DIR "/ca.pem", &k.ca, &k.ca_der, why, cap);
	if (ok) {
		pki_pem_add(&pem, "CERTIFICATE", k.ca_der.p, k.ca_der.n);
		ok = save(dir, VAULT_ISSUING, &pem, 0644, why, cap) &&
		     (there(dir, VAULT_DIR "/ticket.pem") ||
		      pair_make(dir, VAULT_DIR "/ticket.pem", &ticket, &k, why, cap));
	}
	buf_free(&pem);
	vault_keys_clear(&k);
	return ok;
}
