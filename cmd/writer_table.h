/* cmd/writer_table.h prints the rows that a writer holds as a table for people. */
#ifndef DIALTONE_CMD_WRITER_TABLE_H
#define DIALTONE_CMD_WRITER_TABLE_H

#include "cmd/writer.h"

void writer_table_print(struct writer *w); /* the cells so far; the head before the first ones */
/* On standard error the columns that had no place on the terminal: nobody is to think that this was all. */
void writer_table_hidden(const struct writer *w);

#endif
