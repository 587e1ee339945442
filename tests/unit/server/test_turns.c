/* tests/unit/server/test_turns.c: requests that wait for the vault: answers that come later, too late, or when nobody is there any
 * more, and whom the vault need not be asked about.
 */
#include "tests/support/registrar_phone.h"

/* Signed, sent, and not answered yet. */
static void send_signed(struct phone *ph, const char *method)
{
	struct buf b = {0};

	head(ph, &b, method, "");
	credentials(ph, &b, NULL, true);
	assert_true(finish(ph, &b, ""));
}

static struct phone *signed_in(struct world *w, bool ntlm)
{
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(sign_in(ph, ntlm, ""), 200);
	return ph;
}

/* The second request came while the first one waited: its answer comes second. */
static void answers_keep_their_order(void **state)
{
	struct world *w = *state;
	struct phone *ph = signed_in(w, true), *other = signed_in(w, true);

	w->hold = true;
	send_signed(ph, "REGISTER");
	send_signed(ph, "OPTIONS"); /* needs nobody, and is not answered before its turn */
	assert_true(reg_conn_busy(ph->c));
	assert_int_equal(hear(ph), -1);
	assert_int_equal(ask(other, "OPTIONS", "", ""), 200); /* everybody else is served */
	release(w, false);
	assert_false(reg_conn_busy(ph->c));
	assert_int_equal(hear(ph), 200);
	assert_true(sv_ends(msg_get(&ph->m, "CSeq"), SV("REGISTER")) && signed_well(ph));
	assert_int_equal(hear(ph), 200);
	assert_true(sv_ends(msg_get(&ph->m, "CSeq"), SV("OPTIONS")) && signed_well(ph));
	phone_free(ph);
	phone_free(other);
}

/* 503 with Retry-After, signed where there is an association; nobody loses a registration by it. */
static void too_late(void **state)
{
	struct world *w = *state;
	struct phone *ph = signed_in(w, false), *stranger = phone_new(w, "bob@contoso.test", false);
	struct buf none = {0};

	w->hold = true;
	send_signed(ph, "REGISTER");
	release(w, true);
	assert_int_equal(hear(ph), 503);
	assert_true(retry_after_is_good(msg_get(&ph->m, "Retry-After")) && signed_well(ph));
	assert_int_equal(bound(w, "alice@contoso.test"), 1);
	stranger->ntlm = true;
	assert_int_equal(with_token(stranger, &none, false, ""), -1);
	release(w, true);
	assert_int_equal(hear(stranger), 503);
	assert_true(msg_get(&stranger->m, "Retry-After").n > 0);
	w->hold = false;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	phone_free(ph);
	phone_free(stranger);
}

/* Each step of both handshakes and of REGISTER: the connection closes while it waits; the answer finds nobody. */
static void a_connection_that_closes(void **state)
{
	struct world *w = *state;

	for (unsigned step = 1; step <= 3; step++)
		for (int late = 0; late < 2; late++) {
			struct phone *ph = phone_new(w, "alice@contoso.test", false);
			struct buf token = {0}, flight = {0};
			struct ntlm_client n = {.user = "alice", .domain = "CONTOSO", .password = "Pa$$word", .workstation = "PHONE"};
			uint32_t flags;

			ph->ntlm = true;
			w->hold = step == 1;
			if (with_token(ph, &token, false, "") == 401) {
				memset(n.session_key, 0x55, 16);
				assert_true(challenged(ph, &token));
				assert_null(ntlm_answer(&flight, buf_view(&token), &n, &flags));
				ntlm_sign_keys(n.session_key, flags, &ph->c2s, &ph->s2c);
				w->hold = true;
				assert_int_equal(with_token(ph, &flight, true, ""), -1);
				if (step == 3)
					release(w, false); /* REGISTER goes on, and asks whether the user is admitted */
			}
			assert_int_equal(w->nheld, 1);
			phone_free(ph);
			release(w, late);
			assert_int_equal(bound(w, "alice@contoso.test"), 0);
			w->hold = false;
			buf_free(&token);
			buf_free(&flight);
		}
}

/* An order ends the association while its REGISTER waits. */
static void an_order_that_comes_between(void **state)
{
	struct world *w = *state;
	struct phone *ph = signed_in(w, true);

	w->hold = true;
	send_signed(ph, "REGISTER");
	location_order_user(w->location, "alice@contoso.test", LOCATION_REJECTED, 4141, "User disabled");
	orders_go(w);
	assert_int_equal(hear(ph), 0); /* the NOTIFY */
	release(w, false);
	assert_int_equal(hear(ph), 401);
	assert_int_equal(bound(w, "alice@contoso.test"), 0);
	phone_free(ph);
}

/* The association's handshake has timed out while the vault was silent. */
static void a_handshake_that_ends_meanwhile(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct buf token = {0};

	ph->ntlm = true;
	assert_int_equal(with_token(ph, &token, false, ""), 401);
	assert_true(challenged(ph, &token));
	buf_clear(&token);
	buf_str(&token, "NTLMSSP");
	w->hold = true;
	assert_int_equal(with_token(ph, &token, false, ""), -1);
	w->mono += 31000;
	assert_true(reg_conn_timer(ph->c, w->mono, w->unix_s));
	release(w, false);
	assert_int_equal(hear(ph), 401);
	phone_free(ph);
	buf_free(&token);
}

/* ---- whom the vault need not be asked about -------------------------------------------------------------------------- */

static void refreshes_without_the_vault(void **state)
{
	struct world *w = *state;

	w->vault.changes = w_changes;
	w->vault.changes_arg = w;
	for (int ntlm = 0; ntlm < 2; ntlm++) {
		struct phone *ph = signed_in(w, ntlm);
		unsigned before = w->admissions;

		w->down = true; /* the vault is stopped: nobody notices */
		for (unsigned i = 0; i < 5; i++)
			assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
		assert_int_equal(w->admissions, before);
		w->changes++; /* somebody has changed the store: now it is asked, once */
		assert_int_equal(ask(ph, "REGISTER", "", ""), 503);
		w->down = false;
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
		assert_int_equal(w->admissions, before + 1);
		assert_int_equal(ask(ph, "REGISTER", "Expires: 0\r\n", ""), 200);
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200); /* a new registration always asks */
		assert_int_equal(w->admissions, before + 2);
		phone_free(ph);
	}
}

/* Whoever may no longer is cut off at the first refresh behind the change, as without any memory. */
static void changes_are_seen(void **state)
{
	static const struct {
		bool revoked, disabled, remote_off;
		const char *pool;
		int status;
	} rows[] = {{true, false, false, "", 401}, {false, true, false, "", 404}, {false, false, true, "", 403},
		    {false, false, false, "other.contoso.test", 301}};
	struct world *w = *state;

	w->vault.changes = w_changes;
	w->vault.changes_arg = w;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", true);

		assert_int_equal(sign_in(ph, false, ""), 200);
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
		w->revoked = rows[i].revoked;
		w->alice.enabled = !rows[i].disabled;
		w->alice.remote = !rows[i].remote_off;
		strcpy(w->alice.home_pool, rows[i].pool);
		w->changes++;
		assert_int_equal(ask(ph, "REGISTER", "", ""), rows[i].status);
		assert_int_equal(bound(w, "alice@contoso.test"), 0);
		w->revoked = false;
		w->alice.enabled = w->alice.remote = true;
		w->alice.home_pool[0] = '\0';
		phone_free(ph);
	}
}

/* The change comes between question and answer: the answer may be old, so the next refresh asks again. */
static void a_change_under_way(void **state)
{
	struct world *w = *state;
	struct phone *ph;

	w->vault.changes = w_changes;
	w->vault.changes_arg = w;
	ph = signed_in(w, true);
	w->changes++;
	w->hold = true;
	send_signed(ph, "REGISTER");
	w->alice.enabled = false;
	w->changes++;
	release(w, false); /* "enabled", as it was */
	assert_int_equal(hear(ph), 200);
	assert_true(signed_well(ph));
	w->hold = false;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 404);
	phone_free(ph);
}

/* ---- the location process -------------------------------------------------------------------------------------------- */

static struct {
	struct location_link real;
	location_done *done;
	void *arg;
	unsigned drops;
} held;

static void hold_put(void *arg, const struct location_ask *q, location_done *done, void *done_arg)
{
	(void)arg;
	held.drops += q->kind == LOCATION_DROP;
	if (q->kind == LOCATION_PUT) {
		location_send(&held.real, q, NULL, NULL); /* it is there, and nobody hears that in time */
		held.done = done;
		held.arg = done_arg;
	} else {
		location_send(&held.real, q, done, done_arg);
	}
}

/* A binding that nobody could say is there must not stay: the phone was told 503, or is gone. */
static void a_binding_that_comes_too_late(void **state)
{
	struct world *w = *state;

	for (int gone = 0; gone < 2; gone++) {
		struct location_reply no = {.kind = LOCATION_PUT, .action = LOCATION_DOWN};
		struct phone *ph = phone_new(w, "alice@contoso.test", false);

		held.real = w->location_link;
		w->location_link.send = hold_put;
		assert_int_equal(sign_in(ph, true, ""), -1);
		assert_int_equal(bound(w, "alice@contoso.test"), 1);
		if (gone)
			phone_free(ph);
		held.done(held.arg, &no);
		assert_int_equal(bound(w, "alice@contoso.test"), 0);
		if (!gone) {
			assert_int_equal(hear(ph), 503);
			phone_free(ph);
		}
		w->location_link = held.real;
	}
}

static struct {
	struct location_link real;
	unsigned puts, keeps;
} counted;

static void count_questions(void *arg, const struct location_ask *q, location_done *done, void *done_arg)
{
	(void)arg;
	counted.puts += q->kind == LOCATION_PUT;
	counted.keeps += q->kind == LOCATION_KEEP;
	location_send(&counted.real, q, done, done_arg);
}

/* The refresh of an only endpoint is answered here; with another one beside it, or with another Contact, the location process is asked. */
static void refreshes_without_the_location_process(void **state)
{
	struct world *w = *state;
	struct location_binding all[4];
	struct phone *ph, *other;

	w->vault.changes = w_changes;
	w->vault.changes_arg = w;
	ph = signed_in(w, true);
	counted.real = w->location_link;
	w->location_link.send = count_questions;
	counted.puts = counted.keeps = 0;
	w->unix_s += 100;
	w->mono += 100000;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
		assert_int_equal(msg_count(&ph->m, "Contact"), 1);
	}
	assert_int_equal(counted.puts, 0);
	assert_int_equal(counted.keeps, 3);
	assert_int_equal(location_list(w->location, "alice@contoso.test", all, 4), 1);
	assert_int_equal(all[0].expires, w->unix_s + 600);

	other = phone_new(w, "alice@contoso.test", false);
	other->epid = "0123456789";
	assert_int_equal(sign_in(other, true, ""), 200);
	orders_go(w);
	counted.puts = 0;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	assert_int_equal(msg_count(&ph->m, "Contact"), 2);
	assert_int_equal(counted.puts, 1);
	phone_free(other);
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200); /* it is alone again: the last question */
	assert_int_equal(msg_count(&ph->m, "Contact"), 1);
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	assert_int_equal(counted.puts, 2);
	w->location_link = counted.real;
	phone_free(ph);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(answers_keep_their_order),
					   T(too_late),
					   T(a_connection_that_closes),
					   T(an_order_that_comes_between),
					   T(a_handshake_that_ends_meanwhile),
					   T(refreshes_without_the_vault),
					   T(changes_are_seen),
					   T(a_change_under_way),
					   T(refreshes_without_the_location_process),
					   T(a_binding_that_comes_too_late)};

	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
