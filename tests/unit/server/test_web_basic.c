/* tests/unit/server/test_web_basic.c: number and PIN by HTTP Basic, as a real server was recorded [web-services 6.3]. */
#include "base/enc.h"
#include "tests/support/web_world.h"
#include "wire/well_known.h"

#define PIN_PORT SOAP_POST(WTS "/pin")

/* The head with Basic credentials. */
static const char *with(const char *credentials)
{
	static char head[1024];
	struct buf b = {0};

	b64_add(&b, credentials, strlen(credentials));
	snprintf(head, sizeof head, PIN_PORT "Authorization: Basic %s\r\n", buf_cstr(&b));
	buf_free(&b);
	return head;
}

/* RFC 9110 15.5.2: "The server generating a 401 response MUST send a WWW-Authenticate header field"; RFC 7617 2: "The authentication
 * parameter 'realm' is REQUIRED".  [web-services 6.3]: "The client is WCF: it sends the RST once without credentials, gets the bare 401." */
static void asked_for(void **state)
{
	struct world *w = *state;
	struct web_answer a;
	struct buf b = {0};

	assert_int_equal(go(w, HTTPS_IN, PIN_PORT, vector(&b, "soap/issue_sipe.xml"), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "Basic realm =\"LYNC\"");
	assert_null(answer_header(&a, "Warning"));
	assert_null(answer_header(&a, "X-Ms-diagnostics"));
	assert_int_equal(fake.pins, 0);
	web_answer_clear(&a);
	/* never on plain HTTP, and not outside where no PIN is taken */
	assert_int_equal(status_of(w, HTTP_IN, with("4411:81735"), buf_view(&b)), 403);
	assert_int_equal(status_of(w, HTTPS_OUT, PIN_PORT, buf_view(&b)), 500);
	assert_int_equal(fake.pins, 0);
	buf_free(&b);
}

static void each_user_name(void **state)
{
	static const struct {
		const char *credentials, *user; /* user: as the vault is asked; NULL: it is not */
	} rows[] = {
		{"+14255551219:81735", "+14255551219"},	      {"tel:+14255551219:81735", "tel:+14255551219"},
		{"tel:+14255551219;ext=1219:81735", "tel:+14255551219;ext=1219"},
		{"4411:81735", "4411"},			      {"sip:anna@contoso.test:81735", "anna@contoso.test"},
		{"anna@contoso.test:81735", "anna@contoso.test"}, {"anna:81735", NULL},
		{"@contoso.test:81735", NULL},		      {"sip:anna@:81735", NULL},
		{"4411", NULL},				      {"4411:", NULL},
		{":81735", NULL},			      {"4411:nopin", NULL},
		{"", NULL},
	};
	struct world *w = *state;
	struct buf b = {0};

	vector(&b, "soap/issue_sipe.xml");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned before = fake.pins, status = status_of(w, HTTPS_IN, with(rows[i].credentials), buf_view(&b));

		if (status != (rows[i].user ? 200 : 401) || fake.pins - before != (rows[i].user != NULL))
			fail_msg("%s: %u, asked %u times", rows[i].credentials, status, fake.pins - before);
		if (rows[i].user) {
			assert_string_equal(fake.number, rows[i].user);
			assert_string_equal(fake.pin_typed, "81735");
		}
	}
	buf_free(&b);
}

/* The recorded head, and the same for every reason: "locked, expired, unknown, not set alike on the wire". */
static void refused(void **state)
{
	static const char *const whys[] = {"no user has this number", "wrong PIN", "the PIN is locked for an hour", "no PIN is set", NULL};
	struct world *w = *state;
	struct buf b = {0}, first = {0}, head = {0};

	vector(&b, "soap/issue_sipe.xml");
	fake.pin = VAULT_REFUSED;
	for (size_t i = 0; i < sizeof whys / sizeof *whys; i++) {
		struct web_answer a;

		fake.why = whys[i];
		assert_int_equal(go(w, HTTPS_IN, with(whys[i] ? "4411:81735" : "nobody:x"), buf_view(&b), &a), 401);
		assert_string_equal(answer_header(&a, "WWW-Authenticate"), "Basic realm =\"LYNC\"");
		if (i == 0) {
			char want[400];

			snprintf(want, sizeof want, "120 %s \"InvalidPin\"", w->site.fqdn);
			assert_string_equal(answer_header(&a, "Warning"), want);
			snprintf(want, sizeof want,
				 "28003;source=\"%s\";reason=\"The pin is invalid.\";faultcode=\"wsse:FailedAuthentication\"",
				 w->site.fqdn);
			assert_string_equal(answer_header(&a, "X-Ms-diagnostics"), want);
			assert_string_equal(answer_header(&a, "X-MS-Server-Fqdn"), w->site.fqdn);
			assert_string_equal(a.type, "text/html");
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

/* A user changes the PIN: by number and old PIN, or by the password over NTLM [pin.c]. */
static const char *change(const char *credentials)
{
	static char head[1200];

	snprintf(head, sizeof head, "%s", with(credentials));
	memmove(head + strlen("POST " PIN_PATH), strchr(head + 5, ' '), strlen(strchr(head + 5, ' ')) + 1);
	memcpy(head, "POST " PIN_PATH, strlen("POST " PIN_PATH));
	return head;
}

static void pin_is_changed(void **state)
{
	static const struct {
		const char *body;
		const char *fresh; /* NULL: the vault is not asked */
	} bodies[] = {{"628194", "628194"}, {"new=628194\r\n", "628194"}, {"", NULL}, {"62819x", NULL}, {"new=", NULL},
		      {"1234567890123456789012345", NULL}};
	static const struct {
		enum vault_status vault;
		unsigned status;
	} ends[] = {{VAULT_OK, 200}, {VAULT_MALFORMED, 422}, {VAULT_REFUSED, 401}, {VAULT_NOT_FOUND, 401}, {VAULT_NOT_ENABLED, 403},
		    {VAULT_METHOD_OFF, 403}, {VAULT_UNAVAILABLE, 503}, {VAULT_WAIT, 503}};
	struct world *w = *state;
	struct web_answer a;

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		unsigned before = fake.changes;

		fake.changed = VAULT_OK;
		assert_int_equal(status_of(w, HTTPS_IN, change("4411:81735"), sv_of(bodies[i].body)), bodies[i].fresh ? 200 : 400);
		assert_int_equal(fake.changes - before, bodies[i].fresh != NULL);
		if (bodies[i].fresh)
			assert_string_equal(fake.change.pin_change.fresh, bodies[i].fresh);
	}
	assert_string_equal(fake.change.pin_change.number, "4411");
	assert_string_equal(fake.change.pin_change.pin, "81735");
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		fake.changed = ends[i].vault;
		fake.why = "it repeats its digits";
		assert_int_equal(go(w, HTTPS_IN, change("4411:81735"), SV("628194"), &a), ends[i].status);
		/* what the policy says is for who has proved who it is */
		assert_int_equal(memmem(a.body.p, a.body.n, "The new PIN is refused: it repeats its digits.", 46) != NULL,
				 ends[i].vault == VAULT_MALFORMED);
		assert_string_equal(answer_header(&a, "Cache-Control"), ends[i].status == 401 ? "private" : "no-store");
		web_answer_clear(&a);
	}
	assert_int_equal(status_of(w, HTTPS_IN, "POST " PIN_PATH " HTTP/1.1\r\n", SV("628194")), 401);
	assert_int_equal(status_of(w, HTTP_IN, change("4411:81735"), SV("628194")), 403);
	assert_int_equal(status_of(w, HTTPS_OUT, change("4411:81735"), SV("628194")), 403); /* where no PIN is taken */
}

int main(void)
{
	const struct CMUnitTest tests[] = {T(asked_for), T(each_user_name), T(refused), T(pin_is_changed)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
