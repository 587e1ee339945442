/* server/web/elsewhere.c: a user who lives on another pool is sent to that pool's Web Services [web-services 5.3].
 *
 * "... redirects to the home pool's Web Services, where the client authenticates again": no proof is passed on.
 * UNKNOWN: the status that the product's redirect has; 302 is what its other services answer with.
 */
#include "server/web/internal.h"

#include "base/log.h"

void web_elsewhere(struct web_call *k, const struct vault_ticket *t, const char *why)
{
	struct buf to = {0};

	if (k->q->outside && !t->remote) {
		web_fault(k, FAULT_REMOTE, "the user may not sign in from outside");
		return;
	}
	if (t->web[0] == '\0') { /* names of the inside are not told */
		web_fault(k, FAULT_REMOTE, why);
		return;
	}
	buf_printf(&to, "https://%s", t->web);
	buf_sv(&to, k->path);
	web_reply(k, 302, "text/html");
	web_header(k, "Location", buf_cstr(&to));
	web_header(k, "Cache-Control", "private");
	buf_str(&k->a->body, "<html><head><title>Object moved</title></head><body><h1>Object moved</h1></body></html>\n");
	log_line(LOG_INFO, "web", "%s " SV_FMT " sent on: %s", k->q->peer, SV_ARG(k->path), why);
	buf_free(&to);
}
