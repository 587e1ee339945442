/* server/registrar/serve.c: a request of somebody whom we know, to its method. */
#include <stdio.h>

#include "server/registrar/internal.h"
#include "wire/provisioning.h"

/* "credentials match the From URI" holds for every method. */
static bool acts_as_itself(const struct reg_sa *sa, const struct msg *m)
{
	struct sip_addr from;
	char aor[256];

	return sip_addr_read(msg_get(m, "From"), &from) && reg_aor(from.uri, aor) && sv_ieq(sv_of(aor), sv_of(sa->proved));
}

/* [MS-SIPAE] 3.3.5.2: a GRUU in Contact is one that the Registrar has made for this endpoint. */
static bool contact_is_own(const struct reg_sa *sa, const struct msg *m)
{
	struct sip_addr contact;
	char gruu[25], own[40];
	struct sip_uri u;

	if (!sip_addr_read(msg_get(m, "Contact"), &contact) || !sip_uri_read(contact.uri, &u) || sip_param(u.params, "gruu").p == NULL)
		return true;
	if (sa->binding == NULL || !sip_gruu_of_instance(sv_of(sa->binding->b->instance), gruu))
		return false;
	snprintf(own, sizeof own, "user:epid:%s", gruu);
	return reg_is_own(sa, contact.uri) && sv_eq(sip_param(u.params, "opaque"), sv_of(own));
}

/* RFC 3261 11.2: "Allow, Accept, Accept-Encoding, Accept-Language, and Supported header fields SHOULD be present in a 200 (OK) response to
 * an OPTIONS request." */
static void options(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	struct buf h = {0};

	buf_str(&h, "Allow: REGISTER, SUBSCRIBE, SERVICE, OPTIONS\r\nAccept: " PROVISIONING_TYPE "\r\nAccept-Encoding: identity\r\n"
		    "Accept-Language: en\r\nSupported: gruu-10, ms-benotify, ms-piggyback-first-notify\r\n");
	reg_answer(c, sa, m, 200, "OK", &h, NULL, (struct sv){0});
	buf_free(&h);
}

/* "SUBSCRIBE with unknown event -> 489; SERVICE -> 200; OPTIONS -> 200; anything else -> 501; all signed" (15) */
void reg_serve(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	if (sv_eq(m->method, SV("REGISTER"))) {
		reg_register(c, sa, m);
		return;
	}
	if (!acts_as_itself(sa, m) || !contact_is_own(sa, m)) {
		reg_refuse(c, sa, m, REFUSE_IDENTITY);
		return;
	}
	if (sv_eq(m->method, SV("OPTIONS"))) {
		options(c, sa, m);
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
