/* server/registrar/notify.c: requests of ours, down the connection that the phone opened [sip 13]. */
#include <stdio.h>

#include "server/registrar/internal.h"

void reg_via(const struct reg_conn *c, struct buf *b)
{
	char branch[21];

	reg_random_hex(c->r, branch, 10, true);
	buf_printf(b, "Via: SIP/2.0/%s %s:%u;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\n", c->peer.tls ? "TLS" : "TCP",
		   reg_targetname(c), reg_port(c), branch);
}

/* 13.1: From is the user, To is the endpoint as it named itself in REGISTER. */
void reg_notify_gone(struct reg_conn *c, struct reg_sa *sa, const struct location_notice *n)
{
	static const char *const events[] = {[LOCATION_UNREGISTERED] = "unregistered",
					     [LOCATION_REJECTED] = "rejected",
					     [LOCATION_DEACTIVATED] = "deactivated"};
	struct reg_binding *r = sa->binding;
	struct buf b = {0}, body = {0};
	char tag[33];

	reg_random_hex(c->r, tag, 16, true);
	buf_printf(&body, "deregistered;event=%s", events[n->order]);
	buf_printf(&b, "NOTIFY %s SIP/2.0\r\n", r->b->contact);
	reg_via(c, &b);
	buf_printf(&b, "From: <sip:%s>;tag=%s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u NOTIFY\r\n", r->b->aor, tag, r->from,
		   r->b->call_id, ++r->cseq);
	buf_str(&b, "Event: registration-notify\r\nsubscription-state: terminated;expires=0\r\n");
	if (n->diag)
		buf_printf(&b, "ms-diagnostics-public: %u;reason=\"%s\"\r\n", n->diag, n->reason);
	reg_body(&b, "text/registration-event", buf_view(&body));
	reg_send(c, sa, &b);
	buf_free(&b);
	buf_free(&body);
}
