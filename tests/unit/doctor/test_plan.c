/* A change of certificates, DNS or DHCP, applied to a run that went well: the models that would fail, and where. */
#include "doctor/diagnose.h"
#include "doctor/plan.h"
#include "pki/cert.h"
#include "tests/support/check.h"

static const int64_t now = 1764480000;

#define HOST "fe01.contoso.test"

static void attempt_of(struct doctor_run *r, enum dt_stage s, const char *what, const struct dt_facts *f, bool ends)
{
	struct dt_record a = {.kind = DT_REC_ATTEMPT, .stage = s, .what = what, .ok = true, .fact = *f};
	struct dt_record end = {.kind = DT_REC_STAGE, .stage = s, .ok = true};

	assert_true(doctor_run_add(r, &a) && (!ends || doctor_run_add(r, &end)));
}

static void attempt(struct doctor_run *r, enum dt_stage s, const char *what, const struct dt_facts *f)
{
	attempt_of(r, s, what, f, true);
}

/* A sign-in that went well. */
static void healthy(struct doctor_run *r)
{
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true};

	*r = (struct doctor_run){0};
	attempt(r, DT_STAGE_VLAN, "lldp-med", &(struct dt_facts){.vlan = 66});
	attempt(r, DT_STAGE_ADDRESS, "dhcp", &(struct dt_facts){.vlan = 66});
	attempt(r, DT_STAGE_FIND, "a ucupdates-r2.contoso.test", &(struct dt_facts){.host = "ucupdates-r2.contoso.test"});
	attempt(r, DT_STAGE_UPDATE, "update question", &(struct dt_facts){.host = "ucupdates-r2.contoso.test", .cert = HOST});
	attempt_of(r, DT_STAGE_DISCOVER, "dhcp-inform", &(struct dt_facts){.host = HOST}, false);
	attempt(r, DT_STAGE_DISCOVER, "srv _sipinternaltls._tcp.contoso.test",
		&(struct dt_facts){.host = "_sipinternaltls._tcp.contoso.test", .domain = "contoso.test"});
	attempt(r, DT_STAGE_CHAIN, "a " HOST, &(struct dt_facts){.host = HOST});
	attempt(r, DT_STAGE_CHAIN, "tls https://" HOST, &(struct dt_facts){.host = HOST, .cert = HOST});
	attempt(r, DT_STAGE_LOGON, "registrar internal SRV, TLS " HOST ":5061",
		&(struct dt_facts){.host = HOST, .candidate = DT_CAND_INTERNAL_TLS});
	assert_true(doctor_run_add(r, &end));
}

/* After the change: the stage that fails (0: none) and the first cause ("": none). */
static void becomes(const struct doctor_plan *p, const char *model, enum dt_stage stage, const char *cause)
{
	struct doctor_run *was = calloc(1, sizeof *was), *is = calloc(1, sizeof *is);
	const struct doctor_line *result;
	struct doctor_finding f[8];
	unsigned n;

	healthy(was);
	assert_true(doctor_plan_apply(p, was, dt_model_find(model), is));
	result = doctor_run_result(is);
	assert_non_null(result);
	if (result->ok != (stage == DT_STAGE_NONE) || (stage && result->stage != stage))
		fail_msg("%s: stage %d, %s", cause, (int)result->stage, dt_failures[result->failure].code);
	n = doctor_diagnose(is, f, 8);
	if (strcmp(n && f[0].ncause ? f[0].cause[0]->id : "", cause) != 0)
		fail_msg("%s, not %s", n && f[0].ncause ? f[0].cause[0]->id : "nothing", cause);
	doctor_run_free(was);
	doctor_run_free(is);
	free(was);
	free(is);
}

static void zone(const char *text, enum dt_stage stage, const char *cause)
{
	struct doctor_plan *p = calloc(1, sizeof *p);
	struct why why = {0};

	if (!doctor_plan_zone(p, sv_of(text), &why))
		fail_msg("%s", why.text);
	becomes(p, "cx600", stage, cause);
	doctor_plan_free(p);
	free(p);
}

#define ORIGIN "$ORIGIN contoso.test.\n$TTL 3600\n@ SOA ns1 hostmaster (1 2 3 4 5)\n"
#define FE "fe01 3600 IN A 10.20.0.10\n"
#define UPDATES "ucupdates-r2.contoso.test. A 10.20.0.10 ; a comment\n"
#define SRV "_sipinternaltls._tcp SRV 0 0 5061 fe01\n"

static void zones(void **state)
{
	(void)state;
	zone(ORIGIN FE UPDATES SRV, DT_STAGE_NONE, "");
	zone(ORIGIN FE SRV, DT_STAGE_NONE, "D-02");		  /* the phone goes on without */
	zone(ORIGIN UPDATES SRV, DT_STAGE_CHAIN, "R-10");	  /* the web service's name is gone */
	zone(ORIGIN FE UPDATES, DT_STAGE_DISCOVER, "D-01");	  /* neither SRV nor option 120 */
	zone("$ORIGIN fabrikam.test.\n" FE, DT_STAGE_NONE, "");  /* another domain's zone says nothing of this one */
}

static void dhcp(const char *text, enum dt_stage stage, const char *cause)
{
	struct doctor_plan *p = calloc(1, sizeof *p);
	struct why why = {0};

	if (!doctor_plan_dhcp(p, sv_of(text), &why))
		fail_msg("%s", why.text);
	becomes(p, "cx600", stage, cause);
	doctor_plan_free(p);
	free(p);
}

static void options(void **state)
{
	static const char good[] = "# the scope\n43: 01 0c 4d 53 2d 55 43 2d 43 6c 69 65 6e 74 02 05 68 74 74 70 73 03 11 66 65 30 31 2e 63 6f 6e 74 6f 73 6f"
				   " 2e 74 65 73 74 04 03 34 34 33 05 02 2f 43\n120 00 04 66 65 30 31 07 63 6f 6e 74 6f 73 6f 04 74 65 73 74 00\n";

	(void)state;
	dhcp(good, DT_STAGE_NONE, "");
	dhcp("43 303130633464\n", DT_STAGE_DISCOVER, "R-04"); /* the digits typed as text */
	dhcp("120 00 04 66 65 30 31 00\n", DT_STAGE_DISCOVER, "R-02"); /* no option 43 */
}

/* As each server's administrator has them.  %s is the class's name at the server. */
static const char *const forms[] = {
    "domain=contoso.test\ndhcp-range=set:voice,10.66.0.128,10.66.0.254\ndhcp-option=option:sip-server,fe01.contoso.test\n"
    "dhcp-option=vendor:CPE-OCPHONE,10,66s\ndhcp-option=vendor:%s,1,\"MS-UC-Client\"\ndhcp-option=vendor:%s,2,\"https\"\n"
    "dhcp-option=tag:voice,vendor:%s,3,\"fe01.contoso.test\"\ndhcp-option=vendor:%s,4,\"443\"\ndhcp-option=vendor:%s,5,\"/C\"\n",

    "option space MSUC code width 1 length width 1;\noption MSUC.ident code 1 = text;\noption MSUC.scheme code 2 = text;\n"
    "option MSUC.fqdn code 3 = text;\noption MSUC.port code 4 = text;\noption MSUC.path code 5 = text;\noption uc-sip code 120 = string;\n"
    "class \"uc\" {\n match if option vendor-class-identifier = \"%s\";\n vendor-option-space MSUC;\n option MSUC.ident \"MS-UC-Client\";\n"
    " option MSUC.scheme \"https\";\n option MSUC.fqdn \"fe01.contoso.test\";\n option MSUC.port 34:34:33;\n option MSUC.path \"/C\";\n}\n"
    "option uc-sip 00:04:66:65:30:31:07:63:6f:6e:74:6f:73:6f:04:74:65:73:74:00;\n",

    "Dhcp Server \\\\10.0.0.1 Add Class \"UC\" \"of phones\" \"%s\" 1 0 b\nDhcp Server \\\\10.0.0.1 set optionvalue 1 BINARY vendor=\"UC\" "
    "4D532D55432D436C69656E74\nDhcp Server \\\\10.0.0.1 set optionvalue 2 STRING vendor=\"UC\" \"https\"\nnetsh dhcp server set optionvalue 3 Binary "
    "vendor=UC 666530312E636F6E746F736F2E74657374\nDhcp Server \\\\10.0.0.1 set optionvalue 4 BINARY user=\"\" vendor=\"UC\" \"34\" \"34\" \"33\"\n"
    "Dhcp Server \\\\10.0.0.1 Scope 10.66.0.0 set optionvalue 5 BINARY vendor=\"UC\" 2F43\nDhcp Server \\\\10.0.0.1 Scope 10.66.0.0 set optionvalue "
    "3 IPADDRESS \"10.66.0.1\"\nDhcp Server \\\\10.0.0.1 Scope 10.66.0.0 set optionvalue 120 BINARY 00046665303107636F6E746F736F047465737400\n",

    "// of phones\n{\"Dhcp4\": {\"option-def\": [{\"space\": \"MS-UC-Client\", \"name\": \"who\", \"code\": 1}, {\"name\": \"sip-servers\", \"code\": 120}],\n"
    "\"subnet4\": [{\"option-data\": [{\"name\": \"sip-servers\", \"data\": \"0, fe01.contoso.test\"}]}],\n\"client-classes\": [{\"option-data\": [\n"
    "{\"space\": \"%s\", \"name\": \"who\", \"data\": \"MS-UC-Client\"}, {\"space\": \"%s\", \"code\": 2, \"data\": \"https\"},\n"
    "{\"space\": \"%s\", \"code\": 3, \"data\": \"fe01.contoso.test\"}, {\"space\": \"%s\", \"code\": 4, \"csv-format\": false, \"data\": \"343433\"},\n"
    "{\"space\": \"%s\", \"code\": 5, \"data\": \"/C\"}]}]}}\n",
};

static void options_of_servers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		static const char *const class[] = {"MS-UC-Client", "ms-uc-client"}; /* the one is another class than the other */
		char text[4096];

		for (unsigned k = 0; k < 2; k++) {
			snprintf(text, sizeof text, forms[i], class[k], class[k], class[k], class[k], class[k]);
			print_message("form %zu, class %s\n", i, class[k]);
			dhcp(text, k ? DT_STAGE_DISCOVER : DT_STAGE_NONE, k ? "R-02" : "");
		}
	}
	/* IOS gives the same to everybody, and its "ascii" is no sub-option */
	dhcp("ip dhcp pool VOICE\n network 10.66.0.0 255.255.255.0\n option 43 hex 010c.4d53.2d55.432d.436c.6965.6e74.0205.6874.7470.7303.1166.6530.312e.636f."
	     "6e74.6f73.6f2e.7465.7374.0403.3434.3305.022f.43\n option 120 hex 00046665303107636f6e746f736f047465737400\n",
	     DT_STAGE_NONE, "");
	dhcp("ip dhcp pool VOICE\n option 43 ascii \"https://fe01.contoso.test\"\n", DT_STAGE_DISCOVER, "R-04");
	dhcp("dhcp-option=tag:voice,43,4d:53\ndhcp-option=120,10.20.0.10\n", DT_STAGE_DISCOVER, "R-04");
}

/* dnsmasq's own, and a zone as the DNS server of Windows exports it: the owner's name stands once. */
static void other_zones(void **state)
{
	(void)state;
	zone("local=/contoso.test/\nhost-record=fe01.contoso.test,pool.contoso.test,10.20.0.10\naddress=/ucupdates-r2.contoso.test/10.20.0.10\n"
	     "srv-host=_sipinternaltls._tcp.contoso.test,fe01.contoso.test,5061,0,0\ndhcp-authoritative\n", DT_STAGE_NONE, "");
	zone("local=/contoso.test/\nhost-record=fe01.contoso.test,fd00::10\nhost-record=ucupdates-r2.contoso.test,10.20.0.10\n"
	     "srv-host=_sipinternaltls._tcp.contoso.test,fe01.contoso.test,5061,0,0\n", DT_STAGE_CHAIN, "R-10");
	zone(ORIGIN "fe01 NS ns1\n\t\tA 10.20.0.10\n" UPDATES SRV, DT_STAGE_NONE, "");
}

/* ---- chains ------------------------------------------------------------------------------------------------------ */

static void chain_of(struct buf *pem, const char *name, int64_t until, bool with_root)
{
	struct pki_key *ca = pki_key_make(2048), *own = pki_key_make(2048);
	struct buf root = {0}, leaf = {0};
	const char *names[] = {name, "ucupdates-r2.contoso.test", NULL};
	struct pki_issue authority = {.profile = PKI_CA, .cn = "Root", .not_before = now - 86400, .not_after = now + 86400 * 900};
	struct pki_issue server = {.profile = PKI_SERVER, .cn = name, .names = names, .not_before = now - 86400, .not_after = until};

	assert_true(pki_issue(&authority, ca, ca, NULL, 0, &root));
	assert_true(pki_issue(&server, own, ca, root.p, root.n, &leaf));
	pki_pem_add(pem, "CERTIFICATE", leaf.p, leaf.n);
	if (with_root)
		pki_pem_add(pem, "CERTIFICATE", root.p, root.n);
	buf_free(&root);
	buf_free(&leaf);
	pki_key_free(ca);
	pki_key_free(own);
}

static void chain(const char *name, int64_t until, bool with_root, enum dt_stage stage, const char *cause)
{
	struct doctor_plan *p = calloc(1, sizeof *p);
	struct buf pem = {0};
	struct why why = {0};

	chain_of(&pem, name, until, with_root);
	p->unix_s = now;
	if (!doctor_plan_chain(p, buf_view(&pem), (struct sv){0}, &why))
		fail_msg("%s", why.text);
	becomes(p, "cx600", stage, cause);
	if (stage == DT_STAGE_NONE) { /* a root of 4096 bits stops one model only */
		p->strong_root = true;
		becomes(p, "cx600", DT_STAGE_NONE, "");
		becomes(p, "cx700", DT_STAGE_NONE, "C-08");
	}
	doctor_plan_free(p);
	free(p);
	buf_free(&pem);
}

static void chains(void **state)
{
	(void)state;
	chain(HOST, now + 86400 * 30, true, DT_STAGE_NONE, "");
	chain(HOST, now - 60, true, DT_STAGE_CHAIN, "C-14"); /* expired */
	chain(HOST, now + 86400 * 30, false, DT_STAGE_CHAIN, "C-03");	 /* without its root */
	chain("fe02.contoso.test", now + 86400 * 30, true, DT_STAGE_CHAIN, "C-10");
	chain("*.contoso.test", now + 86400 * 30, true, DT_STAGE_CHAIN, "C-10"); /* a wildcard does not count for real phones */
}

static void refused(void **state)
{
	static const char *const zones_bad[] = {"", "hello\n", "fe01 A 10.20.0\n", "x SRV 0 0 99999 y\n", "x SRV 0 0\n"};
	static const char *const options_bad[] = {"44 00\n", "43\n", "43 zz\n", "43 0\n", "hello\n"};
	struct doctor_plan *p = calloc(1, sizeof *p);
	struct why why = {0};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		if (doctor_plan_zone(p, sv_of(zones_bad[i]), &why))
			fail_msg("'%s'", zones_bad[i]);
		if (doctor_plan_dhcp(p, sv_of(options_bad[i]), &why))
			fail_msg("'%s'", options_bad[i]);
		p->records = 0;
	}
	assert_false(doctor_plan_chain(p, SV("no certificate"), (struct sv){0}, &why));
	doctor_plan_free(p);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(zones), cmocka_unit_test(options), cmocka_unit_test(options_of_servers), cmocka_unit_test(other_zones), cmocka_unit_test(chains), cmocka_unit_test(refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
