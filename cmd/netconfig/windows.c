/* cmd/netconfig/windows.c: commands for a Windows DHCP server, in the manner of DHCPConfigScript.bat
 * [network B.9]: definitions of old are deleted, all values of the UC class are Binary. */
#include "cmd/netconfig/netconfig.h"

#include <stdio.h>
#include <string.h>

#define NETSH "netsh dhcp server "

static void scope(struct buf *out, const struct net *s, const char *name)
{
	if (!s->given)
		return;
	buf_printf(out, NETSH "add scope " IP_FMT " " IP_FMT " \"%s\"\n", IP_ARG(s->net), IP_ARG(s->mask), name);
	buf_printf(out, NETSH "scope " IP_FMT " add iprange " IP_FMT " " IP_FMT "\n", IP_ARG(s->net), IP_ARG(s->first),
		   IP_ARG(s->last));
	buf_printf(out, NETSH "scope " IP_FMT " set optionvalue 3 IPADDRESS " IP_FMT "\n", IP_ARG(s->net),
		   IP_ARG(s->router));
}

static void addresses(struct buf *out, unsigned code, const uint32_t *a, size_t n)
{
	if (n == 0)
		return;
	buf_printf(out, NETSH "set optionvalue %u IPADDRESS ", code);
	netconfig_addrs(out, a, n, " ");
	buf_str(out, "\n");
}

static void uc_class(struct buf *out, const struct netconf *n)
{
	char port[8];
	const struct {
		const char *name, *comment, *value;
	} sub[] = {
	    {"UCIdentifier", "UC Identifier", DHCP_CLASS_UC},
	    {"URLScheme", "URL Scheme", n->uc.scheme},
	    {"WebServerFqdn", "Web Server FQDN", n->uc.host},
	    {"WebServerPort", "Port", port},
	    {"CertProvRelPath", "Relative Path for Cert Prov", n->uc.path},
	};

	snprintf(port, sizeof port, "%u", n->uc.port);
	buf_str(out, NETSH "add class MSUCClient \"UC Vendor Class Id\" \"" DHCP_CLASS_UC "\" 1\n");
	for (unsigned i = 0; i < 5; i++) {
		buf_printf(out, NETSH "add optiondef %u %s Binary 0 vendor=MSUCClient comment=\"%s\"\n", i + 1, sub[i].name,
			   sub[i].comment);
		buf_printf(out, NETSH "set optionvalue %u Binary vendor=MSUCClient ", i + 1);
		netconfig_hex(out, (const uint8_t *)sub[i].value, strlen(sub[i].value), "", true);
		buf_str(out, "\n");
	}
}

/* How to begin anew is written down, and not done. */
static void netconfig_windows_end(struct buf *out)
{
	buf_str(out, "exit /b 0\n:there\n"
		     "echo Options for phones are there already: nothing was changed. To make them anew, when no phone starts, first type:\n"
		     "echo     netsh dhcp server delete class MSUCClient\n"
		     "echo     netsh dhcp server delete class CPEOCPHONE\n"
		     "echo     netsh dhcp server delete optiondef 120\n"
		     "exit /b 1\n");
}

void netconfig_windows(struct buf *out, const struct netconf *n)
{
	uint8_t sip[300];
	size_t nsip = netconfig_sip(n, sip, sizeof sip);

	buf_str(out, "@echo off\n"
		     "rem What phones ask a DHCP server for.  Nothing that is there is deleted: on a server that serves phones already it stops.\n"
		     "netsh dhcp server show class | findstr /i \"MSUCClient CPEOCPHONE\" >nul && goto there\n"
		     "netsh dhcp server show optiondef | findstr /i \"UCSipServer\" >nul && goto there\n");
	scope(out, &n->data, "Data");
	scope(out, &n->voice, "Voice");
	addresses(out, 6, n->dns, n->ndns);
	buf_printf(out, NETSH "set optionvalue 15 STRING \"%s\"\n", n->site->domain);
	addresses(out, 42, n->ntp, n->nntp);
	buf_str(out, NETSH "add optiondef 120 UCSipServer Binary 0 comment=\"Sip Server Fqdn\"\n");
	buf_str(out, NETSH "set optionvalue 120 Binary ");
	netconfig_hex(out, sip, nsip, "", true);
	buf_str(out, "\n");
	uc_class(out, n);
	if (n->vlan == 0) {
		netconfig_windows_end(out);
		return;
	}
	/* A Word is two octets, most significant first: the best reading of sub-option 10. */
	buf_str(out, NETSH "add class CPEOCPHONE \"phone VLAN class\" \"" DHCP_CLASS_VLAN "\" 1\n");
	buf_str(out, NETSH "add optiondef 10 VLANID WORD 0 vendor=CPEOCPHONE\n");
	buf_printf(out, NETSH "set optionvalue 10 WORD vendor=CPEOCPHONE %u\n", n->vlan);
	netconfig_windows_end(out);
}
