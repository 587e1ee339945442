/* wire/soap/parts.h: what the files soap*.c and metadata*.c share; nobody else includes it. */
#ifndef DIALTONE_WIRE_SOAP_PARTS_H
#define DIALTONE_WIRE_SOAP_PARTS_H

#include "wire/soap/soap.h"

#define SOAP_XML_HEAD "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define WSA_ANONYMOUS "http://www.w3.org/2005/08/addressing/anonymous"

/* An optional element's text: true when it is absent (out as it was) or was read, false when it cannot be. */
bool soap_optional(xmlNodePtr in, const char *name, char *out, size_t cap);
/* The same at a path of local names; NULL ends it. */
bool soap_optional_at(xmlNodePtr in, const char *const *path, char *out, size_t cap);
/* Base64 text of an element into *to. */
bool soap_blob(xmlNodePtr node, struct buf *to);
/* wst:Entropy/BinarySecret: 16 to 64 octets, or absent (*n = 0). */
bool soap_entropy(xmlNodePtr in, uint8_t out[64], size_t *n);
/* wst:Lifetime: Created, Expires; 0 what is absent. */
bool soap_lifetime(xmlNodePtr in, int64_t *created, int64_t *expires);

void soap_begin(struct buf *b); /* XML head, s:Envelope, s:Body */
void soap_end(struct buf *b);
void soap_base64(struct buf *b, const void *p, size_t n); /* in lines, as SIPE and the real servers write it */

#endif
