/* phone/client/dhcp_send.c: what the phone says by DHCP, in the order in which Windows CE says it [network B.1]. */
#include "phone/client/dhcp_send.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "phone/client/dhcp.h"
#include "phone/run/core.h"

/* Windows CE's order of options, without 12, the host's name. UNKNOWN: of RELEASE and INFORM; as the others. DIFFERS: 57 in INFORM, as its
 * answer may be long. */
static const struct {
	uint8_t type;
	uint8_t order[8];
} orders[] = {
	{DHCP_DISCOVER, {53, 61, 55, 60}},
	{DHCP_REQUEST,	{53, 54, 50, 61, 55, 60}}, /* in RENEWING and REBINDING 54 and 50 are absent */
	{DHCP_DECLINE,	{53, 50, 61, 54}},
	{DHCP_RELEASE,	{53, 54, 61}},
	{DHCP_INFORM,	{53, 61, 55, 60, 57}},
};

static const struct {
	uint8_t code[12];
	size_t n;
} asks[] = {
	[DHCP_ASK_VLAN] = {{1, 3, 6, 15, 43}, 5},
	/* Recorded from a Polycom device of 2011, and very likely the CX phones' own [network B.1] */
	[DHCP_ASK_ADDRESS] = {{1, 3, 6, 15, 42, 43, 44, 46, 47, 119}, 10},
	[DHCP_ASK_UC] = {{120, 43, 6, 15}, 4},
};

static const uint8_t *order_of(uint8_t type)
{
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (orders[i].type == type)
			return orders[i].order;
	return NULL;
}

void dhcp_send(struct dt_phone *ph, const struct dhcp_fields *s, struct dhcp *d)
{
	const uint8_t *mac = ph_core(ph)->mac;
	uint8_t id[7] = {1}, payload[DHCP_SIZE_MAX], frame[1518];
	uint32_t requested = htobe32(s->requested), server = htobe32(s->server);
	uint16_t max = htobe16(DHCP_SIZE_MAX);
	struct udp u = {.src = s->from, .dst = s->to, .sport = 68, .dport = 67};
	struct wr w = wr_of(payload, sizeof payload), f = wr_of(frame, sizeof frame);

	memcpy(id + 1, mac, 6);
	memset(d, 0, sizeof *d);
	d->op = 1;
	d->xid = s->xid;
	d->secs = s->secs;
	d->ciaddr = s->ciaddr;
	memcpy(d->chaddr, mac, 6);
	d->type = s->type;
	d->option[53] = (struct sv){(const char *)&s->type, 1};
	d->option[61] = (struct sv){(const char *)id, sizeof id};
	if (s->class)
		d->option[60] = sv_of(s->class);
	if (s->requested)
		d->option[50] = (struct sv){(const char *)&requested, 4};
	if (s->server)
		d->option[54] = (struct sv){(const char *)&server, 4};
	if (s->ask)
		d->option[55] = (struct sv){(const char *)asks[s->ask].code, asks[s->ask].n};
	if (s->type == DHCP_INFORM)
		d->option[57] = (struct sv){(const char *)&max, 2};
	dhcp_write(&w, d, order_of(s->type));
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	if (w.err)
		return;
	eth_write(&f, s->mac, mac, ETH_IPV4);
	udp_write(&f, &u, 0);
	if (!f.err)
		ph_frame(ph, frame, wr_n(&f));
}

static void dhcp_one(struct dt_phone *ph, struct dhcp_fields *s)
{
	struct dhcp *room = calloc(1, sizeof *room);

	if (room == NULL)
		return;
	ph_random(ph, &s->xid, 4);
	dhcp_send(ph, s, room);
	free(room);
}

void dhcp_release(struct dt_phone *ph, const struct dhcp_lease *l)
{
	struct dhcp_fields s = {.type = DHCP_RELEASE, .ciaddr = l->l.address, .server = l->server, .from = l->l.address,
				.to = l->server, .mac = l->server_mac};

	dhcp_one(ph, &s);
}

/* RFC 2131 4.4.4 table 5: ciaddr 0, requested IP address, server identifier; broadcast. */
void dhcp_decline(struct dt_phone *ph, const struct dhcp_lease *l)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct dhcp_fields s = {.type = DHCP_DECLINE, .requested = l->l.address, .server = l->server, .to = 0xffffffff,
				.mac = everyone};

	dhcp_one(ph, &s);
}
