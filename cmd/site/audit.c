/* cmd/site/audit.c: dialtone audit: the record of administrators, sign-ins and refusals. */
#include <stdio.h>

#include "admin/audit.h"
#include "admin/users.h"
#include "base/date.h"
#include "base/sv.h"
#include "cmd/site/site.h"
#include "cmd/text.h"
#include "cmd/verbs.h"

#define AUDIT_LAST 100000

struct audit_options {
	const char *since, *what, *user;
	unsigned last;
	bool failed;
};

static const char *audit_count(void *at, const char *value)
{
	uint64_t n = 0;

	if (!sv_u64(sv_of(value), AUDIT_LAST, &n) || n == 0)
		return "type a number from 1 to 100000";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

/* "2026-11-30T08:00:00Z", "2026-11-30", or so long ago: "7d", "12h", "30m" */
static bool audit_since(const char *text, int64_t now, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} units[] = {{"d", 86400}, {"h", 3600}, {"m", 60}};
	struct sv s = sv_of(text);
	char day[ISO_TIME_MAX];
	uint64_t n;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (sv_ends(s, sv_of(units[i].unit)) && sv_u64((struct sv){s.p, s.n - 1}, 100000, &n)) {
			*ret = now - (int64_t)n * units[i].seconds;
			return true;
		}
	snprintf(day, sizeof day, "%.20s%s", text, s.n == 10 ? "T00:00:00Z" : "");
	return iso_time_read(sv_of(day), ret);
}

static const struct column audit_columns[] = {{"time", COLUMN_TIME, offsetof(struct audit_entry, at)},
					      {"what", COLUMN_TEXT, offsetof(struct audit_entry, what)},
					      {"user", COLUMN_TEXT, offsetof(struct audit_entry, user)},
					      {"ok", COLUMN_BOOL, offsetof(struct audit_entry, ok)},
					      {"detail", COLUMN_TEXT, offsetof(struct audit_entry, detail)},
					      {0}};

static void audit_row(void *arg, const struct audit_entry *e)
{
	writer_row(arg, e);
}

static int audit_show(struct session *s)
{
	const struct audit_options *o = s->c->o;
	struct audit_filter f = {.what = o->what, .failed = o->failed, .last = o->last};
	struct store_user u = {.aor = ""};
	struct writer w;
	int rc = 0;

	if (o->since && !audit_since(o->since, s->admin.now, &f.since))
		return command_fail(s->c, EX_USAGE, "'--since %s': type a day like 2026-11-30, or 7d, 12h, 30m", o->since);
	if (o->user) { /* one who is gone has left rows: the address is enough */
		f.user = users_get(&s->admin, o->user, &u, &s->why) == ADMIN_OK ? u.aor : o->user;
		s->why = (struct why){0};
	}
	session_writer(s, &w);
	writer_list(&w, NULL, audit_columns);
	rc = session_end(s, audit_list(&s->admin, &f, audit_row, &w, &s->why));
	if (rc) {
		writer_drop(&w);
		return rc;
	}
	if (w.rows == 0)
		text_print(stderr, "nothing is written down%s", o->since || o->what || o->user || o->failed ? " of that kind" : " yet");
	return writer_end(&w);
}

#define AT(field) offsetof(struct audit_options, field)

static const struct option_row audit_options[] = {
    {"--since", "WHEN", "a day like 2026-11-30, or 7d, 12h, 30m ago", AT(since)},
    {"--last", "NUMBER", "the newest so many", AT(last), .read = audit_count},
    {"--user", "USER", "rows about this user", AT(user)},
    {"--what", "WHAT", "rows of this kind: administrator, pin, ticket, cert ...", AT(what)},
    {"--failed", NULL, "refusals only", AT(failed)},
    {0}};

static const struct site_verb audit_list_verb = {{.name = "list",
						  .arguments = "",
						  .what = "lists the rows in the order of time",
						  .options = audit_options,
						  .size = sizeof(struct audit_options),
						  .run = site_verb_run},
						 audit_show};
static const struct verb *const verbs[] = {&audit_list_verb.verb, NULL};

const struct verb verb_audit = {
    .name = "audit",
    .what = "the record of administrators, sign-ins and refusals",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .usual = &audit_list_verb.verb,
    .text = "The record of what administrators did to users and rules, and how sign-ins ended. Without a verb: list.",
    .example = "  dialtone audit --since 7d --what administrator\n"
	       "  dialtone audit --user alice@contoso.test --failed\n",
};
