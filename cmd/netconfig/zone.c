/* cmd/netconfig/zone.c: the zone of the SIP domain as a name server reads it (RFC 1035 5); and lldpd's commands. */
#include "cmd/netconfig/netconfig.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/date.h"
#include "server/site/names.h"
#include "wire/well_known.h"

static void address(struct buf *out, const struct netconf *n, const char *name, uint32_t a)
{
	if (!sv_within(sv_of(name), sv_of(n->site->domain)))
		buf_printf(out, "; %s. is in another zone.  Newer phones refuse a Registrar outside %s.\n", name,
			   n->site->domain);
	else if (a == 0)
		buf_printf(out, "; %s. needs an address\n", name);
	else
		buf_printf(out, "%s. A " IP_FMT "\n", name, IP_ARG(a));
}

static void names(struct buf *out, const struct netconf *n)
{
	struct site_name all[SITE_NAMES];
	unsigned count = site_names(n->site, n->outside, SITE_IN_DNS, all);

	for (unsigned i = 0; i < count; i++)
		if (all[i].target)
			buf_printf(out, "%s. SRV 0 0 %u %s.\n", all[i].name, all[i].port, all[i].target);
		else
			address(out, n, all[i].name, n->outside ? n->external : all[i].use & SITE_WEB_ADDRESS ? n->web : n->sip);
}

static void time_servers(struct buf *out, const struct netconf *n)
{
	char ntp[SITE_NAME_MAX + 8];

	if (n->nntp == 0)
		return;
	snprintf(ntp, sizeof ntp, "ntp.%s", n->site->domain);
	buf_printf(out, SRV_NTP ".%s. SRV 0 0 123 %s.\n", n->site->domain, ntp);
	for (size_t i = 0; i < n->nntp; i++)
		address(out, n, ntp, n->ntp[i]);
}

void netconfig_zone(struct buf *out, const struct netconf *n)
{
	char day[ISO_TIME_MAX];

	iso_time(day, clock_unix_ms() / 1000);
	buf_printf(out, "$ORIGIN %s.\n$TTL 3600\n", n->site->domain);
	buf_printf(out, "@ SOA %s. hostmaster.%s. (%.4s%.2s%.2s01 3600 600 604800 60)\n", n->ns, n->site->domain, day,
		   day + 5, day + 8);
	buf_printf(out, "@ NS %s.\n", n->ns);
	if (sv_within(sv_of(n->ns), sv_of(n->site->domain))) /* else its address is another zone's business */
		address(out, n, n->ns, n->ndns ? n->dns[0] : 0);
	names(out, n);
	if (!n->outside)
		time_servers(out, n);
}

void netconfig_lldpd(struct buf *out, const struct netconf *n)
{
	if (*n->voice.interface)
		buf_printf(out, "configure system interface pattern %s\n", n->voice.interface);
	buf_str(out, "configure med fast-start enable\n");
	if (n->vlan)
		buf_printf(out, "configure med policy application voice tagged vlan %u priority voice dscp %u\n", n->vlan,
			   n->dscp);
	else
		buf_printf(out, "configure med policy application voice dscp %u\n", n->dscp);
}
