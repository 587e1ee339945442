/* The order in which a phone tries the targets of an SRV record (RFC 2782), and which targets it takes at all. */
#include "tests/support/check.h"

#include "phone/internal.h"

struct world {
	uint64_t seed;
};

/* xorshift64*: the same throws in every run */
static void throw(void *arg, void *p, size_t n)
{
	struct world *w = arg;

	for (size_t i = 0; i < n; i++) {
		w->seed ^= w->seed >> 12;
		w->seed ^= w->seed << 25;
		w->seed ^= w->seed >> 27;
		((uint8_t *)p)[i] = (uint8_t)(w->seed * 2685821657736338717ull >> 56);
	}
}

static const struct dt_body body = {.random = throw};

static struct dt_phone *phone(struct world *w)
{
	struct dt_phone *ph = calloc(1, sizeof *ph);

	assert_non_null(ph);
	*w = (struct world){88172645463325252ull};
	ph->core.body = &body;
	ph->core.arg = w;
	return ph;
}

static void add(struct dt_dns_answer *a, uint16_t priority, uint16_t weight, const char *target)
{
	struct dt_dns_rr *r = &a->rr[a->n++];

	r->priority = priority;
	r->weight = weight;
	snprintf(r->target, sizeof r->target, "%s", target);
}

enum { ROUNDS = 20000 };

/* "A client MUST attempt to contact the target host with the lowest-numbered priority it can reach" */
static void lowest_priority_first(void **state)
{
	struct world w;
	struct dt_phone *ph = phone(&w);

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct dt_dns_answer a = {0};

		add(&a, 30, 100, "c");
		add(&a, 10, 0, "a");
		add(&a, 65535, 65535, "d");
		add(&a, 20, 1, "b");
		srv_sort(ph, &a);
		for (unsigned j = 0; j < 4; j++)
			assert_int_equal(a.rr[j].target[0], 'a' + (int)j);
	}
	free(ph);
}

/* "Larger weights SHOULD be given a proportionately higher probability of being selected" */
static void weights_spread(void **state)
{
	static const struct {
		const char *target;
		uint16_t weight;
	} rows[] = {{"a", 10}, {"b", 30}, {"c", 60}};
	struct world w;
	struct dt_phone *ph = phone(&w);
	unsigned first[3] = {0}, second[3] = {0};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct dt_dns_answer a = {0};

		for (unsigned j = 0; j < 3; j++)
			add(&a, 5, rows[j].weight, rows[j].target);
		add(&a, 6, 1000, "z");
		srv_sort(ph, &a);
		first[a.rr[0].target[0] - 'a']++;
		second[a.rr[1].target[0] - 'a']++;
		assert_int_equal(a.rr[3].target[0], 'z'); /* the weight of another priority counts for nothing */
	}
	for (unsigned j = 0; j < 3; j++)
		assert_in_range(first[j], ROUNDS * (rows[j].weight - 2) / 100, ROUNDS * (rows[j].weight + 2) / 100);
	/* the remaining targets are spread by the remaining weights: b is second when a is first 3 of 9, when c is first 3 of 4 */
	assert_in_range(second[1], ROUNDS * 46 / 100, ROUNDS * 51 / 100);
	free(ph);
}

/* "In the presence of records containing weights greater than 0, records with weight 0 should have a very small chance of
 * being selected." */
static void weight_zero_is_rare_but_possible(void **state)
{
	struct world w;
	struct dt_phone *ph = phone(&w);
	unsigned first = 0;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct dt_dns_answer a = {0};

		add(&a, 0, 50, "heavy");
		add(&a, 0, 0, "zero");
		add(&a, 0, 50, "heavy");
		srv_sort(ph, &a);
		first += a.rr[0].target[0] == 'z';
	}
	assert_in_range(first, 1, ROUNDS * 2 / 100);
	free(ph);
}

static void nothing_is_lost(void **state)
{
	struct world w;
	struct dt_phone *ph = phone(&w);

	(void)state;
	for (unsigned n = 0; n <= 16; n++) {
		struct dt_dns_answer a = {0};
		unsigned seen = 0;

		for (unsigned j = 0; j < n; j++) {
			char name[2] = {(char)('a' + j), '\0'};

			add(&a, (uint16_t)(j % 3), (uint16_t)(j % 4 ? 65535 : 0), name);
		}
		srv_sort(ph, &a);
		assert_int_equal(a.n, n);
		for (unsigned j = 0; j < n; j++) {
			seen |= 1u << (a.rr[j].target[0] - 'a');
			assert_true(j == 0 || a.rr[j - 1].priority <= a.rr[j].priority);
		}
		assert_int_equal(seen, (1u << n) - 1);
	}
	free(ph);
}

static void which_targets(void **state)
{
	static const struct {
		int how;
		const char *target, *domain;
		bool taken;
	} rows[] = {
	    {DT_STRICT, "fe01.contoso.test", "contoso.test", true},
	    {DT_STRICT, "FE01.Contoso.TEST", "contoso.test", true},
	    {DT_STRICT, "fe01.pool.contoso.test", "contoso.test", true},
	    {DT_STRICT, "contoso.test", "contoso.test", false},
	    {DT_STRICT, "fe01.fabrikam.test", "contoso.test", false},
	    {DT_STRICT, "fe01.evilcontoso.test", "contoso.test", false},
	    {DT_STRICT, "contoso.test.evil.test", "contoso.test", false},
	    {DT_STRICT, "fe01.contoso.test", "", false},
	    {DT_EXACT, "fe01.contoso.test", "contoso.test", true},
	    {DT_EXACT, "fe01.pool.contoso.test", "contoso.test", false},
	    {DT_EXACT, "fe01", "contoso.test", false},
	    {DT_STRICT_OFF, "fe01.fabrikam.test", "contoso.test", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(strict_match(rows[i].how, rows[i].target, rows[i].domain), rows[i].taken);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lowest_priority_first), cmocka_unit_test(weights_spread),
	    cmocka_unit_test(weight_zero_is_rare_but_possible), cmocka_unit_test(nothing_is_lost),
	    cmocka_unit_test(which_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
