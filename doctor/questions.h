/* doctor/questions.h: what the doctor asks besides, as it follows from the record: pure, for probe.c to ask.
 *
 * The domains in whose names the phone asked, the servers it talked to, DHCP in other spellings of the phones' classes.
 * Derived from codes and facts only.
 */
#ifndef DIALTONE_DOCTOR_QUESTIONS_H
#define DIALTONE_DOCTOR_QUESTIONS_H

#include "doctor/run.h"

enum doctor_ask { ASK_SRV, ASK_A, ASK_TCP, ASK_TLS, ASK_INFORM, ASK_DISCOVER };

struct doctor_question {
	enum doctor_ask ask;
	enum dt_stage stage;	/* where the answer matters */
	char name[DT_NAME_MAX]; /* the name, or who is expected there; DHCP: the class */
	uint32_t address;
	uint16_t port;
	enum dt_sign gives; /* what a good answer is a sign of; NONE: of nothing */
};

/* At most DOCTOR_ANSWERS, each once.  `odd` is a label that nobody made ("dialtone-1f..."): of a name that begins with it an
 * answer is a sign of a wildcard. */
unsigned doctor_questions(const struct doctor_run *r, const char *odd, struct doctor_question *ret);

#endif
