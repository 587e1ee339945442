/* server/registrar/subscribe.c: SUBSCRIBE [sip 14, 15]: it is answered with the state as it is; subscription.c keeps it. */
#include "server/registrar/internal.h"

static unsigned seconds_of(const struct msg *m)
{
	uint64_t asked = SUBSCRIPTION_SECONDS;

	if (!sv_u64(sv_trim(msg_get(m, "Expires")), UINT32_MAX, &asked) || asked > SUBSCRIPTION_SECONDS)
		asked = SUBSCRIPTION_SECONDS;
	return (unsigned)asked;
}

static void subscribe_answer(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, unsigned package, const struct buf *body)
{
	bool rides = reg_has_tag(m, "Supported", "ms-piggyback-first-notify");
	unsigned expires = seconds_of(m);
	const char *type = reg_package_type(package);
	struct buf h = {0};

	buf_printf(&h, "Contact: <sip:%s:%u;transport=%s>\r\nExpires: %u\r\nEvent: ", reg_targetname(c),
		   reg_port(c),
		   c->peer.tls ? "tls" : "tcp", expires);
	buf_sv(&h, msg_get(m, "Event")); /* with its id, if it has one (RFC 6665 4.5.2) */
	buf_printf(&h, "\r\nsubscription-state: %s;expires=%u\r\n", expires ? "active" : "terminated", expires);
	if (rides)
		buf_printf(&h, "ms-piggyback-cseq: %u\r\n", reg_subscription_cseq(sa, m, package));
	buf_str(&h, "Supported: ms-benotify, ms-piggyback-first-notify\r\n");
	reg_answer(c, sa, m, 200, "OK", &h, rides ? type : NULL, rides ? buf_view(body) : (struct sv){0});
	buf_free(&h);
	reg_subscribed(c, sa, m, package, expires, rides, buf_view(body));
}

/* The user's own; within a subscription the Request-URI is our Contact, and names no user. */
static bool is_of_own(const struct reg_sa *sa, const struct msg *m)
{
	struct sip_addr to;
	char aor[256];

	return sip_addr_read(msg_get(m, "To"), &to) && reg_is_own(sa, to.uri) && (!reg_aor(m->target, aor) || reg_is_own(sa, m->target));
}

void reg_subscribe(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	struct sv rest = msg_get(m, "Event"), event = sv_trim(sv_cut(&rest, ';'));
	struct sv more = msg_get(m, "Content-Type"), type = sv_trim(sv_cut(&more, ';'));
	struct buf body = {0};
	unsigned package;
	bool asks;

	if (!reg_package_find(event, &package)) {
		reg_refuse(c, sa, m, REFUSE_UNKNOWN_EVENT);
		return;
	}
	/* RFC 6665 4.2.1.3: a notifier authorizes who subscribes: settings and lists are their user's alone. */
	if (!reg_package_public(package) && !is_of_own(sa, m)) {
		reg_refuse(c, sa, m, REFUSE_IDENTITY);
		return;
	}
	asks = reg_package_changes(package);
	if (m->body.n && asks && !sv_ieq(type, sv_of(reg_package_type(package))))
		reg_refuse(c, sa, m, REFUSE_TYPE);
	else if (!reg_package_state(c, sa, package, asks ? m->body : (struct sv){0}, &body))
		reg_refuse(c, sa, m, REFUSE_XML);
	else
		subscribe_answer(c, sa, m, package, &body);
	buf_free(&body);
}
