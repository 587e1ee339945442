/* store/sqlite.c: SQLite as the engine of the store.
 *
 * Write-ahead log with synchronous FULL: a commit is on disk before it returns.  Vault and administrator's verbs write
 * from processes of their own; transactions begin IMMEDIATE, and wait at most 1.5 s for each other.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/internal.h"
#include "store/sql.h"

#define BUSY_MS 1500
#define BUSY_LOOK_US 1000 /* short: a writer that writes again and again leaves gaps of some milliseconds */

struct sqlite {
	struct sql sql; /* first */
	sqlite3 *db;
	sqlite3_stmt *st[SQL_SLOTS];
	sqlite3_stmt *begin, *look, *commit, *rollback;
	uint64_t busy_since;
};

static struct sqlite *sqlite_of(struct sql *q)
{
	return (struct sqlite *)q;
}

static sqlite3_stmt *stmt_of(struct sql_st *st)
{
	return (sqlite3_stmt *)st;
}

/* SQLite's words for its last error; "disk I/O error" and the like mostly are a disk that is full, and it does not say so. */
static void sqlite_reason(sqlite3 *db, const char *path, struct why *why)
{
	int code = sqlite3_errcode(db);

	if (code == SQLITE_READONLY && path && path[0] && store_is_readonly(path)) {
		why_set(why, STORE_READONLY, path);
		return;
	}
	why_set(why, "%s%s", sqlite3_errmsg(db),
		(code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_CANTOPEN) && path && path[0] && store_disk_is_full(path)
		? ": its disk is full"
		: "");
}

static enum store_result sqlite_failed(struct sqlite *q)
{
	sqlite_reason(q->db, sqlite3_db_filename(q->db, "main"), &q->sql.why);
	return STORE_FAILED;
}

static int busy(void *arg, int times)
{
	struct sqlite *q = arg;

	if (times == 0)
		q->busy_since = clock_mono_ms();
	if (clock_mono_ms() - q->busy_since >= BUSY_MS)
		return 0;
	usleep(BUSY_LOOK_US);
	return 1;
}

/* ---- texts that run ------------------------------------------------------------------------------------------------ */

static bool prepare(struct sqlite *q, const char *text, sqlite3_stmt **ret)
{
	if (*ret)
		return true;
	if (sqlite3_prepare_v3(q->db, text, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL) == SQLITE_OK)
		return true;
	sqlite_failed(q);
	return false;
}

static struct sql_st *start(struct sqlite *q, sqlite3_stmt *st, const struct sql_value *v, unsigned n)
{
	int rc = SQLITE_OK;

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	for (int i = 0; i < (int)n && rc == SQLITE_OK; i++) {
		if (v[i].type == 'i')
			rc = sqlite3_bind_int64(st, i + 1, v[i].i);
		else if (v[i].type == 't')
			rc = sqlite3_bind_text(st, i + 1, v[i].n ? v[i].p : "", (int)v[i].n, SQLITE_TRANSIENT); /* NULL would be no text */
		else
			rc = sqlite3_bind_blob64(st, i + 1, v[i].n ? v[i].p : "", v[i].n, SQLITE_TRANSIENT);
	}
	if (rc == SQLITE_OK)
		return (struct sql_st *)st;
	sqlite_failed(q);
	return NULL;
}

static struct sql_st *sqlite_start(struct sql *s, enum sql_id id, const struct sql_value *v, unsigned n)
{
	struct sqlite *q = sqlite_of(s);

	return prepare(q, sql_text_of[id], &q->st[id]) ? start(q, q->st[id], v, n) : NULL;
}

/* The text is prepared once, as long as it is the same. */
static struct sql_st *sqlite_start_text(struct sql *s, enum sql_id slot, const char *text, const struct sql_value *v, unsigned n)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt **st = &q->st[slot];

	if (*st && strcmp(sqlite3_sql(*st), text) != 0) {
		sqlite3_finalize(*st);
		*st = NULL;
	}
	return prepare(q, text, st) ? start(q, *st, v, n) : NULL;
}

static enum store_result step(struct sqlite *q, sqlite3_stmt *st)
{
	enum store_result r;

	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return STORE_OK;
	case SQLITE_DONE:
		r = STORE_NONE;
		break;
	case SQLITE_CONSTRAINT:
		sqlite_failed(q);
		r = STORE_TAKEN;
		break;
	default:
		r = sqlite_failed(q);
	}
	sqlite3_reset(st);
	return r;
}

static enum store_result sqlite_step(struct sql *s, struct sql_st *st)
{
	return step(sqlite_of(s), stmt_of(st));
}

static void sqlite_end(struct sql *s, struct sql_st *st) /* so that it holds no lock */
{
	(void)s;
	sqlite3_reset(stmt_of(st));
}

static int64_t sqlite_changed(struct sql *s)
{
	return sqlite3_changes(sqlite_of(s)->db);
}

static void sqlite_lazy(struct sql *s, bool lazy)
{
	sqlite3_exec(sqlite_of(s)->db, lazy ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL, NULL, NULL);
}

static int64_t column_int(struct sql *s, struct sql_st *st, int column)
{
	(void)s;
	return sqlite3_column_int64(stmt_of(st), column);
}

static const char *column_text(struct sql *s, struct sql_st *st, int column)
{
	const unsigned char *t = sqlite3_column_text(stmt_of(st), column);

	(void)s;
	return t ? (const char *)t : "";
}

static const void *column_blob(struct sql *s, struct sql_st *st, int column, size_t *n)
{
	const void *p = sqlite3_column_blob(stmt_of(st), column);

	(void)s;
	*n = (size_t)sqlite3_column_bytes(stmt_of(st), column);
	return p;
}

/* ---- transactions ---------------------------------------------------------------------------------------------------- */

static enum store_result run(struct sqlite *q, const char *text, sqlite3_stmt **st)
{
	enum store_result r = prepare(q, text, st) ? step(q, *st) : STORE_FAILED;

	return r == STORE_NONE ? STORE_OK : r;
}

static enum store_result sqlite_begin(struct sql *s)
{
	return run(sqlite_of(s), "BEGIN IMMEDIATE", &sqlite_of(s)->begin);
}

static enum store_result sqlite_look(struct sql *s)
{
	return run(sqlite_of(s), "BEGIN", &sqlite_of(s)->look);
}

static enum store_result sqlite_commit(struct sql *s)
{
	return run(sqlite_of(s), "COMMIT", &sqlite_of(s)->commit);
}

static void sqlite_rollback(struct sql *s)
{
	if (!sqlite3_get_autocommit(sqlite_of(s)->db))
		run(sqlite_of(s), "ROLLBACK", &sqlite_of(s)->rollback);
}

/* ---- a full disk -------------------------------------------------------------------------------------------------------- */

#define ROOM (UINT64_C(16) << 20) /* less free than that, or than a twentieth of a small file system: nearly full */

/* Both files are made larger than small writes need until the next checkpoint (a thousand pages), and their blocks are kept: pages
 * of the database that are free, and a log that begins anew in the same place. */
static enum store_result sqlite_reserve(struct sql *s)
{
	static const char text[] = "DROP TABLE IF EXISTS reserve; CREATE TABLE reserve (x BLOB);"
				   "INSERT INTO reserve VALUES (zeroblob(6291456)); PRAGMA wal_checkpoint(PASSIVE);"
				   "DROP TABLE reserve; PRAGMA wal_checkpoint(PASSIVE);";
	struct sqlite *q = sqlite_of(s);

	return sqlite3_exec(q->db, text, NULL, NULL, NULL) == SQLITE_OK ? STORE_OK : sqlite_failed(q);
}

static bool sqlite_has_room(struct sql *s)
{
	const char *path = sqlite3_db_filename(sqlite_of(s)->db, "main");
	uint64_t all, left;
	struct statvfs v;

	if (path == NULL || path[0] == '\0' || statvfs(path, &v) < 0)
		return true;
	all = (uint64_t)v.f_blocks * v.f_frsize;
	left = (uint64_t)v.f_bavail * v.f_frsize;
	return left >= (all / 20 < ROOM ? all / 20 : ROOM);
}

/* ---- opening --------------------------------------------------------------------------------------------------------- */

static void sqlite_close(struct sql *s)
{
	struct sqlite *q = sqlite_of(s);

	for (size_t i = 0; i < SQL_SLOTS; i++)
		sqlite3_finalize(q->st[i]);
	sqlite3_finalize(q->begin);
	sqlite3_finalize(q->look);
	sqlite3_finalize(q->commit);
	sqlite3_finalize(q->rollback);
	sqlite3_close(q->db);
	free(q);
}

static const struct sql_engine engine = {
    .name = "sqlite",
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .look = sqlite_look,
    .rollback = sqlite_rollback,
    .start = sqlite_start,
    .start_text = sqlite_start_text,
    .ids_get = "SELECT seq FROM sqlite_sequence WHERE name = '%s'",
    .ids_clear = "DELETE FROM sqlite_sequence WHERE name = '%s'",
    .ids_set = "INSERT INTO sqlite_sequence (name, seq) VALUES ('%s', ?1)",
    .step = sqlite_step,
    .end = sqlite_end,
    .changed = sqlite_changed,
    .lazy = sqlite_lazy,
    .reserve = sqlite_reserve,
    .has_room = sqlite_has_room,
    .column_int = column_int,
    .column_text = column_text,
    .column_blob = column_blob,
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
	char written[64];
	int version = -1;

	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK || !number_of(db, "PRAGMA user_version", &version))
		return sqlite3_errmsg(db);
	for (int v = version; v < SQL_SCHEMAS; v++)
		if (sqlite3_exec(db, sql_schema[v], NULL, NULL, NULL) != SQLITE_OK)
			return sqlite3_errmsg(db);
	sqlite3_snprintf(sizeof written, written, "PRAGMA user_version = %d", SQL_SCHEMAS);
	if ((version < SQL_SCHEMAS && sqlite3_exec(db, written, NULL, NULL, NULL) != SQLITE_OK) ||
	    sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite3_errmsg(db);
	return version > SQL_SCHEMAS ? SQL_NEWER : NULL;
}

/* Of a file system that takes no writes: lists are read all the same, what changes something is refused.  Without changes that wait in
 * its log the file is all there is, and SQLite needs no lock. */
static int open_readonly(struct sqlite *q, const char *path)
{
	char log[4096];
	struct stat st;
	char *uri;
	int rc;

	snprintf(log, sizeof log, "%s-wal", path);
	uri = sqlite3_mprintf("file:%s?%s", path, stat(log, &st) == 0 && st.st_size > 0 ? "mode=ro" : "immutable=1");
	rc = uri && !strpbrk(path, "?#%") ? sqlite3_open_v2(uri, &q->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL)
					 : SQLITE_CANTOPEN;
	sqlite3_free(uri);
	return rc;
}

static const char *open_schema(struct sqlite *q, bool readonly)
{
	int version = 0;

	sqlite3_busy_handler(q->db, busy, q);
	if ((!readonly && sqlite3_exec(q->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;", NULL, NULL, NULL) != SQLITE_OK) ||
	    !number_of(q->db, "PRAGMA user_version", &version))
		return sqlite3_errmsg(q->db);
	if (version == SQL_SCHEMAS)
		return NULL;
	return readonly ? "it is of another release, and cannot be changed" : make_schema(q->db);
}

struct store *store_sqlite(const char *path, struct why *why)
{
	struct sqlite *q = calloc(1, sizeof *q);
	const char *err = NULL;
	struct why words = {0};
	bool readonly = store_is_readonly(path);
	int rc;

	if (q == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	q->sql.store.ops = &sql_ops;
	q->sql.engine = &engine;
	rc = readonly ? open_readonly(q, path)
		      : sqlite3_open_v2(path, &q->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc != SQLITE_OK)
		err = q->db ? sqlite3_errmsg(q->db) : "out of memory";
	else
		err = open_schema(q, readonly);
	if (err == NULL)
		return &q->sql.store;
	rc = q->db ? sqlite3_errcode(q->db) : rc;
	if (readonly || rc == SQLITE_CORRUPT) {
		readonly ? why_set(why, STORE_READONLY, path) : store_damaged(path, err, why);
		sqlite_close(&q->sql);
		return NULL;
	}
	if (q->db && sqlite3_errcode(q->db) != SQLITE_OK) {
		sqlite_reason(q->db, path, &words);
		err = words.text;
	}
	why_set(why, "the store %s cannot be opened: %s", path, err);
	sqlite_close(&q->sql);
	return NULL;
}
