#include "cmd/phone/options.h"

#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include "base/sv.h"
#include "cmd/text.h"
#include "dialtone/phone.h"
#include "wire/update.h"
#include "wire/url.h"

enum kind { TEXT, FLAG, LIST };

struct row {
	const char *name, *value, *what; /* what: NULL: the models there are */
	enum kind kind;
	unsigned verbs;
	size_t at;
	const char *(*judge)(const char *value); /* NULL: the value can be; else what to give instead. Absent: judged when used */
};

/* ---- values that cannot be, refused before anything is touched ------------------------------------------------- */

static bool name_is(struct sv s)
{
	bool label = false;

	if (s.n == 0 || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' && !label)
			return false;
		if (c != '.' && c != '-' && c != '_' && !isalnum((unsigned char)c))
			return false;
		label = c != '.';
	}
	return true;
}

static const char *extension(const char *v)
{
	return v[0] && v[strspn(v, "0123456789")] == '\0' ? NULL : "give digits, as 4411";
}

static const char *number(const char *v)
{
	return v[strspn(v, "+0123456789 .-()")] == '\0' && strpbrk(v, "0123456789") ? NULL : "give a phone number, as +14255550123";
}

static const char *login(const char *v)
{
	const char *cut = strpbrk(v, "\\@"); /* a name alone is nobody's: the domain belongs to it */

	return cut && cut > v && cut[1] ? NULL : "give it as 'CONTOSO\\alice', in quotes: the shell eats a bare \\";
}

static const char *address_of_record(const char *v)
{
	struct sv host = sv_of(v), user = sv_cut(&host, '@');

	if (sv_istarts(user, SV("sip:")))
		user = sv_from(user, 4);
	return user.n && host.p && name_is(host) ? NULL : "give it as alice@contoso.test";
}

static const char *version(const char *v)
{
	struct update_version n;

	return update_version_read(sv_of(v), &n) ? NULL : "give four numbers, as 4.0.7577.4363";
}

static const char *domain(const char *v)
{
	return name_is(sv_of(v)) ? NULL : "give a domain, as contoso.test";
}

static const char *web_url(const char *v)
{
	struct url u;

	return url_read(sv_of(v), &u) && u.https ? NULL : "give an https URL, as https://web.contoso.test/CertProv/"
							   "CertProvisioningService.svc";
}

static const char *host_port(const char *v)
{
	struct sv port = sv_of(v), host = sv_cut(&port, ':');
	uint64_t n = 1;

	return name_is(host) && (port.p == NULL || (sv_u64(port, 65535, &n) && n)) ? NULL
										    : "give a host, or host and port, as "
										      "fe01.contoso.test:5061";
}

#define AT(field) offsetof(struct phone_options, field)
#define BOTH (FOR_CONNECT | FOR_DOCTOR)

/* clang-format off */
static const struct row rows[] = {
{"--interface",     "IF",        "the Ethernet interface to plug the phone into", TEXT, BOTH, AT(interface)},
{"--model",         "MODEL",     NULL, TEXT, BOTH, AT(model)},
{"--extension",     "N",         "sign in with this extension and a PIN", TEXT, BOTH, AT(extension), extension},
{"--number",        "N",         "sign in with this phone number and a PIN", TEXT, BOTH, AT(number), number},
{"--pin-file",      "FILE",      "the PIN (or the variable DIALTONE_PIN, or it is asked for)", TEXT, BOTH, AT(pin_file)},
{"--user",          "DOM\\USER", "sign in with user name and password", TEXT, BOTH, AT(user), login},
{"--password-file", "FILE",      "the password (or the variable DIALTONE_PASSWORD, or it is asked for)", TEXT, BOTH, AT(password_file)},
{"--sip",           "USER@DOM",  "the sign-in address; with --user", TEXT, BOTH, AT(sip), address_of_record},
{"--state",         "DIR",       "what the phone remembers (default: a folder for each MAC)", TEXT, BOTH, AT(state)},
{"--cold",          NULL,        "forget everything first: a phone from the box", FLAG, BOTH, AT(cold)},
{"--outside",       NULL,        "the phone is outside the company network", FLAG, BOTH, AT(outside)},
{"--tethered",      NULL,        "user name and password come from a PC on the phone's USB port", FLAG, BOTH, AT(tethered)},
{"--take",          NULL,        "use the interface itself, in this namespace, instead of a macvlan in an own one", FLAG, BOTH, AT(take)},
{"--mac",           "M",         "the phone's MAC address", TEXT, BOTH, AT(mac)},
{"--serial",        "S",         "its serial number (default: the MAC address)", TEXT, BOTH, AT(serial)},
{"--firmware",      "V",         "the version it left the factory with", TEXT, BOTH, AT(firmware), version},
{"--no-vlan",       NULL,        "do not look for a VLAN", FLAG, BOTH, AT(no_vlan)},
{"--lldp-wait",     "SECONDS",   "how long to wait for LLDP-MED, 1 to 60 (default: 6; doctor: 35)", TEXT, BOTH, AT(lldp_wait)},
{"--no-dhcp",       NULL,        "ask no DHCP server; then give --address, --dns, --domain ...", FLAG, BOTH, AT(no_dhcp)},
{"--address",       "A/PREFIX",  "with --no-dhcp (with --take: default is what the interface has)", TEXT, BOTH, AT(address)},
{"--router",        "A",         "with --no-dhcp", TEXT, BOTH, AT(router)},
{"--dns",           "A",         "ask this name server; may be given four times", LIST, BOTH, AT(dns)},
{"--domain",        "D",         "the DNS domain, instead of DHCP option 15", TEXT, BOTH, AT(domain), domain},
{"--web-url",       "URL",       "the web service, instead of DHCP option 43", TEXT, BOTH, AT(web_url), web_url},
{"--registrar",     "HOST[:P]",  "the Registrar, instead of DNS SRV and DHCP option 120", TEXT, BOTH, AT(registrar), host_port},
{"--strict",        "HOW",       "SRV target against SIP domain: strict, exact or off (default: strict)", TEXT, BOTH, AT(strict)},
{"--trust",         "FILE",      "further roots that the phone trusts from the start (PEM)", TEXT, BOTH, AT(trust)},
{"--update-key",    "FILE",      "the certificate that images must be signed with (PEM); without it none is installed", TEXT, BOTH, AT(update_key)},
{"--keylog",        "FILE",      "append the TLS secrets to FILE, for Wireshark", TEXT, BOTH, AT(keylog)},
{"--stay",          "SECONDS",   "stay signed in that long; 0: until interrupted", TEXT, FOR_CONNECT, AT(stay)},
{"--record",        "FILE",      "run no phone: read what `connect --json` wrote (\"-\": standard input)", TEXT, FOR_DOCTOR, AT(record)},
{"--bundle",        "FILE",      "write record, answers and findings to FILE, without secrets", TEXT, FOR_DOCTOR, AT(bundle)},
{"--json",          NULL,        "JSON on standard output, one object a line", FLAG, BOTH, AT(json)},
{"--help",          NULL,        "this text", FLAG, BOTH, AT(help)},
};

/* What must not stand on a command line. */
static const struct {
	const char *name, *instead;
} secrets[] = {
{"--pin",      "--pin-file FILE, or the variable DIALTONE_PIN, or nothing: then it is asked for"},
{"--password", "--password-file FILE, or the variable DIALTONE_PASSWORD, or nothing: then it is asked for"},
};
/* clang-format on */

#define ROWS (sizeof rows / sizeof *rows)

static const char *verb_name(unsigned verb)
{
	return verb == FOR_DOCTOR ? "doctor" : "connect";
}

static int refuse(unsigned verb, const char *said, const char *why, const char *instead)
{
	fprintf(stderr, "dialtone %s: \"%s\": %s%s%s\n", verb_name(verb), said, why, instead ? ": " : "", instead ? instead : "");
	return EX_USAGE;
}

static const char *models(char *list, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < dt_model_count && n < cap; i++)
		n += (size_t)snprintf(list + n, cap - n, "%s ", dt_models[i].key);
	if (n < cap)
		snprintf(list + n, cap - n, "(default: cx600)");
	return list;
}

void phone_options_usage(FILE *to, unsigned verb)
{
	fprintf(to, "usage: dialtone %s --interface IF [--model MODEL]\n"
		    "           --extension N --pin-file FILE [OPTIONS]\n"
		    "       dialtone %s --interface IF --model cx700\n"
		    "           --user 'DOMAIN\\USER' --sip USER@DOMAIN [OPTIONS]\n",
		verb_name(verb), verb_name(verb));
	if (verb == FOR_DOCTOR)
		fprintf(to, "       dialtone doctor --record FILE [--json] [--bundle FILE]\n");
	fputc('\n', to);
	for (size_t i = 0; i < ROWS; i++) {
		char head[64], list[400];

		if (!(rows[i].verbs & verb))
			continue;
		snprintf(head, sizeof head, "%s%s%s", rows[i].name, rows[i].value ? " " : "", rows[i].value ? rows[i].value : "");
		text_row(to, 27, head, rows[i].what ? rows[i].what : models(list, sizeof list));
	}
	fprintf(to,
		verb == FOR_DOCTOR
		    ? "\nexample: dialtone doctor --interface eth0 --extension 4411\n"
		    : "\nexample: dialtone connect --interface eth0 --model cx600 --extension 4411\n");
	text_fold(to, 0, 13, "exit status: 0 dial tone, 1-9 the stage that failed, 64 usage, 78 configuration, 70 our own fault");
}

static const struct row *row_of(const char *arg, size_t n, unsigned verb)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].verbs & verb && strlen(rows[i].name) == n && memcmp(rows[i].name, arg, n) == 0)
			return &rows[i];
	return NULL;
}

static int unknown(unsigned verb, const char *arg)
{
	const struct row *others;
	char instead[160];
	const char *near;

	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		size_t n = strlen(secrets[i].name);

		if (strncmp(arg, secrets[i].name, n) == 0 && (arg[n] == '\0' || arg[n] == '='))
			return refuse(verb, secrets[i].name, "a secret is not taken from an argument, where others can read it; give",
				      secrets[i].instead);
	}
	others = row_of(arg, strcspn(arg, "="), BOTH);
	if (others) {
		snprintf(instead, sizeof instead, "leave it away, or type dialtone %s", verb_name(others->verbs));
		return refuse(verb, others->name, "this verb has no such option", instead);
	}
	near = nearest(arg, &rows[0].name, ROWS, sizeof rows[0]);
	if (near && row_of(near, strlen(near), verb) == NULL)
		near = NULL;
	snprintf(instead, sizeof instead, near ? "did you mean %s?" : "dialtone %s --help lists the options",
		 near ? near : verb_name(verb));
	return refuse(verb, arg, arg[0] == '-' ? "there is no such option" : "this argument has no place here", instead);
}

static int set(struct phone_options *o, const struct row *r, const char *value, unsigned verb)
{
	const char *instead = value && r->judge ? r->judge(value) : NULL;
	void *at = (char *)o + r->at;

	if (instead) {
		fprintf(stderr, "dialtone %s: %s \"%s\": %s\n", verb_name(verb), r->name, value, instead);
		return EX_USAGE;
	}
	switch (r->kind) {
	case FLAG:
		*(bool *)at = true;
		break;
	case TEXT:
		if (*(const char **)at)
			return refuse(verb, r->name, "given twice", NULL);
		*(const char **)at = value;
		break;
	case LIST:
		if (o->ndns == 4)
			return refuse(verb, r->name, "given more than four times", NULL);
		((const char **)at)[o->ndns++] = value;
		break;
	}
	return 0;
}

static int check(const struct phone_options *o, unsigned verb)
{
	if (o->record)
		return 0;
	if (o->interface == NULL)
		return refuse(verb, "--interface", "missing: which interface is the phone plugged into", "give --interface IF; ip link "
			      "shows what there is");
	if (o->extension && o->number)
		return refuse(verb, "--number", "not together with --extension", "give the one that the user signs in with");
	if ((o->extension || o->number) && o->user)
		return refuse(verb, "--user", "not together with a number", "a phone signs in with number and PIN or with user name "
			      "and password");
	if (o->user && o->sip == NULL)
		return refuse(verb, "--user", "needs the sign-in address as well", "--sip USER@DOMAIN");
	if (o->pin_file && !o->extension && !o->number)
		return refuse(verb, "--pin-file", "a PIN for which number", "give --extension N or --number N");
	if ((o->address || o->router) && !o->no_dhcp)
		return refuse(verb, o->address ? "--address" : "--router", "only together with --no-dhcp", NULL);
	if (o->no_dhcp && o->address == NULL && !o->take)
		return refuse(verb, "--no-dhcp", "the phone then needs an address", "--address A/PREFIX");
	return 0;
}

int phone_options_read(int argc, char **argv, unsigned verb, struct phone_options *ret)
{
	struct phone_options o = {0};
	int rc = 0;

	for (int i = 1; i < argc && rc == 0; i++) {
		const char *equals = strncmp(argv[i], "--", 2) == 0 ? strchr(argv[i], '=') : NULL;
		const struct row *r;

		if (strcmp(argv[i], "-h") == 0) {
			o.help = true;
			continue;
		}
		r = row_of(argv[i], equals ? (size_t)(equals - argv[i]) : strlen(argv[i]), verb);
		if (r == NULL)
			rc = unknown(verb, argv[i]);
		else if (r->kind == FLAG && equals)
			rc = refuse(verb, argv[i], "this option takes no value", NULL);
		else if (r->kind != FLAG && !equals && i + 1 == argc)
			rc = refuse(verb, argv[i], "needs a value", r->value);
		else
			rc = set(&o, r, r->kind == FLAG ? NULL : equals ? equals + 1 : argv[++i], verb);
	}
	if (rc == 0 && !o.help)
		rc = check(&o, verb);
	if (rc == 0)
		*ret = o;
	return rc;
}
