#include "cmd/options.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/text.h"

/* ---- talking --------------------------------------------------------------------------------------------------- */

const char *command_name(const struct command *c, char ret[128])
{
	size_t n = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < c->depth && n < 128; i++)
		n += (size_t)snprintf(ret + n, 128 - n, "%s%s", i ? " " : "", c->path[i]->name);
	return ret;
}

int command_fail(const struct command *c, int status, const char *fmt, ...)
{
	char name[128];
	va_list ap;

	fprintf(stderr, "%s: ", command_name(c, name));
	va_start(ap, fmt);
	text_vsay(stderr, fmt, ap);
	va_end(ap);
	return status;
}

/* ---- the tables ------------------------------------------------------------------------------------------------ */

const struct option_row option_site = {"-c", "FILE", "the site's configuration (else $DIALTONE_CONF, else " OPTIONS_CONF ")"};
static const char *form_word(unsigned i)
{
	static const char *const words[] = {"text", "json", "csv"};

	return i < 3 ? words[i] : NULL;
}

static const char *form_check(const char *value)
{
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(value, form_word(i)) == 0)
			return NULL;
	return "type text, json or csv";
}

const struct option_row option_form = {"-f", "FORM", "of the output: text (default), json or csv", .check = form_check, .word = form_word};
const struct option_row option_json = {"--json", NULL, "JSON on standard output"};
const struct option_row option_version = {"--version", NULL, "the version"};
const struct option_row option_help = {"--help", NULL, "this text"};

unsigned verb_flags_of(const struct verb *const *path, unsigned depth)
{
	unsigned flags = 0;

	for (unsigned i = 0; i < depth; i++)
		flags |= path[i]->flags;
	return depth > 1 ? flags & ~VERB_VERSION : flags;
}

static const struct option_row *row_at(const struct option_row *rows, unsigned *i)
{
	for (; rows && rows->name; rows++, --*i)
		if (*i == 0)
			return rows;
	return NULL;
}

const struct option_row *options_each(const struct verb *const *path, unsigned depth, unsigned i)
{
	unsigned flags = verb_flags_of(path, depth);
	const struct option_row *const common[5] = {flags & VERB_SITE ? &option_site : NULL, flags & VERB_FORM ? &option_form : NULL,
						    flags & VERB_JSON ? &option_json : NULL, flags & VERB_VERSION ? &option_version : NULL,
						    &option_help};
	const struct option_row *r;

	for (unsigned d = depth; d-- > 0;)
		if ((r = row_at(path[d]->shared, &i)) != NULL || (r = row_at(path[d]->options, &i)) != NULL)
			return r;
	for (size_t k = 0; k < 5; k++)
		if (common[k] && i-- == 0)
			return common[k];
	return NULL;
}

const struct verb *verb_find(const struct verb *above, const char *name)
{
	for (const struct verb *const *v = above->verbs; v && *v; v++)
		if (strcmp((*v)->name, name) == 0)
			return *v;
	return NULL;
}

bool option_given(const struct command *c, const char *name)
{
	for (unsigned i = 0; i < c->givens; i++)
		if (strcmp(c->given[i]->name, name) == 0)
			return true;
	return false;
}
