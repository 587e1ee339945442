/* tests/fuzz/fuzz_http.c: an HTTP head, a body by length or by chunks, and the URLs in it. */
#include <stdlib.h>
#include <string.h>

#include "wire/msg.h"
#include "wire/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void url(struct sv s)
{
	struct url u;

	if (url_read(s, &u)) {
		check(u.port && u.host[0] && u.path[0] == '/');
		check(memchr(u.host, 0, sizeof u.host) && memchr(u.path, 0, sizeof u.path));
	}
}

static void chunks(const char *p, size_t n)
{
	struct buf to = {0}, again = {0};
	struct msg_error e = {0};
	size_t used = 0, used2 = 0;

	switch (msg_dechunk(p, n, 1 << 16, &to, &used, &e)) {
	case MSG_OK:
		check(used <= n && to.n < used);
		check(msg_dechunk(p, used, 1 << 16, &again, &used2, &e) == MSG_OK && used2 == used);
		check(sv_eq(buf_view(&to), buf_view(&again)));
		break;
	case MSG_BAD:
		check(e.why && e.status >= 400 && to.n == 0);
		break;
	case MSG_PARTIAL:
		check(to.n == 0);
		break;
	}
	buf_free(&to);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char *c = malloc(n);
	struct msg m;
	struct msg_error e = {0};
	size_t used = 0;

	if (n && c == NULL)
		return 0;
	if (n)
		memcpy(c, p, n);
	if (msg_scan_head(c, n, MSG_HTTP, &m, &e) == MSG_OK) {
		check(m.head_n <= n && !(m.chunked && m.has_length));
		for (size_t i = 0; i < m.nheader; i++)
			check(m.header[i].name.n && memchr(m.header[i].value.p, '\n', m.header[i].value.n) == NULL);
		if (m.request)
			url(m.target);
		url(msg_get(&m, "Location"));
		if (m.chunked)
			chunks(c + m.head_n, n - m.head_n);
	}
	if (msg_scan(c, n, MSG_HTTP, 1 << 16, &m, &used, &e) == MSG_OK)
		check(used <= n && m.body.n == m.length);
	chunks(c, n);
	url((struct sv){c, n});
	free(c);
	return 0;
}
