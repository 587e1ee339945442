/* auth/ticket_fields.h: the words that writing and checking an assertion share.  For auth/ticket*.c only. */
#ifndef DIALTONE_AUTH_TICKET_FIELDS_H
#define DIALTONE_AUTH_TICKET_FIELDS_H

#include "auth/ticket.h"

#define NS_XENC "http://www.w3.org/2001/04/xmlenc#"
#define ALG_AES256_GCM "http://www.w3.org/2009/xmlenc11#aes256-gcm"
#define NAME_FORMAT "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uri"
#define CM_HOLDER "urn:oasis:names:tc:SAML:1.0:cm:holder-of-key"
#define CM_BEARER "urn:oasis:names:tc:SAML:1.0:cm:bearer"

struct ticket_method {
	const char *name, *uri;
};
extern const struct ticket_method ticket_methods[]; /* the last: {NULL, NULL} */

/* What the sealed proof key is bound to. */
struct sv ticket_seal_context(const char *id, char out[96]);

#endif
