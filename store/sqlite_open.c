/* store/sqlite_open.c: the SQLite backend: schema, connection, and the table of its functions.
 *
 * Write-ahead log with synchronous FULL: a commit is on disk before it returns.  Vault and administrator's verbs write
 * from processes of their own; transactions begin IMMEDIATE, and wait at most 1.5 s for each other.
 */
#include <stdlib.h>

#include "store/sqlite.h"

/* Plain types, so that another backend can take the same text. */
static const char schema[] =
    "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, aor TEXT NOT NULL UNIQUE, login TEXT NOT NULL,"
    " login_key TEXT NOT NULL, display TEXT NOT NULL, number TEXT NOT NULL, extension TEXT NOT NULL,"
    " home_pool TEXT NOT NULL, enabled INTEGER NOT NULL, remote INTEGER NOT NULL, nt_hash BLOB NOT NULL,"
    " created INTEGER NOT NULL, tickets_after INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX account_login ON account (login_key) WHERE login_key <> '';"
    "CREATE UNIQUE INDEX account_line ON account (extension, number) WHERE extension <> '';"
    "CREATE INDEX account_number ON account (number) WHERE number <> '';"
    "CREATE TABLE pin (account INTEGER PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, length INTEGER NOT NULL,"
    " set_at INTEGER NOT NULL, local INTEGER NOT NULL, local_since INTEGER NOT NULL, locked_until INTEGER NOT NULL,"
    " global INTEGER NOT NULL, last_attempt INTEGER NOT NULL);"
    "INSERT INTO pin VALUES (0, x'', x'', 0, 0, 0, 0, 0, 0, 0);"
    "CREATE TABLE pin_history (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, salt BLOB NOT NULL,"
    " hash BLOB NOT NULL);"
    "CREATE INDEX pin_history_account ON pin_history (account);"
    "CREATE TABLE cert (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, device TEXT NOT NULL,"
    " sha1 BLOB NOT NULL UNIQUE, der BLOB NOT NULL, published INTEGER NOT NULL, expires INTEGER NOT NULL);"
    "CREATE INDEX cert_account ON cert (account, device);"
    "CREATE TABLE device (key TEXT PRIMARY KEY, mac TEXT NOT NULL, serial TEXT NOT NULL, vendor TEXT NOT NULL,"
    " model TEXT NOT NULL, revision TEXT NOT NULL, locale TEXT NOT NULL, device_type TEXT NOT NULL,"
    " version TEXT NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL, first_seen INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL);"
    "CREATE INDEX device_seen ON device (last_seen);"
    "CREATE TABLE rule (id INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT NOT NULL, key TEXT NOT NULL UNIQUE,"
    " device_type TEXT NOT NULL, brand TEXT NOT NULL, model TEXT NOT NULL, revision TEXT NOT NULL,"
    " locale TEXT NOT NULL, approved TEXT NOT NULL, restore TEXT NOT NULL, pending TEXT NOT NULL);"
    "CREATE TABLE image (rule INTEGER NOT NULL, version TEXT NOT NULL, file TEXT NOT NULL, signature TEXT NOT NULL,"
    " time TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, min_installed TEXT NOT NULL,"
    " released INTEGER NOT NULL, PRIMARY KEY (rule, version));"
    "CREATE TABLE test_device (name TEXT PRIMARY KEY, is_mac INTEGER NOT NULL, id TEXT NOT NULL);"
    "CREATE INDEX test_device_id ON test_device (id);"
    "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL,"
    " whom TEXT NOT NULL, ok INTEGER NOT NULL, detail TEXT NOT NULL);"
    "PRAGMA user_version = 1;";

/* Each further version of the schema adds to the one before; row 0 as in pin. */
static const char *const later[] = {
    "CREATE TABLE password (account INTEGER PRIMARY KEY, local INTEGER NOT NULL, local_since INTEGER NOT NULL,"
    " locked_until INTEGER NOT NULL, global INTEGER NOT NULL, tries INTEGER NOT NULL);"
    "INSERT INTO password VALUES (0, 0, 0, 0, 0, 0);"
    "PRAGMA user_version = 2;",
};
#define SCHEMA_VERSION (1 + (int)(sizeof later / sizeof *later))

static enum store_result open_begin(struct store *s)
{
	return sqlite_begin(sqlite_of(s));
}

static enum store_result open_end(struct store *s, enum store_result r)
{
	return sqlite_commit(sqlite_of(s), r);
}

static void sqlite_close(struct store *s)
{
	struct sqlite *q = sqlite_of(s);

	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(q->st[i]);
	sqlite3_close(q->db);
	free(q);
}

static const char *sqlite_why(struct store *s)
{
	return sqlite_of(s)->why.text;
}

/* https://www.sqlite.org/pragma.html#pragma_data_version: "a different value if the database has been changed by some other
 * connection"; changes by this one do not count. */
static enum store_result open_changes(struct store *s, uint64_t *ret)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_CHANGES, "");
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;

	if (r != STORE_OK)
		return STORE_FAILED;
	*ret = (uint64_t)sqlite3_column_int64(st, 0) << 32 | q->dropped;
	sqlite_end(st);
	return STORE_OK;
}

static const struct store_ops ops = {
    .name = "sqlite",
    .close = sqlite_close,
    .why = sqlite_why,
    .begin = open_begin,
    .end = open_end,
    .changes = open_changes,
    .user_add = sqlite_user_add,
    .user_set = sqlite_user_set,
    .user_remove = sqlite_user_remove,
    .user_get = sqlite_user_get,
    .user_by_id = sqlite_user_by_id,
    .user_by_login = sqlite_user_by_login,
    .user_by_line = sqlite_user_by_line,
    .user_each = sqlite_user_each,
    .pin_get = sqlite_pin_get,
    .pin_set = sqlite_pin_set,
    .pin_history = sqlite_pin_history,
    .pin_step = sqlite_pin_step,
    .password_get = sqlite_password_get,
    .password_step = sqlite_password_step,
    .cert_put = sqlite_cert_put,
    .cert_settle = sqlite_cert_settle,
    .cert_find = sqlite_cert_find,
    .cert_each = sqlite_cert_each,
    .cert_revoke = sqlite_cert_revoke,
    .device_put = sqlite_device_put,
    .device_each = sqlite_device_each,
    .rule_put = sqlite_rule_put,
    .rule_find = sqlite_rule_find,
    .rule_each = sqlite_rule_each,
    .rule_remove = sqlite_rule_remove,
    .image_put = sqlite_image_put,
    .image_get = sqlite_image_get,
    .image_each = sqlite_image_each,
    .test_device_put = sqlite_test_put,
    .test_device_remove = sqlite_test_remove,
    .test_device_find = sqlite_test_find,
    .test_device_each = sqlite_test_each,
    .audit = sqlite_audit,
    .audit_each = sqlite_audit_each,
};

static bool open_number_of(sqlite3 *db, const char *pragma, int *ret)
{
	sqlite3_stmt *st = NULL;
	bool ok = sqlite3_prepare_v2(db, pragma, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;

	if (ok)
		*ret = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return ok;
}

/* Two processes may come to an empty file at once: the one that gets the lock makes the tables, the other finds them. */
static const char *make_schema(sqlite3 *db)
{
	int version = -1;

	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
	    !open_number_of(db, "PRAGMA user_version", &version))
		return sqlite3_errmsg(db);
	if (version == 0 && sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite3_errmsg(db);
	for (int v = version > 1 ? version : 1; v < SCHEMA_VERSION; v++)
		if (sqlite3_exec(db, later[v - 1], NULL, NULL, NULL) != SQLITE_OK)
			return sqlite3_errmsg(db);
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite3_errmsg(db);
	return version > SCHEMA_VERSION ? "it was made by a newer version of this program" : NULL;
}

struct store *store_sqlite(const char *path, struct why *why)
{
	struct sqlite *q = calloc(1, sizeof *q);
	const char *err = NULL;
	struct why words = {0};
	int version = 0;

	if (q == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	q->store.ops = &ops;
	if (sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK) {
		err = q->db ? sqlite3_errmsg(q->db) : "out of memory";
	} else {
		sqlite3_busy_timeout(q->db, 1500);
		if (sqlite3_exec(q->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", NULL, NULL, NULL) !=
			SQLITE_OK ||
		    !open_number_of(q->db, "PRAGMA user_version", &version))
			err = sqlite3_errmsg(q->db);
		else if (version != SCHEMA_VERSION)
			err = make_schema(q->db);
	}
	if (err == NULL)
		return &q->store;
	if (q->db && sqlite3_errcode(q->db) != SQLITE_OK) {
		sqlite_reason(q->db, path, &words);
		err = words.text;
	}
	why_set(why, "the store %s cannot be opened: %s", path, err);
	sqlite_close(&q->store);
	return NULL;
}
