#include "admin/pool/invites.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/enc.h"
#include "base/fields.h"
#include "base/file.h"
#include "server/site/files.h"
#include "server/vault/make.h"

#define HEAD "dialtone invitation 1\n"
#define SALT 16
#define ROUNDS 100000

/* The front ends of a pool have these in common.  A pool's web tickets are good on each of them, so its key is the same. */
static const struct {
	const char *name;
	mode_t mode;
	bool must; /* else it may be missing */
} common[INVITE_FILES] = {
    {SITE_ROOT_KEY, 0600, true},
    {SITE_ROOT, 0644, true},
    {VAULT_CA, 0600, true},
    {SITE_ISSUING, 0644, true},
    {VAULT_TICKET, 0600, true},
    {VAULT_DIR "/secret", 0600, true},
    {SITE_UPDATE_KEY, 0600, true},
    {SITE_UPDATE_CERT, 0644, true},
    {SITE_TRUSTED_CERTS, 0644, false},
};

/* clang-format off */
static const struct field fields[] = {
	STR(invitation, id), INT(invitation, expires), STR(invitation, fqdn), STR(invitation, pool), STR(invitation, web_fqdn),
	SECRET(invitation, store), SECRET_BLOB(invitation, conf), SECRET_BLOB(invitation, file[0]), BLOB(invitation, file[1]),
	SECRET_BLOB(invitation, file[2]), BLOB(invitation, file[3]), SECRET_BLOB(invitation, file[4]), SECRET_BLOB(invitation, file[5]),
	SECRET_BLOB(invitation, file[6]), BLOB(invitation, file[7]), BLOB(invitation, file[8]), FIELDS_END
};
/* clang-format on */

void invite_clear(struct invitation *i)
{
	fields_clear(fields, i);
	explicit_bzero(i, sizeof *i);
}

/* ---- the code ----------------------------------------------------------------------------------------------------------------- */

/* Crockford's letters: none is taken for another one. */
static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static bool code_make(char code[INVITE_CODE])
{
	uint8_t octets[20];
	char *to = code;

	if (!pki_random(octets, sizeof octets))
		return false;
	for (unsigned i = 0; i < sizeof octets; i++) {
		if (i && i % 4 == 0)
			*to++ = '-';
		*to++ = letters[octets[i] % 32];
	}
	*to = '\0';
	explicit_bzero(octets, sizeof octets);
	return true;
}

/* Without hyphens and blanks, in one case; letters and digits that people take for one another are the same. */
static size_t code_plain(struct sv code, char ret[64])
{
	size_t n = 0;

	for (size_t i = 0; i < code.n && n < 63; i++) {
		char c = ascii_lower(code.p[i]);

		if (c == 'o')
			c = '0';
		else if (c == 'i' || c == 'l')
			c = '1';
		if (c != '-' && c != ' ')
			ret[n++] = c;
	}
	ret[n] = '\0';
	return n;
}

static bool key_of(struct sv code, const uint8_t salt[SALT], uint8_t key[32])
{
	char plain[64];
	size_t n = code_plain(code, plain);
	bool ok = pki_pbkdf2(plain, n, salt, SALT, ROUNDS, key);

	explicit_bzero(plain, sizeof plain);
	return ok;
}

/* ---- making one ------------------------------------------------------------------------------------------------------------------ */

static bool read_into(const char *dir, const char *name, bool must, struct buf *ret, struct why *why)
{
	char path[PATH_MAX];
	int rc;

	if (!site_path(path, dir, name, why))
		return false;
	rc = file_read(path, PKI_PEM_MAX, ret);
	return rc == 0 || (rc == -ENOENT && !must) || site_fail(why, path, strerror(-rc));
}

static bool gather(const struct site *s, struct invitation *i, struct why *why)
{
	bool ok = read_into(s->dir, SITE_CONF, true, &i->conf, why);

	for (unsigned k = 0; ok && k < INVITE_FILES; k++)
		ok = read_into(s->dir, common[k].name, common[k].must, &i->file[k], why);
	snprintf(i->fqdn, sizeof i->fqdn, "%s", s->fqdn);
	snprintf(i->pool, sizeof i->pool, "%s", s->pool[0] ? s->pool : s->fqdn);
	snprintf(i->web_fqdn, sizeof i->web_fqdn, "%s", s->web_fqdn[0] ? s->web_fqdn : s->fqdn);
	snprintf(i->store, sizeof i->store, "%s", s->store);
	return ok;
}

static bool seal(const struct invitation *i, const char *code, struct buf *sealed)
{
	struct buf plain = {0};
	uint8_t salt[SALT], key[32] = {0};
	bool ok;

	fields_put(&plain, fields, i);
	ok = !plain.oom && pki_random(salt, sizeof salt) && key_of(sv_of(code), salt, key);
	if (ok) {
		buf_str(sealed, HEAD);
		buf_add(sealed, salt, sizeof salt);
		ok = pki_seal(key, SV(HEAD), plain.p, plain.n, sealed) && !sealed->oom;
	}
	explicit_bzero(key, sizeof key);
	buf_wipe(&plain);
	return ok;
}

enum admin_result invite_make(struct admin *a, char code[INVITE_CODE], struct buf *sealed, struct why *why)
{
	struct invitation i = {.expires = a->now + INVITE_SECONDS};
	enum admin_result r = ADMIN_OK;
	struct why text = {0};
	uint8_t id[16];

	if (!store_is_postgres(a->site->store))
		return admin_no(ADMIN_REFUSED, why, "the store of this site is a file, which one front end can use; several share PostgreSQL: "
						    "see 'dialtone store copy' and 'store' in dialtone.conf(5)");
	if (!pki_random(id, sizeof id) || !code_make(code))
		return admin_no(ADMIN_FAILED, why, "%s", pki_error());
	hex_write(i.id, id, sizeof id, false);
	if (!gather(a->site, &i, &text))
		r = admin_no(ADMIN_SITE, why, "%s", text.text);
	else if (!seal(&i, code, sealed))
		r = admin_no(ADMIN_FAILED, why, "the invitation cannot be sealed: %s", pki_error());
	else
		r = admin_store(a, a->store->ops->invite_put(a->store, i.id, i.expires, a->now), "the invitation", why);
	if (r == ADMIN_OK)
		admin_audit(a, "", "a further front end invited");
	invite_clear(&i);
	return r;
}

/* ---- using one --------------------------------------------------------------------------------------------------------------------- */

enum admin_result invite_open(struct sv sealed, struct sv code, int64_t now, struct invitation *ret, struct why *why)
{
	struct sv body = sv_from(sealed, sizeof HEAD - 1);
	struct buf plain = {0};
	uint8_t key[32] = {0};
	struct rd r;
	bool opened;

	*ret = (struct invitation){0};
	if (!sv_starts(sealed, SV(HEAD)) || body.n < SALT)
		return admin_no(ADMIN_REFUSED, why, "it is no invitation; make one on a front end of the pool with: dialtone pool invite FILE");
	opened = key_of(code, (const uint8_t *)body.p, key) && pki_unseal(key, SV(HEAD), body.p + SALT, body.n - SALT, &plain);
	explicit_bzero(key, sizeof key);
	if (!opened) {
		buf_wipe(&plain);
		return admin_no(ADMIN_REFUSED, why, "this code does not open it, or the file has been changed");
	}
	r = rd_of(plain.p, plain.n);
	fields_get(&r, fields, ret);
	rd_end(&r);
	buf_wipe(&plain);
	if (r.err) {
		invite_clear(ret);
		return admin_no(ADMIN_REFUSED, why, "the invitation was made by another version of this program");
	}
	if (ret->expires <= now) {
		invite_clear(ret);
		return admin_no(ADMIN_REFUSED, why, "its hour is over; make another one with: dialtone pool invite FILE");
	}
	return ADMIN_OK;
}

enum admin_result invite_use(const struct invitation *i, int64_t now, struct why *why)
{
	enum admin_result r = ADMIN_OK;
	struct why text = {0};
	struct store *s = store_open(i->store, &text);

	if (s == NULL)
		return admin_no(ADMIN_SITE, why, "%s", text.text);
	switch (s->ops->invite_use(s, i->id, now)) {
	case STORE_OK:
		break;
	case STORE_NONE:
		r = admin_no(ADMIN_REFUSED, why, "this invitation was used already; make another one with: dialtone pool invite FILE");
		break;
	default:
		r = admin_no(ADMIN_STORE, why, "%s", store_why(s));
	}
	store_close(s);
	return r;
}

/* A line of the first front end's file that is about itself. */
static bool is_own(struct sv line)
{
	static const char *const keys[] = {"fqdn", "pool", "web_fqdn", "address", "external_address", "netbios_computer", "workers", "user",
					   "worker_user", "legacy_user", "metrics"};
	struct sv word = sv_trim(line);
	size_t n = 0;

	while (n < word.n && word.p[n] != ' ' && word.p[n] != '\t' && word.p[n] != '=')
		n++;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (sv_eq((struct sv){word.p, n}, sv_of(keys[i])))
			return true;
	return false;
}

static void conf_of(const struct invitation *i, const struct site *s, struct buf *ret)
{
	struct sv rest = buf_view(&i->conf);

	buf_printf(ret, "# dialtone.conf: see dialtone.conf(5).  This front end joined the pool of %s.\n", i->fqdn);
	buf_printf(ret, "fqdn = \"%s\"\npool = \"%s\"\nweb_fqdn = \"%s\"\n", s->fqdn, i->pool, i->web_fqdn);
	if (s->address[0])
		buf_printf(ret, "address = \"%s\"\n", s->address);
	if (s->external_address[0])
		buf_printf(ret, "external_address = \"%s\"\n", s->external_address);
	if (s->workers)
		buf_printf(ret, "workers = %u\n", s->workers);
	buf_printf(ret, "user = \"%s\"\nworker_user = \"%s\"\nlegacy_user = \"%s\"\n\n# As on %s:\n", s->user, s->worker_user, s->legacy_user,
		   i->fqdn);
	while (rest.n) {
		struct sv line = sv_cut(&rest, '\n');

		if (is_own(line))
			continue;
		buf_sv(ret, line);
		buf_str(ret, "\n");
	}
}

enum admin_result invite_write(const struct invitation *i, const struct site *site, struct why *why)
{
	struct why text = {0};
	struct buf conf = {0};
	char path[PATH_MAX];
	bool ok;

	if (!site_path(path, site->dir, VAULT_DIR, &text))
		return admin_no(ADMIN_SITE, why, "%s", text.text);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return admin_no(ADMIN_SITE, why, "%s: %s", path, strerror(errno));
	conf_of(i, site, &conf);
	ok = site_save(site->dir, SITE_CONF_PART, &conf, 0644, &text);
	for (unsigned k = 0; ok && k < INVITE_FILES; k++)
		ok = (i->file[k].n == 0 && !common[k].must) || site_save(site->dir, common[k].name, &i->file[k], common[k].mode, &text);
	buf_wipe(&conf);
	return ok ? ADMIN_OK : admin_no(ADMIN_SITE, why, "%s", text.text);
}
