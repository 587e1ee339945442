#include "server/location/metrics.h"

#include "base/sv.h"

/* Milliseconds; Prometheus wants seconds. */
static const unsigned bounds[METRICS_BOUNDS] = {5, 10, 25, 50, 100, 250, 1000, 2500};

/* ---- counting ------------------------------------------------------------------------------------------------------------------ */

static void seen_count(struct metrics *m, const struct seen *s, uint64_t now)
{
	struct metrics_step *t = &m->step[s->step];
	uint64_t ms = s->began && s->began < now ? now - s->began : 0;
	unsigned i = 0;

	t->result[s->result]++;
	if (s->result == SEEN_REFUSED)
		m->refused[s->code]++;
	while (i < METRICS_BOUNDS && ms > bounds[i])
		i++;
	t->within[i]++;
	t->ms += ms;
}

void metrics_count(struct metrics *m, const struct location_ask *q, const struct location_reply *r, uint64_t now)
{
	if (q->kind == LOCATION_SEEN) {
		seen_count(m, &q->seen, now);
	} else if (q->kind == LOCATION_KEEP) {
		m->step[SEEN_REGISTER].result[SEEN_ANSWERED] += q->keep.n;
	} else if (q->kind == LOCATION_PUT && (r->action == LOCATION_ADDED || r->action == LOCATION_REFRESHED)) {
		m->step[SEEN_REGISTER].result[SEEN_ANSWERED]++; /* refreshes too; how long they took is not reported here */
		m->bound += r->action == LOCATION_ADDED;
	}
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------- */

static void metrics_head(struct buf *b, const char *name, const char *type, const char *help)
{
	buf_printf(b, "# HELP dialtone_%s %s\n# TYPE dialtone_%s %s\n", name, help, name, type);
}

static void steps_write(const struct metrics *m, struct buf *b)
{
	static const char *const results[] = {[SEEN_ANSWERED] = "answered", [SEEN_ASKED] = "asked", [SEEN_REFUSED] = "refused"};

	metrics_head(b, "steps_total", "counter", "Steps of phones on their way to dial tone, by stage and outcome.");
	for (unsigned i = 0; i < SEEN_STEP_COUNT; i++)
		for (unsigned k = 0; k < 3; k++)
			buf_printf(b, "dialtone_steps_total{stage=\"%u\",step=\"%s\",outcome=\"%s\"} %llu\n", seen_steps[i].stage,
				   seen_steps[i].name, results[k], (unsigned long long)m->step[i].result[k]);
	metrics_head(b, "step_seconds", "histogram", "Time between a step's request and its answer.");
	for (unsigned i = 0; i < SEEN_STEP_COUNT; i++) {
		const struct metrics_step *s = &m->step[i];
		unsigned long long n = 0;

		for (unsigned k = 0; k < METRICS_BOUNDS; k++)
			buf_printf(b, "dialtone_step_seconds_bucket{step=\"%s\",le=\"%u.%03u\"} %llu\n", seen_steps[i].name, bounds[k] / 1000,
				   bounds[k] % 1000, n += s->within[k]);
		n += s->within[METRICS_BOUNDS];
		buf_printf(b, "dialtone_step_seconds_bucket{step=\"%s\",le=\"+Inf\"} %llu\n", seen_steps[i].name, n);
		buf_printf(b, "dialtone_step_seconds_sum{step=\"%s\"} %llu.%03llu\n", seen_steps[i].name, (unsigned long long)s->ms / 1000,
			   (unsigned long long)s->ms % 1000);
		buf_printf(b, "dialtone_step_seconds_count{step=\"%s\"} %llu\n", seen_steps[i].name, n);
	}
}

/* Codes that were never met are left out: there are many. */
static void refusals_write(const struct metrics *m, struct buf *b)
{
	metrics_head(b, "refusals_total", "counter", "Refused steps by the code of dialtone-record(5).");
	for (unsigned i = 0; i < DT_FAILURE_COUNT; i++)
		if (m->refused[i])
			buf_printf(b, "dialtone_refusals_total{code=\"%s\"} %llu\n", dt_failures[i].code, (unsigned long long)m->refused[i]);
}

struct registered {
	unsigned inside, outside, far;
};

static void registered_one(void *arg, const struct location_binding *x)
{
	struct registered *r = arg;

	if (x->worker >= LOCATION_FAR)
		r->far++;
	else if (x->outside)
		r->outside++;
	else
		r->inside++;
}

static void registered_write(const struct metrics *m, const struct location *l, struct buf *b)
{
	struct location_walk w = {0};
	struct registered r = {0};

	while (location_walk(l, &w, registered_one, &r))
		;
	metrics_head(b, "registered", "gauge", "Registered endpoints of this front end, and those that others of its pool hold.");
	buf_printf(b, "dialtone_registered{side=\"inside\"} %u\ndialtone_registered{side=\"outside\"} %u\n", r.inside, r.outside);
	buf_printf(b, "dialtone_registered{side=\"other-front-ends\"} %u\n", r.far);
	metrics_head(b, "registrations_total", "counter", "Registrations of endpoints that were not registered before.");
	buf_printf(b, "dialtone_registrations_total %llu\n", (unsigned long long)m->bound);
	metrics_head(b, "orders_total", "counter", "Endpoints that were told to go: signed off, moved, pushed out, drained.");
	buf_printf(b, "dialtone_orders_total %llu\n", (unsigned long long)m->orders);
}

static void scoreboard_write(const struct scoreboard *s, struct buf *b)
{
	unsigned rows = atomic_load(&s->rows);
	const char *word = health_word(&s->health);
	static const char *const words[] = {"ready", "degraded", "draining"};

	metrics_head(b, "health", "gauge", "1 for the word that /health answers, 0 for the others.");
	for (unsigned i = 0; i < 3; i++)
		buf_printf(b, "dialtone_health{state=\"%s\"} %d\n", words[i], sv_eq(sv_of(word), sv_of(words[i])));
	metrics_head(b, "store_up", "gauge", "Whether the store answers, and takes writes.");
	buf_printf(b, "dialtone_store_up %d\n", atomic_load(&s->health.store) != HEALTH_STORE_DOWN);
	metrics_head(b, "store_seconds", "gauge", "How long the store took to answer a look at it, last.");
	buf_printf(b, "dialtone_store_seconds %u.%03u\n", atomic_load(&s->health.store_ms) / 1000, atomic_load(&s->health.store_ms) % 1000);
	metrics_head(b, "replication_lag_seconds", "gauge", "How far the standby that is farthest behind is; -1: no standby is seen.");
	if (atomic_load(&s->health.lag_ms) == 0)
		buf_str(b, "dialtone_replication_lag_seconds -1\n");
	else
		buf_printf(b, "dialtone_replication_lag_seconds %u.%03u\n", (atomic_load(&s->health.lag_ms) - 1) / 1000,
			   (atomic_load(&s->health.lag_ms) - 1) % 1000);
	metrics_head(b, "locked_out_total", "counter", "Attempts at a PIN or a password that is locked out.");
	buf_printf(b, "dialtone_locked_out_total %lu\n", atomic_load(&s->health.locked));
	metrics_head(b, "private_key_operations_total", "counter", "RSA private-key operations of each process.");
	for (unsigned i = 0; i < rows && i < SCOREBOARD_ROWS; i++)
		if (atomic_load(&s->row[i].pid))
			buf_printf(b, "dialtone_private_key_operations_total{process=\"%s\",index=\"%u\"} %lu\n", s->row[i].name, s->row[i].index,
				   atomic_load(&s->row[i].private_operations));
	metrics_head(b, "restarts_total", "counter", "How often each process was started again.");
	for (unsigned i = 0; i < rows && i < SCOREBOARD_ROWS; i++)
		if (atomic_load(&s->row[i].pid))
			buf_printf(b, "dialtone_restarts_total{process=\"%s\",index=\"%u\"} %lu\n", s->row[i].name, s->row[i].index,
				   atomic_load(&s->row[i].restarts));
}

void metrics_write(const struct metrics *m, const struct location *l, const struct scoreboard *s, struct buf *ret)
{
	steps_write(m, ret);
	refusals_write(m, ret);
	if (l)
		registered_write(m, l, ret);
	if (s)
		scoreboard_write(s, ret);
}
