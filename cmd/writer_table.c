#include "cmd/writer_table.h"

#include <stdio.h>

#include "cmd/text.h"

/* How many characters: only combining ones take no place. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

#define CUT "\xe2\x80\xa6" /* an ellipsis */

/* As many characters as fit; the last one says that there are more. */
static void cell_print(FILE *to, const char *text, size_t width)
{
	size_t n = 0;

	if (width_of(text) <= width) {
		fputs(text, to);
		return;
	}
	for (; *text && n < width; text++) {
		n += ((unsigned char)*text & 0xc0) != 0x80;
		if (n < width)
			fputc(*text, to);
	}
	fputs(CUT, to);
}

static void table_line(const struct writer *w, const struct buf *cell, size_t columns)
{
	size_t gap = 0;

	for (size_t i = 0; i < columns; i++) {
		const char *text = (const char *)cell[i].p;
		size_t is = width_of(text);

		if (w->hidden[i])
			continue;
		fprintf(w->to, "%*s", (int)gap, "");
		cell_print(w->to, text, w->width[i]);
		gap = w->width[i] - (is < w->width[i] ? is : w->width[i]) + 2;
	}
	fputc('\n', w->to);
}

#define LEAST 10	/* characters of a column that is cut */
#define LEAST_FIRST 24 /* of the first: it names what the row is about */

static size_t least_of(const struct writer *w, size_t i, const struct buf *head)
{
	size_t least = i ? LEAST : LEAST_FIRST, is = width_of((const char *)head[i].p);

	least = least > w->width[i] ? w->width[i] : least;
	return least > is ? least : is;
}

/* A terminal folds lines that are too long, and a table is none then: columns that have no place even when all are cut are hidden. */
static void table_hide(struct writer *w, size_t columns, const struct buf *head, const bool *late, size_t screen)
{
	size_t all = 0;

	for (size_t i = 0; i < columns; i++)
		all += w->hidden[i] ? 0 : least_of(w, i, head) + 2;
	for (unsigned last = 0; last < 2; last++)
		for (size_t i = columns; i-- > 1 && all > screen + 2;)
			if (!w->hidden[i] && (last || late[i])) {
				w->hidden[i] = true;
				all -= least_of(w, i, head) + 2;
			}
}

/* The widest column gives way. */
static void table_fit(struct writer *w, size_t columns, const struct buf *head, const bool *late)
{
	size_t screen = text_screen(w->to);

	if (screen)
		table_hide(w, columns, head, late, screen);
	while (screen) {
		size_t all = 0, widest = columns;

		for (size_t i = 0; i < columns; i++) {
			all += w->hidden[i] ? 0 : w->width[i] + 2;
			if (!w->hidden[i] && w->width[i] > least_of(w, i, head) && (widest == columns || w->width[i] > w->width[widest]))
				widest = i;
		}
		if (all <= screen + 2 || widest == columns)
			return;
		w->width[widest]--;
	}
}

void writer_table_hidden(const struct writer *w)
{
	const char *comma = "left out, for the window is too narrow: ";
	size_t n = 0;

	for (const struct column *c = w->columns; c->key && n < WRITER_COLUMNS; c++) {
		if (c->machine)
			continue;
		if (w->hidden[n++]) {
			fprintf(stderr, "%s%s", comma, c->key);
			comma = ", ";
		}
	}
	if (comma[0] == ',')
		fputs("; -f csv has all\n", stderr);
}

void writer_table_print(struct writer *w)
{
	struct buf head[WRITER_COLUMNS] = {0};
	bool late[WRITER_COLUMNS] = {false};
	size_t n = 0;

	for (const struct column *c = w->columns; n < WRITER_COLUMNS && c->key; c++) {
		size_t is;

		if (c->machine)
			continue;
		late[n] = c->late;
		buf_str(&head[n], c->key);
		is = width_of(buf_cstr(&head[n]));
		w->width[n] = is > w->width[n] ? is : w->width[n];
		n++;
	}
	for (size_t i = 0; n && i < w->cells; i++) {
		size_t is = width_of((const char *)w->cell[i].p);

		w->width[i % n] = is > w->width[i % n] ? is : w->width[i % n];
	}
	if (n)
		table_fit(w, n, head, late);
	if (!w->part)
		table_line(w, head, n);
	for (size_t i = 0; i + n <= w->cells; i += n)
		table_line(w, w->cell + i, n);
	for (size_t i = 0; i < n; i++)
		buf_free(&head[i]);
}
