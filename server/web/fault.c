/* server/web/fault.c: errors, and how they are reported [web-services 12.2]. */
#include "server/web/internal.h"

#include "base/log.h"

#define FAILED_AUTHENTICATION "wsse:FailedAuthentication"

/* clang-format off */
static const struct {
	unsigned status, id;
	const char *code, *reason;
} faults[] = {
	[FAULT_NO_TOKEN]     = {500, 28020, FAILED_AUTHENTICATION, "No valid security token."},
	[FAULT_METHOD]       = {500, 28029, FAILED_AUTHENTICATION, "Authentication type not allowed."},
	[FAULT_TICKET]       = {500, 28032, FAILED_AUTHENTICATION, "The web ticket is invalid."},
	[FAULT_USER]         = {500, 28000, FAILED_AUTHENTICATION, "User is not SIP enabled."},
	[FAULT_WINDOWS_USER] = {403, 28000, FAILED_AUTHENTICATION, "User is not SIP enabled."},
	/* UNKNOWN: the product's id for it at the web ticket service; the nearest known one, told apart by its reason */
	[FAULT_REMOTE]       = {403, 28000, FAILED_AUTHENTICATION, "User is not enabled for remote access."},
	[FAULT_INTERNAL]     = {500, 28001, FAILED_AUTHENTICATION,
	                        "Internal error while processing Integrated Windows authentication or authorization."},
	[FAULT_BUSY]         = {503, 28001, FAILED_AUTHENTICATION,
	                        "Internal error while processing Integrated Windows authentication or authorization."},
	[FAULT_CLAIM]        = {500, 0, "wst:RequestFailed", "The SIP URI in the claim type requirements of the web ticket "
	                        "request does not match the SIP URI associated with the presented credentials."},
	[FAULT_AUDIENCE]     = {500, 0, "wst:RequestFailed", "The specified request failed: AppliesTo is not a service of this pool."},
	[FAULT_CLIENT]       = {500, 0, "s:Client", ""},
};
/* clang-format on */

static void diagnostics(struct web_call *k, unsigned id, const char *reason, const char *code)
{
	const struct site *s = k->w->conf.site;
	struct buf b = {0};

	soap_diag_write(&b, id, k->q->outside ? s->external_web_fqdn : s->fqdn, reason, code);
	web_header(k, "X-Ms-diagnostics", buf_cstr(&b));
	buf_free(&b);
}

void web_fault(struct web_call *k, enum web_fault f, const char *why)
{
	struct soap_fault m = {.error_id = faults[f].id, .soap12 = k->frame.soap12};

	sv_copy(m.code, sizeof m.code, sv_of(faults[f].code));
	sv_copy(m.reason, sizeof m.reason, sv_of(f == FAULT_CLIENT ? why : faults[f].reason));
	web_soap_reply(k, faults[f].status, "http://www.w3.org/2005/08/addressing/soap/fault");
	soap_fault_write(&k->a->body, &m);
	if (f == FAULT_BUSY)
		web_retry_after(k);
	if (m.error_id)
		diagnostics(k, m.error_id, m.reason, m.code);
	web_seen_refused(k, web_failure_of(f), why && why[0] ? why : m.reason);
	log_line(LOG_DEBUG, "web", "%s " SV_FMT " refused: %s", k->q->peer, SV_ARG(k->path), why && why[0] ? why : m.reason);
}

enum web_fault web_fault_of(enum vault_status st)
{
	/* clang-format off */
	static const struct {
		enum vault_status st;
		enum web_fault f;
	} rows[] = {
		{VAULT_REFUSED,     FAULT_NO_TOKEN},
		{VAULT_NOT_FOUND,   FAULT_NO_TOKEN},
		{VAULT_NOT_ENABLED, FAULT_USER},
		{VAULT_METHOD_OFF,  FAULT_METHOD},
		{VAULT_TICKET_BAD,  FAULT_TICKET},
		{VAULT_CLAIM,       FAULT_CLAIM},
		{VAULT_AUDIENCE,    FAULT_AUDIENCE},
		{VAULT_REMOTE,      FAULT_REMOTE},
		{VAULT_WAIT,        FAULT_BUSY},
		{VAULT_FULL,        FAULT_BUSY},
		{VAULT_UNAVAILABLE, FAULT_BUSY},
		{VAULT_LATE,        FAULT_BUSY},
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].st == st)
			return rows[i].f;
	return FAULT_INTERNAL;
}
