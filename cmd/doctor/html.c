#include "cmd/doctor/html.h"

#include <stdio.h>
#include <string.h>

#include "doctor/fill.h"

/* clang-format off */
static const char style[] =
	":root{--ink:#1b1f24;--dim:#5b6570;--paper:#fff;--line:#d8dee4;--good:#1a7f37;--bad:#cf222e;--warn:#9a6700;--bar:#0969da;--soft:#f6f8fa}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9198a1;--paper:#0d1117;--line:#30363d;--good:#3fb950;--bad:#ff7b72;"
	"--warn:#d29922;--bar:#4493f8;--soft:#161b22}}"
	"*{box-sizing:border-box}body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--paper);color:var(--ink);"
	"font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}"
	"h1{font-size:1.15rem;margin:.2rem 0}h2{font-size:1rem;margin:1.6rem 0 .5rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}"
	".answer{border-left:.35rem solid var(--good);background:var(--soft);padding:.7rem 1rem;margin:.8rem 0}"
	".answer.fail{border-color:var(--bad)}.answer.warn{border-color:var(--warn)}.answer p{margin:.25rem 0}"
	".what{font-size:1.1rem;font-weight:600}.do{font-family:ui-monospace,monospace;font-size:.92rem}.id{color:var(--dim);font-weight:400;white-space:nowrap}"
	"dl{display:grid;grid-template-columns:5.5rem 1fr;gap:.2rem .8rem;margin:.6rem 0}dt{color:var(--dim)}dd{margin:0}"
	".row{display:grid;grid-template:'n t m'/minmax(8rem,19rem) 1fr 4.2rem;gap:0 .6rem;align-items:center;font-size:.86rem;padding:.1rem 0}"
	".row.stage{border-top:1px solid var(--line);margin-top:.2rem}.stage .n{font-weight:600}.try .n{padding-left:1rem;color:var(--dim)}"
	".n{grid-area:n}.track{grid-area:t}.ms{grid-area:m;text-align:right;font-variant-numeric:tabular-nums;color:var(--dim)}"
	".track{position:relative;height:.8rem;background:var(--soft);border-radius:.2rem}"
	".bar{position:absolute;top:0;bottom:0;min-width:2px;border-radius:.2rem;background:var(--bar);print-color-adjust:exact;"
	"-webkit-print-color-adjust:exact}.bar.no{background:var(--bad)}.bar.odd{background:var(--warn)}.bar.thin{top:.25rem;bottom:.25rem;opacity:.75}"
	"details{margin:.3rem 0;font-size:.86rem}summary{cursor:pointer}pre{overflow-x:auto;background:var(--soft);padding:.5rem;font-size:.78rem;white-space:pre-wrap}"
	".wide{overflow-x:auto}svg{min-width:46rem;width:100%;height:auto;display:block;font:11px ui-monospace,monospace}"
	"svg text{fill:var(--ink)}svg .dim{fill:var(--dim)}svg .life{stroke:var(--line)}svg .arrow{stroke:var(--bar);fill:none}"
	"svg .tip{fill:var(--bar)}svg .bad .arrow{stroke:var(--bad)}svg .bad .tip{fill:var(--bad)}svg .bad .note{fill:var(--bad)}"
	"table{border-collapse:collapse;width:100%;font-size:.86rem}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;"
	"border-bottom:1px solid var(--line)}th,td:nth-child(3):not(:last-child){white-space:nowrap}td:nth-child(2){min-width:13rem}.good{color:var(--good)}.bad{color:var(--bad)}.odd{color:var(--warn)}footer{color:var(--dim);"
	"font-size:.8rem;margin-top:2rem}"
	"@media(max-width:40rem){table,tbody{display:block}.row{grid-template:'n m' 't t'/1fr 3.6rem}dl{grid-template-columns:1fr}"
	"dt{margin-top:.3rem}thead{display:none}tr{display:block;border-bottom:1px solid var(--line)}td{display:block;border:0;padding:.1rem 0}td:nth-child(3):not(:last-child){white-space:normal}td:nth-child(2){min-width:0}}"
	"@media print{:root{--ink:#000;--dim:#444;--paper:#fff;--line:#bbb;--good:#1a7f37;--bad:#b00;--warn:#860;--bar:#0969da;--soft:#f4f4f4}"
	"body{max-width:none;padding:0;font-size:10pt}.wide{overflow:visible}svg{min-width:0}details>pre{display:none}h2{break-after:avoid}.answer,tr,.row{break-inside:avoid}}";
/* clang-format on */

static void put(struct buf *to, const char *s)
{
	buf_add(to, s, strlen(s));
}

void html_begin(struct buf *to, const char *title)
{
	put(to, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\n<title>");
	html_text(to, title);
	put(to, "</title>\n<style>");
	put(to, style);
	put(to, "</style></head><body>\n");
}

void html_end(struct buf *to)
{
	put(to, "<footer>dialtone " DIALTONE_VERSION ", dialtone doctor --html</footer>\n</body></html>\n");
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

static const char *evidence_why(const struct doctor_finding *f)
{
	const struct doctor_line *l = f->evidence;

	return l->why ? l->why : f->failure == DT_F_OK && l->warn ? l->warn : dt_failures[f->failure].what;
}

static void cause(struct buf *to, const struct doctor_finding *f, unsigned i)
{
	char text[DOCTOR_TEXT_MAX];

	if (i >= f->ncause) {
		html_text(to, evidence_why(f));
		return;
	}
	html_text(to, doctor_fill(f, f->cause[i]->cause, text));
	put(to, " <span class=\"id\">[");
	html_text(to, f->cause[i]->id);
	put(to, "]</span>");
}

static void term(struct buf *to, const char *name)
{
	put(to, "<dt>");
	put(to, name);
	put(to, "</dt><dd>");
}

static void proof(struct buf *to, const struct doctor_finding *f)
{
	const struct doctor_line *l = f->evidence;

	term(to, "seen");
	if (f->asked) {
		html_text(to, f->asked->what);
		put(to, ": ");
		html_text(to, f->asked->text);
	} else {
		if (l->what && l->kind == DT_REC_ATTEMPT) {
			html_text(to, l->what);
			put(to, l->peer ? " at " : ": ");
		}
		if (l->peer) {
			html_text(to, l->peer);
			put(to, ": ");
		}
		html_text(to, evidence_why(f));
	}
	put(to, "</dd>");
	for (unsigned i = 1; i < f->ncause; i++) {
		term(to, "or");
		cause(to, f, i);
		put(to, "</dd>");
	}
}

static void finding(struct buf *to, const struct doctor_finding *f, bool dial_tone)
{
	char text[DOCTOR_TEXT_MAX];
	const char *title = f->stage > DT_STAGE_NONE && f->stage < DT_STAGE_COUNT ? dt_stage_titles[f->stage] : "";

	html_put(to, "<div class=\"answer %s\"><p class=\"what\">", f->verdict == DOCTOR_FAIL ? "fail" : "warn");
	html_put(to, "%s%d %s: ", f->verdict == DOCTOR_FAIL ? "Stage " : dial_tone ? "Dial tone, but stage " : "Stage ", (int)f->stage,
		 f->verdict == DOCTOR_FAIL ? "fails" : f->because ? "follows from it" : "");
	if (f->because)
		html_text(to, evidence_why(f));
	else
		cause(to, f, 0);
	put(to, "</p>");
	if (!f->because) {
		put(to, "<p class=\"do\">DO: ");
		html_text(to, f->ncause ? doctor_fill(f, f->cause[0]->remedy, text) : dt_failures[f->failure].fix);
		put(to, "</p>");
	}
	put(to, "<dl>");
	proof(to, f);
	html_put(to, "<dt>stage</dt><dd>%d, %s</dd></dl></div>\n", (int)f->stage, title);
}

/* ---- evidence ---------------------------------------------------------------------------------------------------- */

static void cell(struct buf *to, const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	html_text(to, text ? text : "");
}

static void attempts(struct buf *to, const json_t *lines)
{
	const json_t *l;
	size_t i;

	put(to, "<h2>Evidence</h2>\n<table><thead><tr><th>stage</th><th>tried</th><th>with</th><th>result</th></tr></thead><tbody>\n");
	json_array_foreach(lines, i, l) {
		const char *kind = json_string_value(json_object_get(l, "kind"));
		bool ok = json_is_true(json_object_get(l, "ok"));

		if (kind == NULL || (strcmp(kind, "attempt") != 0 && strcmp(kind, "probe") != 0))
			continue;
		html_put(to, "<tr><td>%d</td><td>", (int)json_integer_value(json_object_get(l, "stage")));
		cell(to, l, "try");
		put(to, "</td><td>");
		cell(to, l, "peer");
		html_put(to, "</td><td class=\"%s\">", !ok ? "bad" : json_object_get(l, "warn") ? "odd" : "good");
		put(to, ok ? "ok " : "no ");
		cell(to, l, json_object_get(l, "found") ? "found" : "why");
		if (json_object_get(l, "warn")) {
			put(to, " (");
			cell(to, l, "warn");
			put(to, ")");
		}
		put(to, "</td></tr>\n");
	}
	put(to, "</tbody></table>\n");
}

static void answers(struct buf *to, const struct doctor_run *r)
{
	if (r->answers == 0)
		return;
	put(to, "<h2>Also checked</h2>\n<table><tbody>\n");
	for (unsigned i = 0; i < r->answers; i++) {
		html_put(to, "<tr><td class=\"%s\">%s</td><td>", r->answer[i].ok ? "good" : "bad", r->answer[i].ok ? "ok" : "no");
		html_text(to, r->answer[i].what);
		put(to, "</td><td>");
		html_text(to, r->answer[i].text);
		put(to, "</td></tr>\n");
	}
	put(to, "</tbody></table>\n");
}

void html_phone(struct buf *to, const char *name, const struct doctor_run *r, const struct findings *f, const json_t *lines)
{
	const struct doctor_line *result = doctor_run_result(r);
	bool dial_tone = result && result->ok;

	put(to, "<h1>");
	html_text(to, name);
	put(to, "</h1>\n");
	if (f->n == 0)
		put(to, dial_tone ? "<div class=\"answer\"><p class=\"what\">Dial tone: nothing to cure</p></div>\n"
				  : "<div class=\"answer warn\"><p class=\"what\">The record ends before there was a result</p></div>\n");
	for (unsigned i = 0; i < f->n; i++)
		finding(to, &f->one[i], dial_tone);
	html_waterfall(to, lines);
	html_ladder(to, lines);
	attempts(to, lines);
	answers(to, r);
}
