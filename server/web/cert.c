/* server/web/cert.c: GetAndPublishCert [web-services 8].
 *
 * Ticket, proof, entity and request are judged in the vault, which stores the certificate before it answers; here is
 * only how its verdict is told.  "ErrorInfo inside a normal response; SOAP faults should not be used", but for what
 * lies below the operation: the ticket.
 */
#include "server/web/internal.h"

#include <string.h>

#include "auth/ticket.h"

static void error_info(struct soap_cert_answer *m, const char *reason)
{
	m->error_id = 28001;
	sv_copy(m->reason, sizeof m->reason, sv_of(reason));
}

static void issued(struct web_call *k, struct vault_reply *r)
{
	const struct soap_cert *ask = &k->cert;
	const struct vault_cert *c = &r->cert_issue;
	struct soap_cert_answer m = {0};
	const char *why = r->why.text;

	web_seen_cert(k, r);
	memcpy(m.device_id, ask->device_id, sizeof m.device_id);
	/* "@DeviceId @Entity: echo"; but a phone that named itself by a number, or not at all, learns its user here */
	memcpy(m.entity, r->status == VAULT_OK && strchr(ask->entity, '@') == NULL ? c->aor : ask->entity, sizeof m.entity);
	memcpy(m.request_id, ask->request_id, sizeof m.request_id);
	switch (r->status) {
	case VAULT_OK:
		m.cert = c->der;
		break;
	case VAULT_CSR:
		error_info(&m, why[0] ? why : "The certificate request is refused.");
		break;
	case VAULT_FULL:
		error_info(&m, why);
		break;
	case VAULT_CLAIM:
		error_info(&m, "The Entity is not the user of the web ticket.");
		break;
	case VAULT_UNAVAILABLE:
		error_info(&m, "The user store of the home pool cannot be reached.");
		break;
	case VAULT_MALFORMED:
		web_fault(k, FAULT_CLIENT, why[0] ? why : "The request cannot be read.");
		return;
	case VAULT_AUDIENCE: /* a ticket of ours, but for another service */
		web_fault(k, FAULT_TICKET, why);
		return;
	default:
		web_fault(k, web_fault_of(r->status), why);
		return;
	}
	/* UNKNOWN: the answer's action; what WCF makes of the question's */
	web_soap_reply(k, 200, SOAP_ACTION_CERT "Response");
	soap_cert_answer_write(&k->a->body, &m);
}

void web_cert(struct web_call *k)
{
	static const char *const actions[] = {SOAP_ACTION_CERT, NULL};
	struct vault_ask q = {.kind = VAULT_CERT_ISSUE, .cert_issue = {k->q->body, k->q->outside}};
	const char *why, *shape = NULL;
	xmlNodePtr security, assertion;
	xmlDocPtr doc;

	web_seen(k, SEEN_CERT);
	if (!k->w->conf.site->UseCertificateAuth) {
		web_fault(k, FAULT_METHOD, "UseCertificateAuth is off");
		return;
	}
	doc = web_soap(k, actions);
	if (doc == NULL)
		return;
	why = soap_cert_read(doc, &k->cert);
	security = soap_security(doc);
	if (security && (assertion = xml_child(security, NS_SAML, "Assertion")) != NULL)
		shape = ticket_shape(assertion); /* the vault has a use for its time */
	xmlFreeDoc(doc);
	if (why)
		web_fault(k, FAULT_CLIENT, why);
	else if (!security)
		web_fault(k, FAULT_NO_TOKEN, "no web ticket in the header");
	else if (shape)
		web_fault(k, FAULT_TICKET, shape);
	else
		web_ask(k, &q, issued);
}
