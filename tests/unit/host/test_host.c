/* The body on Linux: state files and slots, tags; and as root, in namespaces of the test's own, everything over a cable:
 * a phone that only drives its body meets a machine with a foot in VLAN 66.
 *
 *     this process (and a namespace below it)  eth0 ──veth── peer0  the other process: tagger, 10.66.0.1, DNS, echo, TLS
 */
#include "host/host.h"
#include "host/state.h"
#include "host/tagger.h"
#include "tests/support/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/rtnl.h"
#include "pki/tls.h"

#define VLAN 66
#define SERVER 0x0a420001u /* 10.66.0.1 */
#define PHONE 0x0a420032u
#define PORT 5061

/* ---- tags ---------------------------------------------------------------------------------------------------- */

static void tags(void **state)
{
	static const uint8_t frame[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x06, 0xaa, 0xbb};
	static const uint8_t want[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0x00, 0xa0, 0x42, 0x08, 0x06, 0xaa, 0xbb};
	uint8_t out[sizeof want];

	(void)state;
	assert_int_equal(tag_insert(out, sizeof out, frame, sizeof frame, 0xa042), sizeof want);
	assert_memory_equal(out, want, sizeof want);
	memcpy(out, frame, sizeof frame);
	assert_int_equal(tag_insert(out, sizeof out, out, sizeof frame, 0xa042), sizeof want); /* in place */
	assert_memory_equal(out, want, sizeof want);
	assert_int_equal(tag_insert(out, sizeof out - 1, frame, sizeof frame, 0xa042), 0);
	for (size_t n = 0; n < 14; n++) {
		uint8_t *in = exact_copy(frame, sizeof frame, n);

		assert_int_equal(tag_insert(out, sizeof out, in, n, 1), 0);
		free(in);
	}
	assert_int_equal(tag_of(0, 0x42, 0x8100), -1);
	assert_int_equal(tag_of(TP_STATUS_VLAN_VALID, 0xa042, 0), 0xa042);
	assert_int_equal(tag_of(TP_STATUS_VLAN_VALID, 0, 0), 0); /* a priority tag, priority 0 */
	assert_int_equal(tag_of(TP_STATUS_VLAN_VALID | (1 << 6), 0x42, 0x8100), 0x42);
	assert_int_equal(tag_of(TP_STATUS_VLAN_VALID | (1 << 6), 0x42, 0x88a8), -1);
}

/* ---- what lasts ---------------------------------------------------------------------------------------------- */

static void new_folder(char dir[64])
{
	snprintf(dir, 64, "/tmp/dt-host-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void remove_folder(const char *dir)
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

static void files(void **state)
{
	struct state *s, *other;
	struct stat st;
	char dir[64], path[128], got[8];

	(void)state;
	new_folder(dir);
	snprintf(path, sizeof path, "%s/deep/er", dir);
	assert_int_equal(state_open(path, NULL, &s), 0); /* with its parents */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(state_open(path, NULL, &other), -EBUSY);
	state_close(s);

	assert_int_equal(state_open(dir, NULL, &s), 0);
	assert_int_equal(state_load(s, "user.pem", got, sizeof got), -ENOENT);
	assert_int_equal(state_save(s, "user.pem", "0123456789", 10), 0);
	assert_int_equal(state_load(s, "user.pem", got, sizeof got), 10); /* the length, though only 8 were asked for */
	assert_memory_equal(got, "01234567", 8);
	assert_int_equal(state_load(s, "user.pem", NULL, 0), 10);
	snprintf(path, sizeof path, "%s/user.pem", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(state_forget(s, "user.pem"), 0);
	assert_int_equal(state_forget(s, "user.pem"), 0);
	assert_int_equal(state_load(s, "user.pem", got, sizeof got), -ENOENT);
	assert_int_equal(state_save(s, "../escape", "x", 1), -EINVAL);
	assert_int_equal(state_save(s, "", "x", 1), -EINVAL);
	assert_int_equal(state_load(s, ".hidden", got, 1), -EINVAL);
	state_close(s);
	remove_folder(dir);
}

static void slots(void **state)
{
	struct state *s;
	char dir[64], got[16];

	(void)state;
	new_folder(dir);
	assert_int_equal(state_open(dir, NULL, &s), 0);
	assert_int_equal(state_slot_size(s, 0), 0);
	assert_int_equal(state_slot_read(s, 0, 0, got, sizeof got), 0);
	assert_int_equal(state_slot_catalog(s, 0, got, sizeof got), -ENOENT);
	assert_int_equal(state_slot_write(s, 4, "late", 4), -EINVAL); /* a hole */
	assert_int_equal(state_slot_write(s, 0, "imag", 4), 0);
	assert_int_equal(state_slot_write(s, 4, "e 1", 3), 0);
	assert_int_equal(state_slot_size(s, 1), 7);
	state_close(s); /* the power goes: the piece is there afterwards */
	assert_int_equal(state_open(dir, NULL, &s), 0);
	assert_int_equal(state_slot_size(s, 1), 7);
	assert_int_equal(state_slot_read(s, 1, 4, got, sizeof got), 3);
	assert_memory_equal(got, "e 1", 3);
	assert_int_equal(state_install(s, "signed", 6), 0);
	assert_int_equal(state_slot_size(s, 0), 7);
	assert_int_equal(state_slot_size(s, 1), 0);
	assert_int_equal(state_slot_catalog(s, 0, got, 2), 6);
	state_close(s);
	assert_int_equal(state_open(dir, NULL, &s), 0); /* and which one is active too */
	assert_int_equal(state_slot_read(s, 0, 0, got, 5), 5);
	assert_memory_equal(got, "image", 5);
	assert_int_equal(state_slot_write(s, 0, "two", 3), 0);
	assert_int_equal(state_slot_write(s, 0, "image 2", 7), 0); /* at 0 it begins anew */
	assert_int_equal(state_install(s, "signed", 6), 0);
	assert_int_equal(state_slot_read(s, 0, 6, got, 1), 1);
	assert_int_equal(got[0], '2');
	assert_int_equal(state_slot_read(s, 1, 6, got, 1), 1);
	assert_int_equal(got[0], '1'); /* the old one is the spare one now */
	state_close(s);
	remove_folder(dir);
}

/* A disk whose n-th call fails: the slot that was active and complete stays so. */
struct weak_disk {
	struct file_ops ops;
	unsigned calls, die_at;
};

static bool dies(void *arg)
{
	struct weak_disk *d = arg;

	return ++d->calls >= d->die_at;
}

static int weak_open(void *arg, const char *path, int flags, mode_t mode)
{
	return dies(arg) ? -EIO : file_posix.open(NULL, path, flags, mode);
}

static ssize_t weak_write(void *arg, int fd, const void *p, size_t n, off_t at)
{
	return dies(arg) ? -EIO : file_posix.write(NULL, fd, p, n, at);
}

static int weak_sync(void *arg, int fd)
{
	return dies(arg) ? -EIO : file_posix.sync(NULL, fd);
}

static int weak_close(void *arg, int fd)
{
	(void)arg;
	return file_posix.close(NULL, fd);
}

static int weak_rename(void *arg, const char *from, const char *to)
{
	return dies(arg) ? -EIO : file_posix.rename(NULL, from, to);
}

static int weak_unlink(void *arg, const char *path)
{
	return dies(arg) ? -EIO : file_posix.unlink(NULL, path);
}

static void install_is_one_step(void **state)
{
	bool finished = false;

	(void)state;
	for (unsigned at = 1; !finished; at++) {
		struct weak_disk d = {{weak_open, weak_write, weak_sync, weak_close, weak_rename, weak_unlink, &d}, 0, 1000};
		struct state *s;
		char dir[64], got[9] = "";
		int e;

		assert_true(at < 40);
		new_folder(dir);
		assert_int_equal(state_open(dir, &d.ops, &s), 0);
		assert_int_equal(state_slot_write(s, 0, "old", 3), 0);
		assert_int_equal(state_install(s, "cat old", 7), 0);
		assert_int_equal(state_slot_write(s, 0, "new", 3), 0);
		d.calls = 0;
		d.die_at = at;
		e = state_install(s, "cat new", 7);
		finished = e == 0;
		state_close(s);
		assert_int_equal(state_open(dir, NULL, &s), 0);
		assert_int_equal(state_slot_read(s, 0, 0, got, 3), 3);
		if (e == 0)
			assert_memory_equal(got, "new", 3);
		assert_int_equal(state_slot_catalog(s, 0, got, 8), 7); /* whole, and of the image beside it */
		assert_memory_equal(got, "cat ", 4);
		{
			char image[4] = "";

			assert_int_equal(state_slot_read(s, 0, 0, image, 3), 3);
			assert_memory_equal(got + 4, image, 3);
		}
		state_close(s);
		remove_folder(dir);
	}
}

/* ---- the other end ------------------------------------------------------------------------------------------- */

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

/* Any A question: 10.66.0.1. Any SRV question: host.test:5061, priority 7, weight 9. */
static void on_dns(evutil_socket_t fd, short what, void *arg)
{
	static const uint8_t a[] = {0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 66, 0, 1};
	static const uint8_t srv[] = {0xc0, 0x0c, 0, 33, 0, 1, 0, 0, 0, 60, 0, 17, 0, 7, 0, 9, 0x13, 0xc5,
				      4, 'h', 'o', 's', 't', 4, 't', 'e', 's', 't', 0};
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

static struct buf server_pem; /* made before the fork: the phone's anchor */
static struct pki_key *server_key;

static void on_gone(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(((struct peer *)arg)->base);
}

/* Lives until the test's end of the pipe closes. */
static void other_end(int from_test, int to_test)
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
	if ((e = tagger_open(p.base, r, &l, mac, VLAN, 0, &t)) < 0)
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

/* ---- a phone that only drives its body ----------------------------------------------------------------------- */

struct dt_phone {
	struct host *h;
	bool up, arp, a, srv, udp, refused, opened, untrusted, echoed, key, timer, restarted;
	unsigned starts;
	uint64_t began;
	char why[256];
};

static void ask_arp(struct dt_phone *ph)
{
	/* ARP request for 10.66.0.1 from 10.66.0.50 */
	uint8_t f[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1};

	memcpy(f + 6, host_mac(ph->h), 6);
	memcpy(f + 22, f + 6, 6);
	memcpy(f + 28, (uint8_t[]){10, 66, 0, 50}, 4);
	memcpy(f + 38, (uint8_t[]){10, 66, 0, 1}, 4);
	assert_int_equal(host_body.frame(ph->h, f, sizeof f, 5 << 13 | VLAN), 0);
}

static void open_stream(struct dt_phone *ph, unsigned id, uint16_t port, const char *anchors)
{
	struct dt_stream_conf c = {.address = SERVER, .port = port, .tls = true, .name = "host.test", .anchors = anchors,
				   .unix_s = clock_unix_ms() / 1000, .timeout_ms = 5000};

	assert_int_equal(host_body.stream(ph->h, id, &c), 0);
}

static void go_on(struct dt_phone *ph)
{
	if (ph->arp && ph->a && ph->srv && ph->udp && ph->refused && ph->opened && ph->untrusted && ph->echoed && ph->key &&
	    ph->timer && ph->starts == 1)
		host_body.restart(ph->h);
}

void dt_phone_start(struct dt_phone *ph)
{
	ph->starts = 1;
}

void dt_phone_link(struct dt_phone *ph, bool up)
{
	struct dt_lease l = {.address = PHONE, .mask = 0xffffff00, .router = SERVER, .dns = {SERVER}, .ndns = 1};

	if (!up || ph->up || ph->restarted)
		return;
	ph->up = true;
	ph->began = clock_mono_ms();
	assert_int_equal(host_body.vlan(ph->h, VLAN, 5, 46), 0);
	ask_arp(ph);
	assert_int_equal(host_body.address(ph->h, &l), 0);
	assert_int_equal(host_body.dns(ph->h, 1, "host.test", DT_RR_A), 0);
	assert_int_equal(host_body.dns(ph->h, 2, "_sip._tls.test", DT_RR_SRV), 0);
	assert_int_equal(host_body.udp(ph->h, SERVER, 7, "time?", 5), 0);
	assert_int_equal(host_body.make_key(ph->h, 9), 0);
	open_stream(ph, 3, PORT + 1, "");
	open_stream(ph, 4, PORT, "");
	open_stream(ph, 5, PORT, buf_cstr(&server_pem));
	host_body.timer(ph->h, clock_mono_ms() + 50);
}

void dt_phone_frame(struct dt_phone *ph, const uint8_t *frame, size_t n, int tci)
{
	if (n < 42 || frame[12] != 0x08 || frame[13] != 0x06 || frame[21] != 2)
		return;
	assert_int_equal(tci & 0xfff, VLAN); /* beside the frame, not in it */
	ph->arp = true;
	go_on(ph);
}

void dt_phone_udp(struct dt_phone *ph, uint32_t address, uint16_t port, const void *p, size_t n)
{
	assert_int_equal(address, SERVER);
	assert_int_equal(port, 7);
	assert_int_equal(n, 5);
	assert_memory_equal(p, "time?", 5);
	ph->udp = true;
	go_on(ph);
}

void dt_phone_dns(struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a)
{
	assert_int_equal(a->status, DT_DNS_OK);
	assert_int_equal(a->n, 1);
	if (id == 1) {
		assert_int_equal(a->rr[0].address, SERVER);
		ph->a = true;
	} else {
		assert_string_equal(a->rr[0].target, "host.test");
		assert_int_equal(a->rr[0].port, 5061);
		assert_int_equal(a->rr[0].priority, 7);
		assert_int_equal(a->rr[0].weight, 9);
		ph->srv = true;
	}
	go_on(ph);
}

void dt_phone_stream_opened(struct dt_phone *ph, unsigned id, const struct dt_stream_opened *o)
{
	switch (id) {
	case 3:
		assert_int_equal(o->failure, DT_F_CONNECT);
		ph->refused = true;
		break;
	case 4:
		assert_int_equal(o->failure, DT_F_TLS_UNTRUSTED);
		assert_int_equal(o->verdict, DT_UNTRUSTED);
		assert_int_equal(o->nchain, 2); /* leaf and root: the record can show them */
		ph->untrusted = true;
		break;
	default:
		assert_int_equal(o->failure, DT_F_OK);
		assert_int_equal(o->verdict, DT_TRUSTED);
		assert_int_equal(o->local_address, PHONE);
		assert_int_equal(host_body.stream_send(ph->h, id, "hello", 5), 0);
		ph->opened = true;
	}
	go_on(ph);
}

void dt_phone_stream_data(struct dt_phone *ph, unsigned id, const void *p, size_t n)
{
	assert_int_equal(id, 5);
	assert_int_equal(n, 5);
	assert_memory_equal(p, "hello", 5);
	host_body.stream_close(ph->h, id); /* from within the call */
	ph->echoed = true;
	go_on(ph);
}

void dt_phone_stream_closed(struct dt_phone *ph, unsigned id, const char *why)
{
	snprintf(ph->why, sizeof ph->why, "stream %u closed: %s", id, why ? why : "orderly");
	host_end(ph->h);
}

void dt_phone_key(struct dt_phone *ph, unsigned id, const char *pem)
{
	assert_int_equal(id, 9);
	assert_non_null(strstr(pem, "PRIVATE KEY"));
	ph->key = true;
	go_on(ph);
}

void dt_phone_timer(struct dt_phone *ph)
{
	ph->timer = true;
	go_on(ph);
}

void dt_phone_restart(struct dt_phone *ph)
{
	ph->restarted = true;
	ph->starts++;
	host_end(ph->h);
}

void dt_phone_stop(struct dt_phone *ph)
{
	host_end(ph->h);
}

static void no_record(void *arg, const struct dt_record *r)
{
	(void)arg;
	(void)r;
}

static void give_up(void *arg)
{
	struct dt_phone *ph = arg;

	if (ph->began && clock_mono_ms() - ph->began > 30000) {
		snprintf(ph->why, sizeof ph->why, "30 s are over");
		host_end(ph->h);
	}
}

/* ---- over a cable -------------------------------------------------------------------------------------------- */

static int ip(const char *const *argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp("ip", (char *const *)(size_t)argv);
		_exit(127);
	}
	return pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ? -1 : WEXITSTATUS(status);
}

static int open_body(struct dt_phone *ph, const char *dir, bool take, char why[300])
{
	static const uint8_t oui[3] = {0x00, 0x04, 0xf2};
	struct host_conf c = {.interface = "eth0", .take = take, .oui = oui, .state = dir, .record = no_record,
			      .tick = give_up, .arg = ph};

	return host_open(&c, &ph->h, why, 300);
}

static void body_works(bool take)
{
	struct dt_phone ph = {0};
	char dir[64], why[300] = "";

	new_folder(dir);
	if (open_body(&ph, dir, take, why) < 0)
		fail_msg("%s", why);
	host_attach(ph.h, &ph);
	assert_int_equal(host_run(ph.h), 0);
	if (!ph.restarted)
		fail_msg("%s: arp %d a %d srv %d udp %d refused %d opened %d untrusted %d echoed %d key %d timer %d", ph.why, ph.arp,
			 ph.a, ph.srv, ph.udp, ph.refused, ph.opened, ph.untrusted, ph.echoed, ph.key, ph.timer);
	host_free(ph.h);
	remove_folder(dir);
}

/* Killed in the middle: a new body on the same interface neither trips over the address that is left, nor keeps it. */
static void killed_leaves_nothing(void)
{
	struct dt_lease l = {.address = PHONE, .mask = 0xffffff00};
	struct rtnl *r;
	struct rtnl_link link;
	uint32_t other = 0;
	unsigned prefix;
	char dir[64], why[300] = "";
	struct dt_phone ph = {0};
	pid_t pid;
	int status;

	new_folder(dir);
	pid = fork();
	if (pid == 0) {
		if (open_body(&ph, dir, true, why) < 0 || host_body.address(ph.h, &l) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(rtnl_open(&r), 0);
	assert_int_equal(rtnl_link(r, "eth0", &link), 0);
	assert_int_equal(rtnl_address_find(r, link.index, "", &other, &prefix), 0);
	assert_int_equal(other, PHONE); /* there still: it has a minute */
	if (open_body(&ph, dir, true, why) < 0)
		fail_msg("%s", why);
	host_free(ph.h);
	assert_int_equal(rtnl_address_find(r, link.index, "", &other, &prefix), 0);
	assert_int_equal(other, 0);
	/* An address of the host's own is another matter: the interface is not taken. */
	assert_int_equal(rtnl_address(r, link.index, 0x0a0a0a0a, 24, 0, NULL), 0);
	assert_int_equal(open_body(&ph, dir, true, why), -EADDRINUSE);
	assert_non_null(strstr(why, "10.10.10.10"));
	assert_int_equal(rtnl_address_delete(r, link.index, 0x0a0a0a0a, 24), 0);
	rtnl_close(r);
	remove_folder(dir);
}

/* In a process of its own, since host_open() enters a namespace for good. */
static void in_a_child(void (*fn)(bool), bool arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void make_certificate(void)
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

static void over_a_cable(void **state)
{
	int to_peer[2], to_test[2];
	char pid_text[16], c = 0;
	const char *const veth[] = {"ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0", "netns", pid_text, NULL};
	pid_t pid;

	(void)state;
	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK) < 0 || unshare(CLONE_NEWNET) < 0)
		skip();
	make_certificate();
	assert_int_equal(pipe(to_peer), 0);
	assert_int_equal(pipe(to_test), 0);
	pid = fork();
	if (pid == 0) {
		close(to_peer[1]);
		other_end(to_peer[0], to_test[1]);
	}
	close(to_peer[0]);
	close(to_test[1]);
	assert_int_equal(read(to_test[0], &c, 1), 1);
	snprintf(pid_text, sizeof pid_text, "%d", (int)pid);
	assert_int_equal(ip(veth), 0);
	assert_int_equal(write(to_peer[1], "g", 1), 1);
	assert_int_equal(read(to_test[0], &c, 1), 1);
	assert_int_equal(c, 'r');
	body_works(true);
	killed_leaves_nothing();
	assert_int_equal(ip((const char *const[]){"ip", "link", "set", "eth0", "up", NULL}), 0);
	in_a_child(body_works, false);
	close(to_peer[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	buf_free(&server_pem);
	pki_key_free(server_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tags), cmocka_unit_test(files), cmocka_unit_test(slots), cmocka_unit_test(install_is_one_step)};
	const struct CMUnitTest rooted[] = {cmocka_unit_test(over_a_cable)};
	int failed = cmocka_run_group_tests_name("host", tests, NULL, NULL);

	if (failed)
		return failed;
	if (geteuid() != 0) {
		fprintf(stderr, "not root: the cable is not tested\n");
		return 77;
	}
	return cmocka_run_group_tests_name("host over a cable", rooted, NULL, NULL);
}
