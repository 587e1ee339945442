/* cmd/site/backup.c: dialtone backup, dialtone restore. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/backup/backup.h"
#include "base/text.h"
#include "cmd/site/site.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "server/control/control.h"

struct backup_options {
	bool logs;
};

struct backup_result {
	char folder[4096];
	int64_t files, octets;
};

static const struct column backup_columns[] = {{"folder", COLUMN_TEXT, offsetof(struct backup_result, folder)},
					       {"files", COLUMN_NUMBER, offsetof(struct backup_result, files)},
					       {"octets", COLUMN_NUMBER, offsetof(struct backup_result, octets)},
					       {0}};

static int backup_session(struct session *s)
{
	const struct backup_options *o = s->c->o;
	const char *to = s->c->argument[0];
	struct tree_sum sum = {0};
	struct backup_result result = {""};
	enum admin_result r = backup_make(&s->admin, to, o->logs, &sum, &s->why);

	if (r == ADMIN_EXISTS)
		return command_fail(s->c, EX_CANTCREAT, "%s", s->why.text);
	if (r != ADMIN_OK)
		return session_end(s, r);
	text_set(result.folder, sizeof result.folder, "%s", to);
	result.files = sum.files;
	result.octets = (int64_t)sum.octets;
	s->did = DID_CHANGE;
	return session_record(s, backup_columns, &result);
}

static int backup_run(struct command *c)
{
	umask(077);
	return session_run(c, backup_session);
}

static const struct option_row backup_options[] = {
    {"--logs", NULL, "with logs/: texts that phones have sent, and the audit of their questions", offsetof(struct backup_options, logs)}, {0}};

const struct verb verb_backup = {
    .name = "backup",
    .arguments = "DIR",
    .what = "copy the site and its store into a new folder, while dialtoned runs",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .options = backup_options,
    .size = sizeof(struct backup_options),
    .run = backup_run,
    .text = "Copies the site's folder and its store, as it is at one moment, into the new folder DIR, which is whole or not there. dialtoned "
	    "may run. The secret and the keys are in it: whoever has DIR has the site.",
    .example = "  dialtone backup /var/backups/dialtone-$(date +%F)\n",
    .status = "exit status: 0 done, 64 usage, 73 DIR is there already, 74 the store failed, 78 a file cannot be read or written",
};

/* ---- restore -------------------------------------------------------------------------------------------------- */

static int restore_status(const struct command *c, enum admin_result r, const char *why)
{
	return command_fail(c, r == ADMIN_EXISTS ? EX_CANTCREAT : r == ADMIN_REFUSED ? EX_DATAERR : EX_IOERR, "%s", why);
}

static int restore_report(const struct command *c, const char *dir, const struct tree_sum *sum, bool changed)
{
	struct backup_result result = {.files = sum->files, .octets = (int64_t)sum->octets};
	struct writer w;

	if (command_form(c) == WRITER_TEXT) {
		if (!changed)
			text_print(stderr, "unchanged: '%s' holds all of that backup", dir);
		return fflush(stdout) == 0 ? 0 : EX_IOERR;
	}
	text_set(result.folder, sizeof result.folder, "%s", dir);
	change_begin(&w, c, changed);
	writer_members(&w, backup_columns, &result);
	return writer_end(&w);
}

static int restore_run(struct command *c)
{
	const char *from = c->argument[0], *dir = c->argument[1];
	struct tree_sum sum = {0};
	struct why why = {0};
	struct buf text = {0};
	enum admin_result r;
	bool runs = control_status(dir, &text, &why) && text.n;
	FILE *people;
	int rc;

	buf_free(&text);
	if (runs)
		return command_fail(c, EX_UNAVAILABLE, "dialtoned runs the site in '%s': stop it, and move that folder away", dir);
	umask(022);
	why = (struct why){0};
	r = backup_restore(from, dir, &sum, &why);
	if (r == ADMIN_UNCHANGED)
		return restore_report(c, dir, &sum, false);
	if (r != ADMIN_OK)
		return restore_status(c, r, why.text);
	people = command_form(c) == WRITER_TEXT ? stdout : stderr;
	text_print(people, "%s: %u files", dir, sum.files);
	fflush(people);
	rc = geteuid() == 0 ? site_owners(c, dir, "") : 0;
	if (rc == 0)
		text_print(people, "look whether it can start: dialtoned -c %s/dialtone.conf -t", dir);
	return rc ? rc : restore_report(c, dir, &sum, true);
}

const struct verb verb_restore = {
    .name = "restore",
    .arguments = "BACKUP DIR",
    .what = "make a site out of what `dialtone backup` has copied",
    .flags = VERB_JSON | VERB_FORM,
    .run = restore_run,
    .no_site = "it takes the folder, as in: dialtone restore BACKUP /etc/dialtone",
    .text = "Makes the site's folder DIR out of BACKUP, a folder that `dialtone backup` has made. Every file must be as it was then; DIR must not "
	    "be there, or be empty. Run by root it gives the files to the users of this machine, and makes these when they are missing.",
    .example = "  dialtone restore /var/backups/dialtone-2026-11-30 /etc/dialtone\n",
    .status = "exit status: 0 done, 64 usage, 65 BACKUP is none, or is damaged, 69 dialtoned runs there, 73 something is in DIR, 74 a file "
	      "cannot be read or written",
};
