/* server/registrar/serve.c: a request of somebody whom we know, to its method. */
#include "server/registrar/internal.h"

/* "credentials match the From URI" holds for every method. */
static bool acts_as_himself(const struct reg_sa *sa, const struct msg *m)
{
	struct sip_addr from;
	char aor[256];

	return sip_addr_read(msg_get(m, "From"), &from) && reg_aor(from.uri, aor) && sv_ieq(sv_of(aor), sv_of(sa->proved));
}

/* "SUBSCRIBE with unknown event -> 489; SERVICE -> 200; OPTIONS -> 200; anything else -> 501; all signed" (15) */
void reg_serve(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	struct buf h = {0};

	if (sv_eq(m->method, SV("REGISTER"))) {
		reg_register(c, sa, m);
		return;
	}
	if (!acts_as_himself(sa, m)) {
		reg_refuse(c, sa, m, REFUSE_IDENTITY);
		return;
	}
	if (sv_eq(m->method, SV("OPTIONS"))) {
		buf_str(&h, "Allow: REGISTER, SUBSCRIBE, SERVICE, OPTIONS\r\n");
		reg_answer(c, sa, m, 200, "OK", &h, NULL, (struct sv){0});
		buf_free(&h);
		return;
	}
	if (sv_eq(m->method, SV("SUBSCRIBE")) || sv_eq(m->method, SV("SERVICE"))) {
		if (sa->binding == NULL)
			reg_refuse(c, sa, m, REFUSE_NOT_REGISTERED);
		else if (sv_eq(m->method, SV("SUBSCRIBE")))
			reg_subscribe(c, sa, m);
		else
			reg_answer(c, sa, m, 200, "OK", NULL, NULL, (struct sv){0});
		return;
	}
	reg_refuse(c, sa, m, REFUSE_METHOD);
}
