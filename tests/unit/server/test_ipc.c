/* tests/unit/server/test_ipc.c: between processes: the real vault behind its socket, in a process of its own; a client under an
 * attacker's control that drives the socket directly; the location process's questions; messages cut at every length.
 */
#include "tests/support/vault_world.h"

#include <signal.h>
#include <sys/socket.h>

#include "server/location/ipc.h"
#include "server/vault/codec.h"
#include "server/vault/ipc.h"

struct far { /* a vault in another process */
	struct world *w;
	pid_t pid;
	int fd;
	struct vault_client *client;
	struct vault_ops ops;
};

struct serving {
	const struct vault_ops *ops;
};

static void question(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct serving *s = arg;
	struct buf answer = {0};

	if (vault_answer(s->ops, m, &answer))
		ipc_send(from->watch.fd, &answer);
}

static void gone(void *arg, struct ipc_server *from)
{
	(void)arg, (void)from;
	_exit(0);
}

/* Forks the vault of the world away; the world's own is closed first. */
static void far_up(struct far *f, struct world *w)
{
	int fd[2];

	down(w);
	assert_true(ipc_pair(fd));
	*f = (struct far){.w = w, .fd = fd[0]};
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (f->pid == 0) {
		struct serving s = {&w->ops};
		struct ipc_server server;
		struct loop *l;

		close(fd[0]);
		up(w);
		l = loop_new();
		if (l == NULL || !ipc_server_init(&server, l, fd[1], question, &s))
			_exit(1);
		server.gone = gone;
		loop_run(l);
		_exit(1);
	}
	close(fd[1]);
	f->client = vault_client_new(f->fd, &f->ops);
	assert_non_null(f->client);
}

static void far_down(struct far *f)
{
	int st;

	vault_client_free(f->client);
	close(f->fd);
	assert_int_equal(waitpid(f->pid, &st, 0), f->pid);
	assert_true(WIFEXITED(st) && WEXITSTATUS(st) == 0);
	up(f->w);
}

/* ---- the same answers through the socket ----------------------------------------------------------------------------------- */

static void every_call(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct vault_user u = {0};
	struct vault_cert c = {0};
	struct vault_offer o = {0};
	struct update_question q = {.device_type = "UCPhone", .mac = "00-04-F2-00-01-76", .vendor = "POLYCOM", .model = "CX600",
				    .nmodule = 1};
	char why[VAULT_WHY] = "", aor[256] = "";
	struct buf challenge = {0};
	uint64_t id = 0;
	struct far f;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	strcpy(q.module[0].file, "cpe.nbt");
	strcpy(w->site.external_fqdn, "sip.contoso.test");
	strcpy(w->site.external_web_fqdn, "web-ext.contoso.test");
	w->site.external_require_pin = true;
	far_up(&f, w);
	assert_int_equal(f.ops.user(f.ops.arg, "alice@contoso.test", &u), VAULT_OK);
	assert_string_equal(u.aor, "alice@contoso.test");
	assert_true(u.enabled && u.remote);
	assert_int_equal(f.ops.user(f.ops.arg, "nobody@contoso.test", &u), VAULT_NOT_FOUND);

	assert_int_equal(f.ops.ticket_pin(f.ops.arg, "4411", "111111", &ask, false, &t, why), VAULT_REFUSED);
	assert_string_not_equal(why, "");
	assert_int_equal(f.ops.pin_proved(f.ops.arg, "alice@contoso.test", "10.0.0.1"), VAULT_REFUSED);
	assert_int_equal(f.ops.ticket_pin(f.ops.arg, "4411", "482915", &ask, false, &t, why), VAULT_OK);
	assert_string_equal(t.issued.name_id, "sip:alice@contoso.test");
	assert_string_equal(t.issued.context, "ctx");
	assert_true(t.issued.assertion.n > 500 && t.issued.lifetime.n > 50 && t.issued.nentropy >= 16);
	assert_true(t.issued.expires > t.issued.created);
	assert_int_equal(f.ops.ticket_known(f.ops.arg, t.issued.assertion.p, t.issued.assertion.n, false, aor, why), VAULT_OK);
	assert_string_equal(aor, "alice@contoso.test");
	vault_ticket_clear(&t);
	site_certprov_auth_url(&w->site, true, ask.applies_to); /* outside, where number and PIN are demanded as well */
	assert_int_equal(f.ops.ticket_pin(f.ops.arg, "4411", "482915", &ask, true, &t, why), VAULT_OK);
	vault_ticket_clear(&t);
	assert_int_equal(f.ops.pin_proved(f.ops.arg, "alice@contoso.test", "10.0.0.1"), VAULT_OK);
	site_certprov_auth_url(&w->site, false, ask.applies_to);

	assert_int_equal(f.ops.ntlm_challenge(f.ops.arg, true, NULL, 0, &id, &challenge), VAULT_OK);
	assert_true(id != 0 && challenge.n > 40 && memcmp(challenge.p, "NTLMSSP", 8) == 0);
	buf_free(&challenge);
	assert_int_equal(f.ops.update_offer(f.ops.arg, &q, "10.0.0.1", &o), VAULT_OK);
	assert_false(o.known);
	assert_int_not_equal(f.ops.cert_issue(f.ops.arg, "<x/>", 4, false, &c, why), VAULT_OK);
	assert_int_not_equal(f.ops.ticket_cert(f.ops.arg, "<x/>", 4, false, &t, why), VAULT_OK);
	assert_int_not_equal(f.ops.ticket_login(f.ops.arg, 77, &ask, false, &t, why), VAULT_OK);
	assert_int_not_equal(f.ops.cert_known(f.ops.arg, (const uint8_t *)"0", 1, "alice@contoso.test", why), VAULT_OK);
	far_down(&f);
}

static void a_vault_that_is_gone(void **state)
{
	struct world *w = *state;
	struct vault_user u = {.enabled = true};
	struct far f;
	int st;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	far_up(&f, w);
	kill(f.pid, SIGKILL);
	waitpid(f.pid, &st, 0);
	assert_int_equal(f.ops.user(f.ops.arg, "alice@contoso.test", &u), VAULT_UNAVAILABLE);
	assert_true(u.enabled); /* untouched */
	vault_client_free(f.client);
	close(f.fd);
	up(w);
}

/* ---- a worker under an attacker's control --------------------------------------------------------------------------------------- */

static unsigned raw(struct far *f, struct buf *q, struct buf *answer)
{
	uint8_t in[8192];
	ssize_t n;

	assert_int_equal(send(f->fd, q->p, q->n, MSG_NOSIGNAL), (ssize_t)q->n);
	buf_free(q);
	for (unsigned i = 0; i < 200; i++) {
		n = recv(f->fd, in, sizeof in, MSG_DONTWAIT);
		if (n > 0) {
			buf_add(answer, in, (size_t)n);
			return (unsigned)(in[IPC_HEAD] << 8 | in[IPC_HEAD + 1]);
		}
		usleep(5000);
	}
	return UINT32_MAX;
}

static void pin_question(struct buf *q, const struct world *w, uint64_t number, const char *pin)
{
	struct soap_issue ask = ask_of(w);

	ipc_begin(q, number, VAULT_Q_TICKET_PIN);
	ipc_put_str(q, "4411");
	ipc_put_str(q, pin);
	ipc_put(q, 1, 0);
	vault_issue_put(q, &ask);
	assert_true(ipc_end(q));
}

/* It sends faster than it reads, repeats numbers, and sends from several descriptors: the count is the vault's. */
static void no_extra_tries(void **state)
{
	struct world *w = *state;
	unsigned refused = 0, limit = 0;
	struct store_user bob;
	struct store_pin pin;
	struct far f;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	bob = person(w, "bob@contoso.test", "CONTOSO\\bob", "+14255550124", "4412", "482915");
	do { /* what an honest client may try is the measure */
		char wrong[8];

		snprintf(wrong, sizeof wrong, "%06u", 300000 + limit++);
		try_pin(w, "4412", wrong);
		assert_int_equal(w->store->ops->pin_get(w->store, bob.id, &pin), STORE_OK);
	} while (pin.locked_until <= w->now && limit < 1000);
	assert_in_range(limit, 2, 100);
	far_up(&f, w);
	for (unsigned i = 0; i < limit; i++) {
		struct buf q = {0}, a = {0};
		char wrong[8];

		snprintf(wrong, sizeof wrong, "%06u", 300000 + i);
		pin_question(&q, w, 7, wrong); /* always the same number */
		refused += raw(&f, &q, &a) == VAULT_REFUSED;
		buf_free(&a);
	}
	assert_int_equal(refused, limit);
	for (unsigned i = 0; i < 5; i++) { /* now even the right one is refused */
		struct buf q = {0}, a = {0};

		pin_question(&q, w, i, "482915");
		assert_int_equal(raw(&f, &q, &a), VAULT_REFUSED);
		buf_free(&a);
	}
	far_down(&f);
	assert_int_equal(try_pin(w, "4411", "482915"), VAULT_REFUSED); /* and it lasts */
}

static enum vault_status certify(struct far *f, const struct vault_ticket *t, const char *who, struct vault_cert *c)
{
	struct soap_cert s = {.device_id = "{00112233-4455-6677-8899-aabbccddeeff}", .request_id = "1", .message_id = "urn:uuid:1"};
	struct soap_issue ask = ask_of(f->w);
	struct buf envelope = {0}, security = {0};
	enum vault_status st;
	char why[VAULT_WHY];
	uint8_t proof[32];

	snprintf(s.entity, sizeof s.entity, "sip:%s", who);
	site_certprov_auth_url(&f->w->site, false, s.to);
	assert_true(pki_csr_make(keys.phone, who, false, &s.csr));
	if (t) { /* as a phone does, with the key that belongs to this ticket */
		pki_p_sha1(ask.entropy, ask.nentropy, t->issued.entropy, t->issued.nentropy, proof, sizeof proof);
		assert_true(ticket_present(&security, &t->issued, proof, sizeof proof));
	}
	soap_cert_write(&envelope, &s, buf_view(&security));
	st = f->ops.cert_issue(f->ops.arg, envelope.p, envelope.n, false, c, why);
	soap_cert_clear(&s);
	buf_free(&security);
	buf_free(&envelope);
	return st;
}

/* A ticket for Alice and a request that says "for Bob"; no ticket; logins that were never made. */
static void no_certificate_for_a_stranger(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct vault_cert c = {0};
	struct far f;
	char why[VAULT_WHY];

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	person(w, "bob@contoso.test", "CONTOSO\\bob", "+14255550124", "4412", "482915");
	far_up(&f, w);
	assert_int_equal(f.ops.ticket_pin(f.ops.arg, "4411", "482915", &ask, false, &t, why), VAULT_OK);
	assert_int_not_equal(certify(&f, &t, "bob@contoso.test", &c), VAULT_OK);
	assert_int_not_equal(certify(&f, NULL, "alice@contoso.test", &c), VAULT_OK);
	t.issued.entropy[0] ^= 1; /* a ticket that was seen, without its key */
	assert_int_not_equal(certify(&f, &t, "alice@contoso.test", &c), VAULT_OK);
	assert_int_equal(c.der.n, 0);
	t.issued.entropy[0] ^= 1;
	for (uint64_t id = 0; id < 4096; id++) {
		struct vault_ticket none = {0};

		assert_int_not_equal(f.ops.ticket_login(f.ops.arg, id, &ask, false, &none, why), VAULT_OK);
	}
	assert_int_equal(certify(&f, &t, "alice@contoso.test", &c), VAULT_OK); /* correct requests are obeyed */
	assert_string_equal(c.aor, "alice@contoso.test");
	assert_int_equal(f.ops.cert_known(f.ops.arg, c.der.p, c.der.n, "alice@contoso.test", why), VAULT_OK);
	assert_int_not_equal(f.ops.cert_known(f.ops.arg, c.der.p, c.der.n, "bob@contoso.test", why), VAULT_OK);
	buf_free(&c.der);
	vault_ticket_clear(&t);
	far_down(&f);
}

/* A message that is no question gets no answer, and the vault goes on. */
static void nonsense(void **state)
{
	struct world *w = *state;
	struct buf q = {0}, a = {0};
	struct vault_user u;
	struct far f;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	far_up(&f, w);
	pin_question(&q, w, 1, "482915");
	for (size_t n = 0; n < q.n; n++) { /* cut, with the length that it has then */
		uint8_t *cut = exact_copy(q.p, q.n, n);

		if (n >= 4) {
			struct wr l = wr_of(cut, 4);

			wr_be(&l, 4, n);
		}
		if (n)
			assert_int_equal(send(f.fd, cut, n, MSG_NOSIGNAL), (ssize_t)n);
		free(cut);
		if (n % 16 == 0)
			assert_int_equal(f.ops.user(f.ops.arg, "alice@contoso.test", &u), VAULT_OK);
	}
	buf_free(&q);
	for (unsigned kind = 12; kind < 16; kind++) {
		ipc_begin(&q, 1, kind);
		assert_true(ipc_end(&q));
		assert_int_equal(send(f.fd, q.p, q.n, MSG_NOSIGNAL), (ssize_t)q.n);
		buf_free(&q);
	}
	assert_int_equal(f.ops.user(f.ops.arg, "alice@contoso.test", &u), VAULT_OK);
	pin_question(&q, w, 2, "482915"); /* none of it was an attempt */
	assert_int_equal(raw(&f, &q, &a), VAULT_OK);
	buf_free(&a);
	far_down(&f);
}

/* ---- fields: a message is read whole or not at all --------------------------------------------------------------------------- */

static void fields(void **state)
{
	struct update_question q = {.mac = "00-04-F2-00-01-76", .model = "CX600", .nmodule = 2}, q2;
	struct vault_offer o = {.known = true, .module = {.version = "4.0.1.2", .size = 1234567890123}}, o2;
	struct vault_login l = {.id = 5, .aor = "a@b", .session_key = {1, 2, 3}, .flags = 0xe2888215}, l2;
	struct soap_issued i = {.context = "c", .nentropy = 32, .created = 1, .expires = -2}, i2 = {0};
	struct buf b = {0};

	(void)state;
	strcpy(q.module[1].version, "1.2.3.4");
	buf_str(&i.assertion, "<a/>");
	buf_str(&i.lifetime, "<l/>");
	vault_asked_put(&b, &q);
	vault_offer_put(&b, &o);
	vault_login_put(&b, &l);
	vault_issued_put(&b, &i);
	for (size_t n = 0; n <= b.n; n++) {
		uint8_t *in = exact_copy(b.p, b.n, n);
		struct rd r = rd_of(in, n);

		vault_asked_get(&r, &q2);
		vault_offer_get(&r, &o2);
		vault_login_get(&r, &l2);
		vault_issued_get(&r, &i2);
		rd_end(&r);
		assert_int_equal(r.err == NULL, n == b.n);
		if (n < b.n)
			soap_issued_clear(&i2);
		i2 = n < b.n ? (struct soap_issued){0} : i2;
		free(in);
	}
	assert_memory_equal(&q, &q2, sizeof q);
	assert_int_equal(o2.module.size, o.module.size);
	assert_memory_equal(&l, &l2, sizeof l);
	assert_int_equal(i2.expires, -2);
	assert_int_equal(i2.assertion.n, 4);
	soap_issued_clear(&i2);
	soap_issued_clear(&i);
	buf_free(&b);
}

/* ---- location ------------------------------------------------------------------------------------------------------------------------ */

static int64_t at_now(void *arg)
{
	(void)arg;
	return NOW;
}

struct place { /* a location process in a thread of the test's choosing: answered by a forked one */
	struct location *l;
	bool here;
	uint32_t worker;
};

static void ask_location(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct place *p = arg;
	struct buf answer = {0};

	if (location_answer(p->l, p->worker, m, &answer, &p->here))
		ipc_send(from->watch.fd, &answer);
}

static pid_t place_up(int fd)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct place p = {.l = location_new(at_now, NULL, NULL), .worker = 3};
		struct ipc_server server;
		struct loop *l = loop_new();

		if (p.l == NULL || l == NULL || !ipc_server_init(&server, l, fd, ask_location, &p))
			_exit(1);
		server.gone = gone;
		loop_run(l);
		_exit(1);
	}
	return pid;
}

static void a_new_location_process_learns(void **state)
{
	struct location_binding b = {.aor = "alice@contoso.test", .instance = "i1", .contact = "sip:a@1.2.3.4", .conn = 9,
				     .expires = INT64_MAX, .peer = "[2001:db8::1]:51234"};
	struct location_binding all[LOCATION_ENDPOINTS_MAX];
	struct location_client *c;
	struct location_notice notice;
	struct location_ops ops;
	struct ipc_message m;
	struct buf push = {0};
	size_t n = 0;
	pid_t pid;
	int fd[2], st;

	(void)state;
	assert_true(ipc_pair(fd));
	pid = place_up(fd[1]);
	c = location_client_new(fd[0], 3, &ops);
	assert_non_null(c);
	assert_int_equal(ops.put(ops.arg, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_ADDED);
	assert_int_equal(n, 1);
	assert_int_equal(all[0].worker, 3);
	assert_string_equal(all[0].contact, "sip:a@1.2.3.4");
	strcpy(b.instance, "i2");
	assert_int_equal(ops.put(ops.arg, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_ADDED);
	assert_int_equal(n, 2);
	assert_int_equal(ops.put(ops.arg, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_REFRESHED);
	assert_true(ops.drop(ops.arg, "ALICE@contoso.test", "i1", 9));
	assert_false(ops.drop(ops.arg, "alice@contoso.test", "i1", 9));

	kill(pid, SIGKILL); /* its successor finds the same socket */
	waitpid(pid, &st, 0);
	pid = place_up(fd[1]);
	ipc_begin(&push, 1, LOCATION_P_REPLAY);
	assert_true(ipc_end(&push) && ipc_read(push.p, push.n, &m));
	assert_false(location_client_push(c, &m, &notice));
	buf_free(&push);
	strcpy(b.instance, "i3");
	assert_int_equal(ops.put(ops.arg, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_ADDED);
	assert_int_equal(n, 2); /* i2, told again, and i3 */
	n = 0;
	assert_true(ops.list(ops.arg, "ALICE@contoso.test", all, LOCATION_ENDPOINTS_MAX, &n));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(all[i].peer, "[2001:db8::1]:51234");
	assert_true(ops.list(ops.arg, "alice@contoso.test", all, 1, &n));
	assert_int_equal(n, 1);
	assert_true(ops.list(ops.arg, "bob@contoso.test", all, LOCATION_ENDPOINTS_MAX, &n));
	assert_int_equal(n, 0);

	ipc_begin(&push, 2, LOCATION_P_ORDER);
	location_notice_put(&push, &(struct location_notice){.conn = 9, .order = LOCATION_REJECTED, .aor = "x", .diag = 4141,
							     .reason = "User disabled"});
	assert_true(ipc_end(&push) && ipc_read(push.p, push.n, &m));
	assert_true(location_client_push(c, &m, &notice));
	assert_int_equal(notice.conn, 9);
	assert_int_equal(notice.order, LOCATION_REJECTED);
	assert_string_equal(notice.reason, "User disabled");
	buf_free(&push);
	location_client_free(c);
	close(fd[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
	close(fd[1]);
}

/* ---- what was handled is gone ------------------------------------------------------------------------------------------------ */

static void told(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	char pin[16];

	ipc_get_str(&m->body, pin, sizeof pin);
	assert_string_equal(pin, "482915");
	assert_non_null(memmem(from->in, 64, "482915", 6));
	loop_stop(arg);
}

static void nothing_stays_in_the_buffer(void **state)
{
	struct ipc_server server;
	struct loop *l = loop_new();
	struct buf b = {0};
	int fd[2];

	(void)state;
	assert_non_null(l);
	assert_true(ipc_pair(fd));
	assert_true(ipc_server_init(&server, l, fd[1], told, l));
	memset(server.in, 0, 64);
	ipc_begin(&b, 1, 1);
	ipc_put_str(&b, "482915");
	assert_true(ipc_send(fd[0], &b));
	loop_run(l);
	assert_null(memmem(server.in, 64, "482915", 6));
	ipc_server_clear(&server);
	loop_free(l);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(every_call), T(a_vault_that_is_gone), T(no_extra_tries), T(no_certificate_for_a_stranger), T(nonsense),
	    cmocka_unit_test(fields), cmocka_unit_test(a_new_location_process_learns),
	    cmocka_unit_test(nothing_stays_in_the_buffer)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
