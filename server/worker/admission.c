/* server/worker/admission.c: bounds the handshakes that begin at once, and the time that a hello may wait. */
#include "server/vault/ipc.h"
#include "server/worker/internal.h"

static uint64_t admission_behind_ms(void *arg)
{
	struct vault_client *const *vault = (struct vault_client *const *)arg;

	return *vault ? vault_client_behind_ms(*vault) : 0;
}

/* A phone that comes to the Registrar has its certificate: it is further along, and more of those begin at once. */
static const struct admission_conf admissions[2] = {
    {.what = "Web Services", .at_once = 1, .wait_ms = 300, .known_ms = 4000, .turn_ms = 20, .behind_ms = admission_behind_ms},
    {.what = "Registrar", .at_once = 2, .wait_ms = 4000, .known_ms = 6000},
};

void worker_admission_init(struct admission ret[2], struct loop *loop, struct vault_client **vault)
{
	for (unsigned i = 0; i < 2; i++) {
		struct admission_conf c = admissions[i];

		c.loop = loop;
		c.arg = (void *)vault;
		admission_init(&ret[i], &c);
	}
}
