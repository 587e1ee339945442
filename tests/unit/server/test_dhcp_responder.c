/* tests/unit/server/test_dhcp_responder.c: which clients are answered, with what, and which are not. */
#include "tests/support/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/ipc.h"
#include "server/daemon/dhcp_responder.h"
#include "server/location/ipc.h"
#include "wire/dhcp.h"

#define PHONE 0x0a420a64u /* 10.66.10.100 */
#define OURS 0x0a42000au  /* 10.66.0.10 */

static struct site site_of(void)
{
	struct site s;

	site_defaults(&s);
	strcpy(s.domain, "contoso.test");
	strcpy(s.fqdn, "fe01.contoso.test");
	strcpy(s.pool, "lyncpool.contoso.test");
	strcpy(s.web_fqdn, "web.contoso.test");
	return s;
}

struct question {
	uint8_t type;
	const char *class;
	struct sv list; /* p == NULL: no option 55 */
	uint32_t ciaddr;
	uint8_t op;
	size_t nclass; /* 0: its length as a string */
	uint32_t from, giaddr; /* from 0: ciaddr */
};

static size_t question(const struct question *what, uint8_t out[DHCP_SIZE_MAX])
{
	struct dhcp q = {.op = what->op, .type = what->type, .xid = 0x11223344, .ciaddr = what->ciaddr, .giaddr = what->giaddr,
			 .chaddr = {0x00, 0x04, 0xf2, 0x00, 0x01, 0x76}};
	struct wr w = wr_of(out, DHCP_SIZE_MAX);

	if (what->class)
		q.option[60] = (struct sv){what->class, what->nclass ? what->nclass : strlen(what->class)};
	q.option[55] = what->list;
	dhcp_write(&w, &q, NULL);
	assert_null(w.err);
	return wr_n(&w);
}

static bool ask(const struct site *s, const struct question *what, struct dhcp *a)
{
	uint8_t q[DHCP_SIZE_MAX], out[DHCP_SIZE_MAX];
	uint32_t to = 0;
	size_t n = dhcp_responder_answer(s, q, question(what, q), what->from ? what->from : what->ciaddr, OURS, out, sizeof out, &to);
	struct rd r = rd_of(out, n);

	if (n == 0)
		return false;
	assert_int_equal(to, PHONE);
	assert_true(dhcp_read(&r, a));
	return true;
}

static const struct question both = {DHCP_INFORM, "MS-UC-Client", {"\x78\x2b", 2}, PHONE, 1};

static void both_options(void **state)
{
	struct site s = site_of();
	struct dhcp_sip sip;
	struct dhcp_uc uc;
	struct dhcp a;
	uint32_t id;
	char url[600];

	(void)state;
	assert_true(ask(&s, &both, &a));
	assert_int_equal(a.op, 2);
	assert_int_equal(a.type, DHCP_ACK);
	assert_int_equal(a.xid, 0x11223344);
	assert_int_equal(a.yiaddr, 0);
	assert_null(a.option[51].p); /* "no lease time" (RFC 2131 4.3.5) */
	assert_true(dhcp_u32(&a, 54, &id));
	assert_int_equal(id, OURS);
	assert_null(dhcp_sip_read(a.option[120], &sip));
	assert_int_equal(sip.encoding, 0);
	assert_string_equal(sip.name[0], "lyncpool.contoso.test");
	assert_int_equal(dhcp_uc_read(a.option[43], &uc), DT_SIGN_NONE);
	assert_true(dhcp_uc_url(&uc, url, sizeof url));
	assert_string_equal(url, "https://web.contoso.test/CertProv/CertProvisioningService.svc");
	assert_int_equal(uc.port, 443);

	s.https = 8443;
	s.pool[0] = '\0';
	assert_true(ask(&s, &both, &a));
	assert_int_equal(dhcp_uc_read(a.option[43], &uc), DT_SIGN_NONE);
	assert_int_equal(uc.port, 8443);
	assert_null(dhcp_sip_read(a.option[120], &sip));
	assert_string_equal(sip.name[0], "fe01.contoso.test");
}

static void only_what_was_asked(void **state)
{
	struct question q = both;
	struct site s = site_of();
	struct dhcp a;

	(void)state;
	q.list = SV("\x78");
	assert_true(ask(&s, &q, &a));
	assert_non_null(a.option[120].p);
	assert_null(a.option[43].p);
	q.list = SV("\x01\x2b");
	assert_true(ask(&s, &q, &a));
	assert_null(a.option[120].p);
	assert_non_null(a.option[43].p);
}

/* [network B.1]: "our server matches both case-insensitively"; RFC 2132 2: NULs at the end of a text do not count. */
static void other_spellings(void **state)
{
	static const struct sv spelled[] = {{"ms-uc-client", 12}, {"MS-UC-CLIENT", 12}, {"MS-UC-Client\0", 13}, {"MS-UC-Client\0\0", 14}};
	struct site s = site_of();
	struct dhcp a;

	(void)state;
	for (size_t i = 0; i < sizeof spelled / sizeof *spelled; i++) {
		struct question q = both;

		q.class = spelled[i].p;
		q.nclass = spelled[i].n;
		assert_true(ask(&s, &q, &a));
		assert_non_null(a.option[43].p);
	}
}

static void everybody_else_is_ignored(void **state)
{
	static const struct question others[] = {
	    {DHCP_DISCOVER, "MS-UC-Client", {"\x78\x2b", 2}, 0, 1},
	    {DHCP_DISCOVER, "MS-UC-Client", {"\x78\x2b", 2}, PHONE, 1},
	    {DHCP_REQUEST, "MS-UC-Client", {"\x78\x2b", 2}, PHONE, 1},
	    {DHCP_RELEASE, "MS-UC-Client", {"\x78\x2b", 2}, PHONE, 1},
	    {DHCP_INFORM, "MS-UC-Client", {"\x78\x2b", 2}, 0, 1},     /* no address to answer to */
	    {DHCP_INFORM, "MS-UC-Client", {"\x78\x2b", 2}, PHONE, 2}, /* an answer, not a question */
	    {DHCP_INFORM, "CPE-OCPHONE", {"\x78\x2b", 2}, PHONE, 1},
	    {DHCP_INFORM, "ms-uc-clien", {"\x78\x2b", 2}, PHONE, 1},
	    {DHCP_INFORM, "MS-UC-Client2", {"\x78\x2b", 2}, PHONE, 1},
	    {DHCP_INFORM, NULL, {"\x78\x2b", 2}, PHONE, 1},
	    {DHCP_INFORM, "MS-UC-Client", {"\x01\x03", 2}, PHONE, 1},
	    {DHCP_INFORM, "MS-UC-Client", {NULL, 0}, PHONE, 1},
	};
	struct site s = site_of();
	struct dhcp a;

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (ask(&s, &others[i], &a))
			fail_msg("row %zu was answered", i);
}

/* Whoever reaches the port cannot have answers sent to somebody else; a relay speaks for its phones. */
static void nobody_else_is_answered(void **state)
{
	struct question other = both, relayed = both;
	struct site s = site_of();
	struct dhcp a;

	(void)state;
	other.from = 0xc0000207; /* 192.0.2.7 */
	assert_false(ask(&s, &other, &a));
	relayed.from = relayed.giaddr = 0x0a420a01;
	assert_true(ask(&s, &relayed, &a));
	assert_int_equal(a.giaddr, relayed.giaddr);
}

static void cut_at_every_length(void **state)
{
	uint8_t q[DHCP_SIZE_MAX], out[DHCP_SIZE_MAX];
	struct site s = site_of();
	size_t n = question(&both, q);
	uint32_t to;

	(void)state;
	for (size_t k = 0; k <= n; k++) {
		uint8_t *in = exact_copy(q, n, k);

		if (dhcp_responder_answer(&s, in, k, PHONE, OURS, out, sizeof out, &to))
			assert_true(k > 240);
		free(in);
	}
	for (size_t cap = 0; cap < 300; cap++) { /* no room for the answer: no answer */
		uint8_t *room = exact_copy(out, cap, cap);

		assert_int_equal(dhcp_responder_answer(&s, q, n, PHONE, OURS, room, cap, &to), 0);
		free(room);
	}
}

/* ---- the process ------------------------------------------------------------------------------------------------------ */

#define LOOPBACK_PHONE 0x7f4d0009u /* 127.77.0.9 */

static int udp(uint32_t address, uint16_t port, struct sockaddr_in *ret)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), one = 1;
	struct timeval wait = {.tv_sec = 10};
	socklen_t n = sizeof *ret;

	*ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
	if (bind(fd, (struct sockaddr *)ret, sizeof *ret) < 0 || getsockname(fd, (struct sockaddr *)ret, &n) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The location process hears of the phone, as of one that has proved nothing. */
static void is_reported(int seen)
{
	static uint8_t in[4096];
	struct pollfd p = {.fd = seen, .events = POLLIN};
	struct ipc_message m;
	struct location_ask q;
	ssize_t n;

	assert_int_equal(poll(&p, 1, 10000), 1);
	n = recv(seen, in, sizeof in, 0);
	assert_true(n > 0 && ipc_read(in, (size_t)n, &m) && location_ask_read(&m, &q));
	assert_true(q.kind == LOCATION_SEEN && q.seen.step == SEEN_DHCP && q.seen.evidence == SEEN_DATAGRAM);
	assert_string_equal(q.seen.mac, "00:04:f2:00:01:76");
	assert_string_equal(q.seen.address, "127.77.0.9");
}

/* The responder listens until SIGTERM; a datagram that is none of its business is not answered, and does not stop it.  The address in option 54
 * is the one that the question came in on, or the configured one. */
static void as_a_process(void **state)
{
	static const char *const configured[] = {"", "127.77.0.2"};
	struct question inform = {DHCP_INFORM, "MS-UC-Client", {"\x78\x2b", 2}, LOOPBACK_PHONE, 1};
	uint8_t q[DHCP_SIZE_MAX], got[DHCP_SIZE_MAX];
	struct sockaddr_in at, phone, client;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		int fd = udp(0x7f4d0001, 0, &at), from = udp(LOOPBACK_PHONE, 0, &phone), to = udp(LOOPBACK_PHONE, 68, &client), ready[2], seen[2], status;
		struct site s = site_of();
		struct dhcp a;
		struct rd r;
		ssize_t n;
		pid_t pid;

		strcpy(s.address, configured[i]);
		assert_true(fd >= 0 && from >= 0 && pipe(ready) == 0 && ipc_pair(seen));
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child_end(dhcp_responder_main(&s, fd, seen[1], ready[1]));
		assert_int_equal(read(ready[0], got, 1), 1);
		assert_int_equal(sendto(from, "junk", 4, 0, (struct sockaddr *)&at, sizeof at), 4);
		n = (ssize_t)question(&inform, q);
		assert_int_equal(sendto(from, q, (size_t)n, 0, (struct sockaddr *)&at, sizeof at), n);
		is_reported(seen[0]);
		if (to >= 0) { /* port 68 is root's */
			n = recv(to, got, sizeof got, 0);
			assert_true(n > 0);
			r = rd_of(got, (size_t)n);
			assert_true(dhcp_read(&r, &a));
			assert_memory_equal(a.option[54].p, i ? "\x7f\x4d\0\2" : "\x7f\x4d\0\1", 4);
			close(to);
		}
		kill(pid, SIGTERM);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		for (unsigned k = 0; k < 2; k++) {
			close(ready[k]);
			close(seen[k]);
		}
		close(fd);
		close(from);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(as_a_process),
	    cmocka_unit_test(both_options),
	    cmocka_unit_test(only_what_was_asked),
	    cmocka_unit_test(other_spellings),
	    cmocka_unit_test(everybody_else_is_ignored),
	    cmocka_unit_test(nobody_else_is_answered),
	    cmocka_unit_test(cut_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
