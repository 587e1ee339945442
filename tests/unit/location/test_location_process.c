/* tests/unit/location/test_location_process.c: what the location process does besides holding bindings: it drains, lists phones and counts
 * what was seen of them, adopts workers of before, and speaks with the pool's other front ends through its vault.
 */
#include "tests/unit/location/place_world.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/ipc.h"
#include "server/control/control.h"
#include "server/location/far_link.h"
#include "server/location/ipc.h"
#include "tests/support/check.h"

enum { PATIENCE_MS = 10000 };

static void sign_in(const char *user, uint64_t conn)
{
	struct location_binding b = {.contact = "sip:a@1.2.3.4", .epid = "c97532c1946f", .conn = conn, .expires = INT64_MAX}, all[1];
	size_t n = 0;

	snprintf(b.aor, sizeof b.aor, "%s@contoso.test", user);
	snprintf(b.instance, sizeof b.instance, "%08x-dca1-559e-ad2b-b514060a2da2", (unsigned)conn);
	assert_int_equal(call_put(&place.link, &b, 8, all, 1, &n), LOCATION_ADDED);
}

/* An answer of the control socket, whole. */
static void answered(const char *line, struct buf *ret)
{
	int fd = place_asked(line);
	char part[512];

	buf_clear(ret);
	for (ssize_t n; (n = recv(fd, part, sizeof part, 0)) > 0;)
		buf_add(ret, part, (size_t)n);
	close(fd);
}

static void refuses(const char *line, const char *why)
{
	struct buf b = {0};

	answered(line, &b);
	if (strncmp(buf_cstr(&b), "error ", 6) != 0 || strstr(buf_cstr(&b), why) == NULL)
		fail_msg("%s -> %s", line, buf_cstr(&b));
	buf_free(&b);
}

/* ---- draining ------------------------------------------------------------------------------------------------------------- */

/* Every phone is asked to go, spread over the time; nobody is asked twice who has gone; then phones are taken again. */
static void drain(void **state)
{
	struct location_process with = PLACE_ALONE;
	unsigned phones = 0, asked = 0;
	struct location_notice order;
	uint64_t began, first = 0;
	struct why why = {0};
	int fd, n = 0;
	bool nobody, changed;

	(void)state;
	assert_non_null(with.scoreboard = scoreboard_new(&fd));
	place_up(&with);
	for (const char *const *u = (const char *const[]){"alice", "bob", "carol", "dave", NULL}; *u; u++)
		sign_in(*u, (uint64_t)++n);
	refuses("drain x\n", "drain SECONDS");
	refuses("drain 99999999\n", "drain SECONDS");
	assert_false(health_drains(&with.scoreboard->health));
	began = clock_mono_ms();
	assert_true(control_drain(place.dir, true, 1, &phones, &changed, &nobody, &why));
	assert_true(phones == 4 && changed && !nobody);
	assert_true(health_drains(&with.scoreboard->health));
	for (bool gone[5] = {false}; asked < 4; asked++) {
		place_ordered(&order);
		assert_int_equal(order.order, LOCATION_DEACTIVATED);
		assert_in_range(order.conn, 1, 4);
		assert_false(gone[order.conn]);
		gone[order.conn] = true;
		first = first ? first : clock_mono_ms();
	}
	assert_true(first - began >= 1000); /* load balancers look first */
	assert_true(control_drain(place.dir, false, 0, &phones, &changed, &nobody, &why) && changed);
	assert_true(control_drain(place.dir, false, 0, &phones, &changed, &nobody, &why) && !changed);
	assert_false(health_drains(&with.scoreboard->health));
	sign_in("erin", 9);
	place_down();
	assert_true(control_drain(place.dir, false, 0, &phones, &changed, &nobody, &why) && nobody);
	scoreboard_free(with.scoreboard);
	close(fd);
}

/* A process that died while it drained: its successor goes on with it. */
static void a_successor_drains_on(void **state)
{
	struct location_process with = PLACE_ALONE;
	struct location_notice order;
	int fd;

	(void)state;
	assert_non_null(with.scoreboard = scoreboard_new(&fd));
	atomic_store(&with.scoreboard->health.draining, 1);
	place_up(&with);
	sign_in("alice", 1);
	place_ordered(&order);
	assert_int_equal(order.order, LOCATION_DEACTIVATED);
	assert_string_equal(order.aor, "alice@contoso.test");
	place_down();
	scoreboard_free(with.scoreboard);
	close(fd);
}

/* ---- phones, and what was seen of them ---------------------------------------------------------------------------------------- */

static struct seen step_of(enum seen_step step, enum seen_result result, enum seen_evidence evidence)
{
	uint64_t now = clock_mono_ms();
	struct seen s = {.step = step, .result = result, .evidence = evidence, .began = now > 40 ? now - 40 : 0, .mac = "00:04:f2:00:01:76",
			 .address = "10.66.0.148", .model = "CX600", .firmware = "4.0.7577.4363"};

	return s;
}

static void seen_by_worker(const struct seen *s)
{
	struct location_binding all[1];
	size_t n;

	location_send(&place.link, &(struct location_ask){.kind = LOCATION_SEEN, .seen = *s}, NULL, NULL);
	assert_true(call_list(&place.link, "nobody@contoso.test", all, 1, &n)); /* so that it is there: one socket, one order */
}

struct phones {
	unsigned n;
	struct control_phone last;
};

static void phone_listed(void *arg, const struct control_phone *p)
{
	struct phones *all = arg;

	all->n++;
	all->last = *p;
}

static struct control_phone the_phone(void)
{
	struct phones all = {0};
	struct why why = {0};
	bool nobody;

	if (!control_phones(place.dir, phone_listed, &all, &nobody, &why))
		fail_msg("%s", why.text);
	assert_int_equal(all.n, 1);
	return all.last;
}

/* GET of the port of metrics; the whole answer. */
static void scraped(const struct sockaddr_in *at, const char *request, struct buf *ret)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char part[2048];

	buf_clear(ret);
	assert_int_equal(connect(fd, (const struct sockaddr *)at, sizeof *at), 0);
	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	for (ssize_t n; (n = recv(fd, part, sizeof part, 0)) > 0;)
		buf_add(ret, part, (size_t)n);
	close(fd);
}

static void counted(const struct sockaddr_in *at)
{
	struct buf b = {0}, long_head = {0};
	const char *body;

	scraped(at, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", &b);
	assert_memory_equal(b.p, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(body = strstr(buf_cstr(&b), "\r\n\r\n"));
	assert_non_null(strstr(body, "metadata"));
	assert_non_null(strstr(body, "dhcp"));
	scraped(at, "\n\n", &b); /* "anything that is asked gets the same answer" */
	assert_memory_equal(b.p, "HTTP/1.1 200 OK\r\n", 17);
	for (int i = 0; i < 5000; i++)
		buf_str(&long_head, "x");
	scraped(at, buf_cstr(&long_head), &b); /* a head that does not end */
	assert_int_equal(b.n, 0);
	buf_free(&b);
	buf_free(&long_head);
}

static int listen_here(struct sockaddr_in *ret)
{
	socklen_t n = sizeof *ret;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_true(bind(fd, (struct sockaddr *)ret, n) == 0 && listen(fd, 16) == 0 && getsockname(fd, (struct sockaddr *)ret, &n) == 0);
	return fd;
}

/* The DHCP responder's INFORM, then a worker's steps: one phone, and its way. */
static void seen_from_all_sides(void **state)
{
	struct location_process with = PLACE_ALONE;
	struct seen s = step_of(SEEN_DHCP, SEEN_ANSWERED, SEEN_DATAGRAM), forged;
	struct sockaddr_in at;
	struct control_phone p;
	struct buf b = {0};
	int dhcp[2];

	(void)state;
	assert_true(ipc_pair(dhcp));
	with.dhcp_fd = dhcp[1];
	with.metrics_fd = listen_here(&at);
	place_up(&with);
	forged = step_of(SEEN_REGISTER, SEEN_ANSWERED, SEEN_PROVED); /* a captured responder proves nobody */
	strcpy(forged.mac, "00:04:f2:00:09:99");
	location_ask_write(&b, 0, &(struct location_ask){.kind = LOCATION_SEEN, .seen = forged});
	assert_true(ipc_send(dhcp[0], &b));
	location_ask_write(&b, 0, &(struct location_ask){.kind = LOCATION_SEEN, .seen = s});
	assert_true(ipc_send(dhcp[0], &b));
	for (uint64_t until = clock_mono_ms() + PATIENCE_MS; clock_mono_ms() < until; usleep(10000)) {
		answered("phones\n", &b);
		if (strstr(buf_cstr(&b), "00:04:f2"))
			break;
	}
	p = the_phone();
	assert_string_equal(p.mac, "00:04:f2:00:01:76");
	assert_int_equal(p.nstep, 1);
	assert_string_equal(p.step[0].name, "dhcp");
	s = step_of(SEEN_METADATA, SEEN_ANSWERED, SEEN_ADDRESS);
	seen_by_worker(&s);
	s = step_of(SEEN_TICKET, SEEN_REFUSED, SEEN_ADDRESS);
	s.code = DT_F_PIN_REFUSED;
	strcpy(s.cause, "the PIN\tis wrong");
	seen_by_worker(&s);
	p = the_phone();
	assert_string_equal(p.model, "CX600");
	assert_string_equal(p.address, "10.66.0.148");
	assert_string_equal(p.firmware, "4.0.7577.4363");
	assert_true(!p.outside && !p.proved && p.nstep == 3 && p.stage == 7);
	assert_string_equal(p.failed, dt_failures[DT_F_PIN_REFUSED].code);
	assert_string_equal(p.cause, "the PIN?is wrong"); /* one field of one line */
	assert_true(p.failed_ms >= 0 && p.seen_ms >= 0 && p.began_ms >= p.seen_ms);
	counted(&at);
	place_down();
	close(dhcp[0]);
	close(dhcp[1]);
	close(with.metrics_fd);
	buf_free(&b);
}

/* ---- workers of before ---------------------------------------------------------------------------------------------------------- */

/* Their location process has ended, and from SIGUSR1 on this one answers them. */
static void workers_of_before(void **state)
{
	int ask[2], push[2];
	struct location_process with = PLACE_ALONE;
	struct location_link own;
	struct location_client *other;
	struct location_link link;
	struct location_binding all[2];
	size_t n = 0;

	(void)state;
	assert_true(ipc_pair(ask) && ipc_pair(push));
	with.adopted_ask = &ask[1];
	with.adopted_push = &push[1];
	with.nadopted = 1;
	place_up(&with);
	sign_in("alice", 1);
	assert_int_equal(kill(place.pid, SIGUSR1), 0);
	assert_non_null(other = location_client_new(place.loop, ask[0], NULL, NULL, &link));
	own = place.link;
	place.link = link;
	sign_in("bob", 2);
	place.link = own;
	assert_true(call_list(&place.link, "bob@contoso.test", all, 2, &n));
	assert_int_equal(n, 1);
	location_client_free(other);
	shutdown(ask[0], SHUT_RDWR); /* that worker ends: its phones are gone with it */
	for (uint64_t until = clock_mono_ms() + PATIENCE_MS; n && clock_mono_ms() < until; usleep(10000))
		assert_true(call_list(&place.link, "bob@contoso.test", all, 2, &n));
	assert_int_equal(n, 0);
	assert_true(call_list(&place.link, "alice@contoso.test", all, 2, &n) && n == 1);
	place_down();
	close(ask[0]);
	close(ask[1]);
	close(push[0]);
	close(push[1]);
}

/* ---- other front ends ------------------------------------------------------------------------------------------------------------- */

static struct vault { /* the test's end: as server/vault/sync.c speaks */
	struct ipc_server from;
	unsigned hellos, batches;
	struct location_far told[8];
	unsigned ntold;
} vault;

static void of_the_location(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct far_batch b = {0};
	struct buf answer = {0};

	(void)arg;
	vault.hellos += m->kind == FAR_HELLO;
	if (m->kind != FAR_BATCH)
		return;
	fields_get(&m->body, far_batch_fields, &b);
	assert_null(m->body.err);
	for (unsigned i = 0; i < b.n && vault.ntold < 8; i++)
		vault.told[vault.ntold++] = b.row[i];
	fields_clear(far_batch_fields, &b);
	vault.batches++;
	ipc_begin(&answer, m->number, FAR_BATCH);
	assert_true(ipc_server_send(from, &answer));
}

static void vault_tells(enum far_kind kind, const struct field *table, const void *what)
{
	struct buf b = {0};

	ipc_begin(&b, 0, kind);
	if (table)
		fields_put(&b, table, what);
	assert_true(ipc_server_send(&vault.from, &b));
}

static void until(const unsigned *count, unsigned n)
{
	for (uint64_t late = clock_mono_ms() + PATIENCE_MS; *count < n && clock_mono_ms() < late;)
		loop_once(place.loop);
	assert_int_equal(*count, n);
}

static void count_endpoint(void *arg, const struct control_endpoint *e)
{
	struct control_endpoint *last = arg;

	*last = *e;
}

/* The control socket says that this front end holds the user ("": this one, NULL: nobody). */
static bool held_by(const char *aor, const char *front_end)
{
	struct control_endpoint e = {.worker = 77};
	struct why why = {0};
	bool nobody;

	assert_true(control_registered(place.dir, aor, count_endpoint, &e, &nobody, &why));
	return front_end ? e.worker != 77 && strcmp(e.front_end, front_end) == 0 : e.worker == 77;
}

static void wait_held_by(const char *aor, const char *front_end)
{
	for (uint64_t late = clock_mono_ms() + PATIENCE_MS; !held_by(aor, front_end) && clock_mono_ms() < late;)
		usleep(10000);
	assert_true(held_by(aor, front_end));
}

static void others_rows(void)
{
	struct location_far carol = {.front_end = "fe02.contoso.test", .seconds = 600, .binding.epid = "e2"};

	strcpy(carol.binding.aor, "carol@contoso.test");
	strcpy(carol.binding.instance, "i-carol");
	strcpy(carol.binding.contact, "sip:c@5.6.7.8");
	vault_tells(FAR_ROWS, far_batch_fields, &(struct far_batch){&carol, 1});
	wait_held_by("carol@contoso.test", "fe02.contoso.test");
	carol.gone = true;
	vault_tells(FAR_ROWS, far_batch_fields, &(struct far_batch){&carol, 1});
	wait_held_by("carol@contoso.test", NULL);
	carol.gone = false;
	vault_tells(FAR_ROWS, far_batch_fields, &(struct far_batch){&carol, 1});
	wait_held_by("carol@contoso.test", "fe02.contoso.test");
	vault_tells(FAR_LOST, far_lost_fields, &(struct far_lost){.front_end = "fe02.contoso.test"});
	wait_held_by("carol@contoso.test", NULL);
	assert_true(held_by("alice@contoso.test", "")); /* this one's stay */
}

/* It tells what it holds, hears what others hold, and obeys orders that were typed there. */
static void with_other_front_ends(void **state)
{
	struct far_order order = {.order = LOCATION_REJECTED, .diag = 4141, .aor = "alice@contoso.test", .reason = "User disabled"};
	static struct site site = {.fqdn = "fe01.contoso.test"};
	struct location_process with = PLACE_ALONE;
	struct location_notice got;
	int far[2];

	(void)state;
	assert_true(ipc_pair(far));
	with.far_fd = far[1];
	with.site = &site;
	place_up(&with);
	assert_true(ipc_server_init(&vault.from, place.loop, far[0], of_the_location, NULL));
	until(&vault.hellos, 1);
	sign_in("alice", 1); /* told with the others, when the vault asks */
	vault_tells(FAR_ANEW, NULL, NULL);
	until(&vault.ntold, 1);
	assert_string_equal(vault.told[0].front_end, "fe01.contoso.test");
	assert_string_equal(vault.told[0].binding.aor, "alice@contoso.test");
	assert_false(vault.told[0].gone);
	sign_in("bob", 2);
	until(&vault.ntold, 2);
	assert_string_equal(vault.told[1].binding.aor, "bob@contoso.test");
	assert_true(call_drop(&place.link, "bob@contoso.test", vault.told[1].binding.instance, 2));
	until(&vault.ntold, 3);
	assert_true(vault.told[2].gone);
	others_rows();
	vault_tells(FAR_ORDER, far_order_fields, &order);
	place_ordered(&got);
	assert_int_equal(got.order, LOCATION_REJECTED);
	assert_string_equal(got.aor, "alice@contoso.test");
	assert_int_equal(got.diag, 4141);
	assert_string_equal(got.reason, "User disabled");
	vault_tells(FAR_LOST, far_order_fields, &order); /* a message that cannot be read changes nothing */
	vault_tells((enum far_kind)99, NULL, NULL);
	assert_true(held_by("bob@contoso.test", NULL));
	ipc_server_clear(&vault.from);
	place_down();
	close(far[0]);
	close(far[1]);
}

/* ---- what is typed and is no question --------------------------------------------------------------------------------------------- */

static void no_question(void **state)
{
	struct buf b = {0};

	(void)state;
	place_up(NULL);
	refuses("remove alice\n", "the questions are");
	refuses("order alice@contoso.test 9 1 x\n", "an order is");
	refuses("order\n", "an order is");
	refuses("drain 5\n", "drain SECONDS"); /* there is no scoreboard to say it on */
	for (int i = 0; i < 1024; i++)
		buf_str(&b, "x");
	refuses(buf_cstr(&b), "too long");
	buf_clear(&b);
	buf_str(&b, "registered ");
	for (int i = 0; i < 300; i++)
		buf_str(&b, "x");
	buf_str(&b, "\n");
	refuses(buf_cstr(&b), "not a SIP address");
	place_down();
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(drain),		  cmocka_unit_test(a_successor_drains_on),
					   cmocka_unit_test(seen_from_all_sides), cmocka_unit_test(workers_of_before),
					   cmocka_unit_test(with_other_front_ends), cmocka_unit_test(no_question)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
