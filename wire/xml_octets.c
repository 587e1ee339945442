/* wire/xml_octets.c: the looks at a document that come before the parser sees it. */
#include "wire/xml_octets.h"

#include <string.h>

#include "base/sv.h"

#define ATTRIBUTES_MAX 512

/* UTF-16 by its mark, or by how it writes the first '<': at which octet of a pair ASCII stands; -1: another encoding. */
int xml_utf16_ascii(const uint8_t *p, size_t n)
{
	if (n < 2)
		return -1;
	if ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == '<' && p[1] == 0))
		return 0;
	return (p[0] == 0xfe && p[1] == 0xff) || (p[0] == 0 && p[1] == '<') ? 1 : -1;
}

/* What the parser would not tell us in time.  It compares every attribute of an element with every other before it
 * tells us of any: too many are refused before it sees them.  '<' cannot stand in an attribute's value, so no element
 * has more than the '=' up to the next.  And it takes a NUL for the end, whatever follows: those of a C string that was
 * sent whole are borne, no other. */
const char *xml_refused_unread(const uint8_t *p, size_t n, size_t *at)
{
	int wide = xml_utf16_ascii(p, n);
	size_t step = wide < 0 ? 1 : 2;
	unsigned equals = 0;

	for (*at = 0; *at + step <= n; *at += step) {
		uint8_t c = wide < 0 ? p[*at] : p[*at + 1 - (unsigned)wide] == 0 ? p[*at + (unsigned)wide] : 'x';

		if (c == 0)
			return "there is a NUL in it";
		if (c == '<')
			equals = 0;
		else if (c == '=' && ++equals > ATTRIBUTES_MAX)
			return "an element has too many attributes";
	}
	return NULL;
}

/* The encoding given to the parser, because the declaration is wrong about it; NULL: the declaration may stand.  A
 * declaration of UTF-16 whose own octets are single ones is untrue (WCF and other writers copy it from a string in memory):
 * the message is sent as "text/xml; charset=utf-8" then (RFC 7303 3.2; WS-I Basic Profile 1.1 R1012: UTF-8 or UTF-16).
 * "utf8" without its hyphen is a common slip. */
const char *xml_encoding_instead(const uint8_t *p, size_t n)
{
	struct sv head = {(const char *)p, n < 128 ? n : 128}, name;
	const char *at;

	if (xml_utf16_ascii(p, n) >= 0)
		return NULL;
	if (sv_starts(head, SV("\xef\xbb\xbf")))
		head = sv_from(head, 3);
	if (!sv_starts(head, SV("<?xml")) || (at = memmem(head.p, head.n, "?>", 2)) == NULL)
		return NULL;
	head.n = (size_t)(at - head.p);
	at = memmem(head.p, head.n, "encoding", 8);
	if (at == NULL)
		return NULL;
	name = sv_trim(sv_from(head, (size_t)(at + 8 - head.p)));
	if (!sv_starts(name, SV("=")))
		return NULL;
	name = sv_trim(sv_from(name, 1));
	if (name.n < 2 || (name.p[0] != '"' && name.p[0] != '\''))
		return NULL;
	name = sv_from(name, 1);
	name = sv_cut(&name, name.p[-1]);
	return sv_istarts(name, SV("utf-16")) || sv_istarts(name, SV("utf16")) || sv_istarts(name, SV("ucs-2")) ||
			       sv_istarts(name, SV("iso-10646-ucs-2")) || sv_istarts(name, SV("unicode")) || sv_ieq(name, SV("utf8"))
		       ? "UTF-8"
		       : NULL;
}
