/* cmd/netconfig/dnsmasq.c: dnsmasq.conf of dnsmasq 2.90: DHCP and, as it is one program, the names. */
#include "cmd/netconfig/netconfig.h"

#include "server/site/names.h"
#include "wire/well_known.h"

static void range(struct buf *out, const struct netconf *n, const struct net *s, const char *tag)
{
	if (!s->given)
		return;
	if (*s->interface)
		buf_printf(out, "interface=%s\n", s->interface);
	buf_str(out, "# the upper half of the subnet, unless --voice or --data NET,range=A-B says another\n");
	buf_printf(out, "dhcp-range=set:%s," IP_FMT "," IP_FMT "," IP_FMT ",%u\n", tag, IP_ARG(s->first), IP_ARG(s->last),
		   IP_ARG(s->mask), n->lease);
	buf_printf(out, "dhcp-option=tag:%s,option:router," IP_FMT "\n", tag, IP_ARG(s->router));
}

static void addresses(struct buf *out, const char *name, const uint32_t *a, size_t n)
{
	if (n == 0)
		return;
	buf_printf(out, "dhcp-option=option:%s,", name);
	netconfig_addrs(out, a, n, ",");
	buf_str(out, "\n");
}

static void names(struct buf *out, const struct netconf *n)
{
	struct site_name all[SITE_NAMES];
	unsigned count = site_names(n->site, false, SITE_IN_DNS, all);

	for (unsigned i = 0; n->sip && i < count; i++)
		if (all[i].target)
			buf_printf(out, "srv-host=%s,%s,%u,0,0\n", all[i].name, all[i].target, all[i].port);
		else
			buf_printf(out, "host-record=%s," IP_FMT "\n", all[i].name,
				   IP_ARG(all[i].use & SITE_WEB_ADDRESS ? n->web : n->sip));
	if (n->nntp) {
		buf_printf(out, "srv-host=" SRV_NTP ".%s,ntp.%s,123,0,0\n", n->site->domain, n->site->domain);
		for (size_t i = 0; i < n->nntp; i++)
			buf_printf(out, "host-record=ntp.%s," IP_FMT "\n", n->site->domain, IP_ARG(n->ntp[i]));
	}
}

void netconfig_dnsmasq(struct buf *out, const struct netconf *n)
{
	buf_str(out, "# the only DHCP server of these subnets: without the next line, when there is another one\ndhcp-authoritative\n");
	if (*n->data.interface || *n->voice.interface)
		buf_str(out, "bind-interfaces\n");
	buf_printf(out, "domain=%s\n", n->site->domain);
	range(out, n, &n->data, "data");
	range(out, n, &n->voice, "voice");
	addresses(out, "dns-server", n->dns, n->ndns);
	addresses(out, "ntp-server", n->ntp, n->nntp);
	buf_printf(out, "dhcp-option=option:sip-server,%s\n", n->sip_server.name[0]);
	if (n->vlan) /* the s makes it two octets */
		buf_printf(out, "dhcp-option=vendor:" DHCP_CLASS_VLAN ",10,%us\n", n->vlan);
	buf_printf(out,
		   "dhcp-option=vendor:" DHCP_CLASS_UC ",1,\"" DHCP_CLASS_UC "\"\n"
		   "dhcp-option=vendor:" DHCP_CLASS_UC ",2,\"%s\"\n"
		   "dhcp-option=vendor:" DHCP_CLASS_UC ",3,\"%s\"\n"
		   "dhcp-option=vendor:" DHCP_CLASS_UC ",4,\"%u\"\n"
		   "dhcp-option=vendor:" DHCP_CLASS_UC ",5,\"%s\"\n",
		   n->uc.scheme, n->uc.host, n->uc.port, n->uc.path);
	names(out, n);
}
