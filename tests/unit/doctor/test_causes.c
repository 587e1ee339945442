/* The table of causes: a case for each row, of codes and facts; what it looks at, and what it does not. */
#include "doctor/diagnose.h"
#include "tests/support/check.h"

struct cause_case {
	const char *ids; /* of all causes, the likeliest first */
	enum dt_stage stage;
	enum dt_failure failure;
	enum dt_sign sign;
	struct dt_facts fact;
	enum dt_sign run, answer; /* of another attempt; of something the doctor asked */
	bool asked;		  /* the answer alone tells it: there is no attempt */
	bool has_observed;
	struct doctor_observed observed;
	bool warm;
	enum { EITHER, INSIDE, OUTSIDE } inside; /* whether the phone looked for its VLAN; EITHER: it makes no difference */
	enum dt_candidate reached; /* the Registrar that took the phone in the end was known so */
	uint16_t other_port;	   /* another attempt came through to the same address, at this port */
	bool well;		   /* the attempt failed, its stage ended well */
	enum dt_stage home;	   /* where it is reported; NONE: where it was met */
	bool again;		   /* the case right above is explained by the same row */
	bool reported;		   /* it is reported as well when the stage ended well */
	unsigned explains;	   /* kinds of later failures that are its consequences */
	bool lease;		   /* a second DHCP server that leads elsewhere is why */
};

#define REACH EXPLAINS_REACH
#define NAMES EXPLAINS_NAMES
#define TRUST EXPLAINS_TRUST
#define TALK EXPLAINS_TALK
#define DHCP EXPLAINS_DHCP
#define HERE EXPLAINS_HERE
#define LEASE EXPLAINS_LEASE

/* clang-format off */
static const struct cause_case cases[] = {
#include "tests/unit/doctor/cause_cases.inc"
};
/* clang-format on */

#define CASES (sizeof cases / sizeof *cases)

static void add(struct doctor_run *r, struct dt_record rec)
{
	assert_true(doctor_run_add(r, &rec));
}

/* An answer is about the stage in which it was asked. */
static enum dt_stage asked_in(const struct cause_case *c)
{
	return c->asked ? DT_STAGE_CERT : DT_STAGE_FIND;
}

/* The run of a phone that met what the case says, with sentences or without any; its result is not there yet. */
static void run_until_end(const struct cause_case *c, bool words, struct doctor_run *r)
{
	const char *any = words ? "version 4095 of option 43: locked, expired, :80, HTTP 404, a wildcard, the key size" : NULL;
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = c->stage, .ok = c->failure == DT_F_OK, .failure = c->failure,
				  .sign = {c->sign}, .fact = c->fact, .what = any, .peer = any, .found = any, .warn = any, .why = any};

	*r = (struct doctor_run){.has_observed = c->has_observed, .observed = c->observed};
	if (c->inside == INSIDE)
		add(r, (struct dt_record){.kind = DT_REC_STAGE, .stage = DT_STAGE_VLAN, .ok = true});
	if (c->warm)
		add(r, (struct dt_record){.kind = DT_REC_STAGE, .stage = DT_STAGE_CHAIN, .ok = true, .skipped = true});
	if (c->run != DT_SIGN_NONE)
		add(r, (struct dt_record){.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CERT, .ok = true, .sign = {c->run}});
	if (c->answer != DT_SIGN_NONE) {
		r->answers = 1;
		r->answer[0] = (struct doctor_answer){.stage = asked_in(c), .sign = {c->answer}, .fact = c->fact};
		snprintf(r->answer[0].text, sizeof r->answer[0].text, "%s", words ? any : "");
	}
	if (c->other_port)
		add(r, (struct dt_record){.kind = DT_REC_ATTEMPT, .stage = c->stage, .ok = true, .fact = {.address = c->fact.address, .port = c->other_port}});
	if (c->reached != DT_CAND_NONE)
		add(r, (struct dt_record){.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CERT, .ok = true, .fact.candidate = c->reached});
	if (!c->asked)
		add(r, tried);
}

static void run_of(const struct cause_case *c, bool words, struct doctor_run *r)
{
	const char *any = words ? "locked: HTTP 404" : NULL;

	run_until_end(c, words, r);
	if (c->well)
		add(r, (struct dt_record){.kind = DT_REC_STAGE, .stage = c->stage, .ok = true});
	add(r, (struct dt_record){.kind = DT_REC_RESULT, .ok = c->well || c->failure == DT_F_OK, .stage = c->stage,
				  .failure = c->well ? DT_F_OK : c->failure, .what = any, .why = any});
}

static void ids_of(const struct doctor_finding *f, char out[64])
{
	out[0] = '\0';
	for (unsigned i = 0; i < f->ncause; i++)
		snprintf(out + strlen(out), 64 - strlen(out), "%s%s", i ? " " : "", f->cause[i]->id);
}

static void print_case(size_t i, const char *what)
{
	const struct cause_case *c = &cases[i];

	print_message("case %zu (\"%s\", stage %d, %s, %s): %s\n", i, c->ids, c->stage, dt_failures[c->failure].code, dt_signs[c->sign].code, what);
}

/* The doctor's own questions are answered in any order: a cause that several answers show is told at the earliest stage. */
static void earliest_answer(void **state)
{
	struct doctor_run r = {.answers = 2};
	struct doctor_finding f[4];

	(void)state;
	for (unsigned at = 0; at < 2; at++) {
		r.answer[at] = (struct doctor_answer){.stage = DT_STAGE_UPDATE, .sign = {DT_SIGN_ASKED_CERT_WILDCARD}};
		r.answer[!at] = (struct doctor_answer){.stage = DT_STAGE_AUTH, .sign = {DT_SIGN_ASKED_CERT_WILDCARD}};
		r.n = 0;
		add(&r, (struct dt_record){.kind = DT_REC_RESULT, .ok = true, .stage = DT_STAGE_LOGON});
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		assert_string_equal(f[0].cause[0]->id, "C-10");
		assert_int_equal(f[0].stage, DT_STAGE_UPDATE);
		assert_ptr_equal(f[0].asked, &r.answer[at]);
	}
	doctor_run_free(&r);
}

/* The same causes whatever the sentences say, also when they say nothing; and inside as outside where the case does not tell. */
static void each_case_has_its_causes(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < 4 * CASES; i++) {
		struct cause_case given = cases[i / 4], *c = &given;
		struct doctor_finding f[4];
		struct doctor_run r;
		char ids[64] = "";

		if (c->inside == EITHER)
			c->inside = i & 2 ? INSIDE : OUTSIDE;
		run_of(c, i % 2 == 0, &r);
		assert_true(c->answer != DT_SIGN_NONE || doctor_diagnose(&r, f, 4) <= 1);
		if (doctor_diagnose(&r, f, 4) > 0) {
			ids_of(&f[0], ids);
			assert_int_equal(f[0].verdict, c->well || c->failure == DT_F_OK ? DOCTOR_WARN : DOCTOR_FAIL);
			assert_int_equal(f[0].stage, c->home ? c->home : c->asked ? asked_in(c) : c->stage);
			assert_int_equal(f[0].failure, c->failure);
			if (c->asked)
				assert_ptr_equal(f[0].asked, &r.answer[0]);
			else
				assert_int_equal(f[0].evidence->kind, DT_REC_ATTEMPT);
		}
		if (strcmp(ids, c->ids) != 0) {
			print_case(i / 4, c->inside == INSIDE ? "of a phone inside" : "of a phone outside");
			print_message("  is \"%s\"%s\n", ids, i % 2 ? ", without a sentence" : "");
			wrong++;
		}
		doctor_run_free(&r);
	}
	assert_int_equal(wrong, 0);
}

/* The row that explains a case best; NULL: none does.  `met`, unless NULL: all that explain it. */
static const struct doctor_cause *row_of(const struct cause_case *c, bool *met)
{
	const struct doctor_cause *row = NULL;
	struct doctor_finding f[4];
	struct doctor_run r;

	run_of(c, false, &r);
	if (doctor_diagnose(&r, f, 4) > 0 && f[0].ncause)
		row = f[0].cause[0];
	for (unsigned i = 0; met && row && i < f[0].ncause; i++)
		met[f[0].cause[i] - doctor_causes] = true;
	doctor_run_free(&r);
	return row;
}

/* Each row explains a case, and another case is another row's, unless it says `again`: no row can be left out, and none hides
 * behind a row with the same id. */
static void each_row_has_a_case(void **state)
{
	bool *best = calloc(doctor_cause_count, sizeof *best), *met = calloc(doctor_cause_count, sizeof *met);
	const struct doctor_cause *last = NULL;
	unsigned wrong = 0;

	(void)state;
	assert_true(best && met);
	for (size_t i = 0; i < CASES; i++) {
		const struct doctor_cause *row = row_of(&cases[i], met), *above = last;

		last = row;
		if (row == NULL)
			continue;
		if (cases[i].again ? row != above : best[row - doctor_causes]) {
			print_case(i, cases[i].again ? "the case above has another row" : "a case above has this row: write .again, or a case of other facts");
			wrong++;
		}
		best[row - doctor_causes] = true;
		if (cases[i].asked)
			assert_int_equal(row->stage, cases[i].stage);
	}
	for (size_t k = 0; k < doctor_cause_count; k++)
		if (!met[k]) {
			print_message("row %zu (%s, stage %d, %s) has no case\n", k, doctor_causes[k].id, doctor_causes[k].stage,
				      dt_failures[doctor_causes[k].failure].code);
			wrong++;
		}
	free(best);
	free(met);
	assert_int_equal(wrong, 0);
}

/* An attempt that failed in a stage that ended well is reported where the case says so. */
static void reported_although_it_ended_well(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		const struct doctor_cause *row;
		struct cause_case c = cases[i];

		if (c.failure == DT_F_OK || c.well)
			continue;
		row = row_of(&c, NULL);
		c.well = true;
		if ((row && row_of(&c, NULL) == row) != c.reported) {
			print_case(i, c.reported ? "is not reported when the stage ended well" : "is reported though the stage ended well: .reported is missing");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

#define HERE_ADDRESS 0x0a140063

/* Whether a later failure, at that address, is reported as the case's consequence. */
static bool is_consequence(const struct cause_case *given, enum dt_failure failure, uint32_t address)
{
	const struct doctor_cause *row = row_of(given, NULL);
	struct cause_case c = *given;
	struct doctor_finding f[8];
	struct doctor_run r;
	bool is = false;
	unsigned n;

	c.fact.address = HERE_ADDRESS;
	run_until_end(&c, false, &r);
	if (c.failure != DT_F_OK) /* the phone goes on without that stage */
		add(&r, (struct dt_record){.kind = DT_REC_STAGE, .stage = c.stage, .ok = true, .skipped = true, .failure = c.failure});
	add(&r, (struct dt_record){.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_LOGON, .failure = failure, .fact.address = address});
	add(&r, (struct dt_record){.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .failure = failure});
	n = doctor_diagnose(&r, f, 8);
	for (unsigned i = 0; i < n; i++)
		is |= f[i].failure == failure && f[i].because == row;
	doctor_run_free(&r);
	return is;
}

/* A failure of each kind behind each case: it is the case's consequence where the case says so, and nowhere else. */
static void consequences(void **state)
{
	static const struct {
		unsigned kind;
		enum dt_failure failure;
	} kinds[] = {
	    {REACH, DT_F_CLOSED}, {NAMES, DT_F_DNS_ERROR}, {TRUST, DT_F_CERT_BAD}, {TALK, DT_F_SIP_BAD}, {DHCP, DT_F_DHCP_NAK},
	};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		const struct cause_case *c = &cases[i];

		if (c->well || c->ids[0] == '\0')
			continue;
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
			bool here = is_consequence(c, kinds[k].failure, HERE_ADDRESS);
			bool elsewhere = is_consequence(c, kinds[k].failure, HERE_ADDRESS + 1);
			bool wanted = c->explains & kinds[k].kind;

			if (here == wanted && elsewhere == (wanted && !(c->explains & HERE)))
				continue;
			print_case(i, dt_failures[kinds[k].failure].code);
			print_message("  is its consequence: %d, at another address: %d, which .explains does not say\n", here, elsewhere);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static const struct cause_case *case_of_sign(enum dt_sign sign)
{
	for (size_t i = 0; i < CASES; i++)
		if (cases[i].sign == sign)
			return &cases[i];
	fail_msg("no case has the sign %s", dt_signs[sign].code);
	return NULL;
}

/* What each failure may be the consequence of: of causes that explain kinds of failures, and of no others. */
static void kinds_of_failures(void **state)
{
	static const unsigned kinds[DT_FAILURE_COUNT] = {
	    [DT_F_VLAN_NONE] = DHCP,
	    [DT_F_DHCP_SILENT] = DHCP,
	    [DT_F_DHCP_NAK] = DHCP,
	    [DT_F_DHCP_BAD] = DHCP,
	    [DT_F_ADDRESS_TAKEN] = DHCP,
	    [DT_F_UC_SILENT] = DHCP,
	    [DT_F_CLOCK_WRONG] = REACH | TRUST,
	    [DT_F_DNS_SILENT] = NAMES | REACH,
	    [DT_F_DNS_ERROR] = NAMES,
	    [DT_F_DNS_NONE] = NAMES,
	    [DT_F_DOMAIN_NONE] = NAMES,
	    [DT_F_REGISTRAR_NONE] = NAMES,
	    [DT_F_CONNECT] = REACH,
	    [DT_F_TIMEOUT] = REACH,
	    [DT_F_CLOSED] = REACH,
	    [DT_F_TLS_HANDSHAKE] = TRUST,
	    [DT_F_TLS_UNTRUSTED] = TRUST,
	    [DT_F_TLS_NAME] = TRUST,
	    [DT_F_TLS_DATE] = TRUST,
	    [DT_F_CHAIN_CHANGED] = TRUST,
	    [DT_F_CERT_BAD] = TRUST,
	    [DT_F_CHAIN_DISABLED] = TALK,
	    [DT_F_CHAIN_BAD] = TALK,
	    [DT_F_UPDATE_REFUSED] = TALK,
	    [DT_F_UPDATE_ANSWER] = TALK,
	    [DT_F_UPDATE_FETCH] = REACH,
	    [DT_F_HTTP_STATUS] = TALK,
	    [DT_F_HTTP_BAD] = TALK,
	    [DT_F_SOAP_BAD] = TALK,
	    [DT_F_METADATA_BAD] = TALK,
	    [DT_F_SIP_BAD] = TALK,
	};
	const struct cause_case *const explainers[] = {
	    &cases[0], case_of_sign(DT_SIGN_ROUTER_ABSENT), case_of_sign(DT_SIGN_RESOLVER_ABSENT), case_of_sign(DT_SIGN_TIME_ODD),
	    case_of_sign(DT_SIGN_UC_SCHEME_PLAIN), NULL,
	};
	unsigned wrong = 0, all = 0;

	(void)state;
	for (size_t i = 0; explainers[i]; i++) {
		all |= explainers[i]->explains;
		for (int f = DT_F_OK + 1; f < DT_FAILURE_COUNT; f++)
			if (is_consequence(explainers[i], f, HERE_ADDRESS) != ((explainers[i]->explains & kinds[f]) != 0)) {
				print_case((size_t)(explainers[i] - cases), dt_failures[f].code);
				wrong++;
			}
	}
	assert_int_equal(all, REACH | NAMES | TRUST | TALK | DHCP);
	assert_int_equal(wrong, 0);
}

/* Two DHCP servers that lead to different places, and what is odd in the lease of one is their consequence: where the case says so. */
static void lease_of_a_stranger(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		const struct doctor_cause *row = row_of(&cases[i], NULL);
		struct doctor_finding f[8];
		struct doctor_run r;
		bool is = false;
		unsigned n;

		if (cases[i].failure != DT_F_OK || cases[i].answer == DT_SIGN_ASKED_OFFER_OTHER)
			continue;
		run_of(&cases[i], false, &r);
		r.answer[r.answers++] = (struct doctor_answer){.stage = DT_STAGE_ADDRESS, .sign = {DT_SIGN_ASKED_OFFER_OTHER}};
		n = doctor_diagnose(&r, f, 8);
		for (unsigned k = 0; k < n; k++)
			is |= f[k].because && f[k].cause[0] == row;
		if (is != cases[i].lease) {
			print_case(i, is ? "is the consequence of a second DHCP server, which .lease does not say" : "is no consequence of a second DHCP server");
			wrong++;
		}
		doctor_run_free(&r);
	}
	assert_int_equal(wrong, 0);
}

/* Fragments of words once decided: ":80" fits ":8080", "ersion" fits "conversion", "lock" fits "blocked". */
static void fragments_decide_nothing(void **state)
{
	static const struct {
		struct cause_case c;
		const char *not;
	} rows[] = {
	    {{"R-06", DT_STAGE_CHAIN, DT_F_CONNECT, .fact = {.port = 8080}}, "C-13"},
	    {{"L-05", DT_STAGE_LOGON, DT_F_SIP_FORBIDDEN, .fact = {.sip = 403, .said = "The conversion failed"}},
	     "the client version policy refuses this firmware"},
	    {{"A-02", DT_STAGE_AUTH, DT_F_PIN_REFUSED, .fact = {.http = 403, .said = "the request is blocked by policy"}}, "A-01"},
	    {{"L-05", DT_STAGE_LOGON, DT_F_SIP_FORBIDDEN, .fact = {.sip = 403, .said = "the endpointer of subversion"}}, "L-06"},
	    {{"P-01", DT_STAGE_CERT, DT_F_CSR_REFUSED, .fact = {.said = "monkey sized"}}, "P-02"},
	    {{"A-02", DT_STAGE_AUTH, DT_F_PIN_REFUSED, .fact = {.said = "this unexpired PIN"}}, "A-07"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct doctor_finding f[4];
		struct doctor_run r;
		char ids[64];

		run_of(&rows[i].c, false, &r);
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		ids_of(&f[0], ids);
		assert_string_equal(ids, rows[i].c.ids);
		assert_string_not_equal(f[0].cause[0]->cause, rows[i].not);
		doctor_run_free(&r);
	}
}

/* A server's own words count as words, wherever they stand and however they are written. */
static void words_of_servers(void **state)
{
	static const struct {
		const char *said, *id;
	} rows[] = {
	    {"locked", "A-01"}, {"The PIN is LOCKED.", "A-01"}, {"PIN locked-out", "A-01"}, {"(expired)", "A-07"},
	    {"unlocked", "A-02"}, {"lock", "A-02"}, {"", "A-02"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cause_case c = {"", DT_STAGE_AUTH, DT_F_PIN_REFUSED, .fact = {.said = rows[i].said}};
		struct doctor_finding f[4];
		struct doctor_run r;

		run_of(&c, false, &r);
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		assert_string_equal(f[0].cause[0]->id, rows[i].id);
		doctor_run_free(&r);
	}
}

/* Those that need no row: the attempt's own sentence is all there is to say, and the list's `fix` what to do. */
static const enum dt_failure own_fix[] = {
    DT_F_VLAN_JOIN,  DT_F_UPDATE_STORE, DT_F_STORE, DT_F_KEY,
    DT_F_SIGNED_OFF,	DT_F_STOPPED,  DT_F_MEMORY,   DT_F_US,
};

static void every_failure_has_a_row_or_its_own_fix(void **state)
{
	bool has[DT_FAILURE_COUNT] = {[DT_F_OK] = true};

	(void)state;
	for (size_t i = 0; i < doctor_cause_count; i++) {
		const struct doctor_cause *c = &doctor_causes[i];

		assert_true(c->id[0] && c->cause[0] && c->remedy[0]);
		assert_in_range(c->failure, DT_F_OK, DT_FAILURE_COUNT - 1);
		assert_in_range(c->sees, 0, SEES_COUNT - 1);
		assert_true((c->sees == SEES_SERVER_SAYS) == (c->words != NULL));
		assert_true(c->failure == DT_F_OK || !c->asked); /* nothing failed where the doctor asked by itself */
		assert_true(c->failure != DT_F_OK || c->sees == SEES_SIGN || c->sees == SEES_CANDIDATE || c->asked); /* a note wants a fact */
		assert_null(strchr(c->cause, '%'));
		has[c->failure] = true;
	}
	for (size_t i = 0; i < sizeof own_fix / sizeof *own_fix; i++) {
		assert_false(has[own_fix[i]]);
		has[own_fix[i]] = true;
	}
	for (int f = 0; f < DT_FAILURE_COUNT; f++)
		if (!has[f])
			fail_msg("%s has no cause and is none of those that need none", dt_failures[f].code);
	for (int f = 1; f < DT_FAILURE_COUNT; f++)
		assert_true(dt_failures[f].fix[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_case_has_its_causes),
	    cmocka_unit_test(each_row_has_a_case),
	    cmocka_unit_test(earliest_answer),
	    cmocka_unit_test(reported_although_it_ended_well),
	    cmocka_unit_test(consequences),
	    cmocka_unit_test(kinds_of_failures),
	    cmocka_unit_test(lease_of_a_stranger),
	    cmocka_unit_test(fragments_decide_nothing),
	    cmocka_unit_test(words_of_servers),
	    cmocka_unit_test(every_failure_has_a_row_or_its_own_fix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
