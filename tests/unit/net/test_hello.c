/* A connection whose ClientHello cannot do TLS 1.2 goes, unread, to whoever takes such; and who is named in a list of subnets. */
#include "tests/support/net_world.h"

#include <arpa/inet.h>

#include "net/hello.h"
#include "net/proxy.h"
#include "net/subnets.h"
#include "wire/tls_hello.h"

/* TLS 1.0, recorded from a Polycom telephone of the time (tls-fingerprinting data base): suites 0035 000A 002F 0005, no extensions. */
static const uint8_t polycom[] = {
	0x16, 0x03, 0x01, 0x00, 0x33, 0x01, 0x00, 0x00, 0x2f, 0x03, 0x01, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 0x00, 0x00, 0x08, 0x00, 0x35, 0x00, 0x0a, 0x00, 0x2f,
	0x00, 0x05, 0x01, 0x00,
};

/* RFC 5246 E.2: the format of SSL 2.0, TLS 1.0 in it, RC4-MD5 and 3DES, a challenge of 16 octets. */
static const uint8_t sslv2[] = {
	0x80, 0x1f, 0x01, 0x03, 0x01, 0x00, 0x06, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x04, 0x00, 0x00, 0x0a,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
};

static const uint8_t proxy_head[] = {
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21, 0x11, 0x00, 0x0c,
	198, 51, 100, 7, 192, 0, 2, 1, 0xc0, 0x00, 0x01, 0xbb,
};

struct world {
	struct loop *loop;
	struct tls_ctx *tls;
	struct client client;
	struct conn *conn;
	struct conn_old old;
	const char *known; /* the addresses that are looked at */
	bool full;
	int taken;	   /* the other process's descriptor */
	char address[NET_ADDRESS_MAX], why[240];
	uint16_t port;
	unsigned looked;
};

static bool wanted(void *arg, const char *address)
{
	struct world *w = arg;

	w->looked++;
	return subnets_have(w->known, address);
}

static bool take(void *arg, int fd, const char *address, uint16_t port)
{
	struct world *w = arg;

	if (w->full)
		return false;
	w->taken = dup(fd);
	w->port = port;
	snprintf(w->address, sizeof w->address, "%s", address);
	return true;
}

static void data(void *arg, const void *p, size_t n)
{
	(void)arg, (void)p, (void)n;
}

static void gone(void *arg, const char *why)
{
	struct world *w = arg;

	w->conn = NULL;
	snprintf(w->why, sizeof w->why, "%s", why ? why : "");
}

static const struct conn_events events = {.data = data, .gone = gone};

static void world_init(struct world *w, const char *known, bool proxy, unsigned hello_ms)
{
	struct sockaddr_in at;
	struct sockaddr_storage from;
	socklen_t n = sizeof at, nfrom = sizeof from;
	struct why why = {0};
	int listener = listen_tcp("127.0.0.1", 0, &why), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted;

	*w = (struct world){.loop = loop_new(), .tls = server_context("fe01.contoso.test"), .known = known, .taken = -1};
	w->old = (struct conn_old){wanted, take, w};
	assert_true(w->loop && w->tls && listener >= 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, n), 0);
	client_init(&w->client, w->loop, fd);
	do
		accepted = accept4(listener, (struct sockaddr *)&from, &nfrom, SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (accepted < 0 && errno == EAGAIN);
	close(listener);
	w->conn = conn_new(&(struct conn_conf){.loop = w->loop, .tls = w->tls, .proxy = proxy, .old = &w->old, .hello_ms = hello_ms,
					       .on = &events, .arg = w}, accepted, &from);
	assert_non_null(w->conn);
}

static void world_clear(struct world *w)
{
	if (w->conn)
		conn_reset(w->conn, "the test ends");
	until(w->loop, w->conn == NULL);
	if (w->taken >= 0)
		close(w->taken);
	client_clear(&w->client);
	tls_ctx_free(w->tls);
	loop_free(w->loop);
}

static void is_unread(struct world *w, const uint8_t *hello, size_t n)
{
	uint8_t in[256];

	assert_int_equal(recv(w->taken, in, sizeof in, MSG_DONTWAIT), n);
	assert_memory_equal(in, hello, n);
	assert_int_equal(send(w->taken, "answer", 6, 0), 6); /* the connection lives */
	until(w->loop, w->client.got.n == 6);
}

/* Both forms, at once and octet by octet: the other process finds every octet, and the connection's own octets wake nobody. */
static void old_hellos_are_handed_over_unread(void **state)
{
	static const struct {
		const uint8_t *p;
		size_t n;
	} rows[] = {{polycom, sizeof polycom}, {sslv2, sizeof sslv2}};

	(void)state;
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
		for (int slow = 0; slow < 2; slow++) {
			struct world w;

			world_init(&w, "127.0.0.0/8", false, 0);
			for (size_t i = 0; slow && i + 1 < rows[r].n; i++) {
				client_send_raw(&w.client, rows[r].p + i, 1);
				turn(w.loop, 2);
				assert_non_null(w.conn);
			}
			if (slow)
				client_send_raw(&w.client, rows[r].p + rows[r].n - 1, 1);
			else
				client_send_raw(&w.client, rows[r].p, rows[r].n);
			until(w.loop, w.conn == NULL);
			assert_string_equal(w.why, "");
			assert_string_equal(w.address, "127.0.0.1");
			assert_true(w.looked <= 3); /* woken by the first octet, by the head, and by the whole */
			is_unread(&w, rows[r].p, rows[r].n);
			world_clear(&w);
		}
}

/* Behind a proxy the peer is the one that its head tells; the head alone is read. */
static void behind_a_proxy(void **state)
{
	uint8_t all[sizeof proxy_head + sizeof polycom];
	struct world w;

	(void)state;
	memcpy(all, proxy_head, sizeof proxy_head);
	memcpy(all + sizeof proxy_head, polycom, sizeof polycom);
	world_init(&w, "198.51.100.7", true, 0);
	client_send_raw(&w.client, all, sizeof all);
	until(w.loop, w.conn == NULL);
	assert_string_equal(w.address, "198.51.100.7");
	assert_int_equal(w.port, 49152);
	is_unread(&w, polycom, sizeof polycom);
	world_clear(&w);
}

/* Nobody that was not named is looked at; TLS refuses it. */
static void others_are_refused(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "10.0.0.0/8", false, 0);
	client_send_raw(&w.client, polycom, sizeof polycom);
	until(w.loop, w.client.got.n >= 7);
	assert_int_equal(w.taken, -1);
	assert_int_equal(w.client.got.p[0], 21); /* alert */
	assert_int_equal(w.client.got.p[6], 70); /* protocol_version (RFC 5246 7.2.2) */
	world_clear(&w);
	world_init(&w, "127.0.0.1", false, 0);
	w.full = true; /* the other process does not take it */
	client_send_raw(&w.client, polycom, sizeof polycom);
	until(w.loop, w.conn == NULL);
	until(w.loop, w.client.reset);
	world_clear(&w);
}

static void half_a_hello_has_a_deadline(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "127.0.0.1", false, 60);
	client_send_raw(&w.client, polycom, 20);
	turn(w.loop, 30);
	assert_non_null(w.conn);
	assert_true(w.looked <= 2);
	until(w.loop, w.conn == NULL);
	assert_non_null(strstr(w.why, "timed out"));
	world_clear(&w);
	world_init(&w, "127.0.0.1", false, 0); /* and an end in the middle is an end */
	client_send_raw(&w.client, polycom, 20);
	turn(w.loop, 10);
	shutdown(w.client.watch.fd, SHUT_WR);
	until(w.loop, w.conn == NULL);
	assert_int_equal(w.taken, -1);
	world_clear(&w);
}

static void modern_hellos_stay(void **state)
{
	struct tls_ctx *client = tls_ctx_client(&(struct tls_client_conf){TLS_MODERN});
	struct world w;

	(void)state;
	world_init(&w, "127.0.0.1", false, 0);
	w.client.tls = tls_connect(client, "fe01.contoso.test");
	client_tls_out(&w.client);
	until(w.loop, tls_state(w.client.tls) == TLS_UP);
	assert_string_equal(tls_version(w.client.tls), "TLSv1.3");
	assert_int_equal(w.taken, -1);
	world_clear(&w);
	tls_ctx_free(client);
}

static void what_is_still_missing(void **state)
{
	struct tls_hello h;

	(void)state;
	for (size_t n = 0; n < sizeof polycom; n++) {
		assert_int_equal(tls_hello_read(polycom, n, &h), TLS_HELLO_MORE);
		assert_int_equal(tls_hello_needs(polycom, n), n == 0 ? 1 : n < 5 ? 5 : sizeof polycom);
	}
	for (size_t n = 1; n < sizeof sslv2; n++)
		assert_int_equal(tls_hello_needs(sslv2, n), n < 3 ? 3 : sizeof sslv2);
	for (size_t n = 0; n <= sizeof proxy_head; n++)
		assert_int_equal(proxy_missing(proxy_head, n), n < 16 ? 16 - n : sizeof proxy_head - n);
}

static void subnets(void **state)
{
	static const struct {
		const char *list, *address;
		bool have;
	} rows[] = {
		{"10.66.0.0/16", "10.66.255.1", true},	{"10.66.0.0/16", "10.67.0.1", false}, {"10.67.3.4", "10.67.3.4", true},
		{"10.66.0.0/16, 10.67.3.4", "10.67.3.4", true}, {"10.66.0.0/17 10.67.3.4", "10.66.128.1", false},
		{"2001:db8:66::/48", "2001:db8:66:1::7", true}, {"2001:db8:66::/48", "2001:db8:67::7", false},
		{"0.0.0.0/0", "192.0.2.1", true},	{"0.0.0.0/0", "2001:db8::1", false},  {"", "10.66.0.1", false},
		{"10.66.0.0/16", "local", false},
	};
	static const char *const bad[] = {"10.66.0.1/16", "10.66.0.0/33", "fe01", "10.66.0.0/x", "10.66.0.0/16,oops", "2001:db8::1/64"};
	struct why why = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		print_message("# %s in %s\n", rows[i].address, rows[i].list);
		assert_true(subnets_check(rows[i].list, &why));
		assert_int_equal(subnets_have(rows[i].list, rows[i].address), rows[i].have);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		why.text[0] = '\0';
		assert_false(subnets_check(bad[i], &why));
		assert_true(why.text[0] != '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_hellos_are_handed_over_unread), cmocka_unit_test(behind_a_proxy),
		cmocka_unit_test(others_are_refused),		     cmocka_unit_test(half_a_hello_has_a_deadline),
		cmocka_unit_test(modern_hellos_stay),		     cmocka_unit_test(what_is_still_missing),
		cmocka_unit_test(subnets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
