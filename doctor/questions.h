/* doctor/questions.h: what the doctor asks besides, as it follows from the record and from answers so far: pure, for probe.c.
 *
 * The network below the phone (DHCP, ARP), each name server by itself, the domains in whose names the phone asked, the servers
 * it talked to or would, DHCP in other spellings of the phones' classes.  Derived from codes and facts only.
 */
#ifndef DIALTONE_DOCTOR_QUESTIONS_H
#define DIALTONE_DOCTOR_QUESTIONS_H

#include "doctor/run.h"

/* clang-format off */
enum doctor_ask {
	ASK_SRV,
	ASK_AAAA, ASK_CNAME, /* of a name that has no A record */
	ASK_A,
	ASK_TCP,    /* does the port open? */
	ASK_TLS,    /* a modern handshake; its chain is looked at */
	ASK_PLAIN_TLS, /* the same without the name in the first message (SNI), as phones begin */
	ASK_PHONE_TLS, /* a handshake as phones of the time begin it */
	ASK_OCTET,  /* a request of 18 octets: does anything come back? */
	ASK_LARGE,  /* a request of several packets: does anything come back? */
	ASK_CRL,    /* fetch http://NAME */
	ASK_RESOLVER, ASK_RESOLVER_TCP, /* the name server at `address` alone: does it know NAME? */
	ASK_ARP,    /* who has `address`? */
	ASK_OFFERS, /* which servers offer a lease in the VLAN `vlan` (0: untagged)? */
	ASK_INFORM, ASK_DISCOVER,
	ASK_REBOOT, /* a REQUEST for an address of a foreign network, in the VLAN `vlan`: a server that hears it refuses it (RFC 2131 3.2) */
};
/* clang-format on */

struct doctor_question {
	enum doctor_ask ask;
	enum dt_stage stage;	/* where the answer matters */
	char name[DT_NAME_MAX]; /* the name, or who is expected there; DHCP: the class */
	uint32_t address;
	uint16_t port, vlan;
	unsigned again; /* the same question once more, to compare: 1, 2 ... */
	enum dt_sign gives; /* what a good answer is a sign of; NONE: of nothing */
};

/* At most DOCTOR_ANSWERS, each once.  `odd` is a label that nobody made ("dialtone-1f..."): of a name that begins with it an
 * answer is a sign of a wildcard. */
unsigned doctor_questions(const struct doctor_run *r, const char *odd, struct doctor_question *ret);
bool doctor_question_is(const struct doctor_question *a, const struct doctor_question *b); /* the same question */

#endif
