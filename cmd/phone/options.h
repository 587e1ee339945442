/* cmd/phone/options.h: the options of the verbs that are a phone: connect and doctor.
 *
 * A secret is never among them: it comes from a file, the environment or a prompt.
 */
#ifndef DIALTONE_CMD_PHONE_OPTIONS_H
#define DIALTONE_CMD_PHONE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cmd/options.h"

struct phone_options {
	const char *interface, *model, *extension, *number, *pin_file, *user, *password_file, *sip;
	const char *state, *mac, *serial, *firmware, *address, *router, *domain, *web_url, *registrar;
	const char *trust, *update_key, *strict, *tls, *lldp_wait, *keylog, *stay, *usb, *bundle, *record, *capture, *seconds, *explain, *pcapng, *redact, *html, *every, *compare;
	const char *dns[4], *plan[3];
	unsigned ndns, nplan;
	bool take, cold, outside, tethered, no_vlan, no_dhcp, verbose, check;
};

extern const struct option_row phone_options[], connect_options[], doctor_options[]; /* of both; of one */

/* Whether the options go together: 0, or 64 after a sentence on standard error.  c->o: a struct phone_options */
int phone_options_check(const struct command *c);

#endif
