/* tests/unit/store/test_plans.c: how SQLite finds the rows of each text of the store: by an index, never by reading a table. */
#include "tests/support/check.h"

#include <sqlite3.h>
#include <unistd.h>

#include "store/sql_text.h"
#include "store/store.h"

/* One that reads a table all the same, and why it may. */
static const struct {
	enum sql_id id;
	const char *step; /* the one that is allowed */
} excused[] = {
    /* once in 1,024 questions of devices, of which there are at most 201,024 */
    {SQL_DEVICE_TRIM, "SCAN device"},
    {SQL_DEVICE_TRIM, "USE TEMP B-TREE FOR ORDER BY"},
    /* once in 1,024 rows of the audit, from its end until enough rows have been counted */
    {SQL_AUDIT_TRIM, "SCAN audit"},
    {SQL_AUDIT_TRIM_OF, "SCAN audit"},
};

static struct {
	char dir[64], path[96];
	struct store *store;
	sqlite3 *db;
} w;

static int setup(void **state)
{
	struct why why = {0};

	(void)state;
	strcpy(w.dir, "/tmp/dialtone-plans.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	snprintf(w.path, sizeof w.path, "%s/store.db", w.dir);
	assert_non_null(w.store = store_sqlite(w.path, &why));
	assert_int_equal(sqlite3_open(w.path, &w.db), SQLITE_OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sqlite3_close(w.db);
	store_close(w.store);
	unlink(w.path);
	return rmdir(w.dir);
}

static bool allowed(enum sql_id id, const char *step)
{
	for (size_t i = 0; i < sizeof excused / sizeof *excused; i++)
		if (excused[i].id == id && strcmp(excused[i].step, step) == 0)
			return true;
	/* The rows of a sub-select, which a SEARCH has found; and a SELECT without a table. */
	return strncmp(step, "SCAN CONSTANT ROW", 17) == 0;
}

/* "SCAN account" and the like, and rows that must be sorted before the first one is known. */
static bool reads_all(const char *step)
{
	return strncmp(step, "SCAN", 4) == 0 || strstr(step, "TEMP B-TREE");
}

static unsigned steps_of(const char *text, enum sql_id id)
{
	sqlite3_stmt *st = NULL;
	char explain[2048];
	unsigned steps = 0;

	snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", text);
	if (sqlite3_prepare_v2(w.db, explain, -1, &st, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(w.db), text);
	for (; sqlite3_step(st) == SQLITE_ROW; steps++) {
		const char *step = (const char *)sqlite3_column_text(st, 3);

		if (reads_all(step) && !allowed(id, step))
			fail_msg("'%s' in the plan of: %s", step, text);
	}
	sqlite3_finalize(st);
	return steps;
}

static void no_text_reads_a_table(void **state)
{
	unsigned steps = 0;

	(void)state;
	for (int id = 0; id < SQL_COUNT; id++)
		steps += steps_of(sql_text_of[id], (enum sql_id)id);
	assert_in_range(steps, 40, 1000);
}

/* The test sees a scan where there is one. */
static void a_scan_is_seen(void **state)
{
	sqlite3_stmt *st = NULL;

	(void)state;
	assert_int_equal(sqlite3_prepare_v2(w.db, "EXPLAIN QUERY PLAN SELECT id FROM account WHERE extension = ?1", -1, &st, NULL),
			 SQLITE_OK); /* the index is partial, and ?1 may be '' */
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_true(reads_all((const char *)sqlite3_column_text(st, 3)));
	sqlite3_finalize(st);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(no_text_reads_a_table), cmocka_unit_test(a_scan_is_seen)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
