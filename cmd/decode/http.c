/* cmd/decode/http.c: an HTTP/1.1 request or response, its body taken out of the chunks if it came in chunks. */
#include "cmd/decode/decode.h"

#include "cmd/decode/msg.h"

enum { BODY_MAX = 64 << 20 };

/* RFC 9112 6.3: a response with neither length nor chunks has the rest of the connection as its body, unless its
 * status allows none. */
static bool until_close(const struct msg *m)
{
	return !m->request && !m->has_length && !m->chunked && m->status >= 200 && m->status != 204 && m->status != 304;
}

json_t *decode_http(const void *p, size_t n, struct why *why)
{
	struct msg_error e = {0};
	struct msg m;
	struct buf body = {0};
	struct sv rest;
	size_t used = 0;
	enum msg_result rc = msg_scan_head(p, n, MSG_HTTP, &m, &e);
	json_t *o;

	if (rc != MSG_OK)
		return msg_refused(rc, &e, n, why);
	rest = sv_from((struct sv){p, n}, m.head_n);
	if (m.chunked) {
		rc = msg_dechunk(rest.p, rest.n, BODY_MAX, &body, &used, &e);
		e.at += m.head_n;
	} else if (until_close(&m)) {
		used = rest.n;
		buf_sv(&body, rest);
	} else if (rest.n < m.length) {
		rc = MSG_PARTIAL;
	} else {
		used = (size_t)m.length;
		buf_add(&body, rest.p, used);
	}
	if (rc != MSG_OK || body.oom) {
		buf_free(&body);
		if (rc != MSG_OK)
			return msg_refused(rc, &e, n, why);
		why_set(why, "out of memory");
		return NULL;
	}
	o = json_head(&m);
	json_object_set_new(o, "keep_alive", json_boolean(m.keep_alive));
	json_object_set_new(o, "chunked", json_boolean(m.chunked));
	json_object_set_new(o, "body_octets", json_integer((json_int_t)body.n));
	json_object_set_new(o, "body", json_text(buf_view(&body)));
	if (used < rest.n)
		json_object_set_new(o, "left_over", json_integer((json_int_t)(rest.n - used)));
	buf_free(&body);
	return o;
}
