/* wire/xml_octets.h: the looks at a document that come before the parser of wire/xml.c sees it. */
#ifndef DIALTONE_WIRE_XML_OCTETS_H
#define DIALTONE_WIRE_XML_OCTETS_H

#include <stddef.h>
#include <stdint.h>

/* UTF-16: at which octet of a pair ASCII stands, 0 or 1; -1: another encoding. */
int xml_utf16_ascii(const uint8_t *p, size_t n);
/* NULL, or why the document is refused unread, with the place in *at. */
const char *xml_refused_unread(const uint8_t *p, size_t n, size_t *at);
/* The encoding given to the parser because the declaration is wrong about it; NULL: the declaration may stand. */
const char *xml_encoding_instead(const uint8_t *p, size_t n);

#endif
