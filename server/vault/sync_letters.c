/* server/vault/sync_letters.c: messages to the location process: the thread writes them, the loop sends them. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "net/ipc.h"
#include "server/vault/sync_internal.h"

void sync_send(struct vault_sync *s, struct buf *text)
{
	struct letter *l = malloc(sizeof *l);
	uint64_t one = 1;

	if (l == NULL || s->conf.fd < 0) {
		buf_wipe(text);
		free(l);
		return;
	}
	l->text = *text;
	*text = (struct buf){0};
	pthread_mutex_lock(&s->lock);
	STAILQ_INSERT_TAIL(&s->out, l, next);
	pthread_mutex_unlock(&s->lock);
	if (write(s->watch.fd, &one, sizeof one) < 0)
		log_line(LOG_ERROR, "vault", "the loop cannot be woken");
}

/* The thread's message, and its acknowledgement. */
void sync_outgoing(void *arg, unsigned what)
{
	struct vault_sync *s = arg;
	struct letter *l;
	uint64_t n;

	(void)what;
	if (read(s->watch.fd, &n, sizeof n) < 0)
		return;
	for (;;) {
		pthread_mutex_lock(&s->lock);
		if ((l = STAILQ_FIRST(&s->out)) != NULL)
			STAILQ_REMOVE_HEAD(&s->out, next);
		pthread_mutex_unlock(&s->lock);
		if (l == NULL)
			return;
		if (!ipc_server_send(&s->location, &l->text))
			log_line(LOG_WARN, "vault", "the location process cannot be told");
		buf_wipe(&l->text);
		free(l);
	}
}

void sync_letters_free(struct vault_sync *s)
{
	struct letter *l;

	while ((l = STAILQ_FIRST(&s->out)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->out, next);
		buf_wipe(&l->text);
		free(l);
	}
}
