/* server/daemon/log_pipe.h: the log of one process, as the supervisor reads it from a pipe and writes it, line by line. */
#ifndef DIALTONE_SERVER_DAEMON_LOG_PIPE_H
#define DIALTONE_SERVER_DAEMON_LOG_PIPE_H

#include <stddef.h>

struct log_pipe {
	int fd; /* -1: none */
	size_t n;
	char line[2048]; /* the part of a line that has come; a longer one is cut into pieces */
};
void log_pipe_read(struct log_pipe *p, const char *process); /* the octets that are there now; closes it at its end */
void log_pipe_end(struct log_pipe *p, const char *process);  /* the same, and no more will be read */

#endif
