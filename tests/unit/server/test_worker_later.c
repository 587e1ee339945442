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

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers_later), cmocka_unit_test(test_drains_what_waits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
