/* tests/unit/server/test_vault_pin.c: number and PIN: lockout, numbers that are shared, failures that look alike
 * [web-services 6.3, 14].
 */
#include "tests/support/vault_world.h"

/* ---- lockout (14.2) ------------------------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
	const char *pin, *wrong;
	unsigned maximum, local, global;
} lengths[] = {
	{"7391",     "7392",     0, 10,  100},
	{"73914",    "73915",    0, 25, 1000},
	{"739142",   "739143",   0, 25, 5000},
	{"73914286", "73914287", 0, 25, 5000},
	{"73914",    "7391",     3,  3, 1000},   /* MaximumLogonAttempts replaces only the local limit */
};

/* A step is: so many seconds go by, so many wrong attempts, then the right PIN gives this.  L: the local limit. */
enum { L = 10000 };
static const struct {
	const char *what;
	int seconds, wrong;      /* wrong >= L/2: L + difference */
	enum vault_status right;
} steps[] = {
	{"one short of the limit",               0, L - 1, VAULT_OK},
	{"a success started it again",           0, L - 1, VAULT_OK},
	{"the window is over",                1800,     1, VAULT_OK},
	{"at the limit",                         0, L,     VAULT_REFUSED},
	{"one second before the hour is over", 3599,    0, VAULT_REFUSED},
	{"the hour is over",                     1,     0, VAULT_OK},
	{"at the limit again",                   0, L,     VAULT_REFUSED},
	{"attempts while locked do not count", 3600, L - 1, VAULT_OK},
};
/* clang-format on */

static void lockout_by_length(void **state)
{
	struct world *w = *state;

	w->site.MinPasswordLength = 4;
	for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
		char aor[64], number[24];
		struct store_user u;
		unsigned asked = 0, failed = 0;

		snprintf(aor, sizeof aor, "user%zu@contoso.test", k);
		snprintf(number, sizeof number, "+1425555010%zu", k);
		u = person(w, aor, "", number, "", lengths[k].pin);
		w->site.MaximumLogonAttempts = lengths[k].maximum;
		for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
			unsigned n = steps[i].wrong >= L / 2 ? lengths[k].local + (unsigned)steps[i].wrong - L
							      : (unsigned)steps[i].wrong;
			enum vault_status st;

			w->now += steps[i].seconds;
			for (unsigned a = 0; a < n; a++) {
				assert_int_equal(try_pin(w, number, lengths[k].wrong), VAULT_REFUSED);
				failed++;
				if (++asked % 7 == 0) { /* it does not help to end the vault */
					down(w);
					up(w);
				}
			}
			st = try_pin(w, number, lengths[k].pin);
			if (st != steps[i].right)
				fail_msg("PIN of %zu digits, %s: %s (%s)", strlen(lengths[k].pin), steps[i].what,
					 vault_status_name(st), w->why.text);
		}
		{ /* "all failures"; "reset by success: no" */
			struct store_pin p;

			assert_int_equal(w->store->ops->pin_get(w->store, u.id, &p), STORE_OK);
			assert_int_equal(p.global, failed);
			assert_int_equal(p.local, 0);
		}
		/* the global limit: one short, then at it, for good; an administrator unlocks */
		set_counters(w, u.id, lengths[k].global - 2);
		assert_int_equal(try_pin(w, number, lengths[k].wrong), VAULT_REFUSED);
		assert_int_equal(try_pin(w, number, lengths[k].pin), VAULT_OK);
		assert_int_equal(try_pin(w, number, lengths[k].wrong), VAULT_REFUSED);
		assert_int_equal(try_pin(w, number, lengths[k].pin), VAULT_REFUSED);
		down(w);
		up(w);
		w->now += 30 * 86400;
		assert_int_equal(try_pin(w, number, lengths[k].pin), VAULT_REFUSED);
		assert_non_null(strstr(w->why.text, "administrator"));
		set_counters(w, u.id, 0);
		assert_int_equal(try_pin(w, number, lengths[k].pin), VAULT_OK);
	}
}

static void parallel_guesser(void **state)
{
	struct world *w = *state;
	unsigned checked = 0;
	int fd[2];

	w->site.MinPasswordLength = 4;
	person(w, "alice@contoso.test", "", "+14255550123", "", "7391");
	down(w);
	assert_int_equal(pipe(fd), 0);
	for (int k = 0; k < 4; k++) {
		if (fork() == 0) {
			unsigned mine = 0;

			up(w);
			for (int i = 0; i < 15; i++) {
				char guess[8];

				snprintf(guess, sizeof guess, "%04d", 1000 + 100 * k + i);
				if (try_pin(w, "+14255550123", guess) == VAULT_REFUSED && strcmp(w->why.text, "wrong PIN") == 0)
					mine++;
			}
			down(w);
			_exit(write(fd[1], &mine, sizeof mine) != sizeof mine);
		}
	}
	for (int k = 0; k < 4; k++) {
		unsigned n = 0;
		int st = -1;

		assert_true(wait(&st) > 0);
		assert_int_equal(st, 0);
		assert_int_equal(read(fd[0], &n, sizeof n), sizeof n);
		checked += n;
	}
	close(fd[0]);
	close(fd[1]);
	assert_int_equal(checked, 10); /* sixty guesses, ten tries */
	up(w);
	assert_int_equal(try_pin(w, "+14255550123", "7391"), VAULT_REFUSED);
}

/* ---- the steps of an attempt ------------------------------------------------------------------------------------- */

static void failures_look_alike(void **state)
{
	struct world *w = *state;
	struct store_user locked;
	static const char *const tries[][2] = {
	    {"4411", "73915"},	   /* wrong */
	    {"4499", "73914"},	   /* nobody's */
	    {"4412", "73914"},	   /* no PIN is set */
	    {"4413", "73914"},	   /* locked, and right */
	    {"4414", "73914"},	   /* expired, and right */
	    {"no number", "73914"},
	    {"4411", ""},
	    {"4411", "\xff\x01"},
	};

	person(w, "a@contoso.test", "", "", "4411", "73914");
	person(w, "b@contoso.test", "", "", "4412", NULL);
	locked = person(w, "c@contoso.test", "", "", "4413", "73914");
	set_counters(w, locked.id, 1000);
	w->now -= 100 * 86400;
	person(w, "d@contoso.test", "", "", "4414", "73914");
	w->now += 100 * 86400;
	w->site.PINLifetime = 90;
	spy_on(w);
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		buf_clear(&spy.calls);
		assert_int_equal(try_pin(w, tries[i][0], tries[i][1]), VAULT_REFUSED);
		assert_string_equal(buf_cstr(&spy.calls), "line line step1 audit ");
	}
	buf_free(&spy.calls);
}

static void counted_before_checked(void **state)
{
	struct world *w = *state;
	struct store_user u = person(w, "a@contoso.test", "", "", "4411", "73914");
	struct store_pin p;

	spy_on(w);
	spy.fail_step = 1; /* the count is not on disk: nothing is checked, even the right PIN */
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_UNAVAILABLE);
	assert_int_equal(w->store->ops->pin_get(w->store, u.id, &p), STORE_OK);
	assert_int_equal(p.global, 0);
	spy.steps = 0;
	spy.fail_step = 2; /* the power goes behind the check: it stays counted */
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_UNAVAILABLE);
	assert_int_equal(w->store->ops->pin_get(w->store, u.id, &p), STORE_OK);
	assert_true(p.global == 1 && p.local == 1);
	spy.fail_step = 0; /* the right one waits for the disk once */
	buf_clear(&spy.calls);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
	assert_string_equal(buf_cstr(&spy.calls), "line line step1 settle1 audit audit ");
	assert_int_equal(w->store->ops->pin_get(w->store, u.id, &p), STORE_OK);
	assert_true(p.global == 1 && p.local == 0);
	buf_free(&spy.calls);
}

/* ---- numbers (6.3) --------------------------------------------------------------------------------------------- */

static void numbers(void **state)
{
	struct world *w = *state;
	struct store_user bob;
	struct store_pin p;
	static const char *const spellings[] = {"+14255550123", "tel:+1 (425) 555-0123", "14255550123", "+1.425.555.0123",
						"+14255550123;ext=4411", "4411", " 4411 "};
	static const char *const nobody[] = {"", "+", "4255550123", "+14255550123;ext=4413", "44a1", "%", "4411' OR 1=1",
					     "+14255550123;phone-context=x"};

	person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	bob = person(w, "bob@contoso.test", "", "+14255550123", "4412", "86205");
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (try_pin(w, spellings[i], "73914") != VAULT_OK)
			fail_msg("%s: %s", spellings[i], w->why.text);
	for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
		assert_int_equal(try_pin(w, nobody[i], "73914"), VAULT_REFUSED);
		assert_string_equal(w->why.text, "no user has this number");
	}
	/* the PIN tells apart who shares a number; alice's successes cost bob nothing */
	assert_int_equal(try_pin(w, "+14255550123", "86205"), VAULT_OK);
	assert_int_equal(w->store->ops->pin_get(w->store, bob.id, &p), STORE_OK);
	assert_true(p.local == 0 && p.global == 0);
	/* a failure counts against every candidate */
	assert_int_equal(try_pin(w, "+14255550123", "99999"), VAULT_REFUSED);
	assert_int_equal(w->store->ops->pin_get(w->store, bob.id, &p), STORE_OK);
	assert_true(p.local == 1 && p.global == 1);
	/* neither number nor PIN is unique */
	assert_null(vault_pin_set(secret, &w->site, w->store, &bob, SV("73914"), false, NOW, &w->why));
	assert_int_equal(try_pin(w, "+14255550123", "73914"), VAULT_REFUSED);
	assert_non_null(strstr(w->why.text, "more than one"));
	assert_int_equal(try_pin(w, "+14255550123;ext=4412", "73914"), VAULT_OK);
	/* an address is its one user's; another's is nobody's, and neither is half of one */
	assert_int_equal(try_pin(w, "alice@contoso.test", "73914"), VAULT_OK);
	assert_int_equal(try_pin(w, "alice@contoso.test", "99999"), VAULT_REFUSED);
	assert_int_equal(try_pin(w, "carol@contoso.test", "73914"), VAULT_REFUSED);
	assert_int_equal(try_pin(w, "alice@", "73914"), VAULT_REFUSED);
}

/* "Without + it matches an extension or the tail after the access prefix configured by the administrator." */
static void access_prefix(void **state)
{
	struct world *w = *state;

	person(w, "alice@contoso.test", "", "+14255550123", "", "73914");
	person(w, "bob@contoso.test", "", "", "0014255550123", "86205");
	assert_int_equal(try_pin(w, "0014255550123", "73914"), VAULT_REFUSED);
	strcpy(w->site.access_prefix, "00");
	assert_int_equal(try_pin(w, "0014255550123", "73914"), VAULT_OK);
	assert_int_equal(try_pin(w, "00 1 (425) 555-0123", "73914"), VAULT_OK);
	assert_int_equal(try_pin(w, "0014255550123", "86205"), VAULT_OK); /* the user whose extension looks like it */
	assert_int_equal(try_pin(w, "14255550123", "73914"), VAULT_OK);
	assert_int_equal(try_pin(w, "+0014255550123", "73914"), VAULT_REFUSED);
	assert_int_equal(try_pin(w, "9914255550123", "73914"), VAULT_REFUSED);
	assert_int_equal(try_pin(w, "00", "73914"), VAULT_REFUSED);
}

static void pin_history(void **state)
{
	struct world *w = *state;
	struct store_user u = person(w, "a@contoso.test", "", "+14255550123", "4411", NULL);
	static const char *const pins[] = {"73914", "73915", "73916", "73917"};

	w->site.PINHistoryCount = 3;
	for (size_t i = 0; i < 4; i++)
		assert_null(vault_pin_set(secret, &w->site, w->store, &u, sv_of(pins[i]), true, NOW, &w->why));
	for (size_t i = 1; i < 4; i++)
		assert_non_null(vault_pin_set(secret, &w->site, w->store, &u, sv_of(pins[i]), true, NOW, &w->why));
	assert_null(vault_pin_set(secret, &w->site, w->store, &u, sv_of(pins[2]), false, NOW, &w->why)); /* administrator */
	assert_non_null(vault_pin_set(secret, &w->site, w->store, &u, SV("12345"), false, NOW, &w->why));
	assert_null(vault_pin_set(secret, &w->site, w->store, &u, sv_of(pins[0]), true, NOW, &w->why));
}

static void outside_pin_is_remembered(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};

	strcpy(w->site.external_web_fqdn, "web.contoso.test");
	w->site.external_https = 443;
	w->site.external_require_pin = true;
	person(w, "alice@contoso.test", "", "", "4411", "73914");
	call_peer = "203.0.113.5";
	assert_false(call_pin_proved(&w->link, "alice@contoso.test", "203.0.113.5"));
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73915", &ask, true, &t, NULL), VAULT_REFUSED);
	assert_false(call_pin_proved(&w->link, "alice@contoso.test", "203.0.113.5"));
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, true, &t, NULL), VAULT_OK);
	vault_ticket_clear(&t);
	/* The proof is of the address that number and PIN came from, however early somebody else asks for it. */
	assert_false(call_pin_proved(&w->link, "alice@contoso.test", "203.0.113.6"));
	assert_false(call_pin_proved(&w->link, "alice@contoso.test", ""));
	assert_false(call_pin_proved(&w->link, "bob@contoso.test", "203.0.113.5"));
	assert_true(call_pin_proved(&w->link, "Alice@contoso.test", "203.0.113.5"));
	assert_false(call_pin_proved(&w->link, "alice@contoso.test", "203.0.113.6"));
	w->now += 600;
	assert_false(call_pin_proved(&w->link, "alice@contoso.test", "203.0.113.5"));
	call_peer = NULL;
}

/* ---- where it comes from ----------------------------------------------------------------------------------------- */

static int64_t last_attempt(struct world *w, int64_t user)
{
	struct store_pin p = {0};

	assert_int_not_equal(w->store->ops->pin_get(w->store, user, &p), STORE_FAILED);
	return p.last_attempt;
}

/* An address that guesses has to wait, longer each time, whomever it tries; no counter of a user moves meanwhile. */
static void one_address_slows_down(void **state)
{
	static const char *const same[][2] = {{"203.0.113.9", "203.0.113.9"}, {"2001:db8:0:7::1", "2001:db8:0:7:ffff::2"}};
	struct world *w = *state;
	struct store_user alice = person(w, "alice@contoso.test", "", "", "4411", "73914");
	struct store_pin p;
	char number[8];

	for (size_t k = 0; k < sizeof same / sizeof *same; k++) {
		for (int i = 0; i < 21; i++) {
			call_peer = same[k][i & 1];
			snprintf(number, sizeof number, "9%03d", i);
			assert_int_equal(try_pin(w, number, "11112"), VAULT_REFUSED);
		}
		for (int round = 0; round < 6; round++) { /* 1, 2, 4 ... seconds */
			int seconds = 0;

			while (call_peer = same[k][0], try_pin(w, "9999", "11112") == VAULT_WAIT) {
				call_peer = same[k][1];
				assert_int_equal(try_pin(w, "4411", "73914"), VAULT_WAIT); /* the right one, too */
				assert_non_null(strstr(w->why.text, "too many wrong PINs"));
				w->now++;
				seconds++;
				assert_true(seconds < 100);
			}
			assert_int_equal(seconds, 1 << round);
		}
		call_peer = k ? "2001:db8:0:8::1" : "203.0.113.10";
		assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK); /* another address is none the worse */
		w->now += 3600;
		for (int i = 0; i < 100; i++) { /* nor is an address whose phones know their PINs */
			call_peer = same[k][0];
			assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
		}
	}
	call_peer = NULL;
	assert_int_equal(w->store->ops->pin_get(w->store, alice.id, &p), STORE_OK);
	assert_true(p.local == 0 && p.global == 0);
}

/* Whoever waits for the answer sees the disk: each attempt changes what is stored, and neither an unknown number, nor a user
 * without a PIN, nor a locked PIN is quicker. */
static void each_attempt_is_written(void **state)
{
	struct world *w = *state;
	struct store_user known = person(w, "alice@contoso.test", "", "", "4411", "73914"),
			  without = person(w, "bob@contoso.test", "", "", "4412", NULL);
	const struct {
		const char *number;
		int64_t row;
	} kinds[] = {{"9999", 0}, {"4411", known.id}, {"4412", without.id}};

	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (int i = 0; i < 40; i++) {
			int64_t before = last_attempt(w, kinds[k].row);

			assert_int_equal(try_pin(w, kinds[k].number, "11112"), VAULT_REFUSED);
			assert_int_not_equal(last_attempt(w, kinds[k].row), before);
		}
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_REFUSED); /* it is locked */
}

/* ---- policies, locks, and a change by the user (14) ---------------------------------------------------------------- */

static void set_user(struct world *w, struct store_user *u)
{
	assert_int_equal(w->store->ops->user_set(w->store, u), STORE_OK);
}

/* "Lock-CsClientPin": the right PIN is refused until the administrator unlocks it, and looks like a wrong one. */
static void locked_by_hand(void **state)
{
	struct world *w = *state;
	struct store_user u = person(w, "a@contoso.test", "", "", "4411", "73914");

	u.pin_locked = true;
	set_user(w, &u);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_REFUSED);
	assert_string_equal(w->why.text, "the PIN was locked by an administrator");
	u.pin_locked = false;
	set_user(w, &u);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
}

/* Grant-CsPinPolicy: attempts, lifetime and length are those of the user's own policy. */
static void policy_of_one_user(void **state)
{
	struct world *w = *state;
	struct store_user a = person(w, "a@contoso.test", "", "", "4411", "73914"), b = person(w, "b@contoso.test", "", "", "4412", "73914");
	struct store_pin_policy p = {"strict", 8, 30, 2, 3, false};
	struct why why = {0};

	assert_int_equal(w->store->ops->policy_put(w->store, &p), STORE_OK);
	strcpy(a.pin_policy, "strict");
	set_user(w, &a);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(try_pin(w, "4411", "11112"), VAULT_REFUSED);
		assert_int_equal(try_pin(w, "4412", "11112"), VAULT_REFUSED);
	}
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_REFUSED); /* MaximumLogonAttempts 3 */
	assert_int_equal(try_pin(w, "4412", "73914"), VAULT_OK);
	assert_non_null(vault_pin_set(secret, &w->site, w->store, &a, SV("739142"), false, w->now, &why));
	assert_null(vault_pin_set(secret, &w->site, w->store, &a, SV("73914285"), false, w->now, &why));
	assert_null(vault_pin_set(secret, &w->site, w->store, &b, SV("739142"), false, w->now, &why));
	w->now += 31 * 86400;
	assert_int_equal(try_pin(w, "4411", "73914285"), VAULT_REFUSED);
	assert_string_equal(w->why.text, "the PIN has expired");
	assert_int_equal(try_pin(w, "4412", "739142"), VAULT_OK);
}

/* By the old PIN, counted as a sign-in is; an expired one proves as well; the history counts. */
static void changed_by_the_user(void **state)
{
	struct world *w = *state;
	struct store_user u = person(w, "a@contoso.test", "", "", "4411", "73914");
	struct store_pin p;
	struct why why = {0};

	w->site.PINLifetime = 30;
	w->site.PINHistoryCount = 3;
	w->now += 40 * 86400;
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_REFUSED);
	assert_int_equal(call_pin_change(&w->link, "4411", "73914", "11111", &why), VAULT_MALFORMED);
	assert_string_equal(why.text, "it repeats its digits");
	assert_int_equal(call_pin_change(&w->link, "4411", "73914", "73914", &why), VAULT_MALFORMED);
	assert_int_equal(call_pin_change(&w->link, "4411", "73914", "82605", &why), VAULT_OK);
	assert_int_equal(try_pin(w, "4411", "82605"), VAULT_OK);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_REFUSED);
	assert_int_equal(call_pin_change(&w->link, "4411", "82605", "73914", &why), VAULT_MALFORMED); /* used before */
	for (int i = 0; i < 25; i++)
		assert_int_equal(call_pin_change(&w->link, "4411", "11112", "60931", &why), VAULT_REFUSED);
	assert_int_equal(w->store->ops->pin_get(w->store, u.id, &p), STORE_OK);
	assert_true(p.local >= 25 || p.locked_until > w->now);
	assert_int_equal(call_pin_change(&w->link, "4411", "82605", "60931", &why), VAULT_REFUSED); /* locked for an hour */
	assert_int_equal(call_pin_change(&w->link, "4499", "82605", "60931", &why), VAULT_REFUSED);
	w->now += 3601;
	u.pin_locked = true;
	set_user(w, &u);
	assert_int_equal(call_pin_change(&w->link, "4411", "82605", "60931", &why), VAULT_REFUSED);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(lockout_by_length), T(parallel_guesser), T(failures_look_alike),	     T(counted_before_checked),
	    T(numbers),		  T(access_prefix), T(pin_history),      T(outside_pin_is_remembered),
	    T(one_address_slows_down), T(each_attempt_is_written), T(locked_by_hand), T(policy_of_one_user), T(changed_by_the_user)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
