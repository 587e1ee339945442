/* doctor/probe_end.c: a question that nobody answered. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "doctor/probe_internal.h"

void probe_end(struct doctor_probe *p, unsigned at)
{
	struct asked *s = &p->asked[at];
	enum doctor_ask ask = p->q[at].ask;
	struct doctor_answer *a;

	if (ask >= ASK_ARP) {
		probe_lan_end(p, at);
		return;
	}
	if (ask > ASK_A && ask < ASK_RESOLVER)
		host_body.stream_close(p->h, HOST_OBSERVER + at);
	if (ask == ASK_TLS && s->opened) { /* nothing more came: it is content */
		probe_close(p, at);
		return;
	}
	a = probe_answer(p, at, false);
	s->status = DT_DNS_TIMEOUT;
	s->stalled = s->opened;
	if (a && ask == ASK_OCTET && s->opened)
		dt_signs_add(a->sign, DT_SIGN_ASKED_NO_OCTET);
	if (a && ask == ASK_CRL)
		dt_signs_add(a->sign, DT_SIGN_ASKED_CRL_SILENT);
	if (a)
		probe_more(a->text, sizeof a->text, "no answer");
}
