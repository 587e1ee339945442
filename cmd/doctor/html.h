/* cmd/doctor/html.h: the doctor's answer as one page for a browser: the answer, a waterfall of stages and attempts, a ladder of who spoke
 * with whom, and the evidence.  Nothing is fetched: no script, no font, no picture from elsewhere.
 *
 * Every text in it may come from a network: each is shown as base/utf8.h says, and escaped.
 */
#ifndef DIALTONE_CMD_DOCTOR_HTML_H
#define DIALTONE_CMD_DOCTOR_HTML_H

#include <jansson.h>

#include "cmd/doctor/findings.h"

void html_begin(struct buf *to, const char *title);
/* One phone.  name: its MAC address and what else is known; lines: its record (dialtone-record(5)), with times. */
void html_phone(struct buf *to, const char *name, const struct doctor_run *r, const struct findings *f, const json_t *lines);
/* certificates, heads: lists as a bundle has them, or NULL. */
void html_shown(struct buf *to, const json_t *certificates, const json_t *heads);
void html_end(struct buf *to);

/* ---- within: html.c, html_text.c, html_time.c ----------------------------------------------------------------------------------- */

void html_text(struct buf *to, const char *s); /* escaped */
void html_put(struct buf *to, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* as it is: no text of others */
void html_waterfall(struct buf *to, const json_t *lines);
void html_ladder(struct buf *to, const json_t *lines);

#endif
