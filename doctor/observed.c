#include "doctor/observed.h"

#include <string.h>

#include "wire/eth.h"
#include "wire/lldp.h"

enum { ETH_HEAD = 14, IP_PROTOCOL = ETH_HEAD + 9, UDP = 17 };

static const uint8_t stp_group[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
static const uint8_t pvst_group[6] = {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd};
static const uint8_t cdp_group[6] = {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc};

/* CDP's appliance TLV (0x000e): one octet, then the voice VLAN [network A.5].  The phone does not read CDP. */
static void observe_cdp(struct doctor_observed *observed, const uint8_t *frame, size_t n)
{
	struct rd r = rd_of(frame, n);

	observed->cdp++;
	rd_take(&r, ETH_HEAD + 8 + 4); /* Ethernet, LLC and SNAP, version, lifetime and checksum */
	while (!r.err && rd_left(&r) >= 4) {
		unsigned type = (unsigned)rd_be(&r, 2), len = (unsigned)rd_be(&r, 2);
		struct rd v = rd_sub(&r, len >= 4 ? len - 4 : SIZE_MAX);

		if (type == 0x000e && rd_left(&v) >= 3) {
			rd_be(&v, 1);
			observed->cdp_vlan = (unsigned)rd_be(&v, 2);
		}
	}
}

/* What there is in LLDP when there is no VLAN in it. */
static void observe_lldp(struct doctor_observed *observed, const uint8_t *frame, size_t n)
{
	struct rd r = rd_of(frame, n);
	bool unknown = false;
	struct lldp l;

	observed->lldp++;
	rd_take(&r, ETH_HEAD);
	if (!lldp_read(&r, &l))
		return;
	for (unsigned i = 0; i < l.npolicy; i++)
		unknown |= l.policy[i].app == MED_VOICE;
	observed->med += l.has_med || l.npolicy;
	if (l.has_pvid)
		observed->port_vlan = l.pvid;
	if (lldp_policy(&l, MED_VOICE))
		observed->voice++;
	else if (unknown)
		observed->voice_unknown++;
	else if (l.npolicy)
		observed->voice_none++;
}

void doctor_observe_frame(struct doctor_observed *observed, const uint8_t *frame, size_t n)
{
	unsigned type;

	if (n < ETH_HEAD)
		return;
	type = (unsigned)frame[12] << 8 | frame[13];
	observed->frames++;
	if (type == ETH_LLDP)
		observe_lldp(observed, frame, n);
	observed->eapol += type == ETH_EAPOL;
	observed->bpdu += memcmp(frame, stp_group, 6) == 0 || memcmp(frame, pvst_group, 6) == 0;
	observed->arp += type == ETH_ARP;
	observed->dhcp += type == ETH_IPV4 && n > IP_PROTOCOL && frame[IP_PROTOCOL] == UDP;
	if (memcmp(frame, cdp_group, sizeof cdp_group) == 0)
		observe_cdp(observed, frame, n);
}

bool doctor_observed_is(const struct doctor_observed *h, enum doctor_port what)
{
	switch (what) {
	case PORT_NO_FRAME:
		return h->frames == 0;
	case PORT_NO_LLDP:
		return h->lldp == 0;
	case PORT_NO_MED:
		return h->lldp > 0 && h->med == 0;
	case PORT_PVID:
		return h->lldp > 0 && h->med == 0 && h->port_vlan > 0;
	case PORT_NO_POLICY:
		return h->med > 0 && h->voice + h->voice_unknown + h->voice_none == 0;
	case PORT_NO_VOICE:
		return h->voice_none > 0 && h->voice == 0;
	case PORT_UNKNOWN:
		return h->voice_unknown > 0 && h->voice == 0;
	case PORT_HELD:
		return h->eapol > 0 && h->dhcp == 0;
	case PORT_EAPOL:
		return h->eapol > 0;
	case PORT_BPDU:
		return h->bpdu > 0 && h->dhcp == 0 && h->arp == 0;
	case PORT_CDP_VLAN:
		return h->cdp_vlan > 0 && h->voice == 0;
	}
	return false;
}
