#include "cmd/text.h"
#include "cmd/site/site.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "server/site/conf.h"

/* What a result is to a shell, and what the operator may type next. */
static const struct {
	int status;
	const char *next; /* behind the sentence; %s: the verb whose list it is, and what was named */
} results[] = {
    [ADMIN_OK] = {EX_OK, ""},
    [ADMIN_UNCHANGED] = {EX_OK, ""},
    [ADMIN_REFUSED] = {EX_USAGE, ""},
    [ADMIN_NONE] = {EX_NOUSER, "; 'dialtone %s list' shows what is there"},
    [ADMIN_EXISTS] = {EX_CANTCREAT, "; to change what is there: dialtone %s set %s"},
    [ADMIN_TAKEN] = {EX_CANTCREAT, "; type another one, or first change the one that has it, with: dialtone %s set"},
    [ADMIN_SITE] = {EX_CONFIG, ""},
    [ADMIN_STORE] = {EX_IOERR, ""},
    [ADMIN_ORDER] = {EX_SOFTWARE, ""},
    [ADMIN_AWAY] = {EX_UNAVAILABLE, ""},
    [ADMIN_FAILED] = {EX_SOFTWARE, ""},
};

/* Whose "list" or "set" to type: that of the rules, pools, policies and test devices; of users wherever one is named. */
static const char *lister(const struct command *c, char ret[128])
{
	bool own = c->depth > 3 || (strncmp(c->verb->arguments, "USER", 4) != 0 && strncmp(c->verb->arguments, "[USER", 5) != 0);

	snprintf(ret, 128, "%s%s%s", own ? c->path[1]->name : "user", c->depth > 3 ? " " : "", c->depth > 3 ? c->path[2]->name : "");
	return ret;
}

int session_end(const struct session *s, enum admin_result r)
{
	char next[512], verb[128];

	if (r == ADMIN_OK || r == ADMIN_UNCHANGED || s->why.text[0] == '\0')
		return results[r].status;
	snprintf(next, sizeof next, results[r].next, lister(s->c, verb), s->c->arguments ? s->c->argument[0] : "");
	return command_fail(s->c, results[r].status, "%s%s", s->why.text, next);
}

int site_nobody_runs(const struct command *c, const struct site *site)
{
	return command_fail(c, EX_UNAVAILABLE, "dialtoned is not running for this site; type: dialtoned -c %s/dialtone.conf, or with systemd: "
			    "systemctl start dialtoned, and journalctl -u dialtoned for why it ended", site->dir);
}

int session_did(struct session *s, enum admin_result r)
{
	if (r == ADMIN_OK || r == ADMIN_ORDER)
		s->did = DID_CHANGE;
	else if (r == ADMIN_UNCHANGED && s->did == DID_NOTHING)
		s->did = DID_NOT_CHANGE;
	return session_end(s, r);
}

/* For a script: whether a second run of the same would have been worth it. */
static int changes_write(struct session *s)
{
	if (s->did == DID_NOTHING)
		return 0;
	if (!session_people(s)) {
		session_member(s, "changed", json_boolean(s->did == DID_CHANGE));
		return writer_end(&s->change);
	}
	if (s->did == DID_NOT_CHANGE)
		text_print(stderr, "unchanged%s%s", s->why.text[0] ? ": " : "", s->why.text);
	return 0;
}

void change_begin(struct writer *w, const struct command *c, bool changed)
{
	writer_begin(w, stdout, command_form(c));
	writer_member(w, "changed", "", json_boolean(changed));
}

/* The first of them comes behind a place for `changed`, which is known at the end. */
void session_member(struct session *s, const char *key, json_t *value)
{
	if (s->change.root == NULL && !session_people(s))
		change_begin(&s->change, s->c, false);
	if (session_people(s))
		json_decref(value);
	else
		writer_member(&s->change, key, "", value);
}

int session_record(struct session *s, const struct column *columns, const void *record)
{
	struct writer w;

	if (session_people(s)) {
		session_writer(s, &w);
		writer_record(&w, columns, record);
		return writer_end(&w);
	}
	if (s->change.root == NULL)
		change_begin(&s->change, s->c, false);
	writer_members(&s->change, columns, record);
	return 0;
}

bool session_people(const struct session *s)
{
	return command_form(s->c) == WRITER_TEXT;
}

void session_phones(const struct session *s, const char *aor, unsigned phones)
{
	if (phones && session_people(s))
		text_print(stderr, "%u phone%s of %s signed off", phones, phones == 1 ? "" : "s", aor);
}

void session_writer(const struct session *s, struct writer *w)
{
	writer_begin(w, stdout, command_form(s->c));
}

int session_file(const struct session *s, const char *path, size_t max, struct buf *ret)
{
	int rc = file_read(path, max, ret);

	return rc < 0 ? command_fail(s->c, EX_USAGE, "%s: %s", path, strerror(-rc)) : 0;
}

/* The operator, for the audit: behind sudo the user who typed it. */
static const char *operator_name(void)
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *p = getpwuid(getuid());

	return sudo && sudo[0] && getuid() == 0 ? sudo : p ? p->pw_name : "";
}

int session_run(struct command *c, int (*run)(struct session *s))
{
	struct session *s = calloc(1, sizeof *s);
	struct why why = {0};
	int rc;

	if (s == NULL)
		return command_fail(c, EX_OSERR, "out of memory");
	s->c = c;
	if (!conf_read(c->conf, &s->site, &why))
		rc = command_fail(c, EX_CONFIG, "%s%s", why.text,
				  access(c->conf, F_OK) < 0 ? "; name the file with -c, or make a site with: dialtone init DIR" : "");
	else if ((rc = session_end(s, admin_open(&s->admin, &s->site, clock_unix_ms() / 1000, operator_name(), &s->why))) == 0)
		rc = run(s);
	if (rc == 0)
		rc = changes_write(s);
	else
		writer_drop(&s->change);
	admin_close(&s->admin);
	free(s);
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = command_fail(c, EX_IOERR, "standard output cannot be written");
	return rc;
}

int site_verb_run(struct command *c)
{
	return session_run(c, ((const struct site_verb *)c->verb)->run);
}
