/* tests/unit/server/test_registrar.c: the Registrar without a socket: every way to sign in, how bindings and associations end, timers. */
#include "tests/support/registrar_phone.h"

/* ---- signing in ------------------------------------------------------------------------------------------ */

static void first_401(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(bare(ph, "REGISTER", ""), 401);
	assert_int_equal(msg_count(&ph->m, "WWW-Authenticate"), 2);
	assert_true(says(ph, "WWW-Authenticate", "NTLM realm=\"SIP Communications Service\", targetname=\"" FQDN "\", version=4"));
	assert_true(says(ph, "WWW-Authenticate",
			 "TLS-DSK realm=\"SIP Communications Service\", targetname=\"" FQDN "\", version=4, "
			 "sts-uri=\"https://" FQDN "/CertProv/CertProvisioningService.svc\""));
	assert_true(says(ph, "Date", "Wed, 18 Nov 2026 11:06:40 GMT"));
	assert_true(says(ph, "CSeq", "1 REGISTER"));
	assert_null(msg_get(&ph->m, "Authentication-Info").p);
	assert_true(sv_starts(msg_get(&ph->m, "To"), SV("<sip:alice@contoso.test>;tag=")));
	phone_free(ph);

	w->site.offer_ntlm = false;
	ph = phone_new(w, "alice@contoso.test", true);
	assert_int_equal(bare(ph, "SUBSCRIBE", ""), 401);
	assert_int_equal(msg_count(&ph->m, "WWW-Authenticate"), 1);
	/* "nothing internal is told before authentication" */
	assert_null(memmem(ph->last.p, ph->last.n, FQDN, strlen(FQDN)));
	assert_null(msg_get(&ph->m, "Server").p);
	/* ACK and CANCEL are dropped silently */
	assert_int_equal(bare(ph, "ACK", ""), -1);
	assert_int_equal(bare(ph, "CANCEL", ""), -1);
	phone_free(ph);
}

static void every_way_in(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 8; i++) {
		bool ntlm = i & 1, outside = i & 2;
		struct phone *ph = phone_new(w, "alice@contoso.test", outside);

		ph->version = i & 4 ? 3 : 4;
		assert_int_equal(sign_in(ph, ntlm, ""), 200);
		assert_int_equal(bound(w, "alice@contoso.test"), 1);
		assert_true(says(ph, "Expires", "600"));
		assert_true(says(ph, "presence-state", "register-action=\"added\""));
		assert_true(says(ph, "ms-keep-alive", "UAS; tcp=no; hop-hop=yes; end-end=no; timeout=300"));
		assert_true(says(ph, "Contact",
				 "<sip:192.0.2.10:40000;transport=tls;ms-opaque=d3470f2e1d>;expires=600;"
				 "+sip.instance=\"<urn:uuid:5ccdb10d-dca1-559e-ad2b-b514060a2da2>\";"
				 "gruu=\"sip:alice@contoso.test;opaque=user:epid:DbHNXKHcnlWtK7UUBgotogAA;gruu\""));
		assert_int_equal(msg_count(&ph->m, "ms-user-logon-data"), outside);
		assert_true(msg_get(&ph->m, "Allow-Events").n > 100);
		assert_false(reg_conn_idle(ph->c));

		/* refresh, then leave */
		w->unix_s += 500;
		w->mono += 500000;
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
		assert_true(says(ph, "presence-state", "register-action=\"refreshed\""));
		assert_int_equal(ask(ph, "REGISTER", "Expires: 0\r\n", ""), 200);
		assert_true(says(ph, "Expires", "0"));
		assert_int_equal(bound(w, "alice@contoso.test"), 0);
		assert_true(reg_conn_idle(ph->c));
		phone_free(ph);
	}
}

static void version_4_must_be_signed(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(sign_in(ph, false, ""), 200);
	/* the opaque alone proves nothing */
	assert_int_equal(with_token(ph, NULL, false, ""), 401);
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	phone_free(ph);
}

static void the_connection_going_ends_the_binding(void **state)
{
	struct world *w = *state;
	struct phone *a = phone_new(w, "alice@contoso.test", false), *b = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(sign_in(a, false, ""), 200);
	assert_int_equal(sign_in(b, true, ""), 200); /* the same endpoint, come back before the server noticed */
	assert_true(says(b, "presence-state", "register-action=\"refreshed\""));
	phone_free(a);
	assert_int_equal(bound(w, "alice@contoso.test"), 1);
	phone_free(b);
	assert_int_equal(bound(w, "alice@contoso.test"), 0);
}

static void expiry(void **state)
{
	static const struct {
		const char *ask, *get;
	} rows[] = {{"Expires: 1\r\n", "300"}, {"Expires: 450\r\n", "450"}, {"Expires: 7200\r\n", "900"},
		    {"Expires: 4294967296\r\n", "900"}, {"Expires: x\r\n", "900"}, {"", "600"}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		uint64_t seconds;

		assert_int_equal(sign_in(ph, true, rows[i].ask), 200);
		assert_true(says(ph, "Expires", rows[i].get));
		assert_true(sv_u64(sv_of(rows[i].get), 9999, &seconds));
		/* kept alive by blank lines, but never refreshed */
		for (; seconds > 0; seconds -= 50) {
			assert_true(feed(ph, "\r\n\r\n", 4));
			assert_true(reg_conn_timer(ph->c, w->mono, w->unix_s));
			assert_false(reg_conn_idle(ph->c));
			w->mono += 50000;
			w->unix_s += 50;
		}
		assert_true(feed(ph, "\r\n\r\n", 4));
		assert_true(reg_conn_deadline(ph->c) <= w->mono);
		assert_true(reg_conn_timer(ph->c, w->mono, w->unix_s));
		assert_true(reg_conn_idle(ph->c));
		assert_int_equal(bound(w, "alice@contoso.test"), 0);
		assert_int_equal(hear(ph), -1); /* "there is no pong" */
		phone_free(ph);
	}
}

static void a_lost_binding_is_told(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(sign_in(ph, true, ""), 200);
	location_drop_worker(w->location, 0);
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	assert_true(says(ph, "presence-state", "register-action=\"fixed\""));
	phone_free(ph);
}

/* "8 h, or certificate end ... next request gets a plain 401"; the new association takes the binding over */
static void associations_end(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 2; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		unsigned seconds = i ? 3600 : 28800;

		w->unix_s = NOW;
		ph->cert_pem = i ? &keys.short_pem : &keys.alice_pem;
		assert_int_equal(sign_in(ph, false, ""), 200);
		for (unsigned t = 300; t < seconds; t += 300) {
			w->mono += 300000;
			w->unix_s += 300;
			if (t % 7200 == 0 || t + 300 >= seconds)
				assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
			else
				assert_true(feed(ph, "\r\n\r\n", 4));
		}
		w->mono += 300000;
		w->unix_s += 300;
		assert_int_equal(ask(ph, "REGISTER", "", ""), 401);
		assert_null(msg_get(&ph->m, "Authentication-Info").p);
		assert_int_equal(diag(ph), 0);
		ph->cert_pem = &keys.alice_pem;
		assert_int_equal(sign_in(ph, false, ""), 200);
		assert_true(says(ph, "presence-state", "register-action=\"refreshed\""));
		assert_int_equal(bound(w, "alice@contoso.test"), 1);
		phone_free(ph);
	}
}

static void renewal_beside_the_old_one(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false), old;

	assert_int_equal(sign_in(ph, false, ""), 200);
	for (unsigned i = 0; i < 20; i++) {
		old = *ph;
		assert_int_equal(sign_in(ph, i & 1, ""), 200);
		assert_true(says(ph, "presence-state", "register-action=\"refreshed\""));
		assert_string_not_equal(old.opaque, ph->opaque);
	}
	/* the old one is gone */
	old.cseq = ph->cseq;
	old.got = old.last = (struct buf){0};
	struct buf b = {0};
	head(&old, &b, "REGISTER", "");
	credentials(&old, &b, NULL, true);
	assert_true(finish(ph, &b, ""));
	assert_int_equal(hear(ph), 401);
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	phone_free(ph);
}

/* ---- timers ---------------------------------------------------------------------------------------------- */

static void connection_timers(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	uint64_t t0 = w->mono;

	assert_int_equal(reg_conn_deadline(ph->c), t0 + 60000);
	w->mono += 59000;
	assert_true(feed(ph, "\r\n\r\n", 4)); /* no message */
	assert_int_equal(reg_conn_deadline(ph->c), t0 + 60000);
	assert_true(reg_conn_timer(ph->c, t0 + 59999, w->unix_s));
	assert_false(reg_conn_timer(ph->c, t0 + 60000, w->unix_s));
	phone_free(ph);

	/* "180 s to be authenticated", however often it asks */
	ph = phone_new(w, "alice@contoso.test", false);
	t0 = w->mono;
	assert_int_equal(bare(ph, "REGISTER", ""), 401);
	w->mono += 100000;
	assert_int_equal(bare(ph, "REGISTER", ""), 401);
	assert_int_equal(reg_conn_deadline(ph->c), t0 + 180000);
	assert_int_equal(sign_in(ph, true, ""), 200);
	/* "a server without the grace period would cut SIPE off" */
	w->mono += 300000;
	assert_true(reg_conn_timer(ph->c, w->mono, w->unix_s));
	assert_true(feed(ph, "\r\n\r\n", 4));
	w->mono += 363999;
	assert_true(reg_conn_timer(ph->c, w->mono, w->unix_s));
	w->mono += 1;
	assert_false(reg_conn_timer(ph->c, w->mono, w->unix_s));
	phone_free(ph);

	/* a handshake that stands still is forgotten */
	ph = phone_new(w, "alice@contoso.test", false);
	ph->ntlm = true;
	assert_int_equal(with_token(ph, &(struct buf){0}, false, ""), 401);
	assert_int_equal(reg_conn_deadline(ph->c), w->mono + 30000);
	assert_true(reg_conn_timer(ph->c, w->mono + 30000, w->unix_s));
	assert_int_equal(reg_conn_deadline(ph->c), w->mono + 180000);
	phone_free(ph);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(first_401), T(every_way_in), T(version_4_must_be_signed), T(the_connection_going_ends_the_binding), T(expiry),
	    T(a_lost_binding_is_told), T(associations_end), T(renewal_beside_the_old_one), T(connection_timers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
