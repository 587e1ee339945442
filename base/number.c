#include "base/number.h"

#include <string.h>

enum { E164_DIGITS = 15 };

/* The digits of s, with a '+' that comes before them all. */
static const char *digits_read(struct sv s, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c && strchr(" \t.-()/", c))
			continue;
		if (c == '+' && n)
			return "it has a '+' that is not in front";
		if (c != '+' && (c < '0' || c > '9'))
			return "it has a character that is neither a digit nor a separator";
		if (n + 1 >= cap)
			return "it has too many digits";
		out[n++] = c;
	}
	out[n] = '\0';
	return n == 0 || strcmp(out, "+") == 0 ? "it has no digit" : NULL;
}

static const char *global_set(struct number *to, const char *digits)
{
	if (strlen(digits) > E164_DIGITS)
		return "it has more than 15 digits";
	to->global[0] = '+';
	memcpy(to->global + 1, digits, strlen(digits) + 1);
	return NULL;
}

const char *number_read(struct sv s, struct number *ret)
{
	struct number n = {0};
	char digits[LOCAL_TEXT_MAX];
	const char *wrong;
	struct sv head;

	s = sv_trim(s);
	if (sv_istarts(s, SV("tel:")))
		s = sv_from(s, 4);
	head = sv_cut(&s, ';');
	if ((wrong = digits_read(head, digits, sizeof digits)) != NULL)
		return wrong;
	if (s.p) {
		if (!sv_istarts(s, SV("ext=")))
			return "it has something other than ';ext=' behind it";
		s = sv_from(s, 4);
		if ((wrong = digits_read(s, n.local, sizeof n.local)) != NULL || n.local[0] == '+')
			return "it has no extension behind ';ext='";
	}
	if (digits[0] == '+')
		wrong = global_set(&n, digits + 1);
	else if (n.local[0])
		wrong = global_set(&n, digits);
	else
		memcpy(n.local, digits, strlen(digits) + 1);
	if (wrong == NULL)
		*ret = n;
	return wrong;
}

bool extension_check(struct sv s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n < EXTENSION_TEXT_MAX;
}
