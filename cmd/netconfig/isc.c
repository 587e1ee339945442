/* cmd/netconfig/isc.c: dhcpd.conf of ISC dhcpd 4.4. */
#include "cmd/netconfig/netconfig.h"

static void subnet(struct buf *out, const struct net *s)
{
	if (!s->given)
		return;
	buf_printf(out, "subnet " IP_FMT " netmask " IP_FMT " {\n", IP_ARG(s->net), IP_ARG(s->mask));
	buf_printf(out, "  range " IP_FMT " " IP_FMT ";\n", IP_ARG(s->first), IP_ARG(s->last));
	buf_printf(out, "  option routers " IP_FMT ";\n}\n", IP_ARG(s->router));
}

void netconfig_isc(struct buf *out, const struct netconf *n)
{
	uint8_t sip[300];
	size_t nsip = netconfig_sip(n, sip, sizeof sip);

	/* Without it dhcpd never answers the phones' INFORM, while leases keep working. */
	buf_str(out, "authoritative;\n");
	buf_printf(out, "default-lease-time %u;\nmax-lease-time %u;\n", n->lease, n->lease);
	buf_str(out, "option space OCPHONE code width 1 length width 1;\n"
		     "option OCPHONE.vlan-id code 10 = unsigned integer 16;\n"
		     "option space MSUC code width 1 length width 1;\n"
		     "option MSUC.ident code 1 = text;\n"
		     "option MSUC.scheme code 2 = text;\n"
		     "option MSUC.fqdn code 3 = text;\n"
		     "option MSUC.port code 4 = text;\n"
		     "option MSUC.path code 5 = text;\n"
		     "option uc-sip-server code 120 = string;\n");
	if (n->vlan)
		buf_printf(out,
			   "class \"phone-vlan\" {\n"
			   "  match if option vendor-class-identifier = \"" DHCP_CLASS_VLAN "\";\n"
			   "  vendor-option-space OCPHONE;\n"
			   "  option OCPHONE.vlan-id %u;\n}\n",
			   n->vlan);
	buf_printf(out,
		   "class \"uc-client\" {\n"
		   "  match if option vendor-class-identifier = \"" DHCP_CLASS_UC "\";\n"
		   "  vendor-option-space MSUC;\n"
		   "  option MSUC.ident \"" DHCP_CLASS_UC "\";\n"
		   "  option MSUC.scheme \"%s\";\n"
		   "  option MSUC.fqdn \"%s\";\n"
		   "  option MSUC.port \"%u\";\n"
		   "  option MSUC.path \"%s\";\n}\n",
		   n->uc.scheme, n->uc.host, n->uc.port, n->uc.path);
	buf_printf(out, "option domain-name \"%s\";\noption uc-sip-server ", n->site->domain);
	netconfig_hex(out, sip, nsip, ":", false);
	buf_str(out, ";\n");
	if (n->ndns) {
		buf_str(out, "option domain-name-servers ");
		netconfig_addrs(out, n->dns, n->ndns, ", ");
		buf_str(out, ";\n");
	}
	if (n->nntp) {
		buf_str(out, "option ntp-servers ");
		netconfig_addrs(out, n->ntp, n->nntp, ", ");
		buf_str(out, ";\n");
	}
	subnet(out, &n->data);
	subnet(out, &n->voice);
}
