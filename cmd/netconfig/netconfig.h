/* cmd/netconfig/netconfig.h: what DHCP servers, name servers and switches must say for this site, in their own languages.
 *
 * One file a language.  A writer adds its text to `out`, knows nothing of the command line, and takes every name as it
 * is: verb.c has checked that they are host names, so that nothing needs quoting.
 */
#ifndef DIALTONE_CMD_NETCONFIG_H
#define DIALTONE_CMD_NETCONFIG_H

#include "base/buf.h"
#include "base/ip.h"
#include "server/site/site.h"
#include "wire/dhcp.h"

struct net { /* a subnet that has phones; all addresses in host byte order */
	bool given;
	uint32_t net, mask;
	unsigned bits;
	uint32_t router, first, last;
	char interface[32]; /* of the DHCP server or switch; "" : all */
};

struct netconf {
	const struct site *site;
	const char *ns;	  /* the zone's name server */
	unsigned vlan;	  /* the phones' VLAN; 0: none */
	unsigned data_vlan;
	struct net data;  /* where a phone is before it knows its VLAN */
	struct net voice; /* where it lives */
	uint32_t dns[4], ntp[4];
	size_t ndns, nntp;
	uint32_t sip, web, external; /* addresses behind the names; 0: not told */
	unsigned lease;		     /* seconds */
	unsigned dscp, priority;     /* of the voice policy */
	bool outside;		     /* zone: the one that the Internet sees */
	struct dhcp_uc uc;	     /* option 43 of class MS-UC-Client */
	struct dhcp_sip sip_server;  /* option 120 */
};

typedef void netconfig_writer(struct buf *out, const struct netconf *n);
netconfig_writer netconfig_kea, netconfig_isc, netconfig_dnsmasq, netconfig_ios, netconfig_windows, netconfig_zone,
    netconfig_lldpd;

/* "10.66.0.1, 10.66.0.2" with the separator given */
void netconfig_addrs(struct buf *out, const uint32_t *a, size_t n, const char *separator);
/* The options' octets as hexadecimal, `separator` between two octets; digits in upper case or lower. */
void netconfig_hex(struct buf *out, const uint8_t *p, size_t n, const char *separator, bool upper);
size_t netconfig_uc(const struct netconf *n, uint8_t *out, size_t cap);	   /* option 43, MS-UC-Client */
size_t netconfig_vlan(const struct netconf *n, uint8_t *out, size_t cap); /* option 43, CPE-OCPHONE */
size_t netconfig_sip(const struct netconf *n, uint8_t *out, size_t cap);  /* option 120 */

#endif
