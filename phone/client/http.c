/* phone/client/http.c: an HTTP/1.1 client: one connection, kept while it serves the next question too, one question at a time.
 *
 * A cold sign-in asks for everything of stages 6 to 8 on one connection: one handshake, and NTLM stays bound to it.
 */
#include "base/clock.h"
#include "phone/internal.h"

#define DATE_OFF_S 300
#define OPEN_MS 10000
#define ASK_MS 30000
#define BODY_MAX 65536
#define HOPS 3 /* how often one question is sent elsewhere */

static void open_next(struct dt_phone *ph);

static void drop(struct dt_phone *ph)
{
	if (ph->http.id)
		ph->body->stream_close(ph->arg, ph->http.id);
	ph->http.id = 0;
	ph->http.open = false;
}

void http_close(struct dt_phone *ph)
{
	drop(ph);
	ph->http.state = HTTP_IDLE;
	timer_off(ph, T_HTTP);
}

void http_free(struct dt_phone *ph)
{
	struct http *h = &ph->http;

	buf_wipe(&h->out);
	buf_free(&h->head);
	buf_wipe(&h->in); /* tickets and their proof keys came in these two */
	buf_wipe(&h->body);
	buf_free(&h->leaf);
}

static void finish(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	struct http *h = &ph->http;

	timer_off(ph, T_HTTP);
	h->state = HTTP_IDLE;
	h->failure = f;
	if (f != DT_F_OK || !h->keep)
		drop(ph);
	text(h->why, sizeof h->why, "%s", why ? why : "");
	h->done(ph);
}

/* Reported later, from the timer: a question is never answered while it is asked. */
static void finish_soon(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	ph->http.state = HTTP_FAILING;
	ph->http.failure = f;
	text(ph->http.why, sizeof ph->http.why, "%s", why);
	timer_set(ph, T_HTTP, 0);
}

static void send(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	int rc;

	buf_clear(&h->head);
	buf_clear(&h->in);
	buf_clear(&h->body);
	h->status = 0;
	h->state = HTTP_HEAD;
	timer_set(ph, T_HTTP, h->timeout_ms);
	rc = ph->body->stream_send(ph->arg, h->id, h->out.p, h->out.n);
	if (rc < 0)
		finish_soon(ph, DT_F_CLOSED, strerror(-rc));
}

static void have_addresses(struct dt_phone *ph, unsigned tag, const struct dt_dns_answer *a)
{
	struct http *h = &ph->http;

	(void)tag;
	if (h->state != HTTP_RESOLVE)
		return;
	if (a->status != DT_DNS_OK || a->n == 0) {
		char why[WHY_MAX];

		text(why, sizeof why, "%s: %s", h->host, dt_failures[dns_failure(a)].what);
		finish(ph, dns_failure(a), why);
		return;
	}
	h->naddress = h->at = 0;
	for (unsigned i = 0; i < a->n && h->naddress < 8; i++)
		h->address[h->naddress++] = a->rr[i].address;
	open_next(ph);
}

static void open_next(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	struct dt_stream_conf c = {.address = h->address[h->at], .port = h->port, .tls = h->tls,
				   .tls_judge_only = h->judge_only, .public_roots = h->public_roots, .name = h->host,
				   .anchors = buf_cstr(&ph->anchors), .unix_s = phone_unix(ph), .timeout_ms = OPEN_MS};
	char ip[16];
	int rc;

	text(h->peer, sizeof h->peer, "%s:%u", ip_text(c.address, ip), c.port);
	h->id = ++ph->ids;
	h->open = false;
	h->state = HTTP_OPENING;
	timer_set(ph, T_HTTP, OPEN_MS + 2000);
	rc = ph->body->stream(ph->arg, h->id, &c);
	if (rc < 0) {
		h->id = 0;
		finish_soon(ph, DT_F_CONNECT, strerror(-rc));
	}
}

static void resolve(struct dt_phone *ph)
{
	ph->http.state = HTTP_RESOLVE;
	dns_ask(ph, ph->http.host, DT_RR_A, 0, have_addresses);
}

void http_ask(struct dt_phone *ph, const struct http_ask *a, http_fn *done)
{
	struct http *h = &ph->http;
	char agent[160];
	struct url *u = &h->url;
	bool fits;

	h->done = done;
	h->failure = DT_F_OK;
	h->status = 0;
	h->sink = a->sink;
	h->timeout_ms = a->timeout_ms ? a->timeout_ms : ASK_MS;
	h->again = false;
	h->follow = a->follow;
	h->hops = 0;
	if (!url_read(sv_of(a->url), u)) {
		h->peer[0] = '\0';
		finish_soon(ph, DT_F_HTTP_BAD, "the address is no URL");
		return;
	}
	model_user_agent(ph, agent, sizeof agent);
	buf_wipe(&h->out);
	buf_printf(&h->out, "%s %s HTTP/1.1\r\nHost: %s", a->method, u->path, u->host);
	if (u->port != (u->https ? 443 : 80))
		buf_printf(&h->out, ":%u", u->port);
	buf_printf(&h->out, "\r\nUser-Agent: %s\r\n", agent);
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
	       (h->verdict == DT_TRUSTED || a->judge_only);
	if (h->out.oom || (a->body && a->body->oom)) {
		finish_soon(ph, DT_F_MEMORY, "");
		return;
	}
	if (fits) {
		h->reused = true;
		send(ph);
		return;
	}
	drop(ph);
	h->reused = false;
	text(h->host, sizeof h->host, "%s", u->host);
	h->port = u->port;
	h->tls = u->https;
	h->judge_only = a->judge_only;
	h->public_roots = a->public_roots || ph->public_roots;
	resolve(ph);
}

void http_opened(struct dt_phone *ph, const struct dt_stream_opened *o)
{
	struct http *h = &ph->http;

	if (h->state != HTTP_OPENING)
		return;
	h->verdict = h->tls ? o->verdict : DT_TRUSTED;
	memcpy(h->sign, o->sign, sizeof h->sign);
	h->alert = o->alert;
	text(h->cert, sizeof h->cert, "%s", o->cert_name ? o->cert_name : "");
	text(h->judged, sizeof h->judged, "%s", o->why ? o->why : "");
	buf_clear(&h->leaf);
	if (o->nchain)
		buf_add(&h->leaf, o->chain[0], o->chain_n[0]);
	if (o->failure != DT_F_OK) {
		char why[WHY_MAX];

		text(why, sizeof why, "%s", o->why ? o->why : "");
		h->id = 0; /* a stream that did not open is gone */
		if (++h->at < h->naddress)
			open_next(ph);
		else
			finish(ph, o->failure, why);
		return;
	}
	h->open = true;
	send(ph);
}

/* ---- the answer --------------------------------------------------------------------------------------------- */

static void report_redirect(struct dt_phone *ph, const char *to)
{
	struct attempt a;

	attempt_begin(ph, &a, "redirect");
	attempt_http(&a, &ph->http);
	attempt_sign(&a, ph->http.tls ? DT_SIGN_REDIRECTED : DT_SIGN_PLAIN_REDIRECTED);
	attempt_ok(ph, &a, to, NULL);
}

/* RFC 9110 15.4: a GET that is answered "elsewhere" is asked there; but nobody is led out of TLS. */
static bool followed(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	struct http_ask a = {.method = "GET", .follow = true, .judge_only = h->judge_only, .public_roots = h->public_roots,
			     .timeout_ms = h->timeout_ms};
	struct sv to = msg_get(&h->m, "Location");
	unsigned hops = h->hops + 1;
	char url[SOAP_URI_MAX];
	struct url u;

	if (!h->follow || h->status / 100 != 3 || hops > HOPS)
		return false;
	if (to.n && to.p[0] == '/')
		text(url, sizeof url, "%s://%s:%u" SV_FMT, h->tls ? "https" : "http", h->host, h->port, SV_ARG(to));
	else if (!sv_copy(url, sizeof url, to))
		return false;
	if (!url_read(sv_of(url), &u) || (h->tls && !u.https))
		return false;
	report_redirect(ph, url);
	timer_off(ph, T_HTTP);
	h->state = HTTP_IDLE;
	if (!h->keep)
		drop(ph);
	a.url = url;
	http_ask(ph, &a, h->done);
	h->hops = hops;
	return true;
}

static void whole(struct dt_phone *ph)
{
	struct http *h = &ph->http;

	if (followed(ph))
		return;
	if (h->body.oom)
		finish(ph, DT_F_MEMORY, "");
	else
		finish(ph, DT_F_OK, NULL);
}

static void take(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	struct msg_error err = {0};
	size_t used = 0;

	if (h->chunked) {
		enum msg_result r = msg_dechunk((const char *)h->in.p, h->in.n, BODY_MAX, &h->body, &used, &err);

		if (r == MSG_OK)
			whole(ph);
		else if (r == MSG_BAD)
			finish(ph, DT_F_HTTP_BAD, err.why);
		else
			buf_clear(&h->body); /* begins again with what has come by then */
		return;
	}
	if (!h->by_close && h->in.n > h->left) {
		finish(ph, DT_F_HTTP_BAD, "more octets came than were announced");
		return;
	}
	if (h->sink && (h->status == 200 || h->status == 206)) {
		size_t n = h->in.n;

		timer_set(ph, T_HTTP, h->timeout_ms); /* a download may take its time, but may not stall */
		if (n && !h->sink(ph, h->in.p, n)) {
			finish(ph, DT_F_UPDATE_STORE, "");
			return;
		}
		if (h->id == 0)
			return;
		h->left -= h->by_close ? 0 : n;
		buf_clear(&h->in);
	} else {
		if (h->body.n + h->in.n > BODY_MAX) {
			finish(ph, DT_F_HTTP_BAD, "the body is too long");
			return;
		}
		h->left -= h->by_close ? 0 : h->in.n;
		buf_add(&h->body, h->in.p, h->in.n);
		buf_clear(&h->in);
	}
	if (!h->by_close && h->left == 0)
		whole(ph);
}

static bool has_no_body(unsigned status)
{
	return status / 100 == 1 || status == 204 || status == 304;
}

/* In the largest unit that leaves at least two: "90 minutes", "550 days". */
static const char *span_text(int64_t seconds, char out[32])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
	size_t i = 0;

	while (i + 1 < sizeof units / sizeof *units && seconds < 2 * units[i].seconds)
		i++;
	text(out, 32, "%lld %s", (long long)(seconds / units[i].seconds), units[i].name);
	return out;
}

/* "The phone also takes the Date: header of any HTTP answer as a cross-check and flags > 5 min" [network C.6].
 * It only reports the difference and never sets the clock: plain HTTP is not authenticated.  Once a run. */
static void compare_clocks(struct dt_phone *ph)
{
	struct attempt a;
	int64_t theirs, off;
	char found[96], span[32];

	if (ph->clock_told || !http_date_read(msg_get(&ph->http.m, "Date"), &theirs))
		return;
	off = theirs - phone_unix(ph);
	if (off >= -DATE_OFF_S && off <= DATE_OFF_S)
		return;
	ph->clock_told = true;
	attempt_begin(ph, &a, "clock");
	attempt_http(&a, &ph->http);
	memset(a.sign, 0, sizeof a.sign);
	attempt_sign(&a, DT_SIGN_CLOCK_DIFFERS);
	a.fact.off_s = off;
	text(found, sizeof found, "the web server's is %s %s the phone's", span_text(off < 0 ? -off : off, span),
	     off < 0 ? "behind" : "ahead of");
	attempt_ok(ph, &a, found, ph->time_known ? "the web server's clock differs from the time server's"
						  : "the phone's clock differs from the web server's, and no time server answered");
}

static void head(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	struct msg_error err = {0};
	enum msg_result r;

	/* RFC 9110 15.2: "one or more 1xx responses" may come first */
	while ((r = msg_scan_head((const char *)h->in.p, h->in.n, MSG_HTTP, &h->m, &err)) == MSG_OK && h->m.status / 100 == 1)
		buf_drop(&h->in, h->m.head_n);
	if (r == MSG_PARTIAL)
		return;
	if (r == MSG_BAD || h->m.request) {
		finish(ph, DT_F_HTTP_BAD, err.why ? err.why : "a request came instead of an answer");
		return;
	}
	buf_add(&h->head, h->in.p, h->m.head_n);
	buf_drop(&h->in, h->m.head_n);
	if (h->head.oom || msg_scan_head((const char *)h->head.p, h->head.n, MSG_HTTP, &h->m, &err) != MSG_OK) {
		finish(ph, DT_F_MEMORY, "");
		return;
	}
	h->status = h->m.status;
	compare_clocks(ph);
	h->chunked = h->m.chunked;
	h->by_close = !h->chunked && !h->m.has_length && !has_no_body(h->status);
	h->left = has_no_body(h->status) || h->chunked ? 0 : h->m.length;
	h->keep = h->m.keep_alive && !h->by_close;
	h->state = HTTP_BODY;
	if (has_no_body(h->status) || (!h->chunked && !h->by_close && h->left == 0)) {
		whole(ph);
		return;
	}
	if (h->in.n)
		take(ph);
}

void http_data(struct dt_phone *ph, const void *p, size_t n)
{
	struct http *h = &ph->http;

	if (h->state != HTTP_HEAD && h->state != HTTP_BODY) {
		http_close(ph); /* nobody asked */
		return;
	}
	buf_add(&h->in, p, n);
	if (h->in.oom)
		finish(ph, DT_F_MEMORY, "");
	else if (h->state == HTTP_HEAD)
		head(ph);
	else
		take(ph);
}

void http_closed(struct dt_phone *ph, const char *why)
{
	struct http *h = &ph->http;

	h->id = 0;
	h->open = false;
	if (h->state == HTTP_BODY && h->by_close && why == NULL) {
		whole(ph);
	} else if (h->state == HTTP_HEAD && h->reused && !h->again && h->in.n == 0) {
		h->again = true; /* it had grown old: once more on a new one */
		h->reused = false;
		resolve(ph);
	} else if (h->state != HTTP_IDLE && h->state != HTTP_RESOLVE) {
		finish(ph, DT_F_CLOSED, why);
	}
}

void http_timer(struct dt_phone *ph)
{
	struct http *h = &ph->http;

	char why[WHY_MAX];

	if (h->state == HTTP_FAILING) {
		text(why, sizeof why, "%s", h->why);
		finish(ph, h->failure, why);
	} else if (h->state == HTTP_OPENING && ++h->at < h->naddress) {
		drop(ph);
		open_next(ph);
	} else if (h->state != HTTP_IDLE && h->state != HTTP_RESOLVE) {
		finish(ph, DT_F_TIMEOUT, NULL);
	}
}

bool http_unreachable(enum dt_failure f)
{
	return f == DT_F_CONNECT || f == DT_F_TIMEOUT || f == DT_F_CLOSED || f == DT_F_DNS_NONE || f == DT_F_DNS_SILENT ||
	       f == DT_F_DNS_ERROR;
}
