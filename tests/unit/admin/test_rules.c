/* tests/unit/admin/test_rules.c: the three versions of an update rule through every transition, and that rule and image are
 * written together or not at all. */
#include "tests/support/check.h"

#include <sqlite3.h>
#include <unistd.h>

#include "admin/rules.h"

/* ---- the pure functions ---------------------------------------------------------------------------------------- */

struct versions {
	const char *approved, *restore, *pending;
};

static void transitions(void **state)
{
	static const struct {
		const char *name;
		rule_transition *does;
		struct versions before;
		bool done;
		struct versions after;
	} rows[] = {
	    {"the first", rule_approve, {"", "", "1"}, true, {"1", "", ""}},
	    {"the second", rule_approve, {"1", "", "2"}, true, {"2", "1", ""}},
	    {"the third: the first is lost", rule_approve, {"2", "1", "3"}, true, {"3", "2", ""}},
	    {"what is approved already, once more", rule_approve, {"2", "1", "2"}, true, {"2", "1", ""}},
	    {"what could be restored", rule_approve, {"2", "1", "1"}, true, {"1", "2", ""}},
	    {"nothing pending", rule_approve, {"2", "1", ""}, false, {"2", "1", ""}},
	    {"reject", rule_reject, {"2", "1", "3"}, true, {"2", "1", ""}},
	    {"reject nothing", rule_reject, {"2", "1", ""}, false, {"2", "1", ""}},
	    {"restore", rule_restore, {"2", "1", ""}, true, {"1", "", ""}},
	    {"restore; pending stays", rule_restore, {"2", "1", "3"}, true, {"1", "", "3"}},
	    {"restore without one: uninstalled", rule_restore, {"2", "", ""}, true, {"", "", ""}},
	    {"restore nothing", rule_restore, {"", "1", "2"}, false, {"", "1", "2"}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct store_rule r = {.id = 7, .brand = "POLYCOM"};

		strcpy(r.approved, rows[i].before.approved);
		strcpy(r.restore, rows[i].before.restore);
		strcpy(r.pending, rows[i].before.pending);
		if (rows[i].does(&r) != rows[i].done || strcmp(r.approved, rows[i].after.approved) ||
		    strcmp(r.restore, rows[i].after.restore) || strcmp(r.pending, rows[i].after.pending) || r.id != 7)
			fail_msg("%s: approved '%s', restore '%s', pending '%s'", rows[i].name, r.approved, r.restore, r.pending);
	}
}

/* ---- in the store ------------------------------------------------------------------------------------------------ */

static const struct store_rule cx600 = {.device_type = "UCPhone", .brand = "POLYCOM", .model = "CX600", .revision = "A", .locale = "ENU"};

static struct store_rule imported(struct store *s, const char *version, bool approve)
{
	struct store_image im = {.file = "x/CPE.nbt", .signature = "x/CPE.cat", .size = 4};
	struct store_rule r = cx600;

	strcpy(im.version, version);
	assert_int_equal(rule_import(s, &r, &im, approve), STORE_OK);
	assert_int_equal(im.rule, r.id);
	return r;
}

static bool released(struct store *s, const struct store_rule *r, const char *version)
{
	struct store_image im;

	assert_int_equal(s->ops->image_get(s, r->id, version, &im), STORE_OK);
	return im.released;
}

static void is(const struct store_rule *r, const char *approved, const char *restore, const char *pending)
{
	assert_string_equal(r->approved, approved);
	assert_string_equal(r->restore, restore);
	assert_string_equal(r->pending, pending);
}

/* Both roads to an approved version, each of them twice: the way back stays. */
static void twice(void **state)
{
	struct why why = {0};
	struct store *s = store_sqlite(":memory:", &why);
	struct store_rule r;
	bool done;

	(void)state;
	assert_non_null(s);
	imported(s, "4.0.0.1", true);
	r = imported(s, "4.0.0.2", true);
	is(&r, "4.0.0.2", "4.0.0.1", "");
	r = imported(s, "4.0.0.2", false);
	is(&r, "4.0.0.2", "4.0.0.1", "4.0.0.2");
	assert_true(released(s, &r, "4.0.0.2")); /* all phones have it: importing it again takes nothing back */
	assert_int_equal(rule_change(s, &r, rule_approve, &done), STORE_OK);
	assert_true(done);
	is(&r, "4.0.0.2", "4.0.0.1", "");
	r = imported(s, "4.0.0.2", true);
	is(&r, "4.0.0.2", "4.0.0.1", "");
	assert_int_equal(rule_change(s, &r, rule_restore, &done), STORE_OK);
	is(&r, "4.0.0.1", "", "");
	store_close(s);
}

static void stepping_stones(void **state)
{
	struct why why = {0};
	struct store *s = store_sqlite(":memory:", &why);
	struct store_rule r, stale;
	bool done;

	(void)state;
	r = imported(s, "4.0.0.1", false);
	assert_int_equal(strlen(r.guid), 36);
	assert_false(released(s, &r, "4.0.0.1"));
	stale = r;
	assert_int_equal(rule_change(s, &r, rule_approve, &done), STORE_OK);
	assert_true(done && released(s, &r, "4.0.0.1"));
	/* a stale copy of the rule changes the stored one, not itself */
	assert_int_equal(rule_change(s, &stale, rule_approve, &done), STORE_OK);
	assert_false(done);
	is(&stale, "4.0.0.1", "", "");
	r = imported(s, "4.0.0.2", false);
	assert_string_equal(r.guid, stale.guid);
	assert_int_equal(rule_change(s, &r, rule_reject, &done), STORE_OK);
	assert_true(done);
	assert_false(released(s, &r, "4.0.0.2"));
	assert_int_equal(s->ops->rule_remove(s, r.id), STORE_OK);
	assert_int_equal(rule_change(s, &r, rule_restore, &done), STORE_NONE);
	store_close(s);
}

/* The rule cannot be written: its image is not released, and nothing of a new package is there. */
static void together(void **state)
{
	static const char stop[] = "CREATE TRIGGER stop BEFORE UPDATE ON rule BEGIN SELECT RAISE(FAIL, 'no more'); END";
	struct why why = {0};
	char path[64] = "/tmp/dialtone-rules.XXXXXX", beside[80];
	struct store_image im;
	struct store_rule r;
	struct store *s;
	sqlite3 *db;
	bool done;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0 && close(fd) == 0);
	assert_non_null(s = store_sqlite(path, &why));
	r = imported(s, "4.0.0.1", false);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, stop, NULL, NULL, NULL), SQLITE_OK);
	assert_int_not_equal(rule_change(s, &r, rule_approve, &done), STORE_OK);
	assert_false(released(s, &r, "4.0.0.1"));
	im = (struct store_image){.version = "4.0.0.2"};
	assert_int_not_equal(rule_import(s, &r, &im, true), STORE_OK);
	assert_int_equal(s->ops->image_get(s, r.id, "4.0.0.2", &im), STORE_NONE);
	assert_int_equal(s->ops->rule_find(s, &cx600, &r), STORE_OK);
	is(&r, "", "", "4.0.0.1");
	sqlite3_close(db);
	store_close(s);
	for (size_t i = 0; i < 3; i++) {
		snprintf(beside, sizeof beside, "%s%s", path, (const char *[]){"", "-wal", "-shm"}[i]);
		unlink(beside);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(transitions), cmocka_unit_test(twice), cmocka_unit_test(stepping_stones),
					   cmocka_unit_test(together)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
