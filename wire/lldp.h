/* wire/lldp.h: LLDPDUs with LLDP-MED (IEEE 802.1AB, ANSI/TIA-1057).
 *
 * Works on the LLDPDU, that is the payload of the Ethernet frame.  The reader refuses what 802.1AB says to
 * discard (order or repetition of the first three TLVs, a TLV that runs past the frame) and skips what it does
 * not know.  Strings are views into the frame.
 */
#ifndef DIALTONE_WIRE_LLDP_H
#define DIALTONE_WIRE_LLDP_H

#include "base/cursor.h"

extern const uint8_t lldp_group[6]; /* 01:80:C2:00:00:0E */

enum { LLDP_CAP_BRIDGE = 1 << 2, LLDP_CAP_ROUTER = 1 << 4, LLDP_CAP_TELEPHONE = 1 << 5 };
enum { MED_VOICE = 1, MED_VOICE_SIGNALLING = 2 };
enum { MED_CLASS_3 = 3, MED_NETWORK = 4 };
enum { MED_CAP_CAPABILITIES = 1, MED_CAP_POLICY = 2, MED_CAP_INVENTORY = 0x20 };

/* TIA-1057 10.2.3, Network Policy */
struct med_policy {
	uint8_t app;
	bool unknown, tagged;
	uint16_t vlan; /* 0: priority-tagged */
	uint8_t prio, dscp;
};

#define MED_INVENTORY_MAX 32 /* octets, TIA-1057 10.2.6 */

struct lldp {
	uint8_t chassis_subtype, port_subtype;
	struct sv chassis, port; /* ids, raw octets */
	uint16_t ttl;
	struct sv port_desc, sys_name, sys_desc;
	bool has_caps;
	uint16_t caps, caps_on;
	bool has_pvid;
	uint16_t pvid;
	bool has_phy; /* 802.3 MAC/PHY: TIA-1057 requires it of every MED device */
	uint8_t autonegotiation; /* bit 0 supported, bit 1 on */
	uint16_t advertised, mau;
	bool has_med;
	uint16_t med_caps;
	uint8_t med_class;
	struct med_policy policy[8];
	unsigned npolicy;
	bool bad_policy; /* a policy of another length than 8 octets stood there: ignored (TIA-1057 10.2.3) */
	struct sv hw_rev, fw_rev, sw_rev, serial, maker, model, asset; /* MED inventory: MED_INVENTORY_MAX each */
	unsigned skipped; /* TLVs not known, or beyond the tables */
};

bool lldp_read(struct rd *r, struct lldp *ret);
/* Writes what is set: mandatory TLVs, then those whose field is non-empty / has_..., End. */
void lldp_write(struct wr *w, const struct lldp *l);
bool med_policy_read(struct rd *r, struct med_policy *ret); /* the 4 octets behind OUI and subtype */
void med_policy_write(struct wr *w, const struct med_policy *p);
const struct med_policy *lldp_policy(const struct lldp *l, uint8_t app); /* first usable (known) one, or NULL */

#endif
