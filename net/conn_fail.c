/* net/conn_fail.c: a connection fails, and gives the octets of its TLS engine to its queue; conn.c and conn_file.c stand on it. */
#include "net/conn_internal.h"

#include <stdio.h>

#include "base/buf.h"

void conn_fail(struct conn *c, const char *why, bool reset)
{
	if (c->phase == DEAD)
		return;
	c->phase = DEAD;
	c->why = why;
	c->reset = reset;
}

void conn_fail_because(struct conn *c, const char *what, const char *detail)
{
	if (c->phase == DEAD)
		return;
	if (asprintf(&c->why_text, "%s%s", what, detail) < 0)
		c->why_text = NULL;
	conn_fail(c, c->why_text ? c->why_text : what, false);
}

void conn_drain(struct conn *c)
{
	if (c->tls)
		tls_drain(c->tls, &c->out);
	if (c->out.oom)
		conn_fail(c, "out of memory", true);
}
