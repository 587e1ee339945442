/* wire/ntlm.h: the three NTLM messages ([MS-NLMP] 2.2.1), read and written; no cryptography here (auth/ntlm.h).
 *
 * Views point into the message.  Offsets are taken from the fields, never assumed.
 */
#ifndef DIALTONE_WIRE_NTLM_H
#define DIALTONE_WIRE_NTLM_H

#include "base/buf.h"
#include "base/cursor.h"

enum {
	NTLM_UNICODE = 0x1, NTLM_OEM = 0x2, NTLM_REQUEST_TARGET = 0x4, NTLM_SIGN = 0x10, NTLM_SEAL = 0x20,
	NTLM_DATAGRAM = 0x40, NTLM_LM_KEY = 0x80, NTLM_NTLM = 0x200, NTLM_ALWAYS_SIGN = 0x8000, NTLM_ESS = 0x80000,
	NTLM_IDENTIFY = 0x100000, NTLM_TARGET_INFO = 0x800000, NTLM_VERSION = 0x2000000, NTLM_128 = 0x20000000,
	NTLM_KEY_EXCH = 0x40000000
};
#define NTLM_56 0x80000000u

struct ntlm_negotiate {
	uint32_t flags;
	struct sv domain, workstation; /* OEM */
};
/* What a server or client of the time says it is: 6.1.7601, NTLM revision 15. */
extern const uint8_t ntlm_windows7[8];

struct ntlm_challenge {
	uint32_t flags;
	uint8_t challenge[8], version[8];
	struct sv target, info; /* UTF-16LE name; AV pairs with their end */
};
struct ntlm_authenticate {
	uint32_t flags;
	uint8_t version[8];
	struct sv lm, nt, domain, user, workstation, key; /* names: UTF-16LE when NTLM_UNICODE */
	bool has_mic;
	uint8_t mic[16];
	size_t mic_at;
};
enum { NTLM_AV_END, NTLM_AV_COMPUTER, NTLM_AV_DOMAIN, NTLM_AV_DNS_COMPUTER, NTLM_AV_DNS_DOMAIN, NTLM_AV_DNS_TREE,
       NTLM_AV_FLAGS, NTLM_AV_TIME, NTLM_AV_CHANNEL = 10 };

unsigned ntlm_type(struct sv message); /* 1, 2, 3; 0: not NTLM */
bool ntlm_negotiate_read(struct rd *r, struct ntlm_negotiate *ret);
bool ntlm_challenge_read(struct rd *r, struct ntlm_challenge *ret);
bool ntlm_authenticate_read(struct rd *r, struct ntlm_authenticate *ret);
void ntlm_negotiate_write(struct buf *b, const struct ntlm_negotiate *m);
void ntlm_challenge_write(struct buf *b, const struct ntlm_challenge *m);
void ntlm_authenticate_write(struct buf *b, const struct ntlm_authenticate *m); /* payload: domain user host LM NT key */

struct sv ntlm_av(struct sv info, unsigned id); /* p == NULL: absent or malformed */
void ntlm_av_add(struct buf *b, unsigned id, struct sv value);
bool ntlm_av_check(struct sv info); /* well-formed up to its end pair */

/* UTF-8 and UTF-16LE (wire/utf16.c). false: malformed. *to keeps its length then. */
bool utf16_from_utf8(struct buf *to, struct sv s, bool upper); /* upper: each code point by upper_case() */
uint32_t upper_case(uint32_t c); /* [MS-UCODEREF] 3.1.5.3; c itself where it has none */
bool utf8_from_utf16(struct buf *to, struct sv s);

#endif
