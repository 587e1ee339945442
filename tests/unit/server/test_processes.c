/* What the processes of dialtoned do to each other when one of them is not there, or does not answer. */
#include "tests/support/check.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/control/control.h"
#include "server/daemon/generation.h"
#include "server/location/ipc.h"
#include "tests/unit/location/place_world.h"

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

static void sign_in(void)
{
	struct location_binding b = {.aor = "alice@contoso.test", .instance = "i1", .contact = "sip:a@1.2.3.4", .conn = 9,
				     .expires = INT64_MAX}, all[1];
	size_t n = 0;

	assert_int_equal(call_put(&place.link, &b, 8, all, 1, &n), LOCATION_ADDED);
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
	place_ordered(NULL);
	close(fd);
}

static void orders_that_were_never_obeyed(void **state)
{
	unsigned acted = 0;
	struct why why = {0};
	int status;
	pid_t pid;

	(void)state;
	place_up(NULL);
	for (int i = 0; i < 300; i++) {
		sign_in();
		order_and_leave();
	}
	sign_in();
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) { /* a worker that obeys */
		struct buf done = {0};

		ipc_begin(&done, place_ordered(NULL), LOCATION_P_ORDER);
		_exit(ipc_send(place.push[0], &done) ? 0 : 1);
	}
	assert_true(control_order_user(place.dir, "alice@contoso.test", LOCATION_REJECTED, 4141, "User disabled", &acted, &why));
	assert_int_equal(acted, 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	place_down();
}

/* ---- who is registered ----------------------------------------------------------------------------------------------- */

#define MANY 20000
#define DEAF 12

struct list {
	unsigned n;
	uint8_t times[MANY];
	struct control_endpoint last;
};

static void listed(void *arg, const struct control_endpoint *e)
{
	struct list *l = arg;
	unsigned i;

	assert_int_equal(sscanf(e->aor, "user%u@contoso.test", &i), 1);
	assert_true(i < MANY);
	l->times[i]++;
	l->n++;
	l->last = *e;
}

static unsigned list(struct list *l, const char *aor)
{
	struct why why = {0};
	bool nobody;

	*l = (struct list){0};
	if (!control_registered(place.dir, aor, listed, l, &nobody, &why))
		fail_msg("%s", why.text);
	assert_false(nobody);
	return l->n;
}

static void register_many(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct location_binding b = {.contact = "sip:a@1.2.3.4", .epid = "c97532c1946f", .expires = INT64_MAX, .conn = i,
					     .user_agent = "CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)",
					     .peer = "10.66.0.148:51234"}, all[1];
		size_t had;

		snprintf(b.aor, sizeof b.aor, "user%u@contoso.test", i);
		snprintf(b.instance, sizeof b.instance, "%08x-dca1-559e-ad2b-b514060a2da2", i);
		assert_int_equal(call_put(&place.link, &b, 8, all, 1, &had), LOCATION_ADDED);
	}
}

/* Of the location process, in octets. */
static long memory(void)
{
	char path[64];
	long size = 0, resident = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/statm", place.pid);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static void everybody_once(struct list *l)
{
	char path[60];
	struct stat st;

	snprintf(path, sizeof path, "%s/run/control", place.dir); /* for its owner, and nobody else */
	assert_true(stat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0600);
	assert_int_equal(list(l, NULL), 0);
	register_many(MANY);
	assert_int_equal(list(l, NULL), MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(l->times[i], 1);
}

/* Of one user, in any case; what a client wrote is one field of one line. */
static void one_user(struct list *l)
{
	struct location_binding odd = {.aor = "user7@contoso.test", .instance = "i2", .contact = "sip:a@1.2.3.4", .conn = 1,
				       .expires = INT64_MAX, .outside = true, .peer = "[2001:db8::1]:5061", .epid = "a\tb",
				       .user_agent = "one\nend\ntwo \x7f"}, all[2];
	struct buf text = {0};
	struct why why = {0};
	size_t n;

	assert_int_equal(call_put(&place.link, &odd, 8, all, 2, &n), LOCATION_ADDED);
	assert_int_equal(list(l, "USER8@contoso.test"), 1);
	assert_string_equal(l->last.aor, "user8@contoso.test");
	assert_string_equal(l->last.epid, "c97532c1946f");
	assert_string_equal(l->last.instance, "00000008-dca1-559e-ad2b-b514060a2da2");
	assert_string_equal(l->last.peer, "10.66.0.148:51234");
	assert_string_equal(l->last.user_agent, "CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)");
	assert_true(!l->last.outside && l->last.worker == 0 && l->last.seconds > 0);
	assert_int_equal(list(l, "user7@contoso.test"), 2);
	assert_true(call_drop(&place.link, "user7@contoso.test", "00000007-dca1-559e-ad2b-b514060a2da2", 0));
	assert_int_equal(list(l, "user7@contoso.test"), 1);
	assert_string_equal(l->last.epid, "a?b");
	assert_string_equal(l->last.user_agent, "one?end?two ?");
	assert_string_equal(l->last.peer, "[2001:db8::1]:5061");
	assert_true(l->last.outside);
	assert_int_equal(list(l, "nobody@contoso.test"), 0);
	assert_true(control_status(place.dir, &text, &why));
	assert_string_equal(buf_cstr(&text), "version " DIALTONE_VERSION "\nregistered 20000\n");
	buf_free(&text);
}

/* Those who ask and do not read cost little, and hold nobody up; a slow reader gets all of it. */
static void readers_that_do_not_read(struct list *l)
{
	int deaf[DEAF], late;
	struct buf text = {0};
	char part[1000];
	long before;

	late = place_asked("registered\n");
	assert_true(recv(late, part, sizeof part, 0) > 0);
	before = memory();
	for (unsigned i = 0; i < DEAF; i++)
		deaf[i] = place_asked("registered\n");
	for (unsigned i = 0; i < DEAF; i++)
		assert_int_equal(recv(deaf[i], part, 1, 0), 1);
	assert_int_equal(list(l, NULL), MANY);
	assert_true(memory() - before < DEAF * 256 * 1024); /* a whole list has two megabytes and more */
	for (unsigned i = 0; i < DEAF; i++)
		close(deaf[i]);
	for (ssize_t got; (got = recv(late, part, sizeof part, 0)) > 0;)
		buf_add(&text, part, (size_t)got);
	close(late);
	assert_true(text.n > 2 << 20);
	assert_true(sv_ends(buf_view(&text), SV("\nend\n")));
	buf_free(&text);
}

static void who_is_registered(void **state)
{
	struct list *l = calloc(1, sizeof *l);
	struct why why = {0};
	bool nobody;

	(void)state;
	assert_non_null(l);
	place_up(NULL);
	everybody_once(l);
	one_user(l);
	readers_that_do_not_read(l);
	place_down();
	assert_true(control_registered(place.dir, NULL, listed, l, &nobody, &why) && nobody);
	free(l);
}

/* A child answers the first question with that text, and the question for its version, which an answer that was not understood is
 * followed by. */
static pid_t answer(int control, const char *text, const char *status)
{
	const char *const answers[] = {text, status};
	pid_t pid = fork();

	assert_true(pid >= 0);
	for (unsigned i = 0; pid == 0 && i < 2 && answers[i]; i++) {
		struct pollfd p = {.fd = control, .events = POLLIN};
		char line[100];
		int fd = poll(&p, 1, 5000) == 1 ? accept(control, NULL, NULL) : -1;

		if (fd < 0 || recv(fd, line, sizeof line, 0) != (i ? 7 : 11) ||
		    send(fd, answers[i], strlen(answers[i]), MSG_NOSIGNAL) != (ssize_t)strlen(answers[i]))
			_exit(1);
		close(fd);
	}
	if (pid == 0)
		_exit(0);
	return pid;
}

/* An answer that breaks off, or is none, or is of another release. */
static void half_a_list(void **state)
{
#define SAME "version " DIALTONE_VERSION "\nregistered 0\nend\n"
#define WHOLE "user1@contoso.test\t\ti\t\t0\t60\tinside\t\t\n"
	static const struct {
		const char *answer, *why;
		unsigned told;
		const char *status;
	} rows[] = {
	    {"", "cut off", 0}, {WHOLE, "cut off", 1}, {WHOLE "user2@contoso.test\t\ti", "cut off", 1}, {WHOLE "en", "cut off", 1},
	    {"user1@contoso.test\n", "cannot be read", 0, SAME}, {"user1@contoso.test\t\ti\t\tx\t60\tinside\t\t\n", "cannot be read", 0, SAME},
	    {WHOLE "user1@contoso.test\t\ti\t\t0\t60\tbeside\t\n", "cannot be read", 1, ""},
	    {"error the questions are: order, status\n", "the questions are: order, status", 0, SAME}, {WHOLE "end\n", NULL, 1},
	    {"error the questions are: order, status\n", "is of an older version, ", 0, "registered 0\nend\n"},
	    {"user1@contoso.test\n", "is of version 0.0.9, this program of version " DIALTONE_VERSION "; type: systemctl restart dialtoned", 0,
	     "version 0.0.9\nregistered 0\nend\n"},
	};
	struct list *l = calloc(1, sizeof *l);
	struct why why = {0};
	char run[60];
	int control, status;
	bool nobody;

	(void)state;
	assert_non_null(l);
	strcpy(place.dir, "/tmp/dialtone-place.XXXXXX");
	assert_non_null(mkdtemp(place.dir));
	snprintf(run, sizeof run, "%s/run", place.dir);
	assert_int_equal(mkdir(run, 0700), 0);
	control = control_listen(place.dir, &why);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		pid_t pid = answer(control, rows[i].answer, rows[i].status);

		*l = (struct list){0};
		assert_int_equal(control_registered(place.dir, NULL, listed, l, &nobody, &why), rows[i].why == NULL);
		if (rows[i].why && strstr(why.text, rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, why.text);
		assert_int_equal(l->n, rows[i].told);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	assert_false(control_registered(place.dir, "a\nb@contoso.test", listed, l, &nobody, &why));
	close(control);
	strcat(run, "/control");
	unlink(run);
	*strrchr(run, '/') = '\0';
	rmdir(run);
	rmdir(place.dir);
	free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_signal_for_nobody),
					   cmocka_unit_test(orders_that_were_never_obeyed),
					   cmocka_unit_test(who_is_registered), cmocka_unit_test(half_a_list)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
