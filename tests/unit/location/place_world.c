/* tests/unit/location/place_world.c starts a location process and stands around it. */
#include "tests/unit/location/place_world.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/ipc.h"
#include "server/control/control.h"
#include "server/location/ipc.h"
#include "tests/support/check.h"

struct place place;

static void place_run(const bool *there)
{
	while (!*there)
		loop_once(place.loop);
}

void place_up(const struct location_process *with)
{
	struct why why = {0};
	char run[60];

	strcpy(place.dir, "/tmp/dialtone-place.XXXXXX");
	assert_non_null(mkdtemp(place.dir));
	snprintf(run, sizeof run, "%s/run", place.dir);
	assert_int_equal(mkdir(run, 0700), 0);
	place.control = control_listen(place.dir, &why);
	assert_true(place.control >= 0);
	assert_true(ipc_pair(place.ask) && ipc_pair(place.push));
	place.pid = fork();
	assert_true(place.pid >= 0);
	if (place.pid == 0) {
		struct location_process p = with ? *with : PLACE_ALONE;

		p.ask = &place.ask[1];
		p.push = &place.push[1];
		p.nworker = 1;
		p.control_fd = place.control;
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		child_end(location_process_main(&p));
	}
	place.loop = loop_new();
	assert_non_null(place.loop);
	place.client = location_client_new(place.loop, place.ask[0], NULL, NULL, &place.link);
	assert_non_null(place.client);
	call_wait = place_run;
}

void place_down(void)
{
	char path[60];
	int status;

	location_client_free(place.client);
	loop_free(place.loop);
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

uint64_t place_ordered(struct location_notice *ret)
{
	static uint8_t in[4096];
	struct ipc_message m;

	for (;;) {
		struct pollfd p = {.fd = place.push[0], .events = POLLIN};
		ssize_t n;

		assert_int_equal(poll(&p, 1, 5000), 1);
		n = recv(place.push[0], in, sizeof in, 0);
		assert_true(n > 0 && ipc_read(in, (size_t)n, &m));
		if (m.kind != LOCATION_P_ORDER) /* it is the question what we hold */
			continue;
		if (ret)
			assert_true(location_notice_read(&m.body, ret));
		return m.number;
	}
}

int place_asked(const char *line)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(at.sun_path, sizeof at.sun_path, "%s/run/control", place.dir);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	return fd;
}
