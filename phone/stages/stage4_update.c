/* phone/stages/stage4_update.c
 *
 * "Check for Updates": the question, and when a different version is offered: download, verify, install, restart.  "Newer
 * or older is decided by the server's rule": an offered version is installed when it is another than the running one.
 *
 * UNKNOWN: how a phone that holds no private root yet judges this server.  An image without a good signature is refused, so
 * the chain is looked at and told, but does not end the stage [update-service 1].  A signature says nothing about age: once
 * the phone holds the chain the server is held to it, and from a server that could not be checked no older version is taken.
 */
#include "base/enc.h"
#include "phone/internal.h"

#define LOCALE "ENU"

static void update_ask(struct dt_phone *ph, const char *headers);

/* PLAN_LOGS: the service that has the images takes the logs of devices, too [update-service 4.5]. */
static bool update_is_log(const struct dt_phone *ph)
{
	return ph->run.plan == PLAN_LOGS;
}

static void update_failed(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	if (update_is_log(ph))
		ph->run.logs = DT_LOGS_FAILED;
	attempt_fail(ph, &ph->work->update_try, f, why);
	stage_without(ph, f, why);
}

/* The update server need not be trusted: no root chain is known yet. */
static bool update_report_only(const struct dt_phone *ph)
{
	return !ph->conf.outside && ph->cred.roots.n == 0;
}

static void update_write_question(struct dt_phone *ph)
{
	struct update_question q = {.device_type = "UCPhone", .locale = LOCALE, .nmodule = 1};

	mac_text_upper(q.mac, ph->core.mac, '-');
	text_set(q.serial, sizeof q.serial, "%s", ph->conf.serial ? ph->conf.serial : "");
	text_set(q.vendor, sizeof q.vendor, "%s", ph->core.model->vendor);
	text_set(q.model, sizeof q.model, "%s", ph->core.model->model);
	text_set(q.revision, sizeof q.revision, "%s", ph->core.model->revision);
	text_set(q.user, sizeof q.user, "%s", ph->account.sip); /* "the last signed-in user's account name (the phone sends it)" */
	text_set(q.module[0].file, sizeof q.module[0].file, "CPE.nbt");
	text_set(q.module[0].version, sizeof q.module[0].version, "%s", ph->core.version);
	text_set(q.module[0].time, sizeof q.module[0].time, "2013-01-09T00:00:00Z");
	buf_clear(&ph->work->ask);
	update_question_write(&ph->work->ask, &q);
}

static void update_have_image(void *arg, enum dt_failure f, const char *why)
{
	struct dt_phone *ph = arg;

	if (f == DT_F_OK)
		stage_restart(ph);
	else
		stage_without(ph, f, why);
}

/* The version that runs was taken back.  What a server may order so that could not be checked is as little as an older image. */
static void update_uninstall(struct dt_phone *ph, const char *warn)
{
	enum dt_failure f;
	const char *why;

	attempt_ok(ph, &ph->work->update_try, "the running version was taken back", warn);
	attempt_begin(ph, &ph->work->update_try, "uninstall %s", ph->core.version);
	if (!http_is_trusted(ph->http)) {
		update_failed(ph, DT_F_UPDATE_OLDER, NULL);
	} else if ((f = image_uninstall(ph, ph->conf.update_key, &why)) != DT_F_OK) {
		update_failed(ph, f, why);
	} else {
		attempt_ok(ph, &ph->work->update_try, "the version before it runs again", NULL);
		stage_restart(ph);
	}
}

static void update_check_offer(struct dt_phone *ph, const struct update_answer *a, const char *warn)
{
	const struct update_module *image = update_image_of(a->module, a->nmodule);
	struct image_conf c = {.update_key = ph->conf.update_key, .question_url = ph->found.update_url, .store = a->store,
			       .provisioned = {ph->account.update_internal, ph->account.update_external},
			       .trusted = http_is_trusted(ph->http), .report_only = update_report_only(ph)};

	if (a->uninstall[0] && strcmp(a->uninstall, ph->core.version) == 0) {
		update_uninstall(ph, warn);
		return;
	}
	if (image == NULL || strcmp(image->version, ph->core.version) == 0) {
		attempt_ok(ph, &ph->work->update_try, "nothing new", warn);
		stage_done(ph, "%s is up to date", ph->core.version);
		return;
	}
	if ((dt_model_cannot(ph->core.model, ph->core.version) & DT_CANNOT_ONE_STEP) && image->version[0] >= '4')
		attempt_sign(&ph->work->update_try, DT_SIGN_UPDATE_STEPS);
	attempt_ok(ph, &ph->work->update_try, image->version, warn);
	if (ph->conf.update_key) {
		c.offer = *image;
		image_free(ph->image);
		ph->image = image_fetch(ph, ph->http, &c, update_have_image, ph);
		return;
	}
	attempt_begin(ph, &ph->work->update_try, "update %s", image->version);
	attempt_sign(&ph->work->update_try, DT_SIGN_UPDATE_KEY_NONE);
	update_failed(ph, DT_F_UPDATE_SIGNATURE, dt_signs[DT_SIGN_UPDATE_KEY_NONE].what);
}

/* ---- outside: "the device repeats it over HTTPS 443", with the user's credentials --------------------------------- */

static void update_have_ticket(void *arg, enum dt_failure f, const char *why)
{
	struct dt_phone *ph = arg;
	struct buf header = {0};

	attempt_begin(ph, &ph->work->update_try, update_is_log(ph) ? "log upload" : "update question");
	if (f != DT_F_OK) {
		update_failed(ph, DT_F_UPDATE_REFUSED, why);
		return;
	}
	/* "X-MS-WebTicket: opaque=<base64 of the assertion's text>" [web-services 7.4] */
	buf_str(&header, "X-MS-WebTicket: opaque=");
	b64_add(&header, ph->ticket->ticket.assertion.p, ph->ticket->ticket.assertion.n);
	buf_str(&header, "\r\n");
	if (header.oom)
		update_failed(ph, DT_F_MEMORY, NULL);
	else
		update_ask(ph, buf_cstr(&header));
	buf_wipe(&header);
}

static void update_with_credentials(struct dt_phone *ph)
{
	struct ntlm_login who = {ph->conf.login, ph->conf.password};
	struct ticket_client *t;
	struct sv token = {0};
	struct buf header = {0};
	enum ntlm_leg leg = NTLM_LEG_REFUSED;
	struct why why = {0};

	if (who.login && http_is_trusted(ph->http) && ntlm_http_offered(&ph->work->ntlm, &ph->http->m, &token))
		leg = ntlm_http_leg(ph, &ph->work->ntlm, &who, buf_view(&ph->http->leaf), token, &header, &why);
	if (leg == NTLM_LEG)
		update_ask(ph, buf_cstr(&header));
	buf_wipe(&header);
	if (leg == NTLM_LEG)
		return;
	if (leg == NTLM_LEG_BAD || ph->work->credentials++ || !cert_good(ph) || ph->account.web_external[0] == '\0') {
		update_failed(ph, DT_F_UPDATE_REFUSED, why.text);
		return;
	}
	attempt_ok(ph, &ph->work->update_try, "asked for credentials", NULL);
	if ((t = ph_ticket(ph)) != NULL)
		ticket_get(t, BY_CERT, ph->account.web_external, update_have_ticket, ph);
}

/* ---- the answer ---------------------------------------------------------------------------------------------------- */

static void update_answered(void *arg, struct http_client *h)
{
	struct dt_phone *ph = arg;
	struct update_answer a = {0};
	struct why why = {0};
	char warn[FOUND_MAX] = "";
	const char *bad;

	attempt_http(&ph->work->update_try, h);
	ph->work->update_try.guess = h->failure == DT_F_OK; /* that nobody answers needs no format */
	why_set(&why, "%s", h->why.text);
	if (h->failure != DT_F_OK) {
		update_failed(ph, h->failure, why.text);
		return;
	}
	if (h->tls && h->verdict == DT_UNTRUSTED && ph->cred.roots.n == 0) {
		ph->work->update_try.sign[0] = DT_SIGN_CERT_UNCHECKED; /* that is all CERT_UNTRUSTED means here; names need no root */
	} else if (h->tls && h->verdict != DT_TRUSTED)
		text_set(warn, sizeof warn, "the server's certificate could not be verified: %s", h->chain_fault.text);
	if (h->status == 401) {
		update_with_credentials(ph);
		return;
	}
	if (update_is_log(ph) && h->status == 200) {
		ph->run.logs = DT_LOGS_SENT;
		attempt_ok(ph, &ph->work->update_try, "the service took it", warn);
		stage_done(ph, "the log was sent");
		return;
	}
	if (h->status == 204) { /* "204-like nothing" */
		update_check_offer(ph, &a, warn);
		return;
	}
	if (h->status != 200) {
		why_set(&why, "HTTP %u", h->status);
		update_failed(ph, h->status == 403 ? DT_F_UPDATE_REFUSED : DT_F_HTTP_STATUS, why.text);
		return;
	}
	bad = update_answer_read(h->body.p, h->body.n, &a);
	if (bad) {
		update_failed(ph, DT_F_UPDATE_ANSWER, bad);
		return;
	}
	update_check_offer(ph, &a, warn);
}

/* UNKNOWN: how the product names a log in its request; as our server reads it (doc/reference/update-service.md). */
static const char *update_log_url(const struct dt_phone *ph, char *out, size_t cap)
{
	char mac[MAC_TEXT_MAX];

	text_set(out, cap, "%s%cop=log&type=CELog&name=phone.clg&mac=%s", ph->found.update_url, strchr(ph->found.update_url, '?') ? '&' : '?',
		 mac_text_upper(mac, ph->core.mac, '-'));
	return out;
}

static void update_ask(struct dt_phone *ph, const char *headers)
{
	struct http_ask a = {.method = "POST", .url = ph->found.update_url, .type = "text/xml; charset=utf-8", .body = &ph->work->ask,
			     .headers = headers, .report_only = update_report_only(ph), .public_roots = true, .done = update_answered, .arg = ph};
	struct http_client *h = ph_http(ph);
	char url[SOAP_URI_MAX + 96];

	if (update_is_log(ph)) {
		a.type = "text/plain; charset=utf-8";
		a.url = update_log_url(ph, url, sizeof url);
		buf_clear(&ph->work->ask);
		log_text(ph, &ph->work->ask);
	} else {
		update_write_question(ph);
	}
	if (h)
		http_ask(h, &a);
}

void stage_update(struct dt_phone *ph)
{
	if (ph->found.update_url[0] == '\0') {
		ph->found.update_unknown = true;
		stage_skip(ph, "the update service's address is not known");
		return;
	}
	ph->work->credentials = 0;
	ph->work->ntlm = (struct ntlm_http){0};
	attempt_begin(ph, &ph->work->update_try, update_is_log(ph) ? "log upload" : "update question");
	update_ask(ph, NULL);
}
