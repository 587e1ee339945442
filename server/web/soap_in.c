/* server/web/soap_in.c: from octets to a SOAP message that may be looked at [web-services 2]. */
#include "server/web/internal.h"

#include <string.h>

static const char soap12_type[] = "application/soap+xml";

static bool content_type_ok(struct sv type)
{
	static const char *const good[] = {"text/xml", "application/xml", soap12_type};
	struct sv kind = sv_trim(sv_cut(&type, ';'));

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (sv_ieq(kind, sv_of(good[i])))
			return true;
	return false;
}

static struct sv unquoted(struct sv s)
{
	s = sv_trim(s);
	return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? (struct sv){s.p + 1, s.n - 2} : s;
}

/* SOAP 1.2 says the action as a parameter of the type: RFC 3902, 2. */
static struct sv action_of(const struct msg *m)
{
	struct sv action = unquoted(msg_get(m, "SOAPAction")), rest = msg_get(m, "Content-Type");

	for (sv_cut(&rest, ';'); action.n == 0 && rest.p;) {
		struct sv value = sv_cut(&rest, ';'), name = sv_trim(sv_cut(&value, '='));

		if (sv_ieq(name, SV("action")))
			action = unquoted(value);
	}
	return action;
}

/* Absent is borne, a different one is not: "Windows authentication is honoured only for the action". */
static bool action_ok(struct sv have, const char *const *actions)
{
	if (actions == NULL || have.n == 0)
		return true;
	for (; *actions; actions++)
		if (sv_eq(have, sv_of(*actions)))
			return true;
	return false;
}

xmlDocPtr web_soap(struct web_call *k, const char *const *actions)
{
	struct sv type = msg_get(k->q->m, "Content-Type");
	const char *why = NULL;
	xmlDocPtr doc;

	k->frame.soap12 = sv_istarts(sv_trim(type), sv_of(soap12_type)); /* until the envelope says it itself */
	if (!content_type_ok(type)) {
		web_plain(k, 415, "The Content-Type must be text/xml.");
		return NULL;
	}
	doc = xml_read(k->q->body.p, k->q->body.n, &why);
	if (doc)
		soap_frame_read(doc, &k->frame);
	if (!action_ok(action_of(k->q->m), actions)) {
		web_fault(k, FAULT_CLIENT, "The SOAPAction is not one of this service.");
		xmlFreeDoc(doc);
		return NULL;
	}
	if (doc == NULL)
		web_fault(k, FAULT_CLIENT, why);
	return doc;
}
