/* fleet/life.c: a phone from power-on to power-off, and what is counted of it. */
#include "fleet/internal.h"

#define PREPARE_TRIES 4 /* in the pass that is not measured */

static bool measuring(const struct fleet *f)
{
	return f->stats.phase == FLEET_MEASURING;
}

void life_place(struct fleet_phone *p, enum fleet_where where)
{
	struct fleet_stats *s = &p->f->stats;
	uint8_t stage = where == FLEET_SIGNING && p->ph ? (uint8_t)dt_phone_stage(p->ph) : 0;

	s->where[p->where]--;
	s->stage[p->stage]--;
	p->where = (uint8_t)where;
	p->stage = stage;
	s->where[where]++;
	s->stage[stage]++;
}

/* ---- on ----------------------------------------------------------------------------------------------------------------- */

static unsigned auth_of(const struct fleet_user *u)
{
	return (u->pin && u->number ? DT_AUTH_PIN : 0) | (u->login && u->password ? DT_AUTH_NTLM : 0);
}

static const struct dt_model *model_of(const struct fleet *f, unsigned i)
{
	unsigned n = 0;

	do {
		const struct dt_model *m = f->conf.model[(i + n) % f->conf.models];

		if (m->auth & auth_of(&f->conf.user[i]))
			return m;
	} while (++n < f->conf.models);
	return f->conf.model[i % f->conf.models]; /* the phone says itself what is missing */
}

static void credentials(const struct fleet_phone *p, const struct dt_model *m, struct dt_phone_conf *c)
{
	const struct fleet_user *u = &p->f->conf.user[fleet_index(p)];

	if (p->warm)
		return; /* its certificate */
	if (m->auth & DT_AUTH_PIN && u->pin && u->number) {
		c->number = u->number;
		c->pin = u->pin;
	} else if (u->login && u->password) {
		c->login = u->login;
		c->password = u->password;
		c->sip = u->address;
	}
}

void life_begin(struct fleet_phone *p, bool cold)
{
	struct fleet *f = p->f;
	unsigned i = fleet_index(p);
	const struct dt_model *m = model_of(f, i);
	struct dt_phone_conf c = {.body = &fleet_body, .arg = p, .model = m, .cold = cold, .no_vlan = true, .no_dhcp = true,
				  .domain = f->conf.domain, .web_url = f->conf.web_url, .registrar = f->conf.registrar, .strict = DT_STRICT_OFF};
	char serial[16];

	credentials(p, m, &c);
	memcpy(c.mac, (uint8_t[]){m->oui[0], m->oui[1], m->oui[2], (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, 6);
	text_set(serial, sizeof serial, "FLEET%06u", i);
	c.serial = serial;
	c.lease = (struct dt_lease){.address = f->conf.sources ? f->conf.source + i % f->conf.sources : 0x7f000001, .mask = 0xff000000};
	p->generation++;
	p->ph_at = p->limit_at = p->life_at = NEVER;
	p->over = p->ok = p->leaving = p->night = p->evening = false;
	p->try_at = f->now;
	if (p->first_at == NEVER)
		p->first_at = f->now;
	p->ph = dt_phone_new(&c);
	if (p->ph == NULL) { /* no memory: as if it had been refused */
		p->life_at = f->now + BACK_OFF_MEMORY_MS;
		life_place(p, FLEET_WAITING);
		heap_update(f, p);
		return;
	}
	p->tries += p->tries < UINT8_MAX;
	f->stats.tries++;
	f->stats.retries += p->tries > 1;
	if (measuring(f))
		stats_point(f)->tries++;
	life_place(p, FLEET_SIGNING);
	heap_update(f, p);
	dt_phone_start(p->ph);
	dt_phone_link(p->ph, true);
	life_look(p);
}

void life_end(struct fleet_phone *p)
{
	streams_cut(p);
	tls_sessions_forget(p->sessions);
	dt_phone_free(p->ph);
	p->ph = NULL;
	p->generation++;
	p->ph_at = p->limit_at = NEVER;
	p->over = p->leaving = false;
	heap_update(p->f, p);
	life_place(p, FLEET_OFF);
}

void life_leave(struct fleet_phone *p)
{
	p->life_at = NEVER;
	heap_update(p->f, p);
	if (p->ph == NULL || p->leaving)
		return;
	p->leaving = true;
	dt_phone_stop(p->ph);
	life_look(p);
}

/* ---- what it reports ------------------------------------------------------------------------------------------------------ */

static void life_record(struct fleet_phone *p, const struct dt_record *r)
{
	struct fleet *f = p->f;

	if (r->kind == DT_REC_STAGE && r->ok && !r->skipped && r->stage < DT_STAGE_COUNT) {
		fleet_times_add(&f->stats.by_stage[r->stage], r->ms);
	} else if (r->kind == DT_REC_ATTEMPT && strcmp(r->what, "refresh") == 0) {
		f->stats.refreshed += r->ok;
		f->stats.refresh_failed += !r->ok;
		if (r->ok)
			fleet_times_add(&f->stats.refresh, r->ms);
		if (r->ok && measuring(f))
			stats_point(f)->refreshed++;
	} else if (r->kind == DT_REC_ATTEMPT && strcmp(r->what, "sign off") == 0) {
		f->stats.signed_off += r->ok;
	} else if (r->kind == DT_REC_RESULT) {
		p->over = true;
		p->ok = r->ok;
	}
	if (!r->ok && (r->kind == DT_REC_ATTEMPT || r->kind == DT_REC_RESULT) && r->failure != DT_F_OK) {
		p->failure = (uint8_t)r->failure;
		if (r->fact.http == 503 || r->fact.sip == 503)
			p->retry_s = r->fact.seconds;
		p->failed_at = (uint8_t)r->stage;
		if (r->why || r->kind == DT_REC_ATTEMPT)
			text_set(f->why, sizeof f->why, "%s", r->why ? r->why : "");
	}
}

static void count_failure(struct fleet_phone *p)
{
	struct fleet *f = p->f;
	struct fleet_failures *row = &f->stats.failure[p->failure < DT_FAILURE_COUNT ? p->failure : DT_F_US];

	row->n++;
	row->at[p->failed_at < DT_STAGE_COUNT ? p->failed_at : 0]++;
	text_set(row->why, sizeof row->why, "%s", f->why);
}

static void served(struct fleet_phone *p)
{
	if (p->f->stats.phase == FLEET_PREPARING && !p->served) {
		p->served = true;
		p->f->flying--;
	}
}

static void has_failed(struct fleet_phone *p)
{
	struct fleet *f = p->f;
	enum dt_failure failure = p->failure < DT_FAILURE_COUNT ? p->failure : DT_F_US;
	bool again = f->conf.retry && !dt_failures[failure].final && (f->stats.phase != FLEET_PREPARING || p->tries < PREPARE_TRIES);

	f->stats.failed++;
	count_failure(p);
	if (measuring(f))
		stats_point(f)->failed++;
	gate_result(f, false, failure);
	life_end(p);
	if (!again) {
		life_place(p, FLEET_REFUSED);
		served(p);
		return;
	}
	p->life_at = f->now + gate_back_off(f, p->tries);
	if (p->life_at < f->now + p->retry_s * 1000ull)
		p->life_at = f->now + p->retry_s * 1000ull;
	p->retry_s = 0;
	heap_update(f, p);
	life_place(p, FLEET_WAITING);
}

static void has_dial_tone(struct fleet_phone *p)
{
	struct fleet *f = p->f;
	struct fleet_stats *s = &f->stats;
	uint64_t ms = f->now - p->try_at;

	gate_result(f, true, DT_F_OK);
	s->signed_in++;
	if (p->where == FLEET_SIGNING)
		fleet_times_add(&s->sign_in, ms);
	if (measuring(f)) {
		struct fleet_point *point = stats_point(f);

		point->signed_in++;
		point->sum_ms += ms;
		if (ms > point->most_ms)
			point->most_ms = (uint32_t)ms;
	}
	if (!p->was_on) {
		p->was_on = true;
		fleet_times_add(&s->arrival, f->now - p->first_at);
		s->done++;
		s->last_ms = f->now - f->began;
	}
	p->tries = 0;
	life_place(p, FLEET_ON);
	served(p);
	if (f->conf.leave && measuring(f))
		life_end(p);
}

static void has_lost(struct fleet_phone *p)
{
	p->f->stats.lost++;
	count_failure(p);
	p->try_at = p->f->now;
	life_place(p, FLEET_LOST);
}

void life_look(struct fleet_phone *p)
{
	bool on;

	if (p->ph == NULL)
		return;
	if (p->over && p->leaving) {
		life_end(p);
		return;
	}
	if (p->over && !p->ok) {
		has_failed(p);
		return;
	}
	p->over = false;
	on = dt_phone_registered(p->ph);
	if (on && p->where != FLEET_ON)
		has_dial_tone(p);
	else if (!on && p->where == FLEET_ON && !p->leaving)
		has_lost(p);
	else if (p->where == FLEET_SIGNING && p->stage != (uint8_t)dt_phone_stage(p->ph))
		life_place(p, FLEET_SIGNING);
}

const struct phone_events life_events = {.changed = life_look, .record = life_record};

/* ---- its own time ------------------------------------------------------------------------------------------------------------- */

void life_timer(struct fleet_phone *p)
{
	struct fleet *f = p->f;
	uint32_t wait;

	if (p->evening) {
		life_leave(p);
		return;
	}
	if (p->night) { /* the power goes, and comes again */
		p->night = false;
		if (p->ph) {
			life_end(p);
			p->warm = p->warm || p->was_on; /* else it has no certificate yet */
			f->stats.restarts++;
		}
	}
	if (p->ph || f->stats.phase >= FLEET_ENDING)
		return;
	if (p->first_at == NEVER)
		p->first_at = f->now;
	wait = gate_wait(f);
	if (wait) {
		p->life_at = f->now + wait;
		heap_update(f, p);
		life_place(p, FLEET_WAITING);
		return;
	}
	life_begin(p, !p->warm && p->tries == 0); /* a refused phone keeps its flash */
}
