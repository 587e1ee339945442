/* What the processes of dialtoned do to each other when one of them is not there, or does not answer. */
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/control.h"
#include "server/generation.h"
#include "server/location_ipc.h"
#include "server/location_process.h"

static volatile sig_atomic_t came;

static void on_signal(int signo)
{
	came = signo;
}

/* A process that has just died has no number: a signal to number 0 would go to the whole group, the supervisor included. */
static void a_signal_for_nobody(void **state)
{
	struct generation *g = calloc(1, sizeof *g);
	int status;

	(void)state;
	assert_non_null(g);
	g->nslot = 3;
	g->slot[0] = (struct slot){.role = ROLE_VAULT, .pid = 0};
	g->slot[1] = (struct slot){.role = ROLE_LOCATION, .pid = 0};
	g->slot[2] = (struct slot){.role = ROLE_WORKER, .pid = fork()};
	if (g->slot[2].pid == 0) {
		pause();
		_exit(0);
	}
	signal(SIGTERM, on_signal);
	assert_false(generation_signal(g, ROLE_LOCATION, SIGTERM));
	assert_int_equal(came, 0);
	assert_true(generation_signal(g, ROLE_WORKER, SIGTERM));
	assert_int_equal(waitpid(g->slot[2].pid, &status, 0), g->slot[2].pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	assert_int_equal(came, 0);
	signal(SIGTERM, SIG_DFL);
	free(g);
}

/* ---- orders that no worker obeys ------------------------------------------------------------------------------------ */

static struct {
	char dir[40];
	pid_t pid;
	int ask[2], push[2], control;
	struct location_client *client;
	struct location_ops ops;
} place;

static void place_up(void)
{
	char run[60], why[200] = "";

	strcpy(place.dir, "/tmp/dialtone-place.XXXXXX");
	assert_non_null(mkdtemp(place.dir));
	snprintf(run, sizeof run, "%s/run", place.dir);
	assert_int_equal(mkdir(run, 0700), 0);
	place.control = control_listen(place.dir, why, sizeof why);
	assert_true(place.control >= 0);
	assert_true(ipc_pair(place.ask) && ipc_pair(place.push));
	place.pid = fork();
	assert_true(place.pid >= 0);
	if (place.pid == 0) {
		struct location_process p = {.ask = &place.ask[1], .push = &place.push[1], .nworker = 1,
					     .control_fd = place.control, .ready_fd = -1};

		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		_exit(location_process_main(&p));
	}
	place.client = location_client_new(place.ask[0], 0, &place.ops);
	assert_non_null(place.client);
}

static void place_down(void)
{
	char path[60];
	int status;

	location_client_free(place.client);
	kill(place.pid, SIGTERM);
	assert_int_equal(waitpid(place.pid, &status, 0), place.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	for (int i = 0; i < 2; i++) {
		close(place.ask[i]);
		close(place.push[i]);
	}
	close(place.control);
	snprintf(path, sizeof path, "%s/run/control", place.dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/run", place.dir);
	rmdir(path);
	rmdir(place.dir);
}

static void sign_in(void)
{
	struct location_binding b = {.aor = "alice@contoso.test", .instance = "i1", .contact = "sip:a@1.2.3.4", .conn = 9,
				     .expires = INT64_MAX}, all[1];
	size_t n = 0;

	assert_int_equal(place.ops.put(place.ops.arg, &b, 8, all, 1, &n), LOCATION_ADDED);
}

/* The order as the worker sees it; its number. */
static uint64_t ordered(void)
{
	static uint8_t in[4096];
	struct ipc_message m;

	for (;;) {
		struct pollfd p = {.fd = place.push[0], .events = POLLIN};
		ssize_t n;

		assert_int_equal(poll(&p, 1, 5000), 1);
		n = recv(place.push[0], in, sizeof in, 0);
		assert_true(n > 0 && ipc_read(in, (size_t)n, &m));
		if (m.kind == LOCATION_P_ORDER) /* not the question what we hold */
			return m.number;
	}
}

/* Somebody at the command line gives an order and goes before the worker has answered. */
static void order_and_leave(void)
{
	static const char line[] = "order alice@contoso.test 1 4141 User disabled\n";
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/run/control", place.dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(send(fd, line, sizeof line - 1, MSG_NOSIGNAL), sizeof line - 1);
	ordered();
	close(fd);
}

static void orders_that_were_never_obeyed(void **state)
{
	unsigned acted = 0;
	char why[200] = "";
	int status;
	pid_t pid;

	(void)state;
	place_up();
	for (int i = 0; i < 300; i++) {
		sign_in();
		order_and_leave();
	}
	sign_in();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* a worker that obeys */
		struct buf done = {0};

		ipc_begin(&done, ordered(), LOCATION_P_ORDER);
		_exit(ipc_send(place.push[0], &done) ? 0 : 1);
	}
	assert_true(control_order_user(place.dir, "alice@contoso.test", LOCATION_REJECTED, 4141, "User disabled", &acted, why,
				       sizeof why));
	assert_int_equal(acted, 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	place_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_signal_for_nobody),
					   cmocka_unit_test(orders_that_were_never_obeyed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
