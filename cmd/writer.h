/* cmd/writer.h: what a verb lists or shows, as a table for people or as JSON, out of one list of columns.
 *
 *     static const struct column columns[] = {{"address", COLUMN_TEXT, offsetof(struct store_user, aor)}, ..., {0}};
 *
 *     writer_begin(&w, stdout, WRITER_TEXT);
 *     writer_list(&w, NULL, columns);
 *     writer_row(&w, &user);                 for each
 *     return writer_end(&w);
 *
 * The head of a column is its key in JSON and CSV: people and programs read one name.  JSON is one object:
 * "v", and the members of a record, or "items", the list (dialtone-output(5)).  A table is as wide as what stands in it, so
 * nothing is shifted (of a long one each thousand rows are, and no part is narrower than the one before); on a terminal it is no
 * wider than that: the widest columns are cut, and what has no place even so is left out, which a line behind the table says.  Whatever octets a store or a network gave, a terminal gets only what it
 * shows (base/utf8.h).
 */
#ifndef DIALTONE_CMD_WRITER_H
#define DIALTONE_CMD_WRITER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/buf.h"
#include "cmd/options.h"

enum writer_form { WRITER_TEXT, WRITER_JSON, WRITER_LINES /* JSON, the rows of a list one object a line */, WRITER_CSV };
#define WRITER_V 1 /* of the JSON: another number when a member goes or means something else */

enum column_kind {
	COLUMN_TEXT,	 /* char[]; "" is null in JSON */
	COLUMN_BOOL,	 /* bool: yes or no */
	COLUMN_UNSIGNED, /* unsigned */
	COLUMN_NUMBER,	 /* int64_t */
	COLUMN_POSITIVE, /* int64_t; 0 is null in JSON */
	COLUMN_TIME,	 /* int64_t, seconds since 1970; 0 is null in JSON */
	COLUMN_AGO,	 /* the same; people read how long ago that is: "2h05m" */
};

struct column {
	const char *key;
	enum column_kind kind;
	size_t at;	  /* in the record */
	const char *none; /* the text for "" and for a time that is not there; NULL: "-" */
	bool machine;	  /* not in a table for people: it would be too wide */
	bool late;	  /* of a table that is too wide for its terminal it goes first; then the last ones go */
};

#define WRITER_COLUMNS 32
#define WRITER_PART 1000 /* rows: a longer list is written part by part, and its memory does not grow with it */

struct writer {
	FILE *to;
	enum writer_form form;
	json_t *root, *list;
	const struct column *columns; /* of the list that is being written */
	size_t rows;
	struct buf *cell; /* text of the list, row by row */
	size_t cells, cap;
	size_t width[WRITER_COLUMNS]; /* of the table so far */
	bool hidden[WRITER_COLUMNS];  /* no place on the terminal */
	size_t label;		      /* of the record before a member: its texts stand below each other */
	bool part;		      /* a part of the list is written already */
	bool items;		      /* the list is all there is to write: "items" */
	bool lines;		      /* of CSV: a record or a list */
	bool whole;		      /* it is written */
	bool failed;
};

enum writer_form command_form(const struct command *c); /* as --json or -f has it */
void writer_begin(struct writer *w, FILE *to, enum writer_form form);
/* The members of one record: in a table of two columns, or in the object that is the whole. */
void writer_record(struct writer *w, const struct column *columns, const void *record);
void writer_members(struct writer *w, const struct column *columns, const void *record); /* each one as writer_member() */
/* A list: all there is ("items"), or (key) a member beside others.  columns: the last {0} */
void writer_list(struct writer *w, const char *key, const struct column *columns);
void writer_row(struct writer *w, const void *record);
void writer_row_with(struct writer *w, const void *record, const char *key, json_t *value); /* a member more, in JSON */
const char *writer_ago(char ret[32], int64_t seconds); /* "14s", "3m07s", "2h05m", "12d04h" */
void writer_list_end(struct writer *w);
/* A member without a record: its text for people, its value for programs (the reference is taken).  In CSV the members are the line,
 * unless a record or a list is written. */
void writer_member(struct writer *w, const char *key, const char *text, json_t *value);
/* Ends the list that is open, writes what is left, frees.  0, or 74: standard output cannot be written, or no memory. */
int writer_end(struct writer *w);
void writer_drop(struct writer *w); /* frees, and writes nothing of what was kept */

#endif
