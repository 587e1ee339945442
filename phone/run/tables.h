/* phone/run/tables.h: the process as data: stages, and the plans that order them. */
#ifndef DIALTONE_PHONE_TABLES_H
#define DIALTONE_PHONE_TABLES_H

#include "dialtone/phone.h"
#include "phone/run/verdict.h"

enum {
	HAS_VLAN = 1, HAS_ADDRESS = 2, HAS_TIME = 4, HAS_UPDATE_URL = 8, HAS_FIRMWARE = 16, HAS_REGISTRAR = 32,
	HAS_WEB = 64, HAS_ROOTS = 128, HAS_IDENTITY = 256, HAS_USER_CERT = 512, HAS_DIAL_TONE = 1024, HAS_SECRET = 2048
};

struct stage {
	void (*begin)(struct dt_phone *ph);
	unsigned seconds; /* a safety net: each wait inside has a deadline of its own */
	bool optional;	  /* "the bootstrapping process continues" */
	unsigned needs, gives;
};
extern const struct stage stages[DT_STAGE_COUNT];

struct plan {
	const char *name;
	unsigned known, proof;
	enum dt_stage run[DT_STAGE_COUNT]; /* DT_STAGE_NONE ends */
};
extern const struct plan plans[PLANS];
enum plan_id plan_of(const struct dt_phone *ph);

#endif
