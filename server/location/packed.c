#include "server/location/packed.h"

#include <stdlib.h>
#include <string.h>

#include "base/sv.h"

#define TEXTS(X) X(aor) X(instance) X(epid) X(contact) X(user_agent) X(call_id) X(peer)

struct location_packed *location_pack(const struct location_binding *b)
{
	struct location_packed *p;
	size_t n = 0;
	char *to;

#define COUNT(field) n += strlen(b->field) + 1;
	TEXTS(COUNT)
#undef COUNT
	if ((p = malloc(sizeof *p + n)) == NULL)
		return NULL;
	*p = (struct location_packed){.conn = b->conn, .expires = b->expires, .worker = b->worker, .cseq = b->cseq, .outside = b->outside};
	to = p->text;
#define COPY(field) \
	n = strlen(b->field) + 1; \
	p->field = memcpy(to, b->field, n); \
	to += n;
	TEXTS(COPY)
#undef COPY
	return p;
}

void location_unpack(const struct location_packed *p, struct location_binding *ret)
{
	*ret = (struct location_binding){.conn = p->conn, .expires = p->expires, .worker = p->worker, .cseq = p->cseq, .outside = p->outside};
#define TAKE(field) (void)sv_copy(ret->field, sizeof ret->field, sv_of(p->field)); /* it came out of such a field */
	TEXTS(TAKE)
#undef TAKE
}
