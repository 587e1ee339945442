/* server/vault/line.c: whom a typed number or extension may mean [web-services 6.3].
 *
 * "strip spaces, dots, dashes, brackets and a leading tel:; split ;ext=; a value with + matches the full line URI;
 * without + it matches an extension or the tail after the access prefix configured by the administrator"; collect
 * candidates.
 */
#include "server/vault/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"

/* Adds the users that have this number, none twice.  false: the store failed. */
static bool add(const struct vault *v, const char *number, struct store_user ret[VAULT_CANDIDATES], size_t *n)
{
	struct store *s = v->conf.store;
	size_t more = 0;

	if (s->ops->user_by_line(s, number, NULL, ret + *n, VAULT_CANDIDATES - *n, &more) == STORE_FAILED)
		return false;
	for (size_t i = *n; i < *n + more; i++)
		for (size_t k = 0; k < *n; k++)
			if (ret[i].id == ret[k].id) {
				ret[i--] = ret[*n + --more];
				break;
			}
	*n += more;
	return true;
}

size_t vault_candidates(const struct vault *v, const char *typed, struct store_user ret[VAULT_CANDIDATES])
{
	struct sv prefix = sv_of(v->conf.site->access_prefix);
	struct store *s = v->conf.store;
	struct number l = {0};
	size_t n = 0;

	if (strchr(typed, '@')) { /* an address: one user, or nobody */
		switch (s->ops->user_get(s, typed, &ret[0])) {
		case STORE_OK:
			return 1;
		case STORE_NONE:
			return 0;
		default:
			return SIZE_MAX;
		}
	}
	if (number_read(sv_of(typed), &l) != NULL)
		memcpy(l.local, "-", 2); /* nobody's; the same look-up all the same */
	if (s->ops->user_by_line(s, l.global[0] ? l.global : NULL, l.local[0] ? l.local : NULL, ret, VAULT_CANDIDATES, &n) ==
	    STORE_FAILED)
		return SIZE_MAX;
	/* A whole number typed without its plus is meant as such, too; and one as it is dialled. */
	if (l.global[0] == '\0') {
		char number[LOCAL_TEXT_MAX + 1] = "+";

		memcpy(number + 1, l.local, sizeof l.local);
		if (!add(v, number, ret, &n))
			return SIZE_MAX;
		if (prefix.n) {
			bool dialled = sv_starts(sv_of(l.local), prefix);

			snprintf(number, sizeof number, "+%s", dialled ? l.local + prefix.n : "-");
			if (!add(v, number, ret, &n))
				return SIZE_MAX;
		}
	}
	return n;
}
