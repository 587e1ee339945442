#include "server/daemon/make_site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "pki/cert.h"
#include "server/daemon/accounts.h"
#include "server/daemon/hand_over.h"
#include "server/daemon/name_keys.h"
#include "server/site/certs.h"
#include "server/site/files.h"
#include "server/site/keys.h"
#include "server/site/names.h"
#include "server/vault/make.h"
#include "store/store.h"

#define ROOT SITE_ROOT_KEY
#define ROOT_OLD VAULT_DIR "/" SITE_ROOT_KEY /* where older releases kept it: in a folder that is not root's */

struct work {
	const struct site *site;
	int64_t now;
	struct why *why;
	struct pki_key *root;
	struct buf root_der;
	bool anew; /* the servers' certificates, though they are there */
	char *kept; /* those of somebody else's authority; NULL: nobody asks */
};

static bool failed(struct work *w, const char *path, const char *reason)
{
	return site_fail(w->why, path, reason);
}

static bool path_of(struct work *w, const char *name, char out[PATH_MAX])
{
	return site_path(out, w->site->dir, name, w->why);
}

static bool there(struct work *w, const char *name)
{
	return site_has(w->site->dir, name);
}

static bool save(struct work *w, const char *name, const struct buf *b, mode_t mode)
{
	return site_save(w->site->dir, name, b, mode, w->why);
}

static bool folder(struct work *w, const char *name, mode_t mode)
{
	char path[PATH_MAX];

	if (!path_of(w, name, path))
		return false;
	if (mkdir(path, mode) == 0) /* as said here, not as root's umask would have it: groups share logs/ */
		return chmod(path, mode) == 0 || failed(w, path, strerror(errno));
	return errno == EEXIST || failed(w, path, strerror(errno));
}

/* ---- certificates -------------------------------------------------------------------------------------------------- */

/* ca.pem is what phones trust: another root would sign for nobody. */
static bool root_is_ca(struct work *w, const char *file)
{
	struct buf pem = {0}, der = {0};
	char path[PATH_MAX];
	bool ok = false;
	int rc;

	if (!path_of(w, SITE_ROOT, path))
		return false;
	rc = file_read(path, PKI_PEM_MAX, &pem);
	if (rc < 0)
		failed(w, path, strerror(-rc));
	else if (!pki_pem_cert(buf_view(&pem), 0, &der) || der.n != w->root_der.n || memcmp(der.p, w->root_der.p, der.n) != 0)
		failed(w, file, "it is the key of another root than ca.pem: put back the one that was made with ca.pem");
	else
		ok = true;
	buf_free(&pem);
	buf_free(&der);
	return ok;
}

/* The root's key of an older release goes into root's own folder, once it has proved to be ca.pem's. */
static bool root_move(struct work *w)
{
	struct buf pem = {0};
	char path[PATH_MAX];
	bool ok = site_pair_load(w->site->dir, ROOT_OLD, &w->root, &w->root_der, w->why) && root_is_ca(w, ROOT_OLD) &&
		  path_of(w, ROOT_OLD, path);

	if (ok) {
		pki_key_write(w->root, &pem);
		pki_pem_add(&pem, "CERTIFICATE", w->root_der.p, w->root_der.n);
		ok = save(w, ROOT, &pem, 0600) && (unlink(path) == 0 || failed(w, path, strerror(errno)));
	}
	buf_wipe(&pem);
	return ok;
}

static bool root_load(struct work *w)
{
	struct stat st;
	char old[PATH_MAX];

	if (!there(w, ROOT) && path_of(w, ROOT_OLD, old) && lstat(old, &st) == 0)
		return root_move(w);
	if (!there(w, ROOT))
		return why_not(w->why, "%s/" ROOT ", the root's key, is away: bring it back for the while (operation.md: Certificates)", w->site->dir);
	return site_pair_load(w->site->dir, ROOT, &w->root, &w->root_der, w->why) &&
	       (!there(w, SITE_ROOT) || root_is_ca(w, ROOT));
}

static bool own_pair(struct work *w, const struct pki_issue *what, struct buf *key_pem, struct buf *cert_pem)
{
	return site_pair_make(what, 2048, NULL, NULL, key_pem, cert_pem, w->why);
}

/* For one file, the root behind it: "leaf first, root last". */
static bool pair_below_root(struct work *w, const struct pki_issue *what, unsigned bits, struct buf *pem)
{
	bool ok = site_pair_make(what, bits, w->root, &w->root_der, pem, pem, w->why);

	pki_pem_add(pem, "CERTIFICATE", w->root_der.p, w->root_der.n);
	return ok;
}

static struct pki_issue issue(const struct work *w, enum pki_profile profile, const char *cn, unsigned years)
{
	return (struct pki_issue){
	    .profile = profile, .cn = cn, .not_before = w->now - 86400, .not_after = w->now + SECONDS_OF_YEARS(years)};
}

static bool root(struct work *w)
{
	char cn[SITE_NAME_MAX + 16] = "";
	struct pki_issue what = issue(w, PKI_CA, cn, 20);
	struct buf key = {0}, cert = {0};
	bool ok = true;

	snprintf(cn, sizeof cn, "%.40s Root CA", w->site->domain); /* RFC 5280: a common name has at most 64 characters */
	if (!there(w, ROOT))
		ok = own_pair(w, &what, &key, &key) && save(w, ROOT, &key, 0600);
	buf_wipe(&key);
	ok = ok && root_load(w);
	if (ok && !there(w, SITE_ROOT)) {
		pki_pem_add(&cert, "CERTIFICATE", w->root_der.p, w->root_der.n);
		ok = save(w, SITE_ROOT, &cert, 0644);
	}
	buf_free(&cert);
	return ok;
}

/* The vault's CA, below the root: with the chain that phones download, a user's certificate can be followed to its end. */
static bool issuing(struct work *w)
{
	struct pki_issue what = issue(w, PKI_CA, "Communications Server", 20);
	struct buf pem = {0};
	bool ok = there(w, VAULT_CA) || (pair_below_root(w, &what, w->site->CASigningKeyLength, &pem) && save(w, VAULT_CA, &pem, 0600));

	buf_wipe(&pem);
	return ok;
}

/* One that is there from a run before may be for other names: those of a command that was mended since. */
static bool server_stays(struct work *w, const char *file, bool outside)
{
	struct buf pem = {0}, anchor = {0};
	char path[PATH_MAX];
	struct why why;
	bool good;

	if (!there(w, file) || site_cert_is_foreign(w->site->dir, file))
		return there(w, file);
	pki_pem_add(&anchor, "CERTIFICATE", w->root_der.p, w->root_der.n);
	good = site_path(path, w->site->dir, file, &why) && file_read(path, PKI_PEM_MAX, &pem) == 0 &&
	       site_cert_check(w->site, outside, buf_view(&anchor), w->now, buf_view(&pem), &why);
	buf_free(&anchor);
	buf_wipe(&pem);
	return good;
}

static bool server(struct work *w, const char *file, bool outside)
{
	struct site_name all[SITE_NAMES];
	unsigned n = site_names(w->site, outside, SITE_IN_CERT, all);
	const char *list[SITE_NAMES + 1] = {0};
	struct buf pem = {0};
	struct pki_issue what;
	bool ok;

	for (unsigned i = 0; i < n; i++)
		list[i] = all[i].name;
	what = issue(w, PKI_SERVER, list[0], 5);
	what.names = list;
	if (w->anew && site_cert_is_foreign(w->site->dir, file)) {
		snprintf(w->kept + strlen(w->kept), INIT_KEPT - strlen(w->kept), "%s%s", w->kept[0] ? ", " : "", file);
		return true;
	}
	ok = (!w->anew && server_stays(w, file, outside)) ||
	     (pair_below_root(w, &what, 2048, &pem) && name_key_save(w->site, file, &pem, w->why));
	buf_wipe(&pem);
	return ok;
}

/* "nothing internal (names, addresses, versions) is told" outside: a certificate of its own, with its own names only. */
static bool servers(struct work *w)
{
	bool legacy = w->site->legacy != SITE_LEGACY_OFF, outside = w->site->external_fqdn[0] != '\0';

	return server(w, SITE_SERVER, false) && (!outside || server(w, SITE_EXTERNAL, true)) &&
	       server(w, SITE_DSK, false) && (!outside || server(w, SITE_DSK_EXTERNAL, true)) &&
	       (!legacy || server(w, SITE_LEGACY, false)) && (!legacy || !outside || server(w, SITE_LEGACY_EXTERNAL, true));
}

static bool update(struct work *w)
{
	char cn[SITE_NAME_MAX + 16] = "";
	struct pki_issue what = issue(w, PKI_CODE, cn, 20);
	struct buf key = {0}, cert = {0};
	bool ok;

	if (there(w, SITE_UPDATE_KEY) && there(w, SITE_UPDATE_CERT))
		return true;
	snprintf(cn, sizeof cn, "%.40s Device Update", w->site->domain);
	ok = own_pair(w, &what, &key, &cert) && save(w, SITE_UPDATE_KEY, &key, 0600) &&
	     save(w, SITE_UPDATE_CERT, &cert, 0644);
	buf_wipe(&key);
	buf_free(&cert);
	return ok;
}

/* ---- the configuration file ---------------------------------------------------------------------------------------- */

static bool conf_part(struct work *w, bool joined)
{
	struct buf b = {0};
	bool ok;

	if (joined)
		return true;
	site_template(w->site, &b);
	ok = save(w, SITE_CONF_PART, &b, 0644);
	buf_free(&b);
	return ok;
}

/* By this file a folder is a site: until it has its name, the same command goes on from what is there. */
static bool conf(struct work *w)
{
	char part[PATH_MAX], path[PATH_MAX];

	return path_of(w, SITE_CONF_PART, part) && path_of(w, SITE_CONF, path) && (rename(part, path) == 0 || failed(w, path, strerror(errno)));
}

/* ---- whose it is --------------------------------------------------------------------------------------------------- */

static bool given(struct work *w, const char *name, struct account to)
{
	int fd = open(w->site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 ? hand_over(fd, name, to, w->why) : failed(w, w->site->dir, strerror(errno));

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Also of a site that an earlier version made, in which everybody could read.  Its owner may have put a link in the folder's place since:
 * none is followed. */
static bool group_writes(struct work *w, const char *name)
{
	char path[PATH_MAX];
	int fd = path_of(w, name, path) ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
	bool ok = fd >= 0 && fchmod(fd, 0770) == 0;

	if (!ok)
		failed(w, name, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

/* Of the processes that talk to phones: their keys and logs/.  The legacy process has keys of its own, and not the workers'; both
 * write logs/, so its group is theirs then (server/daemon/role.c). */
static bool network_owners(struct work *w)
{
	bool old = w->site->legacy != SITE_LEGACY_OFF;
	struct account worker, legacy, logs;

	if (geteuid() != 0)
		return true;
	if (!account_of(w->site->worker_user, &worker, w->why) || (old && !account_of(w->site->legacy_user, &legacy, w->why)))
		return false;
	logs = (struct account){worker.uid, old ? legacy.gid : worker.gid};
	return given(w, SITE_LOGS, logs) && group_writes(w, SITE_LOGS) && name_keys_give(w->site, w->why);
}

static bool owners(struct work *w)
{
	struct account vault;

	if (geteuid() != 0)
		return true;
	return account_of(w->site->user, &vault, w->why) && given(w, VAULT_DIR, vault) && network_owners(w);
}

/* In a folder of somebody else any name may lead anywhere. */
static bool dir_is_ours(struct work *w)
{
	struct stat st;

	if (stat(w->site->dir, &st) < 0)
		return failed(w, w->site->dir, strerror(errno));
	if (geteuid() != 0 || (st.st_uid == 0 && (st.st_mode & 022) == 0))
		return true;
	return failed(w, w->site->dir, "another user may write into this folder: type 'chown root' and 'chmod go-w' for it first");
}

/* Once it has been handed over, root makes nothing in it any more. */
static bool vault_is_handed_over(const char *dir)
{
	struct stat st;
	char path[PATH_MAX];

	return geteuid() == 0 && site_path(path, dir, VAULT_DIR, NULL) && lstat(path, &st) == 0 && st.st_uid != 0;
}

bool init_vault_is_free(const char *dir, struct why *why)
{
	return !vault_is_handed_over(dir) || why_not(why, "%s/" VAULT_DIR " belongs to the vault's user already: name another folder", dir);
}

static bool store(struct work *w)
{
	char path[PATH_MAX];
	struct store *s;

	if (store_is_postgres(w->site->store))
		return true; /* it is there already: that of the pool */
	if (!path_of(w, STORE_FILE, path))
		return false;
	s = store_sqlite(path, w->why);
	store_close(s);
	return s != NULL;
}

static bool vault(struct work *w)
{
	if (vault_is_handed_over(w->site->dir))
		return there(w, SITE_ISSUING) || failed(w, VAULT_DIR, "it belongs to the vault's user, and " SITE_ISSUING " is missing");
	return folder(w, VAULT_DIR, 0700) && issuing(w) && vault_keys_make(w->site->dir, w->now, w->why) && store(w);
}

static bool finish(struct work *w, bool ok)
{
	pki_key_free(w->root);
	buf_free(&w->root_der);
	return ok;
}

bool init_site(const struct site *site, bool joined, int64_t unix_s, struct why *why)
{
	struct work w = {.site = site, .now = unix_s, .why = why};

	if (mkdir(site->dir, 0755) < 0 && errno != EEXIST)
		return failed(&w, site->dir, strerror(errno));
	return finish(&w, dir_is_ours(&w) && folder(&w, SITE_IMAGES, 0755) && folder(&w, SITE_LOGS, 0770) && folder(&w, SITE_RUN, 0755) &&
				  root(&w) && vault(&w) && servers(&w) && update(&w) && conf_part(&w, joined) && owners(&w) && conf(&w));
}

/* The pools of a company share these keys; tickets are each pool's own: "a ticket is valid only on the pool that issued it". */
static const struct {
	const char *name;
	mode_t mode;
} company_files[] = {
    {SITE_ROOT_KEY, 0600}, {SITE_ROOT, 0644}, {VAULT_CA, 0600}, {SITE_VAULT "/secret", 0600}, {SITE_UPDATE_KEY, 0600}, {SITE_UPDATE_CERT, 0644},
};

static bool company_copy(const char *dir, const char *from, const char *name, mode_t mode, struct why *why)
{
	struct buf text = {0};
	char path[PATH_MAX];
	bool ok = site_path(path, from, name, why);
	int rc = ok ? file_read(path, PKI_PEM_MAX, &text) : 0;

	ok = ok && (rc == 0 || site_fail(why, path, strerror(-rc))) && site_save(dir, name, &text, mode, why);
	buf_wipe(&text);
	return ok;
}

bool init_company(const char *dir, const char *from, struct why *why)
{
	char path[PATH_MAX];

	if (!site_path(path, dir, VAULT_DIR, why))
		return false;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return site_fail(why, path, strerror(errno));
	for (size_t i = 0; i < sizeof company_files / sizeof *company_files; i++)
		if (!company_copy(dir, from, company_files[i].name, company_files[i].mode, why))
			return false;
	return true;
}

bool init_renew(const struct site *site, int64_t unix_s, char kept[INIT_KEPT], struct why *why)
{
	struct work w = {.site = site, .now = unix_s, .why = why, .anew = true, .kept = kept};

	kept[0] = '\0';
	return finish(&w, dir_is_ours(&w) && root_load(&w) && servers(&w) && network_owners(&w));
}

bool init_owners(const struct site *site, struct why *why)
{
	struct work w = {.site = site, .why = why};
	struct stat st;
	char old[PATH_MAX];
	bool ok = dir_is_ours(&w);

	if (ok && path_of(&w, ROOT_OLD, old) && lstat(old, &st) == 0)
		ok = root_load(&w); /* moves it */
	return finish(&w, ok && owners(&w));
}
