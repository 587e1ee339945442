/* server/web/cert.c: GetAndPublishCert [web-services 8].
 *
 * Ticket, proof, entity and request are judged in the vault, which stores the certificate before it answers; here is
 * only how its verdict is told.  "ErrorInfo inside a normal response; SOAP faults should not be used", but for what
 * lies below the operation: the ticket.
 */
#include "server/web/internal.h"

#include <string.h>

static void error_info(struct soap_cert_answer *m, const char *reason)
{
	m->error_id = 28001;
	sv_copy(m->reason, sizeof m->reason, sv_of(reason));
}

static void issue(struct web_call *k, const struct soap_cert *ask)
{
	const struct vault_ops *v = k->w->conf.vault;
	struct soap_cert_answer m = {0};
	struct vault_cert c = {0};
	char why[VAULT_WHY] = "";
	enum vault_status st = v->cert_issue(v->arg, k->q->body.p, k->q->body.n, k->q->outside, &c, why);

	memcpy(m.device_id, ask->device_id, sizeof m.device_id);
	/* "@DeviceId @Entity: echo"; but who named himself by a number, or not at all, learns here who he is */
	memcpy(m.entity, c.aor[0] && strchr(ask->entity, '@') == NULL ? c.aor : ask->entity, sizeof m.entity);
	memcpy(m.request_id, ask->request_id, sizeof m.request_id);
	switch (st) {
	case VAULT_OK:
		m.cert = c.der;
		break;
	case VAULT_CSR:
		error_info(&m, why[0] ? why : "The certificate request is refused.");
		break;
	case VAULT_CLAIM:
		error_info(&m, "The Entity is not the user of the web ticket.");
		break;
	case VAULT_UNAVAILABLE:
		error_info(&m, "The user store of the home pool cannot be reached.");
		break;
	case VAULT_MALFORMED:
		web_fault(k, FAULT_CLIENT, why[0] ? why : "The request cannot be read.");
		break;
	case VAULT_AUDIENCE: /* a ticket of ours, but for another service */
		web_fault(k, FAULT_TICKET, why);
		break;
	default:
		web_fault(k, web_fault_of(st), why);
	}
	if (k->a->status == 0) {
		/* UNKNOWN: the answer's action; what WCF makes of the question's */
		web_soap_reply(k, 200, SOAP_ACTION_CERT "Response");
		soap_cert_answer_write(&k->a->body, &m);
	}
	buf_free(&c.der);
}

void web_cert(struct web_call *k)
{
	static const char *const actions[] = {SOAP_ACTION_CERT, NULL};
	struct soap_cert ask = {0};
	const char *why;
	xmlDocPtr doc;

	if (!k->w->conf.site->UseCertificateAuth) {
		web_fault(k, FAULT_METHOD, "UseCertificateAuth is off");
		return;
	}
	doc = web_soap(k, actions);
	if (doc == NULL)
		return;
	why = soap_cert_read(doc, &ask);
	if (why)
		web_fault(k, FAULT_CLIENT, why);
	else if (soap_security(doc) == NULL)
		web_fault(k, FAULT_NO_TOKEN, "no web ticket in the header");
	else
		issue(k, &ask);
	soap_cert_clear(&ask);
	xmlFreeDoc(doc);
}
