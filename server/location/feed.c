#include "server/location/feed.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"

/* ---- the log ------------------------------------------------------------------------------------------------------- */

/* "key=value", "key=\"two words\"": what a phone said can end neither the value nor the line. */
static void pair(struct buf *b, const char *key, const char *value)
{
	bool quote = value[0] == '\0' || value[strcspn(value, " \"=\\")];
	struct sv rest = sv_of(value);
	char c[5];

	if (value[0] == '\0')
		return;
	buf_printf(b, " %s=%s", key, quote ? "\"" : "");
	while (utf8_shown(&rest, c))
		buf_str(b, c[0] == '"' || c[0] == '\\' ? "'" : c);
	buf_str(b, quote ? "\"" : "");
}

static const char *const events[] = {[JOURNEY_STEP] = "step",
				     [JOURNEY_SIGN_IN] = "signed-in",
				     [JOURNEY_REFUSAL] = "refused",
				     [JOURNEY_SIGN_OFF] = "signed-off",
				     [JOURNEY_NAMED] = "step"};

void feed_line(struct buf *b, const struct journey *j, enum journey_event what, uint64_t now)
{
	const struct journey_step *s = &j->steps[j->step];
	unsigned stage = journey_stage(j);

	buf_printf(b, "event=%s", events[what]);
	pair(b, "user", j->user);
	pair(b, "number", j->number);
	pair(b, "mac", j->mac);
	pair(b, "model", j->model);
	pair(b, "firmware", j->firmware);
	buf_printf(b, " stage=%u step=%s code=%s", stage ? stage : 9, seen_steps[j->step].name, journey_code(j, now));
	if (what == JOURNEY_SIGN_IN && j->began)
		buf_printf(b, " ms=%llu", (unsigned long long)(now - j->began));
	else if (what == JOURNEY_STEP && s->ended)
		buf_printf(b, " ms=%llu", (unsigned long long)(s->ended - s->began));
	pair(b, "address", j->address);
	buf_printf(b, " side=%s", j->outside ? "outside" : "inside");
	pair(b, "cause", journey_cause(j, now));
}

/* A refusal that the server is to blame for is a warning: somebody has to act.  That of a user who mistyped is not. */
static enum log_level level_of(const struct journey *j, enum journey_event what)
{
	if (what == JOURNEY_STEP || what == JOURNEY_NAMED)
		return LOG_DEBUG;
	return what == JOURNEY_REFUSAL && dt_failures[j->code].fault == DT_FAULT_SERVER ? LOG_WARN : LOG_INFO;
}

/* ---- the inventory ---------------------------------------------------------------------------------------------------- */

static void written(void *arg, struct vault_reply *r)
{
	(void)arg;
	(void)r; /* one that is lost is logged by the link or by the vault */
}

/* A sign-in is written down with the MAC that the phone named; a sign-off is that of the phone which signed in as this instance. */
static void inventory(const struct vault_link *to, const struct journey *j, bool off)
{
	struct vault_ask q = {.kind = VAULT_DEVICE_SIGNED,
			      .device_signed = {.at = (clock_unix_ms() - (int64_t)(clock_mono_ms() - j->since)) / 1000, .off = off}};

	text_set(q.device_signed.mac, sizeof q.device_signed.mac, "%s", j->mac);
	text_set(q.device_signed.instance, sizeof q.device_signed.instance, "%s", j->instance);
	text_set(q.device_signed.model, sizeof q.device_signed.model, "%s", j->model);
	text_set(q.device_signed.version, sizeof q.device_signed.version, "%s", j->firmware);
	text_set(q.device_signed.user, sizeof q.device_signed.user, "%s", j->user);
	text_set(q.device_signed.address, sizeof q.device_signed.address, "%s", j->address);
	vault_send(to, &q, written, NULL);
}

static void feed_event(void *arg, const struct journey *j, enum journey_event what)
{
	struct buf b = {0};

	if (arg && (what == JOURNEY_SIGN_IN || what == JOURNEY_SIGN_OFF || what == JOURNEY_NAMED))
		inventory(arg, j, what == JOURNEY_SIGN_OFF);
	if (log_wanted(level_of(j, what))) {
		feed_line(&b, j, what, clock_mono_ms());
		log_line(level_of(j, what), "phone", "%s", buf_cstr(&b));
	}
	buf_free(&b);
}

struct journeys *feed_new(struct vault_link *to)
{
	return journeys_new(&(struct journeys_conf){.event = feed_event, .arg = to});
}

/* ---- questions ------------------------------------------------------------------------------------------------------ */

static struct location_binding owned(uint32_t worker, const struct location_binding *given)
{
	struct location_binding b = *given;

	b.worker = worker;
	return b;
}

void feed_question(struct journeys *t, uint32_t worker, const struct location_ask *q, const struct location_reply *r)
{
	uint64_t now = clock_mono_ms();
	struct location_binding b;

	switch (q->kind) {
	case LOCATION_HELLO:
		journeys_worker_gone(t, worker, now);
		break;
	case LOCATION_PUT:
		b = owned(worker, &q->put.binding);
		if (r->action == LOCATION_ADDED || r->action == LOCATION_REFRESHED)
			journeys_bound(t, &b, now, false);
		break;
	case LOCATION_KEEP:
		for (unsigned i = 0; i < q->keep.n; i++)
			journeys_kept(t, worker, &q->keep.all[i], now);
		break;
	case LOCATION_HELD:
		b = owned(worker, &q->held.binding);
		journeys_bound(t, &b, now, true);
		break;
	case LOCATION_DROP:
		journeys_unbound(t, q->drop.aor, q->drop.instance, q->drop.conn,
				 q->drop.cause[0] ? q->drop.cause : "the phone signed off", now);
		break;
	case LOCATION_SEEN:
		journeys_seen(t, &q->seen, now);
		break;
	default:
		break;
	}
}

void feed_order(struct journeys *t, const struct location_notice *n)
{
	journeys_unbound(t, n->aor, n->instance, n->conn, n->reason[0] ? n->reason : "another phone of the user took its place",
			 clock_mono_ms());
}

void feed_expire(struct journeys *t)
{
	journeys_expire(t, clock_unix_ms() / 1000, clock_mono_ms());
}
