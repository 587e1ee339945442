/* tests/unit/admin/test_users.c: users and their import as functions: what they store, what they refuse, and with which words.
 *
 * No control socket is there: nobody runs, so no phone is signed off. */
#include "tests/support/check.h"

#include "admin/certs.h"
#include "admin/pins.h"
#include <sys/mman.h>
#include <unistd.h>

#include "admin/user_import.h"
#include "server/control/control.h"

/* dialtoned, that runs or does not answer. */
static bool mute;

bool control_order_user(const char *dir, const char *aor, enum location_order order, unsigned diag, const char *reason,
			unsigned *acted, struct why *why)
{
	(void)dir, (void)aor, (void)order, (void)diag, (void)reason;
	*acted = mute ? 0 : 3;
	if (mute)
		why_set(why, "a worker does not answer");
	return !mute;
}

struct world {
	struct site site;
	struct admin admin;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct why why = {0};

	assert_non_null(w);
	strcpy(w->site.domain, "contoso.test");
	w->site.MinPasswordLength = 5;
	w->admin = (struct admin){.site = &w->site, .now = 1795000000, .who = "root", .has_secret = true};
	memset(w->admin.secret, 7, sizeof w->admin.secret);
	assert_non_null(w->admin.store = store_sqlite(":memory:", &why));
	mute = false;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	admin_close(&w->admin);
	free(w);
	return 0;
}

static struct store_user add(struct world *w, const char *aor, const char *login, const char *number, const char *extension)
{
	struct store_user u = {.enabled = true};
	struct why why = {0};

	strcpy(u.aor, aor);
	strcpy(u.login, login);
	strcpy(u.number, number);
	strcpy(u.extension, extension);
	assert_int_equal(users_put(&w->admin, &u, (struct sv){0}, (struct sv){0}, &why), ADMIN_OK);
	return u;
}

/* ---- fields ---------------------------------------------------------------------------------------------------- */

static void fields(void **state)
{
	static const struct {
		enum user_field f;
		const char *text, *kept, *refused; /* refused: the sentence; NULL: kept */
	} rows[] = {
	    {USER_LOGIN, "CONTOSO\\alice", "CONTOSO\\alice", NULL},
	    {USER_LOGIN, " alice@contoso.test ", "alice@contoso.test", NULL},
	    {USER_LOGIN, "CONTOSO\\Alice O'Neil", "CONTOSO\\Alice O'Neil", NULL},
	    {USER_LOGIN, "", "", NULL},
	    {USER_LOGIN, "alice", NULL, "'alice' is not a login; type it like 'CONTOSO\\alice' or alice@contoso.test"},
	    {USER_LOGIN, "@contoso.test", NULL, "is not a login"},
	    {USER_LOGIN, "CONTOSO/alice", NULL, "is not a login"},
	    {USER_LOGIN, "A\\b\\c", NULL, "is not a login"},
	    {USER_NUMBER, "+1 (425) 555-0123", "+14255550123", NULL},
	    {USER_NUMBER, "tel:+14255550123", "+14255550123", NULL},
	    {USER_NUMBER, "4255550123", NULL, "type it with country code, like +14255550123"},
	    {USER_NUMBER, "+12345678901234567", NULL, "is not a phone number"},
	    {USER_EXTENSION, "4411", "4411", NULL},
	    {USER_EXTENSION, "44x", NULL, "'44x' is not an extension; type up to 15 digits, like 4411"},
	    {USER_EXTENSION, "1234567890123456", NULL, "is not an extension"},
	    {USER_DISPLAY, "Alice \xc3\x84.", "Alice \xc3\x84.", NULL},
	    {USER_DISPLAY, "a\x1b[2J", NULL, "has control characters"},
	    {USER_DISPLAY, "a\xc2\x9b", NULL, "has control characters"},
	    {USER_DISPLAY, "a\xe2\x80\xae", NULL, "has control characters"},
	    {USER_DISPLAY, "a\xff", NULL, "is not UTF-8"},
	    {USER_POOL, "pool2.contoso.test", "pool2.contoso.test", NULL},
	    {USER_POOL, "pool 2", NULL, "type it like pool01.contoso.test"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct store_user u = {.login = "was", .number = "was", .extension = "was", .display = "was", .home_pool = "was"};
		const char *const is[] = {u.login, u.number, u.extension, u.display, u.home_pool};
		struct why why = {0};
		bool kept = user_field_read(rows[i].f, rows[i].text, &u, &why);

		if (kept != (rows[i].refused == NULL) || strcmp(is[rows[i].f], kept ? rows[i].kept : "was") != 0 ||
		    (!kept && strstr(why.text, rows[i].refused) == NULL))
			fail_msg("%s '%s': %s, '%s'; %s", user_field_names[rows[i].f], rows[i].text, kept ? "kept" : "refused",
				 is[rows[i].f], why.text);
	}
}

/* ---- verbs ----------------------------------------------------------------------------------------------------- */

static void by_any_name(void **state)
{
	static const char *const alices[] = {"alice@contoso.test", "sip:ALICE@contoso.test", "CONTOSO\\alice", "contoso\\ALICE", "4411",
					     "+14255550123", "tel:+1-425-555-0123"};
	struct world *w = *state;
	struct store_user u;
	struct why why = {0};

	add(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411");
	add(w, "bob@contoso.test", "", "+14255550000", "4412");
	add(w, "carol@contoso.test", "", "+14255550000", "4413");
	for (size_t i = 0; i < sizeof alices / sizeof *alices; i++)
		if (users_get(&w->admin, alices[i], &u, &why) != ADMIN_OK || strcmp(u.aor, "alice@contoso.test") != 0)
			fail_msg("%s: %s", alices[i], why.text);
	assert_int_equal(users_get(&w->admin, "4499", &u, &why), ADMIN_NONE);
	assert_string_equal(why.text, "there is no user '4499'");
	assert_int_equal(users_get(&w->admin, "", &u, &why), ADMIN_NONE);
	assert_int_equal(users_get(&w->admin, "+14255550000", &u, &why), ADMIN_REFUSED);
	assert_string_equal(why.text, "'+14255550000' belongs to more than one user, bob@contoso.test and carol@contoso.test; type an address");
}

static bool audited(void *arg, int64_t at, const char *what, const char *whom, bool ok, const char *detail)
{
	(void)at, (void)what, (void)ok;
	snprintf(arg, 200, "%s: %s", whom, detail);
	return true;
}

static void put(void **state)
{
	struct world *w = *state;
	struct store_user u = add(w, "alice@contoso.test", "CONTOSO\\alice", "", ""), again = {.aor = "alice@contoso.test"}, got;
	struct store_user bob = {.aor = "bob@contoso.test", .login = "contoso\\Alice"};
	struct why why = {0};
	char last[200];
	unsigned phones;

	assert_int_equal(users_put(&w->admin, &again, (struct sv){0}, (struct sv){0}, &why), ADMIN_EXISTS);
	assert_string_equal(why.text, "alice@contoso.test exists already");
	assert_int_equal(users_put(&w->admin, &bob, (struct sv){0}, (struct sv){0}, &why), ADMIN_TAKEN);
	assert_non_null(strstr(why.text, "this login belongs to alice@contoso.test"));
	bob.login[0] = '\0';
	assert_int_equal(users_put(&w->admin, &bob, (struct sv){0}, SV("1111"), &why), ADMIN_REFUSED);
	assert_non_null(strstr(why.text, "the PIN of bob@contoso.test is refused"));
	assert_null(strstr(why.text, "1111"));
	assert_int_equal(users_get(&w->admin, "bob@contoso.test", &got, &why), ADMIN_NONE); /* with the PIN or not at all */
	assert_int_equal(users_enable(&w->admin, &u, false, &phones, &why), ADMIN_OK);
	assert_int_equal(phones, 3);
	assert_int_equal(w->admin.store->ops->audit_each(w->admin.store, 0, audited, last), STORE_OK);
	assert_string_equal(last, "alice@contoso.test: user disable, by root");
	mute = true;
	assert_int_equal(users_remove(&w->admin, &u, &phones, &why), ADMIN_ORDER);
	assert_string_equal(why.text, "it is stored, but dialtoned did not act on the phones of alice@contoso.test: a worker does not answer");
	assert_int_equal(users_get(&w->admin, "alice@contoso.test", &got, &why), ADMIN_NONE); /* and it is */
}

static void pins(void **state)
{
	struct world *w = *state;
	struct store_user u = add(w, "alice@contoso.test", "", "", "80642");
	struct pin_info i;
	struct why why = {0};
	struct buf pin = {0};

	assert_int_equal(pins_info(&w->admin, &u, &i, &why), ADMIN_OK);
	assert_true(!i.set && !i.locked && i.expires == 0);
	assert_int_equal(pins_set(&w->admin, &u, SV("80642"), &why), ADMIN_REFUSED); /* the extension */
	assert_int_equal(pins_make(&w->admin, &u, &pin, &why), ADMIN_OK);
	assert_int_equal(pin.n, 5);
	assert_int_equal(pins_set(&w->admin, &u, buf_view(&pin), &why), ADMIN_OK);
	assert_int_equal(pins_info(&w->admin, &u, &i, &why), ADMIN_OK);
	assert_true(i.set && i.limit.local == 25 && i.limit.global == 1000);
	buf_wipe(&pin);
}

/* ---- import ------------------------------------------------------------------------------------------------------ */

struct lines {
	char text[2000];
};

static void refused(void *arg, unsigned line, const char *sentence)
{
	struct lines *l = arg;

	snprintf(l->text + strlen(l->text), sizeof l->text - strlen(l->text), "%u: %s\n", line, sentence);
}

/* From a file, or through a pipe. */
static enum admin_result import_from(struct world *w, struct sv csv, bool pipe_it, struct user_import *how, struct why *why)
{
	int fd[2] = {memfd_create("csv", 0), -1};
	enum admin_result r;

	if (pipe_it) {
		close(fd[0]);
		assert_int_equal(pipe(fd), 0);
	}
	assert_int_equal(write(pipe_it ? fd[1] : fd[0], csv.p, csv.n), csv.n);
	if (pipe_it)
		close(fd[1]);
	r = users_import(&w->admin, fd[0], how, why);
	close(fd[0]);
	return r;
}

static enum admin_result import_text(struct world *w, struct sv csv, struct user_import *how, struct why *why)
{
	return import_from(w, csv, false, how, why);
}

static void import(void **state)
{
	static const char good[] = "\xef\xbb\xbf" "address,remote,extension\r\n alice@contoso.test ,TRUE,4411\r\nbob@contoso.test,no,\"44\n12\"\r\n";
	struct world *w = *state;
	struct lines l = {""};
	struct user_import how = {.refused = refused, .arg = &l};
	struct why why = {0};
	struct store_user u;

	assert_int_equal(import_text(w, sv_of(good), &how, &why), ADMIN_REFUSED);
	assert_string_equal(l.text, "3: '44\n12' is not an extension; type up to 15 digits, like 4411\n");
	assert_string_equal(why.text, "1 line is wrong; nothing was imported");
	assert_int_equal(users_get(&w->admin, "alice@contoso.test", &u, &why), ADMIN_NONE);
	how.dry = true;
	assert_int_equal(import_text(w, SV("address\nalice@contoso.test\n\n"), &how, &why), ADMIN_OK);
	assert_int_equal(how.users, 1);
	assert_int_equal(users_get(&w->admin, "alice@contoso.test", &u, &why), ADMIN_NONE);
	how.dry = false;
	assert_int_equal(import_text(w, SV("address,remote\nalice@contoso.test,FALSE\n"), &how, &why), ADMIN_OK);
	assert_int_equal(users_get(&w->admin, "alice@contoso.test", &u, &why), ADMIN_OK);
	assert_true(u.enabled && !u.remote);
	memset(&l, 0, sizeof l);
	why.text[0] = '\0';
	assert_int_equal(import_text(w, SV("login\n"), &how, &why), ADMIN_REFUSED);
	assert_string_equal(l.text, "1: the column 'address' is missing; begin the file with: address,login,number\n");
	assert_string_equal(why.text, "");
}

/* Which of the three it is that two lines have in common. */
static void twice(void **state)
{
	static const struct {
		const char *csv, *says;
	} rows[] = {
	    {"address\na@contoso.test\nA@contoso.test\n", "3: line 2 has the same address\n"},
	    {"address,login\na@contoso.test,C\\a\nb@contoso.test,c\\A\n", "3: line 2 has the same login\n"},
	    {"address,extension\na@contoso.test,1\nb@contoso.test,1\n", "3: line 2 has the same number with extension\n"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct lines l = {""};
		struct user_import how = {.refused = refused, .arg = &l};
		struct why why = {0};

		assert_int_equal(import_text(w, sv_of(rows[i].csv), &how, &why), ADMIN_REFUSED);
		assert_string_equal(l.text, rows[i].says);
	}
}

/* ---- many -------------------------------------------------------------------------------------------------------------- */

static struct buf many(unsigned n, const char *name)
{
	struct buf csv = {0};

	buf_str(&csv, "address,login,number,extension,display\n");
	for (unsigned i = 0; i < n; i++)
		buf_printf(&csv, "%s%u@contoso.test,C\\%s%u,+1425%07u,%u,\"%u, \"\"%s\"\"\n of Contoso\"\n", name, i, name, i, i, i, i, name);
	assert_false(csv.oom);
	return csv;
}

static void in_a_pipe(void **state)
{
	struct world *w = *state;
	struct lines l = {""};
	struct user_import how = {.refused = refused, .arg = &l};
	struct why why = {0};
	struct store_user u;
	struct buf csv = many(300, "p");

	assert_int_equal(import_from(w, buf_view(&csv), true, &how, &why), ADMIN_OK);
	assert_int_equal(how.users, 300);
	assert_int_equal(users_get(&w->admin, "p299@contoso.test", &u, &why), ADMIN_OK);
	assert_string_equal(u.display, "299, \"p\"\n of Contoso");
	buf_free(&csv);
}

static struct {
	const struct store_ops *real;
	struct store_ops ops;
	unsigned begins, depth, told, fail_at;
} spy;

static enum store_result spy_begin(struct store *s)
{
	spy.begins += spy.depth++ == 0;
	return spy.real->begin(s);
}

static enum store_result spy_end(struct store *s, enum store_result r)
{
	spy.depth--;
	if (spy.depth == 0 && spy.begins == spy.fail_at)
		r = STORE_FAILED;
	return spy.real->end(s, r);
}

static void spy_on(struct store *s)
{
	memset(&spy, 0, sizeof spy);
	spy.real = s->ops;
	spy.ops = *s->ops;
	spy.ops.begin = spy_begin;
	spy.ops.end = spy_end;
	s->ops = &spy.ops;
}

static void count_progress(void *arg, bool storing, uint64_t octets, uint64_t of, size_t users)
{
	(void)arg;
	(void)users;
	assert_in_range(octets, 1, of);
	spy.told += storing;
}

/* A long file is stored part by part, others come between; when the store fails, the parts before it are there and counted. */
static void part_by_part(void **state)
{
	struct world *w = *state;
	struct user_import how = {.refused = refused, .progress = count_progress};
	struct buf csv = many(2 * USER_IMPORT_PART + 500, "u");
	struct why why = {0};
	struct store_user u;

	spy_on(w->admin.store);
	spy.fail_at = 3;
	assert_int_equal(import_text(w, buf_view(&csv), &how, &why), ADMIN_STORE);
	assert_int_equal(how.users, 2 * USER_IMPORT_PART);
	assert_int_equal(users_get(&w->admin, "u1999@contoso.test", &u, &why), ADMIN_OK);
	assert_int_equal(users_get(&w->admin, "u2000@contoso.test", &u, &why), ADMIN_NONE);
	spy.fail_at = spy.begins = 0;
	how.update = true;
	assert_int_equal(import_text(w, buf_view(&csv), &how, &why), ADMIN_OK); /* as the message says */
	assert_true(how.users == 500 && how.same == 2 * USER_IMPORT_PART && spy.begins == 1); /* the rest, and nothing twice */
	assert_int_equal(spy.told, 2);
	assert_int_equal(users_get(&w->admin, "u2499@contoso.test", &u, &why), ADMIN_OK);
	w->admin.store->ops = spy.real;
	buf_free(&csv);
}

static void shared_extensions(void **state)
{
	struct world *w = *state;
	struct lines l = {""}, notes = {""};
	struct user_import how = {.refused = refused, .noted = refused, .arg = &notes};
	struct why why = {0};
	struct store_user u, other;

	assert_int_equal(import_text(w, SV("address,number,extension\na@contoso.test,+14255550001,7001\nb@contoso.test,+14255550002,7001\n"
					   "c@contoso.test,,\nd@contoso.test,,\n"), &how, &why), ADMIN_OK);
	assert_string_equal(notes.text, "3: the extension 7001 is that of line 2, too: " USERS_SHARED_EXTENSION "\n");
	notes = l;
	assert_int_equal(import_text(w, SV("address,number,extension\ne@contoso.test,+14255550003,7001\n"), &how, &why), ADMIN_OK);
	assert_string_equal(notes.text, "2: the extension 7001 is that of a@contoso.test, too: " USERS_SHARED_EXTENSION "\n");
	assert_int_equal(users_get(&w->admin, "a@contoso.test", &u, &why), ADMIN_OK);
	assert_int_equal(users_share_extension(&w->admin, &u, &other), ADMIN_OK);
	assert_string_equal(other.aor, "b@contoso.test");
	assert_int_equal(users_get(&w->admin, "c@contoso.test", &u, &why), ADMIN_OK);
	assert_int_equal(users_share_extension(&w->admin, &u, &other), ADMIN_NONE);
}

/* A quote that never closes must not take the rest of a long file into memory. */
static void endless_line(void **state)
{
	struct world *w = *state;
	struct lines l = {""};
	struct user_import how = {.refused = refused, .arg = &l};
	struct why why = {0};
	struct buf csv = {0};

	buf_str(&csv, "address,display\na@contoso.test,\"");
	for (unsigned i = 0; i < 30000; i++)
		buf_str(&csv, "never ends\n");
	assert_int_equal(import_text(w, buf_view(&csv), &how, &why), ADMIN_REFUSED);
	assert_string_equal(l.text, "2: a line is longer than 64 KB: does a quote not close before it?\n");
	buf_free(&csv);
}

static const struct store_ops *watched;
static unsigned looked_for;

static enum store_result watched_get(struct store *s, const char *aor, struct store_user *ret)
{
	looked_for++;
	return watched->user_get(s, aor, ret);
}

static enum store_result watched_line(struct store *s, const char *number, const char *extension, struct store_user *ret, size_t cap, size_t *n)
{
	looked_for++;
	return watched->user_by_line(s, number, extension, ret, cap, n);
}

/* A store without users is asked for none of them; one with users is, and knows who has what must be unique. */
static void into_a_new_store(void **state)
{
	struct world *w = *state;
	struct lines l = {""};
	struct user_import how = {.refused = refused, .noted = refused, .arg = &l};
	struct why why = {0};
	struct store_ops ops;

	watched = w->admin.store->ops;
	ops = *watched;
	ops.user_get = watched_get;
	ops.user_by_line = watched_line;
	w->admin.store->ops = &ops;
	looked_for = 0;
	assert_int_equal(import_text(w, SV("address,number,extension\na@contoso.test,+14255550101,4401\nb@contoso.test,+14255550102,4402\n"), &how, &why), ADMIN_OK);
	assert_int_equal(how.users, 2);
	assert_int_equal(looked_for, 0);
	assert_int_equal(import_text(w, SV("address,number,extension\nc@contoso.test,+14255550102,4402\n"), &how, &why), ADMIN_REFUSED);
	assert_true(looked_for > 0);
	assert_non_null(strstr(l.text, "belongs to b@contoso.test"));
	w->admin.store->ops = watched;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {cmocka_unit_test(fields), T(by_any_name), T(put), T(pins), T(import), T(twice),
					   T(in_a_pipe), T(part_by_part), T(shared_extensions), T(endless_line), T(into_a_new_store)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
