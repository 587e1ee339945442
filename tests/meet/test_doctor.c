/* tests/meet/test_doctor.c: what the doctor makes of real records: the phone breaks off, or meets something odd, and the cause
 * that the doctor names is the one that was put there.
 */
#include "tests/support/check.h"

#include "doctor/diagnose.h"
#include "tests/meet/meet.h"

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
static void no_dhcp(struct meet *m)
{
	m->net.dhcp = false;
}
static void no_dhcp_untagged(struct meet *m)
{
	m->net.dhcp = false;
	m->net.policy.tagged = false;
}
static void no_lldp(struct meet *m)
{
	m->net.lldp = false;
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
static void no_43(struct meet *m)
{
	m->net.uc_43 = false;
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
static void no_registrar(struct meet *m)
{
	m->net.srv = m->net.uc_120 = m->net.srv_outside = false;
}
static void strange_target(struct meet *m)
{
	sv_copy(m->net.srv_target, sizeof m->net.srv_target, SV("pool.fabrikam.test"));
	m->net.uc_120 = m->net.srv_outside = false;
}
static void web_down(struct meet *m)
{
	meet_listener(m, MEET_FE, 443)->down = true;
}
static void chain_off(struct meet *m)
{
	m->site.EnableCertChainDownload = false;
}
static void wrong_name(struct meet *m)
{
	sv_copy(m->net.web_host, sizeof m->net.web_host, SV("other.contoso.test"));
}
static void registrar_down(struct meet *m)
{
	meet_listener(m, MEET_FE, 5061)->down = meet_listener(m, MEET_FE, 5060)->down = true;
	m->net.srv_outside = false;
}
static void clock_wrong(struct meet *m)
{
	m->net.ntp = false;
	m->host_clock_off_ms = -20LL * 365 * 86400 * 1000;
}
static void time_server_wrong(struct meet *m)
{
	m->net.ntp_off_s = 3600;
}
static void time_server_a_little_wrong(struct meet *m)
{
	m->net.ntp_off_s = -299;
}
static void wrong_pin(struct meet *m)
{
	m->conf.pin = "00000";
}
static void dsk_off(struct meet *m)
{
	m->site.offer_tls_dsk = false;
}
static void no_update_record(struct meet *m)
{
	m->net.update_record = false;
}
static void update_page(struct meet *m)
{
	m->net.update_status = 200;
	m->net.update_body = "<html/>";
}
static void update_refused(struct meet *m)
{
	m->net.update_status = 403;
	m->net.update_body = "";
}
static void no_domain(struct meet *m)
{
	m->net.domain = "";
}
static void no_router(struct meet *m)
{
	m->net.no_router = true;
}
static void slow(struct meet *m)
{
	m->net.slow = true;
}

static void vlan_0(struct meet *m)
{
	m->net.policy.vlan = 0;
}
static void lldp_late(struct meet *m)
{
	m->net.lldp = false;
	meet_at(m, 6500, lldp_now, NULL); /* the phone waits 6 s */
}
static void port_80_down(struct meet *m)
{
	meet_listener(m, MEET_FE, 80)->down = true;
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
static void pin_off(struct meet *m)
{
	m->site.UsePinAuth = false;
}
static void no_secret(struct meet *m)
{
	m->conf.pin = m->conf.number = NULL;
}
static void never_inside(struct meet *m)
{
	m->conf.outside = true;
}
static void old_version(struct meet *m)
{
	m->site.nversion_rule = 1;
	sv_copy(m->site.version_rule[0].pattern, sizeof m->site.version_rule[0].pattern, SV("OCPhone"));
	m->site.version_rule[0].allow = false;
}

static void address_taken(struct meet *m)
{
	m->net.conflict = MEET_IP(10, 66, 0, 100);
}
static void years_behind(struct meet *m)
{
	m->net.ntp_off_s = -20LL * 365 * 86400;
}
static void speaks(struct meet *m, uint16_t port, enum meet_service service)
{
	meet_listener(m, MEET_FE, port)->service = service;
	m->net.srv_outside = false;
}
static void no_tls_on_443(struct meet *m)
{
	speaks(m, 443, MEET_HTTP);
}
static void registrar_hangs_up(struct meet *m)
{
	meet_listener(m, MEET_FE, 5061)->reset = meet_listener(m, MEET_FE, 5060)->reset = true;
	m->net.srv_outside = false;
}
static void big_keys_only(struct meet *m)
{
	m->site.MinCSRKeySize = 4096;
}
static void wrong_password(struct meet *m)
{
	m->conf.model = dt_model_find("cx700");
	m->conf.pin = m->conf.number = NULL;
	m->conf.login = "CONTOSO\\alice";
	m->conf.password = "wrong";
	m->conf.sip = "alice@contoso.test";
}
static void pin_on_a_model_without(struct meet *m)
{
	m->conf.model = dt_model_find("cx700");
}
static void tampered_image(struct meet *m)
{
	servers_offer(m, "4.0.9999.1", true);
}
static void no_update_key(struct meet *m)
{
	servers_offer(m, "4.0.9999.1", false);
	m->conf.update_key = NULL;
}

static const struct {
	const char *name;
	void (*change)(struct meet *m);
	const char *fails; /* the id of the likeliest cause; NULL: dial tone */
	const char *notes; /* the ids of the notes, in their order */
} rows[] = {
    {"nothing is wrong", nothing, NULL, ""},
    {"no DHCP on the voice VLAN", no_dhcp, "V-07", ""},
    {"no DHCP, untagged", no_dhcp_untagged, "I-01", ""},
    {"no VLAN", no_lldp, NULL, "V-08"},
    {"VLAN 0", vlan_0, NULL, "V-04"},
    {"the policy comes late", lldp_late, NULL, "V-13"},
    {"VLAN 4095", vlan_4095, NULL, "V-08"}, /* then DHCP was asked, and answered without one */
    {"VLAN 4095 by DHCP", vlan_too_big, NULL, "V-09"},
    {"the VLAN as text", vlan_as_text, NULL, "V-09"},
    {"DHCP and LLDP disagree", vlans_differ, NULL, "V-10"},
    {"somebody has the address", address_taken, NULL, ""},
    {"no router", no_router, NULL, "I-05"},
    {"no domain", no_domain, NULL, "I-04"}, /* seen with the lease, and in stage 3: told once */
    {"a slow server", slow, NULL, "I-02"},
    {"nobody answers INFORM", no_uc, "R-01", ""},
    {"nothing for the class", no_options, "R-02", ""},
    {"no option 43", no_43, "R-02", "R-09"},
    {"a port as a number", odd_43, NULL, "R-04"},
    {"another vendor's option 43", foreign_43, "R-05", ""},
    {"option 43 typed as text", typed_43, "R-04", ""},
    {"a URL in option 43", url_43, "R-04", ""},
    {"option 120 as text", plain_120, "R-07", ""},
    {"option 120 with an address", address_120, NULL, "R-07"},
    {"no Registrar", no_registrar, "D-01", ""},
    {"SRV elsewhere", strange_target, "D-04", ""},
    {"web server down", web_down, "R-06", "D-05"}, /* the update service is the same machine */
    {"port 80 closed", port_80_down, "C-13", ""},
    {"no name server answers", dns_silent, "D-08", "D-08"},
    {"the name server answers SERVFAIL", dns_servfail, "D-08", "D-08"},
    {"no name server is known", dns_none, "I-04", "I-04"},
    {"chain download off", chain_off, "C-02", ""},
    {"port 443 speaks no TLS", no_tls_on_443, "C-09", "C-09"},
    {"certificate without the name", wrong_name, "C-10", ""},
    {"Registrar down", registrar_down, "L-01", ""},
    {"the Registrar hangs up", registrar_hangs_up, "L-01", ""},
    {"the time server is years behind", years_behind, "C-04", ""},
    {"clock wrong", clock_wrong, "C-04", ""},
    {"the time server is an hour ahead", time_server_wrong, NULL, "C-04"},
    {"the time server is behind, a little", time_server_a_little_wrong, NULL, ""},
    {"wrong PIN", wrong_pin, "A-02", ""},
    {"PIN authentication off", pin_off, "A-04", ""},
    {"nothing to sign in with", no_secret, "A-11", ""},
    {"outside, from the box", never_inside, "E-01", ""},
    {"a version that policy refuses", old_version, "L-05", ""},
    {"a wrong password", wrong_password, "A-10", ""},
    {"a PIN on a model that takes none", pin_on_a_model_without, "A-05", ""},
    {"keys of 4096 bits only", big_keys_only, "P-02", ""},
    {"an image that was tampered with", tampered_image, NULL, "U-09"},
    {"an update, and no key to judge it by", no_update_key, NULL, "U-09"},
    {"TLS-DSK off", dsk_off, "A-05", ""},
    {"no ucupdates-r2", no_update_record, NULL, "D-02"},
    {"a page instead of the update service", update_page, NULL, "U-07"},
    {"the update service refuses", update_refused, NULL, "U-05"},
};

/* The record as the doctor keeps it; words false: without any that is for people. */
static void record_of(const struct meet *m, bool words, struct doctor_run *ret)
{
	*ret = (struct doctor_run){.n = 0};
	for (unsigned i = 0; i < m->nrecord; i++) {
		const struct meet_record *k = &m->record[i];
		struct dt_record r = {.kind = k->kind, .stage = k->stage, .what = k->what, .peer = k->peer, .ok = k->ok,
				      .skipped = k->skipped, .found = k->found, .warn = k->warn, .why = k->why, .failure = k->failure, .fact = k->fact};

		memcpy(r.sign, k->sign, sizeof r.sign);
		if (!words)
			r.what = r.peer = r.found = r.warn = r.why = NULL;
		assert_true(doctor_run_add(ret, &r));
	}
}

static void examine(const struct meet *m, bool words, const char *fails, const char *notes)
{
	struct doctor_finding f[12];
	struct doctor_run r;
	char got[200] = "";
	unsigned n, at = 0;

	record_of(m, words, &r);
	n = doctor_diagnose(&r, f, 12);
	if (fails) {
		assert_true(n > 0);
		assert_int_equal(f[0].verdict, DOCTOR_FAIL);
		if (f[0].ncause == 0 || strcmp(f[0].cause[0]->id, fails) != 0)
			fail_msg("the likeliest cause is %s", f[0].ncause ? f[0].cause[0]->id : "none");
		at = 1;
	}
	for (; at < n; at++) {
		size_t k = strlen(got);

		assert_int_equal(f[at].verdict, DOCTOR_WARN);
		snprintf(got + k, sizeof got - k, "%s%s", k ? " " : "", f[at].ncause ? f[at].cause[0]->id : "?");
	}
	assert_string_equal(got, notes);
	doctor_run_free(&r);
}

static void each_cause(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 7);

		assert_non_null(m);
		print_message("  %s\n", rows[i].name);
		rows[i].change(m);
		assert_true(meet_phone(m));
		meet_run(m, 300 * 1000);
		assert_non_null(meet_result(m));
		if (meet_result(m)->ok != (rows[i].fails == NULL)) {
			meet_dump(m);
			fail_msg("%s", meet_result(m)->ok ? "it has dial tone" : "it has no dial tone");
		}
		examine(m, true, rows[i].fails, rows[i].notes);
		examine(m, false, rows[i].fails, rows[i].notes);
		meet_free(m);
		meet_flash_free(&flash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_cause)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
