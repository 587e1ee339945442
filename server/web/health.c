/* server/web/health.c: GET /health: whether a load balancer may send new phones here.
 *
 *     200  ready
 *     503  degraded    the pool's store does not answer: registered phones stay so, nobody new can sign in
 *     503  draining    phones are asked to go elsewhere: dialtone drain
 *
 * GET /health?404 has 404 in the place of 503, as HAProxy's "http-check disable-on-404" wants it: such a server gets nobody new and
 * keeps those that it has, while one that does not answer at all is down.
 */
#include <string.h>

#include "server/web/internal.h"

void web_health(struct web_call *k)
{
	const char *word = health_word(k->w->conf.health);

	k->routine = true;
	web_plain(k, strcmp(word, "ready") == 0 ? 200 : sv_eq(k->query, SV("404")) ? 404 : 503, word);
	web_header(k, "Cache-Control", "no-store");
	k->a->close = true; /* whoever asks comes anew each time */
}
