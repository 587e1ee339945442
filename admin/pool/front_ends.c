#include "admin/pool/front_ends.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define LOOK_MS 200

struct look {
	struct front_end *all;
	size_t n;
	bool first;
};

static bool one(void *arg, const char *name, uint64_t beat)
{
	struct look *l = arg;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->all[i].name, name) == 0) {
			l->all[i].runs |= l->all[i].beat != beat;
			return true;
		}
	if (l->first && l->n < FRONT_ENDS_MAX) {
		l->all[l->n] = (struct front_end){.beat = beat};
		snprintf(l->all[l->n].name, sizeof l->all[l->n].name, "%s", name);
		l->n++;
	}
	return true;
}

static bool all_run(const struct look *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->all[i].runs)
			return false;
	return true;
}

enum admin_result front_ends_look(struct admin *a, uint64_t wait_ms, struct front_end ret[FRONT_ENDS_MAX], size_t *n, struct why *why)
{
	const struct timespec pause = {0, LOOK_MS * 1000000L};
	uint64_t until = clock_mono_ms() + wait_ms;
	struct store *s = a->store;
	struct look l = {.all = ret, .first = true};
	enum store_result r = s->ops->front_end_each(s, one, &l);

	l.first = false;
	while (r == STORE_OK && !all_run(&l) && clock_mono_ms() < until) {
		nanosleep(&pause, NULL);
		r = s->ops->front_end_each(s, one, &l);
	}
	for (size_t i = 0; r == STORE_OK && i < l.n; i++)
		r = s->ops->bindings_at(s, ret[i].name, &ret[i].registered);
	*n = l.n;
	return admin_store(a, r, "the list of front ends", why);
}
