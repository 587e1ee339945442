/* cmd/command.c: a command line is read by the tables of cmd/options.h, and its verb run. */
#include "cmd/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sv.h"
#include "cmd/text.h"

static const struct option_row *row_find(const struct command *c, const char *name, size_t n)
{
	const struct option_row *r;

	for (unsigned i = 0; (r = options_each(c->path, c->depth, i)) != NULL; i++)
		if (strlen(r->name) == n && memcmp(r->name, name, n) == 0)
			return r;
	return NULL;
}

/* ---- what was typed and is wrong ------------------------------------------------------------------------------- */

static int fail_verb(const struct command *c, const char *typed)
{
	const struct verb *const *below = c->verb->verbs;
	const char *names[64], *near, *ask = c->verb->ask ? c->verb->ask : "what to do";
	struct buf list = {0};
	size_t n = 0;
	int rc;

	for (; below[n] && n < 64; n++) {
		names[n] = below[n]->name;
		buf_printf(&list, "%s%s", n ? ", " : "", names[n]);
	}
	near = typed ? nearest(typed, names, n, sizeof *names) : NULL;
	if (near)
		rc = command_fail(c, EX_USAGE, "there is no '%s': did you mean %s?", typed, near);
	else if (typed)
		rc = command_fail(c, EX_USAGE, "there is no '%s'; type one of: %s", typed, buf_cstr(&list));
	else
		rc = command_fail(c, EX_USAGE, "%s? type one of: %s", ask, buf_cstr(&list));
	buf_free(&list);
	return rc;
}

/* A sister of the verb that has this option: "dialtone connect --bundle" meant doctor. */
static const struct verb *sister_with(const struct command *c, const char *name, size_t n)
{
	if (c->depth < 2)
		return NULL;
	for (const struct verb *const *v = c->path[c->depth - 2]->verbs; *v; v++) {
		struct command other = *c;

		other.path[c->depth - 1] = *v;
		if (*v != c->verb && row_find(&other, name, n))
			return *v;
	}
	return NULL;
}

/* The value is never quoted: it may be a secret. */
static int fail_option(const struct command *c, const char *arg, size_t n)
{
	const char *names[OPTIONS_GIVEN], *near;
	const struct option_row *r;
	const struct verb *sister;
	char file[48], word[48], name[128], above[128];
	struct command up = *c;
	size_t rows = 0;

	snprintf(word, sizeof word, "%.*s", (int)n, arg);
	snprintf(file, sizeof file, "%.*s-file", (int)(n > 40 ? 40 : n), arg);
	if ((strcmp(word, "--pin") == 0 || strcmp(word, "--password") == 0) && row_find(c, file, strlen(file)))
		return command_fail(c, EX_USAGE, "'%s': a secret is not taken from an argument, where others can read it; type %s FILE",
				    word, file);
	for (; rows < OPTIONS_GIVEN && (r = options_each(c->path, c->depth, (unsigned)rows)) != NULL; rows++)
		names[rows] = r->name;
	near = nearest(word, names, rows, sizeof *names);
	for (size_t i = 0; i < rows; i++) /* begun, and not ended */
		near = n > 3 && strncmp(names[i], word, n) == 0 ? names[i] : near;
	sister = sister_with(c, arg, n);
	up.depth--;
	if (sister)
		return command_fail(c, EX_USAGE, "there is no option '%s' here; it is one of: %s %s", word, command_name(&up, above),
				    sister->name);
	if (near)
		return command_fail(c, EX_USAGE, "there is no option '%s': did you mean %s?", word, near);
	return command_fail(c, EX_USAGE, "there is no option '%s'; '%s --help' lists the options", word, command_name(c, name));
}

static int fail_argument(const struct command *c, const char *arg)
{
	char name[128];
	const char *arguments = c->verb->arguments ? c->verb->arguments : "";

	return command_fail(c, EX_USAGE, "'%s' is one argument too many; type: %s%s%s", arg, command_name(c, name),
			    *arguments ? " " : "", arguments);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static unsigned arguments_most(const struct verb *v, unsigned *least)
{
	struct sv rest = sv_of(v->arguments ? v->arguments : "");
	unsigned n = 0;

	*least = 0;
	while (rest.n) {
		struct sv word = sv_cut(&rest, ' ');

		n++;
		*least += word.p[0] != '[';
	}
	return n;
}

static int value_take(struct command *c, const struct option_row *r, const char *value)
{
	void *at = c->o ? (char *)c->o + r->at : NULL; /* no struct: the option is one of many verbs */
	const char *instead = value && r->check ? r->check(value) : NULL;

	if (!instead && r->value && !r->repeats && r != &option_site && option_given(c, r->name))
		return command_fail(c, EX_USAGE, "'%s' is given twice", r->name);
	if (c->givens == OPTIONS_GIVEN)
		return command_fail(c, EX_USAGE, "'%s': more than %d options are given", r->name, OPTIONS_GIVEN);
	c->given[c->givens++] = r;
	if (r == &option_site)
		c->conf = value, c->site_given = true;
	else if (r == &option_json)
		c->json = true;
	else if (r == &option_form && instead == NULL && value)
		c->json = strcmp(value, "json") == 0, c->csv = strcmp(value, "csv") == 0;
	else if (r == &option_help)
		c->help = true;
	else if (r == &option_version)
		c->version = true;
	else if (instead == NULL && r->read)
		instead = r->read(at, value);
	else if (instead == NULL && at && r->value)
		*(const char **)at = value;
	else if (instead == NULL && at)
		*(bool *)at = true;
	return instead ? command_fail(c, EX_USAGE, "'%s %s': %s", r->name, value, instead) : 0;
}

/* "--name VALUE", "--name=VALUE", "--flag", "-cVALUE" */
static int option_take(struct command *c, int argc, char **argv, int *i)
{
	const char *arg = argv[*i], *value = NULL;
	const struct option_row *r;
	size_t n = strlen(arg);

	if (arg[1] == '-') {
		n = strcspn(arg, "=");
		value = arg[n] ? arg + n + 1 : NULL;
	} else if (n > 2) {
		n = 2;
		value = arg + 2;
	}
	r = strcmp(arg, "-h") == 0 ? &option_help : row_find(c, arg, n);
	if (r == NULL && strncmp(arg, "-c", 2) == 0) { /* of a verb that comes later; or of none */
		if (c->verb->verbs == NULL || !c->verb->verbs[0])
			return command_fail(c, EX_USAGE, "'-c': this verb works on no site's configuration; %s",
					    c->verb->no_site ? c->verb->no_site : "leave -c away");
		r = &option_site;
	}
	if (r == NULL)
		return fail_option(c, arg, n);
	if (r->value == NULL && value)
		return command_fail(c, EX_USAGE, "'%s' takes no value; type %s", arg, r->name);
	if (r->value && value == NULL && *i + 1 == argc)
		return command_fail(c, EX_USAGE, "'%s' needs a value; type %s %s", arg, r->name, r->value);
	return value_take(c, r, r->value ? value ? value : argv[++*i] : NULL);
}

/* The verb below, with its struct, which the options behind it fill. */
static int verb_take(struct command *c, const char *name)
{
	const struct verb *v = verb_find(c->verb, name);

	if (v == NULL || c->depth == OPTIONS_DEPTH)
		return fail_verb(c, name);
	c->path[c->depth++] = v;
	c->verb = v;
	if (v->size) {
		free(c->o);
		c->o = calloc(1, v->size);
		if (c->o == NULL)
			return command_fail(c, EX_OSERR, "out of memory");
		if (v->begin)
			v->begin(c->o);
	}
	return 0;
}

/* "dialtone phones --stage 7" means "dialtone phones list --stage 7"; its help is that of all the verbs. */
static int usual_take(struct command *c, const char *next)
{
	const struct verb *usual = c->verb->usual;

	if (usual == NULL || (next && (verb_find(c->verb, next) || strcmp(next, "--help") == 0 || strcmp(next, "-h") == 0)))
		return 0;
	return verb_take(c, usual->name);
}

static int arguments_check(struct command *c)
{
	unsigned least;
	char name[128];

	arguments_most(c->verb, &least);
	if (c->verb->verbs)
		return fail_verb(c, NULL);
	if (c->site_given && !(verb_flags_of(c->path, c->depth) & VERB_SITE))
		return command_fail(c, EX_USAGE, "'-c %s': this verb works on no site's configuration; %s", c->conf,
				    c->verb->no_site ? c->verb->no_site : "leave -c away");
	if (c->arguments < least)
		return command_fail(c, EX_USAGE, "an argument is missing; type: %s %s", command_name(c, name), c->verb->arguments);
	return 0;
}

static int command_read(struct command *c, int argc, char **argv)
{
	bool options = true;
	unsigned least;
	int rc = 0;

	for (int i = 1; i < argc && rc == 0 && !c->help; i++) {
		const char *arg = argv[i];

		if (options && strcmp(arg, "--") == 0)
			options = false;
		else if (options && arg[0] == '-' && arg[1])
			rc = option_take(c, argc, argv, &i);
		else if (c->verb->verbs && i == 1 && strcmp(arg, "help") == 0)
			continue; /* "dialtone help user" */
		else if (c->verb->verbs)
			rc = (rc = verb_take(c, arg)) ? rc : usual_take(c, i + 1 < argc ? argv[i + 1] : NULL);
		else if (c->arguments == arguments_most(c->verb, &least))
			rc = fail_argument(c, arg);
		else
			c->argument[c->arguments++] = arg;
	}
	if (argc > 1 && c->path[0]->verbs && strcmp(argv[1], "help") == 0)
		c->help = true;
	return rc || c->help || c->version ? rc : arguments_check(c);
}

int options_main(const struct verb *program, int argc, char **argv)
{
	const char *conf = getenv("DIALTONE_CONF");
	struct command c = {.path = {program}, .verb = program, .depth = 1, .argc = argc, .argv = argv,
			    .conf = conf && conf[0] ? conf : OPTIONS_CONF};
	int rc;

	if (argc > 1 && strcmp(argv[1], "--complete") == 0) {
		options_complete(stdout, program, (unsigned)argc - 2, argv + 2);
		return EX_OK;
	}
	if (argc == 3 && strcmp(argv[1], "--completion") == 0 && options_completion(stdout, program, argv[2]))
		return EX_OK;
	if (program->size)
		c.o = calloc(1, program->size);
	if (program->size && c.o == NULL)
		return command_fail(&c, EX_OSERR, "out of memory");
	if (argc == 1 && program->verbs) {
		options_help(stderr, &c);
		rc = EX_USAGE;
	} else if ((rc = command_read(&c, argc, argv)) == 0 && c.help) {
		options_help(stdout, &c);
	} else if (rc == 0 && c.version) {
		printf("%s " DIALTONE_VERSION "\n", program->name);
	} else if (rc == 0) {
		rc = c.verb->run(&c);
	}
	free(c.o);
	return rc;
}
