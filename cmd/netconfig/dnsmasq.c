/* cmd/netconfig/dnsmasq.c: dnsmasq.conf of dnsmasq 2.90: DHCP and, as it is one program, the names. */
#include "cmd/netconfig/netconfig.h"

#include <string.h>

static void range(struct buf *out, const struct netconf *n, const struct net *s, const char *tag)
{
	if (!s->given)
		return;
	if (*s->interface)
		buf_printf(out, "interface=%s\n", s->interface);
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
	const struct site *s = n->site;

	if (n->sip == 0)
		return;
	buf_printf(out, "host-record=%s," IP_FMT "\n", s->pool, IP_ARG(n->sip));
	if (strcmp(s->fqdn, s->pool) != 0)
		buf_printf(out, "host-record=%s," IP_FMT "\n", s->fqdn, IP_ARG(n->sip));
	if (strcmp(s->web_fqdn, s->pool) != 0 && strcmp(s->web_fqdn, s->fqdn) != 0)
		buf_printf(out, "host-record=%s," IP_FMT "\n", s->web_fqdn, IP_ARG(n->web));
	buf_printf(out, "host-record=ucupdates-r2.%s," IP_FMT "\n", s->domain, IP_ARG(n->web));
	if (s->sip_tls)
		buf_printf(out, "srv-host=_sipinternaltls._tcp.%s,%s,%u,0,0\n", s->domain, s->pool, s->sip_tls);
	if (s->sip_tcp)
		buf_printf(out, "srv-host=_sipinternal._tcp.%s,%s,%u,0,0\n", s->domain, s->pool, s->sip_tcp);
}

void netconfig_dnsmasq(struct buf *out, const struct netconf *n)
{
	buf_str(out, "dhcp-authoritative\n");
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
