/* server/web/health.c: GET /health: whether a load balancer may send new phones here.
 *
 *     200  ready
 *     503  degraded    the pool's store does not answer: registered phones stay so, nobody new can sign in
 *     503  draining    phones are asked to go elsewhere: dialtone drain
 */
#include <string.h>

#include "server/web/internal.h"

void web_health(struct web_call *k)
{
	const char *word = health_word(k->w->conf.health);

	web_plain(k, strcmp(word, "ready") == 0 ? 200 : 503, word);
	web_header(k, "Cache-Control", "no-store");
	k->a->close = true; /* whoever asks comes anew each time */
}
