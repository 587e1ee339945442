/* The fleet's parts: times in classes, arrival, back-off and gate, what phones store, the heap of timers, names. */
#include "tests/support/check.h"

#include "fleet/internal.h"

#define PHONES 500

static struct fleet *fleet_make(const struct fleet_conf *more)
{
	static const uint32_t target[] = {0x7f2c0001, 0x7f2c0002};
	struct fleet *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->conf = *more;
	f->conf.phones = PHONES;
	f->conf.domain = "contoso.test";
	f->conf.pool = "pool.contoso.test";
	f->conf.target = target;
	f->conf.targets = 2;
	f->conf.sip_port = 5061;
	f->random = 12345;
	f->later_end = &f->later;
	f->epoll = -1;
	f->phone = calloc(PHONES, sizeof *f->phone);
	f->heap = calloc(PHONES, sizeof *f->heap);
	assert_true(f->phone && f->heap);
	for (unsigned i = 0; i < PHONES; i++) {
		f->phone[i] = (struct fleet_phone){.f = f, .ph_at = NEVER, .life_at = NEVER, .limit_at = NEVER, .heap_at = i};
		f->heap[i] = i;
	}
	f->heaped = PHONES;
	return f;
}

static void fleet_drop(struct fleet *f)
{
	for (unsigned i = 0; i < PHONES; i++)
		flash_clear(&f->phone[i]);
	later_clear(f);
	assert_null(f->blobs); /* the last owner has taken it with it */
	free(f->phone);
	free(f->heap);
	free(f);
}

static void times(void **state)
{
	static struct fleet_times t, u;

	(void)state;
	assert_int_equal(fleet_times_at(&t, 500), 0);
	for (unsigned ms = 1; ms <= 10000; ms++)
		fleet_times_add(&t, ms);
	for (unsigned permille = 10; permille <= 1000; permille += 10) { /* no further from the truth than a class is wide */
		double want = permille * 10.0, got = fleet_times_at(&t, permille);

		assert_true(got >= want - 1 && got <= want * (1 + 1.0 / 32) + 1);
	}
	assert_int_equal(t.most, 10000);
	fleet_times_add(&u, 50);
	assert_int_equal(fleet_times_at(&u, 990), 50);
	fleet_times_add(&u, 7ull * 86400000); /* a week has its class */
	assert_int_equal(fleet_times_at(&u, 500), 50);
	fleet_times_add(&u, UINT64_MAX / 2);
	assert_int_equal(u.n, 3);
	fleet_times_merge(&t, &u);
	assert_int_equal(t.n, 10003);
}

static void arrival(void **state)
{
	struct fleet *f = fleet_make(&(struct fleet_conf){.arrive = {.curve = FLEET_POWER_CUT, .spread = 60000}});
	unsigned early = 0, late = 0;
	uint64_t last = 0;

	(void)state;
	for (unsigned i = 0; i < PHONES; i++) {
		uint64_t at = arrive_at(f, i);

		assert_true(at <= 60000);
		early += at < 6000;
		late += at > 54000;
		last = at > last ? at : last;
	}
	assert_true(last > 30000 && early < PHONES / 10 && late < PHONES / 10); /* mostly in the middle, none at once */
	f->conf.arrive = (struct fleet_arrival){.curve = FLEET_STEADY, .rate = 50};
	assert_int_equal(arrive_at(f, 0), 0);
	assert_int_equal(arrive_at(f, 100), 2000);
	f->conf.arrive.curve = FLEET_BURST;
	assert_int_equal(arrive_at(f, 499), 0);
	fleet_drop(f);
}

static void back_off(void **state)
{
	struct fleet *f = fleet_make(&(struct fleet_conf){0});
	uint32_t least = UINT32_MAX, most = 0;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t wait = gate_back_off(f, 1);

		least = wait < least ? wait : least;
		most = wait > most ? wait : most;
	}
	assert_true(least >= 2500 && least < 3000 && most < 7500 && most > 7000); /* jitter: no two together */
	for (unsigned tries = 2; tries < 300; tries++) {
		uint32_t wait = gate_back_off(f, tries);

		assert_true(wait <= 450000 && wait >= (tries < 7 ? 2500u << (tries - 1) : 150000));
	}
	fleet_drop(f);
}

static void gate(void **state)
{
	struct fleet *f = fleet_make(&(struct fleet_conf){0});
	unsigned gone = 0;

	(void)state;
	f->now = 1000000;
	for (unsigned i = 0; i < 99; i++)
		gate_result(f, false, DT_F_CONNECT);
	gate_result(f, true, DT_F_OK); /* one gets in: it was no outage */
	for (unsigned i = 0; i < 99; i++)
		gate_result(f, false, DT_F_CONNECT);
	assert_int_equal(gate_wait(f), 0);
	gate_result(f, false, DT_F_PIN_REFUSED); /* somebody was met */
	assert_int_equal(gate_wait(f), 0);
	gate_result(f, false, DT_F_TIMEOUT);
	for (unsigned ms = 0; ms < 60000; ms += 10, f->now += 10)
		gone += gate_wait(f) == 0;
	assert_in_range(gone, 55, 61); /* one a second */
	assert_true(f->stats.held > 5000);
	for (unsigned i = 0; i < 10; i++)
		gate_result(f, true, DT_F_OK);
	for (gone = 0; gone < 1000 && gate_wait(f) == 0; gone++)
		;
	assert_int_equal(gone, 1000); /* it is open again */
	fleet_drop(f);
}

static void flash(void **state)
{
	struct fleet *f = fleet_make(&(struct fleet_conf){0});
	char out[16];

	(void)state;
	assert_int_equal(flash_load(&f->phone[0], DT_STATE_ROOTS, out, sizeof out), -ENOENT);
	for (unsigned i = 0; i < PHONES; i++) {
		assert_int_equal(flash_save(&f->phone[i], DT_STATE_ROOTS, "roots", 5), 0);
		assert_int_equal(flash_save(&f->phone[i], DT_STATE_USER, &i, sizeof i), 0);
		assert_int_equal(flash_save(&f->phone[i], DT_STATE_ROOTS, "roots", 5), 0);
	}
	for (unsigned i = 0; i < PHONES; i++) {
		unsigned mine;

		assert_int_equal(flash_load(&f->phone[i], DT_STATE_USER, &mine, sizeof mine), sizeof mine);
		assert_int_equal(mine, i);
		assert_int_equal(flash_load(&f->phone[i], DT_STATE_ROOTS, out, 2), 5); /* cut, and the length */
	}
	assert_int_equal(flash_save(&f->phone[3], DT_STATE_ROOTS, "others", 6), 0);
	assert_int_equal(flash_load(&f->phone[3], DT_STATE_ROOTS, out, sizeof out), 6);
	assert_int_equal(flash_load(&f->phone[4], DT_STATE_ROOTS, out, sizeof out), 5);
	flash_forget(&f->phone[3], DT_STATE_ROOTS);
	assert_int_equal(flash_load(&f->phone[3], DT_STATE_ROOTS, NULL, 0), -ENOENT);
	fleet_drop(f);
}

static void heap(void **state)
{
	struct fleet *f = fleet_make(&(struct fleet_conf){0});
	struct fleet_phone *p;
	uint64_t last = 0;
	unsigned n = 0;

	(void)state;
	assert_true(heap_first(f) == NEVER);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < PHONES; i++) {
			p = &f->phone[fleet_random(f) % PHONES];
			*(i % 2 ? &p->life_at : &p->limit_at) = 1 + fleet_random(f) % 10000;
			heap_update(f, p);
		}
	for (f->now = 20000; (p = heap_due(f)) != NULL; n++) {
		uint64_t at = p->life_at < p->limit_at ? p->life_at : p->limit_at;

		assert_true(at >= last); /* the nearest first */
		last = at;
		p->life_at = p->limit_at = NEVER;
		heap_update(f, p);
	}
	assert_true(n > PHONES / 2);
	fleet_drop(f);
}

static void names(void **state)
{
	static const struct fleet_name name[] = {{"web.contoso.test", 0x7f2c0009}};
	struct fleet *f = fleet_make(&(struct fleet_conf){.from = FLEET_WEB, .name = name, .names = 1});
	struct dt_dns_answer a;

	(void)state;
	names_answer(f, &f->phone[0], "pool.contoso.test", DT_RR_A, &a);
	assert_true(a.status == DT_DNS_OK && a.rr[0].address == 0x7f2c0001);
	names_answer(f, &f->phone[1], "pool.contoso.test", DT_RR_A, &a); /* phones are spread */
	assert_true(a.rr[0].address == 0x7f2c0002);
	names_answer(f, &f->phone[0], "WEB.contoso.test", DT_RR_A, &a);
	assert_true(a.rr[0].address == 0x7f2c0009);
	names_answer(f, &f->phone[0], "ucupdates-r2.contoso.test", DT_RR_A, &a);
	assert_int_equal(a.status, DT_DNS_NXDOMAIN); /* they begin later */
	f->conf.from = FLEET_FIND;
	names_answer(f, &f->phone[0], "ucupdates-r2.contoso.test", DT_RR_A, &a);
	assert_int_equal(a.status, DT_DNS_OK);
	names_answer(f, &f->phone[0], "www.example.com", DT_RR_A, &a); /* nobody else's */
	assert_int_equal(a.status, DT_DNS_NXDOMAIN);
	names_answer(f, &f->phone[0], "_sipinternaltls._tcp.contoso.test", DT_RR_SRV, &a);
	assert_true(a.status == DT_DNS_OK && a.rr[0].port == 5061);
	assert_string_equal(a.rr[0].target, "pool.contoso.test");
	fleet_drop(f);
}

static void curve(void **state)
{
	struct fleet *f = fleet_make(&(struct fleet_conf){0});
	uint64_t tries = 0;

	(void)state;
	f->stats.phase = FLEET_MEASURING;
	for (f->now = 0; f->now < 4 * 3600 * 1000; f->now += 500) { /* four hours fit as ten minutes do */
		stats_tick(f);
		stats_point(f)->tries++;
	}
	assert_in_range(f->stats.points, FLEET_POINTS / 2, FLEET_POINTS);
	for (unsigned i = 0; i < f->stats.points; i++)
		tries += f->stats.point[i].tries;
	assert_int_equal(tries, 4 * 3600 * 2); /* none is lost when pieces are joined */
	fleet_drop(f);
}

/* Its power goes while it signs in for the first time: it has no certificate to come back with. */
static void night(void **state)
{
	static const struct fleet_user user[PHONES] = {{.number = "7000", .pin = "80642"}};
	const struct dt_model *model = dt_model_find("cx600");
	struct fleet *f = fleet_make(&(struct fleet_conf){.from = FLEET_WEB, .user = user, .model = &model, .models = 1, .scenario = FLEET_DAY,
							 .web_url = "https://pool.contoso.test/CertProv/CertProvisioningService.svc",
							 .registrar = "pool.contoso.test:5061"});
	struct fleet_phone *p = &f->phone[0];

	(void)state;
	f->stats.phase = FLEET_MEASURING;
	f->stats.where[FLEET_OFF] = f->stats.stage[0] = PHONES;
	f->on = &life_events;
	life_begin(p, true);
	assert_non_null(p->ph);
	p->night = true;
	life_timer(p);
	assert_true(f->stats.restarts == 1 && p->ph && !p->warm);
	p->was_on = p->night = true; /* it has had dial tone */
	life_timer(p);
	assert_true(f->stats.restarts == 2 && p->ph && p->warm);
	life_end(p);
	fleet_drop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times), cmocka_unit_test(arrival), cmocka_unit_test(back_off), cmocka_unit_test(gate),
	    cmocka_unit_test(flash), cmocka_unit_test(heap),	cmocka_unit_test(names),    cmocka_unit_test(curve),
	    cmocka_unit_test(night),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
