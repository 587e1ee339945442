/* base/name.h: the names of hosts and domains, one rule for everybody who reads one.
 *
 * Sources: RFC 952 (assumption 1: letters, digits, '-' and '.'; the last character is no '-'), RFC 1123 2.1 (a label may
 * begin with a digit, but the last one is no number, so that an address and a name are never confused), RFC 1035
 * 2.3.1 and 2.3.4 (a label has 1 to 63 octets, so none is empty; the whole has at most 255 octets on the wire, which
 * are 253 characters), RFC 1034 3.1 (a dot at the end is the root: "contoso.test." is the name "contoso.test").  The
 * case of letters is kept and means nothing (RFC 4343).
 *
 * DIFFERS: '_' is taken like a letter.  RFC 952 has none, but Windows lets a computer's name have it, and the names of SRV
 * records begin with it (RFC 2782); a reader that refused it could not reach such servers.
 *
 * The normal form is without the dot at the end.
 */
#ifndef DIALTONE_BASE_NAME_H
#define DIALTONE_BASE_NAME_H

#include "base/sv.h"

#define NAME_TEXT_MAX 254 /* 253 characters and a NUL */

/* NULL: `s` is a name. Otherwise what is wrong with it, a static sentence ("it has an empty label ..."). */
const char *name_check(struct sv s);

/* The same, and the normal form in `ret`, which is untouched when the name is refused. */
const char *name_read(struct sv s, char ret[NAME_TEXT_MAX]);

/* "name or IPv4 address": the text for a host in a URL, in a SIP URI and in DHCP. */
const char *host_check(struct sv s);
const char *host_read(struct sv s, char ret[NAME_TEXT_MAX]);

/* A view of it in the normal form. */
struct sv name_plain(struct sv s);

#endif
