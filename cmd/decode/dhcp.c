/* cmd/decode/dhcp.c: a DHCP message: the payload of its UDP packet, or the frame or IP packet that carries it. */
#include "cmd/decode/decode.h"

#include <stdio.h>
#include <string.h>

#include "cmd/decode/frame.h"
#include "cmd/decode/parts.h"
#include "wire/dhcp.h"
#include "wire/eth.h"

enum { OPTION_43 = 43, SUB_PAD = 0, SUB_END = 255, SUB_UC_FIRST = 1, SUB_UC_LAST = 5 };

static json_t *as_addresses(struct sv v)
{
	struct rd r = rd_of(v.p, v.n);
	json_t *a;

	if (v.n == 0 || v.n % 4 != 0)
		return NULL;
	a = json_array();
	while (rd_left(&r))
		json_array_append_new(a, json_ip((uint32_t)rd_be(&r, 4)));
	return a;
}

static json_t *as_number(struct sv v)
{
	struct rd r = rd_of(v.p, v.n);

	return v.n == 1 || v.n == 2 || v.n == 4 ? json_integer((json_int_t)rd_be(&r, (unsigned)v.n)) : NULL;
}

static json_t *dhcp_as_text(struct sv v)
{
	return json_text(sv_trim_nul(v));
}

static const char *text_odd(struct sv v)
{
	return sv_trim_nul(v).n == v.n ? NULL : "zeros at its end: RFC 2132 2 wants none, and strict readers trip over them";
}

/* [network B.1]: servers compare upper and lower case. */
static const char *class_odd(struct sv v)
{
	static const struct sv classes[] = {{DHCP_CLASS_VLAN, sizeof DHCP_CLASS_VLAN - 1}, {DHCP_CLASS_UC, sizeof DHCP_CLASS_UC - 1}};

	for (size_t i = 0; i < 2; i++)
		if (sv_ieq(sv_trim_nul(v), classes[i]) && !sv_eq(sv_trim_nul(v), classes[i]))
			return i ? "phones write " DHCP_CLASS_UC ", and servers compare upper and lower case"
				 : "phones write " DHCP_CLASS_VLAN ", and servers compare upper and lower case";
	return text_odd(v);
}

static json_t *as_codes(struct sv v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v.n; i++)
		json_array_append_new(a, json_integer((uint8_t)v.p[i]));
	return a;
}

static json_t *as_type(struct sv v)
{
	unsigned type = v.n == 1 ? (uint8_t)v.p[0] : 0;

	return v.n != 1				? NULL
	       : *dhcp_type_name(type) == '?' ? json_integer(type)
						: json_string(dhcp_type_name(type));
}

static json_t *as_overload(struct sv v)
{
	static const char *const where[] = {[1] = "file", [2] = "sname", [3] = "file and sname"};

	return v.n == 1 && v.p[0] >= 1 && v.p[0] <= 3 ? json_pack("{s:s}", "options_in", where[(int)v.p[0]]) : NULL;
}

static json_t *as_client(struct sv v)
{
	if (v.n == 7 && v.p[0] == 1)
		return json_pack("{s:i,s:o}", "type", 1, "mac", json_mac(v.p + 1));
	return json_hex(v);
}

/* The pieces as they stand, whatever they mean. */
static json_t *sub_options(struct sv v)
{
	struct rd r = rd_of(v.p, v.n);
	json_t *a = json_array();

	while (rd_left(&r)) {
		uint8_t code = (uint8_t)rd_be(&r, 1);
		struct sv value;

		if (code == SUB_PAD)
			continue;
		if (code == SUB_END) {
			json_array_append_new(a, json_pack("{s:i}", "code", SUB_END));
			break;
		}
		value = rd_sv(&r, (size_t)rd_be(&r, 1));
		if (r.err) {
			json_array_append_new(a, json_pack("{s:i,s:s}", "code", code, "bad", r.err));
			break;
		}
		json_array_append_new(a, json_pack("{s:i,s:o,s:o}", "code", code, "hex", json_hex(value), "text",
						   json_text(value)));
	}
	return a;
}

/* Sub-options of option 82 and their like: no pad, no end. */
static json_t *as_subs(struct sv v)
{
	struct rd r = rd_of(v.p, v.n);
	json_t *a = json_array();

	while (rd_left(&r)) {
		uint8_t code = (uint8_t)rd_be(&r, 1);
		struct sv value = rd_sv(&r, (size_t)rd_be(&r, 1));

		json_array_append_new(a, r.err ? json_pack("{s:i,s:s}", "code", code, "bad", r.err)
					       : json_pack("{s:i,s:o,s:o}", "code", code, "hex", json_hex(value), "text",
							   json_text(value)));
		if (r.err)
			break;
	}
	return a;
}

/* RFC 3442: prefix length 1, as many octets of the network as it needs, router 4. */
static json_t *as_routes(struct sv v)
{
	struct rd r = rd_of(v.p, v.n);
	json_t *a = json_array();

	while (rd_left(&r)) {
		unsigned bits = (unsigned)rd_be(&r, 1), octets = (bits + 7) / 8;
		uint32_t net = octets && octets <= 4 ? (uint32_t)rd_be(&r, octets) << (32 - 8 * octets) : 0;
		uint32_t router = (uint32_t)rd_be(&r, 4);

		if (bits > 32 || r.err) {
			json_decref(a);
			return NULL;
		}
		json_array_append_new(a, json_pack("{s:o,s:i,s:o}", "net", json_ip(net), "bits", (int)bits, "router", json_ip(router)));
	}
	return a;
}

/* Whether any piece of class MS-UC-Client is there. */
static bool has_uc(struct sv v)
{
	json_t *subs = sub_options(v), *sub;
	bool has = false;
	size_t i;

	json_array_foreach(subs, i, sub) {
		json_int_t code = json_integer_value(json_object_get(sub, "code"));

		has |= code >= SUB_UC_FIRST && code <= SUB_UC_LAST;
	}
	json_decref(subs);
	return has;
}

static const char *oddities(const enum dt_sign *signs, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < DT_SIGNS_MAX && signs[i] != DT_SIGN_NONE && n + 1 < cap; i++) {
		snprintf(out + n, cap - n, "%s%s", n ? "; " : "", dt_signs[signs[i]].what);
		n += strlen(out + n);
	}
	return out;
}

/* Option 43 as both vendor classes would read it: the message does not always say which was meant. */
static json_t *as_vendor(struct sv v)
{
	static const char *const form[] = {
	    [DHCP_VLAN_U16] = "two octets", [DHCP_VLAN_U8] = "one octet", [DHCP_VLAN_U32] = "four octets",
	    [DHCP_VLAN_TEXT] = "text",	    [DHCP_VLAN_BAD] = "not 1 to 4094"};
	json_t *j = json_pack("{s:o,s:o}", "hex", json_hex(v), "sub", sub_options(v));
	struct dhcp_uc uc;
	uint16_t vlan = 0;
	enum dhcp_vlan_form f = dhcp_vlan_read(v, &vlan);
	enum dt_sign why = dhcp_uc_read(v, &uc);
	char url[800], odd[400];

	if (f == DHCP_VLAN_BAD)
		json_object_set_new(j, DHCP_CLASS_VLAN, json_pack("{s:s}", "bad", form[f]));
	else if (f != DHCP_VLAN_NONE)
		json_object_set_new(j, DHCP_CLASS_VLAN, json_pack("{s:i,s:s}", "vlan", vlan, "form", form[f]));
	if (f != DHCP_VLAN_NONE && f != DHCP_VLAN_BAD && f != DHCP_VLAN_U16)
		json_object_set_new(j, "warn", json_string("the VLAN is not two octets: some phones may not take it"));
	if (why == DT_SIGN_NONE && dhcp_uc_url(&uc, url, sizeof url))
		json_object_set_new(j, DHCP_CLASS_UC,
				    json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "url", url, "scheme", uc.scheme, "host", uc.host,
					      "port", uc.port, "path", uc.path, "warn", oddities(uc.odd, odd, sizeof odd)));
	else if (f == DHCP_VLAN_NONE || has_uc(v))
		json_object_set_new(j, DHCP_CLASS_UC, json_pack("{s:s}", "bad", dt_signs[why].what));
	return j;
}

static json_t *as_search(struct sv v)
{
	struct dhcp_search s;
	const char *why = dhcp_search_read(v, &s);
	json_t *a;

	if (why)
		return json_pack("{s:s,s:o}", "bad", why, "hex", json_hex(v));
	a = json_array();
	for (unsigned i = 0; i < s.n; i++)
		json_array_append_new(a, json_string(s.name[i]));
	return s.more ? json_pack("{s:o,s:i,s:o}", "names", a, "more", (int)s.more, "hex", json_hex(v)) : a;
}

static json_t *as_sip(struct sv v)
{
	struct dhcp_sip s;
	const char *why = dhcp_sip_read(v, &s);
	json_t *a, *o;

	if (why)
		return json_pack("{s:s,s:o}", "bad", why, "hex", json_hex(v));
	a = json_array();
	for (unsigned i = 0; i < s.n; i++)
		json_array_append_new(a, s.encoding ? json_ip(s.address[i]) : json_string(s.name[i]));
	o = json_pack("{s:i,s:o}", "encoding", s.encoding, s.encoding ? "addresses" : "names", a);
	if (s.more) {
		json_object_set_new(o, "more", json_integer(s.more));
		json_object_set_new(o, "hex", json_hex(v));
	}
	return o;
}

static const char *sip_odd(struct sv v)
{
	return v.n && v.p[0] == 1 ? "addresses: TLS needs a name (encoding 0)" : NULL;
}

/* clang-format off */
static const struct {
	uint8_t code;
	const char *name;
	json_t *(*show)(struct sv v);	  /* NULL from it: the length does not fit */
	const char *(*odd)(struct sv v); /* the oddity of a readable value, or NULL */
} options[] = {
	{1,   "subnet mask", as_addresses},
	{2,   "time offset", as_number},
	{3,   "routers", as_addresses},
	{4,   "time servers", as_addresses},
	{5,   "IEN 116 name servers", as_addresses},
	{6,   "DNS servers", as_addresses},
	{7,   "log servers", as_addresses},
	{12,  "host name", dhcp_as_text, text_odd},
	{15,  "domain name", dhcp_as_text, text_odd},
	{26,  "interface MTU", as_number},
	{28,  "broadcast address", as_addresses},
	{33,  "static routes", as_addresses},
	{42,  "NTP servers", as_addresses},
	{OPTION_43, "vendor-specific information", as_vendor},
	{44,  "NetBIOS name servers", as_addresses},
	{46,  "NetBIOS node type", as_number},
	{47,  "NetBIOS scope", dhcp_as_text, text_odd},
	{50,  "requested address", as_addresses},
	{51,  "lease seconds", as_number},
	{52,  "option overload", as_overload},
	{53,  "message type", as_type},
	{54,  "server", as_addresses},
	{55,  "parameter request list", as_codes},
	{56,  "message", dhcp_as_text, text_odd},
	{57,  "largest message", as_number},
	{58,  "renewal seconds", as_number},
	{59,  "rebinding seconds", as_number},
	{60,  "vendor class", dhcp_as_text, class_odd},
	{61,  "client identifier", as_client},
	{66,  "TFTP server", dhcp_as_text, text_odd},
	{67,  "boot file", dhcp_as_text, text_odd},
	{77,  "user class", json_hex},
	{81,  "client FQDN", json_hex},
	{82,  "relay agent information", as_subs},
	{100, "time zone (POSIX)", dhcp_as_text, text_odd},
	{101, "time zone (name)", dhcp_as_text, text_odd},
	{116, "auto-configuration", as_number},
	{119, "domain search", as_search},
	{120, "SIP servers", as_sip, sip_odd},
	{121, "classless static routes", as_routes},
	{124, "vendor-identifying class", json_hex},
	{125, "vendor-identifying information", json_hex},
	{150, "TFTP servers", as_addresses},
	{249, "classless static routes (Microsoft)", as_routes},
	{252, "web proxy auto-discovery", dhcp_as_text, text_odd},
};
/* clang-format on */

static json_t *option_json(unsigned code, struct sv v)
{
	const char *odd;
	json_t *value;

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (options[i].code != code)
			continue;
		value = options[i].show(v);
		if (value == NULL)
			return json_pack("{s:i,s:s,s:s,s:o}", "code", code, "name", options[i].name, "bad",
					 "its length does not fit", "hex", json_hex(v));
		odd = options[i].odd ? options[i].odd(v) : NULL;
		value = json_pack("{s:i,s:s,s:o}", "code", code, "name", options[i].name, "value", value);
		if (odd)
			json_object_set_new(value, "warn", json_string(odd));
		return value;
	}
	return json_pack("{s:i,s:o}", "code", code, "hex", json_hex(v));
}

static json_t *dhcp_message_json(const struct dhcp *d)
{
	json_t *j, *list = json_array();

	for (unsigned code = 0; code < 256; code++)
		if (d->option[code].p)
			json_array_append_new(list, option_json(code, d->option[code]));
	j = json_pack("{s:s,s:s,s:s,s:I,s:i,s:i,s:i,s:o,s:o,s:o,s:o,s:o}", "kind", "dhcp", "op", d->op == 1 ? "request" : "reply",
		      "type", d->type ? dhcp_type_name(d->type) : "BOOTP", "xid", (json_int_t)d->xid, "hops", d->hops, "secs",
		      d->secs, "flags", d->flags, "ciaddr", json_ip(d->ciaddr), "yiaddr", json_ip(d->yiaddr), "siaddr",
		      json_ip(d->siaddr), "giaddr", json_ip(d->giaddr), "chaddr", json_mac(d->chaddr));
	if (d->sname.n)
		json_object_set_new(j, "server_name", json_text(d->sname));
	if (d->file.n)
		json_object_set_new(j, "boot_file", json_text(d->file));
	json_object_set_new(j, "options", list);
	if (d->repeated)
		json_object_set_new(j, "warn", json_sprintf("option %u stands twice: the first one counts", d->repeated));
	return j;
}

/* Behind the headers of a frame or of an IP packet. */
static bool step_in(struct rd *r, struct frame *f)
{
	struct rd ip = *r;

	if (!frame_ethernet(&ip, f) || f->type != ETH_IPV4) {
		ip = *r;
		*f = (struct frame){.ethernet = false};
	}
	if (!frame_udp(&ip, f))
		return false;
	*r = ip;
	return true;
}

json_t *decode_dhcp(const void *p, size_t n, struct why *why)
{
	struct dhcp *d = malloc(sizeof *d);
	struct rd r = rd_of(p, n), within = r;
	struct frame f;
	json_t *j = NULL;

	if (d == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	if (dhcp_read(&r, d)) {
		j = dhcp_message_json(d);
	} else if (!step_in(&within, &f)) {
		refused(&r, why);
	} else if (!dhcp_read(&within, d)) {
		refused(&within, why);
	} else {
		j = dhcp_message_json(d);
		json_object_set_new(j, "frame", frame_json(&f));
	}
	free(d);
	return j;
}
