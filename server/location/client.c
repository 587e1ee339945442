/* server/location/client.c: one connection of the control socket: its answer, and its end. */
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/location/process_internal.h"

void client_close(struct client *c)
{
	if (c->fd < 0)
		return;
	for (unsigned i = 0; i < PENDING; i++)
		if (c->process->pending[i].client == c) { /* the client is gone: drop its pending acknowledgements; they may never come, since a worker can die */
			c->process->pending[i].client = NULL;
			c->process->pending[i].number = 0;
		}
	loop_fd_stop(&c->watch);
	loop_timer_stop(&c->late);
	buf_free(&c->out);
	close(c->fd);
	c->fd = -1;
}

void client_answer(struct client *c, const struct buf *b)
{
	if (b->oom || send(c->fd, b->p, b->n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)b->n)
		log_line(LOG_WARN, "location", "the client of the control socket does not read its answer");
	client_close(c);
}

void client_printf(struct client *c, const char *fmt, unsigned a, unsigned b)
{
	struct buf out = {0};

	buf_printf(&out, fmt, a, b);
	client_answer(c, &out);
	buf_free(&out);
}

void client_acted(struct client *c)
{
	if (c->waits && c->outstanding == 0)
		client_printf(c, "ok %u\n", c->acted, 0);
}
