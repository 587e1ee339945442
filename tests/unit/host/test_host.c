/* The body on Linux: tags; and as root, in namespaces of the test's own, everything over a cable:
 * a phone that only drives its body meets a machine with a foot in VLAN 66.
 *
 *     this process (and a namespace below it)  eth0 ──veth── peer0  the other process: tagger, 10.66.0.1, DNS, echo, TLS
 */
#include "tests/support/host_world.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/host.h"
#include "host/rtnl.h"
#include "host/tagger.h"

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

/* ---- a phone that only drives its body ----------------------------------------------------------------------- */

struct dt_phone {
	struct host *h;
	bool up, arp, a, srv, lost, udp, refused, opened, untrusted, echoed, key, timer, restarted;
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
	if (ph->arp && ph->a && ph->srv && ph->lost && ph->udp && ph->refused && ph->opened && ph->untrusted && ph->echoed && ph->key &&
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
	assert_int_equal(host_ask_dns(ph->h, 6, 0, false, "lost.test", DT_RR_A), 0);
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
	if (id == 1 || id == 6) {
		assert_int_equal(a->rr[0].address, SERVER);
		*(id == 1 ? &ph->a : &ph->lost) = true; /* an observer's question is sent again */
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

static int open_body(struct dt_phone *ph, const char *dir, bool take, struct why *why)
{
	static const uint8_t oui[3] = {0x00, 0x04, 0xf2};
	struct host_conf c = {.interface = "eth0", .take = take, .oui = oui, .state = dir, .record = no_record,
			      .tick = give_up, .arg = ph};

	return host_open(&c, &ph->h, why);
}

static void body_works(bool take)
{
	struct dt_phone ph = {0};
	struct why why = {0};
	char dir[64];

	new_folder(dir);
	if (open_body(&ph, dir, take, &why) < 0)
		fail_msg("%s", why.text);
	if (host_confine(ph.h, &why) < 0)
		fail_msg("%s", why.text);
	host_attach(ph.h, &ph);
	assert_int_equal(host_run(ph.h), 0);
	if (!ph.restarted)
		fail_msg("%s: arp %d a %d srv %d lost %d udp %d refused %d opened %d untrusted %d echoed %d key %d timer %d", ph.why, ph.arp,
			 ph.a, ph.srv, ph.lost, ph.udp, ph.refused, ph.opened, ph.untrusted, ph.echoed, ph.key, ph.timer);
	host_free(ph.h);
	remove_folder(dir);
}

/* Killed in the middle: a new body on the same interface neither trips over the address that is left, nor keeps it. */
static void killed_leaves_nothing(bool unused)
{
	struct dt_lease l = {.address = PHONE, .mask = 0xffffff00};
	struct rtnl *r;
	struct rtnl_link link;
	uint32_t other = 0;
	unsigned prefix;
	struct why why = {0};
	char dir[64];
	struct dt_phone ph = {0};
	pid_t pid;
	int status;

	(void)unused;
	new_folder(dir);
	pid = fork();
	if (pid == 0) {
		if (open_body(&ph, dir, true, &why) < 0 || host_body.address(ph.h, &l) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(rtnl_open(&r), 0);
	assert_int_equal(rtnl_link(r, "eth0", &link), 0);
	assert_int_equal(rtnl_address_find(r, link.index, "", &other, &prefix), 0);
	assert_int_equal(other, PHONE); /* there still: it has a minute */
	if (open_body(&ph, dir, true, &why) < 0)
		fail_msg("%s", why.text);
	host_free(ph.h);
	assert_int_equal(rtnl_address_find(r, link.index, "", &other, &prefix), 0);
	assert_int_equal(other, 0);
	/* An address of the host's own is another matter: the interface is not taken. */
	assert_int_equal(rtnl_address(r, link.index, 0x0a0a0a0a, 24, 0, NULL), 0);
	assert_int_equal(open_body(&ph, dir, true, &why), -EADDRINUSE);
	assert_non_null(strstr(why.text, "10.10.10.10"));
	assert_int_equal(rtnl_address_delete(r, link.index, 0x0a0a0a0a, 24), 0);
	rtnl_close(r);
	remove_folder(dir);
}

/* In a process of its own, since host_open() enters a namespace, and gives up root, for good. */
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
	in_a_child(body_works, true);
	in_a_child(killed_leaves_nothing, true);
	assert_int_equal(ip((const char *const[]){"ip", "link", "set", "eth0", "up", NULL}), 0);
	in_a_child(body_works, false);
	close(to_peer[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	buf_free(&server_pem);
	pki_key_free(server_key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(tags)};
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
