/* phone/client/ntlm.h: the phone's answers to NTLM challenges, and NTLM over HTTP (RFC 4559; [web-services 6.1]): three legs on one
 * connection. */
#ifndef DIALTONE_PHONE_NTLM_H
#define DIALTONE_PHONE_NTLM_H

#include "base/buf.h"
#include "phone/run/core.h"
#include "wire/msg.h"

struct ntlm_login { /* of who signs in; login NULL: none */
	const char *login, *password;
};

struct ntlm_asked { /* where a challenge came from */
	struct sv challenge;
	struct sv negotiate; /* what it answers; n 0: nothing, as in SIP */
	const uint8_t *binding; /* ntlm_channel_binding(); NULL: there is no TLS */
};
/* AUTHENTICATE for that challenge; NULL, or why not.  key: the session key, for SIP; NULL: over HTTP. */
const char *ntlm_login_answer(struct dt_phone *ph, const struct ntlm_login *who, const struct ntlm_asked *asked, struct buf *answer,
			      uint32_t *flags, uint8_t key[16]);

struct ntlm_http { /* one handshake; {0} begins it */
	unsigned leg;
	const char *scheme; /* that the first leg was offered */
};
/* Ask only where http_is_trusted(): to anybody else a login is not given, who could hand it on. */
bool ntlm_http_offered(struct ntlm_http *n, const struct msg *m, struct sv *token); /* in that 401 */
/* One leg: the Authorization line for a challenge's token ("": the first).  leaf: the server's certificate in TLS (DER).  REFUSED: there is
 * no further leg.  BAD: the challenge itself is at fault, and why says how. */
enum ntlm_leg { NTLM_LEG, NTLM_LEG_REFUSED, NTLM_LEG_BAD };
enum ntlm_leg ntlm_http_leg(struct dt_phone *ph, struct ntlm_http *n, const struct ntlm_login *who, struct sv leaf,
			    struct sv token, struct buf *header, struct why *why);

#endif
