/* cmd/phone/run.h: one phone on this machine, from the options to its result.  connect and doctor share it. */
#ifndef DIALTONE_CMD_PHONE_RUN_H
#define DIALTONE_CMD_PHONE_RUN_H

#include "base/buf.h"
#include "base/enc.h"
#include "base/why.h"
#include "cmd/phone/options.h"
#include "dialtone/phone.h"
#include "doctor/observed.h"
#include "host/host.h"

/* What every record line begins with. */
struct run_ids {
	char run[17], mac[18];
	const char *model;
};

/* How the run ended. The strings are its own: records live only as long as their call. */
struct run_result {
	bool known, ok, dial_tone; /* dial_tone: it was reached once */
	enum dt_stage stage;
	enum dt_failure failure;
	struct why why;
	bool guess;
	uint32_t ms; /* from power-on to the result */
	uint32_t times[DT_STAGE_COUNT];
};

struct phone_run {
	const char *verb; /* for sentences: "connect" */
	bool appliance;	  /* no failure ends it: people act on it through the socket in its state folder */
	const struct phone_options *o;
	struct host *host;
	struct dt_phone *phone;
	struct dt_phone_conf conf;
	struct run_ids ids;
	struct run_result result;
	struct doctor_observed observed; /* on the port, by now */
	uint64_t began; /* mono ms */
	struct handset *handset; /* of an appliance */
	struct usb *usb;	 /* its USB port, if it has one */
	struct buf pin, password, trust, update_key;
	char serial[MAC_TEXT_MAX];
	const struct host_witness *witness; /* or NULL */
	const char *files[4]; /* that broker_put() will write; the last is NULL */
	void (*record)(void *arg, const struct dt_record *r);
	void (*tick)(void *arg);
	unsigned tick_ms; /* 0: a second */
	void (*over)(void *arg); /* the run has its result: sign off now, or later */
	void *arg;
};

/* verb, o, record, tick, over, arg are set by the caller; the rest is zero. 0, or an exit status after a sentence. */
int phone_run_open(struct phone_run *r);
int phone_run_go(struct phone_run *r); /* the signal that ended it, or 0 */
void phone_run_close(struct phone_run *r);
/* Below which each phone's state has a folder, named by its MAC address.  false: it is too long. */
bool phone_state_base(char *out, size_t cap);
int phone_run_status(const struct run_result *r); /* 0, 1-9, 64, 70 */

#endif
