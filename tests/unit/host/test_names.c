/* tests/unit/host/test_names.c: the test has a network namespace of its own, in which two name servers answer as each case wants. */
#include "tests/support/check.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ip.h"
#include "host/internal.h"

enum { SERVERS = 2, ANSWERS = 8, LONGEST_S = 20 };

struct name_server { /* at 127.0.0.1 and 127.0.0.2 */
	int fd;
	struct event ev, later;
	unsigned asked, silent; /* packets; how many of the first ones get no answer */
	unsigned wait_ms, rcode;
	struct buf held;
	struct sockaddr_in to;
};

static struct host h;
static struct name_server server[SERVERS];
static unsigned answers;
static struct {
	unsigned id;
	struct dt_dns_answer is;
} answer[ANSWERS];

/* ---- the rest of the body --------------------------------------------------------------------------------------------- */

int netns_socket(struct host *of, int fd)
{
	(void)of;
	(void)fd;
	return 0;
}

int host_later(struct host *of, void (*fn)(struct host *h, void *arg), void *arg)
{
	fn(of, arg);
	free(arg);
	return 0;
}

void report_dns(struct host *of, unsigned id, const struct dt_dns_answer *a)
{
	assert_ptr_equal(of, &h);
	assert_true(answers < ANSWERS);
	answer[answers].id = id;
	answer[answers++].is = *a;
	event_base_loopbreak(h.base);
}

/* ---- name servers ------------------------------------------------------------------------------------------------------ */

static void reply(evutil_socket_t fd, short what, void *arg)
{
	struct name_server *s = arg;

	(void)fd;
	(void)what;
	assert_int_equal(sendto(s->fd, s->held.p, s->held.n, 0, (struct sockaddr *)&s->to, sizeof s->to), s->held.n);
}

/* RFC 1035 4.1: the question, and 10.0.0.N as answer to the N-th packet. */
static void asked(evutil_socket_t fd, short what, void *arg)
{
	struct name_server *s = arg;
	socklen_t n = sizeof s->to;
	struct timeval wait;
	uint8_t q[512];
	ssize_t got = recvfrom(fd, q, sizeof q, 0, (struct sockaddr *)&s->to, &n);

	(void)what;
	assert_true(got > 12);
	s->asked++;
	if (s->asked <= s->silent)
		return;
	q[2] |= 0x80;
	q[3] = (uint8_t)(0x80 | s->rcode);
	q[7] = s->rcode == 0;
	buf_clear(&s->held);
	buf_add(&s->held, q, (size_t)got);
	if (s->rcode == 0)
		buf_add(&s->held, (uint8_t[]){0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 0, 0, (uint8_t)s->asked}, 16);
	wait.tv_sec = s->wait_ms / 1000;
	wait.tv_usec = s->wait_ms % 1000 * 1000;
	event_add(&s->later, &wait);
}

static void listen_at(struct name_server *s, unsigned n)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK + n)};

	*s = (struct name_server){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)};
	assert_int_equal(bind(s->fd, (struct sockaddr *)&at, sizeof at), 0);
	event_assign(&s->ev, h.base, s->fd, EV_READ | EV_PERSIST, asked, s);
	event_add(&s->ev, NULL);
	evtimer_assign(&s->later, h.base, reply, s);
	h.lease.dns[n] = INADDR_LOOPBACK + n;
}

static int setup(void **state)
{
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd;

	(void)state;
	if (unshare(CLONE_NEWNET) < 0 || (fd = socket(AF_INET, SOCK_DGRAM, 0)) < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		return -1;
	close(fd);
	h = (struct host){.base = event_base_new(), .has_lease = true, .lease.ndns = SERVERS};
	for (unsigned n = 0; n < SERVERS; n++)
		listen_at(&server[n], n);
	answers = 0;
	return names_open(&h);
}

static int teardown(void **state)
{
	(void)state;
	names_close(&h);
	for (unsigned n = 0; n < SERVERS; n++) {
		event_del(&server[n].ev);
		event_del(&server[n].later);
		close(server[n].fd);
		buf_free(&server[n].held);
	}
	event_base_free(h.base);
	return 0;
}

static const struct dt_dns_answer *wait_for(unsigned n)
{
	uint64_t end = clock_mono_ms() + LONGEST_S * 1000;

	while (answers < n && clock_mono_ms() < end) {
		event_base_loopexit(h.base, &(struct timeval){1, 0});
		event_base_dispatch(h.base);
	}
	assert_int_equal(answers, n);
	return &answer[n - 1].is;
}

/* ---- questions ----------------------------------------------------------------------------------------------------------- */

/* The first server is asked over UDP, as question number n, and the answer to that has this status. */
static void first_answers(unsigned n, const char *name, int status)
{
	assert_int_equal(names_ask_one(&h, 6 + n, 0, false, name, DT_RR_A), 0);
	assert_int_equal(wait_for(n)->status, status);
	assert_int_equal(answer[n - 1].id, 6 + n);
}

/* One packet that the network loses makes no server a silent one. */
static void lost_packet(void **state)
{
	(void)state;
	server[0].silent = 1;
	first_answers(1, "lost.test", DT_DNS_OK);
	assert_int_equal(server[0].asked, 2);
}

static void silent_server(void **state)
{
	(void)state;
	server[0].silent = 99;
	first_answers(1, "lost.test", DT_DNS_TIMEOUT);
	assert_int_equal(server[1].asked, 0);
}

/* The server knows four names, and has to look for the fifth elsewhere: it has time for that. */
static void slow_behind_quick(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 4; i++)
		first_answers(i, "quick.test", DT_DNS_OK);
	server[0].wait_ms = 400;
	first_answers(5, "slow.test", DT_DNS_OK);
}

/* c-ares must not answer from its memory: the second question goes to the server again, and gets the new address. */
static void changed_record(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 2; i++) {
		assert_int_equal(names_ask(&h, i, "twice.test", DT_RR_A), 0);
		assert_int_equal(wait_for(i)->rr[0].address, 0x0a000000 + i);
	}
}

/* When a server answers with an error, the next one is asked; when each does, the phone gets the error. */
static void errors(void **state)
{
	(void)state;
	server[0].rcode = 2;
	assert_int_equal(names_ask(&h, 1, "a.test", DT_RR_A), 0);
	assert_int_equal(wait_for(1)->status, DT_DNS_OK);
	assert_true(server[1].asked > 0);
	server[1].rcode = 2;
	assert_int_equal(names_ask(&h, 2, "b.test", DT_RR_A), 0);
	assert_int_equal(wait_for(2)->status, DT_DNS_ERROR);
	assert_int_equal(answer[1].is.rcode, 2);
}

/* With another lease, the questions to the servers of the last one are dropped; without a lease there is no server. */
static void dropped(void **state)
{
	(void)state;
	server[0].silent = server[1].silent = 99;
	assert_int_equal(names_ask(&h, 1, "a.test", DT_RR_A), 0);
	assert_int_equal(names_ask_one(&h, 2, 1, false, "a.test", DT_RR_A), 0);
	names_drop(&h);
	h.has_lease = false;
	assert_int_equal(names_ask_one(&h, 3, 1, false, "a.test", DT_RR_A), -EADDRNOTAVAIL);
	assert_int_equal(names_ask(&h, 4, "a.test", DT_RR_A), 0);
	assert_int_equal(wait_for(1)->status, DT_DNS_ERROR);
	assert_int_equal(answer[0].id, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(lost_packet, setup, teardown),    cmocka_unit_test_setup_teardown(silent_server, setup, teardown),
	    cmocka_unit_test_setup_teardown(slow_behind_quick, setup, teardown), cmocka_unit_test_setup_teardown(changed_record, setup, teardown),
	    cmocka_unit_test_setup_teardown(errors, setup, teardown),	      cmocka_unit_test_setup_teardown(dropped, setup, teardown),
	};

	if (unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "there is no network namespace for it: %s\n", strerror(errno));
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
