/* tests/unit/server/test_site.c: what a site is: where it listens, and under which names. */
#include "tests/support/check.h"

#include "server/site/listeners.h"
#include "server/site/names.h"

static struct site a_site(void)
{
	struct site s;

	site_defaults(&s);
	strcpy(s.domain, "contoso.test");
	strcpy(s.fqdn, "fe01.contoso.test");
	strcpy(s.address, "10.20.0.10");
	return s;
}

static void listeners(void **state)
{
	/* key, port, kind, outside, proxy: as dialtone.conf(5) describes them */
	static const struct site_listener want[SITE_LISTENERS] = {
	    {"sip_tls", "10.20.0.10", 1, SITE_SIP_TLS, false, false},
	    {"sip_tcp", "10.20.0.10", 2, SITE_SIP_TCP, false, false},
	    {"https", "10.20.0.10", 3, SITE_HTTPS, false, false},
	    {"http", "10.20.0.10", 4, SITE_HTTP, false, false},
	    {"external_sip_tls", "10.30.0.10", 5, SITE_SIP_TLS, true, true},
	    {"external_https", "10.30.0.10", 6, SITE_HTTPS, true, true},
	};
	struct site_listener got[SITE_LISTENERS];
	struct site s = a_site();

	(void)state;
	assert_int_equal(site_listeners(&s, got), 3); /* sip_tcp is off, nothing is outside */
	assert_string_equal(got[1].key, "https");
	assert_false(site_is_outside(&s));
	strcpy(s.external_address, "10.30.0.10");
	s.sip_tls = 1, s.sip_tcp = 2, s.https = 3, s.http = 4;
	s.external_sip_tls = 5, s.external_https = 6;
	s.proxy_protocol = true;
	assert_int_equal(site_listeners(&s, got), SITE_LISTENERS);
	for (unsigned i = 0; i < SITE_LISTENERS; i++) {
		print_message("# %s\n", want[i].key);
		assert_string_equal(got[i].key, want[i].key);
		assert_string_equal(got[i].address, want[i].address);
		assert_int_equal(got[i].port, want[i].port);
		assert_int_equal(got[i].kind, want[i].kind);
		assert_true(got[i].outside == want[i].outside && got[i].proxy == want[i].proxy);
	}
	assert_true(site_is_outside(&s));
	s.proxy_protocol = false;
	site_listeners(&s, got);
	assert_false(got[4].proxy || got[5].proxy);
}

/* One line a name: "name", or "name port target". */
static const char *names_text(const struct site *s, bool outside, unsigned want)
{
	static char text[4096];
	struct site_name all[SITE_NAMES];
	unsigned n = site_names(s, outside, want, all);
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		at += (size_t)(all[i].target ? snprintf(text + at, sizeof text - at, "%s %u %s\n", all[i].name, all[i].port, all[i].target)
					     : snprintf(text + at, sizeof text - at, "%s\n", all[i].name));
	return text;
}

static void names(void **state)
{
	struct site s = a_site();

	(void)state;
	assert_string_equal(names_text(&s, false, SITE_IN_DNS),
			    "fe01.contoso.test\nucupdates-r2.contoso.test\n_sipinternaltls._tcp.contoso.test 5061 fe01.contoso.test\n");
	assert_string_equal(names_text(&s, true, SITE_IN_DNS | SITE_CERT_NEEDS | SITE_PUBLISHED), "");
	strcpy(s.pool, "pool.contoso.test");
	strcpy(s.web_fqdn, "web.contoso.test");
	strcpy(s.external_fqdn, "sip.contoso.test");
	strcpy(s.external_web_fqdn, "extweb.contoso.test");
	s.sip_tcp = 5060;
	s.external_sip_tls = 443;
	assert_string_equal(names_text(&s, false, SITE_IN_DNS),
			    "fe01.contoso.test\npool.contoso.test\nweb.contoso.test\nucupdates-r2.contoso.test\n"
			    "_sipinternaltls._tcp.contoso.test 5061 pool.contoso.test\n"
			    "_sipinternal._tcp.contoso.test 5060 pool.contoso.test\n");
	assert_string_equal(names_text(&s, false, SITE_IN_CERT),
			    "fe01.contoso.test\npool.contoso.test\nsip.contoso.test\nsipinternal.contoso.test\nweb.contoso.test\n"
			    "ucupdates-r2.contoso.test\n");
	assert_string_equal(names_text(&s, false, SITE_CERT_NEEDS),
			    "fe01.contoso.test\npool.contoso.test\nweb.contoso.test\nucupdates-r2.contoso.test\n");
	assert_string_equal(names_text(&s, false, SITE_PUBLISHED),
			    "fe01.contoso.test\nweb.contoso.test\nucupdates-r2.contoso.test\n"
			    "_sipinternaltls._tcp.contoso.test 5061 pool.contoso.test\n"
			    "_sipinternal._tcp.contoso.test 5060 pool.contoso.test\n");
	assert_string_equal(names_text(&s, true, SITE_IN_DNS),
			    "sip.contoso.test\nextweb.contoso.test\n_sip._tls.contoso.test 443 sip.contoso.test\n");
	assert_string_equal(names_text(&s, true, SITE_IN_CERT), /* external_fqdn is sip.contoso.test: once */
			    "sip.contoso.test\nextweb.contoso.test\nsipexternal.contoso.test\nucupdates-r2.contoso.test\n");
	assert_string_equal(names_text(&s, true, SITE_CERT_NEEDS), "sip.contoso.test\nextweb.contoso.test\n");
	assert_string_equal(names_text(&s, false, SITE_WEB_ADDRESS), "web.contoso.test\nucupdates-r2.contoso.test\n");
	assert_string_equal(names_text(&s, true, SITE_WEB_ADDRESS), "extweb.contoso.test\n");
	strcpy(s.external_fqdn, "edge.contoso.test");
	assert_string_equal(names_text(&s, true, SITE_IN_CERT),
			    "edge.contoso.test\nextweb.contoso.test\nsip.contoso.test\nsipexternal.contoso.test\nucupdates-r2.contoso.test\n");
}

/* "nothing internal is told" outside: no inside name is in the certificate or the zone of the Internet. */
static void nothing_inside_is_told_outside(void **state)
{
	struct site s = a_site();
	const char *text;

	(void)state;
	strcpy(s.pool, "pool.contoso.test");
	strcpy(s.web_fqdn, "web.contoso.test");
	strcpy(s.external_fqdn, "sip.contoso.test");
	s.external_sip_tls = 443;
	text = names_text(&s, true, SITE_IN_DNS | SITE_IN_CERT);
	assert_null(strstr(text, "fe01"));
	assert_null(strstr(text, "pool"));
	assert_null(strstr(text, "web.contoso"));
	assert_null(strstr(text, "internal"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(listeners), cmocka_unit_test(names),
					   cmocka_unit_test(nothing_inside_is_told_outside)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
