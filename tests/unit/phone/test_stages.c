/* The phone's tables: stages, plans, candidates, models; and the small readers beside them. */
#include "tests/support/check.h"

#include "phone/internal.h"

/* A plan can be run when each stage finds what it needs: known from the start, or given by an earlier stage. */
static void plans_hold_together(void **state)
{
	(void)state;
	for (int p = 0; p < PLANS; p++) {
		unsigned have = plans[p].known, seen = 0;

		assert_non_null(plans[p].name);
		assert_int_not_equal(plans[p].run[0], DT_STAGE_NONE);
		for (unsigned i = 0; i < DT_STAGE_COUNT && plans[p].run[i] != DT_STAGE_NONE; i++) {
			enum dt_stage s = plans[p].run[i];

			assert_in_range(s, DT_STAGE_VLAN, DT_STAGE_LOGON);
			assert_false(seen & 1u << s); /* no stage twice */
			seen |= 1u << s;
			if ((stages[s].needs & ~have) != 0)
				fail_msg("plan \"%s\": %s needs what nobody gave: %x", plans[p].name, dt_stage_keys[s],
					 stages[s].needs & ~have);
			if (s == DT_STAGE_LOGON && (plans[p].proof & ~have) != 0)
				fail_msg("plan \"%s\" has nothing to show at log on", plans[p].name);
			have |= stages[s].gives;
		}
		if (!(have & HAS_DIAL_TONE) && p != PLAN_POWER_ON && p != PLAN_POWER_ON_OUTSIDE)
			fail_msg("plan \"%s\" does not end with dial tone", plans[p].name);
	}
}

/* The inside plan has the order of "Device Connection Process", all nine. */
static void inside_is_the_nine(void **state)
{
	(void)state;
	for (int i = 0; i < 9; i++)
		assert_int_equal(plans[PLAN_INSIDE].run[i], DT_STAGE_VLAN + i);
}

static void stages_are_whole(void **state)
{
	(void)state;
	for (int s = DT_STAGE_VLAN; s < DT_STAGE_COUNT; s++) {
		assert_non_null(stages[s].begin);
		assert_in_range(stages[s].seconds, 30, 900);
		assert_int_not_equal(stages[s].gives, 0);
		assert_true(strlen(dt_stage_keys[s]) >= 3);
		assert_true(strlen(dt_stage_titles[s]) > 10);
		for (int t = DT_STAGE_VLAN; t < s; t++)
			assert_string_not_equal(dt_stage_keys[s], dt_stage_keys[t]);
	}
	/* "If ... the bootstrapping process continues": these three, no other */
	for (int s = DT_STAGE_VLAN; s < DT_STAGE_COUNT; s++)
		assert_int_equal(stages[s].optional, s == DT_STAGE_VLAN || s == DT_STAGE_FIND || s == DT_STAGE_UPDATE);
}

static void which_plan(void **state)
{
	static const struct {
		bool outside, tethered, login, certificate;
		enum plan_id plan;
		bool appliance;
	} rows[] = {
	    {false, false, false, false, PLAN_INSIDE},	     {false, false, true, true, PLAN_INSIDE},
	    {false, true, true, false, PLAN_TETHERED},	     {true, false, false, true, PLAN_OUTSIDE_CERT},
	    {true, false, false, false, PLAN_OUTSIDE_CERT},  {true, false, true, false, PLAN_OUTSIDE_NTLM},
	    {true, false, true, true, PLAN_OUTSIDE_CERT},    {false, false, false, false, PLAN_POWER_ON, true},
	    {true, false, false, false, PLAN_POWER_ON_OUTSIDE, true}, {false, false, false, true, PLAN_INSIDE, true},
	    {true, false, false, true, PLAN_OUTSIDE_CERT, true},
	};
	struct dt_phone *ph = calloc(1, sizeof *ph);
	char login[] = "CONTOSO\\alice";

	(void)state;
	assert_non_null(ph);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ph->conf.outside = rows[i].outside;
		ph->conf.tethered = rows[i].tethered;
		ph->conf.appliance = rows[i].appliance;
		ph->conf.login = rows[i].login ? login : NULL;
		ph->cred.user_cert.n = rows[i].certificate;
		assert_int_equal(plan_of(ph), rows[i].plan);
	}
	free(ph);
}

/* [sip 2.1] */
static void six_candidates(void **state)
{
	static const struct {
		const char *service;
		bool tls;
		uint16_t port;
	} rows[6] = {
	    {"_sipinternaltls._tcp", true, 5061}, {NULL, true, 5061},	{"_sipinternal._tcp", false, 5060},
	    {NULL, false, 5060},		  {"_sip._tls", true, 443}, {"_sip._tcp", false, 5060},
	};

	(void)state;
	assert_int_equal(CANDIDATES, 7); /* and none */
	for (int i = 0; i < 6; i++) {
		const struct candidate *c = &candidates[DT_CAND_INTERNAL_TLS + i];

		if (rows[i].service)
			assert_string_equal(c->service, rows[i].service);
		else
			assert_null(c->service);
		assert_int_equal(c->tls, rows[i].tls);
		assert_int_equal(c->port, rows[i].port);
		assert_int_equal(c->outside, i >= 4);
	}
}

static void ones(void *arg, void *p, size_t n)
{
	(void)arg;
	memset(p, 1, n);
}

/* As if that record had been asked for, and answered.  candidates_build() makes use of the answers, once. */
static void srv(struct dt_phone *ph, unsigned i, const char *target, uint16_t port)
{
	if (ph->work->srv == NULL)
		ph->work->srv = calloc(CANDIDATES, sizeof *ph->work->srv);
	assert_non_null(ph->work->srv);
	ph->work->srv[i].asked = true;
	ph->work->srv[i].answer.status = target ? DT_DNS_OK : DT_DNS_NXDOMAIN;
	ph->work->srv[i].answer.n = target ? 1 : 0;
	ph->work->srv[i].answer.rr[0].port = port;
	if (target)
		snprintf(ph->work->srv[i].answer.rr[0].target, DT_NAME_MAX, "%s", target);
}

static void passed_over_with_a_reason(const struct dt_phone *ph)
{
	static const struct {
		enum dt_failure failure;
		enum dt_sign sign;
	} why[] = {
	    {DT_F_DNS_NONE, DT_SIGN_SRV_NONE},		  {DT_F_UC_SILENT, DT_SIGN_OPTION120_ABSENT},
	    {DT_F_STRICT_DOMAIN, DT_SIGN_SRV_OTHER_DOMAIN}, {DT_F_UC_SILENT, DT_SIGN_OPTION120_ABSENT},
	    {DT_F_OK, DT_SIGN_NONE},			  {DT_F_DNS_NONE, DT_SIGN_SRV_NO_SERVICE},
	};
	struct why sentence = {0};

	for (size_t i = 0; i < sizeof why / sizeof *why; i++) {
		assert_int_equal(ph->work->passed[DT_CAND_INTERNAL_TLS + i].failure, why[i].failure);
		assert_int_equal(ph->work->passed[DT_CAND_INTERNAL_TLS + i].sign, why[i].sign);
	}
	assert_string_equal(ph->work->passed[DT_CAND_INTERNAL_TCP].target, "pool.fabrikam.test");
	assert_int_equal(candidates_failure(ph, &sentence), DT_F_STRICT_DOMAIN);
	assert_non_null(strstr(sentence.text, "pool.fabrikam.test"));
}

static struct dt_phone *with_candidates(void)
{
	static const struct dt_body body = {.random = ones};
	struct dt_phone *ph = calloc(1, sizeof *ph);

	assert_non_null(ph);
	ph->work = calloc(1, sizeof *ph->work);
	assert_non_null(ph->work);
	ph->core.body = &body;
	snprintf(ph->work->srv_domain, sizeof ph->work->srv_domain, "contoso.test");
	return ph;
}

static void without_candidates(struct dt_phone *ph)
{
	free(ph->work->srv);
	free(ph->work);
	free(ph);
}

static void candidates_in_order(void **state)
{
	static const char *const want[] = {"a.contoso.test:6001", "o.contoso.test:5061", "c.contoso.test:6003",
					   "o.contoso.test:5060", "e.contoso.test:443",	 "f.contoso.test:6006",
					   "old.contoso.test:5061"};
	struct dt_phone *ph = with_candidates();

	(void)state;
	snprintf(ph->account.registrar, sizeof ph->account.registrar, "old.contoso.test:5061 tls");
	srv(ph, DT_CAND_INTERNAL_TLS, "a.contoso.test", 6001);
	srv(ph, DT_CAND_INTERNAL_TCP, "c.contoso.test", 6003);
	srv(ph, DT_CAND_EXTERNAL_TLS, "e.contoso.test", 443);
	srv(ph, DT_CAND_EXTERNAL_TCP, "f.contoso.test", 6006);
	ph->work->uc_done = ph->work->have_120 = true;
	ph->work->option120.n = 1;
	snprintf(ph->work->option120.name[0], sizeof ph->work->option120.name[0], "o.contoso.test");
	candidates_build(ph);
	assert_int_equal(ph->work->ntarget, sizeof want / sizeof *want);
	for (unsigned i = 0; i < ph->work->ntarget; i++) {
		char is[300];

		snprintf(is, sizeof is, "%s:%u", ph->work->target[i].host, ph->work->target[i].port);
		assert_string_equal(is, want[i]);
		assert_int_equal(ph->work->target[i].candidate, i < 6 ? DT_CAND_INTERNAL_TLS + i : DT_CAND_STORED);
	}
	/* an absent candidate is passed over with a reason */
	srv(ph, DT_CAND_INTERNAL_TLS, NULL, 0);
	srv(ph, DT_CAND_EXTERNAL_TLS, "e.contoso.test", 443);
	srv(ph, DT_CAND_INTERNAL_TCP, "pool.fabrikam.test", 5060);
	srv(ph, DT_CAND_EXTERNAL_TCP, "", 0);
	ph->work->have_120 = false;
	ph->account.registrar[0] = '\0';
	candidates_build(ph);
	assert_int_equal(ph->work->ntarget, 1);
	assert_int_equal(ph->work->target[0].candidate, DT_CAND_EXTERNAL_TLS);
	passed_over_with_a_reason(ph);
	without_candidates(ph);
}

static void candidates_of_a_configuration(void **state)
{
	struct dt_phone *ph = with_candidates();
	char tcp[] = "here.contoso.test:5060 tcp";
	char configured[] = "here.contoso.test";

	(void)state;
	srv(ph, DT_CAND_EXTERNAL_TLS, "e.contoso.test", 443);
	/* a configured Registrar is the only one */
	ph->conf.registrar = configured;
	candidates_build(ph);
	assert_int_equal(ph->work->ntarget, 1);
	assert_string_equal(ph->work->target[0].host, "here.contoso.test");
	/* outside, the internal ones are not tried */
	ph->conf.registrar = NULL;
	ph->conf.outside = true;
	srv(ph, DT_CAND_INTERNAL_TLS, "a.contoso.test", 6001);
	srv(ph, DT_CAND_EXTERNAL_TLS, "e.contoso.test", 443);
	candidates_build(ph);
	assert_int_equal(ph->work->ntarget, 1);
	assert_int_equal(ph->work->target[0].candidate, DT_CAND_EXTERNAL_TLS);
	/* and nobody is spoken to in plain TCP: not by SRV, not by configuration, not by what worked last */
	srv(ph, DT_CAND_EXTERNAL_TLS, "e.contoso.test", 443);
	srv(ph, DT_CAND_EXTERNAL_TCP, "sip.contoso.test", 5060);
	text_set(ph->account.registrar, sizeof ph->account.registrar, "sip.contoso.test:5060 tcp");
	candidates_build(ph);
	assert_int_equal(ph->work->ntarget, 1);
	assert_true(ph->work->target[0].tls);
	ph->conf.registrar = tcp;
	candidates_build(ph);
	assert_int_equal(ph->work->ntarget, 0);
	ph->conf.outside = false;
	candidates_build(ph);
	assert_int_equal(ph->work->ntarget, 1);
	without_candidates(ph);
}

static void targets(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		bool tls;
	} rows[] = {
	    {"fe01.contoso.test", "fe01.contoso.test", 5061, true},
	    {"fe01.contoso.test:5060", "fe01.contoso.test", 5060, false},
	    {"fe01.contoso.test:443", "fe01.contoso.test", 443, true},
	    {"fe01.contoso.test:5071 tcp", "fe01.contoso.test", 5071, false},
	    {"fe01.contoso.test:5060 tls", "fe01.contoso.test", 5060, true},
	    {"fe01.contoso.test tcp", "fe01.contoso.test", 5060, false},
	    {"fe_01.contoso.test.:5061", "fe_01.contoso.test", 5061, true}, /* the normal form of base/name.h */
	    {"10.66.0.1", "10.66.0.1", 5061, true},
	    {"", NULL, 0, false},
	    {"fe..01.contoso.test", NULL, 0, false},
	    {"-fe01", NULL, 0, false},
	    {":5061", NULL, 0, false},
	    {"fe01:65536", NULL, 0, false},
	    {"fe01:x", NULL, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sip_target t;
		char *exact = (char *)exact_copy(rows[i].text, strlen(rows[i].text) + 1, strlen(rows[i].text) + 1);

		assert_int_equal(target_read(exact, &t), rows[i].host != NULL);
		if (rows[i].host) {
			assert_string_equal(t.host, rows[i].host);
			assert_int_equal(t.port, rows[i].port);
			assert_int_equal(t.tls, rows[i].tls);
		}
		free(exact);
	}
}

/* [network E]: "PIN", "NTLM user+password" and "USB tether" of each phone of the time.  Any other model has a certificate and
 * one way to get it, at least; its refusals name the model and what it can. */
static void models(void **state)
{
	static const struct {
		const char *key;
		unsigned auth;
	} phones[] = {
	    {"6721ip", DT_AUTH_PIN},
	    {"6725ip", DT_AUTH_PIN | DT_AUTH_TETHER},
	    {"4110", DT_AUTH_PIN},
	    {"4120", DT_AUTH_PIN | DT_AUTH_TETHER},
	    {"cx500", DT_AUTH_PIN},
	    {"cx600", DT_AUTH_PIN | DT_AUTH_TETHER},
	    {"cx3000", DT_AUTH_PIN | DT_AUTH_TETHER},
	    {"cx700", DT_AUTH_NTLM | DT_AUTH_TETHER},
	};
	static const struct {
		unsigned way;
		const char *cannot, *can;
	} says[] = {
	    {DT_AUTH_PIN, "cannot sign in with number and PIN", "number and PIN"},
	    {DT_AUTH_NTLM, "cannot sign in with user name and password (NTLM)", "user name and password (NTLM)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof phones / sizeof *phones; i++) {
		const struct dt_model *m = dt_model_find(phones[i].key);

		assert_non_null(m);
		assert_int_equal(m->auth, phones[i].auth | DT_AUTH_CERT);
	}
	for (size_t i = 0; i < dt_model_count; i++) {
		const struct dt_model *m = &dt_models[i];
		char why[320];

		assert_ptr_equal(dt_model_find(m->key), m);
		assert_true(m->auth & DT_AUTH_CERT);
		assert_true(m->auth & (DT_AUTH_PIN | DT_AUTH_NTLM));
		for (size_t w = 0; w < sizeof says / sizeof *says; w++) {
			if (m->auth & says[w].way)
				continue;
			dt_model_refusal(m, says[w].way, why, sizeof why);
			assert_ptr_equal(strstr(why, m->name), why);
			assert_non_null(strstr(why, says[w].cannot));
			assert_non_null(strstr(strstr(why, "; it can with "), says[!w].can));
		}
	}
	assert_null(dt_model_find("cx900"));
	assert_null(dt_model_find(NULL));
	assert_non_null(dt_model_find("CX600"));
}

/* [update-service 3.5]; and what a service on Windows may write instead. */
static void image_urls(void **state)
{
	static const char asked[] = "https://fe01.contoso.test/RequestHandler/ucdevice.upx";
	static const struct {
		const char *store, *file, *url;
	} rows[] = {
	    {"http://a/Files", "UCPhone/x/CPE.nbt", "http://a/Files/UCPhone/x/CPE.nbt"},
	    {"http://a/Files/", "/UCPhone/x/CPE.nbt", "http://a/Files/UCPhone/x/CPE.nbt"},
	    {"http://a/Files", "UCPhone\\x\\CPE.nbt", "http://a/Files/UCPhone/x/CPE.nbt"},
	    {"http://a/Files", "\\UCPhone\\CPE.nbt", "http://a/Files/UCPhone/CPE.nbt"},
	    {"http://a/Files", "http://b/c/CPE.nbt", "http://b/c/CPE.nbt"},
	    {"", "UCPhone/CPE.nbt", "https://fe01.contoso.test/RequestHandler/Files/UCPhone/CPE.nbt"},
	};
	char url[200];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		image_url(rows[i].store, asked, rows[i].file, url, sizeof url);
		assert_string_equal(url, rows[i].url);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans_hold_together), cmocka_unit_test(inside_is_the_nine), cmocka_unit_test(stages_are_whole),
	    cmocka_unit_test(which_plan),	   cmocka_unit_test(six_candidates),	 cmocka_unit_test(candidates_in_order),
	    cmocka_unit_test(candidates_of_a_configuration),
	    cmocka_unit_test(image_urls),
	    cmocka_unit_test(targets),		   cmocka_unit_test(models),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
