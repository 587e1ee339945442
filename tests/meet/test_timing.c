/* tests/meet/test_timing.c: when the phone goes to the next Registrar, keeps its connection alive, refreshes and signs in anew. */
#include "tests/support/check.h"

#include "tests/meet/meet.h"
#include "tests/meet/octets.h"

#define LONG_ENOUGH (300 * 1000)
#define HOUR (3600 * 1000ull)

/* ---- the next place ---------------------------------------------------------------------------------------------------- */

static struct {
	struct location_link real;
	unsigned down; /* how often it is yet to say so */
} flaky;

static void flaky_send(void *arg, const struct location_ask *q, location_done *done, void *done_arg)
{
	struct location_reply r = {.kind = q->kind, .action = LOCATION_DOWN};

	(void)arg;
	if (q->kind == LOCATION_PUT && flaky.down && flaky.down--)
		done(done_arg, &r);
	else
		location_send(&flaky.real, q, done, done_arg);
}

/* The first flight of the server's is lost. */
static void lost_flight(struct meet *m, struct buf *b)
{
	if (octets_count(b, "WWW-Authenticate: TLS-DSK opaque=")) {
		buf_clear(b);
		m->from_registrar = NULL;
	}
}

/* 19.4: "480/5xx/timeout -> next candidate in the same step list", also when the first answer was a good one. */
static void next_place(void **state)
{
	static const struct {
		unsigned down;
		void (*server)(struct meet *m, struct buf *b);
		enum dt_failure failure;
		const char *why; /* of the attempt that failed */
	} places[] = {
	    {1, NULL, DT_F_OK, "503 Service Unavailable: 4000 User services default reason"},
	    {0, lost_flight, DT_F_OK, "no answer in time"},
	    {1000, NULL, DT_F_SIP_STATUS, "503 Service Unavailable: 4000 User services default reason"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 17);
		bool told = false;

		assert_non_null(m);
		flaky.real = m->location_link;
		flaky.down = places[i].down;
		m->location_link.send = flaky_send;
		m->from_registrar = places[i].server;
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		assert_int_equal(meet_result(m)->failure, places[i].failure);
		for (unsigned k = 0; k < m->nrecord; k++)
			told |= strcmp(m->record[k].what, "register") == 0 && !m->record[k].ok && strcmp(m->record[k].why, places[i].why) == 0;
		assert_true(told);
		if (places[i].failure == DT_F_OK) {
			assert_true(meet_find(m, "registrar DHCP, TLS fe01.contoso.test:5061")->ok);
			assert_true(dt_phone_registered(m->phone));
		} else {
			assert_non_null(strstr(meet_result(m)->why, "503"));
		}
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* RFC 3261 21.5.4: "The server MAY indicate when the client should retry the request in a Retry-After header field. If no Retry-After is
 * given, the client MUST act as if it had received a 500"; 20.33.  Ours says 20 to 40 seconds, and the phone adds up to half of them: two
 * phones are not back at the same moment, and neither has given up its registration, which lasts. */
static void retry_after(void **state)
{
	uint64_t after[2] = {0};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 17 + i);
		uint64_t at[3] = {0};
		unsigned n = 0;

		assert_non_null(m);
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		assert_true(meet_result(m)->ok);
		flaky.real = m->location_link;
		flaky.down = 2;
		m->location_link.send = flaky_send;
		meet_run(m, 620 * 1000);
		for (unsigned k = 0; k < m->nrecord && n < 3; k++) {
			assert_string_not_equal(m->record[k].what, "registration"); /* lost */
			if (strcmp(m->record[k].what, "refresh") == 0) {
				assert_int_equal(m->record[k].ok, n == 2);
				assert_in_range(m->record[k].ms, 1, 1000); /* the way there and back */
				at[n++] = m->record[k].at;
			}
		}
		assert_int_equal(n, 3);
		assert_true(dt_phone_registered(m->phone));
		for (unsigned k = 1; k < 3; k++)
			assert_in_range(at[k] - at[k - 1], 20000, 61000);
		after[i] = at[1] - at[0];
		meet_free(m);
		meet_flash_free(&flash);
	}
	assert_int_not_equal(after[0], after[1]);
}

/* ---- when it speaks --------------------------------------------------------------------------------------------------- */

static struct {
	unsigned n;
	struct {
		uint64_t at; /* seconds */
		char what; /* 'k'eep-alive, 'r'efresh, 'a'new (nothing signed), '.' anything else */
	} e[200];
} heard;

static void note(struct meet *m, struct buf *octets)
{
	bool alive = octets->n == 4 && memcmp(octets->p, "\r\n\r\n", 4) == 0;
	bool reg = octets->n > 9 && memcmp(octets->p, "REGISTER ", 9) == 0;
	char what = alive ? 'k' : !reg ? '.' : octets_count(octets, "Authorization: ") == 0 ? 'a' : octets_count(octets, ", response=\"") ? 'r' : '.';

	if (heard.n < 200) {
		heard.e[heard.n].at = m->mono / 1000;
		heard.e[heard.n++].what = what;
	}
}

static void keepalive_90(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "timeout=300", "timeout=90");
}

static void no_keepalive(struct meet *m, struct buf *octets)
{
	octets_strike(octets, "ms-keep-alive");
	note(m, octets);
}

/* 3.2: "Client: refresh timer = two thirds of the timeout; restarted whenever the client sends anything"; 11.3: it refreshes
 * at 80 % of the expiry. */
static void when_it_speaks(void **state)
{
	static const struct {
		void (*server)(struct meet *m, struct buf *b);
		void (*phone)(struct meet *m, struct buf *b);
		unsigned expires;
		const char *what; /* in the first fifteen minutes */
		uint64_t at[8];	  /* seconds after dial tone */
	} waits[] = {
	    {NULL, note, 600, "kkrk", {200, 400, 480, 680}},
	    {keepalive_90, note, 310, "kkkkrkkk", {60, 120, 180, 240, 248, 308, 368, 428}},
	    {NULL, no_keepalive, 900, "r", {720}}, /* a phone whose server does not offer keep-alives sends none */
	};

	(void)state;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 15);
		uint64_t tone;

		assert_non_null(m);
		m->site.DefaultEndpointExpiration = waits[i].expires;
		m->from_registrar = waits[i].server;
		m->to_registrar = waits[i].phone;
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		assert_true(dt_phone_registered(m->phone));
		tone = m->mono / 1000;
		heard.n = 0;
		meet_run(m, 15 * 60 * 1000);
		assert_true(heard.n >= strlen(waits[i].what));
		for (unsigned k = 0; waits[i].what[k]; k++)
			if (heard.e[k].what != waits[i].what[k] || heard.e[k].at < tone + waits[i].at[k] - 1 ||
			    heard.e[k].at > tone + waits[i].at[k] + 1)
				fail_msg("row %zu, %u: '%c' after %u s", i, k, heard.e[k].what, (unsigned)(heard.e[k].at - tone));
		if (waits[i].phone == no_keepalive)
			for (unsigned k = 0; k < heard.n; k++)
				assert_int_not_equal(heard.e[k].what, 'k');
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* 6.4: "8 h ... the client must re-authenticate at least 5 min before", by an unsigned REGISTER. */
static void anew_in_time(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 16);
	uint64_t tone;
	unsigned k = 0;

	(void)state;
	assert_non_null(m);
	m->site.DefaultEndpointExpiration = m->site.MaxEndpointExpiration = 7200; /* few refreshes */
	m->site.keepalive_timeout = 3600;
	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	assert_true(dt_phone_registered(m->phone));
	tone = m->mono / 1000;
	m->to_registrar = note;
	heard.n = 0;
	meet_run(m, 9 * HOUR);
	while (k < heard.n && heard.e[k].what != 'a')
		k++;
	assert_true(k < heard.n);
	assert_in_range(heard.e[k].at - tone, 28440, 28500);
	assert_true(dt_phone_registered(m->phone));
	meet_free(m);
	meet_flash_free(&flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(next_place), cmocka_unit_test(retry_after), cmocka_unit_test(when_it_speaks), cmocka_unit_test(anew_in_time)};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
