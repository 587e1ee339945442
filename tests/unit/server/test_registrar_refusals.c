/* tests/unit/server/test_registrar_refusals.c: whom the Registrar refuses, with which status and diagnosis, and replays. */
#include "tests/support/registrar_phone.h"

/* ---- who may not ----------------------------------------------------------------------------------------- */

static void refuse(struct phone *ph, bool ntlm, const char *more, int status, unsigned id)
{
	assert_int_equal(sign_in(ph, ntlm, more), status);
	assert_int_equal(diag(ph), id);
	assert_int_equal(bound(ph->w, ph->user), 0);
	phone_free(ph);
}

/* "SIPSecurityMode High: NTLM or Kerberos, and TLS" */
static void plain_tcp(void **state)
{
	struct world *w = *state;
	struct phone *ph;

	for (unsigned ntlm = 0; ntlm < 2; ntlm++) {
		w->plain = true;
		strcpy(w->site.SIPSecurityMode, "High");
		refuse(phone_new(w, "alice@contoso.test", false), ntlm, "", 403, 4004);
		strcpy(w->site.SIPSecurityMode, "Medium");
		ph = phone_new(w, "alice@contoso.test", false);
		assert_int_equal(sign_in(ph, ntlm, ""), 200);
		phone_free(ph);
		strcpy(w->site.SIPSecurityMode, "High");
		w->plain = false;
		ph = phone_new(w, "alice@contoso.test", false);
		assert_int_equal(sign_in(ph, ntlm, ""), 200);
		phone_free(ph);
	}
}

static void checks_in_their_order(void **state)
{
	struct world *w = *state;
	struct phone *ph;

	for (unsigned ntlm = 0; ntlm < 2; ntlm++) {
		ph = phone_new(w, "alice@contoso.test", false);
		ph->supported = "msrtc-event-categories";
		refuse(ph, ntlm, "", 421, 2057);

		ph = phone_new(w, "carol@contoso.test", false); /* nobody has this address: the answer is that of an address which somebody has */
		ph->login = "alice";
		ph->cert_pem = &keys.alice_pem;
		refuse(ph, ntlm, "", 403, 4004);

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

/* ---- replays --------------------------------------------------------------------------------------------- */

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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(plain_tcp), T(checks_in_their_order), T(endpoints), T(client_versions), T(wrong_proofs), T(the_vault_is_away),
	    T(refused_refresh), T(replays),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
