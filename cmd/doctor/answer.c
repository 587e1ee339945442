#include "cmd/doctor/answer.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/text.h"
#include "doctor/fill.h"

enum { SCREEN = 22, INDENT = 9 }; /* two lines are left: for the line that was typed, and the prompt */

struct screen {
	FILE *to;
	const struct record_text *ink;
	const struct doctor_run *run;
	unsigned lines;
	unsigned left_out; /* findings and causes that had no room */
	bool verbose;
};

/* A paragraph, unless the screen is full: then false, and nothing is printed. */
static bool paragraph(struct screen *s, unsigned indent, const char *head, enum ink ink, const char *text)
{
	char *folded = NULL;
	size_t n = 0;
	unsigned lines = 0;
	FILE *f = open_memstream(&folded, &n);

	if (f == NULL)
		return false;
	text_fold(f, indent ? indent : (unsigned)strlen(head), indent, text);
	fclose(f);
	for (size_t i = 0, begin = 0; i < n; i++)
		if (folded[i] == '\n') { /* a word that is wider than the terminal takes more of its lines */
			lines += 1 + (unsigned)((i - begin) / 81);
			begin = i + 1;
		}
	if (!s->verbose && s->lines + lines > SCREEN) {
		free(folded);
		return false;
	}
	if (indent)
		fprintf(s->to, "  %s%-*s%s", record_text_ink(s->ink, ink), (int)indent - 2, head, record_text_ink(s->ink, INK_PLAIN));
	else
		fprintf(s->to, "%s%s%s", record_text_ink(s->ink, ink), head, record_text_ink(s->ink, INK_PLAIN));
	fwrite(folded, 1, n, s->to);
	free(folded);
	s->lines += lines;
	return true;
}

static void blank(struct screen *s)
{
	fputc('\n', s->to);
	s->lines++;
}

/* ---- the first two lines ----------------------------------------------------------------------------------------- */

static const char *evidence_why(const struct doctor_finding *f)
{
	const struct doctor_line *l = f->evidence;

	return l->why ? l->why : f->failure == DT_F_OK && l->warn ? l->warn : dt_failures[f->failure].what;
}

static void with_id(const struct doctor_finding *f, unsigned i, char *out, size_t cap)
{
	char cause[DOCTOR_TEXT_MAX];

	if (i < f->ncause)
		snprintf(out, cap, "%s [%s]", doctor_fill(f, f->cause[i]->cause, cause), f->cause[i]->id);
	else
		snprintf(out, cap, "%s", evidence_why(f));
}

static void head_of(const struct doctor_finding *f, bool dial_tone, char *out, size_t cap)
{
	const char *verb = f->verdict == DOCTOR_FAIL ? "fails" : f->failure == DT_F_STOPPED ? "was stopped" : "has no end in the record";

	if (f->verdict == DOCTOR_WARN)
		snprintf(out, cap, "%sstage %d: ", dial_tone ? "Dial tone, but " : "", (int)f->stage);
	else
		snprintf(out, cap, "STAGE %d %s: ", (int)f->stage, verb);
}

static void diagnosis(struct screen *s, const struct doctor_finding *f, bool dial_tone)
{
	char head[64], text[1200], remedy[DOCTOR_TEXT_MAX];

	head_of(f, dial_tone, head, sizeof head);
	with_id(f, 0, text, sizeof text);
	paragraph(s, 0, head, f->verdict == DOCTOR_FAIL ? INK_BAD : INK_WARN, text);
	if (f->ncause || dt_failures[f->failure].fix[0])
		paragraph(s, 0, "DO: ", INK_BOLD, f->ncause ? doctor_fill(f, f->cause[0]->remedy, remedy) : dt_failures[f->failure].fix);
}

/* ---- proof ------------------------------------------------------------------------------------------------------- */

static void evidence(struct screen *s, const struct doctor_finding *f)
{
	const struct doctor_line *l = f->evidence;
	bool what = l->what && l->kind == DT_REC_ATTEMPT;
	char text[1400];

	if (f->asked)
		snprintf(text, sizeof text, "%s: %s", f->asked->what, f->asked->text);
	else
		snprintf(text, sizeof text, "%s%s%s%s%s", what ? l->what : "", l->peer ? " at " : "", l->peer ? l->peer : "",
			 what || l->peer ? ": " : "", evidence_why(f));
	paragraph(s, INDENT, "seen", INK_BOLD, text);
}

/* The party that has to act; the cause says what to do. */
static void who(struct screen *s, enum dt_fault fault)
{
	static const char *const parties[] = {
	    [DT_FAULT_NETWORK] = "the network: switches, DHCP, DNS, firewalls",
	    [DT_FAULT_SERVER] = "the servers",
	    [DT_FAULT_PHONE] = "this phone",
	    [DT_FAULT_USER] = "the user",
	    [DT_FAULT_US] = "the authors of this program",
	};

	if (fault != DT_FAULT_NONE)
		paragraph(s, INDENT, "who", INK_BOLD, parties[fault]);
}

/* An answer that no specification describes may be misread; a connection that fails is no answer. */
static bool is_guess(const struct doctor_finding *f)
{
	return f->guess && f->failure != DT_F_CONNECT && f->failure != DT_F_TIMEOUT && f->failure != DT_F_CLOSED;
}

static void proof(struct screen *s, const struct doctor_finding *f)
{
	char text[1200], remedy[DOCTOR_TEXT_MAX];

	evidence(s, f);
	who(s, dt_failures[f->failure].fault);
	for (unsigned i = 1; i < f->ncause; i++) {
		with_id(f, i, text, sizeof text);
		if (!paragraph(s, INDENT, "or", INK_BOLD, text))
			s->left_out++;
		else if (s->verbose)
			paragraph(s, INDENT, "", INK_PLAIN, doctor_fill(f, f->cause[i]->remedy, remedy));
	}
	if (is_guess(f))
		paragraph(s, INDENT, "note", INK_DIM,
			  "the format of this step is undocumented; dialtone itself may be wrong here");
}

/* ---- the other findings ------------------------------------------------------------------------------------------- */

static void other(struct screen *s, const struct doctor_finding *f, bool dial_tone)
{
	char text[1300], cause[1200], remedy[DOCTOR_TEXT_MAX];

	with_id(f, 0, cause, sizeof cause);
	if (f->because) {
		snprintf(text, sizeof text, "stage %d, %s: %s", (int)f->stage,
			 f->stage > DT_STAGE_NONE && f->stage < DT_STAGE_COUNT ? dt_stage_titles[f->stage] : "", evidence_why(f));
		s->left_out += !paragraph(s, INDENT, "hence", INK_DIM, text);
		return;
	}
	snprintf(text, sizeof text, "stage %d: %s", (int)f->stage, cause);
	if (!paragraph(s, INDENT, dial_tone ? "also" : "note", INK_WARN, text)) {
		s->left_out++;
		return;
	}
	if (f->ncause) {
		snprintf(text, sizeof text, "DO: %s", doctor_fill(f, f->cause[0]->remedy, remedy));
		paragraph(s, INDENT, "", INK_PLAIN, text);
	}
	if (s->verbose)
		evidence(s, f);
}

/* ---- where it got to ----------------------------------------------------------------------------------------------- */

static void stages(struct screen *s)
{
	const struct doctor_line *result = doctor_run_result(s->run);
	char text[400] = "";
	size_t n = 0;

	for (size_t i = 0; i < s->run->n && n < sizeof text; i++) {
		const struct doctor_line *l = &s->run->line[i];
		bool failed = result && !result->ok && l->stage == result->stage && !l->ok;

		if (l->kind == DT_REC_STAGE && l->stage < DT_STAGE_COUNT && !failed)
			n += (size_t)snprintf(text + n, sizeof text - n, "%d %s %s  ", (int)l->stage, dt_stage_keys[l->stage],
					      !l->ok ? "no" : l->skipped && l->failure != DT_F_OK ? "without" : "ok");
	}
	if (result && !result->ok && result->stage > DT_STAGE_NONE && result->stage < DT_STAGE_COUNT && n < sizeof text)
		snprintf(text + n, sizeof text - n, "%d %s %s", (int)result->stage, dt_stage_keys[result->stage],
			 result->failure == DT_F_STOPPED ? "stopped" : "FAILED");
	if (text[0])
		paragraph(s, INDENT, "stages", INK_DIM, text);
}

static void footer(struct screen *s, const struct findings *f)
{
	const char *id = f->n && f->one[0].ncause ? f->one[0].cause[0]->id : NULL;
	char text[200];

	if (s->verbose || f->n == 0)
		return;
	s->lines = 0; /* it has its place below the others */
	snprintf(text, sizeof text, "%s%s%s", s->left_out ? "--verbose shows the rest" : "--verbose shows every question and answer",
		 id ? "; about this cause: dialtone doctor --explain " : "", id ? id : "");
	paragraph(s, INDENT, "more", INK_DIM, text);
}

/* ---- with --verbose ------------------------------------------------------------------------------------------------ */

static void asked(struct screen *s)
{
	if (s->run->answers)
		fprintf(s->to, "\nalso checked\n");
	for (unsigned i = 0; i < s->run->answers; i++) {
		const struct doctor_answer *a = &s->run->answer[i];
		char text[1600];

		snprintf(text, sizeof text, "%s: %s", a->what, a->text);
		paragraph(s, INDENT, a->ok ? "ok" : "no", a->ok ? INK_GOOD : INK_WARN, text);
	}
}

static void observed(struct screen *s)
{
	const struct doctor_observed *h = &s->run->observed;

	if (!s->run->has_observed)
		return;
	fprintf(s->to, "\nheard on the port: ");
	if (h->lldp)
		fprintf(s->to, "%u LLDP (%u with MED, %u with a voice policy)", h->lldp, h->med, h->voice);
	else
		fprintf(s->to, "no LLDP");
	if (h->cdp)
		fprintf(s->to, ", %u CDP%s", h->cdp, h->cdp_vlan ? " (with a voice VLAN)" : "");
	else
		fprintf(s->to, ", no CDP");
	fprintf(s->to, ", %u DHCP answers, %u frames in all", h->dhcp, h->frames);
	if (h->frames)
		fprintf(s->to, ", the first after %.1f s", h->first_ms / 1000.0);
	fputc('\n', s->to);
}

static void dial_tone_line(struct screen *s, const struct doctor_line *result)
{
	char text[80];

	snprintf(text, sizeof text, "after %u.%u s: nothing to cure", result->ms / 1000, result->ms % 1000 / 100);
	paragraph(s, 0, "Dial tone ", INK_GOOD, result->ms ? text : "and nothing to cure");
}

void answer_print(FILE *to, const struct record_text *ink, const struct doctor_run *r, const struct findings *f, bool verbose)
{
	const struct doctor_line *result = doctor_run_result(r);
	struct screen s = {.to = to, .ink = ink, .run = r, .verbose = verbose};
	bool dial_tone = result && result->ok;

	if (dial_tone && f->n == 0)
		dial_tone_line(&s, result);
	if (f->n) {
		diagnosis(&s, &f->one[0], dial_tone);
		blank(&s);
		proof(&s, &f->one[0]);
		for (unsigned i = 1; i < f->n; i++)
			other(&s, &f->one[i], dial_tone);
		if (!dial_tone)
			stages(&s);
	}
	if (verbose) {
		asked(&s);
		observed(&s);
	}
	footer(&s, f);
	fflush(to);
}
