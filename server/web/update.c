/* server/web/update.c: the update question [update-service 2 to 4].
 *
 * "Inside the firewall: anonymous request is served. Outside, user not signed in: denied."
 */
#include "server/web/internal.h"

#include <string.h>

#include "base/log.h"

static void answer(struct web_call *k, const struct update_question *q)
{
	const struct vault_ops *v = k->w->conf.vault;
	struct update_answer a = {0};
	struct vault_offer offer = {0};
	char store[SITE_URL_MAX];

	if (v->update_offer(v->arg, q, k->q->peer, &offer) != VAULT_OK) {
		web_plain(k, 503, "The update store cannot be reached.");
		return;
	}
	if (!sv_copy(a.store, sizeof a.store, sv_of(site_update_store_url(k->w->conf.site, k->q->outside, store)))) {
		web_plain(k, 503, "The update store's URL is too long.");
		return;
	}
	if (offer.module.version[0])
		a.module[a.nmodule++] = offer.module;
	web_reply(k, 200, "text/xml; charset=utf-8");
	update_answer_write(&k->a->body, &a);
	update_audit(k, q, &a);
}

void web_update(struct web_call *k)
{
	struct update_question q;
	struct sv header = msg_get(k->q->m, "Content-Type");
	char type[256] = "";
	const char *why;

	if (!k->w->conf.site->update_enabled) {
		web_plain(k, 404, "There is no such service.");
		return;
	}
	if (!update_may_ask(k))
		return;
	if (sv_ieq(web_query(k, "op"), SV("log"))) {
		update_log(k);
		return;
	}
	sv_copy(type, sizeof type, header);
	why = update_question_read(k->q->body.p, k->q->body.n, type, &q);
	if (why) { /* UNKNOWN: what real phones send; it is kept word for word */
		log_line(LOG_INFO, "update", "%s sent what is no update question: %s", k->q->peer, why);
		web_capture(k, "update", false);
		web_plain(k, 400, "This is no update question.");
		return;
	}
	answer(k, &q);
}
