/* cmd/doctor/answer.h: the doctor's answer on one screen, 24 lines of 80 columns:
 *
 *     STAGE 6 fails: the root chain is fetched over plain HTTP, and port 80 is closed [C-13]
 *     DO: open TCP 80 to the web service from the voice VLAN; ...
 *
 *       seen   root chain http://fe01.contoso.test/... at 10.20.0.10:80: Connection refused
 *       who    the network: switches, DHCP, DNS, firewalls
 *       or     the web service does not listen where option 43 says: ...
 *       hence  stage 4, Check for Updates: the server cannot be reached
 *       note   stage 1: no LLDP was received: ... [V-01]
 *              DO: enable LLDP globally and on the port, ...
 *
 *     1 VLAN ok  2 address ok  3 find ok  4 update -  5 discover ok  6 chain FAILED
 *
 * The first line names the fault and its stage, the second the command to type.  --verbose shows the parts that had no room.
 */
#ifndef DIALTONE_CMD_DOCTOR_ANSWER_H
#define DIALTONE_CMD_DOCTOR_ANSWER_H

#include "cmd/doctor/findings.h"

/* verbose: without end, with every cause and its remedy, and what the doctor asked and heard. */
void answer_print(FILE *to, const struct record_text *ink, const struct doctor_run *r, const struct findings *f, bool verbose);

#endif
