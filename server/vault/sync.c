#include "server/vault/sync.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/ipc.h"
#include "server/site/health.h"
#include "server/vault/sync_internal.h"

#define LOOK_MS 200

/* ---- the loop's thread -------------------------------------------------------------------------------------------------------- */

static void incoming(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct vault_sync *s = arg;
	struct far_batch b = {0};

	(void)from;
	if (m->kind == FAR_BATCH) {
		fields_get(&m->body, far_batch_fields, &b);
		rd_end(&m->body);
	}
	pthread_mutex_lock(&s->lock);
	if (m->kind == FAR_HELLO) {
		s->hello = true;
	} else if (m->kind == FAR_BATCH && m->body.err == NULL && s->batch.row == NULL) { /* there is one at a time */
		s->batch = b;
		s->number = m->number;
		b = (struct far_batch){0};
	}
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	fields_clear(far_batch_fields, &b);
}

/* ---- the thread ------------------------------------------------------------------------------------------------------------------- */

static void state_set(struct vault_sync *s, bool good)
{
	unsigned now = good ? HEALTH_STORE_UP : HEALTH_STORE_DOWN, was = s->conf.health ? atomic_exchange(&s->conf.health->store, now) : now;

	if (was == now)
		return;
	if (good)
		log_line(LOG_INFO, "vault", "the store answers");
	else
		log_line(LOG_ERROR, "vault", "the store does not answer: %s: registered phones stay registered, new sign-ins are refused (503)",
			 s->store ? store_why(s->store) : s->why.text);
}

/* Takes the orders that the loop has left here, after a while or at once. */
static bool wait_for_work(struct vault_sync *s, struct far_batch *batch, uint64_t *number, bool *hello)
{
	struct timespec until;
	bool ending;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&s->lock);
	if (!s->ending && !s->hello && s->batch.row == NULL)
		pthread_cond_timedwait(&s->more, &s->lock, &until);
	ending = s->ending;
	*hello = s->hello;
	*batch = s->batch;
	*number = s->number;
	s->hello = false;
	s->batch = (struct far_batch){0};
	pthread_mutex_unlock(&s->lock);
	return !ending;
}

static void *sync_thread(void *arg)
{
	struct vault_sync *s = arg;
	struct far_batch batch;
	uint64_t number;
	bool hello;

	while (wait_for_work(s, &batch, &number, &hello)) {
		bool good = sync_turn(s, &batch, number, hello);

		state_set(s, good);
		fields_clear(far_batch_fields, &batch);
	}
	fields_clear(far_batch_fields, &batch);
	return NULL;
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------- */

static bool sync_start(struct vault_sync *s)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the loop's */
	s->running = pthread_create(&s->thread, NULL, sync_thread, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return s->running;
}

struct vault_sync *vault_sync_new(const struct vault_sync_conf *c)
{
	struct vault_sync *s = calloc(1, sizeof *s);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (s == NULL || fd < 0) {
		if (fd >= 0)
			close(fd);
		free(s);
		return NULL;
	}
	s->conf = *c;
	s->anew = true;
	STAILQ_INIT(&s->out);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->more, NULL);
	loop_fd_init(&s->watch, c->loop, fd, sync_outgoing, s);
	if (!loop_fd_want(&s->watch, LOOP_READ) || (c->fd >= 0 && !ipc_server_init(&s->location, c->loop, c->fd, incoming, s)) || !sync_start(s)) {
		vault_sync_free(s);
		return NULL;
	}
	return s;
}

void vault_sync_free(struct vault_sync *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->ending = true;
	pthread_cond_signal(&s->more);
	pthread_mutex_unlock(&s->lock);
	if (s->running)
		pthread_join(s->thread, NULL);
	sync_letters_free(s);
	if (s->conf.fd >= 0)
		ipc_server_clear(&s->location);
	loop_fd_stop(&s->watch);
	close(s->watch.fd);
	fields_clear(far_batch_fields, &s->batch);
	free(s->rows.row);
	store_close(s->store);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->more);
	free(s);
}

bool vault_sync_changes(const struct vault_sync *s, uint64_t *ret)
{
	if (!atomic_load(&s->known))
		return false;
	*ret = atomic_load(&s->changes);
	return true;
}
