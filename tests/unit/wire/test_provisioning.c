#include "tests/support/check_xml.h"

#include "wire/provisioning.h"

static void ask_both_ways(void **state)
{
	static const char *const want[] = {"ServerConfiguration", "ucPolicy", "endpointConfiguration", "userSetting", "locationPolicy"};
	struct provisioning_ask a, again;
	struct buf b = {0}, out = {0};

	(void)state;
	text_vector(&b, "provisioning/ask.xml");
	assert_null(provisioning_ask_read(b.p, b.n, &a));
	assert_int_equal(a.ngroup, 5);
	for (int i = 0; i < 5; i++)
		assert_string_equal(a.group[i], want[i]);
	provisioning_ask_write(&out, &a);
	assert_true(has(&out, "<provisioningGroupList xmlns=\"http://schemas.microsoft.com/2006/09/sip/provisioninggrouplist\">"));
	assert_null(provisioning_ask_read(out.p, out.n, &again));
	assert_memory_equal(&a, &again, sizeof a);
	assert_non_null(provisioning_ask_read("<provisionGroupList/>", 21, &again)); /* that is the answer's name */
	buf_free(&b);
	buf_free(&out);
}

static void answer_is_read(void **state)
{
	struct provisioning v;
	struct buf b = {0};

	(void)state;
	text_vector(&b, "provisioning/answer.xml");
	assert_null(provisioning_read(b.p, b.n, &v));
	assert_true(v.has_updates && v.updates_enabled && v.enforce_pin_lock);
	assert_string_equal(v.updates_internal, "https://server.contoso.com:443/RequestHandler/ucdevice.upx");
	assert_string_equal(v.updates_external, "https://ext.contoso.com:443/RequestHandlerExt/ucdevice.upx");
	assert_string_equal(v.organization, "Contoso");
	assert_string_equal(v.logging_level, "Medium");
	assert_string_equal(v.sip_security, "High");
	assert_int_equal(v.min_pin_length, 6);
	assert_int_equal(v.phone_timeout_min, 10);
	assert_int_equal(v.exchange_mwi_poll, 3);
	assert_int_equal(v.diffserv_voice, 40);
	assert_int_equal(v.voice_8021p, 0);
	buf_free(&b);
}

static void written_and_read(void **state)
{
	struct provisioning v = PROVISIONING_DEFAULT, again;
	struct provisioning_ask ask = {.group = {"ServerConfiguration", "ucPolicy"}, .ngroup = 2};
	struct buf b = {0};

	(void)state;
	v.has_updates = v.updates_enabled = true;
	strcpy(v.updates_internal, "https://fe01.contoso.test/RequestHandler/ucdevice.upx?a=1&b=2");
	strcpy(v.organization, "Con<to>so & Söhne");
	v.enforce_pin_lock = false;
	v.voice_8021p = 5;
	v.min_pin_length = 24;
	provisioning_write(&b, &v, &ask);
	assert_true(has(&b, "provisiongrouplist-notification\""));
	assert_true(has(&b, "<ucEnforcePinLock>false</ucEnforcePinLock>")); /* plain elements */
	assert_true(has(&b, "<provisionGroup name=\"ucPolicy\"><propertyEntryList/></provisionGroup>"));
	assert_false(has(&b, "focusFactoryUri") || has(&b, "mrasUri")); /* each would send SIPE to another service */
	assert_null(provisioning_read(b.p, b.n, &again));
	assert_memory_equal(&v, &again, sizeof v);

	ask.ngroup = 1; /* only what was asked for */
	strcpy(ask.group[0], "ucPolicy");
	buf_clear(&b);
	provisioning_write(&b, &v, &ask);
	assert_false(has(&b, "ServerConfiguration") || has(&b, "ucEnforcePinLock"));
	assert_null(provisioning_read(b.p, b.n, &again));
	assert_false(again.has_updates);
	assert_int_equal(again.min_pin_length, 6);
	buf_free(&b);
}

static void cases_and_refusals(void **state)
{
	static const struct {
		const char *children;
		bool good;
	} rows[] = {
	    {"<UPDATESSERVERENABLED>True</UPDATESSERVERENABLED>", true},
	    {"<updatesServerEnabled>1</updatesServerEnabled>", true},
	    {"<organization/>", true},
	    {"<ucMinPinLength></ucMinPinLength>", true},
	    {"<somethingNew><b/></somethingNew>", true},
	    {"<updatesServerEnabled>maybe</updatesServerEnabled>", false},
	    {"<ucMinPinLength>six</ucMinPinLength>", false},
	    {"<ucMinPinLength>99999999999</ucMinPinLength>", false},
	    {"<organization><b/></organization>", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct provisioning v = {.min_pin_length = 77};
		struct buf b = {0};
		bool good;

		buf_printf(&b, "<provisionGroupList><provisionGroup name='ServerConfiguration'>%s</provisionGroup></provisionGroupList>",
			   rows[i].children);
		good = provisioning_read(b.p, b.n, &v) == NULL;
		if (good != rows[i].good)
			fail_msg("%s", rows[i].children);
		assert_int_equal(v.min_pin_length, good ? 6 : 77);
		buf_free(&b);
	}
}

static void cut_at_every_length(void **state)
{
	static const char *const files[] = {"provisioning/ask.xml", "provisioning/answer.xml"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct buf b = {0};
		size_t whole;

		text_vector(&b, files[i]);
		for (whole = b.n; b.p[whole - 1] == '\n'; whole--)
			;
		for (size_t n = 0; n < b.n; n++) {
			struct provisioning_ask a;
			struct provisioning v;
			uint8_t *c = exact_copy(b.p, b.n, n);

			assert_true((provisioning_ask_read(c, n, &a) == NULL) == (n >= whole && i == 0));
			assert_true((provisioning_read(c, n, &v) == NULL) == (n >= whole && i == 1));
			free(c);
		}
		buf_free(&b);
	}
}

/* [MS-SIPREGE] 2.2.2.5.6: EnableHotdesking, HotdeskingTimeout; "the minimum is 30 seconds" */
static void hotdesking(void **state)
{
	static const struct {
		const char *value;
		unsigned seconds;
	} rows[] = {{"00:05:00", 300}, {"01:02:03", 3723}, {"90", 90}, {"PT5M", 300}, {"PT1H30S", 3630}, {"00:00:10", 30}, {"5", 30},
		    {"", 300}, {"soon", 300}, {"99:00:00", 300}, {"1:2", 300}, {"PT", 30}, {"-5", 300}};
	struct provisioning_ask ask = {.group = {"ServerConfiguration", "endpointConfiguration"}, .ngroup = 2};
	struct provisioning v = PROVISIONING_DEFAULT, back;
	struct buf b = {0};

	(void)state;
	assert_false(v.hotdesking);
	v.hotdesking = true;
	v.hotdesking_s = 4000;
	provisioning_write(&b, &v, &ask);
	assert_null(provisioning_read(b.p, b.n, &back));
	assert_true(back.hotdesking && back.hotdesking_s == 4000);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&b);
		buf_printf(&b, "<provisionGroupList><provisionGroup name=\"endpointConfiguration\"><propertyEntryList><property name=\"enablehotdesking\">"
			       "TRUE</property><property name=\"HotdeskingTimeout\">%s</property></propertyEntryList></provisionGroup></provisionGroupList>",
			   rows[i].value);
		assert_null(provisioning_read(b.p, b.n, &back));
		assert_true(back.hotdesking);
		if (back.hotdesking_s != rows[i].seconds)
			fail_msg("'%s' is read as %u s, expected %u", rows[i].value, back.hotdesking_s, rows[i].seconds);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(hotdesking),
	    cmocka_unit_test(ask_both_ways),	  cmocka_unit_test(answer_is_read),	cmocka_unit_test(written_and_read),
	    cmocka_unit_test(cases_and_refusals), cmocka_unit_test(cut_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
