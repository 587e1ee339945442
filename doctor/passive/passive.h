/* doctor/passive/passive.h: the phones that a capture shows, each with the record that it would have written itself.
 *
 * Frames go in, in the order of their times; out come phones, each with a run (doctor/run.h) of the same lines as a phone's own
 * record: doctor_diagnose() judges them by the same table of causes.  It sends nothing, has no clock but the frames' own, and
 * holds at most PASSIVE_PHONES phones, PASSIVE_LINES lines of each, and a few megabytes of streams, whatever a stranger sends:
 * machines that are no phones are forgotten first, then the phone that was silent for longest.
 *
 * Encrypted messages are read by their shape: the number of questions and answers, their length, the side that hung up.  Where
 * the shape says that a phone went no further, but not why, the failure is DT_F_HIDDEN.
 *
 * A phone is known by its MAC address; behind a router, which puts its own in front, by its IP address.
 */
#ifndef DIALTONE_DOCTOR_PASSIVE_H
#define DIALTONE_DOCTOR_PASSIVE_H

#include "base/sv.h"
#include "doctor/run.h"

enum { PASSIVE_PHONES = 2048, PASSIVE_LINES = 96 };

struct passive;

struct passive_phone {
	uint8_t mac[6];
	bool has_mac;	  /* false: it is known by its address alone */
	uint32_t address; /* IPv4, host byte order; 0: none seen */
	uint16_t vlan;	  /* of the tag on its frames; 0: none */
	char model[33];	  /* as its LLDP-MED says it; "": not seen */
	enum dt_stage stage;
	bool dial_tone;
	int64_t first_us, since_us, last_us; /* seen first; at this stage, with this outcome, since; seen last */
	unsigned starts;		     /* how often it began anew while it was watched */
	struct doctor_line *line;	     /* its record */
	size_t n, cap;
	int64_t at_us[PASSIVE_LINES]; /* when each line was closed */
};

/* phones: the most that are watched at once, up to PASSIVE_PHONES; 0: that many.  NULL: out of memory. */
struct passive *passive_new(unsigned phones);
void passive_free(struct passive *p);

/* One packet; link: LINK_ETHERNET ... (wire/capture/capture.h).  false: nothing in it can be read. */
bool passive_packet(struct passive *p, int64_t unix_us, unsigned link, struct sv octets);

/* TLS secrets, NSS key log lines: connections of TLS 1.0 to 1.3 that begin after this are read under TLS, too. */
void passive_secrets(struct passive *p, struct sv key_log);

/* The capture is over: whoever waits for an answer has waited in vain, and each run gets its result.  Nothing follows but
 * passive_phone_at() and passive_free(). */
void passive_end(struct passive *p);

/* How the phone that was seen last is doing, as it happens: called when stage, outcome or dial tone of a phone change. */
void passive_watch(struct passive *p, void (*fn)(void *arg, const struct passive_phone *phone), void *arg);

/* Ordered by the time of their first frame. */
size_t passive_phones(const struct passive *p);
const struct passive_phone *passive_phone_at(const struct passive *p, size_t i);
/* The phone's record as a run for doctor_diagnose(); until the next call. */
const struct doctor_run *passive_run(struct passive *p, size_t i);

/* Losses: machines that were forgotten for want of room, streams that could not be followed. */
struct passive_lost {
	unsigned long hosts, flows, gaps, unread, lines;
	unsigned long packets;
};
const struct passive_lost *passive_lost(const struct passive *p);

#endif
