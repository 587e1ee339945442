/* The doctor: what it makes of a record, besides the rows of the table (test_causes.c). */
#include "doctor/diagnose.h"
#include "tests/support/check.h"

/* The observations on the port decide between the causes of a missing VLAN. */
static void observations_decide(void **state)
{
	static const struct {
		struct doctor_observed observed;
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
		struct doctor_run r = {.has_observed = true, .observed = ports[i].observed};
		struct doctor_finding f[4];
		struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true};
		struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_VLAN, .what = "dhcp-vlan", .failure = DT_F_VLAN_NONE,
					  .sign = {DT_SIGN_VLAN_OPTION_ABSENT}};
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

/* A summary is not shown as what was seen when an attempt tells more. */
static void what_is_seen(void **state)
{
	struct doctor_run r = {.n = 0};
	struct doctor_finding f[4];
	struct dt_record other = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_DISCOVER, .what = "srv _sip._tls.a",
				  .failure = DT_F_DNS_NONE};
	struct dt_record bad = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_DISCOVER, .what = "dhcp-inform", .failure = DT_F_UC_BAD,
				.sign = {DT_SIGN_UC_PATH_URL}, .fact.option = 43};
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
				.sign = {DT_SIGN_OFFER_SLOW}};
	struct dt_record plain = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .what = "dhcp", .ok = true,
				  .sign = {DT_SIGN_LLDP_CHANGED}}; /* which has no cause */
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
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .failure = DT_F_DHCP_SILENT};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_ADDRESS, .failure = DT_F_STOPPED};

	(void)state;
	assert_true(doctor_run_add(&r, &tried));
	assert_true(doctor_run_add(&r, &end));
	assert_int_equal(doctor_diagnose(&r, f, 2), 1);
	assert_int_equal(f[0].verdict, DOCTOR_UNKNOWN);
	assert_int_equal(f[0].failure, DT_F_STOPPED);
	assert_string_equal(f[0].cause[0]->id, "I-01");
	doctor_run_free(&r);
}

/* The stage's failure is shown by the attempt that failed so, not by a later one that failed otherwise (C-13). */
static void the_attempt_that_failed_so(void **state)
{
	struct doctor_run r = {.n = 0};
	struct doctor_finding f[4];
	struct dt_record chain = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CHAIN, .what = "root chain", .failure = DT_F_CONNECT,
				  .fact.port = 80};
	struct dt_record tls = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CHAIN, .what = "tls", .failure = DT_F_TLS_UNTRUSTED,
				.fact.port = 443};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_CHAIN, .failure = DT_F_CONNECT};

	(void)state;
	assert_true(doctor_run_add(&r, &chain));
	assert_true(doctor_run_add(&r, &tls));
	assert_true(doctor_run_add(&r, &end));
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_string_equal(f[0].evidence->what, "root chain");
	assert_string_equal(f[0].cause[0]->id, "C-13");
	doctor_run_free(&r);
}

/* Spanning tree shuts the port to all VLANs: an offer that came late says nothing about the tagged one. */
static void late_is_not_untagged(void **state)
{
	struct doctor_run r = {0};
	struct doctor_finding f[4];
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .failure = DT_F_DHCP_SILENT, .fact.vlan = 66};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_ADDRESS, .failure = DT_F_DHCP_SILENT};

	(void)state;
	assert_true(doctor_run_add(&r, &tried));
	assert_true(doctor_run_add(&r, &end));
	r.answers = 1;
	r.answer[0] = (struct doctor_answer){.stage = DT_STAGE_ADDRESS, .sign = {DT_SIGN_ASKED_OFFER_UNTAGGED}};
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_string_equal(f[0].cause[0]->id, "V-07");
	dt_signs_add(r.answer[0].sign, DT_SIGN_ASKED_OFFER_LATE);
	assert_int_equal(doctor_diagnose(&r, f, 4), 1);
	assert_string_equal(f[0].cause[0]->id, "V-16");
	doctor_run_free(&r);
}

/* A lease without a router is why servers are not reached: it is the diagnosis, and the failure its consequence. */
static void what_explains_comes_first(void **state)
{
	struct doctor_run r = {0};
	struct doctor_finding f[4];
	struct dt_record lease = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .ok = true, .sign = {DT_SIGN_ROUTER_ABSENT}};
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CHAIN, .failure = DT_F_TIMEOUT, .fact.port = 443};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_CHAIN, .failure = DT_F_TIMEOUT};

	(void)state;
	assert_true(doctor_run_add(&r, &lease));
	assert_true(doctor_run_add(&r, &tried));
	assert_true(doctor_run_add(&r, &end));
	assert_int_equal(doctor_diagnose(&r, f, 4), 2);
	assert_string_equal(f[0].cause[0]->id, "I-05");
	assert_int_equal(f[0].verdict, DOCTOR_FAIL);
	assert_int_equal(f[0].stage, DT_STAGE_ADDRESS);
	assert_null(f[0].because);
	assert_string_equal(f[1].cause[0]->id, "C-01");
	assert_ptr_equal(f[1].because, f[0].cause[0]);
	doctor_run_free(&r);
}

/* Of two DHCP servers the one that does not belong here was quicker, and its lease lacks something: that is its consequence. */
static void a_second_server_explains_the_lease(void **state)
{
	struct doctor_run r = {0};
	struct doctor_finding f[4];
	struct dt_record lease = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .ok = true, .sign = {DT_SIGN_RESOLVER_ABSENT}};
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CHAIN, .failure = DT_F_TLS_HANDSHAKE, .fact.port = 443};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_CHAIN, .failure = DT_F_TLS_HANDSHAKE};

	(void)state;
	assert_true(doctor_run_add(&r, &lease));
	assert_true(doctor_run_add(&r, &tried));
	assert_true(doctor_run_add(&r, &end));
	r.answers = 1;
	r.answer[0] = (struct doctor_answer){.stage = DT_STAGE_ADDRESS, .sign = {DT_SIGN_ASKED_OFFER_OTHER}, .fact.address = 0x0a420001};
	assert_int_equal(doctor_diagnose(&r, f, 4), 3);
	for (unsigned i = 0; i < 3; i++) /* the failure is of another kind, and stays the diagnosis */
		assert_int_equal(f[i].because != NULL, strcmp(f[i].cause[0]->id, "I-04") == 0);
	r.line[1].failure = r.line[2].failure = DT_F_DNS_SILENT;
	assert_int_equal(doctor_diagnose(&r, f, 4), 3);
	assert_string_equal(f[0].cause[0]->id, "I-03");
	assert_int_equal(f[0].verdict, DOCTOR_FAIL);
	assert_ptr_equal(f[1].because, f[0].cause[0]);
	assert_ptr_equal(f[2].because, f[0].cause[0]);
	doctor_run_free(&r);
}

/* An oddity of the lease may have the id of the failure that comes of it: then the lease is to be mended, and stands at its own stage. */
static void the_lease_is_the_reason(void **state)
{
	struct doctor_finding f[4];
	struct doctor_run r = {0};

	(void)state;
	assert_true(doctor_run_add(&r, &(struct dt_record){.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .ok = true, .sign = {DT_SIGN_OPTION_LENGTH}, .fact.option = 6}));
	assert_true(doctor_run_add(&r, &(struct dt_record){.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CHAIN, .failure = DT_F_DNS_SILENT, .sign = {DT_SIGN_DNS_NO_SERVER}}));
	assert_true(doctor_run_add(&r, &(struct dt_record){.kind = DT_REC_RESULT, .stage = DT_STAGE_CHAIN, .failure = DT_F_DNS_SILENT}));
	assert_int_equal(doctor_diagnose(&r, f, 4), 2);
	assert_int_equal(f[0].verdict, DOCTOR_FAIL);
	assert_int_equal(f[0].stage, DT_STAGE_ADDRESS);
	assert_int_equal(f[0].evidence->fact.option, 6);
	assert_int_equal(f[1].stage, DT_STAGE_CHAIN);
	assert_string_equal(f[1].cause[0]->id, f[0].cause[0]->id);
	assert_ptr_equal(f[1].because, f[0].cause[0]);
	doctor_run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(observations_decide),
	    cmocka_unit_test(what_is_seen),
	    cmocka_unit_test(oddities_are_told_once),
	    cmocka_unit_test(guess_is_said),
	    cmocka_unit_test(stopped_is_no_failure),
	    cmocka_unit_test(the_attempt_that_failed_so),
	    cmocka_unit_test(late_is_not_untagged),
	    cmocka_unit_test(what_explains_comes_first),
	    cmocka_unit_test(a_second_server_explains_the_lease), cmocka_unit_test(the_lease_is_the_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
