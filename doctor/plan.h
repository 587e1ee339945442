/* doctor/plan.h: a run that went well, for each model, after a change of certificates, DNS or DHCP.
 *
 * A plan is applied to a record: the lines that the change touches get the outcome that they would have, by the phone's own readers
 * and by what a real phone of that model cannot do (dt_model_cannot()); everything behind the first stage that fails is left out.
 * doctor_diagnose() then says what fails and why, by the same table as ever.
 */
#ifndef DIALTONE_DOCTOR_PLAN_H
#define DIALTONE_DOCTOR_PLAN_H

#include "base/buf.h"
#include "base/why.h"
#include "doctor/run.h"

enum { PLAN_RECORDS = 256 };

struct plan_record { /* of the zone */
	char name[DT_NAME_MAX], target[DT_NAME_MAX]; /* target: of SRV */
	uint32_t address;
	uint16_t port;
	bool srv;
};

struct doctor_plan {
	struct buf chain;     /* PEM: what the servers will show, leaf first */
	struct buf roots;     /* PEM: the authorities among these, and those that phones trust already */
	bool strong_root;     /* 4096 bits and SHA-2 */
	bool has_chain, has_zone, has_dhcp;
	char origin[DT_NAME_MAX]; /* the zone's domain */
	char owner[DT_NAME_MAX];  /* of the line before: one that begins with a blank is of the same */
	struct plan_record record[PLAN_RECORDS];
	unsigned records;
	struct buf option43, option120;
	int64_t unix_s; /* when it is to be in force */
};

void doctor_plan_free(struct doctor_plan *p);

/* Each false after a reason.  chain: PEM.  zone: a master file (RFC 1035 5.1) with A and SRV records, as `dialtone netconfig zone`
 * prints it, or dnsmasq's configuration.  dhcp: the file of dnsmasq, ISC dhcpd, Kea, Cisco IOS or netsh, or lines "43 HEX" and "120 HEX". */
bool doctor_plan_chain(struct doctor_plan *p, struct sv pem, struct sv trusted, struct why *why);
bool doctor_plan_zone(struct doctor_plan *p, struct sv text, struct why *why);
bool doctor_plan_dhcp(struct doctor_plan *p, struct sv text, struct why *why);

/* The run of a phone of this model after the change.  false: out of memory. */
bool doctor_plan_apply(const struct doctor_plan *p, const struct doctor_run *was, const struct dt_model *m, struct doctor_run *ret);

#endif
