#include "tests/support/host_world.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/rtnl.h"
#include "host/tagger.h"

struct buf server_pem;
struct pki_key *server_key;

void new_folder(char dir[64])
{
	snprintf(dir, 64, "/tmp/dt-host-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

void remove_folder(const char *dir)
{
	static const char *const names[] = {"user.pem", "roots.pem", "active", "lock", "image.0", "image.1", "image.0.cat",
					    "image.1.cat", "user.pem.new", "active.new", "deep/er/lock", "deep/er", "deep", "."};
	char path[128];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (unlink(path) < 0)
			rmdir(path);
	}
	rmdir(dir);
}

/* ---- the certificate ------------------------------------------------------------------------------------------ */

void make_certificate(void)
{
	static const char *const names[] = {"host.test", NULL};
	struct pki_issue what = {.profile = PKI_SERVER, .cn = "host.test", .names = names,
				 .not_before = clock_unix_ms() / 1000 - 3600, .not_after = clock_unix_ms() / 1000 + 86400};
	struct pki_issue ca = {.profile = PKI_CA, .cn = "Test root", .not_before = what.not_before, .not_after = what.not_after};
	struct pki_key *ca_key = pki_key_make(2048);
	struct buf ca_der = {0}, der = {0}, ca_pem = {0}, pem = {0};

	server_key = pki_key_make(2048);
	assert_non_null(ca_key);
	assert_true(pki_issue(&ca, ca_key, ca_key, NULL, 0, &ca_der));
	assert_true(pki_issue(&what, server_key, ca_key, ca_der.p, ca_der.n, &der));
	pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
	buf_add(&server_pem, pem.p, pem.n); /* the leaf first: what the server shows */
	pki_pem_add(&ca_pem, "CERTIFICATE", ca_der.p, ca_der.n);
	buf_add(&server_pem, ca_pem.p, ca_pem.n);
	buf_free(&ca_der);
	buf_free(&der);
	buf_free(&ca_pem);
	buf_free(&pem);
	pki_key_free(ca_key);
}

/* ---- the other end -------------------------------------------------------------------------------------------- */

struct peer {
	struct event_base *base;
	struct tls_ctx *ctx;
};

struct peer_stream {
	struct tls *tls;
	struct event *ev;
};

static void die(const char *what, int e)
{
	fprintf(stderr, "the other end: %s: %s\n", what, strerror(e < 0 ? -e : e));
	_exit(1);
}

/* Any A question: 10.66.0.1. Any SRV question: host.test:5061, priority 7, weight 9.  The first for lost.test gets no answer. */
static void on_dns(evutil_socket_t fd, short what, void *arg)
{
	static const uint8_t a[] = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 66, 0, 1};
	static const uint8_t srv[] = {0xc0, 0x0c, 0, 33, 0, 1, 0, 0, 0, 60, 0, 17, 0, 7, 0, 9, 0x13, 0xc5,
				      4, 'h', 'o', 's', 't', 4, 't', 'e', 's', 't', 0};
	static bool lost;
	uint8_t q[600];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(fd, q, 512, 0, (struct sockaddr *)&from, &len);
	size_t end = 12;

	(void)what;
	(void)arg;
	while (n > 0 && end < (size_t)n && q[end])
		end += 1u + q[end];
	end += 5;
	if (n < 17 || end > (size_t)n)
		return;
	if (!lost && memcmp(q + 12, "\4lost", 5) == 0) {
		lost = true;
		return;
	}
	q[2] |= 0x80;
	q[7] = 1;
	q[10] = q[11] = 0; /* the answer has no additional records */
	if (q[end - 3] == 33)
		memcpy(q + end, srv, sizeof srv);
	else
		memcpy(q + end, a, sizeof a);
	end += q[end - 3] == 33 ? sizeof srv : sizeof a;
	(void)!sendto(fd, q, end, 0, (struct sockaddr *)&from, len);
}

static void on_echo(evutil_socket_t fd, short what, void *arg)
{
	uint8_t p[512];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(fd, p, sizeof p, 0, (struct sockaddr *)&from, &len);

	(void)what;
	(void)arg;
	if (n > 0)
		(void)!sendto(fd, p, (size_t)n, 0, (struct sockaddr *)&from, len);
}

static void on_stream(evutil_socket_t fd, short what, void *arg)
{
	struct peer_stream *s = arg;
	uint8_t p[4096];
	struct buf out = {0};
	ssize_t n = recv(fd, p, sizeof p, MSG_DONTWAIT);
	long got;

	(void)what;
	if (n <= 0) {
		event_free(s->ev);
		tls_free(s->tls);
		free(s);
		close(fd);
		return;
	}
	tls_feed(s->tls, p, (size_t)n);
	while ((got = tls_read(s->tls, p, sizeof p)) > 0)
		tls_write(s->tls, p, (size_t)got);
	tls_drain(s->tls, &out);
	if (out.n)
		(void)!send(fd, out.p, out.n, MSG_NOSIGNAL);
	buf_free(&out);
}

static void on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	struct peer_stream *s = calloc(1, sizeof *s);
	int c = accept(fd, NULL, NULL);

	(void)what;
	if (c < 0 || s == NULL)
		die("accept", errno);
	s->tls = tls_accept(p->ctx);
	s->ev = event_new(p->base, c, EV_READ | EV_PERSIST, on_stream, s);
	event_add(s->ev, NULL);
}

static void serve(struct peer *p, int type, uint16_t port, event_callback_fn fn)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int on = 1, fd = socket(AF_INET, type, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || (type == SOCK_STREAM && listen(fd, 4) < 0))
		die("socket", errno);
	event_add(event_new(p->base, fd, EV_READ | EV_PERSIST, fn, p), NULL);
}

static void on_gone(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(((struct peer *)arg)->base);
}

void other_end(int from_test, int to_test)
{
	struct peer p = {.base = event_base_new()};
	struct rtnl *r;
	struct rtnl_link l;
	struct tagger *t;
	static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 1};
	char c;
	int e;

	if (unshare(CLONE_NEWNET) < 0 || write(to_test, "n", 1) != 1 || read(from_test, &c, 1) != 1)
		die("namespace", errno);
	if ((e = rtnl_open(&r)) < 0 || (e = rtnl_link(r, "peer0", &l)) < 0 || (e = rtnl_link_up(r, l.index, true)) < 0)
		die("peer0", e);
	if ((e = tagger_open(p.base, r, open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), &l, mac, VLAN, 0, &t)) < 0)
		die("tagger", e);
	if ((e = rtnl_address(r, tagger_link(t)->index, SERVER, 24, 0, NULL)) < 0)
		die("address", e);
	p.ctx = tls_ctx_server(&(struct tls_server_conf){.profile = TLS_MODERN, .cert_pem = buf_view(&server_pem), .key = server_key});
	if (p.ctx == NULL)
		die("TLS", EINVAL);
	serve(&p, SOCK_DGRAM, 53, on_dns);
	serve(&p, SOCK_DGRAM, 7, on_echo);
	serve(&p, SOCK_STREAM, PORT, on_accept);
	event_add(event_new(p.base, from_test, EV_READ, on_gone, &p), NULL);
	if (write(to_test, "r", 1) != 1)
		die("pipe", errno);
	event_base_dispatch(p.base);
	_exit(0);
}
