/* The doctor's question for DHCP servers, over a cable and a clock of this test's: servers answer when the test says so. */
#include "base/clock.h"
#include "doctor/diagnose.h"
#include "doctor/probe.h"
#include "tests/support/check.h"
#include "wire/dhcp.h"
#include "wire/eth.h"

#define GOOD 0x0a420001	     /* 10.66.0.1 */
#define STRANGER 0x0a42004d  /* 10.66.0.77 */
#define NETWORK 0xffffff00
#define VLAN 66

/* ---- a host without a network ---------------------------------------------------------------------------------- */

static uint64_t now_ms;
static const struct host_observer *listener;
static struct dt_lease lease;
static unsigned draws;
static struct {
	uint8_t frame[1518];
	size_t n;
	int tci;
} sent[64];
static unsigned nsent;

uint64_t clock_mono_ms(void)
{
	return now_ms;
}

int64_t clock_unix_ms(void)
{
	return 0;
}

static void other_each_time(void *arg, void *p, size_t n)
{
	(void)arg;
	memset(p, (int)++draws, n);
}

static int cable(void *arg, const uint8_t *frame, size_t n, int tci)
{
	(void)arg;
	assert_true(nsent < sizeof sent / sizeof *sent && n <= sizeof sent->frame);
	memcpy(sent[nsent].frame, frame, n);
	sent[nsent].n = n;
	sent[nsent++].tci = tci;
	return 0;
}

const struct dt_body host_body = {.random = other_each_time, .frame = cable};

const uint8_t *host_mac(const struct host *h)
{
	static const uint8_t mac[6] = {0x00, 0x04, 0xf2, 1, 2, 3};

	(void)h;
	return mac;
}

void host_listen(struct host *h, const struct host_observer *observer)
{
	(void)h;
	listener = observer;
}

const struct dt_lease *host_lease(const struct host *h)
{
	(void)h;
	return lease.address ? &lease : NULL;
}

void host_where(const struct host *h, unsigned *vlan, uint32_t *address)
{
	(void)h;
	*vlan = VLAN;
	*address = lease.address;
}

int host_ask_stream(struct host *h, unsigned id, const struct dt_stream_conf *conf, bool phone_tls)
{
	(void)h, (void)id, (void)conf, (void)phone_tls;
	return -1;
}

int host_ask_dns(struct host *h, unsigned id, unsigned server, bool tcp, const char *name, enum dt_rr type)
{
	(void)h, (void)id, (void)server, (void)tcp, (void)name, (void)type;
	return -1;
}

/* ---- DHCP servers ---------------------------------------------------------------------------------------------- */

/* The question number `which` (from 0) in that VLAN (-1: untagged): its frame; NULL: it was not asked so often. */
static const uint8_t *question(int tci, unsigned which, size_t *n)
{
	for (unsigned i = 0; i < nsent; i++) {
		struct rd r = rd_of(sent[i].frame, sent[i].n);
		struct eth e;

		if (sent[i].tci == tci && eth_read(&r, &e) && e.type == ETH_IPV4 && which-- == 0) {
			*n = sent[i].n;
			return sent[i].frame;
		}
	}
	return NULL;
}

/* How often it was asked on the cable who has that address. */
static unsigned arps(uint32_t address)
{
	unsigned n = 0;

	for (unsigned i = 0; i < nsent; i++) {
		struct rd r = rd_of(sent[i].frame, sent[i].n), payload;
		struct eth e;
		struct arp a;

		if (!eth_read(&r, &e) || e.type != ETH_ARP)
			continue;
		payload = rd_of(e.payload.p, e.payload.n);
		n += arp_read(&payload, &a) && a.op == 1 && a.tpa == address;
	}
	return n;
}

static void arp_says(uint32_t address)
{
	static const uint8_t router[6] = {0x02, 0, 0, 0, 0, 1};
	struct arp a = {.op = 2, .sha = {0x02, 0, 0, 0, 0, 1}, .spa = address, .tpa = lease.address};
	uint8_t frame[64];
	struct wr w = wr_of(frame, sizeof frame);

	eth_write(&w, host_mac(NULL), router, ETH_ARP);
	arp_write(&w, &a);
	listener->frame(listener->arg, frame, wr_n(&w), VLAN);
}

static unsigned questions(int tci)
{
	unsigned n = 0;
	size_t octets;

	while (question(tci, n, &octets))
		n++;
	return n;
}

static uint32_t xid_of(int tci, unsigned which)
{
	size_t n = 0;
	const uint8_t *frame = question(tci, which, &n);
	struct rd r = rd_of(frame, n), ip, message;
	struct dhcp *d = calloc(1, sizeof *d);
	struct eth e;
	struct udp u;
	uint32_t xid;

	assert_non_null(frame);
	assert_non_null(d);
	assert_true(eth_read(&r, &e));
	ip = rd_of(e.payload.p, e.payload.n);
	assert_true(udp_read(&ip, &u));
	message = rd_of(u.payload.p, u.payload.n);
	assert_true(dhcp_read(&message, d));
	assert_int_equal(d->type, DHCP_DISCOVER);
	xid = d->xid;
	free(d);
	return xid;
}

static struct sv octets_of(uint32_t address, uint8_t out[4])
{
	struct wr w = wr_of(out, 4);

	wr_be(&w, 4, address);
	return (struct sv){(const char *)out, 4};
}

/* The server answers that question: its router is itself, or another one. */
static void offer(int tci, unsigned which, uint32_t server, uint32_t router)
{
	struct dhcp *d = calloc(1, sizeof *d);
	uint8_t payload[DHCP_SIZE_MAX], frame[1518], v[4][4];
	struct wr w = wr_of(payload, sizeof payload), f = wr_of(frame, sizeof frame);
	struct udp u = {.src = server, .dst = 0xffffffff, .sport = 67, .dport = 68};

	assert_non_null(d);
	d->op = 2;
	d->xid = xid_of(tci, which);
	d->yiaddr = (server & NETWORK) | (100 + (server & 0x3f));
	d->type = DHCP_OFFER;
	memcpy(d->chaddr, host_mac(NULL), 6);
	d->option[54] = octets_of(server, v[0]);
	d->option[1] = octets_of(NETWORK, v[1]);
	d->option[3] = octets_of(router, v[2]);
	d->option[6] = octets_of(router, v[3]);
	dhcp_write(&w, d, NULL);
	free(d);
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	eth_write(&f, host_mac(NULL), host_mac(NULL), ETH_IPV4);
	udp_write(&f, &u, 0);
	assert_false(w.err || f.err);
	listener->frame(listener->arg, frame, wr_n(&f), tci);
}

/* ---- a probe --------------------------------------------------------------------------------------------------- */

static struct doctor_run run;
static struct doctor_probe *probe;
static unsigned over;

static void on_over(void *arg)
{
	(void)arg;
	over++;
}

/* The phone has its lease of the good server, or has none yet. */
static void begin(bool has_lease)
{
	now_ms = 1000000;
	nsent = over = 0;
	run = (struct doctor_run){0};
	lease = has_lease ? (struct dt_lease){.address = 0x0a420064, .mask = NETWORK, .router = GOOD, .dns = {GOOD}, .ndns = 1} : (struct dt_lease){0};
	probe = doctor_probe_new(NULL, &run, 0, true, on_over, NULL);
	assert_non_null(probe);
	doctor_probe_more(probe);
	assert_int_equal(questions(VLAN), 1);
	assert_int_equal(questions(-1), 1);
}

static void pass(unsigned ms)
{
	for (; ms > 0; ms -= 500) {
		now_ms += 500;
		doctor_probe_tick(probe);
	}
}

/* The phone signed in.  Returns the id of the first cause that the doctor finds, or "none". */
static const char *judged(void)
{
	static struct doctor_finding f[8];
	unsigned n;

	assert_true(doctor_run_add(&run, &(struct dt_record){.kind = DT_REC_STAGE, .stage = DT_STAGE_ADDRESS, .ok = true}));
	assert_true(doctor_run_add(&run, &(struct dt_record){.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true}));
	n = doctor_diagnose(&run, f, 8);
	return n ? f[0].cause[0]->id : "none";
}

static void end(void)
{
	doctor_probe_free(probe);
	doctor_run_free(&run);
}

/* How many offers stand in the run; the one that leads elsewhere in *other. */
static unsigned offers(const struct doctor_answer **other)
{
	unsigned n = 0;

	*other = NULL;
	for (unsigned i = 0; i < run.answers; i++) {
		n += dt_signs_have(run.answer[i].sign, DT_SIGN_ASKED_OFFER);
		if (dt_signs_have(run.answer[i].sign, DT_SIGN_ASKED_OFFER_OTHER))
			*other = &run.answer[i];
	}
	return n;
}

static void two_are_named(uint32_t first, const char *first_text, uint32_t second)
{
	const struct doctor_answer *other;

	assert_int_equal(offers(&other), 2);
	assert_non_null(other);
	assert_int_equal(other->fact.address, second);
	assert_string_equal(other->host, first_text);
	assert_int_not_equal(first, second);
	assert_string_equal(judged(), "I-03");
	end();
}

/* ---- the tests ------------------------------------------------------------------------------------------------- */

static void either_server_first(void **state)
{
	(void)state;
	begin(true);
	offer(VLAN, 0, GOOD, GOOD);
	pass(1000);
	offer(VLAN, 0, STRANGER, STRANGER);
	two_are_named(GOOD, "10.66.0.1", STRANGER);

	begin(true);
	offer(VLAN, 0, STRANGER, STRANGER);
	offer(VLAN, 0, GOOD, GOOD);
	two_are_named(STRANGER, "10.66.0.77", GOOD);
}

/* It pings each address for three seconds, or has other clients before this one; the good one was there at once. */
static void the_second_takes_its_time(void **state)
{
	(void)state;
	begin(true);
	offer(VLAN, 0, GOOD, GOOD);
	pass(3500);
	doctor_probe_finish(probe, 0, 0);
	pass(500);
	assert_int_equal(over, 0);
	offer(VLAN, 0, STRANGER, STRANGER);
	two_are_named(GOOD, "10.66.0.1", STRANGER);

	begin(true); /* the phone is still at work, so the port is still listened to */
	offer(VLAN, 0, GOOD, GOOD);
	pass(9000);
	offer(VLAN, 0, STRANGER, STRANGER);
	two_are_named(GOOD, "10.66.0.1", STRANGER);
}

/* Its question or answer was lost: the question comes again, the same message each time, and both answer each of them. */
static void the_question_comes_again(void **state)
{
	const struct doctor_answer *other;

	(void)state;
	begin(true);
	offer(VLAN, 0, GOOD, GOOD);
	pass(2000);
	assert_int_equal(questions(VLAN), 3);
	assert_int_equal(xid_of(VLAN, 2), xid_of(VLAN, 0));
	assert_int_not_equal(xid_of(VLAN, 0), xid_of(-1, 0));
	offer(VLAN, 1, GOOD, GOOD);
	offer(VLAN, 2, GOOD, GOOD);
	assert_int_equal(offers(&other), 1);
	offer(VLAN, 2, STRANGER, STRANGER);
	pass(2000);
	assert_int_equal(questions(VLAN), 3); /* both are known */
	two_are_named(GOOD, "10.66.0.1", STRANGER);
}

/* The second server's offer comes in that VLAN, with that router: nothing is wrong. */
static void agrees(int tci, uint32_t router)
{
	const struct doctor_answer *other;

	begin(true);
	offer(VLAN, 0, GOOD, GOOD);
	offer(tci, 0, STRANGER, router);
	assert_int_equal(offers(&other), 2);
	assert_null(other);
	assert_string_equal(judged(), "none");
	end();
}

static void a_pair_that_agrees(void **state)
{
	(void)state;
	agrees(VLAN, GOOD);
	agrees(-1, STRANGER); /* another VLAN is another network */
}

/* No lease yet: the question comes each second, and a server that takes longer than that answers the first of them. */
static void a_slow_server_is_heard(void **state)
{
	const struct doctor_answer *other;

	(void)state;
	begin(false);
	pass(2500);
	assert_true(questions(VLAN) > 1);
	offer(VLAN, 0, GOOD, GOOD);
	assert_int_equal(offers(&other), 1);
	pass(1500);
	assert_int_equal(questions(VLAN), 3); /* one is enough for the phone */
	end();
}

static const struct doctor_answer *answer_to(const char *what)
{
	for (unsigned i = 0; i < run.answers; i++)
		if (strcmp(run.answer[i].what, what) == 0)
			return &run.answer[i];
	fail_msg("nothing is known of '%s'", what);
	return NULL;
}

/* A lost packet is no router that is silent: the question comes again, and an answer to the last one counts. */
static void arp_comes_again(void **state)
{
	(void)state;
	begin(true);
	pass(1500);
	assert_in_range(arps(GOOD), 3, 6);
	arp_says(GOOD);
	pass(1000);
	assert_true(answer_to("arp 10.66.0.1")->ok);
	assert_false(dt_signs_have(answer_to("arp 10.66.0.1")->sign, DT_SIGN_ASKED_ARP_ROUTER));
	assert_true(answer_to("arp 10.66.0.100")->ok); /* nobody else has the phone's own address */
	end();

	begin(true);
	pass(2500);
	assert_true(dt_signs_have(answer_to("arp 10.66.0.1")->sign, DT_SIGN_ASKED_ARP_ROUTER));
	end();
}

/* The probe ends, and what was answered until then counts. */
static void it_ends(void **state)
{
	const struct doctor_answer *other;

	(void)state;
	begin(true);
	offer(VLAN, 0, GOOD, GOOD);
	pass(5000);
	doctor_probe_finish(probe, 0, 0);
	pass(6500);
	assert_int_equal(over, 1);
	assert_null(listener);
	assert_int_equal(offers(&other), 1);
	assert_null(other);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(either_server_first), cmocka_unit_test(the_second_takes_its_time), cmocka_unit_test(the_question_comes_again),
	    cmocka_unit_test(a_pair_that_agrees), cmocka_unit_test(a_slow_server_is_heard),
	    cmocka_unit_test(arp_comes_again), cmocka_unit_test(it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
