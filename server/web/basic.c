/* server/web/basic.c: HTTP Basic at the web ticket service's PIN port, as a real server was recorded [web-services 6.3].
 *
 *     401, WWW-Authenticate: Basic realm ="LYNC"                                  nothing was sent
 *     401, the same, Warning: 120 <fqdn> "InvalidPin", X-Ms-diagnostics: 28003    number and PIN do not fit
 *
 * Wrong, locked, expired, not set, unknown: one answer on the wire, the reason in the log.
 */
#include "server/web/internal.h"

#include "base/log.h"

#define REALM "Basic realm =\"LYNC\"" /* the blank is the product's */

static const char *name_of(const struct web_call *k)
{
	const struct site *s = k->w->conf.site;

	return k->q->outside ? s->external_web_fqdn : s->fqdn;
}

static void page(struct web_call *k, const char *text)
{
	web_reply(k, 401, "text/html");
	web_header(k, "Cache-Control", "private");
	web_header(k, "WWW-Authenticate", REALM);
	buf_printf(&k->a->body, "<html><head><title>401 - Unauthorized</title></head><body><h1>%s</h1></body></html>\n", text);
}

void web_basic_ask(struct web_call *k)
{
	page(k, "Unauthorized");
}

void web_basic_refused(struct web_call *k, const char *why)
{
	struct buf b = {0};

	page(k, "The pin is invalid.");
	buf_printf(&b, "120 %s \"InvalidPin\"", name_of(k));
	web_header(k, "Warning", buf_cstr(&b));
	buf_clear(&b);
	soap_diag_write(&b, 28003, name_of(k), "The pin is invalid.", "wsse:FailedAuthentication");
	web_header(k, "X-Ms-diagnostics", buf_cstr(&b));
	web_header(k, "X-MS-Server-Fqdn", name_of(k));
	buf_free(&b);
	log_line(LOG_DEBUG, "web", "%s " SV_FMT " refused: %s", k->q->peer, SV_ARG(k->path), why && why[0] ? why : "wrong PIN");
}
