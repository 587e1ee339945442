/* net/loop.h: one event loop a process: descriptors, timers, signals (libevent's core behind it).
 *
 * A loop_fd, loop_timer or loop_signal stands inside its owner's struct; the owner stops it before it frees itself.
 * Callbacks run from loop_run() only.  Times are milliseconds of clock_mono_ms(), absolute.
 */
#ifndef DIALTONE_NET_LOOP_H
#define DIALTONE_NET_LOOP_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;

struct loop *loop_new(void); /* NULL: out of memory or descriptors */
void loop_free(struct loop *l);
void loop_run(struct loop *l);	/* until loop_stop() */
void loop_once(struct loop *l);	/* until something has happened, and what follows from it is done */
void loop_stop(struct loop *l); /* after the callback that runs */
uint64_t loop_turn(const struct loop *l); /* counts: in one turn everything that is ready has its call */

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

struct loop_fd {
	struct event ev;
	struct loop *loop;
	void (*fn)(void *arg, unsigned what);
	void *arg;
	int fd;
	unsigned want;
	bool set;
};
void loop_fd_init(struct loop_fd *f, struct loop *l, int fd, void (*fn)(void *arg, unsigned what), void *arg);
bool loop_fd_want(struct loop_fd *f, unsigned what); /* LOOP_READ | LOOP_WRITE; 0: nothing. false: out of memory */
void loop_fd_stop(struct loop_fd *f);		     /* does not close; fine on a zeroed one */

struct loop_timer {
	struct event ev;
	void (*fn)(void *arg);
	void *arg;
	uint64_t at; /* UINT64_MAX: not set */
	bool made;
};
void loop_timer_init(struct loop_timer *t, struct loop *l, void (*fn)(void *arg), void *arg);
void loop_timer_at(struct loop_timer *t, uint64_t mono_ms); /* UINT64_MAX: off */
void loop_timer_stop(struct loop_timer *t);		    /* fine on a zeroed one */

struct loop_signal {
	struct event ev;
	void (*fn)(void *arg, int signo);
	void *arg;
	bool made;
};
bool loop_signal_init(struct loop_signal *s, struct loop *l, int signo, void (*fn)(void *arg, int signo), void *arg);
void loop_signal_stop(struct loop_signal *s);

#endif
