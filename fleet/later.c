/* fleet/later.c: answers that wait until the call that asked for them has returned. */
#include "fleet/internal.h"

bool later_add(struct fleet *f, const struct fleet_phone *p, const struct later *l)
{
	struct later *made = malloc(sizeof *made);

	if (made == NULL)
		return false;
	*made = *l;
	made->phone = fleet_index(p);
	made->generation = p->generation;
	made->next = NULL;
	*f->later_end = made;
	f->later_end = &made->next;
	return true;
}

struct later *later_take(struct fleet *f)
{
	struct later *l = f->later;

	if (l == NULL)
		return NULL;
	f->later = l->next;
	if (f->later == NULL)
		f->later_end = &f->later;
	return l;
}

void later_clear(struct fleet *f)
{
	struct later *l;

	while ((l = later_take(f)) != NULL)
		free(l);
}
