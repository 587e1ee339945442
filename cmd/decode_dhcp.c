/* cmd/decode_dhcp.c: a DHCP message, that is the payload of its UDP packet. */
#include "cmd/decode.h"

#include "cmd/decode_parts.h"
#include "wire/dhcp.h"

enum { OPTION_43 = 43, SUB_PAD = 0, SUB_END = 255 };

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

static json_t *as_text(struct sv v)
{
	return json_text(v);
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
	return v.n == 1 ? json_string(dhcp_type_name((uint8_t)v.p[0])) : NULL;
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
	const char *why = dhcp_uc_read(v, &uc);
	char url[800];

	if (f == DHCP_VLAN_BAD)
		json_object_set_new(j, DHCP_CLASS_VLAN, json_pack("{s:s}", "bad", form[f]));
	else if (f != DHCP_VLAN_NONE)
		json_object_set_new(j, DHCP_CLASS_VLAN, json_pack("{s:i,s:s}", "vlan", vlan, "form", form[f]));
	if (f != DHCP_VLAN_NONE && f != DHCP_VLAN_BAD && f != DHCP_VLAN_U16)
		json_object_set_new(j, "warn", json_string("the VLAN is not two octets: some phones may not take it"));
	if (why == NULL && dhcp_uc_url(&uc, url, sizeof url))
		json_object_set_new(j, DHCP_CLASS_UC,
				    json_pack("{s:s,s:s,s:s,s:i,s:s,s:s}", "url", url, "scheme", uc.scheme, "host", uc.host,
					      "port", uc.port, "path", uc.path, "warn", uc.warn));
	else if (f == DHCP_VLAN_NONE)
		json_object_set_new(j, DHCP_CLASS_UC, json_pack("{s:s}", "bad", why));
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
	return a;
}

static json_t *as_sip(struct sv v)
{
	struct dhcp_sip s;
	const char *why = dhcp_sip_read(v, &s);
	json_t *a;

	if (why)
		return json_pack("{s:s,s:o}", "bad", why, "hex", json_hex(v));
	a = json_array();
	for (unsigned i = 0; i < s.n; i++)
		json_array_append_new(a, s.encoding ? json_ip(s.address[i]) : json_string(s.name[i]));
	return json_pack("{s:i,s:o}", "encoding", s.encoding, s.encoding ? "addresses" : "names", a);
}

static const struct {
	uint8_t code;
	const char *name;
	json_t *(*show)(struct sv v); /* NULL from it: the length does not fit */
} options[] = {
    {1, "subnet mask", as_addresses},
    {3, "routers", as_addresses},
    {4, "time servers", as_addresses},
    {6, "DNS servers", as_addresses},
    {12, "host name", as_text},
    {15, "domain name", as_text},
    {28, "broadcast address", as_addresses},
    {42, "NTP servers", as_addresses},
    {OPTION_43, "vendor-specific information", as_vendor},
    {50, "requested address", as_addresses},
    {51, "lease seconds", as_number},
    {53, "message type", as_type},
    {54, "server", as_addresses},
    {55, "parameter request list", as_codes},
    {56, "message", as_text},
    {57, "largest message", as_number},
    {58, "renewal seconds", as_number},
    {59, "rebinding seconds", as_number},
    {60, "vendor class", as_text},
    {61, "client identifier", as_client},
    {119, "domain search", as_search},
    {120, "SIP servers", as_sip},
};

static json_t *option_json(unsigned code, struct sv v)
{
	json_t *value;

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (options[i].code != code)
			continue;
		value = options[i].show(v);
		if (value)
			return json_pack("{s:i,s:s,s:o}", "code", code, "name", options[i].name, "value", value);
		return json_pack("{s:i,s:s,s:s,s:o}", "code", code, "name", options[i].name, "bad",
				 "its length does not fit", "hex", json_hex(v));
	}
	return json_pack("{s:i,s:o}", "code", code, "hex", json_hex(v));
}

json_t *decode_dhcp(const void *p, size_t n, char *why, size_t cap)
{
	struct dhcp *d = malloc(sizeof *d);
	struct rd r = rd_of(p, n);
	json_t *j, *list;

	if (d == NULL) {
		snprintf(why, cap, "out of memory");
		return NULL;
	}
	if (!dhcp_read(&r, d)) {
		free(d);
		return refused(&r, why, cap);
	}
	list = json_array();
	for (unsigned code = 0; code < 256; code++)
		if (d->option[code].p)
			json_array_append_new(list, option_json(code, d->option[code]));
	j = json_pack("{s:s,s:s,s:s,s:I,s:i,s:i,s:o,s:o,s:o,s:o,s:o,s:o}", "kind", "dhcp", "op",
		      d->op == 1 ? "request" : "reply", "type", d->type ? dhcp_type_name(d->type) : "BOOTP", "xid",
		      (json_int_t)d->xid, "secs", d->secs, "flags", d->flags, "ciaddr", json_ip(d->ciaddr), "yiaddr",
		      json_ip(d->yiaddr), "siaddr", json_ip(d->siaddr), "giaddr", json_ip(d->giaddr), "chaddr",
		      json_mac(d->chaddr), "options", list);
	free(d);
	return j;
}
