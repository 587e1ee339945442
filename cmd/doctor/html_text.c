/* cmd/doctor/html_text.c: text into a page: that of others is escaped. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd/doctor/html.h"

void html_text(struct buf *to, const char *s)
{
	struct sv rest = sv_of(s);
	char one[5];

	while (utf8_shown(&rest, one)) {
		const char *escaped = one[0] == '&' ? "&amp;" : one[0] == '<' ? "&lt;" : one[0] == '>' ? "&gt;" : one[0] == '"' ? "&quot;" : one;

		buf_add(to, escaped, strlen(escaped));
	}
}

void html_put(struct buf *to, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_add(to, text, n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}
