#include "server/web/internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "pki/cert.h"
#include "wire/well_known.h"

#define SOAP_BODY_MAX 65536
#define CERT_BODY_MAX 24576 /* a ticket, its proof and a request of 8192 bits; the vault reads it before it knows who asks */

/* ---- routes ------------------------------------------------------------------------------------------------ */

enum where {
	TLS_IN = 1,	/* HTTPS inside */
	TLS_OUT = 2,	/* HTTPS outside */
	PLAIN_IN = 4,	/* HTTP inside; outside nothing is served without TLS */
	TLS = TLS_IN | TLS_OUT
};
enum method { GET = 1, POST = 2 }; /* HEAD goes with GET */

#define CERTPROV CERTPROV_PATH
#define WTS WEBTICKET_PATH

/* The first row that fits: path (a '/' at the end: everything below), method. */
/* clang-format off */
static const struct route {
	const char *path;
	unsigned methods, where;
	web_handler *handler;
} routes[] = {
	{CERTPROV,                         GET,        TLS | PLAIN_IN,    web_certprov_mex},
	{CERTPROV "/mex",                  GET | POST, TLS | PLAIN_IN,    web_certprov_mex},
	{CERTPROV,                         POST,       TLS | PLAIN_IN,    web_chain},
	{CERTPROV "/anon",                 POST,       TLS | PLAIN_IN,    web_chain},
	{CERTPROV "/chain.p7b",            GET,        TLS | PLAIN_IN,    web_chain_p7b},
	{CERTPROV "/WebTicket_Proof_SHA1", POST,       TLS,               web_cert},
	{CERTPROV "/WebTicket_Proof",      POST,       TLS,               web_cert},
	{WTS,                              GET,        TLS,               web_wts_mex},
	{WTS "/mex",                       GET | POST, TLS,               web_wts_mex},
	{WTS,                              POST,       TLS,               web_wts_windows},
	{WTS "/cert",                      POST,       TLS,               web_wts_cert},
	{WTS "/pin",                       POST,       TLS,               web_wts_pin},
	{PIN_PATH,                         POST,       TLS,               web_pin},
	{"/health",                        GET,        TLS_IN | PLAIN_IN, web_health},
	{UPDATE_PATH,                       POST,       TLS_IN | PLAIN_IN, web_update},
	{UPDATE_EXT_PATH,                   POST,       TLS,               web_update},
	{UPDATE_FILES_PATH "/",             GET,        TLS_IN | PLAIN_IN, web_update_file},
	{IMAGES_FOLDER,                     GET,        TLS_IN | PLAIN_IN, web_update_file},
	{UPDATE_FILES_EXT_PATH "/",         GET,        TLS,               web_update_file},
	{IMAGES_EXT_FOLDER,                 GET,        TLS,               web_update_file},
};
/* clang-format on */
#define ROUTES (sizeof routes / sizeof *routes)

static unsigned method_of(struct sv m)
{
	if (sv_eq(m, SV("GET")) || sv_eq(m, SV("HEAD")))
		return GET;
	return sv_eq(m, SV("POST")) ? POST : 0;
}

static void web_split(struct sv target, struct sv *path, struct sv *query)
{
	for (size_t i = 7; i <= 8; i++) /* absolute form, RFC 9112 3.2.2 */
		if (sv_istarts(target, i == 7 ? SV("http://") : SV("https://"))) {
			ptrdiff_t slash = sv_find(sv_from(target, i), '/');

			target = slash < 0 ? SV("/") : sv_from(target, i + (size_t)slash);
			break;
		}
	*query = target;
	*path = sv_cut(query, '?');
}

/* The next character of a path in lower case; -1 at its end.  Slashes in a row are one, those at the end none. */
static int path_next(struct sv *s)
{
	uint8_t c = s->n ? (uint8_t)s->p[0] : 0;
	size_t n = 1;

	if (c == '%' && s->n >= 3 && hex_read((struct sv){s->p + 1, 2}, &c, 1))
		n = 3;
	else if (c == '/')
		while (n < s->n && s->p[n] == '/')
			n++;
	if (s->n == 0 || (c == '/' && n == s->n))
		return -1;
	*s = sv_from(*s, n);
	return ascii_lower((char)c);
}

/* As on IIS: case does not count, nor whether a letter is written as %xx. */
static bool same_path(struct sv a, struct sv b)
{
	int x, y;

	do {
		x = path_next(&a);
		y = path_next(&b);
	} while (x == y && x >= 0);
	return x == y;
}

/* *status: 404, 405, or 403 for what exists but not here. */
static const struct route *route(const struct msg *m, bool tls, bool outside, struct sv *path, struct sv *query,
				 struct sv *rest, unsigned *status)
{
	unsigned here = tls ? (outside ? TLS_OUT : TLS_IN) : (outside ? 0 : PLAIN_IN), method = method_of(m->method);

	web_split(m->target, path, query);
	*status = here ? 404 : 403;
	for (size_t i = 0; here && i < ROUTES; i++) {
		const struct route *r = &routes[i];
		struct sv p = sv_of(r->path);

		if (sv_ends(p, SV("/")) ? !sv_istarts(*path, p) : !same_path(*path, p))
			continue;
		if (!(r->where & here)) {
			*status = outside && tls ? 404 : 403; /* outside, what is inside does not exist */
			continue;
		}
		if (!(r->methods & method)) {
			*status = *status == 404 ? 405 : *status;
			continue;
		}
		*rest = sv_from(*path, p.n);
		return r;
	}
	return NULL;
}

/* RFC 9110 10.2.1: what the path is served with, where it was asked. */
static void allow(struct web_call *k)
{
	unsigned here = k->q->tls ? (k->q->outside ? TLS_OUT : TLS_IN) : (k->q->outside ? 0 : PLAIN_IN), methods = 0;

	for (size_t i = 0; i < ROUTES; i++) {
		struct sv p = sv_of(routes[i].path);

		if (routes[i].where & here && (sv_ends(p, SV("/")) ? sv_istarts(k->path, p) : same_path(k->path, p)))
			methods |= routes[i].methods;
	}
	web_header(k, "Allow", methods == GET ? "GET, HEAD" : methods == POST ? "POST" : "GET, HEAD, POST");
}

static bool with_credentials(const struct web_conn *c, const struct msg *head)
{
	return c->windows == WINDOWS_PROVED || msg_count(head, "Authorization") || msg_count(head, "X-MS-WebTicket");
}

size_t web_body_max(struct web *w, const struct web_conn *c, const struct msg *head, const struct web_side *side, unsigned *status,
		    struct buf *headers)
{
	struct sv path, query, rest;
	unsigned no;
	const struct route *r = route(head, side->tls, side->outside, &path, &query, &rest, &no);
	struct web_call k = {.query = query};

	if (r == NULL) {
		*status = no;
		return 0;
	}
	if (r->handler == web_cert)
		return CERT_BODY_MAX;
	if (r->handler != web_update || !sv_ieq(web_query(&k, "op"), SV("log")) || !w->conf.logs ||
	    w->conf.site->max_log_size <= SOAP_BODY_MAX)
		return SOAP_BODY_MAX;
	if (side->outside && (head->chunked || head->length > SOAP_BODY_MAX) && !with_credentials(c, head)) {
		*status = update_challenge(w->conf.site, headers);
		return 0;
	}
	return w->conf.site->max_log_size;
}

/* ---- one request ------------------------------------------------------------------------------------------- */

/* "Anything that carries a credential: 403, never processed on HTTP." Bodies are looked at where they are read. */
static bool credential_in_clear(const struct web_request *q)
{
	return !q->tls && (msg_count(q->m, "Authorization") || msg_count(q->m, "X-MS-WebTicket"));
}

static void web_refuse(struct web_call *k, unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {{403, "This is not served here."}, {404, "There is no such service."}, {405, "Not with this method."}};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == status)
			web_plain(k, status, texts[i].text);
	if (status == 405)
		allow(k);
}

/* A front end that drains begins no sign-in; one that was begun is finished. */
static bool begins_sign_in(const struct route *r)
{
	return r->handler == web_wts_windows || r->handler == web_wts_pin || r->handler == web_wts_cert;
}

static void routed(struct web_call *k)
{
	unsigned status = 400;
	const struct route *r;

	if (!k->q->m->request) {
		web_plain(k, 400, "This is not a request.");
		k->a->close = true;
	} else if (credential_in_clear(k->q)) {
		web_plain(k, 403, "Credentials are refused without TLS.");
		k->a->close = true;
	} else if ((r = route(k->q->m, k->q->tls, k->q->outside, &k->path, &k->query, &k->rest, &status)) == NULL) {
		web_refuse(k, status);
	} else if (begins_sign_in(r) && health_drains(k->w->conf.health)) {
		web_busy(k);
	} else {
		r->handler(k);
	}
}

void web_handle(struct web *w, struct web_conn *c, const struct web_request *q, web_done *done, void *arg)
{
	struct web_call *k = calloc(1, sizeof *k);
	struct web_answer none = {.status = 503, .file = -1, .close = true};

	if (k == NULL) {
		done(arg, &none);
		return;
	}
	k->w = w;
	k->c = c;
	k->m = *q->m;
	k->request = *q;
	k->request.m = &k->m;
	k->q = &k->request;
	k->answer.file = -1;
	k->a = &k->answer;
	k->done = done;
	k->done_arg = arg;
	web_run(k, routed);
}

/* ---- life -------------------------------------------------------------------------------------------------- */

struct web *web_new(const struct web_conf *c)
{
	struct web *w = calloc(1, sizeof *w);
	bool named = true;

	if (w == NULL)
		return NULL;
	w->conf = *c;
	w->conf.trusted_pem = SV("");
	if (c->site->InferCertChainFromSSL)
		buf_sv(&w->pem, c->chain_pem);
	else
		named = web_chain_named(c, &w->pem);
	w->conf.chain_pem = buf_view(&w->pem);
	if (!named || w->pem.oom || !pki_p7_write(&w->p7, w->conf.chain_pem) || !web_chain_outside(w->conf.chain_pem, &w->p7_outside)) {
		web_free(w);
		return NULL;
	}
	return w;
}

void web_free(struct web *w)
{
	if (w == NULL)
		return;
	buf_free(&w->pem);
	buf_free(&w->p7);
	buf_free(&w->p7_outside);
	free(w);
}

struct web_conn *web_conn_new(void)
{
	return calloc(1, sizeof(struct web_conn));
}

void web_conn_free(struct web_conn *c)
{
	if (c && c->call)
		c->call->c = NULL;
	if (c)
		explicit_bzero(c, sizeof *c);
	free(c);
}
