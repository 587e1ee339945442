/* doctor/observed.h: observations on the port: counted from the frames that arrive, for the causes of a missing VLAN.
 *
 * Pure: the caller shows each frame.  What it comes to is a line of the record (kind "heard").
 */
#ifndef DIALTONE_DOCTOR_OBSERVED_H
#define DIALTONE_DOCTOR_OBSERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One row a number: member, name in the record, what it counts. */
/* clang-format off */
#define DOCTOR_OBSERVED(X) \
X(frames,        "frames",        "frames for a phone, of any kind below") \
X(first_ms,      "first_ms",      "milliseconds until the first of them") \
X(lldp,          "lldp",          "LLDP frames") \
X(med,           "med",           "of them with LLDP-MED") \
X(voice,         "voice",         "of them with a usable voice policy") \
X(voice_unknown, "voice_unknown", "of them with a voice policy that is unknown") \
X(voice_none,    "voice_none",    "of them with policies for others than voice only") \
X(port_vlan,     "port_vlan",     "the port's untagged VLAN as LLDP says it; 0: not said") \
X(cdp,           "cdp",           "CDP frames") \
X(cdp_vlan,      "cdp_vlan",      "the voice VLAN that CDP names; 0: none") \
X(eapol,         "eapol",         "802.1X frames: the port asks who is there before it lets anything pass") \
X(bpdu,          "bpdu",          "spanning tree frames") \
X(arp,           "arp",           "ARP frames") \
X(dhcp,          "dhcp",          "DHCP frames to a client")
/* clang-format on */

struct doctor_observed {
#define DOCTOR_OBSERVED_MEMBER(member, name, what) unsigned member;
	DOCTOR_OBSERVED(DOCTOR_OBSERVED_MEMBER)
#undef DOCTOR_OBSERVED_MEMBER
};

/* What the numbers mean. */
enum doctor_port {
	PORT_NO_FRAME,	/* nothing at all was heard */
	PORT_NO_LLDP,	/* no LLDP was heard */
	PORT_NO_MED,	/* LLDP was heard, without MED */
	PORT_PVID,	/* ... but with the port's untagged VLAN */
	PORT_NO_POLICY, /* MED was heard, without a policy for anything */
	PORT_NO_VOICE,	/* MED was heard, with policies for others than voice */
	PORT_UNKNOWN,	/* MED was heard, with a voice policy that is unknown */
	PORT_HELD,	/* 802.1X asks, and nothing else passes */
	PORT_EAPOL,	/* 802.1X asks */
	PORT_BPDU,	/* spanning tree was heard, and nothing of anybody else */
	PORT_CDP_VLAN,	/* CDP names a voice VLAN, and LLDP does not */
};

void doctor_observe_frame(struct doctor_observed *h, const uint8_t *frame, size_t n); /* Ethernet, without a tag */
bool doctor_observed_is(const struct doctor_observed *h, enum doctor_port what);

#endif
