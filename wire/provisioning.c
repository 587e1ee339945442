#include "wire/provisioning.h"

#include <stdio.h>
#include <string.h>

#include "wire/xml.h"

/* "Note the two different root names": the question's is provisioningGroupList, the answer's provisionGroupList. */
#define NS_ASK "http://schemas.microsoft.com/2006/09/sip/provisioninggrouplist"
#define NS_ANSWER "http://schemas.microsoft.com/2006/09/sip/provisiongrouplist-notification"

/* ---- the question ----------------------------------------------------------------------------------------- */

const char *provisioning_ask_read(const void *p, size_t n, struct provisioning_ask *ret)
{
	struct provisioning_ask a = {0};
	const char *why = NULL;
	xmlDocPtr doc = xml_read(p, n, &why);
	xmlNodePtr root;

	if (doc == NULL)
		return why;
	root = xmlDocGetRootElement(doc);
	if (!xml_is(root, "provisioningGroupList"))
		why = "it is no provisioningGroupList";
	for (xmlNodePtr g = root->children; g && why == NULL; g = g->next) {
		if (!xml_is(g, "provisioningGroup"))
			continue;
		if (a.ngroup == sizeof a.group / sizeof *a.group)
			why = "it names too many groups";
		else if (!xml_iattr(g, "name", a.group[a.ngroup++], sizeof *a.group))
			why = "a group has no name, or a long one";
	}
	if (why == NULL)
		*ret = a;
	xmlFreeDoc(doc);
	return why;
}

void provisioning_ask_write(struct buf *b, const struct provisioning_ask *a)
{
	buf_str(b, "<provisioningGroupList xmlns=\"" NS_ASK "\">");
	for (unsigned i = 0; i < a->ngroup; i++) {
		buf_str(b, "<provisioningGroup name=\"");
		xml_esc(b, sv_of(a->group[i]));
		buf_str(b, "\"/>");
	}
	buf_str(b, "</provisioningGroupList>");
}

/* ---- the answer ------------------------------------------------------------------------------------------- */

enum kind { TEXT, FLAG, NUMBER };

/* Children of ServerConfiguration, [MS-SIPREGE] 2.2.2.5.1, in its order. */
/* clang-format off */
static const struct item {
	const char *name;
	enum kind kind;
	size_t at, cap;
} items[] = {
#define ITEM(name, kind, member) {name, kind, offsetof(struct provisioning, member), sizeof(((struct provisioning *)0)->member)}
	ITEM("updatesServerInternalUrl", TEXT,   updates_internal),
	ITEM("updatesServerExternalUrl", TEXT,   updates_external),
	ITEM("updatesServerEnabled",     FLAG,   updates_enabled),
	ITEM("organization",             TEXT,   organization),
	ITEM("ucDiffServVoice",          NUMBER, diffserv_voice),
	ITEM("ucVoice802_1p",            NUMBER, voice_8021p),
	ITEM("ucEnforcePinLock",         FLAG,   enforce_pin_lock),
	ITEM("ucMinPinLength",           NUMBER, min_pin_length),
	ITEM("ucPhoneTimeOut",           NUMBER, phone_timeout_min),
	ITEM("ucExchangeMWIPoll",        NUMBER, exchange_mwi_poll),
	ITEM("ucEnableSIPSecurityMode",  TEXT,   sip_security),
	ITEM("loggingLevel",             TEXT,   logging_level),
	ITEM("poolUri",                  TEXT,   pool_uri),
	ITEM("ucLocationProfile",        TEXT,   location_profile),
};
/* clang-format on */
#define ITEMS (sizeof items / sizeof *items)

static const char *read_item(xmlNodePtr node, const struct item *it, struct provisioning *v)
{
	char text[512];
	uint64_t n;
	void *to = (char *)v + it->at;

	if (!xml_text(node, text, sizeof text))
		return "a value is too long or no text";
	switch (it->kind) {
	case TEXT:
		if (!sv_copy(to, it->cap, sv_of(text)))
			return "a value is too long";
		break;
	case FLAG:
		if (!sv_ieq(sv_of(text), SV("true")) && !sv_ieq(sv_of(text), SV("false")) && strcmp(text, "1") != 0 &&
		    strcmp(text, "0") != 0)
			return "a switch is neither true nor false";
		*(bool *)to = sv_ieq(sv_of(text), SV("true")) || strcmp(text, "1") == 0;
		break;
	case NUMBER:
		if (!sv_u64(sv_of(text), UINT32_MAX, &n))
			return "a number is none";
		*(unsigned *)to = (unsigned)n;
		break;
	}
	return NULL;
}

/* An empty element leaves the default in place. */
static const char *read_configuration(xmlNodePtr group, struct provisioning *v)
{
	const char *why = NULL;
	char text[512];

	for (xmlNodePtr c = group->children; c && why == NULL; c = c->next) {
		for (size_t i = 0; i < ITEMS && why == NULL; i++)
			if (xml_is(c, items[i].name) && !(xml_text(c, text, sizeof text) && text[0] == '\0'))
				why = read_item(c, &items[i], v);
		v->has_updates |= xml_is(c, "updatesServerEnabled");
		if (xml_is(c, "updatesServerInternalUrl") || xml_is(c, "updatesServerExternalUrl"))
			v->has_updates = true;
	}
	return why;
}

/* ---- endpointConfiguration, [MS-SIPREGE] 2.2.2.5.6: properties by their name ----------------------------------- */

/* UNKNOWN: how the product writes a length of time.  The cmdlet has "00:05:00"; so we write it, and read that, seconds, or an
 * xs:duration of hours, minutes and seconds. */
static bool read_clock(struct sv s, unsigned *ret)
{
	uint64_t total = 0, n;

	for (int i = 0; i < 3; i++) {
		if (!sv_u64(sv_cut(&s, ':'), 86400, &n))
			return false;
		total = total * 60 + n;
	}
	*ret = (unsigned)total;
	return s.p == NULL;
}

static bool read_duration(struct sv s, unsigned *ret)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = {{'H', 3600}, {'M', 60}, {'S', 1}};
	uint64_t total = 0, n;

	for (size_t i = 0; i < 3 && s.n; i++) {
		ptrdiff_t at = sv_find(s, units[i].unit);

		if (at < 0)
			continue;
		if (!sv_u64((struct sv){s.p, (size_t)at}, 86400, &n))
			return false;
		total += n * units[i].seconds;
		s = sv_from(s, (size_t)at + 1);
	}
	*ret = (unsigned)total;
	return s.n == 0;
}

static bool read_timespan(struct sv s, unsigned *ret)
{
	unsigned v = 0;
	uint64_t n;
	bool ok = sv_istarts(s, SV("PT")) ? read_duration(sv_from(s, 2), &v) : sv_find(s, ':') >= 0 ? read_clock(s, &v) : false;

	if (!ok && (ok = sv_u64(s, 86400, &n)))
		v = (unsigned)n;
	if (ok && v <= 86400)
		*ret = v < 30 ? 30 : v; /* "the minimum is 30 seconds" */
	return ok;
}

static void read_property(xmlNodePtr node, struct provisioning *v)
{
	char name[64], text[64];

	if (!xml_is(node, "property") || !xml_iattr(node, "name", name, sizeof name) || !xml_text(node, text, sizeof text))
		return;
	if (sv_ieq(sv_of(name), SV("EnableHotdesking")))
		v->hotdesking = sv_ieq(sv_trim(sv_of(text)), SV("true")) || strcmp(text, "1") == 0;
	else if (sv_ieq(sv_of(name), SV("HotdeskingTimeout")))
		read_timespan(sv_trim(sv_of(text)), &v->hotdesking_s); /* one that cannot be read leaves the default */
}

static void read_endpoint(xmlNodePtr group, struct provisioning *v)
{
	for (xmlNodePtr list = group->children; list; list = list->next)
		for (xmlNodePtr p = xml_is(list, "propertyEntryList") ? list->children : NULL; p; p = p->next)
			read_property(p, v);
}

static void write_endpoint(struct buf *b, const struct provisioning *v)
{
	buf_printf(b, "<propertyEntryList><property name=\"EnableHotdesking\">%s</property>", v->hotdesking ? "true" : "false");
	buf_printf(b, "<property name=\"HotdeskingTimeout\">%02u:%02u:%02u</property></propertyEntryList>", v->hotdesking_s / 3600,
		   v->hotdesking_s / 60 % 60, v->hotdesking_s % 60);
}

/* ---- the whole answer ----------------------------------------------------------------------------------------- */

const char *provisioning_read(const void *p, size_t n, struct provisioning *ret)
{
	struct provisioning v = PROVISIONING_DEFAULT;
	const char *why = NULL;
	xmlDocPtr doc = xml_read(p, n, &why);
	xmlNodePtr root;

	if (doc == NULL)
		return why;
	root = xmlDocGetRootElement(doc);
	if (!xml_is(root, "provisionGroupList"))
		why = "it is no provisionGroupList";
	for (xmlNodePtr g = root->children; g && why == NULL; g = g->next) {
		char name[64];

		if (xml_is(g, "provisionGroup") && xml_iattr(g, "name", name, sizeof name) &&
		    sv_ieq(sv_of(name), SV("ServerConfiguration")))
			why = read_configuration(g, &v);
		else if (xml_is(g, "provisionGroup") && xml_iattr(g, "name", name, sizeof name) &&
			 sv_ieq(sv_of(name), SV("endpointConfiguration")))
			read_endpoint(g, &v);
	}
	if (why == NULL)
		*ret = v;
	xmlFreeDoc(doc);
	return why;
}

static void write_configuration(struct buf *b, const struct provisioning *v)
{
	for (size_t i = 0; i < ITEMS; i++) {
		const struct item *it = &items[i];
		const void *from = (const char *)v + it->at;

		if (!v->has_updates && strncmp(it->name, "updates", 7) == 0)
			continue;
		if (it->kind == TEXT && ((const char *)from)[0] == '\0')
			continue;
		buf_printf(b, "<%s>", it->name);
		if (it->kind == TEXT)
			xml_esc(b, sv_of(from));
		else if (it->kind == FLAG)
			buf_str(b, *(const bool *)from ? "true" : "false");
		else
			buf_printf(b, "%u", *(const unsigned *)from);
		buf_printf(b, "</%s>", it->name);
	}
}

/* "ServerConfiguration children are plain elements; the other groups use propertyEntryList/property name=." */
void provisioning_write(struct buf *b, const struct provisioning *v, const struct provisioning_ask *asked)
{
	buf_str(b, "<provisionGroupList xmlns=\"" NS_ANSWER "\">");
	for (unsigned i = 0; i < asked->ngroup; i++) {
		buf_str(b, "<provisionGroup name=\"");
		xml_esc(b, sv_of(asked->group[i]));
		buf_str(b, "\">");
		if (sv_ieq(sv_of(asked->group[i]), SV("ServerConfiguration")))
			write_configuration(b, v);
		else if (sv_ieq(sv_of(asked->group[i]), SV("endpointConfiguration")))
			write_endpoint(b, v);
		else
			buf_str(b, "<propertyEntryList/>");
		buf_str(b, "</provisionGroup>");
	}
	buf_str(b, "</provisionGroupList>");
}
