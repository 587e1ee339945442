/* cmd/site/phones.h: a phone as a row of a table: made, chosen, ordered, drawn. */
#ifndef DIALTONE_CMD_SITE_PHONES_H
#define DIALTONE_CMD_SITE_PHONES_H

#include <jansson.h>
#include <stdio.h>

#include "server/control/control.h"

struct phone_row {
	struct control_phone p;
	char extension[64];
	int64_t stage;				       /* 0: registered */
	int64_t since, seen, began, failed, expires; /* UNIX seconds; 0: not */
};
void phone_row_make(struct phone_row *ret, const struct control_phone *p, int64_t now);

struct phone_filter { /* NULL: any */
	const char *stage, *state, *user, *extension, *mac, *model, *address;
};
bool phone_fits(const struct phone_filter *f, const struct phone_row *r);
/* Named by its MAC in any form, its address, its user or the user's extension. */
bool phone_is(const struct phone_row *r, const char *name);

const char *phone_sort_word(unsigned i);			    /* the columns; NULL: no more */
void phone_sort(struct phone_row *row, size_t n, const char *by); /* by NULL: those that stand still, earliest stage first */

/* The steps with their times, as bars of one scale. */
void phone_waterfall(FILE *to, const struct phone_row *r);
json_t *phone_steps(const struct phone_row *r);

#endif
