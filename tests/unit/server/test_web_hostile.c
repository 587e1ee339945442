/* The Web Services: bodies that nobody should send, and what is kept of those that nobody reads. */
#include "tests/support/web_world.h"

static void hostile_bodies(void **state)
{
	static const char *const paths[] = {SOAP_POST(WTS "/pin"), SOAP_POST(WTS "/cert"), SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1"),
					    SOAP_POST(CERTPROV), SOAP_POST(WTS "/mex")};
	static const char *const bodies[] = {
	    "", "x", "<a/>", "\0\0\0",
	    "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;'>]><s:Envelope xmlns:s='" NS_SOAP "'><s:Body>&b;</s:Body></s:Envelope>",
	    "<!DOCTYPE l SYSTEM 'file:///etc/passwd'><s:Envelope xmlns:s='" NS_SOAP "'><s:Body/></s:Envelope>",
	    "<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><Unknown/></s:Body></s:Envelope>",
	    "<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><RequestSecurityToken/></s:Body><s:Body/></s:Envelope>",
	    "<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><RequestSecurityToken><RequestType>x</RequestType></RequestSecurityToken></s:Body></s:Envelope>",
	};
	struct world *w = *state;
	struct web_answer a;
	struct buf b = {0};

	fake.pin = fake.cert_ticket = VAULT_OK; /* whatever gets through would be answered well */
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
			unsigned s = status_of(w, HTTPS_IN, paths[i], sv_of(bodies[k]));

			if (s != 500)
				fail_msg("%s %s: %u", paths[i], bodies[k], s);
		}
		buf_clear(&b);
		buf_str(&b, "<s:Envelope xmlns:s='" NS_SOAP "'");
		for (int k = 0; k < 20000; k++)
			buf_printf(&b, " a%d=''", k);
		buf_str(&b, "><s:Body/></s:Envelope>");
		assert_int_equal(status_of(w, HTTPS_IN, paths[i], buf_view(&b)), 500);
		buf_clear(&b);
		for (int k = 0; k < 30000; k++)
			buf_str(&b, "<a>");
		assert_int_equal(status_of(w, HTTPS_IN, paths[i], buf_view(&b)), 500);
	}
	assert_int_equal(fake.pins + fake.certs, 0);
	/* content types, SOAPAction */
	vector(&b, "soap/issue_pin.xml");
	assert_int_equal(status_of(w, HTTPS_IN, "POST " WTS "/pin HTTP/1.1\r\n", buf_view(&b)), 415);
	assert_int_equal(status_of(w, HTTPS_IN, "POST " WTS "/pin HTTP/1.1\r\nContent-Type: application/json\r\n", buf_view(&b)), 415);
	assert_int_equal(status_of(w, HTTPS_IN, "POST " WTS "/pin HTTP/1.1\r\nContent-Type: text/xmlx\r\n", buf_view(&b)), 415);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin") "SOAPAction: \"urn:other\"\r\n", buf_view(&b), &a), 500);
	assert_int_equal(fake.pins, 0);
	web_answer_clear(&a);
	/* every prefix of a good request, and a good request with octets spoiled */
	for (size_t n = 0; n < b.n - 1; n++)
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), (struct sv){(char *)b.p, n}), 500);
	assert_int_equal(fake.pins, 0);
	buf_free(&b);
}

/* The capture of a request that no recogniser understood holds neither number nor PIN, in no form. */
static void kept(struct world *w, const char *kind, char out[4096])
{
	char line[128];
	FILE *f;

	snprintf(line, sizeof line, "cat '%s'/Unrecognised/%s-*.txt", w->logs, kind);
	f = popen(line, "r");
	assert_non_null(f);
	memset(out, 0, 4096);
	assert_true(fread(out, 1, 4095, f) > 60);
	pclose(f);
}

/* "Nothing fits: log the request"; "any other POST: log body": also what is no XML, or no question at all. */
static void what_nobody_reads_is_kept(void **state)
{
	struct world *w = *state;
	char out[4096];

	assert_int_equal(status_of(w, HTTPS_IN,
				   "POST " WTS "/pin HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nUser-Agent: CPE\r\n"
				   "X-Phone: 44118\r\nAuthorization: Pin 44119:81735\r\n", SV("number=44110&pin=81735")), 415);
	kept(w, "pin", out);
	assert_non_null(strstr(out, "xxxxxx=99999&xxx=99999"));
	assert_true(strstr(out, "X-Phone") && strstr(out, "User-Agent: CPE\nAuthorization: Pin\n"));
	assert_null(strstr(out, "4411"));
	assert_null(strstr(out, "81735"));
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin") "Authorization: 81735\r\n",
				   SV("<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><GetTicket Pin='81735'/></s:Body></s:Envelope>")), 500);
	kept(w, "pin", out);
	assert_non_null(strstr(out, "<GetTicket Pin='99999'/>"));
	assert_null(strstr(out, "81735"));
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/cert"), SV("<x/>")), 500);
	kept(w, "cert", out);
	assert_int_equal(status_of(w, HTTP_IN, "POST " CERTPROV " HTTP/1.1\r\nContent-Type: text/plain\r\n", SV("give 1 root")), 415);
	kept(w, "chain", out);
	assert_non_null(strstr(out, "xxxx 9 xxxx"));
	assert_int_equal(fake.pins, 0);
}

static void captures_are_masked(void **state)
{
	struct world *w = *state;
	struct buf b = {0}, m = {0};
	char out[4096];

	pin_request(&b, "Zoe 4411", "Pw81735");
	web_mask(&m, buf_view(&b));
	assert_false(has(&m, "4411") || has(&m, "81735") || has(&m, "Zoe") || has(&m, "Pw"));
	assert_true(has(&m, "<wsse:Username>xxx 9999</wsse:Username>") && has(&m, NS_WSSE));
	buf_clear(&m);
	web_mask(&m, SV("<a pin='81735' ns='http://x/2004' b=\"ODE3MzU=\">ODE3MzU=</a>"));
	assert_true(sv_eq(buf_view(&m), SV("<a pin='99999' ns='http://x/2004' b=\"xxx9xxx=\">xxx9xxx=</a>")));
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 500);
	kept(w, "pin", out);
	assert_non_null(strstr(out, "xxx 9999"));
	assert_null(strstr(out, "81735"));
	buf_free(&b);
	buf_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(hostile_bodies), T(captures_are_masked), T(what_nobody_reads_is_kept),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
