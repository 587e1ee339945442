/* base/sv.h: string views.
 *
 * A view borrows octets from another buffer; it owns nothing, is not NUL-terminated, and may hold any
 * octet.  Everything a decoder hands out is a view into its input; copy it (sv_copy, sv_dup) to keep it.
 */
#ifndef DIALTONE_BASE_SV_H
#define DIALTONE_BASE_SV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sv {
	const char *p;
	size_t n;
};

#define SV(lit) ((struct sv){"" lit, sizeof(lit) - 1})
#define SV_FMT "%.*s" /* with SV_ARG(s), which looks at s more than once: s is no call that changes something */
#define SV_ARG(s) (int)(s).n, (s).p ? (s).p : ""

struct sv sv_of(const char *s); /* NULL gives the empty view */

bool sv_eq(struct sv a, struct sv b);

/* These two are called for each header of each message: the compiler sees into them. */
static inline char ascii_lower(char c) /* no locale */
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static inline bool sv_ieq(struct sv a, struct sv b) /* ASCII case only; no locale */
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

bool sv_starts(struct sv s, struct sv with);
bool sv_istarts(struct sv s, struct sv with);
bool sv_ends(struct sv s, struct sv with);
bool sv_iends(struct sv s, struct sv with);
bool sv_within(struct sv name, struct sv zone); /* DNS names: the zone itself or below it, either case */
struct sv sv_trim(struct sv s); /* blanks, tabs, CR, LF at both ends */
struct sv sv_trim_nul(struct sv s);  /* without the NULs at its end: padding of texts (RFC 2132 2) */
struct sv sv_trim_text(struct sv s); /* without NULs, blanks, CR and LF at its end */
struct sv sv_from(struct sv s, size_t at); /* without its first `at` octets; empty when shorter */

/* Cuts *s at the first `c`: the part before it is returned, *s becomes the part behind it (empty, with
 * p == NULL, when there was no `c`: a loop `while (s.p)` sees every piece, empty ones too). */
struct sv sv_cut(struct sv *s, char c);

/* Index of the first `c`, or -1. */
ptrdiff_t sv_find(struct sv s, char c);

/* Decimal digits only, no sign, no blanks, at most `max`.  *ret is untouched on failure. */
bool sv_u64(struct sv s, uint64_t max, uint64_t *ret);

/* Copies with a NUL.  False, and dst untouched, when it does not fit or holds a NUL octet. */
bool sv_copy(char *dst, size_t cap, struct sv s);

/* One letter, or a whole text in place (returned); ASCII only, no locale. */
char ascii_upper(char c);
char *ascii_lower_all(char *s);
char *ascii_upper_all(char *s);

/* A NUL-terminated copy on the heap, the caller's to free; NULL when out of memory. */
char *sv_dup(struct sv s);

#endif
