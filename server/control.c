#include "server/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define CONTROL "run/control"
#define DEADLINE_MS 15000
#define ANSWER_MAX 65536

/* "run/control" in this folder.  The folder is held open, and named by its descriptor: a path of any length fits into the
 * 108 octets that a socket's address has. */
struct place {
	int folder;
	struct sockaddr_un at;
};

static bool place_of(const char *dir, struct place *ret)
{
	char run[4200];

	*ret = (struct place){.at.sun_family = AF_UNIX};
	snprintf(run, sizeof run, "%s/run", dir);
	ret->folder = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(ret->at.sun_path, sizeof ret->at.sun_path, "/proc/self/fd/%d/control", ret->folder);
	return ret->folder >= 0;
}

static bool failed(const char *dir, const char *what, char *why, size_t cap)
{
	snprintf(why, cap, "%s/" CONTROL ": %s%s%s", dir, what, errno ? ": " : "", errno ? strerror(errno) : "");
	return false;
}

/* -1 with *nobody: dialtoned does not run. */
static int reach(const char *dir, bool *nobody, char *why, size_t cap)
{
	struct place p;
	int fd;

	*nobody = false;
	if (!place_of(dir, &p)) {
		*nobody = errno == ENOENT;
		failed(dir, "cannot be reached", why, cap);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&p.at, sizeof p.at) < 0) {
		*nobody = errno == ENOENT || errno == ECONNREFUSED;
		failed(dir, "cannot be reached", why, cap);
		close(fd);
		fd = -1;
	}
	close(p.folder);
	return fd;
}

static bool ask(int fd, const char *line, size_t n, struct buf *answer)
{
	uint64_t until = clock_mono_ms() + DEADLINE_MS;

	if (send(fd, line, n, MSG_NOSIGNAL) != (ssize_t)n)
		return false;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_mono_ms();
		char part[4096];
		ssize_t got;
		int rc;

		errno = ETIMEDOUT;
		if (now >= until || answer->n > ANSWER_MAX)
			return false;
		rc = poll(&p, 1, (int)(until - now));
		if (rc < 0 && errno != EINTR)
			return false;
		if (rc <= 0)
			continue;
		got = recv(fd, part, sizeof part, 0);
		if (got < 0)
			return false;
		if (got == 0)
			return !answer->oom;
		buf_add(answer, part, (size_t)got);
	}
}

/* One line there, the answer back. true with *nobody: dialtoned does not run. */
static bool question(const char *dir, const char *line, size_t n, struct buf *answer, bool *nobody, char *why, size_t cap)
{
	int fd = reach(dir, nobody, why, cap);
	bool ok;

	if (fd < 0)
		return *nobody;
	ok = ask(fd, line, n, answer) || failed(dir, "no answer", why, cap);
	close(fd);
	return ok;
}

bool control_order_user(const char *dir, const char *aor, enum location_order order, unsigned diag, const char *reason,
			unsigned *acted, char *why, size_t cap)
{
	struct buf answer = {0};
	bool nobody, ok;
	char line[600];
	struct sv text;
	uint64_t n = 0;
	int len = snprintf(line, sizeof line, "order %s %u %u %s\n", aor, (unsigned)order, diag, reason);

	errno = 0;
	if (len < 0 || (size_t)len >= sizeof line || strpbrk(aor, " \r\n") || strpbrk(reason, "\r\n"))
		return failed(dir, "the order cannot be written in a line", why, cap);
	if (!question(dir, line, (size_t)len, &answer, &nobody, why, cap)) {
		buf_free(&answer);
		return false;
	}
	text = sv_trim(buf_view(&answer));
	ok = nobody || (sv_starts(text, SV("ok ")) && sv_u64(sv_from(text, 3), UINT32_MAX, &n));
	if (!ok) {
		if (sv_starts(text, SV("error ")))
			text = sv_from(text, 6);
		snprintf(why, cap, SV_FMT, SV_ARG(text.n ? text : SV("it closed without an answer")));
	} else {
		*acted = (unsigned)n;
	}
	buf_free(&answer);
	return ok;
}

bool control_status(const char *dir, struct buf *text, char *why, size_t cap)
{
	static const char line[] = "status\n";
	bool nobody;

	if (!question(dir, line, sizeof line - 1, text, &nobody, why, cap))
		return false;
	if (nobody)
		return true;
	errno = 0;
	if (!sv_ends(buf_view(text), SV("end\n")))
		return failed(dir, "the answer is cut off", why, cap);
	text->n -= 4;
	return true;
}

int control_listen(const char *dir, char *why, size_t cap)
{
	struct place p;
	int fd;

	if (!place_of(dir, &p)) {
		failed(dir, "cannot be made", why, cap);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		mode_t old = umask(0177);

		unlinkat(p.folder, "control", 0);
		if (bind(fd, (struct sockaddr *)&p.at, sizeof p.at) < 0 || listen(fd, 16) < 0) {
			failed(dir, "cannot be made", why, cap);
			close(fd);
			fd = -1;
		}
		umask(old);
	} else {
		failed(dir, "cannot be made", why, cap);
	}
	close(p.folder);
	return fd;
}
