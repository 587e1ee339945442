/* tests/unit/server/test_registrar_events.c: what a signed-in phone gets: orders, provisioning and the other subscriptions. */
#include "tests/support/registrar_phone.h"

/* ---- several endpoints, orders --------------------------------------------------------------------------- */

static void notified(struct phone *ph, const char *event)
{
	char body[64];

	assert_int_equal(hear(ph), 0);
	assert_true(signed_well(ph));
	assert_true(sv_eq(ph->m.method, SV("NOTIFY")));
	assert_true(sv_eq(ph->m.target, SV("sip:192.0.2.10:40000;transport=tls;ms-opaque=d3470f2e1d")));
	assert_true(says(ph, "Event", "registration-notify"));
	assert_true(says(ph, "subscription-state", "terminated;expires=0"));
	assert_true(says(ph, "Content-Type", "text/registration-event"));
	assert_true(sv_starts(msg_get(&ph->m, "Call-ID"), SV("call-alice@contoso.test-")));
	assert_true(sv_starts(msg_get(&ph->m, "From"), SV("<sip:alice@contoso.test>;tag=")));
	assert_true(sv_starts(msg_get(&ph->m, "To"), SV("<sip:alice@contoso.test>;tag=f")));
	snprintf(body, sizeof body, "deregistered;event=%s", event);
	assert_true(sv_eq(ph->m.body, sv_of(body)));
}

static void quota(void **state)
{
	struct world *w = *state;
	static char epid[4][16];
	struct phone *ph[4];

	w->site.MaxEndpointsPerUser = 3;
	for (unsigned i = 0; i < 4; i++) {
		snprintf(epid[i], sizeof epid[i], "c97532c194%02x", i);
		ph[i] = phone_new(w, "alice@contoso.test", false);
		ph[i]->epid = epid[i];
		assert_int_equal(sign_in(ph[i], i & 1, ""), 200);
		assert_int_equal(msg_count(&ph[i]->m, "Contact"), i < 3 ? i + 1 : 3);
		orders_go(w);
	}
	notified(ph[0], "unregistered");
	assert_null(msg_get(&ph[0]->m, "ms-diagnostics-public").p);
	assert_true(reg_conn_idle(ph[0]->c));
	assert_int_equal(hear(ph[1]), -1);
	assert_int_equal(ask(ph[0], "REGISTER", "", ""), 401); /* its association is gone */
	phone_free(ph[0]);
	assert_int_equal(bound(w, "alice@contoso.test"), 3);
	for (unsigned i = 1; i < 4; i++)
		phone_free(ph[i]);
	assert_int_equal(bound(w, "alice@contoso.test"), 0);
}

static void orders(void **state)
{
	static const struct {
		enum location_order order;
		unsigned diag;
		const char *reason, *event, *says;
	} rows[] = {{LOCATION_REJECTED, 4141, "User disabled", "rejected", "4141;reason=\"User disabled\""},
		    {LOCATION_DEACTIVATED, 0, "", "deactivated", NULL}};
	struct world *w = *state;

	for (unsigned i = 0; i < 4; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false), *bob = phone_new(w, "bob@contoso.test", false);

		assert_int_equal(sign_in(ph, i & 1, ""), 200);
		assert_int_equal(sign_in(bob, i & 1, ""), 200);
		assert_int_equal(location_order_user(w->location, "alice@contoso.test", rows[i / 2].order, rows[i / 2].diag,
						     rows[i / 2].reason), 1);
		orders_go(w);
		notified(ph, rows[i / 2].event);
		if (rows[i / 2].says)
			assert_true(says(ph, "ms-diagnostics-public", rows[i / 2].says));
		else
			assert_null(msg_get(&ph->m, "ms-diagnostics-public").p);
		assert_int_equal(bound(w, "alice@contoso.test"), 0);
		assert_int_equal(hear(bob), -1);
		assert_int_equal(ask(bob, "REGISTER", "", ""), 200);
		/* its 200 to the NOTIFY is taken quietly */
		assert_true(feed(ph, "SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\n"
				     "Call-ID: 1\r\nCSeq: 1 NOTIFY\r\nContent-Length: 0\r\n\r\n", 122));
		assert_int_equal(hear(ph), -1);
		phone_free(ph);
		phone_free(bob);
	}
}

/* ---- subscriptions and the rest -------------------------------------------------------------------------- */

#define RIDES "Supported: com.microsoft.autoextend\r\nSupported: ms-benotify\r\nProxy-Require: ms-benotify\r\n" \
	      "Supported: ms-piggyback-first-notify\r\nContact: <sip:alice@contoso.test;opaque=user:epid:DbHNXKHcnlWtK7UUBgotogAA;gruu>\r\n"
#define PROV "Event: vnd-microsoft-provisioning-v2\r\nAccept: " PROVISIONING_TYPE "\r\n"

static void in_band_provisioning(void **state)
{
	static const char question[] =
	    "<provisioningGroupList xmlns=\"http://schemas.microsoft.com/2006/09/sip/provisioninggrouplist\">"
	    "<provisioningGroup name=\"ServerConfiguration\"/><provisioningGroup name=\"ucPolicy\"/></provisioningGroupList>";
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct provisioning p;

	strcpy(w->site.organization, "Contoso & Sons");
	assert_int_equal(sign_in(ph, false, ""), 200);
	assert_int_equal(ask(ph, "SUBSCRIBE", PROV RIDES "Expires: 0\r\nContent-Type: " PROVISIONING_TYPE "\r\n", question), 200);
	assert_true(says(ph, "Event", "vnd-microsoft-provisioning-v2"));
	assert_true(says(ph, "Expires", "0"));
	assert_true(says(ph, "subscription-state", "terminated;expires=0"));
	assert_true(says(ph, "ms-piggyback-cseq", "1"));
	assert_true(says(ph, "Contact", "<sip:" FQDN ":5061;transport=tls>"));
	assert_true(says(ph, "Content-Type", PROVISIONING_TYPE));
	assert_null(provisioning_read(ph->m.body.p, ph->m.body.n, &p));
	assert_true(p.has_updates && p.updates_enabled && p.enforce_pin_lock);
	assert_string_equal(p.updates_internal, "https://" FQDN "/RequestHandler/ucdevice.upx");
	assert_string_equal(p.updates_external, "https://" EDGE "/RequestHandlerExt/ucdevice.upx");
	assert_string_equal(p.organization, "Contoso & Sons");
	assert_int_equal(p.min_pin_length, 6);

	/* no XML; another type */
	assert_int_equal(ask(ph, "SUBSCRIBE", PROV RIDES "Content-Type: " PROVISIONING_TYPE "\r\n", "<x"), 400);
	assert_int_equal(diag(ph), 4001);
	assert_int_equal(ask(ph, "SUBSCRIBE", PROV RIDES "Content-Type: text/plain\r\n", question), 415);
	assert_int_equal(diag(ph), 4013);

	/* a client that cannot take it in the 200 gets a NOTIFY, one that says so a BENOTIFY */
	for (unsigned be = 0; be < 2; be++) {
		assert_int_equal(ask(ph, "SUBSCRIBE", be ? PROV "Supported: ms-benotify\r\n" : PROV, ""), 200);
		assert_int_equal(ph->m.body.n, 0);
		assert_int_equal(hear(ph), 0);
		assert_true(signed_well(ph));
		assert_true(sv_eq(ph->m.method, be ? SV("BENOTIFY") : SV("NOTIFY")));
		assert_true(says(ph, "subscription-state", "active;expires=3600"));
		assert_null(provisioning_read(ph->m.body.p, ph->m.body.n, &p));
	}
	w->site.update_enabled = false;
	assert_int_equal(ask(ph, "SUBSCRIBE", PROV RIDES, ""), 200);
	assert_null(provisioning_read(ph->m.body.p, ph->m.body.n, &p));
	assert_false(p.updates_enabled);
	phone_free(ph);
}

static void the_other_events(void **state)
{
	static const struct {
		const char *event, *has; /* NULL: no body */
	} rows[] = {
	    {"vnd-microsoft-roaming-contacts", "<contactList "},
	    {"vnd-microsoft-roaming-self", "uri=\"sip:alice@contoso.test\""},
	    {"message-summary", "Messages-Waiting: no\r\n"},
	    {"presence", NULL},
	    {"presence.wpending", NULL},
	    {"vnd-microsoft-roaming-ACL", NULL},
	    {"vnd-microsoft-provisioning", NULL},
	};
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	char more[512];

	assert_int_equal(sign_in(ph, true, ""), 200);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (unsigned gone = 0; gone < 2; gone++) {
			snprintf(more, sizeof more, "Event: %s\r\n%s%s", rows[i].event, RIDES, gone ? "Expires: 0\r\n" : "");
			assert_int_equal(ask(ph, "SUBSCRIBE", more, ""), 200);
			assert_true(says(ph, "Expires", gone ? "0" : "3600"));
			assert_true(says(ph, "Event", rows[i].event));
			assert_int_equal(ph->m.body.n > 0, rows[i].has != NULL);
			if (rows[i].has)
				assert_non_null(memmem(ph->m.body.p, ph->m.body.n, rows[i].has, strlen(rows[i].has)));
		}
	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: dialog\r\n", ""), 489);
	assert_int_equal(ask(ph, "SUBSCRIBE", "", ""), 489);
	assert_int_equal(ask(ph, "SERVICE", "Content-Type: application/msrtc-category-publish+xml\r\n", "<publish/>"), 200);
	assert_int_equal(ask(ph, "OPTIONS", "", ""), 200);
	assert_int_equal(ask(ph, "INVITE", "", ""), 501);
	assert_int_equal(ask(ph, "NEGOTIATE", "", ""), 501);
	/* not for somebody else */
	ph->user = "bob@contoso.test";
	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: presence\r\n", ""), 403);
	assert_int_equal(diag(ph), 4004);
	ph->user = "alice@contoso.test";
	/* not without a registration */
	assert_int_equal(ask(ph, "REGISTER", "Expires: 0\r\n", ""), 200);
	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: presence\r\n", ""), 403);
	phone_free(ph);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(quota), T(orders), T(in_band_provisioning), T(the_other_events),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
