/* store/shared.c: one store for many threads: a lock around each call, and one commit for all who write at the same time.
 *
 * A write that must last waits for the disk.  Whoever comes while another one waits joins the next group: its leader puts all of
 * them into one transaction, and all are told when that is on disk.  When one of a group fails, the group is undone and each is
 * tried alone: nobody's failure is another's.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

struct write {
	struct write *next;
	enum store_result (*run)(struct store *real, void *arg);
	void *arg;
	enum store_result r;
	bool done;
	struct why why;
};

struct shared {
	struct store store; /* first: a struct store * is one of these */
	struct store *real;
	pthread_mutex_t lock; /* of the real store */
	pthread_mutex_t queue;
	pthread_cond_t written;
	struct write *first, **last;
	bool leading;
};

static _Thread_local struct why last_why; /* of the calling thread */

static struct shared *shared_of(struct store *s)
{
	return (struct shared *)s;
}

/* Under the lock: another thread's next call has other words. */
static void shared_why(const struct shared *x, enum store_result r, struct why *ret)
{
	if (r != STORE_OK && r != STORE_NONE)
		why_set(ret, "%s", x->real->ops->why(x->real));
}

static const char *why(struct store *s)
{
	(void)s;
	return last_why.text;
}

/* ---- reading, and what may be lost with the power -------------------------------------------------------------------- */

#define FORWARD(name, parameters, ...)                                                                                            \
	static enum store_result name parameters                                                                                  \
	{                                                                                                                         \
		struct shared *x = shared_of(s);                                                                                  \
		enum store_result r;                                                                                              \
                                                                                                                                  \
		pthread_mutex_lock(&x->lock);                                                                                     \
		r = x->real->ops->name(x->real, __VA_ARGS__);                                                                     \
		shared_why(x, r, &last_why);                                                                                        \
		pthread_mutex_unlock(&x->lock);                                                                                   \
		return r;                                                                                                         \
	}

static enum store_result reserve(struct store *s)
{
	struct shared *x = shared_of(s);
	enum store_result r;

	pthread_mutex_lock(&x->lock);
	r = x->real->ops->reserve(x->real);
	shared_why(x, r, &last_why);
	pthread_mutex_unlock(&x->lock);
	return r;
}

static bool has_room(struct store *s)
{
	return shared_of(s)->real->ops->has_room(shared_of(s)->real);
}

FORWARD(changes, (struct store *s, uint64_t *ret), ret)
FORWARD(user_get, (struct store *s, const char *aor, struct store_user *ret), aor, ret)
FORWARD(user_by_id, (struct store *s, int64_t id, struct store_user *ret), id, ret)
FORWARD(user_by_login, (struct store *s, const char *login, struct store_user *ret), login, ret)
FORWARD(user_by_line, (struct store *s, const char *number, const char *extension, struct store_user *ret, size_t cap, size_t *n),
	number, extension, ret, cap, n)
FORWARD(pin_get, (struct store *s, int64_t user, struct store_pin *ret), user, ret)
FORWARD(pin_history, (struct store *s, int64_t user, struct store_old_pin *ret, size_t cap, size_t *n), user, ret, cap, n)
FORWARD(pin_settle, (struct store *s, const int64_t *users, size_t n, void (*step)(void *arg, size_t i, struct store_pin *p), void *arg), users, n,
	step, arg)
FORWARD(policy_get, (struct store *s, const char *name, struct store_pin_policy *ret), name, ret)
FORWARD(password_get, (struct store *s, int64_t user, struct store_tries *ret), user, ret)
FORWARD(cert_find, (struct store *s, const uint8_t sha1[20], struct store_cert *ret), sha1, ret)
FORWARD(cert_settle, (struct store *s, const struct store_cert *c), c)
FORWARD(device_put, (struct store *s, const struct store_device *d), d)
FORWARD(device_signed, (struct store *s, const struct store_sign *g), g)
FORWARD(rule_find, (struct store *s, const struct store_rule *key, struct store_rule *ret), key, ret)
FORWARD(image_get, (struct store *s, int64_t rule, const char *version, struct store_image *ret), rule, version, ret)
FORWARD(image_each, (struct store *s, int64_t rule, bool (*each)(void *arg, const struct store_image *im), void *arg), rule, each,
	arg)
FORWARD(test_device_find, (struct store *s, bool is_mac, const char *id), is_mac, id)
FORWARD(pool_get, (struct store *s, const char *name, struct store_pool *ret), name, ret)
FORWARD(key_each, (struct store *s, const char *kind, bool (*each)(void *arg, const struct store_key *k), void *arg), kind, each, arg)
FORWARD(audit, (struct store *s, int64_t now, const char *what, const char *whom, bool ok, const char *detail), now, what, whom, ok,
	detail)

/* ---- writing what must last -------------------------------------------------------------------------------------------- */

static void alone(struct shared *x, struct write *w)
{
	w->r = w->run(x->real, w->arg);
	shared_why(x, w->r, &w->why);
}

/* One transaction.  false: it is undone. */
static bool together(struct shared *x, struct write *group)
{
	enum store_result r = x->real->ops->begin(x->real);

	if (r != STORE_OK)
		return false;
	for (struct write *w = group; w && r == STORE_OK; w = w->next)
		r = w->r = w->run(x->real, w->arg);
	return x->real->ops->end(x->real, r) == STORE_OK;
}

static void commit(struct shared *x, struct write *group)
{
	pthread_mutex_lock(&x->lock);
	if (group->next == NULL || !together(x, group))
		for (struct write *w = group; w; w = w->next)
			alone(x, w);
	pthread_mutex_unlock(&x->lock);
}

static enum store_result lasting(struct store *s, enum store_result (*run)(struct store *real, void *arg), void *arg)
{
	struct shared *x = shared_of(s);
	struct write w = {.run = run, .arg = arg}, *group;

	pthread_mutex_lock(&x->queue);
	*x->last = &w;
	x->last = &w.next;
	while (!w.done && x->leading)
		pthread_cond_wait(&x->written, &x->queue);
	if (!w.done) { /* leads all who have come meanwhile */
		x->leading = true;
		group = x->first;
		x->first = NULL;
		x->last = &x->first;
		pthread_mutex_unlock(&x->queue);
		commit(x, group);
		pthread_mutex_lock(&x->queue);
		for (struct write *next; group; group = next) {
			next = group->next; /* it is its thread's again as soon as it is done */
			group->done = true;
		}
		x->leading = false;
		pthread_cond_broadcast(&x->written);
	}
	pthread_mutex_unlock(&x->queue);
	last_why = w.why;
	return w.r;
}

struct step {
	const int64_t *users;
	size_t n;
	void (*step)(void *arg, size_t i, struct store_pin *p);
	void *arg;
};

static enum store_result run_step(struct store *real, void *arg)
{
	const struct step *t = arg;

	return real->ops->pin_step(real, t->users, t->n, t->step, t->arg);
}

static enum store_result pin_step(struct store *s, const int64_t *users, size_t n,
				  void (*step)(void *arg, size_t i, struct store_pin *p), void *arg)
{
	struct step t = {users, n, step, arg};

	return lasting(s, run_step, &t);
}

struct tries {
	int64_t user;
	void (*step)(void *arg, struct store_tries *t);
	void *arg;
};

static enum store_result run_tries(struct store *real, void *arg)
{
	const struct tries *t = arg;

	return real->ops->password_step(real, t->user, t->step, t->arg);
}

static enum store_result password_step(struct store *s, int64_t user, void (*step)(void *arg, struct store_tries *t), void *arg)
{
	struct tries t = {user, step, arg};

	return lasting(s, run_tries, &t);
}

struct fresh_pin {
	int64_t user;
	const struct store_pin *p;
	unsigned keep;
};

static enum store_result run_pin_set(struct store *real, void *arg)
{
	const struct fresh_pin *f = arg;

	return real->ops->pin_set(real, f->user, f->p, f->keep);
}

static enum store_result pin_set(struct store *s, int64_t user, const struct store_pin *p, unsigned keep)
{
	struct fresh_pin f = {user, p, keep};

	return lasting(s, run_pin_set, &f);
}

static enum store_result run_pin_rehash(struct store *real, void *arg)
{
	const struct fresh_pin *f = arg;

	return real->ops->pin_rehash(real, f->user, f->p);
}

static enum store_result pin_rehash(struct store *s, int64_t user, const struct store_pin *p)
{
	struct fresh_pin f = {user, p, 0};

	return lasting(s, run_pin_rehash, &f);
}

static enum store_result run_cert(struct store *real, void *arg)
{
	return real->ops->cert_put(real, arg);
}

static enum store_result cert_put(struct store *s, const struct store_cert *c)
{
	struct store_cert copy = *c; /* of its pointers: it is only read */

	return lasting(s, run_cert, &copy);
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

static void shared_close(struct store *s)
{
	struct shared *x = shared_of(s);

	store_close(x->real);
	pthread_mutex_destroy(&x->lock);
	pthread_mutex_destroy(&x->queue);
	pthread_cond_destroy(&x->written);
	free(x);
}

static const struct store_ops ops = {
    .name = "shared",
    .close = shared_close,
    .why = why,
    .reserve = reserve,
    .has_room = has_room,
    .changes = changes,
    .user_get = user_get,
    .user_by_id = user_by_id,
    .user_by_login = user_by_login,
    .user_by_line = user_by_line,
    .policy_get = policy_get,
    .pin_get = pin_get,
    .pin_set = pin_set,
    .pin_rehash = pin_rehash,
    .pin_history = pin_history,
    .pin_step = pin_step,
    .pin_settle = pin_settle,
    .password_get = password_get,
    .password_step = password_step,
    .cert_put = cert_put,
    .cert_settle = cert_settle,
    .cert_find = cert_find,
    .device_put = device_put,
    .device_signed = device_signed,
    .rule_find = rule_find,
    .image_get = image_get,
    .image_each = image_each,
    .test_device_find = test_device_find,
    .pool_get = pool_get,
    .key_each = key_each,
    .audit = audit,
};

struct store *store_shared(struct store *real)
{
	struct shared *x = real ? calloc(1, sizeof *x) : NULL;

	if (x == NULL) {
		store_close(real);
		return NULL;
	}
	x->store.ops = &ops;
	x->real = real;
	x->last = &x->first;
	pthread_mutex_init(&x->lock, NULL);
	pthread_mutex_init(&x->queue, NULL);
	pthread_cond_init(&x->written, NULL);
	return &x->store;
}
