#include "tests/meet/changes.h"

#include <string.h>

void change_no_lldp(struct meet *m)
{
	m->net.lldp = false;
}

void change_vlan_0(struct meet *m)
{
	m->net.policy.vlan = 0;
}

void change_untagged(struct meet *m)
{
	m->net.policy.tagged = false;
}

void change_no_dhcp(struct meet *m)
{
	m->net.dhcp = false;
}

void change_address_taken(struct meet *m)
{
	m->net.conflict = MEET_IP(10, 20, 0, 100);
}

void change_no_43(struct meet *m)
{
	m->net.uc_43 = false;
}

void change_no_registrar(struct meet *m)
{
	m->net.srv = m->net.uc_120 = m->net.srv_outside = false;
}

void change_strange_target(struct meet *m)
{
	sv_copy(m->net.srv_target, sizeof m->net.srv_target, SV("pool.fabrikam.test"));
	m->net.uc_120 = m->net.srv_outside = false;
}

void change_no_update_record(struct meet *m)
{
	m->net.update_record = false;
}

void change_web_down(struct meet *m)
{
	meet_listener(m, MEET_FE, 443)->down = true;
}

void change_chain_off(struct meet *m)
{
	m->site.EnableCertChainDownload = false;
}

void change_wrong_name(struct meet *m)
{
	sv_copy(m->net.web_host, sizeof m->net.web_host, SV("other.contoso.test"));
}

void change_clock_wrong(struct meet *m)
{
	m->net.ntp = false;
	m->host_clock_off_ms = -20LL * 365 * 86400 * 1000;
}

void change_registrar_down(struct meet *m)
{
	meet_listener(m, MEET_FE, 5061)->down = meet_listener(m, MEET_FE, 5060)->down = true;
	m->net.srv_outside = false;
}

void change_dsk_off(struct meet *m)
{
	m->site.offer_tls_dsk = false;
}

void change_wrong_pin(struct meet *m)
{
	m->conf.pin = "00000";
}

void change_home(struct meet *m)
{
	m->conf.outside = true;
	m->net.lldp = m->net.uc = m->net.srv = m->net.update_record = false;
	for (unsigned i = 0; i < m->nlistener; i++)
		m->listener[i].down = !m->listener[i].outside;
}
