/* host/keys.c: RSA keys, made in a thread of their own: 60 to 400 ms in which the loop goes on.
 *
 * The thread writes into a pipe when it is done.  One job at a time; the phone asks for one key a sign-in.
 */
#include "host/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "pki/key.h"

struct host_keys {
	struct host *h;
	pthread_t thread;
	bool running, ready, wanted;
	unsigned id, life;
	int pipe[2];
	struct event ev;
	struct buf pem; /* the thread's while it runs, then ours */
};

static void *make(void *arg)
{
	struct host_keys *k = arg;
	struct pki_key *key = pki_key_make(2048);

	if (key)
		pki_key_write(key, &k->pem);
	pki_key_free(key);
	while (write(k->pipe[1], "k", 1) < 0 && errno == EINTR)
		;
	return NULL;
}

static void hand_over(struct host_keys *k)
{
	bool good = k->pem.n && !k->pem.oom;

	k->ready = k->wanted = false;
	if (k->life == k->h->life && k->h->phone)
		dt_phone_key(k->h->phone, k->id, good ? buf_cstr(&k->pem) : NULL);
	buf_wipe(&k->pem);
}

static void hand_over_later(struct host *h, void *arg)
{
	(void)arg;
	if (h->keys->ready && h->keys->wanted)
		hand_over(h->keys);
}

static void done(evutil_socket_t fd, short what, void *arg)
{
	struct host_keys *k = arg;
	char c;

	(void)what;
	if (read(fd, &c, 1) != 1 || !k->running)
		return;
	pthread_join(k->thread, NULL);
	k->running = false;
	k->ready = true;
	if (k->wanted)
		hand_over(k);
}

static int keys_begin(struct host_keys *k)
{
	if (k->running || k->ready)
		return 0;
	if (pthread_create(&k->thread, NULL, make, k) != 0)
		return -EAGAIN;
	k->running = true;
	return 0;
}

/* Makes a key ahead of time, so that no stage waits for it later. */
void keys_ahead(struct host *h)
{
	keys_begin(h->keys);
}

int keys_ask(struct host *h, unsigned id)
{
	struct host_keys *k = h->keys;

	if (k->wanted && k->life == h->life)
		return -EBUSY;
	k->id = id;
	k->life = h->life;
	k->wanted = true;
	if (k->ready)
		return host_later(h, hand_over_later, NULL);
	return keys_begin(k);
}

int keys_open(struct host *h)
{
	struct host_keys *k = calloc(1, sizeof *k);

	if (k == NULL)
		return -ENOMEM;
	k->h = h;
	k->pipe[0] = k->pipe[1] = -1;
	h->keys = k;
	if (pipe2(k->pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	if (event_assign(&k->ev, h->base, k->pipe[0], EV_READ | EV_PERSIST, done, k) < 0 || event_add(&k->ev, NULL) < 0)
		return -ENOMEM;
	return 0;
}

void keys_close(struct host *h)
{
	struct host_keys *k = h->keys;

	if (k == NULL)
		return;
	if (k->running)
		pthread_join(k->thread, NULL);
	if (event_initialized(&k->ev))
		event_del(&k->ev);
	if (k->pipe[0] >= 0)
		close(k->pipe[0]);
	if (k->pipe[1] >= 0)
		close(k->pipe[1]);
	buf_wipe(&k->pem);
	free(k);
	h->keys = NULL;
}
