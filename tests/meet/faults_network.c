/* tests/meet/faults_network.c: Faults between the phone and its servers: the switch port, DHCP, names. */
#include "tests/meet/changes.h"
#include "tests/meet/faults.h"

#define UC_ID "\x01\x0cMS-UC-Client"

static void lldp_now(struct meet *m, void *arg)
{
	(void)arg;
	meet_lldp(m);
}

static void nothing(struct meet *m)
{
	(void)m;
}

static void no_dhcp_untagged(struct meet *m)
{
	m->net.dhcp = false;
	m->net.policy.tagged = false;
	m->net.policy.vlan = 0;
}

static void vlan_4095(struct meet *m)
{
	m->net.policy.vlan = 4095;
}

static void vlan_too_big(struct meet *m)
{
	m->net.lldp = false;
	m->net.vlan43 = SV("\x0a\x02\x0f\xff");
}

static void vlan_as_text(struct meet *m)
{
	m->net.lldp = false;
	m->net.vlan43 = SV("\x0a\x02" "20");
}

static void vlans_differ(struct meet *m)
{
	m->net.vlan43 = SV("\x0a\x02\x00\x1e");
}

static void no_uc(struct meet *m)
{
	m->net.uc = false;
}

static void no_options(struct meet *m)
{
	m->net.uc_43 = m->net.uc_120 = false;
}

static void odd_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x02\x05https\x03\x11" "fe01.contoso.test\x04\x02\x01\xbb");
}

static void foreign_43(struct meet *m)
{
	m->net.option43 = SV("\x01\x04\x0a\x00\x00\x01");
}

static void typed_43(struct meet *m)
{
	m->net.option43 = SV("010C4D532D55432D436C69656E74");
}

static void url_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x02\x05https\x03\x11" "fe01.contoso.test\x05\x0bhttps://a/b");
}

static void plain_120(struct meet *m)
{
	m->net.option120 = SV("fe01.contoso.test");
	m->net.srv = m->net.srv_outside = false;
}

static void address_120(struct meet *m)
{
	m->net.option120 = SV("\x01\x0a\x14\x00\x0b");
}

static void time_server_a_little_wrong(struct meet *m)
{
	m->net.ntp_off_s = -299;
}

static void no_domain(struct meet *m)
{
	m->net.domain = "";
}

static void no_router(struct meet *m)
{
	m->net.no_router = true;
}

static void short_lease(struct meet *m)
{
	m->net.lease_s = 60;
}
static void firmware_of_ocs(struct meet *m)
{
	m->conf.factory_version = "1.0.522.101";
}
static void slow(struct meet *m)
{
	m->net.slow = true;
}

static void lldp_late(struct meet *m)
{
	m->net.lldp = false;
	meet_at(m, 6500, lldp_now, NULL); /* the phone waits 6 s */
}

static void dns_silent(struct meet *m)
{
	m->net.dns = MEET_DNS_SILENT;
}

static void dns_servfail(struct meet *m)
{
	m->net.dns = MEET_DNS_SERVFAIL;
}

static void dns_none(struct meet *m)
{
	m->net.dns = MEET_DNS_NONE;
}

/* ---- the port ---- */

static void unplugged(struct meet *m)
{
	m->net.unplugged = true;
}

static void dead_port(struct meet *m)
{
	m->net.lldp = m->net.dhcp = false;
}

static void cdp_only(struct meet *m)
{
	m->net.lldp = false;
	m->net.cdp = true;
}

static void policy_unknown(struct meet *m)
{
	m->net.policy = (struct med_policy){.app = MED_VOICE, .unknown = true};
}

static void policy_of_others(struct meet *m)
{
	m->net.policy.app = 6; /* video conferencing */
}

static void as_no_policy(struct lldp *l)
{
	l->npolicy = 0;
}
static void no_policy(struct meet *m)
{
	m->net.lldp_as = as_no_policy;
}

static void as_port_vlan(struct lldp *l)
{
	l->has_med = false;
	l->npolicy = 0;
}
static void port_vlan(struct meet *m)
{
	m->net.lldp_as = as_port_vlan;
}

static void as_plain(struct lldp *l)
{
	as_port_vlan(l);
	l->has_pvid = false;
}
static void lldp_without_med(struct meet *m)
{
	m->net.lldp_as = as_plain;
}

static void second_switch(struct meet *m, void *arg)
{
	(void)arg;
	m->net.lldp_second = true;
	m->net.policy.vlan = 30;
	meet_lldp(m);
}
static void two_switches(struct meet *m)
{
	meet_at(m, 3000, second_switch, NULL); /* in stage 2, when the first one's VLAN is used */
	m->net.slow = true;
}

static void lldp_while_dhcp_is_asked(struct meet *m)
{
	m->net.lldp = false;
	m->net.slow = true;
	meet_at(m, 8000, lldp_now, NULL);
}

static void lldp_after_dhcp(struct meet *m)
{
	m->net.lldp = false;
	m->net.dhcp_vlan = true;
	m->net.policy.vlan = 30;
	meet_at(m, 15 * 1000, lldp_now, NULL);
}

static void lldp_after_dial_tone(struct meet *m)
{
	m->net.lldp = false;
	meet_at(m, 20 * 1000, lldp_now, NULL);
}

static void vlan_class_in_small_letters(struct meet *m)
{
	m->net.lldp = false;
	m->net.dhcp_vlan = true;
	m->net.class_vlan = "cpe-ocphone";
}

/* ---- the lease ---- */

static void refused_lease(struct meet *m)
{
	m->net.nak = true;
}
static void no_mask(struct meet *m)
{
	m->net.no_mask = true;
}
static void loopback_lease(struct meet *m)
{
	m->net.no_address = true;
}
static void every_address_taken(struct meet *m)
{
	m->net.conflicts = true;
}
static void no_resolver(struct meet *m)
{
	m->net.no_resolver = true;
}
static void router_outside(struct meet *m)
{
	m->net.router_outside = true;
}

/* ---- INFORM ---- */

static void no_uc_at_all(struct meet *m)
{
	m->net.uc = m->net.uc_43 = m->net.uc_120 = false;
}
static void uc_class_in_small_letters(struct meet *m)
{
	m->net.class_uc = "ms-uc-client";
}
static void uc_class_in_small_letters_no_120(struct meet *m)
{
	m->net.class_uc = "ms-uc-client";
	m->net.uc_120 = false;
}
static void classless_43(struct meet *m)
{
	m->net.option43 = SV("\x02\x05https\x03\x11" "fe01.contoso.test\x04\x03" "443");
}
#define PATH_43 "\x05\x25/CertProv/CertProvisioningService.svc"
static void short_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x02\x05https\x03\x04" "fe01\x04\x03" "443" PATH_43);
}
static void no_scheme_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x03\x11" "fe01.contoso.test\x04\x03" "443" PATH_43);
}
static void no_path_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x02\x05https\x03\x11" "fe01.contoso.test\x04\x03" "443");
}
static void path_without_slash_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x02\x05https\x03\x11" "fe01.contoso.test\x04\x03" "443\x05\x24" "CertProv/CertProvisioningService.svc");
}
static void dot_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x02\x05https\x03\x12" "fe01.contoso.test.\x04\x03" "443" PATH_43);
}
static void padded_43(struct meet *m)
{
	m->net.option43 = SV(UC_ID "\x02\x06https\x00\x03\x11" "fe01.contoso.test\x04\x03" "443" PATH_43);
}
static void two_dhcp_servers(struct meet *m)
{
	m->net.second_dhcp = true;
}

/* ---- names ---- */

static void host(struct dt_dns_answer *ret, uint32_t address)
{
	*ret = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1};
	ret->rr[0].address = address;
}

static void with_old_name(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	(void)m;
	if (type == DT_RR_A && sv_ieq(sv_of(name), SV("ucupdates.contoso.test")))
		host(ret, MEET_FE);
}
static void old_name_only(struct meet *m)
{
	m->net.update_record = false;
	m->net.name = with_old_name;
}

static void no_records(struct meet *m)
{
	m->net.update_record = m->net.srv = m->net.srv_outside = false;
}

static void with_wildcard(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	(void)m;
	(void)name;
	if (type == DT_RR_A && ret->status != DT_DNS_OK)
		host(ret, MEET_IP(10, 66, 0, 99));
}
static void wildcard(struct meet *m)
{
	m->net.update_record = false;
	m->net.name = with_wildcard;
}

/* One name server of two has the record: it is there when somebody asks again. */
static void with_srv_later(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	if (type == DT_RR_SRV && m->ended && sv_istarts(sv_of(name), SV("_sipinternaltls."))) {
		*ret = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1};
		ret->rr[0].port = 5061;
		sv_copy(ret->rr[0].target, sizeof ret->rr[0].target, SV("fe01.contoso.test"));
	}
}
static void srv_on_one_server(struct meet *m)
{
	m->net.srv = m->net.uc_120 = m->net.srv_outside = false;
	m->net.name = with_srv_later;
}

static void web_host_unknown(struct meet *m)
{
	sv_copy(m->net.web_host, sizeof m->net.web_host, SV("nowhere.contoso.test"));
}
static void ticket_host_unknown(struct meet *m)
{
	sv_copy(m->site.web_fqdn, sizeof m->site.web_fqdn, SV("nowhere.contoso.test"));
}

/* clang-format off */
const struct meet_fault faults_network[] = {
	{"nothing is wrong", nothing, NULL, ""},
	{"no DHCP on the voice VLAN", change_no_dhcp, "V-07", ""},
	{"no DHCP, untagged", no_dhcp_untagged, "I-01", ""},
	{"no VLAN", change_no_lldp, NULL, "V-01"},
	{"VLAN 0", change_vlan_0, NULL, "V-04"},
	{"the policy comes late", lldp_late, NULL, "V-13"},
	{"VLAN 4095", vlan_4095, NULL, "V-08"}, /* then DHCP was asked, and answered without one */
	{"VLAN 4095 by DHCP", vlan_too_big, NULL, "V-09"},
	{"the VLAN as text", vlan_as_text, NULL, "V-09"},
	{"DHCP and LLDP disagree", vlans_differ, NULL, "V-10"},
	{"somebody has the address", change_address_taken, NULL, "I-06"},
	{"no router", no_router, NULL, "I-05"},
	{"no domain", no_domain, NULL, "I-04"}, /* seen with the lease, and in stage 3: told once */
	{"a lease of a minute", short_lease, NULL, "I-08"},
	{"firmware that reads no LLDP", firmware_of_ocs, NULL, "V-14"},
	{"a slow server", slow, NULL, "I-02"},
	{"nobody answers INFORM", no_uc, "R-01", ""},
	{"nothing for the class", no_options, "R-02", ""},
	{"no option 43", change_no_43, "R-02", "R-09"},
	{"a port as a number", odd_43, NULL, "R-04"},
	{"another vendor's option 43", foreign_43, "R-05", ""},
	{"option 43 typed as text", typed_43, "R-04", ""},
	{"a URL in option 43", url_43, "R-04", ""},
	{"option 120 as text", plain_120, "R-07", ""},
	{"option 120 with an address", address_120, NULL, "R-07"},
	{"option 43 with a short name", short_43, "R-10", ""},
	{"no Registrar", change_no_registrar, "D-01", ""},
	{"SRV elsewhere", change_strange_target, "D-04", ""},
	{"no name server answers", dns_silent, "D-08", "D-08"},
	{"the name server answers SERVFAIL", dns_servfail, "D-08", "D-08"},
	{"no name server is known", dns_none, "I-04", "I-04"},
	{"the time server is behind, a little", time_server_a_little_wrong, NULL, ""},
	{"no cable", unplugged, "V-12", ""},
	{"a dead port", dead_port, "V-12", "V-12"},
	{"CDP only", cdp_only, NULL, "V-05"},
	{"an unknown policy", policy_unknown, NULL, "V-04"},
	{"a policy for video", policy_of_others, NULL, "V-03"},
	{"MED without a policy", no_policy, NULL, "V-02"},
	{"LLDP with the port's VLAN", port_vlan, NULL, "V-06"},
	{"LLDP without MED", lldp_without_med, NULL, "V-02"},
	{"two switches on a hub", two_switches, NULL, "V-11 I-02"},
	{"LLDP while DHCP is asked", lldp_while_dhcp_is_asked, NULL, "V-13 I-02"},
	{"LLDP after DHCP has given another VLAN", lldp_after_dhcp, NULL, "V-13", .more_s = 60},
	{"LLDP much later", lldp_after_dial_tone, NULL, "V-13", .more_s = 60},
	{"CPE-OCPHONE in small letters", vlan_class_in_small_letters, NULL, "V-08"},
	{"the lease is refused", refused_lease, "I-03", ""},
	{"no subnet mask", no_mask, "I-05", ""},
	{"a lease of 127.0.0.1", loopback_lease, "I-04", ""},
	{"every address is taken", every_address_taken, "I-06", ""},
	{"no name server in the lease", no_resolver, NULL, "I-04"},
	{"no domain, at a phone that knows its user", nothing, NULL, "I-04", .later = no_domain},
	{"a router in another subnet", router_outside, NULL, "I-05"},
	{"nobody answers INFORM, nothing for the class", no_uc_at_all, "R-01", ""},
	{"MS-UC-Client in small letters", uc_class_in_small_letters, "R-02", "R-09"},
	{"MS-UC-Client in small letters, no option 120", uc_class_in_small_letters_no_120, "R-02", ""},
	{"option 43 without a class", classless_43, "R-05", ""},
	{"option 43 without a scheme", no_scheme_43, NULL, "R-04"},
	{"option 43 without a path", no_path_43, NULL, "R-04"},
	{"option 43, a path without a slash", path_without_slash_43, NULL, "R-04"},
	{"option 43, a dot behind the name", dot_43, NULL, "R-04"},
	{"option 43, a padded value", padded_43, NULL, "R-04"},
	{"two DHCP servers", two_dhcp_servers, NULL, "R-08", .more_s = 5},
	{"ucupdates instead of ucupdates-r2", old_name_only, NULL, "D-03"},
	{"no ucupdates-r2", change_no_update_record, NULL, "D-07"},
	{"no record at all", no_records, NULL, "D-02"},
	{"a wildcard", wildcard, NULL, "D-06"},
	{"SRV on one name server of two", srv_on_one_server, "D-07", ""},
	{"the web service's name does not exist", web_host_unknown, "R-10", ""},
	{"the ticket service's name does not exist", ticket_host_unknown, "R-10", ""},
	{0}};
/* clang-format on */
