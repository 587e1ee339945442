/* tests/meet/test_plans.c: the whole process, phone against servers, in memory (see meet.h).
 *
 * Each row of the tables is one run: the difference from the plain world, and where it must end.
 */
#include "tests/support/check.h"

#include "tests/meet/changes.h"
#include "tests/meet/meet.h"

#define LONG_ENOUGH (300 * 1000)

static struct meet *world(struct meet_flash *flash)
{
	struct meet *m = meet_new(flash, 7);

	assert_non_null(m);
	return m;
}

/* Runs the phone of this world to its result, and says what went wrong if that is not the one that was expected. */
static void expect(struct meet *m, bool ok, enum dt_stage stage, enum dt_failure failure)
{
	const struct meet_record *r;

	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	r = meet_result(m);
	if (r == NULL || r->ok != ok || r->stage != stage || r->failure != failure) {
		meet_dump(m);
		if (r)
			fail_msg("ended at stage %d with %s, expected stage %d with %s", r->stage,
				 dt_failures[r->failure].code, stage, dt_failures[failure].code);
		fail_msg("no result");
	}
}

/* "Secrets (PIN, password, keys) never enter a record." */
static void no_secret_told(const struct meet *m)
{
	static const char *const secrets[] = {"73914", "Pa$$word", "PRIVATE KEY"};

	for (unsigned i = 0; i < m->nrecord; i++)
		for (size_t j = 0; j < sizeof secrets / sizeof *secrets; j++) {
			assert_null(strstr(m->record[i].what, secrets[j]));
			assert_null(strstr(m->record[i].found, secrets[j]));
			assert_null(strstr(m->record[i].why, secrets[j]));
			assert_null(strstr(m->record[i].warn, secrets[j]));
		}
}

static void dial_tone(struct meet *m)
{
	expect(m, true, DT_STAGE_LOGON, DT_F_OK);
	no_secret_told(m);
	assert_true(dt_phone_registered(m->phone));
}

static unsigned attempts(const struct meet *m, const char *what)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->nrecord; i++)
		n += m->record[i].kind == DT_REC_ATTEMPT && strncmp(m->record[i].what, what, strlen(what)) == 0;
	return n;
}

static bool noted(struct meet *m, const char *note)
{
	for (unsigned i = 0; i < m->nrecord; i++)
		if (strstr(m->record[i].warn, note))
			return true;
	return false;
}

/* ---- inside ------------------------------------------------------------------------------------------- */

static void cold_then_warm(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);
	struct location_binding b[4];
	unsigned stages = 0;

	(void)state;
	dial_tone(m);
	for (unsigned i = 0; i < m->nrecord; i++)
		stages |= m->record[i].kind == DT_REC_STAGE && m->record[i].ok ? 1u << m->record[i].stage : 0;
	assert_int_equal(stages, 0x3fe);
	assert_true(noted(m, "was not verified: before stage 6"));
	assert_int_equal(m->vlan, 20);
	assert_int_equal(location_list(m->location, "alice@contoso.test", b, 4), 1);
	/* It stays: two refreshes of the registration, then signs off. */
	meet_run(m, 20 * 60 * 1000);
	assert_true(dt_phone_registered(m->phone));
	location_expire(m->location);
	assert_int_equal(location_list(m->location, "alice@contoso.test", b, 4), 1);
	meet_stop(m);
	assert_int_equal(location_list(m->location, "alice@contoso.test", b, 4), 0);
	assert_int_equal(m->dhcp_out[DHCP_RELEASE], 1);

	/* Warm: no PIN, and no question for it. */
	meet_phone_off(m);
	m->conf.pin = m->conf.number = NULL;
	dial_tone(m);
	assert_int_equal(m->keys_made, 1);
	assert_int_equal(attempts(m, "web ticket"), 0);
	assert_false(noted(m, "verified"));
	meet_free(m);
	meet_flash_free(&flash);
}

struct run {
	const char *name;
	void (*change)(struct meet *m);
	bool ok;
	enum dt_stage stage;
	enum dt_failure failure;
	unsigned vlan;
};

static void no_lldp(struct meet *m)
{
	m->net.lldp = false;
	m->net.dhcp_vlan = true;
}
static void policy_unknown(struct meet *m)
{
	m->net.policy.unknown = true;
}
static void policy_unknown_dhcp_knows(struct meet *m)
{
	m->net.policy.unknown = true;
	m->net.dhcp_vlan = true;
}
static void no_srv(struct meet *m)
{
	m->net.srv = false;
}
static void tls_down(struct meet *m) /* the third candidate: internal SRV over TCP */
{
	strcpy(m->site.SIPSecurityMode, "Low");
	meet_listener(m, MEET_FE, 5061)->down = true;
}
static void clock_wrong_but_ntp(struct meet *m)
{
	m->host_clock_off_ms = -20LL * 365 * 86400 * 1000;
}
static const struct run runs[] = {
    {"VLAN by DHCP", no_lldp, true, DT_STAGE_LOGON, DT_F_OK, 20},
    {"no VLAN", change_no_lldp, true, DT_STAGE_LOGON, DT_F_OK, 0},
    {"LLDP-MED says untagged", change_untagged, true, DT_STAGE_LOGON, DT_F_OK, 0},
    {"LLDP-MED says priority-tagged", change_vlan_0, true, DT_STAGE_LOGON, DT_F_OK, 0},
    {"LLDP-MED says unknown", policy_unknown, true, DT_STAGE_LOGON, DT_F_OK, 0},
    {"LLDP-MED says unknown, DHCP knows", policy_unknown_dhcp_knows, true, DT_STAGE_LOGON, DT_F_OK, 20},
    {"the address is taken", change_address_taken, true, DT_STAGE_LOGON, DT_F_OK, 20},
    {"wrong PIN", change_wrong_pin, false, DT_STAGE_AUTH, DT_F_PIN_REFUSED, 20},
    {"no DHCP answer", change_no_dhcp, false, DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, 20},
    {"no SRV, option 120 instead", no_srv, true, DT_STAGE_LOGON, DT_F_OK, 20},
    {"neither SRV nor option 120", change_no_registrar, false, DT_STAGE_DISCOVER, DT_F_REGISTRAR_NONE, 20},
    {"no web URL", change_no_43, false, DT_STAGE_DISCOVER, DT_F_WEB_URL_NONE, 20},
    {"SRV target outside the domain", change_strange_target, false, DT_STAGE_DISCOVER, DT_F_STRICT_DOMAIN, 20},
    {"web server down", change_web_down, false, DT_STAGE_CHAIN, DT_F_CONNECT, 20},
    {"chain download off", change_chain_off, false, DT_STAGE_CHAIN, DT_F_CHAIN_DISABLED, 20},
    {"certificate without the name", change_wrong_name, false, DT_STAGE_CHAIN, DT_F_TLS_NAME, 20},
    {"Registrar down", change_registrar_down, false, DT_STAGE_LOGON, DT_F_CONNECT, 20},
    {"Registrar over TCP", tls_down, true, DT_STAGE_LOGON, DT_F_OK, 20},
    {"clock wrong, NTP silent", change_clock_wrong, false, DT_STAGE_CHAIN, DT_F_CLOCK_WRONG, 20},
    {"clock wrong, NTP right", clock_wrong_but_ntp, true, DT_STAGE_LOGON, DT_F_OK, 20},
    {"no ucupdates-r2", change_no_update_record, true, DT_STAGE_LOGON, DT_F_OK, 20},
    {"TLS-DSK off", change_dsk_off, false, DT_STAGE_LOGON, DT_F_SIP_SCHEME, 20},
};

static void inside(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		struct meet_flash flash = {0};
		struct meet *m = world(&flash);

		print_message("  %s\n", runs[i].name);
		runs[i].change(m);
		expect(m, runs[i].ok, runs[i].stage, runs[i].failure);
		assert_int_equal(m->vlan, runs[i].vlan);
		if (runs[i].failure == DT_F_PIN_REFUSED)
			assert_int_equal(attempts(m, "web ticket"), 1); /* one PIN attempt a run */
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* The handshake inside SIP as phones of the time have it: its suites sign with SHA-1, 40 digits; those of TLS 1.2 with SHA-384. */
static void old_tls_inside_sip(void **state)
{
	(void)state;
	for (int old = 0; old < 2; old++) {
		struct meet_flash flash = {0};
		struct meet *m = world(&flash);

		m->conf.old_tls = old;
		dial_tone(m);
		assert_int_equal(m->signature, old ? 40 : 96);
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* ---- the update --------------------------------------------------------------------------------------- */

static void updated(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	servers_offer(m, "4.0.7577.4512", false);
	dial_tone(m);
	assert_int_equal(m->restarts, 1);
	assert_string_equal(dt_phone_version(m->phone), "4.0.7577.4512");
	meet_free(m);
	meet_flash_free(&flash);
}

static void tampered(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	servers_offer(m, "4.0.7577.4512", true);
	dial_tone(m);
	assert_int_equal(m->restarts, 0);
	assert_string_equal(dt_phone_version(m->phone), m->conf.model->firmware);
	assert_non_null(meet_failed(m, DT_F_UPDATE_SIGNATURE));
	meet_free(m);
	meet_flash_free(&flash);
}

#define MODULE(more) "<Response><Modules><Module " more "/></Modules></Response>"

static const char *keep(struct meet_flash *f, const char *name)
{
	for (size_t i = 0; i < sizeof f->file / sizeof *f->file; i++)
		if (f->file[i].there && strcmp(f->file[i].name, name) == 0)
			return buf_cstr(&f->file[i].data);
	return NULL;
}

/* A signature says nothing about age: an older version comes only from a server that the phone's root chain knows. */
static void older(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	servers_offer(m, "4.0.7000.1", false);
	dial_tone(m); /* cold: it cannot tell this server from a stranger's */
	assert_int_equal(m->restarts, 0);
	assert_non_null(meet_failed(m, DT_F_UPDATE_OLDER));
	assert_string_equal(dt_phone_version(m->phone), m->conf.model->firmware);
	assert_int_equal(flash.slot[1].data.n, 0);
	meet_stop(m);
	meet_phone_off(m);
	m->conf.pin = m->conf.number = NULL;
	dial_tone(m); /* warm: it knows the server, and its administrator went back a version */
	assert_int_equal(m->restarts, 1);
	assert_string_equal(dt_phone_version(m->phone), "4.0.7000.1");
	meet_free(m);
	meet_flash_free(&flash);
}

/* "not-below" in the signed head of the running image: older versions than that come from nobody; those between are the administrator's. */
static void below_the_floor(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	m->net.not_below = "4.0.7577.4400";
	servers_offer(m, "4.0.7577.4512", false);
	dial_tone(m);
	assert_string_equal(dt_phone_version(m->phone), "4.0.7577.4512");
	for (unsigned i = 0; i < 2; i++) { /* warm: it knows the server */
		meet_free(m);
		m = world(&flash);
		servers_offer(m, i ? "4.0.7577.4400" : "4.0.7577.4399", false);
		dial_tone(m);
		if (i == 0) {
			assert_string_equal(dt_phone_version(m->phone), "4.0.7577.4512");
			assert_non_null(meet_failed(m, DT_F_UPDATE_OLDER));
			assert_non_null(strstr(meet_failed(m, DT_F_UPDATE_OLDER)->why, "not-below"));
		}
	}
	assert_string_equal(dt_phone_version(m->phone), "4.0.7577.4400");
	meet_free(m);
	meet_flash_free(&flash);
}

/* The store may send what it likes: not an octet more than the signed catalog speaks of is kept. */
static void too_long(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);
	struct buf file = {0};
	char path[160];
	size_t n;

	(void)state;
	servers_offer(m, "4.0.7577.4512", false);
	snprintf(path, sizeof path, "%s/UCPhone/cpe.nbt", m->files_dir);
	assert_int_equal(file_read(path, 1 << 20, &file), 0);
	n = file.n;
	for (unsigned i = 0; i < 1 << 14; i++)
		buf_str(&file, "what nobody has signed, 64 octets at a time, to a whole megabyte.");
	assert_int_equal(file_write(NULL, path, file.p, file.n, 0644), 0);
	m->net.update_status = 200; /* as the product answers: without a size */
	m->net.update_body = MODULE("FileName='UCPhone/cpe.nbt' SignatureFileName='UCPhone/cpe.cat' Version='4.0.7577.4512'");
	dial_tone(m);
	assert_int_equal(m->restarts, 0);
	assert_non_null(meet_failed(m, DT_F_UPDATE_FETCH));
	assert_true(flash.slot[1].data.n <= n);
	buf_free(&file);
	meet_free(m);
	meet_flash_free(&flash);
}

/* What a stranger offered, and the phone noted, does not outlive --cold. */
static void offers_are_forgotten(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	servers_offer(m, "4.0.7577.4512", true);
	dial_tone(m);
	assert_non_null(keep(&flash, DT_STATE_UPDATE));
	meet_stop(m);
	meet_phone_off(m);
	m->net.update_status = 204;
	m->net.update_body = "";
	m->conf.cold = true;
	dial_tone(m);
	assert_null(keep(&flash, DT_STATE_UPDATE));
	meet_free(m);
	meet_flash_free(&flash);
}


/* "These roots, or none": the chain that the network offers becomes no anchor, and no PIN goes to its server. */
static void no_other_root(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);
	const struct meet_record *r;

	(void)state;
	m->conf.trust = (const char *)meet_keys()->update_pem.p; /* another's */
	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	r = meet_result(m);
	assert_true(r && !r->ok);
	assert_int_equal(r->failure, DT_F_TLS_UNTRUSTED);
	assert_null(keep(&flash, DT_STATE_ROOTS));
	assert_int_equal(attempts(m, "web ticket"), 0);
	meet_free(m);
	meet_flash_free(&flash);
}

/* The format is not published: whatever a service says, the phone signs in, and installs nothing that is not signed. */
static void strange_answers(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
		enum dt_failure failure;
	} rows[] = {
	    {200, "<ImageUpdateResponse/>", DT_F_OK},
	    {204, "", DT_F_OK},
	    {200, "<Response/>", DT_F_OK},
	    {200, "\r\n<?xml version='1.0' encoding='utf-16'?>\r\n<Response><Modules/></Response>", DT_F_OK},
	    {200, MODULE("FileName='CPE.nbt' Version='4.0.7577.4363'"), DT_F_OK}, /* what it runs already */
	    {200, "<Response><Modules><Module FileName='a.xml' Version='9.9.9.9'/><Module FileName='CPE.NBT' Version='4.0.7577.4363'/>"
		  "</Modules></Response>", DT_F_OK},
	    {200, "", DT_F_UPDATE_ANSWER},
	    {200, "<html><body>Sign in</body></html>", DT_F_UPDATE_ANSWER},
	    {200, "OK", DT_F_UPDATE_ANSWER},
	    {200, MODULE("FileName='CPE.nbt' Version='9.9.9.9'"), DT_F_UPDATE_SIGNATURE}, /* no catalog */
	    {200, MODULE("FileName='CPE.nbt' SignatureFileName='CPE.cat' Version='9.9.9.9'"), DT_F_UPDATE_FETCH},
	    {200, MODULE("FileName='CPE.nbt' SignatureFileName='CPE.cat' Version='4.0.0.1'"), DT_F_UPDATE_OLDER},
	    {200, MODULE("FileName='CPE.nbt&#10;installed 9.9.9.9' SignatureFileName='CPE.cat' Version='9.9.9.9'"), DT_F_UPDATE_ANSWER},
	    /* to another machine, by file or by store; to another port; with a query */
	    {200, MODULE("FileName='CPE.nbt' SignatureFileName='http://10.66.0.10/CPE.cat' Version='9.9.9.9'"), DT_F_UPDATE_ANSWER},
	    {200, "<Response><StoreUri>http://inner.example.test/</StoreUri><Modules><Module FileName='CPE.nbt' SignatureFileName="
		  "'CPE.cat' Version='9.9.9.9'/></Modules></Response>", DT_F_UPDATE_ANSWER},
	    {200, MODULE("FileName='a' SignatureFileName='http://fe01.contoso.test:8099/CPE.cat' Version='9.9.9.9'"), DT_F_UPDATE_ANSWER},
	    {200, MODULE("FileName='a' SignatureFileName='http://fe01.contoso.test/reboot?now=1' Version='9.9.9.9'"), DT_F_UPDATE_ANSWER},
	    {200, MODULE("FileName='a' SignatureFileName='http://fe01.contoso.test/CPE.cat' Version='9.9.9.9'"), DT_F_UPDATE_FETCH},
	    {302, "", DT_F_HTTP_STATUS},
	    {403, "", DT_F_UPDATE_REFUSED},
	    {500, "<Fault/>", DT_F_HTTP_STATUS},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct meet_flash flash = {0};
		struct meet *m = world(&flash);

		print_message("  %u %s\n", rows[i].status, rows[i].body);
		m->net.update_status = rows[i].status;
		m->net.update_body = rows[i].body;
		dial_tone(m);
		assert_int_equal(m->restarts, 0);
		for (unsigned k = 0; k < m->nrecord; k++)
			if (m->record[k].stage == DT_STAGE_UPDATE && m->record[k].kind == DT_REC_STAGE)
				assert_int_equal(m->record[k].failure, rows[i].failure);
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* ---- the eight models --------------------------------------------------------------------------------- */

static void models(void **state)
{
	(void)state;
	assert_true(dt_model_count >= 8);
	for (size_t i = 0; i < dt_model_count; i++) {
		struct meet_flash flash = {0};
		struct meet *m = world(&flash);

		m->conf.model = &dt_models[i];
		if (!(dt_models[i].auth & DT_AUTH_PIN)) {
			/* A PIN is no use to the CX700. */
			expect(m, false, DT_STAGE_AUTH, DT_F_METHOD_MODEL);
			meet_free(m);
			meet_flash_free(&flash);
			m = world(&flash);
			m->conf.model = &dt_models[i];
			m->conf.number = m->conf.pin = NULL;
			m->conf.login = "CONTOSO\\alice";
			m->conf.password = "Pa$$word";
			m->conf.sip = "alice@contoso.test";
		}
		dial_tone(m);
		meet_free(m);
		meet_flash_free(&flash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(old_tls_inside_sip), cmocka_unit_test(cold_then_warm), cmocka_unit_test(inside),	  cmocka_unit_test(updated),
	    cmocka_unit_test(tampered), cmocka_unit_test(older), cmocka_unit_test(below_the_floor), cmocka_unit_test(too_long), cmocka_unit_test(offers_are_forgotten), cmocka_unit_test(no_other_root), cmocka_unit_test(strange_answers),	      cmocka_unit_test(models),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
