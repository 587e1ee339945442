#include "wire/update.h"

#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "wire/xml.h"

/* ---- fields: element or attribute, by local name, either case, with aliases [update-service 4.3] --- */

struct field {
	size_t at, cap;	      /* where it goes in the struct */
	const char *alias[4]; /* NULL ends it; the first is the one we write */
};
#define FIELD(type, member, ...) \
	{offsetof(struct type, member), sizeof(((struct type *)0)->member), {__VA_ARGS__}}

/* clang-format off */
static const struct field of_question[] = {
	FIELD(update_question, device_type, "DeviceType"),
	FIELD(update_question, mac,         "MacAddress", "Mac"),
	FIELD(update_question, serial,      "SerialNumber", "Serial"),
	FIELD(update_question, vendor,      "Vendor", "Brand"),
	FIELD(update_question, model,       "Model", "DeviceModel"),
	FIELD(update_question, revision,    "Revision", "Rev", "HardwareRevision"),
	FIELD(update_question, locale,      "Locale", "Lcid", "Language"),
	FIELD(update_question, user,        "UserId", "UserName"),
};
static const struct field of_answer[] = {
	FIELD(update_answer, store, "StoreUri"),
	FIELD(update_answer, uninstall, "Uninstall"),
};
static const struct field of_module[] = {
	FIELD(update_module, file,      "FileName", "Name"),
	FIELD(update_module, signature, "SignatureFileName", "SignatureFile"),
	FIELD(update_module, version,   "Version", "Ver"),
	FIELD(update_module, time,      "TimeStamp", "Time"),
	FIELD(update_module, sha256,    "Sha256"),
};
/* clang-format on */
#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool has_attribute(xmlNodePtr node, const char *name)
{
	for (xmlAttrPtr a = node->properties; a; a = a->next)
		if (sv_ieq(sv_of((const char *)a->name), sv_of(name)))
			return true;
	return false;
}

enum found { ABSENT, READ, BAD };

/* Depth first below `in`, modules left out: they have fields of the same names. */
static enum found look(xmlNodePtr in, const char *name, char *out, size_t cap)
{
	if (has_attribute(in, name)) {
		struct sv trimmed;

		if (!xml_iattr(in, name, out, cap))
			return BAD;
		trimmed = sv_trim(sv_of(out));
		memmove(out, trimmed.p, trimmed.n);
		out[trimmed.n] = '\0';
		return READ;
	}
	for (xmlNodePtr c = in->children; c; c = c->next) {
		enum found f = ABSENT;

		if (c->type != XML_ELEMENT_NODE || xml_is(c, "Module"))
			continue;
		if (xml_is(c, name))
			f = xml_text(c, out, cap) ? READ : BAD;
		else
			f = look(c, name, out, cap);
		if (f != ABSENT)
			return f;
	}
	return ABSENT;
}

/* They would break a line of a log, a list or a note, or speak to a terminal: C0, DEL and, in UTF-8, C1.  Each octet of one
 * becomes a blank, and goes where it stood at an end. */
static bool has_controls(char *const text)
{
	bool found = false;
	struct sv left;

	for (char *s = text; *s; s++) {
		bool c1 = (uint8_t)*s == 0xc2 && (uint8_t)s[1] >= 0x80 && (uint8_t)s[1] < 0xa0;

		if (!c1 && (uint8_t)*s >= 0x20 && *s != 0x7f)
			continue;
		found = true;
		*s = ' ';
		if (c1)
			*++s = ' ';
	}
	left = sv_trim(sv_of(text));
	memmove(text, left.p, left.n);
	text[left.n] = '\0';
	return found;
}

/* strict: a field with control characters is refused.  Answers are read so: they decide what a phone does.  A question is
 * answered whatever it holds. */
static bool fields(xmlNodePtr in, const struct field *f, size_t n, bool strict, void *ret)
{
	for (; n; n--, f++)
		for (size_t i = 0; i < COUNT(f->alias) && f->alias[i]; i++) {
			enum found r = look(in, f->alias[i], (char *)ret + f->at, f->cap);

			if (r == BAD || (r == READ && has_controls((char *)ret + f->at) && strict))
				return false;
			if (r == READ)
				break;
		}
	return true;
}

static const char *module(xmlNodePtr node, bool strict, struct update_module *m)
{
	char size[24] = "";
	uint8_t sha[32];

	if (!fields(node, of_module, COUNT(of_module), strict, m))
		return "a module's field is too long, or has control characters";
	if (look(node, "Size", size, sizeof size) == BAD || (size[0] && !sv_u64(sv_of(size), INT64_MAX, &m->size)))
		return "a module's Size is not a number";
	if (m->sha256[0] && !hex_read(sv_of(m->sha256), sha, sizeof sha))
		return "a module's Sha256 is not 64 hexadecimal digits";
	return NULL;
}

static const char *update_modules(xmlNodePtr in, bool strict, struct update_module *m, unsigned *n)
{
	for (xmlNodePtr c = in->children; c; c = c->next) {
		const char *why;

		if (c->type != XML_ELEMENT_NODE)
			continue;
		if (!xml_is(c, "Module")) {
			why = update_modules(c, strict, m, n);
		} else if (*n == UPDATE_MODULES) {
			why = "it lists too many modules";
		} else {
			why = module(c, strict, &m[*n]);
			++*n;
		}
		if (why)
			return why;
	}
	return NULL;
}

const struct update_module *update_image_of(const struct update_module *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (sv_iends(sv_of(m[i].file), SV(".nbt")))
			return &m[i];
	return n ? m : NULL;
}

/* ---- the question ----------------------------------------------------------------------------------------- */

/* The boundary of a form (RFC 7578), as its type names it; a form whose type is not known begins with it. */
static struct sv boundary_of(struct sv type, struct sv body)
{
	struct sv params = type;

	if (type.p == NULL && sv_starts(body, SV("--")))
		return sv_trim(sv_from(sv_cut(&body, '\n'), 2));
	sv_cut(&params, ';');
	while (params.p) {
		struct sv value = sv_trim(sv_cut(&params, ';')), name = sv_trim(sv_cut(&value, '='));

		value = sv_trim(value);
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = (struct sv){value.p + 1, value.n - 2};
		if (sv_ieq(name, SV("boundary")))
			return value;
	}
	return (struct sv){NULL, 0};
}

/* The part of a form that looks like XML. */
static bool xml_part(struct sv body, struct sv boundary, struct sv *ret)
{
	char text[80];
	size_t n = boundary.n + 2;

	if (boundary.n == 0 || boundary.n > 70)
		return false;
	snprintf(text, sizeof text, "--" SV_FMT, SV_ARG(boundary));
	for (struct sv rest = body; rest.n;) {
		const char *at = memmem(rest.p, rest.n, text, n), *end, *head;

		if (at == NULL)
			return false;
		rest = sv_from(rest, (size_t)(at - rest.p) + n);
		end = memmem(rest.p, rest.n, text, n);
		head = memmem(rest.p, rest.n, "\r\n\r\n", 4);
		if (end == NULL || head == NULL || head > end)
			return false;
		*ret = (struct sv){head + 4, (size_t)(end > head + 4 ? end - head - 4 : 0)};
		if (ret->n > 2 && memcmp(ret->p + ret->n - 2, "\r\n", 2) == 0)
			ret->n -= 2;
		if (ret->n && (ret->p[0] == '<' || (uint8_t)ret->p[0] >= 0xef)) /* or a byte order mark */
			return true;
	}
	return false;
}

/* What .NET writes when a text in memory is sent as UTF-8: a declaration that still calls it UTF-16.  It is left away. */
static struct sv without_false_declaration(struct sv xml)
{
	struct sv s = sv_starts(xml, SV("\xef\xbb\xbf")) ? sv_from(xml, 3) : xml, said;
	const char *end = sv_starts(s, SV("<?xml")) ? memmem(s.p, s.n < 200 ? s.n : 200, "?>", 2) : NULL;

	if (end == NULL)
		return xml;
	said = (struct sv){s.p, (size_t)(end - s.p)};
	for (size_t i = 0; i < said.n; i++)
		if (sv_istarts(sv_from(said, i), SV("utf-16")))
			return sv_from(s, said.n + 2);
	return xml;
}

struct sv update_xml(const void *p, size_t n, const char *content_type, const char **why)
{
	struct sv body = {p, n}, type = sv_of(content_type);

	if (content_type == NULL || sv_istarts(type, SV("multipart/form-data"))) {
		struct sv boundary = boundary_of(type, body);

		if ((content_type || boundary.n) && !xml_part(body, boundary, &body)) {
			*why = "no part of the form is XML";
			return (struct sv){NULL, 0};
		}
	}
	while (body.n && (body.p[0] == ' ' || body.p[0] == '\t' || body.p[0] == '\r' || body.p[0] == '\n'))
		body = sv_from(body, 1); /* XML has its declaration first; senders have an empty line */
	return without_false_declaration(body);
}

bool update_knows(const char *name)
{
	static const struct {
		const struct field *field;
		size_t n;
	} all[] = {{of_question, COUNT(of_question)}, {of_answer, COUNT(of_answer)}, {of_module, COUNT(of_module)}};

	for (size_t i = 0; i < COUNT(all); i++)
		for (size_t k = 0; k < all[i].n; k++)
			for (size_t j = 0; j < COUNT(all[i].field[k].alias) && all[i].field[k].alias[j]; j++)
				if (sv_ieq(sv_of(name), sv_of(all[i].field[k].alias[j])))
					return true;
	return sv_ieq(sv_of(name), SV("Size"));
}

const char *update_question_read(const void *p, size_t n, const char *content_type, struct update_question *ret)
{
	struct update_question q = {0};
	const char *why = NULL;
	struct sv body = update_xml(p, n, content_type, &why);
	xmlDocPtr doc;
	xmlNodePtr root;

	if (why)
		return why;
	doc = xml_read(body.p, body.n, &why);
	if (doc == NULL)
		return why;
	root = xmlDocGetRootElement(doc);
	if (!fields(root, of_question, COUNT(of_question), false, &q))
		why = "a field is too long";
	if (why == NULL)
		why = update_modules(root, false, q.module, &q.nmodule);
	if (why == NULL && q.device_type[0] == '\0' && q.vendor[0] == '\0' && q.model[0] == '\0' && q.nmodule == 0)
		why = "it names neither a device nor a module";
	if (why == NULL)
		*ret = q;
	xmlFreeDoc(doc);
	return why;
}

static void write_modules(struct buf *b, const struct update_module *m, unsigned n)
{
	buf_str(b, "  <Modules>");
	for (; n; n--, m++) {
		buf_str(b, "<Module");
		for (size_t i = 0; i < COUNT(of_module); i++) {
			const char *text = (const char *)m + of_module[i].at;

			if (text[0])
				xml_attribute(b, of_module[i].alias[0], text);
		}
		if (m->size)
			buf_printf(b, " Size=\"%llu\"", (unsigned long long)m->size);
		buf_str(b, "/>");
	}
	buf_str(b, "</Modules>\n");
}

void update_question_write(struct buf *b, const struct update_question *q)
{
	buf_str(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ImageUpdateRequest xmlns=\"" UPDATE_NS "\">\n  ");
	for (size_t i = 0; i < COUNT(of_question); i++)
		xml_element(b, of_question[i].alias[0], (const char *)q + of_question[i].at);
	buf_str(b, "\n");
	write_modules(b, q->module, q->nmodule);
	buf_str(b, "</ImageUpdateRequest>\n");
}

/* ---- the answer ------------------------------------------------------------------------------------------- */

const char *update_answer_read(const void *p, size_t n, struct update_answer *ret)
{
	struct update_answer a = {0};
	const char *why = NULL;
	struct sv body = update_xml(p, n, NULL, &why);
	xmlDocPtr doc = why ? NULL : xml_read(body.p, body.n, &why);
	xmlNodePtr root;

	if (doc == NULL)
		return why;
	root = xmlDocGetRootElement(doc);
	if (!sv_iends(sv_of((const char *)root->name), SV("Response")) && xml_find(root, "Modules", true) == NULL)
		why = "it is no answer of an update service";
	else if (!fields(root, of_answer, COUNT(of_answer), true, &a))
		why = "the StoreUri or Uninstall is too long, or has control characters";
	else
		why = update_modules(root, true, a.module, &a.nmodule);
	if (why == NULL)
		*ret = a;
	xmlFreeDoc(doc);
	return why;
}

void update_answer_write(struct buf *b, const struct update_answer *a)
{
	buf_str(b, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ImageUpdateResponse xmlns=\"" UPDATE_NS "\">\n  ");
	xml_element(b, "StoreUri", a->store);
	if (a->uninstall[0])
		xml_element(b, "Uninstall", a->uninstall);
	buf_str(b, "\n");
	write_modules(b, a->module, a->nmodule);
	buf_str(b, "</ImageUpdateResponse>\n");
}

/* ---- versions --------------------------------------------------------------------------------------------- */

bool update_version_read(struct sv s, struct update_version *ret)
{
	struct update_version v;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t part;

		if (s.p == NULL || !sv_u64(sv_cut(&s, '.'), UINT32_MAX, &part))
			return false;
		v.part[i] = (uint32_t)part;
	}
	if (s.p)
		return false;
	*ret = v;
	return true;
}

int update_version_compare(const struct update_version *a, const struct update_version *b)
{
	for (unsigned i = 0; i < 4; i++)
		if (a->part[i] != b->part[i])
			return a->part[i] < b->part[i] ? -1 : 1;
	return 0;
}

/* ---- images ----------------------------------------------------------------------------------------------- */

#define IMAGE_FIRST "dialtone-image 1"

/* clang-format off */
static const struct {
	size_t at, cap;
	const char *name;
	bool needed;
} of_image[] = {
#define LINE(member, name, needed) {offsetof(struct update_image, member), sizeof(((struct update_image *)0)->member), name, needed}
	LINE(device_type, "device-type", true),
	LINE(vendor,      "vendor",      true),
	LINE(model,       "model",       true),
	LINE(revision,    "revision",    true),
	LINE(locale,      "locale",      true),
	LINE(version,     "version",     true),
	LINE(time,        "time",        false),
	LINE(not_below,   "not-below",   false),
};
/* clang-format on */

/* One "name: value"; lines that a later version may add are passed over. */
static const char *image_line(struct sv line, struct update_image *im)
{
	struct sv value = line, name = sv_cut(&value, ':');

	if (value.p == NULL)
		return "a line of the head has no colon";
	value = sv_trim(value);
	for (size_t i = 0; i < COUNT(of_image); i++) {
		char *to = (char *)im + of_image[i].at;

		if (!sv_eq(name, sv_of(of_image[i].name)))
			continue;
		if (to[0])
			return "a line of the head comes twice";
		if (value.n == 0 || !sv_copy(to, of_image[i].cap, value))
			return "a value of the head is empty or too long";
	}
	return NULL;
}

const char *update_image_read(const void *p, size_t n, struct update_image *ret)
{
	struct update_image im = {0};
	struct sv rest = {p, n < UPDATE_IMAGE_HEAD_MAX ? n : UPDATE_IMAGE_HEAD_MAX}, line;
	struct update_version v, floor;
	const char *why;

	line = sv_cut(&rest, '\n');
	if (!sv_eq(line, SV(IMAGE_FIRST)))
		return "it is no image of this kind";
	for (;;) {
		if (rest.p == NULL)
			return "the head does not end";
		line = sv_cut(&rest, '\n');
		if (rest.p == NULL)
			return "the head does not end";
		if (line.n == 0)
			break;
		why = image_line(line, &im);
		if (why)
			return why;
	}
	for (size_t i = 0; i < COUNT(of_image); i++)
		if (of_image[i].needed && ((const char *)&im)[of_image[i].at] == '\0')
			return "the head lacks a line";
	if (!update_version_read(sv_of(im.version), &v))
		return "the version is not four numbers";
	if (im.not_below[0] && (!update_version_read(sv_of(im.not_below), &floor) || update_version_compare(&floor, &v) > 0))
		return "not-below is no version, or a newer one than the image's own";
	im.head_n = (size_t)(rest.p - (const char *)p);
	*ret = im;
	return NULL;
}

void update_image_write(struct buf *b, const struct update_image *im)
{
	buf_str(b, IMAGE_FIRST "\n");
	for (size_t i = 0; i < COUNT(of_image); i++) {
		const char *value = (const char *)im + of_image[i].at;

		if (value[0])
			buf_printf(b, "%s: %s\n", of_image[i].name, value);
	}
	buf_str(b, "\n");
}

/* ---- catalogs --------------------------------------------------------------------------------------------- */

const char *update_catalog_read(struct sv text, uint8_t sha256[32], uint64_t *size, char file[256])
{
	struct sv rest = text, line = sv_cut(&rest, '\n'), kind, hex, digits;
	uint8_t sha[32];
	uint64_t n;

	if (rest.p == NULL || rest.n)
		return "the catalog is not one line";
	kind = sv_cut(&line, ' ');
	hex = sv_cut(&line, ' ');
	digits = sv_cut(&line, ' ');
	if (!sv_eq(kind, SV("sha256")) || !hex_read(hex, sha, sizeof sha))
		return "the catalog holds no SHA-256";
	if (!sv_u64(digits, INT64_MAX, &n))
		return "the catalog holds no size";
	for (size_t i = 0; i < line.n; i++)
		if ((uint8_t)line.p[i] <= ' ' || line.p[i] == '/' || line.p[i] == '\\' || line.p[i] == 0x7f)
			return "the catalog's file name is not a plain name";
	if (line.n == 0 || !sv_copy(file, 256, line))
		return "the catalog holds no file name";
	memcpy(sha256, sha, sizeof sha);
	*size = n;
	return NULL;
}

void update_catalog_write(struct buf *b, const uint8_t sha256[32], uint64_t size, const char *file)
{
	char hex[65];

	hex_write(hex, sha256, 32, false);
	buf_printf(b, "sha256 %s %llu %s\n", hex, (unsigned long long)size, file);
}
