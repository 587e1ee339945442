/* One worker process, real, between sockets: a vault and a location of the test's on one side, clients on the other. */
#include "tests/support/net_world.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/wait.h>

#include "net/ipc.h"
#include "pki/cert.h"
#include "server/location/ipc.h"
#include "server/site/site.h"
#include "server/vault/ipc.h"
#include "server/worker/worker.h"

enum { HTTP, HTTPS, SIP, OUTSIDE, PROXIED, LEGACY, DOORS };

struct world {
	struct loop *loop;
	char dir[64];
	struct site site;
	struct worker_conf conf;
	uint16_t port[DOORS];
	struct ipc_server vault, location, push;
	unsigned asked; /* the vault */
	struct location *bindings;
	struct tls_ctx *client_tls;
	int ready, keylog;
	unsigned obeyed;
	uint64_t order;
	pid_t pid;
};

/* ---- neighbours -------------------------------------------------------------------------------------------- */

static void vault_asked(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct world *w = arg;
	struct vault_reply r = {.status = VAULT_NOT_FOUND};
	struct vault_ask q;
	struct buf answer = {0};

	assert_true(vault_ask_read(m, &q));
	r.kind = q.kind;
	w->asked++;
	vault_reply_write(&answer, m->number, &r);
	assert_true(ipc_server_send(from, &answer));
}

static void location_asked(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct world *w = arg;
	struct location_reply r;
	struct location_ask q;
	struct buf answer = {0};

	assert_true(location_ask_read(m, &q));
	location_answer(w->bindings, 3, &q, &r);
	location_reply_write(&answer, m->number, &r);
	location_reply_clear(&r);
	assert_true(ipc_server_send(from, &answer));
}

static void obeyed(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct world *w = arg;

	(void)from;
	assert_int_equal(m->kind, LOCATION_P_ORDER);
	assert_int_equal(m->number, w->order);
	w->obeyed++;
}

static int64_t now(void *arg)
{
	(void)arg;
	return clock_unix_ms() / 1000;
}

static void nobody(void *arg, uint32_t worker, const struct location_notice *n)
{
	(void)arg, (void)worker, (void)n;
}

/* ---- the folder -------------------------------------------------------------------------------------------- */

static void put(struct world *w, const char *name, const struct buf *b)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	assert_int_equal(file_write(NULL, path, b->p, b->n, 0600), 0);
}

static void identity(struct world *w, const char *file, const char *name, struct buf *issuing)
{
	const char *const names[] = {name, NULL};
	struct pki_issue what = {PKI_SERVER, name, names, 0, 4000000000};
	struct pki_key *key = pki_key_make(2048);
	struct buf der = {0}, pem = {0};

	assert_true(pki_issue(&what, key, key, NULL, 0, &der));
	pki_key_write(key, &pem);
	pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
	pki_pem_add(issuing, "CERTIFICATE", der.p, der.n);
	put(w, file, &pem);
	pki_key_free(key);
	buf_free(&der);
	buf_wipe(&pem);
}

static void folder_make(struct world *w)
{
	struct buf issuing = {0};

	snprintf(w->dir, sizeof w->dir, "/tmp/test_worker.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	identity(w, "external.pem", "edge.contoso.test", &issuing);
	buf_clear(&issuing);
	identity(w, "server.pem", "fe01.contoso.test", &issuing);
	put(w, "issuing.pem", &issuing);
	buf_free(&issuing);
}

static void folder_unmake(struct world *w)
{
	static const char *const names[] = {"external.pem", "server.pem", "issuing.pem", "keylog"};
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(w->dir), 0);
}

/* ---- the worker -------------------------------------------------------------------------------------------- */

static void doors(struct world *w)
{
	static const struct worker_listener rows[DOORS] = {
		[HTTP] = {.kind = SITE_HTTP},	  [HTTPS] = {.kind = SITE_HTTPS},
		[SIP] = {.kind = SITE_SIP_TLS}, [OUTSIDE] = {.kind = SITE_SIP_TLS, .outside = true},
		[LEGACY] = {.kind = SITE_HTTPS, .legacy = true},
		[PROXIED] = {.kind = SITE_HTTPS, .outside = true, .proxy = true},
	};
	char why[200];

	for (unsigned i = 0; i < DOORS; i++) {
		struct sockaddr_in at;
		socklen_t n = sizeof at;

		w->conf.listener[i] = rows[i];
		w->conf.listener[i].fd = listen_tcp("127.0.0.1", 0, why, sizeof why);
		assert_true(w->conf.listener[i].fd >= 0);
		assert_int_equal(getsockname(w->conf.listener[i].fd, (struct sockaddr *)&at, &n), 0);
		w->port[i] = ntohs(at.sin_port);
	}
	w->conf.nlistener = DOORS;
}

static void world_init(struct world *w)
{
	int vault[2], location[2], push[2], ready[2];
	char path[128], octet;

	*w = (struct world){.loop = loop_new()};
	assert_non_null(w->loop);
	folder_make(w);
	site_defaults(&w->site);
	strcpy(w->site.dir, w->dir);
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.pool, "fe01.contoso.test");
	strcpy(w->site.web_fqdn, "fe01.contoso.test");
	strcpy(w->site.external_fqdn, "edge.contoso.test");
	strcpy(w->site.external_web_fqdn, "edge.contoso.test");
	doors(w);
	assert_true(ipc_pair(vault) && ipc_pair(location) && ipc_pair(push) && pipe(ready) == 0);
	snprintf(path, sizeof path, "%s/keylog", w->dir);
	w->keylog = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	w->conf.site = &w->site;
	w->conf.index = 3;
	w->conf.vault_fd = vault[1];
	w->conf.location_fd = location[1];
	w->conf.push_fd = push[1];
	w->conf.keylog_fd = w->keylog;
	w->conf.ready_fd = ready[1];
	assert_true(pki_random(w->conf.ticket_key, sizeof w->conf.ticket_key));
	w->pid = fork();
	assert_true(w->pid >= 0);
	if (w->pid == 0) {
		close(vault[0]);
		close(location[0]);
		close(push[0]);
		_exit(worker_main(&w->conf));
	}
	for (unsigned i = 0; i < DOORS; i++)
		close(w->conf.listener[i].fd);
	close(vault[1]);
	close(location[1]);
	close(push[1]);
	close(ready[1]);
	w->bindings = location_new(now, nobody, w);
	assert_true(ipc_server_init(&w->vault, w->loop, vault[0], vault_asked, w));
	assert_true(ipc_server_init(&w->location, w->loop, location[0], location_asked, w));
	assert_true(ipc_server_init(&w->push, w->loop, push[0], obeyed, w));
	w->client_tls = tls_ctx_client(&(struct tls_client_conf){TLS_MODERN});
	assert_int_not_equal(fcntl(ready[0], F_SETFL, O_NONBLOCK), -1);
	until(w->loop, read(ready[0], &octet, 1) == 1);
	close(ready[0]);
}

static int ended(struct world *w)
{
	int status = 0;
	pid_t done = 0;

	until(w->loop, (done = waitpid(w->pid, &status, WNOHANG)) != 0);
	assert_int_equal(done, w->pid);
	w->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void ipc_close(struct ipc_server *s)
{
	int fd = s->watch.fd;

	if (s->in == NULL)
		return;
	ipc_server_clear(s);
	close(fd);
}

static void world_clear(struct world *w)
{
	if (w->pid) {
		kill(w->pid, SIGTERM);
		assert_int_equal(ended(w), 0);
	}
	ipc_close(&w->vault);
	ipc_close(&w->location);
	ipc_close(&w->push);
	close(w->keylog);
	location_free(w->bindings);
	tls_ctx_free(w->client_tls);
	loop_free(w->loop);
	folder_unmake(w);
}

static void visit(struct world *w, struct client *c, unsigned door, bool tls)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(w->port[door])};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	client_init(c, w->loop, fd);
	if (tls) {
		c->tls = tls_connect(w->client_tls, NULL);
		client_tls_out(c);
		until(w->loop, tls_state(c->tls) == TLS_UP);
	}
}

static void say(struct client *c, const char *text)
{
	assert_true(tls_write(c->tls, text, strlen(text)));
	client_tls_out(c);
}

/* ---- tests ------------------------------------------------------------------------------------------------- */

static const char register_text[] = "REGISTER sip:contoso.test SIP/2.0\r\n"
				    "Via: SIP/2.0/TLS 127.0.0.1:50000\r\n"
				    "Max-Forwards: 70\r\n"
				    "From: <sip:alice@contoso.test>;tag=1;epid=0123456789\r\n"
				    "To: <sip:alice@contoso.test>\r\n"
				    "Call-ID: abc\r\n"
				    "CSeq: 1 REGISTER\r\n"
				    "Contact: <sip:127.0.0.1:50000;transport=tls>\r\n"
				    "Content-Length: 0\r\n\r\n";

static bool cert_names(struct client *c, const char *name)
{
	struct buf der = {0};
	const uint8_t *leaf;
	size_t n;
	bool good = tls_peer_chain(c->tls, &der, &leaf, &n, 1) == 1 && pki_cert_names(leaf, n, name);

	buf_free(&der);
	return good;
}

static void test_serves(void **state)
{
	struct client http, https, sip, old;
	struct world w;
	char text[4096] = "";

	(void)state;
	world_init(&w);
	visit(&w, &http, HTTP, false);
	client_send(&http, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
	until(w.loop, strstr(client_text(&http), "HTTP/1.1 404 Not Found\r\n"));
	visit(&w, &https, HTTPS, true);
	assert_true(cert_names(&https, "fe01.contoso.test"));
	say(&https, "GET /CertProv/CertProvisioningService.svc/mex HTTP/1.1\r\nHost: x\r\n\r\n");
	until(w.loop, https.plain.n > 20);
	assert_memory_equal(https.plain.p, "HTTP/1.1 200 OK\r\n", 17);
	visit(&w, &sip, SIP, true);
	say(&sip, register_text);
	until(w.loop, strstr(buf_cstr(&sip.plain), "\r\n\r\n"));
	assert_memory_equal(sip.plain.p, "SIP/2.0 401 ", 12);
	assert_non_null(strstr(buf_cstr(&sip.plain), "TLS-DSK"));
	visit(&w, &old, LEGACY, true);
	assert_true(cert_names(&old, "fe01.contoso.test"));
	assert_true(pread(w.keylog, text, sizeof text - 1, 0) > 0);
	assert_non_null(strstr(text, "TRAFFIC_SECRET_0 "));
	client_clear(&http);
	client_clear(&https);
	client_clear(&sip);
	client_clear(&old);
	world_clear(&w);
}

static void test_outside(void **state)
{
	struct client plain, sip, web;
	struct world w;
	/* PROXY v2 by LOCAL: the proxy's own check of health */
	static const uint8_t local[16] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20};

	(void)state;
	world_init(&w);
	visit(&w, &plain, OUTSIDE, false);
	client_send(&plain, register_text);
	until(w.loop, plain.reset || plain.closed);
	assert_true(plain.reset);
	assert_int_equal(plain.got.n, 0);
	visit(&w, &sip, OUTSIDE, true);
	assert_true(cert_names(&sip, "edge.contoso.test"));
	visit(&w, &web, PROXIED, false);
	client_send_raw(&web, local, sizeof local);
	web.tls = tls_connect(w.client_tls, NULL);
	client_tls_out(&web);
	until(w.loop, tls_state(web.tls) == TLS_UP);
	assert_true(cert_names(&web, "edge.contoso.test"));
	client_clear(&plain);
	client_clear(&sip);
	client_clear(&web);
	world_clear(&w);
}

static void test_order(void **state)
{
	struct location_notice n = {.conn = 12345, .order = LOCATION_REJECTED, .aor = "alice@contoso.test", .diag = 4141};
	struct buf b = {0};
	struct world w;

	(void)state;
	world_init(&w);
	strcpy(n.reason, "User disabled");
	w.order = 77;
	ipc_begin(&b, w.order, LOCATION_P_ORDER);
	location_notice_put(&b, &n);
	assert_true(ipc_send(w.push.watch.fd, &b));
	until(w.loop, w.obeyed == 1);
	world_clear(&w);
}

/* Requests that were begun are finished; no new connection is accepted; waiting ones are closed. */
static void test_drains(void **state)
{
	struct client busy, idle, sip;
	struct sockaddr_in at = {.sin_family = AF_INET};
	struct world w;
	int fd;

	(void)state;
	world_init(&w);
	visit(&w, &busy, HTTP, false);
	visit(&w, &idle, HTTP, false);
	visit(&w, &sip, SIP, true);
	client_send(&idle, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
	until(w.loop, idle.got.n);
	client_send(&busy, "GET /nowhere HTTP/1.1\r\n");
	say(&sip, register_text);
	until(w.loop, sip.plain.n);
	turn(w.loop, 50);
	kill(w.pid, SIGTERM);
	until(w.loop, idle.closed && sip.closed);
	assert_int_equal(tls_state(sip.tls), TLS_CLOSED);
	at.sin_port = htons(w.port[HTTP]);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
	assert_false(busy.closed);
	client_send(&busy, "Host: x\r\n\r\n");
	until(w.loop, busy.closed);
	assert_non_null(strstr(client_text(&busy), "HTTP/1.1 404 "));
	assert_non_null(strstr(client_text(&busy), "\r\nConnection: close\r\n"));
	client_clear(&busy);
	client_clear(&idle);
	client_clear(&sip);
	assert_int_equal(ended(&w), 0);
	world_clear(&w);
}

static void test_left_alone(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	ipc_close(&w.vault);
	assert_int_equal(ended(&w), 1);
	world_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serves), cmocka_unit_test(test_outside),	  cmocka_unit_test(test_order),
		cmocka_unit_test(test_drains), cmocka_unit_test(test_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
