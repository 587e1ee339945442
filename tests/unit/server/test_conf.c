/* tests/unit/server/test_conf.c: the configuration file: the values read, those that follow from them, and refusals that quote. */
#include "tests/support/check.h"

#include <unistd.h>

#include "server/site/conf.h"
#include "server/site/keys.h"

struct world {
	char dir[64], path[96];
	struct site site;
	struct why why;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	strcpy(w->dir, "/tmp/dialtone-conf.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof w->path, "%s/dialtone.conf", w->dir);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	unlink(w->path);
	rmdir(w->dir);
	free(w);
	return 0;
}

#define L60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
#define NAMES "domain = contoso.test\nfqdn = \"fe01.contoso.test\"\n"

static bool reads(struct world *w, const char *text)
{
	assert_int_equal(file_write(NULL, w->path, text, strlen(text), 0600), 0);
	return conf_read(w->path, &w->site, &w->why);
}

static void what_follows(void **state)
{
	struct world *w = *state;
	const struct site *s = &w->site;

	assert_true(reads(w, NAMES));
	assert_string_equal(s->dir, w->dir);
	assert_string_equal(s->pool, "fe01.contoso.test");
	assert_string_equal(s->web_fqdn, "fe01.contoso.test");
	assert_string_equal(s->netbios_domain, "CONTOSO");
	assert_string_equal(s->netbios_computer, "FE01");
	assert_int_equal(s->sip_tls, 5061);
	assert_int_equal(s->sip_tcp, 0);
	assert_int_equal(s->DefaultEndpointExpiration, 600);
	assert_int_equal(s->UseWindowsAuth, SITE_WINDOWS_NTLM);
	assert_string_equal(s->external_fqdn, "");
}

static void every_kind(void **state)
{
	struct world *w = *state;
	const struct site *s = &w->site;

	assert_true(reads(w, "# a site\n" NAMES "workers = 4\nsip_tcp = 5060\naddress = \"10.0.0.1\"\nproxy_protocol = yes\n"
				 "UseWindowsAuth = None\nMinEndpointExpiration = 30\nDefaultEndpointExpiration = 33\n"
				 "external_fqdn = edge.contoso.test\nexternal_sip_tls = 443\n"
				 "version_rule = {\"allow OCPhone/1.0.*\", \"block *\"}\n"
				 "dns {\n server = 10.0.0.2\n key_name = k\n key_file = k.key\n}\n"));
	assert_int_equal(s->workers, 4);
	assert_int_equal(s->sip_tcp, 5060);
	assert_string_equal(s->address, "10.0.0.1");
	assert_true(s->proxy_protocol);
	assert_int_equal(s->UseWindowsAuth, SITE_WINDOWS_NONE);
	assert_int_equal(s->DefaultEndpointExpiration, 33);
	assert_string_equal(s->external_web_fqdn, "edge.contoso.test");
	assert_int_equal(s->nversion_rule, 2);
	assert_string_equal(s->version_rule[0].pattern, "OCPhone/1.0.*");
	assert_true(s->version_rule[0].allow && !s->version_rule[1].allow);
	assert_string_equal(s->dns.server, "10.0.0.2");
	assert_string_equal(s->dns.zone, "contoso.test");
	assert_string_equal(s->dns.address, "10.0.0.1");
	assert_int_equal(s->dns.port, 53);
	assert_memory_equal(s->dns.key_file, w->dir, strlen(w->dir));
	/* a line that looks like the beginning of something, and is not */
	assert_true(reads(w, NAMES "# a comment's \"quote { \nrealm = \"{ it's # } \\\" \"\norganization = '\"'\n"));
	assert_string_equal(s->realm, "{ it's # } \" ");
	/* an address of its own beside all: one port, two listeners */
	assert_true(reads(w, NAMES "external_fqdn = a.b\nexternal_address = 10.0.0.1\nexternal_sip_tls = 443\n"));
	assert_true(reads(w, NAMES "dns {\n server = 10.0.0.2\n address = 10.0.0.1\n key_name = k\n key_file = k.key\n}\n"));
	assert_string_equal(s->dns.key_file + strlen(w->dir), "/k.key");
}

#define THUMB "FBE682987EAC870E2C7493682D568867B24C8925"

static void knobs_of_the_web_services(void **state)
{
	struct world *w = *state;
	const struct site *s = &w->site;

	assert_true(reads(w, NAMES));
	assert_true(s->InferCertChainFromSSL && !s->UseWsFedPassiveAuth && s->CASigningKeyLength == 2048);
	assert_string_equal(s->TrustedCACerts, "");
	assert_string_equal(s->OverrideAuthTypeForInternalClients, "");
	assert_true(reads(w, NAMES "UseWindowsAuth = Negotiate\nUseWsFedPassiveAuth = false\nCASigningKeyLength = 4096\n"
				 "OverrideAuthTypeForInternalClients = webticketservicepin\nMobilePreferredAuthType = None\n"
				 "OverrideAuthTypeForExternalClients = WebTicketServiceCert\nInferCertChainFromSSL = no\n"
				 "TrustedCACerts = \"fb e6 82 98 7e ac 87 0e 2c 74 93 68 2d 56 88 67 b2 4c 89 25, " THUMB " \"\n"
				 "access_prefix = 00\nPINLifetime = 90\nPINHistoryCount = 1\n"));
	assert_int_equal(s->UseWindowsAuth, SITE_WINDOWS_NTLM);
	assert_string_equal(s->OverrideAuthTypeForInternalClients, "webticketservicepin");
	assert_string_equal(s->OverrideAuthTypeForExternalClients, "WebTicketServiceCert");
	assert_string_equal(s->MobilePreferredAuthType, "");
	assert_string_equal(s->TrustedCACerts, THUMB " " THUMB " ");
	assert_string_equal(s->access_prefix, "00");
	{ /* as many as there is room for */
		struct buf b = {0};

		buf_str(&b, NAMES "TrustedCACerts = \"");
		for (int i = 0; i < SITE_TRUSTED; i++)
			buf_printf(&b, "%s" THUMB, i ? "," : "");
		buf_str(&b, "\"\n");
		assert_true(reads(w, buf_cstr(&b)));
		assert_int_equal(strlen(s->TrustedCACerts), SITE_TRUSTED * 41 - 1);
		b.n -= 2;
		buf_str(&b, "," THUMB "\"\n");
		assert_false(reads(w, buf_cstr(&b)));
		buf_free(&b);
	}
}

/* base/name.h, as in `dialtone init` and `dialtone connect`. */
static void names_in_their_normal_form(void **state)
{
	struct world *w = *state;

	assert_true(reads(w, "domain = contoso.test.\nfqdn = \"fe_01.contoso.test.\"\nweb_fqdn = \"\"\n"));
	assert_string_equal(w->site.domain, "contoso.test");
	assert_string_equal(w->site.fqdn, "fe_01.contoso.test");
	assert_string_equal(w->site.web_fqdn, "fe_01.contoso.test");
}

/* A configuration of nothing but the defaults, each written out, is one that is read, and changes nothing. */
static void every_default_can_be_written(void **state)
{
	struct world *w = *state;
	struct buf b = {0};
	struct site plain;

	assert_true(reads(w, NAMES));
	plain = w->site;
	buf_str(&b, NAMES);
	for (unsigned i = 0; i < site_nkeys; i++)
		if (site_keys[i].usual[0] && !site_key_dns(&site_keys[i]))
			buf_printf(&b, "%s = \"%s\"\n", site_keys[i].name, site_keys[i].usual);
	buf_str(&b, "dns {\n");
	for (unsigned i = 0; i < site_nkeys; i++)
		if (site_keys[i].usual[0] && site_key_dns(&site_keys[i]))
			buf_printf(&b, "%s = \"%s\"\n", site_key_name(&site_keys[i]), site_keys[i].usual);
	buf_str(&b, "}\n");
	if (!reads(w, buf_cstr(&b)))
		fail_msg("%s", w->why.text);
	for (unsigned i = 0; i < site_nkeys; i++)
		if (memcmp((char *)&w->site + site_keys[i].at, (char *)&plain + site_keys[i].at, site_keys[i].size) != 0)
			fail_msg("%s is something else when its default is written", site_keys[i].name);
	buf_free(&b);
}

/* A number or port takes the ends of its range; one less and one more are refused, with the range. */
static void every_range_ends(void **state)
{
	struct world *w = *state;
	char text[256], says[64];

	for (unsigned i = 0; i < site_nkeys; i++) {
		const struct site_key *k = &site_keys[i];
		const char *open = site_key_dns(k) ? "dns {\n" : "", *shut = site_key_dns(k) ? "}\n" : "";

		if (k->kind != KEY_NUMBER && k->kind != KEY_PORT)
			continue;
		snprintf(says, sizeof says, "write a number from %lu to %lu", k->least, k->most);
		for (int end = 0; end < 2; end++) {
			if (end == 0 && k->least == 0)
				continue;
			snprintf(text, sizeof text, NAMES "%s%s = %lu\n%s", open, site_key_name(k), end ? k->most + 1 : k->least - 1, shut);
			assert_false(reads(w, text));
			if (strstr(w->why.text, says) == NULL || strstr(w->why.text, site_key_name(k)) == NULL)
				fail_msg("%s: %s", k->name, w->why.text);
		}
	}
}

/* The file that `init` writes is read back as the site that it was written for. */
static void the_template_is_read_back(void **state)
{
	struct world *w = *state;
	struct buf b = {0};
	struct site s;

	site_defaults(&s);
	strcpy(s.domain, "contoso.test");
	strcpy(s.fqdn, "fe01.contoso.test");
	strcpy(s.pool, "pool.contoso.test");
	strcpy(s.address, "10.20.0.10");
	strcpy(s.external_fqdn, "sip.contoso.test");
	strcpy(s.external_address, "10.30.0.10");
	s.external_sip_tls = 443;
	s.proxy_protocol = true;
	s.workers = 3;
	s.CASigningKeyLength = 4096;
	site_template(&s, &b);
	if (!reads(w, buf_cstr(&b)))
		fail_msg("%s\n%s", w->why.text, buf_cstr(&b));
	assert_string_equal(w->site.domain, s.domain);
	assert_string_equal(w->site.fqdn, s.fqdn);
	assert_string_equal(w->site.pool, s.pool);
	assert_string_equal(w->site.external_address, s.external_address);
	assert_int_equal(w->site.external_sip_tls, 443);
	assert_true(w->site.proxy_protocol);
	assert_int_equal(w->site.workers, 3);
	assert_int_equal(w->site.CASigningKeyLength, 4096);
	assert_string_equal(w->site.user, SITE_USER);
	assert_non_null(strstr(buf_cstr(&b), "\n# external_require_pin = false\n"));
	assert_non_null(strstr(buf_cstr(&b), "\n# UseWindowsAuth = NTLM\n"));
	assert_non_null(strstr(buf_cstr(&b), "\nlegacy = off\n"));
	assert_null(strstr(buf_cstr(&b), "legacy_known ="));
	buf_free(&b);
}

static void expiration_is_clamped(void **state)
{
	struct world *w = *state;

	assert_true(reads(w, NAMES "MinEndpointExpiration = 30\nMaxEndpointExpiration = 60\n"));
	assert_int_equal(w->site.DefaultEndpointExpiration, 60);
	assert_true(reads(w, NAMES "MinEndpointExpiration = 700\n"));
	assert_int_equal(w->site.DefaultEndpointExpiration, 700);
	assert_false(reads(w, NAMES "DefaultEndpointExpiration = 33\n"));
	assert_non_null(strstr(w->why.text, "DefaultEndpointExpiration"));
}

struct refused {
	const char *text, *says[4];
};

static void each_is_refused(struct world *w, const struct refused *bad, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		w->site.workers = 77;
		if (reads(w, bad[i].text))
			fail_msg("taken: %s", bad[i].text);
		assert_int_equal(w->site.workers, 77); /* untouched */
		assert_non_null(strstr(w->why.text, w->path));
		for (size_t k = 0; k < 4 && bad[i].says[k]; k++)
			if (strstr(w->why.text, bad[i].says[k]) == NULL)
				fail_msg("\"%s\" is not in \"%s\"", bad[i].says[k], w->why.text);
	}
}

/* A line or value that is wrong by itself: the refusal quotes it, with its line. */
static void refusals_quote(void **state)
{
	static const struct refused bad[] = {
	    {"# one\n// two\n/* three\n four */\n" NAMES "pool = \"a#b\"\n", {":7: ", "pool", "a#b"}},
	    {NAMES "http = 80 # as usual\nhttps = none\n", {":4: ", "https", "none"}},
	    {NAMES "workers = 65\n", {":3: ", "workers", "65", "64"}},
	    {NAMES "\nsip_tls = 65536\n", {":4: ", "sip_tls", "65536"}},
	    {NAMES "http = -1\n", {":3: ", "http", "-1"}},
	    {NAMES "http = 80x\n", {":3: ", "http", "80x"}},
	    {NAMES "address = 10.0.0\n", {":3: ", "address", "10.0.0"}},
	    {NAMES "web_fqdn = \"a b\"\n", {":3: ", "web_fqdn", "a b", "only letters"}},
	    {NAMES "pool = fe..01.contoso.test\n", {":3: ", "pool", "fe..01", "an empty label"}},
	    {NAMES "pool = \"-fe.contoso.test\"\n", {":3: ", "begins or ends with '-'"}},
	    {"fqdn = fe01.contoso.test\ndomain = " L60 L60 L60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test\n", {"domain is too long"}},
	    {NAMES "pool = 10.20.0.10\n", {":3: ", "pool", "is an address"}},
	    {NAMES "offer_ntlm = perhaps\n", {":3: ", "offer_ntlm", "perhaps"}},
	    {NAMES "UseWindowsAuth = Kerberos\n", {":3: ", "UseWindowsAuth", "Kerberos"}},
	    {NAMES "MinEndpointExpiration = 29\n", {":3: ", "MinEndpointExpiration", "29"}},
	    {NAMES "wrkers = 4\n", {":3: ", "wrkers"}},
	    {NAMES "version_rule = {\"maybe x\"}\n", {":3: ", "version_rule", "maybe x"}},
	    {NAMES "dns {\n server = nowhere\n}\n", {":4: ", "server", "nowhere"}},
	    {NAMES "dns {\n server = 10.0.0.2\n", {":3: ", "the { of this line does not close"}},
	    {NAMES "version_rule = {\"block x\"\nworkers = 2\n", {":3: ", "{"}},
	    {"\n" NAMES "pool = \"a.b\nworkers = 2\n", {":4: ", "the \" of this line does not close"}},
	    {NAMES "realm = 'it\n\n", {":3: ", "the ' of this line"}},
	    {NAMES "SIPSecurityMode = \"0123456789abcdef\"\n", {":3: ", "SIPSecurityMode", "15"}},
	    {NAMES "OverrideAuthTypeForInternalClients = WsFedBearer\n", {":3: ", "WsFedBearer", "WebTicketServicePin"}},
	    {NAMES "TrustedCACerts = \"" THUMB " 00\"\n", {":3: ", "TrustedCACerts", "40"}},
	    {NAMES "TrustedCACerts = \"" THUMB "x\"\n", {":3: ", "TrustedCACerts"}},
	    {NAMES "CASigningKeyLength = 1024\n", {":3: ", "CASigningKeyLength", "1024", "2048"}},
	    {NAMES "access_prefix = \"+9\"\n", {":3: ", "access_prefix", "digits"}},
	};

	each_is_refused(*state, bad, sizeof bad / sizeof *bad);
}

/* Files of older releases have these keys, mostly as 0: that says what is so anyway. */
static void keys_of_older_releases(void **state)
{
	static const struct refused bad[] = {
	    {NAMES "legacy_address = 10.0.0.1\n", {":3: ", "legacy_address", "legacy = known", "legacy_known"}},
	    {NAMES "legacy_https = 4444\n", {":3: ", "legacy_https = 4444"}},
	    {NAMES "legacy = maybe\n", {":3: ", "maybe", "off, known or on"}},
	    {NAMES "log_level = loud\n", {":3: ", "loud", "error, warning, info or debug"}},
	    {NAMES "legacy_known = \"10.66.0.1/16\"\n", {":3: ", "10.66.0.1/16", "one machine"}},
	};
	struct world *w = *state;

	assert_true(reads(w, NAMES "legacy_address = \"\"\nlegacy_sip_tls = 0\nlegacy_https = 0\n"));
	assert_int_equal(w->site.legacy, SITE_LEGACY_OFF);
	assert_int_equal(w->site.log_level, LOG_INFO);
	assert_int_equal(w->site.ntlm_channel_binding, SITE_BINDING_OUTSIDE);
	assert_true(reads(w, NAMES "log_level = debug\n"));
	assert_int_equal(w->site.log_level, LOG_DEBUG);
	assert_true(reads(w, NAMES "legacy = Known\nlegacy_known = \"10.66.0.0/16, 10.67.3.4\"\n"));
	assert_int_equal(w->site.legacy, SITE_LEGACY_KNOWN);
	assert_string_equal(w->site.legacy_known, "10.66.0.0/16, 10.67.3.4");
	each_is_refused(w, bad, sizeof bad / sizeof *bad);
}

/* Values that are right alone and wrong together, and names that are missing: the refusal names the keys. */
static void refusals_name_what_does_not_go_together(void **state)
{
	static const struct refused bad[] = {
	    {NAMES "external_https = 4443\n", {"external_fqdn is missing"}},
	    {NAMES "legacy = known\n", {"legacy_known names nobody", "10.66.0.0/16"}},
	    {NAMES "external_fqdn = a.b\nexternal_sip_tls = 443\n", {"https and external_sip_tls", "443", "all addresses"}},
	    {NAMES "address = 0.0.0.0\nsip_tcp = 80\n", {"sip_tcp and http", "80", "0.0.0.0"}},
	    {NAMES "PINLifetime = 90\n", {"PINHistoryCount must be greater than 0"}},
	    {NAMES "UseWsFedPassiveAuth = true\n", {"UseWsFedPassiveAuth"}},
	    {NAMES "UsePinAuth = no\nMobilePreferredAuthType = WebTicketServicePin\n", {"MobilePreferredAuthType", "switched off"}},
	    {NAMES "UseWindowsAuth = None\nOverrideAuthTypeForExternalClients = WebTicketServiceWinNtlm\n", {"switched off"}},
	    {NAMES "InferCertChainFromSSL = false\n", {"TrustedCACerts is missing"}},
	    {"fqdn = a.b\n", {"domain is missing"}},
	    {"domain = a.b\n", {"fqdn is missing"}},
	};

	each_is_refused(*state, bad, sizeof bad / sizeof *bad);
}

static void no_file_and_an_empty_one(void **state)
{
	struct world *w = *state;

	assert_false(conf_read("/nowhere/dialtone.conf", &w->site, &w->why));
	assert_non_null(strstr(w->why.text, "/nowhere/dialtone.conf"));
	assert_false(reads(w, ""));
	assert_non_null(strstr(w->why.text, "empty"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_follows, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_kind, setup, teardown),
	    cmocka_unit_test_setup_teardown(knobs_of_the_web_services, setup, teardown),
	    cmocka_unit_test_setup_teardown(names_in_their_normal_form, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_default_can_be_written, setup, teardown),
	    cmocka_unit_test_setup_teardown(every_range_ends, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_template_is_read_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(keys_of_older_releases, setup, teardown),
	    cmocka_unit_test_setup_teardown(expiration_is_clamped, setup, teardown),
	    cmocka_unit_test_setup_teardown(refusals_quote, setup, teardown),
	    cmocka_unit_test_setup_teardown(refusals_name_what_does_not_go_together, setup, teardown),
	    cmocka_unit_test_setup_teardown(no_file_and_an_empty_one, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
