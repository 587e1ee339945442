/* cmd/phone/options.h: the options of the verbs that are a phone: connect and doctor.
 *
 * One table; usage is printed from it.  A secret is never among them: it comes from a file, the environment or a prompt.
 */
#ifndef DIALTONE_CMD_PHONE_OPTIONS_H
#define DIALTONE_CMD_PHONE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FOR_CONNECT = 1, FOR_DOCTOR = 2 };

struct phone_options {
	const char *interface, *model, *extension, *number, *pin_file, *user, *password_file, *sip;
	const char *state, *mac, *serial, *firmware, *address, *router, *domain, *web_url, *registrar;
	const char *trust, *update_key, *strict, *lldp_wait, *keylog, *stay, *bundle, *record;
	const char *dns[4];
	unsigned ndns;
	bool take, cold, outside, tethered, no_vlan, no_dhcp, json, help;
};

/* 0, or 64 after a sentence on standard error that quotes what was wrong. verb: FOR_... */
int phone_options_read(int argc, char **argv, unsigned verb, struct phone_options *ret);
void phone_options_usage(FILE *to, unsigned verb);

#endif
