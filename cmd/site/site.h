/* cmd/site/site.h: what the verbs on a site share: the site is opened before the verb runs, and closed behind it.
 *
 *     SITE_VERB("list", "", "lists all users", user_list)
 *
 * is a verb (cmd/options.h) whose function gets a struct session.  It calls a function of admin/ and prints what came of
 * it: nothing here knows a rule.
 */
#ifndef DIALTONE_CMD_SITE_H
#define DIALTONE_CMD_SITE_H

#include "admin/admin.h"
#include "cmd/options.h"
#include "cmd/writer.h"

struct session {
	struct command *c;
	struct site site;
	struct admin admin;
	struct why why; /* of the last result that was not ADMIN_OK */
	enum { DID_NOTHING, DID_CHANGE, DID_NOT_CHANGE } did; /* what became of a verb that may change something */
	struct writer change; /* session_member() */
};

struct site_verb {
	struct verb verb; /* the first member: a verb of the tree is its site_verb */
	int (*run)(struct session *s);
};
#define SITE_VERB(name, arguments, what, function, ...) \
	&(const struct site_verb){{(name), (arguments), (what), .run = site_verb_run, ##__VA_ARGS__}, (function)}.verb

int site_verb_run(struct command *c);
/* The same for a verb that stands alone and is no struct site_verb. */
int session_run(struct command *c, int (*run)(struct session *s));

/* "dialtone user add: <s->why, and what to type>" on standard error; the exit status of this result. 0 for ADMIN_OK. */
int session_end(const struct session *s, enum admin_result r);
/* The same for the result of a change: behind the verb, "unchanged" is said when it was so already, and `changed` in JSON. */
int session_did(struct session *s, enum admin_result r);
/* A member beside `changed`, for programs; people read the verb's own words.  The reference is taken. */
void session_member(struct session *s, const char *key, json_t *value);
/* A record of the change: people get a table, programs the members beside `changed`. */
int session_record(struct session *s, const struct column *columns, const void *record);
bool session_people(const struct session *s); /* the form is text */
/* `changed` of a verb that has no session; writer_member() and writer_end() follow. */
void change_begin(struct writer *w, const struct command *c, bool changed);
/* "2 phones of alice@contoso.test signed off", unless --json or none */
void session_phones(const struct session *s, const char *aor, unsigned phones);
void session_writer(const struct session *s, struct writer *w); /* to standard output, JSON with --json */
/* Says that dialtoned does not run, and what to type for that and for why; the exit status. */
int site_nobody_runs(const struct command *c, const struct site *site);
/* `dialtone init DIR --owners`: the users of the site that are ours and missing, and the files to them.  Says what it did on standard
 * output; `said` begins a failure's sentence ("--owners: "). */
int site_owners(const struct command *c, const char *dir, const char *said);
/* A file whole, or a sentence and the status. */
int session_file(const struct session *s, const char *path, size_t max, struct buf *ret);

#endif
