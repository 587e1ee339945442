/* store/postgres.h: what the files of the PostgreSQL engine share. */
#ifndef DIALTONE_STORE_POSTGRES_H
#define DIALTONE_STORE_POSTGRES_H

#include <libpq-fe.h>

#include "store/sql.h"

#define POSTGRES_ANSWER_MS 1500

struct sql_st {
	PGresult *result;
	int row;
	enum store_result r; /* what the first step gives, when there is no row */
};

struct postgres {
	struct sql sql; /* first */
	char *conninfo;
	PGconn *c;
	bool prepared[SQL_COUNT], lazy, within; /* within: a transaction */
	uint64_t down_until; /* mono_ms: nobody is tried before */
	int64_t changed;
	unsigned answer_ms;
	struct sql_st st[SQL_SLOTS];
};

/* ---- postgres_link.c: the connection ---- */

/* Connects when there is no connection.  Within a transaction there is nothing to go on with. */
bool postgres_online(struct postgres *p);
void postgres_hang_up(struct postgres *p);
void postgres_reason(struct postgres *p, const char *words); /* into why: the first line of libpq's words */
void postgres_lost(struct postgres *p); /* hangs up with the reason that libpq has */
bool postgres_flushed(struct postgres *p, uint64_t until);
/* The next result; NULL: there is none more, or (and then the connection has ended) none in time. */
PGresult *postgres_result(struct postgres *p, uint64_t until);
/* The meaning of a result: OK rows, NONE no rows, TAKEN, FAILED. */
enum store_result postgres_checked(struct postgres *p, const PGresult *r);
/* Runs texts that give nothing, several between semicolons. */
enum store_result postgres_command(struct postgres *p, const char *text);

/* ---- postgres.c ---- */

extern const struct sql_engine postgres_engine;

/* ---- postgres_open.c ---- */

/* A text of the schema in PostgreSQL's types, appended.  false: out of memory. */
bool postgres_schema(const char *text, struct buf *ret);

#endif
