/* store/postgres_link.c: the connection to PostgreSQL, and its waits: none is without an end.
 *
 * A query that is not answered in POSTGRES_ANSWER_MS ends its connection, and so its transaction; the next query connects anew, to
 * whichever of the hosts takes writes (target_session_attrs), so that a standby that was promoted is found.  While none does, calls
 * fail at once for PAUSE_MS.
 */
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "store/postgres.h"

#define CONNECT_MS 2500
#define PAUSE_MS 1000
#define SETTINGS "SET lock_timeout = 1400; SET statement_timeout = 20000; SET client_min_messages = warning"

/* ---- the connection ---------------------------------------------------------------------------------------------------- */

void postgres_hang_up(struct postgres *p)
{
	PQfinish(p->c);
	p->c = NULL;
	p->within = false;
	memset(p->prepared, 0, sizeof p->prepared);
}

/* The first line of libpq's words. */
void postgres_reason(struct postgres *p, const char *words)
{
	size_t n = strcspn(words, "\n");

	why_set(&p->sql.why, "PostgreSQL: %.*s", (int)n, words);
}

/* A question is half sent: nothing else can be sent on this connection. */
void postgres_lost(struct postgres *p)
{
	postgres_reason(p, PQerrorMessage(p->c)[0] ? PQerrorMessage(p->c) : "no answer in time");
	postgres_hang_up(p);
}

/* false: it is not ready before `until`. */
static bool ready(const PGconn *c, short events, uint64_t until)
{
	struct pollfd f = {PQsocket(c), events, 0};
	uint64_t now = clock_mono_ms();

	return f.fd >= 0 && now < until && poll(&f, 1, (int)(until - now)) > 0;
}

static bool connected(struct postgres *p)
{
	static const char *const keys[] = {"dbname", "target_session_attrs", "connect_timeout", "client_encoding", "fallback_application_name", NULL};
	const char *const values[] = {p->conninfo, "read-write", "2", "UTF8", "dialtone", NULL};
	uint64_t until = clock_mono_ms() + CONNECT_MS;
	PostgresPollingStatusType s = PGRES_POLLING_WRITING;

	p->c = PQconnectStartParams(keys, values, 1);
	while (p->c && PQstatus(p->c) != CONNECTION_BAD && s != PGRES_POLLING_OK && s != PGRES_POLLING_FAILED &&
	       ready(p->c, s == PGRES_POLLING_READING ? POLLIN : POLLOUT, until))
		s = PQconnectPoll(p->c);
	if (p->c && s == PGRES_POLLING_OK && PQsetnonblocking(p->c, 1) == 0)
		return true;
	postgres_reason(p, p->c == NULL ? "out of memory" : PQerrorMessage(p->c)[0] ? PQerrorMessage(p->c) : "no host that takes writes answers");
	return false;
}

bool postgres_flushed(struct postgres *p, uint64_t until)
{
	int more;

	while ((more = PQflush(p->c)) > 0 && ready(p->c, POLLIN | POLLOUT, until))
		if (!PQconsumeInput(p->c))
			return false;
	return more == 0;
}

/* The next result; NULL: there is none more, or (and then the connection has ended) none in time. */
PGresult *postgres_result(struct postgres *p, uint64_t until)
{
	while (p->c && PQisBusy(p->c))
		if (!ready(p->c, POLLIN, until)) {
			postgres_reason(p, "no answer in time");
			postgres_hang_up(p);
		} else if (!PQconsumeInput(p->c)) {
			postgres_reason(p, PQerrorMessage(p->c));
			postgres_hang_up(p);
		}
	return p->c ? PQgetResult(p->c) : NULL;
}

/* What a result means.  A server that takes no writes any more, or goes, is no longer ours. */
enum store_result postgres_checked(struct postgres *p, const PGresult *r)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;

	switch (r ? PQresultStatus(r) : PGRES_FATAL_ERROR) {
	case PGRES_TUPLES_OK:
		return STORE_OK;
	case PGRES_COMMAND_OK:
	case PGRES_PIPELINE_SYNC:
		return STORE_NONE;
	default:
		if (r)
			postgres_reason(p, PQresultErrorMessage(r));
		if (state && strcmp(state, "23505") == 0) /* unique_violation */
			return STORE_TAKEN;
		if (state && (strcmp(state, "25006") == 0 || strncmp(state, "57P", 3) == 0)) /* read only; shutting down */
			postgres_hang_up(p);
		return STORE_FAILED;
	}
}

/* Runs texts that give nothing, several between semicolons. */
enum store_result postgres_command(struct postgres *p, const char *text)
{
	uint64_t until = clock_mono_ms() + p->answer_ms;
	enum store_result worst = STORE_OK;
	PGresult *r;

	if (p->c == NULL || !PQsendQuery(p->c, text) || !postgres_flushed(p, until)) {
		if (p->c)
			postgres_lost(p);
		return STORE_FAILED;
	}
	while ((r = postgres_result(p, until)) != NULL) {
		enum store_result got = postgres_checked(p, r);

		PQclear(r);
		if (got != STORE_OK && got != STORE_NONE)
			worst = got;
	}
	return p->c ? worst : STORE_FAILED;
}

/* The server is in a transaction that is not ours any more: a text of it failed, as on a full disk, and the rest, its end too, was
 * not run.  All that comes after would be refused. */
static bool left_over(const struct postgres *p)
{
	return !p->within && PQtransactionStatus(p->c) != PQTRANS_IDLE;
}

/* Connects when there is no connection.  Within a transaction there is nothing to go on with. */
bool postgres_online(struct postgres *p)
{
	if (p->c && PQstatus(p->c) == CONNECTION_OK && (!left_over(p) || postgres_command(p, "ROLLBACK") == STORE_OK))
		return true;
	if (p->c) {
		bool was_within = p->within;

		postgres_hang_up(p);
		if (was_within)
			return false;
	}
	if (clock_mono_ms() < p->down_until)
		return false; /* the reason is that of the last try */
	if (connected(p) && postgres_command(p, SETTINGS) == STORE_OK)
		return true;
	postgres_hang_up(p);
	p->down_until = clock_mono_ms() + PAUSE_MS;
	return false;
}
