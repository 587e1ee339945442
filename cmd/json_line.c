#include "cmd/json_line.h"

#include "base/utf8.h"
#include "cmd/json_put.h"

json_t *json_text(const char *s)
{
	struct sv rest = sv_of(s);
	struct buf b = {0};
	uint32_t c;
	json_t *j;

	for (size_t n; rest.n; rest = sv_from(rest, n ? n : 1)) {
		n = utf8_next(rest, &c);
		if (n)
			buf_add(&b, rest.p, n);
		else
			buf_str(&b, UTF8_REPLACEMENT);
	}
	j = b.oom ? NULL : json_string(buf_cstr(&b));
	buf_free(&b);
	return j;
}

bool json_line(FILE *to, json_t *j)
{
	bool ok = json_put(to, j, JSON_COMPACT);

	json_decref(j);
	return ok;
}
