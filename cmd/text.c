#include "cmd/text.h"

#include <string.h>

#define WIDTH 79

void text_put(FILE *to, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		/* C1 controls come as 0xc2 0x80..0x9f in UTF-8 */
		if (c == 0xc2 && i + 1 < n && (unsigned char)s[i + 1] >= 0x80 && (unsigned char)s[i + 1] < 0xa0) {
			fputc('?', to);
			i++;
		} else {
			fputc(c < 0x20 || c == 0x7f ? '?' : c, to);
		}
	}
}

void text_fold(FILE *to, unsigned at, unsigned indent, const char *s)
{
	while (*s) {
		size_t n = strcspn(s, " ");

		if (at + n > WIDTH && at > indent) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
		}
		text_put(to, s, n);
		at += (unsigned)n;
		s += n;
		if (*s == ' ') {
			s++;
			if (*s && at + 1 + strcspn(s, " ") <= WIDTH) {
				fputc(' ', to);
				at++;
			} else if (*s) {
				fprintf(to, "\n%*s", (int)indent, "");
				at = indent;
			}
		}
	}
	fputc('\n', to);
}

void text_row(FILE *to, unsigned at, const char *head, const char *what)
{
	int n = fprintf(to, "  %s", head);

	if (n < 0 || (unsigned)n >= at)
		fprintf(to, "\n%*s", (int)at, "");
	else
		fprintf(to, "%*s", (int)at - n, "");
	text_fold(to, at, at, what);
}

void text_quote(FILE *to, const char *word)
{
	if (*word && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@+,%")] == '\0') {
		fputs(word, to);
		return;
	}
	fputc('\'', to);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", to);
		else
			text_put(to, word, 1);
	fputc('\'', to);
}

/* How many letters must change (Levenshtein), up to words of 31. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[32];
	size_t n = strlen(b);

	if (n > 31 || strlen(a) > 31)
		return 99;
	for (unsigned j = 0; j <= n; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= n; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

const char *nearest(const char *word, const char *const *first, size_t n, size_t step)
{
	const char *best = NULL;
	unsigned least = 3; /* more than two letters off is another word */

	for (size_t i = 0; i < n; i++) {
		const char *name = *(const char *const *)(const void *)((const char *)first + i * step);
		unsigned d = distance(word, name);

		if (d < least) {
			least = d;
			best = name;
		}
	}
	return best;
}
