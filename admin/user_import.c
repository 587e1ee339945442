#include "admin/user_import.h"

#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/csv.h"
#include "admin/pins.h"
#include "base/vec.h"

#define COLUMNS_MAX 16

enum { COL_ADDRESS = USER_FIELDS, COL_REMOTE, COL_PASSWORD, COL_PIN, COLUMNS };
static const char *const extra_names[] = {"address", "remote", "password", "pin"};

struct row {
	struct store_user user;
	struct buf password, pin;
	unsigned line;
};
struct import {
	struct admin *a;
	struct user_import *how;
	struct csv csv;
	int column[COLUMNS_MAX];
	unsigned columns;
	struct row *row;
	size_t cap;
	void *seen; /* tsearch(): the unique values of the lines before */
};
struct seen {
	unsigned line;
	char key[]; /* its kind, then the value in lower case */
};

/* One line more that is wrong; line 0: the file. */
static void import_refuse(struct import *im, unsigned line, const char *sentence)
{
	im->how->wrong++;
	im->how->refused(im->how->arg, line, sentence);
}

/* ---- the first line -------------------------------------------------------------------------------------------- */

static int column_of(struct sv name)
{
	for (int i = 0; i < COLUMNS; i++)
		if (sv_ieq(name, sv_of(i < USER_FIELDS ? user_field_names[i] : extra_names[i - USER_FIELDS])))
			return i;
	return -1;
}

/* NULL, or what is wrong with it. */
static const char *column_read(struct import *im, const struct buf *text, struct why *why)
{
	struct sv name = sv_trim(buf_view(text));
	int which = column_of(name);

	if (which >= 0 && im->columns < COLUMNS_MAX) {
		im->column[im->columns++] = which;
		return NULL;
	}
	return why_set(why, "there is no column '" SV_FMT "'; %s", (int)(name.n < 100 ? name.n : 100), name.p ? name.p : "",
		       name.p && name.n && (memchr(name.p, ';', name.n) || memchr(name.p, '\t', name.n))
			   ? "separate the fields by commas"
			   : "the columns are: address, login, number, extension, display, home_pool, remote, password, pin");
}

static bool columns_read(struct import *im)
{
	struct buf text = {0};
	const char *no = NULL;
	bool last = false, address = false;
	struct sv *rest = &im->csv.rest;
	struct why why = {0};

	if (sv_starts(*rest, SV("\xef\xbb\xbf")))
		*rest = sv_from(*rest, 3);
	if (rest->n && memchr(rest->p, '\0', rest->n)) /* as UTF-16 has */
		return import_refuse(im, 0, "it is not UTF-8; save it as CSV in UTF-8"), false;
	if (sv_trim(*rest).n == 0)
		return import_refuse(im, 0, "it is empty; begin it with: address,login,number"), false;
	while (!last && no == NULL)
		no = csv_field(&im->csv, &text, &last) ? column_read(im, &text, &why) : "a quote does not close";
	for (unsigned i = 0; i < im->columns; i++)
		address |= im->column[i] == COL_ADDRESS;
	if (no == NULL && !address)
		no = "the column 'address' is missing; begin the file with: address,login,number";
	if (no)
		import_refuse(im, 1, no);
	im->csv.line = 2;
	buf_free(&text);
	return no == NULL;
}

/* ---- a line ---------------------------------------------------------------------------------------------------- */

static bool remote_read(const char *value, bool *remote, struct why *why)
{
	static const struct {
		const char *word;
		bool means;
	} words[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (sv_ieq(sv_of(value), sv_of(words[i].word))) {
			*remote = words[i].means;
			return true;
		}
	return value[0] == '\0' || why_not(why, "remote is '%.60s'; type yes or no", value);
}

static bool value_read(struct import *im, int column, const struct buf *text, struct row *r, bool *remote, struct why *why)
{
	const char *value = (const char *)text->p;
	char trimmed[256];

	switch (column) {
	case COL_ADDRESS:
		return user_address_read(im->a->site, sv_copy(trimmed, sizeof trimmed, sv_trim(buf_view(text))) ? trimmed : value,
					 r->user.aor, why);
	case COL_REMOTE:
		return remote_read(value, remote, why);
	case COL_PASSWORD:
		buf_sv(&r->password, buf_view(text));
		return true;
	case COL_PIN:
		buf_sv(&r->pin, buf_view(text));
		return true;
	default: /* an empty field of a user who is there already leaves what the user has */
		return text->n == 0 || user_field_read((enum user_field)column, value, &r->user, why);
	}
}

struct fields { /* of one line */
	struct buf text[COLUMNS_MAX + 1];
	unsigned n;
	bool empty;
};

/* NULL, or what is wrong; *lost: the following lines cannot be read either. */
static const char *fields_read(struct import *im, struct fields *f, bool *lost)
{
	const char *no = NULL;
	bool last = false;

	*lost = false;
	while (!last && !*lost) {
		unsigned at = f->n < im->columns ? f->n++ : f->n;

		if (at == im->columns) /* one more; it is read over */
			no = "it has more fields than the first line has columns";
		*lost = !csv_field(&im->csv, &f->text[at], &last);
		if (*lost)
			no = "a quote does not close, or something stands behind one";
	}
	im->csv.line++;
	f->empty = f->n == 1 && f->text[0].n == 0;
	if (no == NULL && !f->empty && f->n < im->columns)
		no = "it has fewer fields than the first line has columns";
	return no;
}

/* The address first: it says whose the others are. */
static const char *row_fill(struct import *im, const struct fields *f, struct row *r, struct why *why)
{
	struct store_user there;
	bool remote = true;

	for (unsigned i = 0; i < f->n; i++)
		if (im->column[i] == COL_ADDRESS && !value_read(im, COL_ADDRESS, &f->text[i], r, &remote, why))
			return why->text;
	if (im->a->store->ops->user_get(im->a->store, r->user.aor, &there) == STORE_OK) {
		if (!im->how->update)
			return why_set(why, "%.120s exists already; to change existing users, add --update", there.aor);
		r->user = there;
		remote = there.remote;
	}
	for (unsigned i = 0; i < f->n; i++)
		if (im->column[i] != COL_ADDRESS && !value_read(im, im->column[i], &f->text[i], r, &remote, why))
			return why->text;
	r->user.remote = remote;
	return r->pin.n == 0 || pins_judge(im->a, &r->user, buf_view(&r->pin), why) ? NULL : why->text;
}

static void row_wipe(struct row *r)
{
	buf_wipe(&r->password);
	buf_wipe(&r->pin);
}

enum row_read { ROW_END, ROW_READ, ROW_EMPTY, ROW_REFUSED, ROW_LOST };

static enum row_read row_read(struct import *im, struct row *r)
{
	struct fields f = {0};
	struct why why = {0};
	unsigned line = im->csv.line;
	const char *no;
	bool lost;

	if (im->csv.rest.n == 0)
		return ROW_END;
	*r = (struct row){.user = {.enabled = true, .created = im->a->now}, .line = line};
	no = fields_read(im, &f, &lost);
	if (no == NULL && !f.empty)
		no = row_fill(im, &f, r, &why);
	for (unsigned i = 0; i <= COLUMNS_MAX; i++)
		buf_wipe(&f.text[i]);
	if (no == NULL)
		return f.empty ? ROW_EMPTY : ROW_READ;
	import_refuse(im, line, no);
	row_wipe(r);
	return lost ? ROW_LOST : ROW_REFUSED;
}

/* ---- what must be unique: within the file, and against who is in the store already -------------------------------- */

static int seen_compare(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->key, ((const struct seen *)b)->key);
}

/* The line that has it already; 0: none, it is kept; -1: out of memory. */
static int seen_before(struct import *im, char kind, const char *value, const char *more, unsigned line)
{
	size_t n = strlen(value) + strlen(more) + 3;
	struct seen *s = malloc(sizeof *s + n), **at;

	if (s == NULL)
		return -1;
	s->line = line;
	snprintf(s->key, n, "%c%s %s", kind, value, more);
	ascii_lower_all(s->key);
	at = tsearch(s, &im->seen, seen_compare);
	if (at && *at == s)
		return 0;
	free(s);
	return at ? (int)(*at)->line : -1;
}

static const char *unique_in_file(struct import *im, const struct row *r, struct why *why)
{
	const struct store_user *u = &r->user;
	const struct {
		char kind;
		const char *value, *more, *what;
	} keys[] = {{'a', u->aor, "", "address"}, {'l', u->login, "", "login"}, {'e', u->extension, u->number, "number with extension"}};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		int before = keys[i].value[0] ? seen_before(im, keys[i].kind, keys[i].value, keys[i].more, r->line) : 0;

		if (before < 0)
			return "out of memory";
		if (before)
			return why_set(why, "line %d has the same %s", before, keys[i].what);
	}
	return NULL;
}

static const char *unique_in_store(struct import *im, const struct row *r, struct why *why)
{
	const struct store_user *u = &r->user;
	struct store *s = im->a->store;
	struct store_user other;
	size_t n = 0;

	if (u->login[0] && s->ops->user_by_login(s, u->login, &other) == STORE_OK && other.id != u->id)
		return why_set(why, "the login '%s' belongs to %s", u->login, other.aor);
	if (u->extension[0] && s->ops->user_by_line(s, u->number, u->extension, &other, 1, &n) == STORE_OK && other.id != u->id)
		return why_set(why, "the extension '%s' with that number belongs to %s", u->extension, other.aor);
	return NULL;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static bool row_add(struct import *im, const struct row *r)
{
	struct row *more = vec_room(im->row, im->how->users, &im->cap, sizeof *more);

	if (more == NULL)
		return false;
	im->row = more;
	im->row[im->how->users++] = *r;
	return true;
}

static enum admin_result rows_read(struct import *im, struct why *why)
{
	unsigned wrong;
	enum row_read got;
	struct row r;

	while ((got = row_read(im, &r)) != ROW_END && got != ROW_LOST) {
		struct why w = {0};
		const char *no;

		if (got != ROW_READ)
			continue;
		no = unique_in_file(im, &r, &w);
		if (no == NULL)
			no = unique_in_store(im, &r, &w);
		if (no)
			import_refuse(im, r.line, no);
		else if (row_add(im, &r))
			continue;
		row_wipe(&r);
		if (no == NULL)
			return admin_no(ADMIN_FAILED, why, "out of memory");
	}
	wrong = im->how->wrong;
	if (wrong == 0)
		return ADMIN_OK;
	return admin_no(ADMIN_REFUSED, why, "%u line%s wrong; nothing was imported", wrong, wrong == 1 ? " is" : "s are");
}

static enum admin_result rows_store(struct import *im, struct why *why)
{
	struct store *s = im->a->store;
	enum admin_result rc = admin_store(im->a, s->ops->begin(s), "the import", why);
	enum store_result r;

	if (rc != ADMIN_OK)
		return rc;
	for (size_t i = 0; rc == ADMIN_OK && i < im->how->users; i++)
		rc = users_write(im->a, &im->row[i].user, buf_view(&im->row[i].password), buf_view(&im->row[i].pin), why);
	r = s->ops->end(s, rc == ADMIN_OK ? STORE_OK : STORE_FAILED);
	if (rc == ADMIN_OK)
		rc = admin_store(im->a, r, "the import", why);
	return rc;
}

enum admin_result users_import(struct admin *a, struct sv csv, struct user_import *how, struct why *why)
{
	struct import im = {.a = a, .how = how, .csv = {.rest = csv, .line = 1}};
	enum admin_result rc = ADMIN_REFUSED;

	how->users = 0;
	how->wrong = 0;
	if (columns_read(&im))
		rc = rows_read(&im, why);
	if (rc == ADMIN_OK && !how->dry)
		rc = rows_store(&im, why);
	if (rc == ADMIN_OK && !how->dry)
		admin_audit(a, "", "user import");
	for (size_t i = 0; i < how->users; i++)
		row_wipe(&im.row[i]);
	free(im.row);
	tdestroy(im.seen, free);
	return rc;
}
