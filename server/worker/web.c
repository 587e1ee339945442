/* server/worker/web.c: web_handle() behind the HTTP server. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "server/site/files.h"
#include "server/worker/internal.h"

#define TRUSTED_MAX ((size_t)1 << 20)

struct web_link {
	struct http_conn *http;
	struct web_conn *web;
	const struct worker_listener *listener;
	bool tls;
	struct http_answer *ret; /* where the answer goes while request() runs; NULL: it comes later */
};

static void *opened(void *arg, struct http_conn *c)
{
	struct web_link *k = calloc(1, sizeof *k);

	(void)arg;
	if (k == NULL)
		return NULL;
	*k = (struct web_link){.http = c, .web = web_conn_new(), .listener = http_conn_tag(c),
			       .tls = conn_tls(http_conn_conn(c)) != NULL};
	if (k->web == NULL) {
		free(k);
		return NULL;
	}
	return k;
}

static void web_gone(void *arg, void *state)
{
	struct web_link *k = state;

	(void)arg;
	web_conn_free(k->web);
	free(k);
}

static size_t body_max(void *arg, void *state, const struct msg *head, unsigned *status, struct buf *headers)
{
	struct worker_web *w = arg;
	const struct web_link *k = state;

	return web_body_max(w->web, k->web, head, &(struct web_side){k->tls, k->listener->outside}, status, headers);
}

static void web_answered(void *arg, struct web_answer *a)
{
	struct web_link *k = arg;
	struct http_answer h = {.status = a->status, .headers = a->headers, .body = a->body, .file = a->file, .file_at = a->file_at,
				.file_n = a->file_n, .close = a->close};

	static_assert(sizeof h.type == sizeof a->type, "one is copied into the other");
	memcpy(h.type, a->type, sizeof a->type);
	a->headers = a->body = (struct buf){0}; /* they have moved */
	a->file = -1;
	if (k->ret)
		*k->ret = h;
	else
		http_conn_answer(k->http, &h);
}

static void request(void *arg, void *state, const struct msg *m, struct sv body, struct http_answer *ret)
{
	struct worker_web *w = arg;
	struct web_link *k = state;
	struct web_request q = {.m = m,
				.body = body,
				.tls = k->tls,
				.outside = k->listener->outside,
				.peer = conn_address(http_conn_conn(k->http)),
				.unix_s = clock_unix_ms() / 1000,
				.mono_ms = clock_mono_ms()};

	ret->status = HTTP_LATER;
	k->ret = ret;
	web_handle(w->web, k->web, &q, web_answered, k);
	k->ret = NULL;
}

static void wordless(void *arg, struct http_conn *c, const char *why)
{
	struct worker_web *w = arg;
	const struct worker_listener *l = http_conn_tag(c);

	worker_seen_tls(w->seen, SEEN_WEB_TLS, http_conn_conn(c), l->outside, why);
}

static const struct http_service service = {opened, web_gone, body_max, request, wordless};

bool worker_web_init(struct worker_web *w, struct loop *loop, const struct site *site, const struct vault_link *vault,
		     const struct seen_link *seen, const struct health *health, const struct worker_tls *tls)
{
	struct web_conf conf = {.site = site, .vault = vault, .binding = tls->binding, .seen = seen, .health = health,
				.chain_pem = buf_view(&tls->chain_pem), .files = w->files, .logs = w->logs};
	char path[sizeof site->dir + 16];
	struct buf trusted = {0};

	snprintf(path, sizeof path, "%s/" SITE_TRUSTED_CERTS, site->dir);
	w->seen = seen;
	if (!site->InferCertChainFromSSL && file_read(path, TRUSTED_MAX, &trusted) == 0)
		conf.trusted_pem = buf_view(&trusted);
	snprintf(w->files, sizeof w->files, "%s/" SITE_IMAGES, site->dir);
	snprintf(w->logs, sizeof w->logs, "%s/" SITE_LOGS, site->dir);
	http_server_init(&w->http, &(struct http_server_conf){.loop = loop, .service = &service, .arg = w});
	w->web = web_new(&conf);
	buf_free(&trusted);
	return w->web != NULL;
}

void worker_web_clear(struct worker_web *w)
{
	web_free(w->web);
	w->web = NULL;
}
