/* cmd/phone/record_text.h: the record of a run for people.
 *
 *     1   1.0 s  Finding the VLAN ID
 *                VLAN 66, priority 5, DSCP 46 (LLDP-MED)
 *
 * While a stage takes long, a terminal shows what is being waited for; elsewhere a line says so now and then.  Text that
 * came from the network is shown without its control characters.
 */
#ifndef DIALTONE_CMD_RECORD_TEXT_H
#define DIALTONE_CMD_RECORD_TEXT_H

#include "cmd/phone/run.h"
#include "cmd/text.h"

struct record_text;

struct record_text *record_text_new(FILE *to); /* NULL: out of memory */
void record_text_free(struct record_text *t);

void record_text_head(struct record_text *t, const struct phone_run *r);
void record_text_line(struct record_text *t, const struct dt_record *r);
/* In one line on a terminal, and nothing elsewhere: which stage it is at; record_text_clear() takes it away. */
void record_text_progress(struct record_text *t, const struct dt_record *r);
void record_text_clear(struct record_text *t);
void record_text_tick(struct record_text *t); /* once a second */
/* The result; argv: the command line, for the advice what to type next (NULL: no advice). */
void record_text_result(struct record_text *t, const struct run_result *r, int argc, char **argv);
void record_text_print(struct record_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For what else prints (the doctor). Each is "" where there is no colour. */
enum ink { INK_PLAIN, INK_GOOD, INK_BAD, INK_WARN, INK_DIM, INK_BOLD, INK_COUNT };
const char *record_text_ink(const struct record_text *t, enum ink ink);

#endif
