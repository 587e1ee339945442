/* cmd/site/store.c: dialtone store: where users, PINs and certificates are kept. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/site/site.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "server/control/control.h"

static void copied(void *arg, const char *table, uint64_t rows)
{
	(void)arg;
	text_print(stderr, "%s: %llu", table, (unsigned long long)rows);
}

/* A change that is made while it is copied would be lost. */
static int stopped(struct session *s)
{
	struct buf text = {0};
	struct why why = {0};
	bool runs = !control_status(s->site.dir, &text, &why) || text.n;

	buf_free(&text);
	return runs ? command_fail(s->c, EX_UNAVAILABLE, "dialtoned runs: stop it first, and start it with the new store") : 0;
}

/* The file belongs to whom its folder belongs: the vault. */
static int own(struct session *s, const char *path)
{
	char folder[4096];
	struct stat st;
	char *slash;

	snprintf(folder, sizeof folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	if (stat(slash ? folder : ".", &st) < 0 || chmod(path, 0600) < 0 || (geteuid() == 0 && chown(path, st.st_uid, st.st_gid) < 0))
		return command_fail(s->c, EX_IOERR, "%s: %s", path, strerror(errno));
	return 0;
}

static int copy_to(struct session *s, const char *to)
{
	struct why why = {0};
	struct store *new = store_open(to, &why);
	int rc = 0;

	if (new == NULL)
		return command_fail(s->c, EX_CANTCREAT, "%s", why.text);
	if (!store_copy(s->admin.store, new, copied, NULL, &why))
		rc = command_fail(s->c, EX_IOERR, "%s; nothing was copied", why.text);
	store_close(new);
	return rc;
}

/* A file of SQLite, and what stands beside it while it is written. */
static void forget(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if ((size_t)snprintf(name, sizeof name, "%s%s", path, ends[i]) < sizeof name)
			unlink(name);
}

/* The copy has a name of its own until all is in it: half a copy looks like a store. */
static int copy_to_file(struct session *s, const char *to)
{
	char part[PATH_MAX];
	mode_t was = umask(077);
	int rc;

	if (access(to, F_OK) == 0)
		rc = command_fail(s->c, EX_CANTCREAT, "'%s' is there already; name a new file", to);
	else if ((size_t)snprintf(part, sizeof part, "%s.part", to) >= sizeof part - 8)
		rc = command_fail(s->c, EX_CANTCREAT, "'%s' is too long", to);
	else {
		forget(part); /* of a run that was killed */
		rc = copy_to(s, part);
		if (rc == 0)
			rc = own(s, part);
		if (rc == 0 && rename(part, to) < 0)
			rc = command_fail(s->c, EX_CANTCREAT, "%s: %s", to, strerror(errno));
		if (rc)
			forget(part);
	}
	umask(was);
	return rc;
}

static int store_copy_verb(struct session *s)
{
	const char *to = s->c->argument[0];
	bool postgres = store_is_postgres(to);
	int rc = stopped(s);

	if (rc == 0)
		rc = postgres ? copy_to(s, to) : copy_to_file(s, to);
	if (rc == 0)
		s->did = DID_CHANGE;
	if (rc == 0)
		text_print(stderr, postgres ? "copied; put into dialtone.conf: store = \"%s\"" : "copied; take 'store' out of dialtone.conf when this is "
			 "DIR/vault/store.db: %s", to);
	return rc;
}

static const struct verb *const verbs[] = {
    SITE_VERB("copy", "TO", "copies all of it to PostgreSQL (postgresql://...) or into a new SQLite file", store_copy_verb), NULL};

const struct verb verb_store = {
    .name = "store",
    .what = "where users, PINs and certificates are kept: copy",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The store: an SQLite file of the site's own, or a database of PostgreSQL that several front ends share.",
    .example = "  dialtone store copy 'postgresql://db1,db2/dialtone?user=dialtone'\n",
};
