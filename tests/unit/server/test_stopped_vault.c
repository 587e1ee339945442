/* tests/unit/server/test_stopped_vault.c: a worker, a location process and a vault, each a process of its own, with phones that refresh,
 * sign in and ask for updates; in the midst of it the vault is stopped for ten seconds.
 *
 * Registered phones notice nothing.  Whatever needs the vault gets 503 with Retry-After in time.  Nothing that was acknowledged is
 * lost, and when the vault goes on, so does everything.
 */
#include "tests/support/registrar_phone.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/ipc.h"
#include "net/listen.h"
#include "server/location/process.h"
#include "server/vault/make.h"
#include "server/vault/process.h"
#include "server/worker/worker.h"

enum { PHONES = 20, STOPPED_MS = 10000, LATE_MS = 2000, SLOW_MS = LATE_MS / 2 /* on a busy machine */ };

static struct {
	struct site site;
	struct vault_keys keys;
	struct store *store;
	pid_t vault, location, worker;
	int pair[3][2];
	uint16_t sip, http;
	struct world nobody; /* the phones look here for time and randomness */
	struct phone *phone[PHONES];
	struct buf cert_pem[PHONES];
} s;

/* ---- the site ----------------------------------------------------------------------------------------------------------- */

static void put(const char *name, const struct buf *b)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", s.site.dir, name);
	assert_int_equal(file_write(NULL, path, b->p, b->n, 0600), 0);
}

static void server_make(void)
{
	const char *const names[] = {FQDN, NULL};
	struct pki_issue what = {PKI_SERVER, FQDN, names, 0, 4000000000};
	struct buf der = {0}, pem = {0};

	assert_true(pki_issue(&what, keys.server, keys.server, NULL, 0, &der));
	pki_key_write(keys.server, &pem);
	pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
	put("server.pem", &pem);
	buf_free(&der);
	buf_wipe(&pem);
}

static void name_of(unsigned i, char aor[40])
{
	snprintf(aor, 40, "user%u@contoso.test", i);
}

/* A user with a password and a published certificate. */
static void user_make(unsigned i)
{
	int64_t now = clock_unix_ms() / 1000;
	struct store_user u = {.enabled = true, .remote = true, .created = now};
	struct store_cert c = {.device = "device", .published = now, .expires = now + 86400};
	char aor[40];
	struct pki_issue what = {.profile = PKI_USER, .cn = aor, .not_before = now - 60, .not_after = c.expires};

	name_of(i, aor);
	strcpy(u.aor, aor);
	snprintf(u.login, sizeof u.login, "CONTOSO\\user%u", i);
	assert_true(vault_password_set(s.keys.secret, &u, SV("Pa$$word")));
	assert_int_equal(s.store->ops->user_add(s.store, &u), STORE_OK);
	assert_true(pki_issue(&what, keys.user, s.keys.ca, s.keys.ca_der.p, s.keys.ca_der.n, &c.der));
	pki_sha1(c.der.p, c.der.n, c.sha1);
	c.user = u.id;
	assert_int_equal(s.store->ops->cert_put(s.store, &c), STORE_OK);
	pki_pem_add(&s.cert_pem[i], "CERTIFICATE", c.der.p, c.der.n);
	store_cert_clear(&c);
}

static void site_make(void)
{
	struct why why = {0};
	char path[PATH_MAX];

	site_defaults(&s.site);
	strcpy(s.site.dir, "/tmp/dialtone-stopped.XXXXXX");
	assert_non_null(mkdtemp(s.site.dir));
	strcpy(s.site.domain, "contoso.test");
	strcpy(s.site.SIPSecurityMode, "Low"); /* these phones speak plain TCP */
	strcpy(s.site.fqdn, FQDN);
	strcpy(s.site.pool, FQDN);
	strcpy(s.site.web_fqdn, FQDN);
	strcpy(s.site.netbios_domain, "CONTOSO");
	strcpy(s.site.netbios_computer, "FE01");
	if (!vault_keys_make(s.site.dir, clock_unix_ms() / 1000, &why) ||
	    !vault_keys_load(s.site.dir, &s.keys, &why))
		fail_msg("%s", why.text);
	snprintf(path, sizeof path, "%s/" STORE_FILE, s.site.dir);
	s.store = store_sqlite(path, &why);
	assert_non_null(s.store);
	server_make();
	for (unsigned i = 0; i < PHONES; i++)
		user_make(i);
}

/* ---- the processes -------------------------------------------------------------------------------------------------------- */

static int listener(uint16_t *port)
{
	struct sockaddr_in at;
	socklen_t n = sizeof at;
	struct why why = {0};
	int fd = listen_tcp("127.0.0.1", 0, &why);

	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* A child is silent, and ends with the test whatever becomes of that. */
static void quiet(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen("/dev/null", "w", stderr) == NULL)
		_exit(1);
}

static void wait_ready(int fd)
{
	char octet;

	assert_int_equal(read(fd, &octet, 1), 1);
}

static void processes_start(void)
{
	enum { VAULT, ASK, PUSH };
	struct worker_conf w = {.site = &s.site, .keylog_fd = -1, .nlistener = 2};
	int ready[2];

	for (unsigned i = 0; i < 3; i++)
		assert_true(ipc_pair(s.pair[i]));
	assert_int_equal(pipe(ready), 0);
	w.listener[0] = (struct worker_listener){.fd = listener(&s.sip), .kind = SITE_SIP_TCP};
	w.listener[1] = (struct worker_listener){.fd = listener(&s.http), .kind = SITE_HTTP};
	w.vault_fd = s.pair[VAULT][0];
	w.location_fd = s.pair[ASK][0];
	w.push_fd = s.pair[PUSH][0];
	w.ready_fd = ready[1];
	if ((s.vault = fork()) == 0) {
		struct vault_process c = {.site = &s.site, .fd = &s.pair[VAULT][1], .nfd = 1, .far_fd = -1, .inventory_fd = -1, .ready_fd = ready[1]};

		quiet();
		child_end(vault_process_main(&c));
	}
	wait_ready(ready[0]);
	if ((s.location = fork()) == 0) {
		struct location_process c = {.site = &s.site, .ask = &s.pair[ASK][1], .push = &s.pair[PUSH][1], .dhcp_fd = -1, .nworker = 1,
					     .control_fd = -1, .far_fd = -1, .inventory_fd = -1, .metrics_fd = -1, .ready_fd = ready[1]};

		quiet();
		child_end(location_process_main(&c));
	}
	wait_ready(ready[0]);
	if ((s.worker = fork()) == 0) {
		quiet();
		child_end(worker_main(&w));
	}
	wait_ready(ready[0]);
	assert_true(s.vault > 0 && s.location > 0 && s.worker > 0);
	close(w.listener[0].fd);
	close(w.listener[1].fd);
	close(ready[0]);
	close(ready[1]);
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void everything_ends(void)
{
	char command[PATH_MAX + 16];

	end(s.worker);
	end(s.location);
	end(s.vault);
	for (unsigned i = 0; i < 3; i++) {
		close(s.pair[i][0]);
		close(s.pair[i][1]);
	}
	store_close(s.store);
	vault_keys_clear(&s.keys);
	snprintf(command, sizeof command, "rm -rf '%s'", s.site.dir);
	assert_int_equal(system(command), 0);
}

/* ---- clients ---------------------------------------------------------------------------------------------------------------- */

static int reach(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

static struct phone *phone_at(unsigned i)
{
	struct phone *ph = calloc(1, sizeof *ph);
	char aor[40], login[20];

	assert_non_null(ph);
	name_of(i, aor);
	snprintf(login, sizeof login, "user%u", i);
	*ph = (struct phone){.fd = reach(s.sip), .w = &s.nobody, .user = strdup(aor), .login = strdup(login), .targetname = FQDN,
			     .epid = "c97532c1946f", .supported = "gruu-10, adhoclist, msrtc-event-categories",
			     .cert_pem = &s.cert_pem[i], .password = "Pa$$word", .version = 4};
	return ph;
}

static void hang_up(struct phone *ph)
{
	close(ph->fd);
	buf_free(&ph->got);
	buf_free(&ph->last);
	free((char *)(uintptr_t)ph->user);
	free((char *)(uintptr_t)ph->login);
	free(ph);
}

/* A stranger's NTLM begins; its answer comes when it comes. */
static void begin_ntlm(struct phone *ph)
{
	struct buf none = {0}, b = {0};

	ph->ntlm = true;
	head(ph, &b, "REGISTER", "");
	credentials(ph, &b, &none, false);
	assert_true(finish(ph, &b, ""));
}

static void http_send(int fd, const char *method, const char *path, const char *body)
{
	char text[2000];
	int n = snprintf(text, sizeof text,
			 "%s %s HTTP/1.1\r\nHost: " FQDN "\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n%s", method, path,
			 strlen(body), body);

	assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
}

/* The head of the answer; its status. */
static int http_status(int fd, char *text, size_t cap)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = 0;

	text[0] = '\0';
	while (strstr(text, "\r\n\r\n") == NULL && n < cap - 1 && poll(&p, 1, 10000) == 1) {
		ssize_t got = recv(fd, text + n, cap - 1 - n, 0);

		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
	}
	return strncmp(text, "HTTP/1.1 ", 9) == 0 ? atoi(text + 9) : -1;
}

struct pace {
	unsigned n;
	uint64_t slowest, sum; /* ms */
};

/* Every phone refreshes, one after the other, again and again: each gets 200, signed, for the binding that it had. */
static struct pace refreshes(uint64_t ms)
{
	uint64_t until = clock_mono_ms() + ms;
	struct pace p = {0};

	for (unsigned i = 0; clock_mono_ms() < until; i = (i + 1) % PHONES) {
		uint64_t at = clock_mono_ms(), took;

		assert_int_equal(ask(s.phone[i], "REGISTER", "", ""), 200);
		assert_true(says(s.phone[i], "presence-state", "register-action=\"refreshed\""));
		took = clock_mono_ms() - at;
		p.n++;
		p.sum += took;
		p.slowest = took > p.slowest ? took : p.slowest;
	}
	return p;
}

/* ---- the ten seconds ------------------------------------------------------------------------------------------------------------ */

#define QUESTION                                                                                                                  \
	"<u:Question xmlns:u=\"urn:lync-bootstrap:device-update:1\"><u:DeviceType>UCPhone</u:DeviceType>"                         \
	"<u:MacAddress>00-04-F2-00-01-76</u:MacAddress><u:Vendor>POLYCOM</u:Vendor><u:Model>CX600</u:Model></u:Question>"

static void while_it_is_stopped(const struct pace *before)
{
	uint64_t since = clock_mono_ms();
	char text[4000];

	while (clock_mono_ms() - since < STOPPED_MS - LATE_MS) {
		struct phone *stranger = phone_at(0);
		int update = reach(s.http), chain = reach(s.http);
		uint64_t at = clock_mono_ms();
		struct pace p;

		begin_ntlm(stranger);
		http_send(update, "POST", "/RequestHandler/ucdevice.upx", QUESTION);
		http_send(chain, "GET", "/CertProv/CertProvisioningService.svc/chain.p7b", "");
		assert_int_equal(http_status(chain, text, sizeof text), 200);
		assert_in_range(clock_mono_ms() - at, 0, SLOW_MS);
		p = refreshes(LATE_MS - 200);
		assert_true(p.n > PHONES);
		assert_in_range(p.slowest, 0, SLOW_MS); /* none has waited for the vault */
		assert_in_range(p.sum / p.n, 0, 10 * before->sum / before->n + 100); /* and all are about as fast as before */

		assert_int_equal(hear(stranger), 503);
		assert_true(retry_after_is_good(msg_get(&stranger->m, "Retry-After")));
		assert_int_equal(http_status(update, text, sizeof text), 503);
		assert_true(retry_after_is_good(sv_of(strstr(text, "\r\nRetry-After: "))));
		assert_in_range(clock_mono_ms() - at, LATE_MS - 100, LATE_MS + 2 * SLOW_MS);
		hang_up(stranger);
		close(update);
		close(chain);
	}
}

static void stopped_for_ten_seconds(void **state)
{
	struct phone *late[4];
	struct store_user u;
	struct pace before, after;
	unsigned round = 0;
	int status;
	char aor[40];

	(void)state;
	site_make();
	processes_start();
	for (unsigned i = 0; i < PHONES; i++) {
		s.phone[i] = phone_at(i);
		assert_int_equal(sign_in(s.phone[i], i % 2 == 0, ""), 200);
	}
	sleep(1); /* the vault says at the beginning, and then when something changes, what its count is */
	before = refreshes(1000);

	for (unsigned i = 0; i < 4; i++) { /* in the midst of sign-ins */
		late[i] = phone_at(i);
		late[i]->epid = "0123456789ab";
		begin_ntlm(late[i]);
	}
	kill(s.vault, SIGSTOP);
	while_it_is_stopped(&before);
	kill(s.vault, SIGCONT);
	for (unsigned i = 0; i < 4; i++)
		hang_up(late[i]);

	after = refreshes(1000);
	assert_true(after.n > PHONES / 2);
	assert_int_equal(waitpid(s.vault, &status, WNOHANG), 0); /* it is the same one */
	for (unsigned i = 0; i < 4; i++) { /* new ones sign in again */
		late[i] = phone_at(i);
		late[i]->epid = "0123456789ab";
		assert_int_equal(sign_in(late[i], i % 2 == 0, ""), 200);
		hang_up(late[i]);
	}

	/* A user who is disabled, in the store alone and without an order, is cut off at the next refresh. */
	name_of(PHONES - 1, aor);
	assert_int_equal(s.store->ops->user_get(s.store, aor, &u), STORE_OK);
	u.enabled = false;
	assert_int_equal(s.store->ops->user_set(s.store, &u), STORE_OK);
	for (status = 200; status == 200 && round < 100; round++) {
		usleep(20000);
		status = ask(s.phone[PHONES - 1], "REGISTER", "", "");
	}
	assert_int_equal(status, 404);
	for (unsigned i = 0; i < PHONES; i++) {
		hang_up(s.phone[i]);
		buf_free(&s.cert_pem[i]);
	}
	everything_ends();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stopped_for_ten_seconds)};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
