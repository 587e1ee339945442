#include "tests/support/check.h"

#include "wire/msg.h"

static const char reg[] = "\r\n\r\nREGISTER sip:contoso.com SIP/2.0\r\n"
			  "v: SIP/2.0/TLS 192.0.2.10:49213\r\n"
			  "From : <sip:alice@contoso.com>;tag=1;epid=c97532c1946f\r\n"
			  "supported: gruu-10,\r\n adhoclist\r\n"
			  "Supported: ms-forking\r\n"
			  "l: 5\r\n"
			  "\r\n"
			  "helloREGISTER";

static enum msg_result scan(const void *p, size_t n, enum msg_proto proto, struct msg *m, size_t *used, struct msg_error *e)
{
	return msg_scan(p, n, proto, 1000, m, used, e);
}

static void sip_request(void **state)
{
	struct msg m;
	struct msg_error e = {0};
	size_t used = 0;

	(void)state;
	assert_int_equal(scan(reg, sizeof reg - 1, MSG_SIP, &m, &used, &e), MSG_OK);
	assert_int_equal(used, sizeof reg - 1 - 8);
	assert_true(m.request && sv_eq(m.method, SV("REGISTER")) && sv_eq(m.target, SV("sip:contoso.com")));
	assert_true(sv_eq(m.body, SV("hello")) && m.has_length && m.length == 5);
	assert_int_equal(m.nheader, 5);
	assert_true(sv_eq(m.header[0].name, SV("v")) && sv_eq(m.header[0].full, SV("Via")));
	assert_true(sv_eq(msg_get(&m, "FROM"), SV("<sip:alice@contoso.com>;tag=1;epid=c97532c1946f")));
	assert_int_equal(msg_count(&m, "Supported"), 2);
	assert_true(sv_eq(msg_get(&m, "supported"), SV("gruu-10,\r\n adhoclist")));
	assert_true(sv_eq(msg_get_nth(&m, "supported", 1), SV("ms-forking")));
	assert_null(msg_get_nth(&m, "supported", 2).p);
	assert_null(msg_get(&m, "l").p);
}

/* Cut anywhere it is incomplete, and what was handed in stays as it was. */
static void cut_everywhere(void **state)
{
	size_t whole = sizeof reg - 1 - 8;

	(void)state;
	for (size_t n = 0; n <= sizeof reg - 1; n++) {
		uint8_t *c = exact_copy(reg, sizeof reg - 1, n);
		struct msg m = {.status = 77};
		struct msg_error e = {0};
		size_t used = 99;

		if (n < whole) {
			assert_int_equal(scan(c, n, MSG_SIP, &m, &used, &e), MSG_PARTIAL);
			assert_true(m.status == 77 && used == 99);
		} else {
			assert_int_equal(scan(c, n, MSG_SIP, &m, &used, &e), MSG_OK);
			assert_int_equal(used, whole);
		}
		free(c);
	}
}

static void responses(void **state)
{
	static const char answer[] = "SIP/2.0 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
	struct msg m;
	struct msg_error e = {0};
	size_t used;

	(void)state;
	assert_int_equal(scan(answer, sizeof answer - 1, MSG_SIP, &m, &used, &e), MSG_OK);
	assert_true(!m.request && m.status == 401 && sv_eq(m.reason, SV("Unauthorized")));
	assert_int_equal(scan("HTTP/1.1 204\r\n\r\n", 16, MSG_HTTP, &m, &used, &e), MSG_OK);
	assert_true(m.status == 204 && m.reason.n == 0 && m.keep_alive && !m.has_length);
	assert_int_equal(scan("HTTP/1.0 200 OK\r\n\r\n", 19, MSG_HTTP, &m, &used, &e), MSG_OK);
	assert_false(m.keep_alive);
	assert_int_equal(scan("HTTP/1.0 200 OK\r\nConnection: x, Keep-Alive\r\n\r\n", 47, MSG_HTTP, &m, &used, &e), MSG_OK);
	assert_true(m.keep_alive);
	assert_int_equal(scan("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 38, MSG_HTTP, &m, &used, &e), MSG_OK);
	assert_false(m.keep_alive);
}

#define G "GET / HTTP/1.1\r\nHost: a\r\n"
#define O "OPTIONS sip:a SIP/2.0\r\n"

static void refused(void **state)
{
	static const struct {
		enum msg_proto proto;
		unsigned status;
		size_t at;
		struct sv text;
	} rows[] = {
		{MSG_HTTP, 400, 0, SV("\x16\x03\x01")}, /* a TLS ClientHello on the wrong port */
		{MSG_SIP, 400, 21, SV("OPTIONS sip:a SIP/2.0\n")},
		{MSG_SIP, 400, 21, SV("OPTIONS sip:a SIP/2.0\rX")},
		{MSG_SIP, 400, 8, SV("OPTIONS  sip:a SIP/2.0\r\n")},
		{MSG_SIP, 505, 14, SV("OPTIONS sip:a SIP/7.0\r\n")},
		{MSG_SIP, 400, 14, SV("OPTIONS sip:a HTTP/1.1\r\n")},
		{MSG_HTTP, 505, 6, SV("GET / HTTP/2.0\r\n")},
		{MSG_HTTP, 400, 3, SV("GET\r\n")},
		{MSG_SIP, 400, 12, SV("OPTIONS sip:<a> SIP/2.0\r\n")},
		{MSG_SIP, 400, 8, SV("SIP/2.0 0200 OK\r\n")},
		{MSG_SIP, 400, 8, SV("SIP/2.0 099 OK\r\n")},
		{MSG_SIP, 400, 11, SV("SIP/2.0 200\r\n")},
		{MSG_SIP, 400, 23, SV(O " folded first\r\n\r\n")},
		{MSG_SIP, 400, 23, SV(O "no colon\r\n\r\n")},
		{MSG_SIP, 400, 23, SV(O ": no name\r\n\r\n")},
		{MSG_SIP, 400, 27, SV(O "a: b\x01" "c\r\n\r\n")},
		{MSG_SIP, 400, 29, SV(O "l: 1\r\nContent-Length: 1\r\n\r\nx")},
		{MSG_SIP, 400, 26, SV(O "l: -1\r\n\r\n")},
		{MSG_SIP, 400, 26, SV(O "l: 18446744073709551616\r\n\r\n")},
		{MSG_SIP, 413, 34, SV(O "l: 1001\r\n\r\n")},
		{MSG_HTTP, 400, 25, SV(G " folded\r\n\r\n")},
		{MSG_HTTP, 400, 25, SV(G "a : b\r\n\r\n")},
		{MSG_HTTP, 400, 0, SV(G "Host: b\r\n\r\n")},
		{MSG_HTTP, 400, 0, SV("GET / HTTP/1.1\r\n\r\n")},
		{MSG_HTTP, 411, 55, SV(G "Transfer-Encoding: chunked\r\n\r\n")},
		{MSG_HTTP, 501, 44, SV(G "Transfer-Encoding: gzip\r\n\r\n")},
		{MSG_HTTP, 400, 44, SV(G "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n")},
		{MSG_HTTP, 400, 41, SV(G "Content-Length: 3, 3\r\n\r\n")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t *c = exact_copy(rows[i].text.p, rows[i].text.n, rows[i].text.n);
		struct msg m = {.status = 77};
		struct msg_error e = {0};
		size_t used = 99;

		if (scan(c, rows[i].text.n, rows[i].proto, &m, &used, &e) != MSG_BAD)
			fail_msg("row %zu was not refused", i);
		if (e.status != rows[i].status || e.at != rows[i].at || !e.why)
			fail_msg("row %zu: %u at %zu, %s", i, e.status, e.at, e.why);
		assert_true(m.status == 77 && used == 99);
		free(c);
	}
}

static void limits(void **state)
{
	struct buf b = {0};
	struct msg m;
	struct msg_error e = {0};
	size_t used;

	(void)state;
	buf_str(&b, G);
	for (unsigned i = 1; i < MSG_HEADERS_MAX; i++)
		buf_str(&b, "a: b\r\n");
	buf_str(&b, "\r\n");
	assert_int_equal(scan(b.p, b.n, MSG_HTTP, &m, &used, &e), MSG_OK);
	assert_int_equal(m.nheader, MSG_HEADERS_MAX);
	b.n -= 2;
	buf_str(&b, "a: b\r\n\r\n");
	assert_int_equal(scan(b.p, b.n, MSG_HTTP, &m, &used, &e), MSG_BAD);
	assert_int_equal(e.status, 431);
	buf_clear(&b);
	buf_str(&b, G "a: ");
	while (b.n < MSG_HEAD_MAX - 1)
		buf_str(&b, "x");
	assert_int_equal(scan(b.p, b.n, MSG_HTTP, &m, &used, &e), MSG_PARTIAL);
	buf_str(&b, "x");
	assert_int_equal(scan(b.p, b.n, MSG_HTTP, &m, &used, &e), MSG_BAD);
	assert_int_equal(e.status, 431);
	buf_free(&b);
}

static void dechunk(void **state)
{
	static const char in[] = "4\r\nWiki\r\n6;x=\"y\"\r\npedia \r\nA\r\nin chunks.\r\n0\r\nT: v\r\n\r\nGET";
	static const char *const broken[] = {"g\r\n", "-1\r\n", "\r\n", "1\r\nab\r\n0\r\n\r\n", "123456789\r\n", "0\r\nno\r\n\r\n",
					     "5\n", "1 2x\rz", "3e9\r\n"};
	struct msg_error e = {0};
	size_t whole = sizeof in - 1 - 3;

	(void)state;
	for (size_t n = 0; n <= sizeof in - 1; n++) {
		uint8_t *c = exact_copy(in, sizeof in - 1, n);
		struct buf to = {0};
		size_t used = 99;

		buf_str(&to, "=");
		if (n < whole) {
			assert_int_equal(msg_dechunk((char *)c, n, 100, &to, &used, &e), MSG_PARTIAL);
			assert_true(used == 99 && to.n == 1);
		} else {
			assert_int_equal(msg_dechunk((char *)c, n, 100, &to, &used, &e), MSG_OK);
			assert_int_equal(used, whole);
			assert_true(sv_eq(buf_view(&to), SV("=Wikipedia in chunks.")));
		}
		buf_free(&to);
		free(c);
	}
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct buf to = {0};
		size_t used = 99;

		if (msg_dechunk(broken[i], strlen(broken[i]), 1000, &to, &used, &e) != MSG_BAD)
			fail_msg("chunks %zu were not refused", i);
		assert_true(used == 99 && to.n == 0);
		buf_free(&to);
	}
	{
		struct buf to = {0};
		size_t used;

		assert_int_equal(msg_dechunk(in, sizeof in - 1, 19, &to, &used, &e), MSG_BAD);
		assert_int_equal(e.status, 413);
		assert_int_equal(msg_dechunk(in, sizeof in - 1, 20, &to, &used, &e), MSG_OK);
		buf_free(&to);
	}
}

/* What a head holds that was refused. */
static void salvaged(void **state)
{
	static const struct {
		const char *text, *method; /* NULL: nothing */
		size_t headers;
	} rows[] = {
		{"REGISTER  sip:a SIP/7.0\r\nVia: a\r\n\r\n", "REGISTER", 1},
		{"\r\nINVITE <sip:a> SIP/2.0\r\nv: a\r\n b\r\nbad line\r\n of two\r\nTo: x\x01\r\nCSeq: 1 INVITE\r\nl: -1\r\n\r\n", "INVITE", 3},
		{"SIP/2.0 4294967301 OK\r\nVia: a\r\n\r\n", NULL, 0},
		{"REGISTER sip:a SIP/7.0\r\nVia: a\r\n", NULL, 0},
		{"REGISTER\r\n\r\n", NULL, 0},
		{"\x16\x03\x01 \r\n\r\n", NULL, 0},
		{"\r\n\r\n", NULL, 0},
		{"", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct msg m = {.status = 77};
		size_t n = strlen(rows[i].text);

		for (size_t cut = 0; cut <= n; cut++) {
			uint8_t *c = exact_copy(rows[i].text, n, cut);
			bool read = msg_salvage((char *)c, cut, MSG_SIP, &m);

			assert_int_equal(read, cut == n && rows[i].method != NULL);
			if (read) {
				assert_true(m.request && sv_eq(m.method, sv_of(rows[i].method)));
				assert_int_equal(m.nheader, rows[i].headers);
				assert_true(sv_starts(msg_get(&m, "Via"), SV("a")));
			} else {
				assert_int_equal(m.status, 77);
			}
			free(c);
		}
	}
}

/* A head has MSG_HEAD_MAX; a body in chunks is as long as body_max says, wherever its lines stand. */
static void long_bodies_in_chunks(void **state)
{
	struct buf in = {0}, to = {0};
	struct msg_error e = {0};
	char piece[5000];
	size_t used = 0;

	(void)state;
	memset(piece, 'x', sizeof piece);
	for (int i = 0; i < 12; i++) {
		buf_printf(&in, "%zx\r\n", sizeof piece);
		buf_add(&in, piece, sizeof piece);
		buf_str(&in, "\r\n");
	}
	assert_int_equal(msg_dechunk((char *)in.p, in.n, 60000, &to, &used, &e), MSG_PARTIAL);
	buf_str(&in, "0\r\nA: b\r\n\r\n");
	assert_true(in.n > MSG_HEAD_MAX);
	assert_int_equal(msg_dechunk((char *)in.p, in.n, 60000, &to, &used, &e), MSG_OK);
	assert_true(used == in.n && to.n == 60000);
	in.n -= 2; /* a trailer that does not end */
	while (in.n < 60000 + 2 * MSG_HEAD_MAX)
		buf_str(&in, "A: b\r\n");
	assert_int_equal(msg_dechunk((char *)in.p, in.n, 60000, &to, &used, &e), MSG_BAD);
	assert_int_equal(e.status, 431);
	buf_free(&in);
	buf_free(&to);
}

/* One octet a chunk, with an extension as long as may be: refused before it has cost much. */
static void chunks_of_nothing(void **state)
{
	struct buf in = {0}, to = {0};
	struct msg_error e = {0};
	enum msg_result r = MSG_PARTIAL;
	size_t used = 0;

	(void)state;
	for (int i = 0; r == MSG_PARTIAL && i < 2000; i++) {
		buf_printf(&in, "1;%0200d\r\nx\r\n", i);
		r = msg_dechunk((char *)in.p, in.n, 60000, &to, &used, &e);
	}
	assert_int_equal(r, MSG_BAD);
	assert_int_equal(e.status, 413);
	assert_true(in.n < 130000 && to.n == 0);
	buf_free(&in);
	buf_free(&to);
}

/* In pieces of any size, with what was taken away from the front, the same comes out as at once; no octet is taken twice. */
static void chunks_in_pieces(void **state)
{
	static const char text[] = "5\r\nhello\r\n1;x=y\r\n \r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\nNEXT";

	(void)state;
	for (size_t piece = 1; piece < sizeof text; piece++)
		for (int drop = 0; drop < 2; drop++) {
			struct msg_chunks c = {0};
			struct msg_error err = {0};
			struct buf in = {0}, out = {0};
			enum msg_result r = MSG_PARTIAL;

			for (size_t at = 0; at < sizeof text - 1 && r == MSG_PARTIAL; at += piece) {
				buf_add(&in, text + at, at + piece < sizeof text - 1 ? piece : sizeof text - 1 - at);
				if (drop) {
					buf_drop(&in, c.at);
					c.gone += c.at;
					c.at = 0;
				}
				r = msg_dechunk_on(&c, (const char *)in.p, in.n, 22, &out, &err);
			}
			assert_int_equal(r, MSG_OK);
			assert_string_equal(buf_cstr(&out), "hello 0123456789abcdef");
			assert_int_equal(c.gone + c.at, sizeof text - 1 - 4);
			buf_free(&in);
			buf_free(&out);
		}
}

/* The measure counts over all pieces: octets of data, and octets around them. */
static void chunks_have_a_measure(void **state)
{
	struct msg_chunks c = {0};
	struct msg_error err = {0};
	struct buf out = {0};
	enum msg_result r = MSG_PARTIAL;
	unsigned turns = 0;

	(void)state;
	for (; r == MSG_PARTIAL && turns < 100; turns++)
		r = msg_dechunk_on(&c, "1\r\nx\r\n", 6, 3, &out, &err), c.gone += c.at, c.at = 0;
	assert_int_equal(r, MSG_BAD);
	assert_int_equal(err.status, 413);
	assert_int_equal(turns, 4);
	c = (struct msg_chunks){.gone = 70000};
	assert_int_equal(msg_dechunk_on(&c, "1\r\n", 3, 3, &out, &err), MSG_BAD);
	assert_int_equal(err.status, 413);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(chunks_in_pieces), cmocka_unit_test(chunks_have_a_measure), cmocka_unit_test(sip_request), cmocka_unit_test(salvaged),
					   cmocka_unit_test(cut_everywhere),
					   cmocka_unit_test(responses),	  cmocka_unit_test(refused),
					   cmocka_unit_test(limits),	  cmocka_unit_test(dechunk),
					   cmocka_unit_test(long_bodies_in_chunks), cmocka_unit_test(chunks_of_nothing)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
