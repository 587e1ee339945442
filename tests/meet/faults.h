/* tests/meet/faults.h: faults of a network or of a site, to be put into the world, and what the doctor must name for each. */
#ifndef DIALTONE_TESTS_MEET_FAULTS_H
#define DIALTONE_TESTS_MEET_FAULTS_H

#include "tests/meet/meet.h"

struct meet_fault {
	const char *name;
	void (*change)(struct meet *m); /* before the phone has power */
	const char *fails;		/* the id of the likeliest cause; NULL: dial tone */
	const char *notes;		/* the ids of the notes, in their order */
	void (*later)(struct meet *m);	/* after a first dial tone; the phone starts again, and that run is examined. NULL: no */
	unsigned more_s;		/* how long the run goes on after its result */
};

extern const struct meet_fault faults_network[], faults_web[], faults_registrar[], faults_reports[]; /* each ends with a row without a name */

/* ---- for these tables (faults.c) ---- */

void fault_nothing(struct meet *m);
void fault_without_update_url(struct meet *m); /* the Registrar's settings name no update service */

/* A machine of the network that is not a server of the site: packets to it are dropped. */
#define FAULT_RETIRED MEET_IP(10, 66, 0, 98)
void fault_silent_at(struct meet *m, uint32_t address, uint16_t port, enum meet_service service);
void fault_host(struct dt_dns_answer *ret, uint32_t address); /* the name has this address */
/* For meet_network.name: retired.contoso.test is FAULT_RETIRED. */
void fault_retired(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret);

/* The web server shows another certificate: by the site's root or by a foreign one, for these names. */
void fault_certified(struct meet *m, bool foreign, const char *const *names);
extern const char *const fault_all_names[];

/* The web's answer becomes this one. */
void fault_answer(struct web_answer *a, unsigned status, const char *type, struct sv body);

#endif
