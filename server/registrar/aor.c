/* server/registrar/aor.c: whom a message names: addresses of record, and the epid of its endpoint. */
#include <stdio.h>
#include <string.h>

#include "server/registrar/internal.h"

bool reg_aor(struct sv uri, char out[256])
{
	struct sip_uri u;
	int n;

	if (!sip_uri_read(uri, &u) || !(sv_ieq(u.scheme, SV("sip")) || sv_ieq(u.scheme, SV("sips"))) || u.user.n == 0 ||
	    u.host.n == 0 || memchr(u.user.p, 0, u.user.n))
		return false;
	n = snprintf(out, 256, SV_FMT "@" SV_FMT, SV_ARG(u.user), SV_ARG(u.host));
	return n > 0 && n < 256;
}

bool reg_is_own(const struct reg_sa *sa, struct sv uri)
{
	char aor[256];

	return reg_aor(uri, aor) && sv_ieq(sv_of(aor), sv_of(sa->proved));
}

bool reg_epid(const struct msg *m, char out[REG_EPID_KEPT + 1])
{
	struct sip_addr from;
	struct sv v;

	out[0] = '\0';
	if (!sip_addr_read(msg_get(m, "From"), &from))
		return true;
	v = sip_param(from.params, "epid");
	return v.p == NULL || sv_copy(out, REG_EPID_KEPT + 1, v);
}
