#include "admin/user_rows.h"

#include <stdio.h>
#include <string.h>

#include "admin/pins.h"
#include "base/number.h"

enum { COL_ADDRESS = USER_FIELDS, COL_REMOTE, COL_PASSWORD, COL_PIN, COLUMNS, COL_LINE = COLUMNS, COL_ENABLED, COL_SAM, COL_NOTHING };
static const char *const extra_names[] = {"address", "remote", "password", "pin"};

/* What Get-CsUser and Get-CsCommonAreaPhone call them; of the same names as ours: their meaning here. */
static const struct {
	const char *name;
	int column;
} exported[] = {
    {"SipAddress", COL_ADDRESS},     {"LineURI", COL_LINE},	      {"DisplayName", USER_DISPLAY},
    {"DisplayNumber", USER_DISPLAY_NUMBER}, {"Enabled", COL_ENABLED}, {"SamAccountName", COL_SAM},
};

/* ---- the first line -------------------------------------------------------------------------------------------- */

static int column_of(struct sv name)
{
	for (int i = 0; i < COLUMNS; i++)
		if (sv_ieq(name, sv_of(i < USER_FIELDS ? user_field_names[i] : extra_names[i - USER_FIELDS])))
			return i;
	return -1;
}

static int column_exported(struct sv name)
{
	for (size_t i = 0; i < sizeof exported / sizeof *exported; i++)
		if (sv_ieq(name, sv_of(exported[i].name)))
			return exported[i].column;
	return COL_NOTHING;
}

/* Looks through the names without taking them. */
static void look_for_export(struct user_rows *im)
{
	struct csv names = im->csv;
	struct buf text = {0};
	bool last = false;

	while (!last && csv_field(&names, &text, &last)) {
		im->exported |= sv_ieq(sv_trim(buf_view(&text)), SV("SipAddress"));
		im->common_area |= sv_ieq(sv_trim(buf_view(&text)), SV("DisplayNumber"));
	}
	im->common_area &= im->exported;
	buf_free(&text);
}

/* NULL, or what is wrong with it. */
static const char *column_read(struct user_rows *im, const struct buf *text, struct why *why)
{
	struct sv name = sv_trim(buf_view(text));
	int which = im->exported ? column_exported(name) : column_of(name);

	for (unsigned i = 0; i < im->columns; i++)
		if (which >= 0 && which != COL_NOTHING && im->column[i] == which)
			return why_set(why, "column '" SV_FMT "' stands there twice", (int)(name.n < 100 ? name.n : 100), name.p);
	if (which >= 0 && im->columns < USER_ROWS_COLUMNS) {
		im->column[im->columns++] = which;
		return NULL;
	}
	return why_set(why, "there is no column '" SV_FMT "'; %s", (int)(name.n < 100 ? name.n : 100), name.p ? name.p : "",
		       name.p && name.n && (memchr(name.p, ';', name.n) || memchr(name.p, '\t', name.n))
			   ? "separate the fields by commas"
			   : "the columns are: address, login, number, extension, display, home_pool, display_number, remote, password, pin");
}

/* NULL, or what is wrong with the first line. */
static const char *columns_read(struct user_rows *im, struct why *why)
{
	struct buf text = {0};
	const char *no = NULL;
	bool last = false, address = false;

	look_for_export(im);
	while (!last && no == NULL)
		no = csv_field(&im->csv, &text, &last) ? column_read(im, &text, why) : "a quote does not close";
	for (unsigned i = 0; i < im->columns; i++)
		address |= im->column[i] == COL_ADDRESS;
	if (no == NULL && !address)
		no = "the column 'address' is missing; begin the file with: address,login,number";
	buf_free(&text);
	return no;
}

/* RFC 4180 2: "Each record is located on a separate line, delimited by a line break (CRLF)"; LF alone is taken as well. */
static bool ends_in_cr(struct sv line)
{
	const char *cr = line.n ? memchr(line.p, '\r', line.n) : NULL;

	return cr && cr + 1 < line.p + line.n && cr[1] != '\n';
}

bool user_rows_begin(struct user_rows *im, unsigned *line, struct why *why)
{
	struct sv *rest = &im->csv.rest;
	const char *no = csv_record(&im->file, rest);

	*line = 0;
	im->csv.line = 1;
	if (no)
		return why_not(why, "%s", no);
	if (sv_starts(*rest, SV("\xef\xbb\xbf")))
		*rest = sv_from(*rest, 3);
	if (rest->n > 1 && (rest->p[0] == '\0' || rest->p[1] == '\0'))
		return why_not(why, "it is UTF-16 without its mark (U+FEFF in front); save it as CSV in UTF-8");
	if (sv_trim(*rest).n == 0)
		return why_not(why, "it is empty; begin it with: address,login,number");
	*line = 1;
	if (ends_in_cr(*rest))
		return why_not(why, "its lines end in CR alone, as on old Macs; save it with line ends of Windows (CRLF) or Unix (LF)");
	if (sv_istarts(*rest, SV("#TYPE"))) { /* "#TYPE Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser" */
		if ((no = csv_record(&im->file, rest)))
			return why_not(why, "%s", no);
		*line = ++im->csv.line;
	}
	if ((no = columns_read(im, why)))
		return no == why->text ? false : why_not(why, "%s", no);
	im->csv.line = *line + 1;
	return true;
}

/* ---- a line ---------------------------------------------------------------------------------------------------- */

static bool flag_read(const char *name, const char *value, bool *remote, struct why *why)
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
	return value[0] == '\0' || why_not(why, "%s is '%.60s'; type yes or no", name, value);
}

/* "tel:+14255550123;ext=4411": both; "tel:4411": an extension alone. */
static bool line_uri_read(const char *value, struct store_user *u, struct why *why)
{
	struct number n = {0};
	struct sv s = sv_trim(sv_of(value));

	if (s.n == 0)
		return true;
	if (number_read(s, &n) != NULL || (n.local[0] && !extension_check(sv_of(n.local))))
		return why_not(why, "LineURI is '%.100s'; type it like tel:+14255550123;ext=4411", value);
	snprintf(u->number, sizeof u->number, "%s", n.global);
	snprintf(u->extension, sizeof u->extension, "%s", n.local);
	return true;
}

static bool sam_read(const struct site *site, const char *value, struct store_user *u, struct why *why)
{
	char login[160];

	if (value[0] == '\0')
		return true;
	snprintf(login, sizeof login, "%s\\%.100s", site->netbios_domain, value);
	return user_field_read(USER_LOGIN, login, u, why);
}

static bool value_read(struct user_rows *im, int column, const struct buf *text, struct user_row *r, bool *remote, struct why *why)
{
	const char *value = (const char *)text->p;
	char trimmed[256];

	switch (column) {
	case COL_ADDRESS:
		return user_address_read(im->a->site, sv_copy(trimmed, sizeof trimmed, sv_trim(buf_view(text))) ? trimmed : value,
					 r->user.aor, why);
	case COL_REMOTE:
		return flag_read("remote", value, remote, why);
	case COL_ENABLED:
		return flag_read("Enabled", value, &r->user.enabled, why);
	case COL_LINE:
		return line_uri_read(value, &r->user, why);
	case COL_SAM:
		return sam_read(im->a->site, value, &r->user, why);
	case COL_NOTHING:
		return true;
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
	struct buf text[USER_ROWS_COLUMNS + 1];
	unsigned n;
	bool empty;
};

/* NULL, or what is wrong. */
static const char *fields_read(struct user_rows *im, struct fields *f)
{
	struct sv line = im->csv.rest;
	const char *no = NULL;
	bool last = false;

	while (!last) {
		unsigned at = f->n < im->columns ? f->n++ : f->n;

		if (at == im->columns) /* one more; it is read over */
			no = "it has more fields than the first line has columns";
		if (!csv_field(&im->csv, &f->text[at], &last))
			return memchr(line.p, '\0', line.n) ? "it has an octet 0, which no text has" : "a quote does not close, or something stands behind one";
	}
	f->empty = f->n == 1 && f->text[0].n == 0;
	if (no == NULL && !f->empty && f->n < im->columns)
		no = "it has fewer fields than the first line has columns";
	return no;
}

/* A file may be imported twice.  Of secrets each comparison takes time: once for a line. */
static const char *row_is_there(struct user_rows *im, const struct store_user *there, struct user_row *r, struct why *why)
{
	bool compare = im->update ? im->checked : !im->checked;

	r->same = im->update || compare ? compare && users_same(im->a, there, &r->user, buf_view(&r->password), buf_view(&r->pin)) : true;
	im->found = im->found || r->same;
	return r->same || im->update ? NULL : why_set(why, "%.120s exists already; to change existing users, add --update", there->aor);
}

/* Reads the other fields; *why names each wrong one, and its fault. */
static bool values_read(struct user_rows *im, const struct fields *f, struct user_row *r, bool *remote, struct why *why)
{
	struct why one = {0};
	bool good = true;

	for (unsigned i = 0; i < f->n; i++) {
		if (im->column[i] == COL_ADDRESS || value_read(im, im->column[i], &f->text[i], r, remote, &one))
			continue;
		why_set(why, "%.700s%s%.300s", good ? "" : why->text, good ? "" : "; and ", one.text);
		good = false;
	}
	return good;
}

/* The address first: it says whose the others are. */
static const char *row_fill(struct user_rows *im, const struct fields *f, struct user_row *r, struct why *why)
{
	bool remote = im->a->site->EnableOutsideAccess;
	struct store_user there;
	const char *no;

	for (unsigned i = 0; i < f->n; i++)
		if (im->column[i] == COL_ADDRESS && !value_read(im, COL_ADDRESS, &f->text[i], r, &remote, why))
			return why->text;
	if ((im->update || !im->checked || im->found) && !im->nobody &&
	    im->a->store->ops->user_get(im->a->store, r->user.aor, &there) == STORE_OK) {
		r->user = there;
		remote = there.remote;
	}
	if (!values_read(im, f, r, &remote, why))
		return why->text;
	r->user.remote = remote;
	if (im->common_area && !user_common_area(im->a->site, &r->user, why))
		return why->text;
	if (r->user.id && (no = row_is_there(im, &there, r, why)) != NULL)
		return no;
	return r->same || r->pin.n == 0 || pins_check(im->a, &r->user, buf_view(&r->pin), why) ? NULL : why->text;
}

void user_row_wipe(struct user_row *r)
{
	buf_wipe(&r->password);
	buf_wipe(&r->pin);
}

enum row_read user_rows_next(struct user_rows *im, struct user_row *r, struct why *why)
{
	struct fields f = {0};
	unsigned line = im->csv.line;
	const char *no = csv_record(&im->file, &im->csv.rest);

	*r = (struct user_row){.user = {.enabled = true, .created = im->a->now}, .line = line};
	if (no) {
		why_set(why, "%s", no);
		return ROW_LOST;
	}
	if (im->csv.rest.n == 0)
		return ROW_END;
	no = fields_read(im, &f);
	im->csv.line++;
	if (no == NULL && !f.empty)
		no = row_fill(im, &f, r, why);
	for (unsigned i = 0; i <= USER_ROWS_COLUMNS; i++)
		buf_wipe(&f.text[i]);
	if (no == NULL)
		return f.empty ? ROW_EMPTY : ROW_READ;
	if (no != why->text)
		why_set(why, "%s", no);
	user_row_wipe(r);
	return ROW_REFUSED;
}

void user_rows_end(struct user_rows *im)
{
	csv_file_clear(&im->file);
}
