#include "server/daemon/accounts.h"

#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ACCOUNTS = 3 };

struct named {
	const char *key, *user, *usual;
};

/* How many the site needs, the first of these: the legacy process may be off. */
static unsigned names(const struct site *s, struct named ret[ACCOUNTS])
{
	ret[0] = (struct named){"user", s->user, SITE_USER};
	ret[1] = (struct named){"worker_user", s->worker_user, SITE_WORKER_USER};
	ret[2] = (struct named){"legacy_user", s->legacy_user, SITE_LEGACY_USER};
	return s->legacy != SITE_LEGACY_OFF ? 3 : 2;
}

/* ---- judging ---------------------------------------------------------------------------------------------- */

/* Users that other programs of the machine run as: files of theirs belong to those programs as well. */
static bool is_shared(const char *user, uid_t uid)
{
	static const char *const all[] = {"nobody", "www-data", "daemon", "bin", "sys",	 "mail",
					  "apache", "nginx",	"http",	  "ftp", "games"};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(user, all[i]) == 0)
			return true;
	return uid == 65534;
}

/* The group of the workers may read the keys of the TLS names: it must be nobody else's. */
static bool group_is_shared(gid_t gid, const struct account *ours, unsigned n, char other[64])
{
	const struct passwd *p;
	bool found = false;

	setpwent();
	while (!found && (p = getpwent())) {
		found = p->pw_gid == gid;
		for (unsigned i = 0; i < n; i++)
			found = found && p->pw_uid != ours[i].uid;
		if (found)
			snprintf(other, 64, "%s", p->pw_name);
	}
	endpwent();
	return found;
}

static bool fault_of(const struct named *n, struct account *ret, struct why *why)
{
	struct why reason = {0};

	if (n->user[0] == '\0')
		why_set(why, "%s is empty: each kind of process needs a user of its own", n->key);
	else if (!account_of(n->user, ret, &reason))
		why_set(why, "%s: %s", n->key, reason.text);
	else if (is_shared(n->user, ret->uid))
		why_set(why, "%s: other programs of this machine run as '%s', too", n->key, n->user);
	else
		return true;
	return false;
}

bool accounts_separate(const struct site *s, struct why *why)
{
	struct account of[ACCOUNTS];
	struct named all[ACCOUNTS];
	unsigned n = names(s, all);
	char other[64];

	if (geteuid() != 0)
		return true;
	for (unsigned i = 0; i < n; i++) {
		if (!fault_of(&all[i], &of[i], why))
			return false;
		for (unsigned k = 0; k < i; k++)
			if (of[k].uid == of[i].uid)
				return why_not(why, "%s and %s are the same user, '%s'", all[k].key, all[i].key, all[i].user);
	}
	if (!group_is_shared(of[1].gid, of, n, other))
		return true;
	return why_not(why, "the group of worker_user '%s' is also the group of '%s'", all[1].user, other);
}

/* A user of our own that has not been made yet: the configuration is as it should be. */
static bool ours_is_missing(const struct site *s)
{
	struct named all[ACCOUNTS];
	unsigned n = names(s, all);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(all[i].user, all[i].usual) == 0 && getpwnam(all[i].user) == NULL)
			return true;
	return false;
}

bool accounts_fit(const struct site *s, struct why *why)
{
	struct why fault = {0};

	if (accounts_separate(s, &fault))
		return true;
	if (ours_is_missing(s))
		why_set(why, "%s; to make it, type: dialtone init %s --owners", fault.text, s->dir);
	else
		why_set(why,
			"%s; take the lines user, worker_user and legacy_user out of %s/dialtone.conf, then type: dialtone init %s --owners",
			fault.text, s->dir, s->dir);
	return false;
}

/* ---- making ------------------------------------------------------------------------------------------------- */

bool accounts_make(const struct site *s, char *made, size_t made_cap, struct why *why)
{
	struct named all[ACCOUNTS];

	made[0] = '\0';
	if (geteuid() != 0)
		return true;
	names(s, all);
	for (unsigned i = 0; i < ACCOUNTS; i++) { /* the legacy process may be switched on later */
		size_t at = strlen(made);

		if (strcmp(all[i].user, all[i].usual) != 0 || getpwnam(all[i].user))
			continue;
		if (!account_make(all[i].user))
			return why_not(why,
				       "the system user '%s' cannot be made; make it with your system's tools, or name another: %s",
				       all[i].user, all[i].key);
		snprintf(made + at, made_cap - at, "%s%s", at ? ", " : "", all[i].user);
	}
	return true;
}
