/* server/webservices/soap_in.c: from octets to a SOAP message that may be looked at (web-services reference 2). */
#include "server/webservices/web_internal.h"

#include <string.h>

static bool content_type_ok(struct sv type)
{
	static const char *const good[] = {"text/xml", "application/xml", "application/soap+xml"};
	struct sv kind = sv_trim(sv_cut(&type, ';'));

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (sv_ieq(kind, sv_of(good[i])))
			return true;
	return false;
}

/* SOAPAction: absent is borne, a different one is not: "Windows authentication is honoured only for the action". */
static bool action_ok(const struct msg *m, const char *action)
{
	struct sv have = sv_trim(msg_get(m, "SOAPAction"));

	if (have.n >= 2 && have.p[0] == '"' && have.p[have.n - 1] == '"')
		have = (struct sv){have.p + 1, have.n - 2};
	return action == NULL || have.n == 0 || sv_eq(have, sv_of(action));
}

xmlDocPtr web_soap(struct web_call *k, const char *action)
{
	const char *why = NULL;
	xmlDocPtr doc;

	if (!content_type_ok(msg_get(k->q->m, "Content-Type"))) {
		web_plain(k, 415, "The Content-Type must be text/xml.");
		return NULL;
	}
	if (!action_ok(k->q->m, action)) {
		web_fault(k, FAULT_CLIENT, "The SOAPAction is not one of this service.");
		return NULL;
	}
	doc = xml_read(k->q->body.p, k->q->body.n, &why);
	if (doc == NULL)
		web_fault(k, FAULT_CLIENT, why);
	return doc;
}
