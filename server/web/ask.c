/* server/web/ask.c: a request that waits for the vault: asked, answered, over. */
#include "server/web/internal.h"

#include <stdlib.h>

#include "base/log.h"

static void call_free(struct web_call *k)
{
	if (k->c)
		k->c->call = NULL;
	soap_issue_clear(&k->issue);
	soap_cert_clear(&k->cert);
	web_answer_clear(&k->answer);
	free(k);
}

static void finish(struct web_call *k)
{
	struct web_answer *a = &k->answer;

	if (k->action)
		soap_frame_put(&a->body, &k->frame, k->action);
	if (a->body.oom || a->headers.oom) {
		web_answer_clear(a);
		*a = (struct web_answer){.status = 503, .file = -1, .close = true};
	}
	log_line(a->status >= 500 && !k->routine ? LOG_WARN : LOG_DEBUG, "web", "%s " SV_FMT " " SV_FMT ": %u", k->q->peer,
		 SV_ARG(k->q->m->method), (int)(k->path.n < 100 ? k->path.n : 100), k->path.p ? k->path.p : "", a->status);
	k->c->call = NULL;
	web_seen_send(k);
	k->done(k->done_arg, a);
	k->c = NULL;
	call_free(k);
}

/* Behind each function of a call: another answer is awaited, or its own is composed. */
static void leave(struct web_call *k)
{
	if (--k->depth == 0 && !k->waiting)
		finish(k);
}

void web_run(struct web_call *k, web_handler *handler)
{
	k->c->call = k;
	k->depth++;
	handler(k);
	leave(k);
}

static void answered(void *arg, struct vault_reply *r)
{
	struct web_call *k = arg;

	k->waiting = false;
	if (k->c == NULL) { /* nobody is there to be told */
		call_free(k);
		return;
	}
	k->depth++;
	k->then(k, r);
	leave(k);
}

void web_ask(struct web_call *k, const struct vault_ask *q, void (*then)(struct web_call *k, struct vault_reply *r))
{
	k->waiting = true;
	k->then = then;
	vault_send(k->w->conf.vault, q, answered, k);
}
