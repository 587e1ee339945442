/* wire/soap/metadata_read.c: what a client needs out of a service's WSDL [web-services 4, 18]. */
#include "wire/soap/parts.h"

#include <string.h>

#include "wire/url.h"

/* clang-format off */
static const struct {
	const char *port;
	size_t url; /* where it goes in struct soap_metadata */
} ports[] = {
	{"CertProvisioningServiceWebTicketProof_SHA1", offsetof(struct soap_metadata, cert_url)},
	{"CertProvisioningServiceWebTicketProof",      offsetof(struct soap_metadata, cert_url)}, /* where the first is missing */
	{"CertProvisioningServiceAnon",                offsetof(struct soap_metadata, anon_url)},
	{"WebTicketServiceWinNegotiate",               offsetof(struct soap_metadata, negotiate_url)},
	{"WebTicketServiceWinNtlm",                    offsetof(struct soap_metadata, ntlm_url)},
	{"WebTicketServiceCert",                       offsetof(struct soap_metadata, cert_auth_url)},
	{"WebTicketServicePin",                        offsetof(struct soap_metadata, pin_url)},
};
/* clang-format on */
#define POLICY "CertProvisioningServiceWebTicketProof_SHA1_policy"

/* "URLs handed out must be http:// or https://, host, optional :port, then '/'." */
static bool is_url(const char *s)
{
	size_t scheme = url_scheme(sv_of(s));

	return scheme && sv_find(sv_of(s + scheme), '/') > 0;
}

/* The location of the first port of that name, "attribute names without case"; false: there is none that is a URL. */
static bool port_url(xmlNodePtr definitions, const char *port, char ret[SOAP_URI_MAX])
{
	for (xmlNodePtr s = xml_child(definitions, NULL, "service"); s; s = xml_next(s, NULL, "service"))
		for (xmlNodePtr p = xml_child(s, NULL, "port"); p; p = xml_next(p, NULL, "port")) {
			char name[128], url[SOAP_URI_MAX];

			if (!xml_iattr(p, "name", name, sizeof name) || !sv_ieq(sv_of(name), sv_of(port)))
				continue;
			if (!xml_iattr(xml_child(p, NULL, "address"), "location", url, sizeof url) || !is_url(url))
				continue;
			memcpy(ret, url, strlen(url) + 1);
			return true;
		}
	return false;
}

static unsigned read_ports(xmlNodePtr definitions, struct soap_metadata *m)
{
	unsigned found = 0;

	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		char *to = (char *)m + ports[i].url;

		if (to[0] == '\0')
			found += port_url(definitions, ports[i].port, to);
	}
	return found;
}

static bool read_issuer(xmlNodePtr policy, const char *tokens, char out[SOAP_URI_MAX])
{
	const char *const path[] = {"ExactlyOne", "All", tokens, "Policy", "IssuedToken", "Issuer", "Address", NULL};
	char url[SOAP_URI_MAX];

	if (!xml_text(xml_path(policy, path), url, sizeof url) || !is_url(url))
		return false;
	memcpy(out, url, strlen(url) + 1);
	return true;
}

/* The policy by its Id; a service that names it otherwise: the first that leads to an issuer. */
static void read_policy(xmlNodePtr definitions, struct soap_metadata *m)
{
	for (int named = 1; named >= 0 && m->issuer[0] == '\0'; named--) {
		for (xmlNodePtr p = xml_child(definitions, NULL, "Policy"); p; p = xml_next(p, NULL, "Policy")) {
			char id[128] = "";

			xml_iattr(p, "Id", id, sizeof id);
			if (named && !sv_ieq(sv_of(id), SV(POLICY)))
				continue;
			m->endorsing = read_issuer(p, "EndorsingSupportingTokens", m->issuer);
			if (m->endorsing || read_issuer(p, "SignedSupportingTokens", m->issuer))
				break;
		}
	}
}

const char *soap_metadata_read(xmlDocPtr doc, struct soap_metadata *ret)
{
	static const char *const section[] = {"MetadataSection", "definitions", NULL};
	struct soap_metadata m = {0};
	xmlNodePtr root = xmlDocGetRootElement(doc), first = soap_body(doc);
	unsigned found;

	if (first && strcmp((const char *)first->name, "Metadata") == 0) { /* sections may hold schemas and policies, too */
		for (root = xml_child(first, NULL, section[0]); root && !xml_child(root, NULL, section[1]);)
			root = xml_next(root, NULL, section[0]);
		root = xml_child(root, NULL, section[1]);
	}
	if (root == NULL || strcmp((const char *)root->name, "definitions") != 0)
		return "it is no WSDL document";
	found = read_ports(root, &m);
	read_policy(root, &m);
	if (found == 0)
		return "the WSDL offers no port that is known";
	if (m.cert_url[0] && m.issuer[0] == '\0')
		return "no policy names the web ticket service";
	*ret = m;
	return NULL;
}

bool soap_mex_get_read(xmlDocPtr doc, char message_id[128], bool *soap12)
{
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL, header = xml_child(root, NULL, "Header"), body, child;
	char action[SOAP_URI_MAX] = "", id[128] = "";
	bool twelve = root && root->ns && strcmp((const char *)root->ns->href, NS_SOAP12) == 0;

	if (root == NULL || strcmp((const char *)root->name, "Envelope") != 0 || xml_count(root, NULL, "Body") != 1 ||
	    xml_count(root, NULL, "Header") > 1)
		return false;
	body = xml_child(root, twelve ? NS_SOAP12 : NS_SOAP, "Body");
	if (body == NULL)
		return false;
	for (child = body->children; child; child = child->next)
		if (child->type == XML_ELEMENT_NODE)
			return false;
	if (!soap_optional(header, "Action", action, sizeof action) || !soap_optional(header, "MessageID", id, sizeof id))
		return false;
	if (action[0] && strcmp(action, "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get") != 0)
		return false;
	memcpy(message_id, id, strlen(id) + 1);
	*soap12 = twelve;
	return true;
}
