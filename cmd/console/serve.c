/* cmd/console/serve.c: the requests that are answered: of this machine, with the token, with the right Host. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/console/console.h"
#include "pki/key.h"

#define BODY_MOST 1024

struct state { /* of a connection */
	struct console *console;
	struct http_conn *conn;
	struct console_run *run; /* under way; NULL: none */
};

static void *opened(void *arg, struct http_conn *c)
{
	struct state *s = calloc(1, sizeof *s);

	if (s)
		*s = (struct state){arg, c, NULL};
	return s;
}

static void gone(void *arg, void *state)
{
	struct state *s = state;

	(void)arg;
	console_run_end(s->run);
	free(s);
}

static size_t body_max(void *arg, void *state, const struct msg *head, unsigned *status, struct buf *headers)
{
	(void)arg, (void)state, (void)headers;
	*status = 413;
	return sv_eq(head->method, SV("POST")) ? BODY_MOST : 0;
}

/* Nothing from elsewhere, nothing kept, shown in no frame, and no address told to another server. */
static void headers(struct http_answer *a)
{
	buf_str(&a->headers,
		"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
		"X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
		"Cross-Origin-Opener-Policy: same-origin\r\nCross-Origin-Resource-Policy: same-origin\r\n");
}

static void refuse(struct http_answer *a, unsigned status, const char *said)
{
	a->status = status;
	snprintf(a->type, sizeof a->type, "text/plain; charset=utf-8");
	buf_printf(&a->body, "%s\n", said);
}

/* A page of another site may lead a browser here under a name of its own (DNS rebinding): its Host is another one. */
static bool host_is_ours(const struct console *c, struct sv host)
{
	static const char *const names[] = {"127.0.0.1", "localhost"};
	char text[32];

	for (unsigned i = 0; i < 2; i++) {
		snprintf(text, sizeof text, "%s:%u", names[i], c->port);
		if (sv_ieq(host, sv_of(text)))
			return true;
	}
	return false;
}

/* Absent, as from no browser, or of these pages. */
static bool origin_is_ours(const struct console *c, const struct msg *m)
{
	struct sv origin = msg_get(m, "Origin"), site = msg_get(m, "Sec-Fetch-Site");

	if (site.p && !sv_ieq(site, SV("same-origin")) && !sv_ieq(site, SV("none")))
		return false;
	return origin.p == NULL || (sv_istarts(origin, SV("http://")) && host_is_ours(c, sv_from(origin, 7)));
}

static bool token_is_ours(const struct console *c, struct sv token)
{
	return token.n == CONSOLE_TOKEN && pki_equal(token.p, c->token, CONSOLE_TOKEN);
}

/* The part behind "/TOKEN/"; p NULL: the token is another one. */
static struct sv below_token(const struct console *c, struct sv target)
{
	sv_cut(&target, '/');
	if (!token_is_ours(c, sv_cut(&target, '/')) || target.p == NULL)
		return (struct sv){0};
	return target.n ? target : SV("index.html");
}

/* ---- a question --------------------------------------------------------------------------------------------------- */

static const struct {
	int exit;
	unsigned status;
} statuses[] = {{64, 400}, {67, 404}, {69, 503}, {73, 409}, {78, 500}};

/* The verb's own words, on the page as on a terminal. */
static void answered(void *arg, int status, struct sv out, struct sv err)
{
	struct http_answer a = {.file = -1, .status = 500};
	struct state *s = arg;
	json_t *said;
	char *text;

	s->run = NULL; /* run.c frees it */
	headers(&a);
	snprintf(a.type, sizeof a.type, "application/json");
	if (status == 0) {
		a.status = 200;
		buf_sv(&a.body, out);
	} else {
		for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
			if (statuses[i].exit == status)
				a.status = statuses[i].status;
		err = sv_trim(err);
		said = status < 0 ? json_string("the verb did not end in time") : json_stringn(err.p ? err.p : "", err.n);
		said = json_pack("{s:i, s:i, s:o}", "v", 1, "status", status, "error", said ? said : json_string("it failed"));
		text = json_dumps(said, JSON_COMPACT);
		buf_str(&a.body, text ? text : "{}");
		free(text);
		json_decref(said);
	}
	http_conn_answer(s->conn, &a);
}

static void question(struct state *s, const struct msg *m, struct sv name, struct sv query, struct sv body, struct http_answer *ret)
{
	const struct console_question *q = console_question(name);
	bool post = sv_eq(m->method, SV("POST"));
	char word[256] = "";

	if (q == NULL) {
		refuse(ret, 404, "There is no such question.");
	} else if (post != q->changes) {
		buf_printf(&ret->headers, "Allow: %s\r\n", q->changes ? "POST" : "GET");
		refuse(ret, 405, "Another method is needed.");
	} else if (q->changes && !token_is_ours(s->console, msg_get(m, "X-Dialtone"))) { /* no form of another page sends this head */
		refuse(ret, 403, "The token is needed in X-Dialtone, too.");
	} else if (q->takes && !console_word(post ? body : query, word)) {
		refuse(ret, 400, "That is no name of one.");
	} else if ((s->run = console_run(s->console, q, word, answered, s)) == NULL) {
		buf_str(&ret->headers, "Retry-After: 1\r\n");
		refuse(ret, 503, "Too much is asked at once.");
	} else {
		ret->status = HTTP_LATER;
	}
}

static void request(void *arg, void *state, const struct msg *m, struct sv body, struct http_answer *ret)
{
	struct state *s = state;
	struct console *c = arg;
	struct sv path, query = m->target;

	headers(ret);
	if (!host_is_ours(c, msg_get(m, "Host")) || msg_count(m, "Host") != 1 || !origin_is_ours(c, m)) {
		refuse(ret, 403, "This console answers its own pages only.");
		return;
	}
	path = below_token(c, sv_cut(&query, '?'));
	if (path.p == NULL) {
		refuse(ret, 403, "The address needs the token that `dialtone console` printed.");
		return;
	}
	if (sv_starts(path, SV("api/"))) {
		question(s, m, sv_from(path, 4), query, body, ret);
		return;
	}
	for (size_t i = 0; i < console_nfiles; i++)
		if (sv_eq(path, sv_of(console_files[i].name)) && (sv_eq(m->method, SV("GET")) || sv_eq(m->method, SV("HEAD")))) {
			ret->status = 200;
			snprintf(ret->type, sizeof ret->type, "%s", console_files[i].type);
			buf_add(&ret->body, console_files[i].p, console_files[i].n);
			return;
		}
	refuse(ret, 404, "There is no such page.");
}

const struct http_service console_service = {opened, gone, body_max, request, NULL};
