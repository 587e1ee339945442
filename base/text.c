#include "base/text.h"

#include <stdio.h>

char *text_vset(char *out, size_t cap, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, cap, fmt, ap);

	if (cap == 0)
		return out;
	if (n < 0) {
		out[0] = '\0';
	} else if ((size_t)n >= cap) {
		size_t end = cap - 1, lead = end;

		while (lead && ((unsigned char)out[lead - 1] & 0xc0) == 0x80)
			lead--;
		if (lead && (unsigned char)out[lead - 1] >= 0xc0) { /* the last character: is all of it there? */
			unsigned char first = (unsigned char)out[--lead];
			size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

			if (end - lead < whole)
				end = lead;
		}
		out[end] = '\0';
	}
	return out;
}

char *text_set(char *out, size_t cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_vset(out, cap, fmt, ap);
	va_end(ap);
	return out;
}
