/* cmd/netconfig/netconfig.c: `dialtone netconfig`: the command line, and what all languages share. */
#include "cmd/netconfig/netconfig.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/enc.h"
#include "cmd/site/admin.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "server/site/conf.h"

enum { VLAN_MAX = 4094, PRIORITY_VOICE = 5 };

static const struct {
	const char *name;
	netconfig_writer *write;
	bool needs_net; /* at least one subnet */
} formats[] = {
    {"kea", netconfig_kea, true},	  {"isc", netconfig_isc, true},	  {"dnsmasq", netconfig_dnsmasq, true},
    {"ios", netconfig_ios, true},	  {"windows", netconfig_windows, true}, {"zone", netconfig_zone, false},
    {"lldpd", netconfig_lldpd, false},
};

static const char usage[] =
    "usage: dialtone [-c FILE] netconfig\n"
    "           kea|isc|dnsmasq|ios|windows|zone|lldpd [OPTIONS]\n"
    "Prints what a DHCP server, a name server or a switch must say for this site.\n"
    "\n"
    "  --voice NET[,router=A][,range=A-B][,interface=I]\n"
    "                      the phones' subnet, as 10.66.0.0/24\n"
    "  --data NET[,...]    where a phone is before it knows its VLAN; one of the two\n"
    "                      is needed but for zone and lldpd\n"
    "  --vlan N            the phones' VLAN, 1 to 4094\n"
    "  --data-vlan N       the data VLAN (ios)\n"
    "  --dns A[,A...]      name servers\n"
    "  --ntp A[,A...]      time servers\n"
    "  --sip A             the Registrar's address (the site's)\n"
    "  --web A             the Web Services' address (the Registrar's)\n"
    "  --external A        the address outside (the site's; zone --outside)\n"
    "  --ns NAME           the zone's name server (ns1.<domain>)\n"
    "  --outside           the zone that the Internet sees\n"
    "  --lease SECONDS     how long a lease lasts, 60 to 2592000 (86400)\n"
    "  --dscp N            of the voice policy (the site's VoiceDiffServTag)\n"
    "  -c FILE             the configuration\n"
    "                      (else $DIALTONE_CONF, else " ADMIN_CONF ")\n"
    "  --help              this text\n"
    "\n"
    "example: dialtone netconfig kea --vlan 66 --data 10.10.0.0/24 \\\n"
    "             --voice 10.66.0.0/24,router=10.66.0.1 --dns 10.10.0.1\n";

void netconfig_addrs(struct buf *out, const uint32_t *a, size_t n, const char *separator)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s" IP_FMT, i ? separator : "", IP_ARG(a[i]));
}

void netconfig_hex(struct buf *out, const uint8_t *p, size_t n, const char *separator, bool upper)
{
	char two[3];

	for (size_t i = 0; i < n; i++) {
		hex_write(two, p + i, 1, upper);
		buf_printf(out, "%s%s", i ? separator : "", two);
	}
}

size_t netconfig_uc(const struct netconf *n, uint8_t *out, size_t cap)
{
	struct wr w = wr_of(out, cap);

	dhcp_uc_write(&w, &n->uc);
	return w.err ? 0 : wr_n(&w);
}

size_t netconfig_vlan(const struct netconf *n, uint8_t *out, size_t cap)
{
	struct wr w = wr_of(out, cap);

	dhcp_vlan_write(&w, (uint16_t)n->vlan);
	return w.err ? 0 : wr_n(&w);
}

size_t netconfig_sip(const struct netconf *n, uint8_t *out, size_t cap)
{
	struct wr w = wr_of(out, cap);

	dhcp_sip_write(&w, &n->sip_server);
	return w.err ? 0 : wr_n(&w);
}

static bool addresses_of(const char *text, uint32_t *ret, size_t cap, size_t *n)
{
	struct sv s = sv_of(text);
	size_t got = 0;

	while (s.p)
		if (got == cap || !ip_read(sv_cut(&s, ','), &ret[got++]))
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

static int wrong(const char *option, const char *value, const char *instead)
{
	fprintf(stderr, "dialtone netconfig: '--%s %s': %s\n", option, value, instead);
	return EX_USAGE;
}

static int unread(const char *word, const char *why)
{
	fprintf(stderr, "dialtone netconfig: '%s' %s; 'dialtone netconfig --help' lists what there is\n", word, why);
	return EX_USAGE;
}

/* Names go into foreign configuration files: nothing but host names may pass. */
static bool plain(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == strlen(name);
}

static int check(const struct site *s, struct netconf *n)
{
	const char *const names[] = {s->domain, s->fqdn, s->pool, s->web_fqdn, n->ns};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!plain(names[i])) {
			fprintf(stderr, "dialtone netconfig: '%s' is not a host name\n", names[i]);
			return EX_CONFIG;
		}
	if ((*s->external_fqdn && !plain(s->external_fqdn)) || (*s->external_web_fqdn && !plain(s->external_web_fqdn))) {
		fprintf(stderr, "dialtone netconfig: the external names are not host names\n");
		return EX_CONFIG;
	}
	n->uc.port = s->https ? s->https : 443;
	strcpy(n->uc.scheme, "https");
	strcpy(n->uc.path, "/CertProv/CertProvisioningService.svc");
	n->sip_server.n = 1;
	if (!sv_copy(n->uc.host, sizeof n->uc.host, sv_of(s->web_fqdn)) ||
	    !sv_copy(n->sip_server.name[0], sizeof n->sip_server.name[0], sv_of(s->pool)))
		return EX_CONFIG;
	return 0;
}

static bool number(const char *text, uint64_t least, uint64_t most, unsigned *ret)
{
	uint64_t v = 0;

	if (!sv_u64(sv_of(text), most, &v) || v < least)
		return false;
	*ret = (unsigned)v;
	return true;
}

enum { O_VOICE = 256, O_DATA, O_VLAN, O_DATA_VLAN, O_DNS, O_NTP, O_SIP, O_WEB, O_EXTERNAL, O_NS, O_LEASE, O_DSCP, O_OUTSIDE };

static const struct option options[] = {
    {"voice", required_argument, NULL, O_VOICE}, {"data", required_argument, NULL, O_DATA},
    {"vlan", required_argument, NULL, O_VLAN},	 {"data-vlan", required_argument, NULL, O_DATA_VLAN},
    {"dns", required_argument, NULL, O_DNS},	 {"ntp", required_argument, NULL, O_NTP},
    {"sip", required_argument, NULL, O_SIP},	 {"web", required_argument, NULL, O_WEB},
    {"external", required_argument, NULL, O_EXTERNAL}, {"ns", required_argument, NULL, O_NS},
    {"lease", required_argument, NULL, O_LEASE}, {"dscp", required_argument, NULL, O_DSCP},
    {"outside", no_argument, NULL, O_OUTSIDE},	 {"help", no_argument, NULL, 'h'},
    {0},
};

/* NULL when the option was taken, else what to type instead. */
static const char *option_set(struct netconf *n, int option, const char *value)
{
	static const char a_net[] = "a subnet is needed, as 10.66.0.0/24,router=10.66.0.1,range=10.66.0.100-10.66.0.200";
	static const char an_address[] = "an IPv4 address is needed, as 10.66.0.1";
	uint32_t *one = option == O_SIP ? &n->sip : option == O_WEB ? &n->web : &n->external;

	switch (option) {
	case O_VOICE:
		return net_of(value, &n->voice) ? NULL : a_net;
	case O_DATA:
		return net_of(value, &n->data) ? NULL : a_net;
	case O_VLAN:
		return number(value, 1, VLAN_MAX, &n->vlan) ? NULL : "a VLAN is needed, 1 to 4094";
	case O_DATA_VLAN:
		return number(value, 1, VLAN_MAX, &n->data_vlan) ? NULL : "a VLAN is needed, 1 to 4094";
	case O_DNS:
		return addresses_of(value, n->dns, 4, &n->ndns) ? NULL : "one to four addresses are needed, as 10.0.0.1,10.0.0.2";
	case O_NTP:
		return addresses_of(value, n->ntp, 4, &n->nntp) ? NULL : "one to four addresses are needed, as 10.0.0.1,10.0.0.2";
	case O_SIP:
	case O_WEB:
	case O_EXTERNAL:
		return ip_read(sv_of(value), one) ? NULL : an_address;
	case O_NS:
		n->ns = value;
		return NULL;
	case O_LEASE:
		return number(value, 60, 2592000, &n->lease) ? NULL : "seconds are needed, 60 to 2592000";
	case O_DSCP:
		return number(value, 0, 63, &n->dscp) ? NULL : "a DSCP is needed, 0 to 63";
	default:
		n->outside = true;
		return NULL;
	}
}

static int print(const struct netconf *n, netconfig_writer *write)
{
	struct buf out = {0};
	int status = EX_SOFTWARE;

	write(&out, n);
	if (!out.oom && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0)
		status = 0;
	else
		fprintf(stderr, "dialtone netconfig: cannot write the output\n");
	buf_free(&out);
	return status;
}

/* Which language; -1: refused, and said why. */
static int format_of(int argc, char **argv)
{
	const char *near;

	if (argc == 0) {
		fprintf(stderr, "dialtone netconfig: for which server? type kea, isc, dnsmasq, ios, windows, zone or lldpd\n");
		return -1;
	}
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(argv[0], formats[i].name) == 0) {
			if (argc > 1)
				unread(argv[1], "is one argument too many");
			return argc > 1 ? -1 : (int)i;
		}
	near = nearest(argv[0], &formats[0].name, sizeof formats / sizeof *formats, sizeof formats[0]);
	if (near)
		fprintf(stderr, "dialtone netconfig: there is no '%s': did you mean %s?\n", argv[0], near);
	else
		fprintf(stderr, "dialtone netconfig: there is no '%s'; type kea, isc, dnsmasq, ios, windows, zone or lldpd\n", argv[0]);
	return -1;
}

int cmd_netconfig(int argc, char **argv)
{
	struct site site;
	struct netconf n;
	const char *conf = getenv("DIALTONE_CONF"), *why;
	char text[512], ns[SITE_NAME_MAX + 8];
	int c, at = 0, format;

	n = (struct netconf){.site = &site, .lease = 86400, .dscp = 64, .priority = PRIORITY_VOICE};
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:h", options, &at)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (c == '?' || c == ':')
			return unread(argv[optind - 1], c == ':' ? "needs a value" : "is not understood");
		if (c == 'c')
			conf = optarg;
		else if ((why = option_set(&n, c, optarg)) != NULL)
			return wrong(options[at].name, optarg, why);
	}
	format = format_of(argc - optind, argv + optind);
	if (format < 0)
		return EX_USAGE;
	if (conf == NULL || conf[0] == '\0')
		conf = ADMIN_CONF;
	if (formats[format].needs_net && !n.voice.given && !n.data.given) {
		fprintf(stderr, "dialtone netconfig: '%s' needs a subnet; type: dialtone netconfig %s --voice 10.66.0.0/24\n",
			formats[format].name, formats[format].name);
		return EX_USAGE;
	}
	if (!conf_read(conf, &site, text, sizeof text)) {
		fprintf(stderr, "dialtone netconfig: %s\n", text);
		return EX_CONFIG;
	}
	if (n.ns == NULL) {
		snprintf(ns, sizeof ns, "ns1.%s", site.domain);
		n.ns = ns;
	}
	if (n.sip == 0 && *site.address)
		ip_read(sv_of(site.address), &n.sip);
	if (n.external == 0 && *site.external_address)
		ip_read(sv_of(site.external_address), &n.external);
	if (n.web == 0)
		n.web = n.sip;
	if (n.dscp == 64)
		n.dscp = site.VoiceDiffServTag & 63;
	c = check(&site, &n);
	return c ? c : print(&n, formats[format].write);
}
