#include "cmd/decode/xml.h"

#include "base/buf.h"

struct walk {
	json_t *all;
	struct buf path; /* names with slashes between, down to where it is */
	bool (*shown)(const char *name);
};

static void leaf(struct walk *w, const char *name, struct sv value)
{
	if (w->shown(name) && sv_trim(value).n)
		json_array_append_new(w->all,
				      json_pack("{s:s,s:o}", "name", buf_cstr(&w->path), "value", json_text(sv_trim(value))));
}

/* Puts a name behind the path; returns the old length, to be put back into path.n. */
static size_t deeper(struct walk *w, const char *separator, const void *name)
{
	size_t was = w->path.n;

	buf_str(&w->path, separator);
	buf_str(&w->path, name);
	return was;
}

static void attributes(struct walk *w, xmlNodePtr node)
{
	for (xmlAttrPtr a = node->properties; a; a = a->next) {
		xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);
		size_t was = deeper(w, "@", a->name);

		leaf(w, (const char *)a->name, sv_of((const char *)value));
		w->path.n = was;
		xmlFree(value);
	}
}

static void walk(struct walk *w, xmlNodePtr node)
{
	struct buf text = {0};

	attributes(w, node);
	for (xmlNodePtr c = node->children; c; c = c->next) {
		if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE) {
			buf_str(&text, (const char *)c->content);
		} else if (c->type == XML_ELEMENT_NODE) {
			size_t was = deeper(w, w->path.n ? "/" : "", c->name);

			walk(w, c);
			w->path.n = was;
		}
	}
	leaf(w, (const char *)node->name, buf_view(&text));
	buf_free(&text);
}

void decode_leaves(json_t *o, const char *key, xmlNodePtr root, bool (*shown)(const char *name))
{
	struct walk w = {json_array(), {0}, shown};

	walk(&w, root);
	if (json_array_size(w.all))
		json_object_set(o, key, w.all);
	json_decref(w.all);
	buf_free(&w.path);
}
