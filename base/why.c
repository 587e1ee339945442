#include "base/why.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

const char *why_set(struct why *w, const char *fmt, ...)
{
	char text[WHY_TEXT_MAX]; /* the arguments may be what w->text holds now */
	va_list ap;

	if (w == NULL)
		return "";
	va_start(ap, fmt);
	text_vset(text, sizeof text, fmt, ap);
	va_end(ap);
	return memcpy(w->text, text, sizeof text);
}

const char *why_or(const struct why *w, const char *otherwise)
{
	return w && w->text[0] ? w->text : otherwise;
}

void why_hold(char **held, const char *text)
{
	char *ret = text && text[0] ? strdup(text) : NULL;

	free(*held);
	*held = ret;
}
