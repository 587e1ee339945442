/* auth/tether.h: one end of the cable: octets in, messages out; keys from a code that both ends know (doc/reference/usb.md).
 *
 * The phone says HELLO first, the PC answers; both derive
 *
 *     K      = PBKDF2-HMAC-SHA256(code, phone's nonce | PC's nonce, 20,000 rounds)
 *     K_side = HMAC-SHA256(K, "dialtone tether 1 " | side)        side: "phone" or "pc"
 *
 *     session = the first 8 octets of SHA-256(phone's nonce | PC's nonce)
 *
 * and seal each message with AES-256-GCM under their own K_side, with a counter as context: a message that is replayed,
 * reordered, reflected or changed is not opened.  The session stands before it, so that frames of an earlier one are passed over.  The phone proves the code first, so that a PC gives a password to no stranger.
 *
 * It does no I/O and reads no clock: its owner closes a line that is silent.
 */
#ifndef DIALTONE_AUTH_TETHER_H
#define DIALTONE_AUTH_TETHER_H

#include "base/why.h"
#include "wire/usb/tether.h"

#define TETHER_SESSION 8
#define TETHER_CODE_DIGITS 12 /* of 32 letters: 60 bits */
#define TETHER_CODE_MAX 15    /* "ABCD-EFGH-JKLM" and a NUL */

/* A new one, of what pki_random() gives. */
bool tether_code_make(char ret[TETHER_CODE_MAX]);
/* As it is typed: small letters and blanks do not matter.  false: it is none. */
bool tether_code_read(struct sv typed, char ret[TETHER_CODE_MAX]);

struct tether {
	bool phone, keyed; /* keyed: both HELLOs are there */
	bool proved;	   /* the peer has sealed a message: it knows the code */
	char code[TETHER_CODE_MAX];
	struct tether_hello ours, theirs;
	uint8_t send_key[32], open_key[32], session[TETHER_SESSION];
	uint64_t sent, opened;
	struct buf in;
};

bool tether_begin(struct tether *t, bool phone, const char *code, const char *name); /* false: no random numbers */
void tether_clear(struct tether *t); /* wipes; {0} is fine */
void tether_hello(struct tether *t, struct buf *out); /* the phone, until it is answered: again and again */

enum tether_event {
	TETHER_NOTHING, /* more octets are needed */
	TETHER_PEER,	/* HELLO came: messages can be sealed from now on.  Again: the peer has begun anew */
	TETHER_MESSAGE, /* *m; the caller wipes it */
	TETHER_BAD,	/* *why: another code, another version, or an attack; this end has to begin anew */
};
void tether_feed(struct tether *t, const void *p, size_t n);
/* The next event among what was fed.  out: octets to send in answer. */
enum tether_event tether_next(struct tether *t, struct tether_message *m, struct buf *out, struct why *why);
bool tether_send(struct tether *t, const struct tether_message *m, struct buf *out); /* false: not keyed, or no memory */

#endif
