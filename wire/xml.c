#include "wire/xml.h"

#include <pthread.h>
#include <string.h>
#include <libxml/SAX2.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlIO.h>

#include "base/utf8.h"
#include "wire/xml_octets.h"

#define DEPTH_MAX 64

/* ---- reading ---------------------------------------------------------------------------------------------- */

static xmlParserInputPtr nothing_from_outside(const char *url, const char *id, xmlParserCtxtPtr ctxt)
{
	(void)url;
	(void)id;
	(void)ctxt;
	return NULL;
}

static void xml_quiet(void *arg, xmlErrorPtr e) /* canonicalisation has errors of its own, and would print them */
{
	(void)arg;
	(void)e;
}

static void xml_once(void)
{
	xmlInitParser();
	xmlSetStructuredErrorFunc(NULL, xml_quiet);
	xmlThrDefSetStructuredErrorFunc(NULL, xml_quiet);
	xmlSetExternalEntityLoader(nothing_from_outside);
}

/* The parser's own verdict is not enough: stopped within a DTD it still calls the document well-formed.  So each
 * refusal of ours is a sentence here, hung on the parser. */
struct refusal {
	const char *why;
	long at;
};

static void xml_refuse(xmlParserCtxtPtr ctxt, const char *why)
{
	struct refusal *r = ctxt->_private;

	if (r->why == NULL) {
		r->why = why;
		r->at = xmlByteConsumed(ctxt);
	}
	xmlStopParser(ctxt);
}

static void on_subset(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
	(void)name;
	(void)external;
	(void)system;
	xml_refuse(ctx, "a document type declaration is not allowed");
}

static void on_entity(void *ctx, const xmlChar *name, int type, const xmlChar *id, const xmlChar *system,
		      xmlChar *content)
{
	(void)name;
	(void)type;
	(void)id;
	(void)system;
	(void)content;
	xml_refuse(ctx, "entity declarations are not allowed");
}

static void on_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nns,
		       const xmlChar **ns, int nattr, int ndefault, const xmlChar **attr)
{
	xmlParserCtxtPtr ctxt = ctx;

	if (ctxt->nameNr >= DEPTH_MAX)
		xml_refuse(ctxt, "elements are nested too deep");
	else
		xmlSAX2StartElementNs(ctx, name, prefix, uri, nns, ns, nattr, ndefault, attr);
}

static bool encoding_allowed(const xmlChar *encoding)
{
	static const char *const allowed[] = {"UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE",
					      "US-ASCII", "ASCII", "ISO-8859-1"};

	if (encoding == NULL)
		return true;
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (sv_ieq(sv_of((const char *)encoding), sv_of(allowed[i])))
			return true;
	return false;
}

/* In any other encoding the octets that were counted above mean something else. */
static void on_document(void *ctx)
{
	xmlParserCtxtPtr ctxt = ctx;

	if (encoding_allowed(ctxt->encoding) && encoding_allowed(ctxt->input->encoding))
		xmlSAX2StartDocument(ctx);
	else
		xml_refuse(ctxt, "its character encoding is not accepted");
}

static const char *parse(xmlParserCtxtPtr ctxt, const void *p, size_t n, xmlDocPtr *ret, size_t *at)
{
	const char *instead = xml_encoding_instead(p, n);
	struct refusal r = {NULL, -1};
	xmlDocPtr doc;

	ctxt->_private = &r;
	ctxt->sax->internalSubset = on_subset;
	ctxt->sax->externalSubset = on_subset;
	ctxt->sax->entityDecl = on_entity;
	ctxt->sax->startElementNs = on_element;
	ctxt->sax->startDocument = on_document;
	doc = xmlCtxtReadMemory(ctxt, p, (int)n, NULL, instead,
				XML_PARSE_NONET | XML_PARSE_COMPACT | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
					(instead ? XML_PARSE_IGNORE_ENC : 0));
	if (r.why == NULL && (doc == NULL || !ctxt->wellFormed))
		r.why = ctxt->errNo == XML_ERR_NO_MEMORY ? "out of memory" : "it is not well-formed XML";
	if (r.why == NULL && !ctxt->nsWellFormed)
		r.why = "its namespaces cannot be used";
	if (r.why == NULL && xmlDocGetRootElement(doc) == NULL)
		r.why = "it has no element";
	if (r.why == NULL && !encoding_allowed(doc->encoding))
		r.why = "its character encoding is not accepted";
	if (r.why) {
		if (r.at < 0)
			r.at = xmlByteConsumed(ctxt);
		*at = r.at > 0 && (size_t)r.at < n ? (size_t)r.at : n;
		xmlFreeDoc(doc);
	} else {
		*ret = doc;
	}
	return r.why;
}

/* A blank line before "<?xml" is no document of XML 1.0 (2.8), and what some servers' templates send all the same. */
static size_t xml_blank(const uint8_t *p, size_t n)
{
	size_t blank = 0;

	while (blank < n && (p[blank] == ' ' || p[blank] == '\t' || p[blank] == '\r' || p[blank] == '\n'))
		blank++;
	return blank < n && p[blank] == '<' ? blank : 0; /* of UTF-16 a NUL comes next */
}

xmlDocPtr xml_read_at(const void *p, size_t n, const char **why, size_t *at)
{
	static pthread_once_t ready = PTHREAD_ONCE_INIT;
	xmlParserCtxtPtr ctxt;
	xmlDocPtr doc = NULL;
	const char *refused = NULL;
	size_t where = 0, blank;

	pthread_once(&ready, xml_once);
	blank = xml_blank(p, n);
	if (blank)
		p = (const uint8_t *)p + blank;
	n -= blank;
	while (n && ((const uint8_t *)p)[n - 1] == 0 && xml_utf16_ascii(p, n) < 0)
		n--;
	if (n == 0) {
		refused = "it is empty";
	} else if (n > XML_INPUT_MAX) {
		refused = "it is longer than 65536 octets";
		where = XML_INPUT_MAX;
	} else if ((refused = xml_refused_unread(p, n, &where)) != NULL) {
		; /* it says why */
	} else if ((ctxt = xmlNewParserCtxt()) == NULL) {
		refused = "out of memory";
	} else {
		refused = parse(ctxt, p, n, &doc, &where);
		xmlFreeParserCtxt(ctxt);
	}
	if (refused && why)
		*why = refused;
	if (refused && at)
		*at = blank + where;
	return doc;
}

xmlDocPtr xml_read(const void *p, size_t n, const char **why)
{
	return xml_read_at(p, n, why, NULL);
}

/* ---- walking ---------------------------------------------------------------------------------------------- */

static bool is(xmlNodePtr node, const char *ns, const char *name)
{
	return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0 &&
	       (ns == NULL || (node->ns && node->ns->href && strcmp((const char *)node->ns->href, ns) == 0));
}

static xmlNodePtr from(xmlNodePtr node, const char *ns, const char *name)
{
	while (node && !is(node, ns, name))
		node = node->next;
	return node;
}

xmlNodePtr xml_child(xmlNodePtr in, const char *ns, const char *name)
{
	return in ? from(in->children, ns, name) : NULL;
}

xmlNodePtr xml_next(xmlNodePtr after, const char *ns, const char *name)
{
	return after ? from(after->next, ns, name) : NULL;
}

unsigned xml_count(xmlNodePtr in, const char *ns, const char *name)
{
	unsigned n = 0;

	for (xmlNodePtr c = xml_child(in, ns, name); c; c = xml_next(c, ns, name))
		n++;
	return n;
}

xmlNodePtr xml_only(xmlNodePtr in, const char *ns, const char *name)
{
	return in && xml_count(in, ns, name) == 1 ? xml_child(in, ns, name) : NULL;
}

bool xml_is(xmlNodePtr node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && sv_ieq(sv_of((const char *)node->name), sv_of(name));
}

xmlNodePtr xml_path(xmlNodePtr in, const char *const *names)
{
	while (in && *names)
		in = xml_child(in, NULL, *names++);
	return in;
}

xmlNodePtr xml_find(xmlNodePtr in, const char *name, bool icase)
{
	if (in == NULL || in->type != XML_ELEMENT_NODE)
		return NULL;
	if (icase ? sv_ieq(sv_of((const char *)in->name), sv_of(name)) : strcmp((const char *)in->name, name) == 0)
		return in;
	for (xmlNodePtr c = in->children; c; c = c->next) { /* DEPTH_MAX bounds the recursion */
		xmlNodePtr found = xml_find(c, name, icase);

		if (found)
			return found;
	}
	return NULL;
}

/* ---- text ------------------------------------------------------------------------------------------------- */

/* Hands out the text piece by piece; false: there is an element in it.  Comments and processing instructions count for
 * nothing, and what stands around them belongs together: a comment must not cut a name short. */
static bool pieces(xmlNodePtr node, void (*each)(void *arg, struct sv piece), void *arg)
{
	for (xmlNodePtr c = node->children; c; c = c->next) {
		switch (c->type) {
		case XML_TEXT_NODE:
		case XML_CDATA_SECTION_NODE:
			each(arg, sv_of((const char *)c->content));
			break;
		case XML_COMMENT_NODE:
		case XML_PI_NODE:
			break;
		default:
			return false;
		}
	}
	return true;
}

struct trimmed {
	char *out;
	size_t cap, n, blanks; /* blanks: how many of the last of the n are blank */
};

/* Leading blanks are dropped, trailing ones counted, so that the untrimmed text need not fit. */
static void add_trimmed(void *arg, struct sv piece)
{
	struct trimmed *t = arg;

	for (size_t i = 0; i < piece.n; i++) {
		char c = piece.p[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			if (t->n && t->n < t->cap)
				t->out[t->n] = c;
			t->n += t->n != 0;
			t->blanks += t->n != 0;
			continue;
		}
		if (t->n < t->cap)
			t->out[t->n] = c;
		t->n++;
		t->blanks = 0;
	}
}

bool xml_text(xmlNodePtr node, char *out, size_t cap)
{
	char stack[1024];
	struct trimmed t = {.out = stack, .cap = sizeof stack};

	bool ok = node && cap && cap <= sizeof stack && pieces(node, add_trimmed, &t) && t.n - t.blanks < cap;

	if (ok) {
		memcpy(out, stack, t.n - t.blanks);
		out[t.n - t.blanks] = '\0';
	}
	explicit_bzero(stack, sizeof stack); /* it may have been a PIN */
	return ok;
}

static void add_piece(void *arg, struct sv piece)
{
	buf_sv(arg, piece);
}

bool xml_text_buf(xmlNodePtr node, struct buf *to)
{
	size_t before = to->n;

	if (node == NULL)
		return false;
	if (!pieces(node, add_piece, to)) {
		to->n = before;
		return false;
	}
	return !to->oom;
}

static bool attr_text(xmlNodePtr node, const char *ns, const char *name, bool icase, char *out, size_t cap)
{
	struct buf text = {0};
	bool ok;

	if (node == NULL || node->type != XML_ELEMENT_NODE)
		return false;
	for (xmlAttrPtr a = node->properties; a; a = a->next) {
		struct sv have = sv_of((const char *)a->name), want = sv_of(name);

		if (!(icase ? sv_ieq(have, want) : sv_eq(have, want)))
			continue;
		if (ns && !(a->ns && a->ns->href && strcmp((const char *)a->ns->href, ns) == 0))
			continue;
		ok = pieces((xmlNodePtr)a, add_piece, &text) && !text.oom && sv_copy(out, cap, buf_view(&text));
		buf_wipe(&text);
		return ok;
	}
	return false;
}

bool xml_attr(xmlNodePtr node, const char *ns, const char *name, char *out, size_t cap)
{
	return attr_text(node, ns, name, false, out, cap);
}

bool xml_iattr(xmlNodePtr node, const char *name, char *out, size_t cap)
{
	return attr_text(node, NULL, name, true, out, cap);
}

/* ---- canonical form ----------------------------------------------------------------------------------------- */

static int within(void *apex, xmlNodePtr node, xmlNodePtr parent)
{
	if (node->type == XML_COMMENT_NODE)
		return 0;
	for (xmlNodePtr n = node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE ? parent : node; n;
	     n = n->parent)
		if (n == apex)
			return 1;
	return 0;
}

bool xml_canonical(xmlNodePtr apex, struct buf *to)
{
	xmlBufferPtr mem = xmlBufferCreate();
	xmlOutputBufferPtr out = mem ? xmlOutputBufferCreateBuffer(mem, NULL) : NULL;
	bool ok = false;

	if (out) {
		ok = xmlC14NExecute(apex->doc, within, apex, XML_C14N_EXCLUSIVE_1_0, NULL, 0, out) >= 0;
		ok = xmlOutputBufferClose(out) >= 0 && ok;
	}
	if (ok) {
		buf_add(to, xmlBufferContent(mem), (size_t)xmlBufferLength(mem));
		ok = !to->oom;
	}
	if (mem)
		xmlBufferFree(mem);
	return ok;
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

/* The length of the character that s begins with; 0: none that XML 1.0 allows (2.2, "Char"). */
static size_t character(struct sv s)
{
	uint32_t c = 0;
	size_t n = utf8_next(s, &c);

	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0xfffe || c == 0xffff ? 0 : n;
}

void xml_esc(struct buf *b, struct sv text)
{
	for (size_t k; text.n; text = sv_from(text, k ? k : 1)) {
		k = character(text);
		if (k == 0) {
			buf_str(b, UTF8_REPLACEMENT); /* for what XML cannot carry */
			continue;
		}
		switch (text.p[0]) {
		case '&':
			buf_str(b, "&amp;");
			break;
		case '<':
			buf_str(b, "&lt;");
			break;
		case '>':
			buf_str(b, "&gt;");
			break;
		case '"':
			buf_str(b, "&quot;");
			break;
		case '\r':
			buf_str(b, "&#xD;");
			break;
		default:
			buf_add(b, text.p, k);
		}
	}
}

void xml_element(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, "<%s>", name);
	xml_esc(b, sv_of(text));
	buf_printf(b, "</%s>", name);
}

void xml_attribute(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, " %s=\"", name);
	xml_esc(b, sv_of(text));
	buf_str(b, "\"");
}
