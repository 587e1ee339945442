/* wire/xml.h: libxml2, with the safety catches on.
 *
 * 64 KB at most, no DTD of any kind, no entities but the five, no network, depth 64.  Names are matched by
 * namespace where the caller gives one and by local name alone where it gives NULL.  (Why the DTD hook sets a flag
 * of ours: the stopped parser still calls the document well-formed.)
 */
#ifndef DIALTONE_WIRE_XML_H
#define DIALTONE_WIRE_XML_H

#include <libxml/tree.h>

#include "base/buf.h"
#include "base/sv.h"

#define XML_INPUT_MAX 65536

/* NULL: refused, *why says so (a sentence). The caller frees with xmlFreeDoc(). */
xmlDocPtr xml_read(const void *p, size_t n, const char **why);
/* The same; *at: the octet at which a refused document stopped being read. */
xmlDocPtr xml_read_at(const void *p, size_t n, const char **why, size_t *at);

xmlNodePtr xml_child(xmlNodePtr in, const char *ns, const char *name); /* first such child element, or NULL */
xmlNodePtr xml_next(xmlNodePtr after, const char *ns, const char *name); /* next such sibling element */
unsigned xml_count(xmlNodePtr in, const char *ns, const char *name);
xmlNodePtr xml_only(xmlNodePtr in, const char *ns, const char *name); /* the one such child; NULL: none, several, no `in` */
bool xml_is(xmlNodePtr node, const char *name); /* an element of that local name, any namespace, either case */
xmlNodePtr xml_path(xmlNodePtr in, const char *const *names); /* first child of each name, any namespace; NULL ends */
xmlNodePtr xml_find(xmlNodePtr in, const char *name, bool icase); /* depth first, any namespace, itself included */

/* The element's own text, trimmed, into out (cap: at most 1024); false: it has child elements, or does not fit. */
bool xml_text(xmlNodePtr node, char *out, size_t cap);
bool xml_text_buf(xmlNodePtr node, struct buf *to); /* appends, untrimmed */
/* Attribute by local name (any namespace when ns NULL, either case when icase). false: absent or does not fit. */
bool xml_attr(xmlNodePtr node, const char *ns, const char *name, char *out, size_t cap);
bool xml_iattr(xmlNodePtr node, const char *name, char *out, size_t cap);

/* The element in exclusive canonical form without comments (W3C xml-exc-c14n): it stands on its own, wherever it stood. */
bool xml_canonical(xmlNodePtr apex, struct buf *to);

/* Writing is by text templates, since signed forms must be exact: these escape. */
void xml_esc(struct buf *b, struct sv text);
void xml_element(struct buf *b, const char *name, const char *text);   /* <name>text</name> */
void xml_attribute(struct buf *b, const char *name, const char *text); /* ' name="text"' */

#endif
