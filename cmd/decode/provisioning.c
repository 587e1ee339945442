/* cmd/decode/provisioning.c: what a phone asks for in-band, and what it is told. */
#include "cmd/decode/decode.h"

#include "cmd/decode/xml.h"
#include "wire/provisioning.h"

static json_t *asked(const struct provisioning_ask *a)
{
	json_t *groups = json_array();

	for (unsigned i = 0; i < a->ngroup; i++)
		json_array_append_new(groups, json_text(sv_of(a->group[i])));
	return json_pack("{s:s, s:o}", "message", "provisioning question", "groups", groups);
}

static json_t *answered(const struct provisioning *v)
{
	json_t *o = json_pack("{s:s, s:b, s:i, s:i, s:i, s:i, s:i}", "message", "provisioning answer", "enforce_pin_lock",
			      v->enforce_pin_lock, "min_pin_length", (int)v->min_pin_length, "phone_timeout_min",
			      (int)v->phone_timeout_min, "exchange_mwi_poll", (int)v->exchange_mwi_poll, "diffserv_voice",
			      (int)v->diffserv_voice, "voice_8021p", (int)v->voice_8021p);

	if (v->has_updates)
		json_object_set_new(o, "updates_enabled", json_boolean(v->updates_enabled));
	json_object_set_new(o, "hotdesking", json_boolean(v->hotdesking));
	json_object_set_new(o, "hotdesking_seconds", json_integer(v->hotdesking_s));
	json_put(o, "updates_internal", v->updates_internal);
	json_put(o, "updates_external", v->updates_external);
	json_put(o, "organization", v->organization);
	json_put(o, "sip_security", v->sip_security);
	json_put(o, "logging_level", v->logging_level);
	json_put(o, "pool_uri", v->pool_uri);
	json_put(o, "location_profile", v->location_profile);
	return o;
}

static bool is_any(const char *name)
{
	(void)name;
	return true;
}

/* Everything as it stands, group by group: most of it is not for phones. */
static json_t *groups(xmlNodePtr root)
{
	json_t *all = json_array();
	char name[128];

	for (xmlNodePtr g = root->children; g; g = g->next) {
		json_t *o;

		if (g->type != XML_ELEMENT_NODE)
			continue;
		o = json_object();
		if (xml_iattr(g, "name", name, sizeof name))
			json_put(o, "name", name);
		decode_leaves(o, "values", g, is_any);
		json_array_append_new(all, o);
	}
	return all;
}

json_t *decode_provisioning(const void *p, size_t n, struct why *why)
{
	struct provisioning_ask a;
	struct provisioning v;
	xmlDocPtr doc = decode_doc(p, n, why);
	const char *name, *no;
	bool question;
	json_t *o;

	if (doc == NULL)
		return NULL;
	name = (const char *)xmlDocGetRootElement(doc)->name;
	question = sv_ieq(sv_of(name), SV("provisioningGroupList"));
	no = question ? provisioning_ask_read(p, n, &a) : provisioning_read(p, n, &v);
	if (no)
		o = decode_refused(p, n, name, no, why);
	else
		o = question ? asked(&a) : answered(&v);
	if (o && !question)
		json_object_set_new(o, "groups", groups(xmlDocGetRootElement(doc)));
	xmlFreeDoc(doc);
	return o;
}
