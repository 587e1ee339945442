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
	d->type = q->address ? DHCP_INFORM : DHCP_DISCOVER;
	memcpy(d->chaddr, q->mac, 6);
	d->option[55] = (struct sv){(const char *)wanted, sizeof wanted};
	d->option[60] = sv_of(q->class);
	d->option[61] = (struct sv){(const char *)id, sizeof id};
	dhcp_write(&w, d);
	free(d);
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	eth_write(&f, everyone, q->mac, ETH_IPV4);
	udp_write(&f, &u, 0);
	return w.err || f.err ? 0 : wr_n(&f);
}

/* What a phone would make of the two options. */
static void tell(const struct dhcp *d, char *text, size_t cap)
{
	enum dhcp_vlan_form form;
	struct dhcp_sip sip;
	struct dhcp_uc uc;
	uint16_t vlan = 0;
	char url[800];
	int n = 0;

	text[0] = '\0';
	if (d->option[43].p) {
		form = dhcp_vlan_read(d->option[43], &vlan);
		if (dhcp_uc_read(d->option[43], &uc) == DT_SIGN_NONE && dhcp_uc_url(&uc, url, sizeof url))
			n = snprintf(text, cap, "option 43: %s", url);
		else if (form != DHCP_VLAN_NONE && form != DHCP_VLAN_BAD)
			n = snprintf(text, cap, "option 43: VLAN %u", vlan);
		else
			n = snprintf(text, cap, "option 43, unreadable");
	}
	if (d->option[120].p && n >= 0 && (size_t)n < cap)
		snprintf(text + n, cap - (size_t)n, "%soption 120%s%s", n ? "; " : "",
			 dhcp_sip_read(d->option[120], &sip) ? ", unreadable" : sip.encoding ? ": an address" : ": ",
			 dhcp_sip_read(d->option[120], &sip) || sip.encoding ? "" : sip.name[0]);
	if (text[0] == '\0')
		snprintf(text, cap, "an answer without options 43 and 120");
}

bool ask_dhcp_read(const struct ask_dhcp *q, const uint8_t *frame, size_t n, bool *has, char *text, size_t cap)
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
			     d->type == (q->address ? DHCP_ACK : DHCP_OFFER);
		}
	}
	if (is) {
		*has = d->option[43].p != NULL;
		tell(d, text, cap);
	}
	free(d);
	return is;
}
