/* One worker process, real, between sockets: a vault and a location of the test's on one side, clients on the other. */
#include "tests/support/worker_world.h"

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
	struct client http, https, sip;
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
	assert_true(pread(w.keylog, text, sizeof text - 1, 0) > 0);
	assert_non_null(strstr(text, "TRAFFIC_SECRET_0 "));
	client_clear(&http);
	client_clear(&https);
	client_clear(&sip);
	world_clear(&w);
}

/* A phone that has TLS 1.0, RSA, 3DES and RC4 only, at the same ports as all others: it gets another process, with another key, and
 * the same services. */
static void test_old_phones(void **state)
{
	static const uint8_t local[16] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x20};
	static const uint8_t hello[] = {0x80, 0x1f, 0x01, 0x03, 0x01, 0x00, 0x06, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x04, 0x00, 0x00,
					0x0a, 0,    1,	  2,	3,    4,    5,	  6,	7,    8,    9,	  10,	11,   12,   13,	  14, 15};
	struct client web, sip, edge, modern, ssl2;
	struct tls_ctx *tls;
	struct world w;

	(void)state;
	world_init(&w);
	world_add_legacy(&w);
	visit(&w, &modern, HTTPS, true);
	assert_string_equal(tls_version(modern.tls), "TLSv1.3");
	tls = w.client_tls;
	w.client_tls = tls_ctx_client(&(struct tls_client_conf){TLS_PHONE});
	assert_non_null(w.client_tls);
	visit(&w, &web, HTTPS, true);
	assert_true(cert_names(&web, "fe01.contoso.test"));
	say(&web, "GET /CertProv/CertProvisioningService.svc/mex HTTP/1.1\r\nHost: x\r\n\r\n");
	until(w.loop, web.plain.n > 20);
	assert_memory_equal(web.plain.p, "HTTP/1.1 200 OK\r\n", 17);
	visit(&w, &sip, SIP, true);
	say(&sip, register_text);
	until(w.loop, strstr(buf_cstr(&sip.plain), "\r\n\r\n"));
	assert_memory_equal(sip.plain.p, "SIP/2.0 401 ", 12);
	visit(&w, &edge, PROXIED, false); /* outside, behind a proxy: the public name, and no head any more */
	client_send_raw(&edge, local, sizeof local);
	edge.tls = tls_connect(w.client_tls, NULL);
	client_tls_out(&edge);
	until(w.loop, tls_state(edge.tls) == TLS_UP);
	assert_true(cert_names(&edge, "edge.contoso.test"));
	assert_string_equal(tls_version(edge.tls), tls_version(web.tls));
	assert_string_not_equal(tls_version(edge.tls), "TLSv1.3");
	visit(&w, &ssl2, HTTPS, false); /* RFC 5246 E.2 */
	client_send_raw(&ssl2, hello, sizeof hello);
	until(w.loop, ssl2.got.n > 11);
	assert_memory_equal(ssl2.got.p, "\x16\x03\x01", 3);
	assert_memory_equal(ssl2.got.p + 9, "\x03\x01", 2); /* a ServerHello of TLS 1.0 */
	client_clear(&ssl2);
	client_clear(&modern);
	client_clear(&web);
	client_clear(&sip);
	client_clear(&edge);
	tls_ctx_free(w.client_tls);
	w.client_tls = tls;
	world_clear(&w);
}

/* Whether a connection from that address is reset before it has sent anything; half a second is waited for that. */
static bool is_reset_from(struct world *w, const char *address, unsigned door)
{
	struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(w->port[door])};
	struct timeval wait = {0, 500000};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t n;
	char c;

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	n = recv(fd, &c, 1, 0);
	assert_true(n < 0);
	n = errno == ECONNRESET;
	close(fd);
	return n;
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
	assert_true(is_reset_from(&w, "127.0.0.9", PROXIED)); /* no proxy of the site, which is 127.0.0.1 */
	assert_false(is_reset_from(&w, "127.0.0.9", OUTSIDE));
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
		cmocka_unit_test(test_serves), cmocka_unit_test(test_old_phones), cmocka_unit_test(test_outside), cmocka_unit_test(test_order),
		cmocka_unit_test(test_drains), cmocka_unit_test(test_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
