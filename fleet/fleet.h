/* fleet/fleet.h: thousands of phones in one process: the phone library with a body for sockets.
 *
 * One thread, one epoll, one heap of timers.  Every phone is a whole struct dt_phone; it begins with an address (VLAN and DHCP are
 * not played) and with the names that the caller gave.  Nothing is sent to an address that is not among `target`.
 *
 *     f = fleet_new(&conf, &why);
 *     while (fleet_turn(f, 200))     until the run has ended by itself or fleet_stop() has
 *             look at fleet_stats(f)
 *     fleet_free(f);
 *
 * A phone that is refused comes back later: each wait is about twice the one before, and no two phones wait equally long.  While
 * nobody at all gets in, few are let try (fleet/gate.c).
 */
#ifndef DIALTONE_FLEET_FLEET_H
#define DIALTONE_FLEET_FLEET_H

#include "base/why.h"
#include "dialtone/phone.h"
#include "fleet/stats.h"

struct fleet;

/* Texts are borrowed and stay with the caller while the fleet lives. */
struct fleet_user {
	const char *address; /* "alice@contoso.test", or NULL */
	const char *number;  /* extension or phone number; with pin */
	const char *pin;
	const char *login; /* "CONTOSO\\alice"; with password */
	const char *password;
};

enum fleet_scenario {
	FLEET_COLD,    /* phones out of the box */
	FLEET_WARM,    /* phones that have signed in before, in the same run; that first pass is not measured */
	FLEET_REFRESH, /* phones that have signed in and stay: this is measured */
	FLEET_DAY      /* the morning, the day, the night's restart for the update question, the sign-off */
};
extern const char *const fleet_scenarios[4];

/* With which stage a phone begins. */
enum fleet_from { FLEET_FIND, FLEET_DISCOVER, FLEET_WEB };

enum fleet_curve { FLEET_STEADY, FLEET_BURST, FLEET_POWER_CUT };
struct fleet_arrival {
	enum fleet_curve curve;
	double rate;	 /* steady: phones a second */
	uint32_t spread; /* power cut: ms in which they boot, the first to the last */
};

struct fleet_name {
	const char *name;
	uint32_t address;
};

struct fleet_conf {
	unsigned phones;
	const struct fleet_user *user; /* phone i is user i */
	const struct dt_model *const *model; /* phone i has the (i % models)-th that can sign in as its user does */
	unsigned models;
	enum fleet_scenario scenario;
	enum fleet_from from;
	struct fleet_arrival arrive;
	unsigned together;    /* of the pass that is not measured: so many at a time; 0: 16 */
	uint32_t for_ms;      /* the measured part ends after this; 0: when each phone has dial tone or was refused for good */
	bool leave;	      /* hang up as soon as there is dial tone */
	bool sign_off;	      /* at the end, as people do; else the power goes */
	bool retry;	      /* one that was refused comes back */
	const char *domain, *pool; /* contoso.test; the Registrar's name */
	const char *registrar; /* HOST:PORT instead of SRV; NULL: by DNS */
	const char *web_url;
	uint16_t sip_port; /* in the SRV record that the fleet answers itself */
	const uint32_t *target; /* addresses that may be spoken to: names resolve to them in turn */
	unsigned targets;
	const struct fleet_name *name; /* exceptions to that */
	unsigned names;
	uint32_t source, sources; /* local addresses: source, source + 1 ... ; sources 0: the system's choice */
	uint64_t seed;		  /* of arrival and back-off; 0: random */
};

/* Makes what the keys of all phones need, which takes a moment.  NULL: *why. */
struct fleet *fleet_new(const struct fleet_conf *conf, struct why *why);
/* Lives on for about so many ms. false: the run is over. */
bool fleet_turn(struct fleet *f, uint32_t ms);
void fleet_stop(struct fleet *f); /* the end begins: signing off, or hanging up */
const struct fleet_stats *fleet_stats(const struct fleet *f);
void fleet_free(struct fleet *f);

#endif
