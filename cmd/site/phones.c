/* cmd/site/phones.c: dialtone phones: the phones as the servers see them, and one phone's way as a waterfall. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/users.h"
#include "base/clock.h"
#include "base/enc.h"
#include "base/vec.h"
#include "cmd/text.h"
#include "cmd/site/phones.h"
#include "cmd/site/site.h"
#include "cmd/verbs.h"
#include "server/site/conf.h"

#define WATCH_SECONDS 2

/* ---- options ------------------------------------------------------------------------------------------------------ */

struct phones_options {
	struct phone_filter filter;
	const char *sort;
	bool watch;
};

static const char *stage_check(const char *value)
{
	return value[0] >= '1' && value[0] <= '9' && value[1] == '\0' ? NULL : "type a stage, 1 to 9";
}

static const char *state_word(unsigned i)
{
	static const char *const words[] = {"under-way", "silent", "refused", "registered", "signed-off"};

	return i < sizeof words / sizeof *words ? words[i] : NULL;
}

static const char *state_check(const char *value)
{
	const char *word;

	for (unsigned i = 0; (word = state_word(i)) != NULL; i++)
		if (strcmp(word, value) == 0)
			return NULL;
	return "type under-way, silent, refused, registered or signed-off";
}

static const char *sort_check(const char *value)
{
	const char *word;

	for (unsigned i = 0; (word = phone_sort_word(i)) != NULL; i++)
		if (strcmp(word, value) == 0)
			return NULL;
	return "type the name of a column, as: stage, since, user, mac, model, address";
}

#define FILTER(member) offsetof(struct phones_options, filter.member)
static const struct option_row list_options[] = {
    {"--stage", "N", "those that are in this stage", FILTER(stage), stage_check},
    {"--state", "STATE", "of the states; those in it", FILTER(state), state_check, NULL, state_word},
    {"--user", "USER", "those of a user: an address or a part of it", FILTER(user)},
    {"--extension", "N", "those of an extension", FILTER(extension)},
    {"--mac", "MAC", "one MAC, or how it begins", FILTER(mac)},
    {"--model", "MODEL", "those of a model, or a part of its name", FILTER(model)},
    {"--address", "IP", "one IP address, or how it begins", FILTER(address)},
    {"--sort", "COLUMN", "by a column (default: stage, then since)", offsetof(struct phones_options, sort), sort_check, NULL,
     phone_sort_word},
    {"--watch", NULL, "again every two seconds, until it is interrupted", offsetof(struct phones_options, watch)},
    {0}};

/* ---- the phones ---------------------------------------------------------------------------------------------------- */

static const struct column phone_columns[] = {
    {"mac", COLUMN_TEXT, offsetof(struct phone_row, p.mac)},
    {"model", COLUMN_TEXT, offsetof(struct phone_row, p.model)},
    {"firmware", COLUMN_TEXT, offsetof(struct phone_row, p.firmware), .late = true},
    {"user", COLUMN_TEXT, offsetof(struct phone_row, p.user)},
    {"extension", COLUMN_TEXT, offsetof(struct phone_row, extension), .late = true},
    {"address", COLUMN_TEXT, offsetof(struct phone_row, p.address), .late = true},
    {"stage", COLUMN_POSITIVE, offsetof(struct phone_row, stage)},
    {"state", COLUMN_TEXT, offsetof(struct phone_row, p.state)},
    {"since", COLUMN_AGO, offsetof(struct phone_row, since), .late = true},
    {"code", COLUMN_TEXT, offsetof(struct phone_row, p.code)},
    {"cause", COLUMN_TEXT, offsetof(struct phone_row, p.cause)},
    {"outside", COLUMN_BOOL, offsetof(struct phone_row, p.outside), .machine = true},
    {"proved", COLUMN_BOOL, offsetof(struct phone_row, p.proved), .machine = true},
    {"number", COLUMN_TEXT, offsetof(struct phone_row, p.number), .machine = true},
    {"last_failure", COLUMN_TEXT, offsetof(struct phone_row, p.failed), .machine = true},
    {"last_failure_at", COLUMN_TIME, offsetof(struct phone_row, failed), .machine = true},
    {"began", COLUMN_TIME, offsetof(struct phone_row, began), .machine = true},
    {"heard", COLUMN_TIME, offsetof(struct phone_row, seen), .machine = true},
    {"ways", COLUMN_UNSIGNED, offsetof(struct phone_row, p.ways), .machine = true},
    {"expires", COLUMN_TIME, offsetof(struct phone_row, expires), .machine = true},
    {"epid", COLUMN_TEXT, offsetof(struct phone_row, p.epid), .machine = true},
    {"instance", COLUMN_TEXT, offsetof(struct phone_row, p.instance), .machine = true},
    {0}};

struct gathered {
	struct phone_row *row;
	size_t n, cap;
	bool oom;
	int64_t now;
};

static void gather(void *arg, const struct control_phone *p)
{
	struct gathered *g = arg;
	struct phone_row *more = vec_room(g->row, g->n, &g->cap, sizeof *more);

	if (more == NULL) {
		g->oom = true;
		return;
	}
	g->row = more;
	phone_row_make(&g->row[g->n++], p, g->now);
}

/* The extension is the store's: the user may have typed another number on the phone. A site whose store cannot be
 * opened has its phones all the same. */
static void extensions(const struct site *site, struct gathered *g)
{
	struct admin *a = calloc(1, sizeof *a);
	struct why why = {0};
	struct store_user u;

	if (a && admin_open(a, site, g->now, "", &why) == ADMIN_OK)
		for (size_t i = 0; i < g->n; i++)
			if (g->row[i].p.user[0] && users_get(a, g->row[i].p.user, &u, &why) == ADMIN_OK)
				snprintf(g->row[i].extension, sizeof g->row[i].extension, "%s", u.extension);
	if (a)
		admin_close(a);
	free(a);
}

static int phones_get(const struct command *c, const struct site *site, struct gathered *g)
{
	struct why why = {0};
	bool nobody;

	*g = (struct gathered){.now = clock_unix_ms() / 1000};
	if (!control_phones(site->dir, gather, g, &nobody, &why))
		return command_fail(c, EX_UNAVAILABLE, "%s", why.text);
	if (nobody)
		return site_nobody_runs(c, site);
	if (g->oom)
		return command_fail(c, EX_OSERR, "out of memory");
	extensions(site, g);
	return 0;
}

/* ---- the list ------------------------------------------------------------------------------------------------------ */

static int list_once(const struct command *c, const struct site *site)
{
	const struct phones_options *o = c->o;
	struct gathered g;
	struct writer w;
	int rc = phones_get(c, site, &g);

	if (rc == 0) {
		phone_sort(g.row, g.n, o->sort);
		writer_begin(&w, stdout, c->json && o->watch ? WRITER_LINES : command_form(c));
		writer_list(&w, NULL, phone_columns);
		for (size_t i = 0; i < g.n; i++)
			if (phone_fits(&o->filter, &g.row[i]))
				writer_row(&w, &g.row[i]);
		if (w.rows == 0 && w.form == WRITER_TEXT)
			fprintf(stderr, g.n ? "no phone fits; %zu do not\n" : "no phone was seen since dialtoned started\n", g.n);
		rc = writer_end(&w);
	}
	free(g.row);
	return rc;
}

static int list(const struct command *c, const struct site *site)
{
	const struct phones_options *o = c->o;
	bool screen = o->watch && !c->json && isatty(STDOUT_FILENO);
	int rc;

	do {
		if (screen)
			fputs("\x1b[H\x1b[2J", stdout);
		rc = list_once(c, site);
		if (o->watch && rc == 0) {
			if (!c->json && !screen)
				fputc('\n', stdout);
			fflush(stdout);
			sleep(WATCH_SECONDS);
		}
	} while (o->watch && rc == 0);
	return rc;
}

/* ---- one phone ------------------------------------------------------------------------------------------------------ */

static int show(const struct command *c, const struct site *site)
{
	struct gathered g;
	struct writer w;
	unsigned shown = 0;
	int rc = phones_get(c, site, &g);

	if (rc == 0) {
		writer_begin(&w, stdout, command_form(c));
		if (w.form != WRITER_TEXT)
			writer_list(&w, NULL, phone_columns);
		for (size_t i = 0; i < g.n; i++) {
			if (!phone_is(&g.row[i], c->argument[0]))
				continue;
			if (shown++ && w.form == WRITER_TEXT)
				fputc('\n', stdout);
			if (w.form != WRITER_TEXT)
				writer_row_with(&w, &g.row[i], "steps", phone_steps(&g.row[i]));
			else
				phone_waterfall(stdout, &g.row[i]);
		}
		rc = writer_end(&w);
		if (rc == 0 && shown == 0)
			rc = command_fail(c, EX_NOUSER, "no phone '%s' was seen; 'dialtone phones' lists those that were", c->argument[0]);
	}
	free(g.row);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------------- */

static int phones_run(const struct command *c, int (*run)(const struct command *c, const struct site *site))
{
	struct site *site = malloc(sizeof *site);
	struct why why = {0};
	int rc;

	if (site == NULL)
		return command_fail(c, EX_OSERR, "out of memory");
	rc = conf_read(c->conf, site, &why) ? run(c, site) : command_fail(c, EX_CONFIG, "%s", why.text);
	free(site);
	return rc;
}

static int list_run(struct command *c)
{
	return phones_run(c, list);
}

static int show_run(struct command *c)
{
	return phones_run(c, show);
}

static const struct verb verb_list = {.name = "list",
				      .arguments = "",
				      .what = "lists the phones, those that stand still first",
				      .options = list_options,
				      .size = sizeof(struct phones_options),
				      .run = list_run};
static const struct verb verb_show = {.name = "show",
				      .arguments = "PHONE",
				      .what = "shows the times of one phone's way; PHONE is a MAC, an IP address, a user or an extension",
				      .run = show_run};
static const struct verb *const verbs[] = {&verb_list, &verb_show, NULL};

const struct verb verb_phones = {
    .name = "phones",
    .what = "the phones now: stage, state and last failure of each one",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .usual = &verb_list,
    .text = "Every phone that the servers have seen: which stage it is in, since when, and why it stands still. Without a verb: list.",
    .example = "  dialtone phones\n"
	       "  dialtone phones --state refused --watch\n"
	       "  dialtone phones show 00:04:f2:00:00:06\n",
    .status = "exit status: 0 done, 64 usage, 67 no such phone, 69 dialtoned does not run, 78 configuration",
};
