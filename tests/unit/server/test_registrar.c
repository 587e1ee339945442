/* tests/unit/server/test_registrar.c: the Registrar without a socket: every way in, every refusal, orders, timers,
 * hostile input. */
#include "tests/support/registrar_phone.h"

/* ---- signing in ---------------------------------------------------------------------------------------------------- */

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
		    {"Expires: 4294967296\r\n", "600"}, {"Expires: x\r\n", "600"}, {"", "600"}};
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

/* ---- who may not ----------------------------------------------------------------------------------------------------- */

static void refuse(struct phone *ph, bool ntlm, const char *more, int status, unsigned id)
{
	assert_int_equal(sign_in(ph, ntlm, more), status);
	assert_int_equal(diag(ph), id);
	assert_int_equal(bound(ph->w, ph->user), 0);
	phone_free(ph);
}

static void checks_in_their_order(void **state)
{
	struct world *w = *state;
	struct phone *ph;

	for (unsigned ntlm = 0; ntlm < 2; ntlm++) {
		ph = phone_new(w, "alice@contoso.test", false);
		ph->supported = "msrtc-event-categories";
		refuse(ph, ntlm, "", 421, 2057);

		ph = phone_new(w, "carol@contoso.test", false); /* nobody: whoever proves to be whom */
		refuse(ph, ntlm, "", 404, 4005);

		ph = phone_new(w, "bob@contoso.test", false); /* alice claims to be bob */
		ph->login = "alice";
		ph->cert_pem = &keys.alice_pem;
		refuse(ph, ntlm, "", 403, 4004);

		w->alice.enabled = false;
		refuse(phone_new(w, "alice@contoso.test", false), ntlm, "", 404, 4005);
		ph = phone_new(w, "bob@contoso.test", false);
		ph->login = "alice";
		ph->cert_pem = &keys.alice_pem;
		refuse(ph, ntlm, "", 403, 4004);
		w->alice.enabled = true;

		w->alice.remote = false;
		refuse(phone_new(w, "alice@contoso.test", true), ntlm, "", 403, 4003);
		w->alice.remote = true;

		w->site.external_require_pin = true;
		refuse(phone_new(w, "alice@contoso.test", true), ntlm, "", 403, 4004);
		ph = phone_new(w, "alice@contoso.test", false); /* inside nobody asks */
		assert_int_equal(sign_in(ph, ntlm, ""), 200);
		phone_free(ph);
		w->pin = true;
		ph = phone_new(w, "alice@contoso.test", true);
		assert_int_equal(sign_in(ph, ntlm, ""), 200);
		w->pin = false; /* a refresh is no new sign-in */
		assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
		phone_free(ph);
		w->site.external_require_pin = false;

		strcpy(w->alice.home_pool, "other.contoso.test");
		ph = phone_new(w, "alice@contoso.test", false);
		assert_int_equal(sign_in(ph, ntlm, ""), 301);
		assert_true(says(ph, "Contact", "<sip:other.contoso.test:5061;transport=tls>"));
		assert_true(says(ph, "Expires", "2592000"));
		phone_free(ph);
		strcpy(w->alice.home_pool, "POOL.contoso.test");
		ph = phone_new(w, "alice@contoso.test", false);
		assert_int_equal(sign_in(ph, ntlm, ""), 200);
		phone_free(ph);
		w->alice.home_pool[0] = '\0';
	}
}

static int raw_register(struct phone *ph, const char *text)
{
	struct buf b = {0};
	int status;

	buf_printf(&b, "REGISTER sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS a;branch=1\r\nTo: <sip:alice@contoso.test>\r\n"
		   "Call-ID: 1\r\nCSeq: %u REGISTER\r\n%s", ++ph->cseq + 100, text);
	credentials(ph, &b, NULL, true);
	assert_true(finish(ph, &b, ""));
	status = hear(ph);
	if (status > 0 && status != 401)
		assert_true(signed_well(ph));
	return status;
}

static void endpoints(void **state)
{
#define ALICE "From: <sip:alice@contoso.test>;tag=1"
#define AT "Contact: <sip:192.0.2.10:1;transport=tls>"
#define UUID "5ccdb10d-dca1-559e-ad2b-b514060a2da2"
	static const struct {
		const char *text;
		int status;
		unsigned id;
	} rows[] = {
	    {ALICE "\r\n" AT "\r\n", 400, 4010},
	    {ALICE ";epid=c97532c1946f\r\n" AT "\r\n", 200, 0},
	    {ALICE "\r\n" AT ";+sip.instance=\"<urn:uuid:" UUID ">\"\r\n", 200, 0},
	    {ALICE "\r\n" AT ";+sip.instance=\"<urn:uuid:5CCDB10D-DCA1-559E-AD2B-B514060A2DA2>\"\r\n", 200, 0},
	    {ALICE ";epid=c97532c1946f\r\n" AT ";+sip.instance=\"<urn:uuid:4ccdb10d-dca1-559e-ad2b-b514060a2da2>\"\r\n", 400, 4010},
	    {ALICE "\r\n" AT ";+sip.instance=\"<urn:uuid:short>\"\r\n", 400, 4010},
	    {ALICE "\r\n" AT ";+sip.instance=\"<urn:uuid:" UUID UUID ">\"\r\n", 400, 4010},
	    {ALICE ";epid=c97532c1946f\r\n" AT "\r\nEvent: presence\r\n", 489, 4055},
	    {ALICE ";epid=c97532c1946f\r\n" AT "\r\nEvent: registration;x=1\r\n", 200, 0},
	    {ALICE ";epid=c97532c1946f\r\n", 200, 0}, /* a question: who is there? */
	    {ALICE ";epid=c97532c1946f\r\nContact: <>\r\n", 400, 0}, /* nowhere to be reached */
	    {ALICE ";epid=c97532c1946f\r\nContact: *\r\nExpires: 0\r\n", 200, 0},
	    {"From: <sip:bob@contoso.test>;tag=1;epid=c97532c1946f\r\n" AT "\r\n", 404, 4005}, /* not the To */
	    {"From: <tel:+1425>;tag=1;epid=c97532c1946f\r\n" AT "\r\n", 404, 4005},
	};
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	assert_int_equal(sign_in(ph, true, ""), 200);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(raw_register(ph, rows[i].text), rows[i].status);
		assert_int_equal(diag(ph), rows[i].id);
	}
	/* another epid is another endpoint: no association */
	assert_int_equal(raw_register(ph, ALICE ";epid=2ebb6f264f\r\n" AT "\r\n"), 401);
	assert_int_equal(raw_register(ph, ALICE ";epid=0123456789abcdef0\r\n" AT "\r\n"), 401);
	phone_free(ph);
}

static void client_versions(void **state)
{
	static const struct {
		const char *agent;
		int status;
	} rows[] = {
	    {"User-Agent: CPE/4.0.7423.1 OCPhone/4.0.7423.1 (Microsoft Lync Phone Edition)\r\n", 200},
	    {"User-Agent: CPE/1.0.199.123 OCPhone/1.0.199.123 (Microsoft Office Communicator)\r\n", 403},
	    {"User-Agent: cpe/1.0 ocphone/1.0.5\r\n", 403},
	    {"User-Agent: CPE/1.0.522.100 OCPhone/1.0.522.100\r\n", 200},
	    {"User-Agent: Purple/2.14.12 Sipe/1.25.0\r\n", 200},
	    {"User-Agent: Bad/2 client\r\n", 403},
	    {"", 200},
	};
	struct world *w = *state;

	w->site.nversion_rule = 3;
	strcpy(w->site.version_rule[0].pattern, "OCPhone/1.0.522.*");
	w->site.version_rule[0].allow = true;
	strcpy(w->site.version_rule[1].pattern, "OCPhone/1.0.*");
	strcpy(w->site.version_rule[2].pattern, "Bad*client");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);

		assert_int_equal(sign_in(ph, true, rows[i].agent), rows[i].status);
		assert_int_equal(diag(ph), rows[i].status == 403 ? 17000 : 0);
		phone_free(ph);
	}
}

static void wrong_proofs(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	ph->password = "wrong";
	assert_int_equal(sign_in(ph, true, ""), 401);
	assert_int_equal(diag(ph), 1000);
	assert_int_equal(msg_count(&ph->m, "WWW-Authenticate"), 2);
	assert_null(msg_get(&ph->m, "Authentication-Info").p);
	w->revoked = true;
	assert_int_equal(sign_in(ph, false, ""), 401);
	assert_int_equal(diag(ph), 1000);
	w->revoked = false;
	w->unix_s = NOW + 86400 * 31; /* its certificate has ended, the vault's clock or no */
	assert_int_equal(sign_in(ph, false, ""), 401);
	assert_int_equal(diag(ph), 1000);
	w->unix_s = NOW;
	ph->password = "Pa$$word";
	assert_int_equal(sign_in(ph, true, ""), 200);
	phone_free(ph);

	/* a client that guesses on one connection is thrown out */
	ph = phone_new(w, "alice@contoso.test", false);
	ph->password = "wrong";
	for (unsigned i = 0; !ph->closed; i++) {
		assert_true(i < 20);
		assert_int_equal(sign_in(ph, true, ""), 401);
	}
	phone_free(ph);
}

static void the_vault_is_away(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct buf none = {0};

	w->down = true;
	ph->ntlm = true;
	assert_int_equal(with_token(ph, &none, false, ""), 503);
	assert_true(msg_get(&ph->m, "Retry-After").n > 0);
	w->down = false;
	assert_int_equal(sign_in(ph, false, ""), 200);
	w->down = true;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 503);
	assert_int_equal(bound(w, "alice@contoso.test"), 1); /* no user loses a phone by that */
	w->down = false;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	phone_free(ph);
}

static void refused_refresh(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);

	/* no order came, but the refresh finds it */
	assert_int_equal(sign_in(ph, false, ""), 200);
	w->revoked = true;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 401);
	assert_int_equal(diag(ph), 1000);
	assert_int_equal(bound(w, "alice@contoso.test"), 0);
	w->revoked = false;
	assert_int_equal(sign_in(ph, true, ""), 200);
	w->alice.enabled = false;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 404);
	assert_int_equal(bound(w, "alice@contoso.test"), 0);
	phone_free(ph);
}

/* ---- replays -------------------------------------------------------------------------------------------------------------- */

static void replays(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct buf b = {0};

	assert_int_equal(sign_in(ph, false, ""), 200);
	head(ph, &b, "REGISTER", "");
	credentials(ph, &b, NULL, true);
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	assert_true(feed(ph, b.p, b.n));
	assert_int_equal(hear(ph), 200);
	assert_true(signed_well(ph));
	assert_true(feed(ph, b.p, b.n)); /* the same octets again */
	assert_int_equal(hear(ph), 401);
	buf_free(&b);

	/* each octet of the From, bent after signing */
	for (size_t i = 0; i < 6; i++) {
		head(ph, &b, "REGISTER", "");
		credentials(ph, &b, NULL, true);
		buf_str(&b, "Content-Length: 0\r\n\r\n");
		*(char *)memmem(b.p, b.n, ";tag=f", 6) = ';';
		((char *)memmem(b.p, b.n, "tag=f", 5))[4] = "abcdeg"[i];
		assert_true(feed(ph, b.p, b.n));
		assert_int_equal(hear(ph), 401);
		buf_free(&b);
	}
	/* a number that is long past; one from far ahead is new */
	ph->cnum = 999;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	ph->cnum = 700;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 401);
	ph->cnum = 800;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	ph->cnum = 1000;
	assert_int_equal(ask(ph, "REGISTER", "", ""), 200);
	/* an answer to a challenge of another connection */
	ph->up = false;
	strcpy(ph->opaque, "00000000");
	ph->ntlm = true;
	buf_str(&b, "NTLMSSP");
	assert_int_equal(with_token(ph, &b, false, ""), 401);
	assert_int_equal(diag(ph), 1000);
	buf_free(&b);
	phone_free(ph);
}

/* ---- several endpoints, orders ---------------------------------------------------------------------------------------------- */

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
	assert_true(sv_eq(msg_get(&ph->m, "Call-ID"), SV("call-alice@contoso.test")));
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

/* ---- subscriptions and the rest ------------------------------------------------------------------------------------------------ */

#define RIDES "Supported: com.microsoft.autoextend\r\nSupported: ms-benotify\r\nProxy-Require: ms-benotify\r\n" \
	      "Supported: ms-piggyback-first-notify\r\nContact: <sip:alice@contoso.test;opaque=user:epid:x;gruu>\r\n"
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

/* ---- timers ---------------------------------------------------------------------------------------------------------------------- */

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

/* ---- hostile ------------------------------------------------------------------------------------------------------------------------ */

static void one_octet_at_a_time(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct buf b = {0};

	assert_int_equal(sign_in(ph, true, ""), 200);
	buf_str(&b, "\r\n\r\n");
	head(ph, &b, "SERVICE", "");
	struct buf rest = {0};
	buf_sv(&rest, sv_from(buf_view(&b), 4));
	credentials(ph, &rest, NULL, true);
	buf_str(&rest, "Content-Length: 5\r\n\r\nhello");
	buf_add(&rest, "\r\n", 2);
	for (size_t i = 0; i < rest.n; i++)
		assert_true(feed(ph, rest.p + i, 1));
	assert_int_equal(hear(ph), 200);
	assert_int_equal(hear(ph), -1);
	buf_free(&b);
	buf_free(&rest);
	phone_free(ph);
}

static void bad_octets(void **state)
{
	static const struct {
		const char *text;
		int status; /* -1: no answer */
		bool closed;
	} rows[] = {
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", -1, true},
	    {"\x16\x03\x01\x02\x05\r\n\r\n", -1, true},
	    {"REGISTER sip:a SIP/2.0\r\n\r\n", -1, true},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n", 400, false},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 REGISTER\r\nRequire: nothingYouKnow\r\nContent-Length: 0\r\n\r\n", 420, false},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 REGISTER\r\nContent-Length: 100000\r\n\r\n", 413, true},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 REGISTER\r\nContent-Length: -1\r\n\r\n", 400, true},
	    {"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS a\r\nContent-Length: 0\r\n\r\n", -1, false},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		int status;

		bool on = feed(ph, rows[i].text, strlen(rows[i].text));
		status = hear(ph);
		if (status != rows[i].status || rows[i].closed != (!on || ph->closed))
			fail_msg("row %zu: %d, %s", i, status, on && !ph->closed ? "open" : "closed");
		phone_free(ph);
	}
}

static void endless_head(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	char line[1024];
	size_t sent = 0;

	memset(line, 'a', sizeof line);
	memcpy(line, "X: ", 3);
	memcpy(line + 1022, "\r\n", 2);
	assert_true(feed(ph, "REGISTER sip:a SIP/2.0\r\n", 24));
	while (!ph->closed && feed(ph, line, sizeof line) && sent < 1 << 20)
		sent += sizeof line;
	assert_true(sent <= 40000);
	phone_free(ph);
}

static void bad_tokens(void **state)
{
	static const char *const headers[] = {
	    "NTLM qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"!!\", version=4",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"!!\", version=4",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"\", version=4",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"AAAA\", version=9",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"R0VUIC8gSFRUUC8xLjENCg==\"",
	    "NTLM qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"other\", gssapi-data=\"\", version=4",
	    "NTLM qop=\"auth\", realm=\"other\", targetname=\"" FQDN "\", gssapi-data=\"\", version=4",
	    "Kerberos qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"sip/" FQDN "\", gssapi-data=\"AAAA\"",
	    "NTLM", "", "NTLM a=\"", "TLS-DSK opaque=\"00000000\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", cnum=\"1\"",
	};
	struct world *w = *state;
	struct buf none = {0};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		char more[512];

		snprintf(more, sizeof more, "%s: %s\r\n", i & 1 ? "Proxy-Authorization" : "Authorization", headers[i]);
		assert_int_equal(bare(ph, "REGISTER", more), 401);
		assert_int_equal(msg_count(&ph->m, "WWW-Authenticate"), 2);
		phone_free(ph);
	}

	/* more handshakes than one connection may hold: the oldest are forgotten, the last one works */
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	ph->ntlm = true;
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(with_token(ph, &none, false, ""), 401);
	assert_int_equal(sign_in(ph, true, ""), 200);
	phone_free(ph);
}

/* Each message of a whole TLS-DSK sign-in, with octets bent, on connections of their own: no crash, nobody comes in. */
static void bent_handshakes(void **state)
{
	struct world *w = *state;
	struct buf hello = {0}, bent = {0};
	struct tls_client_conf cc = {.profile = TLS_DSK, .cert_pem = buf_view(&keys.alice_pem), .key = keys.user};
	struct tls_ctx *ctx = tls_ctx_client(&cc);
	struct dsk *d = dsk_client(ctx);

	assert_int_equal(dsk_step(d, NULL, 0, &hello), DSK_MORE);
	for (unsigned i = 0; i < 100; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		int status;

		buf_clear(&bent);
		buf_add(&bent, hello.p, hello.n - i % 7);
		bent.p[(i * 13) % bent.n] ^= (uint8_t)(1 + i);
		status = with_token(ph, &bent, false, "");
		assert_int_equal(status, 401);
		assert_int_equal(with_token(ph, &bent, false, ""), 401);
		assert_int_equal(bound(w, "alice@contoso.test"), 0);
		phone_free(ph);
	}
	dsk_free(d);
	tls_ctx_free(ctx);
	buf_free(&hello);
	buf_free(&bent);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(first_401), T(every_way_in), T(version_4_must_be_signed), T(the_connection_going_ends_the_binding), T(expiry),
	    T(a_lost_binding_is_told), T(associations_end), T(renewal_beside_the_old_one), T(checks_in_their_order),
	    T(endpoints), T(client_versions), T(wrong_proofs), T(the_vault_is_away), T(refused_refresh), T(replays), T(quota),
	    T(orders), T(in_band_provisioning), T(the_other_events), T(connection_timers), T(one_octet_at_a_time),
	    T(bad_octets), T(endless_head), T(bad_tokens), T(bent_handshakes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
