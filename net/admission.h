/* net/admission.h: which TLS handshakes may begin now.
 *
 * A handshake is the dearest thing that a stranger gets for nothing.  Under overload, letting all begin makes everybody late: handshakes
 * are computed for phones that have given up, and those who are nearly through wait behind those who have just come.  So
 *
 *   - in one turn of the loop no more than `at_once` begin; the others stay unread, in the order in which they came, while whoever is
 *     further goes on in the same turn.  On an idle loop turns follow one another at once, and nobody waits;
 *   - whoever is further has a step in each turn, and a sign-in is so many steps: while turns last longer than `turn_ms`, no stranger's
 *     begins.  How many are under way at once then follows from what this machine does for them in that time, and is no figure of ours;
 *   - while those who are further have waited too long for answers that other processes owe, no stranger's begins, and a little later
 *     none at all;
 *   - a peer that has hung up gets none;
 *   - when hellos have waited longer than `wait_ms` again and again for a second, those who waited longer are reset: they come back
 *     later, and the others are served in time.
 *
 * A phone on its way comes again: to the next service, or behind a connection that broke.  So for two minutes behind a stranger's
 * handshake, hellos from its address may wait `known_ms`, and one of them begins before strangers do.  It is one and no more, as an
 * office behind one address has many phones.
 */
#ifndef DIALTONE_NET_ADMISSION_H
#define DIALTONE_NET_ADMISSION_H

#include "net/loop.h"

#define ADMISSION_KNOWN 4096

struct admission_conf {
	struct loop *loop;
	const char *what; /* for the log: "Web Services" */
	unsigned at_once, wait_ms, known_ms;
	unsigned turn_ms; /* 0: turns may last as long as they like */
	uint64_t (*now_ms)(void *arg); /* NULL: the machine's clock */
	uint64_t (*behind_ms)(void *arg); /* for how long answers of others have been due; NULL: never */
	void *arg;
};

struct admission { /* the owner's; its insides are admission.c's */
	struct admission_conf conf;
	uint64_t turn, turn_at, begun_at, log_at;
	bool slow; /* the turn before this one lasted too long */
	uint64_t late_since, late_last; /* hellos have waited too long */
	unsigned begun;
	uint64_t admitted, hung_up, turned_away; /* since it was made */
	uint64_t logged;			 /* of those turned away */
	struct admission_known {
		uint64_t key, until;
		unsigned further; /* connections that may begin before strangers */
	} known[ADMISSION_KNOWN];
};
void admission_init(struct admission *a, const struct admission_conf *conf);

enum admission_verdict {
	ADMIT_NOW,   /* a stranger's */
	ADMIT_KNOWN, /* now, too: of a phone on its way */
	ADMIT_TURN,  /* ask again in another turn */
	ADMIT_LATER, /* in ADMISSION_AGAIN_MS */
	ADMIT_NEVER
};
#define ADMISSION_AGAIN_MS 20
/* Of a connection whose first octets are there, unread; address: the true peer's.  ADMIT_NOW and ADMIT_KNOWN count it. */
enum admission_verdict admission_ask(struct admission *a, int fd, const char *address);
void admission_through(struct admission *a, const char *address); /* the handshake of one that had ADMIT_NOW is done */

#endif
