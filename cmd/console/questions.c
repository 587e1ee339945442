/* cmd/console/questions.c: the table of the questions that a page may ask. */
#include <string.h>

#include "base/enc.h"
#include "cmd/console/console.h"

static const struct console_question questions[] = {
    {"phones", {"phones", "list"}, false, false},	{"phone", {"phones", "show"}, true, false},
    {"users", {"user", "list"}, false, false},		{"pins", {"pin", "show"}, false, false},
    {"certificates", {"cert", "list"}, false, false},	{"updates", {"update", "list"}, false, false},
    {"status", {"status"}, false, false},		{"pools", {"pool", "list"}, false, false},
    {"front_ends", {"pool", "front-ends"}, false, false},
    {"approve", {"update", "approve"}, true, true},	{"restore", {"update", "restore"}, true, true},
};

const struct console_question *console_question(struct sv name)
{
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
		if (sv_eq(name, sv_of(questions[i].name)))
			return &questions[i];
	return NULL;
}

/* MACs, IP addresses, SIP addresses, numbers, "POLYCOM/CX600", braces of a GUID, and blanks in a model's name. */
static bool fits(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(":.-_@/+{} ", c));
}

bool console_word(struct sv form, char ret[256])
{
	char word[256];
	size_t n = 0;

	if (!sv_starts(form, SV("name=")))
		return false;
	for (size_t i = 5; i < form.n; i++) {
		char c = form.p[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = i + 2 < form.n ? hex_digit(form.p[i + 1]) : -1, low = high >= 0 ? hex_digit(form.p[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (!fits(c) || n + 1 >= sizeof word)
			return false;
		word[n++] = c;
	}
	word[n] = '\0';
	if (n == 0 || word[0] == '-')
		return false;
	memcpy(ret, word, n + 1);
	return true;
}
