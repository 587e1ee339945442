/* wire/sip.h: what a SIP header value holds (RFC 3261, [MS-SIPAE], [MS-SIPREGE], [MS-CONMGMT]). */
#ifndef DIALTONE_WIRE_SIP_H
#define DIALTONE_WIRE_SIP_H

#include "wire/msg.h"

struct sip_uri {
	struct sv scheme; /* "sip", "sips", "tel" */
	struct sv user, host;
	uint16_t port; /* 0: none given */
	struct sv params, headers; /* behind ';' and '?', without these */
};
bool sip_uri_read(struct sv s, struct sip_uri *ret);

/* From, To, Contact, Route ...: display name, URI, parameters of the header. */
struct sip_addr {
	struct sv display, uri, params; /* uri: the text between < and >, unchanged; params: without the first ';' */
	struct sv rest;			/* behind a ',' : the next one, p == NULL if none */
	bool star;			/* Contact: * */
};
bool sip_addr_read(struct sv s, struct sip_addr *ret);

/* One parameter out of "a=b;c;d=\"e;f\"", any case; quotes removed; p == NULL: absent; n == 0: no value. */
struct sv sip_param(struct sv params, const char *name);

/* Steps *s over *( SEMI generic-param ), up to its end or to the ',' before the next value; false: malformed. */
bool sip_params_skip(struct sv *s);

bool sip_cseq_read(struct sv s, uint32_t *number, struct sv *method);

/* A whole request or response against RFC 3261's rules beyond the grammar of lines (mandatory headers, single ones not
 * repeated, CSeq method, Via, numbers in range): NULL, or why it is refused, a sentence.  *status: 400, 420, 505, 416 ...
 * The TCP/TLS rules of Lync apply: a Via without branch is fine. */
const char *sip_check(const struct msg *m, unsigned *status);

/* Does Require or Proxy-Require name an extension that is not known here?  Those that it names go into *list (NULL: not
 * wanted), with ", " between: the value of Unsupported in a 420. */
bool sip_tags_unknown(const struct msg *m, struct buf *list);

/* ---- authentication headers, [MS-SIPAE]; [sip 6] ------------------------------------------- */

enum sip_auth_role { SIP_CHALLENGE, SIP_CREDENTIALS, SIP_AUTH_INFO };

struct sip_auth {
	struct sv scheme; /* "NTLM", "Kerberos", "TLS-DSK" */
	struct sv realm, targetname, opaque, gssapi, qop, version, crand, cnum, response, srand, snum, rspauth, sts_uri;
	bool has_gssapi; /* present though perhaps empty */
};
/* Any order, any case of names, blanks tolerated; unknown parameters skipped; a repeated one refuses. */
bool sip_auth_read(struct sv value, struct sip_auth *ret);
/* In the spelling and order that SIPE and real servers use (name="value", ", " between, version bare): [sip 6, 18]. */
void sip_auth_write(struct buf *b, enum sip_auth_role role, const struct sip_auth *a);

/* ---- small ones --------------------------------------------------------------------------------------- */

/* ms-diagnostics: 4005;reason="...";source="..." */
struct sip_diag {
	unsigned id;
	struct sv reason, source;
};
bool sip_diag_read(struct sv value, struct sip_diag *ret);

/* ms-keep-alive: UAS; tcp=no; hop-hop=yes; end-end=no; timeout=300 */
struct sip_keepalive {
	bool uas, hop_hop;
	uint32_t timeout; /* 0: none */
};
bool sip_keepalive_read(struct sv value, struct sip_keepalive *ret);

#endif
