/* cmd/decode/xml.h: where a document was refused: at an octet when it is no XML, else at its first element. */
#ifndef DIALTONE_CMD_DECODE_XML_H
#define DIALTONE_CMD_DECODE_XML_H

#include <string.h>

#include "cmd/decode/parts.h"
#include "wire/xml.h"

/* The XML that stands within p: a refusal names the octet of the whole. */
static inline xmlDocPtr decode_doc_at(const void *p, struct sv xml, struct why *why)
{
	const char *no = NULL;
	size_t at = 0;
	xmlDocPtr doc = xml_read_at(xml.p, xml.n, &no, &at);

	if (doc == NULL)
		why_set(why, "octet %zu: %s", at + (xml.p ? (size_t)(xml.p - (const char *)p) : 0), no);
	return doc;
}

static inline xmlDocPtr decode_doc(const void *p, size_t n, struct why *why)
{
	return decode_doc_at(p, (struct sv){p, n}, why);
}

/* Every text and attribute below `root` (its own too) whose name `shown` wants, as {"name", "value"}, in their order; under
 * `key`, when there is any.  A name is the way there from the root: "Modules/Module@Locale". */
void decode_leaves(json_t *o, const char *key, xmlNodePtr root, bool (*shown)(const char *name));

/* Where an element of that name begins in the text; the beginning when it cannot be told (UTF-16). */
static inline size_t decode_at(const void *p, size_t n, const char *name)
{
	const char *s = p;
	size_t k = strlen(name);

	for (size_t i = 1; i + k <= n; i++) {
		size_t from = i;

		if (memcmp(s + i, name, k) != 0 || (s[i - 1] != '<' && s[i - 1] != ':'))
			continue;
		while (from && s[from] != '<')
			from--;
		return from;
	}
	return 0;
}

static inline json_t *decode_refused(const void *p, size_t n, const char *element, const char *no, struct why *why)
{
	why_set(why, "octet %zu: %s", decode_at(p, n, element), no);
	return NULL;
}

/* "key": "text", only when there is a text */
static inline void json_put(json_t *o, const char *key, const char *text)
{
	if (text[0])
		json_object_set_new(o, key, json_text(sv_of(text)));
}

#endif
