/* server/vault/rows.c: every question to the vault and every field of it, told once.
 *
 * A field more: one row here (and its place in server/vault/vault.h).  A question more: its line in VAULT_QUESTIONS, its two
 * tables here, and its handler vault_on_...().
 */
#include "server/vault/rows.h"

#include "server/vault/internal.h"

/* clang-format off */

/* ---- structs that several questions share -------------------------------------------------------------------------- */

static const struct field issue[] = { /* a password never travels: ticket_pin has number and PIN by themselves */
	STR(soap_issue, context), STR(soap_issue, token_type), STR(soap_issue, request_type), STR(soap_issue, applies_to),
	STR(soap_issue, claim), STR(soap_issue, key_type), SECRET_OCTETS(soap_issue, entropy, nentropy),
	INT(soap_issue, want_expires), FIELDS_END
};
static const struct field issued[] = {
	STR(soap_issued, context), STR(soap_issued, applies_to), STR(soap_issued, assertion_id), STR(soap_issued, name_id),
	SECRET_BLOB(soap_issued, assertion), SECRET_OCTETS(soap_issued, entropy, nentropy), BLOB(soap_issued, lifetime),
	INT(soap_issued, created), INT(soap_issued, expires), FIELDS_END
};
static const struct field ticket[] = {STRUCT(vault_ticket, issued, issued), FLAG(vault_ticket, remote), STR(vault_ticket, web), FIELDS_END};
static const struct field user[] = {
	STR(vault_user, aor), STR(vault_user, display), STR(vault_user, home_pool), FLAG(vault_user, enabled),
	FLAG(vault_user, remote), FLAG(vault_user, common_area), FIELDS_END
};
static const struct field login[] = {
	INT(vault_login, id), STR(vault_login, aor), SECRET_FIXED(vault_login, session_key), INT(vault_login, flags), FIELDS_END
};
static const struct field cert[] = {STR(vault_cert, aor), BLOB(vault_cert, der), FIELDS_END};
static const struct field module[] = {
	STR(update_module, file), STR(update_module, signature), STR(update_module, version), STR(update_module, time),
	STR(update_module, sha256), INT(update_module, size), FIELDS_END
};
static const struct field device[] = {
	STR(update_question, device_type), STR(update_question, mac), STR(update_question, serial),
	STR(update_question, vendor), STR(update_question, model), STR(update_question, revision),
	STR(update_question, locale), STR(update_question, user), LIST(update_question, module, nmodule, module), FIELDS_END
};
static const struct field offer[] = {
	FLAG(vault_offer, known), FLAG(vault_offer, test_device), STRUCT(vault_offer, module, module), STR(vault_offer, uninstall),
	FIELDS_END
};

/* ---- the questions ----------------------------------------------------------------------------------------------------- */

#define ASK(name) static const struct field ask_##name[]
#define REPLY(name) static const struct field reply_##name[]

ASK(user) = {STR(vault_ask, user.aor), FIELDS_END};
REPLY(user) = {STRUCT(vault_reply, user, user), FIELDS_END};

ASK(cert_known) = {VIEW(vault_ask, cert_known.der), STR(vault_ask, cert_known.aor), FIELDS_END};
REPLY(cert_known) = {FIELDS_END};

ASK(ntlm_challenge) = {FLAG(vault_ask, ntlm_challenge.datagram), VIEW(vault_ask, ntlm_challenge.type1), FIELDS_END};
REPLY(ntlm_challenge) = {INT(vault_reply, ntlm_challenge.id), BLOB(vault_reply, ntlm_challenge.challenge), FIELDS_END};

ASK(ntlm_verify) = {INT(vault_ask, ntlm_verify.id), VIEW(vault_ask, ntlm_verify.type3), STR(vault_ask, ntlm_verify.peer),
		    FIXED(vault_ask, ntlm_verify.binding), FLAG(vault_ask, ntlm_verify.outside), FIELDS_END};
REPLY(ntlm_verify) = {STRUCT(vault_reply, ntlm_verify, login), FIELDS_END};

ASK(ticket_login) = {
	INT(vault_ask, ticket_login.login), FLAG(vault_ask, ticket_login.outside), STRUCT(vault_ask, ticket_login.issue, issue),
	FIELDS_END
};
REPLY(ticket_login) = {STRUCT(vault_reply, ticket_login, ticket), FIELDS_END};

ASK(ticket_pin) = {
	STR(vault_ask, ticket_pin.number), SECRET(vault_ask, ticket_pin.pin), STR(vault_ask, ticket_pin.peer),
	FLAG(vault_ask, ticket_pin.outside), STRUCT(vault_ask, ticket_pin.issue, issue), FIELDS_END
};
REPLY(ticket_pin) = {STRUCT(vault_reply, ticket_pin, ticket), FIELDS_END};

ASK(pin_change) = {
	STR(vault_ask, pin_change.number), SECRET(vault_ask, pin_change.pin), INT(vault_ask, pin_change.login),
	SECRET(vault_ask, pin_change.fresh), STR(vault_ask, pin_change.peer), FIELDS_END
};
REPLY(pin_change) = {FIELDS_END};

ASK(ticket_cert) = {VIEW(vault_ask, ticket_cert.envelope), FLAG(vault_ask, ticket_cert.outside), FIELDS_END};
REPLY(ticket_cert) = {STRUCT(vault_reply, ticket_cert, ticket), FIELDS_END};

ASK(ticket_known) = {VIEW(vault_ask, ticket_known.assertion), FLAG(vault_ask, ticket_known.outside), FIELDS_END};
REPLY(ticket_known) = {STRUCT(vault_reply, ticket_known, user), FIELDS_END};

ASK(cert_issue) = {VIEW(vault_ask, cert_issue.envelope), FLAG(vault_ask, cert_issue.outside), FIELDS_END};
REPLY(cert_issue) = {STRUCT(vault_reply, cert_issue, cert), FIELDS_END};

ASK(update_offer) = {STRUCT(vault_ask, update_offer.device, device), STR(vault_ask, update_offer.peer), FIELDS_END};
REPLY(update_offer) = {STRUCT(vault_reply, update_offer, offer), FIELDS_END};

ASK(device_signed) = {
	STR(vault_ask, device_signed.mac), STR(vault_ask, device_signed.instance), STR(vault_ask, device_signed.model),
	STR(vault_ask, device_signed.version), STR(vault_ask, device_signed.user), STR(vault_ask, device_signed.address),
	INT(vault_ask, device_signed.at), FLAG(vault_ask, device_signed.off), FIELDS_END
};
REPLY(device_signed) = {FIELDS_END};

ASK(admit) = {
	STR(vault_ask, admit.aor), STR(vault_ask, admit.proved), VIEW(vault_ask, admit.der), STR(vault_ask, admit.peer),
	FLAG(vault_ask, admit.outside), FIELDS_END
};
REPLY(admit) = {STRUCT(vault_reply, admit.user, user), FLAG(vault_reply, admit.pin), FLAG(vault_reply, admit.elsewhere), STR(vault_reply, admit.sip), FLAG(vault_reply, admit.backup),
	FIELDS_END};

#define ROW(kind, name) [kind] = {#name, ask_##name, reply_##name, vault_on_##name},
static const struct vault_row rows[VAULT_KINDS] = {VAULT_QUESTIONS(ROW)};
/* clang-format on */

const struct vault_row *vault_row_of(unsigned kind)
{
	return kind > VAULT_NO_QUESTION && kind < VAULT_KINDS ? &rows[kind] : NULL;
}

/* An account that is real, and not enabled: its refusal is signed, so the key comes with it. */
bool vault_row_replies(const struct vault_row *row, enum vault_status st)
{
	return st == VAULT_OK || st == VAULT_ELSEWHERE || (st == VAULT_NOT_ENABLED && row == &rows[VAULT_NTLM_VERIFY]);
}

void vault_ask_clear(struct vault_ask *q)
{
	if (vault_row_of(q->kind))
		fields_clear(rows[q->kind].ask, q);
}

void vault_reply_clear(struct vault_reply *r)
{
	if (vault_row_of(r->kind))
		fields_clear(rows[r->kind].reply, r);
}
