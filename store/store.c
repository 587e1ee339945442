/* store/store.c: the functions that every engine shares. */
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
