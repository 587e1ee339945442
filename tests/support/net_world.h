/* tests/support/net_world.h: one loop with a server's end and a client's end in it.
 *
 * The client collects what comes (`got`) and notices the end (`closed`, `reset`).  until() turns the loop until something
 * holds; ten seconds without it fail the test: they bound it and decide nothing.
 */
#ifndef DIALTONE_TESTS_NET_WORLD_H
#define DIALTONE_TESTS_NET_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/check.h"
#include "net/conn.h"

struct client {
	struct loop_fd watch;
	struct buf got;
	bool closed, reset, deaf; /* deaf: does not read */
	struct tls *tls;
	struct buf plain; /* with TLS */
};

struct tls_ctx *server_context(const char *name); /* of TLS 1.2 and later, with a certificate of that name */
void client_send_raw(struct client *c, const void *p, size_t n);
void client_tls_out(struct client *c);
void client_init(struct client *c, struct loop *l, int fd);
void client_clear(struct client *c);
void client_send(struct client *c, const char *text);
const char *client_text(struct client *c);
unsigned count_of(struct client *c, const char *what);
void turn(struct loop *l, unsigned ms);

#define until(loop, condition)                                                                                              \
	do {                                                                                                                \
		uint64_t until_end = clock_mono_ms() + 10000;                                                               \
                                                                                                                            \
		while (!(condition)) {                                                                                      \
			if (clock_mono_ms() > until_end)                                                                    \
				fail_msg("it never came to this: %s", #condition);                                          \
			turn(loop, 5);                                                                                      \
		}                                                                                                           \
	} while (0)

#endif
