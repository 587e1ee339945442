/* doctor/passive/web.c: questions and answers of the Web Services under TLS that could be opened [web-services 4, 9, 12].
 *
 *     /CertProv/....svc, .../mex    the chain, and what is offered     stage 6
 *     /WebTicket/.../mex, a port    metadata; a ticket for PIN         stage 7
 *     /CertProv/.../WebTicket...    the certificate                    stage 8
 */
#include <stdio.h>
#include <string.h>

#include "doctor/passive/internal.h"
#include "wire/soap/soap.h"
#include "wire/well_known.h"
#include "wire/xml.h"

static bool holds(struct sv text, struct sv word)
{
	for (size_t at = 0; at + word.n <= text.n; at++)
		if (sv_istarts(sv_from(text, at), word))
			return true;
	return false;
}

static enum dt_stage stage_of(struct sv target)
{
	if (sv_istarts(target, SV(WEBTICKET_FOLDER)))
		return DT_STAGE_AUTH;
	if (sv_istarts(target, SV(CERTPROV_FOLDER)))
		return holds(sv_from(target, sizeof CERTPROV_FOLDER - 1), SV("WebTicket")) ? DT_STAGE_CERT : DT_STAGE_CHAIN;
	return DT_STAGE_NONE;
}

void web_question(struct passive *p, struct flow *f)
{
	struct host *h = flow_host(p, f);
	enum dt_stage s = stage_of(sv_of(f->target));

	if (h == NULL || s == DT_STAGE_NONE)
		return;
	host_is_phone(p, h);
	f->stage = s;
	story_stage(p, h, s);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static bool signs_in_by_pin(const struct host *h)
{
	for (size_t i = 0; i < dt_model_count; i++)
		if (strcmp(dt_models[i].model, h->pub.model) == 0)
			return dt_models[i].auth & DT_AUTH_PIN;
	return true; /* all but one do */
}

/* "The phone reads the metadata to learn where tickets are to be had." */
static void metadata(const struct host *h, struct sv body, struct dt_record *r)
{
	struct soap_metadata *m = calloc(1, sizeof *m);
	xmlDocPtr doc = m ? xml_read(body.p, body.n, NULL) : NULL;

	if (m && (doc == NULL || soap_metadata_read(doc, m) != NULL)) {
		r->failure = DT_F_METADATA_BAD;
	} else if (m && m->pin_url[0] == '\0' && signs_in_by_pin(h)) {
		r->failure = DT_F_METHOD_OFF;
		r->what = "web ticket pin";
		dt_signs_add(r->sign, DT_SIGN_PORT_NOT_OFFERED);
	}
	xmlFreeDoc(doc);
	free(m);
}

static bool is_document(struct sv body)
{
	xmlDocPtr doc = xml_read(body.p, body.n, NULL);

	xmlFreeDoc(doc);
	return doc != NULL;
}

static void certificate(struct sv body, struct dt_record *r, char said[TEXT_MAX])
{
	struct soap_cert_answer a = {0};
	xmlDocPtr doc = xml_read(body.p, body.n, NULL);

	if (doc == NULL || soap_cert_answer_read(doc, &a) != NULL) {
		r->failure = DT_F_SOAP_BAD;
	} else if (a.cert.n == 0) {
		r->failure = dt_failure_of_fault(a.error_id, DT_F_CSR_REFUSED);
		r->fact.diag = a.error_id;
		snprintf(said, TEXT_MAX, "%.*s", TEXT_MAX - 1, a.reason);
	}
	xmlFreeDoc(doc);
	soap_cert_answer_clear(&a);
}

/* "Faults carry a number"; where it is not in the body it stands in X-Ms-diagnostics. */
static void fault(const struct msg *m, struct sv body, struct dt_record *r, char said[TEXT_MAX])
{
	struct soap_fault *f = calloc(1, sizeof *f);
	xmlDocPtr doc = f ? xml_read(body.p, body.n, NULL) : NULL;
	enum dt_failure refused = r->stage == DT_STAGE_AUTH ? DT_F_PIN_REFUSED : r->stage == DT_STAGE_CERT ? DT_F_CSR_REFUSED : DT_F_HTTP_STATUS;
	unsigned id = 0;
	char reason[256] = "";

	if (doc && soap_fault_read(doc, f) == NULL) {
		id = f->error_id;
		snprintf(reason, sizeof reason, "%.*s", (int)sizeof reason - 1, f->reason);
	}
	if (id == 0 && msg_get(m, "X-Ms-diagnostics").p)
		soap_diag_read(msg_get(m, "X-Ms-diagnostics"), &id, reason, sizeof reason);
	snprintf(said, TEXT_MAX, "%.*s", TEXT_MAX - 1, reason);
	r->fact.diag = id;
	r->failure = id == 0 && m->status == 401 ? refused : dt_failure_of_fault(id, refused);
	xmlFreeDoc(doc);
	free(f);
}

void web_answer(struct passive *p, struct flow *f, const struct msg *m, struct sv body)
{
	struct host *h = flow_host(p, f);
	struct meaning_line l;
	struct dt_record r = meaning_record(f, &l);
	char why[32], said[TEXT_MAX] = "";
	bool is_metadata = sv_iends(sv_of(f->target), SV("/mex"));

	if (h == NULL || !h->is_phone || f->stage < DT_STAGE_CHAIN || (m->status == 401 && !f->basic)) /* a 401 before the PIN asks for it */
		return;
	r.fact.http = (uint16_t)m->status;
	if (m->status >= 300 && m->status < 400)
		dt_signs_add(r.sign, DT_SIGN_MOVED);
	else if (m->status >= 400)
		fault(m, body, &r, said);
	else if (f->stage == DT_STAGE_AUTH && is_metadata)
		metadata(h, body, &r);
	else if (f->stage == DT_STAGE_CERT && !is_metadata)
		certificate(body, &r, said);
	else if (f->stage == DT_STAGE_AUTH && !is_document(body))
		r.failure = DT_F_SOAP_BAD;
	r.ok = r.failure == DT_F_OK;
	if (!r.ok && m->status == 200 && sv_istarts(sv_trim(msg_get(m, "Content-Type")), SV("text/html"))) /* a portal's, or a proxy's */
		dt_signs_add(r.sign, DT_SIGN_ANSWER_PAGE);
	snprintf(why, sizeof why, "HTTP %u", m->status);
	if (m->status >= 400)
		r.why = said[0] ? said : why;
	r.fact.said = said[0] ? said : NULL;
	if (!r.ok || r.sign[0])
		story_attempt(p, h, &r);
}
