/* TLS secrets leave a connection only when no credentials went over it. */
#include "host/internal.h"
#include "tests/support/check.h"

static unsigned given, heads;
static char last_head[64];

static void on_packet(void *arg, const uint8_t *frame, size_t n)
{
	(void)arg;
	(void)frame;
	(void)n;
}

static void on_secret(void *arg, const char *lines)
{
	(void)arg;
	assert_string_equal(lines, "CLIENT_RANDOM 00 11\n");
	given++;
}

static void on_opened(void *arg, const struct dt_stream_conf *to, const struct dt_stream_opened *o)
{
	(void)arg;
	(void)to;
	(void)o;
}

static void on_head(void *arg, const struct dt_stream_conf *to, struct sv head)
{
	(void)arg;
	assert_int_equal(to->port, 443);
	sv_copy(last_head, sizeof last_head, head);
	heads++;
}

static const struct host_witness witness = {on_packet, on_secret, on_opened, on_head, NULL};

/* Whether the secrets are given after this was sent, in two pieces that are cut at each octet. */
static bool secrets_after(const char *sent)
{
	struct host h = {.witness = &witness};
	unsigned before = given, n = 0;

	for (size_t cut = 0; cut <= strlen(sent); cut++, n++) {
		struct witnessed w = {.port = 443};

		buf_add(&w.secrets, "CLIENT_RANDOM 00 11\n", 20);
		witness_sent(&h, &w, sent, cut);
		witness_sent(&h, &w, sent + cut, strlen(sent) - cut);
		witness_end(&h, &w);
		assert_null(w.secrets.p);
		witness_end(&h, &w); /* not twice */
	}
	assert_true(given == before || given == before + n); /* wherever it was cut */
	return given != before;
}

static void credentials(void **state)
{
	(void)state;
	assert_true(secrets_after("POST /RequestHandler/ucdevice.upx HTTP/1.1\r\nHost: fe01\r\n\r\n<Request/>"));
	assert_true(secrets_after("REGISTER sip:contoso.test SIP/2.0\r\nAuthorization: TLS-DSK qop=\"auth\", gssapi-data=\"FgM\"\r\n\r\n"));
	assert_false(secrets_after("POST /WebTicket HTTP/1.1\r\nAuthorization: Basic NDQxMTo0ODI5MTU=\r\n\r\n"));
	assert_false(secrets_after("POST /WebTicket HTTP/1.1\r\nAUTHORIZATION: basic x\r\n\r\n"));
	assert_false(secrets_after("REGISTER sip:contoso.test SIP/2.0\r\nAuthorization: NTLM qop=\"auth\"\r\n\r\n"));
	assert_false(secrets_after("REGISTER x SIP/2.0\r\nProxy-Authorization: Kerberos\r\n\r\n"));
	assert_false(secrets_after("<saml:Assertion AssertionID=\"x\">"));
	assert_false(secrets_after("<wst:BinarySecret>AAAA</wst:BinarySecret>"));
	assert_false(secrets_after("<wsse:UsernameToken>"));
	assert_false(secrets_after("<wsse:Password>"));
	assert_false(secrets_after("x\r\nAuthorization:")); /* nobody knows what was to follow */
}

static void head_of_an_answer(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n<body/>";
	struct host h = {.witness = &witness};

	(void)state;
	for (size_t cut = 0; cut < sizeof answer - 1; cut++) {
		struct witnessed w = {.port = 443};

		heads = 0;
		witness_got(&h, &w, answer, cut);
		witness_got(&h, &w, answer + cut, sizeof answer - 1 - cut);
		witness_got(&h, &w, answer, sizeof answer - 1); /* the second answer is not given */
		witness_end(&h, &w);
		assert_int_equal(heads, 1);
		assert_string_equal(last_head, "HTTP/1.1 200 OK\r\nServer: x");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(credentials), cmocka_unit_test(head_of_an_answer)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
