#include "admin/csv.h"

#include <string.h>

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
