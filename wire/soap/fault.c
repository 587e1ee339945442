/* wire/soap/fault.c: SOAP faults and X-Ms-diagnostics [web-services 12]. */
#include "wire/soap/parts.h"

#include <stdio.h>
#include <string.h>

#define NS_OURS "urn:dialtone:fault:1" /* our extension element: the schema allows anything behind Reason */

/* clang-format off */
static const struct {
	const char *prefix, *ns;
} codes[] = {
	{"wsse", NS_WSSE},
	{"wst",  NS_WST},
	{"wst",  NS_WST_SLASH},
	{"s",    NS_SOAP},
	{"s12",  NS_SOAP12},
};
/* clang-format on */
#define CODES (sizeof codes / sizeof *codes)

/* "a:FailedAuthentication" means what `a` means there: handed on with the prefix that this house gives that namespace. */
static bool read_code(xmlDocPtr doc, xmlNodePtr node, char out[128])
{
	char text[128], prefix[64];
	struct sv local, before;
	xmlNsPtr ns;

	if (!xml_text(node, text, sizeof text))
		return false;
	local = sv_of(text);
	before = sv_cut(&local, ':');
	if (local.p == NULL) {
		memcpy(out, text, strlen(text) + 1);
		return true;
	}
	if (!sv_copy(prefix, sizeof prefix, before))
		return false;
	ns = xmlSearchNs(doc, node, (const xmlChar *)prefix);
	for (size_t i = 0; ns && i < CODES; i++)
		if (strcmp((const char *)ns->href, codes[i].ns) == 0 &&
		    snprintf(out, 128, "%s:" SV_FMT, codes[i].prefix, SV_ARG(local)) < 128)
			return true;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static const char *read_diagnostics(xmlNodePtr fault, struct soap_fault *m)
{
	xmlNodePtr d = xml_find(fault, "Ms-Diagnostics-Fault", false);
	char id[16] = "";
	uint64_t v = 0;

	if (!soap_optional(d, "ErrorId", id, sizeof id) || (id[0] && !sv_u64(sv_of(id), UINT32_MAX, &v)))
		return "the ErrorId is not a number";
	m->error_id = (unsigned)v;
	d = xml_child(d, NS_OURS, "Detail");
	if (d && !xml_text(d, m->detail, sizeof m->detail))
		return "the detail cannot be read";
	return NULL;
}

const char *soap_fault_read(xmlDocPtr doc, struct soap_fault *ret)
{
	static const char *const code12[] = {"Code", "Value", NULL}, *const reason12[] = {"Reason", "Text", NULL};
	static const char *const sub12[] = {"Code", "Subcode", "Value", NULL}; /* says more than Sender or Receiver */
	struct soap_fault m = {0};
	xmlNodePtr fault = soap_body(doc), code, reason;
	const char *why;

	if (fault == NULL || strcmp((const char *)fault->name, "Fault") != 0)
		return "the Body holds no Fault";
	code = xml_child(fault, NULL, "faultcode");
	reason = xml_child(fault, NULL, "faultstring");
	if (code == NULL) {
		code = xml_path(fault, sub12);
		if (code == NULL)
			code = xml_path(fault, code12);
		m.soap12 = code != NULL;
		reason = xml_path(fault, reason12);
	}
	if (code == NULL || !read_code(doc, code, m.code))
		return "the fault has no code";
	if (reason && !xml_text(reason, m.reason, sizeof m.reason))
		return "the fault's reason cannot be read";
	why = read_diagnostics(fault, &m);
	if (why == NULL)
		*ret = m;
	return why;
}

/* A code with the declaration of its prefix, which the envelope has only for s. */
static void code_write(struct buf *b, const char *element, const char *code)
{
	struct sv local = sv_of(code), prefix = sv_cut(&local, ':');

	buf_printf(b, "<%s", element);
	for (size_t i = 0; local.p && i < CODES; i++) {
		if (!sv_eq(prefix, sv_of(codes[i].prefix)))
			continue;
		if (strcmp(codes[i].prefix, "s") != 0)
			buf_printf(b, " xmlns:%s=\"%s\"", codes[i].prefix, codes[i].ns);
		break;
	}
	buf_str(b, ">");
	xml_esc(b, sv_of(code));
	buf_printf(b, "</%s>", element);
}

/* SOAP 1.2 part 1, 5.4.6: Client is Sender there, Server is Receiver; any other code stands below one of them. */
static void code12_write(struct buf *b, const char *code)
{
	static const char *const own[][2] = {{"s:Client", "s:Sender"}, {"s12:Sender", "s:Sender"},
					     {"s:Server", "s:Receiver"}, {"s12:Receiver", "s:Receiver"}};

	buf_str(b, "<s:Code>");
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(code, own[i][0]) == 0) {
			xml_element(b, "s:Value", own[i][1]);
			buf_str(b, "</s:Code>");
			return;
		}
	buf_str(b, "<s:Value>s:Sender</s:Value><s:Subcode>");
	code_write(b, "s:Value", code);
	buf_str(b, "</s:Subcode></s:Code>");
}

void soap_fault_write(struct buf *b, const struct soap_fault *f)
{
	const char *reason = f->soap12 ? "s:Text" : "faultstring", *detail = f->soap12 ? "s:Detail" : "detail";

	buf_printf(b, SOAP_XML_HEAD "<s:Envelope xmlns:s=\"%s\"><s:Body><s:Fault>", f->soap12 ? NS_SOAP12 : NS_SOAP);
	if (f->soap12)
		code12_write(b, f->code);
	else
		code_write(b, "faultcode", f->code);
	buf_printf(b, "%s<%s xml:lang=\"en-US\">", f->soap12 ? "<s:Reason>" : "", reason);
	xml_esc(b, sv_of(f->reason));
	buf_printf(b, "</%s>%s", reason, f->soap12 ? "</s:Reason>" : "");
	if (f->error_id) {
		buf_printf(b, "<%s><OCSDiagnosticsFault xmlns=\"" NS_AF "\"><Ms-Diagnostics-Fault><ErrorId>%u</ErrorId>", detail,
			   f->error_id);
		xml_element(b, "Reason", f->reason);
		if (f->detail[0]) {
			buf_str(b, "<Detail xmlns=\"" NS_OURS "\">");
			xml_esc(b, sv_of(f->detail));
			buf_str(b, "</Detail>");
		}
		buf_printf(b, "</Ms-Diagnostics-Fault></OCSDiagnosticsFault></%s>", detail);
	}
	buf_str(b, "</s:Fault>");
	soap_end(b);
}

/* ---- X-Ms-diagnostics -------------------------------------------------------------------------------------- */

static void quoted(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, ";%s=\"", name);
	for (; *text; text++)
		if ((unsigned char)*text >= 0x20 && *text != 0x7f)
			buf_add(b, *text == '"' || *text == '\\' ? "'" : text, 1);
	buf_str(b, "\"");
}

void soap_diag_write(struct buf *b, unsigned id, const char *source, const char *reason, const char *faultcode)
{
	buf_printf(b, "%u", id);
	quoted(b, "source", source);
	quoted(b, "reason", reason);
	if (faultcode && faultcode[0])
		quoted(b, "faultcode", faultcode); /* UNKNOWN: this field's name */
}

/* "Read leniently: digits up to the first ';', then any order." */
bool soap_diag_read(struct sv value, unsigned *id, char *reason, size_t cap)
{
	struct sv rest = sv_trim(value), digits = sv_trim(sv_cut(&rest, ';')), found = {"", 0};
	uint64_t v;

	if (!sv_u64(digits, UINT32_MAX, &v))
		return false;
	while (rest.p) {
		struct sv name = sv_trim(sv_cut(&rest, '=')), text;

		rest = sv_trim(rest);
		if (rest.n && rest.p[0] == '"') {
			rest = sv_from(rest, 1);
			text = sv_cut(&rest, '"');
			sv_cut(&rest, ';');
		} else {
			text = sv_trim(sv_cut(&rest, ';'));
		}
		if (sv_ieq(name, SV("reason")))
			found = text;
	}
	if (cap == 0 || !sv_copy(reason, cap, found))
		return false;
	*id = (unsigned)v;
	return true;
}
