/* tests/unit/store/pg.h: a PostgreSQL of the tests' own: a private cluster in a temporary folder, on a socket there, ended with them. */
#ifndef TESTS_UNIT_STORE_PG_H
#define TESTS_UNIT_STORE_PG_H

#include <stdbool.h>
#include <stddef.h>

/* Starts it, once; NULL, or why there is none (PostgreSQL is not installed). */
const char *pg_start(void);
/* The text that connects to a new, empty database. */
void pg_database(char *ret, size_t cap);
/* Ends the server at once, as the power would; starts it again. */
void pg_kill(void);
void pg_again(void);
void pg_stop(void); /* and removes the folder */

#endif
