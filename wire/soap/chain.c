/* wire/soap/chain.c: the anonymous root chain [web-services 10].
 *
 * UNKNOWN: name, action and schema of the real operation.  Whatever is named *Cert*Chain* is taken for it and answered
 * in its own name and namespace, so that a real phone has a chance.
 */
#include "wire/soap/parts.h"

#include <fnmatch.h>
#include <string.h>

void soap_chain_write(struct buf *b)
{
	soap_begin(b);
	buf_str(b, "<GetRootCertChains xmlns=\"" NS_AUTHWS "\"/>");
	soap_end(b);
}

bool soap_chain_read(xmlDocPtr doc, char name[128], char ns[256])
{
	xmlNodePtr q = soap_body(doc);
	char space[256] = "";

	if (soap_kind(doc) != SOAP_CHAIN)
		return false;
	if (q->ns && q->ns->href && !sv_copy(space, sizeof space, sv_of((const char *)q->ns->href)))
		return false;
	if (strlen((const char *)q->name) > 100)
		return false;
	memcpy(name, q->name, strlen((const char *)q->name) + 1);
	memcpy(ns, space, strlen(space) + 1);
	return true;
}

void soap_chain_answer_write(struct buf *b, const char *name, const char *ns, const void *p7, size_t n)
{
	soap_begin(b);
	buf_printf(b, "<%sResponse", name);
	if (ns[0])
		xml_attribute(b, "xmlns", ns);
	buf_str(b, " ResponseClass=\"Success\"><BinarySecurityToken xmlns=\"" NS_WSSE "\" ValueType=\"" NS_WSSE
		   "#PKCS7\" EncodingType=\"" NS_WSSE "#Base64Binary\">");
	soap_base64(b, p7, n);
	buf_printf(b, "</BinarySecurityToken></%sResponse>", name);
	soap_end(b);
}

const char *soap_chain_answer_read(xmlDocPtr doc, struct buf *p7)
{
	xmlNodePtr r = soap_body(doc), token = xml_find(r, "BinarySecurityToken", false);
	struct buf der = {0};

	if (r == NULL || soap_kind(doc) != SOAP_CHAIN_ANSWER)
		return "the Body holds no root chain response";
	if (token == NULL)
		return "the response holds no BinarySecurityToken";
	if (!soap_blob(token, &der) || der.n == 0) {
		buf_free(&der);
		return "the BinarySecurityToken is not base64";
	}
	buf_sv(p7, buf_view(&der));
	buf_free(&der);
	return p7->oom ? "out of memory" : NULL;
}
