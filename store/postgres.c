/* store/postgres.c: PostgreSQL as the engine of the store.
 *
 * One connection, used by one thread at a time (store/shared.c has the lock).  As with SQLite there is one writer at a time: a
 * transaction begins with an advisory lock, which the commit gives up when it is durable.  Writers who wait share a commit
 * (store/shared.c), so this costs little, and no two can wait for each other.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/postgres.h"

#define COPY_MS 20000
#define LOCK "7237110" /* of the one who writes: any number that no other program of this database uses */

static struct postgres *postgres_of(struct sql *q)
{
	return (struct postgres *)q;
}

/* ---- texts that run ------------------------------------------------------------------------------------------------------ */

#define TEXT_MAX 2048

/* ?1 is $1 here. */
static void text_of(const char *text, char ret[TEXT_MAX])
{
	snprintf(ret, TEXT_MAX, "%s", text);
	for (char *c = ret; *c; c++)
		if (*c == '?')
			*c = '$';
}

static bool prepare(struct postgres *p, enum sql_id id, const char *name, unsigned n)
{
	uint64_t until = clock_mono_ms() + p->answer_ms;
	char text[TEXT_MAX];
	enum store_result got = STORE_NONE;
	PGresult *r;

	if (p->prepared[id])
		return true;
	text_of(sql_text_of[id], text);
	if (!PQsendPrepare(p->c, name, text, (int)n, NULL) || !postgres_flushed(p, until)) {
		postgres_lost(p);
		return false;
	}
	while ((r = postgres_result(p, until)) != NULL) {
		if (got == STORE_NONE)
			got = postgres_checked(p, r);
		PQclear(r);
	}
	p->prepared[id] = p->c && got == STORE_NONE;
	return p->prepared[id];
}

struct bound {
	const char *value[SQL_VALUES_MAX];
	int length[SQL_VALUES_MAX], format[SQL_VALUES_MAX];
	char number[SQL_VALUES_MAX][24];
};

static void values_bind(struct bound *b, const struct sql_value *v, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		b->format[i] = v[i].type == 'b';
		b->value[i] = v[i].p ? v[i].p : "";
		b->length[i] = (int)v[i].n;
		if (v[i].type == 'i') {
			snprintf(b->number[i], sizeof b->number[i], "%lld", (long long)v[i].i);
			b->value[i] = b->number[i];
		}
	}
}

/* A write that may be lost with the power is a transaction of its own that waits for no disk: four texts, one round trip. */
static bool send_lazy(struct postgres *p, const char *name, const struct bound *b, unsigned n)
{
	return PQenterPipelineMode(p->c) && PQsendQueryParams(p->c, "BEGIN", 0, NULL, NULL, NULL, NULL, 0) &&
	       PQsendQueryParams(p->c, "SET LOCAL synchronous_commit = off", 0, NULL, NULL, NULL, NULL, 0) &&
	       PQsendQueryPrepared(p->c, name, (int)n, b->value, b->length, b->format, 1) &&
	       PQsendQueryParams(p->c, "COMMIT", 0, NULL, NULL, NULL, NULL, 0) && PQpipelineSync(p->c);
}

/* Of the four results the third counts, unless another one failed.  When one fails, those behind it are not run, COMMIT neither:
 * the transaction is still there, and postgres_online() ends it. */
static PGresult *lazy_result(struct postgres *p, uint64_t until)
{
	PGresult *r, *kept = NULL;
	unsigned at = 0;

	for (bool synced = false; p->c && !synced;) {
		r = postgres_result(p, until);
		if (r == NULL) { /* the end of one text's results */
			at++;
			continue;
		}
		synced = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
		if (!synced && (at == 2 || (kept == NULL && PQresultStatus(r) == PGRES_FATAL_ERROR))) {
			PQclear(kept);
			kept = r;
		} else {
			PQclear(r);
		}
	}
	if (p->c)
		PQexitPipelineMode(p->c);
	return kept;
}

static PGresult *run(struct postgres *p, const char *name, const struct bound *b, unsigned n)
{
	uint64_t until = clock_mono_ms() + p->answer_ms;
	bool lazy = p->lazy && !p->within;
	bool sent = lazy ? send_lazy(p, name, b, n) : PQsendQueryPrepared(p->c, name, (int)n, b->value, b->length, b->format, 1) != 0;
	PGresult *first = NULL, *r;

	if (!sent || !postgres_flushed(p, until)) {
		postgres_lost(p);
		return NULL;
	}
	if (lazy)
		return lazy_result(p, until);
	while ((r = postgres_result(p, until)) != NULL) {
		if (first == NULL)
			first = r;
		else
			PQclear(r);
	}
	return first;
}

static void st_clear(struct sql_st *st)
{
	PQclear(st->result);
	*st = (struct sql_st){.r = STORE_NONE};
}

static struct sql_st *postgres_start(struct sql *s, enum sql_id id, const struct sql_value *v, unsigned n)
{
	struct postgres *p = postgres_of(s);
	struct sql_st *st = &p->st[id];
	struct bound b;
	char name[16];

	st_clear(st);
	snprintf(name, sizeof name, "d%d", (int)id);
	values_bind(&b, v, n);
	if (!postgres_online(p) || !prepare(p, id, name, n))
		return NULL;
	st->result = run(p, name, &b, n);
	st->r = postgres_checked(p, st->result);
	p->changed = st->result ? strtoll(PQcmdTuples(st->result), NULL, 10) : 0;
	st->row = -1;
	return st;
}

static struct sql_st *postgres_start_text(struct sql *s, enum sql_id slot, const char *text, const struct sql_value *v, unsigned n)
{
	struct postgres *p = postgres_of(s);
	struct sql_st *st = &p->st[slot];
	uint64_t until = clock_mono_ms() + COPY_MS;
	char own[TEXT_MAX];
	struct bound b;
	PGresult *r;

	st_clear(st);
	text_of(text, own);
	values_bind(&b, v, n);
	if (!postgres_online(p))
		return NULL;
	if (!PQsendQueryParams(p->c, own, (int)n, NULL, b.value, b.length, b.format, 1) || !postgres_flushed(p, until)) {
		postgres_lost(p);
		return NULL;
	}
	while ((r = postgres_result(p, until)) != NULL) {
		PQclear(st->result);
		st->result = r;
	}
	st->r = postgres_checked(p, st->result);
	st->row = -1;
	return st;
}

static enum store_result postgres_step(struct sql *s, struct sql_st *st)
{
	enum store_result r = st->r;

	(void)s;
	if (r == STORE_OK && ++st->row < PQntuples(st->result))
		return STORE_OK;
	st_clear(st);
	return r == STORE_OK ? STORE_NONE : r;
}

static void postgres_end(struct sql *s, struct sql_st *st)
{
	(void)s;
	st_clear(st);
}

static int64_t postgres_changed(struct sql *s)
{
	return postgres_of(s)->changed;
}

static void postgres_lazy(struct sql *s, bool lazy)
{
	postgres_of(s)->lazy = lazy;
}

/* Binary: integers in network order, of 4 or 8 octets. */
static int64_t column_int(struct sql *s, struct sql_st *st, int column)
{
	const uint8_t *p = (const uint8_t *)PQgetvalue(st->result, st->row, column);
	int n = PQgetlength(st->result, st->row, column);
	uint64_t v = n && p[0] & 0x80 ? UINT64_MAX : 0;

	(void)s;
	for (int i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

static const char *column_text(struct sql *s, struct sql_st *st, int column)
{
	(void)s;
	return PQgetvalue(st->result, st->row, column);
}

static const void *column_blob(struct sql *s, struct sql_st *st, int column, size_t *n)
{
	(void)s;
	*n = (size_t)PQgetlength(st->result, st->row, column);
	return PQgetvalue(st->result, st->row, column);
}

/* ---- transactions -------------------------------------------------------------------------------------------------------- */

static enum store_result postgres_begin(struct sql *s)
{
	struct postgres *p = postgres_of(s);
	enum store_result r = postgres_online(p) ? postgres_command(p, "BEGIN; SELECT pg_advisory_xact_lock(" LOCK ")") : STORE_FAILED;

	p->within = r == STORE_OK;
	if (r != STORE_OK && p->c)
		postgres_command(p, "ROLLBACK");
	return r;
}

static enum store_result postgres_look(struct sql *s)
{
	struct postgres *p = postgres_of(s);
	enum store_result r = postgres_online(p) ? postgres_command(p, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") : STORE_FAILED;

	p->within = r == STORE_OK;
	return r;
}

/* A commit that was sent and not answered may have happened: whoever asked is told that it failed, and nothing that was
 * acknowledged is lost. */
static enum store_result postgres_commit(struct sql *s)
{
	struct postgres *p = postgres_of(s);
	enum store_result r = p->c && PQtransactionStatus(p->c) == PQTRANS_INTRANS ? postgres_command(p, "COMMIT") : STORE_FAILED;

	if (r == STORE_OK)
		p->within = false;
	return r;
}

static void postgres_rollback(struct sql *s)
{
	struct postgres *p = postgres_of(s);

	if (p->c && p->within && postgres_command(p, "ROLLBACK") != STORE_OK)
		postgres_hang_up(p);
	p->within = false;
}

/* ---- the engine ----------------------------------------------------------------------------------------------------------- */

static void postgres_close(struct sql *s)
{
	struct postgres *p = postgres_of(s);

	for (size_t i = 0; i < SQL_SLOTS; i++)
		st_clear(&p->st[i]);
	postgres_hang_up(p);
	if (p->conninfo)
		explicit_bzero(p->conninfo, strlen(p->conninfo));
	free(p->conninfo);
	free(p);
}

const struct sql_engine postgres_engine = {
    .name = "postgresql",
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .look = postgres_look,
    .rollback = postgres_rollback,
    .start = postgres_start,
    .start_text = postgres_start_text,
    .ids_get = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s_id_seq",
    .ids_clear = "SELECT 0 WHERE '%s' = ''",
    .ids_set = "SELECT setval('%s_id_seq', GREATEST(?1::bigint, 1), ?1::bigint > 0)",
    /* a user who may not look into pg_stat_replication sees the row, and NULL in it */
    .lag = "SELECT (extract(epoch FROM max(coalesce(replay_lag, interval '0'))) * 1000)::bigint FROM pg_stat_replication "
	   "WHERE state IS NOT NULL HAVING count(*) > 0",
    .step = postgres_step,
    .end = postgres_end,
    .changed = postgres_changed,
    .lazy = postgres_lazy,
    .column_int = column_int,
    .column_text = column_text,
    .column_blob = column_blob,
};
