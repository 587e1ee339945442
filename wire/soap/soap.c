#include "wire/soap/parts.h"

#include <string.h>

#include "base/date.h"
#include "base/enc.h"

/* ---- envelopes -------------------------------------------------------------------------------------------- */

static const char *envelope_ns(xmlDocPtr doc)
{
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;

	if (root == NULL || strcmp((const char *)root->name, "Envelope") != 0 || root->ns == NULL)
		return NULL;
	if (strcmp((const char *)root->ns->href, NS_SOAP) == 0)
		return NS_SOAP;
	return strcmp((const char *)root->ns->href, NS_SOAP12) == 0 ? NS_SOAP12 : NULL;
}

/* The one Body, whether it holds anything or not.  A second Body or Header anywhere below the Envelope is how signed
 * parts are moved out of sight: refused. */
static xmlNodePtr the_body(xmlDocPtr doc)
{
	const char *ns = envelope_ns(doc);
	xmlNodePtr root = ns ? xmlDocGetRootElement(doc) : NULL;

	if (root == NULL || xml_count(root, NULL, "Body") != 1 || xml_count(root, NULL, "Header") > 1)
		return NULL;
	return xml_child(root, ns, "Body");
}

static xmlNodePtr first_element(xmlNodePtr in)
{
	xmlNodePtr c = in ? in->children : NULL;

	while (c && c->type != XML_ELEMENT_NODE)
		c = c->next;
	return c;
}

xmlNodePtr soap_body(xmlDocPtr doc)
{
	return first_element(the_body(doc));
}

xmlNodePtr soap_security(xmlDocPtr doc)
{
	xmlNodePtr header;

	if (the_body(doc) == NULL)
		return NULL;
	header = xml_child(xmlDocGetRootElement(doc), envelope_ns(doc), "Header");
	if (xml_count(header, NULL, "Security") != 1)
		return NULL;
	return xml_child(header, NS_WSSE, "Security");
}

/* ---- parts ------------------------------------------------------------------------------------------------ */

bool soap_optional(xmlNodePtr in, const char *name, char *out, size_t cap)
{
	xmlNodePtr node = xml_child(in, NULL, name);

	return node == NULL || xml_text(node, out, cap);
}

bool soap_optional_at(xmlNodePtr in, const char *const *path, char *out, size_t cap)
{
	xmlNodePtr node = xml_path(in, path);

	return node == NULL || xml_text(node, out, cap);
}

bool soap_blob(xmlNodePtr node, struct buf *to)
{
	struct buf text = {0};
	bool ok = xml_text_buf(node, &text) && b64_read(to, buf_view(&text));

	buf_wipe(&text);
	return ok;
}

bool soap_entropy(xmlNodePtr in, uint8_t out[64], size_t *n)
{
	static const char *const path[] = {"Entropy", "BinarySecret", NULL};
	xmlNodePtr node = xml_path(in, path);
	struct buf b = {0};
	bool ok = node == NULL || (soap_blob(node, &b) && b.n >= 16 && b.n <= 64);

	if (ok) {
		if (b.n)
			memcpy(out, b.p, b.n);
		*n = b.n;
	}
	buf_wipe(&b);
	return ok;
}

bool soap_lifetime(xmlNodePtr in, int64_t *created, int64_t *expires)
{
	xmlNodePtr node = xml_child(in, NULL, "Lifetime");
	char c[64] = "", e[64] = "";
	int64_t from = 0, to = 0;

	if (!soap_optional(node, "Created", c, sizeof c) || !soap_optional(node, "Expires", e, sizeof e))
		return false;
	if ((c[0] && !iso_time_read(sv_of(c), &from)) || (e[0] && !iso_time_read(sv_of(e), &to)))
		return false;
	*created = from;
	*expires = to;
	return true;
}

void soap_begin(struct buf *b)
{
	buf_str(b, SOAP_XML_HEAD "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body>");
}

void soap_end(struct buf *b)
{
	buf_str(b, "</s:Body></s:Envelope>\n");
}

/* CRLF before the first line and after each, in the writers of the wild; a bare LF does the same here and needs no
 * character reference. */
void soap_base64(struct buf *b, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i += 57) {
		buf_str(b, "\n");
		b64_add(b, (const uint8_t *)p + i, n - i < 57 ? n - i : 57);
	}
}
