/* HTTP/1.1 framing over a socket pair: a request cut anywhere comes out as one request, and nobody waits for ever. */
#include "tests/support/net_world.h"

#include "net/http_server.h"

#define BODY_MAX 4096
#define FILE_SIZE (3 * 1024 * 1024)

struct world {
	struct loop *loop;
	struct http_server server;
	struct client client;
	unsigned requests, opened, gone;
	char file[64];
	struct buf last_body;
};

static void *on_open(void *arg, struct http_conn *c)
{
	struct world *w = arg;

	(void)c;
	w->opened++;
	return w;
}

static void on_gone(void *arg, void *state)
{
	struct world *w = arg;

	assert_ptr_equal(state, w);
	w->gone++;
}

static size_t on_body_max(void *arg, void *state, const struct msg *head, unsigned *status, struct buf *headers)
{
	(void)arg, (void)state, (void)headers;
	if (sv_eq(head->target, SV("/nothing"))) {
		*status = 403;
		return 0;
	}
	return BODY_MAX;
}

static uint8_t pattern(uint64_t at)
{
	return (uint8_t)(at * 131 + (at >> 8) * 17 + (at >> 16));
}

static void on_request(void *arg, void *state, const struct msg *m, struct sv body, struct http_answer *ret)
{
	struct world *w = arg;

	(void)state;
	w->requests++;
	buf_clear(&w->last_body);
	buf_sv(&w->last_body, body);
	ret->status = 200;
	if (sv_starts(m->target, SV("/file"))) {
		ret->status = 206;
		ret->file = open(w->file, O_RDONLY | O_CLOEXEC);
		assert_true(ret->file >= 0);
		ret->file_at = 1000;
		ret->file_n = FILE_SIZE - 2000;
		return;
	}
	memcpy(ret->type, "text/plain", sizeof "text/plain");
	buf_printf(&ret->headers, "X-Number: %u\r\n", w->requests);
	buf_printf(&ret->body, "<" SV_FMT " " SV_FMT " %zu>", SV_ARG(m->method), SV_ARG(m->target), body.n);
}

static const struct http_service service = {on_open, on_gone, on_body_max, on_request};

static void world_init(struct world *w, const struct http_server_conf *conf)
{
	struct http_server_conf c = conf ? *conf : (struct http_server_conf){0};
	int fd[2];

	*w = (struct world){.loop = loop_new()};
	assert_non_null(w->loop);
	c.loop = w->loop;
	c.service = &service;
	c.arg = w;
	http_server_init(&w->server, &c);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
	client_init(&w->client, w->loop, fd[1]);
	http_server_take(&w->server, fd[0], NULL, &(struct conn_kind){0}, NULL);
}

static void world_clear(struct world *w)
{
	http_server_reset(&w->server);
	until(w->loop, w->server.n == 0);
	assert_int_equal(w->opened, w->gone);
	client_clear(&w->client);
	loop_free(w->loop);
	buf_free(&w->last_body);
}

static void test_one_and_again(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, NULL);
	client_send(&w.client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
	until(w.loop, strstr(client_text(&w.client), "<GET /a 0>"));
	assert_non_null(strstr(client_text(&w.client), "HTTP/1.1 200 OK\r\n"));
	assert_non_null(strstr(client_text(&w.client), "\r\nContent-Length: 10\r\n"));
	assert_non_null(strstr(client_text(&w.client), "\r\nX-Number: 1\r\n"));
	assert_false(w.client.closed);
	client_send(&w.client, "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	until(w.loop, w.client.closed);
	assert_non_null(strstr(client_text(&w.client), "<GET /b 0>"));
	assert_int_equal(w.opened, 1);
	world_clear(&w);
}

static void test_pipelining(void **state)
{
	static const char three[] = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
				    "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"
				    "HEAD /3 HTTP/1.1\r\nHost: x\r\n\r\n"
				    "POST /4 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
				    "GET /5 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
				    "GET /never HTTP/1.1\r\nHost: x\r\n\r\n";
	struct world w;
	const char *t, *at;

	(void)state;
	world_init(&w, NULL);
	client_send(&w.client, three);
	until(w.loop, w.client.closed);
	t = client_text(&w.client);
	assert_int_equal(count_of(&w.client, "HTTP/1.1 200"), 5);
	at = strstr(t, "<GET /1 0>");
	assert_non_null(at);
	at = strstr(at, "<POST /2 5>");
	assert_non_null(at);
	at = strstr(at, "<POST /4 3>");
	assert_non_null(at);
	at = strstr(at, "<GET /5 0>");
	assert_non_null(at);
	assert_null(strstr(t, "never"));
	world_clear(&w);
}

/* Every cut of the same octets is the same requests. */
static void test_every_cut(void **state)
{
	static const char text[] = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
				   "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nch\r\n1\r\nu\r\n0\r\n\r\n"
				   "GET /c HTTP/1.1\r\nHost: x\r\n\r\n";

	(void)state;
	for (size_t cut = 1; cut < sizeof text - 1; cut += 3) {
		struct world w;

		world_init(&w, NULL);
		client_send_raw(&w.client, text, cut);
		turn(w.loop, 1);
		client_send_raw(&w.client, text + cut, sizeof text - 1 - cut);
		until(w.loop, w.requests == 3 && strstr(client_text(&w.client), "<GET /c 0>"));
		assert_non_null(strstr(client_text(&w.client), "<POST /a 4>"));
		assert_non_null(strstr(client_text(&w.client), "<POST /b 3>"));
		world_clear(&w);
	}
}

static void test_slow_body(void **state)
{
	struct http_server_conf conf = {.body_ms = 60};
	struct world w;

	(void)state;
	world_init(&w, &conf);
	client_send(&w.client, "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
	until(w.loop, (client_send(&w.client, "x"), turn(w.loop, 15), w.client.got.n > 0)); /* a trickle does not move it */
	until(w.loop, w.client.closed);
	assert_non_null(strstr(client_text(&w.client), "HTTP/1.1 408 "));
	assert_int_equal(w.requests, 0);
	world_clear(&w);
}

static void test_slow_head(void **state)
{
	struct http_server_conf conf = {.head_ms = 60};
	struct world w;

	(void)state;
	world_init(&w, &conf);
	client_send(&w.client, "GET / HTTP/1.1\r\nX: ");
	until(w.loop, (client_send(&w.client, "x"), turn(w.loop, 15), w.client.got.n > 0));
	until(w.loop, w.client.closed);
	assert_non_null(strstr(client_text(&w.client), "HTTP/1.1 408 "));
	world_clear(&w);
}

static void test_idle(void **state)
{
	struct http_server_conf conf = {.idle_ms = 30};
	struct world w;

	(void)state;
	world_init(&w, &conf);
	until(w.loop, w.client.closed);
	assert_int_equal(w.client.got.n, 0);
	world_clear(&w);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *status;
	} rows[] = {
		{"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4097\r\n\r\n", "HTTP/1.1 413 "},
		{"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n", "HTTP/1.1 413 "},
		{"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 "},
		{"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "HTTP/1.1 400 "},
		{"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 403 "},
		{"POST /x HTTP/1.1\r\nHost: x\r\nExpect: magic\r\nContent-Length: 3\r\n\r\n", "HTTP/1.1 417 "},
		{"GET\r\n\r\n", "HTTP/1.1 400 "},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 400 "},
		{"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world w;

		world_init(&w, NULL);
		client_send(&w.client, rows[i].text);
		until(w.loop, w.client.closed);
		if (strncmp(client_text(&w.client), rows[i].status, strlen(rows[i].status)) != 0)
			fail_msg("row %zu: %s", i, client_text(&w.client));
		assert_non_null(strstr(client_text(&w.client), "\r\nConnection: close\r\n"));
		assert_int_equal(w.requests, 0);
		world_clear(&w);
	}
}

static void test_long_head(void **state)
{
	struct world w;
	char line[1001];

	(void)state;
	memset(line, 'x', 1000);
	line[1000] = '\0';
	world_init(&w, NULL);
	client_send(&w.client, "GET / HTTP/1.1\r\n");
	for (unsigned i = 0; i < 40; i++) {
		client_send(&w.client, "X: ");
		client_send(&w.client, line);
		client_send(&w.client, "\r\n");
	}
	until(w.loop, w.client.closed || w.client.reset);
	assert_non_null(strstr(client_text(&w.client), "HTTP/1.1 431 "));
	world_clear(&w);
}

static void test_continue(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, NULL);
	client_send(&w.client, "POST /c HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
	until(w.loop, w.client.got.n);
	assert_string_equal(client_text(&w.client), "HTTP/1.1 100 Continue\r\n\r\n");
	assert_int_equal(w.requests, 0);
	client_send(&w.client, "abc");
	until(w.loop, strstr(client_text(&w.client), "<POST /c 3>"));
	assert_memory_equal(w.last_body.p, "abc", 3);
	world_clear(&w);
}

static void test_head_of_file(void **state)
{
	struct world *shared = *state, w;
	char length[64];

	world_init(&w, NULL);
	memcpy(w.file, shared->file, sizeof w.file);
	client_send(&w.client, "HEAD /file HTTP/1.1\r\nHost: x\r\n\r\nGET /behind HTTP/1.1\r\nHost: x\r\n\r\n");
	until(w.loop, strstr(client_text(&w.client), "<GET /behind 0>"));
	snprintf(length, sizeof length, "\r\nContent-Length: %d\r\n", FILE_SIZE - 2000);
	assert_non_null(strstr(client_text(&w.client), length));
	assert_true(w.client.got.n < 2000);
	world_clear(&w);
}

/* A file much longer than what may wait; the client is deaf for a while, and has said that it will send no more. */
static void test_file(void **state)
{
	struct world *shared = *state, w;
	const char *body;
	size_t head;

	world_init(&w, NULL);
	memcpy(w.file, shared->file, sizeof w.file);
	loop_fd_want(&w.client.watch, 0);
	client_send(&w.client, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(shutdown(w.client.watch.fd, SHUT_WR), 0);
	until(w.loop, w.requests == 1);
	turn(w.loop, 20);
	loop_fd_want(&w.client.watch, LOOP_READ);
	until(w.loop, w.client.closed);
	body = memmem(w.client.got.p, w.client.got.n, "\r\n\r\n", 4);
	assert_non_null(body);
	head = (size_t)(body + 4 - (const char *)w.client.got.p);
	assert_int_equal(w.client.got.n - head, FILE_SIZE - 2000);
	for (size_t i = 0; i < FILE_SIZE - 2000; i++)
		if (w.client.got.p[head + i] != pattern(1000 + i))
			fail_msg("octet %zu of the file is another", i);
	assert_non_null(memmem(w.client.got.p, head, "206 Partial Content", 19));
	world_clear(&w);
}

static void test_drain(void **state)
{
	struct world w;
	struct client idle;
	int fd[2];

	(void)state;
	world_init(&w, NULL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
	client_init(&idle, w.loop, fd[1]);
	http_server_take(&w.server, fd[0], NULL, &(struct conn_kind){0}, NULL);
	client_send(&w.client, "POST /busy HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na");
	client_send(&idle, "GET /i HTTP/1.1\r\nHost: x\r\n\r\n");
	until(w.loop, strstr(client_text(&idle), "<GET /i 0>"));
	turn(w.loop, 5);
	http_server_drain(&w.server);
	until(w.loop, idle.closed);
	assert_false(w.client.closed);
	client_send(&w.client, "bc");
	until(w.loop, w.client.closed);
	assert_non_null(strstr(client_text(&w.client), "<POST /busy 3>"));
	assert_non_null(strstr(client_text(&w.client), "\r\nConnection: close\r\n"));
	client_clear(&idle);
	world_clear(&w);
}

static int file_make(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	uint8_t *p = malloc(FILE_SIZE);
	int fd;

	if (w == NULL || p == NULL)
		return -1;
	snprintf(w->file, sizeof w->file, "/tmp/test_http_server.XXXXXX");
	fd = mkstemp(w->file);
	for (size_t i = 0; i < FILE_SIZE; i++)
		p[i] = pattern(i);
	if (fd < 0 || write(fd, p, FILE_SIZE) != FILE_SIZE)
		return -1;
	close(fd);
	free(p);
	*state = w;
	return 0;
}

static int file_unmake(void **state)
{
	struct world *w = *state;

	unlink(w->file);
	free(w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_and_again), cmocka_unit_test(test_pipelining), cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_slow_body),     cmocka_unit_test(test_slow_head),	 cmocka_unit_test(test_idle),
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_long_head),	 cmocka_unit_test(test_continue),
		cmocka_unit_test(test_head_of_file),  cmocka_unit_test(test_file),	 cmocka_unit_test(test_drain),
	};

	return cmocka_run_group_tests(tests, file_make, file_unmake);
}
