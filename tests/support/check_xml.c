/* tests/support/check_xml.c: this reads envelopes. */
#include "tests/support/check_xml.h"

xmlDocPtr doc_of(const void *p, size_t n)
{
	const char *why = NULL;
	xmlDocPtr doc = xml_read(p, n, &why);

	if (doc == NULL)
		fail_msg("refused: %s\n%.*s", why, (int)n, (const char *)p);
	return doc;
}

xmlDocPtr doc_of_vector(const char *name)
{
	struct buf b = {0};
	xmlDocPtr doc;

	text_vector(&b, name);
	doc = doc_of(b.p, b.n);
	buf_free(&b);
	return doc;
}

bool has(const struct buf *b, const char *text)
{
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}
