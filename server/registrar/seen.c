/* server/registrar/seen.c: what a REGISTER says of the phone that sent it (server/location/seen.h). */
#include <string.h>

#include "server/registrar/internal.h"

/* The phone is what its connection is; whom it names is a claim until a proof is there. */
static void reg_seen(struct reg_conn *c, const struct reg_sa *sa, const struct msg *m, struct seen *s)
{
	char epid[REG_EPID_KEPT + 1], aor[256];
	struct sip_addr from;

	if (c->r->conf.seen == NULL || !sv_eq(m->method, SV("REGISTER")) || !sv_copy(s->address, sizeof s->address, sv_of(c->peer.address)))
		return;
	s->step = SEEN_REGISTER;
	s->evidence = sa && sa->proved[0] && sa->state == SA_UP ? SEEN_PROVED : SEEN_ADDRESS;
	s->began = c->now;
	s->outside = c->peer.outside;
	seen_agent(s, msg_get(m, "User-Agent"));
	if (sip_addr_read(msg_get(m, "From"), &from) && reg_aor(from.uri, aor))
		memcpy(s->user, aor, sizeof s->user);
	if (reg_epid(m, epid) && epid[0] && sv_copy(s->epid, sizeof s->epid, sv_of(epid)))
		sip_instance_of_epid(sv_of(epid), s->instance);
	seen_send(c->r->conf.seen, s);
}

void reg_seen_asked(struct reg_conn *c, const struct msg *m)
{
	struct seen s = {.result = SEEN_ASKED};

	reg_seen(c, NULL, m, &s);
}

void reg_seen_refused(struct reg_conn *c, const struct reg_sa *sa, const struct msg *m, enum dt_failure code, const char *why)
{
	struct seen s = {.result = SEEN_REFUSED};

	seen_refused(&s, code, why);
	reg_seen(c, sa, m, &s);
}

enum dt_failure reg_failure_of(enum reg_refusal which)
{
	/* clang-format off */
	static const struct {
		enum reg_refusal which;
		enum dt_failure code;
	} rows[] = {
		{REFUSE_UNKNOWN_USER, DT_F_SIP_NOT_FOUND}, {REFUSE_IDENTITY, DT_F_SIP_FORBIDDEN}, {REFUSE_REMOTE, DT_F_REMOTE_OFF},
		{REFUSE_PIN, DT_F_SIP_FORBIDDEN}, {REFUSE_PLAIN, DT_F_SIP_FORBIDDEN}, {REFUSE_VERSION, DT_F_SIP_FORBIDDEN},
	};
	/* clang-format on */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].which == which)
			return rows[i].code;
	return DT_F_SIP_STATUS;
}
