/* store/sqlite.c: the SQLite backend: schema, connection, statements.
 *
 * Write-ahead log with synchronous FULL: a commit is on disk before it returns.  Vault and administrator's verbs write
 * from processes of their own; transactions begin IMMEDIATE, and wait at most 1.5 s for each other.
 */
#include "store/sqlite.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define DISK_FULL (256 << 10) /* what a transaction wants at once: the -shm file, some pages */

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

#define X(name, text) [SQL_##name] = (text),
static const char *const sql_text[SQL_COUNT] = {SQL_LIST};
#undef X

struct sqlite *sqlite_of(struct store *s)
{
	return (struct sqlite *)s;
}

/* SQLite's words; "disk I/O error" and the like mostly are a disk that is full, and it does not say so. */
static void reason(sqlite3 *db, const char *path, char *why, size_t cap)
{
	int code = sqlite3_errcode(db);
	struct statvfs v;

	snprintf(why, cap, "%s%s", sqlite3_errmsg(db),
		 (code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_CANTOPEN) && path && path[0] &&
			 statvfs(path, &v) == 0 && v.f_bavail * v.f_frsize < DISK_FULL
		     ? ": its disk is full"
		     : "");
}

static enum store_result failed(struct sqlite *q)
{
	reason(q->db, sqlite3_db_filename(q->db, "main"), q->why, sizeof q->why);
	return STORE_FAILED;
}

/* ---- statements ---------------------------------------------------------------------------------------- */

static sqlite3_stmt *vbind(struct sqlite *q, enum sql id, const char *types, va_list ap)
{
	sqlite3_stmt *st = q->st[id];
	int rc = SQLITE_OK, i = 1;

	if (st == NULL) {
		rc = sqlite3_prepare_v3(q->db, sql_text[id], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
		if (rc != SQLITE_OK) {
			failed(q);
			return NULL;
		}
		q->st[id] = st;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	for (; *types && rc == SQLITE_OK; types++, i++) {
		if (*types == 'i') {
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		} else if (*types == 't') {
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		} else {
			const void *p = va_arg(ap, const void *);
			size_t n = va_arg(ap, size_t);

			rc = sqlite3_bind_blob64(st, i, n ? p : "", n, SQLITE_TRANSIENT);
		}
	}
	if (rc == SQLITE_OK)
		return st;
	failed(q);
	return NULL;
}

sqlite3_stmt *sqlite_bind(struct sqlite *q, enum sql id, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, types);
	st = vbind(q, id, types, ap);
	va_end(ap);
	return st;
}

enum store_result sqlite_step(struct sqlite *q, sqlite3_stmt *st)
{
	enum store_result r;

	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return STORE_OK;
	case SQLITE_DONE:
		r = STORE_NONE;
		break;
	case SQLITE_CONSTRAINT:
		failed(q);
		r = STORE_TAKEN;
		break;
	default:
		r = failed(q);
	}
	sqlite3_reset(st);
	return r;
}

void sqlite_end(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

enum store_result sqlite_run(struct sqlite *q, enum sql id, const char *types, ...)
{
	enum store_result r;
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, types);
	st = vbind(q, id, types, ap);
	va_end(ap);
	if (st == NULL)
		return STORE_FAILED;
	r = sqlite_step(q, st);
	return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sqlite_begin(struct sqlite *q)
{
	enum store_result r = q->depth ? STORE_OK : sqlite_run(q, SQL_BEGIN, "");

	if (r == STORE_OK && q->depth++ == 0)
		q->broken = false;
	return r;
}

enum store_result sqlite_commit(struct sqlite *q, enum store_result r)
{
	char why[sizeof q->why];

	q->broken |= r != STORE_OK;
	if (--q->depth)
		return r;
	if (!q->broken && (r = sqlite_run(q, SQL_COMMIT, "")) == STORE_OK)
		return STORE_OK;
	memcpy(why, q->why, sizeof why); /* the first reason, not that of the rollback */
	if (!sqlite3_get_autocommit(q->db))
		sqlite_run(q, SQL_ROLLBACK, "");
	memcpy(q->why, why, sizeof why);
	return r == STORE_OK ? STORE_FAILED : r;
}

static enum store_result begin(struct store *s)
{
	return sqlite_begin(sqlite_of(s));
}

static enum store_result end(struct store *s, enum store_result r)
{
	return sqlite_commit(sqlite_of(s), r);
}

void sqlite_lazy(struct sqlite *q, bool lazy)
{
	sqlite3_exec(q->db, lazy ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL, NULL, NULL);
}

void sqlite_text(sqlite3_stmt *st, int column, char *ret, size_t cap)
{
	const unsigned char *t = sqlite3_column_text(st, column);

	snprintf(ret, cap, "%s", t ? (const char *)t : "");
}

size_t sqlite_blob(sqlite3_stmt *st, int column, void *ret, size_t cap)
{
	const void *p = sqlite3_column_blob(st, column);
	size_t n = (size_t)sqlite3_column_bytes(st, column);

	if (p == NULL || n > cap)
		return 0;
	memcpy(ret, p, n);
	return n;
}

/* ---- open and close ------------------------------------------------------------------------------------ */

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
	return sqlite_of(s)->why;
}

static const struct store_ops ops = {
    .name = "sqlite",
    .close = sqlite_close,
    .why = sqlite_why,
    .begin = begin,
    .end = end,
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

static bool number_of(sqlite3 *db, const char *pragma, int *ret)
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
	    !number_of(db, "PRAGMA user_version", &version))
		return sqlite3_errmsg(db);
	if (version == 0 && sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite3_errmsg(db);
	if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite3_errmsg(db);
	return version > 1 ? "it was made by a newer version of this program" : NULL;
}

struct store *store_sqlite(const char *path, char *why, size_t cap)
{
	struct sqlite *q = calloc(1, sizeof *q);
	const char *err = NULL;
	char words[512] = "";
	int version = 0;

	if (q == NULL) {
		snprintf(why, cap, "out of memory");
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
		    !number_of(q->db, "PRAGMA user_version", &version))
			err = sqlite3_errmsg(q->db);
		else if (version != 1)
			err = make_schema(q->db);
	}
	if (err == NULL)
		return &q->store;
	if (q->db && sqlite3_errcode(q->db) != SQLITE_OK) {
		reason(q->db, path, words, sizeof words);
		err = words;
	}
	snprintf(why, cap, "the store %s cannot be opened: %s", path, err);
	sqlite_close(&q->store);
	return NULL;
}
