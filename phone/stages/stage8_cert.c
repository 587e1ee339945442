/* phone/stages/stage8_cert.c
 *
 * "Receive and Publish Certificate": a key of this phone, a request for it, GetAndPublishCert with the ticket.  Key and
 * certificate go into one file: there is never one without the other.  On renewal the old ones stay until the new ones
 * have registered.
 */
#include <stdlib.h>

#include "auth/ticket.h"
#include "base/date.h"
#include "base/enc.h"
#include "phone/internal.h"
#include "pki/cert.h"

#define SHORT_S ((int64_t)72 * 3600) /* P-03: a weekend without the server, and the phone is signed out */

static void cert_ask(struct dt_phone *ph);
static const char *cert_whom(const struct dt_phone *ph);

static void cert_ended(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	if (ph->run.renewing && cert_good(ph) && ph->run.plan != PLAN_RENEW) {
		ph->run.renewing = false;
		stage_skip(ph, "not renewed; the stored certificate is good all the same");
		return;
	}
	if (f == DT_F_METHOD_OFF && auth_ntlm_is_enough(ph)) {
		stage_skip(ph, "no certificate; NTLM at the Registrar is enough");
		return;
	}
	stage_fail(ph, f, why);
}

static void cert_failed(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	attempt_fail(ph, &ph->work->try, f, why);
	cert_ended(ph, f, why);
}

static void cert_have_ticket(void *arg, enum dt_failure f, const char *why)
{
	struct dt_phone *ph = arg;

	if (f != DT_F_OK) {
		cert_ended(ph, f, why);
		return;
	}
	attempt_begin(ph, &ph->work->try, "certificate %s", cert_whom(ph));
	cert_ask(ph);
}

/* "On 28032: ask for a new ticket once."  The PIN that was right a moment ago is no guess. */
static bool cert_with_another_ticket(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	if (f != DT_F_TICKET_BAD || ph->run.ticket_again || ph->http->failure != DT_F_OK)
		return false;
	ph->run.ticket_again = true;
	ph->run.pin_used = false;
	attempt_fail(ph, &ph->work->try, f, why);
	ticket_get(ph->ticket, ph->ticket->by, ph->ticket->metadata_of, cert_have_ticket, ph);
	return true;
}

/* "Check ... that the certificate carries our public key, that NameIdentifier, Entity and CN agree" (18.5) */
static const char *cert_unfit(struct dt_phone *ph, const struct soap_cert_answer *a, struct pki_cert_info *info)
{
	struct pki_key *k = pki_key_read(buf_view(&ph->key->pem));
	bool ours = k && pki_cert_is_of(a->cert.p, a->cert.n, k);
	const char *why = pki_cert_info(a->cert.p, a->cert.n, info);

	pki_key_free(k);
	if (why)
		return why;
	if (!ours) {
		attempt_sign(&ph->work->try, DT_SIGN_CERT_OTHER_KEY);
		return dt_signs[DT_SIGN_CERT_OTHER_KEY].what;
	}
	if (!sv_ieq(sv_of(info->subject_cn), sv_of(ph->account.sip))) {
		attempt_sign(&ph->work->try, DT_SIGN_CERT_OTHER_USER);
		return dt_signs[DT_SIGN_CERT_OTHER_USER].what;
	}
	if (info->not_after <= ph_unix_s(ph)) {
		attempt_sign(&ph->work->try, DT_SIGN_CERT_EXPIRED);
		return dt_signs[DT_SIGN_CERT_EXPIRED].what;
	}
	return NULL;
}

static bool cert_persist(struct dt_phone *ph, struct buf *der)
{
	if (!ph_state_save_user(ph, ph->run.renewing ? DT_STATE_FRESH : DT_STATE_USER, &ph->key->pem, der))
		return false;
	if (ph->run.renewing) {
		buf_wipe(&ph->cred.fresh_key);
		buf_free(&ph->cred.fresh_cert);
		ph->cred.fresh_key = ph->key->pem;
		ph->cred.fresh_cert = *der;
		ph->cred.use_fresh = true;
	} else {
		ph_state_drop_fresh(ph);
		buf_wipe(&ph->cred.user_key);
		buf_free(&ph->cred.user_cert);
		ph->cred.user_key = ph->key->pem;
		ph->cred.user_cert = *der;
	}
	ph->key->pem = *der = (struct buf){0};
	ph_state_use(ph);
	return true;
}

/* "Clients must understand PKCS#7 because the server uses it to send the certificate chain and the certificate": of these
 * the one that carries our key. */
static void cert_out_of_p7(struct dt_phone *ph, struct buf *cert)
{
	struct pki_key *k = pki_key_read(buf_view(&ph->key->pem));
	struct buf pem = {0}, der = {0};

	if (k && pki_p7_read(cert->p, cert->n, &pem) == NULL)
		for (unsigned i = 0; pki_pem_cert(buf_view(&pem), i, &der); i++) {
			if (pki_cert_is_of(der.p, der.n, k)) {
				buf_clear(cert);
				buf_sv(cert, buf_view(&der));
				break;
			}
			buf_clear(&der);
		}
	pki_key_free(k);
	buf_free(&pem);
	buf_free(&der);
}

/* A phone that signed in by number and did not learn its user from the ticket learns it now: by Entity, else by the
 * certificate's subject. */
static const char *cert_learn_name(struct dt_phone *ph, const struct soap_cert_answer *a)
{
	struct pki_cert_info *info = calloc(1, sizeof *info);
	const char *why = NULL;
	struct sv id = sv_of(a->entity);

	if (info && pki_cert_info(a->cert.p, a->cert.n, info) == NULL && sv_find(id, '@') < 0)
		id = sv_of(info->subject_cn);
	if (sv_istarts(id, SV("sip:")))
		id = sv_from(id, 4);
	if (info == NULL)
		why = "out of memory";
	else if (sv_find(id, '@') <= 0 || !sv_copy(ph->account.sip, sizeof ph->account.sip, id))
		why = "neither ticket nor certificate names the user's SIP URI";
	free(info);
	return why;
}

static const char *certificate_of(struct dt_phone *ph, struct soap_cert_answer *a)
{
	cert_out_of_p7(ph, &a->cert);
	return ph->account.sip[0] ? NULL : cert_learn_name(ph, a);
}

static void cert_report(struct dt_phone *ph, const struct pki_cert_info *info, const char *until, char found[FOUND_MAX])
{
	text_set(found, FOUND_MAX, "%s, issued by %s, valid until %s", info->subject_cn, info->issuer_cn, until);
	if (info->not_before > ph_unix_s(ph)) {
		attempt_sign(&ph->work->try, DT_SIGN_CERT_NOT_YET);
		ph->work->try.fact.off_s = info->not_before - ph_unix_s(ph);
	}
	if (info->not_after - info->not_before < SHORT_S)
		attempt_sign(&ph->work->try, DT_SIGN_CERT_SHORT);
	ph->work->try.fact.seconds = info->not_after - info->not_before > UINT32_MAX ? UINT32_MAX
									       : (uint32_t)(info->not_after - info->not_before);
	attempt_ok(ph, &ph->work->try, found,
		   info->not_before > ph_unix_s(ph) ? "it is not valid yet: the phone's clock is behind the server's" : NULL);
}

static void cert_have_answer(void *arg, struct http_client *h)
{
	struct dt_phone *ph = arg;
	struct soap_cert_answer a = {0};
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct why why = {0};
	char until[ISO_TIME_MAX] = "", found[FOUND_MAX];
	enum dt_failure f = DT_F_CSR_REFUSED;
	const char *bad = NULL;
	xmlDocPtr doc = NULL;
	bool good = false, asked = ph->run.renewing, nameless = ph->account.sip[0] == '\0';

	attempt_http(&ph->work->try, h);
	if (ticket_moved(ph->ticket, &ph->work->try, cert_have_ticket, ph)) {
		free(info);
		return;
	}
	if (h->failure != DT_F_OK || h->status != 200 || soap_is_fault(h)) {
		f = soap_failure(h, ph->conf.outside, DT_F_TICKET_BAD, &ph->work->try, &why);
	} else if ((doc = soap_answer(h, &f, &why)) != NULL && (bad = soap_cert_answer_read(doc, &a)) != NULL) {
		f = DT_F_SOAP_BAD;
		why_set(&why, "%s", bad);
	} else if (doc && a.cert.n == 0) {
		f = DT_F_CSR_REFUSED;
		ph->work->try.fact.diag = a.error_id;
		text_set(ph->core.said, sizeof ph->core.said, "%s", a.reason);
		ph->work->try.fact.said = ph->core.said;
		why_set(&why, "the server answers %u: %s", a.error_id, a.reason);
	} else if (doc && info == NULL) {
		f = DT_F_MEMORY;
	} else if (doc && ((bad = certificate_of(ph, &a)) != NULL || (bad = cert_unfit(ph, &a, info)) != NULL)) {
		f = DT_F_CERT_BAD;
		why_set(&why, "%s", bad);
	} else if (doc && ((nameless && !ph_state_save_account(ph)) || !cert_persist(ph, &a.cert))) {
		f = DT_F_STORE;
		why_set(&why, "%s", ph->core.persist_why ? ph->core.persist_why : "");
	} else if (doc) {
		good = true;
		iso_time(until, info->not_after);
	}
	xmlFreeDoc(doc);
	soap_cert_answer_clear(&a);
	if (!good) {
		free(info);
		if (nameless)
			ph->account.sip[0] = '\0';
		if (!cert_with_another_ticket(ph, f, why.text))
			cert_failed(ph, f, why.text);
		return;
	}
	cert_report(ph, info, until, found);
	free(info);
	stage_done(ph, "%s%s", found, asked ? ", renewed" : "");
}

static void cert_uuid(struct dt_phone *ph, char out[37])
{
	uint8_t random[16];

	ph_random(ph, random, sizeof random);
	uuid_random(out, random);
}

/* "Whether a phone names itself by number or URI after PIN: the ticket's identity wins." */
static const char *cert_whom(const struct dt_phone *ph)
{
	return ph->account.sip[0] || ph->conf.number == NULL ? ph->account.sip : ph->conf.number;
}

static bool cert_compose(struct dt_phone *ph, const struct pki_key *k)
{
	struct soap_cert q = {0};
	struct buf security = {0};
	struct sip_ids ids;
	char id[37];
	bool ok;

	sip_ids_of(ph->core.mac, ph->account.sip, &ids);
	text_set(q.to, sizeof q.to, "%s", ph->ticket->metadata.cert_url);
	cert_uuid(ph, id);
	text_set(q.message_id, sizeof q.message_id, "uuid:%s", id);
	text_set(q.device_id, sizeof q.device_id, "{%s}", ids.uuid);
	text_set(q.entity, sizeof q.entity, "%s", cert_whom(ph));
	cert_uuid(ph, id);
	text_set(q.request_id, sizeof q.request_id, "%s", id);
	ok = pki_csr_make(k, cert_whom(ph), false, &q.csr) && ticket_present(&security, &ph->ticket->ticket, ph->ticket->proof, ph->ticket->nproof);
	buf_wipe(&ph->work->ask);
	soap_cert_write(&ph->work->ask, &q, buf_view(&security));
	ok = ok && !security.oom && !ph->work->ask.oom;
	buf_wipe(&security);
	soap_cert_clear(&q);
	return ok;
}

static void cert_ask(struct dt_phone *ph)
{
	struct http_ask a = {.method = "POST", .url = ph->ticket->metadata.cert_url, .soap_action = SOAP_ACTION_CERT, .type = "text/xml",
			     .body = &ph->work->ask, .done = cert_have_answer, .arg = ph};
	struct pki_key *k = pki_key_read(buf_view(&ph->key->pem));
	bool ok;

	if (k == NULL) {
		cert_failed(ph, DT_F_KEY, NULL);
		return;
	}
	ok = cert_compose(ph, k);
	pki_key_free(k);
	if (ok)
		http_ask(ph->http, &a);
	else
		cert_failed(ph, DT_F_MEMORY, NULL);
}

static void cert_have_key(void *arg)
{
	cert_ask(arg);
}

void stage_cert(struct dt_phone *ph)
{
	if (ph->ticket == NULL || !ph->ticket->have) {
		stage_skip(ph, cert_good(ph) ? "the stored certificate is good" : "no certificate is to be had here");
		return;
	}
	if (ph->key == NULL && (ph->key = key_new(ph)) == NULL)
		return;
	attempt_begin(ph, &ph->work->try, "certificate %s", cert_whom(ph));
	if (key_wait(ph->key, cert_have_key, ph))
		cert_ask(ph);
	else if (!key_begin(ph->key))
		cert_failed(ph, DT_F_KEY, NULL);
}
