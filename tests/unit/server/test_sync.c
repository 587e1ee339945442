/* tests/unit/server/test_sync.c: two front ends on one store, each with its thread of server/vault/sync.c and a location process that
 * the test plays: bindings and orders of one reach the other, and a front end that does not run is forgotten.
 */
#include "server/vault/sync.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/ipc.h"
#include "server/location/far_link.h"
#include "store/store.h"
#include "tests/support/check.h"

enum { PATIENCE_MS = 30000, MANY = 150 };

static struct {
	char dir[48], path[80];
	struct loop *loop;
	struct loop_timer tick;
	struct store *store; /* the test's own connection */
} w;

static struct front_end {
	struct site site;
	struct health health;
	int fd[2]; /* [0]: the location process's */
	struct ipc_caller location;
	struct vault_sync *sync;
	/* what the vault told */
	unsigned anew, rows, orders, lost;
	struct location_far row;
	struct far_order order;
	struct far_lost gone;
	/* what it answered */
	unsigned written;
} fe[2];

/* ---- the world ----------------------------------------------------------------------------------------------------------------- */

static void tick(void *arg)
{
	(void)arg;
	loop_timer_at(&w.tick, clock_mono_ms() + 20);
}

static int setup(void **state)
{
	(void)state;
	strcpy(w.dir, "/tmp/dialtone-sync.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	snprintf(w.path, sizeof w.path, "%s/store.db", w.dir);
	assert_non_null(w.loop = loop_new());
	loop_timer_init(&w.tick, w.loop, tick, NULL);
	tick(NULL);
	return 0;
}

static void store_there(void)
{
	struct why why = {0};

	assert_non_null(w.store = store_sqlite(w.path, &why));
}

static void told(void *arg, struct ipc_message *m)
{
	struct front_end *f = arg;
	struct far_batch b = {0};

	switch (m->kind) {
	case FAR_ANEW:
		f->anew++;
		break;
	case FAR_ROWS:
		fields_get(&m->body, far_batch_fields, &b);
		assert_true(b.n > 0);
		f->rows += b.n;
		f->row = b.row[b.n - 1];
		fields_clear(far_batch_fields, &b);
		break;
	case FAR_ORDER:
		fields_get(&m->body, far_order_fields, &f->order);
		f->orders++;
		break;
	case FAR_LOST:
		fields_get(&m->body, far_lost_fields, &f->gone);
		f->lost++;
		break;
	default:
		fail_msg("kind %u", m->kind);
	}
	assert_null(m->body.err);
}

static void up(struct front_end *f, const char *name)
{
	struct vault_sync_conf c = {.site = &f->site, .loop = w.loop, .health = &f->health};

	*f = (struct front_end){.written = 0};
	snprintf(f->site.fqdn, sizeof f->site.fqdn, "%s", name);
	snprintf(f->site.store, sizeof f->site.store, "%s", w.path);
	assert_true(ipc_pair(f->fd) && ipc_caller_init(&f->location, w.loop, f->fd[0]));
	f->location.pushed = told;
	f->location.arg = f;
	c.fd = f->fd[1];
	assert_non_null(f->sync = vault_sync_new(&c));
}

static void down(struct front_end *f)
{
	vault_sync_free(f->sync);
	f->sync = NULL;
	ipc_caller_clear(&f->location);
	close(f->fd[0]);
	close(f->fd[1]);
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		if (fe[i].sync)
			down(&fe[i]);
	store_close(w.store);
	w.store = NULL;
	loop_timer_stop(&w.tick);
	loop_free(w.loop);
	for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end; end++) {
		char path[96];

		snprintf(path, sizeof path, "%s%s", w.path, *end);
		unlink(path);
	}
	return rmdir(w.dir);
}

static void until(const unsigned *count, unsigned n)
{
	for (uint64_t late = clock_mono_ms() + PATIENCE_MS; *count < n && clock_mono_ms() < late;)
		loop_once(w.loop);
	assert_int_equal(*count, n);
}

static void both_up(void)
{
	store_there();
	up(&fe[0], "fe01.contoso.test");
	until(&fe[0].anew, 1);
	up(&fe[1], "fe02.contoso.test");
	until(&fe[1].anew, 1);
}

static void batch_written(void *arg, struct ipc_message *m)
{
	struct front_end *f = arg;

	assert_non_null(m);
	assert_int_equal(m->kind, FAR_BATCH);
	f->written++;
}

/* So many endpoints of this front end, told as its location process tells them, and acknowledged when they are in the store. */
static void tell(struct front_end *f, unsigned first, unsigned n, bool gone)
{
	struct far_batch batch = {.row = calloc(n, sizeof *batch.row), .n = n};
	struct buf b = {0};

	assert_non_null(batch.row);
	for (unsigned i = 0; i < n; i++) {
		struct location_far *x = &batch.row[i];

		*x = (struct location_far){.seconds = 600, .since = 1795000000, .gone = gone, .binding = {.outside = true, .epid = "e1"}};
		memcpy(x->front_end, f->site.fqdn, sizeof x->front_end);
		snprintf(x->binding.aor, sizeof x->binding.aor, "user%u@contoso.test", first + i);
		snprintf(x->binding.instance, sizeof x->binding.instance, "instance-%u", first + i);
		strcpy(x->binding.contact, "sip:a@1.2.3.4");
		strcpy(x->binding.peer, "10.66.0.148:51234");
		strcpy(x->binding.user_agent, "OCPhone/4.0.7577.4363");
	}
	ipc_begin(&b, 0, FAR_BATCH);
	fields_put(&b, far_batch_fields, &batch);
	ipc_ask(&f->location, &b, PATIENCE_MS, batch_written, f);
	free(batch.row);
}

/* ---- tests --------------------------------------------------------------------------------------------------------------------------- */

static void bindings_reach_the_other(void **state)
{
	const struct location_far *got = &fe[1].row;

	(void)state;
	both_up();
	tell(&fe[0], 1, 1, false);
	until(&fe[0].written, 1);
	until(&fe[1].rows, 1);
	assert_string_equal(got->front_end, "fe01.contoso.test");
	assert_string_equal(got->binding.aor, "user1@contoso.test");
	assert_string_equal(got->binding.instance, "instance-1");
	assert_string_equal(got->binding.epid, "e1");
	assert_string_equal(got->binding.contact, "sip:a@1.2.3.4");
	assert_string_equal(got->binding.peer, "10.66.0.148:51234");
	assert_string_equal(got->binding.user_agent, "OCPhone/4.0.7577.4363");
	assert_true(got->binding.outside && got->seconds == 600 && got->since == 1795000000 && !got->gone);
	tell(&fe[0], 1, 1, true);
	until(&fe[1].rows, 2);
	assert_true(got->gone);
	assert_string_equal(got->binding.instance, "instance-1");
	assert_int_equal(fe[0].rows, 0); /* nobody is told what it has said itself */
}

/* More than a message holds; a location process that starts anew says so, and is asked for everything, and told everything. */
static void many_and_anew(void **state)
{
	struct buf b = {0};

	(void)state;
	both_up();
	for (unsigned i = 0; i < MANY; i += 50) {
		tell(&fe[0], i, 50, false);
		until(&fe[0].written, i / 50 + 1);
	}
	until(&fe[1].rows, MANY);
	ipc_begin(&b, 0, FAR_HELLO);
	ipc_ask(&fe[1].location, &b, PATIENCE_MS, NULL, NULL);
	until(&fe[1].anew, 2);
	until(&fe[1].rows, 2 * MANY);
	assert_int_equal(fe[0].anew, 1);
}

/* An order that was typed at one front end reaches the others; one that is old, or that nobody knows, does not. */
static void orders(void **state)
{
	struct store_order o = {.origin = "fe01.contoso.test", .aor = "alice@contoso.test", .kind = LOCATION_REJECTED, .diag = 4141, .reason = "before"};

	(void)state;
	store_there();
	assert_int_equal(w.store->ops->order_put(w.store, &o, 1795000000), STORE_OK);
	store_close(w.store);
	both_up();
	o.kind = LOCATION_DEACTIVATED + 1;
	assert_int_equal(w.store->ops->order_put(w.store, &o, 1795000000), STORE_OK);
	o.kind = LOCATION_REJECTED;
	strcpy(o.reason, "User disabled");
	assert_int_equal(w.store->ops->order_put(w.store, &o, 1795000000), STORE_OK);
	until(&fe[1].orders, 1);
	assert_string_equal(fe[1].order.aor, "alice@contoso.test");
	assert_string_equal(fe[1].order.reason, "User disabled");
	assert_true(fe[1].order.order == LOCATION_REJECTED && fe[1].order.diag == 4141);
	strcpy(o.origin, "fe02.contoso.test");
	assert_int_equal(w.store->ops->order_put(w.store, &o, 1795000000), STORE_OK);
	until(&fe[0].orders, 1);
	assert_int_equal(fe[1].orders, 1);
}

/* Its count stands still: after ten seconds its phones are forgotten, here and in the store.  It comes back and is known again. */
static void one_does_not_run(void **state)
{
	(void)state;
	both_up();
	tell(&fe[0], 1, 2, false);
	until(&fe[1].rows, 2);
	down(&fe[0]);
	until(&fe[1].lost, 1);
	assert_string_equal(fe[1].gone.front_end, "fe01.contoso.test");
	up(&fe[0], "fe01.contoso.test");
	until(&fe[0].anew, 1);
	tell(&fe[0], 3, 1, false);
	until(&fe[0].written, 1);
	/* those that it had before are told as gone first, perhaps in the same message */
	for (uint64_t late = clock_mono_ms() + PATIENCE_MS; strcmp(fe[1].row.binding.aor, "user3@contoso.test") != 0 && clock_mono_ms() < late;)
		loop_once(w.loop);
	assert_string_equal(fe[1].row.binding.aor, "user3@contoso.test");
	assert_false(fe[1].row.gone);
	assert_int_equal(fe[1].lost, 1);
}

/* While the store does not answer, /health says so and nothing is known to have changed; then all is told anew. */
static void a_store_that_comes_later(void **state)
{
	struct store_user alice = {.aor = "alice@contoso.test", .enabled = true};
	uint64_t changes = 77, now = 0;


	(void)state;
	assert_int_equal(mkdir(w.path, 0700), 0); /* no store can be opened there */
	up(&fe[0], "fe01.contoso.test");
	for (uint64_t late = clock_mono_ms() + PATIENCE_MS; atomic_load(&fe[0].health.store) != HEALTH_STORE_DOWN && clock_mono_ms() < late;)
		loop_once(w.loop);
	assert_int_equal(atomic_load(&fe[0].health.store), HEALTH_STORE_DOWN);
	assert_string_equal(health_word(&fe[0].health), "degraded");
	assert_false(vault_sync_changes(fe[0].sync, &changes));
	assert_int_equal(changes, 77);
	assert_int_equal(fe[0].anew, 0);
	assert_int_equal(rmdir(w.path), 0);
	until(&fe[0].anew, 1);
	for (uint64_t late = clock_mono_ms() + PATIENCE_MS; atomic_load(&fe[0].health.store) != HEALTH_STORE_UP && clock_mono_ms() < late;)
		loop_once(w.loop);
	assert_string_equal(health_word(&fe[0].health), "ready");
	assert_true(vault_sync_changes(fe[0].sync, &changes));
	store_there();
	assert_int_equal(w.store->ops->user_add(w.store, &alice), STORE_OK);
	alice.enabled = false;
	assert_int_equal(w.store->ops->user_set(w.store, &alice), STORE_OK);
	for (uint64_t late = clock_mono_ms() + PATIENCE_MS; now <= changes && clock_mono_ms() < late; loop_once(w.loop))
		assert_true(vault_sync_changes(fe[0].sync, &now));
	assert_true(now > changes);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(bindings_reach_the_other), T(many_and_anew), T(orders), T(one_does_not_run), T(a_store_that_comes_later)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
