/* cmd/netconfig/zone.c: the zone of the SIP domain as a name server reads it (RFC 1035 5); and lldpd's commands. */
#include "cmd/netconfig/netconfig.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/date.h"

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

static void service(struct buf *out, const struct netconf *n, const char *name, unsigned port, const char *target)
{
	if (port)
		buf_printf(out, "%s.%s. SRV 0 0 %u %s.\n", name, n->site->domain, port, target);
}

static bool same(const char *a, const char *b)
{
	return sv_ieq(sv_of(a), sv_of(b));
}

static void inside(struct buf *out, const struct netconf *n)
{
	const struct site *s = n->site;
	char ntp[SITE_NAME_MAX + 8], update[SITE_NAME_MAX + 16];

	service(out, n, "_sipinternaltls._tcp", s->sip_tls, s->pool);
	service(out, n, "_sipinternal._tcp", s->sip_tcp, s->pool);
	address(out, n, s->pool, n->sip);
	if (!same(s->fqdn, s->pool))
		address(out, n, s->fqdn, n->sip);
	if (!same(s->web_fqdn, s->pool) && !same(s->web_fqdn, s->fqdn))
		address(out, n, s->web_fqdn, n->web);
	snprintf(update, sizeof update, "ucupdates-r2.%s", s->domain);
	address(out, n, update, n->web);
	if (n->nntp) {
		snprintf(ntp, sizeof ntp, "ntp.%s", s->domain);
		service(out, n, "_ntp._udp", 123, ntp);
		for (size_t i = 0; i < n->nntp; i++)
			address(out, n, ntp, n->ntp[i]);
	}
}

static void outside(struct buf *out, const struct netconf *n)
{
	const struct site *s = n->site;

	if (*s->external_fqdn) {
		service(out, n, "_sip._tls", s->external_sip_tls, s->external_fqdn);
		address(out, n, s->external_fqdn, n->external);
	}
	if (*s->external_web_fqdn && !same(s->external_web_fqdn, s->external_fqdn))
		address(out, n, s->external_web_fqdn, n->external);
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
	if (n->outside)
		outside(out, n);
	else
		inside(out, n);
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
