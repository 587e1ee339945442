/* tests/unit/server/test_ipc_location.c: the location process's questions through its socket, and a new process that learns. */
#include "tests/support/check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/location/ipc.h"
#include "tests/support/location_calls.h"

static struct loop *here; /* the asker's */

static void run_here(const bool *there)
{
	while (!*there)
		loop_once(here);
}

static void gone(void *arg, struct ipc_server *from)
{
	(void)arg, (void)from;
	child_end(0);
}

static int64_t at_now(void *arg)
{
	(void)arg;
	return 1795000000;
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

struct world {
	int fd[2]; /* the asker's end and the location process's */
	pid_t pid;
	struct location_client *client;
	struct location_link link;
	struct location_binding all[LOCATION_ENDPOINTS_MAX];
	size_t n;
};

static const struct location_binding phone = {.aor = "alice@contoso.test", .instance = "i1", .contact = "sip:a@1.2.3.4", .conn = 9,
					      .expires = INT64_MAX, .peer = "[2001:db8::1]:51234"};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	assert_true(ipc_pair(w->fd));
	w->pid = place_up(w->fd[1]);
	here = loop_new();
	assert_non_null(here);
	call_wait = run_here;
	w->client = location_client_new(here, w->fd[0], NULL, NULL, &w->link);
	assert_non_null(w->client);
	*state = w;
	return 0;
}

static void place_down(struct world *w)
{
	int st;

	kill(w->pid, SIGKILL);
	assert_int_equal(waitpid(w->pid, &st, 0), w->pid);
}

static int teardown(void **state)
{
	struct world *w = *state;

	location_client_free(w->client);
	loop_free(here);
	close(w->fd[0]);
	place_down(w);
	close(w->fd[1]);
	free(w);
	return 0;
}

static enum location_action put(struct world *w, const struct location_binding *b)
{
	return call_put(&w->link, b, 8, w->all, LOCATION_ENDPOINTS_MAX, &w->n);
}

static void bindings_through_the_socket(void **state)
{
	struct world *w = *state;
	struct location_binding b = phone;

	assert_int_equal(put(w, &b), LOCATION_ADDED);
	assert_int_equal(w->n, 1);
	assert_int_equal(w->all[0].worker, 3);
	assert_string_equal(w->all[0].contact, "sip:a@1.2.3.4");
	strcpy(b.instance, "i2");
	assert_int_equal(put(w, &b), LOCATION_ADDED);
	assert_int_equal(w->n, 2);
	assert_int_equal(put(w, &b), LOCATION_REFRESHED);
	assert_true(call_drop(&w->link, "ALICE@contoso.test", "i1", 9));
	assert_false(call_drop(&w->link, "alice@contoso.test", "i1", 9));
}

/* Its successor finds the same socket, and a worker tells it what it holds. */
static void a_new_location_process_learns(void **state)
{
	struct world *w = *state;
	struct location_ask held = {.kind = LOCATION_HELD};
	struct location_binding b = phone;

	assert_int_equal(put(w, &b), LOCATION_ADDED);
	place_down(w);
	w->pid = place_up(w->fd[1]);
	held.held.binding = b; /* the worker tells it what it holds */
	held.held.binding.worker = 77; /* and speaks for itself only */
	location_send(&w->link, &held, NULL, NULL);
	location_send(&w->link, &(struct location_ask){.kind = LOCATION_HELD_ALL}, NULL, NULL);
	strcpy(b.instance, "i3");
	assert_int_equal(put(w, &b), LOCATION_ADDED);
	assert_int_equal(w->n, 2); /* i1, told again, and i3 */
	w->n = 0;
	assert_true(call_list(&w->link, "ALICE@contoso.test", w->all, LOCATION_ENDPOINTS_MAX, &w->n));
	assert_int_equal(w->n, 2);
	for (size_t i = 0; i < w->n; i++) {
		assert_string_equal(w->all[i].peer, "[2001:db8::1]:51234");
		assert_int_equal(w->all[i].worker, 3);
	}
	assert_true(call_list(&w->link, "alice@contoso.test", w->all, 1, &w->n));
	assert_int_equal(w->n, 1);
	assert_true(call_list(&w->link, "bob@contoso.test", w->all, LOCATION_ENDPOINTS_MAX, &w->n));
	assert_int_equal(w->n, 0);
}

static void an_order_is_read_back(void **state)
{
	struct location_notice notice;
	struct ipc_message m;
	struct buf push = {0};

	(void)state;
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
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(bindings_through_the_socket), T(a_new_location_process_learns), cmocka_unit_test(an_order_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
