/* cmd/netconfig/verb.c: `dialtone netconfig`: the command line, and the table of languages. */
#include "cmd/netconfig/netconfig.h"

#include <stdio.h>
#include <string.h>

#include "cmd/verbs.h"
#include "base/name.h"
#include "base/text.h"
#include "server/site/conf.h"
#include "wire/well_known.h"

enum { VLAN_MAX = 4094, PRIORITY_VOICE = 5, DSCP_OF_SITE = 64, OPTION_MAX = 255 /* RFC 2132 2: its length is one octet */ };

static int netconfig_run(struct command *c);

struct format {
	struct verb verb; /* the first member: a verb of the tree is its format */
	netconfig_writer *write;
	bool needs_net; /* at least one subnet */
	bool whole;	/* an option is written in one piece: the server cannot split one (RFC 3396) that is longer than OPTION_MAX */
	const char *comment; /* how a line begins that is one; NULL: the writer puts its own */
};

#define FORMAT(name, what) {(name), "", (what), .run = netconfig_run}

/* clang-format off */
static const struct format formats[] = {
	{FORMAT("kea",     "ISC Kea, DHCPv4"),                  netconfig_kea, true, false, "// "},
	{FORMAT("isc",     "ISC dhcpd"),                        netconfig_isc, true, false, "# "},
	{FORMAT("dnsmasq", "dnsmasq: DHCP and names"),          netconfig_dnsmasq, true, false, "# "},
	{FORMAT("ios",     "a Cisco switch: VLAN, LLDP-MED, DHCP"), netconfig_ios, true, true, "! "},
	{FORMAT("windows", "the DHCP server of Windows (netsh)"), netconfig_windows, true},
	{FORMAT("zone",    "a DNS zone file"),                  netconfig_zone, false, false, "; "},
	{FORMAT("lldpd",   "lldpd: the LLDP-MED policy"),       netconfig_lldpd, false, false, "# "},
};
/* clang-format on */

static const struct verb *const format_verbs[] = {&formats[0].verb, &formats[1].verb, &formats[2].verb, &formats[3].verb,
						  &formats[4].verb, &formats[5].verb, &formats[6].verb, NULL};
_Static_assert(sizeof formats / sizeof *formats == 7, "every format is a verb");

/* ---- options: NULL when taken, else what to type instead --------------------------------------------------------- */

static bool addresses_of(const char *text, uint32_t *ret, size_t cap, size_t *n)
{
	struct sv s = sv_of(text);
	size_t got = 0;

	for (; s.p; got++)
		if (got == cap || !ip_read(sv_cut(&s, ','), &ret[got]))
			return false;
	*n = got;
	return true;
}

static bool net_key(struct net *t, struct sv key, struct sv value)
{
	if (sv_eq(key, SV("router")))
		return ip_read(value, &t->router);
	if (sv_eq(key, SV("interface")))
		return value.n && sv_copy(t->interface, sizeof t->interface, value);
	if (sv_eq(key, SV("range"))) {
		struct sv first = sv_cut(&value, '-');

		return ip_read(first, &t->first) && value.p && ip_read(value, &t->last);
	}
	return false;
}

/* 10.66.0.0/24,router=10.66.0.1,range=10.66.0.100-10.66.0.150,interface=eth1: the router is the first address unless
 * said otherwise, the range is the upper half. */
static bool net_of(const char *text, struct net *ret)
{
	struct sv s = sv_of(text), cidr = sv_cut(&s, ','), net = sv_cut(&cidr, '/');
	struct net t = {.given = true};
	uint64_t bits = 0;
	uint32_t size;

	if (!ip_read(net, &t.net) || !cidr.p || !sv_u64(cidr, 30, &bits) || bits < 8)
		return false;
	t.bits = (unsigned)bits;
	t.mask = 0xffffffffu << (32 - bits);
	size = ~t.mask;
	if (t.net & size)
		return false;
	t.router = t.net + 1;
	t.first = t.net + size / 2 + 1;
	t.last = t.net + size - 1;
	while (s.p) {
		struct sv value = sv_cut(&s, ','), key = sv_cut(&value, '=');

		if (!value.p || !net_key(&t, key, value))
			return false;
	}
	if ((t.router & t.mask) != t.net || (t.first & t.mask) != t.net || (t.last & t.mask) != t.net || t.first > t.last)
		return false;
	*ret = t;
	return true;
}

static bool number(const char *text, uint64_t least, uint64_t most, unsigned *ret)
{
	uint64_t v = 0;

	if (!sv_u64(sv_of(text), most, &v) || v < least)
		return false;
	*ret = (unsigned)v;
	return true;
}

/* 10.66.0.5/24 */
static bool is_host(const char *text)
{
	struct sv cidr = sv_of(text), net = sv_cut(&cidr, '/');
	uint64_t bits = 0;
	uint32_t a;

	return ip_read(net, &a) && sv_u64(sv_cut(&cidr, ','), 30, &bits) && bits >= 8 && (a & ~(0xffffffffu << (32 - bits))) != 0;
}

static const char *net_option(void *at, const char *value)
{
	if (net_of(value, at))
		return NULL;
	return is_host(value) ? "a subnet is needed, and this is a machine in one; type its first address, as 10.66.0.0/24"
			      : "a subnet is needed, as 10.66.0.0/24 or 10.66.0.0/24,router=10.66.0.1,range=10.66.0.10-10.66.0.99";
}

static const char *vlan_option(void *at, const char *value)
{
	return number(value, 1, VLAN_MAX, at) ? NULL : "a VLAN is needed, 1 to 4094";
}

static const char *address_option(void *at, const char *value)
{
	return ip_read(sv_of(value), at) ? NULL : "an IPv4 address is needed, as 10.20.0.10";
}

static const char a_list[] = "one to four addresses are needed, as 10.0.0.1,10.0.0.2";

static const char *dns_option(void *at, const char *value)
{
	struct netconf *n = at;

	return addresses_of(value, n->dns, 4, &n->ndns) ? NULL : a_list;
}

static const char *ntp_option(void *at, const char *value)
{
	struct netconf *n = at;

	return addresses_of(value, n->ntp, 4, &n->nntp) ? NULL : a_list;
}

static const char *lease_option(void *at, const char *value)
{
	return number(value, 60, 2592000, at) ? NULL : "seconds are needed, 60 to 2592000";
}

static const char *dscp_option(void *at, const char *value)
{
	return number(value, 0, 63, at) ? NULL : "a DSCP is needed, 0 to 63";
}

#define AT(field) offsetof(struct netconf, field)

/* clang-format off */
static const struct option_row netconfig_options[] = {
	{"--voice", "NET[,router=A][,range=A-B][,interface=I]", "the phones' subnet, as 10.66.0.0/24", AT(voice), .read = net_option},
	{"--data", "NET[,...]", "where a phone is before it knows its VLAN; one of the two is needed but for zone and lldpd", AT(data), .read = net_option},
	{"--vlan", "N", "the phones' VLAN, 1 to 4094", AT(vlan), .read = vlan_option},
	{"--data-vlan", "N", "the data VLAN (ios)", AT(data_vlan), .read = vlan_option},
	{"--dns", "A[,A...]", "name servers", .read = dns_option},
	{"--ntp", "A[,A...]", "time servers", .read = ntp_option},
	{"--sip", "A", "the Registrar's address (the site's)", AT(sip), .read = address_option},
	{"--web", "A", "the Web Services' address (the Registrar's)", AT(web), .read = address_option},
	{"--external", "A", "the address outside (the site's; zone --outside)", AT(external), .read = address_option},
	{"--ns", "NAME", "the zone's name server (ns1.<domain>)", AT(ns)},
	{"--outside", NULL, "the zone that the Internet sees", AT(outside)},
	{"--lease", "SECONDS", "how long a lease lasts, 60 to 2592000 (86400)", AT(lease), .read = lease_option},
	{"--dscp", "N", "of the voice policy (the site's VoiceDiffServTag)", AT(dscp), .read = dscp_option},
	{0},
};
/* clang-format on */

static void netconfig_begin(void *o)
{
	*(struct netconf *)o = (struct netconf){.lease = 86400, .dscp = DSCP_OF_SITE, .priority = PRIORITY_VOICE};
}

/* ---- what is to be written --------------------------------------------------------------------------------------- */

/* Names go into foreign configuration files, where nothing quotes them: conf_read() has checked those of the site. */
static int netconfig_check(const struct command *c, const struct site *s, struct netconf *n, char ns[NAME_TEXT_MAX])
{
	const char *why = n->ns ? name_read(sv_of(n->ns), ns) : NULL;

	if (why)
		return command_fail(c, EX_USAGE, "'--ns %s': %s", n->ns, why);
	if (n->ns == NULL)
		text_set(ns, NAME_TEXT_MAX, "ns1.%s", s->domain); /* it fits: services below the domain do */
	n->ns = ns;
	n->uc.port = s->https ? s->https : 443;
	strcpy(n->uc.scheme, "https");
	strcpy(n->uc.path, CERTPROV_PATH);
	n->sip_server.n = 1;
	if (!sv_copy(n->uc.host, sizeof n->uc.host, sv_of(s->web_fqdn)) ||
	    !sv_copy(n->sip_server.name[0], sizeof n->sip_server.name[0], sv_of(s->pool)))
		return EX_CONFIG;
	return 0;
}

/* 0: a server that writes an option in one piece can hold both. */
static int netconfig_fits(const struct command *c, const struct netconf *n)
{
	uint8_t octets[600];
	size_t uc = netconfig_uc(n, octets, sizeof octets), sip = netconfig_sip(n, octets, sizeof octets);
	bool too_long = uc > OPTION_MAX;

	if (!too_long && sip <= OPTION_MAX)
		return 0;
	return command_fail(c, EX_CONFIG, "option %d has %zu octets; %s holds %d in an option and cannot split one; choose a shorter %s",
			    too_long ? 43 : 120, too_long ? uc : sip, c->verb->name, OPTION_MAX, too_long ? "web_fqdn" : "pool");
}

static int netconfig_print(const struct command *c, const struct netconf *n, const struct format *f)
{
	struct buf out = {0};
	int status = 0;

	if (f->comment)
		buf_printf(&out, "%sWhat IP phones of %s ask for (dialtone netconfig %s): to be put beside what is there, not in its place.\n", f->comment,
			   n->site->domain, f->verb.name);
	f->write(&out, n);
	if (out.oom || fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0)
		status = command_fail(c, EX_IOERR, "standard output cannot be written");
	buf_free(&out);
	return status;
}

/* Missing values come from the site. */
static void netconfig_complete(struct netconf *n, const struct site *site)
{
	n->site = site;
	if (n->sip == 0 && *site->address)
		ip_read(sv_of(site->address), &n->sip);
	if (n->external == 0 && *site->external_address)
		ip_read(sv_of(site->external_address), &n->external);
	if (n->web == 0)
		n->web = n->sip;
	if (n->dscp == DSCP_OF_SITE)
		n->dscp = site->VoiceDiffServTag & 63;
}

static int netconfig_run(struct command *c)
{
	const struct format *f = (const struct format *)c->verb;
	struct netconf *n = c->o;
	char ns[NAME_TEXT_MAX];
	struct why why = {0};
	struct site site;
	int rc;

	if (f->needs_net && !n->voice.given && !n->data.given)
		return command_fail(c, EX_USAGE, "'%s' needs a subnet; type: dialtone netconfig %s --voice 10.66.0.0/24", f->verb.name,
				    f->verb.name);
	if (!conf_read(c->conf, &site, &why))
		return command_fail(c, EX_CONFIG, "%s", why.text);
	netconfig_complete(n, &site);
	rc = netconfig_check(c, &site, n, ns);
	if (rc == 0 && f->whole)
		rc = netconfig_fits(c, n);
	return rc ? rc : netconfig_print(c, n, f);
}

const struct verb verb_netconfig = {
    .name = "netconfig",
    .what = "write DHCP, DNS and switch configuration for this site",
    .flags = VERB_SITE,
    .shared = netconfig_options,
    .verbs = format_verbs,
    .size = sizeof(struct netconf),
    .begin = netconfig_begin,
    .ask = "for which server",
    .usage = "usage: dialtone [-c FILE] netconfig\n"
	     "           kea|isc|dnsmasq|ios|windows|zone|lldpd [OPTIONS]\n",
    .text = "Prints the configuration of a DHCP server, a name server or a switch for this site.",
    .example = "  dialtone netconfig kea --vlan 66 --data 10.10.0.0/24 \\\n"
	       "      --voice 10.66.0.0/24,router=10.66.0.1 --dns 10.10.0.1\n",
};
