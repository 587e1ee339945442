/* tests/unit/server/test_site_certs.c: a site through the years: what init makes is good, then ends, and --renew
 * makes it good again. */
#include "tests/support/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "pki/cert.h"
#include "server/daemon/check_site.h"
#include "server/daemon/make_site.h"
#include "server/daemon/take_certificate.h"
#include "server/site/certs.h"
#include "server/site/files.h"

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
	if (!init_site(&w->site, false, NOW, &w->why))
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
	static const char *const all[] = {"server.pem", "dsk.pem", "ca.pem", "issuing.pem", "update.pem"};
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

/* Thirty days before a certificate ends somebody is told what to type for it; a day earlier nobody is. */
static void soon(void **state)
{
	static const struct {
		const char *file, *typed;
		int64_t years;
	} rows[] = {
	    {"server.pem", " --renew", 5},
	    {"ca.pem", "only a new site", 20},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const int64_t end = NOW + rows[i].years * YEAR;
		struct site_cert *c = w->cert;

		assert_non_null(why(w, rows[i].file, end - 31 * 86400));
		while (strcmp(c->file, rows[i].file) != 0)
			c++;
		assert_false(site_cert_ends_soon(&w->site, c, end - 30 * 86400, &w->why));
		assert_true(site_cert_ends_soon(&w->site, c, end - 9 * 86400, &w->why));
		assert_true(strstr(w->why.text, rows[i].file) && strstr(w->why.text, "expires in 9 days;") && strstr(w->why.text, rows[i].typed));
		assert_true(site_cert_ends_soon(&w->site, c, end - 86400, &w->why) && strstr(w->why.text, "expires in 1 day;"));
		c->not_after = end - 1;
		assert_true(why(w, rows[i].file, end)[0] && !site_cert_ends_soon(&w->site, c, end, &w->why)); /* that is a fault, not a warning */
	}
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

/* TLS-DSK has a key of its own, as long as phones would know its root by the chain of server.pem. */
static void file_of_dsk(void **state)
{
	char kept[INIT_KEPT], path[4200];
	struct world *w = *state;
	struct buf modern = {0}, own = {0}, root = {0};
	size_t end;

	octets(w, "server.pem", &modern);
	octets(w, "dsk.pem", &own);
	assert_memory_not_equal(modern.p, own.p, 512); /* the keys */
	assert_string_equal(site_cert_of_dsk(w->site.dir, false), "dsk.pem");
	assert_string_equal(site_cert_of_dsk(w->site.dir, true), "external.pem"); /* nothing is there for outside */
	assert_string_equal(why(w, "dsk.pem", NOW), "");
	assert_non_null(strstr(why(w, "dsk.pem", NOW + 5 * YEAR), "it has expired"));

	/* server.pem of a company's CA: its chain does not hold our root */
	octets(w, "ca.pem", &root);
	end = modern.n - root.n;
	assert_memory_equal(modern.p + end, root.p, root.n);
	modern.n = end;
	assert_true(site_save(w->site.dir, "server.pem", &modern, 0600, &w->why));
	assert_string_equal(site_cert_of_dsk(w->site.dir, false), "server.pem");
	assert_null(why(w, "dsk.pem", NOW));

	/* a site that an earlier version made */
	assert_true(init_renew(&w->site, NOW, kept, &w->why));
	snprintf(path, sizeof path, "%s/dsk.pem", w->site.dir);
	assert_int_equal(remove(path), 0);
	assert_string_equal(site_cert_of_dsk(w->site.dir, false), "server.pem");
	assert_null(why(w, "dsk.pem", NOW));
	buf_wipe(&modern);
	buf_wipe(&own);
	buf_free(&root);
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

/* ---- what a start needs ---------------------------------------------------------------------------------------------------- */

#define ORDINARY 65534

/* An ordinary user runs it: what that user may not read can be told, and no process changes its user. */
static int setup_ordinary(void **state)
{
	if (geteuid() == 0 && (setresgid(ORDINARY, ORDINARY, 0) < 0 || setresuid(ORDINARY, ORDINARY, 0) < 0))
		return -1;
	return setup(state);
}

static int teardown_ordinary(void **state)
{
	uid_t real, effective, saved;

	teardown(state);
	if (getresuid(&real, &effective, &saved) < 0 || saved != 0)
		return 0;
	return setresuid(0, 0, 0) < 0 || setresgid(0, 0, 0) < 0 ? -1 : 0;
}

/* A socket that listens there; its port. */
static int listener(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof at;

	assert_true(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 1) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	*port = ntohs(at.sin_port);
	return fd;
}

static void free_ports(struct site *s)
{
	uint16_t *const all[] = {&s->sip_tls, &s->sip_tcp, &s->https, &s->http};
	int fd[4];

	strcpy(s->address, "127.0.0.1");
	for (unsigned i = 0; i < 4; i++)
		fd[i] = listener(all[i]);
	for (unsigned i = 0; i < 4; i++)
		close(fd[i]);
}

static void checked(struct world *w, int64_t now, enum check_result result, const char *part)
{
	w->why = (struct why){0};
	assert_int_equal(check_site(&w->site, now, &w->why), result);
	if (part && strstr(w->why.text, part) == NULL)
		fail_msg("%s: %s", part, w->why.text);
}

static const char *within(struct world *w, const char *name)
{
	static char path[4200];

	snprintf(path, sizeof path, "%s/%s", w->site.dir, name);
	return path;
}

/* Ports that are taken, by this site's own dialtoned or by others, or are at an address that this machine has not got. */
static void ports(void **state)
{
	struct world *w = *state;
	uint16_t taken, https;
	int fd, lock;

	free_ports(&w->site);
	checked(w, NOW, CHECK_GOOD, NULL);
	https = w->site.https;
	fd = listener(&taken);
	w->site.https = taken;
	checked(w, NOW, CHECK_BAD, "'ss -ltnp' shows which program has it");
	assert_false(check_ports(&w->site, &w->why));
	assert_true(mkdir(within(w, "run"), 0700) == 0 || errno == EEXIST);
	lock = open(within(w, "run/lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(lock >= 0 && flock(lock, LOCK_EX) == 0);
	checked(w, NOW, CHECK_GOOD, NULL); /* it runs already */
	close(lock);
	checked(w, NOW, CHECK_BAD, "ss -ltnp");
	close(fd);
	w->site.https = https;
	strcpy(w->site.address, "192.0.2.1");
	checked(w, NOW, CHECK_BAD, "'ip addr' shows what this machine has");
}

static void a_key_for_dns(void **state)
{
	struct world *w = *state;

	free_ports(&w->site);
	strcpy(w->site.dns.server, "127.0.0.1");
	strcpy(w->site.dns.key_name, "key");
	snprintf(w->site.dns.key_file, sizeof w->site.dns.key_file, "%s/dns.key", w->site.dir);
	checked(w, NOW, CHECK_BAD, "dns.key_file");
	assert_int_equal(file_write(NULL, w->site.dns.key_file, "\n", 1, 0600), 0);
	checked(w, NOW, CHECK_BAD, "holds no secret");
	assert_int_equal(file_write(NULL, w->site.dns.key_file, "c2VjcmV0\n", 9, 0600), 0);
	checked(w, NOW, CHECK_GOOD, NULL);
}

/* Files may be missing, damaged, too old, or not this user's to read. */
static void files_of_the_site(void **state)
{
	struct world *w = *state;
	int fd;

	free_ports(&w->site);
	checked(w, NOW + 5 * YEAR, CHECK_BAD, "server.pem: it has expired");
	assert_int_equal(chmod(within(w, "server.pem"), 0), 0);
	checked(w, NOW, CHECK_NOT_ALLOWED, "run it as root");
	assert_int_equal(chmod(within(w, "server.pem"), 0600), 0);
	checked(w, NOW, CHECK_GOOD, NULL);
	assert_int_equal(chmod(within(w, "vault/secret"), 0), 0);
	checked(w, NOW, CHECK_NOT_ALLOWED, "vault/secret cannot be read by this user: run it as root");
	assert_int_equal(chmod(within(w, "vault/secret"), 0600), 0);
	assert_true((fd = open(within(w, "vault/store.db"), O_RDWR | O_CLOEXEC)) >= 0);
	assert_int_equal(pwrite(fd, "XXXXXXXXXXXXXXXX", 16, 0), 16);
	checked(w, NOW, CHECK_BAD, "store.db");
	assert_int_equal(ftruncate(fd, 0), 0); /* lost, not new */
	checked(w, NOW, CHECK_BAD, "store.db");
	close(fd);
	assert_int_equal(unlink(within(w, "vault/secret")), 0);
	checked(w, NOW, CHECK_BAD, "secret");
}

/* ---- a certificate of the company's own authority ---------------------------------------------------------------------------- */

static void issued(enum pki_profile profile, const char *cn, const struct pki_key *subject, const struct pki_key *ca, const struct buf *ca_der,
		   struct buf *der)
{
	static const char *const names[] = {"fe01.contoso.test", "sip.contoso.test", "ucupdates-r2.contoso.test", NULL};
	struct pki_issue what = {.profile = profile, .cn = cn, .names = profile == PKI_CA ? NULL : names, .not_before = NOW - 86400,
				 .not_after = NOW + YEAR};

	assert_true(pki_issue(&what, subject, ca, ca_der ? ca_der->p : NULL, ca_der ? ca_der->n : 0, der));
}

static void pem_file(const char *path, const struct pki_key *key, const struct buf *first, const struct buf *second)
{
	struct buf pem = {0};

	if (key)
		pki_key_write(key, &pem);
	if (first)
		pki_pem_add(&pem, "CERTIFICATE", first->p, first->n);
	if (second)
		pki_pem_add(&pem, "CERTIFICATE", second->p, second->n);
	assert_int_equal(file_write(NULL, path, pem.p, pem.n, 0600), 0);
	buf_wipe(&pem);
}

static void taken(struct world *w, const struct certificate_files *given, bool good, bool changes, const char *part)
{
	bool changed = !changes;

	w->why = (struct why){0};
	if (take_certificate(&w->site, given, NOW, &changed, &w->why) != good || (good && changed != changes))
		fail_msg("%s (changed: %d)", w->why.text, changed);
	if (part && strstr(w->why.text, part) == NULL)
		fail_msg("%s: %s", part, w->why.text);
}

/* It is judged, then it takes the place of ours, whole or not at all, and its root is believed behind ours.  The same one again changes
 * nothing, and a renewal of ours leaves it alone. */
static void of_another_authority(void **state)
{
	struct world *w = *state;
	struct pki_key *ca = pki_key_make(2048), *server = pki_key_make(2048), *other = pki_key_make(2048);
	struct buf ca_der = {0}, der = {0}, before = {0}, after = {0}, root = {0};
	char chain[4200], key[4200], wrong[4200], authority[4200], kept[INIT_KEPT];
	struct certificate_files given = {.chain = chain, .key = key, .root = authority};

	assert_true(ca && server && other);
	strcpy(chain, within(w, "theirs.pem"));
	strcpy(key, within(w, "theirs.key"));
	strcpy(wrong, within(w, "wrong.key"));
	strcpy(authority, within(w, "theirs-root.pem"));
	issued(PKI_CA, "Contoso Corporate CA", ca, ca, NULL, &ca_der);
	issued(PKI_SERVER, "fe01.contoso.test", server, ca, &ca_der, &der);
	pem_file(chain, NULL, &der, NULL);
	pem_file(key, server, NULL, NULL);
	pem_file(wrong, other, NULL, NULL);
	pem_file(authority, NULL, &ca_der, NULL);
	octets(w, "server.pem", &before);

	given.key = wrong;
	taken(w, &given, false, false, "theirs.pem");
	given.key = NULL;
	taken(w, &given, false, false, "name its file with --key");
	given.key = key;
	given.root = key;
	taken(w, &given, false, false, "there is no certificate in it");
	given.root = NULL;
	taken(w, &given, false, false, "theirs.pem"); /* its root is not known here */
	given.chain = key;
	taken(w, &given, false, false, "there is no certificate in it");
	given.chain = within(w, "nowhere.pem");
	taken(w, &given, false, false, "nowhere.pem");
	octets(w, "server.pem", &after);
	assert_true(sv_eq(buf_view(&before), buf_view(&after)));

	given = (struct certificate_files){.chain = chain, .key = key, .root = authority};
	taken(w, &given, true, true, NULL);
	taken(w, &given, true, false, NULL);
	assert_string_equal(why(w, "server.pem", NOW), "");
	octets(w, "server.pem", &after);
	assert_false(sv_eq(buf_view(&before), buf_view(&after)));
	buf_clear(&before);
	octets(w, "ca.pem", &root);
	assert_true(pki_pem_cert(buf_view(&root), 1, &before) && sv_eq(buf_view(&before), buf_view(&ca_der)));
	assert_true(init_renew(&w->site, NOW, kept, &w->why));
	assert_string_equal(kept, "server.pem");
	octets(w, "server.pem", &before);
	assert_true(sv_eq(buf_view(&before), buf_view(&after)));
	pki_key_free(ca);
	pki_key_free(server);
	pki_key_free(other);
	buf_wipe(&before);
	buf_wipe(&after);
	buf_free(&root);
	buf_free(&ca_der);
	buf_free(&der);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(years, setup, teardown),
	    cmocka_unit_test_setup_teardown(soon, setup, teardown),
	    cmocka_unit_test_setup_teardown(names, setup, teardown),
	    cmocka_unit_test_setup_teardown(file_of_dsk, setup, teardown),
	    cmocka_unit_test_setup_teardown(legacy, setup, teardown),
	    cmocka_unit_test_setup_teardown(ports, setup_ordinary, teardown_ordinary),
	    cmocka_unit_test_setup_teardown(a_key_for_dns, setup_ordinary, teardown_ordinary),
	    cmocka_unit_test_setup_teardown(files_of_the_site, setup_ordinary, teardown_ordinary),
	    cmocka_unit_test_setup_teardown(of_another_authority, setup_ordinary, teardown_ordinary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
