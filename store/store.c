#include "store/store.h"

void store_close(struct store *s)
{
	if (s)
		s->ops->close(s);
}

const char *store_why(struct store *s)
{
	return s->ops->why(s);
}

void store_cert_clear(struct store_cert *c)
{
	buf_free(&c->der);
	*c = (struct store_cert){0};
}

struct store *store_open(const char *where, struct why *why)
{
	return store_is_postgres(where) ? store_postgres(where, why) : store_sqlite(where, why);
}
