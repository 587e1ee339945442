/* cmd/decode/update.c: an update question, an update answer, or the head of an image. */
#include "cmd/decode/decode.h"

#include "cmd/decode/xml.h"
#include "wire/update.h"

static json_t *update_modules(const struct update_module *m, unsigned n)
{
	json_t *a = json_array();

	for (; n; n--, m++) {
		json_t *o = json_object();

		json_put(o, "file", m->file);
		json_put(o, "signature", m->signature);
		json_put(o, "version", m->version);
		json_put(o, "time", m->time);
		json_put(o, "sha256", m->sha256);
		if (m->size)
			json_object_set_new(o, "size", json_integer((json_int_t)m->size));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *question(const struct update_question *q)
{
	json_t *o = json_pack("{s:s}", "message", "update question");

	json_put(o, "device_type", q->device_type);
	json_put(o, "mac", q->mac);
	json_put(o, "serial", q->serial);
	json_put(o, "vendor", q->vendor);
	json_put(o, "model", q->model);
	json_put(o, "revision", q->revision);
	json_put(o, "locale", q->locale);
	json_put(o, "user", q->user);
	json_object_set_new(o, "modules", update_modules(q->module, q->nmodule));
	return o;
}

static json_t *image(const struct update_image *im)
{
	json_t *o = json_pack("{s:s}", "message", "image");

	json_put(o, "device_type", im->device_type);
	json_put(o, "vendor", im->vendor);
	json_put(o, "model", im->model);
	json_put(o, "revision", im->revision);
	json_put(o, "locale", im->locale);
	json_put(o, "version", im->version);
	json_put(o, "time", im->time);
	json_put(o, "not_below", im->not_below);
	json_object_set_new(o, "payload_at", json_integer((json_int_t)im->head_n));
	return o;
}

static bool is_other(const char *name)
{
	return !update_knows(name);
}

json_t *decode_update(const void *p, size_t n, struct why *why)
{
	struct update_question q;
	struct update_answer a;
	struct update_image im;
	const char *no = NULL, *name;
	struct sv xml;
	xmlDocPtr doc;
	bool answer;
	json_t *o;

	if (sv_starts((struct sv){p, n}, SV("dialtone-image"))) {
		no = update_image_read(p, n, &im);
		if (no == NULL)
			return image(&im);
		why_set(why, "octet 0: %s", no);
		return NULL;
	}
	xml = update_xml(p, n, NULL, &no);
	doc = no ? NULL : decode_doc_at(p, xml, why);
	if (no)
		why_set(why, "octet 0: %s", no);
	if (doc == NULL)
		return NULL;
	name = (const char *)xmlDocGetRootElement(doc)->name;
	answer = sv_iends(sv_of(name), SV("Response"));
	no = answer ? update_answer_read(p, n, &a) : update_question_read(p, n, NULL, &q);
	if (no)
		o = decode_refused(p, n, name, no, why);
	else if (!answer)
		o = question(&q);
	else
		o = json_pack("{s:s, s:o, s:o}", "message", "update answer", "store", json_text(sv_of(a.store)), "modules",
			      update_modules(a.module, a.nmodule));
	if (o)
		decode_leaves(o, "other", xmlDocGetRootElement(doc), is_other);
	xmlFreeDoc(doc);
	return o;
}
