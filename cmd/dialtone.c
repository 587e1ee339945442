/* cmd/dialtone.c: the table of verbs. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>

#include "cmd/text.h"
#include "cmd/verbs.h"

#define ARGUMENTS 256

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	bool conf; /* works on a site: takes -c FILE */
	const char *what;
};

/* clang-format off */
static const struct verb verbs[] = {
	{"connect",   cmd_connect,   false, "be a phone: from power-on to dial tone"},
	{"doctor",    cmd_doctor,    false, "the same, and then say where it breaks, why, and what to do"},
	{"decode",    cmd_decode,    false, "show one message's octets as JSON"},
	{"init",      cmd_init,      false, "make the folder of a new site"},
	{"user",      cmd_user,      true,  "users: add, list, show, set, import, enable, disable, remove"},
	{"pin",       cmd_pin,       true,  "PINs: set, unlock, show"},
	{"cert",      cmd_cert,      true,  "users' certificates: list, revoke"},
	{"device",    cmd_device,    true,  "phones that were seen: list"},
	{"update",    cmd_update,    true,  "firmware: sign, import, list, approve, reject, restore, remove, testdevice"},
	{"status",    cmd_status,    true,  "which processes of dialtoned run, until when certificates are good"},
	{"netconfig", cmd_netconfig, true,  "write DHCP, DNS and switch configuration for this site"},
};
/* clang-format on */

#define VERBS (sizeof verbs / sizeof *verbs)

static void usage(FILE *to)
{
	fprintf(to, "usage: dialtone [-c FILE] VERB ...\n\n");
	for (size_t i = 0; i < VERBS; i++)
		text_row(to, 13, verbs[i].name, verbs[i].what);
	fprintf(to, "\n  -c FILE    the site's configuration\n"
		    "             (else $DIALTONE_CONF, else /etc/dialtone/dialtone.conf)\n"
		    "  --help     this text; after a verb: that verb's options and an example\n"
		    "  --version  the version\n\n"
		    "example: dialtone connect --interface eth0 --model cx600 --extension 4411\n");
}

static int run(const struct verb *v, char *conf, int argc, char **argv)
{
	static char dash_c[] = "-c";
	char *with[ARGUMENTS + 3];
	int n = 0;

	if (conf && !v->conf) {
		fprintf(stderr, "dialtone %s: \"-c %s\": this verb works on no site: leave -c away\n", v->name, conf);
		return EX_USAGE;
	}
	if (conf == NULL)
		return v->run(argc, argv);
	if (argc > ARGUMENTS) {
		fprintf(stderr, "dialtone %s: more than %d arguments\n", v->name, ARGUMENTS);
		return EX_USAGE;
	}
	with[n++] = argv[0];
	with[n++] = dash_c;
	with[n++] = conf;
	for (int i = 1; i < argc; i++)
		with[n++] = argv[i];
	with[n] = NULL;
	return v->run(n, with);
}

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

static int unknown(const char *word)
{
	const char *near = word[0] == '-' ? NULL : nearest(word, &verbs[0].name, VERBS, sizeof verbs[0]);

	if (near)
		fprintf(stderr, "dialtone: there is no verb \"%s\": did you mean %s?\n", word, near);
	else
		fprintf(stderr, "dialtone: \"%s\" is not understood: dialtone --help lists the verbs\n", word);
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	char *conf = NULL;
	const struct verb *v;
	int at = 1;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core with a PIN, a password or a site's keys in it */
	if (at < argc && strcmp(argv[at], "-c") == 0) {
		if (argc < 3) {
			fprintf(stderr, "dialtone: -c needs a file: dialtone -c DIR/dialtone.conf VERB ...\n");
			return EX_USAGE;
		}
		conf = argv[2];
		at = 3;
	}
	if (at >= argc) {
		usage(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[at], "--version") == 0) {
		puts("dialtone " DIALTONE_VERSION);
		return 0;
	}
	if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "help") == 0) {
		v = at + 1 < argc ? find(argv[at + 1]) : NULL;
		if (v)
			return v->run(2, (char *[]){argv[at + 1], (char *)"--help", NULL});
		usage(stdout);
		return 0;
	}
	v = find(argv[at]);
	return v ? run(v, conf, argc - at, argv + at) : unknown(argv[at]);
}
