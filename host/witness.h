/* host/witness.h: what a phone's body saw, for whoever looks into its run: packets, TLS secrets, certificates, heads of answers.
 *
 * A witness is shown every packet of the phone's interface, sent and received, with VLAN tags; of each connection the certificates
 * that the server showed and the head of its first answer; and the TLS secrets (NSS key log lines) of those connections only on which
 * no credentials went: with them, nobody can read a PIN, a password or a web ticket out of the packets.
 */
#ifndef DIALTONE_HOST_WITNESS_H
#define DIALTONE_HOST_WITNESS_H

#include "base/buf.h"
#include "dialtone/phone.h"

struct host;

struct host_witness { /* none may be NULL */
	void (*packet)(void *arg, const uint8_t *frame, size_t n);
	void (*secret)(void *arg, const char *lines);
	void (*opened)(void *arg, const struct dt_stream_conf *to, const struct dt_stream_opened *o);
	void (*head)(void *arg, const struct dt_stream_conf *to, struct sv head);
	void *arg;
};

/* ---- within the room: one connection ------------------------------------------------------------------------------ */

enum { WITNESS_HEAD = 2048, WITNESS_WORD = 24 };

struct witnessed {
	struct buf secrets;
	bool credentials; /* they were sent: its secrets stay here */
	char before[WITNESS_WORD]; /* the last octets that were sent: a word may come in two pieces */
	size_t nbefore;
	struct buf head; /* of the first answer */
	bool head_given;
	char name[DT_NAME_MAX];
	uint32_t address;
	uint16_t port;
};

int witness_open(struct host *h); /* 0 or -errno */
void witness_close(struct host *h);
void witness_sent(struct host *h, struct witnessed *w, const void *p, size_t n);
void witness_got(struct host *h, struct witnessed *w, const void *p, size_t n);
void witness_opened(struct host *h, const struct witnessed *w, const struct dt_stream_opened *o);
void witness_end(struct host *h, struct witnessed *w); /* the connection ends: its secrets are given, or wiped */

#endif
