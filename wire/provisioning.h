/* wire/provisioning.h: in-band provisioning, [MS-SIPREGE] 2.2.2.4 and 2.2.2.5 [sip 14]. */
#ifndef DIALTONE_WIRE_PROVISIONING_H
#define DIALTONE_WIRE_PROVISIONING_H

#include "base/buf.h"
#include "base/sv.h"

#define PROVISIONING_TYPE "application/vnd-microsoft-roaming-provisioning-v2+xml"

struct provisioning_ask {
	char group[16][40];
	unsigned ngroup;
};
const char *provisioning_ask_read(const void *p, size_t n, struct provisioning_ask *ret);
void provisioning_ask_write(struct buf *b, const struct provisioning_ask *a);

struct provisioning {
	bool has_updates;
	bool updates_enabled;
	char updates_internal[512], updates_external[512];
	char organization[128];
	bool enforce_pin_lock;
	unsigned min_pin_length, phone_timeout_min, exchange_mwi_poll, diffserv_voice, voice_8021p;
	bool hotdesking;	/* endpointConfiguration: EnableHotdesking */
	unsigned hotdesking_s;	/* HotdeskingTimeout; at least 30 */
	char sip_security[16], logging_level[16], pool_uri[256], location_profile[128];
};
#define PROVISIONING_DEFAULT \
	{ .enforce_pin_lock = true, .min_pin_length = 6, .phone_timeout_min = 10, .exchange_mwi_poll = 3, \
	  .diffserv_voice = 40, .hotdesking_s = 300, .sip_security = "High", .logging_level = "Off" }
const char *provisioning_read(const void *p, size_t n, struct provisioning *ret);
/* Only the groups that were asked for; ServerConfiguration as plain elements, the others property lists. */
void provisioning_write(struct buf *b, const struct provisioning *v, const struct provisioning_ask *asked);

#endif
