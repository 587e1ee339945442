/* fleet/engine.c: the loop, and the parts of a run: the pass that is not measured, the measured part, the end. */
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fleet/internal.h"
#include "pki/many_keys.h"

#define EVENTS 256
#define TIMERS 512 /* at most so many before the sockets are looked at again */
#define TOGETHER 16
#define GRACE_MS 20000 /* for signing off */
#define LEAVE_MS 5	/* between two who sign off at the end */
#define NIGHT 0.75	/* of the day: phones restart, one after the other, in an eighth of it */
#define EVENING 0.90

/* ---- a new one ---------------------------------------------------------------------------------------------------------- */

static bool keys_make(struct fleet *f, struct why *why)
{
	f->keys = pki_many_keys_new(f->conf.phones);
	return f->keys || why_not(why, "no key can be made: %s", pki_error());
}

/* A phone has three connections at a time for moments, one for good. */
static bool descriptors(unsigned phones, struct why *why)
{
	struct rlimit r;
	rlim_t want = phones + phones / 4 + 200;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return true;
	if (r.rlim_cur >= want)
		return true;
	if (r.rlim_max < want) {
		struct rlimit more = {want, want};

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return true;
		return why_not(why, "%u phones need %lu open files and this process may have %lu: type ulimit -Hn %lu as root first", phones,
			       (unsigned long)want, (unsigned long)r.rlim_max, (unsigned long)want);
	}
	r.rlim_cur = want;
	return setrlimit(RLIMIT_NOFILE, &r) == 0 || why_not(why, "ulimit -n: %s", strerror(errno));
}

static void phones_make(struct fleet *f)
{
	for (unsigned i = 0; i < f->conf.phones; i++) {
		struct fleet_phone *p = &f->phone[i];

		*p = (struct fleet_phone){.f = f, .ph_at = NEVER, .life_at = NEVER, .first_at = NEVER, .limit_at = NEVER, .heap_at = i};
		f->heap[i] = i;
	}
	f->heaped = f->conf.phones;
	f->stats.phones = f->stats.where[FLEET_OFF] = f->stats.stage[0] = f->conf.phones;
}

struct fleet *fleet_new(const struct fleet_conf *conf, struct why *why)
{
	struct fleet *f = calloc(1, sizeof *f);

	if (f == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	f->conf = *conf;
	f->epoll = -1;
	f->on = &life_events;
	f->later_end = &f->later;
	f->phone = calloc(conf->phones, sizeof *f->phone);
	f->heap = calloc(conf->phones, sizeof *f->heap);
	f->verdicts = verdicts_new();
	f->tls = tls_ctx_client(&(struct tls_client_conf){.profile = TLS_CLIENT_OLD});
	f->random = conf->seed;
	if (f->random == 0 && !pki_random(&f->random, sizeof f->random))
		f->random = 1;
	f->random |= 1;
	f->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (f->phone == NULL || f->heap == NULL || f->verdicts == NULL || f->tls == NULL || f->epoll < 0) {
		why_set(why, "out of memory");
		fleet_free(f);
		return NULL;
	}
	if (!descriptors(conf->phones, why) || !keys_make(f, why)) {
		fleet_free(f);
		return NULL;
	}
	phones_make(f);
	f->now = f->born = clock_mono_ms();
	f->stats.phase = FLEET_PREPARING;
	return f;
}

void fleet_free(struct fleet *f)
{
	if (f == NULL)
		return;
	for (unsigned i = 0; f->phone && i < f->heaped; i++) {
		if (f->phone[i].ph)
			life_end(&f->phone[i]);
		flash_clear(&f->phone[i]);
	}
	streams_end(f);
	for (unsigned i = 0; f->phone && i < f->heaped; i++)
		tls_sessions_free(f->phone[i].sessions);
	later_clear(f);
	pki_many_keys_free(f->keys);
	verdicts_free(f->verdicts);
	tls_ctx_free(f->tls);
	if (f->epoll >= 0)
		close(f->epoll);
	free(f->phone);
	free(f->heap);
	free(f);
}

const struct fleet_stats *fleet_stats(const struct fleet *f)
{
	return &f->stats;
}

/* ---- the parts of a run ---------------------------------------------------------------------------------------------------- */

/* At their times phones are switched on, restart, or sign off. */
static void phones_at(struct fleet *f, uint64_t from, uint64_t spread, bool night, bool evening)
{
	for (unsigned i = 0; i < f->conf.phones; i++) {
		struct fleet_phone *p = &f->phone[i];

		if (p->where == FLEET_REFUSED)
			continue;
		p->night = night;
		p->evening = evening;
		p->life_at = from + (spread ? fleet_random(f) % spread : 0);
		heap_update(f, p);
	}
}

static void measure(struct fleet *f)
{
	bool stay = f->conf.scenario == FLEET_REFRESH;

	stats_begin(f);
	f->gate = (struct gate){0};
	for (unsigned i = 0; i < f->conf.phones; i++) {
		struct fleet_phone *p = &f->phone[i];

		if (stay || p->where == FLEET_REFUSED) {
			p->was_on = p->where == FLEET_ON;
			f->stats.done += p->was_on;
			continue;
		}
		if (p->ph)
			life_end(p);
		p->tries = 0;
		p->was_on = false;
		p->first_at = NEVER;
		p->warm = f->conf.scenario == FLEET_WARM;
		p->life_at = f->now + arrive_at(f, i);
		heap_update(f, p);
	}
	f->ends_at = f->conf.for_ms ? f->now + f->conf.for_ms : NEVER;
	f->night_at = f->evening_at = NEVER;
	if (f->conf.scenario == FLEET_DAY && f->conf.for_ms) {
		f->night_at = f->now + (uint64_t)(f->conf.for_ms * NIGHT);
		f->evening_at = f->now + (uint64_t)(f->conf.for_ms * EVENING);
	}
}

static void prepare(struct fleet *f)
{
	unsigned together = f->conf.together ? f->conf.together : TOGETHER;

	if (f->conf.scenario == FLEET_COLD || f->conf.scenario == FLEET_DAY) {
		measure(f);
		return;
	}
	while (f->flying < together && f->next_phone < f->conf.phones) {
		f->flying++;
		life_begin(&f->phone[f->next_phone++], true);
	}
	if (f->flying == 0 && f->next_phone == f->conf.phones)
		measure(f);
}

static void end_begin(struct fleet *f)
{
	bool sign_off = f->conf.sign_off || f->conf.scenario == FLEET_DAY;
	unsigned leaving = 0;

	stats_tick(f);
	f->stats.phase = FLEET_ENDING;
	for (unsigned i = 0; i < f->conf.phones; i++) {
		struct fleet_phone *p = &f->phone[i];

		p->life_at = NEVER;
		if (p->ph && sign_off && p->where == FLEET_ON) {
			p->evening = true;
			p->life_at = f->now + (uint64_t)LEAVE_MS * leaving++;
		} else if (p->ph && !p->leaving) {
			life_end(p);
		}
		heap_update(f, p);
	}
	f->grace_at = f->now + GRACE_MS + (uint64_t)LEAVE_MS * leaving;
}

static void end(struct fleet *f)
{
	const unsigned *where = f->stats.where;

	if (where[FLEET_OFF] + where[FLEET_REFUSED] + where[FLEET_WAITING] < f->conf.phones && f->now < f->grace_at)
		return;
	for (unsigned i = 0; i < f->conf.phones; i++)
		if (f->phone[i].ph)
			life_end(&f->phone[i]);
	f->stats.phase = FLEET_OVER;
}

static void part(struct fleet *f)
{
	const struct fleet_stats *s = &f->stats;

	switch (s->phase) {
	case FLEET_PREPARING:
		prepare(f);
		break;
	case FLEET_MEASURING:
		if (f->now >= f->night_at) {
			phones_at(f, f->now, f->conf.for_ms / 8, true, false);
			f->night_at = NEVER;
		}
		if (f->now >= f->evening_at) {
			phones_at(f, f->now, f->conf.for_ms / 20, false, true);
			f->evening_at = NEVER;
		}
		if (f->now >= f->ends_at || (f->conf.for_ms == 0 && s->done + s->where[FLEET_REFUSED] >= f->conf.phones))
			end_begin(f);
		break;
	case FLEET_ENDING:
		end(f);
		break;
	case FLEET_OVER:
		break;
	}
}

void fleet_stop(struct fleet *f)
{
	if (f->stats.phase < FLEET_ENDING)
		end_begin(f);
	else
		f->grace_at = f->now; /* asked twice */
}

/* ---- the loop ------------------------------------------------------------------------------------------------------------------ */

static void fire(struct fleet_phone *p)
{
	if (p->limit_at <= p->f->now) {
		streams_limit(p);
	} else if (p->ph && p->ph_at <= p->f->now) {
		p->ph_at = NEVER;
		heap_update(p->f, p);
		dt_phone_timer(p->ph);
		life_look(p);
	} else {
		p->life_at = NEVER;
		heap_update(p->f, p);
		life_timer(p);
	}
}

static void timers(struct fleet *f)
{
	struct fleet_phone *p;

	for (unsigned i = 0; i < TIMERS && (p = heap_due(f)) != NULL; i++) {
		fire(p);
		later_run(f);
		f->now = clock_mono_ms();
	}
}

static void sockets(struct fleet *f, uint64_t until)
{
	struct epoll_event ev[EVENTS];
	uint64_t at = heap_first(f);
	int n;

	if (at > until)
		at = until;
	f->now = clock_mono_ms();
	n = epoll_wait(f->epoll, ev, EVENTS, f->later || at <= f->now ? 0 : (int)(at - f->now));
	for (int i = 0; i < n; i++) {
		f->now = clock_mono_ms();
		streams_event(ev[i].data.ptr, ev[i].events);
		later_run(f);
	}
	f->now = clock_mono_ms();
}

bool fleet_turn(struct fleet *f, uint32_t ms)
{
	uint64_t until = (f->now = clock_mono_ms()) + ms;

	while (f->stats.phase != FLEET_OVER && f->now < until) {
		part(f);
		later_run(f);
		timers(f);
		streams_end(f);
		sockets(f, until);
		streams_end(f);
		stats_tick(f);
	}
	part(f);
	return f->stats.phase != FLEET_OVER;
}
