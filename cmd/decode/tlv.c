/* cmd/decode/tlv.c: TLVs of switches that a phone does not read.
 *
 * IEEE 802.1AB-2009 8.5 and annexes D (802.1), F (802.3), ANSI/TIA-1057 10.2; of everything else the octets.
 */
#include "cmd/decode/tlv.h"

#include "cmd/decode/parts.h"

enum { ORG = 127, OUI_8021 = 0x0080c2, OUI_8023 = 0x00120f, OUI_MED = 0x0012bb, AFN_IPV4 = 1, AFN_IPV6 = 2, AFN_802 = 6 };

typedef void show_fn(json_t *o, struct rd *v);

static void tlv_number(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key, json_integer((json_int_t)v));
}

static void flag(json_t *o, const char *key, bool v)
{
	json_object_set_new(o, key, json_boolean(v));
}

static struct sv rest(struct rd *v)
{
	return rd_sv(v, rd_left(v));
}

static void tlv_as_text(json_t *o, struct rd *v)
{
	json_object_set_new(o, "text", json_text(rest(v)));
}

/* 8.5.9: length 1 (of what follows, family and address) | family 1 | address | numbering 1 | number 4 | length 1 | OID */
static void management(json_t *o, struct rd *v)
{
	struct rd a = rd_sub(v, (size_t)rd_be(v, 1));
	unsigned family = (unsigned)rd_be(&a, 1);
	struct sv address = rest(&a);
	struct rd r = rd_of(address.p, address.n);

	tlv_number(o, "family", family);
	if (family == AFN_IPV4 && address.n == 4)
		json_object_set_new(o, "address", json_ip((uint32_t)rd_be(&r, 4)));
	else if (family == AFN_802 && address.n == 6)
		json_object_set_new(o, "address", json_mac(address.p));
	else
		json_object_set_new(o, "address", json_hex(address));
	tlv_number(o, "interface_numbering", rd_be(v, 1)); /* 1 unknown, 2 ifIndex, 3 system port */
	tlv_number(o, "interface", rd_be(v, 4));
	json_object_set_new(o, "oid", json_hex(rd_sv(v, (size_t)rd_be(v, 1))));
}

static void port_and_protocol(json_t *o, struct rd *v)
{
	unsigned flags = (unsigned)rd_be(v, 1);

	flag(o, "supported", flags & 2);
	flag(o, "enabled", flags & 4);
	tlv_number(o, "vlan", rd_be(v, 2));
}

static void port_vlan(json_t *o, struct rd *v)
{
	tlv_number(o, "vlan", rd_be(v, 2));
}

static void vlan_name(json_t *o, struct rd *v)
{
	tlv_number(o, "vlan", rd_be(v, 2));
	json_object_set_new(o, "text", json_text(rd_sv(v, (size_t)rd_be(v, 1))));
}

static void protocol(json_t *o, struct rd *v)
{
	json_object_set_new(o, "protocol", json_hex(rd_sv(v, (size_t)rd_be(v, 1))));
}

static void aggregation(json_t *o, struct rd *v)
{
	unsigned status = (unsigned)rd_be(v, 1);

	flag(o, "capable", status & 1);
	flag(o, "aggregated", status & 2);
	tlv_number(o, "port", rd_be(v, 4));
}

static void mac_phy(json_t *o, struct rd *v)
{
	unsigned autonegotiation = (unsigned)rd_be(v, 1);

	flag(o, "autonegotiation", autonegotiation & 1);
	flag(o, "autonegotiation_on", autonegotiation & 2);
	tlv_number(o, "advertised", rd_be(v, 2));
	tlv_number(o, "mau_type", rd_be(v, 2)); /* RFC 4836: 16 is 100BASE-TX full duplex, 30 is 1000BASE-T full duplex */
}

/* 802.3at 79.3.2: the first three octets are 802.3af's, the five behind came with 802.3at */
static void power_via_mdi(json_t *o, struct rd *v)
{
	unsigned support = (unsigned)rd_be(v, 1), type;

	json_object_set_new(o, "port", json_string(support & 1 ? "supplies" : "takes"));
	flag(o, "supported", support & 2);
	flag(o, "on", support & 4);
	tlv_number(o, "pair", rd_be(v, 1));
	tlv_number(o, "class", rd_be(v, 1)); /* 1 to 5 for the classes 0 to 4 */
	if (rd_left(v) < 5)
		return;
	type = (unsigned)rd_be(v, 1);
	tlv_number(o, "type", type >> 6);
	tlv_number(o, "source", type >> 4 & 3);
	tlv_number(o, "priority", type & 3);
	tlv_number(o, "requested_milliwatts", rd_be(v, 2) * 100);
	tlv_number(o, "allocated_milliwatts", rd_be(v, 2) * 100);
}

static void frame_size(json_t *o, struct rd *v)
{
	tlv_number(o, "octets", rd_be(v, 2));
}

static void eee(json_t *o, struct rd *v)
{
	static const char *const keys[] = {"transmit", "receive", "fallback_receive", "echo_transmit", "echo_receive"};

	for (size_t i = 0; i < 5; i++)
		tlv_number(o, keys[i], rd_be(v, 2));
}

static void med_capabilities(json_t *o, struct rd *v)
{
	tlv_number(o, "capabilities", rd_be(v, 2));
	tlv_number(o, "class", rd_be(v, 1));
}

static void med_policy(json_t *o, struct rd *v)
{
	uint32_t bits;

	tlv_number(o, "application", rd_be(v, 1));
	bits = (uint32_t)rd_be(v, 3);
	flag(o, "unknown", bits >> 23 & 1);
	flag(o, "tagged", bits >> 22 & 1);
	tlv_number(o, "vlan", bits >> 9 & 0xfff);
	tlv_number(o, "priority", bits >> 6 & 7);
	tlv_number(o, "dscp", bits & 0x3f);
	if (v->err || rd_left(v)) /* 10.2.3: its length is fixed */
		json_object_set_new(o, "ignored", json_string("a policy has four octets: phones ignore one of another length (TIA-1057 10.2.3)"));
}

/* 10.2.4: 1 coordinates (RFC 3825), 2 civic address (RFC 4776), 3 ELIN */
static void location(json_t *o, struct rd *v)
{
	unsigned format = (unsigned)rd_be(v, 1);

	tlv_number(o, "format", format);
	json_object_set_new(o, format == 3 ? "text" : "location", format == 3 ? json_text(rest(v)) : json_hex(rest(v)));
}

/* 10.2.5: type 2 bits | source 2 | priority 4 | tenths of a watt 16 */
static void extended_power(json_t *o, struct rd *v)
{
	unsigned bits = (unsigned)rd_be(v, 1);

	json_object_set_new(o, "port", json_string(bits >> 6 == 0 ? "supplies" : bits >> 6 == 1 ? "takes" : "?"));
	tlv_number(o, "source", bits >> 4 & 3);
	tlv_number(o, "priority", bits & 15); /* 1 critical, 2 high, 3 low */
	tlv_number(o, "milliwatts", rd_be(v, 2) * 100);
}

/* clang-format off */
static const struct tlv {
	unsigned type;
	uint32_t oui;
	unsigned subtype;
	const char *name;
	show_fn *show; /* NULL: shown by its own member of the message */
} tlvs[] = {
	{0, 0, 0, "end", NULL},
	{1, 0, 0, "chassis id", NULL},
	{2, 0, 0, "port id", NULL},
	{3, 0, 0, "time to live", NULL},
	{4, 0, 0, "port description", tlv_as_text},
	{5, 0, 0, "system name", tlv_as_text},
	{6, 0, 0, "system description", tlv_as_text},
	{7, 0, 0, "system capabilities", NULL},
	{8, 0, 0, "management address", management},
	{ORG, OUI_8021, 1,  "802.1 port VLAN", port_vlan},
	{ORG, OUI_8021, 2,  "802.1 port and protocol VLAN", port_and_protocol},
	{ORG, OUI_8021, 3,  "802.1 VLAN name", vlan_name},
	{ORG, OUI_8021, 4,  "802.1 protocol identity", protocol},
	{ORG, OUI_8021, 5,  "802.1 VID usage digest", NULL},
	{ORG, OUI_8021, 6,  "802.1 management VLAN", port_vlan},
	{ORG, OUI_8021, 7,  "802.1 link aggregation", aggregation},
	{ORG, OUI_8023, 1,  "802.3 MAC/PHY", mac_phy},
	{ORG, OUI_8023, 2,  "802.3 power via MDI", power_via_mdi},
	{ORG, OUI_8023, 3,  "802.3 link aggregation", aggregation},
	{ORG, OUI_8023, 4,  "802.3 maximum frame size", frame_size},
	{ORG, OUI_8023, 5,  "802.3 energy-efficient Ethernet", eee},
	{ORG, OUI_MED,  1,  "MED capabilities", med_capabilities},
	{ORG, OUI_MED,  2,  "MED network policy", med_policy},
	{ORG, OUI_MED,  3,  "MED location", location},
	{ORG, OUI_MED,  4,  "MED extended power", extended_power},
	{ORG, OUI_MED,  5,  "MED hardware revision", tlv_as_text},
	{ORG, OUI_MED,  6,  "MED firmware revision", tlv_as_text},
	{ORG, OUI_MED,  7,  "MED software revision", tlv_as_text},
	{ORG, OUI_MED,  8,  "MED serial number", tlv_as_text},
	{ORG, OUI_MED,  9,  "MED manufacturer", tlv_as_text},
	{ORG, OUI_MED,  10, "MED model", tlv_as_text},
	{ORG, OUI_MED,  11, "MED asset id", tlv_as_text},
};

static const struct {
	uint32_t oui;
	const char *name;
} makers[] = {
	{OUI_8021, "IEEE 802.1"}, {OUI_8023, "IEEE 802.3"}, {OUI_MED, "TIA"}, {0x000142, "Cisco"}, {0x00000c, "Cisco"},
	{0x009069, "Juniper"}, {0x000b86, "Aruba"}, {0x0016b9, "ProCurve"}, {0x00e02b, "Extreme"}, {0x00040d, "Avaya"},
	{0x00e0fc, "Huawei"}, {0x001c73, "Arista"}, {0x000ecf, "PROFIBUS"}, {0x0004f2, "Polycom"},
};
/* clang-format on */

static const struct tlv *tlv_of(unsigned type, uint32_t oui, unsigned subtype)
{
	for (size_t i = 0; i < sizeof tlvs / sizeof *tlvs; i++)
		if (tlvs[i].type == type && tlvs[i].oui == oui && tlvs[i].subtype == subtype)
			return &tlvs[i];
	return NULL;
}

static json_t *tlv_one(unsigned type, struct rd v)
{
	json_t *o = json_pack("{s:i}", "type", type);
	struct sv value = {(const char *)v.p, rd_left(&v)};
	uint32_t oui = 0;
	unsigned subtype = 0;
	const struct tlv *t;
	char text[12];

	if (type == ORG && value.n >= 4) {
		oui = (uint32_t)rd_be(&v, 3);
		subtype = (unsigned)rd_be(&v, 1);
		snprintf(text, sizeof text, "%02x:%02x:%02x", oui >> 16, oui >> 8 & 255, oui & 255);
		json_object_set_new(o, "oui", json_string(text));
		for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
			if (makers[i].oui == oui)
				json_object_set_new(o, "organisation", json_string(makers[i].name));
		tlv_number(o, "subtype", subtype);
		value = sv_from(value, 4);
	}
	t = tlv_of(type, oui, subtype);
	if (t)
		json_object_set_new(o, "name", json_string(t->name));
	json_object_set_new(o, "hex", json_hex(value));
	if (type == ORG && oui == 0 && subtype == 0 && value.n < 4)
		json_object_set_new(o, "bad", json_string("it is too short for an organisation and its subtype"));
	if (t == NULL || t->show == NULL)
		return o;
	t->show(o, &v);
	if (v.err)
		json_object_set_new(o, "bad", json_string("it is shorter than it should be"));
	else if (rd_left(&v))
		json_object_set_new(o, "more", json_hex(rest(&v)));
	return o;
}

json_t *decode_tlvs(struct rd r, size_t *behind)
{
	json_t *all = json_array();
	unsigned head = 1;

	while (r.err == NULL && rd_left(&r) && head) {
		struct rd v;

		head = (unsigned)rd_be(&r, 2);
		v = rd_sub(&r, head & 0x1ff);
		if (r.err == NULL)
			json_array_append_new(all, tlv_one(head >> 9, v));
		if (head >> 9 == 0)
			break;
	}
	*behind = r.err ? 0 : rd_left(&r);
	return all;
}
