/* server/registrar/subscription.c: subscriptions that were granted: kept with their registration, told what changes and that they end
 * (RFC 6665 4.2).
 *
 * Only the settings change while a phone is signed in, when the administrator reloads: contacts, presence and messages stay empty.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/registrar/internal.h"

#define SUBSCRIPTIONS_MAX 16 /* of a registration: one for each package, and some in a second dialog */

struct reg_subscription {
	struct reg_subscription *next;
	unsigned package;  /* packages.c's row */
	bool best_effort;  /* BENOTIFY */
	bool once;	   /* it was asked for the state only, and hears of no change */
	uint32_t cseq;	   /* of the last notification */
	uint64_t until;	   /* mono_ms */
	struct buf dialog; /* Call-ID, From and To of ours, Event: NUL behind each */
	struct buf asked;  /* the body of the question */
	uint64_t close_reported;	   /* a hash of the state in the last notification: thousands are held */
};

/* FNV-1a, 64 bits: both states are ours, nobody chooses them. */
static uint64_t hash_of(struct sv s)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3;
	return h;
}

static const char *dialog_part(const struct reg_subscription *s, unsigned i)
{
	const char *p = (const char *)s->dialog.p;

	while (i--)
		p += strlen(p) + 1;
	return p;
}

static void subscription_free(struct reg_subscription *s)
{
	buf_free(&s->dialog);
	buf_free(&s->asked);
	free(s);
}

void reg_subscriptions_free(struct reg_binding *b)
{
	struct reg_subscription *s;

	while ((s = b->subscriptions) != NULL) {
		b->subscriptions = s->next;
		subscription_free(s);
	}
}

/* A message to the subscriber in its dialog: RFC 6665 4.1.3, 4.2.2. */
static void notify(struct reg_conn *c, struct reg_sa *sa, struct reg_subscription *s, const char *state, struct sv body)
{
	const char *method = s->best_effort ? "BENOTIFY" : "NOTIFY";
	const char *type = reg_package_type(s->package);
	struct buf b = {0};

	buf_printf(&b, "%s %s SIP/2.0\r\n", method, sa->binding->b->contact);
	reg_via(c, &b);
	buf_printf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", dialog_part(s, 1), dialog_part(s, 2), dialog_part(s, 0), ++s->cseq, method);
	buf_printf(&b, "Contact: <sip:%s:%u;transport=%s>\r\nEvent: %s\r\nsubscription-state: %s\r\n", reg_targetname(c), reg_port(c),
		   c->peer.tls ? "tls" : "tcp", dialog_part(s, 3), state);
	reg_body(&b, type, body);
	reg_send(c, sa, &b);
	buf_free(&b);
}

static struct reg_subscription **subscription_of(struct reg_binding *b, struct sv call_id, unsigned package)
{
	struct reg_subscription **at = &b->subscriptions;

	while (*at && !((*at)->package == package && sv_eq(call_id, sv_of(dialog_part(*at, 0)))))
		at = &(*at)->next;
	return at;
}

/* Ours is the subscriber's To, theirs its From. */
static bool dialog_of(struct reg_subscription *s, const struct reg_conn *c, const struct msg *q)
{
	struct sip_addr to;
	struct buf *b = &s->dialog;

	if (!sip_addr_read(msg_get(q, "To"), &to))
		return false;
	buf_clear(b);
	buf_sv(b, msg_get(q, "Call-ID"));
	buf_add(b, "", 1);
	buf_sv(b, msg_get(q, "To"));
	if (sip_param(to.params, "tag").p == NULL)
		buf_printf(b, ";tag=%s", c->tag);
	buf_add(b, "", 1);
	buf_sv(b, msg_get(q, "From"));
	buf_add(b, "", 1);
	buf_sv(b, msg_get(q, "Event"));
	buf_add(b, "", 1);
	return !b->oom;
}

/* A registration has room for so many; the one that would end first makes room. */
static void make_room(struct reg_binding *b)
{
	struct reg_subscription **soonest = &b->subscriptions, *gone;
	unsigned n = 0;

	for (struct reg_subscription **at = &b->subscriptions; *at; at = &(*at)->next, n++)
		if ((*at)->until < (*soonest)->until)
			soonest = at;
	if (n < SUBSCRIPTIONS_MAX)
		return;
	gone = *soonest;
	*soonest = gone->next;
	subscription_free(gone);
}

void reg_subscribed(struct reg_conn *c, struct reg_sa *sa, const struct msg *q, unsigned package, unsigned expires, bool rides,
		    struct sv state)
{
	struct reg_binding *b = sa->binding;
	struct reg_subscription **at = subscription_of(b, msg_get(q, "Call-ID"), package), *s = *at;
	bool asks = reg_package_changes(package);
	char text[64];

	if (s == NULL) {
		make_room(b);
		s = calloc(1, sizeof *s);
		if (s == NULL)
			return;
		s->next = b->subscriptions;
		b->subscriptions = s;
		at = &b->subscriptions;
	}
	s->package = package;
	s->best_effort = reg_has_tag(q, "Supported", "ms-benotify");
	s->once = expires == 0;
	/* "com.microsoft.autoextend": as long as the registration, which its subscriber refreshes */
	s->until = s->once || reg_has_tag(q, "Supported", "com.microsoft.autoextend") ? UINT64_MAX : c->now + (uint64_t)expires * 1000;
	buf_clear(&s->asked);
	buf_sv(&s->asked, q->body);
	s->close_reported = hash_of(state);
	if (!dialog_of(s, c, q) || s->asked.oom)
		expires = 0, asks = false;
	else if (rides)
		s->cseq++; /* "ms-piggyback-cseq" */
	else {
		snprintf(text, sizeof text, "%s;expires=%u", expires ? "active" : "terminated", expires);
		notify(c, sa, s, text, state);
	}
	if (expires || asks)
		return;
	*at = s->next; /* RFC 6665 4.4.3: an Expires of 0 asks for the state once */
	subscription_free(s);
}

uint32_t reg_subscription_cseq(const struct reg_sa *sa, const struct msg *q, unsigned package)
{
	struct reg_subscription *s = *subscription_of(sa->binding, msg_get(q, "Call-ID"), package);

	return s ? s->cseq + 1 : 1;
}

uint64_t reg_subscriptions_until(const struct reg_binding *b)
{
	uint64_t at = UINT64_MAX;

	for (const struct reg_subscription *s = b->subscriptions; s; s = s->next)
		if (s->until < at)
			at = s->until;
	return at;
}

/* RFC 6665 4.2.2: "If the subscription expires ... the notifier sends a NOTIFY with a state of terminated", reason timeout. */
void reg_subscriptions_expire(struct reg_conn *c, struct reg_sa *sa)
{
	struct reg_subscription **at = &sa->binding->subscriptions, *s;

	while ((s = *at) != NULL) {
		if (s->until > c->now) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		notify(c, sa, s, "terminated;reason=timeout", (struct sv){0});
		subscription_free(s);
	}
}

void reg_subscriptions_end(struct reg_conn *c, struct reg_sa *sa)
{
	for (struct reg_subscription *s = sa->binding->subscriptions; s; s = s->next)
		if (!s->once)
			notify(c, sa, s, "terminated;reason=deactivated", (struct sv){0});
	reg_subscriptions_free(sa->binding);
}

static void settings_notify(struct reg_conn *c, struct reg_sa *sa)
{
	for (struct reg_subscription *s = sa->binding->subscriptions; s; s = s->next) {
		struct buf state = {0};
		uint64_t left = s->until == UINT64_MAX ? SUBSCRIPTION_SECONDS : (s->until - c->now) / 1000;
		char text[64];

		if (s->until > c->now && reg_package_state(c, sa, s->package, buf_view(&s->asked), &state) && !state.oom &&
		    hash_of(buf_view(&state)) != s->close_reported) {
			snprintf(text, sizeof text, "active;expires=%u", (unsigned)left);
			if (s->once)
				c->outdated = true;
			else
				notify(c, sa, s, text, buf_view(&state));
			s->close_reported = hash_of(buf_view(&state));
		}
		buf_free(&state);
	}
}

bool reg_conn_outdated(const struct reg_conn *c)
{
	return c->outdated;
}

/* RFC 6665 4.2.1: "the notifier ... sends NOTIFY requests when the state changes". */
void registrar_settings(struct registrar *r, uint64_t mono_ms, int64_t unix_s)
{
	for (struct reg_conn *c = r->conns; c; c = c->next) {
		if (c->closing)
			continue;
		c->now = mono_ms;
		c->unix_s = unix_s;
		for (struct reg_sa *sa = c->sas; sa; sa = sa->next)
			if (sa->binding && sa->state == SA_UP)
				settings_notify(c, sa);
	}
}
