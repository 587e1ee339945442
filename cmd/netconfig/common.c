/* cmd/netconfig/common.c: what the languages share. */
#include "cmd/netconfig/netconfig.h"

#include "base/enc.h"

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
