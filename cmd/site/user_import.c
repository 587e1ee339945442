/* cmd/site/user_import.c: dialtone user import: a CSV file (RFC 4180), all of it or nothing.
 *
 * The first line names the columns, in any order; "address" must be among them.  Every line is judged before the first is
 * stored, and all that are wrong are told at once; what the store itself would refuse (a login twice) is looked up as well.
 * What is stored is stored in one transaction.
 */
#include "cmd/site/user.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define IMPORT_MAX (16 << 20)
#define COLUMNS_MAX 16
#define WRONG_MAX 20 /* lines that are told; who has more made the same mistake in all of them */

enum { COL_ADDRESS = USER_FIELDS, COL_REMOTE, COL_PASSWORD, COL_PIN, COLUMNS };
static const char *const extra_names[] = {"address", "remote", "password", "pin"};

struct row {
	struct store_user user;
	struct buf password, pin;
	unsigned line;
};
struct import {
	struct sv rest;
	unsigned line; /* of what is read next */
	int column[COLUMNS_MAX];
	unsigned columns;
	struct row *row;
	size_t rows, cap;
	void *seen; /* tsearch(): what the lines before have, of that which must be unique */
	unsigned wrong; /* lines that were refused */
};
struct seen {
	unsigned line;
	char key[]; /* its kind, then the value in lower case */
};

/* One field into *to; *last: it was the last of its line. false: a quote that does not close, or text behind one. */
static bool field(struct import *im, struct buf *to, bool *last)
{
	size_t i = 0;
	const char *p = im->rest.p;
	bool quoted = im->rest.n && p[0] == '"';

	buf_clear(to);
	if (quoted)
		for (i = 1;; i++) {
			if (i >= im->rest.n)
				return false;
			if (p[i] == '"' && i + 1 < im->rest.n && p[i + 1] == '"')
				i++;
			else if (p[i] == '"')
				break;
			im->line += p[i] == '\n';
			buf_add(to, p + i, 1);
		}
	i += quoted;
	for (; i < im->rest.n && p[i] != ',' && p[i] != '\n' && p[i] != '\r'; i++) {
		if (quoted)
			return false;
		buf_add(to, p + i, 1);
	}
	if (i < im->rest.n && p[i] == '\r')
		i++;
	*last = i >= im->rest.n || p[i] != ',';
	if (*last && i < im->rest.n && p[i] != '\n')
		return false;
	im->rest = sv_from(im->rest, i < im->rest.n ? i + 1 : i);
	buf_cstr(to);
	return !to->oom && memchr(to->p, '\0', to->n) == NULL;
}

static int columns_read(struct admin *a, struct import *im)
{
	struct buf text = {0};
	bool last = false, address = false;
	int rc = 0;

	if (sv_starts(im->rest, SV("\xef\xbb\xbf")))
		im->rest = sv_from(im->rest, 3);
	if (im->rest.n && memchr(im->rest.p, '\0', im->rest.n)) /* as UTF-16 has */
		return admin_fail(a, EX_USAGE, "%s: it is not UTF-8; save it as CSV in UTF-8", a->argument[0]);
	if (sv_trim(im->rest).n == 0)
		return admin_fail(a, EX_USAGE, "%s: it is empty; begin it with: address,login,number", a->argument[0]);
	while (!last && rc == 0) {
		int which = -1;
		struct sv name;

		if (!field(im, &text, &last)) {
			rc = admin_fail(a, EX_USAGE, "%s:1: a quote does not close", a->argument[0]);
			break;
		}
		name = sv_trim(buf_view(&text));
		for (int i = 0; i < COLUMNS; i++)
			if (sv_ieq(name, sv_of(i < USER_FIELDS ? user_field_names[i] : extra_names[i - USER_FIELDS])))
				which = i;
		if (which < 0 || im->columns == COLUMNS_MAX)
			rc = admin_fail(a, EX_USAGE,
					"%s:1: there is no column '" SV_FMT "'; %s", a->argument[0], SV_ARG(name),
					memchr(name.p, ';', name.n) || memchr(name.p, '\t', name.n)
						? "separate the fields by commas"
						: "the columns are: address, login, number, extension, display, home_pool, "
						  "remote, password, pin");
		else
			im->column[im->columns++] = which;
		address |= which == COL_ADDRESS;
	}
	im->line = 2;
	buf_free(&text);
	if (rc == 0 && !address)
		rc = admin_fail(a, EX_USAGE, "%s:1: the column 'address' is missing; begin the file with: address,login,number",
				a->argument[0]);
	return rc;
}

static const char *value_read(struct admin *a, int column, const struct buf *text, struct row *r, bool *remote, char why[256])
{
	const char *value = (const char *)text->p;

	switch (column) {
	case COL_ADDRESS:
		return user_address_read(&a->site, value, r->user.aor, why);
	case COL_REMOTE:
		if (sv_ieq(sv_of(value), SV("yes")) || sv_ieq(sv_of(value), SV("no"))) {
			*remote = value[0] == 'y' || value[0] == 'Y';
			return NULL;
		}
		if (value[0] == '\0')
			return NULL;
		snprintf(why, 256, "remote is '%.60s'; type yes or no", value);
		return why;
	case COL_PASSWORD:
		buf_sv(&r->password, buf_view(text));
		return NULL;
	case COL_PIN:
		buf_sv(&r->pin, buf_view(text));
		return NULL;
	default: /* an empty field of a user who is there already leaves what he has */
		return text->n ? user_field_read((enum user_field)column, value, &r->user, why) : NULL;
	}
}

/* One line more that is wrong. */
static void refuse(struct admin *a, struct import *im, unsigned line, const char *why)
{
	if (im->wrong++ < WRONG_MAX)
		admin_fail(a, EX_USAGE, "%s:%u: %s", a->argument[0], line, why);
}

/* 1: a row; 2: an empty line; 0: the end; -1: refused, and said why; -2: and what follows cannot be read */
static int row_read(struct admin *a, struct import *im, struct row *r)
{
	struct buf text[COLUMNS_MAX + 1] = {0};
	struct store_user there;
	unsigned n = 0, line = im->line;
	bool last = false, empty, remote = true, lost = false;
	char why[256] = "";
	const char *no = NULL;

	if (im->rest.n == 0)
		return 0;
	while (!last && !lost) {
		unsigned at = n < im->columns ? n++ : n;

		if (at == im->columns) /* one more; it is read over */
			no = "it has more fields than the first line has columns";
		lost = !field(im, &text[at], &last);
		if (lost)
			no = "a quote does not close, or something stands behind one";
	}
	im->line++;
	empty = n == 1 && text[0].n == 0;
	*r = (struct row){.user = {.enabled = true, .created = a->now}, .line = line};
	if (no == NULL && !empty && n < im->columns)
		no = "it has fewer fields than the first line has columns";
	/* the address first: it says whose the others are */
	for (unsigned i = 0; no == NULL && !empty && i < n; i++)
		if (im->column[i] == COL_ADDRESS)
			no = value_read(a, COL_ADDRESS, &text[i], r, &remote, why);
	if (no == NULL && !empty && a->store->ops->user_get(a->store, r->user.aor, &there) == STORE_OK) {
		if (admin_option(a, "--update")) {
			r->user = there;
			remote = there.remote;
		} else {
			snprintf(why, sizeof why, "%.120s is there already; to change who is there, add --update", there.aor);
			no = why;
		}
	}
	for (unsigned i = 0; no == NULL && !empty && i < n; i++)
		if (im->column[i] != COL_ADDRESS)
			no = value_read(a, im->column[i], &text[i], r, &remote, why);
	r->user.remote = remote;
	if (no == NULL && r->pin.n)
		no = user_pin_judge(a, &r->user, buf_view(&r->pin), why);
	for (unsigned i = 0; i <= COLUMNS_MAX; i++)
		buf_wipe(&text[i]);
	if (no) {
		refuse(a, im, line, no);
		buf_wipe(&r->password);
		buf_wipe(&r->pin);
		return lost ? -2 : -1;
	}
	return empty ? 2 : 1;
}

/* What must be unique: within the file, and against who is in the store already. */
static int seen_compare(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->key, ((const struct seen *)b)->key);
}

/* The line that has it already; 0: none, it is remembered; -1: out of memory. */
static int seen_before(struct import *im, char kind, const char *value, const char *more, unsigned line)
{
	size_t n = strlen(value) + strlen(more) + 3;
	struct seen *s = malloc(sizeof *s + n), **at;

	if (s == NULL)
		return -1;
	s->line = line;
	snprintf(s->key, n, "%c%s %s", kind, value, more);
	for (char *c = s->key; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	at = tsearch(s, &im->seen, seen_compare);
	if (at && *at == s)
		return 0;
	free(s);
	return at ? (int)(*at)->line : -1;
}

/* false: something that must be unique is not, and that was said. */
static bool unique(struct admin *a, struct import *im, const struct row *r)
{
	const struct store_user *u = &r->user;
	struct store_user other;
	char why[700] = "";
	size_t n = 0;
	int before = seen_before(im, 'a', u->aor, "", r->line);

	if (before == 0 && u->login[0])
		before = seen_before(im, 'l', u->login, "", r->line);
	if (before == 0 && u->extension[0])
		before = seen_before(im, 'e', u->extension, u->number, r->line);
	if (before < 0)
		snprintf(why, sizeof why, "out of memory");
	else if (before)
		snprintf(why, sizeof why, "line %d has the same address, login, or number with extension", before);
	else if (u->login[0] && a->store->ops->user_by_login(a->store, u->login, &other) == STORE_OK && other.id != u->id)
		snprintf(why, sizeof why, "the login '%s' belongs to %s", u->login, other.aor);
	else if (u->extension[0] &&
		 a->store->ops->user_by_line(a->store, u->number, u->extension, &other, 1, &n) == STORE_OK && other.id != u->id)
		snprintf(why, sizeof why, "the extension '%s' with that number belongs to %s", u->extension, other.aor);
	if (why[0])
		refuse(a, im, r->line, why);
	return why[0] == '\0';
}

static bool row_add(struct import *im, const struct row *r)
{
	if (im->rows == im->cap) {
		struct row *more = realloc(im->row, (im->cap + 256) * 2 * sizeof *more);

		if (more == NULL)
			return false;
		im->row = more;
		im->cap = (im->cap + 256) * 2;
	}
	im->row[im->rows++] = *r;
	return true;
}

static int rows_read(struct admin *a, struct import *im)
{
	struct row r;
	int got;

	while ((got = row_read(a, im, &r)) != 0 && got != -2) {
		if (got != 1)
			continue;
		if (unique(a, im, &r) && row_add(im, &r))
			continue;
		buf_wipe(&r.password);
		buf_wipe(&r.pin);
		if (im->wrong == 0)
			return admin_fail(a, EX_SOFTWARE, "out of memory; nothing was imported");
	}
	if (im->wrong == 0)
		return 0;
	return admin_fail(a, EX_USAGE, "%u line%s wrong%s; nothing was imported", im->wrong, im->wrong == 1 ? " is" : "s are",
			  im->wrong > WRONG_MAX ? ", the first 20 stand above" : "");
}

static int rows_store(struct admin *a, struct import *im)
{
	struct store *s = a->store;
	enum store_result r = s->ops->begin(s);
	int rc = 0;

	if (r != STORE_OK)
		return admin_store_failed(a, r, a->argument[0]);
	for (size_t i = 0; rc == 0 && i < im->rows; i++)
		rc = user_store(a, &im->row[i].user, buf_view(&im->row[i].password), buf_view(&im->row[i].pin));
	r = s->ops->end(s, rc ? STORE_FAILED : STORE_OK);
	if (rc == 0 && r != STORE_OK)
		rc = admin_store_failed(a, r, a->argument[0]);
	if (rc)
		admin_fail(a, rc, "nothing was imported");
	return rc;
}

int user_import(struct admin *a)
{
	struct import im = {0};
	struct buf text = {0};
	int rc = file_read(a->argument[0], IMPORT_MAX, &text);

	if (rc < 0) {
		rc = admin_fail(a, EX_USAGE, "%s: %s", a->argument[0], rc == -EFBIG ? "it is larger than 16 MB" : strerror(-rc));
	} else {
		im.rest = buf_view(&text);
		rc = columns_read(a, &im);
	}
	if (rc == 0)
		rc = rows_read(a, &im);
	if (rc == 0)
		rc = rows_store(a, &im);
	if (rc == 0) {
		admin_audit(a, "", "user import");
		fprintf(stderr, "%zu user%s imported\n", im.rows, im.rows == 1 ? "" : "s");
	}
	for (size_t i = 0; i < im.rows; i++) {
		buf_wipe(&im.row[i].password);
		buf_wipe(&im.row[i].pin);
	}
	free(im.row);
	tdestroy(im.seen, free);
	buf_wipe(&text);
	return rc;
}
