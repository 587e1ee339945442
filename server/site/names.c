#include "server/site/names.h"

#include <stddef.h>
#include <stdio.h>

#include "base/sv.h"
#include "wire/well_known.h"

enum { INSIDE = 1, OUTSIDE = 2, BOTH = INSIDE | OUTSIDE };
enum {
	SERVICE = SITE_IN_DNS,
	CERT = SITE_IN_CERT,
	HOST = SITE_IN_DNS | SITE_IN_CERT | SITE_CERT_NEEDS, /* phones resolve it and talk TLS to it */
	OWN = SITE_PUBLISHED,
	WEB = SITE_WEB_ADDRESS
};

#define AT(field) offsetof(struct site, field)

/* In the order in which certificates have them: the first is the common name. */
/* clang-format off */
static const struct {
	const char *prefix;  /* before the name in the configuration */
	size_t name;
	unsigned sides, use;
	size_t port, target; /* of an SRV record; 0: an address record */
} rows[] = {
	{"",               AT(fqdn),              INSIDE,  HOST | OWN},
	{"",               AT(pool),              INSIDE,  HOST},
	{"",               AT(external_fqdn),     OUTSIDE, HOST},
	{"",               AT(external_web_fqdn), OUTSIDE, HOST | WEB},
	{NAME_SIP ".",     AT(domain),            BOTH,    CERT},
	{"sipinternal.",   AT(domain),            INSIDE,  CERT},
	{"sipexternal.",   AT(domain),            OUTSIDE, CERT},
	{"",               AT(web_fqdn),          INSIDE,  HOST | OWN | WEB},
	{NAME_UPDATES ".", AT(domain),            INSIDE,  HOST | OWN | WEB},
	{NAME_UPDATES ".", AT(domain),            OUTSIDE, CERT},
	{SRV_INTERNAL_TLS ".", AT(domain),        INSIDE,  SERVICE | OWN, AT(sip_tls),          AT(pool)},
	{SRV_INTERNAL_TCP ".", AT(domain),        INSIDE,  SERVICE | OWN, AT(sip_tcp),          AT(pool)},
	{SRV_EXTERNAL_TLS ".", AT(domain),        OUTSIDE, SERVICE,       AT(external_sip_tls), AT(external_fqdn)},
};
/* clang-format on */

static const char *text_at(const struct site *s, size_t at)
{
	const char *text = (const char *)s + at;

	return text[0] == '\0' && (at == AT(pool) || at == AT(web_fqdn)) ? s->fqdn : text;
}

static bool is_there(const struct site_name *all, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (sv_ieq(sv_of(all[i].name), sv_of(name)))
			return true;
	return false;
}

unsigned site_names(const struct site *s, bool outside, unsigned want, struct site_name ret[SITE_NAMES])
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *name = text_at(s, rows[i].name);
		struct site_name one = {.use = rows[i].use};

		if (!(rows[i].sides & (outside ? OUTSIDE : INSIDE)) || !(rows[i].use & want) || name[0] == '\0')
			continue;
		if (rows[i].port) {
			one.port = *(const uint16_t *)((const char *)s + rows[i].port);
			one.target = text_at(s, rows[i].target);
			if (one.port == 0 || one.target[0] == '\0')
				continue;
		}
		snprintf(one.name, sizeof one.name, "%s%s", rows[i].prefix, name);
		if (n < SITE_NAMES && !is_there(ret, n, one.name))
			ret[n++] = one;
	}
	return n;
}
