/* tests/unit/store/test_copy.c: a store that is copied to PostgreSQL and back is the same, octet for octet. */
#include "tests/unit/store/store_world.h"

#include <sqlite3.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/sql.h"
#include "tests/unit/store/pg.h"

static char dir[64];

static struct store *file(const char *name)
{
	struct why why = {0};
	char path[128];
	struct store *s;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	s = store_open(path, &why);
	if (s == NULL)
		fail_msg("%s", why.text);
	return s;
}

static sqlite3 *raw(const char *name)
{
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	return db;
}

/* Every value of every row, as SQL writes it. */
static void dump(sqlite3 *db, const char *table, struct buf *to)
{
	sqlite3_stmt *st;
	char text[128];

	snprintf(text, sizeof text, "SELECT * FROM %s ORDER BY 1, 2", table);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const uint8_t *p = sqlite3_column_blob(st, i);

			for (int k = 0; k < sqlite3_column_bytes(st, i); k++)
				buf_printf(to, "%02x", p[k]);
			buf_str(to, "|");
		}
		buf_str(to, "\n");
	}
	buf_cstr(to);
	sqlite3_finalize(st);
}

static void fill(struct store *s)
{
	struct store_pin p = {.set = true, .key = 3, .length = 5, .set_at = 7, .hash = {0, 1, 0xff}};
	struct store_device d = {.mac = "00-04-F2-00-01-76", .last_seen = 5};
	struct store_rule r = {.guid = "g", .model = "CX600"};
	struct store_image im = {.version = "4.0", .size = 1ull << 40};
	struct store_pool pool = {.name = "p2.contoso.test", .sip = "p2:5061"};
	struct store_user gone;

	assert_int_equal(s->ops->begin(s), STORE_OK);
	for (unsigned i = 0; i < 2500; i++) { /* more than two pages */
		struct store_user u = store_world_user("", "", "", "");

		snprintf(u.aor, sizeof u.aor, "u%u@contoso.test", i);
		snprintf(u.display, sizeof u.display, "%u\xc3\xa4'\"\n", i);
		u.n_nt_hash = i % 2 ? sizeof u.nt_hash : 0;
		memset(u.nt_hash, (int)i, sizeof u.nt_hash);
		assert_int_equal(s->ops->user_add(s, &u), STORE_OK);
		assert_int_equal(s->ops->pin_set(s, u.id, &p, 3), STORE_OK);
		assert_int_equal(store_world_put(s, u.id, "phone", i + 1), STORE_OK);
		gone = u;
	}
	assert_int_equal(s->ops->pin_set(s, 5, &p, 3), STORE_OK); /* a history */
	assert_int_equal(s->ops->user_remove(s, gone.id), STORE_OK); /* the last id is never given again */
	assert_int_equal(s->ops->rule_put(s, &r), STORE_OK);
	im.rule = r.id;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_int_equal(s->ops->pool_put(s, &pool), STORE_OK);
	assert_int_equal(s->ops->end(s, STORE_OK), STORE_OK);
	assert_int_equal(s->ops->device_put(s, &d), STORE_OK);
	assert_int_equal(s->ops->audit(s, 10, "pin", "alice", false, "wrong PIN"), STORE_OK);
}

static void there_and_back(void **state)
{
	struct store *from = file("a.db"), *back = file("b.db"), *between;
	char database[160];
	struct why why = {0};
	size_t n;
	const struct sql_table *t = sql_tables(&n);
	sqlite3 *a, *b;

	(void)state;
	fill(from);
	pg_database(database, sizeof database);
	assert_non_null(between = store_open(database, &why));
	if (!store_copy(from, between, NULL, NULL, &why) || !store_copy(between, back, NULL, NULL, &why))
		fail_msg("%s", why.text);
	assert_false(store_copy(from, between, NULL, NULL, &why)); /* it is not empty any more */
	a = raw("a.db");
	b = raw("b.db");
	for (size_t i = 0; i <= n; i++) {
		struct buf one = {0}, two = {0};
		const char *table = i < n ? t[i].name : "sqlite_sequence";

		dump(a, table, &one);
		dump(b, table, &two);
		if (i < n || one.n != two.n) /* of the sequences the order is anything */
			assert_string_equal((char *)one.p, (char *)two.p);
		buf_free(&one);
		buf_free(&two);
	}
	sqlite3_close(a);
	sqlite3_close(b);
	store_close(from);
	store_close(between);
	store_close(back);
}

/* A table or a column that is added to the schema is copied as well. */
static void all_of_the_schema(void **state)
{
	struct store *s = file("c.db");
	sqlite3 *db = raw("c.db");
	sqlite3_stmt *st;
	size_t n;
	const struct sql_table *t = sql_tables(&n);
	unsigned tables = 0;

	(void)state;
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' "
					    "AND m.name NOT LIKE 'sqlite_%'", -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		const char *table = (const char *)sqlite3_column_text(st, 0);
		char column[64];
		bool found = false;

		snprintf(column, sizeof column, " %s:", sqlite3_column_text(st, 1));
		for (size_t i = 0; i < n; i++)
			found |= strcmp(t[i].name, table) == 0 &&
				 (strstr(t[i].columns, column) || strncmp(t[i].columns, column + 1, strlen(column) - 1) == 0);
		if (!found && !sql_is_passing(table))
			fail_msg("store/sql_copy.c has no column%s of %s", column, table);
		tables++;
	}
	assert_true(tables > 50);
	sqlite3_finalize(st);
	sqlite3_close(db);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(all_of_the_schema)};
	const char *no = pg_start();
	char command[96];
	int failed;

	if (no) {
		printf("%s\n", no);
		return 77;
	}
	strcpy(dir, "/tmp/dialtone-copy.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command) ? 1 : failed;
}
