/* server/site/keys.h: the keys of the configuration file, one row each: its values, its default, and
 * whether `init` writes it.  A new key is a field in site.h, a row in keys.c and an entry in dialtone.conf(5), which script/manuals
 * holds against the row.
 */
#ifndef DIALTONE_SERVER_SITE_KEYS_H
#define DIALTONE_SERVER_SITE_KEYS_H

#include <stddef.h>

#include "base/buf.h"
#include "server/site/site.h"

enum site_kind {
	KEY_TEXT,    /* any text */
	KEY_NAME,    /* a host name (base/name.h), or nothing */
	KEY_ADDRESS, /* an IPv4 or IPv6 address, or nothing */
	KEY_BOOLEAN,
	KEY_NUMBER,  /* unsigned */
	KEY_PORT,    /* uint16_t */
	KEY_WINDOWS, /* UseWindowsAuth */
	KEY_LEGACY,  /* off, known, on */
	KEY_BINDING, /* off, sent, outside, always */
	KEY_LEVEL,   /* error, warning, info, debug */
	KEY_SUBNETS, /* addresses and subnets, or nothing */
	KEY_WAY,     /* a port of the Web Ticket Service, or None */
	KEY_DIGITS,  /* digits, or nothing */
	KEY_THUMBS   /* SHA-1 thumbprints, or nothing */
};

enum site_template { TEMPLATE_NOT, TEMPLATE_ALWAYS, TEMPLATE_SET /* when it is not the default */, TEMPLATE_HINT /* as a comment */ };

struct site_key {
	const char *name; /* "dns.ttl": `ttl` in the section `dns` */
	enum site_kind kind;
	size_t at, size;	     /* of the field in struct site */
	unsigned long least, most;   /* of a number or port */
	const char *usual;	     /* the default, as the file would have it */
	enum site_template template; /* in the file that `init` makes */
	const char *heading;	     /* a comment above it there; NULL: none */
};

extern const struct site_key site_keys[];
extern const unsigned site_nkeys;
#define SITE_KEYS_MAX 128

/* The key of that name, in the section `dns` or outside of it; NULL: there is none. */
const struct site_key *site_key_find(const char *name, bool dns);
const char *site_key_name(const struct site_key *k); /* without the section */
bool site_key_dns(const struct site_key *k);

/* Whether two sites have the same value. */
bool site_key_same(const struct site_key *k, const struct site *a, const struct site *b);
/* Sets the field from a text that server/site/conf_value.c has found good. */
void site_key_set(struct site *s, const struct site_key *k, const char *text);

/* The values, as text is read and as it is checked. */
/* In the order of their enums; NULL ends them. */
extern const char *const site_binding_words[], *const site_legacy_words[], *const site_level_words[];
int site_boolean(const char *text); /* 1, 0; -1: neither */
/* The next thumbprint as 40 hexadecimal digits in capitals, off the front of *rest; false: there is none. */
bool site_thumb_next(struct sv *rest, char thumb[41]);
bool site_rule_read(const char *text, struct site_version_rule *ret); /* "allow OCPhone/1.0.*", "block *" */

/* A configuration file for this site, as `init` writes it (appended). */
void site_template(const struct site *s, struct buf *out);

#endif
