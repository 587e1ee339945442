/* cmd/site/init_ask.c: the one question of `dialtone init`, for somebody who sits at a terminal and has not said it: whether there are
 * phones that speak TLS 1.0 only, and where. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sv.h"
#include "cmd/options.h"
#include "cmd/site/init.h"
#include "cmd/writer.h"
#include "net/subnets.h"

#define TRIES 3

static const char question[] =
    "Lync Phone Edition (Polycom CX500, CX600, CX700, CX3000, Aastra 6721ip, 6725ip, HP 4110, 4120) speaks TLS 1.0 only, with RC4 or 3DES:\n"
    "others in the subnets of such phones could read and change what they send. Phones of these subnets may; nobody else.\n"
    "Subnets of such phones, as 10.66.0.0/16,10.67.3.4 (Enter: there are none): ";

/* *ret is the line without the blanks around it; false: the terminal has ended, or the line is longer than any list. */
static bool answer(struct sv *ret, char *line, size_t size)
{
	if (fgets(line, (int)size, stdin) == NULL || (strlen(line) == size - 1 && line[size - 2] != '\n'))
		return false;
	*ret = sv_trim(sv_of(line));
	return true;
}

bool init_ask_legacy(const struct command *c, struct site *s)
{
	char line[sizeof s->legacy_known] = "";
	struct sv said;
	struct why why;

	if (option_given(c, "--legacy") || option_given(c, "--legacy-known") || command_form(c) != WRITER_TEXT || !isatty(STDIN_FILENO) ||
	    !isatty(STDOUT_FILENO) || !isatty(STDERR_FILENO))
		return true;
	for (unsigned i = 0; i < TRIES; i++) {
		fputs(question, stderr);
		if (!answer(&said, line, sizeof line))
			break;
		if (said.n == 0)
			return true;
		(void)sv_copy(s->legacy_known, sizeof s->legacy_known, said);
		if (subnets_check(s->legacy_known, &why)) {
			s->legacy = SITE_LEGACY_KNOWN;
			return true;
		}
		fprintf(stderr, "These are no subnets: %s\n", why.text);
	}
	s->legacy_known[0] = '\0';
	return false;
}
