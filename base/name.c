#include "base/name.h"

#include "base/ip.h"

enum { LABEL_MAX = 63, NAME_CHARACTERS = NAME_TEXT_MAX - 1 };

struct sv name_plain(struct sv s)
{
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

static bool label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static const char *label_check(struct sv s)
{
	if (s.n == 0)
		return "it has an empty label: a dot comes first, or two dots follow each other";
	for (size_t i = 0; i < s.n; i++)
		if (!label_char(s.p[i]))
			return "it has a character that no host name has: only letters, digits, '-', '_' and '.' are allowed";
	if (s.n > LABEL_MAX)
		return "it has a label of more than 63 characters";
	if (s.p[0] == '-' || s.p[s.n - 1] == '-')
		return "it has a label that begins or ends with '-'";
	return NULL;
}

/* RFC 1123 2.1: "a valid host name can never have the dotted-decimal form #.#.#.#, since at least the highest-level
 * component label will be alphabetic". */
static bool number_last(struct sv s)
{
	size_t n = s.n;

	while (n && s.p[n - 1] >= '0' && s.p[n - 1] <= '9')
		n--;
	return n < s.n && (n == 0 || s.p[n - 1] == '.');
}

const char *name_check(struct sv s)
{
	const char *wrong;
	uint32_t address;

	if (s.n == 0)
		return "it is empty";
	s = name_plain(s);
	if (s.n > NAME_CHARACTERS)
		return "it has more than 253 characters";
	if (number_last(s))
		return ip_read(s, &address) ? "it is an address, where a name is needed" : "it has a number as its last label";
	while (s.p)
		if ((wrong = label_check(sv_cut(&s, '.'))) != NULL)
			return wrong;
	return NULL;
}

const char *host_check(struct sv s)
{
	uint32_t address;

	return ip_read(s, &address) ? NULL : name_check(s);
}

static const char *plain_copy(struct sv s, const char *wrong, char ret[NAME_TEXT_MAX])
{
	if (wrong == NULL)
		sv_copy(ret, NAME_TEXT_MAX, name_plain(s));
	return wrong;
}

const char *name_read(struct sv s, char ret[NAME_TEXT_MAX])
{
	return plain_copy(s, name_check(s), ret);
}

const char *host_read(struct sv s, char ret[NAME_TEXT_MAX])
{
	return plain_copy(s, host_check(s), ret);
}
