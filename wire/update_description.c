/* wire/update_description.c: updateInfo.xml of a firmware package: "Updates.Updates.Update.version" is known of it [update-service 3.5],
 * the rest is not.  So every element and attribute is looked at, by the names that the question has.
 */
#include <string.h>

#include "wire/update.h"
#include "wire/xml.h"

/* clang-format off */
static const struct {
	size_t at, cap;
	const char *alias[3];
} described[] = {
#define FIELD(name, ...) {offsetof(struct update_image, name), sizeof((struct update_image *)0)->name, {__VA_ARGS__}}
	FIELD(device_type, "DeviceType"),
	FIELD(vendor,      "Vendor", "Brand"),
	FIELD(model,       "Model", "DeviceModel"),
	FIELD(revision,    "Revision", "Rev", "HardwareRevision"),
	FIELD(locale,      "Locale", "Lcid", "Language"),
	FIELD(version,     "Version", "Ver"),
	FIELD(time,        "TimeStamp", "Time"),
#undef FIELD
};
/* clang-format on */

/* The first value of a name counts; one that does not fit, or has control characters, is passed over. */
static void described_take(struct update_image *im, const char *name, const char *value)
{
	struct sv v = sv_trim(sv_of(value));

	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 127)
			return;
	for (size_t i = 0; i < sizeof described / sizeof *described; i++)
		for (size_t k = 0; k < 3 && described[i].alias[k]; k++) {
			char *to = (char *)im + described[i].at;

			if (sv_ieq(sv_of(name), sv_of(described[i].alias[k])) && to[0] == '\0' && v.n)
				sv_copy(to, described[i].cap, v);
		}
}

static void described_walk(xmlNodePtr in, struct update_image *im)
{
	char value[64];

	for (xmlAttrPtr a = in->properties; a; a = a->next)
		if (xml_iattr(in, (const char *)a->name, value, sizeof value))
			described_take(im, (const char *)a->name, value);
	for (xmlNodePtr c = in->children; c; c = c->next) {
		if (c->type != XML_ELEMENT_NODE)
			continue;
		if (xml_text(c, value, sizeof value))
			described_take(im, (const char *)c->name, value);
		described_walk(c, im);
	}
}

const char *update_description_read(const void *p, size_t n, struct update_image *ret)
{
	struct update_image im = {.head_n = 0};
	const char *why = NULL;
	xmlDocPtr doc = xml_read(p, n, &why);

	if (doc == NULL)
		return why;
	described_walk(xmlDocGetRootElement(doc), &im);
	xmlFreeDoc(doc);
	*ret = im;
	return NULL;
}
