#include "cmd/phone/record_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define INDENT 11
#define TRIES 12 /* failed attempts of a stage that are shown; the first and the last ones */
#define NOTES 4	 /* oddities of a stage, each reported once */

struct record_text {
	FILE *to;
	bool colour, live, pending; /* pending: the line at the cursor is to be overwritten */
	bool brief;		    /* one line of progress, no more */
	enum dt_stage stage;
	uint64_t since;
	unsigned said; /* seconds at which the wait was mentioned last */
	char trying[160];
	struct {
		char line[400];
	} tried[TRIES];
	unsigned ntried, lost;
	char note[NOTES][400];
	unsigned notes;
};

struct record_text *record_text_new(FILE *to)
{
	struct record_text *t = calloc(1, sizeof *t);
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	if (t == NULL)
		return NULL;
	t->to = to;
	t->live = isatty(fileno(to)) == 1 && !(term && strcmp(term, "dumb") == 0);
	t->colour = t->live && !(no && no[0]);
	return t;
}

void record_text_free(struct record_text *t)
{
	free(t);
}

const char *record_text_ink(const struct record_text *t, enum ink ink)
{
	static const char *const codes[INK_COUNT] = {"\033[0m", "\033[32m", "\033[31m", "\033[33m", "\033[2m", "\033[1m"};

	return t->colour ? codes[ink] : "";
}

/* ---- text ---------------------------------------------------------------------------------------------------- */

static void record_text_wipe(struct record_text *t)
{
	if (t->pending)
		fputs("\r\033[K", t->to);
	t->pending = false;
}

static void record_text_seconds(char out[16], uint64_t ms)
{
	if (ms < 1000)
		snprintf(out, 16, "%u ms", (unsigned)ms);
	else
		snprintf(out, 16, "%u.%u s", (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
}

static void record_text_below(struct record_text *t, enum ink ink, const char *label, const char *s)
{
	fprintf(t->to, "%*s%s%s", INDENT, "", record_text_ink(t, ink), label);
	text_fold(t->to, INDENT + (unsigned)strlen(label), INDENT, s);
	fputs(record_text_ink(t, INK_PLAIN), t->to);
}

void record_text_print(struct record_text *t, const char *fmt, ...)
{
	va_list ap;

	record_text_wipe(t);
	va_start(ap, fmt);
	vfprintf(t->to, fmt, ap);
	va_end(ap);
	fputc('\n', t->to);
	fflush(t->to);
}

/* ---- the run ------------------------------------------------------------------------------------------------- */

void record_text_head(struct record_text *t, const struct phone_run *r)
{
	fprintf(t->to, "%s%s%s, MAC %s, on %s%s\n", record_text_ink(t, INK_BOLD), r->conf.model->name,
		record_text_ink(t, INK_PLAIN), r->ids.mac, r->o->interface, r->o->take ? "" : " (in a network namespace of its own)");
	fprintf(t->to, "%sstate in %s%s%s\n\n", record_text_ink(t, INK_DIM), host_state(r->host),
		r->o->cold ? ", wiped first" : "", record_text_ink(t, INK_PLAIN));
	fflush(t->to);
}

static const char *record_text_reason(const struct dt_record *r)
{
	return r->why && r->why[0] ? r->why : dt_failures[r->failure].what;
}

static void record_text_hold_try(struct record_text *t, const struct dt_record *r)
{
	char s[16];
	unsigned i = t->ntried;

	if (i == TRIES) { /* the newest stay */
		memmove(&t->tried[1], &t->tried[2], sizeof t->tried[0] * (TRIES - 2));
		i = TRIES - 1;
		t->lost++;
	} else {
		t->ntried++;
	}
	record_text_seconds(s, r->ms);
	snprintf(t->tried[i].line, sizeof t->tried[i].line, "%s%s%s: %s (%s)", r->what ? r->what : "?", r->peer ? " at " : "",
		 r->peer ? r->peer : "", record_text_reason(r), s);
}

static void record_text_tries(struct record_text *t)
{
	for (unsigned i = 0; i < t->ntried; i++) {
		if (i == 1 && t->lost) {
			char more[64];

			snprintf(more, sizeof more, "%u more", t->lost);
			record_text_below(t, INK_DIM, "tried ... ", more);
		}
		record_text_below(t, INK_DIM, "tried ", t->tried[i].line);
	}
}

static void record_text_hold_note(struct record_text *t, const char *warn)
{
	for (unsigned i = 0; i < t->notes; i++)
		if (strncmp(t->note[i], warn, sizeof t->note[i] - 1) == 0)
			return;
	if (t->notes < NOTES)
		snprintf(t->note[t->notes++], sizeof t->note[0], "%s", warn);
}

static void record_text_notes(struct record_text *t)
{
	for (unsigned i = 0; i < t->notes; i++)
		record_text_below(t, INK_WARN, "note: ", t->note[i]);
	t->notes = 0;
}

static void record_text_stage(struct record_text *t, const struct dt_record *r)
{
	char s[16];
	enum ink ink = !r->ok ? INK_BAD : r->skipped ? INK_WARN : INK_GOOD;

	record_text_wipe(t);
	record_text_seconds(s, r->ms);
	fprintf(t->to, "%s%d%s %7s  %s%s%s\n", record_text_ink(t, ink), (int)r->stage, record_text_ink(t, INK_PLAIN), s,
		record_text_ink(t, INK_BOLD), dt_stage_titles[r->stage], record_text_ink(t, INK_PLAIN));
	if (r->found && r->found[0])
		record_text_below(t, INK_PLAIN, "", r->found);
	if (!r->ok || (r->skipped && r->failure != DT_F_OK))
		record_text_tries(t);
	if (!r->ok)
		record_text_below(t, INK_BAD, "FAILED: ", record_text_reason(r));
	else if (r->skipped && r->failure != DT_F_OK)
		record_text_below(t, INK_WARN, "continues without: ", record_text_reason(r));
	if (r->warn)
		record_text_hold_note(t, r->warn);
	record_text_notes(t);
	fflush(t->to);
}

void record_text_line(struct record_text *t, const struct dt_record *r)
{
	switch (r->kind) {
	case DT_REC_BEGIN:
		t->stage = r->stage;
		t->since = clock_mono_ms();
		t->ntried = t->lost = t->said = t->notes = 0;
		t->trying[0] = '\0';
		break;
	case DT_REC_ATTEMPT:
		snprintf(t->trying, sizeof t->trying, "%s", r->what ? r->what : "");
		if (!r->ok)
			record_text_hold_try(t, r);
		if (r->warn)
			record_text_hold_note(t, r->warn);
		if (t->stage == DT_STAGE_NONE && t->notes) { /* of a phone that stays: no stage will end */
			record_text_wipe(t);
			record_text_notes(t);
			fflush(t->to);
		}
		break;
	case DT_REC_STAGE:
		record_text_stage(t, r);
		t->stage = DT_STAGE_NONE;
		break;
	case DT_REC_RESTART:
		record_text_print(t, "\n%*sthe new image is installed: the phone restarts\n", INDENT, "");
		break;
	case DT_REC_READY:
		record_text_print(t, "\n%sready%s: nobody is signed in", record_text_ink(t, INK_GOOD), record_text_ink(t, INK_PLAIN));
		break;
	case DT_REC_RESULT:
		break;
	}
}

void record_text_progress(struct record_text *t, const struct dt_record *r)
{
	t->brief = true;
	if (r->kind != DT_REC_BEGIN || r->stage <= DT_STAGE_NONE || r->stage >= DT_STAGE_COUNT)
		return;
	t->stage = r->stage;
	t->since = clock_mono_ms();
	t->trying[0] = '\0';
	if (!t->live)
		return;
	record_text_wipe(t);
	fprintf(t->to, "stage %d of 9: %.60s ...", (int)r->stage, dt_stage_titles[r->stage]);
	t->pending = true;
	fflush(t->to);
}

void record_text_clear(struct record_text *t)
{
	record_text_wipe(t);
	t->stage = DT_STAGE_NONE;
	fflush(t->to);
}

void record_text_tick(struct record_text *t)
{
	unsigned waited;

	if (t->stage == DT_STAGE_NONE)
		return;
	waited = (unsigned)((clock_mono_ms() - t->since) / 1000);
	if (waited < 1)
		return;
	if (t->live) {
		record_text_wipe(t);
		fprintf(t->to, "%d %5u s  %.44s ...", (int)t->stage, waited, dt_stage_titles[t->stage]);
		if (t->trying[0]) {
			fputs(" last: ", t->to);
			text_put(t->to, t->trying, strnlen(t->trying, 16));
		}
		t->pending = true;
		fflush(t->to);
	} else if (!t->brief && waited >= 10 && waited >= t->said * 2) { /* 10, 20, 40 ... */
		t->said = waited;
		record_text_print(t, "%d %5u s  %s: still waiting", (int)t->stage, waited, dt_stage_titles[t->stage]);
	}
}

static void record_text_part(struct record_text *t, const char *label, const char *s)
{
	fprintf(t->to, "  %s%-6s%s ", record_text_ink(t, INK_BOLD), label, record_text_ink(t, INK_PLAIN));
	text_fold(t->to, 9, 9, s);
}

static void record_text_next(struct record_text *t, int argc, char **argv)
{
	fprintf(t->to, "  %s%-6s%s dialtone doctor", record_text_ink(t, INK_BOLD), "type", record_text_ink(t, INK_PLAIN));
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--stay") == 0) {
			i++;
			continue;
		}
		if (strcmp(argv[i], "--json") == 0 || strncmp(argv[i], "--stay=", 7) == 0)
			continue;
		fputc(' ', t->to);
		text_quote(t->to, argv[i]);
	}
	fprintf(t->to, "\n         which tests further where this stopped\n");
}

void record_text_result(struct record_text *t, const struct run_result *r, int argc, char **argv)
{
	const struct dt_failure_row *f = &dt_failures[r->failure];
	char s[16];

	record_text_wipe(t);
	record_text_notes(t); /* of a stage that did not end */
	record_text_seconds(s, r->ms);
	if (r->ok) {
		fprintf(t->to, "\n%sdial tone%s after %s\n", record_text_ink(t, INK_GOOD), record_text_ink(t, INK_PLAIN), s);
		fflush(t->to);
		return;
	}
	fprintf(t->to, "\n%s%s%s", record_text_ink(t, INK_BAD), r->dial_tone ? "dial tone lost" : "no dial tone",
		record_text_ink(t, INK_PLAIN));
	if (r->stage > DT_STAGE_NONE && r->stage < DT_STAGE_COUNT) {
		int n = fprintf(t->to, ": stage %d, ", (int)r->stage);

		text_fold(t->to, (unsigned)n + (r->dial_tone ? 14 : 12), 2, dt_stage_titles[r->stage]);
	} else {
		fputc('\n', t->to);
	}
	record_text_part(t, "what", f->what);
	if (r->why.text[0])
		record_text_part(t, "why", r->why.text);
	if (r->guess)
		record_text_part(t, "note", "no specification publishes the format used here: it may be this program that is wrong, not the server "
				"and not the PIN");
	record_text_part(t, "do", f->fix);
	if (argv)
		record_text_next(t, argc, argv);
	fflush(t->to);
}
