/* cmd/netconfig/ios.c: Cisco IOS: DHCP pools and the switch's side of LLDP-MED.
 *
 * IOS knows one option 43 a pool, whatever the class: the VLAN goes into the pool of the data network, where a phone asks
 * for it, the web address into the pool of the voice network.
 */
#include "cmd/netconfig/netconfig.h"

static void excluded(struct buf *out, const struct net *s)
{
	uint32_t first = s->net + 1, last = (s->net | ~s->mask) - 1;

	if (!s->given)
		return;
	if (s->first > first)
		buf_printf(out, "ip dhcp excluded-address " IP_FMT " " IP_FMT "\n", IP_ARG(first), IP_ARG(s->first - 1));
	if (s->last < last)
		buf_printf(out, "ip dhcp excluded-address " IP_FMT " " IP_FMT "\n", IP_ARG(s->last + 1), IP_ARG(last));
}

static void pool(struct buf *out, const struct netconf *n, const struct net *s, const char *name)
{
	buf_printf(out, "ip dhcp pool %s\n network " IP_FMT " " IP_FMT "\n default-router " IP_FMT "\n", name,
		   IP_ARG(s->net), IP_ARG(s->mask), IP_ARG(s->router));
	buf_printf(out, " domain-name %s\n", n->site->domain);
	if (n->ndns) {
		buf_str(out, " dns-server ");
		netconfig_addrs(out, n->dns, n->ndns, " ");
		buf_str(out, "\n");
	}
	buf_printf(out, " lease %u %u %u\n", n->lease / 86400, n->lease / 3600 % 24, n->lease / 60 % 60);
}

static void hex_option(struct buf *out, unsigned code, const uint8_t *p, size_t len)
{
	buf_printf(out, " option %u hex ", code);
	netconfig_hex(out, p, len, "", false);
	buf_str(out, "\n");
}

void netconfig_ios(struct buf *out, const struct netconf *n)
{
	uint8_t octets[300]; /* 255 at most: netconfig_fits() */

	excluded(out, &n->data);
	excluded(out, &n->voice);
	if (n->data.given) {
		pool(out, n, &n->data, "DATA");
		if (n->vlan)
			hex_option(out, 43, octets, netconfig_vlan(n, octets, sizeof octets));
	}
	if (n->voice.given) {
		pool(out, n, &n->voice, "VOICE");
		hex_option(out, 43, octets, netconfig_uc(n, octets, sizeof octets));
		hex_option(out, 120, octets, netconfig_sip(n, octets, sizeof octets));
		if (n->nntp) {
			buf_str(out, " option 42 ip ");
			netconfig_addrs(out, n->ntp, n->nntp, " ");
			buf_str(out, "\n");
		}
	}
	if (n->vlan == 0)
		return;
	buf_printf(out, "!\nlldp run\nnetwork-policy profile 1\n voice vlan %u cos %u\n voice vlan %u dscp %u\n!\n", n->vlan,
		   n->priority, n->vlan, n->dscp);
	if (*n->voice.interface == '\0') { /* no port is made up: an uplink among them would cut the switch off */
		buf_str(out, "! the ports of phones: name them with --voice NET,interface='range GigabitEthernet1/0/1-24', and none that is an uplink\n"
			     "end\n");
		return;
	}
	buf_printf(out, "interface %s\n switchport mode access\n", n->voice.interface);
	if (n->data_vlan)
		buf_printf(out, " switchport access vlan %u\n", n->data_vlan);
	buf_printf(out, " switchport voice vlan %u\n network-policy 1\n lldp transmit\n lldp receive\n"
			" spanning-tree portfast\n!\nend\n",
		   n->vlan);
}
