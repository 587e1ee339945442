/* tests/unit/server/test_ipc.c: between processes: the real vault behind its socket, in a process of its own, and a client under
 * an attacker's control that drives the socket directly.
 */
#include "tests/support/vault_world.h"

#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "server/vault/ipc.h"
#include "server/vault/pool.h"

struct far { /* a vault in another process */
	struct world *w;
	pid_t pid;
	int fd;
	struct vault_client *client;
	struct vault_link link;
};

static struct loop *here; /* the asker's */

static void run_here(const bool *there)
{
	while (!*there)
		loop_once(here);
}

static void question(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	vault_pool_ask(arg, from, m);
}

static void gone(void *arg, struct ipc_server *from)
{
	(void)arg, (void)from;
	child_end(0);
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
		struct ipc_server server;
		struct vault_pool *pool;
		struct loop *l;

		close(fd[0]);
		w->store = store_shared(store_sqlite(w->path, NULL));
		if (w->store == NULL)
			_exit(1);
		vault_up(w);
		l = loop_new();
		pool = l ? vault_pool_new(l, w->vault, 4) : NULL;
		if (pool == NULL || !ipc_server_init(&server, l, fd[1], question, pool))
			_exit(1);
		server.gone = gone;
		loop_run(l);
		_exit(1);
	}
	close(fd[1]);
	here = loop_new();
	assert_non_null(here);
	f->client = vault_client_new(here, f->fd, NULL, NULL, &f->link);
	assert_non_null(f->client);
	call_wait = run_here;
}

static void far_down(struct far *f)
{
	int st;

	vault_client_free(f->client);
	loop_free(here);
	close(f->fd);
	assert_int_equal(waitpid(f->pid, &st, 0), f->pid);
	assert_true(WIFEXITED(st) && WEXITSTATUS(st) == 0);
	up(f->w);
}

/* ---- the same answers through the socket ----------------------------------------------------------------- */

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
	struct why why = {0};
	char aor[256] = "";
	struct buf challenge = {0};
	uint64_t id = 0;
	struct far f;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	strcpy(q.module[0].file, "cpe.nbt");
	strcpy(w->site.external_fqdn, "sip.contoso.test");
	strcpy(w->site.external_web_fqdn, "web-ext.contoso.test");
	w->site.external_require_pin = true;
	far_up(&f, w);
	call_peer = "10.0.0.1";
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_OK);
	assert_string_equal(u.aor, "alice@contoso.test");
	assert_true(u.enabled && u.remote);
	assert_int_equal(call_user(&f.link, "nobody@contoso.test", &u), VAULT_NOT_FOUND);

	assert_int_equal(call_ticket_pin(&f.link, "4411", "111111", &ask, false, &t, &why), VAULT_REFUSED);
	assert_string_not_equal(why.text, "");
	assert_false(call_pin_proved(&f.link, "alice@contoso.test", "10.0.0.1"));
	assert_int_equal(call_ticket_pin(&f.link, "4411", "482915", &ask, false, &t, &why), VAULT_OK);
	assert_string_equal(t.issued.name_id, "sip:alice@contoso.test");
	assert_string_equal(t.issued.context, "ctx");
	assert_true(t.issued.assertion.n > 500 && t.issued.lifetime.n > 50 && t.issued.nentropy >= 16);
	assert_true(t.issued.expires > t.issued.created);
	assert_int_equal(call_ticket_known(&f.link, t.issued.assertion.p, t.issued.assertion.n, false, aor, &why), VAULT_OK);
	assert_string_equal(aor, "alice@contoso.test");
	vault_ticket_clear(&t);
	site_certprov_auth_url(&w->site, true, ask.applies_to); /* outside, where number and PIN are demanded as well */
	assert_int_equal(call_ticket_pin(&f.link, "4411", "482915", &ask, true, &t, &why), VAULT_OK);
	vault_ticket_clear(&t);
	assert_true(call_pin_proved(&f.link, "alice@contoso.test", "10.0.0.1"));
	site_certprov_auth_url(&w->site, false, ask.applies_to);

	assert_int_equal(call_ntlm_challenge(&f.link, true, NULL, 0, &id, &challenge), VAULT_OK);
	assert_true(id != 0 && challenge.n > 40 && memcmp(challenge.p, "NTLMSSP", 8) == 0);
	buf_free(&challenge);
	assert_int_equal(call_update_offer(&f.link, &q, "10.0.0.1", &o), VAULT_OK);
	assert_false(o.known);
	assert_int_not_equal(call_cert_issue(&f.link, "<x/>", 4, false, &c, &why), VAULT_OK);
	assert_int_not_equal(call_ticket_cert(&f.link, "<x/>", 4, false, &t, &why), VAULT_OK);
	assert_int_not_equal(call_ticket_login(&f.link, 77, &ask, false, &t, &why), VAULT_OK);
	assert_int_not_equal(call_cert_known(&f.link, (const uint8_t *)"0", 1, "alice@contoso.test", &why), VAULT_OK);
	far_down(&f);
	call_peer = NULL;
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
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_LATE);
	assert_true(u.enabled); /* untouched */
	vault_client_free(f.client);
	loop_free(here);
	close(f.fd);
	up(w);
}

/* ---- a worker under an attacker's control ---------------------------------------------------------------- */

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
	struct vault_ask ask = {.kind = VAULT_TICKET_PIN, .ticket_pin = {.number = "4411", .issue = ask_of(w)}};

	strcpy(ask.ticket_pin.pin, pin);
	vault_ask_write(q, number, &ask);
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
	struct why why = {0};
	uint8_t proof[32];

	snprintf(s.entity, sizeof s.entity, "sip:%s", who);
	site_certprov_auth_url(&f->w->site, false, s.to);
	assert_true(pki_csr_make(keys.phone, who, false, &s.csr));
	if (t) { /* as a phone does, with the key that belongs to this ticket */
		pki_p_sha1(ask.entropy, ask.nentropy, t->issued.entropy, t->issued.nentropy, proof, sizeof proof);
		assert_true(ticket_present(&security, &t->issued, proof, sizeof proof));
	}
	soap_cert_write(&envelope, &s, buf_view(&security));
	st = call_cert_issue(&f->link, envelope.p, envelope.n, false, c, &why);
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
	struct why why = {0};

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	person(w, "bob@contoso.test", "CONTOSO\\bob", "+14255550124", "4412", "482915");
	far_up(&f, w);
	assert_int_equal(call_ticket_pin(&f.link, "4411", "482915", &ask, false, &t, &why), VAULT_OK);
	assert_int_not_equal(certify(&f, &t, "bob@contoso.test", &c), VAULT_OK);
	assert_int_not_equal(certify(&f, NULL, "alice@contoso.test", &c), VAULT_OK);
	t.issued.entropy[0] ^= 1; /* a ticket that was seen, without its key */
	assert_int_not_equal(certify(&f, &t, "alice@contoso.test", &c), VAULT_OK);
	assert_int_equal(c.der.n, 0);
	t.issued.entropy[0] ^= 1;
	for (uint64_t id = 0; id < 4096; id++) {
		struct vault_ticket none = {0};

		assert_int_not_equal(call_ticket_login(&f.link, id, &ask, false, &none, &why), VAULT_OK);
	}
	assert_int_equal(certify(&f, &t, "alice@contoso.test", &c), VAULT_OK); /* correct requests are obeyed */
	assert_string_equal(c.aor, "alice@contoso.test");
	assert_int_equal(call_cert_known(&f.link, c.der.p, c.der.n, "alice@contoso.test", &why), VAULT_OK);
	assert_int_not_equal(call_cert_known(&f.link, c.der.p, c.der.n, "bob@contoso.test", &why), VAULT_OK);
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
			assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_OK);
	}
	buf_free(&q);
	for (unsigned kind = VAULT_KINDS; kind < VAULT_KINDS + 4; kind++) {
		ipc_begin(&q, 1, kind);
		assert_true(ipc_end(&q));
		assert_int_equal(send(f.fd, q.p, q.n, MSG_NOSIGNAL), (ssize_t)q.n);
		buf_free(&q);
	}
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_OK);
	pin_question(&q, w, 2, "482915"); /* none of it was an attempt */
	assert_int_equal(raw(&f, &q, &a), VAULT_OK);
	buf_free(&a);
	far_down(&f);
}

/* ---- many at once ---------------------------------------------------------------------------------------- */

enum { AT_ONCE = 60 };

struct crowd {
	unsigned answered, right, refused;
	bool all;
};

static void one_of_many(void *arg, struct vault_reply *r)
{
	struct crowd *c = arg;

	c->right += r->status == VAULT_OK;
	c->refused += r->status == VAULT_REFUSED;
	c->all = ++c->answered == AT_ONCE;
}

/* Many questions without waiting for one answer: each is answered once, and the right PIN of one user works beside the wrong ones
 * of another, which are all counted. */
static void many_at_once(void **state)
{
	struct world *w = *state;
	struct crowd crowd = {0};
	struct store_user bob;
	struct store_pin pin;
	struct far f;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	bob = person(w, "bob@contoso.test", "CONTOSO\\bob", "+14255550124", "4412", "482915");
	far_up(&f, w);
	for (unsigned i = 0; i < AT_ONCE; i++) {
		struct vault_ask q = {.kind = VAULT_TICKET_PIN, .ticket_pin = {.issue = ask_of(w)}};

		snprintf(q.ticket_pin.peer, sizeof q.ticket_pin.peer, "10.0.0.%u", i);
		strcpy(q.ticket_pin.number, i % 2 ? "4412" : "4411");
		strcpy(q.ticket_pin.pin, i % 2 ? "000000" : "482915");
		vault_send(&f.link, &q, one_of_many, &crowd);
	}
	assert_int_equal(crowd.answered, 0); /* nothing has waited */
	run_here(&crowd.all);
	assert_int_equal(crowd.right, AT_ONCE / 2);
	assert_int_equal(crowd.refused, AT_ONCE / 2);
	far_down(&f);
	assert_int_equal(w->store->ops->pin_get(w->store, bob.id, &pin), STORE_OK);
	assert_true(pin.locked_until > w->now);
	assert_int_equal(try_pin(w, "4412", "482915"), VAULT_REFUSED);
}

/* The vault's process is stopped: each question ends in time, and the next ones are answered when it goes on. */
static void a_vault_that_is_stopped(void **state)
{
	struct world *w = *state;
	struct vault_user u;
	uint64_t at;
	struct far f;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", "482915");
	far_up(&f, w);
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_OK);
	kill(f.pid, SIGSTOP);
	at = clock_mono_ms();
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_LATE);
	assert_in_range(clock_mono_ms() - at, VAULT_DEADLINE_MS - 100, VAULT_DEADLINE_MS + 1500);
	kill(f.pid, SIGCONT);
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_OK);
	assert_string_equal(u.aor, "alice@contoso.test");
	far_down(&f);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(every_call), T(a_vault_that_is_gone), T(no_extra_tries), T(no_certificate_for_a_stranger), T(nonsense),
	    T(many_at_once), T(a_vault_that_is_stopped),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
