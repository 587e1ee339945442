/* tests/unit/server/test_ipc.c: between processes: the real vault behind its socket, in a process of its own; a client under an
 * attacker's control that drives the socket directly; the location process's questions; messages cut at every length.
 */
#include "tests/support/vault_world.h"

#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "server/location/ipc.h"
#include "server/location/rows.h"
#include "server/vault/ipc.h"
#include "server/vault/pool.h"
#include "server/vault/rows.h"
#include "tests/support/location_calls.h"

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
		struct ipc_server server;
		struct vault_pool *pool;
		struct loop *l;

		close(fd[0]);
		w->store = store_shared(store_sqlite(w->path, w->why, sizeof w->why));
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
	call_peer = "10.0.0.1";
	far_up(&f, w);
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_OK);
	assert_string_equal(u.aor, "alice@contoso.test");
	assert_true(u.enabled && u.remote);
	assert_int_equal(call_user(&f.link, "nobody@contoso.test", &u), VAULT_NOT_FOUND);

	assert_int_equal(call_ticket_pin(&f.link, "4411", "111111", &ask, false, &t, why), VAULT_REFUSED);
	assert_string_not_equal(why, "");
	assert_false(call_pin_proved(&f.link, "alice@contoso.test", "10.0.0.1"));
	assert_int_equal(call_ticket_pin(&f.link, "4411", "482915", &ask, false, &t, why), VAULT_OK);
	assert_string_equal(t.issued.name_id, "sip:alice@contoso.test");
	assert_string_equal(t.issued.context, "ctx");
	assert_true(t.issued.assertion.n > 500 && t.issued.lifetime.n > 50 && t.issued.nentropy >= 16);
	assert_true(t.issued.expires > t.issued.created);
	assert_int_equal(call_ticket_known(&f.link, t.issued.assertion.p, t.issued.assertion.n, false, aor, why), VAULT_OK);
	assert_string_equal(aor, "alice@contoso.test");
	vault_ticket_clear(&t);
	site_certprov_auth_url(&w->site, true, ask.applies_to); /* outside, where number and PIN are demanded as well */
	assert_int_equal(call_ticket_pin(&f.link, "4411", "482915", &ask, true, &t, why), VAULT_OK);
	vault_ticket_clear(&t);
	assert_true(call_pin_proved(&f.link, "alice@contoso.test", "10.0.0.1"));
	site_certprov_auth_url(&w->site, false, ask.applies_to);

	assert_int_equal(call_ntlm_challenge(&f.link, true, NULL, 0, &id, &challenge), VAULT_OK);
	assert_true(id != 0 && challenge.n > 40 && memcmp(challenge.p, "NTLMSSP", 8) == 0);
	buf_free(&challenge);
	assert_int_equal(call_update_offer(&f.link, &q, "10.0.0.1", &o), VAULT_OK);
	assert_false(o.known);
	assert_int_not_equal(call_cert_issue(&f.link, "<x/>", 4, false, &c, why), VAULT_OK);
	assert_int_not_equal(call_ticket_cert(&f.link, "<x/>", 4, false, &t, why), VAULT_OK);
	assert_int_not_equal(call_ticket_login(&f.link, 77, &ask, false, &t, why), VAULT_OK);
	assert_int_not_equal(call_cert_known(&f.link, (const uint8_t *)"0", 1, "alice@contoso.test", why), VAULT_OK);
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
	assert_int_equal(call_user(&f.link, "alice@contoso.test", &u), VAULT_LATE);
	assert_true(u.enabled); /* untouched */
	vault_client_free(f.client);
	loop_free(here);
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
	st = call_cert_issue(&f->link, envelope.p, envelope.n, false, c, why);
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
	assert_int_equal(call_ticket_pin(&f.link, "4411", "482915", &ask, false, &t, why), VAULT_OK);
	assert_int_not_equal(certify(&f, &t, "bob@contoso.test", &c), VAULT_OK);
	assert_int_not_equal(certify(&f, NULL, "alice@contoso.test", &c), VAULT_OK);
	t.issued.entropy[0] ^= 1; /* a ticket that was seen, without its key */
	assert_int_not_equal(certify(&f, &t, "alice@contoso.test", &c), VAULT_OK);
	assert_int_equal(c.der.n, 0);
	t.issued.entropy[0] ^= 1;
	for (uint64_t id = 0; id < 4096; id++) {
		struct vault_ticket none = {0};

		assert_int_not_equal(call_ticket_login(&f.link, id, &ask, false, &none, why), VAULT_OK);
	}
	assert_int_equal(certify(&f, &t, "alice@contoso.test", &c), VAULT_OK); /* correct requests are obeyed */
	assert_string_equal(c.aor, "alice@contoso.test");
	assert_int_equal(call_cert_known(&f.link, c.der.p, c.der.n, "alice@contoso.test", why), VAULT_OK);
	assert_int_not_equal(call_cert_known(&f.link, c.der.p, c.der.n, "bob@contoso.test", why), VAULT_OK);
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

/* ---- many at once --------------------------------------------------------------------------------------------------------- */

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
		struct vault_ask q = {.kind = VAULT_TICKET_PIN, .ticket_pin = {.peer = "10.0.0.1", .issue = ask_of(w)}};

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

/* ---- fields: a message is read whole or not at all --------------------------------------------------------------------------- */

/* Every octet of a struct's fields is something else; what a table leaves out stays zero. */
static void fill(const struct field *table, char *x, unsigned *next)
{
	static struct buf kept[64]; /* the octets that views point to */
	static unsigned nkept;

	for (const struct field *f = table; f->name; f++) {
		char *p = x + f->at;
		unsigned two = 2;
		size_t n = f->size / 2 + 1;
		char *room;

		switch (f->type) {
		case FIELD_STR:
			for (size_t i = 0; i < f->size - 1 && i < 9; i++)
				p[i] = (char)('a' + (*next)++ % 26);
			break;
		case FIELD_INT:
			*(uint8_t *)p = 1 + (uint8_t)((*next)++ % (f->most ? (unsigned)f->most : 100));
			break;
		case FIELD_FLAG:
			*(bool *)p = true;
			break;
		case FIELD_FIXED:
		case FIELD_OCTETS:
			memset(p, (int)(1 + (*next)++ % 100), f->type == FIELD_FIXED ? f->size : n);
			if (f->type == FIELD_OCTETS)
				memcpy(x + f->count_at, &n, sizeof n);
			break;
		case FIELD_VIEW:
			buf_printf(&kept[nkept % 64], "view %u", (*next)++);
			*(struct sv *)p = buf_view(&kept[nkept++ % 64]);
			break;
		case FIELD_BUF:
			buf_printf((struct buf *)p, "buffer %u", (*next)++);
			break;
		case FIELD_STRUCT:
			fill(f->of, p, next);
			break;
		case FIELD_LIST:
		case FIELD_HEAP:
			room = f->type == FIELD_LIST ? p : calloc(two, f->size);
			if (f->type == FIELD_HEAP)
				memcpy(p, &room, sizeof room);
			memcpy(x + f->count_at, &two, sizeof two);
			fill(f->of, room, next);
			fill(f->of, room + f->size, next);
		}
	}
}

static void views_free(const struct field *table, char *x)
{
	for (const struct field *f = table; f->name; f++)
		if (f->type == FIELD_VIEW)
			buf_free(&(struct buf){.p = (uint8_t *)(uintptr_t)((struct sv *)(x + f->at))->p});
}

/* Written, read back at every length, written again: the same octets, and only from all of them. */
static void there_and_back(const struct field *table, size_t size, const char *name)
{
	struct buf a = {0}, b = {0};
	char *x = calloc(1, size), *y = calloc(1, size);
	unsigned next = 0;

	assert_true(x && y);
	fill(table, x, &next);
	fields_put(&a, table, x);
	assert_false(a.oom);
	for (size_t n = 0; n <= a.n; n++) {
		uint8_t *in = exact_copy(a.p ? a.p : (const uint8_t *)"", a.n, n);
		struct rd r = rd_of(in, n);

		memset(y, 0, size);
		fields_get(&r, table, y);
		rd_end(&r);
		if ((r.err == NULL) != (n == a.n))
			fail_msg("%s: %zu of %zu octets: %s", name, n, a.n, r.err ? r.err : "read");
		if (n == a.n)
			fields_put(&b, table, y);
		fields_clear(table, y);
		free(in);
	}
	if (a.n != b.n || (a.n && memcmp(a.p, b.p, a.n) != 0))
		fail_msg("%s: what was read is not what was written", name);
	views_free(table, x);
	fields_clear(table, x);
	buf_free(&a);
	buf_free(&b);
	free(x);
	free(y);
}

static void every_row(void **state)
{
	unsigned rows = 0;

	(void)state;
	for (unsigned kind = 0; kind < VAULT_KINDS; kind++) {
		const struct vault_row *row = vault_row_of(kind);

		if (row == NULL)
			continue;
		there_and_back(row->ask, sizeof(struct vault_ask), row->name);
		there_and_back(row->reply, sizeof(struct vault_reply), row->name);
		assert_non_null(row->handler);
		rows++;
	}
	assert_int_equal(rows, VAULT_KINDS - 1);
	for (unsigned kind = 0; kind < LOCATION_KINDS; kind++) {
		const struct location_row *row = location_row_of(kind);

		if (row == NULL)
			continue;
		there_and_back(row->ask, sizeof(struct location_ask), row->name);
		there_and_back(row->reply, sizeof(struct location_reply), row->name);
	}
	there_and_back(location_notice_fields, sizeof(struct location_notice), "notice");
	assert_null(vault_row_of(VAULT_KINDS));
	assert_null(location_row_of(LOCATION_KINDS));
}

/* Lengths and counts that a hostile peer would send. */
static void hostile_lengths(void **state)
{
	static const struct {
		unsigned kind, skip; /* octets before the length, all zero */
		uint64_t length;
		unsigned octets;
	} rows[] = {
	    {VAULT_USER, 0, UINT32_MAX, 4}, {VAULT_USER, 0, 256, 4}, {VAULT_CERT_KNOWN, 0, 0x7fffffff, 4},
	    {VAULT_UPDATE_OFFER, 8 * 4, UPDATE_MODULES + 1, 2}, {VAULT_UPDATE_OFFER, 8 * 4, 0xffff, 2},
	    {VAULT_TICKET_LOGIN, 8 + 1 + 6 * 4, 65, 4},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct vault_ask q;
		struct ipc_message m;
		uint8_t *in;

		ipc_begin(&b, 1, rows[i].kind);
		for (unsigned k = 0; k < rows[i].skip; k++)
			field_put(&b, 1, 0);
		field_put(&b, rows[i].octets, rows[i].length);
		for (unsigned k = 0; k < 300; k++)
			field_put(&b, 1, 'x');
		assert_true(ipc_end(&b));
		in = exact_copy(b.p, b.n, b.n);
		assert_true(ipc_read(in, b.n, &m));
		assert_false(vault_ask_read(&m, &q));
		free(in);
		buf_free(&b);
	}
}

static void secrets_are_wiped_and_never_printed(void **state)
{
	struct vault_ask q = {.kind = VAULT_TICKET_PIN, .ticket_pin = {.number = "4411", .pin = "482915"}};
	const struct vault_row *row = vault_row_of(VAULT_TICKET_PIN);
	struct buf text = {0};

	(void)state;
	memset(q.ticket_pin.issue.entropy, 0x5a, 64);
	q.ticket_pin.issue.nentropy = 64;
	fields_print(&text, row->ask, &q);
	assert_non_null(strstr(buf_cstr(&text), "number=4411"));
	assert_non_null(strstr(buf_cstr(&text), "pin=***"));
	assert_null(strstr(buf_cstr(&text), "482915"));
	assert_non_null(strstr(buf_cstr(&text), "entropy=***"));
	buf_free(&text);
	vault_ask_clear(&q);
	assert_null(memmem(&q, sizeof q, "482915", 6));
	assert_null(memmem(&q, sizeof q, "\x5a\x5a\x5a\x5a", 4));
	assert_string_equal(q.ticket_pin.number, "4411");
}

/* ---- location ------------------------------------------------------------------------------------------------------------------------ */

static int64_t at_now(void *arg)
{
	(void)arg;
	return NOW;
}

struct place { /* a location process in a thread of the test's choosing: answered by a forked one */
	struct location *l;
	uint32_t worker;
};

static void ask_location(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct place *p = arg;
	struct location_reply r;
	struct location_ask q;
	struct buf answer = {0};

	if (!location_ask_read(m, &q))
		return;
	location_answer(p->l, p->worker, &q, &r);
	location_reply_write(&answer, m->number, &r);
	location_reply_clear(&r);
	ipc_server_send(from, &answer);
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
	struct location_ask held = {.kind = LOCATION_HELD};
	struct location_link link;
	struct ipc_message m;
	struct buf push = {0};
	size_t n = 0;
	pid_t pid;
	int fd[2], st;

	(void)state;
	assert_true(ipc_pair(fd));
	pid = place_up(fd[1]);
	here = loop_new();
	assert_non_null(here);
	call_wait = run_here;
	c = location_client_new(here, fd[0], NULL, NULL, &link);
	assert_non_null(c);
	assert_int_equal(call_put(&link, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_ADDED);
	assert_int_equal(n, 1);
	assert_int_equal(all[0].worker, 3);
	assert_string_equal(all[0].contact, "sip:a@1.2.3.4");
	strcpy(b.instance, "i2");
	assert_int_equal(call_put(&link, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_ADDED);
	assert_int_equal(n, 2);
	assert_int_equal(call_put(&link, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_REFRESHED);
	assert_true(call_drop(&link, "ALICE@contoso.test", "i1", 9));
	assert_false(call_drop(&link, "alice@contoso.test", "i1", 9));

	kill(pid, SIGKILL); /* its successor finds the same socket */
	waitpid(pid, &st, 0);
	pid = place_up(fd[1]);
	held.held.binding = b; /* the worker tells it what it holds */
	held.held.binding.worker = 77; /* and speaks for itself only */
	location_send(&link, &held, NULL, NULL);
	location_send(&link, &(struct location_ask){.kind = LOCATION_TOLD}, NULL, NULL);
	strcpy(b.instance, "i3");
	assert_int_equal(call_put(&link, &b, 8, all, LOCATION_ENDPOINTS_MAX, &n), LOCATION_ADDED);
	assert_int_equal(n, 2); /* i2, told again, and i3 */
	n = 0;
	assert_true(call_list(&link, "ALICE@contoso.test", all, LOCATION_ENDPOINTS_MAX, &n));
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(all[i].peer, "[2001:db8::1]:51234");
		assert_int_equal(all[i].worker, 3);
	}
	assert_true(call_list(&link, "alice@contoso.test", all, 1, &n));
	assert_int_equal(n, 1);
	assert_true(call_list(&link, "bob@contoso.test", all, LOCATION_ENDPOINTS_MAX, &n));
	assert_int_equal(n, 0);

	ipc_begin(&push, 2, LOCATION_P_ORDER);
	location_notice_put(&push, &(struct location_notice){.conn = 9, .order = LOCATION_REJECTED, .aor = "x", .diag = 4141,
							     .reason = "User disabled"});
	assert_true(ipc_end(&push) && ipc_read(push.p, push.n, &m));
	assert_int_equal(m.kind, LOCATION_P_ORDER);
	assert_true(location_notice_read(&m.body, &notice));
	assert_int_equal(notice.conn, 9);
	assert_int_equal(notice.order, LOCATION_REJECTED);
	assert_string_equal(notice.reason, "User disabled");
	buf_free(&push);
	location_client_free(c);
	loop_free(here);
	close(fd[0]);
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
	close(fd[1]);
}

/* ---- what was handled is gone ------------------------------------------------------------------------------------------------ */

static void told(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	char pin[16];

	field_get_str(&m->body, pin, sizeof pin);
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
	field_put_str(&b, "482915");
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
	    T(every_call), T(a_vault_that_is_gone), T(no_extra_tries), T(no_certificate_for_a_stranger), T(nonsense), T(many_at_once),
	    T(a_vault_that_is_stopped),
	    cmocka_unit_test(every_row), cmocka_unit_test(hostile_lengths), cmocka_unit_test(secrets_are_wiped_and_never_printed),
	    cmocka_unit_test(a_new_location_process_learns),
	    cmocka_unit_test(nothing_stays_in_the_buffer)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
