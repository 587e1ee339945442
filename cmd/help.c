/* cmd/help.c: --help, printed from the tables: of the program its verbs, of a verb with verbs below it all of them, of any
 * other its options. */
#include "cmd/options.h"

#include <string.h>

#include "base/buf.h"
#include "cmd/text.h"

#define AT_OPTION 27 /* columns in which the explanations begin */
#define AT_INNER 34

static void help_row(FILE *to, unsigned at, const char *indent, const struct option_row *r)
{
	struct buf head = {0}, what = {0};
	const char *word;

	buf_printf(&head, "%s%s%s%s", indent, r->name, r->value ? " " : "", r->value ? r->value : "");
	for (unsigned i = 0; r->word && (word = r->word(i)) != NULL; i++)
		buf_printf(&what, "%s ", word);
	buf_str(&what, r->what);
	text_row(to, at, buf_cstr(&head), buf_cstr(&what));
	buf_free(&head);
	buf_free(&what);
}

static void help_rows(FILE *to, unsigned at, const char *indent, const struct option_row *rows)
{
	for (; rows && rows->name; rows++)
		help_row(to, at, indent, rows);
}

/* "usage: dialtone [-c FILE] user add ADDRESS [OPTIONS]" */
static void help_usage(FILE *to, const struct command *c)
{
	const struct verb *v = c->verb;
	struct buf line = {0};
	bool options = v->options || v->shared;

	if (v->usage) {
		fputs(v->usage, to);
		return;
	}
	buf_printf(&line, "usage: %s", c->path[0]->name);
	if (verb_flags_of(c->path, c->depth) & VERB_SITE)
		buf_str(&line, " [-c FILE]");
	for (unsigned i = 1; i < c->depth; i++) {
		buf_printf(&line, " %s", c->path[i]->name);
		options |= c->path[i]->options || c->path[i]->shared;
	}
	if (v->verbs)
		buf_str(&line, " VERB ...");
	else if (v->arguments && v->arguments[0])
		buf_printf(&line, " %s", v->arguments);
	if (options)
		buf_str(&line, " [OPTIONS]");
	text_fold(to, 0, 11, buf_cstr(&line));
	buf_free(&line);
}

/* The verbs below one that has arguments and options of their own. */
static void help_verb(FILE *to, const char *above, const struct verb *v)
{
	char name[64];

	snprintf(name, sizeof name, "%s%s%s", above, above[0] ? " " : "", v->name);
	if (v->verbs) {
		for (const struct verb *const *below = v->verbs; *below; below++)
			help_verb(to, name, *below);
		return;
	}
	fprintf(to, "  %s%s%s\n      ", name, v->arguments && v->arguments[0] ? " " : "", v->arguments ? v->arguments : "");
	text_fold(to, 6, 6, v->what);
	help_rows(to, AT_INNER, "      ", v->shared);
	help_rows(to, AT_INNER, "      ", v->options);
}

/* One row each is enough for the verbs of a program, and for verbs without options of their own. */
static bool help_is_plain(const struct command *c)
{
	for (const struct verb *const *v = c->verb->verbs; v && *v && c->depth > 1; v++)
		if ((*v)->options || (*v)->shared || (*v)->verbs)
			return false;
	return true;
}

static void help_below(FILE *to, const struct command *c)
{
	bool plain = help_is_plain(c);
	char head[64];

	for (const struct verb *const *v = c->verb->verbs; v && *v; v++) {
		if (!plain) {
			help_verb(to, "", *v);
			continue;
		}
		snprintf(head, sizeof head, "%s %s", (*v)->name, c->depth > 1 && (*v)->arguments ? (*v)->arguments : "");
		text_row(to, c->depth > 1 ? 22 : 13, head, (*v)->what);
	}
	if (c->verb->verbs)
		fputc('\n', to);
}

void options_help(FILE *to, const struct command *c)
{
	const struct option_row *r;
	unsigned own = 0;

	help_usage(to, c);
	text_fold(to, 0, 0, c->verb->text ? c->verb->text : c->verb->what);
	fputc('\n', to);
	help_below(to, c);
	for (unsigned i = 0; (r = options_each(c->path, c->depth, i)) != NULL; i++, own++)
		help_row(to, AT_OPTION, "", r);
	if (c->verb->example)
		fprintf(to, "\nexample:\n%s", c->verb->example);
	if (c->verb->status)
		text_fold(to, 0, 13, c->verb->status);
}
