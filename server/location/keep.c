/* server/location/keep.c lets a worker answer a refresh without a question.
 *
 * A worker that holds the only endpoint of a user knows what a 200 has to list, and answers a refresh that changes nothing but the time by
 * itself; LOCATION_KEEP reports it here a moment later.  LOCATION_ASK ends that: it goes to the worker when the user gets another
 * endpoint, wherever, and when a report is about a binding that is not known here.
 */
#include <limits.h>

#include "base/sv.h"
#include "server/location/internal.h"

static void keep_ask(struct location *l, uint32_t worker, uint64_t conn, const char *aor, const char *instance)
{
	struct location_notice n = {.conn = conn, .order = LOCATION_ASK};

	(void)sv_copy(n.aor, sizeof n.aor, sv_of(aor)); /* both came out of such fields */
	(void)sv_copy(n.instance, sizeof n.instance, sv_of(instance));
	if (l->notice)
		l->notice(l->arg, worker, &n);
}

void location_have_ask(struct location *l, const char *aor, const struct node *but)
{
	for (const struct node *p = *location_bucket(l, aor); p; p = p->next)
		if (p != but && p->front_end == 0 && location_same(p->b->aor, aor))
			keep_ask(l, p->b->worker, p->b->conn, p->b->aor, p->b->instance);
}

void location_keep(struct location *l, uint32_t worker, const struct location_kept *k)
{
	int64_t now = l->unix_s(l->arg), seconds = k->expires - now;
	struct location_far f;
	struct node *p = *location_bucket(l, k->aor);

	while (p && !(p->front_end == 0 && p->b->conn == k->conn && (worker == LOCATION_ANYBODY || p->b->worker == worker) &&
		      location_same(p->b->aor, k->aor) && location_same(p->b->instance, k->instance)))
		p = p->next;
	if (p == NULL) {
		keep_ask(l, worker, k->conn, k->aor, k->instance);
		return;
	}
	p->b->expires = k->expires;
	p->b->cseq = k->cseq;
	if (seconds <= 0 || seconds > UINT_MAX || (seconds <= p->seconds && seconds + KEEP_LATE_S >= p->seconds))
		return;
	p->seconds = (unsigned)seconds;
	if (l->changed) {
		location_far_of(l, p, false, &f);
		l->changed(l->changed_arg, &f);
	}
}
