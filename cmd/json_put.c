#include "cmd/json_put.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* n octets of what json_dumps() made. */
static void put_text(FILE *to, const char *text, size_t n, bool tame)
{
	if (!tame)
		fwrite(text, 1, n, to);
	for (size_t i = 0; tame && i < n; i++)
		if (text[i] == 0x7f) /* the one control that is ASCII and no character to be escaped in JSON */
			fputs("\\u007f", to);
		else
			fputc(text[i], to);
}

static char *text_of(FILE *to, const json_t *j, size_t flags, bool *tame)
{
	*tame = isatty(fileno(to)) == 1;
	return j ? json_dumps(j, flags | (*tame ? JSON_ENSURE_ASCII : 0)) : NULL;
}

bool json_put(FILE *to, const json_t *j, size_t flags)
{
	bool tame;
	char *text = text_of(to, j, flags, &tame);

	if (text == NULL)
		return false;
	put_text(to, text, strlen(text), tame);
	free(text);
	return fputc('\n', to) != EOF && fflush(to) == 0 && !ferror(to);
}

bool json_put_elements(FILE *to, const json_t *array)
{
	bool tame;
	char *text = text_of(to, array, JSON_INDENT(2), &tame);
	size_t n = text ? strlen(text) : 0;

	if (n > 4) /* between "[\n" and "\n]" */
		put_text(to, text + 2, n - 4, tame);
	free(text);
	return text != NULL && !ferror(to);
}
