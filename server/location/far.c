/* server/location/far.c: bindings of the pool's other front ends, beside this one's own.
 *
 * Each front end keeps count of its own phones and tells the others who comes, goes, or moves: they know what quota counts, what
 * a 200 lists, and who is registered at all.  A refresh is nobody else's business: a binding lasts as long as its front end says so
 * and runs.
 */
#include "server/location/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sv.h"

void location_watch(struct location *l, const char *front_end, void (*changed)(void *arg, const struct location_far *f), void *arg)
{
	snprintf(l->front_end[0], sizeof l->front_end[0], "%s", front_end);
	l->mark = (uint16_t)(location_hash(front_end) % 1024);
	l->changed = changed;
	l->changed_arg = arg;
}

/* The place of its name, which is written down when it is new; 0: there is no room. */
static unsigned far_index(struct location *l, const char *front_end)
{
	for (unsigned i = 1; i < LOCATION_FRONT_ENDS; i++) {
		if (l->front_end[i][0] == '\0')
			snprintf(l->front_end[i], sizeof l->front_end[i], "%s", front_end);
		if (location_same(l->front_end[i], front_end))
			return i;
	}
	return 0;
}

void location_far_put(struct location *l, const struct location_far *f)
{
	unsigned index = far_index(l, f->front_end);
	struct node **at = location_bucket(l, f->binding.aor);
	struct location_packed *packed;
	struct location_binding b;
	struct node *p, *known;

	if (index == 0)
		return;
	while (*at && !location_same_endpoint((*at)->b, &f->binding))
		at = &(*at)->next;
	if (f->gone) {
		if (*at && (*at)->front_end == index)
			location_cut(l, at, false);
		return;
	}
	b = f->binding;
	b.worker = LOCATION_FAR + index;
	b.expires = INT64_MAX;
	if ((packed = location_pack(&b)) == NULL)
		return;
	known = *at; /* the table may grow, and `at` be gone, when a node is made */
	p = known ? known : location_node(l, packed);
	if (p == NULL) {
		free(packed);
		return;
	}
	if (known) {
		free(p->b);
		p->b = packed;
	} else {
		location_have_ask(l, f->binding.aor, p);
	}
	p->seconds = f->seconds;
	p->since = f->since;
	p->front_end = index;
	if (l->quota)
		location_crowd_out(l, f->binding.aor, NULL, l->quota);
}

void location_far_lost(struct location *l, const char *front_end)
{
	unsigned index = front_end ? far_index(l, front_end) : 0;

	for (size_t i = 0; i < l->nbucket; i++)
		for (struct node **at = &l->bucket[i]; *at;)
			if ((*at)->front_end && (index == 0 || (*at)->front_end == index))
				location_cut(l, at, false);
			else
				at = &(*at)->next;
}

const char *location_far_name(const struct location *l, uint32_t worker)
{
	return worker > LOCATION_FAR && worker < LOCATION_FAR + LOCATION_FRONT_ENDS ? l->front_end[worker - LOCATION_FAR] : "";
}

bool location_far_walk(const struct location *l, struct location_walk *w, void (*fn)(void *arg, const struct location_far *f), void *arg)
{
	struct location_far f;

	if (w->of == 0)
		w->of = l->nbucket;
	for (size_t i = w->at; i < l->nbucket; i += w->of)
		for (const struct node *p = l->bucket[i]; p; p = p->next)
			if (p->front_end == 0) {
				location_far_of(l, p, false, &f);
				fn(arg, &f);
			}
	return ++w->at < w->of;
}
