/* tests/support/worker_world.c: one worker process, real, between sockets. */
#include "tests/support/worker_world.h"

#include <sys/mman.h>

static void vault_asked(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct world *w = arg;
	struct vault_reply r = {.status = VAULT_NOT_FOUND};
	struct vault_ask q;
	struct buf answer = {0};

	assert_true(vault_ask_read(m, &q));
	r.kind = q.kind;
	if (w->hold) {
		assert_true(w->asked < HELD);
		w->held[w->asked] = (struct held){m->number, q.kind};
	}
	w->asked++;
	if (w->hold)
		return;
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
	if (m->number)
		location_reply_write(&answer, m->number, &r);
	location_reply_clear(&r);
	location_ask_clear(&q);
	assert_true(m->number == 0 || ipc_server_send(from, &answer));
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
	identity(w, "legacy.pem", "fe01.contoso.test", &issuing);
	identity(w, "legacy-external.pem", "edge.contoso.test", &issuing);
	buf_free(&issuing);
}

static void folder_unmake(struct world *w)
{
	static const char *const names[] = {"external.pem", "server.pem", "legacy.pem", "legacy-external.pem", "issuing.pem", "keylog"};
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(w->dir), 0);
}

static void doors(struct world *w)
{
	static const struct worker_listener rows[DOORS] = {
	    [HTTP] = {.kind = SITE_HTTP},
	    [HTTPS] = {.kind = SITE_HTTPS},
	    [SIP] = {.kind = SITE_SIP_TLS},
	    [OUTSIDE] = {.kind = SITE_SIP_TLS, .outside = true},
	    [PROXIED] = {.kind = SITE_HTTPS, .outside = true, .proxy = true},
	};
	struct why why = {0};

	for (unsigned i = 0; i < DOORS; i++) {
		struct sockaddr_in at;
		socklen_t n = sizeof at;

		w->conf.listener[i] = rows[i];
		w->conf.listener[i].fd = listen_tcp("127.0.0.1", 0, &why);
		assert_true(w->conf.listener[i].fd >= 0);
		assert_int_equal(getsockname(w->conf.listener[i].fd, (struct sockaddr *)&at, &n), 0);
		w->port[i] = ntohs(at.sin_port);
	}
	w->conf.nlistener = DOORS;
}

void world_init(struct world *w)
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
	w->site.legacy = SITE_LEGACY_KNOWN;
	strcpy(w->site.legacy_known, "127.0.0.0/8");
	strcpy(w->site.proxy_from, "127.0.0.1");
	doors(w);
	assert_true(ipc_pair(w->hand_over));
	w->conf.hand_over_fd = w->hand_over[0];
	assert_true(ipc_pair(vault) && ipc_pair(location) && ipc_pair(push) && pipe(ready) == 0);
	snprintf(path, sizeof path, "%s/keylog", w->dir);
	w->keylog = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	w->conf.site = w->conf.site_now = &w->site;
	w->conf.site_fd = w->site_fd = memfd_create("site", MFD_CLOEXEC);
	assert_true(w->site_fd >= 0);
	w->conf.index = 3;
	w->conf.vault_fd = vault[1];
	w->conf.location_fd = location[1];
	w->conf.push_fd = push[1];
	w->conf.keylog_fd = w->keylog;
	w->conf.ready_fd = ready[1];
	assert_true(ticket_keys_make(&w->conf.ticket_keys, clock_mono_ms()));
	w->pid = fork();
	assert_true(w->pid >= 0);
	if (w->pid == 0) {
		close(vault[0]);
		close(location[0]);
		close(push[0]);
		child_end(worker_main(&w->conf));
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

void world_add_legacy(struct world *w)
{
	struct worker_conf conf = w->conf;
	int pair[3][2], ready[2];
	char octet;

	for (unsigned i = 0; i < 3; i++)
		assert_true(ipc_pair(pair[i]));
	assert_int_equal(pipe(ready), 0);
	conf.legacy = true;
	conf.index = 4;
	conf.hand_over_fd = w->hand_over[1];
	conf.vault_fd = pair[0][1], conf.location_fd = pair[1][1], conf.push_fd = pair[2][1];
	conf.ready_fd = ready[1];
	for (unsigned i = 0; i < conf.nlistener; i++)
		conf.listener[i].fd = -1;
	w->legacy_pid = fork();
	assert_true(w->legacy_pid >= 0);
	if (w->legacy_pid == 0)
		child_end(worker_main(&conf));
	for (unsigned i = 0; i < 3; i++) {
		close(pair[i][1]);
		w->legacy_ask[i] = pair[i][0];
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &octet, 1), 1);
	close(ready[0]);
}

static void legacy_clear(struct world *w)
{
	int status;

	if (w->legacy_pid == 0)
		return;
	kill(w->legacy_pid, SIGTERM);
	assert_int_equal(waitpid(w->legacy_pid, &status, 0), w->legacy_pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (unsigned i = 0; i < 3; i++)
		close(w->legacy_ask[i]);
}

int ended(struct world *w)
{
	int status = 0;
	pid_t done = 0;

	until(w->loop, (done = waitpid(w->pid, &status, WNOHANG)) != 0);
	assert_int_equal(done, w->pid);
	w->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void ipc_close(struct ipc_server *s)
{
	int fd = s->watch.fd;

	if (s->in == NULL)
		return;
	ipc_server_clear(s);
	close(fd);
}

void world_clear(struct world *w)
{
	if (w->pid) {
		kill(w->pid, SIGTERM);
		assert_int_equal(ended(w), 0);
	}
	legacy_clear(w);
	close(w->hand_over[0]);
	close(w->hand_over[1]);
	ipc_close(&w->vault);
	ipc_close(&w->location);
	ipc_close(&w->push);
	close(w->keylog);
	close(w->site_fd);
	location_free(w->bindings);
	tls_ctx_free(w->client_tls);
	loop_free(w->loop);
	folder_unmake(w);
}

void visit(struct world *w, struct client *c, unsigned door, bool tls)
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
