/* phone/client/http_facts.c: what the record says of a question to a web server. */
#include "phone/client/http.h"
#include "phone/run/record.h"

void attempt_http(struct attempt *a, const struct http_client *h)
{
	attempt_peer(a, "%s", h->peer);
	a->fact.host = h->host;
	a->fact.address = h->peer[0] && h->naddress ? h->address[h->at < h->naddress ? h->at : h->naddress - 1] : 0;
	a->fact.port = h->port;
	a->fact.http = (uint16_t)h->status;
	a->fact.cert = h->cert[0] ? h->cert : NULL;
	a->fact.alert = h->alert;
	a->fact.rcode = h->rcode;
	for (unsigned i = 0; i < DT_SIGNS_MAX && h->sign[i] != DT_SIGN_NONE; i++)
		attempt_sign(a, h->sign[i]);
	if (h->status >= 400 && msg_get(&h->m, "Retry-After").p)
		a->fact.seconds = ph_retry_after(h->ph, msg_get(&h->m, "Retry-After"));
	if (h->elsewhere)
		attempt_sign(a, DT_SIGN_SENT_ELSEWHERE);
	if (h->status == 200 && sv_istarts(sv_trim(msg_get(&h->m, "Content-Type")), SV("text/html")))
		attempt_sign(a, DT_SIGN_ANSWER_PAGE);
}
