/* server/registrar/identity.c: our identity on a connection: the name, the port, the fields of our challenges. */
#include "base/enc.h"
#include "server/registrar/internal.h"

#define OFFERED_VERSION SV("4")

void reg_random_hex(const struct registrar *r, char *out, size_t octets, bool upper)
{
	uint8_t raw[16] = {0};

	r->conf.random(r->conf.random_arg, raw, octets);
	hex_write(out, raw, octets, upper);
}

const char *reg_targetname(const struct reg_conn *c)
{
	const struct site *s = c->r->conf.site;

	return c->peer.outside && s->external_fqdn[0] ? s->external_fqdn : s->fqdn;
}

unsigned reg_port(const struct reg_conn *c)
{
	const struct site *s = c->r->conf.site;

	if (c->peer.outside && s->external_sip_tls)
		return s->external_sip_tls;
	return c->peer.tls ? s->sip_tls : s->sip_tcp;
}

struct sip_auth reg_auth_base(const struct reg_conn *c, bool ntlm)
{
	return (struct sip_auth){.scheme = ntlm ? SV("NTLM") : SV("TLS-DSK"),
				 .realm = sv_of(c->r->conf.site->realm),
				 .targetname = sv_of(reg_targetname(c)),
				 .version = OFFERED_VERSION};
}
