/* The bundles of the lab's faults and of healthy networks (tests/vectors/bundles/README): today's diagnosis is that of the run, and no
 * cause or remedy contradicts a fact. */
#include <dirent.h>

#include "base/ip.h"
#include "doctor/diagnose.h"
#include "doctor/fill.h"
#include "tests/support/check.h"

enum { FINDINGS = 8, BUNDLES_LEAST = 210, BUNDLE_MAX = 1 << 20 };

struct bundle_case {
	const char *name;
	struct buf text;
	struct doctor_run run;
	struct doctor_finding found[FINDINGS];
	unsigned n;
};

static const char *bundle_folder(char out[3072])
{
	const char *dir = getenv("TEST_VECTORS");

	snprintf(out, 3072, "%s/bundles", dir ? dir : "tests/vectors");
	return out;
}

static void bundle_open(struct bundle_case *c, const char *name)
{
	char folder[3072], path[4096];
	struct why why = {0};

	*c = (struct bundle_case){.name = name};
	snprintf(path, sizeof path, "%s/%s", bundle_folder(folder), name);
	if (file_read(path, BUNDLE_MAX, &c->text) < 0 || doctor_run_read(&c->run, (const char *)c->text.p, c->text.n, &why))
		fail_msg("%s: %s", path, why_or(&why, "it cannot be read"));
	c->n = doctor_diagnose(&c->run, c->found, FINDINGS);
}

static void bundle_close(struct bundle_case *c)
{
	doctor_run_free(&c->run);
	buf_free(&c->text);
}

/* How many there are. */
static unsigned each_bundle(unsigned (*wrong_of)(struct bundle_case *c), unsigned *wrong)
{
	char folder[3072];
	DIR *d = opendir(bundle_folder(folder));
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e = readdir(d); e; e = readdir(d)) {
		struct bundle_case c;

		if (strstr(e->d_name, ".json") == NULL)
			continue;
		bundle_open(&c, e->d_name);
		*wrong += wrong_of(&c);
		bundle_close(&c);
		n++;
	}
	closedir(d);
	return n;
}

/* ---- the diagnosis ------------------------------------------------------------------------------------------------- */

/* As the first line of a bundle has them. */
static void diagnosis_text(const struct bundle_case *c, struct buf *to)
{
	buf_printf(to, "%s", "{\"v\":2,\"findings\":[");
	for (unsigned i = 0; i < c->n; i++) {
		const struct doctor_finding *f = &c->found[i];

		buf_printf(to, "%s{\"verdict\": \"%s\", \"stage\": %d, \"error\": \"%s\", \"causes\": [", i ? ", " : "",
			   doctor_verdicts[f->verdict], f->stage, dt_failures[f->failure].code);
		for (unsigned k = 0; k < f->ncause; k++)
			buf_printf(to, "%s\"%s\"", k ? ", " : "", f->cause[k]->id);
		buf_printf(to, "%s", "]}");
	}
	buf_printf(to, "%s", "],\n");
}

static unsigned is_another(struct bundle_case *c)
{
	struct buf now = {0};
	bool same;

	diagnosis_text(c, &now);
	same = c->text.n > now.n && memcmp(c->text.p, now.p, now.n) == 0;
	if (!same)
		print_message("%s: is now %s", c->name, buf_cstr(&now));
	buf_free(&now);
	return !same;
}

static void each_is_found_again(void **state)
{
	unsigned wrong = 0;

	(void)state;
	assert_true(each_bundle(is_another, &wrong) >= BUNDLES_LEAST);
	assert_int_equal(wrong, 0);
}

/* ---- what no cause may contradict -------------------------------------------------------------------------------------- */

static bool has_answer(const struct doctor_run *r, enum dt_sign sign)
{
	for (unsigned i = 0; i < r->answers; i++)
		if (dt_signs_have(r->answer[i].sign, sign))
			return true;
	return false;
}

static bool has_attempt(const struct doctor_run *r, enum dt_stage stage, const char *what)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].kind == DT_REC_ATTEMPT && r->line[i].ok && r->line[i].stage == stage && r->line[i].what &&
		    strncmp(r->line[i].what, what, strlen(what)) == 0)
			return true;
	return false;
}

/* The doctor itself came through to where the phone's connection was refused. */
static bool is_open(const struct doctor_run *r, const struct doctor_finding *f)
{
	char tcp[DT_NAME_MAX];
	const struct dt_facts *at = &f->evidence->fact;

	if (f->failure != DT_F_CONNECT || at->address == 0)
		return false;
	snprintf(tcp, sizeof tcp, "tcp %u.%u.%u.%u:%u", at->address >> 24, at->address >> 16 & 255, at->address >> 8 & 255, at->address & 255, at->port);
	for (unsigned i = 0; i < r->answers; i++)
		if (r->answer[i].ok && strcmp(r->answer[i].what, tcp) == 0)
			return true;
	return false;
}

/* A handshake as phones of the time begin it went well at the same address and port. */
static bool old_tls_is_well(const struct doctor_run *r, const struct doctor_finding *f)
{
	for (unsigned i = 0; f->asked && i < r->answers; i++)
		if (r->answer[i].ok && strncmp(r->answer[i].what, "tls 1.0 ", 8) == 0 && r->answer[i].fact.address == f->asked->fact.address &&
		    r->answer[i].fact.port == f->asked->fact.port)
			return true;
	return false;
}

static bool voice_was_received(const struct doctor_run *r, const struct doctor_finding *f)
{
	return f->stage == DT_STAGE_VLAN && r->observed.voice > 0 && !has_answer(r, DT_SIGN_ASKED_VLAN_CLASS);
}

static bool frames_were_received(const struct doctor_run *r, const struct doctor_finding *f)
{
	return f->failure != DT_F_LINK_DOWN && r->observed.frames > 0;
}

static bool lldp_was_received(const struct doctor_run *r, const struct doctor_finding *f)
{
	(void)f;
	return r->observed.lldp > 0;
}

static bool no_eapol(const struct doctor_run *r, const struct doctor_finding *f)
{
	(void)f;
	return r->observed.eapol == 0;
}

static bool an_address_was_offered(const struct doctor_run *r, const struct doctor_finding *f)
{
	return f->failure == DT_F_DHCP_SILENT && has_answer(r, DT_SIGN_ASKED_OFFER_UNTAGGED) && f->evidence->fact.vlan == 0;
}

static bool inform_was_answered(const struct doctor_run *r, const struct doctor_finding *f)
{
	(void)f;
	return has_attempt(r, DT_STAGE_DISCOVER, "dhcp-inform");
}

static bool wildcard_was_not_found(const struct doctor_run *r, const struct doctor_finding *f)
{
	(void)f;
	return !has_answer(r, DT_SIGN_ASKED_WILDCARD);
}

static bool nobody_else_offers(const struct doctor_run *r, const struct doctor_finding *f)
{
	return f->failure == DT_F_OK && f->asked && !has_answer(r, DT_SIGN_ASKED_OFFER_OTHER);
}

static bool there_is_dial_tone(const struct doctor_run *r, const struct doctor_finding *f)
{
	const struct doctor_line *end = doctor_run_result(r);

	return f->verdict == DOCTOR_FAIL && end && end->ok;
}

static bool a_server_took_the_pin(const struct doctor_run *r, const struct doctor_finding *f)
{
	(void)f;
	return has_attempt(r, DT_STAGE_AUTH, "web ticket pin");
}

/* clang-format off */
static const struct {
	const char *ids; /* the causes, or "" for each */
	bool (*contradicted)(const struct doctor_run *r, const struct doctor_finding *f);
} contradictions[] = {
	{"",                    there_is_dial_tone},
	{"",                    is_open},
	{"V-01 V-02 V-03 V-05", voice_was_received},
	{"V-01",                lldp_was_received},
	{"V-12",                frames_were_received},
	{"V-15",                no_eapol},
	{"I-01",                an_address_was_offered},
	{"I-03",                nobody_else_offers},
	{"R-01",                inform_was_answered},
	{"D-06",                wildcard_was_not_found},
	{"C-09",                old_tls_is_well},
	{"A-01 A-02 A-07",      a_server_took_the_pin},
};
/* clang-format on */

/* A fact of each kind, and what it contradicts: without it nothing is. */
static void facts_contradict(void **state)
{
	static const struct doctor_answer open = {.ok = true, .what = "tcp 10.20.0.10:80", .fact = {.address = 0x0a14000a, .port = 80}};
	static const struct doctor_answer old = {.ok = true, .what = "tls 1.0 10.20.0.10:80", .fact = {.address = 0x0a14000a, .port = 80}};
	static const struct doctor_answer untagged = {.sign = {DT_SIGN_ASKED_OFFER_UNTAGGED}}, wildcard = {.sign = {DT_SIGN_ASKED_WILDCARD}},
					  other = {.sign = {DT_SIGN_ASKED_OFFER_OTHER}};
	static const struct {
		bool (*contradicted)(const struct doctor_run *r, const struct doctor_finding *f);
		enum dt_stage stage;
		enum dt_failure failure;
		struct doctor_observed observed;
		const struct doctor_answer *answer;
		const char *what; /* of an attempt that went well */
		bool dial_tone, with, without;
	} rows[] = {
	    {there_is_dial_tone, DT_STAGE_LOGON, DT_F_CONNECT, .dial_tone = true, .with = true},
	    {is_open, DT_STAGE_CHAIN, DT_F_CONNECT, .answer = &open, .with = true},
	    {is_open, DT_STAGE_CHAIN, DT_F_TIMEOUT, .answer = &open},
	    {voice_was_received, DT_STAGE_VLAN, DT_F_VLAN_NONE, .observed = {.voice = 1}, .with = true},
	    {lldp_was_received, DT_STAGE_VLAN, DT_F_VLAN_NONE, .observed = {.lldp = 1}, .with = true},
	    {frames_were_received, DT_STAGE_VLAN, DT_F_VLAN_NONE, .observed = {.frames = 1}, .with = true},
	    {no_eapol, DT_STAGE_VLAN, DT_F_VLAN_NONE, .observed = {.eapol = 1}, .without = true},
	    {an_address_was_offered, DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, .answer = &untagged, .with = true},
	    {inform_was_answered, DT_STAGE_DISCOVER, DT_F_UC_SILENT, .what = "dhcp-inform", .with = true},
	    {wildcard_was_not_found, DT_STAGE_DISCOVER, DT_F_CONNECT, .answer = &wildcard, .without = true},
	    {nobody_else_offers, DT_STAGE_ADDRESS, DT_F_OK, .answer = &other, .without = true},
	    {old_tls_is_well, DT_STAGE_CHAIN, DT_F_OK, .answer = &old, .with = true},
	    {a_server_took_the_pin, DT_STAGE_AUTH, DT_F_PIN_REFUSED, .what = "web ticket pin", .with = true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int with = 0; with < 2; with++) {
			struct doctor_run r = {0};
			struct doctor_line tried = {.kind = DT_REC_ATTEMPT, .stage = rows[i].stage, .fact = {.address = 0x0a14000a, .port = 80}};
			struct doctor_answer asked = {.fact = {.address = 0x0a14000a, .port = 80}};
			struct doctor_finding f = {.run = &r, .verdict = DOCTOR_FAIL, .stage = rows[i].stage, .failure = rows[i].failure, .evidence = &tried,
						   .asked = rows[i].failure == DT_F_OK ? &asked : NULL};
			struct dt_record went = {.kind = DT_REC_ATTEMPT, .stage = rows[i].stage, .ok = true, .what = with ? rows[i].what : "another"};
			struct dt_record end = {.kind = DT_REC_RESULT, .stage = rows[i].stage, .ok = with && rows[i].dial_tone};

			assert_true(doctor_run_add(&r, &went) && doctor_run_add(&r, &end));
			if (with)
				r.observed = rows[i].observed;
			if (with && rows[i].answer)
				r.answer[r.answers++] = *rows[i].answer;
			if (rows[i].contradicted(&r, &f) != (with ? rows[i].with : rows[i].without))
				fail_msg("row %zu, %s the fact", i, with ? "with" : "without");
			doctor_run_free(&r);
		}
}

static unsigned is_contradicted(struct bundle_case *c)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < c->n; i++)
		for (size_t k = 0; k < sizeof contradictions / sizeof *contradictions; k++) {
			const struct doctor_finding *f = &c->found[i];
			bool about = contradictions[k].ids[0] == '\0' || (f->ncause && strstr(contradictions[k].ids, f->cause[0]->id));

			if (!about || !contradictions[k].contradicted(&c->run, f))
				continue;
			print_message("%s: finding %u, %s at stage %d, contradicts a fact (row %zu)\n", c->name, i, f->ncause ? f->cause[0]->id : "-",
				      f->stage, k);
			wrong++;
		}
	return wrong;
}

/* Each address in a sentence is one of the record's. */
static unsigned addresses_of_nobody(const struct bundle_case *c, const char *text)
{
	static const char octets[] = "0123456789.";
	unsigned wrong = 0;

	for (const char *p = text; *p; p += strcspn(p, octets)) {
		size_t n = strspn(p, octets);
		struct sv address = {p, n && p[n - 1] == '.' ? n - 1 : n}; /* at the end of a sentence */
		uint32_t any;

		wrong += ip_read(address, &any) && memmem(c->text.p, c->text.n, address.p, address.n) == NULL;
		p += n;
		if (*p == '\0')
			break;
	}
	return wrong;
}

static unsigned is_about_nothing(struct bundle_case *c)
{
	unsigned wrong = 0;

	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k < c->found[i].ncause; k++) {
			const char *const both[] = {c->found[i].cause[k]->cause, c->found[i].cause[k]->remedy};

			for (size_t b = 0; b < 2; b++) {
				char text[DOCTOR_TEXT_MAX];

				doctor_fill(&c->found[i], both[b], text);
				if (strchr(text, '{') == NULL && addresses_of_nobody(c, text) == 0)
					continue;
				print_message("%s: %s: %s\n", c->name, c->found[i].cause[k]->id, text);
				wrong++;
			}
		}
	return wrong;
}

static void nothing_contradicts_a_fact(void **state)
{
	unsigned wrong = 0;

	(void)state;
	each_bundle(is_contradicted, &wrong);
	each_bundle(is_about_nothing, &wrong);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_is_found_again),
	    cmocka_unit_test(facts_contradict),
	    cmocka_unit_test(nothing_contradicts_a_fact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
