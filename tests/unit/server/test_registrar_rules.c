/* tests/unit/server/test_registrar_rules.c: rules of RFC 3261, RFC 6665 and [MS-SIPAE] that the Registrar once broke, each with its words. */
#include "tests/support/registrar_phone.h"

#define FROM "From: <sip:alice@contoso.test>;tag=1;epid=c97532c1946f\r\n"
#define TO "To: <sip:alice@contoso.test>\r\n"
#define AT "Contact: <sip:192.0.2.10:1;transport=tls>"
#define GRUU "sip:alice@contoso.test;opaque=user:epid:DbHNXKHcnlWtK7UUBgotogAA;gruu"

static struct phone *alice(struct world *w)
{
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(sign_in(ph, true, ""), 200);
	return ph;
}

/* Head as it stands, then credentials and length. */
static int say(struct phone *ph, const char *text)
{
	struct buf b = {0};
	int status;

	buf_str(&b, text);
	credentials(ph, &b, NULL, true);
	assert_true(finish(ph, &b, ""));
	status = hear(ph);
	assert_true(signed_well(ph));
	return status;
}

/* RFC 3261 10.3 step 5: "If the address-of-record is not valid for the domain in the Request-URI, the registrar MUST send a 404 (Not
 * Found) response and skip the remaining steps."  10.2: "The "userinfo" and "@" components of the SIP URI MUST NOT be present." */
static void domain_of_the_request_uri(void **state)
{
	static const struct {
		const char *uri;
		int status;
	} rows[] = {{"sip:contoso.test", 200},	{"sip:CONTOSO.test", 200},   {"sips:contoso.test", 200}, {"sip:other.example", 404},
		    {"tel:+14255550123", 404}, {"sip:alice@contoso.test", 404}, {"sip:fe01.contoso.test", 404}};
	struct world *w = *state;
	struct phone *ph = alice(w);
	char text[512];

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, "REGISTER %s SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM TO AT "\r\nCall-ID: d%u\r\nCSeq: %u REGISTER\r\n",
			 rows[i].uri, i, 100 + i);
		if (say(ph, text) != rows[i].status)
			fail_msg("%s: %u", rows[i].uri, ph->m.status);
		assert_int_equal(bound(w, "alice@contoso.test"), 1); /* and nothing has changed */
	}
	phone_free(ph);
}

static int register_with(struct phone *ph, const char *call, unsigned cseq, const char *more)
{
	char text[512];

	snprintf(text, sizeof text, "REGISTER sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM TO AT "\r\nCall-ID: %s\r\nCSeq: %u "
		 "REGISTER\r\n%s", call, cseq, more);
	return say(ph, text);
}

/* 10.3 step 7: "if the Call-ID [is the same], compare the CSeq value.  If the value is higher than that of the existing binding, it MUST
 * update or remove the binding as above.  If not, the update MUST be aborted and the request fails." */
static void order_of_cseq(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w), *other;

	assert_int_equal(register_with(ph, "same", 50, ""), 200);
	assert_int_equal(register_with(ph, "same", 40, ""), 400);
	assert_int_equal(register_with(ph, "same", 50, ""), 400);
	assert_int_equal(register_with(ph, "same", 7, "Expires: 0\r\n"), 400);
	assert_int_equal(bound(w, "alice@contoso.test"), 1);
	assert_int_equal(register_with(ph, "same", 51, ""), 200);
	other = alice(w); /* the same endpoint, on another connection */
	assert_int_equal(register_with(other, "same", 60, ""), 200);
	assert_int_equal(register_with(ph, "same", 59, ""), 400); /* it does not take the endpoint back */
	assert_int_equal(register_with(other, "another", 1, ""), 200); /* "if the Call-ID differs, the binding is updated" */
	assert_int_equal(register_with(other, "another", 2, "Expires: 0\r\n"), 200);
	assert_int_equal(bound(w, "alice@contoso.test"), 0);
	phone_free(ph);
	phone_free(other);
}

/* 10.2.1.1: "Malformed values SHOULD be treated as equivalent to 3600": longer than is granted here, so as long as can be. */
static void malformed_expires(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_int_equal(register_with(ph, "e", 50, "Expires: soon\r\n"), 200);
	assert_true(says(ph, "Expires", "900"));
	phone_free(ph);
}

/* 10.3 step 8: "The response SHOULD include a Date header field." */
static void date(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_true(says(ph, "Date", "Wed, 18 Nov 2026 11:06:40 GMT"));
	assert_int_equal(register_with(ph, "d", 50, "Expires: 0\r\n"), 200);
	assert_true(says(ph, "Date", "Wed, 18 Nov 2026 11:06:40 GMT"));
	phone_free(ph);
}

/* 18.2.1: "the server MUST add a "received" parameter to that Via header field value", the topmost; RFC 3581 4: "it MUST set the value
 * of the "rport" parameter to the source port of the request." */
static void received(void **state)
{
	static const struct {
		const char *via, *answer;
	} rows[] = {
		{"SIP/2.0/TLS phone.contoso.test;branch=z9hG4bK1",
		 "SIP/2.0/TLS phone.contoso.test;branch=z9hG4bK1;received=192.0.2.10;ms-received-port=40000;ms-received-cid="},
		{"SIP/2.0/TLS 10.0.0.1:5061;rport;branch=z9hG4bK1",
		 "SIP/2.0/TLS 10.0.0.1:5061;rport=40000;branch=z9hG4bK1;received=192.0.2.10;ms-received-port=40000;ms-received-cid="},
		{"SIP/2.0/TLS a;branch=\"x,y\";rport , SIP/2.0/TCP b", "SIP/2.0/TLS a;branch=\"x,y\";rport=40000;received=192.0.2.10;"},
		{"SIP/2.0/TLS a;received=198.51.100.1", "SIP/2.0/TLS a;received=198.51.100.1"},
	};
	struct world *w = *state;
	struct phone *ph = alice(w);
	char text[512];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sv via;

		snprintf(text, sizeof text, "OPTIONS sip:contoso.test SIP/2.0\r\nVia: %s\r\nVia: SIP/2.0/TLS below\r\n" FROM TO
			 "Call-ID: v\r\nCSeq: %u OPTIONS\r\n", rows[i].via, (unsigned)i + 1);
		assert_int_equal(say(ph, text), 200);
		via = msg_get_nth(&ph->m, "Via", 0);
		if (!sv_starts(via, sv_of(rows[i].answer)))
			fail_msg("%.*s", (int)via.n, via.p);
		assert_true(sv_eq(msg_get_nth(&ph->m, "Via", 1), SV("SIP/2.0/TLS below")));
		if (strchr(rows[i].via, ',') && i == 2)
			assert_true(sv_ends(via, SV(", SIP/2.0/TCP b")));
	}
	phone_free(ph);
}

/* 11.2: "Allow, Accept, Accept-Encoding, Accept-Language, and Supported header fields SHOULD be present in a 200 (OK) response". */
static void options(void **state)
{
	static const char *const all[] = {"Allow", "Accept", "Accept-Encoding", "Accept-Language", "Supported"};
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_int_equal(ask(ph, "OPTIONS", "", ""), 200);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_non_null(msg_get(&ph->m, all[i]).p);
	phone_free(ph);
}

/* [MS-SIPAE] 3.3.5.2: a GRUU in Contact must be one that the registrar made for that endpoint. */
static void gruu_of_the_endpoint(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: presence\r\nContact: <" GRUU ">\r\n", ""), 200);
	hear(ph); /* its NOTIFY */
	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: presence\r\nContact: <sip:alice@contoso.test;opaque=user:epid:invented;gruu>\r\n", ""), 403);
	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: presence\r\nContact: <sip:bob@contoso.test;opaque=user:epid:DbHNXKHcnlWtK7UUBgotogAA;gruu>\r\n",
			     ""), 403);
	phone_free(ph);
}

/* RFC 6665 4.2.1.3: "notifiers ... authorize the subscription": settings and lists are their user's alone. */
static void settings_of_others(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_int_equal(say(ph, "SUBSCRIBE sip:bob@contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM "To: <sip:bob@contoso.test>\r\nCall-ID: s\r\n"
			     "CSeq: 1 SUBSCRIBE\r\nEvent: vnd-microsoft-provisioning-v2\r\nContact: <" GRUU ">\r\n"), 403);
	assert_int_equal(say(ph, "SUBSCRIBE sip:alice@contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM TO "Call-ID: s\r\n"
			     "CSeq: 2 SUBSCRIBE\r\nEvent: vnd-microsoft-provisioning-v2\r\nContact: <" GRUU ">\r\n"), 200);
	phone_free(ph);
}

/* [MS-NLMP] 3.4.4.1: real servers take signatures without extended session security, and so does this one: with either form of the key,
 * which it then signs with itself; a wrong one stays refused. */
static void without_extended_session_security(void **state)
{
	struct world *w = *state;

	for (unsigned form = NO_ESS; form <= NO_ESS_PLAIN; form++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);

		ph->form = form;
		assert_int_equal(sign_in(ph, true, ""), 200);
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200); /* it has checked the answer's signature */
		ph->c2s.key[0] ^= 1;
		ph->c2s.seal[0] ^= 1;
		assert_int_not_equal(ask(ph, "REGISTER", "", ""), 200);
		phone_free(ph);
	}
}

#define PROV "Event: vnd-microsoft-provisioning-v2\r\n"
#define RIDES "Supported: ms-piggyback-first-notify\r\nSupported: ms-benotify\r\n"

static int subscribe(struct phone *ph, const char *call, unsigned cseq, const char *more)
{
	char text[600];

	snprintf(text, sizeof text, "SUBSCRIBE sip:alice@contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM TO AT "\r\nCall-ID: %s\r\nCSeq: %u "
		 "SUBSCRIBE\r\n" PROV "%s", call, cseq, more);
	return say(ph, text);
}

static void settings_changed(struct world *w)
{
	registrar_settings(w->registrar, w->mono, w->unix_s);
}

static bool more_to_hear(const struct phone *ph)
{
	return ph->got.n > 0;
}

static void pass(struct world *w, struct phone *ph, unsigned seconds)
{
	w->mono += seconds * 1000ull;
	w->unix_s += seconds;
	assert_true(feed(ph, "\r\n\r\n", 4)); /* it keeps its connection alive */
	assert_true(reg_conn_timer(ph->c, w->mono, w->unix_s));
}

static bool heard(struct phone *ph, const char *state)
{
	assert_int_equal(hear(ph), 0);
	assert_true(signed_well(ph));
	return sv_eq(ph->m.method, SV("BENOTIFY")) && sv_eq(msg_get(&ph->m, "Subscription-State"), sv_of(state));
}

/* RFC 6665 4.2.1: "when a notifier ... the state of the subscribed resource changes, a NOTIFY request is sent"; 4.4.1: a SUBSCRIBE in the
 * dialog refreshes; 4.1.2.4: "Expires: 0" ends it; 4.2.2: "If the duration of a subscription expires ... the notifier SHOULD send a
 * NOTIFY request with a "Subscription-State" of "terminated" and a reason of "timeout"". */
static void subscriptions_are_kept(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);
	struct provisioning p;

	assert_int_equal(subscribe(ph, "s1", 1, RIDES "Expires: 100\r\n"), 200);
	settings_changed(w); /* nothing has */
	assert_false(more_to_hear(ph));
	strcpy(w->site.LoggingLevel, "Full");
	settings_changed(w);
	assert_true(heard(ph, "active;expires=100"));
	assert_true(sv_eq(msg_get(&ph->m, "CSeq"), SV("2 BENOTIFY")) && sv_eq(msg_get(&ph->m, "Call-ID"), SV("s1")));
	assert_null(provisioning_read(ph->m.body.p, ph->m.body.n, &p));
	assert_string_equal(p.logging_level, "Full");
	settings_changed(w); /* it has been told */
	assert_false(more_to_hear(ph));

	pass(w, ph, 60);
	assert_int_equal(subscribe(ph, "s1", 2, RIDES "Expires: 100\r\n"), 200); /* once more */
	pass(w, ph, 60);
	assert_false(more_to_hear(ph));
	pass(w, ph, 41);
	assert_true(heard(ph, "terminated;reason=timeout"));
	strcpy(w->site.LoggingLevel, "Off");
	settings_changed(w);
	assert_false(more_to_hear(ph));

	assert_int_equal(subscribe(ph, "s2", 3, RIDES "Expires: 100\r\n"), 200);
	assert_int_equal(subscribe(ph, "s2", 4, RIDES "Expires: 0\r\n"), 200);
	strcpy(w->site.LoggingLevel, "Full");
	settings_changed(w);
	assert_false(more_to_hear(ph));
	assert_true(reg_conn_outdated(ph->c)); /* it asked once */

	/* "com.microsoft.autoextend": as long as the registration */
	assert_int_equal(subscribe(ph, "s3", 5, RIDES "Supported: com.microsoft.autoextend\r\nExpires: 70\r\n"), 200);
	pass(w, ph, 120);
	strcpy(w->site.LoggingLevel, "Info");
	settings_changed(w);
	assert_true(heard(ph, "active;expires=3600"));
	phone_free(ph);
}

/* [MS-SIPAE] 3.3.5.1: the handshake goes on with the version that the client has chosen (3, of 2 to 4). */
static void version_of_the_client(void **state)
{
	struct world *w = *state;

	for (unsigned version = 3; version <= 4; version++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		struct sip_auth a;
		struct buf token = {0};

		ph->ntlm = true;
		ph->version = version;
		assert_int_equal(bare(ph, "REGISTER", ""), 401);
		assert_true(challenged(ph, &token));
		assert_int_equal(with_token(ph, &(struct buf){0}, false, ""), 401);
		assert_true(sip_auth_read(msg_get(&ph->m, "WWW-Authenticate"), &a));
		assert_true(a.has_gssapi && sv_eq(a.version, version == 3 ? SV("3") : SV("4")));
		buf_free(&token);
		phone_free(ph);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(domain_of_the_request_uri), TEST(order_of_cseq), TEST(malformed_expires), TEST(date), TEST(received), TEST(options),
	    TEST(gruu_of_the_endpoint), TEST(settings_of_others), TEST(version_of_the_client), TEST(subscriptions_are_kept), TEST(without_extended_session_security),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
