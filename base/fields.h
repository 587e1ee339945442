/* base/fields.h: a struct that crosses a socket, told once: a table with a row for each field.
 *
 * Writing, reading, wiping and printing walk the same table, so that they cannot drift apart: a field more is a row more.
 * Integers stand in network order in as many octets as their type has; a flag is one octet, 0 or 1; everything else has a
 * 32-bit length or a 16-bit count before it.  The reader bounds every string, array and list by the place that it goes into,
 * and keeps the first error in its cursor.  A field that is SECRET is overwritten by fields_clear() and printed as stars.
 */
#ifndef DIALTONE_BASE_FIELDS_H
#define DIALTONE_BASE_FIELDS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/cursor.h"

enum field_type {
	FIELD_STR,    /* char[]: NUL-terminated */
	FIELD_INT,    /* any integer or enumeration; `most`: the greatest value, 0: none */
	FIELD_FLAG,   /* bool */
	FIELD_FIXED,  /* uint8_t[]: always all of it */
	FIELD_OCTETS, /* uint8_t[], and how many of them are used in a size_t beside it */
	FIELD_VIEW,   /* struct sv: points into the message that was read */
	FIELD_BUF,    /* struct buf: the struct's own */
	FIELD_STRUCT, /* another struct, with its own table */
	FIELD_LIST,   /* an array of structs, and how many are used in an unsigned beside it */
	FIELD_HEAP    /* the same on the heap: a pointer, the struct's own */
};

struct field { /* a table ends with a row whose name is NULL */
	const char *name;
	enum field_type type;
	size_t at, size; /* where it stands, and its octets there (LIST, HEAP: of one element) */
	bool secret;
	size_t count_at;	/* OCTETS, LIST, HEAP */
	uint64_t most;		/* INT, LIST, HEAP */
	const struct field *of; /* STRUCT, LIST, HEAP */
};

#define FIELD_AT(s, f) .name = #f, .at = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f)
#define STR(s, f) {FIELD_AT(s, f), .type = FIELD_STR}
#define SECRET(s, f) {FIELD_AT(s, f), .type = FIELD_STR, .secret = true}
#define INT(s, f) {FIELD_AT(s, f), .type = FIELD_INT}
#define INT_TO(s, f, greatest) {FIELD_AT(s, f), .type = FIELD_INT, .most = (greatest)}
#define FLAG(s, f) {FIELD_AT(s, f), .type = FIELD_FLAG}
#define FIXED(s, f) {FIELD_AT(s, f), .type = FIELD_FIXED}
#define SECRET_FIXED(s, f) {FIELD_AT(s, f), .type = FIELD_FIXED, .secret = true}
#define SECRET_OCTETS(s, f, count) {FIELD_AT(s, f), .type = FIELD_OCTETS, .secret = true, .count_at = offsetof(struct s, count)}
#define VIEW(s, f) {FIELD_AT(s, f), .type = FIELD_VIEW}
#define BLOB(s, f) {FIELD_AT(s, f), .type = FIELD_BUF}
#define SECRET_BLOB(s, f) {FIELD_AT(s, f), .type = FIELD_BUF, .secret = true}
#define STRUCT(s, f, table) {FIELD_AT(s, f), .type = FIELD_STRUCT, .of = (table)}
#define LIST(s, f, count, table)                                                                                                  \
	{.name = #f, .type = FIELD_LIST, .at = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f[0]),                      \
	 .count_at = offsetof(struct s, count), .most = sizeof(((struct s *)0)->f) / sizeof(((struct s *)0)->f[0]), .of = (table)}
#define HEAP(s, f, count, greatest, table)                                                                                        \
	{.name = #f, .type = FIELD_HEAP, .at = offsetof(struct s, f), .size = sizeof(*((struct s *)0)->f),                        \
	 .count_at = offsetof(struct s, count), .most = (greatest), .of = (table)}
#define FIELDS_END {.name = NULL}

/* ---- one field by itself ---- */
void field_put(struct buf *b, unsigned octets, uint64_t v);
void field_put_octets(struct buf *b, const void *p, size_t n);
void field_put_str(struct buf *b, const char *s);
bool field_get_flag(struct rd *r); /* one octet; neither 0 nor 1: the cursor fails */
struct sv field_get_octets(struct rd *r);
void field_get_str(struct rd *r, char *out, size_t cap); /* longer, or with a NUL inside: the cursor fails */
void field_get_buf(struct rd *r, struct buf *to);	       /* appends */

/* ---- a table of them ---- */
void fields_put(struct buf *b, const struct field *table, const void *from);
/* *to is zero before; after an error fields_clear() frees what had been read. */
void fields_get(struct rd *r, const struct field *table, void *to);
void fields_clear(const struct field *table, void *x); /* frees the buffers, overwrites what is secret */
/* "number=4411 pin=*** outside=0", with lengths for octets; control characters come as '?'. */
void fields_print(struct buf *b, const struct field *table, const void *x);

#endif
