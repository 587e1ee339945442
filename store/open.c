/* store/open.c: which engine a store is in. */
#include "store/store.h"

struct store *store_open(const char *where, struct why *why)
{
	return store_is_postgres(where) ? store_postgres(where, why) : store_sqlite(where, why);
}
