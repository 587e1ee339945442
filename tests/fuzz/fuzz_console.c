/* tests/fuzz/fuzz_console.c tries the one word that the console takes from a page and puts behind a verb: no option, no octet that a
 * shell or a terminal would act on, and the same however it is encoded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/console/console.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char word[256], again[256], *in = malloc(n ? n : 1), form[5 + 3 * sizeof word];
	int at = 5;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	(void)console_question((struct sv){in, n});
	if (console_word((struct sv){in, n}, word)) {
		if (word[0] == '\0' || word[0] == '-' || strlen(word) >= sizeof word)
			abort();
		memcpy(form, "name=", 6);
		for (const char *c = word; *c; c++) {
			if (*c < ' ' || *c > '~' || strchr("\"'\\$`;|&<>*?!#~()[]=%", *c))
				abort();
			at += snprintf(form + at, sizeof form - (size_t)at, "%%%02x", (unsigned char)*c);
		}
		if (!console_word((struct sv){form, (size_t)at}, again) || strcmp(word, again) != 0)
			abort();
	}
	free(in);
	return 0;
}
