/* server/location/rows.h: one row a question: how it crosses a socket. */
#ifndef DIALTONE_SERVER_LOCATION_ROWS_H
#define DIALTONE_SERVER_LOCATION_ROWS_H

#include "base/fields.h"
#include "server/location/location.h"

struct location_row {
	const char *name;
	const struct field *ask;   /* of struct location_ask */
	const struct field *reply; /* of struct location_reply */
};
const struct location_row *location_row_of(unsigned kind); /* NULL: no such question */
extern const struct field location_notice_fields[];	   /* of struct location_notice */

#endif
