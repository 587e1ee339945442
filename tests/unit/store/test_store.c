/* tests/unit/store/test_store.c: what lasts, lasts; unique values stay unique; counters that two processes change at once. */
#include "tests/support/check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"

struct place {
	char dir[64], path[96];
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	strcpy(p->dir, "/tmp/dialtone-store.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof p->path, "%s/store.db", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
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

static struct store *open_at(void **state)
{
	struct why why = {0};
	struct store *s = store_sqlite(((struct place *)*state)->path, &why);

	if (s == NULL)
		fail_msg("%s", why.text);
	return s;
}

static struct store_user user_of(const char *aor, const char *login, const char *number, const char *extension)
{
	struct store_user u = {.enabled = true, .remote = true, .created = 1000};

	strcpy(u.aor, aor);
	strcpy(u.login, login);
	strcpy(u.number, number);
	strcpy(u.extension, extension);
	return u;
}

static bool count_user(void *arg, const struct store_user *u)
{
	(void)u;
	++*(unsigned *)arg;
	return true;
}

/* A user with an address, login or extension that another user has is refused, and the store names that user. */
static void users_are_unique(struct store *s)
{
	static const struct {
		const char *aor, *login, *number, *extension, *why;
	} rows[] = {
	    {"ALICE@contoso.TEST", "", "", "", "this address belongs to alice@contoso.test"},
	    {"x@contoso.test", "contoso\\BOB", "", "", "this login belongs to bob@contoso.test"},
	    {"x@contoso.test", "", "+14255550123", "4412", "this extension with that number belongs to bob@contoso.test"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct store_user u = user_of(rows[i].aor, rows[i].login, rows[i].number, rows[i].extension);

		assert_int_equal(s->ops->user_add(s, &u), STORE_TAKEN);
		assert_string_equal(store_why(s), rows[i].why);
	}
}

static void users(void **state)
{
	struct store *s = open_at(state);
	struct store_user a = user_of("Alice@Contoso.test", "CONTOSO\\Alice", "+14255550123", "4411");
	struct store_user b = user_of("bob@contoso.test", "CONTOSO\\bob", "+14255550123", "4412");
	struct store_user c = user_of("carol@contoso.test", "", "", ""), got, both[4];
	struct store_user d = user_of("dave@contoso.test", "", "", "");
	unsigned all = 0;
	int64_t was;
	size_t n = 0;

	a.n_nt_hash = 44;
	memset(a.nt_hash, 7, 44);
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &b), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &c), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &d), STORE_OK); /* a second one without login, number, extension */
	users_are_unique(s);
	store_close(s);

	s = open_at(state);
	assert_int_equal(s->ops->user_get(s, "aLICE@contoso.test", &got), STORE_OK);
	assert_string_equal(got.aor, "alice@contoso.test");
	assert_string_equal(got.login, "CONTOSO\\Alice");
	assert_true(got.n_nt_hash == 44 && got.nt_hash[43] == 7 && got.enabled && got.remote && got.created == 1000);
	assert_int_equal(s->ops->user_by_login(s, "contoso\\alice", &got), STORE_OK);
	assert_int_equal(s->ops->user_by_login(s, "", &got), STORE_NONE);
	assert_int_equal(s->ops->user_get(s, "nobody@contoso.test", &got), STORE_NONE);
	assert_string_equal(got.aor, "alice@contoso.test"); /* untouched */
	assert_int_equal(s->ops->user_by_line(s, "+14255550123", NULL, both, 4, &n), STORE_OK);
	assert_int_equal(n, 2);
	assert_int_equal(s->ops->user_by_line(s, NULL, "4412", both, 4, &n), STORE_OK);
	assert_true(n == 1 && strcmp(both[0].aor, "bob@contoso.test") == 0);
	assert_int_equal(s->ops->user_by_line(s, "+14255550123", "4411", both, 4, &n), STORE_OK);
	assert_true(n == 1 && strcmp(both[0].aor, "alice@contoso.test") == 0);
	assert_int_equal(s->ops->user_by_line(s, "+14255550123", "4413", both, 4, &n), STORE_NONE);
	assert_int_equal(s->ops->user_each(s, count_user, &all), STORE_OK);
	assert_int_equal(all, 4);

	got.enabled = false;
	strcpy(got.display, "Alice A.");
	assert_int_equal(s->ops->user_set(s, &got), STORE_OK);
	was = got.id;
	got = (struct store_user){0};
	assert_int_equal(s->ops->user_by_id(s, was, &got), STORE_OK);
	assert_true(!got.enabled && strcmp(got.display, "Alice A.") == 0);
	strcpy(got.login, "contoso\\bob");
	assert_int_equal(s->ops->user_set(s, &got), STORE_TAKEN);
	assert_int_equal(s->ops->user_remove(s, was), STORE_OK);
	assert_int_equal(s->ops->user_remove(s, was), STORE_NONE);
	a.id = 0;
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_not_equal(a.id, was); /* a number is never used again */
	store_close(s);
}

static void remembers_three(void *arg, size_t i, struct store_pin *p)
{
	(void)arg;
	(void)i;
	p->local += 3;
	p->global += 5;
	p->locked_until = 99;
	p->local_since = 98;
	p->last_attempt = 97;
}

static void pins(void **state)
{
	struct store *s = open_at(state);
	struct store_user a = user_of("alice@contoso.test", "", "", "");
	struct store_pin p = {.set = true, .length = 5}, got;
	struct store_old_pin old[8];
	int64_t ids[2] = {0, 0};
	size_t n = 9;

	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_NONE);
	ids[1] = a.id;
	assert_int_equal(s->ops->pin_step(s, ids, 2, remembers_three, NULL), STORE_OK); /* before there is one, and nobody's */
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_OK);
	assert_true(!got.set && got.local == 3 && got.global == 5 && got.locked_until == 99);
	assert_int_equal(s->ops->pin_get(s, 0, &got), STORE_OK);
	assert_int_equal(got.local, 3);
	for (uint8_t i = 1; i <= 5; i++) {
		memset(p.hash, i, sizeof p.hash);
		p.set_at = i;
		assert_int_equal(s->ops->pin_set(s, a.id, &p, 3), STORE_OK);
	}
	store_close(s);
	s = open_at(state);
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_OK);
	assert_true(got.set && got.hash[0] == 5 && got.length == 5 && got.local == 0 && got.locked_until == 0);
	assert_int_equal(s->ops->pin_history(s, a.id, old, 8, &n), STORE_OK);
	assert_int_equal(n, 3);
	assert_true(old[0].hash[0] == 4 && old[2].hash[0] == 2);
	assert_int_equal(s->ops->user_remove(s, a.id), STORE_OK);
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_NONE);
	assert_int_equal(s->ops->pin_history(s, a.id, old, 8, &n), STORE_OK);
	assert_int_equal(n, 0);
	store_close(s);
}

static void one_more(void *arg, size_t i, struct store_pin *p)
{
	(void)arg;
	(void)i;
	p->local++;
}

static void two_processes_count(void **state)
{
	struct store *s = open_at(state);
	struct store_user a = user_of("alice@contoso.test", "", "", "");
	struct store_pin got;
	pid_t child[2];

	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	store_close(s);
	for (int k = 0; k < 2; k++) {
		if ((child[k] = fork()) == 0) {
			struct store *mine = open_at(state);
			int lost = 0;

			for (int i = 0; i < 100; i++)
				lost += mine->ops->pin_step(mine, &a.id, 1, one_more, NULL) != STORE_OK;
			store_close(mine);
			_exit(lost != 0);
		}
	}
	for (int k = 0; k < 2; k++) {
		int st = -1;

		assert_int_equal(waitpid(child[k], &st, 0), child[k]);
		assert_int_equal(st, 0);
	}
	s = open_at(state);
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_OK);
	assert_int_equal(got.local, 200);
	store_close(s);
}

/* ---- certificates ---------------------------------------------------------------------------------------- */

static struct store_cert cert_of(int64_t user, const char *device, uint32_t serial)
{
	struct store_cert c = {.user = user, .published = serial, .expires = serial + 1000};

	strcpy(c.device, device);
	memcpy(c.sha1, &serial, sizeof serial);
	buf_printf(&c.der, "certificate %u", serial);
	return c;
}

static enum store_result put(struct store *s, int64_t user, const char *device, uint32_t serial)
{
	struct store_cert c = cert_of(user, device, serial);
	enum store_result r = s->ops->cert_put(s, &c);

	store_cert_clear(&c);
	return r;
}

static bool has(struct store *s, uint32_t serial)
{
	struct store_cert c = cert_of(0, "", serial), got = {0};
	enum store_result r = s->ops->cert_find(s, c.sha1, &got);

	assert_true(r == STORE_OK || r == STORE_NONE);
	if (r == STORE_OK)
		assert_true(sv_eq(buf_view(&got.der), buf_view(&c.der)) && got.expires == serial + 1000);
	store_cert_clear(&c);
	store_cert_clear(&got);
	return r == STORE_OK;
}

static bool count_cert(void *arg, const struct store_cert *c)
{
	(void)c;
	++*(unsigned *)arg;
	return true;
}

static void certificates(void **state)
{
	struct store *s = open_at(state);
	struct store_user a = user_of("alice@contoso.test", "", "", ""), b = user_of("bob@contoso.test", "", "", "");
	struct store_cert c;
	unsigned n = 0;

	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &b), STORE_OK);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(put(s, a.id, "phone", i), STORE_OK);
	assert_int_equal(put(s, a.id, "desk", 10), STORE_OK);
	assert_int_equal(put(s, b.id, "phone", 20), STORE_OK);
	store_close(s);
	s = open_at(state);
	assert_true(!has(s, 1) && has(s, 2) && has(s, 3) && has(s, 10) && has(s, 20)); /* of a device the newest two */
	c = cert_of(a.id, "phone", 2);
	assert_int_equal(s->ops->cert_settle(s, &c), STORE_OK); /* the older in use: the newer stays */
	assert_true(has(s, 2) && has(s, 3));
	store_cert_clear(&c);
	c = cert_of(a.id, "phone", 3);
	assert_int_equal(s->ops->cert_settle(s, &c), STORE_OK);
	store_cert_clear(&c);
	assert_true(!has(s, 2) && has(s, 3) && has(s, 10) && has(s, 20));
	assert_int_equal(s->ops->cert_each(s, a.id, count_cert, &n), STORE_OK);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(s->ops->cert_each(s, 0, count_cert, &n), STORE_OK);
	assert_int_equal(n, 3);
	assert_int_equal(s->ops->cert_revoke(s, a.id, 5555, &n), STORE_OK);
	assert_int_equal(n, 2);
	assert_true(!has(s, 3) && !has(s, 10) && has(s, 20));
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &a), STORE_OK);
	assert_int_equal(a.tickets_after, 5555);
	assert_int_equal(s->ops->cert_revoke(s, 12345, 5555, &n), STORE_NONE);
	assert_int_equal(s->ops->user_remove(s, b.id), STORE_OK);
	assert_false(has(s, 20));
	store_close(s);
}

/* A writer is killed at no particular moment: whatever it was told is stored, is there afterwards. */
static void acknowledged_is_kept(void **state)
{
	uint32_t told = 0, serial;

	for (int round = 0; round < 8; round++) {
		struct store *s;
		int fd[2], st;
		pid_t child;

		assert_int_equal(pipe(fd), 0);
		if ((child = fork()) == 0) {
			s = open_at(state);
			for (serial = told + 1;; serial++)
				if (put(s, 1 + serial, "phone", serial) != STORE_OK ||
				    write(fd[1], &serial, sizeof serial) != sizeof serial)
					_exit(1);
		}
		close(fd[1]);
		for (int i = 0; i < 3 + 5 * round && read(fd[0], &serial, sizeof serial) == sizeof serial; i++)
			told = serial;
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &st, 0), child);
		assert_true(WIFSIGNALED(st));
		while (read(fd[0], &serial, sizeof serial) == sizeof serial)
			told = serial;
		close(fd[0]);
		s = open_at(state);
		for (uint32_t i = 1; i <= told; i++)
			assert_true(has(s, i));
		if (has(s, told + 1)) /* stored, and killed before it could say so */
			told++;
		store_close(s);
	}
}

/* ---- devices, rules, audit ------------------------------------------------------------------------------- */

static bool keep_device(void *arg, const struct store_device *d)
{
	*(struct store_device *)arg = *d;
	return true;
}

static bool count_image(void *arg, const struct store_image *im)
{
	(void)im;
	++*(unsigned *)arg;
	return true;
}

static void updates(void **state)
{
	struct store *s = open_at(state);
	struct store_rule r = {.guid = "g", .device_type = "UCPhone", .brand = "POLYCOM", .model = "CX600", .revision = "A",
			       .locale = "ENU", .pending = "4.0.0.2"};
	struct store_rule key = {.device_type = "ucphone", .brand = "Polycom", .model = "cx600", .revision = "a", .locale = "enu"};
	struct store_rule got, other = r;
	struct store_image im = {.version = "4.0.0.2", .file = "f.nbt", .signature = "f.cat", .size = 1ull << 33, .sha256 = "00"};
	struct store_image im2;
	struct store_device d = {.mac = "00-04-F2-00-01-76", .version = "1", .first_seen = 5, .last_seen = 5}, seen;
	struct store_test_device t = {.name = "lab", .is_mac = true, .id = "0004F2000176"};
	unsigned n = 0;

	assert_int_equal(s->ops->rule_put(s, &r), STORE_OK);
	assert_int_equal(s->ops->rule_find(s, &key, &got), STORE_OK);
	assert_true(got.id == r.id && strcmp(got.pending, "4.0.0.2") == 0 && strcmp(got.brand, "POLYCOM") == 0);
	assert_int_equal(s->ops->rule_put(s, &other), STORE_TAKEN); /* the same device, twice */
	strcpy(got.approved, "4.0.0.2");
	got.pending[0] = '\0';
	assert_int_equal(s->ops->rule_put(s, &got), STORE_OK);
	im.rule = r.id;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	im.released = true;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_int_equal(s->ops->image_get(s, r.id, "4.0.0.2", &im2), STORE_OK);
	assert_true(im2.released && im2.size == 1ull << 33 && strcmp(im2.signature, "f.cat") == 0);
	assert_int_equal(s->ops->image_get(s, r.id, "4.0.0.3", &im2), STORE_NONE);
	assert_int_equal(s->ops->image_each(s, r.id, count_image, &n), STORE_OK);
	assert_int_equal(n, 1);
	assert_int_equal(s->ops->rule_remove(s, r.id), STORE_OK);
	assert_int_equal(s->ops->image_get(s, r.id, "4.0.0.2", &im2), STORE_NONE);
	assert_int_equal(s->ops->rule_find(s, &key, &got), STORE_NONE);

	assert_int_equal(s->ops->device_put(s, &d), STORE_OK);
	d.first_seen = d.last_seen = 9;
	strcpy(d.version, "2");
	assert_int_equal(s->ops->device_put(s, &d), STORE_OK);
	assert_int_equal(s->ops->device_each(s, keep_device, &seen), STORE_OK);
	assert_true(seen.first_seen == 5 && seen.last_seen == 9 && strcmp(seen.version, "2") == 0);

	assert_int_equal(s->ops->test_device_put(s, &t), STORE_OK);
	assert_int_equal(s->ops->test_device_find(s, true, "0004F2000176"), STORE_OK);
	assert_int_equal(s->ops->test_device_find(s, false, "0004F2000176"), STORE_NONE);
	assert_int_equal(s->ops->test_device_remove(s, "lab"), STORE_OK);
	assert_int_equal(s->ops->test_device_remove(s, "lab"), STORE_NONE);
	store_close(s);
}

static bool last_row(void *arg, int64_t at, const char *what, const char *whom, bool ok, const char *detail)
{
	snprintf(arg, 128, "%lld %s %s %d %s", (long long)at, what, whom, ok, detail);
	return true;
}

static void audit(void **state)
{
	struct store *s = open_at(state);
	char row[128] = "";

	assert_int_equal(s->ops->audit(s, 10, "pin", "alice@contoso.test", false, "wrong PIN"), STORE_OK);
	assert_int_equal(s->ops->audit_each(s, 11, last_row, row), STORE_OK);
	assert_string_equal(row, "");
	assert_int_equal(s->ops->audit_each(s, 10, last_row, row), STORE_OK);
	assert_string_equal(row, "10 pin alice@contoso.test 0 wrong PIN");
	store_close(s);
}

static void refusals(void **state)
{
	struct place *p = *state;
	struct why why = {0};
	struct buf junk = {0};

	assert_null(store_sqlite("/nowhere/at/all/store.db", &why));
	assert_non_null(strstr(why.text, "/nowhere/at/all/store.db"));
	for (int i = 0; i < 400; i++)
		buf_str(&junk, "not a database ");
	assert_int_equal(file_write(NULL, p->path, junk.p, junk.n, 0600), 0);
	assert_null(store_sqlite(p->path, &why));
	assert_non_null(strstr(why.text, "not a database"));
	buf_free(&junk);
}

/* Between begin() and end() all is written or nothing, even if a caller opened a transaction of its own in between. */
static void whole(void **state)
{
	struct store *s = open_at(state);
	struct store_user a = user_of("a@contoso.test", "", "", "1"), b = user_of("b@contoso.test", "", "", "2");
	struct store_user c = user_of("c@contoso.test", "", "", "2"), got;
	struct store_pin p = {.set = true, .length = 5};

	assert_int_equal(s->ops->begin(s), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->begin(s), STORE_OK); /* one inside the other */
	assert_int_equal(s->ops->pin_set(s, a.id, &p, 3), STORE_OK);
	assert_int_equal(s->ops->end(s, STORE_OK), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &b), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &c), STORE_TAKEN);
	assert_int_equal(s->ops->end(s, STORE_OK), STORE_FAILED); /* a caller that does not name its version is refused */
	assert_int_equal(s->ops->user_get(s, "a@contoso.test", &got), STORE_NONE);
	assert_int_equal(s->ops->user_get(s, "b@contoso.test", &got), STORE_NONE);
	assert_int_equal(s->ops->begin(s), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->end(s, STORE_TAKEN), STORE_TAKEN);
	assert_int_equal(s->ops->user_get(s, "a@contoso.test", &got), STORE_NONE);
	assert_int_equal(s->ops->begin(s), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->pin_set(s, a.id, &p, 3), STORE_OK);
	assert_int_equal(s->ops->end(s, STORE_OK), STORE_OK);
	store_close(s);
	s = open_at(state);
	assert_int_equal(s->ops->user_get(s, "a@contoso.test", &got), STORE_OK);
	assert_int_equal(s->ops->pin_get(s, got.id, &p), STORE_OK);
	store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(users),	      T(pins),	  T(two_processes_count), T(certificates),
					   T(acknowledged_is_kept), T(updates), T(audit),		  T(refusals),
					   T(whole)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
