#include "server/daemon/succession.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"

static void signal_all(struct generation *g, int signo, bool workers)
{
	for (unsigned i = 0; i < g->nslot; i++)
		if (g->slot[i].pid > 0 && (g->slot[i].role >= ROLE_WORKER) == workers)
			kill(g->slot[i].pid, signo);
}

static void supervisor_drain(struct generation *g)
{
	if (g->draining)
		return;
	g->draining = true;
	g->until = clock_mono_ms() + KILL_MS;
	generation_close_listeners(g);
	signal_all(g, SIGTERM, true);
}

static void supervisor_kill(struct generation *g)
{
	signal_all(g, SIGKILL, true);
	signal_all(g, SIGKILL, false);
	for (unsigned i = 0; i < g->nslot; i++)
		if (g->slot[i].pid > 0)
			waitpid(g->slot[i].pid, NULL, 0);
	generation_free(g);
}

/* Reloads that follow each other faster than phones go: the generation that would end first ends now. */
static void supervisor_keep_old(struct supervisor *s, struct generation *g)
{
	unsigned at = 0;

	for (unsigned i = 0; i < OLD; i++)
		if (s->old[i] == NULL || (s->old[at] && s->old[i]->until < s->old[at]->until))
			at = i;
	if (s->old[at])
		supervisor_kill(s->old[at]);
	s->old[at] = g;
}

void succession_retire(struct supervisor *s, struct generation *g)
{
	if (g == NULL)
		return;
	supervisor_drain(g);
	supervisor_keep_old(s, g);
}

/* s->now is ready: whoever came before accepts nothing any more, and keeps the phones that it has; its vault and its location
 * process end, and those of s->now are asked instead. */
void succession_take_over(struct supervisor *s, struct generation *before)
{
	uint64_t now = clock_mono_ms();

	if (before) {
		before->draining = before->retired = before->ending = true;
		before->until = now + (uint64_t)before->site.reload_keep * 1000 + KILL_MS;
		before->others_until = now + OTHERS_MS;
		generation_close_listeners(before);
		signal_all(before, SIGTERM, false);
		generation_signal(before, ROLE_DHCP, SIGTERM);
		generation_signal(before, ROLE_DNS, SIGTERM);
		generation_signal(before, ROLE_WATCH, SIGTERM);
		supervisor_keep_old(s, before);
	}
	for (unsigned i = 0; i < OLD; i++)
		if (s->old[i] && s->old[i]->retired && s->old[i]->orphaned)
			signal_all(s->old[i], SIGTERM, true);
		else if (s->old[i] && s->old[i]->retired)
			generation_retire(s->old[i], &s->now->site);
}

/* The sockets of the workers of before have no reader just now: what they ask waits there. */
void succession_adopt(struct supervisor *s)
{
	if (s->now == NULL || s->now->adopting)
		return;
	for (unsigned i = 0; i < OLD; i++)
		for (unsigned k = 0; s->old[i] && k < s->old[i]->nslot; k++)
			if (s->old[i]->retired && s->old[i]->slot[k].pid > 0 && s->old[i]->slot[k].role < ROLE_WORKER)
				return;
	s->now->adopting = true;
	generation_signal(s->now, ROLE_VAULT, SIGUSR1);
	generation_signal(s->now, ROLE_LOCATION, SIGUSR1);
}

/* Moves a draining generation on; true when nobody of it is left. */
bool succession_drained(struct generation *g, uint64_t now)
{
	if (g->retired && now >= g->others_until) {
		signal_all(g, SIGKILL, false);
		g->others_until = UINT64_MAX;
	}
	if (now >= g->until) {
		signal_all(g, SIGKILL, true);
		signal_all(g, SIGKILL, false);
		g->until = UINT64_MAX;
	}
	if (generation_running(g, true) == 0 && !g->ending) {
		g->ending = true;
		signal_all(g, SIGTERM, false);
	}
	return generation_running(g, false) == 0;
}

void succession_end(struct supervisor *s)
{
	for (unsigned i = 0; i < OLD; i++)
		if (s->old[i] && s->old[i]->retired) {
			s->old[i]->until = clock_mono_ms() + KILL_MS;
			signal_all(s->old[i], SIGTERM, true);
		}
}
