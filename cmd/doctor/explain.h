/* cmd/doctor/explain.h: dialtone doctor --explain: the table of causes, for people and as the manual page dialtone-causes(7). */
#ifndef DIALTONE_CMD_DOCTOR_EXPLAIN_H
#define DIALTONE_CMD_DOCTOR_EXPLAIN_H

#include <stdio.h>

/* id: "C-13", in either case; "all"; "mdoc": the manual page.  The exit status: 64 after a sentence that names ids like it. */
int explain(FILE *to, const char *id);

#endif
