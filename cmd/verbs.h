/* cmd/verbs.h: the verbs of dialtone, one function each.
 *
 * argv[0] is the verb's name, the rest its own arguments.  What stood before the verb (-c FILE) is handed on behind it:
 * "dialtone -c F user add x" calls cmd_user with {"user", "-c", "F", "add", "x"}.  The value is the exit status:
 * 0 done, 64 usage, 78 configuration, 70 our own fault (sysexits); connect and doctor: 1 to 9, the stage that failed.
 */
#ifndef DIALTONE_CMD_VERBS_H
#define DIALTONE_CMD_VERBS_H

int cmd_init(int argc, char **argv);
int cmd_user(int argc, char **argv);
int cmd_pin(int argc, char **argv);
int cmd_cert(int argc, char **argv);
int cmd_device(int argc, char **argv);
int cmd_update(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_netconfig(int argc, char **argv);
int cmd_connect(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

#endif
