#include "net/loop.h"

#include <stdlib.h>

#include "base/clock.h"

struct loop {
	struct event_base *base;
	uint64_t turn;
	bool stopped;
};

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->base = event_base_new();
	if (l->base == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	event_base_free(l->base);
	free(l);
}

void loop_run(struct loop *l)
{
	l->stopped = false;
	while (!l->stopped)
		loop_once(l);
}

void loop_once(struct loop *l)
{
	l->turn++;
	event_base_loop(l->base, EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY);
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
	event_base_loopbreak(l->base);
}

uint64_t loop_turn(const struct loop *l)
{
	return l->turn;
}

/* ---- descriptors --------------------------------------------------------------------------------------- */

static void fd_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *f = arg;

	(void)fd;
	f->fn(f->arg, (what & EV_READ ? LOOP_READ : 0u) | (what & EV_WRITE ? LOOP_WRITE : 0u));
}

void loop_fd_init(struct loop_fd *f, struct loop *l, int fd, void (*fn)(void *arg, unsigned what), void *arg)
{
	*f = (struct loop_fd){.loop = l, .fd = fd, .fn = fn, .arg = arg};
}

bool loop_fd_want(struct loop_fd *f, unsigned what)
{
	short events = EV_PERSIST;

	if (f->set && f->want == what)
		return true;
	if (f->set)
		event_del(&f->ev);
	f->set = false;
	f->want = what;
	if (what == 0)
		return true;
	if (what & LOOP_READ)
		events |= EV_READ;
	if (what & LOOP_WRITE)
		events |= EV_WRITE;
	if (event_assign(&f->ev, f->loop->base, f->fd, events, fd_ready, f) < 0 || event_add(&f->ev, NULL) < 0)
		return false;
	f->set = true;
	return true;
}

void loop_fd_stop(struct loop_fd *f)
{
	if (f->set)
		event_del(&f->ev);
	f->set = false;
}

/* ---- timers -------------------------------------------------------------------------------------------- */

static void timer_due(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd, (void)what;
	t->at = UINT64_MAX;
	t->fn(t->arg);
}

void loop_timer_init(struct loop_timer *t, struct loop *l, void (*fn)(void *arg), void *arg)
{
	*t = (struct loop_timer){.fn = fn, .arg = arg, .at = UINT64_MAX, .made = true};
	evtimer_assign(&t->ev, l->base, timer_due, t);
}

void loop_timer_at(struct loop_timer *t, uint64_t mono_ms)
{
	uint64_t now, wait;
	struct timeval tv;

	if (mono_ms == t->at)
		return;
	t->at = mono_ms;
	if (mono_ms == UINT64_MAX) {
		evtimer_del(&t->ev);
		return;
	}
	now = clock_mono_ms();
	wait = mono_ms > now ? mono_ms - now : 0;
	tv = (struct timeval){(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
	evtimer_add(&t->ev, &tv);
}

void loop_timer_stop(struct loop_timer *t)
{
	if (t->made)
		evtimer_del(&t->ev);
	t->made = false;
}

/* ---- signals ------------------------------------------------------------------------------------------- */

static void signal_came(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)what;
	s->fn(s->arg, (int)signo);
}

bool loop_signal_init(struct loop_signal *s, struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg)
{
	*s = (struct loop_signal){.fn = fn, .arg = arg};
	if (evsignal_assign(&s->ev, l->base, signo, signal_came, s) < 0 || evsignal_add(&s->ev, NULL) < 0)
		return false;
	s->made = true;
	return true;
}

void loop_signal_stop(struct loop_signal *s)
{
	if (s->made)
		evsignal_del(&s->ev);
	s->made = false;
}
