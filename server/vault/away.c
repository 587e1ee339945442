/* server/vault/away.c writes down which pools have a backup, for the watcher to ask, and knows which of them are away: health.h. */
#include "server/vault/internal.h"

#include <string.h>

#include "server/site/health.h"

/* The row of that pool; NULL: there is none, and no place for one. */
static struct health_pool *row_of(struct health *h, const struct store_pool *p)
{
	for (unsigned i = 0; i < HEALTH_POOLS; i++)
		if (atomic_load(&h->pool[i].state) > HEALTH_POOL_WRITTEN && strcmp(h->pool[i].name, p->name) == 0)
			return &h->pool[i];
	for (unsigned i = 0; i < HEALTH_POOLS; i++) {
		struct health_pool *row = &h->pool[i];
		unsigned was = HEALTH_POOL_FREE;

		if (!atomic_compare_exchange_strong(&row->state, &was, HEALTH_POOL_WRITTEN))
			continue;
		memcpy(row->name, p->name, sizeof row->name);
		memcpy(row->host, p->web, sizeof row->host);
		atomic_store(&row->state, HEALTH_POOL_NEW);
		return row;
	}
	return NULL;
}

static bool watch_it(void *arg, const struct store_pool *p)
{
	if (p->backup[0] && p->web[0])
		row_of(arg, p);
	return true;
}

bool vault_watch_pools(struct store *s, struct health *h)
{
	return h == NULL || s->ops->pool_each(s, watch_it, h) == STORE_OK;
}

bool vault_pool_away(const struct vault *v, const struct store_pool *p)
{
	struct health_pool *row = v->conf.health && p->backup[0] && p->web[0] ? row_of(v->conf.health, p) : NULL;

	if (row == NULL)
		return false;
	if (strcmp(row->host, p->web) != 0) { /* its Web Services have moved */
		unsigned was = atomic_exchange(&row->state, HEALTH_POOL_WRITTEN);

		memcpy(row->host, p->web, sizeof row->host);
		atomic_store(&row->state, was == HEALTH_POOL_AWAY ? HEALTH_POOL_AWAY : HEALTH_POOL_NEW);
	}
	return atomic_load(&row->state) == HEALTH_POOL_AWAY;
}
