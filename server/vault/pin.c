/* server/vault/pin.c: number and PIN [web-services 6.3, 14].
 *
 * Every attempt takes the same steps, whatever it comes to: one look-up, one durable count, one hash for each user the
 * number may mean (one when it means nobody), one row in the audit.  It is counted as a failure before it is checked:
 * cutting the power, or asking from many sides at once, wins no extra try.  That it was none after all need not wait for the disk:
 * whoever cuts the power then has lost a try.
 */
#include "server/vault/internal.h"

#include <string.h>

#include "auth/pin.h"

struct attempt {
	int64_t now;
	size_t n;
	enum pin_gate gate[VAULT_CANDIDATES];
	struct store_pin pin[VAULT_CANDIDATES];
	struct pin_policy policy[VAULT_CANDIDATES]; /* of nobody: zeros */
	bool by_hand[VAULT_CANDIDATES]; /* Lock-CsClientPin */
	struct pin_keys keys;
	bool expired_too; /* an expired PIN proves as well: its user changes it */
	size_t right; /* which one, when the outcome is written */
};

static struct pin_counters counters_of(const struct store_pin *p)
{
	return (struct pin_counters){p->local, p->global, p->local_since, p->locked_until};
}

static void counters_to(struct store_pin *p, const struct pin_counters *c)
{
	p->local = c->local;
	p->global = c->global;
	p->local_since = c->local_since;
	p->locked_until = c->locked_until;
}

static void count(void *arg, size_t i, struct store_pin *p)
{
	struct attempt *a = arg;
	struct pin_counters c = counters_of(p);

	/* A PIN that is not set is never locked: its state would tell who has one. */
	a->gate[i] = p->set ? pin_attempt(&c, pin_limits(p->length, a->policy[i].attempts), a->now) : PIN_OPEN;
	counters_to(p, &c);
	/* Each attempt changes the row, so that each one is a write that waits for the disk: none is quicker than another. */
	p->last_attempt = p->last_attempt < a->now ? a->now : p->last_attempt + 1;
	if (a->by_hand[i])
		a->gate[i] = PIN_LOCKED_GLOBAL; /* after the same steps as any other */
	a->pin[i] = *p;
}

/* The right PIN of one user: for that user it was no failure, and for the others who share the number it was never meant. */
static void settle(void *arg, size_t i, struct store_pin *p)
{
	struct attempt *a = arg;
	struct pin_counters c = counters_of(p);

	if (a->gate[i] != PIN_OPEN)
		return;
	if (i == a->right)
		pin_success(&c);
	else
		pin_retract(&c, pin_limits(p->length, a->policy[i].attempts));
	counters_to(p, &c);
}

static bool expired(const struct attempt *a, size_t i)
{
	return !a->expired_too && a->policy[i].lifetime && a->now - a->pin[i].set_at >= (int64_t)a->policy[i].lifetime * 86400;
}

static bool key_is_over(const struct attempt *a, size_t i)
{
	return a->pin[i].key < a->keys.oldest && a->keys.oldest > 1;
}

/* Why nobody was let in, for the operator: the first reason found. */
static const char *reason(const struct attempt *a, size_t users, unsigned right)
{
	if (users == 0)
		return "no user has this number";
	if (right > 1)
		return "number and PIN fit more than one user: the extension must be given, too";
	for (size_t i = 0; i < users; i++) {
		if (!a->pin[i].set)
			return "no PIN is set";
		if (a->by_hand[i])
			return "the PIN was locked by an administrator";
		if (a->gate[i] == PIN_LOCKED_GLOBAL)
			return "the PIN is locked until an administrator unlocks it";
		if (a->gate[i] == PIN_LOCKED)
			return "the PIN is locked for an hour";
		if (expired(a, i))
			return "the PIN has expired";
		if (key_is_over(a, i))
			return "the PIN was made with a key that is accepted no more: it must be set anew";
	}
	return "wrong PIN";
}

enum vault_status vault_pin_prove(struct vault *v, const char *number, const char *pin, bool expired_too, struct store_user *ret,
				  struct vault_reply *reply)
{
	struct store *s = v->conf.store;
	struct store_user user[VAULT_CANDIDATES];
	int64_t ids[VAULT_CANDIDATES] = {0};
	struct attempt a = {.now = vault_now(v), .expired_too = expired_too};
	size_t users = vault_candidates(v, number, user);
	unsigned right = 0;

	if (users == SIZE_MAX)
		return VAULT_UNAVAILABLE;
	for (size_t i = 0; i < users; i++) {
		ids[i] = user[i].id;
		a.policy[i] = vault_pin_policy(v->conf.site, s, &user[i]);
		a.by_hand[i] = user[i].pin_locked;
	}
	a.keys = vault_pin_keys_now(v);
	a.n = users ? users : 1; /* nobody: row 0 */
	if (s->ops->pin_step(s, ids, a.n, count, &a) != STORE_OK)
		return VAULT_UNAVAILABLE;
	for (size_t i = 0; i < a.n; i++) {
		uint8_t hash[32];
		bool same = vault_pin_hash(v->conf.secret, a.pin[i].key, a.pin[i].salt, sv_of(pin), hash) &&
			    pki_equal(hash, a.pin[i].hash, sizeof hash);

		explicit_bzero(hash, sizeof hash);
		if (same && users && a.pin[i].set && a.gate[i] == PIN_OPEN && !expired(&a, i) && !key_is_over(&a, i)) {
			a.right = i;
			right++;
		}
	}
	if (right != 1) {
		const char *because = reason(&a, users, right);

		for (size_t i = 0; i < users; i++)
			vault_locked(v, a.gate[i]);
		why_set(&reply->why, "%s", because);
		if (users == 1)
			memcpy(reply->who, user[0].aor, sizeof reply->who);
		vault_audit(v, "pin", users == 1 ? user[0].aor : "", false, because);
		return VAULT_REFUSED;
	}
	if (s->ops->pin_settle(s, ids, a.n, settle, &a) != STORE_OK)
		return VAULT_UNAVAILABLE;
	*ret = user[a.right];
	if (a.pin[a.right].key < a.keys.newest)
		vault_pin_renew(v, ret, &a.pin[a.right], sv_of(pin), a.keys.newest);
	vault_audit(v, "pin", ret->aor, true, "");
	return VAULT_OK;
}

/* ---- external_require_pin -------------------------------------------------------------------------------- */

/* The proof is made for the address that number and PIN came from: nobody else can use it. */
static void remember(struct vault *v, const char *aor, const char *peer)
{
	struct vault_pin_proof *p;

	pthread_mutex_lock(&v->lock);
	p = &v->proved[v->next_proved++ % VAULT_PROVED];
	*p = (struct vault_pin_proof){.at = vault_now(v)};
	if (!sv_copy(p->aor, sizeof p->aor, sv_of(aor)) || !sv_copy(p->peer, sizeof p->peer, sv_of(peer)))
		p->aor[0] = '\0';
	pthread_mutex_unlock(&v->lock);
}

bool vault_pin_proved(struct vault *v, const char *aor, const char *peer)
{
	int64_t now = vault_now(v);
	bool found = false;

	pthread_mutex_lock(&v->lock);
	for (size_t i = 0; i < VAULT_PROVED && !found; i++) {
		const struct vault_pin_proof *p = &v->proved[i];

		found = p->aor[0] && p->peer[0] && vault_name_eq(p->aor, aor) && strcmp(p->peer, peer) == 0 &&
			now - p->at < VAULT_REMEMBER;
	}
	pthread_mutex_unlock(&v->lock);
	return found;
}

/* Outside, a PIN is taken only where the site demands one there: whoever could guess from the Internet could lock
 * everybody's PIN from the Internet. */
enum vault_status vault_on_ticket_pin(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	bool outside = q->ticket_pin.outside;
	struct store_user u;
	enum vault_status st;

	if (!v->conf.site->UsePinAuth || (outside && !v->conf.site->external_require_pin)) {
		why_set(&ret->why, "%s", outside ? "no PIN from outside" : "UsePinAuth is off");
		return VAULT_METHOD_OFF;
	}
	if (!vault_source_try(v, q->ticket_pin.peer, &ret->why))
		return VAULT_WAIT;
	if ((st = vault_pin_prove(v, q->ticket_pin.number, q->ticket_pin.pin, false, &u, ret)) != VAULT_OK)
		return st;
	vault_source_good(v, q->ticket_pin.peer);
	st = vault_ticket_issue(v, &u, "pin", &q->ticket_pin.issue, outside, &ret->ticket_pin, &ret->why);
	if (st != VAULT_OK)
		memcpy(ret->who, u.aor, sizeof ret->who);
	if (st == VAULT_OK && outside)
		remember(v, u.aor, q->ticket_pin.peer);
	return st;
}
