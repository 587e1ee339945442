/* fleet/gate.c: nobody storms.
 *
 * One phone waits longer after each refusal, and each waits its own time.  Thousands that are refused together would still be a
 * storm for a server that is down: after many tries in a row that met nobody, tries go at one a second, and each success lets
 * twice as many go, until the gate is open again.
 */
#include "fleet/internal.h"

#define GATE_ROW 100
#define GATE_FIRST 1.0	  /* tries a second */
#define GATE_OPEN 1000.0
#define BACK_OFF_MS 5000u /* the first wait, about */
#define BACK_OFF_MOST 300000u

static bool nobody(enum dt_failure f)
{
	return f == DT_F_CONNECT || f == DT_F_TIMEOUT || f == DT_F_CLOSED || f == DT_F_TLS_HANDSHAKE || f == DT_F_HTTP_STATUS ||
	       f == DT_F_SIP_STATUS;
}

uint32_t gate_back_off(struct fleet *f, unsigned tries)
{
	unsigned doubled = tries > 1 ? tries - 1 : 0;
	uint32_t wait = doubled > 6 ? BACK_OFF_MOST : BACK_OFF_MS << doubled;

	return (uint32_t)((wait < BACK_OFF_MOST ? wait : BACK_OFF_MOST) * (0.5 + fleet_random_unit(f)));
}

uint32_t gate_wait(struct fleet *f)
{
	struct gate *g = &f->gate;

	if (g->rate <= 0)
		return 0;
	if (g->next <= f->now) {
		g->next = f->now + (uint64_t)(1000 / g->rate);
		return 0;
	}
	f->stats.held++;
	return 1000 + (uint32_t)(fleet_random_unit(f) * 9000);
}

void gate_result(struct fleet *f, bool ok, enum dt_failure failure)
{
	struct gate *g = &f->gate;

	if (ok) {
		g->row = 0;
		if (g->rate > 0 && (g->rate *= 2) >= GATE_OPEN)
			g->rate = 0;
		return;
	}
	if (!nobody(failure) || ++g->row < GATE_ROW)
		return;
	g->rate = GATE_FIRST;
	g->row = 0;
}
