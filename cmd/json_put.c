#include "cmd/json_put.h"

#include <stdlib.h>
#include <unistd.h>

static bool json_put_tamed(FILE *to, const json_t *j, size_t flags)
{
	char *text = json_dumps(j, flags | JSON_ENSURE_ASCII);

	for (const char *c = text; c && *c; c++)
		if (*c == 0x7f) /* the one control that is ASCII and no character to be escaped in JSON */
			fputs("\\u007f", to);
		else
			fputc(*c, to);
	free(text);
	return text != NULL;
}

bool json_put(FILE *to, const json_t *j, size_t flags)
{
	bool ok = j && (isatty(fileno(to)) ? json_put_tamed(to, j, flags) : json_dumpf(j, to, flags) == 0);

	return ok && fputc('\n', to) != EOF && fflush(to) == 0 && !ferror(to);
}
