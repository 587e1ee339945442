#include "server/vault/ipc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/vault/codec.h"

/* ---- the worker's end ------------------------------------------------------------------------------------------------ */

struct vault_client {
	struct ipc_client ipc;
};

struct call {
	struct vault_client *c;
	struct buf q;
	struct ipc_message m; /* its body: behind status and why */
};

static struct call call(void *arg, enum vault_question kind)
{
	struct call k = {.c = arg};

	ipc_begin(&k.q, 0, kind);
	return k;
}

static enum vault_status ask(struct call *k, char *why)
{
	char told[VAULT_WHY] = "the vault does not answer";
	enum vault_status st = VAULT_UNAVAILABLE;

	if (ipc_ask(&k->c->ipc, &k->q, VAULT_DEADLINE_MS, &k->m)) {
		uint64_t v = rd_be(&k->m.body, 2);

		ipc_get_str(&k->m.body, told, sizeof told);
		if (k->m.body.err == NULL && v <= VAULT_UNAVAILABLE)
			st = (enum vault_status)v;
		else
			strcpy(told, "the vault's answer cannot be read");
	}
	buf_wipe(&k->q);
	if (why && (st != VAULT_OK || told[0]))
		memcpy(why, told, sizeof told);
	return st;
}

/* Nothing may be missing and nothing left over. */
static enum vault_status whole(struct call *k)
{
	rd_end(&k->m.body);
	return k->m.body.err ? VAULT_UNAVAILABLE : VAULT_OK;
}

static enum vault_status ask_ticket(struct call *k, struct vault_ticket *ret, char *why)
{
	enum vault_status st = ask(k, why);
	struct vault_ticket t = {0};

	if (st != VAULT_OK)
		return st;
	vault_issued_get(&k->m.body, &t.issued);
	st = whole(k);
	if (st == VAULT_OK)
		*ret = t;
	else
		vault_ticket_clear(&t);
	return st;
}

static enum vault_status user(void *arg, const char *aor, struct vault_user *ret)
{
	struct call k = call(arg, VAULT_Q_USER);
	enum vault_status st;
	struct vault_user u;

	ipc_put_str(&k.q, aor);
	if ((st = ask(&k, NULL)) != VAULT_OK)
		return st;
	vault_user_get(&k.m.body, &u);
	if ((st = whole(&k)) == VAULT_OK)
		*ret = u;
	return st;
}

static enum vault_status cert_known(void *arg, const uint8_t *der, size_t n, const char *aor, char *why)
{
	struct call k = call(arg, VAULT_Q_CERT_KNOWN);
	enum vault_status st;

	ipc_put_octets(&k.q, der, n);
	ipc_put_str(&k.q, aor);
	st = ask(&k, why);
	return st == VAULT_OK ? whole(&k) : st;
}

static enum vault_status ntlm_challenge(void *arg, bool datagram, const void *type1, size_t n, uint64_t *id,
					struct buf *challenge)
{
	struct call k = call(arg, VAULT_Q_NTLM_CHALLENGE);
	enum vault_status st;
	struct sv text;
	uint64_t got;

	ipc_put(&k.q, 1, datagram);
	ipc_put_octets(&k.q, type1, n);
	if ((st = ask(&k, NULL)) != VAULT_OK)
		return st;
	got = rd_be(&k.m.body, 8);
	text = ipc_get_octets(&k.m.body);
	if ((st = whole(&k)) == VAULT_OK) {
		*id = got;
		buf_sv(challenge, text);
	}
	return st;
}

static enum vault_status ntlm_verify(void *arg, uint64_t id, const void *type3, size_t n, struct vault_login *ret, char *why)
{
	struct call k = call(arg, VAULT_Q_NTLM_VERIFY);
	struct vault_login l = {0};
	enum vault_status st;

	ipc_put(&k.q, 8, id);
	ipc_put_octets(&k.q, type3, n);
	st = ask(&k, why);
	if (st != VAULT_OK && st != VAULT_NOT_ENABLED) /* aor "": the account is real, and its refusal is signed */
		return st;
	vault_login_get(&k.m.body, &l);
	if (whole(&k) == VAULT_OK)
		*ret = l;
	else
		st = VAULT_UNAVAILABLE;
	explicit_bzero(&l, sizeof l);
	return st;
}

static enum vault_status ticket_login(void *arg, uint64_t login, const struct soap_issue *issue, bool outside,
				      struct vault_ticket *ret, char *why)
{
	struct call k = call(arg, VAULT_Q_TICKET_LOGIN);

	ipc_put(&k.q, 8, login);
	ipc_put(&k.q, 1, outside);
	vault_issue_put(&k.q, issue);
	return ask_ticket(&k, ret, why);
}

static enum vault_status ticket_pin(void *arg, const char *number, const char *pin, const struct soap_issue *issue,
				    bool outside, struct vault_ticket *ret, char *why)
{
	struct call k = call(arg, VAULT_Q_TICKET_PIN);

	ipc_put_str(&k.q, number);
	ipc_put_str(&k.q, pin);
	ipc_put(&k.q, 1, outside);
	vault_issue_put(&k.q, issue);
	return ask_ticket(&k, ret, why);
}

static enum vault_status ticket_cert(void *arg, const void *envelope, size_t n, bool outside, struct vault_ticket *ret,
				     char *why)
{
	struct call k = call(arg, VAULT_Q_TICKET_CERT);

	ipc_put_octets(&k.q, envelope, n);
	ipc_put(&k.q, 1, outside);
	return ask_ticket(&k, ret, why);
}

static enum vault_status cert_issue(void *arg, const void *envelope, size_t n, bool outside, struct vault_cert *ret, char *why)
{
	struct call k = call(arg, VAULT_Q_CERT_ISSUE);
	struct vault_cert c = {0};
	enum vault_status st;

	ipc_put_octets(&k.q, envelope, n);
	ipc_put(&k.q, 1, outside);
	if ((st = ask(&k, why)) != VAULT_OK)
		return st;
	ipc_get_str(&k.m.body, c.aor, sizeof c.aor);
	ipc_get_buf(&k.m.body, &c.der);
	st = c.der.oom ? VAULT_UNAVAILABLE : whole(&k);
	if (st == VAULT_OK)
		*ret = c;
	else
		buf_free(&c.der);
	return st;
}

static enum vault_status update_offer(void *arg, const struct update_question *q, const char *peer, struct vault_offer *ret)
{
	struct call k = call(arg, VAULT_Q_UPDATE_OFFER);
	struct vault_offer o;
	enum vault_status st;

	vault_asked_put(&k.q, q);
	ipc_put_str(&k.q, peer);
	if ((st = ask(&k, NULL)) != VAULT_OK)
		return st;
	vault_offer_get(&k.m.body, &o);
	if ((st = whole(&k)) == VAULT_OK)
		*ret = o;
	return st;
}

static enum vault_status pin_proved(void *arg, const char *aor, const char *peer)
{
	struct call k = call(arg, VAULT_Q_PIN_PROVED);
	enum vault_status st;

	ipc_put_str(&k.q, aor);
	ipc_put_str(&k.q, peer);
	st = ask(&k, NULL);
	return st == VAULT_OK ? whole(&k) : st;
}

static enum vault_status ticket_known(void *arg, const void *assertion, size_t n, bool outside, char *aor, char *why)
{
	struct call k = call(arg, VAULT_Q_TICKET_KNOWN);
	enum vault_status st;
	char got[256] = "";

	ipc_put_octets(&k.q, assertion, n);
	ipc_put(&k.q, 1, outside);
	if ((st = ask(&k, why)) != VAULT_OK)
		return st;
	ipc_get_str(&k.m.body, got, sizeof got);
	if ((st = whole(&k)) == VAULT_OK)
		memcpy(aor, got, sizeof got);
	return st;
}

struct vault_client *vault_client_new(int fd, struct vault_ops *ret)
{
	struct vault_client *c = calloc(1, sizeof *c);

	if (c == NULL || !ipc_client_init(&c->ipc, fd)) {
		vault_client_free(c);
		return NULL;
	}
	*ret = (struct vault_ops){.user = user,
				  .cert_known = cert_known,
				  .ntlm_challenge = ntlm_challenge,
				  .ntlm_verify = ntlm_verify,
				  .ticket_login = ticket_login,
				  .ticket_pin = ticket_pin,
				  .ticket_cert = ticket_cert,
				  .cert_issue = cert_issue,
				  .update_offer = update_offer,
				  .pin_proved = pin_proved,
				  .arg = c,
				  .ticket_known = ticket_known};
	return c;
}

void vault_client_free(struct vault_client *c)
{
	if (c == NULL)
		return;
	ipc_client_clear(&c->ipc);
	free(c);
}

/* ---- the vault's end ------------------------------------------------------------------------------------------------- */

struct turn { /* one question on its way through the vault */
	const struct vault_ops *v;
	struct rd *r;	 /* its fields */
	struct buf body; /* the result's */
	char why[VAULT_WHY];
};

/* Everything was read, to the last octet: only then the vault is asked. */
static bool read_all(struct turn *t)
{
	rd_end(t->r);
	return t->r->err == NULL;
}

static enum vault_status ticket(struct turn *t, enum vault_status st, struct vault_ticket *k)
{
	if (st == VAULT_OK) {
		vault_issued_put(&t->body, &k->issued);
		vault_ticket_clear(k);
	}
	return st;
}

static enum vault_status on_user(struct turn *t)
{
	struct vault_user u = {0};
	enum vault_status st;
	char aor[256] = "";

	ipc_get_str(t->r, aor, sizeof aor);
	if (!read_all(t))
		return VAULT_MALFORMED;
	st = t->v->user(t->v->arg, aor, &u);
	if (st == VAULT_OK)
		vault_user_put(&t->body, &u);
	return st;
}

static enum vault_status on_cert_known(struct turn *t)
{
	struct sv der = ipc_get_octets(t->r);
	char aor[256] = "";

	ipc_get_str(t->r, aor, sizeof aor);
	return read_all(t) ? t->v->cert_known(t->v->arg, (const uint8_t *)der.p, der.n, aor, t->why) : VAULT_MALFORMED;
}

static enum vault_status on_ntlm_challenge(struct turn *t)
{
	bool datagram = ipc_get_flag(t->r);
	struct sv type1 = ipc_get_octets(t->r);
	struct buf challenge = {0};
	enum vault_status st;
	uint64_t id = 0;

	if (!read_all(t))
		return VAULT_MALFORMED;
	st = t->v->ntlm_challenge(t->v->arg, datagram, type1.p, type1.n, &id, &challenge);
	if (st == VAULT_OK) {
		ipc_put(&t->body, 8, id);
		ipc_put_octets(&t->body, challenge.p, challenge.n);
	}
	buf_free(&challenge);
	return st;
}

static enum vault_status on_ntlm_verify(struct turn *t)
{
	uint64_t id = rd_be(t->r, 8);
	struct sv type3 = ipc_get_octets(t->r);
	struct vault_login l = {0};
	enum vault_status st;

	if (!read_all(t))
		return VAULT_MALFORMED;
	st = t->v->ntlm_verify(t->v->arg, id, type3.p, type3.n, &l, t->why);
	if (st == VAULT_OK || st == VAULT_NOT_ENABLED)
		vault_login_put(&t->body, &l);
	explicit_bzero(&l, sizeof l);
	return st;
}

static enum vault_status on_ticket_login(struct turn *t)
{
	uint64_t login = rd_be(t->r, 8);
	bool outside = ipc_get_flag(t->r);
	struct soap_issue ask = {0};
	struct vault_ticket k = {0};

	vault_issue_get(t->r, &ask);
	if (!read_all(t))
		return VAULT_MALFORMED;
	return ticket(t, t->v->ticket_login(t->v->arg, login, &ask, outside, &k, t->why), &k);
}

static enum vault_status on_ticket_pin(struct turn *t)
{
	char number[256] = "", pin[256] = "";
	struct soap_issue ask = {0};
	struct vault_ticket k = {0};
	enum vault_status st = VAULT_MALFORMED;
	bool outside;

	ipc_get_str(t->r, number, sizeof number);
	ipc_get_str(t->r, pin, sizeof pin);
	outside = ipc_get_flag(t->r);
	vault_issue_get(t->r, &ask);
	if (read_all(t))
		st = ticket(t, t->v->ticket_pin(t->v->arg, number, pin, &ask, outside, &k, t->why), &k);
	explicit_bzero(pin, sizeof pin);
	return st;
}

static enum vault_status on_ticket_cert(struct turn *t)
{
	struct sv envelope = ipc_get_octets(t->r);
	bool outside = ipc_get_flag(t->r);
	struct vault_ticket k = {0};

	if (!read_all(t))
		return VAULT_MALFORMED;
	return ticket(t, t->v->ticket_cert(t->v->arg, envelope.p, envelope.n, outside, &k, t->why), &k);
}

static enum vault_status on_cert_issue(struct turn *t)
{
	struct sv envelope = ipc_get_octets(t->r);
	bool outside = ipc_get_flag(t->r);
	struct vault_cert c = {0};
	enum vault_status st;

	if (!read_all(t))
		return VAULT_MALFORMED;
	st = t->v->cert_issue(t->v->arg, envelope.p, envelope.n, outside, &c, t->why);
	if (st == VAULT_OK) {
		ipc_put_str(&t->body, c.aor);
		ipc_put_octets(&t->body, c.der.p, c.der.n);
	}
	buf_free(&c.der);
	return st;
}

static enum vault_status on_update_offer(struct turn *t)
{
	struct update_question q = {0};
	struct vault_offer o = {0};
	enum vault_status st;
	char peer[64] = "";

	vault_asked_get(t->r, &q);
	ipc_get_str(t->r, peer, sizeof peer);
	if (!read_all(t))
		return VAULT_MALFORMED;
	st = t->v->update_offer(t->v->arg, &q, peer, &o);
	if (st == VAULT_OK)
		vault_offer_put(&t->body, &o);
	return st;
}

static enum vault_status on_pin_proved(struct turn *t)
{
	char aor[256] = "", peer[64] = "";

	ipc_get_str(t->r, aor, sizeof aor);
	ipc_get_str(t->r, peer, sizeof peer);
	return read_all(t) ? t->v->pin_proved(t->v->arg, aor, peer) : VAULT_MALFORMED;
}

static enum vault_status on_ticket_known(struct turn *t)
{
	struct sv assertion = ipc_get_octets(t->r);
	bool outside = ipc_get_flag(t->r);
	enum vault_status st;
	char aor[256] = "";

	if (!read_all(t) || t->v->ticket_known == NULL)
		return VAULT_MALFORMED;
	st = t->v->ticket_known(t->v->arg, assertion.p, assertion.n, outside, aor, t->why);
	if (st == VAULT_OK)
		ipc_put_str(&t->body, aor);
	return st;
}

/* clang-format off */
static enum vault_status (*const turns[])(struct turn *t) = {
	[VAULT_Q_USER]           = on_user,
	[VAULT_Q_CERT_KNOWN]     = on_cert_known,
	[VAULT_Q_NTLM_CHALLENGE] = on_ntlm_challenge,
	[VAULT_Q_NTLM_VERIFY]    = on_ntlm_verify,
	[VAULT_Q_TICKET_LOGIN]   = on_ticket_login,
	[VAULT_Q_TICKET_PIN]     = on_ticket_pin,
	[VAULT_Q_TICKET_CERT]    = on_ticket_cert,
	[VAULT_Q_CERT_ISSUE]     = on_cert_issue,
	[VAULT_Q_UPDATE_OFFER]   = on_update_offer,
	[VAULT_Q_PIN_PROVED]     = on_pin_proved,
	[VAULT_Q_TICKET_KNOWN]   = on_ticket_known,
};
/* clang-format on */

bool vault_answer(const struct vault_ops *vault, struct ipc_message *q, struct buf *answer)
{
	struct turn t = {.v = vault, .r = &q->body};
	enum vault_status st;

	if (q->kind >= sizeof turns / sizeof *turns || turns[q->kind] == NULL)
		return false;
	st = turns[q->kind](&t);
	if (q->body.err) {
		buf_wipe(&t.body);
		return false;
	}
	ipc_begin(answer, q->number, q->kind);
	ipc_put(answer, 2, st);
	ipc_put_str(answer, t.why);
	buf_sv(answer, buf_view(&t.body)); /* empty, but for what was found */
	buf_wipe(&t.body);
	return true;
}
