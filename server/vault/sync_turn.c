/* server/vault/sync_turn.c: one turn of the thread that keeps the front ends of a pool together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/vault/sync_internal.h"

enum {
	BEAT_MS = 2000,
	LOST_MS = 10000, /* a front end whose count stands still for so long does not run */
	STALE_MS = 5000	 /* this one did not look for so long: others may have taken it for lost */
};

/* ---- this front end's ------------------------------------------------------------------------------------------------------- */

static void row_of(const struct location_far *f, struct store_binding *ret)
{
	const struct location_binding *b = &f->binding;

	*ret = (struct store_binding){.outside = b->outside, .seconds = f->seconds, .since = f->since, .gone = f->gone};
	memcpy(ret->aor, b->aor, sizeof ret->aor);
	memcpy(ret->instance, b->instance, sizeof ret->instance);
	memcpy(ret->front_end, f->front_end, sizeof ret->front_end);
	memcpy(ret->epid, b->epid, sizeof ret->epid);
	memcpy(ret->contact, b->contact, sizeof ret->contact);
	memcpy(ret->peer, b->peer, sizeof ret->peer);
	memcpy(ret->user_agent, b->user_agent, sizeof ret->user_agent);
}

static bool batch_write(struct vault_sync *s, const struct far_batch *batch, uint64_t number)
{
	struct store_binding *rows = calloc(batch->n + 1, sizeof *rows);
	struct buf answer = {0};
	bool ok = rows != NULL;

	for (unsigned i = 0; ok && i < batch->n; i++)
		row_of(&batch->row[i], &rows[i]);
	ok = ok && s->store->ops->bindings_write(s->store, rows, batch->n, clock_unix_ms() / 1000) == STORE_OK;
	free(rows);
	if (ok) {
		ipc_begin(&answer, number, FAR_BATCH);
		sync_send(s, &answer);
	}
	return ok;
}

/* ---- the others' -------------------------------------------------------------------------------------------------------------- */

static void rows_send(struct vault_sync *s)
{
	struct buf b = {0};

	if (s->rows.n == 0)
		return;
	ipc_begin(&b, 0, FAR_ROWS);
	fields_put(&b, far_batch_fields, &s->rows);
	s->rows.n = 0;
	sync_send(s, &b);
}

static bool binding_seen(void *arg, const struct store_binding *b)
{
	struct vault_sync *s = arg;
	struct location_far *f = &s->rows.row[s->rows.n];

	s->last_seq = b->seq;
	if (strcmp(b->front_end, s->conf.site->fqdn) == 0)
		return true;
	*f = (struct location_far){.seconds = b->seconds, .since = b->since, .gone = b->gone != 0, .binding.outside = b->outside};
	memcpy(f->front_end, b->front_end, sizeof f->front_end);
	memcpy(f->binding.aor, b->aor, sizeof f->binding.aor);
	memcpy(f->binding.instance, b->instance, sizeof f->binding.instance);
	memcpy(f->binding.epid, b->epid, sizeof f->binding.epid);
	memcpy(f->binding.contact, b->contact, sizeof f->binding.contact);
	memcpy(f->binding.peer, b->peer, sizeof f->binding.peer);
	memcpy(f->binding.user_agent, b->user_agent, sizeof f->binding.user_agent);
	if (++s->rows.n == FAR_BATCH_MAX)
		rows_send(s);
	return true;
}

static bool order_seen(void *arg, const struct store_order *o)
{
	struct vault_sync *s = arg;
	struct far_order order = {.order = (enum location_order)o->kind, .diag = o->diag};
	struct buf b = {0};

	s->last_order = o->id;
	if (strcmp(o->origin, s->conf.site->fqdn) == 0 || o->kind > LOCATION_DEACTIVATED)
		return true;
	memcpy(order.aor, o->aor, sizeof order.aor);
	memcpy(order.reason, o->reason, sizeof order.reason);
	ipc_begin(&b, 0, FAR_ORDER);
	fields_put(&b, far_order_fields, &order);
	sync_send(s, &b);
	return true;
}

static bool news_read(struct vault_sync *s)
{
	const struct store_ops *ops = s->store->ops;
	uint64_t news;

	if (ops->news(s->store, &news) != STORE_OK)
		return false;
	if (news == s->news)
		return true;
	if (ops->binding_each(s->store, s->last_seq, binding_seen, s) != STORE_OK ||
	    ops->order_each(s->store, s->last_order, order_seen, s) != STORE_OK)
		return false;
	rows_send(s);
	s->news = news;
	return true;
}

/* ---- who runs --------------------------------------------------------------------------------------------------------------------- */

static bool beat_seen(void *arg, const char *name, uint64_t beat)
{
	struct vault_sync *s = arg;
	struct peer *p = s->peer;

	while (p < s->peer + SYNC_PEERS && p->name[0] && strcmp(p->name, name) != 0)
		p++;
	if (p == s->peer + SYNC_PEERS || strcmp(name, s->conf.site->fqdn) == 0)
		return true;
	if (p->name[0] == '\0' || p->beat != beat) {
		snprintf(p->name, sizeof p->name, "%s", name);
		if (p->lost)
			log_line(LOG_INFO, "vault", "the front end %s runs again", name);
		p->beat = beat;
		p->since = clock_mono_ms();
		p->lost = false;
	}
	return true;
}

/* Its phones come back here and elsewhere; what it has written is taken away, so that nobody who reads anew finds it. */
static bool peer_lost(struct vault_sync *s, struct peer *p)
{
	struct far_lost lost = {0};
	struct buf b = {0};

	log_line(LOG_WARN, "vault", "the front end %s does not run: its phones are forgotten", p->name);
	p->lost = true;
	memcpy(lost.front_end, p->name, sizeof lost.front_end);
	ipc_begin(&b, 0, FAR_LOST);
	fields_put(&b, far_lost_fields, &lost);
	sync_send(s, &b);
	return s->store->ops->bindings_drop(s->store, p->name, clock_unix_ms() / 1000) == STORE_OK;
}

/* One that cannot be read is not known. */
static void lag_read(struct vault_sync *s)
{
	int64_t ms = 0;
	bool known = s->store->ops->lag(s->store, &ms) == STORE_OK && ms >= 0 && ms < 86400000;

	if (s->conf.health)
		atomic_store(&s->conf.health->lag_ms, known ? (unsigned)ms + 1 : 0);
}

static bool beats(struct vault_sync *s, uint64_t now)
{
	if (now < s->beat_at)
		return true;
	s->beat_at = now + BEAT_MS;
	lag_read(s);
	if (s->store->ops->front_end_beat(s->store, s->conf.site->fqdn) != STORE_OK ||
	    s->store->ops->front_end_each(s->store, beat_seen, s) != STORE_OK)
		return false;
	for (unsigned i = 0; i < SYNC_PEERS && s->peer[i].name[0]; i++)
		if (!s->peer[i].lost && now > s->peer[i].since + LOST_MS && !peer_lost(s, &s->peer[i]))
			return false;
	return true;
}

/* ---- a turn ------------------------------------------------------------------------------------------------------------------------- */

static bool opened(struct vault_sync *s)
{
	if (s->rows.row == NULL && (s->rows.row = calloc(FAR_BATCH_MAX, sizeof *s->rows.row)) == NULL)
		return false;
	if (s->store == NULL)
		s->store = store_open(s->conf.site->store, &s->why);
	return s->store != NULL;
}

/* All of this front end's is told again, all of the others' read again. */
static bool begin_anew(struct vault_sync *s)
{
	struct buf b = {0};

	if (s->store->ops->bindings_drop(s->store, s->conf.site->fqdn, clock_unix_ms() / 1000) != STORE_OK ||
	    (!s->ordered && s->store->ops->order_last(s->store, &s->last_order) != STORE_OK))
		return false;
	for (unsigned i = 0; i < SYNC_PEERS; i++)
		s->peer[i].since = clock_mono_ms();
	s->ordered = true;
	s->last_seq = 0;
	s->news = UINT64_MAX;
	s->rows.n = 0;
	s->beat_at = 0;
	ipc_begin(&b, 0, FAR_ANEW);
	sync_send(s, &b);
	return true;
}

static bool turned(struct vault_sync *s, const struct far_batch *batch, uint64_t number)
{
	uint64_t changes, now = clock_mono_ms();

	if (!opened(s))
		return false;
	if (s->anew)
		s->anew = !begin_anew(s);
	else if (batch->row && !batch_write(s, batch, number))
		return false;
	if (s->anew || s->store->ops->changes(s->store, &changes) != STORE_OK)
		return false;
	if (s->conf.health)
		atomic_store(&s->conf.health->store_ms, (unsigned)(clock_mono_ms() - now));
	atomic_store(&s->changes, changes);
	atomic_store(&s->known, true);
	return news_read(s) && beats(s, now);
}

bool sync_turn(struct vault_sync *s, const struct far_batch *batch, uint64_t number, bool hello)
{
	bool good;

	s->anew |= hello || clock_mono_ms() - s->good_at > STALE_MS;
	good = turned(s, batch, number);
	s->anew |= !good;
	if (good)
		s->good_at = clock_mono_ms();
	return good;
}
