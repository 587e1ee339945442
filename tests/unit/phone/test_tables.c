/* tests/unit/phone/test_tables.c: the phone's tables, each cell against what its source says.
 *
 * A change of a table is a change of the process: it has to be written here as well, with its source.
 */
#include "tests/support/check.h"

#include "phone/internal.h"

/* ---- the nine stages ------------------------------------------------------------------------------------------- */

/* clang-format off */
/* Microsoft TechNet, "Device Connection Process", Lync Server 2013: the headings, and where "the bootstrapping process
 * continues" without a stage.  The seconds are ours: more than all waits inside a stage together. */
static const struct {
	const char *key, *title;
	void (*begin)(struct dt_phone *ph);
	unsigned seconds, needs, gives;
	bool optional;
} nine[] = {
	{"vlan",     "Finding the VLAN ID",                       stage_vlan,     90,  0,             HAS_VLAN,                 true},
	{"address",  "Obtain an IP Address",                      stage_address,  180, 0,             HAS_ADDRESS | HAS_TIME,   false},
	{"find",     "Find the Device Update Web Service",        stage_find,     60,  HAS_ADDRESS,   HAS_UPDATE_URL,           true},
	{"update",   "Check for Updates",                         stage_update,   900, HAS_ADDRESS,   HAS_FIRMWARE,             true},
	{"discover", "Obtain Registrar FQDN and Web Service URL", stage_discover, 90,  HAS_ADDRESS,   HAS_REGISTRAR | HAS_WEB,  false},
	{"chain",    "Connect to the Web Service and Download the Root CA Certificate Chain",
	                                                          stage_chain,    90,  HAS_WEB,       HAS_ROOTS,                false},
	{"auth",     "Authentication Process",                    stage_auth,     90,  HAS_WEB | HAS_ROOTS, HAS_IDENTITY,       false},
	{"cert",     "Receive and Publish Certificate",           stage_cert,     90,  HAS_IDENTITY,  HAS_USER_CERT,            false},
	{"logon",    "Log on to the Lync Server",                 stage_logon,    600, HAS_REGISTRAR, HAS_DIAL_TONE | HAS_WEB,  false},
};
/* clang-format on */

static void each_stage(void **state)
{
	(void)state;
	assert_int_equal(DT_STAGE_COUNT, 10); /* and none */
	assert_string_equal(dt_stage_keys[DT_STAGE_NONE], "none");
	assert_string_equal(dt_stage_titles[DT_STAGE_NONE], "");
	for (unsigned i = 0; i < 9; i++) {
		const struct stage *s = &stages[DT_STAGE_VLAN + i];

		assert_string_equal(dt_stage_keys[DT_STAGE_VLAN + i], nine[i].key);
		assert_string_equal(dt_stage_titles[DT_STAGE_VLAN + i], nine[i].title);
		assert_true(s->begin == nine[i].begin);
		assert_int_equal(s->seconds, nine[i].seconds);
		assert_int_equal(s->optional, nine[i].optional);
		assert_int_equal(s->needs, nine[i].needs);
		assert_int_equal(s->gives, nine[i].gives);
	}
}

/* ---- plans ----------------------------------------------------------------------------------------------------- */

#define KEPT (HAS_REGISTRAR | HAS_WEB | HAS_ROOTS)

/* clang-format off */
static const struct {
	enum plan_id id;
	const char *name, *run;
	unsigned known, proof;
} each[] = {
	{PLAN_INSIDE,       "inside",                      "vlan address find update discover chain auth cert logon", HAS_SECRET, HAS_USER_CERT},
	{PLAN_OUTSIDE_CERT, "outside, with a certificate", "address find update auth logon",      KEPT | HAS_USER_CERT, HAS_USER_CERT},
	{PLAN_OUTSIDE_NTLM, "outside, with NTLM",          "address find update discover logon chain auth cert", HAS_SECRET, HAS_SECRET},
	{PLAN_TETHERED,     "tethered",                    "vlan address find update discover chain auth cert logon", HAS_SECRET, HAS_USER_CERT},
	{PLAN_RENEW,        "renewal",                     "auth cert logon",                     KEPT | HAS_USER_CERT, HAS_USER_CERT},
	{PLAN_UPDATE,       "update",                      "update",                 HAS_ADDRESS | HAS_UPDATE_URL | HAS_DIAL_TONE, 0},
	{PLAN_AGAIN,        "log on again",                "discover logon", HAS_ADDRESS | HAS_WEB | HAS_ROOTS | HAS_USER_CERT, HAS_USER_CERT},
	{PLAN_ENROL,        "enrol again",                 "auth cert logon",                     KEPT | HAS_SECRET,    HAS_USER_CERT},
	{PLAN_POWER_ON,         "power-on",         "vlan address find update", 0, 0},
	{PLAN_POWER_ON_OUTSIDE, "power-on outside", "address find update",      0, 0},
	{PLAN_SIGN_IN,          "sign-in",          "update discover chain auth cert logon", HAS_ADDRESS | HAS_SECRET, HAS_USER_CERT},
	{PLAN_SIGN_IN_OUTSIDE,  "sign-in outside",  "update discover logon chain auth cert", HAS_ADDRESS | HAS_SECRET, HAS_SECRET},
	{PLAN_GUEST,            "guest",            "discover chain auth cert logon", HAS_ADDRESS | HAS_SECRET, HAS_USER_CERT},
	{PLAN_LOGS,             "log upload",       "update",                 HAS_ADDRESS | HAS_UPDATE_URL | HAS_DIAL_TONE, 0},
};
/* clang-format on */

static void each_plan(void **state)
{
	(void)state;
	assert_int_equal(PLANS, sizeof each / sizeof *each);
	for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
		const struct plan *p = &plans[each[i].id];
		struct buf run = {0};

		for (unsigned s = 0; s < DT_STAGE_COUNT && p->run[s] != DT_STAGE_NONE; s++)
			buf_printf(&run, "%s%s", s ? " " : "", dt_stage_keys[p->run[s]]);
		assert_string_equal(buf_cstr(&run), each[i].run);
		assert_string_equal(p->name, each[i].name);
		assert_int_equal(p->known, each[i].known);
		assert_int_equal(p->proof, each[i].proof);
		buf_free(&run);
	}
}

/* ---- models ---------------------------------------------------------------------------------------------------- */

#define PIN (DT_AUTH_PIN | DT_AUTH_CERT)
#define LYNC "Microsoft Lync Phone Edition"

/* clang-format off */
/* [update-service 3.1] brand and model, [update-service 6] the last cumulative update of each family. */
static const struct dt_model eight[] = {
	{"6721ip", "Aastra 6721ip",  "Aastra",  "6721ip", "A", "4.0.7577.4372", PIN,                 {0x00, 0x08, 0x5d}, LYNC},
	{"6725ip", "Aastra 6725ip",  "Aastra",  "6725ip", "A", "4.0.7577.4372", PIN | DT_AUTH_TETHER, {0x00, 0x08, 0x5d}, LYNC},
	{"4110",   "HP 4110",        "HP",      "4110",   "A", "4.0.7577.4366", PIN,                 {0x00, 0x04, 0x13}, LYNC},
	{"4120",   "HP 4120",        "HP",      "4120",   "A", "4.0.7577.4366", PIN | DT_AUTH_TETHER, {0x00, 0x04, 0x13}, LYNC},
	{"cx500",  "Polycom CX500",  "POLYCOM", "CX500",  "A", "4.0.7577.4363", PIN,                 {0x00, 0x04, 0xf2}, LYNC},
	{"cx600",  "Polycom CX600",  "POLYCOM", "CX600",  "A", "4.0.7577.4363", PIN | DT_AUTH_TETHER, {0x00, 0x04, 0xf2}, LYNC},
	{"cx3000", "Polycom CX3000", "POLYCOM", "CX3000", "A", "4.0.7577.4363", PIN | DT_AUTH_TETHER, {0x64, 0x16, 0x7f}, LYNC},
	{"cx700",  "Polycom CX700",  "POLYCOM", "CX700",  "A", "4.0.7577.4363", DT_AUTH_NTLM | DT_AUTH_CERT | DT_AUTH_TETHER,
	                                                                                             {0x00, 0x04, 0xf2}, LYNC},
};
/* clang-format on */

static void each_model(void **state)
{
	(void)state;
	assert_true(dt_model_count >= 8); /* a new one is added behind them */
	for (size_t i = 0; i < sizeof eight / sizeof *eight; i++) {
		const struct dt_model *m = &dt_models[i], *want = &eight[i];

		assert_string_equal(m->key, want->key);
		assert_string_equal(m->name, want->name);
		assert_string_equal(m->vendor, want->vendor);
		assert_string_equal(m->model, want->model);
		assert_string_equal(m->revision, want->revision);
		assert_string_equal(m->firmware, want->firmware);
		assert_int_equal(m->auth, want->auth);
		assert_memory_equal(m->oui, want->oui, sizeof m->oui);
		assert_string_equal(m->product, want->product);
	}
}

/* [network E.1]: "TLS 1.0 and nothing later", "wildcard commonly reported" as not taken, "root too strong" for the CX700's Windows CE;
 * "OCS-era firmware reads the VLAN from DHCP only" and "two-step update needed". */
static void what_models_cannot(void **state)
{
	enum { ALL = DT_CANNOT_TLS12 | DT_CANNOT_WILDCARD, OCS = DT_CANNOT_LLDP | DT_CANNOT_ONE_STEP };
	static const struct {
		const char *firmware;
		unsigned cannot;
	} rows[] = {{"4.0.7577.4372", ALL}, {"1.0.522.101", ALL | OCS}, {"10.0.1.1", ALL}, {"", ALL}};

	(void)state;
	for (size_t i = 0; i < sizeof eight / sizeof *eight; i++)
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
			assert_int_equal(dt_model_cannot(&eight[i], rows[k].firmware),
					 rows[k].cannot | (strcmp(eight[i].key, "cx700") == 0 ? DT_CANNOT_STRONG_ROOT : 0));
}

/* What a user reads whose phone cannot do what was asked for. */
static void each_refusal(void **state)
{
	static const struct {
		const char *model;
		unsigned way;
		const char *words;
	} rows[] = {
	    {"cx700", DT_AUTH_PIN,
	     "Polycom CX700 cannot sign in with number and PIN; it can with user name and password (NTLM), or user name and "
	     "password through a PC on its USB port, or the certificate it got when it signed in before"},
	    {"cx500", DT_AUTH_NTLM,
	     "Polycom CX500 cannot sign in with user name and password (NTLM); it can with number and PIN, or the certificate it "
	     "got when it signed in before"},
	    {"4110", DT_AUTH_TETHER,
	     "HP 4110 cannot sign in with user name and password through a PC on its USB port; it can with number and PIN, or the "
	     "certificate it got when it signed in before"},
	};
	struct dt_model none = {.name = "It", .auth = DT_AUTH_PIN};
	char why[400];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		dt_model_refusal(dt_model_find(rows[i].model), rows[i].way, why, sizeof why);
		assert_string_equal(why, rows[i].words);
	}
	dt_model_refusal(&none, DT_AUTH_CERT, why, sizeof why);
	assert_string_equal(why, "It cannot sign in with the certificate it got when it signed in before; it can with number and PIN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_stage),
	    cmocka_unit_test(each_plan),
	    cmocka_unit_test(each_model), cmocka_unit_test(what_models_cannot),
	    cmocka_unit_test(each_refusal),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("tables", tests, NULL, NULL);
}
