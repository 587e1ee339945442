/* cmd/doctor/rename.c: a bundle without the names of its site.
 *
 *     fe01.contoso.test         h1.site1.example         ucupdates-r2 and _services stay: they are everybody's
 *     alice@contoso.test        user1@site1.example
 *     10.20.0.10                198.18.0.1               of 198.18.0.0/15, which is nobody's (RFC 2544)
 *     00:04:f2:12:34:56         00:04:f2:00:00:01        the maker stays
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/ip.h"
#include "base/sv.h"
#include "base/vec.h"
#include "cmd/doctor/bundle.h"

enum kind { HOST, SITE, USER, ADDRESS, MAC, DEVICE, KINDS };

struct renamed {
	enum kind kind;
	char *was;
};

struct names {
	struct renamed *row;
	size_t n, cap;
	bool oom;
};

/* The number of that name among those of its kind, from 1 on. */
static unsigned number_of(struct names *t, enum kind kind, struct sv name)
{
	unsigned count = 0;
	struct renamed *more;

	for (size_t i = 0; i < t->n; i++) {
		count += t->row[i].kind == kind;
		if (t->row[i].kind == kind && sv_ieq(sv_of(t->row[i].was), name))
			return count;
	}
	more = vec_room(t->row, t->n, &t->cap, sizeof *more);
	if (more == NULL || (t->row = more, t->row[t->n].was = sv_dup(name)) == NULL) {
		t->oom = true;
		return 0;
	}
	t->row[t->n++].kind = kind;
	return count + 1;
}

static void putf(struct buf *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void putf(struct buf *to, const char *fmt, ...)
{
	char text[64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_add(to, text, n > 0 ? (size_t)n : 0);
}

/* ---- one word ---------------------------------------------------------------------------------------------------- */

static bool is_mac(struct sv s)
{
	if (s.n < 17)
		return false;
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? s.p[i] != ':' && s.p[i] != '-' : !isxdigit((unsigned char)s.p[i]))
			return false;
	return s.n == 17 || !isalnum((unsigned char)s.p[17]);
}

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == '-' || c == '_' || c == '@';
}

/* Files that the protocols and this program have. */
static bool is_file(struct sv s)
{
	static const char *const ends[] = {".svc", ".upx", ".p7b", ".cat", ".pem", ".nbt", ".cab", ".conf", ".json", ".html"};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (sv_iends(s, sv_of(ends[i])))
			return true;
	return false;
}

static struct sv last_labels(struct sv name, unsigned count)
{
	size_t at = name.n;

	while (at > 0 && !(name.p[at - 1] == '.' && --count == 0))
		at--;
	return sv_from(name, at);
}

static bool is_domain_name(struct sv s)
{
	struct sv top = last_labels(s, 1);

	if (top.n < 2 || top.n == s.n || is_file(s) || s.p[0] == '.')
		return false;
	for (size_t i = 0; i < top.n; i++)
		if (!isalpha((unsigned char)top.p[i]))
			return false;
	return true;
}

static void put_name(struct names *t, struct buf *to, struct sv name)
{
	struct sv site = last_labels(name, 2), rest = {name.p, name.n - site.n};

	while (rest.n) {
		struct sv label = rest;

		for (label.n = 0; label.n < rest.n && rest.p[label.n] != '.';)
			label.n++;
		if (label.n && (label.p[0] == '_' || sv_istarts(label, SV("ucupdates"))))
			buf_sv(to, label);
		else if (label.n)
			putf(to, "h%u", number_of(t, HOST, label));
		putf(to, ".");
		rest = sv_from(rest, label.n + 1);
	}
	putf(to, "site%u.example", number_of(t, SITE, site));
}

/* An IPv4 address, a name, or a user at one; else the word as it is. */
static void put_word(struct names *t, struct buf *to, struct sv word)
{
	struct sv user = word, host;
	uint32_t address;
	char ip[16];
	ptrdiff_t cut;

	cut = sv_find(word, '@');
	if (ip_read(word, &address)) {
		ip_text(0xc6120000 + number_of(t, ADDRESS, word), ip);
		buf_add(to, ip, strlen(ip));
	} else if (cut > 0 && is_domain_name(sv_from(word, (size_t)cut + 1))) {
		host = sv_from(word, (size_t)cut + 1);
		user.n = (size_t)cut;
		putf(to, "user%u@", number_of(t, USER, user));
		put_name(t, to, host);
	} else if (is_domain_name(word)) {
		put_name(t, to, word);
	} else {
		buf_sv(to, word);
	}
}

/* ---- texts ------------------------------------------------------------------------------------------------------- */

static void put_text(struct names *t, struct buf *to, struct sv s)
{
	while (s.n) {
		struct sv word = s;

		if (is_mac(s)) {
			struct sv mac = {s.p, 17};

			buf_add(to, s.p, 9);
			putf(to, "00:%02x:%02x", number_of(t, MAC, mac) >> 8 & 0xff, number_of(t, MAC, mac) & 0xff);
			s = sv_from(s, 17);
			continue;
		}
		for (word.n = 0; word.n < s.n && in_name(s.p[word.n]);)
			word.n++;
		if (word.n == 0) {
			buf_add(to, s.p, 1);
			s = sv_from(s, 1);
			continue;
		}
		/* a dot at the end is the sentence's */
		for (size_t end = word.n; end > 1 && (word.p[end - 1] == '.' || word.p[end - 1] == '-'); end--)
			word.n = end - 1;
		put_word(t, to, word);
		s = sv_from(s, word.n);
	}
}

/* Codes, times and numbers are nobody's names. */
static bool is_code(const char *key)
{
	static const char *const keys[] = {"t", "kind", "key", "error", "fault", "verdict", "id", "basis", "candidate", "run", "model", "dialtone", "because"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(key, keys[i]) == 0)
			return true;
	return false;
}

static json_t *renamed(struct names *t, const char *key, const char *text)
{
	struct buf b = {0};
	json_t *j;

	if (strcmp(key, "peer") == 0 && strpbrk(text, ".:") == NULL) /* a switch, by the name that it gave itself */
		putf(&b, "device%u", number_of(t, DEVICE, sv_of(text)));
	else
		put_text(t, &b, sv_of(text));
	t->oom |= b.oom;
	j = json_string(buf_cstr(&b));
	buf_free(&b);
	return j;
}

static void walk(struct names *t, json_t *j)
{
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach(j, key, v) {
		if (json_is_string(v) && !is_code(key))
			t->oom |= json_object_set_new(j, key, renamed(t, key, json_string_value(v))) < 0;
		else if (!json_is_string(v) && strcmp(key, "signs") != 0)
			walk(t, v);
	}
	json_array_foreach(j, i, v)
		walk(t, v);
}

bool bundle_rename(json_t *document)
{
	static const char *const octets[] = {"certificates", "heads", "pcapng", "packets"};
	struct names t = {0};

	for (size_t i = 0; i < sizeof octets / sizeof *octets; i++)
		json_object_del(document, octets[i]);
	walk(&t, document);
	for (size_t i = 0; i < t.n; i++)
		free(t.row[i].was);
	free(t.row);
	return !t.oom;
}
