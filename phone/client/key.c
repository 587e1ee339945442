/* phone/client/key.c: the phone's own key pair. */
#include "phone/client/key.h"

#include <stdlib.h>

#include "phone/run/core.h"

struct key_client *key_new(struct dt_phone *ph)
{
	struct key_client *k = ph_alloc(ph, sizeof *k);

	if (k)
		k->ph = ph;
	return k;
}

void key_free(struct key_client *k)
{
	if (k == NULL)
		return;
	buf_wipe(&k->pem);
	free(k);
}

bool key_begin(struct key_client *k)
{
	struct ph_core *core = ph_core(k->ph);

	if (k->pem.n || k->id)
		return true;
	k->id = ph_next_id(k->ph);
	if (core->body->make_key(core->arg, k->id) == 0)
		return true;
	k->id = 0;
	return false;
}

bool key_wait(struct key_client *k, void (*done)(void *arg), void *arg)
{
	k->done = done;
	k->arg = arg;
	return k->pem.n > 0;
}

void key_made(struct key_client *k, unsigned id, const char *pem)
{
	void (*done)(void *arg);

	if (k == NULL || id == 0 || id != k->id)
		return;
	k->id = 0;
	if (pem)
		buf_str(&k->pem, pem);
	if (k->pem.oom)
		buf_wipe(&k->pem);
	done = k->done;
	k->done = NULL;
	if (done)
		done(k->arg);
}
