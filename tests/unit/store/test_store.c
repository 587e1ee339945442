/* tests/unit/store/test_store.c: the one suite of every backend: what lasts, lasts; unique values stay unique; counters that two processes change at once. */
#include "tests/unit/store/store_world.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
		struct store_user u = store_world_user(rows[i].aor, rows[i].login, rows[i].number, rows[i].extension);

		assert_int_equal(s->ops->user_add(s, &u), STORE_TAKEN);
		assert_string_equal(store_why(s), rows[i].why);
	}
}

static void users(void **state)
{
	struct store *s = store_world_open(state);
	struct store_user a = store_world_user("Alice@Contoso.test", "CONTOSO\\Alice", "+14255550123", "4411");
	struct store_user b = store_world_user("bob@contoso.test", "CONTOSO\\bob", "+14255550123", "4412");
	struct store_user c = store_world_user("carol@contoso.test", "", "", ""), got, both[4];
	struct store_user d = store_world_user("dave@contoso.test", "", "", "");
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
	s = store_world_reopen(state, s);
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
	assert_int_equal(s->ops->user_each(s, NULL, count_user, &all), STORE_OK);
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

/* New-CsPinPolicy, Grant-CsPinPolicy, New-CsCommonAreaPhone, Lock-CsClientPin: what the store keeps of them. */
static void rooms_and_policies(void **state)
{
	struct store *s = store_world_open(state);
	struct store_user u = {.aor = "6a1c0d0e@contoso.test", .extension = "6710", .display_number = "+1 (425) 555-6710", .common_area = true,
			       .pin_policy = "lobby", .pin_locked = true},
			  got;
	struct store_pin_policy p = {"Lobby", 8, 30, 5, 10, true}, back;

	assert_int_equal(s->ops->policy_get(s, "lobby", &back), STORE_NONE);
	assert_int_equal(s->ops->policy_put(s, &p), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &u), STORE_OK);
	s = store_world_reopen(state, s);
	assert_int_equal(s->ops->user_get(s, u.aor, &got), STORE_OK);
	assert_true(got.common_area && got.pin_locked);
	assert_string_equal(got.display_number, u.display_number);
	assert_string_equal(got.pin_policy, "lobby");
	assert_int_equal(s->ops->policy_get(s, "LOBBY", &back), STORE_OK);
	assert_true(back.min_length == 8 && back.lifetime == 30 && back.history == 5 && back.attempts == 10 && back.common);
	assert_int_equal(s->ops->policy_remove(s, "lobby"), STORE_TAKEN);
	got.pin_policy[0] = '\0';
	got.pin_locked = got.common_area = false;
	assert_int_equal(s->ops->user_set(s, &got), STORE_OK);
	assert_int_equal(s->ops->user_get(s, u.aor, &got), STORE_OK);
	assert_false(got.common_area || got.pin_locked);
	assert_int_equal(s->ops->policy_remove(s, "lobby"), STORE_OK);
	assert_int_equal(s->ops->policy_remove(s, "lobby"), STORE_NONE);
	store_close(s);
}

static void pins(void **state)
{
	struct store *s = store_world_open(state);
	struct store_user a = store_world_user("alice@contoso.test", "", "", "");
	struct store_pin p = {.set = true, .length = 5, .key = 1}, got;
	struct store_old_pin old[8];
	int64_t ids[2] = {0, 0};
	uint64_t made = 9;
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
		p.key = i;
		assert_int_equal(s->ops->pin_set(s, a.id, &p, 3), STORE_OK);
	}
	s = store_world_reopen(state, s);
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_OK);
	assert_true(got.set && got.hash[0] == 5 && got.length == 5 && got.local == 0 && got.locked_until == 0);
	assert_int_equal(s->ops->pin_history(s, a.id, old, 8, &n), STORE_OK);
	assert_int_equal(n, 3);
	assert_true(old[0].hash[0] == 4 && old[2].hash[0] == 2 && old[0].key == 4 && old[2].key == 2);
	assert_int_equal(s->ops->pins_of_key(s, 4, &made), STORE_OK);
	assert_int_equal(made, 0);
	p.key = 7;
	p.salt[0] = 1; /* another PIN than the one that is there */
	assert_int_equal(s->ops->pin_rehash(s, a.id, &p), STORE_NONE);
	p.salt[0] = 0;
	p.hash[0] = 6;
	assert_int_equal(s->ops->pin_rehash(s, a.id, &p), STORE_OK);
	assert_int_equal(s->ops->pin_rehash(s, a.id, &p), STORE_NONE);
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_OK);
	assert_true(got.hash[0] == 6 && got.key == 7 && got.length == 5 && got.set_at == 5);
	assert_int_equal(s->ops->pins_of_key(s, 7, &made), STORE_OK);
	assert_int_equal(made, 1);
	assert_int_equal(s->ops->pins_of_key(s, 1, &made), STORE_OK);
	assert_int_equal(made, 0); /* nobody's row is no PIN */
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
	struct store *s = store_world_open(state);
	struct store_user a = store_world_user("alice@contoso.test", "", "", "");
	struct store_pin got;
	pid_t child[2];

	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	store_close(s);
	for (int k = 0; k < 2; k++) {
		if ((child[k] = fork()) == 0) {
			struct store *mine = store_world_open(state);
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
	s = store_world_open(state);
	assert_int_equal(s->ops->pin_get(s, a.id, &got), STORE_OK);
	assert_int_equal(got.local, 200);
	store_close(s);
}

static bool last_row(void *arg, int64_t at, const char *what, const char *whom, bool ok, const char *detail)
{
	snprintf(arg, 128, "%lld %s %s %d %s", (long long)at, what, whom, ok, detail);
	return true;
}

static void audit(void **state)
{
	struct store *s = store_world_open(state);
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
	struct store *s = store_world_open(state);
	struct store_user a = store_world_user("a@contoso.test", "", "", "1"), b = store_world_user("b@contoso.test", "", "", "2");
	struct store_user c = store_world_user("c@contoso.test", "", "", "2"), got;
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
	s = store_world_reopen(state, s);
	assert_int_equal(s->ops->user_get(s, "a@contoso.test", &got), STORE_OK);
	assert_int_equal(s->ops->pin_get(s, got.id, &p), STORE_OK);
	store_close(s);
}

/* Long transactions one after the other, with the pause of an import between them. */
static void write_much(struct store *s)
{
	for (unsigned part = 0; part < 50; part++) {
		unsigned patience = 20; /* as an import has */

		while (s->ops->begin(s) != STORE_OK)
			if (patience-- == 0)
				_exit(1);
		for (unsigned i = 0; i < 200; i++) {
			struct store_user u = store_world_user("", "", "", "");

			snprintf(u.aor, sizeof u.aor, "u%u.%u@contoso.test", part, i);
			if (s->ops->user_add(s, &u) != STORE_OK)
				_exit(2);
		}
		if (s->ops->end(s, STORE_OK) != STORE_OK)
			_exit(3);
		usleep(4000);
	}
}

/* Whoever signs in while users are imported is served between two parts. */
static void beside_an_import(void **state)
{
	struct store *s = store_world_open(state);
	struct store_user a = store_world_user("alice@contoso.test", "", "", "");
	unsigned done = 0;
	int st = -1;
	pid_t child;

	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	store_close(s);
	if ((child = fork()) == 0) {
		s = store_world_open(state);
		write_much(s);
		store_close(s);
		_exit(0);
	}
	s = store_world_open(state);
	while (waitpid(child, &st, WNOHANG) == 0) {
		assert_int_equal(s->ops->pin_step(s, &a.id, 1, one_more, NULL), STORE_OK);
		usleep(2000);
		done++;
	}
	assert_int_equal(st, 0);
	assert_in_range(done, 10, 1000000);
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
			s = store_world_open(state);
			for (serial = told + 1;; serial++)
				if (store_world_put(s, 1 + serial, "phone", serial) != STORE_OK ||
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
		s = store_world_open(state);
		for (uint32_t i = 1; i <= told; i++)
			assert_true(store_world_has(s, i));
		if (store_world_has(s, told + 1)) /* stored, and killed before it could say so */
			told++;
		store_close(s);
	}
}

/* ---- lists ------------------------------------------------------------------------------------------------------------- */

enum { MANY = 1000 };

struct listing {
	struct store *s;
	unsigned n, stop;
	char last[256];
	bool in_order;
};

/* The store is used and written while it lists. */
static bool in_order(void *arg, const struct store_user *u)
{
	struct listing *l = arg;
	struct store_user copy = *u;

	l->in_order &= strcmp(l->last, u->aor) < 0;
	strcpy(l->last, u->aor);
	strcpy(copy.display, "listed");
	if (l->s->ops->user_set(l->s, &copy) != STORE_OK)
		fail_msg("%s", store_why(l->s));
	return ++l->n != l->stop;
}

static void lists(void **state)
{
	struct store *s = store_world_open(state);
	struct listing all = {s, 0, MANY + 1, "", true}, some = {s, 0, 300, "", true};
	struct store_user got;
	unsigned n = 0;

	assert_int_equal(s->ops->begin(s), STORE_OK);
	for (int i = 0; i < MANY; i++) {
		struct store_user u = store_world_user("", "", "", "");

		snprintf(u.aor, sizeof u.aor, "u%04d@contoso.test", i * 7 % MANY);
		assert_int_equal(s->ops->user_add(s, &u), STORE_OK);
		assert_int_equal(store_world_put(s, u.id, "phone", (uint32_t)i + 1), STORE_OK);
	}
	assert_int_equal(s->ops->end(s, STORE_OK), STORE_OK);
	assert_int_equal(s->ops->user_each(s, NULL, in_order, &all), STORE_OK);
	assert_true(all.n == MANY && all.in_order);
	assert_int_equal(s->ops->user_get(s, "u0999@contoso.test", &got), STORE_OK);
	assert_string_equal(got.display, "listed");
	assert_int_equal(s->ops->user_each(s, "U0100@contoso.test", in_order, &some), STORE_OK); /* a page of 300 */
	assert_true(some.n == 300 && some.in_order);
	assert_string_equal(some.last, "u0400@contoso.test");
	assert_int_equal(s->ops->cert_each(s, 0, store_world_count_cert, &n), STORE_OK);
	assert_int_equal(n, MANY);
	store_close(s);
}

/* ---- what the registered have to hear of ------------------------------------------------------------------------------- */

static bool changed(struct store *s, uint64_t *was)
{
	uint64_t n = *was;

	assert_int_equal(s->ops->changes(s, was), STORE_OK);
	return n != *was;
}

static void changes(void **state)
{
	struct store *s = store_world_open(state);
	struct store_user a = store_world_user("alice@contoso.test", "", "", ""), b = store_world_user("bob@contoso.test", "", "", "");
	struct store_pin p = {.set = true, .length = 5};
	uint64_t n = 0;
	unsigned gone;

	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	changed(s, &n);
	assert_int_equal(s->ops->pin_set(s, a.id, &p, 3), STORE_OK);
	assert_int_equal(s->ops->pin_step(s, &a.id, 1, one_more, NULL), STORE_OK);
	assert_int_equal(s->ops->audit(s, 10, "pin", "a", true, ""), STORE_OK);
	assert_int_equal(store_world_put(s, a.id, "phone", 1), STORE_OK);
	assert_int_equal(store_world_put(s, a.id, "phone", 2), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &b), STORE_OK);
	assert_false(changed(s, &n)); /* nobody who was admitted is concerned */
	assert_int_equal(store_world_put(s, a.id, "phone", 3), STORE_OK);
	assert_true(changed(s, &n)); /* the first one has gone */
	assert_int_equal(s->ops->user_set(s, &a), STORE_OK);
	assert_true(changed(s, &n));
	assert_int_equal(s->ops->cert_revoke(s, a.id, 1, &gone), STORE_OK);
	assert_true(changed(s, &n));
	assert_int_equal(s->ops->user_remove(s, b.id), STORE_OK);
	assert_true(changed(s, &n));
	s = store_world_reopen(state, s);
	assert_false(changed(s, &n));
	store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
	const struct CMUnitTest all[] = {T(users), T(pins), T(rooms_and_policies), T(audit), T(whole), T(lists), T(changes)};
	const struct CMUnitTest lasting[] = {T(two_processes_count), T(acknowledged_is_kept), T(beside_an_import)};
	const struct CMUnitTest sqlite[] = {T(refusals)};

	return store_world_run("store", all, 7, lasting, 3) + cmocka_run_group_tests(sqlite, NULL, NULL);
}
