#include "server/vault/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/vault/ipc.h"
#include "server/vault/make.h"

#define THREADS_MAX 16
#define QUEUE_MAX ((size_t)64 << 20) /* octets of questions that wait */

struct job {
	TAILQ_ENTRY(job) by_age;
	struct ipc_server *from;
	uint64_t came; /* mono_ms */
	struct buf question, answer;
};
TAILQ_HEAD(jobs, job);

struct vault_pool {
	struct vault *vault;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct jobs waiting, done;
	size_t octets; /* of those that wait */
	bool ending;
	struct loop_fd watch; /* an eventfd: something is done */
	pthread_t thread[THREADS_MAX];
	unsigned nthread;
};

static void job_free(struct job *j)
{
	if (j == NULL)
		return;
	buf_wipe(&j->question);
	buf_wipe(&j->answer);
	free(j);
}

/* ---- the threads -------------------------------------------------------------------------------------------------------- */

static void answer(struct vault_pool *p, struct job *j)
{
	struct vault_reply r;
	struct ipc_message m;
	struct vault_ask q;

	if (clock_mono_ms() - j->came >= VAULT_DEADLINE_MS)
		return; /* nobody waits for it any more: others have a use for the time */
	if (!ipc_read(j->question.p, j->question.n, &m) || !vault_ask_read(&m, &q)) {
		log_line(LOG_ERROR, "vault", "malformed request from a worker: dropped");
		return;
	}
	vault_answer(p->vault, &q, &r);
	vault_reply_write(&j->answer, m.number, &r);
	vault_reply_clear(&r);
	vault_ask_clear(&q);
}

static void *work(void *arg)
{
	struct vault_pool *p = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&p->lock);
	while (!p->ending) {
		struct job *j = TAILQ_FIRST(&p->waiting);

		if (j == NULL) {
			pthread_cond_wait(&p->more, &p->lock);
			continue;
		}
		TAILQ_REMOVE(&p->waiting, j, by_age);
		p->octets -= j->question.n;
		pthread_mutex_unlock(&p->lock);
		answer(p, j);
		pthread_mutex_lock(&p->lock);
		TAILQ_INSERT_TAIL(&p->done, j, by_age);
		if (write(p->watch.fd, &one, sizeof one) < 0)
			log_line(LOG_ERROR, "vault", "the loop cannot be woken");
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- the loop's thread -------------------------------------------------------------------------------------------------- */

static struct job *next_done(struct vault_pool *p)
{
	struct job *j;

	pthread_mutex_lock(&p->lock);
	if ((j = TAILQ_FIRST(&p->done)) != NULL)
		TAILQ_REMOVE(&p->done, j, by_age);
	pthread_mutex_unlock(&p->lock);
	return j;
}

static void done(void *arg, unsigned what)
{
	struct vault_pool *p = arg;
	uint64_t n;
	struct job *j;

	(void)what;
	if (read(p->watch.fd, &n, sizeof n) < 0)
		return;
	while ((j = next_done(p)) != NULL) {
		if (j->answer.n && !ipc_server_send(j->from, &j->answer))
			log_line(LOG_WARN, "vault", "an answer cannot be sent");
		job_free(j);
	}
}

void vault_pool_ask(struct vault_pool *p, struct ipc_server *from, const struct ipc_message *m)
{
	struct job *j = calloc(1, sizeof *j);

	if (j)
		buf_add(&j->question, m->body.start, (size_t)(m->body.end - m->body.start));
	if (j == NULL || j->question.oom) {
		job_free(j);
		return;
	}
	j->from = from;
	j->came = clock_mono_ms();
	pthread_mutex_lock(&p->lock);
	if (p->octets < QUEUE_MAX) {
		TAILQ_INSERT_TAIL(&p->waiting, j, by_age);
		p->octets += j->question.n;
		pthread_cond_signal(&p->more);
		j = NULL;
	}
	pthread_mutex_unlock(&p->lock);
	job_free(j);
}

/* Signals are the loop's: the threads block them all. */
static bool start(struct vault_pool *p, unsigned threads)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (p->nthread < threads && p->nthread < THREADS_MAX &&
	       pthread_create(&p->thread[p->nthread], NULL, work, p) == 0)
		p->nthread++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return p->nthread > 0;
}

struct vault_pool *vault_pool_new(struct loop *l, struct vault *v, unsigned threads)
{
	struct vault_pool *p = calloc(1, sizeof *p);
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (p == NULL || fd < 0) {
		if (fd >= 0)
			close(fd);
		free(p);
		return NULL;
	}
	p->vault = v;
	TAILQ_INIT(&p->waiting);
	TAILQ_INIT(&p->done);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->more, NULL);
	loop_fd_init(&p->watch, l, fd, done, p);
	if (!loop_fd_want(&p->watch, LOOP_READ) || !start(p, threads)) {
		vault_pool_free(p);
		return NULL;
	}
	return p;
}

void vault_pool_free(struct vault_pool *p)
{
	struct job *j;

	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->nthread; i++)
		pthread_join(p->thread[i], NULL);
	while ((j = TAILQ_FIRST(&p->waiting)) != NULL) {
		TAILQ_REMOVE(&p->waiting, j, by_age);
		job_free(j);
	}
	while ((j = next_done(p)) != NULL)
		job_free(j);
	loop_fd_stop(&p->watch);
	close(p->watch.fd);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->more);
	free(p);
}
