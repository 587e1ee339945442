/* wire/soap/soap.h: the messages of the Web Services, both directions ([MS-OCAUTHWS]; [web-services 2 to 12]).
 *
 * Readers fill plain structs (strings bounded, blobs in struct buf: soap_..._clear() frees them); writers append
 * to a struct buf.  Signing and verifying is not done here (auth/ticket.h): writers take finished pieces.
 */
#ifndef DIALTONE_WIRE_SOAP_H
#define DIALTONE_WIRE_SOAP_H

#include "base/buf.h"
#include "wire/xml.h"

#define NS_SOAP "http://schemas.xmlsoap.org/soap/envelope/"
#define NS_SOAP12 "http://www.w3.org/2003/05/soap-envelope"
#define NS_WST "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
#define NS_WST_SLASH "http://docs.oasis-open.org/ws-sx/ws-trust/200512/"
#define NS_WSSE "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
#define NS_WSU "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
#define NS_WSA "http://www.w3.org/2005/08/addressing"
#define NS_AUTHWS "http://schemas.microsoft.com/OCS/AuthWebServices/"
#define NS_DS "http://www.w3.org/2000/09/xmldsig#"
#define NS_SAML "urn:oasis:names:tc:SAML:1.0:assertion"
#define NS_AF "urn:component:Microsoft.Rtc.WebAuthentication.2010"
#define NS_WST_2005 "http://schemas.xmlsoap.org/ws/2005/02/trust" /* WS-Trust of February 2005 */
#define NS_WSTEP "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"

#define SOAP_ACTION_ISSUE "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"
#define SOAP_ACTION_ISSUE_2005 NS_WST_2005 "/RST/Issue"
#define SOAP_ACTION_CERT "http://schemas.microsoft.com/OCS/AuthWebServices/GetAndPublishCert"
#define SOAP_ACTION_CHAIN "http://schemas.microsoft.com/OCS/AuthWebServices/GetRootCertChains"

#define TOKEN_SAML "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1"
#define TOKEN_X509 "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"

#define SOAP_URI_MAX 512

enum soap_kind {
	SOAP_UNKNOWN, SOAP_ISSUE, SOAP_ISSUED, SOAP_CERT, SOAP_CERT_ANSWER, SOAP_CHAIN, SOAP_CHAIN_ANSWER, SOAP_FAULT,
	SOAP_MEX_GET, SOAP_MEX_ANSWER, SOAP_METADATA /* bare wsdl:definitions */
};
enum soap_kind soap_kind(xmlDocPtr doc); /* by the first element of the Body */
const char *soap_kind_name(enum soap_kind k);
xmlNodePtr soap_body(xmlDocPtr doc);	 /* Body's first element child; exactly one Envelope/Body; NULL otherwise */
xmlNodePtr soap_security(xmlDocPtr doc); /* Header/wsse:Security; NULL when none or more than one */

/* ---- the envelope of an answer ------------------------------------------------------------------------ */

struct soap_frame {
	bool soap12;
	const char *wsa;      /* the namespace of the question's MessageID; NULL: it has none */
	char message_id[256]; /* "" then */
};
void soap_frame_read(xmlDocPtr doc, struct soap_frame *ret);
/* Puts an answer of the writers below into the asker's envelope: SOAP 1.2, Action and RelatesTo, where the client uses them. */
void soap_frame_put(struct buf *answer, const struct soap_frame *f, const char *action);

/* ---- IssueToken (5) ---------------------------------------------------------------------------------- */

struct soap_issue {
	char context[128], token_type[256], request_type[256], applies_to[SOAP_URI_MAX], claim[256], key_type[256];
	uint8_t entropy[64];
	size_t nentropy;
	int64_t want_expires; /* wst:Lifetime; 0: none */
	bool trust2005;	      /* asked in WS-Trust of February 2005; read only */
	/* bits: elements that may stand in the header */
	bool has_username;
	char username[256], password[256]; /* UsernameToken; wiped by soap_issue_clear() */
	bool has_signature;		   /* an X.509 BinarySecurityToken and a ds:Signature are there */
};
/* NULL, or why it is refused. Untouched then. */
const char *soap_issue_read(xmlDocPtr doc, struct soap_issue *ret);
void soap_issue_clear(struct soap_issue *m);
/* `header`: ready XML, the inside of soap:Header ("" : no header element at all, as SIPE). Claims only when claim is not "". */
void soap_issue_write(struct buf *b, const struct soap_issue *m, struct sv header);
void soap_username_write(struct buf *b, const char *user, const char *password); /* wsse:Security with UsernameToken */

struct soap_issued {
	char context[128];
	char token_type[256]; /* as it was asked for; "": SAML 1.1 by the token profile's name */
	char applies_to[SOAP_URI_MAX], assertion_id[128], name_id[256]; /* name_id: the ticket's user, "sip:..." */
	struct buf assertion;	     /* the saml:Assertion's text, self-contained */
	uint8_t entropy[64];	     /* the server's */
	size_t nentropy;
	uint8_t proof[64]; /* the proof key itself, where the server made it alone (WS-Trust 1.3, 4.4.4); read only */
	size_t nproof;
	struct buf lifetime; /* Created and Expires as received: goes into the Timestamp */
	int64_t created, expires;
	bool trust2005; /* to be written in WS-Trust of February 2005 */
};
const char *soap_issued_read(const void *p, size_t n, struct soap_issued *ret); /* from text: pieces are cut out whole */
void soap_issued_clear(struct soap_issued *m);
void soap_issued_write(struct buf *b, const struct soap_issued *m); /* the six rules of 5.2 */
/* "<Created xmlns=...>...</Created><Expires xmlns=...>...</Expires>", self-declared default namespace */
void soap_lifetime_write(struct buf *b, int64_t created, int64_t expires);

/* ---- GetAndPublishCert (8) --------------------------------------------------------------------------- */

struct soap_cert {
	char to[SOAP_URI_MAX], message_id[128], device_id[64], entity[256], request_id[64];
	struct buf csr;	      /* DER */
	int64_t want_expires; /* 0: none */
};
const char *soap_cert_read(xmlDocPtr doc, struct soap_cert *ret);
void soap_cert_clear(struct soap_cert *m);
/* `security`: the finished wsse:Security element (auth/ticket.h) */
void soap_cert_write(struct buf *b, const struct soap_cert *m, struct sv security);

struct soap_cert_answer {
	char device_id[64], entity[256], request_id[64];
	struct buf cert; /* DER; empty: error */
	unsigned error_id;
	char reason[256];
};
const char *soap_cert_answer_read(xmlDocPtr doc, struct soap_cert_answer *ret);
void soap_cert_answer_clear(struct soap_cert_answer *m);
void soap_cert_answer_write(struct buf *b, const struct soap_cert_answer *m);

/* ---- root chain (10) --------------------------------------------------------------------------------- */

void soap_chain_write(struct buf *b);
/* The request's first element's name and namespace, so that the answer can mirror them; false: not such a request. */
bool soap_chain_read(xmlDocPtr doc, char name[128], char ns[256]);
void soap_chain_answer_write(struct buf *b, const char *name, const char *ns, const void *p7, size_t n);
const char *soap_chain_answer_read(xmlDocPtr doc, struct buf *p7);

/* ---- faults (12) ------------------------------------------------------------------------------------- */

struct soap_fault {
	char code[128], reason[512], detail[256]; /* detail: our own extension, not for guessers */
	unsigned error_id;			  /* Ms-Diagnostics-Fault; 0: none */
	bool soap12;				  /* Code, Reason, Detail instead of faultcode, faultstring, detail */
};
const char *soap_fault_read(xmlDocPtr doc, struct soap_fault *ret);
void soap_fault_write(struct buf *b, const struct soap_fault *f);
/* The value of X-Ms-diagnostics, without the header's name: 28020;source="...";reason="...";faultcode="..." */
void soap_diag_write(struct buf *b, unsigned id, const char *source, const char *reason, const char *faultcode);
bool soap_diag_read(struct sv value, unsigned *id, char *reason, size_t cap);

/* ---- metadata (4) ------------------------------------------------------------------------------------ */

struct soap_metadata {
	/* Certificate Provisioning */
	char issuer[SOAP_URI_MAX];	/* WTS URL, out of the policy */
	bool endorsing;			/* the ticket's key must sign */
	char cert_url[SOAP_URI_MAX];	/* port CertProvisioningServiceWebTicketProof_SHA1 */
	char anon_url[SOAP_URI_MAX];	/* port CertProvisioningServiceAnon */
	/* Web Ticket Service; "" when the port is not offered */
	char negotiate_url[SOAP_URI_MAX], ntlm_url[SOAP_URI_MAX], cert_auth_url[SOAP_URI_MAX], pin_url[SOAP_URI_MAX];
};
const char *soap_metadata_read(xmlDocPtr doc, struct soap_metadata *ret); /* either service's document, bare or in mex */
void soap_metadata_certprov_write(struct buf *b, const struct soap_metadata *m);
void soap_metadata_wts_write(struct buf *b, const struct soap_metadata *m);
/* WS-Transfer Get (4.4): the relates-to id out of the request; wraps a metadata document into the answer. */
bool soap_mex_get_read(xmlDocPtr doc, char message_id[128], bool *soap12);
void soap_mex_answer_write(struct buf *b, const char *message_id, bool soap12, const char *identifier, struct sv wsdl);

#endif
