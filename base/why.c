#include "base/why.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char *why_vset(struct why *w, const char *fmt, va_list ap)
{
	char text[WHY_TEXT_MAX]; /* the arguments may be what w->text holds now */

	if (w == NULL)
		return "";
	text_vset(text, sizeof text, fmt, ap);
	return memcpy(w->text, text, sizeof text);
}

const char *why_set(struct why *w, const char *fmt, ...)
{
	const char *ret;
	va_list ap;

	va_start(ap, fmt);
	ret = why_vset(w, fmt, ap);
	va_end(ap);
	return ret;
}

bool why_not(struct why *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	why_vset(w, fmt, ap);
	va_end(ap);
	return false;
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
