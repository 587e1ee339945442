/* server/web/update.c: the update question [update-service 2 to 4].
 *
 * "Inside the firewall: anonymous request is served. Outside, user not signed in: denied."
 */
#include "server/web/internal.h"

#include <string.h>

#include <stdio.h>

#include "base/log.h"

static void offered(struct web_call *k, struct vault_reply *r)
{
	struct update_answer a = {0};
	char store[SITE_URL_MAX];

	if (r->status != VAULT_OK) {
		web_busy(k);
		return;
	}
	if (!sv_copy(a.store, sizeof a.store, sv_of(site_update_store_url(k->w->conf.site, k->q->outside, store)))) {
		web_plain(k, 503, "The update store's URL is too long.");
		return;
	}
	if (r->update_offer.module.version[0])
		a.module[a.nmodule++] = r->update_offer.module;
	memcpy(a.uninstall, r->update_offer.uninstall, sizeof a.uninstall);
	web_reply(k, 200, "text/xml; charset=utf-8");
	update_answer_write(&k->a->body, &a);
	update_audit(k, &k->update, &a);
}

static void question(struct web_call *k)
{
	struct vault_ask q = {.kind = VAULT_UPDATE_OFFER};
	struct sv header = msg_get(k->q->m, "Content-Type");
	char type[256] = "";
	const char *why;

	sv_copy(type, sizeof type, header);
	why = update_question_read(k->q->body.p, k->q->body.n, type, &k->update);
	if (why) { /* UNKNOWN: what real phones send; it is kept word for word */
		log_line(LOG_INFO, "update", "%s: not an update request: %s", k->q->peer, why);
		web_capture(k, "update", false);
		web_plain(k, 400, "This is not an update request.");
		return;
	}
	web_seen_device(k);
	q.update_offer.device = k->update;
	snprintf(q.update_offer.peer, sizeof q.update_offer.peer, "%s", k->q->peer);
	web_ask(k, &q, offered);
}

static void allowed(struct web_call *k)
{
	if (sv_ieq(web_query(k, "op"), SV("log")))
		update_log(k);
	else
		question(k);
}

void web_update(struct web_call *k)
{
	if (!sv_ieq(web_query(k, "op"), SV("log")))
		web_seen(k, SEEN_UPDATE);
	if (k->w->conf.site->update_enabled)
		update_may_ask(k, allowed);
	else
		web_plain(k, 404, "There is no such service.");
}
