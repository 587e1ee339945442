#include "server/site/listeners.h"

#include <stddef.h>

enum side { INSIDE, OUTSIDE, LEGACY };

#define AT(field) offsetof(struct site, field)

/* clang-format off */
static const struct {
	const char *key;
	size_t address, port; /* where they are in struct site */
	enum site_listener_kind kind;
	enum side side;
} rows[SITE_LISTENERS] = {
	{"sip_tls",          AT(address),          AT(sip_tls),          SITE_SIP_TLS, INSIDE},
	{"sip_tcp",          AT(address),          AT(sip_tcp),          SITE_SIP_TCP, INSIDE},
	{"https",            AT(address),          AT(https),            SITE_HTTPS,   INSIDE},
	{"http",             AT(address),          AT(http),             SITE_HTTP,    INSIDE},
	{"external_sip_tls", AT(external_address), AT(external_sip_tls), SITE_SIP_TLS, OUTSIDE},
	{"external_https",   AT(external_address), AT(external_https),   SITE_HTTPS,   OUTSIDE},
	{"legacy_sip_tls",   AT(legacy_address),   AT(legacy_sip_tls),   SITE_SIP_TLS, LEGACY},
	{"legacy_https",     AT(legacy_address),   AT(legacy_https),     SITE_HTTPS,   LEGACY},
};
/* clang-format on */

unsigned site_listeners(const struct site *s, struct site_listener ret[SITE_LISTENERS])
{
	unsigned n = 0;

	for (unsigned i = 0; i < SITE_LISTENERS; i++) {
		uint16_t port = *(const uint16_t *)((const char *)s + rows[i].port);

		if (port)
			ret[n++] = (struct site_listener){.key = rows[i].key,
							  .address = (const char *)s + rows[i].address,
							  .port = port,
							  .kind = rows[i].kind,
							  .outside = rows[i].side == OUTSIDE,
							  .proxy = rows[i].side == OUTSIDE && s->proxy_protocol,
							  .legacy = rows[i].side == LEGACY};
	}
	return n;
}

static bool any(const struct site *s, bool outside, bool legacy)
{
	struct site_listener all[SITE_LISTENERS];
	unsigned n = site_listeners(s, all);

	for (unsigned i = 0; i < n; i++)
		if (all[i].outside == outside && all[i].legacy == legacy)
			return true;
	return false;
}

bool site_is_outside(const struct site *s)
{
	return any(s, true, false);
}

bool site_is_legacy(const struct site *s)
{
	return any(s, false, true);
}
