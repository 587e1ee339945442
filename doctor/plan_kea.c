/* doctor/plan_kea.c finds options 43 and 120 in Kea's configuration: "option-data" wherever it stands, by the names of "option-def". */
#include <jansson.h>
#include <string.h>

#include "doctor/plan_forms.h"
#include "wire/dhcp.h"

enum { DEEP = 12 };

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* The code of the option: its own, or that of the definition of its name in its space; 0: unknown. */
static unsigned code_of(const json_t *data, const json_t *defs)
{
	json_int_t own = json_integer_value(json_object_get(data, "code"));
	const json_t *def;
	size_t i;

	json_array_foreach(defs, i, def) {
		const char *space = text_of(def, "space");

		if (own == 0 && strcmp(text_of(def, "name"), text_of(data, "name")) == 0 && strcmp(space, text_of(data, "space")) == 0)
			own = json_integer_value(json_object_get(def, "code"));
	}
	return own > 0 && own < 255 ? (unsigned)own : 0;
}

static void data_read(struct plan_options *o, const json_t *data, const json_t *defs)
{
	bool ours = strcmp(text_of(data, "space"), DHCP_CLASS_UC) == 0, octets = json_is_false(json_object_get(data, "csv-format"));
	struct sv value = sv_of(text_of(data, "data"));
	unsigned code = code_of(data, defs);
	struct buf *to = ours ? &o->sub[code] : code == 120 ? &o->option120 : code == 43 ? &o->option43 : NULL;

	if (to == NULL || code == 0 || value.n == 0)
		return;
	o->has_sub |= ours;
	buf_clear(to);
	if (octets) {
		plan_hex_add(to, value);
	} else if (!ours && code == 120) {
		sv_cut(&value, ','); /* the encoding */
		plan_sip_name(to, sv_trim(value));
	} else {
		buf_add(to, value.p, value.n);
	}
}

static void walk(struct plan_options *o, const json_t *j, const json_t *defs, unsigned deep)
{
	const json_t *data = json_object_get(j, "option-data"), *child;
	const char *key;
	size_t i;

	if (deep == DEEP)
		return;
	json_array_foreach(data, i, child)
		data_read(o, child, defs);
	if (json_is_array(j)) {
		json_array_foreach(j, i, child)
			walk(o, child, defs, deep + 1);
		return;
	}
	json_object_foreach((json_t *)j, key, child)
		walk(o, child, defs, deep + 1);
}

bool plan_kea_read(struct plan_options *o, struct sv text)
{
	struct buf plain = {0};
	const json_t *server;
	json_t *root;

	while (text.p) { /* comments take whole lines, in what netconfig prints and in Kea's own examples */
		struct sv line = sv_cut(&text, '\n'), inner = sv_trim(line);

		if (!sv_starts(inner, SV("//")) && !sv_starts(inner, SV("#")))
			buf_add(&plain, line.p, line.n);
	}
	root = json_loadb((const char *)plain.p, plain.n, 0, NULL);
	server = json_object_get(root, "Dhcp4");
	if (server)
		walk(o, server, json_object_get(server, "option-def"), 0);
	json_decref(root);
	buf_free(&plain);
	return server != NULL;
}
