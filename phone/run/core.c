/* phone/run/core.c: the body, the clock, random numbers, timers. */
#include "phone/run/core.h"

#include <stdlib.h>

#include "base/enc.h"
#include "base/text.h"
#include "phone/internal.h"

#define RETRY_AFTER_MAX_S 3600 /* a server that asks for more is asked again all the same */

struct ph_core *ph_core(struct dt_phone *ph)
{
	return &ph->core;
}

void ph_core_reset(struct ph_core *core)
{
	free(core->persist_why);
	*core = (struct ph_core){.body = core->body, .arg = core->arg, .model = core->model, .brief = core->brief,
				 .mac = {core->mac[0], core->mac[1], core->mac[2], core->mac[3], core->mac[4], core->mac[5]}};
	for (int t = 0; t < T_COUNT; t++)
		core->timer[t] = PH_NEVER;
}

uint32_t ph_wait_ms(struct dt_phone *ph, uint32_t ms)
{
	return ph_core(ph)->brief ? ms / 5 * 2 : ms;
}

uint64_t ph_now_ms(const struct dt_phone *ph)
{
	return ph->core.body->mono_ms(ph->core.arg);
}

enum dt_failure ph_date_failure(struct dt_phone *ph, enum dt_failure f)
{
	const struct ph_core *core = ph_core(ph);

	return f == DT_F_TLS_DATE && !core->time_known && !core->clock_confirmed ? DT_F_CLOCK_WRONG : f;
}

uint32_t ph_retry_after(struct dt_phone *ph, struct sv value)
{
	struct sv rest = value, number = sv_trim(sv_cut(&rest, ';')); /* "120;duration=3600", "18000 (in a meeting)" */
	uint64_t seconds = 0;

	number = sv_cut(&number, ' ');
	number = sv_trim(sv_cut(&number, '('));
	if (sv_u64(number, UINT32_MAX, &seconds)) { /* a date says no more than that it is not now */
		seconds = seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S;
		ph_core(ph)->not_before = ph_now_ms(ph) + seconds * 1000;
	}
	return (uint32_t)seconds;
}

uint64_t ph_spread_ms(struct dt_phone *ph, uint64_t ms)
{
	uint64_t asked = ph_core(ph)->not_before, now = ph_now_ms(ph);

	if (asked > now && asked - now > ms)
		ms = asked - now;
	return ms < 2 ? ms : ms + ph_random_below(ph, (uint32_t)(ms / 2));
}

int64_t ph_unix_s(const struct dt_phone *ph)
{
	return (ph->core.body->unix_ms(ph->core.arg) + ph->core.offset_ms) / 1000;
}

void ph_random(const struct dt_phone *ph, void *p, size_t n)
{
	ph->core.body->random(ph->core.arg, p, n);
}

uint32_t ph_random_below(const struct dt_phone *ph, uint32_t n)
{
	uint32_t v;

	ph_random(ph, &v, sizeof v);
	return n ? v % n : 0;
}

void ph_random_hex(const struct dt_phone *ph, char *out, size_t digits)
{
	uint8_t raw[32];

	ph_random(ph, raw, digits / 2);
	hex_write(out, raw, digits / 2, false);
}

void ph_timer_set(struct dt_phone *ph, enum ph_timer t, uint64_t ms)
{
	ph->core.timer[t] = ph_now_ms(ph) + ms;
}

void ph_timer_off(struct dt_phone *ph, enum ph_timer t)
{
	ph->core.timer[t] = PH_NEVER;
}

void ph_timers_off(struct dt_phone *ph)
{
	for (int t = 0; t < T_COUNT; t++)
		ph->core.timer[t] = PH_NEVER;
}

unsigned ph_next_id(struct dt_phone *ph)
{
	return ++ph->core.ids;
}

void ph_user_agent(struct dt_phone *ph, char *out, size_t cap)
{
	text_set(out, cap, "CPE/%s OCPhone/%s (%s)", ph->core.version, ph->core.version, ph->core.model->product);
}

int ph_tci(const struct dt_phone *ph)
{
	return ph->core.tagged ? ph->core.prio << 13 | ph->core.vlan : -1;
}

void ph_frame(struct dt_phone *ph, const uint8_t *frame, size_t n)
{
	ph->core.body->frame(ph->core.arg, frame, n, ph_tci(ph));
}

void *ph_alloc(struct dt_phone *ph, size_t n)
{
	void *p = calloc(1, n);

	ph->core.no_memory |= p == NULL;
	return p;
}
