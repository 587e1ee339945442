/* tests/support/check_xml.h: vectors that are text, and envelopes read in one step. */
#ifndef DIALTONE_TESTS_CHECK_XML_H
#define DIALTONE_TESTS_CHECK_XML_H

#include "tests/support/check.h"

#include "wire/soap/soap.h"

static inline void text_vector(struct buf *to, const char *name)
{
	const char *dir = getenv("TEST_VECTORS");
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir ? dir : "tests/vectors", name);
	if (file_read(path, 1 << 20, to) < 0)
		fail_msg("cannot read the vector %s", path);
}

static inline xmlDocPtr doc_of(const void *p, size_t n)
{
	const char *why = NULL;
	xmlDocPtr doc = xml_read(p, n, &why);

	if (doc == NULL)
		fail_msg("refused: %s\n%.*s", why, (int)n, (const char *)p);
	return doc;
}

static inline xmlDocPtr doc_of_vector(const char *name)
{
	struct buf b = {0};
	xmlDocPtr doc;

	text_vector(&b, name);
	doc = doc_of(b.p, b.n);
	buf_free(&b);
	return doc;
}

static inline bool has(const struct buf *b, const char *text)
{
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}

#endif
