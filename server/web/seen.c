/* server/web/seen.c: what a request says of the phone that sent it (server/location/seen.h). */
#include "server/web/internal.h"

#include <string.h>

#include "base/text.h"

void web_seen(struct web_call *k, enum seen_step step)
{
	k->has_step = true;
	k->seen.step = step;
}

void web_seen_refused(struct web_call *k, enum dt_failure code, const char *why)
{
	if (k->seen.result != SEEN_REFUSED)
		seen_refused(&k->seen, code, why);
}

static const char *address_of(const char *uri)
{
	return strncmp(uri, "sip:", 4) == 0 ? uri + 4 : uri;
}

static void web_seen_user(struct web_call *k, const char *user, bool proved)
{
	text_set(k->seen.user, sizeof k->seen.user, "%s", address_of(user));
	if (proved && user[0])
		k->seen.evidence = SEEN_PROVED;
}

static enum dt_failure failure_of(const struct vault_reply *r)
{
	/* clang-format off */
	static const enum dt_failure of[VAULT_STATUS_LAST + 1] = {
		[VAULT_NOT_ENABLED] = DT_F_NOT_ENABLED, [VAULT_METHOD_OFF] = DT_F_METHOD_OFF, [VAULT_TICKET_BAD] = DT_F_TICKET_BAD,
		[VAULT_CLAIM] = DT_F_HTTP_STATUS, [VAULT_AUDIENCE] = DT_F_HTTP_STATUS, [VAULT_MALFORMED] = DT_F_HTTP_STATUS,
		[VAULT_CSR] = DT_F_CSR_REFUSED, [VAULT_UNAVAILABLE] = DT_F_HTTP_STATUS, [VAULT_LATE] = DT_F_TIMEOUT,
		[VAULT_WAIT] = DT_F_PIN_REFUSED, [VAULT_ELSEWHERE] = DT_F_REDIRECTS, [VAULT_FULL] = DT_F_HTTP_STATUS, [VAULT_REMOTE] = DT_F_REMOTE_OFF,
	};
	/* clang-format on */
	if (r->status == VAULT_REFUSED || r->status == VAULT_NOT_FOUND)
		return r->kind == VAULT_TICKET_PIN     ? DT_F_PIN_REFUSED
		       : r->kind == VAULT_TICKET_LOGIN ? DT_F_PASSWORD_REFUSED
						       : DT_F_CERT_REFUSED;
	return of[r->status] == DT_F_OK ? DT_F_HTTP_STATUS : of[r->status];
}

void web_seen_ticket(struct web_call *k, const struct vault_reply *r, const struct vault_ticket *t)
{
	if (r->status == VAULT_OK)
		web_seen_user(k, t->issued.name_id, true);
	else if (r->who[0])
		web_seen_user(k, r->who, false);
	if (k->number[0] && (r->status == VAULT_OK || r->who[0]))
		text_set(k->seen.number, sizeof k->seen.number, "%s", k->number);
	else if (k->number[0])
		seen_number_masked(&k->seen, k->number);
	if (r->status != VAULT_OK)
		web_seen_refused(k, failure_of(r), r->why.text);
	else if (k->q->outside && !t->remote)
		web_seen_refused(k, DT_F_REMOTE_OFF, NULL);
}

void web_seen_cert(struct web_call *k, const struct vault_reply *r)
{
	struct sv id = sv_of(k->cert.device_id);

	if (id.n > 1 && id.p[0] == '{' && id.p[id.n - 1] == '}')
		id = (struct sv){id.p + 1, id.n - 2};
	if (id.n == 36 && sv_copy(k->seen.instance, sizeof k->seen.instance, id))
		ascii_lower_all(k->seen.instance);
	if (r->status == VAULT_OK)
		web_seen_user(k, r->cert_issue.aor, true);
	else
		web_seen_refused(k, failure_of(r), r->why.text);
}

void web_seen_device(struct web_call *k)
{
	const struct update_question *q = &k->update;
	const struct update_module *m = update_image_of(q->module, q->nmodule);

	seen_mac(&k->seen, sv_of(q->mac));
	text_set(k->seen.model, sizeof k->seen.model, "%s", q->model);
	text_set(k->seen.firmware, sizeof k->seen.firmware, "%s", m ? m->version : q->nmodule ? q->module[0].version : "");
	if (strchr(q->user, '@'))
		web_seen_user(k, q->user, false);
}

enum dt_failure web_failure_of(enum web_fault f)
{
	/* clang-format off */
	static const struct {
		enum web_fault fault;
		enum dt_failure code;
	} rows[] = {
		{FAULT_NO_TOKEN, DT_F_TICKET_BAD}, {FAULT_METHOD, DT_F_METHOD_OFF}, {FAULT_TICKET, DT_F_TICKET_BAD},
		{FAULT_USER, DT_F_NOT_ENABLED}, {FAULT_WINDOWS_USER, DT_F_NOT_ENABLED}, {FAULT_REMOTE, DT_F_REMOTE_OFF},
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].fault == f)
			return rows[i].code;
	return DT_F_HTTP_STATUS;
}

/* A question for a proof is no refusal; every other status from 400 on is. */
void web_seen_send(struct web_call *k)
{
	struct seen *s = &k->seen;
	unsigned status = k->a->status;
	char text[64];

	if (!k->has_step || k->w->conf.seen == NULL || !sv_copy(s->address, sizeof s->address, sv_of(k->q->peer)))
		return;
	text_set(text, sizeof text, "the server answers %u", status);
	if (status == 401 && s->result != SEEN_REFUSED)
		s->result = SEEN_ASKED;
	else if (status >= 400)
		web_seen_refused(k, s->step == SEEN_CHAIN ? DT_F_CHAIN_DISABLED : s->step == SEEN_UPDATE && status == 403 ? DT_F_UPDATE_REFUSED : DT_F_HTTP_STATUS,
				 text);
	if (s->evidence != SEEN_PROVED)
		s->evidence = SEEN_ADDRESS;
	s->outside = k->q->outside;
	s->began = k->q->mono_ms;
	seen_agent(s, msg_get(k->q->m, "User-Agent"));
	seen_send(k->w->conf.seen, s);
}
