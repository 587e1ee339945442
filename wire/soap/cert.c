/* wire/soap/cert.c: GetAndPublishCert, question and answer [web-services 8]. */
#include "wire/soap/parts.h"

#include <string.h>

#include "base/date.h"
#include "base/enc.h"

static bool attribute(xmlNodePtr node, const char *name, char *out, size_t cap) /* absent: "" */
{
	return !xmlHasProp(node, (const xmlChar *)name) || xml_attr(node, NULL, name, out, cap);
}

/* ---- the question ----------------------------------------------------------------------------------------- */

static const char *read_question(xmlDocPtr doc, xmlNodePtr q, struct soap_cert *m)
{
	xmlNodePtr header = xml_child(xmlDocGetRootElement(doc), NULL, "Header");
	xmlNodePtr rst = xml_child(q, NULL, "RequestSecurityToken"), token;
	int64_t created;

	/* they prove nothing and decide nothing: values that are too long are left out */
	soap_optional(header, "To", m->to, sizeof m->to);
	soap_optional(header, "MessageID", m->message_id, sizeof m->message_id);
	if (!attribute(q, "DeviceId", m->device_id, sizeof m->device_id) ||
	    !attribute(q, "Entity", m->entity, sizeof m->entity))
		return "DeviceId or Entity is too long";
	if (rst == NULL)
		return "GetAndPublishCert holds no RequestSecurityToken";
	token = xml_child(rst, NULL, "BinarySecurityToken");
	if (xml_count(rst, NULL, "BinarySecurityToken") != 1 || !soap_blob(token, &m->csr) || m->csr.n == 0)
		return "the BinarySecurityToken is not one PKCS#10 in base64";
	if (!soap_optional(rst, "RequestID", m->request_id, sizeof m->request_id))
		return "the RequestID cannot be read";
	/* UNKNOWN: how a phone asks for a validity; wst:Lifetime is read [web-services 16] row 11 */
	if (!soap_lifetime(rst, &created, &m->want_expires))
		return "the Lifetime is not a time";
	return NULL;
}

const char *soap_cert_read(xmlDocPtr doc, struct soap_cert *ret)
{
	struct soap_cert m = {0};
	xmlNodePtr q = soap_body(doc);
	const char *why;

	if (q == NULL || strcmp((const char *)q->name, "GetAndPublishCert") != 0)
		return "the Body holds no GetAndPublishCert";
	why = read_question(doc, q, &m);
	if (why)
		soap_cert_clear(&m);
	else
		*ret = m;
	return why;
}

void soap_cert_clear(struct soap_cert *m)
{
	if (m == NULL)
		return;
	buf_free(&m->csr);
	*m = (struct soap_cert){0};
}

/* "A real server rejects GetAndPublishCert unless its wst ends in '/'" [web-services 1.1]. */
void soap_cert_write(struct buf *b, const struct soap_cert *m, struct sv security)
{
	buf_str(b, "<?xml version=\"1.0\"?>\n<soap:Envelope xmlns:soap=\"" NS_SOAP "\" xmlns:wsa=\"" NS_WSA
		   "\" xmlns:wsse=\"" NS_WSSE "\"><soap:Header>");
	xml_element(b, "wsa:To", m->to);
	buf_str(b, "<wsa:ReplyTo><wsa:Address>" WSA_ANONYMOUS "</wsa:Address></wsa:ReplyTo>");
	xml_element(b, "wsa:MessageID", m->message_id);
	buf_str(b, "<wsa:Action>" SOAP_ACTION_CERT "</wsa:Action>");
	buf_sv(b, security);
	buf_str(b, "</soap:Header><soap:Body><GetAndPublishCert xmlns=\"" NS_AUTHWS "\" xmlns:wst=\"" NS_WST_SLASH
		   "\" xmlns:wstep=\"" NS_WSTEP "\"");
	xml_attribute(b, "DeviceId", m->device_id);
	xml_attribute(b, "Entity", m->entity);
	buf_str(b, "><wst:RequestSecurityToken><wst:TokenType>" TOKEN_X509 "</wst:TokenType><wst:RequestType>" NS_WST_SLASH
		   "Issue</wst:RequestType><wsse:BinarySecurityToken"
		   " ValueType=\"http://schemas.microsoft.com/OCS/AuthWebServices.xsd#PKCS10\""
		   " EncodingType=\"" NS_WSSE "#Base64Binary\">");
	soap_base64(b, m->csr.p, m->csr.n);
	buf_str(b, "</wsse:BinarySecurityToken>");
	if (m->want_expires) {
		char at[ISO_TIME_MAX];

		buf_printf(b, "<wst:Lifetime><Expires xmlns=\"" NS_WSU "\">%s</Expires></wst:Lifetime>",
			   iso_time(at, m->want_expires));
	}
	if (m->request_id[0])
		xml_element(b, "wstep:RequestID", m->request_id);
	buf_str(b, "</wst:RequestSecurityToken></GetAndPublishCert></soap:Body></soap:Envelope>\n");
	b->oom |= m->csr.oom;
}

/* ---- the answer ------------------------------------------------------------------------------------------- */

static const char *read_error(xmlNodePtr info, struct soap_cert_answer *m)
{
	char id[16] = "";
	uint64_t v = 0;

	if (!soap_optional(info, "ErrorId", id, sizeof id) || (id[0] && !sv_u64(sv_of(id), UINT32_MAX, &v)))
		return "the ErrorId is not a number";
	if (!soap_optional(info, "Reason", m->reason, sizeof m->reason))
		return "the Reason cannot be read";
	m->error_id = (unsigned)v;
	return NULL;
}

static const char *cert_read_answer(xmlNodePtr r, struct soap_cert_answer *m)
{
	static const char *const cert[] = {"RequestedSecurityToken", "BinarySecurityToken", NULL};
	xmlNodePtr all = xml_child(r, NULL, "RequestSecurityTokenResponseCollection"); /* WS-Trust 1.3 knows it, too */
	xmlNodePtr rstr = xml_child(all ? all : r, NULL, "RequestSecurityTokenResponse");
	xmlNodePtr info = xml_child(r, NULL, "ErrorInfo"), token = xml_path(rstr, cert);

	if (!attribute(r, "DeviceId", m->device_id, sizeof m->device_id) ||
	    !attribute(r, "Entity", m->entity, sizeof m->entity))
		return "DeviceId or Entity is too long";
	if (!soap_optional(rstr, "RequestID", m->request_id, sizeof m->request_id))
		return "the RequestID cannot be read";
	if (info)
		return read_error(info, m);
	if (token == NULL)
		return "the answer holds neither a certificate nor an error";
	return soap_blob(token, &m->cert) && m->cert.n ? NULL : "the certificate is not base64";
}

const char *soap_cert_answer_read(xmlDocPtr doc, struct soap_cert_answer *ret)
{
	struct soap_cert_answer m = {0};
	xmlNodePtr r = soap_body(doc);
	const char *why;

	if (r == NULL || strcmp((const char *)r->name, "GetAndPublishCertResponse") != 0)
		return "the Body holds no GetAndPublishCertResponse";
	why = cert_read_answer(r, &m);
	if (why)
		soap_cert_answer_clear(&m);
	else
		*ret = m;
	return why;
}

void soap_cert_answer_clear(struct soap_cert_answer *m)
{
	if (m == NULL)
		return;
	buf_free(&m->cert);
	*m = (struct soap_cert_answer){0};
}

/* UNKNOWN: the attributes of the response and the children of ErrorInfo [web-services 16] row 4. */
void soap_cert_answer_write(struct buf *b, const struct soap_cert_answer *m)
{
	bool good = m->cert.n != 0;

	soap_begin(b);
	buf_str(b, "<GetAndPublishCertResponse xmlns=\"" NS_AUTHWS "\"");
	xml_attribute(b, "DeviceId", m->device_id);
	xml_attribute(b, "Entity", m->entity);
	xml_attribute(b, "ResponseClass", good ? "Success" : "Error");
	buf_str(b, ">");
	if (good) {
		buf_str(b, "<RequestSecurityTokenResponse xmlns=\"" NS_WST_SLASH "\"><TokenType>" TOKEN_X509
			   "</TokenType><RequestedSecurityToken><BinarySecurityToken xmlns=\"" NS_WSSE
			   "\" ValueType=\"" TOKEN_X509 "\" EncodingType=\"" NS_WSSE "#Base64Binary\">");
		soap_base64(b, m->cert.p, m->cert.n);
		buf_str(b, "</BinarySecurityToken></RequestedSecurityToken>");
		if (m->request_id[0]) {
			buf_str(b, "<RequestID xmlns=\"" NS_WSTEP "\">");
			xml_esc(b, sv_of(m->request_id));
			buf_str(b, "</RequestID>");
		}
		buf_str(b, "</RequestSecurityTokenResponse>");
	} else {
		buf_printf(b, "<ErrorInfo><ErrorId>%u</ErrorId>", m->error_id);
		xml_element(b, "Reason", m->reason);
		buf_str(b, "</ErrorInfo>");
	}
	buf_str(b, "</GetAndPublishCertResponse>");
	soap_end(b);
	b->oom |= m->cert.oom;
}
