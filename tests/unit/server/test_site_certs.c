/* tests/unit/server/test_site_certs.c: a site through the years: what init makes is good, then ends, and --renew
 * makes it good again. */
#include "tests/support/check.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/daemon/make_site.h"
#include "server/site/certs.h"

#define NOW 1795000000
#define YEAR (365LL * 86400)

struct world {
	struct site site;
	struct site_cert cert[SITE_CERTS];
	struct why why;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	site_defaults(&w->site);
	strcpy(w->site.user, "nobody"); /* a user that exists on every machine; only a start asks for more */
	strcpy(w->site.worker_user, "nobody");
	strcpy(w->site.dir, "/tmp/dialtone-certs.XXXXXX");
	assert_non_null(mkdtemp(w->site.dir));
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.pool, w->site.fqdn);
	strcpy(w->site.web_fqdn, w->site.fqdn);
	if (!init_site(&w->site, NOW, &w->why))
		fail_msg("%s", w->why.text);
	*state = w;
	return 0;
}

static int forget(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	struct world *w = *state;

	nftw(w->site.dir, forget, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

/* The fault of that file at that time; NULL: it is not judged. */
static const char *why(struct world *w, const char *file, int64_t at)
{
	unsigned n = site_certs(&w->site, at, w->cert);

	for (unsigned i = 0; i < n; i++)
		if (strcmp(w->cert[i].file, file) == 0)
			return w->cert[i].why.text;
	return NULL;
}

static void octets(struct world *w, const char *file, struct buf *ret)
{
	char path[4200];

	snprintf(path, sizeof path, "%s/%s", w->site.dir, file);
	buf_clear(ret);
	assert_int_equal(file_read(path, 1 << 16, ret), 0);
}

static void years(void **state)
{
	char kept[INIT_KEPT];
	static const char *const all[] = {"server.pem", "ca.pem", "issuing.pem", "update.pem"};
	struct world *w = *state;
	struct buf root = {0}, before = {0}, after = {0};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_string_equal(why(w, all[i], NOW), "");
	assert_int_equal(w->cert[0].not_after, NOW + 5 * YEAR);
	assert_null(why(w, "external.pem", NOW)); /* nothing listens outside */
	assert_string_equal(why(w, "server.pem", NOW + 5 * YEAR - 1), "");
	assert_non_null(strstr(why(w, "server.pem", NOW + 5 * YEAR), "it has expired; new ones: dialtone init /tmp/"));
	assert_string_equal(why(w, "ca.pem", NOW + 5 * YEAR), "");
	assert_string_equal(why(w, "ca.pem", NOW + 20 * YEAR), "it has expired");
	assert_non_null(strstr(why(w, "server.pem", NOW - 2 * 86400), "is the clock right?"));

	octets(w, "root.pem", &root);
	octets(w, "server.pem", &before);
	assert_true(init_renew(&w->site, NOW + 5 * YEAR, kept, &w->why));
	assert_string_equal(why(w, "server.pem", NOW + 5 * YEAR), "");
	octets(w, "server.pem", &after);
	assert_false(before.n == after.n && memcmp(before.p, after.p, after.n) == 0);
	octets(w, "root.pem", &after);
	assert_true(root.n == after.n && memcmp(root.p, after.p, after.n) == 0);
	buf_wipe(&root);
	buf_wipe(&before);
	buf_wipe(&after);
}

static void names(void **state)
{
	char kept[INIT_KEPT];
	struct world *w = *state;

	strcpy(w->site.web_fqdn, "web.contoso.test");
	assert_non_null(strstr(why(w, "server.pem", NOW), "it is not for the name web.contoso.test; new ones: dialtone init"));
	strcpy(w->site.external_fqdn, "sip.contoso.test");
	strcpy(w->site.external_web_fqdn, "www.contoso.test");
	w->site.external_https = 4443;
	assert_non_null(strstr(why(w, "external.pem", NOW), "it is missing; create it with: dialtone init"));
	assert_true(init_renew(&w->site, NOW, kept, &w->why));
	assert_string_equal(why(w, "server.pem", NOW), "");
	assert_string_equal(why(w, "external.pem", NOW), "");
	strcpy(w->site.external_web_fqdn, "other.contoso.test");
	assert_non_null(strstr(why(w, "external.pem", NOW), "it is not for the name other.contoso.test"));
}

/* TLS 1.0 has a key of its own, which is asked for when somebody may speak it. */
static void legacy(void **state)
{
	char kept[INIT_KEPT];
	struct world *w = *state;
	struct buf modern = {0}, old = {0};

	assert_null(why(w, "legacy.pem", NOW));
	w->site.legacy = SITE_LEGACY_ON;
	strcpy(w->site.legacy_user, "nobody");
	assert_non_null(strstr(why(w, "legacy.pem", NOW), "it is missing; create it with: dialtone init"));
	assert_null(why(w, "legacy-external.pem", NOW));
	assert_true(init_renew(&w->site, NOW, kept, &w->why));
	assert_string_equal(why(w, "legacy.pem", NOW), "");
	octets(w, "server.pem", &modern);
	octets(w, "legacy.pem", &old);
	assert_memory_not_equal(modern.p, old.p, 512); /* the keys */
	buf_wipe(&modern);
	buf_wipe(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(years, setup, teardown),
	    cmocka_unit_test_setup_teardown(names, setup, teardown),
	    cmocka_unit_test_setup_teardown(legacy, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
