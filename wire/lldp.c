/* wire/lldp.c
 *
 * IEEE 802.1AB 8.4, a TLV:                 type 7 bits | length 9 bits | value
 * organisation specific (type 127), value: OUI 3 | subtype 1 | information
 *
 * An LLDPDU is Chassis ID, Port ID, Time To Live, in this order, then what the sender likes, then End.  A TLV whose
 * own value is broken is passed over (802.1AB 9.2.7.7); broken order discards all.
 */
#include "wire/lldp.h"

const uint8_t lldp_group[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e};

enum { T_END, T_CHASSIS, T_PORT, T_TTL, T_PORT_DESC, T_SYS_NAME, T_SYS_DESC, T_CAPS, T_ORG = 127 };
enum { OUI_8021 = 0x0080c2, OUI_8023 = 0x00120f, OUI_MED = 0x0012bb };
enum { PORT_VLAN_ID = 1, MAC_PHY = 1, MED_CAPABILITIES = 1, MED_POLICY = 2, MED_HW_REV = 5, MED_ASSET = 11 };
enum { ID_MAX = 255, TEXT_MAX = 255, POLICIES = 8 };

/* TIA-1057 10.2.3, Network Policy.  The octets after OUI and subtype:
 *
 *     app type | U T X |   VLAN id    | prio | DSCP
 *         8    | 1 1 1 |     12       |   3  |   6     bits
 */
bool med_policy_read(struct rd *r, struct med_policy *ret)
{
	uint8_t app = (uint8_t)rd_be(r, 1);
	uint32_t bits = (uint32_t)rd_be(r, 3);

	rd_end(r);
	if (r->err)
		return false;
	*ret = (struct med_policy){
	    .app = app,
	    .unknown = bits >> 23 & 1,
	    .tagged = bits >> 22 & 1,
	    .vlan = bits >> 9 & 0xfff,
	    .prio = bits >> 6 & 0x7,
	    .dscp = bits & 0x3f,
	};
	return true;
}

void med_policy_write(struct wr *w, const struct med_policy *p)
{
	wr_be(w, 1, p->app);
	wr_be(w, 3,
	      (uint32_t)p->unknown << 23 | (uint32_t)p->tagged << 22 | (uint32_t)(p->vlan & 0xfff) << 9 |
		  (uint32_t)(p->prio & 0x7) << 6 | (p->dscp & 0x3fu));
}

const struct med_policy *lldp_policy(const struct lldp *l, uint8_t app)
{
	for (unsigned i = 0; i < l->npolicy; i++)
		if (l->policy[i].app == app && !l->policy[i].unknown)
			return &l->policy[i];
	return NULL;
}

/* The inventory TLVs, 5 to 11, in the order of their subtypes. */
static struct sv *lldp_inventory(struct lldp *l, unsigned subtype)
{
	struct sv *const field[] = {&l->hw_rev, &l->fw_rev, &l->sw_rev, &l->serial, &l->maker, &l->model, &l->asset};

	return subtype < MED_HW_REV || subtype > MED_ASSET ? NULL : field[subtype - MED_HW_REV];
}

/* A text that stands for the first time; false when there was one already. */
static bool text_once(struct sv *to, struct rd *v, size_t max)
{
	if (to->p != NULL || rd_left(v) > max)
		return false;
	*to = rd_sv(v, rd_left(v));
	return true;
}

static bool caps_read(struct lldp *l, struct rd *v)
{
	uint16_t caps = (uint16_t)rd_be(v, 2), on = (uint16_t)rd_be(v, 2);

	rd_end(v);
	if (v->err || l->has_caps)
		return false;
	l->has_caps = true;
	l->caps = caps;
	l->caps_on = on;
	return true;
}

static bool pvid_read(struct lldp *l, struct rd *v)
{
	uint16_t pvid = (uint16_t)rd_be(v, 2);

	rd_end(v);
	if (v->err || l->has_pvid)
		return false;
	l->has_pvid = true;
	l->pvid = pvid;
	return true;
}

/* IEEE 802.1AB F.2: auto-negotiation 1 | what it advertises 2 | type of the medium attachment unit 2 */
static bool phy_read(struct lldp *l, struct rd *v)
{
	uint8_t autonegotiation = (uint8_t)rd_be(v, 1);
	uint16_t advertised = (uint16_t)rd_be(v, 2), mau = (uint16_t)rd_be(v, 2);

	rd_end(v);
	if (v->err || l->has_phy)
		return false;
	l->has_phy = true;
	l->autonegotiation = autonegotiation;
	l->advertised = advertised;
	l->mau = mau;
	return true;
}

static bool med_read(struct lldp *l, unsigned subtype, struct rd *v)
{
	struct sv *text = lldp_inventory(l, subtype);
	uint16_t caps;
	uint8_t class;

	if (text != NULL)
		return text_once(text, v, MED_INVENTORY_MAX);
	switch (subtype) {
	case MED_CAPABILITIES:
		caps = (uint16_t)rd_be(v, 2);
		class = (uint8_t)rd_be(v, 1);
		rd_end(v);
		if (v->err || l->has_med)
			return false;
		l->has_med = true;
		l->med_caps = caps;
		l->med_class = class;
		return true;
	case MED_POLICY:
		if (l->npolicy == POLICIES)
			return false;
		if (!med_policy_read(v, &l->policy[l->npolicy])) {
			l->bad_policy = true;
			return false;
		}
		l->npolicy++;
		return true;
	default:
		return false;
	}
}

/* One TLV behind the first three; false: it was passed over. */
static bool optional_read(struct lldp *l, unsigned type, struct rd *v)
{
	uint32_t oui;
	unsigned subtype;

	switch (type) {
	case T_PORT_DESC:
		return text_once(&l->port_desc, v, TEXT_MAX);
	case T_SYS_NAME:
		return text_once(&l->sys_name, v, TEXT_MAX);
	case T_SYS_DESC:
		return text_once(&l->sys_desc, v, TEXT_MAX);
	case T_CAPS:
		return caps_read(l, v);
	case T_ORG:
		oui = (uint32_t)rd_be(v, 3);
		subtype = (unsigned)rd_be(v, 1);
		if (v->err)
			return false;
		if (oui == OUI_8021 && subtype == PORT_VLAN_ID)
			return pvid_read(l, v);
		if (oui == OUI_8023 && subtype == MAC_PHY)
			return phy_read(l, v);
		return oui == OUI_MED && med_read(l, subtype, v);
	default:
		return false;
	}
}

/* Opens the next TLV.  False at the end of the LLDPDU, be it marked or not, and after an error. */
static bool tlv_next(struct rd *r, unsigned *type, struct rd *value)
{
	unsigned head;

	if (r->err || rd_left(r) == 0)
		return false;
	head = (unsigned)rd_be(r, 2);
	*type = head >> 9;
	if (r->err || *type == T_END)
		return false;
	*value = rd_sub(r, head & 0x1ff);
	return r->err == NULL;
}

static void mandatory_read(struct rd *r, struct lldp *l)
{
	static const unsigned order[] = {T_CHASSIS, T_PORT, T_TTL};
	struct rd v = *r;
	unsigned type = T_END;

	for (unsigned i = 0; i < 3 && r->err == NULL; i++) {
		if (!tlv_next(r, &type, &v) || type != order[i]) {
			rd_fail(r, "Chassis ID, Port ID and Time To Live do not stand first, in this order");
			return;
		}
		if (type == T_TTL) {
			l->ttl = (uint16_t)rd_be(&v, 2);
		} else {
			uint8_t subtype = (uint8_t)rd_be(&v, 1);
			struct sv id = rd_sv(&v, rd_left(&v));

			if (v.err == NULL && (id.n == 0 || id.n > ID_MAX))
				rd_fail(&v, "an identifier does not have 1 to 255 octets");
			*(type == T_CHASSIS ? &l->chassis_subtype : &l->port_subtype) = subtype;
			*(type == T_CHASSIS ? &l->chassis : &l->port) = id;
		}
		if (v.err) {
			r->p = v.p;
			rd_fail(r, v.err);
		}
	}
}

bool lldp_read(struct rd *r, struct lldp *ret)
{
	struct lldp l = {.ttl = 0};
	struct rd v = *r;
	unsigned type = T_END;

	mandatory_read(r, &l);
	while (tlv_next(r, &type, &v)) {
		if (type <= T_TTL)
			rd_fail(r, "Chassis ID, Port ID or Time To Live stands there twice");
		else if (!optional_read(&l, type, &v))
			l.skipped++;
	}
	if (r->err)
		return false;
	*ret = l;
	return true;
}

static void tlv_head(struct wr *w, unsigned type, size_t n)
{
	wr_be(w, 2, type << 9 | n);
}

static void org_head(struct wr *w, uint32_t oui, unsigned subtype, size_t n)
{
	tlv_head(w, T_ORG, n + 4);
	wr_be(w, 3, oui);
	wr_be(w, 1, subtype);
}

static void id_write(struct wr *w, unsigned type, uint8_t subtype, struct sv id)
{
	if (id.n == 0 || id.n > ID_MAX)
		wr_fail(w, "an identifier does not have 1 to 255 octets");
	tlv_head(w, type, id.n + 1);
	wr_be(w, 1, subtype);
	wr_put(w, id.p, id.n);
}

static void text_write(struct wr *w, unsigned type, struct sv s)
{
	if (s.n == 0)
		return;
	if (s.n > TEXT_MAX)
		wr_fail(w, "a description is longer than 255 octets");
	tlv_head(w, type, s.n);
	wr_put(w, s.p, s.n);
}

static void med_write(struct wr *w, const struct lldp *l)
{
	const struct sv text[] = {l->hw_rev, l->fw_rev, l->sw_rev, l->serial, l->maker, l->model, l->asset};

	/* TIA-1057 10.2.2: the LLDP-MED Capabilities TLV comes first among them. */
	if (l->has_med) {
		org_head(w, OUI_MED, MED_CAPABILITIES, 3);
		wr_be(w, 2, l->med_caps);
		wr_be(w, 1, l->med_class);
	}
	for (unsigned i = 0; i < l->npolicy && i < POLICIES; i++) {
		org_head(w, OUI_MED, MED_POLICY, 4);
		med_policy_write(w, &l->policy[i]);
	}
	for (unsigned i = 0; i < sizeof text / sizeof *text; i++) {
		if (text[i].n == 0)
			continue;
		if (text[i].n > MED_INVENTORY_MAX)
			wr_fail(w, "an inventory text is longer than 32 octets");
		org_head(w, OUI_MED, MED_HW_REV + i, text[i].n);
		wr_put(w, text[i].p, text[i].n);
	}
}

void lldp_write(struct wr *w, const struct lldp *l)
{
	id_write(w, T_CHASSIS, l->chassis_subtype, l->chassis);
	id_write(w, T_PORT, l->port_subtype, l->port);
	tlv_head(w, T_TTL, 2);
	wr_be(w, 2, l->ttl);
	text_write(w, T_PORT_DESC, l->port_desc);
	text_write(w, T_SYS_NAME, l->sys_name);
	text_write(w, T_SYS_DESC, l->sys_desc);
	if (l->has_caps) {
		tlv_head(w, T_CAPS, 4);
		wr_be(w, 2, l->caps);
		wr_be(w, 2, l->caps_on);
	}
	if (l->has_pvid) {
		org_head(w, OUI_8021, PORT_VLAN_ID, 2);
		wr_be(w, 2, l->pvid);
	}
	if (l->has_phy) {
		org_head(w, OUI_8023, MAC_PHY, 5);
		wr_be(w, 1, l->autonegotiation);
		wr_be(w, 2, l->advertised);
		wr_be(w, 2, l->mau);
	}
	med_write(w, l);
	tlv_head(w, T_END, 0);
}
