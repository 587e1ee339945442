/* phone/run/record.h: attempts, as they are tried, for the record; and texts for them. */
#ifndef DIALTONE_PHONE_RECORD_H
#define DIALTONE_PHONE_RECORD_H

#include "base/text.h"
#include "dialtone/phone.h"

struct attempt {
	char what[224], peer[288];
	uint64_t since;
	bool guess; /* no specification publishes the format */
	enum dt_sign sign[DT_SIGNS_MAX];
	struct dt_facts fact; /* what it points to stays until the attempt is reported */
};

void attempt_begin(struct dt_phone *ph, struct attempt *a, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void attempt_peer(struct attempt *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void attempt_at(struct attempt *a, uint32_t address, uint16_t port); /* the peer, as text and as facts */
void attempt_sign(struct attempt *a, enum dt_sign s);
/* warn, why NULL or "": what the signs say. */
void attempt_ok(struct dt_phone *ph, const struct attempt *a, const char *found, const char *warn);
void attempt_fail(struct dt_phone *ph, const struct attempt *a, enum dt_failure f, const char *why);
void record_give(struct dt_phone *ph, const struct dt_record *r); /* into the log, and to the body */
void record_stage(struct dt_phone *ph, enum dt_record_kind kind, bool ok);
void record_result(struct dt_phone *ph, enum dt_stage stage, bool ok, enum dt_failure f, const char *why);

#endif
