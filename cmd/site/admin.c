#include "cmd/site/admin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/text.h"
#include "server/site/conf.h"
#include "server/control/control.h"

/* ---- talking ------------------------------------------------------------------------------------------- */

int admin_fail(const struct admin *a, int status, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "dialtone %s%s%s: ", a->group->name, a->verb ? " " : "", a->verb ? a->verb->name : "");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

int admin_store_failed(const struct admin *a, enum store_result r, const char *what)
{
	switch (r) {
	case STORE_NONE:
		return admin_fail(a, EX_USAGE, "'%s' is not in the store; 'dialtone %s list' shows what is", what,
				  a->group->name);
	case STORE_TAKEN:
		return admin_fail(a, EX_USAGE, "'%s' cannot be stored: %s; to change what is there: dialtone %s set", what,
				  store_why(a->store), a->group->name);
	default:
		return admin_fail(a, EX_IOERR, "the store failed at '%s': %s", what, store_why(a->store));
	}
}

int admin_print(json_t *j)
{
	int rc = j && json_dumpf(j, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF ? 0 : EX_SOFTWARE;

	json_decref(j);
	return rc;
}

char *admin_time(char out[32], int64_t unix_s, const char *otherwise)
{
	if (unix_s)
		return iso_time(out, unix_s);
	snprintf(out, 32, "%s", otherwise);
	return out;
}

/* Of the whole group, or of the one verb that stood before --help. */
static void help(const struct admin_group *g, const struct admin_verb *only)
{
	printf("usage: dialtone [-c FILE] %s %s ...\n", g->name, only ? only->name : "VERB");
	text_fold(stdout, 0, 0, g->what);
	putchar('\n');
	for (const struct admin_verb *v = g->verbs; v->name; v++) {
		if (only && v != only)
			continue;
		printf("  %s%s%s\n      ", v->name, v->arguments[0] ? " " : "", v->arguments);
		text_fold(stdout, 6, 6, v->what);
		for (const struct admin_option *o = v->options; o && o->name; o++) {
			char left[48];

			snprintf(left, sizeof left, "      %s %s", o->name, o->value ? o->value : "");
			text_row(stdout, 34, left, o->what);
		}
	}
	printf("\n  -c FILE   the configuration\n"
	       "            (else $DIALTONE_CONF, else " ADMIN_CONF ")\n"
	       "  --json    JSON on standard output\n"
	       "  --help    this text; behind a verb: of that verb\n\nexample:\n%s",
	       g->example);
}

/* ---- reading the command line ----------------------------------------------------------------------------- */

const char *admin_option(const struct admin *a, const char *name)
{
	for (unsigned i = 0; a->verb->options && a->verb->options[i].name; i++)
		if (strcmp(a->verb->options[i].name, name) == 0)
			return a->option[i];
	return NULL;
}

static int names_verbs(const struct admin *a, const char *given)
{
	char list[256] = "";
	const char *near;
	size_t count = 0;

	for (const struct admin_verb *v = a->group->verbs; v->name; v++, count++)
		snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", v == a->group->verbs ? "" : ", ", v->name);
	near = given ? nearest(given, &a->group->verbs[0].name, count, sizeof a->group->verbs[0]) : NULL;
	if (near)
		return admin_fail(a, EX_USAGE, "there is no '%s': did you mean %s?", given, near);
	return given ? admin_fail(a, EX_USAGE, "there is no '%s'; type one of: %s", given, list)
		     : admin_fail(a, EX_USAGE, "type what to do: %s", list);
}

/* What must not stand on a command line; it is not said again either. */
static bool is_secret(const char *arg, size_t n)
{
	return (n == 5 && strncmp(arg, "--pin", n) == 0) || (n == 10 && strncmp(arg, "--password", n) == 0);
}

static int names_options(const struct admin *a, const char *arg, size_t n)
{
	const struct admin_option *o = a->verb->options;
	const char *near = NULL;
	char word[32];
	size_t count = 0;

	if (is_secret(arg, n))
		return admin_fail(a, EX_USAGE, "'%.*s': a secret is not taken from an argument, where others can read it; give "
					       "%.*s-file FILE", (int)n, arg, (int)n, arg);
	while (o && o[count].name)
		count++;
	snprintf(word, sizeof word, "%.*s", (int)n, arg);
	if (count)
		near = nearest(word, &o[0].name, count, sizeof o[0]);
	if (near)
		return admin_fail(a, EX_USAGE, "there is no option '%s': did you mean %s?", arg, near);
	return admin_fail(a, EX_USAGE, "there is no option '%s'; 'dialtone %s %s --help' lists them", arg, a->group->name,
			  a->verb->name);
}

static int option_read(struct admin *a, int argc, char **argv, int *i)
{
	const struct admin_option *options = a->verb->options;
	char *arg = argv[*i], *equals = strchr(arg, '=');
	size_t n = equals ? (size_t)(equals - arg) : strlen(arg);

	for (unsigned k = 0; options && options[k].name && k < ADMIN_OPTIONS; k++) {
		if (strlen(options[k].name) != n || strncmp(options[k].name, arg, n) != 0)
			continue;
		if (options[k].value == NULL && equals)
			return admin_fail(a, EX_USAGE, "'%s' takes no value; type %s", arg, options[k].name);
		if (a->option[k])
			return admin_fail(a, EX_USAGE, "'%s' is given twice", options[k].name);
		if (options[k].value == NULL) {
			a->option[k] = options[k].name;
		} else if (equals) {
			a->option[k] = equals + 1;
		} else if (*i + 1 < argc) {
			a->option[k] = argv[++*i];
		} else {
			return admin_fail(a, EX_USAGE, "'%s' needs a value: %s %s", arg, arg, options[k].value);
		}
		return 0;
	}
	return names_options(a, arg, n);
}

/* 0: go on; -1: help was wanted; else the status */
static int arguments_read(struct admin *a, int argc, char **argv, const char **conf)
{
	int rc;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
			return -1;
		if (strcmp(arg, "--json") == 0) {
			a->json = true;
		} else if (strcmp(arg, "-c") == 0) {
			if (i + 1 == argc)
				return admin_fail(a, EX_USAGE, "'-c' needs a file: -c DIR/dialtone.conf");
			*conf = argv[++i];
		} else if (a->verb == NULL) {
			for (const struct admin_verb *v = a->group->verbs; v->name; v++)
				if (strcmp(v->name, arg) == 0)
					a->verb = v;
			if (a->verb == NULL)
				return names_verbs(a, arg);
		} else if (arg[0] == '-' && arg[1]) {
			if ((rc = option_read(a, argc, argv, &i)) != 0)
				return rc;
		} else if (a->arguments >= a->verb->max) {
			return admin_fail(a, EX_USAGE, "'%s' is one argument too many; type: dialtone %s %s %s", arg,
					  a->group->name, a->verb->name, a->verb->arguments);
		} else {
			a->argument[a->arguments++] = arg;
		}
	}
	if (a->verb == NULL)
		return names_verbs(a, NULL);
	if (a->arguments < a->verb->min)
		return admin_fail(a, EX_USAGE, "an argument is missing; type: dialtone %s %s %s", a->group->name, a->verb->name,
				  a->verb->arguments);
	return 0;
}

/* ---- site and store ----------------------------------------------------------------------------------------- */

static int site_open(struct admin *a, const char *conf)
{
	char why[512], path[sizeof a->site.dir + sizeof STORE_FILE + 1];

	if (!conf_read(conf, &a->site, why, sizeof why))
		return admin_fail(a, EX_CONFIG, "%s%s", why,
				  access(conf, F_OK) < 0 ? "; name the file with -c, or make a site with: dialtone init DIR" : "");
	snprintf(path, sizeof path, "%s/" STORE_FILE, a->site.dir);
	if (access(path, F_OK) < 0 && errno != ENOENT)
		return admin_fail(a, EX_CONFIG, "the store '%s': %s; run it as root, or as who has made the site", path,
				  strerror(errno));
	if (access(path, F_OK) < 0) /* made by init, with the vault's owner: not by whoever comes first */
		return admin_fail(a, EX_CONFIG, "there is no store '%s'; make the site with: dialtone init %s", path,
				  a->site.dir);
	a->store = store_sqlite(path, why, sizeof why);
	return a->store ? 0 : admin_fail(a, EX_CONFIG, "%s", why);
}

bool admin_secret(struct admin *a)
{
	char why[512];

	if (!a->has_secret)
		a->has_secret = vault_secret_load(a->site.dir, a->secret, why, sizeof why);
	if (!a->has_secret)
		admin_fail(a, EX_CONFIG, "%s", why);
	return a->has_secret;
}

void admin_audit(const struct admin *a, const char *whom, const char *detail)
{
	if (a->store->ops->audit(a->store, a->now, "administrator", whom, true, detail) != STORE_OK)
		fprintf(stderr, "dialtone: no audit row: %s\n", store_why(a->store));
}

int admin_user(const struct admin *a, struct store_user *ret)
{
	struct sv aor = sv_of(a->argument[0]);
	enum store_result r;

	if (sv_istarts(aor, SV("sip:")))
		aor = sv_from(aor, 4);
	r = a->store->ops->user_get(a->store, aor.p, ret);
	if (r == STORE_NONE)
		return admin_fail(a, EX_USAGE, "there is no user '%s'; 'dialtone user list' shows them", a->argument[0]);
	return r == STORE_OK ? 0 : admin_store_failed(a, r, a->argument[0]);
}

int admin_order(const struct admin *a, const char *aor, enum location_order order, unsigned diag, const char *reason)
{
	unsigned acted = 0;
	char why[256];

	if (!control_order_user(a->site.dir, aor, order, diag, reason, &acted, why, sizeof why))
		return admin_fail(a, EX_SOFTWARE, "it is stored, but dialtoned did not act on the phones of %s: %s", aor, why);
	if (acted && !a->json)
		fprintf(stderr, "%u phone%s of %s signed off\n", acted, acted == 1 ? "" : "s", aor);
	return 0;
}

int admin_main(int argc, char **argv, const struct admin_group *group)
{
	struct admin a = {.group = group, .now = clock_unix_ms() / 1000};
	const char *conf = getenv("DIALTONE_CONF");
	int rc = arguments_read(&a, argc, argv, &conf);

	if (rc < 0) {
		help(group, a.verb);
		return 0;
	}
	if (rc == 0)
		rc = site_open(&a, conf && conf[0] ? conf : ADMIN_CONF);
	if (rc == 0)
		rc = a.verb->run(&a);
	store_close(a.store);
	explicit_bzero(a.secret, sizeof a.secret);
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = admin_fail(&a, EX_SOFTWARE, "standard output cannot be written");
	return rc;
}
