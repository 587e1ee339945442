/* tests/unit/server/test_registrar_clients.c: requests as all kinds of clients write them: odd spellings of a REGISTER, batched
 * presence, what is not ours to serve, and the torture messages of RFC 4475 as the Registrar answers them.
 */
#include "tests/support/registrar_phone.h"

#define FROM "From: <sip:alice@contoso.test>;tag=1;epid=c97532c1946f\r\n"
#define TO "To: <sip:alice@contoso.test>\r\n"
#define AT "Contact: <sip:192.0.2.10:1;transport=tls>"
#define UUID "5ccdb10d-dca1-559e-ad2b-b514060a2da2"
#define INSTANCE ";+sip.instance=\"<urn:uuid:" UUID ">\""

static struct phone *alice(struct world *w)
{
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(sign_in(ph, true, ""), 200);
	return ph;
}

/* Head as it stands, then credentials and length. */
static int say(struct phone *ph, const char *text, const char *body)
{
	struct buf b = {0};
	int status;

	buf_str(&b, text);
	credentials(ph, &b, NULL, true);
	assert_true(finish(ph, &b, body));
	status = hear(ph);
	if (status > 0 && status != 401)
		assert_true(signed_well(ph));
	return status;
}

static void the_same_in_other_words(void **state)
{
	static const char *const rows[] = {
	    /* the order that nobody uses, names in lower case, several of one name, unknown ones between */
	    "REGISTER sip:contoso.test SIP/2.0\r\nx-unknown: ;;,,;\"\r\nms-subnet: 192.0.2.0\r\nallow-events: presence\r\n"
	    "supported: ms-forking\r\nSUPPORTED: gruu-10\r\nsupported: msrtc-event-categories, adhoclist\r\nevent: registration\r\n"
	    "contact: <sip:192.0.2.10:1;transport=tls>;proxy=replace" INSTANCE ";methods=\"INVITE, MESSAGE\"\r\ncseq: 77 REGISTER\r\n"
	    "call-id: odd@1\r\nto: <sip:alice@contoso.test>\r\n"
	    "from: \"Alice, A. <x>\"<sip:alice@contoso.test>;tag=1;epid=c97532c1946f\r\n"
	    "via: SIP/2.0/tls 192.0.2.10:1\r\nmax-forwards: 0\r\n",
	    /* short names, folded lines, blanks wherever they may stand */
	    "REGISTER sip:contoso.test SIP/2.0\r\nv  : SIP / 2.0 / TLS\r\n 192.0.2.10 : 1 ; branch = z9hG4bK1\r\n"
	    "f: \"Alice\r\n A.\"\r\n\t<sip:alice@contoso.test>\r\n ; epid = c97532c1946f ;\r\n tag = 1\r\n"
	    "t :<sip:alice@contoso.test>\r\n"
	    "i:\r\n odd@2\r\nCSeq: 0078\r\n  REGISTER\r\nm:\r\n <sip:192.0.2.10:1;transport=tls> ; expires = 600\r\n"
	    "k: gruu-10 ,\r\n msrtc-event-categories\r\no: registration\r\nu: presence\r\nExpires:\r\n 600\r\n",
	    /* through two proxies, addresses without their brackets, identities that are signed too */
	    "REGISTER sips:contoso.test;transport=tls SIP/2.0\r\n"
	    "Via: SIP/2.0/TLS edge.contoso.test;branch=1, SIP/2.0/TCP 10.0.0.1;rport\r\n"
	    "Via: SIP/2.0/TLS [2001:db8::1]:5061;received=2001:db8::1;ms-received-cid=1E00\r\n"
	    "From: sip:Alice@Contoso.test;tag=1;epid=c97532c1946f\r\nTo: sip:alice@contoso.test;x=y\r\nCall-ID: odd3\r\n"
	    "CSeq: 79 REGISTER\r\nContact: sip:192.0.2.10:1;expires=600\r\nRecord-Route: <sip:edge.contoso.test;lr>\r\n"
	    "P-Asserted-Identity: \"Alice\" <sip:alice@contoso.test>, <tel:+14255550123>\r\n",
	};
	struct world *w = *state;
	struct phone *ph = alice(w);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (say(ph, rows[i], "") != 200)
			fail_msg("row %zu: %u, %.*s", i, ph->m.status, (int)ph->last.n, (char *)ph->last.p);
		assert_true(says(ph, "Expires", "600"));
		assert_true(says(ph, "presence-state", "register-action=\"refreshed\""));
		assert_int_equal(bound(w, "alice@contoso.test"), 1);
	}
	/* "Server responses copy Via unchanged" */
	assert_int_equal(msg_count(&ph->m, "Via"), 2);
	assert_true(says(ph, "Via", "SIP/2.0/TLS [2001:db8::1]:5061;received=2001:db8::1;ms-received-cid=1E00"));
	phone_free(ph);
}

static void contacts(void **state)
{
#define REG "REGISTER sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM TO "CSeq: 200 REGISTER\r\n"
	static const struct {
		const char *text;
		int status;
		const char *contact, *expires; /* in the answer */
	} rows[] = {
	    {AT ";expires=333\r\n", 200, "sip:192.0.2.10:1;transport=tls", "333"},
	    {AT ";expires=333\r\nExpires: 444\r\n", 200, "sip:192.0.2.10:1;transport=tls", "333"}, /* the parameter counts first */
	    {AT ";expires=x\r\nExpires: 444\r\n", 200, "sip:192.0.2.10:1;transport=tls", "900"}, /* 3600, shortened */
	    {AT ";expires=280297596632815\r\n", 200, "sip:192.0.2.10:1;transport=tls", "900"},
	    /* it moves: one goes, one stays, in either order, in one header or two */
	    {"Contact: <sip:192.0.2.9:1>;expires=0, <sip:192.0.2.10:2>\r\n", 200, "sip:192.0.2.10:2", "600"},
	    {"Contact: <sip:192.0.2.10:2>, <sip:192.0.2.9:1>;expires=0\r\n", 200, "sip:192.0.2.10:2", "600"},
	    {"Contact: <sip:192.0.2.9:1>;expires=0\r\nContact: <sip:192.0.2.10:3>\r\n", 200, "sip:192.0.2.10:3", "600"},
	    {"Contact: <sip:192.0.2.9:1>;q=1.0\r\nContact: <sip:192.0.2.10:4>" INSTANCE "\r\n", 200, "sip:192.0.2.10:4", "600"},
	    {"Contact: <sip:192.0.2.9:1>;expires=0, <sip:192.0.2.8:1>;expires=0\r\n", 200, NULL, "0"},
	    {AT "\r\nExpires: 0\r\n", 200, NULL, "0"},
	    {AT ";expires=0\r\nExpires: 600\r\n", 200, NULL, "0"},
	    {"Contact: *\r\nExpires: 0\r\n", 200, NULL, "0"},
	    {"Contact: *\r\nExpires: 600\r\n", 400, NULL, NULL},
	    {"Contact: *\r\n", 400, NULL, NULL},
	    {"Contact: *\r\n" AT "\r\nExpires: 0\r\n", 400, NULL, NULL},
	    {AT "\r\nContact: *\r\nExpires: 0\r\n", 400, NULL, NULL},
	    {"Contact: *\r\nContact: *\r\nExpires: 0\r\n", 400, NULL, NULL},
	};
	struct world *w = *state;
	struct phone *ph = alice(w);
	struct sip_addr a;
	char text[1024];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(text, sizeof text, REG "Call-ID: row%zu\r\n%s", i, rows[i].text);
		if (say(ph, text, "") != rows[i].status)
			fail_msg("row %zu: %u", i, ph->m.status);
		if (rows[i].expires)
			assert_true(says(ph, "Expires", rows[i].expires));
		assert_int_equal(msg_count(&ph->m, "Contact"), rows[i].contact != NULL);
		if (rows[i].contact)
			assert_true(sip_addr_read(msg_get(&ph->m, "Contact"), &a) && sv_eq(a.uri, sv_of(rows[i].contact)));
		if (rows[i].status == 200)
			assert_int_equal(bound(w, "alice@contoso.test"), rows[i].contact != NULL);
	}
	phone_free(ph);
}

static void nobody_can_say(void *arg, const struct location_ask *q, location_done *done, void *done_arg)
{
	struct location_reply r = {.kind = q->kind, .action = LOCATION_DOWN};

	(void)arg;
	if (done)
		done(done_arg, &r);
}

/* RFC 3261 10.2.3: without a Contact it is a question. */
static void fetching_bindings(void **state)
{
	struct location_link real;
	struct world *w = *state;
	struct phone *ph = alice(w), *other = phone_new(w, "alice@contoso.test", false);
	struct location_binding b[2];

	other->epid = "2ebb6f264f";
	w->unix_s += 100;
	w->mono += 100000;
	assert_int_equal(sign_in(other, true, ""), 200);
	assert_int_equal(say(ph, REG "Call-ID: 1\r\n", ""), 200);
	assert_int_equal(msg_count(&ph->m, "Contact"), 2);
	for (unsigned i = 0; i < 2; i++) {
		struct sv text = msg_get_nth(&ph->m, "Contact", i);
		bool mine = memmem(text.p, text.n, "5ccdb10d-dca1", 13) != NULL;
		struct sip_addr a;

		assert_true(sip_addr_read(text, &a));
		/* the time that is left: nothing was refreshed by asking */
		assert_true(sv_eq(sip_param(a.params, "expires"), mine ? SV("500") : SV("600")));
	}
	assert_null(msg_get(&ph->m, "presence-state").p);
	assert_null(msg_get(&ph->m, "Expires").p);
	assert_int_equal(reg_conn_deadline(ph->c), w->mono + 364000); /* keep-alives were agreed on, and still are */
	assert_int_equal(location_list(w->location, "alice@contoso.test", b, 2), 2);
	for (unsigned i = 0; i < 2; i++)
		assert_string_equal(b[i].peer, "192.0.2.10:40000");

	phone_free(other);
	assert_int_equal(say(ph, REG "Call-ID: fetch\r\nExpires: 300\r\n", ""), 200);
	assert_int_equal(msg_count(&ph->m, "Contact"), 1);
	assert_int_equal(say(ph, REG "Call-ID: fetch\r\nContact: <>\r\n", ""), 400);
	real = w->location_link;
	w->location_link.send = nobody_can_say;
	assert_int_equal(say(ph, REG "Call-ID: fetch\r\n", ""), 503);
	w->location_link = real;
	assert_int_equal(bound(w, "alice@contoso.test"), 1);
	w->alice.enabled = false;
	assert_int_equal(say(ph, REG "Call-ID: fetch\r\n", ""), 404);
	phone_free(ph);
}

/* "4012: epid too long", behind the proof as the order has it; one that is beyond all reason before it. */
static void long_epids(void **state)
{
	static const struct {
		const char *epid;
		int status;
		unsigned id;
	} rows[] = {{"0123456789abcdef", 200, 0},
		    {"0123456789abcdef0", 400, 4012},
		    {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 400, 4012}};
	struct world *w = *state;

	for (size_t i = 0; i < 6; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);

		ph->epid = rows[i / 2].epid;
		assert_int_equal(sign_in(ph, i & 1, ""), rows[i / 2].status);
		assert_int_equal(diag(ph), rows[i / 2].id);
		phone_free(ph);
	}
	for (unsigned ntlm = 0; ntlm < 2; ntlm++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		struct buf token = {0};

		ph->epid = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0";
		ph->ntlm = ntlm;
		buf_str(&token, ntlm ? "" : "hello");
		assert_int_equal(with_token(ph, &token, false, ""), 400);
		assert_int_equal(diag(ph), 4012);
		buf_free(&token);
		phone_free(ph);
	}
}

/* Batched presence, as SIPE 1.25 and Communicator ask for it, and an event with an id. */
static void presence(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_int_equal(ask(ph, "SUBSCRIBE",
			     "Require: adhoclist, categoryList\r\nSupported: eventlist\r\n"
			     "Accept: application/rlmi+xml, multipart/related, text/xml+msrtc.pidf, application/msrtc-event-categories+xml, "
			     "application/xpidf+xml, application/pidf+xml\r\nSupported: ms-piggyback-first-notify\r\n"
			     "Supported: com.microsoft.autoextend\r\nSupported: ms-benotify\r\nProxy-Require: ms-benotify\r\n"
			     "Event: presence\r\nContent-Type: application/msrtc-adrl-categorylist+xml\r\n",
			     "<batchSub xmlns=\"http://schemas.microsoft.com/2006/01/sip/batch-subscribe\" uri=\"sip:alice@contoso.test\" "
			     "name=\"\"><action name=\"subscribe\" id=\"1\"><adhocList><resource uri=\"sip:bob@contoso.test\"/></adhocList>"
			     "</action></batchSub>"), 200);
	assert_true(says(ph, "Event", "presence"));
	assert_int_equal(hear(ph), -1);
	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: message-summary ; id=7\r\n", ""), 200);
	assert_true(says(ph, "Event", "message-summary ; id=7"));
	assert_int_equal(hear(ph), 0);
	assert_true(signed_well(ph));
	assert_true(says(ph, "Event", "message-summary ; id=7"));

	assert_int_equal(ask(ph, "SUBSCRIBE", "Event: conference\r\n", ""), 489);
	assert_true(msg_get(&ph->m, "Allow-Events").n > 100); /* RFC 6665: mandatory */
	assert_int_equal(ask(ph, "REGISTER", "Event: registration\r\nEvent: registration\r\n", ""), 400);
	phone_free(ph);
}

/* What the Registrar does not serve, and who may be told so. */
static void other_methods(void **state)
{
	static const char *const all[] = {"INVITE", "MESSAGE", "INFO", "BYE", "REFER", "NOTIFY", "UPDATE", "PRACK", "FOO", "register"};
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	/* before anybody has signed in: the client goes on without compression */
	assert_int_equal(bare(ph, "NEGOTIATE", "Compression: LZ77-64K\r\nSupported: NewNegotiate,OCSNative,ECC,IPv6\r\n"), 501);
	assert_int_equal(msg_count(&ph->m, "WWW-Authenticate"), 0);
	assert_int_equal(bare(ph, "BENOTIFY", ""), -1);
	assert_int_equal(bare(ph, "CANCEL", ""), -1);
	/* not even when something is wrong with them, and the connection goes on */
	assert_int_equal(bare(ph, "BENOTIFY", "Max-Forwards: 1\r\n"), -1);
	assert_int_equal(bare(ph, "ACK", "Max-Forwards: 1\r\n"), -1);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_int_equal(bare(ph, all[i], ""), 401);
	assert_int_equal(sign_in(ph, true, ""), 200);
	assert_int_equal(ask(ph, "NEGOTIATE", "", ""), 501);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_int_equal(ask(ph, all[i], "", ""), 501);
	assert_int_equal(ask(ph, "BENOTIFY", "", ""), -1);
	assert_int_equal(ask(ph, "ACK", "", ""), -1);
	assert_int_equal(ask(ph, "CANCEL", "", ""), 481);
	assert_int_equal(bare(ph, "CANCEL", ""), -1);
	assert_int_equal(bound(w, "alice@contoso.test"), 1);
	phone_free(ph);
}

/* "4xx after an established SA are signed like any other final response" */
static void refusals_are_signed(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_int_equal(ask(ph, "OPTIONS", "Require: ms-benotify, unheard-of,such\r\nProxy-Require: thing\r\n", ""), 420);
	assert_true(says(ph, "Unsupported", "unheard-of, such, thing"));
	assert_int_equal(ask(ph, "REGISTER", "Max-Forwards: 1\r\n", ""), 400); /* the second one */
	assert_int_equal(say(ph, "OPTIONS gopher:x SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM TO "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n", ""),
			 416);
	/* a signature is good for one refusal, as for anything else */
	ph->cnum--;
	struct buf b = {0};
	head(ph, &b, "OPTIONS", "Require: unheard-of\r\n");
	credentials(ph, &b, NULL, true);
	assert_true(finish(ph, &b, ""));
	assert_int_equal(hear(ph), 420);
	assert_null(msg_get(&ph->m, "Authentication-Info").p);
	/* nobody whom we know */
	assert_int_equal(bare(ph, "OPTIONS", "Require: unheard-of\r\n"), 420);
	assert_true(says(ph, "Unsupported", "unheard-of"));
	assert_null(msg_get(&ph->m, "Authentication-Info").p);
	/* "the To header field is required to contain a SIP or SIPS URI as an AOR" */
	assert_int_equal(say(ph, "REGISTER sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM "To: isbn:2983792873\r\n"
			     "Call-ID: 1\r\nCSeq: 1 REGISTER\r\n" AT "\r\n", ""), 400);
	phone_free(ph);
}

/* A client that does not know of keep-alives is not cut off before it refreshes; one that has promised them is. */
static void without_keepalives(void **state)
{
	struct world *w = *state;
	struct phone *ph = alice(w);

	assert_int_equal(reg_conn_deadline(ph->c), w->mono + 364000);
	assert_int_equal(say(ph, "REGISTER sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a\r\n" FROM TO "Call-ID: 1\r\n"
			     "CSeq: 1 REGISTER\r\n" AT "\r\nExpires: 900\r\n", ""), 200);
	assert_int_equal(msg_count(&ph->m, "ms-keep-alive"), 0);
	w->mono += 899000;
	w->unix_s += 899;
	assert_true(reg_conn_timer(ph->c, w->mono, w->unix_s));
	assert_int_equal(bound(w, "alice@contoso.test"), 1);
	w->mono += 1000;
	w->unix_s += 1;
	/* the registration has expired, and with it goes the connection */
	assert_false(reg_conn_timer(ph->c, w->mono + 64000, w->unix_s + 64));
	phone_free(ph);

	ph = alice(w);
	w->mono += 364000;
	w->unix_s += 364;
	assert_false(reg_conn_timer(ph->c, w->mono, w->unix_s));
	phone_free(ph);
}

/* Every message of RFC 4475, from a stranger. -1: no answer, by right. */
static void torture(void **state)
{
	static const struct {
		const char *file;
		int status;
	} rows[] = {
	    {"wsinv", 401}, {"intmeth", 401}, {"esc01", 401}, {"escnull", 401}, {"esc02", 401}, {"lwsdisp", 401}, {"longreq", 401},
	    {"dblreq", 401}, {"semiuri", 401}, {"transports", 401}, {"mpart01", 401}, {"unreason", -1}, {"noreason", -1},
	    {"badinv01", 400}, {"clerr", 413 /* 9999 octets of a stranger */}, {"ncl", 400}, {"scalar02", 400}, {"scalarlg", -1},
	    {"quotbal", 400}, {"ltgtruri", 400}, {"lwsruri", 400}, {"lwsstart", 400}, {"trws", 400}, {"escruri", 400},
	    {"baddate", 400}, {"regbadct", 400}, {"badaspec", 400}, {"baddn", 400}, {"badvers", 505}, {"mismatch01", 400},
	    {"mismatch02", 400}, {"bigcode", -1}, {"badbranch", 401}, {"insuf", 400}, {"unkscm", 416}, {"novelsc", 416},
	    {"unksm2", 401}, {"bext01", 420}, {"invut", 401}, {"regaut01", 401}, {"multi01", 400}, {"mcl01", 400}, {"bcast", -1},
	    {"zeromf", 401}, {"cparam01", 401}, {"cparam02", 401}, {"regescrt", 401}, {"sdp01", 401}, {"inv2543", 401},
	};
	const char *dir = getenv("TEST_VECTORS");
	struct world *w = *state;

	assert_int_equal(sizeof rows / sizeof *rows, 49);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		struct buf b = {0};
		char path[4096];
		int status;

		snprintf(path, sizeof path, "%s/rfc4475/%s.dat", dir ? dir : "tests/vectors", rows[i].file);
		if (file_read(path, 1 << 20, &b) < 0)
			fail_msg("cannot read %s", path);
		if (strcmp(rows[i].file, "baddn") == 0)
			buf_str(&b, "\r\n"); /* its file ends before the empty line */
		feed(ph, b.p, b.n);
		status = hear(ph);
		if (status != rows[i].status)
			fail_msg("%s: %d, expected %d", rows[i].file, status, rows[i].status);
		buf_free(&b);
		phone_free(ph);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_same_in_other_words), T(contacts), T(fetching_bindings), T(long_epids), T(presence), T(other_methods), T(refusals_are_signed),
	    T(without_keepalives), T(torture),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
