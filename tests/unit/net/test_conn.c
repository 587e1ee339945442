/* Connections over TCP on the loopback: the peer, TLS or a reset, deadlines, an orderly end. */
#include "net/proxy.h"
#include "tests/support/net_world.h"

#include <arpa/inet.h>
#include <sys/mman.h>

#include "pki/cert.h"

struct world {
	struct loop *loop;
	struct tls_ctx *server_tls, *client_tls;
	struct conn *conn; /* NULL: gone */
	struct client client;
	int listener;
	unsigned ups, ends;
	struct buf got;
	char why[240], address[NET_ADDRESS_MAX];
	uint16_t port;
	bool greet, orderly;
	unsigned deliveries;
};

static void up(void *arg, struct conn *c)
{
	struct world *w = arg;

	w->ups++;
	snprintf(w->address, sizeof w->address, "%s", conn_address(c));
	w->port = conn_port(c);
}

static void data(void *arg, const void *p, size_t n)
{
	struct world *w = arg;

	buf_add(&w->got, p, n);
	w->deliveries++;
	if (w->greet)
		conn_write(w->conn, "hello", 5);
}

static void gone(void *arg, const char *why)
{
	struct world *w = arg;

	w->conn = NULL;
	w->ends++;
	w->orderly = why == NULL;
	snprintf(w->why, sizeof w->why, "%s", why ? why : "");
}

static const struct conn_events events = {.up = up, .data = data, .gone = gone};

static int contexts_make(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	if (w == NULL)
		return -1;
	w->server_tls = server_context("edge.contoso.test");
	w->client_tls = tls_ctx_client(&(struct tls_client_conf){TLS_MODERN});
	*state = w;
	return w->client_tls ? 0 : -1;
}

static int contexts_free(void **state)
{
	struct world *w = *state;

	tls_ctx_free(w->server_tls);
	tls_ctx_free(w->client_tls);
	free(w);
	return 0;
}

/* A client that is connected, and the connection that was accepted from it. */
static void world_init(struct world *w, void **state, const struct conn_conf *conf)
{
	const struct world *shared = *state;
	struct sockaddr_in at;
	struct sockaddr_storage from;
	socklen_t n = sizeof at, nfrom = sizeof from;
	struct conn_conf c = *conf;
	struct why why = {0};
	int fd, accepted;

	*w = (struct world){.loop = loop_new(), .server_tls = shared->server_tls, .client_tls = shared->client_tls};
	assert_non_null(w->loop);
	w->listener = listen_tcp("127.0.0.1", 0, &why);
	assert_true(w->listener >= 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&at, &n), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, n), 0);
	client_init(&w->client, w->loop, fd);
	do
		accepted = accept4(w->listener, (struct sockaddr *)&from, &nfrom, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (accepted < 0 && errno == EAGAIN);
	c.loop = w->loop;
	c.on = &events;
	c.arg = w;
	w->conn = conn_new(&c, accepted, &from);
}

static void world_clear(struct world *w)
{
	if (w->conn)
		conn_reset(w->conn, "the test ends");
	until(w->loop, w->conn == NULL);
	assert_int_equal(w->ends, 1);
	client_clear(&w->client);
	close(w->listener);
	buf_free(&w->got);
	loop_free(w->loop);
}

/* From HAProxy's doc/proxy-protocol.txt 2.2: signature, version 2 and PROXY, TCP over IPv4, 12 octets:
 * 198.51.100.7 port 49152 to 192.0.2.1 port 443. */
/* clang-format off */
static const uint8_t proxy_head[] = {
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a,
	0x21, 0x11, 0x00, 0x0c,
	198, 51, 100, 7,  192, 0, 2, 1,  0xc0, 0x00,  0x01, 0xbb,
};
/* clang-format on */

static void test_plain(void **state)
{
	struct world w;

	world_init(&w, state, &(struct conn_conf){0});
	until(w.loop, w.ups == 1); /* without an octet */
	assert_string_equal(w.address, "127.0.0.1");
	assert_int_not_equal(w.port, 0);
	w.greet = true;
	client_send(&w.client, "x");
	until(w.loop, w.client.got.n == 5);
	conn_close(w.conn);
	until(w.loop, w.client.closed);
	shutdown(w.client.watch.fd, SHUT_WR);
	until(w.loop, w.conn == NULL);
	assert_true(w.orderly);
	world_clear(&w);
}

/* The last octets written arrive, though the peer still sends. */
static void test_close_takes_all_along(void **state)
{
	struct world w;
	uint8_t much[300000];

	memset(much, 'm', sizeof much);
	world_init(&w, state, &(struct conn_conf){0});
	until(w.loop, w.ups == 1);
	conn_write(w.conn, much, sizeof much);
	conn_close(w.conn);
	conn_write(w.conn, "never", 5);
	client_send(&w.client, "something more");
	until(w.loop, w.client.closed);
	assert_int_equal(w.client.got.n, sizeof much);
	assert_int_equal(w.got.n, 0);
	client_send(&w.client, "and more");
	shutdown(w.client.watch.fd, SHUT_WR);
	until(w.loop, w.conn == NULL);
	assert_true(w.orderly);
	world_clear(&w);
}

static void test_proxy(void **state)
{
	for (int at_once = 0; at_once < 2; at_once++) {
		struct world w;

		world_init(&w, state, &(struct conn_conf){.proxy = true});
		if (at_once) {
			uint8_t all[sizeof proxy_head + 5];

			memcpy(all, proxy_head, sizeof proxy_head);
			memcpy(all + sizeof proxy_head, "octet", 5);
			client_send_raw(&w.client, all, sizeof all);
		} else {
			for (size_t i = 0; i < sizeof proxy_head; i++) {
				assert_int_equal(w.ups, 0);
				client_send_raw(&w.client, proxy_head + i, 1);
				turn(w.loop, 1);
			}
			client_send(&w.client, "octet");
		}
		until(w.loop, w.got.n == 5);
		assert_int_equal(w.ups, 1);
		assert_string_equal(w.address, "198.51.100.7");
		assert_int_equal(w.port, 49152);
		assert_memory_equal(w.got.p, "octet", 5);
		world_clear(&w);
	}
}

static void test_proxy_itself(void **state)
{
	uint8_t local[16];
	struct world w;

	memcpy(local, proxy_head, sizeof local);
	local[12] = 0x20; /* LOCAL: a health check */
	local[13] = local[15] = 0;
	world_init(&w, state, &(struct conn_conf){.proxy = true});
	client_send_raw(&w.client, local, sizeof local);
	until(w.loop, w.ups == 1);
	assert_string_equal(w.address, "127.0.0.1");
	world_clear(&w);
}

/* Balancers that send version 1: the reason names it, however the head is cut. */
static void test_proxy_version_1(void **state)
{
	static const char head[] = "PROXY TCP4 198.51.100.7 10.0.0.1 49152 443\r\n";

	(void)state;
	for (size_t n = 1; n < sizeof head; n++) {
		struct proxy from;
		size_t used;
		const char *why = NULL;
		enum proxy_result r = proxy_read(head, n, &from, &used, &why);

		assert_int_equal(r, n < 6 ? PROXY_MORE : PROXY_BAD);
		if (r == PROXY_BAD)
			assert_non_null(strstr(why, "send-proxy-v2"));
	}
}

static void test_proxy_missing(void **state)
{
	struct world w;

	world_init(&w, state, &(struct conn_conf){.proxy = true});
	client_send(&w.client, "GET / HTTP/1.1\r\n\r\n");
	until(w.loop, w.client.reset || w.client.closed);
	assert_true(w.client.reset);
	assert_int_equal(w.ups, 0);
	world_clear(&w);
}

/* "The Registrar outside takes TLS only": a client of plain TCP gets a reset, not an answer and not a timeout. */
static void test_plain_where_tls_is(void **state)
{
	static const char *const first[] = {"REGISTER sip:contoso.test SIP/2.0\r\n", "\x15\x03\x01", "\r\n\r\n", "\x80"};

	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		struct world w;
		const struct world *shared = *state;

		world_init(&w, state, &(struct conn_conf){.tls = shared->server_tls});
		client_send(&w.client, first[i]);
		until(w.loop, w.client.reset || w.client.closed);
		assert_true(w.client.reset);
		assert_int_equal(w.client.got.n, 0);
		assert_int_equal(w.ups, 0);
		assert_false(w.orderly);
		world_clear(&w);
	}
}

static void test_tls(void **state)
{
	for (int proxy = 0; proxy < 2; proxy++) {
		struct world w;
		const struct world *shared = *state;

		world_init(&w, state, &(struct conn_conf){.tls = shared->server_tls, .proxy = proxy});
		if (proxy)
			client_send_raw(&w.client, proxy_head, sizeof proxy_head);
		w.greet = true;
		w.client.tls = tls_connect(w.client_tls, "edge.contoso.test");
		client_tls_out(&w.client);
		until(w.loop, tls_state(w.client.tls) == TLS_UP);
		assert_true(tls_write(w.client.tls, "octets", 6));
		client_tls_out(&w.client);
		until(w.loop, w.client.plain.n == 5);
		assert_memory_equal(w.client.plain.p, "hello", 5);
		assert_int_equal(w.ups, 1);
		assert_memory_equal(w.got.p, "octets", 6);
		assert_string_equal(w.address, proxy ? "198.51.100.7" : "127.0.0.1");
		conn_close(w.conn);
		until(w.loop, w.client.closed);
		assert_int_equal(tls_state(w.client.tls), TLS_CLOSED); /* with a close_notify, not cut off */
		shutdown(w.client.watch.fd, SHUT_WR);
		until(w.loop, w.conn == NULL);
		assert_true(w.orderly);
		world_clear(&w);
	}
}

/* Paused: nothing comes, also of what the engine holds already; then all of it. */
static void test_pause(void **state)
{
	struct world w;
	const struct world *shared = *state;

	world_init(&w, state, &(struct conn_conf){.tls = shared->server_tls});
	w.client.tls = tls_connect(w.client_tls, NULL);
	client_tls_out(&w.client);
	until(w.loop, w.ups == 1);
	conn_pause(w.conn, true);
	assert_true(tls_write(w.client.tls, "12345", 5));
	client_tls_out(&w.client);
	turn(w.loop, 30);
	assert_int_equal(w.got.n, 0);
	conn_pause(w.conn, false);
	until(w.loop, w.got.n == 5);
	world_clear(&w);
}

#define FILE_OCTETS (16u << 20) /* more than the sockets take */

static int file_of_pattern(size_t n)
{
	int fd = memfd_create("file", MFD_CLOEXEC);
	uint8_t *p = malloc(n);

	assert_true(fd >= 0 && p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + (i >> 9));
	assert_int_equal(write(fd, p, n), n);
	free(p);
	return fd;
}

/* A file goes out behind what was queued, plain and in TLS, to a peer that is deaf at first; little of it waits in our memory. */
static void test_file(void **state)
{
	for (int tls = 0; tls < 2; tls++) {
		const struct world *shared = *state;
		struct world w;
		struct buf *got;

		world_init(&w, state, &(struct conn_conf){.tls = tls ? shared->server_tls : NULL});
		if (tls) {
			w.client.tls = tls_connect(w.client_tls, NULL);
			client_tls_out(&w.client);
		}
		until(w.loop, w.ups == 1);
		got = tls ? &w.client.plain : &w.client.got;
		loop_fd_want(&w.client.watch, 0);
		conn_write(w.conn, "head:", 5);
		conn_file(w.conn, file_of_pattern(FILE_OCTETS), 100, FILE_OCTETS - 100);
		assert_true(conn_filing(w.conn));
		turn(w.loop, 30);
		assert_true(conn_filing(w.conn) && conn_queued(w.conn) < 512 << 10);
		loop_fd_want(&w.client.watch, LOOP_READ);
		until(w.loop, got->n == 5 + FILE_OCTETS - 100);
		assert_false(conn_filing(w.conn));
		assert_memory_equal(got->p, "head:", 5);
		for (size_t i = 100; i < FILE_OCTETS; i++)
			if (got->p[5 + i - 100] != (uint8_t)(i * 31 + (i >> 9)))
				fail_msg("octet %zu is another", i);
		world_clear(&w);
	}
}

/* Its length was told already: a file that ends early ends the connection by a reset. */
static void test_file_that_ends_early(void **state)
{
	struct world w;

	world_init(&w, state, &(struct conn_conf){0});
	until(w.loop, w.ups == 1);
	conn_file(w.conn, file_of_pattern(FILE_OCTETS), 0, FILE_OCTETS + 1);
	until(w.loop, w.conn == NULL);
	assert_true(!w.orderly && w.client.got.n <= FILE_OCTETS);
	world_clear(&w);
}

static void test_says_nothing(void **state)
{
	const struct world *shared = *state;
	struct conn_conf rows[] = {{.tls = shared->server_tls, .hello_ms = 30},
				   {.proxy = true, .hello_ms = 30},
				   {.tls = shared->server_tls, .hello_ms = 30}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world w;

		world_init(&w, state, &rows[i]);
		if (i == 2)
			client_send_raw(&w.client, "\x16\x03\x01\x02\x00", 5); /* a handshake that stops */
		until(w.loop, w.conn == NULL);
		assert_false(w.orderly);
		assert_int_equal(w.ups, 0);
		world_clear(&w);
	}
}

static void test_takes_nothing(void **state)
{
	uint8_t much[65536] = {0};
	struct world w;

	world_init(&w, state, &(struct conn_conf){.stall_ms = 50, .queue_max = 64 << 20});
	loop_fd_want(&w.client.watch, 0);
	until(w.loop, w.ups == 1);
	for (unsigned i = 0; i < 400; i++) /* more than the two sockets hold */
		conn_write(w.conn, much, sizeof much);
	until(w.loop, w.conn == NULL);
	assert_false(w.orderly);
	world_clear(&w);
}

static void test_too_much_waits(void **state)
{
	uint8_t much[65536] = {0};
	struct world w;

	world_init(&w, state, &(struct conn_conf){.queue_max = 100000});
	loop_fd_want(&w.client.watch, 0);
	until(w.loop, w.ups == 1);
	for (unsigned i = 0; i < 400 && conn_open(w.conn); i++) {
		conn_write(w.conn, much, sizeof much);
		assert_true(conn_queued(w.conn) <= 100000);
	}
	assert_false(conn_open(w.conn));
	until(w.loop, w.conn == NULL);
	assert_false(w.orderly);
	world_clear(&w);
}

/* However many records a peer cuts its octets into, what one read of the socket brings is one delivery. */
static void test_records_of_one_octet(void **state)
{
	struct world w;

	world_init(&w, state, &(struct conn_conf){.tls = ((struct world *)*state)->server_tls});
	w.client.tls = tls_connect(w.client_tls, NULL);
	client_tls_out(&w.client);
	until(w.loop, w.ups == 1);
	conn_pause(w.conn, true);
	for (int i = 0; i < 400; i++)
		assert_true(tls_write(w.client.tls, "x", 1));
	client_tls_out(&w.client);
	turn(w.loop, 30);
	conn_pause(w.conn, false);
	until(w.loop, w.got.n == 400);
	assert_true(w.deliveries <= 4);
	world_clear(&w);
}

/* The third connection of an address is reset, and counts again when one has ended. */
static void test_one_too_many(void **state)
{
	struct shares *s = shares_new(&(struct shares_conf){.connections = 1});
	struct world w, more;

	world_init(&w, state, &(struct conn_conf){.shares = s});
	until(w.loop, w.ups == 1);
	world_init(&more, state, &(struct conn_conf){.shares = s});
	assert_null(more.conn);
	until(more.loop, more.client.closed || more.client.reset);
	more.ends = 1;
	world_clear(&more);
	world_clear(&w);
	world_init(&w, state, &(struct conn_conf){.shares = s});
	assert_non_null(w.conn);
	world_clear(&w);
	shares_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_of_one_octet),
		cmocka_unit_test(test_one_too_many),
		cmocka_unit_test(test_plain),	     cmocka_unit_test(test_close_takes_all_along),
		cmocka_unit_test(test_proxy),	     cmocka_unit_test(test_proxy_itself),
		cmocka_unit_test(test_proxy_version_1),
		cmocka_unit_test(test_proxy_missing), cmocka_unit_test(test_plain_where_tls_is),
		cmocka_unit_test(test_tls),	     cmocka_unit_test(test_pause),
		cmocka_unit_test(test_file),	     cmocka_unit_test(test_file_that_ends_early),
		cmocka_unit_test(test_says_nothing), cmocka_unit_test(test_takes_nothing),
		cmocka_unit_test(test_too_much_waits),
	};

	return cmocka_run_group_tests(tests, contexts_make, contexts_free);
}
