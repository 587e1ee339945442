/* wire/soap/kind.c: which message an envelope holds. */
#include "wire/soap/parts.h"

#include <fnmatch.h>
#include <string.h>

/* clang-format off */
static const struct {
	const char *element; /* of the Body, a glob; the first row that fits */
	enum soap_kind kind;
	const char *name;
} kinds[] = {
	{"RequestSecurityToken",                   SOAP_ISSUE,        "IssueToken"},
	{"RequestSecurityTokenResponseCollection", SOAP_ISSUED,       "IssueToken response"},
	{"RequestSecurityTokenResponse",           SOAP_ISSUED,       "IssueToken response"},
	{"GetAndPublishCert",                      SOAP_CERT,         "GetAndPublishCert"},
	{"GetAndPublishCertResponse",              SOAP_CERT_ANSWER,  "GetAndPublishCert response"},
	{"*Cert*Chain*Response",                   SOAP_CHAIN_ANSWER, "root chain response"},
	{"*Cert*Chain*",                           SOAP_CHAIN,        "root chain"},
	{"Fault",                                  SOAP_FAULT,        "fault"},
	{"Metadata",                               SOAP_MEX_ANSWER,   "metadata response"},
	{NULL,                                     SOAP_MEX_GET,      "metadata question"},
	{NULL,                                     SOAP_METADATA,     "metadata"},
	{NULL,                                     SOAP_UNKNOWN,      "unknown"},
};
/* clang-format on */
#define KINDS (sizeof kinds / sizeof *kinds)

enum soap_kind soap_kind(xmlDocPtr doc)
{
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL, first = soap_body(doc);
	char id[128];
	bool soap12;

	if (root && strcmp((const char *)root->name, "definitions") == 0)
		return SOAP_METADATA;
	if (first == NULL)
		return soap_mex_get_read(doc, id, &soap12) ? SOAP_MEX_GET : SOAP_UNKNOWN;
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].element && fnmatch(kinds[i].element, (const char *)first->name, 0) == 0)
			return kinds[i].kind;
	return SOAP_UNKNOWN;
}

const char *soap_kind_name(enum soap_kind k)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == k)
			return kinds[i].name;
	return "unknown";
}
