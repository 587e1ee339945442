#include "tests/meet/octets.h"

#include <string.h>

unsigned octets_count(const struct buf *b, const char *what)
{
	size_t n = strlen(what);
	unsigned k = 0;

	for (size_t i = 0; b->p && i + n <= b->n; i++)
		k += memcmp(b->p + i, what, n) == 0;
	return k;
}

void octets_swap(struct buf *b, const char *from, const char *to)
{
	struct buf out = {0};
	size_t n = strlen(from);

	for (size_t i = 0; i < b->n;)
		if (i + n <= b->n && memcmp(b->p + i, from, n) == 0) {
			buf_str(&out, to);
			i += n;
		} else {
			buf_add(&out, b->p + i++, 1);
		}
	buf_free(b);
	*b = out;
}

void octets_strike(struct buf *b, const char *name)
{
	struct sv rest = buf_view(b);
	struct buf out = {0};
	bool head = true;

	while (rest.p && head) {
		struct sv line = sv_cut(&rest, '\n');

		head = line.n > 1;
		if (sv_istarts(line, sv_of(name)))
			continue;
		buf_sv(&out, line);
		buf_str(&out, "\n");
	}
	buf_sv(&out, rest);
	buf_free(b);
	*b = out;
}
