/* The 49 messages of RFC 4475 (tests/vectors/rfc4475): which are read, which are refused, and with what status.
 *
 * One file is one message that came whole; a message that wants more octets than there are is refused as well.
 */
#include "tests/support/check.h"

#include "wire/sip.h"

static const struct {
	const char *file, *section;
	unsigned status; /* 0: read */
} rows[] = {
	{"wsinv", "3.1.1.1", 0},       {"intmeth", "3.1.1.2", 0},    {"esc01", "3.1.1.3", 0},
	{"escnull", "3.1.1.4", 0},     {"esc02", "3.1.1.5", 0},	     {"lwsdisp", "3.1.1.6", 0},
	{"longreq", "3.1.1.7", 0},     {"dblreq", "3.1.1.8", 0},     {"semiuri", "3.1.1.9", 0},
	{"transports", "3.1.1.10", 0}, {"mpart01", "3.1.1.11", 0},   {"unreason", "3.1.1.12", 0},
	{"noreason", "3.1.1.13", 0},   {"badinv01", "3.1.2.1", 400}, {"clerr", "3.1.2.2", 400},
	{"ncl", "3.1.2.3", 400},       {"scalar02", "3.1.2.4", 400}, {"scalarlg", "3.1.2.5", 400},
	{"quotbal", "3.1.2.6", 400},   {"ltgtruri", "3.1.2.7", 400}, {"lwsruri", "3.1.2.8", 400},
	{"lwsstart", "3.1.2.9", 400},  {"trws", "3.1.2.10", 400},    {"escruri", "3.1.2.11", 400},
	{"baddate", "3.1.2.12", 400},  {"regbadct", "3.1.2.13", 400}, {"badaspec", "3.1.2.14", 400},
	{"baddn", "3.1.2.15", 400},    {"badvers", "3.1.2.16", 505}, {"mismatch01", "3.1.2.17", 400},
	{"mismatch02", "3.1.2.18", 400}, {"bigcode", "3.1.2.19", 400},
	/* Well-formed for the parser; what an application makes of them is its own business, except where RFC 3261
	 * gives any element the answer (headers missing or repeated, unknown scheme, unknown extension). */
	{"badbranch", "3.2.1", 0},     {"insuf", "3.3.1", 400},	     {"unkscm", "3.3.2", 416},
	{"novelsc", "3.3.3", 416},     {"unksm2", "3.3.4", 0},	     {"bext01", "3.3.5", 420},
	{"invut", "3.3.6", 0},	       {"regaut01", "3.3.7", 0},     {"multi01", "3.3.8", 400},
	{"mcl01", "3.3.9", 400},       {"bcast", "3.3.10", 0},	     {"zeromf", "3.3.11", 0},
	{"cparam01", "3.3.12", 0},     {"cparam02", "3.3.13", 0},    {"regescrt", "3.3.14", 0},
	{"sdp01", "3.3.15", 0},	       {"inv2543", "3.4.1", 0},
};

static void file_of(struct buf *b, const char *name)
{
	const char *dir = getenv("TEST_VECTORS");
	char path[4096];

	snprintf(path, sizeof path, "%s/rfc4475/%s.dat", dir ? dir : "tests/vectors", name);
	if (file_read(path, 1 << 20, b) < 0)
		fail_msg("cannot read %s", path);
}

static unsigned verdict_of(const void *p, size_t n, struct msg *m, const char **why)
{
	struct msg_error e = {0};
	unsigned status = 0;
	size_t used;

	switch (msg_scan(p, n, MSG_SIP, 1 << 17, m, &used, &e)) {
	case MSG_BAD:
		*why = e.why;
		return e.status;
	case MSG_PARTIAL:
		*why = "it ends too early";
		return 400;
	case MSG_OK:
		break;
	}
	*why = sip_check(m, &status);
	return *why ? status : 0;
}

static void torture(void **state)
{
	(void)state;
	assert_int_equal(sizeof rows / sizeof *rows, 49);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = {0};
		const char *why = NULL;
		struct msg m;
		uint8_t *c;
		unsigned status;

		file_of(&b, rows[i].file);
		c = exact_copy(b.p, b.n, b.n);
		status = verdict_of(c, b.n, &m, &why);
		if (status != rows[i].status)
			fail_msg("%s (%s): %u, %s; expected %u", rows[i].file, rows[i].section, status, why, rows[i].status);
		free(c);
		/* some files end before the empty line: with it they are refused (or read) no less, and for what they are */
		buf_str(&b, "\r\n");
		status = verdict_of(b.p, b.n, &m, &why);
		if (status != rows[i].status || (strcmp(why ? why : "", "it ends too early") == 0 && strcmp(rows[i].file, "clerr") != 0))
			fail_msg("%s with its empty line: %u, %s; expected %u", rows[i].file, status, why, rows[i].status);
		buf_free(&b);
	}
}

/* Cut at every length, and with every octet changed: judged, one way or the other, without a step too far. */
static void cut_and_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = {0};
		const char *why;
		struct msg m;

		file_of(&b, rows[i].file);
		for (size_t n = 0; n < b.n; n++) {
			uint8_t *c = exact_copy(b.p, b.n, n);

			verdict_of(c, n, &m, &why);
			free(c);
		}
		if (b.n < 1000)
			for (size_t n = 0; n < b.n; n++) {
				uint8_t *c = exact_copy(b.p, b.n, b.n);

				c[n] = "\0\"<>;,=%@\r\n\\:? "[n % 15];
				verdict_of(c, b.n, &m, &why);
				free(c);
			}
		buf_free(&b);
	}
}

/* What the tortuous INVITE says, in spite of its looks. */
static void what_wsinv_says(void **state)
{
	struct buf b = {0};
	const char *why = NULL;
	struct msg m;
	struct sip_addr a;
	uint32_t number = 0;
	struct sv method;

	(void)state;
	file_of(&b, "wsinv");
	assert_int_equal(verdict_of(b.p, b.n, &m, &why), 0);
	assert_true(sip_addr_read(msg_get(&m, "To"), &a));
	assert_true(sv_eq(a.uri, SV("sip:vivekg@chair-dnrc.example.com")));
	assert_true(sv_eq(sip_param(a.params, "TAG"), SV("1918181833n")));
	assert_true(sip_addr_read(msg_get(&m, "From"), &a));
	assert_true(sv_eq(a.display, SV("J Rosenberg \\\\\\\"")) && sv_eq(sip_param(a.params, "tag"), SV("98asjd8")));
	assert_true(sip_cseq_read(msg_get(&m, "CSeq"), &number, &method) && number == 9 && sv_eq(method, SV("INVITE")));
	assert_true(sip_addr_read(msg_get(&m, "Contact"), &a));
	assert_true(sv_eq(sip_param(a.params, "newparam"), SV("newvalue")) && sv_eq(sip_param(a.params, "q"), SV("0.33")));
	assert_true(sip_param(a.params, "secondparam").p && sip_param(a.params, "secondparam").n == 0);
	assert_null(sip_param(a.params, "absent").p);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(torture), cmocka_unit_test(cut_and_changed),
					   cmocka_unit_test(what_wsinv_says)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
