#include "server/site/listeners.h"

#include <stddef.h>

#define AT(field) offsetof(struct site, field)

/* clang-format off */
static const struct {
	const char *key;
	size_t address, port; /* where they are in struct site */
	enum site_listener_kind kind;
	bool outside;
} rows[SITE_LISTENERS] = {
	{"sip_tls",          AT(address),          AT(sip_tls),          SITE_SIP_TLS, false},
	{"sip_tcp",          AT(address),          AT(sip_tcp),          SITE_SIP_TCP, false},
	{"https",            AT(address),          AT(https),            SITE_HTTPS,   false},
	{"http",             AT(address),          AT(http),             SITE_HTTP,    false},
	{"external_sip_tls", AT(external_address), AT(external_sip_tls), SITE_SIP_TLS, true},
	{"external_https",   AT(external_address), AT(external_https),   SITE_HTTPS,   true},
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
							  .outside = rows[i].outside,
							  .proxy = rows[i].outside ? s->proxy_protocol : s->internal_proxy_protocol};
	}
	return n;
}

bool site_is_outside(const struct site *s)
{
	struct site_listener all[SITE_LISTENERS];
	unsigned n = site_listeners(s, all);

	for (unsigned i = 0; i < n; i++)
		if (all[i].outside)
			return true;
	return false;
}
