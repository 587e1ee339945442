#include "doctor/ask_dhcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/dhcp.h"
#include "wire/eth.h"

size_t ask_dhcp_write(const struct ask_dhcp *q, uint8_t *out, size_t cap)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, wanted[] = {1, 3, 6, 15, 120, 43};
	struct dhcp *d = calloc(1, sizeof *d);
	uint8_t payload[DHCP_SIZE_MAX], id[7] = {1};
	struct wr w = wr_of(payload, sizeof payload), f = wr_of(out, cap);
	struct udp u = {.src = q->address, .dst = 0xffffffff, .sport = 68, .dport = 67};

	if (d == NULL)
		return 0;
	memcpy(id + 1, q->mac, 6);
	d->op = 1;
	d->xid = q->xid;
	d->ciaddr = q->address;
	d->type = q->foreign ? DHCP_REQUEST : q->address ? DHCP_INFORM : DHCP_DISCOVER;
	if (q->foreign) /* TEST-NET-1, RFC 5737: the address of no lease */
		d->option[50] = (struct sv){"\xc0\x00\x02\x7b", 4};
	memcpy(d->chaddr, q->mac, 6);
	d->option[55] = (struct sv){(const char *)wanted, sizeof wanted};
	d->option[60] = sv_of(q->class);
	d->option[61] = (struct sv){(const char *)id, sizeof id};
	dhcp_write(&w, d, NULL);
	free(d);
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	eth_write(&f, everyone, q->mac, ETH_IPV4);
	udp_write(&f, &u, 0);
	return w.err || f.err ? 0 : wr_n(&f);
}

static void read_43(struct sv option, struct ask_dhcp_answer *ret)
{
	enum dhcp_vlan_form form = dhcp_vlan_read(option, &ret->vlan);
	struct dhcp_uc uc;
	char url[800];

	if (form == DHCP_VLAN_NONE || form == DHCP_VLAN_BAD)
		ret->vlan = 0;
	if (dhcp_uc_read(option, &uc) == DT_SIGN_NONE && dhcp_uc_url(&uc, url, sizeof url))
		snprintf(ret->text, sizeof ret->text, "option 43: %s", url);
	else if (ret->vlan)
		snprintf(ret->text, sizeof ret->text, "option 43: VLAN %u", ret->vlan);
	else
		snprintf(ret->text, sizeof ret->text, "option 43, unreadable");
}

static void read_120(struct sv option, struct ask_dhcp_answer *ret)
{
	struct dhcp_sip sip;
	const char *bad = dhcp_sip_read(option, &sip);
	size_t n = strlen(ret->text);

	snprintf(ret->text + n, sizeof ret->text - n, "%soption 120%s%s", n ? "; " : "",
		 bad ? ", unreadable" : sip.encoding ? ": an address" : ": ", bad || sip.encoding ? "" : sip.name[0]);
}

static uint32_t first_address(struct sv option)
{
	struct rd r = rd_of(option.p, option.n);

	return option.n >= 4 ? (uint32_t)rd_be(&r, 4) : 0;
}

static void read_answer(const struct dhcp *d, struct ask_dhcp_answer *ret)
{
	*ret = (struct ask_dhcp_answer){.option43 = d->option[43].p != NULL, .option120 = d->option[120].p != NULL, .address = d->yiaddr,
					.server = first_address(d->option[54]), .mask = first_address(d->option[1]),
					.router = first_address(d->option[3]), .dns = first_address(d->option[6])};
	sv_copy(ret->domain, sizeof ret->domain, d->option[15]);
	if (ret->option43)
		read_43(d->option[43], ret);
	if (ret->option120)
		read_120(d->option[120], ret);
	if (!ret->option43 && !ret->option120)
		snprintf(ret->text, sizeof ret->text, "%s", dt_signs[DT_SIGN_OPTIONS_ABSENT].what);
}

bool ask_dhcp_read(const struct ask_dhcp *q, const uint8_t *frame, size_t n, struct ask_dhcp_answer *ret)
{
	struct rd r = rd_of(frame, n), ip, message;
	struct dhcp *d = calloc(1, sizeof *d);
	bool is = false;
	struct eth e;
	struct udp u;

	if (d && eth_read(&r, &e) && e.type == ETH_IPV4) {
		ip = rd_of(e.payload.p, e.payload.n);
		if (udp_read(&ip, &u) && u.dport == 68) {
			message = rd_of(u.payload.p, u.payload.n);
			is = dhcp_read(&message, d) && d->op == 2 && d->xid == q->xid && memcmp(d->chaddr, q->mac, 6) == 0 &&
			     d->type == (q->foreign ? DHCP_NAK : q->address ? DHCP_ACK : DHCP_OFFER);
		}
	}
	if (is)
		read_answer(d, ret);
	free(d);
	return is;
}
