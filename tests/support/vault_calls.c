/* tests/support/vault_calls.c: each question to the vault as a function. */
#include "tests/support/vault_calls.h"

#include "tests/support/check.h"

const char *call_peer;

static void from(char peer[64])
{
	static unsigned n;

	if (call_peer)
		snprintf(peer, 64, "%s", call_peer);
	else
		snprintf(peer, 64, "10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);
	n++;
}

struct call_answer {
	bool there;
	struct vault_reply *ret;
};

static void call_there(void *arg, struct vault_reply *r)
{
	struct call_answer *a = arg;

	a->there = true;
	*a->ret = *r;
	*r = (struct vault_reply){.kind = VAULT_NO_QUESTION}; /* its buffers are ours now */
}

static enum vault_status call(const struct vault_link *l, const struct vault_ask *q, struct vault_reply *ret,
			      struct why *why)
{
	struct call_answer a = {.ret = ret};

	vault_send(l, q, call_there, &a);
	if (!a.there && call_wait)
		call_wait(&a.there);
	assert_true(a.there);
	if (why)
		*why = ret->why;
	return ret->status;
}

static struct sv call_octets(const void *p, size_t n)
{
	return (struct sv){p, n};
}

enum vault_status call_user(const struct vault_link *l, const char *aor, struct vault_user *ret)
{
	struct vault_ask q = {.kind = VAULT_USER};
	struct vault_reply r;

	strcpy(q.user.aor, aor);
	if (call(l, &q, &r, NULL) == VAULT_OK)
		*ret = r.user;
	return r.status;
}

enum vault_status call_cert_known(const struct vault_link *l, const uint8_t *der, size_t n, const char *aor,
				  struct why *why)
{
	struct vault_ask q = {.kind = VAULT_CERT_KNOWN, .cert_known.der = call_octets(der, n)};
	struct vault_reply r;

	strcpy(q.cert_known.aor, aor);
	return call(l, &q, &r, why);
}

enum vault_status call_ntlm_challenge(const struct vault_link *l, bool datagram, const void *type1, size_t n,
				      uint64_t *id, struct buf *challenge)
{
	struct vault_ask q = {.kind = VAULT_NTLM_CHALLENGE,
			      .ntlm_challenge = {datagram, call_octets(type1, n)}};
	struct vault_reply r;

	if (call(l, &q, &r, NULL) == VAULT_OK) {
		*id = r.ntlm_challenge.id;
		buf_sv(challenge, buf_view(&r.ntlm_challenge.challenge));
	}
	vault_reply_clear(&r);
	return r.status;
}

enum vault_status call_ntlm_verify(const struct vault_link *l, uint64_t id, const void *type3, size_t n,
				   struct vault_login *ret, struct why *why)
{
	struct vault_ask q = {.kind = VAULT_NTLM_VERIFY, .ntlm_verify = {id, call_octets(type3, n), ""}};
	struct vault_reply r;

	from(q.ntlm_verify.peer);
	call(l, &q, &r, why);
	if (r.status == VAULT_OK || r.status == VAULT_NOT_ENABLED)
		*ret = r.ntlm_verify;
	return r.status;
}

enum vault_status call_ticket_login(const struct vault_link *l, uint64_t login,
				    const struct soap_issue *issue, bool outside, struct vault_ticket *ret,
				    struct why *why)
{
	struct vault_ask q = {.kind = VAULT_TICKET_LOGIN, .ticket_login = {login, outside, *issue}};
	struct vault_reply r;

	if (call(l, &q, &r, why) == VAULT_OK)
		*ret = r.ticket_login;
	return r.status;
}

enum vault_status call_ticket_pin(const struct vault_link *l, const char *number, const char *pin,
				  const struct soap_issue *issue, bool outside, struct vault_ticket *ret,
				  struct why *why)
{
	struct vault_ask q = {.kind = VAULT_TICKET_PIN, .ticket_pin = {.outside = outside, .issue = *issue}};
	struct vault_reply r;

	strcpy(q.ticket_pin.number, number);
	strcpy(q.ticket_pin.pin, pin);
	from(q.ticket_pin.peer);
	if (call(l, &q, &r, why) == VAULT_OK || r.status == VAULT_ELSEWHERE)
		*ret = r.ticket_pin;
	return r.status;
}

enum vault_status call_pin_change(const struct vault_link *l, const char *number, const char *pin, const char *fresh, struct why *why)
{
	struct vault_ask q = {.kind = VAULT_PIN_CHANGE};
	struct vault_reply r;

	strcpy(q.pin_change.number, number);
	strcpy(q.pin_change.pin, pin);
	strcpy(q.pin_change.fresh, fresh);
	from(q.pin_change.peer);
	call(l, &q, &r, why);
	return r.status;
}

enum vault_status call_ticket_cert(const struct vault_link *l, const void *envelope, size_t n, bool outside,
				   struct vault_ticket *ret, struct why *why)
{
	struct vault_ask q = {.kind = VAULT_TICKET_CERT, .ticket_cert = {call_octets(envelope, n), outside}};
	struct vault_reply r;

	if (call(l, &q, &r, why) == VAULT_OK || r.status == VAULT_ELSEWHERE)
		*ret = r.ticket_cert;
	return r.status;
}

enum vault_status call_ticket_known(const struct vault_link *l, const void *assertion, size_t n, bool outside,
				    char *aor, struct why *why)
{
	struct vault_ask q = {.kind = VAULT_TICKET_KNOWN,
			      .ticket_known = {call_octets(assertion, n), outside}};
	struct vault_reply r;

	if (call(l, &q, &r, why) == VAULT_OK)
		memcpy(aor, r.ticket_known.aor, sizeof r.ticket_known.aor);
	return r.status;
}

enum vault_status call_cert_issue(const struct vault_link *l, const void *envelope, size_t n, bool outside,
				  struct vault_cert *ret, struct why *why)
{
	struct vault_ask q = {.kind = VAULT_CERT_ISSUE, .cert_issue = {call_octets(envelope, n), outside}};
	struct vault_reply r;

	if (call(l, &q, &r, why) == VAULT_OK)
		*ret = r.cert_issue;
	return r.status;
}

enum vault_status call_update_offer(const struct vault_link *l, const struct update_question *device,
				    const char *peer, struct vault_offer *ret)
{
	struct vault_ask q = {.kind = VAULT_UPDATE_OFFER, .update_offer.device = *device};
	struct vault_reply r;

	strcpy(q.update_offer.peer, peer);
	if (call(l, &q, &r, NULL) == VAULT_OK)
		*ret = r.update_offer;
	return r.status;
}

enum vault_status call_tell(const struct vault_link *l, const struct vault_ask *q)
{
	struct vault_reply r;

	return call(l, q, &r, NULL);
}

static enum vault_status call_admit(const struct vault_link *l, const char *aor, const char *proved,
				    struct sv der, const char *peer, struct vault_admission *ret, struct why *why)
{
	struct vault_ask q = {.kind = VAULT_ADMIT, .admit.der = der};
	struct vault_reply r;

	strcpy(q.admit.aor, aor);
	strcpy(q.admit.proved, proved);
	strcpy(q.admit.peer, peer);
	if (call(l, &q, &r, why) == VAULT_OK)
		*ret = r.admit;
	return r.status;
}

bool call_pin_proved(const struct vault_link *l, const char *aor, const char *peer)
{
	struct vault_admission a;

	return call_admit(l, aor, aor, (struct sv){0}, peer, &a, NULL) == VAULT_OK && a.pin;
}
