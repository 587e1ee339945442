#include "cmd/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One line, octet by octet: the octets behind it are not ours, and nothing of it stays in a buffer of the library. */
static enum secret_from read_line(int fd, const char *name, struct buf *ret, struct why *why)
{
	size_t was = ret->n;
	char c;

	if (!buf_reserve(ret, SECRET_MAX)) { /* one piece, so that nothing is left behind by growing */
		why_set(why, "out of memory");
		return SECRET_FAILED;
	}
	for (;;) {
		ssize_t k = read(fd, &c, 1);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0) {
			why_set(why, "%s: %s", name, strerror(errno));
			return SECRET_FAILED;
		}
		if (k == 0 || c == '\n')
			break;
		if (ret->n - was == SECRET_MAX - 1 || c == '\0') {
			why_set(why, "%s: the first line is no PIN or password: it %s", name,
				c ? "is too long" : "holds a NUL");
			return SECRET_FAILED;
		}
		buf_add(ret, &c, 1);
	}
	if (ret->n > was && ret->p[ret->n - 1] == '\r')
		ret->n--;
	if (ret->n > was)
		return SECRET_READ;
	why_set(why, "%s: the first line is empty", name);
	return SECRET_FAILED;
}

static enum secret_from secret_ask(int fd, const char *prompt, struct buf *ret, struct why *why)
{
	struct termios old, quiet;
	enum secret_from r;

	if (tcgetattr(fd, &old) < 0)
		return SECRET_NONE;
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0 || write(fd, prompt, strlen(prompt)) < 0) {
		why_set(why, "the terminal: %s", strerror(errno));
		return SECRET_FAILED;
	}
	r = read_line(fd, "the answer", ret, why);
	tcsetattr(fd, TCSAFLUSH, &old);
	return r;
}

enum secret_from secret_read(const char *file, const char *environment, const char *prompt, struct buf *ret, struct why *why)
{
	const char *value = environment ? getenv(environment) : NULL;
	enum secret_from r = SECRET_NONE;
	int fd;

	if (file && strcmp(file, "-") == 0)
		return read_line(STDIN_FILENO, "standard input", ret, why);
	if (file) {
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			why_set(why, "%s: %s", file, strerror(errno));
			return SECRET_FAILED;
		}
		r = read_line(fd, file, ret, why);
		close(fd);
		return r;
	}
	if (value && value[0]) {
		if (strlen(value) >= SECRET_MAX || !buf_reserve(ret, SECRET_MAX)) {
			why_set(why, "%s: it is too long", environment);
			return SECRET_FAILED;
		}
		buf_str(ret, value);
		return SECRET_READ;
	}
	if (prompt == NULL || !isatty(STDIN_FILENO))
		return SECRET_NONE;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return SECRET_NONE;
	r = secret_ask(fd, prompt, ret, why);
	close(fd);
	return r;
}
