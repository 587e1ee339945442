/* fleet/names.c: DNS as the fleet answers its phones, without a question to anybody: every name of the site is one of the targets. */
#include "fleet/internal.h"

#include "base/sv.h"
#include "wire/well_known.h"

/* Phones are spread over the targets; a phone asks for one name after the other and stays with one front end. */
static uint32_t target_of(const struct fleet *f, const struct fleet_phone *p)
{
	return f->conf.target[fleet_index(p) % f->conf.targets];
}

static bool update_name(const char *name)
{
	return sv_istarts(sv_of(name), SV(NAME_UPDATES_OLD)); /* NAME_UPDATES begins with it */
}

static void name_answer(const struct fleet *f, const struct fleet_phone *p, const char *name, struct dt_dns_answer *ret)
{
	for (unsigned i = 0; i < f->conf.names; i++)
		if (sv_ieq(sv_of(name), sv_of(f->conf.name[i].name))) {
			*ret = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1};
			ret->rr[0].address = f->conf.name[i].address;
			return;
		}
	if (update_name(name) && f->conf.from != FLEET_FIND)
		return;
	if (!sv_within(sv_of(name), sv_of(f->conf.domain)) && !sv_ieq(sv_of(name), sv_of(f->conf.pool)))
		return;
	*ret = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1};
	ret->rr[0].address = target_of(f, p);
}

void names_answer(const struct fleet *f, const struct fleet_phone *p, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	*ret = (struct dt_dns_answer){.status = DT_DNS_NXDOMAIN, .rcode = 3};
	if (type == DT_RR_A) {
		name_answer(f, p, name, ret);
		return;
	}
	if (type != DT_RR_SRV) { /* a name that is there has no other records: no alias, no address of IPv6 */
		name_answer(f, p, name, ret);
		if (ret->status == DT_DNS_OK)
			*ret = (struct dt_dns_answer){.status = DT_DNS_NODATA};
		return;
	}
	if (!sv_istarts(sv_of(name), SV(SRV_INTERNAL_TLS ".")))
		return;
	*ret = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1};
	ret->rr[0].port = f->conf.sip_port;
	text_set(ret->rr[0].target, sizeof ret->rr[0].target, "%s", f->conf.pool);
}
