/* cmd/netconfig/kea.c: kea-dhcp4.conf of Kea 2.2. */
#include "cmd/netconfig/netconfig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static json_t *option(const char *name, const char *data)
{
	return json_pack("{s:s,s:s}", "name", name, "data", data);
}

static json_t *sub_option(const char *space, const char *name, const char *data)
{
	return json_pack("{s:s,s:s,s:s}", "space", space, "name", name, "data", data);
}

/* A vendor class whose option 43 is made of the sub-options of its own space; `data` is taken over. */
static json_t *vendor_class(const char *name, const char *class, json_t *data)
{
	char test[128];

	snprintf(test, sizeof test, "substring(option[60].hex,0,%zu) == '%s'", strlen(class), class);
	json_array_insert_new(data, 0, json_pack("{s:s}", "name", "vendor-encapsulated-options"));
	return json_pack("{s:s,s:s,s:[{s:s,s:i,s:s,s:s}],s:o}", "name", name, "test", test, "option-def", "name",
			 "vendor-encapsulated-options", "code", 43, "type", "empty", "encapsulate", class, "option-data",
			 data);
}

static json_t *classes(const struct netconf *n)
{
	json_t *all = json_array(), *data;
	char number[16];

	if (n->vlan) {
		snprintf(number, sizeof number, "%u", n->vlan);
		data = json_array();
		json_array_append_new(data, sub_option(DHCP_CLASS_VLAN, "vlan-id", number));
		json_array_append_new(all, vendor_class("phone-vlan", DHCP_CLASS_VLAN, data));
	}
	snprintf(number, sizeof number, "%u", n->uc.port);
	data = json_array();
	json_array_append_new(data, sub_option(DHCP_CLASS_UC, "uc-identifier", DHCP_CLASS_UC));
	json_array_append_new(data, sub_option(DHCP_CLASS_UC, "url-scheme", n->uc.scheme));
	json_array_append_new(data, sub_option(DHCP_CLASS_UC, "web-server", n->uc.host));
	json_array_append_new(data, sub_option(DHCP_CLASS_UC, "web-port", number));
	json_array_append_new(data, sub_option(DHCP_CLASS_UC, "cert-prov-path", n->uc.path));
	json_array_append_new(all, vendor_class("uc-client", DHCP_CLASS_UC, data));
	return all;
}

static json_t *definitions(void)
{
	static const char *const uc[] = {"uc-identifier", "url-scheme", "web-server", "web-port", "cert-prov-path"};
	json_t *all = json_array();

	json_array_append_new(all, json_pack("{s:s,s:s,s:i,s:s}", "space", DHCP_CLASS_VLAN, "name", "vlan-id", "code", 10,
					     "type", "uint16"));
	for (int i = 0; i < 5; i++)
		json_array_append_new(all, json_pack("{s:s,s:s,s:i,s:s}", "space", DHCP_CLASS_UC, "name", uc[i], "code",
						     i + 1, "type", "string"));
	json_array_append_new(all, json_pack("{s:s,s:i,s:s,s:s}", "name", "sip-server-list", "code", 120, "type", "record",
					     "record-types", "uint8, fqdn"));
	return all;
}

static void add_addrs(json_t *data, const char *name, const uint32_t *a, size_t n)
{
	struct buf text = {0};

	if (n == 0)
		return;
	netconfig_addrs(&text, a, n, ", ");
	json_array_append_new(data, option(name, buf_cstr(&text)));
	buf_free(&text);
}

static void add_subnet(json_t *subnets, const struct net *s, int id)
{
	char cidr[32], pool[64], router[16];
	json_t *j;

	if (!s->given)
		return;
	snprintf(cidr, sizeof cidr, IP_FMT "/%u", IP_ARG(s->net), s->bits);
	snprintf(pool, sizeof pool, IP_FMT "-" IP_FMT, IP_ARG(s->first), IP_ARG(s->last));
	snprintf(router, sizeof router, IP_FMT, IP_ARG(s->router));
	j = json_pack("{s:i,s:s,s:[{s:s}],s:[o]}", "id", id, "subnet", cidr, "pools", "pool", pool, "option-data",
		      option("routers", router));
	if (*s->interface)
		json_object_set_new(j, "interface", json_string(s->interface));
	json_array_append_new(subnets, j);
}

void netconfig_kea(struct buf *out, const struct netconf *n)
{
	const struct net *const nets[] = {&n->data, &n->voice};
	json_t *interfaces = json_array(), *data = json_array(), *subnets = json_array(), *j;
	char sip[300];
	char *text;

	for (int i = 0; i < 2; i++) {
		if (nets[i]->given && *nets[i]->interface)
			json_array_append_new(interfaces, json_string(nets[i]->interface));
		add_subnet(subnets, nets[i], i + 1);
	}
	if (json_array_size(interfaces) == 0)
		json_array_append_new(interfaces, json_string("*"));
	json_array_append_new(data, option("domain-name", n->site->domain));
	add_addrs(data, "domain-name-servers", n->dns, n->ndns);
	add_addrs(data, "ntp-servers", n->ntp, n->nntp);
	snprintf(sip, sizeof sip, "0, %s", n->sip_server.name[0]);
	json_array_append_new(data, option("sip-server-list", sip));
	j = json_pack("{s:{s:{s:o,s:s},s:i,s:b,s:o,s:o,s:o,s:o,s:[{s:s,s:s,s:[{s:s}]}]}}", "Dhcp4", "interfaces-config",
		      "interfaces", interfaces, "dhcp-socket-type", "raw", "valid-lifetime", (int)n->lease, "authoritative", 1,
		      "option-def", definitions(), "client-classes", classes(n), "option-data", data, "subnet4", subnets,
		      "loggers", "name", "kea-dhcp4", "severity", "INFO", "output_options", "output", "stdout");
	text = j ? json_dumps(j, JSON_INDENT(2)) : NULL;
	if (text == NULL)
		out->oom = true;
	else
		buf_printf(out, "%s\n", text);
	free(text);
	json_decref(j);
}
