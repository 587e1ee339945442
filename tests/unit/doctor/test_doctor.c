/* The doctor: records read back, and what it makes of them. */
#include "doctor/ask_dhcp.h"
#include "doctor/diagnose.h"
#include "tests/support/check.h"
#include "wire/dhcp.h"
#include "wire/eth.h"

static const char head[] = "{\"v\":1,\"t\":\"2026-11-18T09:00:00Z\",\"run\":\"r1\",\"mac\":\"00:04:f2:00:01:76\",\"model\":\"cx600\",";

static void add(struct buf *to, const char *members)
{
	buf_printf(to, "%s%s}\n", head, members);
}

static const char *read_all(struct doctor_run *r, const struct buf *text, char why[200])
{
	uint8_t *in = exact_copy(text->n ? text->p : (const uint8_t *)"", text->n, text->n);
	const char *bad = doctor_run_read(r, (const char *)in, text->n, why, 200);

	free(in);
	return bad;
}

/* clang-format off */
static const struct {
	const char *attempt, *stage; /* members of the attempt's and the stage's line */
	int at;
	const char *code, *cause; /* the failure, and the id of the likeliest cause */
	unsigned lldp, cdp_vlan, frames; /* heard; frames 0: not known what was heard */
} cases[] = {
	{"\"try\":\"dhcp\",\"why\":\"4 DISCOVERs, no OFFER\"", "", 2, "dhcp-silent", "I-01", 0, 0, 0},
	{"\"try\":\"dhcp\",\"why\":\"no OFFER on VLAN 66\"", "", 2, "dhcp-silent", "V-07", 1, 0, 3},
	{"\"try\":\"dhcp-inform\"", "", 5, "uc-silent", "R-01", 0, 0, 0},
	{"\"try\":\"option 120\",\"why\":\"option 120: encoding 1\"", "", 5, "uc-bad", "R-07", 0, 0, 0},
	{"\"try\":\"root chain\",\"peer\":\"10.20.0.11:80\"", "", 6, "connect", "C-13", 0, 0, 0},
	{"\"try\":\"web ticket\"", "", 7, "pin-refused", "A-02", 0, 0, 0},
	{"\"try\":\"web ticket\",\"why\":\"the account is locked\"", "", 7, "pin-refused", "A-01", 0, 0, 0},
	{"\"try\":\"sip\"", "", 9, "tls-name", "C-10", 0, 0, 0},
	{"\"try\":\"sip\"", "", 9, "tls-untrusted", "C-03", 0, 0, 0},
	{"\"try\":\"register\",\"why\":\"version not allowed\"", "", 9, "sip-forbidden", "L-05", 0, 0, 0},
};
/* clang-format on */

static void failed_stage_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct doctor_run r = {0};
		struct doctor_finding f[4];
		struct buf text = {0};
		char line[400], why[200] = "";

		snprintf(line, sizeof line, "\"kind\":\"attempt\",\"stage\":%d,\"ok\":false,\"ms\":5,\"error\":\"%s\",%s", cases[i].at,
			 cases[i].code, cases[i].attempt);
		add(&text, line);
		snprintf(line, sizeof line, "\"kind\":\"stage\",\"stage\":%d,\"ok\":false,\"error\":\"%s\"", cases[i].at, cases[i].code);
		add(&text, line);
		snprintf(line, sizeof line, "\"kind\":\"result\",\"stage\":%d,\"ok\":false,\"error\":\"%s\",\"status\":%d", cases[i].at,
			 cases[i].code, cases[i].at);
		add(&text, line);
		assert_null(read_all(&r, &text, why));
		r.has_heard = cases[i].frames > 0;
		r.heard = (struct host_heard){.frames = cases[i].frames, .lldp = cases[i].lldp, .cdp_vlan = cases[i].cdp_vlan};
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		assert_int_equal(f[0].verdict, DOCTOR_FAIL);
		assert_int_equal(f[0].stage, cases[i].at);
		assert_true(f[0].ncause > 0);
		assert_string_equal(f[0].cause[0]->id, cases[i].cause);
		assert_int_equal(f[0].evidence->kind, DT_REC_ATTEMPT);
		doctor_run_free(&r);
		buf_free(&text);
	}
}

/* The observations on the port decide between the causes of a missing VLAN. */
static void ears_decide(void **state)
{
	static const struct {
		struct host_heard heard;
		const char *cause;
	} ports[] = {
	    {{.frames = 0}, "V-12"},
	    {{.frames = 9, .lldp = 3}, "V-02"},
	    {{.frames = 9, .lldp = 3, .med = 3}, "V-02"},
	    {{.frames = 9, .lldp = 3, .port_vlan = 10}, "V-06"},
	    {{.frames = 9, .lldp = 3, .med = 3, .voice_none = 3}, "V-03"},
	    {{.frames = 9, .lldp = 3, .med = 3, .voice_unknown = 3, .port_vlan = 10}, "V-04"},
	    {{.frames = 9, .lldp = 3, .med = 3, .voice = 3, .cdp = 2, .cdp_vlan = 66}, "V-08"}, /* a voice policy came, too late */
	    {{.frames = 9, .cdp = 2, .cdp_vlan = 66}, "V-05"},
	    {{.frames = 9}, "V-01"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		struct doctor_run r = {.has_heard = true, .heard = ports[i].heard};
		struct doctor_finding f[4];
		struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true};
		struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_VLAN, .what = "dhcp-vlan", .failure = DT_F_VLAN_NONE,
					  .why = "an answer came, without option 43 sub-option 10"};
		struct dt_record vlan = {.kind = DT_REC_STAGE, .stage = DT_STAGE_VLAN, .ok = true, .skipped = true,
					 .failure = DT_F_VLAN_NONE};

		assert_true(doctor_run_add(&r, &tried));
		assert_true(doctor_run_add(&r, &vlan));
		assert_true(doctor_run_add(&r, &end));
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		assert_int_equal(f[0].verdict, DOCTOR_WARN); /* the phone had dial tone */
		assert_string_equal(f[0].cause[0]->id, ports[i].cause);
		doctor_run_free(&r);
	}
}

/* Rows that look at what the doctor asked, and at whether the phone is inside. */
static void answers_and_places_decide(void **state)
{
	static const struct {
		bool inside;
		const char *wildcard, *cause;
	} rows[] = {{true, NULL, "D-05"},
		    {false, NULL, "E-02"},
		    {true, "10.0.0.9: this name was made up just now, so the zone has a wildcard", "D-06"}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct doctor_run r = {.n = 0};
		struct doctor_finding f[4];
		struct dt_record vlan = {.kind = DT_REC_STAGE, .stage = DT_STAGE_VLAN, .ok = true};
		struct dt_record update = {.kind = DT_REC_STAGE, .stage = DT_STAGE_UPDATE, .ok = true, .skipped = true,
					   .failure = DT_F_CONNECT};
		struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true};

		if (rows[i].inside)
			assert_true(doctor_run_add(&r, &vlan));
		assert_true(doctor_run_add(&r, &update));
		assert_true(doctor_run_add(&r, &end));
		if (rows[i].wildcard) {
			r.answers = 1;
			r.answer[0].stage = DT_STAGE_FIND;
			snprintf(r.answer[0].text, sizeof r.answer[0].text, "%s", rows[i].wildcard);
		}
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		assert_string_equal(f[0].cause[0]->id, rows[i].cause);
		doctor_run_free(&r);
	}
}

/* A summary is not shown as what was seen when an attempt tells more. */
static void what_is_seen(void **state)
{
	struct doctor_run r = {.n = 0};
	struct doctor_finding f[4];
	struct dt_record other = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_DISCOVER, .what = "srv _sip._tls.a",
				  .failure = DT_F_DNS_NONE};
	struct dt_record bad = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_DISCOVER, .what = "dhcp-inform", .failure = DT_F_UC_BAD,
				.why = "option 43: sub-option 5 holds a whole URL: only its path belongs there"};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_DISCOVER, .failure = DT_F_WEB_URL_NONE};

	(void)state;
	assert_true(doctor_run_add(&r, &other));
	assert_true(doctor_run_add(&r, &bad));
	assert_true(doctor_run_add(&r, &end));
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_string_equal(f[0].cause[0]->id, "R-04");
	assert_int_equal(f[0].failure, DT_F_WEB_URL_NONE);
	assert_string_equal(f[0].evidence->what, "dhcp-inform");
	r.line[r.n - 1].failure = DT_F_TICKET_BAD; /* no cause was found by an attempt, nor any: the result itself */
	r.line[1].failure = DT_F_DNS_NONE;
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_int_equal(f[0].evidence->kind, DT_REC_RESULT);
	doctor_run_free(&r);
}

/* An odd success is a note; the same advice is given once. */
static void oddities_are_told_once(void **state)
{
	struct doctor_run r = {.n = 0};
	struct doctor_finding f[4];
	struct dt_record odd = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .what = "dhcp", .peer = "10.0.0.1", .ok = true,
				.warn = "the OFFER took 5 s"};
	struct dt_record plain = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .what = "dhcp", .ok = true,
				  .warn = "nobody knows this sentence"};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true};

	(void)state;
	assert_true(doctor_run_add(&r, &odd));
	assert_true(doctor_run_add(&r, &plain));
	assert_true(doctor_run_add(&r, &odd));
	assert_true(doctor_run_add(&r, &end));
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_int_equal(f[0].verdict, DOCTOR_WARN);
	assert_int_equal(f[0].failure, DT_F_OK);
	assert_int_equal(f[0].stage, DT_STAGE_ADDRESS);
	assert_string_equal(f[0].cause[0]->id, "I-02");
	assert_string_equal(f[0].evidence->peer, "10.0.0.1");
	doctor_run_free(&r);
}

/* The answer of a DHCP server to that question, as a frame. */
static size_t dhcp_answer(const struct ask_dhcp *q, uint8_t type, struct sv option43, struct sv option120, uint8_t out[1518])
{
	static struct dhcp d;
	uint8_t payload[DHCP_SIZE_MAX];
	struct wr w = wr_of(payload, sizeof payload), f = wr_of(out, 1518);
	struct udp u = {.src = 0x0a420001, .dst = 0xffffffff, .sport = 67, .dport = 68};

	d = (struct dhcp){.op = 2, .xid = q->xid, .type = type};
	memcpy(d.chaddr, q->mac, 6);
	d.option[43] = option43;
	d.option[120] = option120;
	dhcp_write(&w, &d);
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	eth_write(&f, q->mac, q->mac, ETH_IPV4);
	udp_write(&f, &u, 0);
	assert_true(w.err == NULL && f.err == NULL);
	return wr_n(&f);
}

/* "P: INFORM in both spellings", "DISCOVER in each spelling, compare 43" */
static void other_spellings(void **state)
{
	static const struct {
		struct sv option43, option120;
		bool has;
		const char *text;
	} rows[] = {
	    {{NULL, 0}, {NULL, 0}, false, "an answer without options 43 and 120"},
	    {SV("\x0a\x02\x00\x42"), {NULL, 0}, true, "option 43: VLAN 66"},
	    {SV("\x01\x0cMS-UC-Client\x02\x05https\x03\x06" "fe.tld\x05\x02/a"), SV("\x00\x02" "fe\x03tld\x00"), true,
	     "option 43: https://fe.tld/a; option 120: fe.tld"},
	    {SV("\x01"), SV("\x01\x0a\x00\x00\x01"), true, "option 43, unreadable; option 120: an address"},
	    {{NULL, 0}, SV("fe.tld"), false, "option 120, unreadable"},
	};

	(void)state;
	for (int inform = 0; inform < 2; inform++) {
		struct ask_dhcp q = {.class = "ms-uc-client", .mac = {2, 0, 0, 0, 0, 1}, .xid = 7, .address = inform ? 0x0a420065 : 0};
		uint8_t frame[1518];
		size_t n = ask_dhcp_write(&q, frame, sizeof frame);
		struct rd r = rd_of(frame, n), ip, m;
		struct dhcp *d = malloc(sizeof *d);
		struct eth e;
		struct udp u;
		char text[900] = "";
		bool has = false;

		assert_non_null(d);
		assert_true(eth_read(&r, &e));
		ip = rd_of(e.payload.p, e.payload.n);
		assert_true(udp_read(&ip, &u) && u.dport == 67 && u.dst == 0xffffffff && u.src == q.address);
		m = rd_of(u.payload.p, u.payload.n);
		assert_true(dhcp_read(&m, d) && d->type == (inform ? DHCP_INFORM : DHCP_DISCOVER) && d->ciaddr == q.address);
		assert_true(sv_eq(d->option[60], SV("ms-uc-client")));
		assert_true(sv_find(d->option[55], 43) >= 0 && sv_find(d->option[55], 120) >= 0);
		free(d);
		assert_int_equal(ask_dhcp_write(&q, frame, 200), 0);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			uint8_t type = inform ? DHCP_ACK : DHCP_OFFER, *cut;
			struct ask_dhcp other = q;

			n = dhcp_answer(&q, type, rows[i].option43, rows[i].option120, frame);
			assert_true(ask_dhcp_read(&q, frame, n, &has, text, sizeof text));
			assert_int_equal(has, rows[i].has);
			assert_string_equal(text, rows[i].text);
			other.xid = 8;
			assert_false(ask_dhcp_read(&other, frame, n, &has, text, sizeof text));
			for (size_t k = 0; k < n; k++) {
				cut = exact_copy(frame, n, k);
				assert_false(ask_dhcp_read(&q, cut, k, &has, text, sizeof text));
				free(cut);
			}
			n = dhcp_answer(&q, DHCP_NAK, rows[i].option43, rows[i].option120, frame);
			assert_false(ask_dhcp_read(&q, frame, n, &has, text, sizeof text));
		}
	}
}

static void guess_is_said(void **state)
{
	struct doctor_run r = {0};
	struct doctor_finding f[2];
	struct dt_record a = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_AUTH, .what = "web ticket", .failure = DT_F_SOAP_BAD,
			      .guess = true};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_AUTH, .failure = DT_F_SOAP_BAD};

	(void)state;
	assert_true(doctor_run_add(&r, &a));
	assert_true(doctor_run_add(&r, &end));
	assert_int_equal(doctor_diagnose(&r, f, 2), 1);
	assert_true(f[0].guess);
	doctor_run_free(&r);
}

/* The user stopped the run: nothing has failed.  The attempts until then still show what it waited for. */
static void stopped_is_no_failure(void **state)
{
	struct doctor_run r = {0};
	struct doctor_finding f[2];
	struct buf text = {0};
	char why[200] = "";

	(void)state;
	add(&text, "\"kind\":\"attempt\",\"stage\":2,\"ok\":false,\"try\":\"dhcp\",\"error\":\"dhcp-silent\"");
	add(&text, "\"kind\":\"result\",\"stage\":2,\"ok\":false,\"error\":\"stopped\",\"status\":2");
	assert_null(read_all(&r, &text, why));
	assert_int_equal(doctor_diagnose(&r, f, 2), 1);
	assert_int_equal(f[0].verdict, DOCTOR_UNKNOWN);
	assert_int_equal(f[0].failure, DT_F_STOPPED);
	assert_string_equal(f[0].cause[0]->id, "I-01");
	doctor_run_free(&r);
	buf_free(&text);
}

static void broken_records_are_refused(void **state)
{
	/* clang-format off */
	static const char *const bad[] = {
		"", "\n\n", "x\n", "[]\n", "{}\n",
		"{\"v\":2,\"kind\":\"attempt\",\"stage\":1,\"ok\":true}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":10,\"ok\":true}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":-1,\"ok\":true}\n",
		"{\"v\":1,\"kind\":\"dream\",\"stage\":1,\"ok\":true}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":1,\"ok\":false}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":1,\"ok\":false,\"error\":\"fate\"}\n",
		"{\"v\":1,\"kind\":\"attempt\",\"stage\":1,\"stage\":2,\"ok\":true}\n",
	};
	/* clang-format on */
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct doctor_run r = {0};
		struct buf text = {0};

		buf_str(&text, bad[i]);
		assert_non_null(read_all(&r, &text, why));
		assert_true(why[0]);
		doctor_run_free(&r);
		buf_free(&text);
	}
}

/* Cut anywhere, a record is read or refused, and a run without a result is not taken for one that ended. */
static void cut_anywhere(void **state)
{
	struct buf text = {0};
	char why[200];

	(void)state;
	add(&text, "\"kind\":\"attempt\",\"stage\":2,\"ok\":true,\"ms\":31,\"found\":\"10.66.0.101/24\"");
	add(&text, "\"kind\":\"result\",\"stage\":9,\"ok\":true,\"status\":0");
	for (size_t n = 0; n < text.n; n++) {
		struct doctor_run r = {0};
		uint8_t *in = exact_copy(text.p, text.n, n);
		struct doctor_finding f[2];

		if (doctor_run_read(&r, (const char *)in, n, why, sizeof why) == NULL && n < text.n - 1) {
			assert_null(doctor_run_result(&r));
			assert_int_equal(doctor_diagnose(&r, f, 2), 1);
			assert_int_equal(f[0].verdict, DOCTOR_UNKNOWN);
		}
		doctor_run_free(&r);
		free(in);
	}
	buf_free(&text);
}

/* Every failure of the list that names somebody else than us has a cause to tell, at least in one stage. */
static void every_failure_has_a_row_or_its_own_fix(void **state)
{
	(void)state;
	for (size_t i = 0; i < doctor_cause_count; i++) {
		const struct doctor_cause *c = &doctor_causes[i];

		assert_true(c->id[0] && c->cause[0] && c->remedy[0]);
		assert_true(c->failure >= DT_F_OK && c->failure < DT_FAILURE_COUNT);
		assert_true((c->sees == SEES_TEXT || c->sees == SEES_SAID || c->sees == SEES_ANSWER_OK || c->sees == SEES_ANSWER_FAIL ||
			     c->sees == SEES_ANSWER_TEXT) == (c->text != NULL));
		assert_true(c->failure != DT_F_OK || c->sees == SEES_TEXT); /* a note wants a warning's words */
		assert_null(strchr(c->cause, '%'));
	}
	for (int f = 1; f < DT_FAILURE_COUNT; f++)
		assert_true(dt_failures[f].fix[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failed_stage_is_named),
	    cmocka_unit_test(ears_decide),
	    cmocka_unit_test(answers_and_places_decide),
	    cmocka_unit_test(what_is_seen),
	    cmocka_unit_test(oddities_are_told_once),
	    cmocka_unit_test(other_spellings),
	    cmocka_unit_test(guess_is_said),
	    cmocka_unit_test(stopped_is_no_failure),
	    cmocka_unit_test(broken_records_are_refused),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test(every_failure_has_a_row_or_its_own_fix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
