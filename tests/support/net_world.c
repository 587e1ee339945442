/* tests/support/net_world.c: this is the client's end of a connection, and a server's certificate. */
#include "tests/support/net_world.h"

#include "pki/cert.h"

void client_send_raw(struct client *c, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n) {
		ssize_t put = send(c->watch.fd, at, n, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		assert_true(put > 0); /* the tests' data fit into the socket's buffer */
		at += put;
		n -= (size_t)put;
	}
}

void client_tls_out(struct client *c)
{
	struct buf out = {0};

	tls_drain(c->tls, &out);
	client_send_raw(c, out.p, out.n);
	buf_free(&out);
}

static void client_readable(void *arg, unsigned what)
{
	struct client *c = arg;
	uint8_t piece[65536];
	ssize_t n = recv(c->watch.fd, piece, sizeof piece, 0);

	(void)what;
	if (n > 0) {
		buf_add(&c->got, piece, (size_t)n);
		if (c->tls) {
			long m;

			tls_feed(c->tls, piece, (size_t)n);
			while ((m = tls_read(c->tls, piece, sizeof piece)) > 0)
				buf_add(&c->plain, piece, (size_t)m);
			client_tls_out(c);
		}
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	c->closed = n == 0;
	c->reset = n < 0 && errno == ECONNRESET;
	loop_fd_want(&c->watch, 0);
}

void client_init(struct client *c, struct loop *l, int fd)
{
	*c = (struct client){0};
	assert_int_not_equal(fcntl(fd, F_SETFL, O_NONBLOCK), -1);
	loop_fd_init(&c->watch, l, fd, client_readable, c);
	assert_true(loop_fd_want(&c->watch, LOOP_READ));
}

void client_clear(struct client *c)
{
	loop_fd_stop(&c->watch);
	close(c->watch.fd);
	tls_free(c->tls);
	buf_free(&c->got);
	buf_free(&c->plain);
}

void client_send(struct client *c, const char *text)
{
	client_send_raw(c, text, strlen(text));
}

const char *client_text(struct client *c)
{
	return buf_cstr(&c->got);
}

unsigned count_of(struct client *c, const char *what)
{
	unsigned n = 0;

	for (const char *p = client_text(c); (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

static void time_is_up(void *loop)
{
	loop_stop(loop);
}

void turn(struct loop *l, unsigned ms)
{
	struct loop_timer enough;

	loop_timer_init(&enough, l, time_is_up, l);
	loop_timer_at(&enough, clock_mono_ms() + ms);
	loop_run(l);
	loop_timer_stop(&enough);
}

struct tls_ctx *server_context(const char *name)
{
	const char *const names[] = {name, NULL};
	struct pki_issue what = {PKI_SERVER, name, names, 0, 4000000000};
	struct pki_key *key = pki_key_make(2048);
	struct buf der = {0}, pem = {0};
	struct tls_ctx *c;

	assert_true(pki_issue(&what, key, key, NULL, 0, &der));
	pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
	c = tls_ctx_server(&(struct tls_server_conf){TLS_MODERN, buf_view(&pem), key});
	assert_non_null(c);
	pki_key_free(key);
	buf_free(&der);
	buf_free(&pem);
	return c;
}
