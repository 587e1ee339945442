/* The doctor: records read back: v = 2 as it is written today, v = 1 of earlier versions, bundles. */
#include "doctor/diagnose.h"
#include "tests/support/check.h"

static const char head[] = "{\"v\":2,\"t\":\"2026-11-18T09:00:00Z\",\"run\":\"r1\",\"mac\":\"00:04:f2:00:01:76\",\"model\":\"cx600\",";

static void add(struct buf *to, const char *members)
{
	buf_printf(to, "%s%s}\n", head, members);
}

static void add_v1(struct buf *to, const char *members)
{
	buf_printf(to, "{\"v\":1,\"run\":\"r1\",%s}\n", members);
}

static const char *read_all(struct doctor_run *r, const struct buf *text, struct why *why)
{
	uint8_t *in = exact_copy(text->n ? text->p : (const uint8_t *)"", text->n, text->n);
	const char *bad = doctor_run_read(r, (const char *)in, text->n, why);

	free(in);
	return bad;
}

/* Every field comes back as it was; what a later version adds is passed over. */
static void facts_come_back(void **state)
{
	struct doctor_run r = {0};
	struct buf text = {0};
	struct why why = {0};
	const struct doctor_line *l;

	(void)state;
	add(&text, "\"kind\":\"attempt\",\"stage\":9,\"ok\":false,\"error\":\"connect\",\"fault\":\"network\",\"retry\":true,"
		   "\"signs\":[\"cert-other-name\",\"of-the-future\",\"tls-alert\"],\"host\":\"fe01\",\"domain\":\"d.test\","
		   "\"cert\":\"other\",\"said\":\"no\",\"address\":\"10.66.0.1\",\"port\":5061,\"vlan\":66,\"option\":43,"
		   "\"suboption\":5,\"alert\":116,\"rcode\":2,\"http\":404,\"sip\":403,\"diag\":4003,\"seconds\":30,\"by\":\"10.66.0.9\",\"off\":-7,"
		   "\"candidate\":\"stored\",\"future\":{}");
	add(&text, "\"kind\":\"heard\",\"stage\":1,\"frames\":9,\"lldp\":3,\"cdp_vlan\":66");
	add(&text, "\"kind\":\"probe\",\"stage\":3,\"try\":\"a x\",\"ok\":true,\"found\":\"10.0.0.1\","
		   "\"signs\":[\"asked-wildcard\"],\"host\":\"x\",\"address\":\"10.0.0.1\"");
	add(&text, "\"kind\":\"finding\",\"stage\":77");
	add(&text, "\"kind\":\"result\",\"stage\":9,\"ok\":false,\"error\":\"connect\",\"status\":9");
	assert_null(read_all(&r, &text, &why));
	assert_int_equal(r.n, 2);
	l = &r.line[0];
	assert_int_equal(l->failure, DT_F_CONNECT);
	assert_int_equal(l->sign[0], DT_SIGN_CERT_OTHER_NAME);
	assert_int_equal(l->sign[1], DT_SIGN_TLS_ALERT);
	assert_int_equal(l->sign[2], DT_SIGN_NONE);
	assert_string_equal(l->fact.host, "fe01");
	assert_string_equal(l->fact.domain, "d.test");
	assert_string_equal(l->fact.cert, "other");
	assert_string_equal(l->fact.said, "no");
	assert_int_equal(l->fact.address, 0x0a420001);
	assert_int_equal(l->fact.port, 5061);
	assert_int_equal(l->fact.vlan, 66);
	assert_int_equal(l->fact.option, 43);
	assert_int_equal(l->fact.sub, 5);
	assert_int_equal(l->fact.alert, 116);
	assert_int_equal(l->fact.rcode, 2);
	assert_int_equal(l->fact.http, 404);
	assert_int_equal(l->fact.sip, 403);
	assert_int_equal(l->fact.diag, 4003);
	assert_int_equal(l->fact.seconds, 30);
	assert_int_equal(l->fact.by, 0x0a420009);
	assert_true(l->fact.off_s == -7);
	assert_int_equal(l->fact.candidate, DT_CAND_STORED);
	assert_true(r.has_observed && r.observed.frames == 9 && r.observed.lldp == 3 && r.observed.cdp_vlan == 66);
	assert_int_equal(r.answers, 1);
	assert_true(r.answer[0].ok && dt_signs_have(r.answer[0].sign, DT_SIGN_ASKED_WILDCARD));
	assert_int_equal(r.answer[0].fact.address, 0x0a000001);
	doctor_run_free(&r);
	buf_free(&text);
}

/* Lines that dialtone 0.1.0 wrote. */
static void version_1_is_read(void **state)
{
	/* clang-format off */
	static const struct {
		const char *attempt; /* its members from "try" on */
		int at;
		const char *code, *ids;
	} rows[] = {
		{"\"try\":\"dhcp-vlan\",\"why\":\"an answer came, without option 43 sub-option 10\"", 1, "vlan-none", "V-08"},
		{"\"try\":\"dhcp\",\"why\":\"no OFFER to any DISCOVER, on VLAN 66\"", 2, "dhcp-silent", "V-07"},
		{"\"try\":\"dhcp\",\"why\":\"no OFFER to any DISCOVER, untagged\"", 2, "dhcp-silent", "I-01"},
		{"\"try\":\"dhcp-inform\",\"why\":\"option 120: encoding 7 is neither 0 nor 1\"", 5, "uc-bad", "R-07"},
		{"\"try\":\"dhcp-inform\",\"why\":\"option 43: sub-option 1 is not MS-UC-Client\"", 5, "uc-bad", "R-05"},
		{"\"try\":\"root chain http://web.contoso.test/CertProv\",\"peer\":\"10.20.0.11:80\"", 6, "connect", "C-13"},
		{"\"try\":\"root chain http://web.contoso.test:8080/CertProv\",\"peer\":\"10.20.0.11:8080\"", 6, "connect", "R-06"},
		{"\"try\":\"update 4.0\",\"peer\":\"10.20.0.11:80\",\"why\":\"HTTP 404 for the image\"", 4, "update-fetch", "U-06"},
		{"\"try\":\"web ticket pin\",\"why\":\"the server says 28020: the PIN is locked\"", 7, "pin-refused", "A-01"},
		{"\"try\":\"web ticket pin\",\"why\":\"HTTP 403\"", 7, "pin-refused", "A-02"},
		{"\"try\":\"register\",\"why\":\"403 Forbidden: 17000 The client version is blocked by policy\"", 9, "sip-forbidden", "L-05"},
		{"\"try\":\"registrar last known good old.contoso.test:5061\",\"peer\":\"10.0.0.9:5061\"", 9, "connect", "E-03"}, /* without stage 1: outside */
		{"\"try\":\"registrar home pool p2.contoso.test:5061\",\"peer\":\"10.0.0.9:5061\"", 9, "connect", "L-04"},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct doctor_run r = {0};
		struct doctor_finding f[4];
		struct buf text = {0};
		struct why why = {0};
		char line[400];

		snprintf(line, sizeof line, "\"kind\":\"attempt\",\"stage\":%d,\"ok\":false,\"ms\":5,\"error\":\"%s\",%s", rows[i].at,
			 rows[i].code, rows[i].attempt);
		add_v1(&text, line);
		add_v1(&text, "\"kind\":\"probe\",\"stage\":3,\"try\":\"a x\",\"ok\":true,\"found\":\"words only\"");
		snprintf(line, sizeof line, "\"kind\":\"result\",\"stage\":%d,\"ok\":false,\"error\":\"%s\"", rows[i].at, rows[i].code);
		add_v1(&text, line);
		if (read_all(&r, &text, &why))
			fail_msg("row %zu: %s", i, why.text);
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		if (f[0].ncause == 0 || strcmp(f[0].cause[0]->id, rows[i].ids) != 0)
			fail_msg("row %zu: %s, not %s", i, f[0].ncause ? f[0].cause[0]->id : "nothing", rows[i].ids);
		doctor_run_free(&r);
		buf_free(&text);
	}
}

/* Today's record says it in codes: its sentences are nobody's business. */
static void version_2_has_no_sentences(void **state)
{
	struct doctor_run r = {0};
	struct doctor_finding f[4];
	struct buf text = {0};
	struct why why = {0};

	(void)state;
	add(&text, "\"kind\":\"attempt\",\"stage\":2,\"ok\":false,\"error\":\"dhcp-silent\",\"why\":\"no OFFER, on VLAN 66\"");
	add(&text, "\"kind\":\"result\",\"stage\":2,\"ok\":false,\"error\":\"dhcp-silent\"");
	assert_null(read_all(&r, &text, &why));
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_string_equal(f[0].cause[0]->id, "I-01");
	doctor_run_free(&r);
	buf_free(&text);
}

/* What --bundle wrote can be judged again. */
static void bundles_are_read(void **state)
{
	struct doctor_run r = {0};
	struct doctor_finding f[4];
	struct buf text = {0};
	struct why why = {0};

	(void)state;
	buf_printf(&text, "{\n \"v\": 2, \"findings\": [],\n \"probes\": [{\"v\":2,\"kind\":\"probe\",\"stage\":5,\"ok\":true,"
			  "\"signs\":[\"asked-uc-discover\"]}],\n \"record\": [%s\"kind\":\"attempt\",\"stage\":5,\"ok\":false,"
			  "\"error\":\"uc-silent\"},\n%s\"kind\":\"result\",\"stage\":5,\"ok\":false,\"error\":\"uc-silent\"}]\n}\n", head, head);
	assert_null(read_all(&r, &text, &why));
	assert_int_equal(r.answers, 1);
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_string_equal(f[0].cause[0]->cause, "the DHCP server has the options for the phones' class, and gives them with a lease, "
						   "but does not answer DHCPINFORM");
	doctor_run_free(&r);
	buf_free(&text);
}

static void broken_records_are_refused(void **state)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", "\n\n", "x\n", "[]\n", "{}\n",
		"{\"v\":3,\"kind\":\"attempt\",\"stage\":1,\"ok\":true}\n",
		"{\"kind\":\"attempt\",\"stage\":1,\"ok\":true}\n",
		"{\"v\":2,\"kind\":\"attempt\",\"stage\":1,\"ok\":true,\"port\":65536}\n",
		"{\"v\":2,\"kind\":\"attempt\",\"stage\":1,\"ok\":true,\"option\":256}\n",
		"{\"v\":2,\"kind\":\"attempt\",\"stage\":1,\"ok\":true,\"vlan\":-1}\n",
		"{\"v\":2,\"kind\":\"attempt\",\"stage\":1,\"ok\":true,\"address\":\"10.0.0.256\"}\n",
		"{\"v\":2,\"kind\":\"attempt\",\"stage\":1,\"ok\":true,\"host\":7}\n",
		"{\"v\":2,\"record\":[]}\n",
		"{\"v\":2,\"record\":[7]}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":10,\"ok\":true}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":-1,\"ok\":true}\n",
		"{\"v\":1,\"kind\":\"dream\",\"stage\":1,\"ok\":true}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":1,\"ok\":false}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":1,\"ok\":false,\"error\":\"fate\"}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":1,\"stage\":2,\"ok\":true}\n",
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct why why = {0};
		struct doctor_run r = {0};
		struct buf text = {0};

		buf_str(&text, bad[i]);
		assert_non_null(read_all(&r, &text, &why));
		assert_true(why.text[0]);
		doctor_run_free(&r);
		buf_free(&text);
	}
}

/* Cut anywhere, a record is read or refused, and a run without a result is not taken for one that ended. */
static void cut_anywhere(void **state)
{
	struct buf text = {0};
	struct why why = {0};

	(void)state;
	add(&text, "\"kind\":\"attempt\",\"stage\":2,\"ok\":true,\"ms\":31,\"found\":\"10.66.0.101/24\"");
	add(&text, "\"kind\":\"result\",\"stage\":9,\"ok\":true,\"status\":0");
	for (size_t n = 0; n < text.n; n++) {
		struct doctor_run r = {0};
		uint8_t *in = exact_copy(text.p, text.n, n);
		struct doctor_finding f[2];

		if (doctor_run_read(&r, (const char *)in, n, &why) == NULL && n < text.n - 1) {
			assert_null(doctor_run_result(&r));
			assert_int_equal(doctor_diagnose(&r, f, 2), 1);
			assert_int_equal(f[0].verdict, DOCTOR_UNKNOWN);
		}
		doctor_run_free(&r);
		free(in);
	}
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(facts_come_back),
	    cmocka_unit_test(version_1_is_read),
	    cmocka_unit_test(version_2_has_no_sentences),
	    cmocka_unit_test(bundles_are_read),
	    cmocka_unit_test(broken_records_are_refused),
	    cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
