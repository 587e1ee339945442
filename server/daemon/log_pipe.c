#include "server/daemon/log_pipe.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define READS 64 /* at a time, so that a process that only logs does not keep the supervisor from its work */

static void flush(struct log_pipe *p, const char *process)
{
	if (p->n)
		log_relay(process, p->line, p->n);
	p->n = 0;
}

static void lines(struct log_pipe *p, const char *process, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' || p->n == sizeof p->line)
			flush(p, process);
		if (text[i] != '\n')
			p->line[p->n++] = text[i];
	}
}

static void shut(struct log_pipe *p, const char *process)
{
	flush(p, process);
	close(p->fd);
	p->fd = -1;
}

void log_pipe_read(struct log_pipe *p, const char *process)
{
	char text[4096];

	for (unsigned i = 0; p->fd >= 0 && i < READS; i++) {
		ssize_t n = read(p->fd, text, sizeof text);

		if (n > 0)
			lines(p, process, text, (size_t)n);
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			return;
		else
			shut(p, process);
	}
}

void log_pipe_end(struct log_pipe *p, const char *process)
{
	log_pipe_read(p, process);
	if (p->fd >= 0)
		shut(p, process);
}
