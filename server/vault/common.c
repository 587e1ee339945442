/* server/vault/common.c: what every file of the vault uses: time, random numbers, reasons, the audit. */
#include "server/vault/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/log.h"

const char *vault_status_name(enum vault_status s)
{
	static const char *const names[] = {
	    [VAULT_OK] = "ok",
	    [VAULT_REFUSED] = "refused",
	    [VAULT_NOT_ENABLED] = "not enabled",
	    [VAULT_METHOD_OFF] = "method switched off",
	    [VAULT_TICKET_BAD] = "ticket not good",
	    [VAULT_CLAIM] = "claim of another",
	    [VAULT_AUDIENCE] = "not a service of ours",
	    [VAULT_MALFORMED] = "malformed",
	    [VAULT_CSR] = "certificate request refused",
	    [VAULT_NOT_FOUND] = "not found",
	    [VAULT_ELSEWHERE] = "at home on another pool",
	    [VAULT_REMOTE] = "no access from outside",
	    [VAULT_WAIT] = "too many failures from there",
	    [VAULT_FULL] = "disk full",
	    [VAULT_UNAVAILABLE] = "vault not available",
	    [VAULT_LATE] = "no answer in time",
	};

	return (unsigned)s < sizeof names / sizeof *names ? names[s] : "?";
}

bool vault_is_busy(enum vault_status s)
{
	return s == VAULT_WAIT || s == VAULT_UNAVAILABLE || s == VAULT_LATE;
}

void vault_ticket_clear(struct vault_ticket *t)
{
	soap_issued_clear(&t->issued);
}

int64_t vault_now(const struct vault *v)
{
	return (v->conf.unix_ms ? v->conf.unix_ms(v->conf.arg) : clock_unix_ms()) / 1000;
}

void vault_random(const struct vault *v, void *p, size_t n)
{
	if (v->conf.random)
		v->conf.random(v->conf.arg, p, n);
	else if (!pki_random(p, n)) {
		log_line(LOG_ERROR, "vault", "cannot get random numbers: %s", pki_error());
		abort(); /* nothing issued without them would be worth anything */
	}
}

uint64_t vault_id(const struct vault *v, unsigned slot)
{
	uint64_t id;

	vault_random(v, &id, sizeof id);
	id = (id & ~(uint64_t)(VAULT_SLOTS - 1)) | slot;
	return id >> 12 ? id : id | VAULT_SLOTS;
}

void vault_uuid(const struct vault *v, char out[37])
{
	uint8_t u[16];

	vault_random(v, u, sizeof u);
	uuid_random(out, u);
}

void vault_audit(const struct vault *v, const char *what, const char *whom, bool ok, const char *detail)
{
	struct store *s = v->conf.store;

	if (!ok && !vault_has_room(v))
		return; /* the rest of the disk is for sign-ins */
	if (s->ops->audit && s->ops->audit(s, vault_now(v), what, whom, ok, detail) != STORE_OK)
		log_line(LOG_ERROR, "vault", "cannot write an audit row: %s", store_why(s));
}

bool vault_has_room(const struct vault *v)
{
	struct store *s = v->conf.store;

	return s->ops->has_room == NULL || s->ops->has_room(s);
}

void vault_locked(const struct vault *v, enum pin_gate gate)
{
	if (v->conf.locked && (gate == PIN_LOCKED || gate == PIN_LOCKED_GLOBAL))
		atomic_fetch_add(v->conf.locked, 1);
}

bool vault_name_eq(const char *a, const char *b)
{
	return sv_ieq(sv_of(a), sv_of(b));
}

void vault_user_of(const struct store_user *u, struct vault_user *ret)
{
	*ret = (struct vault_user){.enabled = u->enabled, .remote = u->remote, .common_area = u->common_area};
	memcpy(ret->aor, u->aor, sizeof ret->aor);
	memcpy(ret->display, u->display, sizeof ret->display);
	memcpy(ret->home_pool, u->home_pool, sizeof ret->home_pool);
}
