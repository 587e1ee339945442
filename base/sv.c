#include "base/sv.h"

#include <stdlib.h>
#include <string.h>

char ascii_upper(char c)
{
	return (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
}

char *ascii_lower_all(char *s)
{
	for (char *c = s; *c; c++)
		*c = ascii_lower(*c);
	return s;
}

char *ascii_upper_all(char *s)
{
	for (char *c = s; *c; c++)
		*c = ascii_upper(*c);
	return s;
}

struct sv sv_of(const char *s)
{
	return (struct sv){s, s ? strlen(s) : 0};
}

bool sv_eq(struct sv a, struct sv b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

struct sv sv_from(struct sv s, size_t at)
{
	if (s.p == NULL || at >= s.n)
		return (struct sv){s.p ? s.p + s.n : NULL, 0};
	return (struct sv){s.p + at, s.n - at};
}

static struct sv sv_head(struct sv s, size_t n)
{
	return (struct sv){s.p, n};
}

bool sv_starts(struct sv s, struct sv with)
{
	return s.n >= with.n && sv_eq(sv_head(s, with.n), with);
}

bool sv_istarts(struct sv s, struct sv with)
{
	return s.n >= with.n && sv_ieq(sv_head(s, with.n), with);
}

bool sv_ends(struct sv s, struct sv with)
{
	return s.n >= with.n && sv_eq(sv_from(s, s.n - with.n), with);
}

bool sv_iends(struct sv s, struct sv with)
{
	return s.n >= with.n && sv_ieq(sv_from(s, s.n - with.n), with);
}

bool sv_within(struct sv name, struct sv zone)
{
	return sv_iends(name, zone) && (name.n == zone.n || zone.n == 0 || name.p[name.n - zone.n - 1] == '.');
}

static bool sv_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct sv sv_trim(struct sv s)
{
	while (s.n && sv_blank(s.p[0]))
		s.p++, s.n--;
	while (s.n && sv_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct sv sv_trim_nul(struct sv s)
{
	while (s.n && s.p[s.n - 1] == '\0')
		s.n--;
	return s;
}

struct sv sv_trim_text(struct sv s)
{
	while (s.n && (s.p[s.n - 1] == '\0' || sv_blank(s.p[s.n - 1])))
		s.n--;
	return s;
}

ptrdiff_t sv_find(struct sv s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? at - s.p : -1;
}

struct sv sv_cut(struct sv *s, char c)
{
	ptrdiff_t at = sv_find(*s, c);
	struct sv before = *s;

	if (at < 0) {
		*s = (struct sv){NULL, 0};
		return before;
	}
	before.n = (size_t)at;
	*s = (struct sv){s->p + at + 1, s->n - (size_t)at - 1};
	return before;
}

bool sv_u64(struct sv s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned char)s.p[i] - '0';

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return false;
		v = v * 10 + d;
		if (v > max)
			return false;
	}
	*ret = v;
	return true;
}

bool sv_copy(char *dst, size_t cap, struct sv s)
{
	if (s.n >= cap || sv_find(s, '\0') >= 0)
		return false;
	if (s.n)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return true;
}

char *sv_dup(struct sv s)
{
	char *d = malloc(s.n + 1);

	if (d == NULL)
		return NULL;
	if (s.n)
		memcpy(d, s.p, s.n);
	d[s.n] = '\0';
	return d;
}
