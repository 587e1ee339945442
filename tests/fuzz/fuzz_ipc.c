/* tests/fuzz/fuzz_ipc.c: a message between processes.  The first octet chooses the reader: a question to a vault that knows
 * nothing, a question to the location process, an order, a vault's answer.  Octets taken as a question are answered
 * by a message that reads back.
 */
#include <stdlib.h>
#include <string.h>

#include "server/location/ipc.h"
#include "server/vault/codec.h"
#include "server/vault/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

/* ---- a vault that says yes to everything, with a result of its own: so that every answer is composed --------------------- */

static enum vault_status user(void *arg, const char *aor, struct vault_user *ret)
{
	(void)arg;
	*ret = (struct vault_user){.enabled = true};
	memcpy(ret->aor, aor, strlen(aor) + 1);
	return VAULT_OK;
}

static enum vault_status known(void *arg, const uint8_t *der, size_t n, const char *aor, char *why)
{
	(void)arg, (void)der, (void)why;
	return n && aor[0] ? VAULT_OK : VAULT_REFUSED;
}

static enum vault_status challenge(void *arg, bool datagram, const void *type1, size_t n, uint64_t *id, struct buf *ret)
{
	(void)arg, (void)datagram;
	*id = n;
	if (n)
		buf_add(ret, type1, n);
	return VAULT_OK;
}

static enum vault_status verify(void *arg, uint64_t id, const void *type3, size_t n, struct vault_login *ret, char *why)
{
	(void)arg, (void)type3, (void)n, (void)why;
	*ret = (struct vault_login){.id = id};
	return VAULT_OK;
}

static void issued(const struct soap_issue *ask, struct vault_ticket *ret)
{
	*ret = (struct vault_ticket){.issued.nentropy = ask->nentropy};
	memcpy(ret->issued.context, ask->context, sizeof ask->context);
	memcpy(ret->issued.entropy, ask->entropy, ask->nentropy);
	buf_str(&ret->issued.assertion, ask->claim);
}

static enum vault_status by_login(void *arg, uint64_t login, const struct soap_issue *ask, bool outside,
				  struct vault_ticket *ret, char *why)
{
	(void)arg, (void)login, (void)outside, (void)why;
	issued(ask, ret);
	return VAULT_OK;
}

static enum vault_status by_pin(void *arg, const char *number, const char *pin, const struct soap_issue *ask, bool outside,
				struct vault_ticket *ret, char *why)
{
	(void)arg, (void)outside, (void)why;
	if (strlen(number) > 255 || strlen(pin) > 255)
		abort();
	issued(ask, ret);
	return VAULT_OK;
}

static enum vault_status by_cert(void *arg, const void *envelope, size_t n, bool outside, struct vault_ticket *ret, char *why)
{
	struct soap_issue ask = {0};

	(void)arg, (void)envelope, (void)n, (void)outside, (void)why;
	issued(&ask, ret);
	return VAULT_OK;
}

static enum vault_status certify(void *arg, const void *envelope, size_t n, bool outside, struct vault_cert *ret, char *why)
{
	(void)arg, (void)outside, (void)why;
	*ret = (struct vault_cert){0};
	if (n)
		buf_add(&ret->der, envelope, n);
	return VAULT_OK;
}

static enum vault_status offer(void *arg, const struct update_question *q, const char *peer, struct vault_offer *ret)
{
	(void)arg, (void)peer;
	*ret = (struct vault_offer){.known = true};
	if (q->nmodule)
		ret->module = q->module[q->nmodule - 1];
	return VAULT_OK;
}

static enum vault_status proved(void *arg, const char *aor, const char *peer)
{
	(void)arg;
	return strlen(aor) < 256 && strlen(peer) < 64 ? VAULT_OK : VAULT_REFUSED;
}

static enum vault_status shown(void *arg, const void *assertion, size_t n, bool outside, char *aor, char *why)
{
	(void)arg, (void)assertion, (void)n, (void)outside, (void)why;
	memcpy(aor, "a@b", 4);
	return VAULT_OK;
}

static int64_t when(void *arg)
{
	(void)arg;
	return 1000;
}

/* ---- the target -------------------------------------------------------------------------------------------------------------- */

static void answered(struct buf *answer)
{
	struct ipc_message m;

	if (!ipc_end(answer))
		abort();
	if (!ipc_read(answer->p, answer->n, &m))
		abort();
	buf_free(answer);
}

static void to_vault(struct ipc_message *m)
{
	const struct vault_ops ops = {.user = user, .cert_known = known, .ntlm_challenge = challenge, .ntlm_verify = verify,
				      .ticket_login = by_login, .ticket_pin = by_pin, .ticket_cert = by_cert,
				      .cert_issue = certify, .update_offer = offer, .pin_proved = proved, .ticket_known = shown};
	struct buf answer = {0};

	if (vault_answer(&ops, m, &answer))
		answered(&answer);
	else if (answer.n)
		abort(); /* dropped, and yet something was composed */
	buf_free(&answer);
}

static void to_location(struct ipc_message *m)
{
	struct location *l = location_new(when, NULL, NULL);
	struct buf answer = {0};
	bool here = false;

	if (l == NULL)
		abort();
	if (location_answer(l, 1, m, &answer, &here))
		answered(&answer);
	buf_free(&answer);
	location_free(l);
}

static void fields(struct ipc_message *m)
{
	struct location_notice notice;
	struct soap_issued got = {0};
	struct vault_offer o;
	struct vault_login login;
	struct vault_user u;

	switch (m->number % 5) {
	case 0:
		location_notice_read(&m->body, &notice);
		break;
	case 1:
		vault_issued_get(&m->body, &got);
		soap_issued_clear(&got);
		break;
	case 2:
		vault_offer_get(&m->body, &o);
		break;
	case 3:
		vault_login_get(&m->body, &login);
		break;
	default:
		vault_user_get(&m->body, &u);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1);
	struct ipc_message m;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	if (n > IPC_HEAD && n <= IPC_MAX) {
		struct wr w = wr_of(in + 1, 4);

		wr_be(&w, 4, n - 1); /* a wrong length is refused by one line: leave it right */
		if (ipc_read(in + 1, n - 1, &m))
			(in[0] % 3 == 0 ? to_vault : in[0] % 3 == 1 ? to_location : fields)(&m);
	}
	free(in);
	return 0;
}
