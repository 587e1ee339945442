/* server/registrar/policy.c: the client version policy: rules over the User-Agent, the first that fits decides. */
#include <stdio.h>

#include "server/registrar/internal.h"

/* '*' is any run of characters.  The last star alone is tried again: linear enough, never exponential. */
static bool glob(const char *p, struct sv s)
{
	const char *star = NULL;
	size_t i = 0, again = 0;

	while (*p || i < s.n) {
		if (*p == '*') {
			star = ++p;
			again = i;
		} else if (*p && i < s.n && ascii_lower(*p) == ascii_lower(s.p[i])) {
			p++;
			i++;
		} else if (star && again < s.n) {
			p = star;
			i = ++again;
		} else {
			return false;
		}
	}
	return true;
}

bool reg_client_allowed(const struct site *s, struct sv user_agent)
{
	char within[sizeof s->version_rule[0].pattern + 2];

	for (unsigned i = 0; i < s->nversion_rule; i++) {
		snprintf(within, sizeof within, "*%s*", s->version_rule[i].pattern);
		if (glob(within, user_agent))
			return s->version_rule[i].allow;
	}
	return true;
}
