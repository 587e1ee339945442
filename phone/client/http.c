/* phone/client/http.c: an HTTP/1.1 client: one connection, kept while it serves the next question too, one question at a time.
 *
 * A cold sign-in asks for everything of stages 6 to 8 on one connection: one handshake, and NTLM stays bound to it.
 */
#include "phone/client/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "phone/run/core.h"
#include "phone/run/record.h"
#include "wire/soap/soap.h"

#define OPEN_MS 10000
#define ASK_MS 30000
#define BODY_MAX 65536
#define HOPS 3 /* how often one question is sent elsewhere */

static void http_open_next(struct http_client *h);

static void http_drop(struct http_client *h)
{
	struct ph_core *core = ph_core(h->ph);

	if (h->id)
		core->body->stream_close(core->arg, h->id);
	h->id = 0;
	h->open = false;
}

static void http_close(struct http_client *h)
{
	http_drop(h);
	h->state = HTTP_IDLE;
	ph_timer_off(h->ph, T_HTTP);
}

struct http_client *http_new(struct dt_phone *ph, struct dns_client *dns, struct buf *anchors, bool trust_public)
{
	struct http_client *h = ph_alloc(ph, sizeof *h);

	if (h == NULL)
		return NULL;
	h->ph = ph;
	h->dns = dns;
	h->anchors = anchors;
	h->trust_public = trust_public;
	return h;
}

void http_free(struct http_client *h)
{
	if (h == NULL)
		return;
	dns_drop(h->dns, h);
	http_close(h);
	buf_wipe(&h->out);
	buf_free(&h->head);
	buf_wipe(&h->in); /* tickets and their proof keys came in these two */
	buf_wipe(&h->body);
	buf_free(&h->leaf);
	free(h);
}

static void http_finish(struct http_client *h, enum dt_failure f, const char *why)
{
	ph_timer_off(h->ph, T_HTTP);
	h->state = HTTP_IDLE;
	h->failure = f;
	if (f != DT_F_OK || !h->keep)
		http_drop(h);
	why_set(&h->why, "%s", why ? why : "");
	h->done(h->arg, h);
}

/* Reported later, from the timer: a question is never answered while it is asked. */
static void http_finish_soon(struct http_client *h, enum dt_failure f, const char *why)
{
	h->state = HTTP_FAILING;
	h->failure = f;
	why_set(&h->why, "%s", why);
	ph_timer_set(h->ph, T_HTTP, 0);
}

static void http_send(struct http_client *h)
{
	int rc;

	buf_clear(&h->head);
	buf_clear(&h->in);
	buf_clear(&h->body);
	h->status = 0;
	h->state = HTTP_HEAD;
	ph_timer_set(h->ph, T_HTTP, h->timeout_ms);
	rc = ph_core(h->ph)->body->stream_send(ph_core(h->ph)->arg, h->id, h->out.p, h->out.n);
	if (rc < 0)
		http_finish_soon(h, DT_F_CLOSED, strerror(-rc));
}

static void http_have_addresses(void *arg, const struct dt_dns_answer *a)
{
	struct http_client *h = arg;

	if (h->state != HTTP_RESOLVE)
		return;
	if (a->status != DT_DNS_OK || a->n == 0) {
		struct why why = {0};

		h->sign[0] = dns_sign(a);
		h->rcode = a->rcode;
		why_set(&why, "%s: %s", h->host, dt_failures[dns_failure(a)].what);
		http_finish(h, dns_failure(a), why.text);
		return;
	}
	h->naddress = h->at = 0;
	for (unsigned i = 0; i < a->n && h->naddress < 8; i++)
		h->address[h->naddress++] = a->rr[i].address;
	http_open_next(h);
}

static void http_open_next(struct http_client *h)
{
	struct dt_stream_conf c = {.address = h->address[h->at], .port = h->port, .tls = h->tls,
				   .tls_report_only = h->report_only, .public_roots = h->public_roots, .name = h->host,
				   .anchors = buf_cstr(h->anchors), .unix_s = ph_unix_s(h->ph), .timeout_ms = ph_wait_ms(h->ph, OPEN_MS)};
	char ip[16];
	int rc;

	text_set(h->peer, sizeof h->peer, "%s:%u", ip_text(c.address, ip), c.port);
	h->id = ph_next_id(h->ph);
	h->open = false;
	h->state = HTTP_OPENING;
	ph_timer_set(h->ph, T_HTTP, ph_wait_ms(h->ph, OPEN_MS) + 2000);
	rc = ph_core(h->ph)->body->stream(ph_core(h->ph)->arg, h->id, &c);
	if (rc < 0) {
		h->id = 0;
		http_finish_soon(h, DT_F_CONNECT, strerror(-rc));
	}
}

static void http_resolve(struct http_client *h)
{
	memset(h->sign, 0, sizeof h->sign); /* of the connection before */
	h->cert[0] = '\0';
	h->alert = h->rcode = 0;
	h->naddress = h->at = 0;
	h->state = HTTP_RESOLVE;
	dns_ask(h->dns, h->host, DT_RR_A, http_have_addresses, h);
}

void http_ask(struct http_client *h, const struct http_ask *a)
{
	char agent[160];
	struct url *u = &h->url;
	bool fits;

	h->done = a->done;
	h->arg = a->arg;
	h->failure = DT_F_OK;
	h->status = 0;
	h->sink = a->sink;
	h->timeout_ms = a->timeout_ms ? a->timeout_ms : ph_wait_ms(h->ph, ASK_MS);
	h->again = false;
	h->follow = a->follow;
	h->hops = 0;
	h->elsewhere = false;
	if (!url_read(sv_of(a->url), u)) {
		h->peer[0] = '\0';
		http_finish_soon(h, DT_F_HTTP_BAD, "the address is no URL");
		return;
	}
	ph_user_agent(h->ph, agent, sizeof agent);
	buf_wipe(&h->out);
	buf_printf(&h->out, "%s %s HTTP/1.1\r\nHost: %s", a->method, u->path, u->host);
	if (u->port != (u->https ? 443 : 80))
		buf_printf(&h->out, ":%u", u->port);
	/* RFC 9110 12.5.3: without the field "any content coding is considered acceptable"; this phone unpacks none. */
	buf_printf(&h->out, "\r\nAccept-Encoding: identity\r\nUser-Agent: %s\r\n", agent);
	if (a->type)
		buf_printf(&h->out, "Content-Type: %s\r\n", a->type);
	if (a->soap_action)
		buf_printf(&h->out, "SOAPAction: \"%s\"\r\n", a->soap_action);
	if (a->body)
		buf_printf(&h->out, "Content-Length: %zu\r\n", a->body->n);
	buf_str(&h->out, a->headers ? a->headers : "");
	buf_str(&h->out, "\r\n");
	if (a->body)
		buf_sv(&h->out, buf_view(a->body));
	fits = h->open && strcmp(h->host, u->host) == 0 && h->port == u->port && h->tls == u->https &&
	       (h->verdict == DT_TRUSTED || a->report_only);
	if (h->out.oom || (a->body && a->body->oom)) {
		http_finish_soon(h, DT_F_MEMORY, "");
		return;
	}
	if (fits) {
		h->reused = true;
		http_send(h);
		return;
	}
	http_drop(h);
	h->reused = false;
	text_set(h->host, sizeof h->host, "%s", u->host);
	h->port = u->port;
	h->tls = u->https;
	h->report_only = a->report_only;
	h->public_roots = a->public_roots || h->trust_public;
	http_resolve(h);
}

bool http_has(const struct http_client *h, unsigned stream)
{
	return h && h->id && h->id == stream;
}

bool http_is_trusted(const struct http_client *h)
{
	return h->tls && h->verdict == DT_TRUSTED;
}

void http_opened(struct http_client *h, const struct dt_stream_opened *o)
{
	if (h->state != HTTP_OPENING)
		return;
	h->verdict = h->tls ? o->verdict : DT_TRUSTED;
	memcpy(h->sign, o->sign, sizeof h->sign);
	h->alert = o->alert;
	text_set(h->cert, sizeof h->cert, "%s", o->cert_name ? o->cert_name : "");
	why_set(&h->chain_fault, "%s", o->why ? o->why : "");
	buf_clear(&h->leaf);
	if (o->nchain)
		buf_add(&h->leaf, o->chain[0], o->chain_n[0]);
	if (o->failure != DT_F_OK) {
		struct why why = {0};

		why_set(&why, "%s", o->why ? o->why : "");
		h->id = 0; /* a stream that did not open is gone */
		if (++h->at < h->naddress)
			http_open_next(h);
		else
			http_finish(h, o->failure, why.text);
		return;
	}
	h->open = true;
	http_send(h);
}

/* ---- the answer --------------------------------------------------------------------------------------------- */

static void http_report_redirect(struct http_client *h, const char *to)
{
	struct attempt a;

	attempt_begin(h->ph, &a, "redirect");
	attempt_http(&a, h);
	attempt_sign(&a, h->tls ? DT_SIGN_REDIRECTED : DT_SIGN_PLAIN_REDIRECTED);
	attempt_ok(h->ph, &a, to, NULL);
}

/* RFC 9110 15.4: a GET that is answered "elsewhere" is asked there; but nobody is led out of TLS. */
static bool http_followed(struct http_client *h)
{
	struct http_ask a = {.method = "GET", .follow = true, .report_only = h->report_only, .public_roots = h->public_roots,
			     .timeout_ms = h->timeout_ms, .done = h->done, .arg = h->arg};
	struct sv to = msg_get(&h->m, "Location");
	unsigned hops = h->hops + 1;
	bool elsewhere;
	char url[SOAP_URI_MAX];
	struct url u;

	if (!h->follow || h->status / 100 != 3 || hops > HOPS)
		return false;
	if (to.n && to.p[0] == '/')
		text_set(url, sizeof url, "%s://%s:%u" SV_FMT, h->tls ? "https" : "http", h->host, h->port, SV_ARG(to));
	else if (!sv_copy(url, sizeof url, to))
		return false;
	if (!url_read(sv_of(url), &u) || (h->tls && !u.https))
		return false;
	http_report_redirect(h, url);
	elsewhere = h->elsewhere || !sv_ieq(sv_of(u.host), sv_of(h->host));
	ph_timer_off(h->ph, T_HTTP);
	h->state = HTTP_IDLE;
	if (!h->keep)
		http_drop(h);
	a.url = url;
	http_ask(h, &a);
	h->hops = hops;
	h->elsewhere = elsewhere;
	return true;
}

static void http_whole(struct http_client *h)
{
	if (http_followed(h))
		return;
	if (h->body.oom)
		http_finish(h, DT_F_MEMORY, "");
	else
		http_finish(h, DT_F_OK, NULL);
}

static void http_take(struct http_client *h)
{
	struct msg_error err = {0};
	size_t used = 0;

	if (h->chunked) {
		enum msg_result r = msg_dechunk((const char *)h->in.p, h->in.n, BODY_MAX, &h->body, &used, &err);

		if (r == MSG_OK)
			http_whole(h);
		else if (r == MSG_BAD)
			http_finish(h, DT_F_HTTP_BAD, err.why);
		else
			buf_clear(&h->body); /* begins again with what has come by then */
		return;
	}
	if (!h->by_close && h->in.n > h->left) {
		http_finish(h, DT_F_HTTP_BAD, "more octets came than were announced");
		return;
	}
	if (h->sink && (h->status == 200 || h->status == 206)) {
		size_t n = h->in.n;

		ph_timer_set(h->ph, T_HTTP, h->timeout_ms); /* a download may take its time, but may not stall */
		if (n && !h->sink(h->arg, h->in.p, n)) {
			http_finish(h, DT_F_UPDATE_STORE, "");
			return;
		}
		if (h->id == 0)
			return;
		h->left -= h->by_close ? 0 : n;
		buf_clear(&h->in);
	} else {
		if (h->body.n + h->in.n > BODY_MAX) {
			http_finish(h, DT_F_HTTP_BAD, "the body is too long");
			return;
		}
		h->left -= h->by_close ? 0 : h->in.n;
		buf_add(&h->body, h->in.p, h->in.n);
		buf_clear(&h->in);
	}
	if (!h->by_close && h->left == 0)
		http_whole(h);
}

/* An answer that is packed though nobody asked for that: a proxy's, most often. */
static bool http_is_coded(struct http_client *h)
{
	struct sv coding = sv_trim(msg_get(&h->m, "Content-Encoding"));
	struct why why = {0};

	if (coding.n == 0 || sv_ieq(coding, SV("identity")))
		return false;
	dt_signs_add(h->sign, DT_SIGN_ANSWER_CODED);
	why_set(&why, "the answer is packed (Content-Encoding: " SV_FMT "), although the phone asked for identity", SV_ARG(coding));
	http_finish(h, DT_F_HTTP_BAD, why.text);
	return true;
}

static bool http_has_no_body(unsigned status)
{
	return status / 100 == 1 || status == 204 || status == 304;
}

static void http_read_head(struct http_client *h)
{
	struct msg_error err = {0};
	enum msg_result r;

	/* RFC 9110 15.2: "one or more 1xx responses" may come first */
	while ((r = msg_scan_head((const char *)h->in.p, h->in.n, MSG_HTTP, &h->m, &err)) == MSG_OK && h->m.status / 100 == 1)
		buf_drop(&h->in, h->m.head_n);
	if (r == MSG_PARTIAL)
		return;
	if (r == MSG_BAD || h->m.request) {
		http_finish(h, DT_F_HTTP_BAD, err.why ? err.why : "a request came instead of an answer");
		return;
	}
	buf_add(&h->head, h->in.p, h->m.head_n);
	buf_drop(&h->in, h->m.head_n);
	if (h->head.oom || msg_scan_head((const char *)h->head.p, h->head.n, MSG_HTTP, &h->m, &err) != MSG_OK) {
		http_finish(h, DT_F_MEMORY, "");
		return;
	}
	h->status = h->m.status;
	http_clock_compare(h);
	h->chunked = h->m.chunked;
	h->by_close = !h->chunked && !h->m.has_length && !http_has_no_body(h->status);
	h->left = http_has_no_body(h->status) || h->chunked ? 0 : h->m.length;
	h->keep = h->m.keep_alive && !h->by_close;
	h->state = HTTP_BODY;
	if (!http_has_no_body(h->status) && http_is_coded(h))
		return;
	if (http_has_no_body(h->status) || (!h->chunked && !h->by_close && h->left == 0)) {
		http_whole(h);
		return;
	}
	if (h->in.n)
		http_take(h);
}

void http_data(struct http_client *h, const void *p, size_t n)
{
	if (h->state != HTTP_HEAD && h->state != HTTP_BODY) {
		http_close(h); /* nobody asked */
		return;
	}
	buf_add(&h->in, p, n);
	if (h->in.oom)
		http_finish(h, DT_F_MEMORY, "");
	else if (h->state == HTTP_HEAD)
		http_read_head(h);
	else
		http_take(h);
}

void http_closed(struct http_client *h, const char *why)
{
	h->id = 0;
	h->open = false;
	if (h->state == HTTP_BODY && h->by_close && why == NULL) {
		http_whole(h);
	} else if (h->state == HTTP_HEAD && h->reused && !h->again && h->in.n == 0) {
		h->again = true; /* it had grown old: once more on a new one */
		h->reused = false;
		http_resolve(h);
	} else if (h->state != HTTP_IDLE && h->state != HTTP_RESOLVE) {
		http_finish(h, DT_F_CLOSED, why);
	}
}

void http_timer(struct http_client *h)
{
	if (h == NULL)
		return;
	if (h->state == HTTP_FAILING) {
		http_finish(h, h->failure, h->why.text);
	} else if (h->state == HTTP_OPENING && ++h->at < h->naddress) {
		http_drop(h);
		http_open_next(h);
	} else if (h->state != HTTP_IDLE && h->state != HTTP_RESOLVE) {
		http_finish(h, DT_F_TIMEOUT, NULL);
	}
}

bool http_unreachable(enum dt_failure f)
{
	return f == DT_F_CONNECT || f == DT_F_TIMEOUT || f == DT_F_CLOSED || f == DT_F_DNS_NONE || f == DT_F_DNS_SILENT ||
	       f == DT_F_DNS_ERROR;
}
