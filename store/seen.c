#include "store/seen.h"

#include <sqlite3.h>
#include <stdlib.h>

struct store_seen {
	sqlite3 *db;
	sqlite3_stmt *add, *find;
};

/* Nothing of it has to last, so it has no journal and waits for no disk; 4 MB stay in memory, the rest goes to the file. */
static const char make[] = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096;"
			   "CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID; BEGIN";

static bool failed(const struct store_seen *s, struct why *why)
{
	return why_not(why, "the temporary file fails: %s", s->db ? sqlite3_errmsg(s->db) : "out of memory");
}

struct store_seen *store_seen_new(struct why *why)
{
	struct store_seen *s = calloc(1, sizeof *s);

	if (s == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	if (sqlite3_open("", &s->db) == SQLITE_OK && sqlite3_exec(s->db, make, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(s->db, "INSERT OR IGNORE INTO seen VALUES (?1, ?2)", -1, &s->add, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(s->db, "SELECT line FROM seen WHERE key = ?1", -1, &s->find, NULL) == SQLITE_OK)
		return s;
	failed(s, why);
	store_seen_free(s);
	return NULL;
}

void store_seen_free(struct store_seen *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->add);
	sqlite3_finalize(s->find);
	sqlite3_close(s->db);
	free(s);
}

bool store_seen_add(struct store_seen *s, const char *key, unsigned line, unsigned *before, struct why *why)
{
	bool ok;

	sqlite3_reset(s->add);
	sqlite3_bind_text(s->add, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s->add, 2, line);
	ok = sqlite3_step(s->add) == SQLITE_DONE;
	*before = 0;
	if (ok && sqlite3_changes(s->db) == 0) {
		sqlite3_bind_text(s->find, 1, key, -1, SQLITE_STATIC);
		ok = sqlite3_step(s->find) == SQLITE_ROW;
		*before = ok ? (unsigned)sqlite3_column_int64(s->find, 0) : 0;
		sqlite3_reset(s->find);
	}
	sqlite3_reset(s->add);
	return ok || failed(s, why);
}
