/* pki/tls_parts.c: what both backends of a TLS connection call: taking octets, and how it fails. */
#include "pki/tls_internal.h"

#include <stdio.h>
#include <string.h>

size_t tls_take(struct tls *t, void *p, size_t n)
{
	size_t left = t->in.n - t->taken;

	if (n > left)
		n = left;
	if (n == 0)
		return 0;
	memcpy(p, t->in.p + t->taken, n);
	t->taken += n;
	if (t->taken == t->in.n) { /* an idle connection costs what the library itself keeps */
		buf_free(&t->in);
		t->taken = 0;
	}
	return n;
}

void tls_fail(struct tls *t, const char *doing, const char *because)
{
	struct why why;

	t->state = TLS_FAILED;
	if (t->in.oom || t->out.oom)
		because = "out of memory";
	why_hold(&t->why, why_set(&why, "%s failed: %s", doing, because));
}
