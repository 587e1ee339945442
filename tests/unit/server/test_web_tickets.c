/* tests/unit/server/test_web_tickets.c: the web ticket service: by password, by number and PIN, and the fault of each refusal. */
#include "tests/support/web_world.h"

/* ---- Integrated Windows ---------------------------------------------------------------------------------- */

#define TYPE1 "Authorization: NTLM TlRMTVNTUAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n"
#define TYPE3 "Authorization: NTLM TlRMTVNTUAADAAAAAAAAAAAAAAA=\r\n"

static void three_legs(void **state)
{
	struct world *w = *state;
	struct soap_issued m;
	struct web_answer a;
	struct buf b = {0};

	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS), vector(&b, "soap/issue_sipe.xml"), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM");
	assert_false(has(&a.headers, "Negotiate") || has(&a.headers, "Basic"));
	assert_false(a.close);
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM TlRMTVNTUAACAAAAdGhlIGNoYWxsZW5nZQ==");
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) "SOAPAction: \"" SOAP_ACTION_ISSUE "\"\r\n" TYPE3, buf_view(&b), &a), 200);
	assert_null(soap_issued_read(a.body.p, a.body.n, &m));
	assert_string_equal(m.context, "4b1682a8-f968-5701-83fc-7c6741dc6697");
	assert_string_equal(fake.asked.claim, "sip:anna@contoso.example");
	soap_issued_clear(&m);
	web_answer_clear(&a);
	/* "after success the connection stays authenticated" */
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 200);
	assert_int_equal(fake.verifies, 1);
	/* the vault has forgotten the login: prove it again */
	fake.login = VAULT_REFUSED;
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 401);
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 401);
	/* another connection has proved nothing */
	fake.login = VAULT_OK;
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b)), 401);
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b)), 200);
	web_conn_free(w->c);
	w->c = web_conn_new();
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 401);
	buf_free(&b);
}

static void windows_refused(void **state)
{
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	vector(&b, "soap/issue_sipe.xml");
	/* type 3 that answers no challenge never reaches the vault */
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b)), 401);
	assert_int_equal(fake.verifies, 0);
	fake.ntlm = VAULT_REFUSED;
	status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b));
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM"); /* bare: SIPE stops */
	web_answer_clear(&a);
	/* one answer a challenge */
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b)), 401);
	assert_int_equal(fake.verifies, 1);
	fake.ntlm = VAULT_NOT_ENABLED;
	status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b));
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b), &a), 403);
	assert_string_equal(answer_header(&a, "X-Ms-diagnostics"),
			    "28000;source=\"fe01.contoso.test\";reason=\"User is not SIP enabled.\";faultcode=\"wsse:FailedAuthentication\"");
	web_answer_clear(&a);
	fake.ntlm = VAULT_UNAVAILABLE;
	status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b));
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b), &a), 503);
	assert_int_equal(fault_of(&a, &f), 28001);
	assert_true(retry_after_is_good(sv_of(answer_header(&a, "Retry-After"))));
	web_answer_clear(&a);
	for (int i = 0; i < 4; i++) {
		static const char *const odd[] = {"Negotiate TlRMTVNTUAABAAAA", "NTLM", "NTLM !!!!", "Basic eDp5"};
		char head[256];

		snprintf(head, sizeof head, SOAP_POST(WTS) "Authorization: %s\r\n", odd[i]);
		assert_int_equal(status_of(w, HTTPS_IN, head, buf_view(&b)), 401);
	}
	w->site.UseWindowsAuth = SITE_WINDOWS_NONE;
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	buf_free(&b);
}

/* ---- PIN ------------------------------------------------------------------------------------------------- */

/* Number and PIN in the UsernameToken, as they are or in Base64. */
static void each_recogniser(void **state)
{
	static const struct {
		const char *user, *pin, *number, *digits; /* number NULL: not recognised */
	} rows[] = {
	    {"4411", "81735", "4411", "81735"},
	    {"tel:+12065550119", "81735", "tel:+12065550119", "81735"},
	    {"+12065550119;ext=4411", "81735", "+12065550119;ext=4411", "81735"}, /* shared number: the extension tells */
	    {"dGVsOisxMjA2NTU1MDExOTtleHQ9NDQxMQ==", "ODE3MzU=", "tel:+12065550119;ext=4411", "81735"},
	    {"+12065550119;phone-context=x", "81735", NULL, NULL},
	    {"tel:", "81735", NULL, NULL},
	    {"+12065550119;ext=", "81735", NULL, NULL},
	    {"+12065550119;ext=44a1", "81735", NULL, NULL},
	    {"+1 (425) 555-0123", "0000", "+1 (425) 555-0123", "0000"},
	    {"KzEyMDY1NTUwMTE5", "ODE3MzU=", "+12065550119", "81735"},
	    {"anna", "81735", NULL, NULL},
	    {"4411", "secret", NULL, NULL},
	    {"4411", "", NULL, NULL},
	    {"", "81735", NULL, NULL},
	    {"+", "81735", NULL, NULL},
	    {"123456789012345678901234567890123", "81735", NULL, NULL},
	    {"4411", "1234567890123456789012345", NULL, NULL},
	    {"KzEyMDY1NTUwMTE5", "81735", NULL, NULL}, /* half of it */
	};
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned before = fake.pins;

		pin_request(&b, rows[i].user, rows[i].pin);
		go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b), &a);
		assert_int_equal(a.status, rows[i].number ? 200 : 500);
		assert_int_equal(fake.pins - before, rows[i].number != NULL);
		if (rows[i].number) {
			assert_string_equal(fake.number, rows[i].number);
			assert_string_equal(fake.pin_typed, rows[i].digits);
		} else {
			assert_int_equal(fault_of(&a, &f), 28020);
		}
		web_answer_clear(&a);
	}
	buf_free(&b);
}

/* Number and PIN as claims, in either order. */
static void claims(void **state)
{
#define CLAIMS(one, two) \
	"<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body><RequestSecurityToken xmlns=\"" NS_WST "\"><AppliesTo><EndpointReference>" \
	"<Address>https://x/</Address></EndpointReference></AppliesTo><Claims><ClaimType><Value>" one "</Value></ClaimType>" \
	"<ClaimType><Value>" two "</Value></ClaimType></Claims></RequestSecurityToken></s:Body></s:Envelope>"
	static const struct {
		const char *text, *number;
	} whole[] = {{CLAIMS("4411", "81735"), "4411"}, {CLAIMS("81735", "+12065550119"), "+12065550119"},
		      {CLAIMS("+12065550119", "81735"), "+12065550119"}};
	static const char *const half[] = {CLAIMS("anna", "81735"), CLAIMS("+12065550119", "+12065550119"), CLAIMS("81735", "")};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), sv_of(whole[i].text)), 200);
		assert_string_equal(fake.number, whole[i].number);
		assert_string_equal(fake.pin_typed, "81735");
		assert_string_equal(fake.asked.claim, ""); /* the number is a credential there, no claim */
	}
	for (size_t i = 0; i < sizeof half / sizeof *half; i++)
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), sv_of(half[i])), 500);
}

static void other_places_of_a_pin(void **state)
{
	struct world *w = *state;
	struct buf b = {0};

	vector(&b, "soap/issue_sipe.xml");
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin") "Authorization: Basic NDQxMjo5OTk5OQ==\r\n", buf_view(&b)), 200);
	assert_string_equal(fake.number, "4412");
	assert_string_equal(fake.pin_typed, "99999");
	vector(&b, "soap/issue_pin.xml");
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
	assert_string_equal(fake.number, "+12065550119");
	/* the number said again as a claim claims nothing; an address does */
	for (int address = 0; address < 2; address++) {
		struct soap_issue m = {.applies_to = "https://x/", .nentropy = 32};
		struct buf header = {0};

		strcpy(m.claim, address ? "sip:anna@contoso.example" : "+12065550119");
		soap_username_write(&header, "+12065550119", "81735");
		buf_clear(&b);
		soap_issue_write(&b, &m, buf_view(&header));
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
		assert_string_equal(fake.asked.claim, address ? m.claim : "");
		buf_free(&header);
	}
	buf_free(&b);
}

/* "Same text for all: do not tell a guesser": octet for octet. */
static void failures_look_alike(void **state)
{
	static const char *const whys[] = {"no such number", "wrong PIN", "locked until 10:42", "no PIN is set", "the PIN has expired"};
	struct world *w = *state;
	struct buf b = {0}, first = {0}, head = {0};

	fake.pin = VAULT_REFUSED;
	for (size_t i = 0; i <= sizeof whys / sizeof *whys; i++) {
		struct web_answer a;
		struct soap_fault f;

		fake.why = i < sizeof whys / sizeof *whys ? whys[i] : NULL;
		pin_request(&b, fake.why ? "4411" : "no number at all", "81735"); /* the last: not even recognised */
		assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b), &a), 500);
		assert_int_equal(fault_of(&a, &f), 28020);
		assert_string_equal(f.reason, "No valid security token.");
		assert_string_equal(f.detail, "");
		if (i == 0) {
			buf_sv(&first, buf_view(&a.body));
			buf_sv(&head, buf_view(&a.headers));
		}
		assert_true(sv_eq(buf_view(&first), buf_view(&a.body)) && sv_eq(buf_view(&head), buf_view(&a.headers)));
		web_answer_clear(&a);
	}
	buf_free(&b);
	buf_free(&first);
	buf_free(&head);
}

/* ---- the fault table ------------------------------------------------------------------------------------- */

static void every_verdict_has_its_fault(void **state)
{
	static const struct {
		enum vault_status st;
		unsigned status, id;
		const char *code;
	} rows[] = {
	    {VAULT_REFUSED, 500, 28020, "wsse:FailedAuthentication"},	  {VAULT_NOT_FOUND, 500, 28020, "wsse:FailedAuthentication"},
	    {VAULT_NOT_ENABLED, 500, 28000, "wsse:FailedAuthentication"}, {VAULT_METHOD_OFF, 500, 28029, "wsse:FailedAuthentication"},
	    {VAULT_CLAIM, 500, 0, "wst:RequestFailed"},			  {VAULT_AUDIENCE, 500, 0, "wst:RequestFailed"},
	    {VAULT_MALFORMED, 500, 0, "s:Client"},			  {VAULT_UNAVAILABLE, 503, 28001, "wsse:FailedAuthentication"}, {VAULT_LATE, 503, 28001, "wsse:FailedAuthentication"},
	};
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake.pin = fake.cert_ticket = rows[i].st;
		assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), vector(&b, "soap/issue_pin.xml"), &a), rows[i].status);
		assert_int_equal(fault_of(&a, &f), rows[i].id);
		assert_string_equal(f.code, rows[i].code);
		web_answer_clear(&a);
		assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/cert"), vector(&b, "soap/issue_x509.xml"), &a), rows[i].status);
		assert_int_equal(fault_of(&a, &f), rows[i].id);
		assert_true((rows[i].id != 0) == (answer_header(&a, "X-Ms-diagnostics") != NULL));
		web_answer_clear(&a);
	}
	fake.cert_ticket = VAULT_OK;
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/cert"), buf_view(&b)), 200);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/cert"), vector(&b, "soap/issue_sipe.xml"), &a), 500); /* no signature */
	assert_int_equal(fault_of(&a, &f), 28020);
	web_answer_clear(&a);
	w->site.UsePinAuth = w->site.UseCertificateAuth = false;
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), vector(&b, "soap/issue_pin.xml"), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/cert"), vector(&b, "soap/issue_x509.xml"), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1"), vector(&b, "soap/cert.xml"), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	buf_free(&b);
}

static void outside_needs_remote_access(void **state)
{
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	vector(&b, "soap/issue_pin.xml");
	assert_int_equal(go(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029); /* the Internet does not guess PINs */
	assert_int_equal(fake.pins, 0);
	web_answer_clear(&a);
	w->site.external_require_pin = true; /* unless the site demands number and PIN there */
	assert_int_equal(status_of(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
	assert_true(fake.outside);
	fake.remote = false;
	assert_int_equal(go(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b), &a), 403);
	assert_int_equal(fault_of(&a, &f), 28000);
	assert_false(has(&a.headers, "contoso.test") || has(&a.body, "contoso.test") || has(&a.body, "Assertion"));
	web_answer_clear(&a);
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
	fake.pin = VAULT_REFUSED; /* an unauthenticated client learns nothing */
	assert_int_equal(status_of(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b)), 500);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(three_legs), T(windows_refused), T(each_recogniser), T(claims), T(other_places_of_a_pin),
	    T(failures_look_alike), T(every_verdict_has_its_fault), T(outside_needs_remote_access),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
