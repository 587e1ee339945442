/* cmd/site/pool.c: dialtone pool: the other pools of the company. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/pool/front_ends.h"
#include "admin/pool/invites.h"
#include "admin/pools.h"
#include "base/date.h"
#include "base/file.h"
#include "cmd/site/site.h"
#include "cmd/text.h"
#include "cmd/verbs.h"

struct pool_options {
	const char *field[POOL_FIELDS];
};

#define AT(f) offsetof(struct pool_options, field[f])

static const struct option_row options[] = {
    {"--sip", "HOST[:PORT]", "its Registrar, as phones inside reach it (NAME:5061)", AT(POOL_SIP)},
    {"--web", "HOST[:PORT]", "its Web Services, inside (NAME)", AT(POOL_WEB)},
    {"--external-sip", "HOST[:PORT]", "its Registrar's public name (none: nobody is sent there from outside)", AT(POOL_EXTERNAL_SIP)},
    {"--external-web", "HOST[:PORT]", "the public name of its Web Services (none)", AT(POOL_EXTERNAL_WEB)},
    {"--store", "DIR", "the folder of its site, or its PostgreSQL database: users are added, changed and moved there, too (not reached)", AT(POOL_STORE)},
    {"--backup", "POOL", "the pool that has its users while it does not answer: needs watch_pools in dialtone.conf (none)", AT(POOL_BACKUP)},
    {0}};

static int put(struct session *s, bool is_new)
{
	const struct pool_options *o = s->c->o;

	return session_did(s, pools_put(&s->admin, s->c->argument[0], o->field, is_new, &s->why));
}

static int pool_add(struct session *s)
{
	return put(s, true);
}

static int pool_set(struct session *s)
{
	return put(s, false);
}

static int pool_remove(struct session *s)
{
	enum admin_result r = pools_remove(&s->admin, s->c->argument[0], &s->why);

	return session_did(s, r == ADMIN_NONE ? ADMIN_UNCHANGED : r);
}

static int pool_sync(struct session *s)
{
	size_t n = 0;
	enum admin_result r = pools_sync(&s->admin, s->c->argument[0], &n, &s->why);
	int rc = session_did(s, r == ADMIN_OK && n == 0 ? ADMIN_UNCHANGED : r);

	session_member(s, "users", json_integer((json_int_t)n));
	if (rc == 0 && n)
		text_print(stderr, "%zu user%s told to %s", n, n == 1 ? "" : "s", s->c->argument[0]);
	return rc;
}

/* The code is shown here and nowhere else: it has to go another way than the file. */
static void invite_show(struct session *s, const char *path, const char *code)
{
	char until[ISO_TIME_MAX];

	s->did = DID_CHANGE;
	session_member(s, "file", json_string(path));
	session_member(s, "code", json_string(code));
	session_member(s, "expires", json_string(iso_time(until, s->admin.now + INVITE_SECONDS)));
	if (!session_people(s))
		return;
	printf("%s\n", code);
	text_print(stderr, "%s is good once, for an hour, with this code; on the new machine type:", path);
	text_print(stderr, "  dialtone init /etc/dialtone --join %s --fqdn NAME --address A", path);
}

static int pool_invite(struct session *s)
{
	const char *path = s->c->argument[0];
	struct buf sealed = {0};
	char code[INVITE_CODE] = "";
	int rc = session_end(s, invite_make(&s->admin, code, &sealed, &s->why)), err;

	if (rc == 0 && (err = file_write(NULL, path, sealed.p, sealed.n, 0600)) != 0)
		rc = command_fail(s->c, EX_CANTCREAT, "%s: %s", path, strerror(-err));
	if (rc == 0)
		invite_show(s, path, code);
	explicit_bzero(code, sizeof code);
	buf_wipe(&sealed);
	return rc;
}

static const struct column columns[] = {
    {"name", COLUMN_TEXT, offsetof(struct store_pool, name)},
    {"sip", COLUMN_TEXT, offsetof(struct store_pool, sip)},
    {"web", COLUMN_TEXT, offsetof(struct store_pool, web)},
    {"external_sip", COLUMN_TEXT, offsetof(struct store_pool, external_sip)},
    {"external_web", COLUMN_TEXT, offsetof(struct store_pool, external_web)},
    {"store", COLUMN_TEXT, offsetof(struct store_pool, store)},
    {"backup", COLUMN_TEXT, offsetof(struct store_pool, backup)},
    {0}};

static bool list_one(void *arg, const struct store_pool *p)
{
	writer_row(arg, p);
	return true;
}

static int pool_list(struct session *s)
{
	struct writer w;
	int rc;

	session_writer(s, &w);
	writer_list(&w, NULL, columns);
	rc = session_end(s, pools_each(&s->admin, list_one, &w, &s->why));
	if (rc) {
		writer_drop(&w);
		return rc;
	}
	if (w.rows == 0)
		text_print(stderr, "there is no pool but this one, %s", s->site.pool);
	return writer_end(&w);
}

static const struct column front_end_columns[] = {
    {"name", COLUMN_TEXT, offsetof(struct front_end, name)},
    {"runs", COLUMN_BOOL, offsetof(struct front_end, runs)},
    {"registered", COLUMN_NUMBER, offsetof(struct front_end, registered)},
    {0}};

static int pool_front_ends(struct session *s)
{
	struct front_end *all = calloc(FRONT_ENDS_MAX, sizeof *all);
	struct writer w;
	size_t n = 0;
	int rc;

	if (all == NULL)
		return command_fail(s->c, EX_OSERR, "out of memory");
	rc = session_end(s, front_ends_look(&s->admin, FRONT_ENDS_WAIT_MS, all, &n, &s->why));
	if (rc == 0) {
		session_writer(s, &w);
		writer_list(&w, NULL, front_end_columns);
		for (size_t i = 0; i < n; i++)
			writer_row(&w, &all[i]);
		if (n == 0)
			text_print(stderr, "this front end is alone: its store is a file of its own");
		rc = writer_end(&w);
	}
	free(all);
	return rc;
}

static const struct verb *const verbs[] = {
    SITE_VERB("add", "POOL", "adds a pool to which its users are sent", pool_add, .options = options, .size = sizeof(struct pool_options)),
    SITE_VERB("set", "POOL", "changes what is given, leaves the rest", pool_set, .options = options, .size = sizeof(struct pool_options)),
    SITE_VERB("list", "", "lists the other pools", pool_list),
    SITE_VERB("front-ends", "", "lists the front ends that share this pool's store, after a look at which of them run", pool_front_ends),
    SITE_VERB("sync", "POOL", "tells it all users of this one again", pool_sync),
    SITE_VERB("invite", "FILE", "lets a further front end join this pool, by a sealed file", pool_invite),
    SITE_VERB("remove", "POOL", "removes a pool that is nobody's home", pool_remove),
    NULL};

const struct verb verb_pool = {
    .name = "pool",
    .what = "the other pools of the company, and further front ends of this one: add, set, list, front-ends, sync, invite, remove",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The other pools of the company. A phone whose user lives there is sent there: Web Services and Registrar.",
    .example = "  dialtone pool add pool2.contoso.test --store /etc/dialtone-pool2\n"
	       "  dialtone user move alice@contoso.test pool2.contoso.test\n",
};
