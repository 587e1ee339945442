/* doctor/fill.h: sentences of the table of causes with this site's names, addresses, ports and VLANs in them. */
#ifndef DIALTONE_DOCTOR_FILL_H
#define DIALTONE_DOCTOR_FILL_H

#include "doctor/diagnose.h"

#define DOCTOR_TEXT_MAX 700

/* Copies `text` and puts what the finding knows in the place of {host}, {address}, {port}, {vlan}, {domain}, {cert}, {seconds},
 * {hours}, {http}, {sip}, {said}, {user}, {resolver}, {router}; what it does not know is looked for in the whole run, and is
 * else a word that says what belongs there ("the server").  Returns out. */
const char *doctor_fill(const struct doctor_finding *f, const char *text, char out[DOCTOR_TEXT_MAX]);

#endif
