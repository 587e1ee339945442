/* server/web/reply.c: what every handler composes its answer with. */
#include "server/web/internal.h"

#include <unistd.h>

#include "pki/key.h"

void web_reply(struct web_call *k, unsigned status, const char *type)
{
	k->a->status = status;
	k->action = NULL;
	sv_copy(k->a->type, sizeof k->a->type, sv_of(type));
	buf_clear(&k->a->body);
}

void web_soap_reply(struct web_call *k, unsigned status, const char *action)
{
	web_reply(k, status, k->frame.soap12 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8");
	k->action = action;
}

void web_header(struct web_call *k, const char *name, const char *value)
{
	buf_printf(&k->a->headers, "%s: %s\r\n", name, value);
}

void web_plain(struct web_call *k, unsigned status, const char *text)
{
	web_reply(k, status, "text/plain; charset=utf-8");
	buf_printf(&k->a->body, "%s\n", text);
}

bool web_is_busy(enum vault_status st)
{
	return vault_is_busy(st);
}

void web_retry_after(struct web_call *k)
{
	buf_printf(&k->a->headers, "Retry-After: %u\r\n", pki_random_between(30, 59));
}

void web_busy(struct web_call *k)
{
	web_plain(k, 503, "The service is busy. Please come back in half a minute.");
	web_retry_after(k);
}

struct sv web_query(const struct web_call *k, const char *name)
{
	struct sv rest = k->query;

	while (rest.p) {
		struct sv value = sv_cut(&rest, '&'), key = sv_cut(&value, '=');

		if (sv_ieq(key, sv_of(name)))
			return value.p ? value : SV("");
	}
	return (struct sv){0};
}

void web_answer_clear(struct web_answer *a)
{
	if (a == NULL)
		return;
	buf_free(&a->headers);
	buf_free(&a->body);
	if (a->file >= 0)
		close(a->file);
	a->file = -1;
}
