#include "cmd/site/endpoint.h"

#include <string.h>

#include "cmd/json_line.h"
#include "cmd/text.h"

#define USER_COLUMNS 38
#define BELOW 4

/* Where from, which one, what it calls itself: as far as it is known. */
static void what(struct buf *b, const struct control_endpoint *e)
{
	const char *const parts[] = {e->peer, e->epid[0] ? e->epid : e->instance, e->user_agent};
	const char *before = "";

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i][0]) {
			buf_printf(b, "%s%s", before, parts[i]);
			before = ", ";
		}
}

static const char *side(const struct control_endpoint *e)
{
	return e->outside ? "outside" : "inside";
}

void endpoint_print(FILE *to, const struct control_endpoint *e)
{
	struct buf b = {0};

	text_put(to, e->aor, strlen(e->aor));
	if (strlen(e->aor) > USER_COLUMNS)
		fprintf(to, "\n%*s", USER_COLUMNS, "");
	else
		fprintf(to, "%*s", (int)(USER_COLUMNS - strlen(e->aor)), "");
	fprintf(to, "  %-7s  worker %-3u %7lld s\n%*s", side(e), e->worker, (long long)e->seconds, BELOW, "");
	what(&b, e);
	text_fold(to, BELOW, BELOW, buf_cstr(&b));
	buf_free(&b);
}

void endpoint_say(FILE *to, unsigned at, const struct control_endpoint *e)
{
	struct buf b = {0};

	buf_printf(&b, "%s, worker %u, for %lld s more, ", side(e), e->worker, (long long)e->seconds);
	what(&b, e);
	text_fold(to, at, at, buf_cstr(&b));
	buf_free(&b);
}

json_t *endpoint_json(const struct control_endpoint *e)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b}", "address", json_text(e->aor), "epid", json_text(e->epid),
			 "instance", json_text(e->instance), "user_agent", json_text(e->user_agent), "peer", json_text(e->peer),
			 "worker", (json_int_t)e->worker, "expires", (json_int_t)e->seconds, "outside", e->outside);
}
