#include "cmd/phone/options.h"

#include <string.h>

#include "base/name.h"
#include "base/number.h"
#include "base/sv.h"
#include "cmd/doctor/every.h"
#include "dialtone/phone.h"
#include "wire/update.h"
#include "wire/url.h"

/* ---- values that cannot be, refused before anything is touched ------------------------------------------------- */

static const char *extension(const char *v)
{
	return extension_check(sv_of(v)) ? NULL : "type digits, like 4411";
}

static const char *number(const char *v)
{
	struct number n;

	return number_read(sv_of(v), &n) == NULL ? NULL : "type a phone number, like +14255550123";
}

static const char *login(const char *v)
{
	const char *cut = strpbrk(v, "\\@"); /* a name alone is nobody's: the domain belongs to it */

	return cut && cut > v && cut[1] ? NULL : "type it like 'CONTOSO\\alice', in quotes: the shell eats a bare \\";
}

static const char *address_of_record(const char *v)
{
	struct sv host = sv_of(v), user = sv_cut(&host, '@');

	if (sv_istarts(user, SV("sip:")))
		user = sv_from(user, 4);
	return user.n && host.p && name_check(host) == NULL ? NULL : "type it like alice@contoso.test";
}

static const char *version(const char *v)
{
	struct update_version n;

	return update_version_read(sv_of(v), &n) ? NULL : "type four numbers, like 4.0.7577.4363";
}

static const char *domain(const char *v)
{
	return name_check(sv_of(v)) == NULL ? NULL : "type a domain, like contoso.test";
}

static const char *web_url(const char *v)
{
	struct url u;

	return url_read(sv_of(v), &u) && u.https ? NULL : "type an https URL, like https://web.contoso.test/CertProv/"
							   "CertProvisioningService.svc";
}

static const char *host_port(const char *v)
{
	struct sv port = sv_of(v), host = sv_cut(&port, ':');
	uint64_t n = 1;

	return host_check(host) == NULL && (port.p == NULL || (sv_u64(port, 65535, &n) && n)) ? NULL
										    : "type a host, or host and port, like "
										      "fe01.contoso.test:5061";
}

/* ---- the tables ------------------------------------------------------------------------------------------------ */

static const char *dns_add(void *options, const char *value)
{
	struct phone_options *o = options;

	if (o->ndns == sizeof o->dns / sizeof *o->dns)
		return "four name servers are given already; leave this one away";
	o->dns[o->ndns++] = value;
	return NULL;
}

static const char *plan_add(void *options, const char *value)
{
	static const char *const kinds[] = {"chain=", "dns=", "dhcp="};
	struct phone_options *o = options;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && o->nplan < sizeof o->plan / sizeof *o->plan; i++)
		if (strncmp(value, kinds[i], strlen(kinds[i])) == 0 && value[strlen(kinds[i])]) {
			o->plan[o->nplan++] = value;
			return NULL;
		}
	return "type one like chain=new.pem, dns=zone.txt or dhcp=options.txt, at most three";
}

static const char *model(unsigned i)
{
	return i < dt_model_count ? dt_models[i].key : NULL;
}

static const char *tls_kind(unsigned i)
{
	return i < 2 ? (const char *[]){"modern", "phone"}[i] : NULL;
}

static const char *period(const char *v)
{
	return every_read(v) ? NULL : "type a time from 30s to 1d, like 5m";
}

static const char *comparison(unsigned i)
{
	return i < 2 ? (const char *[]){"warm", "cold"}[i] : model(i - 2);
}

static const char *redaction(unsigned i)
{
	return i < 2 ? (const char *[]){"secrets", "names"}[i] : NULL;
}

static const char *strictness(unsigned i)
{
	return i < 3 ? (const char *[]){"strict", "exact", "off"}[i] : NULL;
}

#define AT(field) offsetof(struct phone_options, field)

/* clang-format off */
const struct option_row phone_options[] = {
	{"--interface",     "IF",        "the Ethernet interface to plug the phone into", AT(interface)},
	{"--model",         "MODEL",     "(default: cx600)", AT(model), .word = model},
	{"--extension",     "N",         "sign in with this extension and a PIN", AT(extension), extension},
	{"--number",        "N",         "sign in with this phone number and a PIN", AT(number), number},
	{"--pin-file",      "FILE",      "the PIN (or the variable DIALTONE_PIN, or it is asked for)", AT(pin_file)},
	{"--user",          "DOM\\USER", "sign in with user name and password", AT(user), login},
	{"--password-file", "FILE",      "the password (or the variable DIALTONE_PASSWORD, or it is asked for)", AT(password_file)},
	{"--sip",           "USER@DOM",  "the sign-in address; outside with --user", AT(sip), address_of_record},
	{"--state",         "DIR",       "the phone's stored state (default: a folder for each MAC)", AT(state)},
	{"--cold",          NULL,        "forget everything first: a phone from the box", AT(cold)},
	{"--outside",       NULL,        "the phone is outside the company network", AT(outside)},
	{"--tethered",      NULL,        "user name and password come from a PC on the phone's USB port", AT(tethered)},
	{"--take",          NULL,        "use the interface itself, in this namespace, instead of a macvlan in an own one", AT(take)},
	{"--mac",           "M",         "the phone's MAC address", AT(mac)},
	{"--serial",        "S",         "its serial number (default: the MAC address)", AT(serial)},
	{"--firmware",      "V",         "the version it left the factory with", AT(firmware), version},
	{"--no-vlan",       NULL,        "do not look for a VLAN", AT(no_vlan)},
	{"--lldp-wait",     "SECONDS",   "how long to wait for LLDP-MED, 1 to 60 (default: 6; doctor: 5)", AT(lldp_wait)},
	{"--no-dhcp",       NULL,        "ask no DHCP server; then give --address, --dns, --domain ...", AT(no_dhcp)},
	{"--address",       "A/PREFIX",  "with --no-dhcp (with --take: default is what the interface has)", AT(address)},
	{"--router",        "A",         "with --no-dhcp", AT(router)},
	{"--dns",           "A",         "ask this name server; may be given four times", .read = dns_add, .repeats = true},
	{"--domain",        "D",         "the DNS domain, instead of DHCP option 15", AT(domain), domain},
	{"--web-url",       "URL",       "the web service, instead of DHCP option 43", AT(web_url), web_url},
	{"--registrar",     "HOST[:P]",  "the Registrar, instead of DNS SRV and DHCP option 120", AT(registrar), host_port},
	{"--strict",        "HOW",       "(default: strict); the SRV target against the SIP domain", AT(strict), .word = strictness},
	{"--trust",         "FILE",      "the roots that the phone trusts, and no others (PEM)", AT(trust)},
	{"--update-key",    "FILE",      "the certificate that images must be signed with (PEM); without it none is installed", AT(update_key)},
	{"--tls",           "WHICH",     "(default: modern); phone: TLS 1.0 and the suites that real phones have, no more", AT(tls), .word = tls_kind},
	{"--keylog",        "FILE",      "append the TLS secrets to FILE, for Wireshark; with doctor and a capture they are read", AT(keylog)},
	{0},
};
const struct option_row connect_options[] = {
	{"--stay",          "SECONDS",   "stay signed in that long; 0: until interrupted", AT(stay)},
	{"--usb",           "TTY",       "the phone's USB port, for `dialtone tether`; with --stay", AT(usb)},
	{0},
};
const struct option_row doctor_options[] = {
	{"--record",        "FILE",      "run no phone: read what `connect --json` wrote (\"-\": standard input)", AT(record)},
	{"--capture",       "WHAT",      "run no phone: watch those of a capture file (pcap, pcapng; \"-\"), or of an interface", AT(capture)},
	{"--seconds",       "N",         "with --capture of an interface: end after so many (default: when interrupted)", AT(seconds)},
	{"--explain",       "ID",        "run no phone: explain a cause, like C-13; all: each of them", AT(explain)},
	{"--verbose",       NULL,        "every stage, every cause, and what was also checked", AT(verbose)},
	{"--bundle",        "FILE",      "write record, answers, findings and packets to FILE, without secrets", AT(bundle)},
	{"--redact",        "LEVEL",     "(default: secrets); names: with other names and addresses, without packets", AT(redact), .word = redaction},
	{"--check",         NULL,        "one line with performance data and the exit status of a monitoring plugin", AT(check)},
	{"--every",         "TIME",      "run again each TIME, like 5m (30s to 1d), until interrupted", AT(every), period},
	{"--plan",          "WHAT=FILE", "with --record: which models would fail with a new chain=PEM, dns=ZONE or dhcp=OPTIONS", .read = plan_add, .repeats = true},
	{"--compare",       "WITH",      "run twice, the second time warm, cold, or as that model, and show the difference", AT(compare), .word = comparison},
	{"--html",          "FILE",      "write the answer to FILE as one page for a browser", AT(html)},
	{"--pcapng",        "FILE",      "write the packets to FILE, with the TLS secrets that open them (of a bundle: with --record)", AT(pcapng)},
	{0},
};
/* clang-format on */

/* ---- what goes together ---------------------------------------------------------------------------------------- */

int phone_options_check(const struct command *c)
{
	const struct phone_options *o = c->o;
	const struct {
		bool wrong;
		const char *sentence;
	} rules[] = {
	    {o->interface == NULL, "'--interface' is missing: which interface is the phone plugged into? type --interface IF; 'ip link' shows "
				   "what there is"},
	    {o->compare && (o->bundle || o->html || o->pcapng || o->every || o->check), "'--compare' prints its table and writes no file; leave "
											"--bundle, --html, --pcapng, --every and --check away"},
	    {o->nplan && o->record == NULL, "'--plan' is applied to a run that went well; type --record FILE as well: a record or a bundle of one"},
	    {o->extension && o->number, "'--number' does not go together with '--extension'; type the one that the user signs in with"},
	    {(o->extension || o->number) && o->user, "'--user' does not go together with a number; a phone signs in with number and PIN "
						     "or with user name and password"},
	    {o->user && o->sip == NULL && o->outside, "'--user' outside needs the sign-in address as well; type --sip USER@DOMAIN"},
	    {o->pin_file && !o->extension && !o->number, "'--pin-file' is of which number? type --extension N or --number N"},
	    {o->address && !o->no_dhcp, "'--address' goes only together with '--no-dhcp'"},
	    {o->router && !o->no_dhcp, "'--router' goes only together with '--no-dhcp'"},
	    {o->usb && o->stay == NULL, "'--usb' is of a phone that stays; type --stay 0 as well"},
	    {o->no_dhcp && o->address == NULL && !o->take, "'--no-dhcp': the phone then needs an address; type --address A/PREFIX"},
	};

	for (size_t i = 0; o->record == NULL && o->capture == NULL && o->explain == NULL && i < sizeof rules / sizeof *rules; i++)
		if (rules[i].wrong)
			return command_fail(c, EX_USAGE, "%s", rules[i].sentence);
	return 0;
}
