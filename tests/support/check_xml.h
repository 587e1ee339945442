/* tests/support/check_xml.h: envelopes are read in one step. */
#ifndef DIALTONE_TESTS_CHECK_XML_H
#define DIALTONE_TESTS_CHECK_XML_H

#include "tests/support/check.h"

#include "wire/soap/soap.h"

xmlDocPtr doc_of(const void *p, size_t n);
xmlDocPtr doc_of_vector(const char *name);
bool has(const struct buf *b, const char *text);

#endif
