#include "tests/unit/store/store_world.h"

#include <unistd.h>

#include "tests/unit/store/pg.h"

/* ---- the backends: the suite holds for each -------------------------------------------------------------------------- */

static struct store *open_sqlite(struct place *p, struct why *why)
{
	return store_sqlite(p->path, why);
}

static struct store *open_memory(struct place *p, struct why *why)
{
	(void)p;
	return store_sqlite(":memory:", why);
}

static struct store *open_postgres(struct place *p, struct why *why)
{
	if (p->database[0] == '\0')
		pg_database(p->database, sizeof p->database);
	return store_postgres(p->database, why);
}

static const struct backend backends[] = {{"SQLite", open_sqlite, true}, {"memory", open_memory, false}, {"PostgreSQL", open_postgres, true}};
static const struct backend *backend = &backends[0]; /* the one that the suite runs on now */

int store_world_setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->b = backend;
	strcpy(p->dir, "/tmp/dialtone-store.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof p->path, "%s/store.db", p->dir);
	*state = p;
	return 0;
}

int store_world_teardown(void **state)
{
	struct place *p = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", p->path, ends[i]);
		unlink(path);
	}
	rmdir(p->dir);
	free(p);
	return 0;
}

struct store *store_world_open(void **state)
{
	struct place *p = *state;
	struct why why = {0};
	struct store *s = p->b->open(p, &why);

	if (s == NULL)
		fail_msg("%s: %s", p->b->name, why.text);
	return s;
}

struct store *store_world_reopen(void **state, struct store *s)
{
	if (!((struct place *)*state)->b->lasts)
		return s;
	store_close(s);
	return store_world_open(state);
}

struct store_user store_world_user(const char *aor, const char *login, const char *number, const char *extension)
{
	struct store_user u = {.enabled = true, .remote = true, .created = 1000};

	strcpy(u.aor, aor);
	strcpy(u.login, login);
	strcpy(u.number, number);
	strcpy(u.extension, extension);
	return u;
}


/* ---- what the tests write ------------------------------------------------------------ */

struct store_cert store_world_cert(int64_t user, const char *device, uint32_t serial)
{
	struct store_cert c = {.user = user, .published = serial, .expires = serial + 1000};

	strcpy(c.device, device);
	memcpy(c.sha1, &serial, sizeof serial);
	buf_printf(&c.der, "certificate %u", serial);
	return c;
}

enum store_result store_world_put(struct store *s, int64_t user, const char *device, uint32_t serial)
{
	struct store_cert c = store_world_cert(user, device, serial);
	enum store_result r = s->ops->cert_put(s, &c);

	store_cert_clear(&c);
	return r;
}

bool store_world_has(struct store *s, uint32_t serial)
{
	struct store_cert c = store_world_cert(0, "", serial), got = {0};
	enum store_result r = s->ops->cert_find(s, c.sha1, &got);

	assert_true(r == STORE_OK || r == STORE_NONE);
	if (r == STORE_OK)
		assert_true(sv_eq(buf_view(&got.der), buf_view(&c.der)) && got.expires == serial + 1000);
	store_cert_clear(&c);
	store_cert_clear(&got);
	return r == STORE_OK;
}

bool store_world_count_cert(void *arg, const struct store_cert *c)
{
	(void)c;
	++*(unsigned *)arg;
	return true;
}

static int run(const char *suite, const struct CMUnitTest *t, size_t n)
{
	char name[64];

	snprintf(name, sizeof name, "%s, %s", suite, backend->name);
	return n ? _cmocka_run_group_tests(name, t, n, NULL, NULL) : 0;
}

int store_world_run(const char *suite, const struct CMUnitTest *all, size_t n, const struct CMUnitTest *lasting, size_t m)
{
	int failed = 0;

	for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
		const char *no;

		backend = &backends[i];
		if (backend->open == open_postgres && (no = pg_start()) != NULL) {
			print_message("[  SKIPPED ] %s, PostgreSQL: %s\n", suite, no);
			continue;
		}
		failed += run(suite, all, n);
		if (backend->lasts)
			failed += run(suite, lasting, m);
	}
	backend = &backends[0];
	return failed;
}
