/* auth/ticket.h: web tickets: SAML 1.1 assertions and the signatures around them [web-services 6.2, 7].
 *
 * Both ends.  XML signatures go through xmlsec1, exactly these transforms and algorithms, one Reference,
 * same-document; after verifying, only the verified octets are parsed and used (signature wrapping).
 */
#ifndef DIALTONE_AUTH_TICKET_H
#define DIALTONE_AUTH_TICKET_H

#include "pki/cert.h"
#include "wire/soap/soap.h"

bool ticket_init(void); /* once per process: libxml2, xmlsec1 */

/* ---- server ---- */
struct ticket {
	char id[64], issuer[SOAP_URI_MAX], audience[SOAP_URI_MAX], user[256]; /* user: "sip:alice@contoso.test" */
	char method[16];						      /* "pin", "ntlm", "cert" */
	int64_t issued, not_before, not_after;
	uint8_t proof[32];
	bool bearer; /* no proof key */
};
/* The saml:Assertion in exclusive canonical form, rsa-sha256 signed; the proof key sealed with AES-GCM under seal_key
 * (DIFFERS: [web-services 7.1]'s RSA-OAEP costs a private-key operation at each presentation). */
bool ticket_write(struct buf *b, const struct ticket *t, const struct pki_key *key, const uint8_t seal_key[32],
		  const char *key_name);
/* Verifies the assertion inside wsse:Security of an envelope, and (unless bearer) the proof signature over its Timestamp:
 * the seven checks of 7.3. NULL when good, else why (for the log, not for the wire). cert_der: of the ticket key. */
const char *ticket_check(const void *envelope, size_t n, const void *ticket_cert, size_t ncert, const uint8_t seal_key[32],
			 const char *audience, const char *issuer, int64_t now, struct ticket *ret);

/* Whether an assertion has no more parts than one of ours could have, and is named as ours are: NULL, or why not.  Its canonical form
 * and its digest cost as much as a stranger likes to write: this looks at it first, and costs a walk. */
#define TICKET_ID "SamlSecurityToken-" /* our AssertionIDs begin so */
const char *ticket_shape(xmlNodePtr assertion);

/* An assertion by itself, as X-MS-WebTicket shows it (7.4): the same checks, but no proof: its holder is taken for its owner. */
const char *ticket_check_shown(const void *assertion, size_t n, const void *ticket_cert, size_t ncert, const uint8_t seal_key[32],
			       const char *audience, const char *issuer, int64_t now, struct ticket *ret);

/* WSS X.509 (6.2): verifies the signature over the Timestamp with the certificate in it. The certificate is NOT judged:
 * it is handed out for the store to know or not. */
const char *ticket_check_x509(const void *envelope, size_t n, int64_t now, struct buf *cert_der);

/* ---- client ---- */
/* The finished wsse:Security for GetAndPublishCert (7.3): Timestamp with the ticket's lifetime, assertion, signature. */
bool ticket_present(struct buf *security, const struct soap_issued *ticket, const uint8_t *proof, size_t nproof);
/* The finished wsse:Security of 6.2, with a Timestamp of five minutes from `now`. */
bool ticket_sign_x509(struct buf *security, const struct pki_key *key, const void *cert, size_t n, int64_t now, bool sha1);

#endif
