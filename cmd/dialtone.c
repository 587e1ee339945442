/* cmd/dialtone.c: the tree of verbs. */
#include <sys/prctl.h>

#include "cmd/verbs.h"

static const struct verb *const verbs[] = {&verb_connect, &verb_handset, &verb_tether, &verb_doctor, &verb_decode, &verb_init, &verb_user, &verb_pin,
					   &verb_pool, &verb_store, &verb_cert, &verb_key, &verb_device, &verb_phones, &verb_update, &verb_audit, &verb_status, &verb_drain,
					   &verb_backup, &verb_restore, &verb_console, &verb_netconfig, &verb_fleet, NULL};

static const struct verb dialtone = {
    .name = "dialtone",
    .what = "A phone, a doctor for it, and the site that it signs in to.",
    .flags = VERB_VERSION,
    .verbs = verbs,
    .text = "A phone, a doctor for it, and the site that it signs in to. -c FILE is the site's configuration (else $DIALTONE_CONF, "
	    "else " OPTIONS_CONF ").",
    .usage = "usage: dialtone [-c FILE] VERB ...\n"
	     "       dialtone VERB --help\n"
	     "       dialtone --completion bash|zsh|fish\n",
    .example = "  dialtone connect --interface eth0 --model cx600 --extension 4411\n",
};

int main(int argc, char **argv)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core with a PIN, a password or a site's keys in it */
	return options_main(&dialtone, argc, argv);
}
