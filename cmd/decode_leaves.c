#include "cmd/decode_xml.h"

#include "base/buf.h"

struct walk {
	json_t *all;
	bool (*shown)(const char *name);
};

static void leaf(struct walk *w, const char *path, const char *name, struct sv value)
{
	if (w->shown(name) && sv_trim(value).n)
		json_array_append_new(w->all, json_pack("{s:s,s:o}", "name", path, "value", json_text(sv_trim(value))));
}

static void attributes(struct walk *w, xmlNodePtr node, const char *path)
{
	for (xmlAttrPtr a = node->properties; a; a = a->next) {
		xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);
		char at[1024];

		snprintf(at, sizeof at, "%s@%s", path, (const char *)a->name);
		leaf(w, at, (const char *)a->name, sv_of((const char *)value));
		xmlFree(value);
	}
}

static void walk(struct walk *w, xmlNodePtr node, const char *path)
{
	struct buf text = {0};

	attributes(w, node, path);
	for (xmlNodePtr c = node->children; c; c = c->next) {
		char below[1024];

		if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) {
			buf_str(&text, (const char *)c->content);
		} else if (c->type == XML_ELEMENT_NODE) {
			snprintf(below, sizeof below, "%s%s%s", path, path[0] ? "/" : "", (const char *)c->name);
			walk(w, c, below);
		}
	}
	leaf(w, path, (const char *)node->name, buf_view(&text));
	buf_free(&text);
}

void decode_leaves(json_t *o, const char *key, xmlNodePtr root, bool (*shown)(const char *name))
{
	struct walk w = {json_array(), shown};

	walk(&w, root, "");
	if (json_array_size(w.all))
		json_object_set(o, key, w.all);
	json_decref(w.all);
}
