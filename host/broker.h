/* host/broker.h: a process that stays root beside a phone that no longer is, and does three things for it.
 *
 * The phone reads what a network sends, which may be hostile.  What it needs root for after its start is little, and each piece was named
 * on the command line before the network was touched: /dev/net/tun, the serial line of --usb, and the files that the doctor leaves
 * behind.  The broker is forked before root is given up, reads eight octets a question and nothing of the network, and ends with
 * the phone.
 *
 * A phone that root did not start has no broker (NULL): the functions then do the same themselves.
 */
#ifndef DIALTONE_HOST_BROKER_H
#define DIALTONE_HOST_BROKER_H

#include <stddef.h>

#include "base/why.h"

struct broker;

enum { BROKER_FILES = 4, BROKER_FILE_MAX = 512 << 20 };

/* The rights of the broker.  The strings live as long as it does; files: up to BROKER_FILES, then NULL; or NULL. */
struct broker_conf {
	const char *serial_line; /* or NULL */
	const char *const *files;
};

/* In the network namespace that the caller is in.  0 with *ret NULL when the caller is not root; or -errno. */
int broker_start(const struct broker_conf *c, struct broker **ret, struct why *why);
void broker_stop(struct broker *b); /* waits for its end; NULL is fine */

/* A descriptor, or -errno. */
int broker_tun(struct broker *b);
int broker_serial_line(struct broker *b, const char *path); /* as tty_open() */
/* One of the files: written whole or not at all, mode 0600.  0 or -errno; -EPERM: it is none of them. */
int broker_put(struct broker *b, const char *path, const void *p, size_t n);

#endif
