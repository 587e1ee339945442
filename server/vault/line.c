/* server/vault/line.c: whom a typed number or extension may mean [web-services 6.3].
 *
 * "strip spaces, dots, dashes, brackets and a leading tel:; split ;ext=; a value with + matches the full line URI;
 * without + it matches an extension or the tail after the access prefix configured by the administrator"; collect
 * candidates.
 */
#include "server/vault/internal.h"

#include <stdio.h>
#include <string.h>

struct line {
	char number[48];    /* "+" and digits, or "" */
	char extension[24]; /* digits, or "" */
};

/* Digits with at most one leading '+'; false: something else stands in it, or it is too long. */
static bool digits(struct sv s, char *ret, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c && strchr(" .-()/\t", c))
			continue;
		if (!(c >= '0' && c <= '9') && !(c == '+' && n == 0))
			return false;
		if (n + 1 >= cap)
			return false;
		ret[n++] = c;
	}
	ret[n] = '\0';
	return n > 0;
}

static bool line_read(struct sv typed, struct line *ret)
{
	struct line l = {0};
	char whole[48];
	struct sv head;

	typed = sv_trim(typed);
	if (sv_istarts(typed, SV("tel:")))
		typed = sv_from(typed, 4);
	head = sv_cut(&typed, ';');
	if (!digits(head, whole, sizeof whole))
		return false;
	if (typed.p) {
		if (!sv_istarts(typed, SV("ext=")) || !digits(sv_from(typed, 4), l.extension, sizeof l.extension) ||
		    l.extension[0] == '+')
			return false;
	}
	if (whole[0] == '+') {
		memcpy(l.number, whole, sizeof l.number);
	} else if (l.extension[0]) {
		l.number[0] = '+';
		memcpy(l.number + 1, whole, sizeof l.number - 1);
		l.number[sizeof l.number - 1] = '\0';
	} else if (strlen(whole) < sizeof l.extension) {
		memcpy(l.extension, whole, sizeof l.extension);
	} else {
		return false;
	}
	*ret = l;
	return true;
}

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
	struct line l = {0};
	size_t n = 0;

	if (!line_read(sv_of(typed), &l))
		memcpy(l.extension, "-", 2); /* nobody's; the same look-up all the same */
	if (s->ops->user_by_line(s, l.number[0] ? l.number : NULL, l.extension[0] ? l.extension : NULL, ret, VAULT_CANDIDATES, &n) ==
	    STORE_FAILED)
		return SIZE_MAX;
	/* A whole number typed without its plus is meant as such, too; and one as it is dialled. */
	if (l.number[0] == '\0') {
		char number[48] = "+";

		memcpy(number + 1, l.extension, sizeof l.extension);
		if (!add(v, number, ret, &n))
			return SIZE_MAX;
		if (prefix.n) {
			bool dialled = sv_starts(sv_of(l.extension), prefix);

			snprintf(number, sizeof number, "+%s", dialled ? l.extension + prefix.n : "-");
			if (!add(v, number, ret, &n))
				return SIZE_MAX;
		}
	}
	return n;
}
