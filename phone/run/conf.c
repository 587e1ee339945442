/* phone/run/conf.c: struct dt_phone_conf is copied, and wiped. */
#include <stdlib.h>
#include <string.h>

#include "base/name.h"
#include "dialtone/handset.h"
#include "phone/run/parts.h"

/* UNKNOWN: how long a real phone waits.  It sends at 0, 1 and 2 s, and a switch with fast start answers each within a second. */
#define LLDP_WAIT_S 6
#define LLDP_WAIT_BRIEF_S 5

static bool conf_dup(char **to, const char *s)
{
	*to = s ? strdup(s) : NULL;
	return s == NULL || *to;
}

static bool conf_dup_name(char **to, const char *s)
{
	*to = s ? sv_dup(name_plain(sv_of(s))) : NULL;
	return s == NULL || *to;
}

bool conf_copy(struct ph_conf *to, const struct dt_phone_conf *c)
{
	to->cold = c->cold;
	to->outside = c->outside;
	to->no_vlan = c->no_vlan;
	to->old_tls = c->old_tls;
	to->no_dhcp = c->no_dhcp;
	to->tethered = c->tethered;
	to->appliance = c->appliance;
	to->lease = c->lease;
	to->lldp_wait_s = c->lldp_wait_s ? c->lldp_wait_s : c->brief ? LLDP_WAIT_BRIEF_S : LLDP_WAIT_S;
	to->strict = c->strict;
	return conf_dup(&to->serial, c->serial) &&
	       conf_dup(&to->factory, c->factory_version ? c->factory_version : c->model->firmware) &&
	       conf_dup(&to->update_key, c->update_key) && conf_dup(&to->number, c->number) && conf_dup(&to->pin, c->pin) &&
	       conf_dup(&to->login, c->login) && conf_dup(&to->password, c->password) && conf_dup_name(&to->sip, c->sip) &&
	       conf_dup_name(&to->domain, c->domain) && conf_dup(&to->web_url, c->web_url) &&
	       conf_dup(&to->registrar, c->registrar) && conf_dup(&to->trust, c->trust);
}

static void conf_wipe(char **s)
{
	if (*s)
		explicit_bzero(*s, strlen(*s));
	free(*s);
	*s = NULL;
}

void conf_swap_who(struct ph_conf *c, struct ph_who *other)
{
	struct ph_who was = {c->number, c->pin, c->login, c->password, c->sip, c->tethered};

	c->number = other->number;
	c->pin = other->pin;
	c->login = other->login;
	c->password = other->password;
	c->sip = other->sip;
	c->tethered = other->tethered;
	*other = was;
}

bool conf_set_who(struct ph_conf *c, const struct dt_sign_in *who)
{
	static const struct dt_sign_in nobody;
	char **const all[] = {&c->number, &c->pin, &c->login, &c->password, &c->sip};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		conf_wipe(all[i]);
	who = who ? who : &nobody;
	c->tethered = who->tethered;
	return conf_dup(&c->number, who->number) && conf_dup(&c->pin, who->pin) && conf_dup(&c->login, who->login) &&
	       conf_dup(&c->password, who->password) && conf_dup_name(&c->sip, who->sip);
}

void conf_free(struct ph_conf *c)
{
	char **const all[] = {&c->serial, &c->factory, &c->update_key, &c->number, &c->pin, &c->login, &c->password, &c->sip,
			      &c->domain, &c->web_url, &c->registrar, &c->trust};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		conf_wipe(all[i]);
}
