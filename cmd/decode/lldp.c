/* cmd/decode/lldp.c: an Ethernet frame with an LLDPDU; or the LLDPDU alone. */
#include "cmd/decode/decode.h"

#include <string.h>

#include "cmd/decode/frame.h"
#include "cmd/decode/parts.h"
#include "cmd/decode/tlv.h"
#include "wire/eth.h"
#include "wire/lldp.h"

enum { FRAME_MAX = 16384 }; /* jumbo frames end at some 9000 octets */
enum { MAC = 6, CHASSIS_MAC = 4, CHASSIS_NETWORK = 5, PORT_MAC = 3, PORT_NETWORK = 4, AFN_IPV4 = 1 };

static const char *const chassis_names[] = {"?",   "chassis-component", "interface-alias", "port-component",
					    "mac", "network-address",	"interface-name",  "local"};
static const char *const port_names[] = {"?",		     "interface-alias", "port-component",   "mac",
					 "network-address", "interface-name",	"agent-circuit-id", "local"};
static const char *const capabilities[] = {"other",	"repeater",  "bridge", "wlan-access-point", "router",
					   "telephone", "docsis",    "station"};
static const char *const med_capabilities[] = {"capabilities", "network-policy", "location",
					       "power-pse",    "power-pd",	 "inventory"};
static const char *const applications[] = {"?",		       "voice",		   "voice-signalling",
					   "guest-voice",      "guest-voice-signalling", "softphone",
					   "video-conferencing", "streaming-video",   "video-signalling"};

#define NAME_OF(table, i) ((i) < sizeof(table) / sizeof *(table) ? (table)[i] : "?")

static json_t *bit_names(unsigned bits, const char *const *name, size_t names)
{
	json_t *a = json_array();

	for (size_t i = 0; i < 16; i++)
		if (bits >> i & 1)
			json_array_append_new(a, json_string(i < names ? name[i] : "?"));
	return a;
}

#define BITS(bits, table) bit_names(bits, table, sizeof(table) / sizeof *(table))

static json_t *id_json(const char *subtype, struct sv id, bool mac, bool network)
{
	json_t *v = NULL;
	struct rd r = rd_of(id.p, id.n);

	if (mac && id.n == MAC)
		v = json_mac(id.p);
	else if (network && id.n == 5 && rd_be(&r, 1) == AFN_IPV4)
		v = json_ip((uint32_t)rd_be(&r, 4));
	return json_pack("{s:s,s:o}", "subtype", subtype, "id", v ? v : json_text(id));
}

/* What the policy asks of a phone: [network A.2]. */
static const char *policy_means(const struct med_policy *p)
{
	return p->unknown	 ? "unknown: as if there were no policy"
	       : !p->tagged && p->vlan ? "send untagged: the VLAN is void (TIA-1057 10.2.3.2)"
	       : !p->tagged	 ? "send untagged"
	       : p->vlan == 0	 ? "send priority-tagged, in the port's own VLAN"
	       : p->vlan == 4095 ? "invalid: VLAN 4095 is reserved"
				 : "send tagged";
}

static json_t *policies_json(const struct lldp *l)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < l->npolicy; i++) {
		const struct med_policy *p = &l->policy[i];

		json_array_append_new(a, json_pack("{s:i,s:s,s:b,s:b,s:i,s:i,s:i,s:s}", "application", p->app, "name",
						   NAME_OF(applications, p->app), "unknown", p->unknown, "tagged",
						   p->tagged, "vlan", p->vlan, "priority", p->prio, "dscp", p->dscp,
						   "means", policy_means(p)));
	}
	return a;
}

static json_t *med_json(const struct lldp *l)
{
	const struct {
		const char *key;
		struct sv v;
	} inventory[] = {
	    {"hardware", l->hw_rev}, {"firmware", l->fw_rev}, {"software", l->sw_rev}, {"serial", l->serial},
	    {"manufacturer", l->maker}, {"model", l->model}, {"asset", l->asset},
	};
	json_t *med = json_object(), *list = json_object();

	if (l->has_med) {
		json_object_set_new(med, "capabilities", BITS(l->med_caps, med_capabilities));
		json_object_set_new(med, "class", json_integer(l->med_class));
		json_object_set_new(med, "switch", json_boolean(l->med_class == MED_NETWORK));
	}
	json_object_set_new(med, "policies", policies_json(l));
	for (size_t i = 0; i < sizeof inventory / sizeof *inventory; i++)
		if (inventory[i].v.p)
			json_object_set_new(list, inventory[i].key, json_text(inventory[i].v));
	json_object_set_new(med, "inventory", list);
	return med;
}

static json_t *lldp_message_json(const struct lldp *l, struct rd pdu)
{
	size_t behind;
	json_t *j = json_pack("{s:o,s:o,s:i,s:b}", "chassis",
			      id_json(NAME_OF(chassis_names, l->chassis_subtype), l->chassis, l->chassis_subtype == CHASSIS_MAC,
				      l->chassis_subtype == CHASSIS_NETWORK),
			      "port",
			      id_json(NAME_OF(port_names, l->port_subtype), l->port, l->port_subtype == PORT_MAC,
				      l->port_subtype == PORT_NETWORK),
			      "ttl", l->ttl, "shutdown", l->ttl == 0);

	if (l->port_desc.p)
		json_object_set_new(j, "port_description", json_text(l->port_desc));
	if (l->sys_name.p)
		json_object_set_new(j, "system_name", json_text(l->sys_name));
	if (l->sys_desc.p)
		json_object_set_new(j, "system_description", json_text(l->sys_desc));
	if (l->has_caps) {
		json_object_set_new(j, "capabilities", BITS(l->caps, capabilities));
		json_object_set_new(j, "enabled", BITS(l->caps_on, capabilities));
	}
	if (l->has_pvid)
		json_object_set_new(j, "port_vlan", json_integer(l->pvid));
	json_object_set_new(j, "med", med_json(l));
	json_object_set_new(j, "skipped", json_integer(l->skipped)); /* a phone's eyes */
	json_object_set_new(j, "tlvs", decode_tlvs(pdu, &behind));   /* everybody's */
	if (behind)
		json_object_set_new(j, "padding", json_integer((json_int_t)behind));
	return j;
}

/* IEEE 802.1AB 8.3: the LLDPDU begins with the Chassis ID TLV: 02, its length, ... */
static bool is_bare(const void *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct lldp l;

	return n >= 2 && ((const uint8_t *)p)[0] == 0x02 && lldp_read(&r, &l);
}

json_t *decode_lldp(const void *p, size_t n, struct why *why)
{
	struct rd r = rd_of(p, n), pdu;
	json_t *j = json_pack("{s:s}", "kind", "lldp");
	struct frame f = {.ethernet = false};
	struct lldp l;
	bool bare = n <= FRAME_MAX && !frame_has_lldp(p, n) && is_bare(p, n);
	const char *warn = bare ? "there is no Ethernet header before it" : NULL;

	if (n > FRAME_MAX) {
		why_set(why, "octet %d: it is longer than any Ethernet frame", FRAME_MAX);
		json_decref(j);
		return NULL;
	}
	if (!bare && frame_ethernet(&r, &f) && f.type != ETH_LLDP) {
		why_set(why, "octet %zu: the type of the frame is %04x, not 88cc", rd_at(&r) - 2, f.type);
		json_decref(j);
		return NULL;
	}
	pdu = r;
	if (r.err || !lldp_read(&r, &l)) {
		json_decref(j);
		return refused(&r, why);
	}
	if (f.ethernet) {
		json_object_set_new(j, "destination", json_mac(f.dst));
		json_object_set_new(j, "source", json_mac(f.src));
		warn = memcmp(f.dst, lldp_group, sizeof f.dst) != 0 ? "it is not sent to 01:80:c2:00:00:0e" : f.warn;
	}
	if (f.tags)
		json_object_set_new(j, "frame", frame_json(&f));
	json_object_update_new(j, lldp_message_json(&l, pdu));
	if (warn)
		json_object_set_new(j, "warn", json_string(warn));
	return j;
}
