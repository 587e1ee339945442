/* tests/unit/server/test_worker_later.c: a worker whose vault answers later, too late, or while the worker ends. */
#include "tests/support/worker_world.h"

#define QUESTION "<u:Question xmlns:u=\"urn:lync-bootstrap:device-update:1\"><u:DeviceType>UCPhone</u:DeviceType></u:Question>"
#define UPDATE                                                                                                              \
	"POST /RequestHandler/ucdevice.upx HTTP/1.1\r\nHost: fe01\r\nContent-Type: text/xml\r\nContent-Length: 106\r\n\r\n" QUESTION
#define METADATA "GET /CertProv/CertProvisioningService.svc/mex HTTP/1.1\r\nHost: fe01\r\n\r\n"

static void vault_goes_on(struct world *w, unsigned i)
{
	struct vault_reply r = {.kind = w->held[i].kind};
	struct buf b = {0};

	vault_reply_write(&b, w->held[i].number, &r);
	assert_true(ipc_server_send(&w->vault, &b));
}

/* One request waits for the vault, and its connection with it: the next one of that connection is answered behind it, while all
 * others are served at once.  Another connection goes away while it waits: its answer finds nobody. */
static void test_answers_later(void **state)
{
	struct client waits, other, leaves;
	struct world w;

	(void)state;
	world_init(&w);
	w.hold = true;
	visit(&w, &waits, HTTP, false);
	visit(&w, &leaves, HTTP, false);
	visit(&w, &other, HTTP, false);
	client_send(&waits, UPDATE METADATA);
	until(w.loop, w.asked == 1);
	client_send(&leaves, UPDATE);
	until(w.loop, w.asked == 2);
	client_send(&other, METADATA);
	until(w.loop, strstr(client_text(&other), "HTTP/1.1 200 OK\r\n"));
	assert_int_equal(waits.got.n, 0);
	client_clear(&leaves);
	turn(w.loop, 50);
	vault_goes_on(&w, 1);
	turn(w.loop, 50);
	assert_int_equal(waits.got.n, 0);
	vault_goes_on(&w, 0);
	until(w.loop, count_of(&waits, "HTTP/1.1 200 OK\r\n") == 2);
	assert_true(strstr(client_text(&waits), "device-update") < strstr(client_text(&waits), "definitions"));

	client_send(&waits, UPDATE); /* and this one's time passes */
	until(w.loop, w.asked == 3);
	until(w.loop, strstr(client_text(&waits), "HTTP/1.1 503 Service Unavailable\r\n"));
	assert_true(retry_after_is_good(sv_of(strstr(client_text(&waits), "\r\nRetry-After: "))));
	vault_goes_on(&w, 2); /* too late: nobody asks about it any more */
	client_send(&other, METADATA);
	until(w.loop, count_of(&other, "HTTP/1.1 200 OK\r\n") == 2);
	client_clear(&waits);
	client_clear(&other);
	world_clear(&w);
}

/* A worker that is to end answers first what it was asked. */
static void test_drains_what_waits(void **state)
{
	struct client waits;
	struct world w;

	(void)state;
	world_init(&w);
	w.hold = true;
	visit(&w, &waits, HTTP, false);
	client_send(&waits, UPDATE);
	until(w.loop, w.asked == 1);
	kill(w.pid, SIGTERM);
	turn(w.loop, 100);
	assert_false(waits.closed);
	vault_goes_on(&w, 0);
	until(w.loop, waits.closed);
	assert_non_null(strstr(client_text(&waits), "HTTP/1.1 200 OK\r\n"));
	assert_int_equal(ended(&w), 0);
	client_clear(&waits);
	world_clear(&w);
}

/* ---- a later generation takes over ------------------------------------------------------------------------------------- */

/* SIGUSR1, and what the site is from now on. */
static void is_followed(struct world *w, const struct site *now)
{
	assert_int_equal(pwrite(w->site_fd, now, sizeof *now, 0), (ssize_t)sizeof *now);
	assert_int_equal(kill(w->pid, SIGUSR1), 0);
}

static bool is_refused(struct world *w, unsigned door)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(w->port[door]), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool refused = connect(fd, (struct sockaddr *)&at, sizeof at) < 0 && errno == ECONNREFUSED;

	close(fd);
	return refused;
}

#define OPTIONS                                                                                                             \
	"OPTIONS sip:fe01.contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1:5061\r\nMax-Forwards: 70\r\n"                     \
	"From: <sip:alice@contoso.test>;tag=1\r\nTo: <sip:fe01.contoso.test>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

/* The phones' connections stay and are served under the new settings; nobody new is taken, web clients get their answer and go, and
 * who has not signed in by then has to go, too: then the worker ends. */
static void test_is_followed(void **state)
{
	struct client waits, sip;
	struct site later;
	struct world w;

	(void)state;
	world_init(&w);
	w.hold = true;
	visit(&w, &waits, HTTP, false);
	visit(&w, &sip, SIP, true);
	client_send(&waits, UPDATE);
	until(w.loop, w.asked == 1);
	later = w.site;
	later.reload_keep = 60;
	is_followed(&w, &later);
	until(w.loop, is_refused(&w, SIP));
	assert_true(is_refused(&w, HTTP) && is_refused(&w, HTTPS));
	is_followed(&w, &later); /* one more reload changes nothing */
	vault_goes_on(&w, 0);
	until(w.loop, waits.closed);
	assert_non_null(strstr(client_text(&waits), "HTTP/1.1 200 OK\r\n"));
	assert_false(sip.closed);
	assert_true(tls_write(sip.tls, OPTIONS, sizeof OPTIONS - 1));
	client_tls_out(&sip);
	until(w.loop, sip.plain.n > 8);
	assert_memory_equal(sip.plain.p, "SIP/2.0 ", 8);
	for (unsigned i = 0; i < 3 && !sip.closed; i++)
		turn(w.loop, WORKER_DRAIN_MS / 2);
	assert_true(sip.closed);
	client_clear(&waits);
	client_clear(&sip);
	assert_int_equal(ended(&w), 0);
	world_clear(&w);
}

/* Under another name, or with reload_keep = 0, no connection holds under the new configuration: all of them end at once. */
static void test_is_followed_by_another(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct client sip, web;
		struct site later;
		struct world w;

		world_init(&w);
		visit(&w, &web, HTTP, false);
		visit(&w, &sip, SIP, true);
		client_send(&web, METADATA);
		until(w.loop, strstr(client_text(&web), "HTTP/1.1 200 OK\r\n"));
		later = w.site;
		later.reload_keep = i ? 0 : 60;
		if (i == 0)
			strcpy(later.domain, "fabrikam.test");
		is_followed(&w, &later);
		until(w.loop, sip.closed && web.closed);
		client_clear(&web);
		client_clear(&sip);
		assert_int_equal(ended(&w), 0);
		world_clear(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers_later), cmocka_unit_test(test_drains_what_waits),
					   cmocka_unit_test(test_is_followed), cmocka_unit_test(test_is_followed_by_another)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
