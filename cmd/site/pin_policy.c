/* cmd/site/pin_policy.c: dialtone pin policy: PIN policies of single users; the site's own stands in its configuration. */
#include <stdio.h>

#include "admin/pins.h"
#include "admin/users.h"
#include "base/sv.h"
#include "cmd/site/site.h"
#include "cmd/text.h"
#include "cmd/verbs.h"

#define UNGIVEN 1000000u

struct policy_options {
	unsigned min_length, lifetime, history, attempts;
	bool common, no_common;
};

static void policy_begin(void *o)
{
	*(struct policy_options *)o = (struct policy_options){UNGIVEN, UNGIVEN, UNGIVEN, UNGIVEN};
}

static const char *policy_number(void *at, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), 999, &n))
		return "type a number from 0 to 999";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

#define AT(member) offsetof(struct policy_options, member)

static const struct option_row set_options[] = {
    {"--min-length", "DIGITS", "MinPasswordLength, from 4 to 24", AT(min_length), .read = policy_number},
    {"--lifetime", "DAYS", "PINLifetime; 0: for ever", AT(lifetime), .read = policy_number},
    {"--history", "NUMBER", "PINHistoryCount: so many PINs may not be used again", AT(history), .read = policy_number},
    {"--attempts", "NUMBER", "MaximumLogonAttempts; 0: by the length of the PIN", AT(attempts), .read = policy_number},
    {"--allow-common", NULL, "AllowCommonPatterns: PINs like 225577 and 1234", AT(common)},
    {"--no-common", NULL, "such PINs are refused", AT(no_common)},
    {0}};

static void take(unsigned *to, unsigned given)
{
	if (given != UNGIVEN)
		*to = given;
}

static bool policy_same(const struct store_pin_policy *a, const struct store_pin_policy *b)
{
	return a->min_length == b->min_length && a->lifetime == b->lifetime && a->history == b->history && a->attempts == b->attempts &&
	       a->common == b->common;
}

/* A new one begins as the site's own is. */
static int policy_set(struct session *s)
{
	const struct policy_options *o = s->c->o;
	struct store_pin_policy p = {.name = ""}, was = {.name = ""};
	struct why none = {0};

	if (o->common && o->no_common)
		return command_fail(s->c, EX_USAGE, "'--allow-common' and '--no-common' contradict each other; type one of them");
	if (policy_get(&s->admin, s->c->argument[0], &p, &none) != ADMIN_OK)
		p = (struct store_pin_policy){"", s->site.MinPasswordLength, s->site.PINLifetime, s->site.PINHistoryCount,
					      s->site.MaximumLogonAttempts, s->site.AllowCommonPatterns};
	if (!sv_copy(p.name, sizeof p.name, sv_of(s->c->argument[0])))
		return command_fail(s->c, EX_USAGE, "'%.40s...' is too long a name", s->c->argument[0]);
	take(&p.min_length, o->min_length);
	take(&p.lifetime, o->lifetime);
	take(&p.history, o->history);
	take(&p.attempts, o->attempts);
	p.common = o->common || (p.common && !o->no_common);
	if (policy_get(&s->admin, p.name, &was, &none) == ADMIN_OK && policy_same(&was, &p))
		return session_did(s, ADMIN_UNCHANGED);
	return session_did(s, policy_put(&s->admin, &p, &s->why));
}

static int policy_delete(struct session *s)
{
	enum admin_result r = policy_remove(&s->admin, s->c->argument[0], &s->why);

	return session_did(s, r == ADMIN_NONE ? ADMIN_UNCHANGED : r);
}

static int policy_give(struct session *s)
{
	struct store_user u;
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	return rc ? rc : session_did(s, policy_grant(&s->admin, &u, s->c->arguments > 1 ? s->c->argument[1] : "", &s->why));
}

static const struct column policy_columns[] = {
    {"name", COLUMN_TEXT, offsetof(struct store_pin_policy, name)},
    {"min_length", COLUMN_UNSIGNED, offsetof(struct store_pin_policy, min_length)},
    {"lifetime", COLUMN_UNSIGNED, offsetof(struct store_pin_policy, lifetime)},
    {"history", COLUMN_UNSIGNED, offsetof(struct store_pin_policy, history)},
    {"attempts", COLUMN_UNSIGNED, offsetof(struct store_pin_policy, attempts)},
    {"allow_common", COLUMN_BOOL, offsetof(struct store_pin_policy, common)},
    {0}};

static bool policy_row(void *arg, const struct store_pin_policy *p)
{
	writer_row(arg, p);
	return true;
}

static int policy_list(struct session *s)
{
	struct store_pin_policy site = {"(site)", s->site.MinPasswordLength, s->site.PINLifetime, s->site.PINHistoryCount,
					s->site.MaximumLogonAttempts, s->site.AllowCommonPatterns};
	struct writer w;
	int rc;

	session_writer(s, &w);
	writer_list(&w, NULL, policy_columns);
	writer_row(&w, &site);
	rc = session_end(s, policies_each(&s->admin, policy_row, &w, &s->why));
	if (rc)
		writer_drop(&w);
	return rc ? rc : writer_end(&w);
}

static const struct verb *const verbs[] = {
    SITE_VERB("set", "NAME", "makes or changes a policy; a new one begins as the site's", policy_set, .options = set_options,
	      .size = sizeof(struct policy_options), .begin = policy_begin),
    SITE_VERB("grant", "USER [NAME]", "gives it to a user; without a name the site's own again", policy_give),
    SITE_VERB("list", "", "lists the policies, the site's first", policy_list),
    SITE_VERB("remove", "NAME", "removes one that no user has", policy_delete), NULL};

const struct verb verb_pin_policy = {
    .name = "policy",
    .what = "PIN policies of single users: set, grant, list, remove",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "PIN policies of single users. The site's own is in its configuration.",
    .example = "  dialtone pin policy set executives --min-length 8 --lifetime 90 --history 5\n"
	       "  dialtone pin policy grant alice@contoso.test executives\n",
};
