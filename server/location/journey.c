/* server/location/journey.c: joins reports of what was seen. The table itself: server/location/journey_table.c. */
#include "server/location/journey.h"

#include <string.h>

#include "base/text.h"
#include "server/location/journey_table.h"

#define NEW_WAY_MS 120000 /* a phone that said nothing for so long begins anew */

/* ---- which phone it is -------------------------------------------------------------------------------------------- */

static bool differ(const char *a, const char *b)
{
	return a[0] && b[0] && !location_same(a, b);
}

/* Two phones, though they speak from one address. */
static bool conflict(const struct journey *j, const struct seen *s)
{
	return differ(j->mac, s->mac) || differ(j->instance, s->instance);
}

/* Thousands of phones may come from the address of one router: those that were seen last stand first, and this many are looked at. */
#define AT_ADDRESS_MOST 64

/* Outside, others may speak from the address of a phone that is registered: it is not theirs to change. */
static struct journey *at_address(const struct journeys *t, const struct seen *s)
{
	bool nameless = s->mac[0] == '\0' && s->instance[0] == '\0';
	struct journey *best = NULL, *j = journeys_first(t, KEY_ADDRESS, s->address);

	for (unsigned i = 0; j && i < AT_ADDRESS_MOST; i++, j = journeys_next(j, KEY_ADDRESS)) {
		if (strcmp(j->address, s->address) != 0 || j->outside != s->outside || conflict(j, s))
			continue;
		if (j->outside && nameless && j->state == JOURNEY_REGISTERED)
			continue;
		if (best == NULL || j->seen_ms > best->seen_ms)
			best = j;
	}
	return best;
}

/* Anybody can claim a MAC: such a claim from another address touches nothing that is proved of a phone. */
static struct journey *of_mac(const struct journeys *t, const struct seen *s)
{
	struct journey *best = NULL;

	for (struct journey *j = journeys_first(t, KEY_MAC, s->mac); j; j = journeys_next(j, KEY_MAC)) {
		if (strcmp(j->mac, s->mac) != 0 || conflict(j, s))
			continue;
		if (strcmp(j->address, s->address) == 0 && j->outside == s->outside)
			return j;
		if (j->evidence != SEEN_PROVED && (best == NULL || j->seen_ms > best->seen_ms))
			best = j;
	}
	return best;
}

/* An instance counts with a proof only: a client writes it as it likes. */
static struct journey *of_instance(const struct journeys *t, const struct seen *s)
{
	for (struct journey *j = journeys_first(t, KEY_INSTANCE, s->instance); j; j = journeys_next(j, KEY_INSTANCE))
		if (location_same(j->instance, s->instance) && (s->evidence == SEEN_PROVED || strcmp(j->address, s->address) == 0))
			return j;
	return NULL;
}

/* The same phone, met before its identity was known. */
static void merge(struct journeys *t, struct journey *to, struct journey *from)
{
	if (to->mac[0] == '\0')
		journeys_set(t, to, KEY_MAC, from->mac);
	if (from->model[0])
		memcpy(to->model, from->model, sizeof to->model);
	if (from->firmware[0])
		memcpy(to->firmware, from->firmware, sizeof to->firmware);
	if (from->number[0])
		memcpy(to->number, from->number, sizeof to->number);
	if (from->began > to->began) {
		memcpy(to->steps, from->steps, sizeof to->steps);
		to->began = from->began;
		to->ways++;
	}
	journeys_drop(t, from);
}

static struct journey *find(struct journeys *t, const struct seen *s)
{
	struct journey *known = s->instance[0] ? of_instance(t, s) : NULL;
	struct journey *here = s->mac[0] ? of_mac(t, s) : NULL;

	if (here == NULL && s->address[0])
		here = at_address(t, s);
	if (known && here && here != known && here->instance[0] == '\0' && !differ(here->mac, known->mac))
		merge(t, known, here);
	return known ? known : here;
}

/* ---- what is known of it ------------------------------------------------------------------------------------------- */

static void learn(struct journeys *t, struct journey *j, const struct seen *s)
{
	bool proof = s->evidence == SEEN_PROVED;

	if (s->evidence > j->evidence)
		journeys_raise(t, j, s->evidence);
	journeys_set(t, j, KEY_MAC, j->mac[0] ? j->mac : s->mac);
	if (s->instance[0])
		journeys_set(t, j, KEY_INSTANCE, s->instance);
	if (s->address[0]) {
		j->outside = s->outside;
		journeys_set(t, j, KEY_ADDRESS, s->address);
	}
	if (s->model[0] && (s->step == SEEN_UPDATE || j->model[0] == '\0'))
		memcpy(j->model, s->model, sizeof j->model);
	if (s->firmware[0] && (s->step == SEEN_UPDATE || j->firmware[0] == '\0' || j->state == JOURNEY_SIGNED_OFF))
		memcpy(j->firmware, s->firmware, sizeof j->firmware);
	if (s->user[0] && (proof || j->evidence != SEEN_PROVED || j->user[0] == '\0'))
		memcpy(j->user, s->user, sizeof j->user);
	if (s->number[0])
		memcpy(j->number, s->number, sizeof j->number);
	if (s->epid[0])
		memcpy(j->epid, s->epid, sizeof j->epid);
}

/* ---- its way ------------------------------------------------------------------------------------------------------- */

static void begin(struct journey *j, uint64_t at)
{
	memset(j->steps, 0, sizeof j->steps);
	j->began = at;
	j->ways++;
	j->code = DT_F_OK;
	j->cause[0] = '\0';
}

/* The phone goes back: what it had behind this step belongs to the try before. */
static void go_back(struct journey *j, enum seen_step step)
{
	for (int i = 0; i < SEEN_STEP_COUNT; i++)
		if (seen_steps[i].stage > seen_steps[step].stage)
			j->steps[i] = (struct journey_step){0};
}

static void set_state(struct journey *j, enum journey_state state, uint64_t now)
{
	j->state = state;
	j->since = now;
	j->seen_ms = now;
}

static bool begins(const struct journey *j, const struct seen *s, uint64_t now)
{
	bool back = seen_steps[s->step].stage <= seen_steps[j->step].stage;

	if (j->began == 0 || (j->state != JOURNEY_REGISTERED && back && now - j->seen_ms > NEW_WAY_MS))
		return true;
	return (s->step == SEEN_UPDATE || s->step == SEEN_DHCP) && (j->state == JOURNEY_SIGNED_OFF || j->state == JOURNEY_REFUSED);
}

static void step(struct journey *j, const struct seen *s, uint64_t now)
{
	struct journey_step *at = &j->steps[s->step];
	uint64_t began = s->began && s->began <= now ? s->began : now;

	if (begins(j, s, now))
		begin(j, began);
	else if (j->state != JOURNEY_REGISTERED && seen_steps[s->step].stage < seen_steps[j->step].stage)
		go_back(j, s->step);
	/* A challenge and what answers it are one step. */
	if (at->ended == 0 || at->result != SEEN_ASKED)
		at->began = began;
	at->ended = now;
	at->result = s->result;
	if (j->state == JOURNEY_REGISTERED && s->result != SEEN_REFUSED) { /* it asks for firmware, or renews its certificate */
		j->seen_ms = now;
		return;
	}
	j->step = s->step;
	if (s->result == SEEN_REFUSED) {
		j->code = s->code;
		memcpy(j->cause, s->cause, sizeof j->cause);
		j->failed = s->code;
		j->failed_at = now;
	}
	set_state(j, s->result == SEEN_REFUSED ? JOURNEY_REFUSED : JOURNEY_UNDER_WAY, now);
}

static void report(const struct journeys *t, const struct journey *j, enum journey_event what)
{
	const struct journeys_conf *c = journeys_conf(t);

	if (c->event)
		c->event(c->arg, j, what);
}

void journeys_seen(struct journeys *t, const struct seen *s, uint64_t now)
{
	struct journey *j;
	bool nameless;

	if (s->step >= SEEN_STEP_COUNT || s->code >= DT_FAILURE_COUNT || s->address[0] == '\0')
		return;
	j = find(t, s);
	if (j == NULL && (j = journeys_add(t, s->address, s->evidence)) == NULL)
		return;
	nameless = j->mac[0] == '\0' && j->state == JOURNEY_REGISTERED && !j->held;
	learn(t, j, s);
	step(j, s, now);
	journeys_touch(t, j);
	report(t, j, s->result == SEEN_REFUSED ? JOURNEY_REFUSAL : nameless && j->mac[0] ? JOURNEY_NAMED : JOURNEY_STEP);
}

/* ---- registered ------------------------------------------------------------------------------------------------------ */

/* "10.66.0.148:51234", "[2001:db8::1]:51234" */
static void address_of(char out[72], const char *peer)
{
	const char *end = strrchr(peer, ':');
	struct sv a = {peer, end ? (size_t)(end - peer) : strlen(peer)};

	if (a.n > 1 && a.p[0] == '[' && a.p[a.n - 1] == ']')
		a = (struct sv){a.p + 1, a.n - 2};
	text_set(out, 72, SV_FMT, SV_ARG(a));
}

static struct seen seen_of(const struct location_binding *b)
{
	struct seen s = {.step = SEEN_REGISTER, .result = SEEN_ANSWERED, .evidence = SEEN_PROVED, .outside = b->outside};

	address_of(s.address, b->peer);
	memcpy(s.user, b->aor, sizeof s.user);
	memcpy(s.instance, b->instance, sizeof s.instance);
	memcpy(s.epid, b->epid, sizeof s.epid);
	seen_agent(&s, sv_of(b->user_agent));
	return s;
}

void journeys_bound(struct journeys *t, const struct location_binding *b, uint64_t now, bool held)
{
	struct seen s = seen_of(b);
	struct journey *j = s.address[0] ? find(t, &s) : NULL;
	bool fresh;

	if (s.address[0] == '\0')
		return;
	if (j == NULL && (j = journeys_add(t, s.address, SEEN_PROVED)) == NULL)
		return;
	fresh = j->state != JOURNEY_REGISTERED || j->conn != b->conn || j->worker != b->worker;
	learn(t, j, &s);
	if (fresh) {
		j->state = JOURNEY_UNDER_WAY; /* that the new way counts, not the one before */
		step(j, &s, now);
		set_state(j, JOURNEY_REGISTERED, now);
		j->held = held;
		j->code = DT_F_OK;
		j->cause[0] = '\0';
	}
	j->seen_ms = now;
	j->expires = b->expires;
	j->worker = b->worker;
	j->conn = b->conn;
	journeys_touch(t, j);
	if (fresh && !held)
		report(t, j, JOURNEY_SIGN_IN);
}

void journeys_kept(struct journeys *t, uint32_t worker, const struct location_kept *k, uint64_t now)
{
	struct journey *j = journeys_first(t, KEY_INSTANCE, k->instance);

	while (j && !(j->state == JOURNEY_REGISTERED && j->conn == k->conn && j->worker == worker && location_same(j->instance, k->instance) &&
		      location_same(j->user, k->aor)))
		j = journeys_next(j, KEY_INSTANCE);
	if (j == NULL)
		return;
	j->seen_ms = now;
	j->expires = k->expires;
	journeys_touch(t, j);
}

static void sign_off(struct journeys *t, struct journey *j, const char *cause, uint64_t now)
{
	text_set(j->cause, sizeof j->cause, "%s", cause);
	j->steps[SEEN_SIGN_OFF] = (struct journey_step){now, now, SEEN_ANSWERED};
	j->step = SEEN_SIGN_OFF;
	set_state(j, JOURNEY_SIGNED_OFF, now);
	report(t, j, JOURNEY_SIGN_OFF);
}

void journeys_unbound(struct journeys *t, const char *aor, const char *instance, uint64_t conn, const char *cause, uint64_t now)
{
	for (struct journey *j = journeys_first(t, KEY_INSTANCE, instance); j; j = journeys_next(j, KEY_INSTANCE))
		if (j->state == JOURNEY_REGISTERED && location_same(j->instance, instance) && location_same(j->user, aor) &&
		    (conn == 0 || j->conn == conn))
			sign_off(t, j, cause, now);
}

struct ended { /* the reason why registrations end */
	struct journeys *t;
	uint32_t worker;
	int64_t unix_s; /* 0: it is about the worker */
	uint64_t now;
};

static void end_one(void *arg, struct journey *j)
{
	const struct ended *e = arg;

	if (j->state == JOURNEY_REGISTERED && (e->unix_s ? j->expires <= e->unix_s : j->worker == e->worker))
		sign_off(e->t, j, e->unix_s ? "the registration expired: the phone did not refresh it" : "the server process ended", e->now);
}

void journeys_worker_gone(struct journeys *t, uint32_t worker, uint64_t now)
{
	journeys_all(t, end_one, &(struct ended){.t = t, .worker = worker, .now = now});
}

void journeys_expire(struct journeys *t, int64_t unix_s, uint64_t now)
{
	journeys_all(t, end_one, &(struct ended){.t = t, .unix_s = unix_s, .now = now});
}

/* ---- how it stands --------------------------------------------------------------------------------------------------- */

unsigned journey_stage(const struct journey *j)
{
	if (j->state == JOURNEY_REGISTERED)
		return 0;
	if (j->state == JOURNEY_UNDER_WAY && j->steps[j->step].result == SEEN_ANSWERED)
		return seen_steps[j->step].then;
	return seen_steps[j->step].stage;
}

bool journey_silent(const struct journey *j, uint64_t now)
{
	return j->state == JOURNEY_UNDER_WAY && now - j->seen_ms >= JOURNEY_SILENT_MS;
}

const char *journey_state_name(const struct journey *j, uint64_t now)
{
	static const char *const names[] = {[JOURNEY_UNDER_WAY] = "under-way",
					    [JOURNEY_REFUSED] = "refused",
					    [JOURNEY_REGISTERED] = "registered",
					    [JOURNEY_SIGNED_OFF] = "signed-off"};

	return journey_silent(j, now) ? "silent" : names[j->state];
}

const char *journey_code(const struct journey *j, uint64_t now)
{
	if (journey_silent(j, now))
		return "silent";
	return j->state == JOURNEY_SIGNED_OFF ? dt_failures[DT_F_SIGNED_OFF].code
	       : j->state == JOURNEY_REFUSED  ? dt_failures[j->code].code
					      : dt_failures[DT_F_OK].code;
}

const char *journey_cause(const struct journey *j, uint64_t now)
{
	if (journey_silent(j, now))
		return j->steps[j->step].result == SEEN_ASKED ? "no proof came after the challenge" : seen_steps[j->step].silent;
	return j->state == JOURNEY_REGISTERED || j->state == JOURNEY_UNDER_WAY ? "" : j->cause;
}
