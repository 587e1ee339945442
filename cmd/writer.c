#include "cmd/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "cmd/json_line.h"
#include "cmd/json_put.h"
#include "cmd/text.h"
#include "cmd/writer_table.h"

enum writer_form command_form(const struct command *c)
{
	return c->json ? WRITER_JSON : c->csv ? WRITER_CSV : WRITER_TEXT;
}

void writer_begin(struct writer *w, FILE *to, enum writer_form form)
{
	*w = (struct writer){.to = to, .form = form};
}

/* ---- one value ------------------------------------------------------------------------------------------------- */

const char *writer_ago(char ret[32], int64_t seconds)
{
	long long s = seconds < 0 ? 0 : (long long)seconds;

	if (s < 60)
		snprintf(ret, 32, "%llds", s);
	else if (s < 3600)
		snprintf(ret, 32, "%lldm%02llds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(ret, 32, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		snprintf(ret, 32, "%lldd%02lldh", s / 86400, s / 3600 % 24);
	return ret;
}

static const char *text_of(const struct column *c, const void *record, char out[32])
{
	const char *at = (const char *)record + c->at, *none = c->none ? c->none : "-";

	switch (c->kind) {
	case COLUMN_TEXT:
		return at[0] ? at : none;
	case COLUMN_BOOL:
		return *(const bool *)at ? "yes" : "no";
	case COLUMN_UNSIGNED:
		snprintf(out, 32, "%u", *(const unsigned *)at);
		return out;
	case COLUMN_NUMBER:
		snprintf(out, 32, "%lld", (long long)*(const int64_t *)at);
		return out;
	case COLUMN_POSITIVE:
		snprintf(out, 32, "%lld", (long long)*(const int64_t *)at);
		return *(const int64_t *)at ? out : none;
	case COLUMN_AGO:
		return *(const int64_t *)at ? writer_ago(out, clock_unix_ms() / 1000 - *(const int64_t *)at) : none;
	default:
		return *(const int64_t *)at ? iso_time(out, *(const int64_t *)at) : none;
	}
}

static json_t *json_of(const struct column *c, const void *record)
{
	const char *at = (const char *)record + c->at;
	char time[ISO_TIME_MAX];

	switch (c->kind) {
	case COLUMN_TEXT:
		return at[0] ? json_text(at) : json_null();
	case COLUMN_BOOL:
		return json_boolean(*(const bool *)at);
	case COLUMN_UNSIGNED:
		return json_integer(*(const unsigned *)at);
	case COLUMN_POSITIVE:
		if (*(const int64_t *)at == 0)
			return json_null();
		return json_integer(*(const int64_t *)at);
	case COLUMN_NUMBER:
		return json_integer(*(const int64_t *)at);
	default:
		return *(const int64_t *)at ? json_string(iso_time(time, *(const int64_t *)at)) : json_null();
	}
}

/* As in JSON: a time as one, nothing for null; true and false. */
static const char *csv_of(const struct column *c, const void *record, char out[32])
{
	const char *at = (const char *)record + c->at;
	int64_t n = c->kind >= COLUMN_NUMBER ? *(const int64_t *)at : 0;

	if (c->kind == COLUMN_TEXT)
		return at;
	if (c->kind == COLUMN_BOOL)
		return *(const bool *)at ? "true" : "false";
	if (c->kind == COLUMN_TIME || c->kind == COLUMN_AGO)
		return n ? iso_time(out, n) : "";
	return c->kind == COLUMN_POSITIVE && n == 0 ? "" : text_of(c, record, out);
}

/* RFC 4180; in some countries a semicolon ends a field, too.  A control character of a store or a network is shown as elsewhere, but
 * for the line end, which quotes hold. */
static void csv_field(FILE *to, const char *text, const char *end)
{
	bool quote = text[strcspn(text, ",;\"\r\n")] != '\0';
	char c[5];

	if (quote)
		fputc('"', to);
	for (struct sv rest = sv_of(text); rest.n;) {
		if (rest.p[0] == '\n') {
			fputc('\n', to);
			rest = sv_from(rest, 1);
		} else if (utf8_shown(&rest, c)) {
			fputs(c[0] == '"' ? "\"\"" : c, to);
		}
	}
	fputs(quote ? "\"" : "", to);
	fputs(end, to);
}

static void csv_line(FILE *to, const struct column *columns, const void *record)
{
	char text[32];

	for (const struct column *c = columns; c->key; c++)
		csv_field(to, record ? csv_of(c, record, text) : c->key, c[1].key ? "," : "\n");
}

/* Members as a line below their names; v, the list of a record and what is no value stay out. */
static void csv_members(FILE *to, json_t *members)
{
	const char *key;
	json_t *value;

	json_object_del(members, "v");
	for (unsigned line = 0; line < 2; line++) {
		const char *comma = "";

		json_object_foreach(members, key, value) {
			char number[32];

			snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
			fputs(comma, to);
			csv_field(to, line == 0 ? key : json_is_string(value) ? json_string_value(value) : json_is_integer(value) ? number
				  : json_is_boolean(value) ? (json_is_true(value) ? "true" : "false") : "", "");
			comma = ",";
		}
		fputs("\n", to);
	}
}

static json_t *root_of(struct writer *w)
{
	if (w->root == NULL)
		w->root = json_pack("{s:i}", "v", WRITER_V);
	return w->root;
}

static json_t *object_of(const struct column *c, const void *record)
{
	json_t *j = json_object();

	for (; c->key; c++)
		json_object_set_new(j, c->key, json_of(c, record));
	return j;
}

/* ---- a record --------------------------------------------------------------------------------------------------- */

static void label(struct writer *w, const char *key, const char *text, size_t width)
{
	fprintf(w->to, "%-*s", (int)width, key);
	text_fold(w->to, (unsigned)width, (unsigned)width, text);
}

void writer_record(struct writer *w, const struct column *columns, const void *record)
{
	size_t width = 0;
	char text[32];

	if (w->form == WRITER_CSV) {
		csv_line(w->to, columns, NULL);
		csv_line(w->to, columns, record);
		w->lines = true;
		return;
	}
	if (w->form != WRITER_TEXT) {
		json_t *members = object_of(columns, record);

		w->failed |= json_object_update(root_of(w), members) != 0;
		json_decref(members);
		return;
	}
	for (const struct column *c = columns; c->key; c++)
		width = strlen(c->key) + 2 > width ? strlen(c->key) + 2 : width;
	for (const struct column *c = columns; c->key; c++)
		label(w, c->key, text_of(c, record, text), width);
	w->label = width;
}

void writer_member(struct writer *w, const char *key, const char *text, json_t *value)
{
	if (w->form == WRITER_TEXT)
		label(w, key, text, strlen(key) + 2 > w->label ? strlen(key) + 2 : w->label);
	if (w->form == WRITER_TEXT || (w->form == WRITER_CSV && w->lines)) {
		json_decref(value);
		return;
	}
	w->failed |= json_object_set_new(root_of(w), key, value) != 0;
}

void writer_members(struct writer *w, const struct column *columns, const void *record)
{
	char text[32];

	for (const struct column *c = columns; c->key; c++)
		writer_member(w, c->key, text_of(c, record, text), json_of(c, record));
}

/* ---- a list ----------------------------------------------------------------------------------------------------- */

void writer_list(struct writer *w, const char *key, const struct column *columns)
{
	writer_list_end(w);
	w->columns = columns;
	w->rows = 0;
	w->part = false;
	memset(w->width, 0, sizeof w->width);
	memset(w->hidden, 0, sizeof w->hidden);
	w->lines = true;
	if (w->form == WRITER_CSV)
		csv_line(w->to, columns, NULL);
	if (w->form != WRITER_JSON)
		return;
	w->list = json_array();
	w->items = key == NULL;
	w->failed |= json_object_set_new(root_of(w), key ? key : "items", w->list) != 0;
}

static void cell_add(struct writer *w, const char *text)
{
	struct sv rest = sv_of(text);
	struct buf *b = vec_room(w->cell, w->cells, &w->cap, sizeof *b);
	char c[5];

	if (b == NULL) {
		w->failed = true;
		return;
	}
	w->cell = b;
	b = &w->cell[w->cells++];
	*b = (struct buf){0};
	while (utf8_shown(&rest, c))
		buf_str(b, c);
	buf_cstr(b);
	w->failed |= b->oom;
}

static void part_end(struct writer *w);

void writer_row_with(struct writer *w, const void *record, const char *key, json_t *value)
{
	json_t *row;

	writer_row(w, record);
	row = w->form == WRITER_JSON ? json_array_get(w->list, json_array_size(w->list) - 1) : NULL;
	if (row)
		w->failed |= json_object_set_new(row, key, value) != 0;
	else
		json_decref(value);
}

void writer_row(struct writer *w, const void *record)
{
	char text[32];

	if (w->rows && w->rows % WRITER_PART == 0)
		part_end(w);
	w->rows++;
	if (w->form == WRITER_LINES) {
		json_t *line = object_of(w->columns, record);

		json_object_set_new(line, "v", json_integer(WRITER_V));
		w->failed |= !json_line(w->to, line);
	} else if (w->form == WRITER_CSV) {
		csv_line(w->to, w->columns, record);
	} else if (w->form == WRITER_JSON)
		w->failed |= json_array_append_new(w->list, object_of(w->columns, record)) != 0;
	else
		for (const struct column *c = w->columns; c->key; c++)
			if (!c->machine)
				cell_add(w, text_of(c, record, text));
}

static void cells_free(struct writer *w)
{
	for (size_t i = 0; i < w->cells; i++)
		buf_free(&w->cell[i]);
	w->cells = 0;
}

static void table_write(struct writer *w)
{
	writer_table_print(w);
	cells_free(w);
}

/* Writes the rows so far: those of a list in an object stay, since the object is written as one. */
static void part_end(struct writer *w)
{
	if (w->failed)
		return;
	if (w->form == WRITER_TEXT) {
		table_write(w);
	} else if (w->form == WRITER_JSON && w->items) {
		if (w->part)
			fputs(",\n", w->to);
		else
			fprintf(w->to, "{\n\"v\": %d,\n\"items\": [\n", WRITER_V);
		w->failed |= !json_put_elements(w->to, w->list) || json_array_clear(w->list) != 0;
	}
	w->part = true;
}

void writer_list_end(struct writer *w)
{
	if (w->columns && w->rows && w->form == WRITER_TEXT && !w->failed)
		table_write(w);
	if (w->columns && w->form == WRITER_TEXT && !w->failed)
		writer_table_hidden(w);
	if (w->part && w->form == WRITER_JSON && w->items) {
		part_end(w); /* there is at least one row behind the last part */
		fputs("\n]\n}\n", w->to);
		json_decref(w->root);
		w->root = NULL;
		w->whole = true;
	}
	cells_free(w);
	w->columns = NULL;
	w->list = NULL;
}

void writer_drop(struct writer *w)
{
	w->failed = true;
	writer_end(w);
}

int writer_end(struct writer *w)
{
	writer_list_end(w);
	free(w->cell);
	w->cell = NULL;
	if (w->form == WRITER_JSON && !w->failed && !w->whole)
		w->failed = !json_put(w->to, w->root, JSON_INDENT(2));
	if (w->form == WRITER_CSV && !w->failed && !w->lines && w->root)
		csv_members(w->to, w->root);
	json_decref(w->root);
	w->root = NULL;
	return w->failed || fflush(w->to) != 0 || ferror(w->to) ? EX_IOERR : EX_OK;
}
