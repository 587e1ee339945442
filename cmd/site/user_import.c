/* cmd/site/user_import.c: dialtone user import: a file of users, its lines that are wrong, and how far it has come. */
#include "cmd/site/user_import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/pools.h"
#include "admin/user_import.h"
#include "base/clock.h"

#define SHOWN 20 /* whoever has more made the same mistake in all of them */
#define TERMINAL_MS 200
#define LOG_MS 5000 /* standard error is no terminal: a line now and then */

struct import_options {
	bool update, dry, all;
	const char *pins;
};

static const struct option_row options[] = {
    {"--update", NULL, "changes existing users instead of refusing them", offsetof(struct import_options, update)},
    {"--dry-run", NULL, "judges the file and stores nothing", offsetof(struct import_options, dry)},
    {"--all", NULL, "lists every line that is wrong, not the first 20 only", offsetof(struct import_options, all)},
    {"--generate-pins", "FILE", "makes a PIN for each new user who has none, and writes them there", offsetof(struct import_options, pins)},
    {0}};

struct import {
	struct session *s;
	unsigned refused, noted;
	FILE *pins;
	bool terminal, shown; /* shown: the line of the progress stands there */
	uint64_t since;	      /* the last time that progress was shown */
};

static void progress_clear(struct import *i)
{
	if (i->shown)
		fputs("\r\033[K", stderr);
	i->shown = false;
}

static bool listed(const struct import *i, unsigned *count)
{
	return ((const struct import_options *)i->s->c->o)->all || (*count)++ < SHOWN;
}

static void refused(void *arg, unsigned line, const char *sentence)
{
	struct import *i = arg;
	const struct session *s = i->s;

	progress_clear(i);
	if (line == 0)
		command_fail(s->c, 0, "%s: %s", s->c->argument[0], sentence);
	else if (listed(i, &i->refused))
		command_fail(s->c, 0, "%s:%u: %s", s->c->argument[0], line, sentence);
}

static void noted(void *arg, unsigned line, const char *sentence)
{
	struct import *i = arg;

	progress_clear(i);
	if (listed(i, &i->noted))
		command_fail(i->s->c, 0, "%s:%u: note: %s", i->s->c->argument[0], line, sentence);
}

static void progress(void *arg, bool storing, uint64_t octets, uint64_t of, size_t users)
{
	struct import *i = arg;
	uint64_t now = clock_mono_ms();

	if (now - i->since < (i->terminal ? TERMINAL_MS : LOG_MS))
		return;
	i->since = now;
	fprintf(stderr, "%s%zu users %s, %u %% of the file%s", i->terminal ? "\r" : "", users, storing ? "stored" : "judged",
		(unsigned)(of ? octets * 100 / of : 100), i->terminal ? "\033[K" : "\n");
	fflush(stderr);
	i->shown = i->terminal;
}

/* After a failure: how many users are there, and what to type. */
static void print_what_is_there(const struct session *s, const struct user_import *im)
{
	if (im->users == 0)
		command_fail(s->c, 0, "nothing was imported");
	else
		command_fail(s->c, 0, "the first %zu users of the file are stored; mend it, then import the file again with --update", im->users);
}

static bool pins_write(void *arg, struct sv lines)
{
	struct import *i = arg;

	return fwrite(lines.p, 1, lines.n, i->pins) == lines.n && fflush(i->pins) == 0;
}

/* For its owner alone, and a new one: PINs of an earlier import are not written over. */
static FILE *pins_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (f)
		setvbuf(f, NULL, _IONBF, 0); /* no copy stays in memory */
	if (f && fputs("address,number,extension,pin\n", f) == EOF) {
		fclose(f);
		return NULL;
	}
	return f;
}

static int user_import(struct session *s)
{
	const struct import_options *o = s->c->o;
	struct import i = {.s = s, .terminal = isatty(STDERR_FILENO) == 1, .since = clock_mono_ms()};
	struct user_import im = {.update = o->update, .dry = o->dry, .refused = refused, .noted = noted, .progress = progress, .arg = &i};
	int fd = open(s->c->argument[0], O_RDONLY | O_CLOEXEC), rc;
	enum admin_result r;

	if (fd < 0)
		return command_fail(s->c, EX_USAGE, "%s: %s", s->c->argument[0], strerror(errno));
	if (o->pins && !o->dry) {
		i.pins = pins_open(o->pins);
		im.pins = pins_write;
		if (i.pins == NULL) {
			close(fd);
			return command_fail(s->c, EX_CANTCREAT, "%s: %s%s", o->pins, strerror(errno), errno == EEXIST ? "; name a new file" : "");
		}
	}
	r = users_import(&s->admin, fd, &im, &s->why);
	close(fd);
	if (i.pins) {
		if (fclose(i.pins) != 0 && r == ADMIN_OK)
			r = ADMIN_FAILED;
		if (im.users == 0 && o->pins)
			unlink(o->pins);
	}
	progress_clear(&i);
	if (im.wrong > SHOWN && !o->all)
		why_set(&s->why, "%s; the first %d are listed above, --all lists every one", s->why.text, SHOWN);
	if (i.noted > SHOWN && !o->all)
		command_fail(s->c, 0, "%u notes; the first %d are listed above, --all lists every one", i.noted, SHOWN);
	rc = session_did(s, r == ADMIN_OK && im.users == 0 && im.same ? ADMIN_UNCHANGED : r);
	if (rc && (r != ADMIN_REFUSED || im.users))
		print_what_is_there(s, &im);
	session_member(s, "dry_run", json_boolean(o->dry));
	session_member(s, "imported", json_integer((json_int_t)im.users));
	session_member(s, "same", json_integer((json_int_t)im.same));
	if (rc == 0 && im.users && !o->dry) /* the company's other pools know every user, too */
		rc = session_end(s, pools_sync_all(&s->admin, &s->why));
	if (rc == 0 && (im.users || im.same == 0))
		fprintf(stderr, "%zu user%s %s\n", im.users, im.users == 1 ? "" : "s", o->dry ? "would be imported" : "imported");
	if (rc == 0 && im.same)
		fprintf(stderr, "%zu user%s so already\n", im.same, im.same == 1 ? " is" : "s are");
	return rc;
}

const struct site_verb verb_user_import = {
    {"import", "FILE.csv",
     "adds all users of a CSV file, or none; or one that Get-CsUser | Export-Csv has written; else its first line is: address,login,number,extension,display,home_pool,remote,password,pin",
     .options = options, .size = sizeof(struct import_options), .run = site_verb_run},
    user_import};
