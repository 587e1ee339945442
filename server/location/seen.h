/* server/location/seen.h: what a server process saw of a phone, once: a value that crosses to the location process, which joins
 * such values into the phone's journey (server/location/journey.h).
 *
 * Nobody waits for it, and it may be lost: a worker drops it while the location process does not read.  What a phone only
 * claims (its MAC, its user before a proof) stands in it as claimed; `proved` says that the server has a proof of the user.
 * A secret never enters it.
 */
#ifndef DIALTONE_SERVER_SEEN_H
#define DIALTONE_SERVER_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sv.h"
#include "dialtone/failure.h"

/* A step of the process as a server sees it: its name, its stage, the stage that the phone is in when the step was answered,
 * and what it means when nothing follows. */
/* clang-format off */
#define SEEN_STEPS(X) \
	X(UPDATE,   "update",   4, 5, "no DHCPINFORM and no web request came: check DHCP options 43 and 120 and the SRV records") \
	X(DHCP,     "dhcp",     5, 6, "no web request came: check the web URL in option 43, and the way to it") \
	X(METADATA, "metadata", 6, 7, "no sign-in followed: the phone offers no way to sign in that the site takes, or waits for its user") \
	X(CHAIN,    "chain",    6, 6, "no HTTPS request followed: check port 443, and that server.pem ends in the root that was handed out") \
	X(TICKET,   "ticket",   7, 8, "no certificate was asked for") \
	X(CERT,     "cert",     8, 9, "no REGISTER came: check the Registrar's name in DNS or option 120, and port 5061") \
	X(REGISTER, "register", 9, 9, "no proof came after the challenge") \
	X(WEB_TLS,  "web-tls",  6, 6, "") \
	X(SIP_TLS,  "sip-tls",  9, 9, "") \
	X(SIGN_OFF, "sign-off", 9, 9, "")
/* clang-format on */

#define SEEN_STEP(id, name, stage, then, silent) SEEN_##id,
enum seen_step { SEEN_STEPS(SEEN_STEP) SEEN_STEP_COUNT };
#undef SEEN_STEP

enum seen_result { SEEN_ANSWERED, SEEN_ASKED /* for a proof */, SEEN_REFUSED };

/* How sure it is that a phone is there: a datagram has any sender that it likes; a peer that speaks TCP has its address; a proved
 * user is a user of the site. */
enum seen_evidence { SEEN_DATAGRAM, SEEN_ADDRESS, SEEN_PROVED };

struct seen {
	enum seen_step step;
	enum seen_result result;
	enum seen_evidence evidence;
	uint64_t began;	      /* mono_ms: when it was asked */
	enum dt_failure code; /* of a refusal */
	char cause[128];      /* of a refusal: a sentence for the operator */
	char address[72];
	bool outside;
	char mac[18], model[32], firmware[32]; /* mac: "00:04:f2:00:00:06"; "": not said */
	char user[256];			       /* a SIP address */
	char number[64];		       /* as typed, when it is a user's; else masked */
	char instance[40], epid[20];
};

struct seen_row {
	const char *name;
	unsigned stage, then;
	const char *silent;
};
extern const struct seen_row seen_steps[SEEN_STEP_COUNT];

/* Where a process sends what it saw; send NULL: nobody is there. */
struct seen_link {
	void (*send)(void *arg, const struct seen *s);
	void *arg;
};
void seen_send(const struct seen_link *l, const struct seen *s); /* l NULL: nobody */

/* "CPE/4.0.7577.4444 OCPhone/4.0.7577.4444 (Microsoft Lync Phone Edition)": version and product, where s has none yet. */
void seen_agent(struct seen *s, struct sv user_agent);
void seen_mac(struct seen *s, struct sv mac); /* in any of the usual forms; anything else: left "" */
/* A number that no user has may be a PIN in the wrong field: two digits of it are kept. */
void seen_number_masked(struct seen *s, const char *number);
/* A refusal; cause: cut when it is long. */
void seen_refused(struct seen *s, enum dt_failure code, const char *cause);
/* A handshake that failed, from the alert that the phone sent (0: none) and the library's reason. */
void seen_tls(struct seen *s, unsigned alert, const char *why);

#endif
