#include "cmd/text.h"

#include <sys/ioctl.h>
#include <unistd.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define WIDTH 79

void text_put(FILE *to, const char *s, size_t n)
{
	struct sv rest = {s, n};
	char c[5];

	while (utf8_shown(&rest, c))
		fputs(c, to);
}

void text_vsay(FILE *to, const char *fmt, va_list ap)
{
	char *text = NULL;
	int n = vasprintf(&text, fmt, ap);

	if (n >= 0)
		text_put(to, text, (size_t)n);
	fputc('\n', to);
	free(n >= 0 ? text : NULL);
}

void text_print(FILE *to, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vsay(to, fmt, ap);
	va_end(ap);
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
	for (struct sv rest = sv_of(word); rest.n;) {
		size_t n = strcspn(rest.p, "'");

		text_put(to, rest.p, n);
		rest = sv_from(rest, n);
		if (rest.n)
			fputs("'\\''", to);
		rest = sv_from(rest, 1);
	}
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
	unsigned least = 1 + ((unsigned)strlen(word + strspn(word, "-")) + 1) / 3; /* more letters off than a third is another word */

	if (least > 3)
		least = 3;
	for (size_t i = 0; i < n; i++) {
		const char *name = *(const char *const *)((const char *)first + i * step);
		unsigned d = distance(word, name);

		if (d < least) {
			least = d;
			best = name;
		}
	}
	return best;
}

size_t text_screen(FILE *to)
{
	struct winsize size;

	return isatty(fileno(to)) == 1 && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}
