/* phone/client/srv.c: RFC 2782, "Usage rules": priorities and weights. */
#include "phone/client/srv.h"

#include <string.h>

#include "phone/run/core.h"

/* RFC 2782: lowest priority first; among equals, in turn by weighted random choice, those of weight 0 first in the list. */
void srv_sort(const struct dt_phone *ph, struct dt_dns_answer *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		uint32_t sum = 0, drawn, run = 0;
		unsigned pick = i;

		for (unsigned j = i; j < a->n; j++) /* the lowest priority left */
			if (a->rr[j].priority < a->rr[pick].priority)
				pick = j;
		for (unsigned j = i; j < a->n; j++)
			sum += a->rr[j].priority == a->rr[pick].priority ? a->rr[j].weight : 0;
		drawn = ph_random_below(ph, sum + 1);
		for (int heavy = 0; heavy < 2 && pick < a->n; heavy++) { /* "all those with weight 0 ... at the beginning" */
			uint16_t priority = a->rr[pick].priority;
			bool done = false;

			for (unsigned j = i; j < a->n && !done; j++) {
				if (a->rr[j].priority != priority || (a->rr[j].weight > 0) != heavy)
					continue;
				run += a->rr[j].weight;
				if (run >= drawn) {
					pick = j;
					done = true;
				}
			}
			if (done)
				break;
		}
		if (pick != i) {
			struct dt_dns_rr t = a->rr[i];

			a->rr[i] = a->rr[pick];
			a->rr[pick] = t;
		}
	}
}

bool srv_best(const struct dt_phone *ph, const struct dt_dns_answer *a, char ret[DT_NAME_MAX])
{
	struct dt_dns_answer sorted = *a;

	if (a->status != DT_DNS_OK || a->n == 0)
		return false;
	srv_sort(ph, &sorted);
	if (sorted.rr[0].target[0] == '\0')
		return false;
	memcpy(ret, sorted.rr[0].target, DT_NAME_MAX);
	return true;
}
