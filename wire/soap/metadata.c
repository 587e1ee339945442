/* wire/soap/metadata.c: the WSDL of both services, in WCF's style [web-services 4].
 *
 * UNKNOWN: the real policies.  SIPE reads the policy's Id, the path to the issuer, and name and location of the ports;
 * the rest is here for stacks that match bindings against policies.
 */
#include "wire/soap/parts.h"

#include <string.h>

#define NS_WSX "http://schemas.xmlsoap.org/ws/2004/09/mex"
#define NS_SP "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702"
#define ALWAYS "sp:IncludeToken=\"" NS_SP "/IncludeToken/AlwaysToRecipient\""

static const char namespaces[] =
    " xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\""
    " xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" xmlns:wsp=\"http://schemas.xmlsoap.org/ws/2004/09/policy\""
    " xmlns:sp=\"" NS_SP "\" xmlns:wsu=\"" NS_WSU "\"";

static void transport(struct buf *b, bool timestamp)
{
	buf_str(b, "<sp:TransportBinding><wsp:Policy>"
		   "<sp:TransportToken><wsp:Policy><sp:HttpsToken><wsp:Policy/></sp:HttpsToken></wsp:Policy></sp:TransportToken>"
		   "<sp:AlgorithmSuite><wsp:Policy><sp:Basic256/></wsp:Policy></sp:AlgorithmSuite>"
		   "<sp:Layout><wsp:Policy><sp:Strict/></wsp:Policy></sp:Layout>");
	if (timestamp)
		buf_str(b, "<sp:IncludeTimestamp/>");
	buf_str(b, "</wsp:Policy></sp:TransportBinding>");
}

static void binding(struct buf *b, const char *name, const char *type, const char *operation, const char *action,
		    bool policy)
{
	buf_printf(b, "<wsdl:binding name=\"%s\" type=\"tns:%s\">", name, type);
	if (policy)
		buf_printf(b, "<wsp:PolicyReference URI=\"#%s_policy\"/>", name);
	buf_printf(b, "<soap:binding transport=\"http://schemas.xmlsoap.org/soap/http\"/><wsdl:operation name=\"%s\">"
		      "<soap:operation soapAction=\"%s\" style=\"document\"/><wsdl:input><soap:body use=\"literal\"/>"
		      "</wsdl:input><wsdl:output><soap:body use=\"literal\"/></wsdl:output></wsdl:operation></wsdl:binding>\n",
		   operation, action);
}

static void port(struct buf *b, const char *name, const char *url)
{
	buf_printf(b, "<wsdl:port name=\"%s\" binding=\"tns:%s\"><soap:address", name, name);
	xml_attribute(b, "location", url);
	buf_str(b, "/></wsdl:port>\n");
}

/* ---- Certificate Provisioning ------------------------------------------------------------------------------ */

#define PROOF "CertProvisioningServiceWebTicketProof_SHA1"
#define ANON "CertProvisioningServiceAnon"

static void certprov_policy(struct buf *b, const struct soap_metadata *m)
{
	const char *tokens = m->endorsing ? "EndorsingSupportingTokens" : "SignedSupportingTokens";

	buf_str(b, "<wsp:Policy wsu:Id=\"" PROOF "_policy\"><wsp:ExactlyOne><wsp:All>");
	transport(b, true);
	buf_printf(b, "<sp:%s><wsp:Policy><sp:IssuedToken " ALWAYS "><sp:Issuer>", tokens);
	xml_element(b, "wsa10:Address", m->issuer);
	buf_str(b, "<wsa10:Metadata><wsx:Metadata><wsx:MetadataSection><wsx:MetadataReference><wsa10:Address>");
	xml_esc(b, sv_of(m->issuer));
	buf_str(b, "/mex</wsa10:Address></wsx:MetadataReference></wsx:MetadataSection></wsx:Metadata></wsa10:Metadata>"
		   "</sp:Issuer><sp:RequestSecurityTokenTemplate><trust:TokenType>" TOKEN_SAML "</trust:TokenType>"
		   "<trust:KeyType>" NS_WST_SLASH "SymmetricKey</trust:KeyType>"
		   "<trust:Claims Dialect=\"urn:component:Microsoft.Rtc.WebAuthentication.2010:authclaims\">"
		   "<auth:ClaimType Uri=\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uri\" Optional=\"false\"/>"
		   "</trust:Claims></sp:RequestSecurityTokenTemplate>"
		   "<wsp:Policy><sp:RequireInternalReference/></wsp:Policy></sp:IssuedToken></wsp:Policy>");
	buf_printf(b, "</sp:%s><sp:Wss11><wsp:Policy/></sp:Wss11><sp:Trust13><wsp:Policy><sp:MustSupportIssuedTokens/>"
		      "<sp:RequireClientEntropy/><sp:RequireServerEntropy/></wsp:Policy></sp:Trust13>"
		      "</wsp:All></wsp:ExactlyOne></wsp:Policy>\n",
		   tokens);
}

static const char certprov_types[] =
    "<wsdl:types><xs:schema targetNamespace=\"" NS_AUTHWS "\" elementFormDefault=\"qualified\">"
    "<xs:import namespace=\"" NS_WST_SLASH "\"/>"
    "<xs:element name=\"GetAndPublishCert\"><xs:complexType>"
    "<xs:sequence><xs:element ref=\"wst:RequestSecurityToken\"/></xs:sequence>"
    "<xs:attribute name=\"DeviceId\" type=\"xs:string\" use=\"required\"/>"
    "<xs:attribute name=\"Entity\" type=\"xs:string\" use=\"required\"/></xs:complexType></xs:element>"
    "<xs:element name=\"GetAndPublishCertResponse\"><xs:complexType>"
    "<xs:choice><xs:element ref=\"wst:RequestSecurityTokenResponse\"/>"
    "<xs:element name=\"ErrorInfo\" type=\"tns:ErrorInfoType\"/></xs:choice>"
    "<xs:attribute name=\"DeviceId\" type=\"xs:string\"/><xs:attribute name=\"Entity\" type=\"xs:string\"/>"
    "<xs:attribute name=\"ResponseClass\" type=\"xs:string\"/></xs:complexType></xs:element>"
    "<xs:complexType name=\"ErrorInfoType\"><xs:sequence>"
    "<xs:element name=\"ErrorId\" type=\"xs:positiveInteger\"/><xs:element name=\"Reason\" type=\"xs:string\"/>"
    "<xs:any namespace=\"##other\" processContents=\"lax\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>"
    "</xs:sequence></xs:complexType>"
    "<xs:element name=\"GetRootCertChains\" type=\"xs:anyType\"/>"
    "<xs:element name=\"GetRootCertChainsResponse\" type=\"xs:anyType\"/></xs:schema></wsdl:types>\n";

static void certprov_operation(struct buf *b, const char *port_type, const char *operation)
{
	buf_printf(b,
		   "<wsdl:message name=\"%sMsg\"><wsdl:part name=\"parameters\" element=\"tns:%s\"/></wsdl:message>"
		   "<wsdl:message name=\"%sResponseMsg\"><wsdl:part name=\"parameters\" element=\"tns:%sResponse\"/>"
		   "</wsdl:message>\n<wsdl:portType name=\"%s\"><wsdl:operation name=\"%s\">"
		   "<wsdl:input message=\"tns:%sMsg\"/><wsdl:output message=\"tns:%sResponseMsg\"/></wsdl:operation>"
		   "</wsdl:portType>\n",
		   operation, operation, operation, operation, port_type, operation, operation, operation);
}

void soap_metadata_certprov_write(struct buf *b, const struct soap_metadata *m)
{
	buf_str(b, SOAP_XML_HEAD "<wsdl:definitions name=\"CertProvisioningService\" targetNamespace=\"" NS_AUTHWS "\"");
	buf_str(b, namespaces);
	buf_str(b, " xmlns:wsa10=\"" NS_WSA "\" xmlns:wsx=\"" NS_WSX "\" xmlns:trust=\"" NS_WST "\" xmlns:wst=\"" NS_WST_SLASH
		   "\" xmlns:auth=\"http://schemas.xmlsoap.org/ws/2006/12/authorization\" xmlns:tns=\"" NS_AUTHWS "\">\n");
	if (m->cert_url[0])
		certprov_policy(b, m);
	buf_str(b, certprov_types);
	if (m->cert_url[0])
		certprov_operation(b, "CertProvisioningService", "GetAndPublishCert");
	if (m->anon_url[0])
		certprov_operation(b, "CertProvisioningServiceAnon", "GetRootCertChains");
	if (m->cert_url[0])
		binding(b, PROOF, "CertProvisioningService", "GetAndPublishCert", SOAP_ACTION_CERT, true);
	if (m->anon_url[0])
		binding(b, ANON, "CertProvisioningServiceAnon", "GetRootCertChains", SOAP_ACTION_CHAIN, false);
	buf_str(b, "<wsdl:service name=\"CertProvisioningService\">\n");
	if (m->cert_url[0])
		port(b, PROOF, m->cert_url);
	if (m->anon_url[0])
		port(b, ANON, m->anon_url);
	buf_str(b, "</wsdl:service>\n</wsdl:definitions>\n");
}

/* ---- Web Ticket Service ------------------------------------------------------------------------------------ */

static void windows_policy(struct buf *b)
{
	buf_str(b, "<http:NegotiateAuthentication/>");
	transport(b, false);
}

static void ntlm_policy(struct buf *b)
{
	buf_str(b, "<http:NtlmAuthentication/>");
	transport(b, false);
}

static void cert_policy(struct buf *b)
{
	transport(b, true);
	buf_str(b, "<sp:EndorsingSupportingTokens><wsp:Policy><sp:X509Token " ALWAYS ">"
		   "<wsp:Policy><sp:WssX509V3Token10/></wsp:Policy></sp:X509Token></wsp:Policy>"
		   "</sp:EndorsingSupportingTokens><sp:Wss10><wsp:Policy/></sp:Wss10>");
}

static void pin_policy(struct buf *b)
{
	buf_str(b, "<http:BasicAuthentication/>");
	transport(b, false);
}

/* "Never advertise WsFedBearer": SIPE would go to login.microsoftonline.com. */
static const struct way {
	const char *port;
	size_t url; /* where it stands in struct soap_metadata */
	void (*policy)(struct buf *b);
} ways[] = {
    {"WebTicketServiceWinNegotiate", offsetof(struct soap_metadata, negotiate_url), windows_policy},
    {"WebTicketServiceWinNtlm", offsetof(struct soap_metadata, ntlm_url), ntlm_policy},
    {"WebTicketServiceCert", offsetof(struct soap_metadata, cert_auth_url), cert_policy},
    {"WebTicketServicePin", offsetof(struct soap_metadata, pin_url), pin_policy},
};
#define WAYS (sizeof ways / sizeof *ways)

static const char *metadata_url_of(const struct soap_metadata *m, const struct way *w)
{
	return (const char *)m + w->url;
}

static const char wts_types[] =
    "<wsdl:types><xs:schema targetNamespace=\"http://schemas.microsoft.com/Message\" elementFormDefault=\"qualified\">"
    "<xs:complexType name=\"MessageBody\"><xs:sequence>"
    "<xs:any namespace=\"##any\" minOccurs=\"0\" maxOccurs=\"unbounded\" processContents=\"lax\"/>"
    "</xs:sequence></xs:complexType></xs:schema></wsdl:types>\n"
    "<wsdl:message name=\"IWebTicketService_IssueToken_InputMessage\"><wsdl:part name=\"rst\" type=\"msg:MessageBody\"/>"
    "</wsdl:message><wsdl:message name=\"IWebTicketService_IssueToken_OutputMessage\">"
    "<wsdl:part name=\"IssueTokenResult\" type=\"msg:MessageBody\"/></wsdl:message>\n"
    "<wsdl:portType name=\"IWebTicketService\"><wsdl:operation name=\"IssueToken\">"
    "<wsdl:input wsaw:Action=\"" SOAP_ACTION_ISSUE "\" message=\"tns:IWebTicketService_IssueToken_InputMessage\"/>"
    "<wsdl:output wsaw:Action=\"" NS_WST_SLASH "RSTRC/IssueFinal\""
    " message=\"tns:IWebTicketService_IssueToken_OutputMessage\"/></wsdl:operation></wsdl:portType>\n";

void soap_metadata_wts_write(struct buf *b, const struct soap_metadata *m)
{
	buf_str(b, SOAP_XML_HEAD "<wsdl:definitions name=\"WebTicketService\" targetNamespace=\"http://tempuri.org/\"");
	buf_str(b, namespaces);
	buf_str(b, " xmlns:wsaw=\"http://www.w3.org/2006/05/addressing/wsdl\""
		   " xmlns:http=\"http://schemas.microsoft.com/ws/06/2004/policy/http\""
		   " xmlns:msg=\"http://schemas.microsoft.com/Message\" xmlns:tns=\"http://tempuri.org/\">\n");
	for (size_t i = 0; i < WAYS; i++) {
		if (metadata_url_of(m, &ways[i])[0] == '\0')
			continue;
		buf_printf(b, "<wsp:Policy wsu:Id=\"%s_policy\"><wsp:ExactlyOne><wsp:All>", ways[i].port);
		ways[i].policy(b);
		buf_str(b, "</wsp:All></wsp:ExactlyOne></wsp:Policy>\n");
	}
	buf_str(b, wts_types);
	for (size_t i = 0; i < WAYS; i++)
		if (metadata_url_of(m, &ways[i])[0])
			binding(b, ways[i].port, "IWebTicketService", "IssueToken", SOAP_ACTION_ISSUE, true);
	buf_str(b, "<wsdl:service name=\"WebTicketService\">\n");
	for (size_t i = 0; i < WAYS; i++)
		if (metadata_url_of(m, &ways[i])[0])
			port(b, ways[i].port, metadata_url_of(m, &ways[i]));
	buf_str(b, "</wsdl:service>\n</wsdl:definitions>\n");
}

/* ---- WS-Transfer (4.4) ------------------------------------------------------------------------------------- */

void soap_mex_answer_write(struct buf *b, const char *message_id, bool soap12, const char *identifier, struct sv wsdl)
{
	if (sv_starts(wsdl, SV("<?xml"))) {
		sv_cut(&wsdl, '>');
		wsdl = sv_trim(wsdl);
	}
	buf_printf(b, SOAP_XML_HEAD "<s:Envelope xmlns:s=\"%s\" xmlns:a=\"" NS_WSA "\"><s:Header>"
				    "<a:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</a:Action>",
		   soap12 ? NS_SOAP12 : NS_SOAP);
	if (message_id[0])
		xml_element(b, "a:RelatesTo", message_id);
	buf_str(b, "</s:Header><s:Body><wsx:Metadata xmlns:wsx=\"" NS_WSX "\"><wsx:MetadataSection"
		   " Dialect=\"http://schemas.xmlsoap.org/wsdl/\"");
	xml_attribute(b, "Identifier", identifier);
	buf_str(b, ">");
	buf_sv(b, wsdl);
	buf_str(b, "</wsx:MetadataSection></wsx:Metadata></s:Body></s:Envelope>\n");
}
