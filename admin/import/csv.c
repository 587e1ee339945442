#include "admin/import/csv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool csv_field(struct csv *c, struct buf *to, bool *last)
{
	size_t i = 0;
	const char *p = c->rest.p;
	bool quoted = c->rest.n && p[0] == '"';

	buf_clear(to);
	if (quoted)
		for (i = 1;; i++) {
			if (i >= c->rest.n)
				return false;
			if (p[i] == '"' && i + 1 < c->rest.n && p[i + 1] == '"')
				i++;
			else if (p[i] == '"')
				break;
			c->line += p[i] == '\n';
			buf_add(to, p + i, 1);
		}
	i += quoted;
	for (; i < c->rest.n && p[i] != ',' && p[i] != '\n' && p[i] != '\r'; i++) {
		if (quoted)
			return false;
		buf_add(to, p + i, 1);
	}
	if (i < c->rest.n && p[i] == '\r')
		i++;
	*last = i >= c->rest.n || p[i] != ',';
	if (*last && i < c->rest.n && p[i] != '\n')
		return false;
	c->rest = sv_from(c->rest, i < c->rest.n ? i + 1 : i);
	buf_cstr(to);
	return !to->oom && memchr(to->p, '\0', to->n) == NULL;
}

/* Where the record ends that begins at p, as csv_field() reads it: behind the first line end that stands in no quoted field.
 * 0: it is not all there. */
static size_t record_end(const uint8_t *p, size_t n)
{
	bool begins = true, quoted = false;

	for (size_t i = 0; i < n; i++) {
		if (quoted) {
			if (p[i] == '"' && i + 1 < n && p[i + 1] == '"')
				i++;
			else if (p[i] == '"')
				quoted = false;
		} else if (p[i] == '\n') {
			return i + 1;
		} else {
			quoted = begins && p[i] == '"';
			begins = p[i] == ',';
		}
	}
	return 0;
}

static const char *more(struct csv_file *f)
{
	ssize_t n;

	buf_drop(&f->text, f->at);
	f->at = 0;
	if (f->text.n >= CSV_RECORD_MAX)
		return "a line is longer than 64 KB: does a quote not close before it?";
	if (!buf_reserve(&f->text, CSV_RECORD_MAX))
		return "out of memory";
	do
		n = read(f->fd, f->text.p + f->text.n, CSV_RECORD_MAX);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return strerror(errno);
	f->text.n += (size_t)n;
	f->octets += (uint64_t)n;
	f->end = n == 0;
	return NULL;
}

const char *csv_record(struct csv_file *f, struct sv *ret)
{
	const char *no = NULL;
	size_t n = 0;

	while ((n = record_end(f->text.p + f->at, f->text.n - f->at)) == 0 && !f->end && no == NULL)
		no = more(f);
	if (no)
		return no;
	if (n == 0) /* the last line, without an end */
		n = f->text.n - f->at;
	*ret = (struct sv){(const char *)f->text.p + f->at, n};
	f->at += n;
	return NULL;
}

void csv_file_clear(struct csv_file *f)
{
	buf_wipe(&f->text);
}
