/* wire/challenge.c: one field may hold several challenges, one challenge several parameters, and both are separated by commas:
 *
 *     WWW-Authenticate = [ challenge *( OWS "," OWS challenge ) ]
 *     challenge        = auth-scheme [ 1*SP ( token68 / #auth-param ) ]      (RFC 9110 11.6.1, 11.3)
 *
 * A comma within a quoted string separates nothing.  A value that begins with a token and no "=" begins a challenge.
 */
#include "wire/challenge.h"

/* Cuts the next element of the list off *rest. */
static struct sv element_next(struct sv *rest)
{
	bool quoted = false;
	size_t n = 0;

	for (; n < rest->n && (quoted || rest->p[n] != ','); n++) {
		if (quoted && rest->p[n] == '\\' && n + 1 < rest->n)
			n++;
		else if (rest->p[n] == '"')
			quoted = !quoted;
	}
	struct sv one = {rest->p, n};

	*rest = n < rest->n ? sv_from(*rest, n + 1) : (struct sv){NULL, 0};
	return sv_trim(one);
}

bool challenge_find(const struct msg *m, const char *field, struct sv scheme, struct sv *ret)
{
	for (size_t i = 0; i < msg_count(m, field); i++) {
		struct sv rest = msg_get_nth(m, field, i);

		while (rest.p) {
			struct sv one = element_next(&rest);

			if (sv_istarts(one, scheme) && (one.n == scheme.n || one.p[scheme.n] == ' ' || one.p[scheme.n] == '\t')) {
				*ret = sv_trim(sv_from(one, scheme.n));
				return true;
			}
		}
	}
	return false;
}
