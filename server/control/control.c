#include "server/control/control.h"
#include "server/control/lists.h"

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
#include "server/site/files.h"

#define CONTROL SITE_CONTROL
#define DEADLINE_MS 15000
#define ANSWER_MAX 65536
#define LIST_LINE_MAX 2048

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

/* The code is one of errno; with 0 the system has nothing to say. */
static bool control_failed(const char *dir, const char *what, int code, struct why *why)
{
	return why_not(why, "%s/" CONTROL ": %s%s%s%s", dir, what, code ? ": " : "", code ? strerror(code) : "",
		       code == EACCES ? "; run it as root, or as the user that started dialtoned" : "");
}

/* -1 with *nobody: dialtoned does not run. */
static int reach(const char *dir, bool *nobody, struct why *why)
{
	struct place p;
	int fd;

	*nobody = false;
	if (!place_of(dir, &p)) {
		*nobody = errno == ENOENT;
		control_failed(dir, "cannot be reached", errno, why);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		control_failed(dir, "cannot be reached", errno, why);
	} else if (connect(fd, (struct sockaddr *)&p.at, sizeof p.at) < 0) {
		*nobody = errno == ENOENT || errno == ECONNREFUSED;
		control_failed(dir, "cannot be reached", errno, why);
		close(fd);
		fd = -1;
	}
	close(p.folder);
	return fd;
}

/* The next octets; 0: that was all; -1: errno. */
static ssize_t control_more(int fd, uint64_t until, char *part, size_t cap)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_mono_ms();
		int rc;

		errno = ETIMEDOUT;
		if (now >= until)
			return -1;
		rc = poll(&p, 1, (int)(until - now));
		if (rc > 0)
			return recv(fd, part, cap, 0);
		if (rc < 0 && errno != EINTR)
			return -1;
	}
}

/* Returns 0 or a code of errno. */
static int control_send(int fd, const char *line, size_t n)
{
	ssize_t sent = send(fd, line, n, MSG_NOSIGNAL);

	return sent < 0 ? errno : (size_t)sent < n ? EMSGSIZE : 0;
}

/* Returns 0 or a code of errno. */
static int control_ask(int fd, const char *line, size_t n, struct buf *answer)
{
	uint64_t until = clock_mono_ms() + DEADLINE_MS;
	char part[4096];
	int code = control_send(fd, line, n);
	ssize_t got;

	if (code)
		return code;
	while ((got = control_more(fd, until, part, sizeof part)) > 0) {
		buf_add(answer, part, (size_t)got);
		if (answer->n > ANSWER_MAX)
			return EMSGSIZE;
	}
	return got < 0 ? errno : answer->oom ? ENOMEM : 0;
}

/* One line there, the answer back. true with *nobody: dialtoned does not run. */
static bool control_question(const char *dir, const char *line, size_t n, struct buf *answer, bool *nobody, struct why *why)
{
	int fd = reach(dir, nobody, why), code;

	if (fd < 0)
		return *nobody;
	code = control_ask(fd, line, n, answer);
	close(fd);
	return code == 0 || control_failed(dir, "no answer", code, why);
}

/* "ok 3", with *changed "ok 3 1", or "error SENTENCE". */
static bool control_count(const struct buf *answer, unsigned *ret, bool *changed, struct why *why)
{
	struct sv text = sv_trim(buf_view(answer)), rest = text.n > 3 ? sv_from(text, 3) : (struct sv){0};
	uint64_t n = 0, other = 0;

	if (sv_starts(text, SV("ok ")) && sv_u64(sv_cut(&rest, ' '), UINT32_MAX, &n) && (!changed || sv_u64(rest, 1, &other))) {
		*ret = (unsigned)n;
		if (changed)
			*changed = other;
		return true;
	}
	if (sv_starts(text, SV("error ")))
		text = sv_from(text, 6);
	return why_not(why, SV_FMT, SV_ARG(text.n ? text : SV("it closed without an answer")));
}

bool control_order_user(const char *dir, const char *aor, enum location_order order, unsigned diag, const char *reason,
			unsigned *acted, struct why *why)
{
	struct buf answer = {0};
	bool nobody, ok;
	char line[600];
	int len = snprintf(line, sizeof line, "order %s %u %u %s\n", aor, (unsigned)order, diag, reason);

	if (len < 0 || (size_t)len >= sizeof line || strpbrk(aor, " \r\n") || strpbrk(reason, "\r\n"))
		return control_failed(dir, "the order cannot be written in a line", 0, why);
	if (!control_question(dir, line, (size_t)len, &answer, &nobody, why)) {
		buf_free(&answer);
		return false;
	}
	ok = nobody || control_count(&answer, acted, NULL, why);
	buf_free(&answer);
	return ok;
}

bool control_drain(const char *dir, bool on, unsigned seconds, unsigned *phones, bool *changed, bool *nobody, struct why *why)
{
	struct buf answer = {0};
	char line[64];
	int n = on ? snprintf(line, sizeof line, "drain %u\n", seconds) : snprintf(line, sizeof line, "undrain\n");
	bool ok = control_question(dir, line, (size_t)n, &answer, nobody, why);

	*phones = 0;
	*changed = false;
	ok = ok && (*nobody || control_count(&answer, phones, changed, why));
	buf_free(&answer);
	return ok;
}

bool control_status(const char *dir, struct buf *text, struct why *why)
{
	static const char line[] = "status\n";
	bool nobody;

	if (!control_question(dir, line, sizeof line - 1, text, &nobody, why))
		return false;
	if (nobody)
		return true;
	if (!sv_ends(buf_view(text), SV("end\n")))
		return control_failed(dir, "the answer is cut off", 0, why);
	text->n -= 4;
	return true;
}

/* The answer was not understood: perhaps another release of dialtoned gave it. */
static void blame_version(const char *dir, struct why *why)
{
	struct why none = {0};
	struct buf text = {0};
	struct sv status;

	if (control_status(dir, &text, &none) && text.n) {
		status = buf_view(&text);
		control_is_of_another(control_version(&status), why);
	}
	buf_free(&text);
}

/* ---- lists ------------------------------------------------------------------------------------------------------------- */

/* What of the list has come: its whole lines are told and forgotten.  *ended: the last one was among them. */
static bool lines_read(struct buf *have, bool (*line)(void *arg, struct sv text), void *arg, bool *ended)
{
	struct sv rest = buf_view(have);
	size_t used = 0;

	for (ptrdiff_t n; !*ended && (n = sv_find(rest, '\n')) >= 0; rest = sv_from(rest, (size_t)n + 1), used += (size_t)n + 1) {
		struct sv text = {rest.p, (size_t)n};

		*ended = sv_eq(text, SV("end"));
		if (!*ended && !line(arg, text))
			return false;
	}
	buf_drop(have, used);
	return have->n <= LIST_LINE_MAX && !have->oom;
}

bool control_list(const char *dir, const char *question, bool (*line)(void *arg, struct sv text), void *arg, bool *nobody,
		  struct why *why)
{
	bool good = true, ended = false;
	struct buf have = {0};
	char part[4096];
	size_t n = strlen(question);
	int fd = reach(dir, nobody, why), code = EINVAL;
	ssize_t got = 0;

	if (fd < 0)
		return *nobody;
	if (strpbrk(question, "\r\n") == question + n - 1)
		code = control_send(fd, question, n);
	while (code == 0 && good && !ended && (got = control_more(fd, clock_mono_ms() + DEADLINE_MS, part, sizeof part)) > 0) {
		buf_add(&have, part, (size_t)got);
		good = lines_read(&have, line, arg, &ended);
	}
	if (got < 0)
		code = errno;
	close(fd);
	if (!good && sv_starts(buf_view(&have), SV("error ")))
		why_set(why, SV_FMT, SV_ARG(sv_trim(sv_from(buf_view(&have), 6))));
	else if (!ended)
		control_failed(dir, good ? "the answer is cut off" : "the answer cannot be read", code, why);
	if (!good)
		blame_version(dir, why);
	buf_free(&have);
	return ended;
}

int control_listen(const char *dir, struct why *why)
{
	struct place p;
	int fd;

	if (!place_of(dir, &p)) {
		control_failed(dir, "cannot be made", errno, why);
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0) {
		mode_t old = umask(0177);

		unlinkat(p.folder, "control", 0);
		if (bind(fd, (struct sockaddr *)&p.at, sizeof p.at) < 0 || listen(fd, 16) < 0) {
			control_failed(dir, "cannot be made", errno, why);
			close(fd);
			fd = -1;
		}
		umask(old);
	} else {
		control_failed(dir, "cannot be made", errno, why);
	}
	close(p.folder);
	return fd;
}
