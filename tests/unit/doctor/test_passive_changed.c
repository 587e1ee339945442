/* The tests change packets in captures of the lab, or put some between them: the doctor sees what is wrong in a lease, and who refuses (ICMP). */
#include "base/ip.h"
#include "doctor/diagnose.h"
#include "doctor/fill.h"
#include "doctor/passive/passive.h"
#include "tests/support/check.h"
#include "wire/capture/capture.h"
#include "wire/capture/packet.h"
#include "wire/eth.h"

enum { CAPTURE_MAX = 1 << 20, EVERYBODY = 0, FRAME_MAX = 2048 };
#define FIREWALL 0x0a420001 /* 10.66.0.1, the phone's router */

struct change {
	const char *capture;
	/* octets of each DHCP answer that are replaced by others of the same number, in hexadecimal; NULL: none */
	const char *find, *to;
	/* an error of ICMP behind each packet to such a port; 0: none.  by_server: it comes from where the packet went */
	uint16_t port[2];
	uint8_t type, code;
	bool by_server;
	enum dt_stage stage; /* the doctor finds the cause here */
	const char *cause;
	const char *words; /* of the cause, filled in */
	bool note;
};

static struct buf capture_of(const char *name)
{
	const char *dir = getenv("TEST_VECTORS");
	struct buf v = {0};
	char path[4096];

	snprintf(path, sizeof path, "%s/../fuzz/corpus/passive/%s.pcap", dir ? dir : "tests/vectors", name);
	if (file_read(path, CAPTURE_MAX, &v) < 0)
		fail_msg("cannot read %s", path);
	return v;
}

static unsigned replace(uint8_t *frame, size_t n, const struct change *c)
{
	struct buf from = {0}, to = {0};
	uint8_t *at;

	hex_of(&from, c->find);
	hex_of(&to, c->to);
	assert_int_equal(from.n, to.n);
	at = memmem(frame, n, from.p, from.n);
	if (at)
		memcpy(at, to.p, to.n);
	buf_free(&from);
	buf_free(&to);
	return at != NULL;
}

/* The error holds the IP header and eight octets of the packet. */
static size_t icmp_about(const struct packet_view *v, const struct change *c, uint8_t frame[128])
{
	struct wr w = wr_of(frame, 128);

	eth_write(&w, v->src_mac, v->dst_mac, ETH_IPV4);
	wr_be(&w, 4, 0x45000038);
	wr_be(&w, 4, 0);
	wr_be(&w, 4, 0x40010000);
	wr_be(&w, 4, c->by_server ? v->dst : FIREWALL);
	wr_be(&w, 4, v->src);
	wr_be(&w, 1, c->type);
	wr_be(&w, 1, c->code);
	wr_be(&w, 6, 0);
	wr_be(&w, 4, 0x4500003c);
	wr_be(&w, 4, 0);
	wr_be(&w, 4, 0x40000000 | (uint32_t)v->proto << 16);
	wr_be(&w, 4, v->src);
	wr_be(&w, 4, v->dst);
	wr_be(&w, 2, v->sport);
	wr_be(&w, 2, v->dport);
	wr_be(&w, 4, 0);
	assert_null(w.err);
	return wr_n(&w);
}

static bool is_refused(const struct change *c, const struct packet_view *v)
{
	return v->ip && (v->proto == IP_TCP || v->proto == IP_UDP) && v->dport && (v->dport == c->port[0] || v->dport == c->port[1]);
}

/* A packet that is refused has no answer. */
static bool is_answer(const struct change *c, const struct packet_view *v)
{
	return v->ip && (v->proto == IP_TCP || v->proto == IP_UDP) && v->sport && (v->sport == c->port[0] || v->sport == c->port[1]);
}

/* NULL: the change met nothing. */
static struct passive *watch_changed(const struct change *c)
{
	struct passive *p = passive_new(EVERYBODY);
	struct buf v = capture_of(c->capture);
	struct capture packets;
	struct packet k, last = {0};
	unsigned changed = 0;

	assert_non_null(p);
	assert_true(capture_open(&packets, v.p, v.n));
	while (capture_next(&packets, &k)) {
		uint8_t frame[FRAME_MAX];
		struct packet_view view;

		assert_true(k.octets.n <= sizeof frame);
		memcpy(frame, k.octets.p, k.octets.n);
		last = k;
		if (!packet_view_read(k.link, k.octets, &view) || is_answer(c, &view))
			continue;
		if (c->find && view.ip && view.proto == IP_UDP && view.dport == 68)
			changed += replace(frame, k.octets.n, c);
		passive_packet(p, k.unix_us, k.link, (struct sv){(const char *)frame, k.octets.n});
		if (is_refused(c, &view)) {
			uint8_t error[128];
			size_t n = icmp_about(&view, c, error);

			passive_packet(p, k.unix_us + 300, k.link, (struct sv){(const char *)error, n});
			changed++;
		}
	}
	passive_packet(p, last.unix_us + 10000000, last.link, last.octets); /* the phone waits in vain */
	passive_end(p);
	buf_free(&v);
	if (changed)
		return p;
	passive_free(p);
	return NULL;
}

/* clang-format off */
static const struct change changes[] = {
	/* the lease: 51, the time; 42, the time servers; 1, the mask; the address itself (RFC 2131 figure 1: behind ciaddr) */
	{"dial-tone", "33 04 00000258", "33 04 00000078", .stage = DT_STAGE_ADDRESS, .cause = "I-08", .words = "lasts 120 seconds", .note = true},
	{"dial-tone", "2a 04 0a140001", "2a 03 0a1400 00", .stage = DT_STAGE_ADDRESS, .cause = "I-04", .words = "option 42", .note = true},
	{"dial-tone", "2a 04 0a140001", "33 04 00000e10", .stage = DT_STAGE_ADDRESS, .cause = "I-04", .words = "option 51 stands twice", .note = true},
	{"C-01-dropped", .port = {80, 443}, .type = 3, .code = 13, .stage = DT_STAGE_CHAIN, .cause = "C-01", .words = "10.66.0.1"},
	{"C-01-dropped", .port = {80, 443}, .type = 3, .code = 3, .by_server = true, .stage = DT_STAGE_CHAIN, .cause = "C-01", .words = "10.20.0.10"},
	{"C-01-dropped", .port = {80, 443}, .type = 3, .code = 0, .stage = DT_STAGE_CHAIN, .cause = "C-01", .words = "10.66.0.1"},
	{"L-01-dropped", .port = {5061}, .type = 3, .code = 10, .stage = DT_STAGE_LOGON, .cause = "L-01", .words = "10.66.0.1"},
	{"X-servfail", .port = {53}, .type = 3, .code = 13, .stage = DT_STAGE_CHAIN, .cause = "D-08", .words = "10.66.0.1 says so"},
};
/* clang-format on */

static void changes_are_seen(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const struct change *c = &changes[i];
		struct passive *p = watch_changed(c);
		struct doctor_finding f[8];
		char text[DOCTOR_TEXT_MAX];
		bool seen = false;
		unsigned n;

		if (p == NULL)
			fail_msg("change %zu: %s holds nothing like it", i, c->capture);
		assert_int_equal(passive_phones(p), 1);
		n = doctor_diagnose(passive_run(p, 0), f, 8);
		for (unsigned k = 0; k < n && (c->note || k == 0); k++) {
			doctor_fill(&f[k], f[k].ncause ? f[k].cause[0]->cause : "-", text);
			seen |= f[k].ncause && f[k].stage == c->stage && strcmp(f[k].cause[0]->id, c->cause) == 0 && strstr(text, c->words) &&
				(f[k].verdict == DOCTOR_WARN) == c->note;
			if (!seen)
				print_message("change %zu of %s: %s at stage %d: %s\n", i, c->capture, f[k].ncause ? f[k].cause[0]->id : "-", f[k].stage, text);
		}
		wrong += !seen;
		passive_free(p);
	}
	assert_int_equal(wrong, 0);
}

/* A router that asks for smaller packets refuses nobody, and an answer to a ping is no error. */
static void nothing_is_refused(void **state)
{
	static const struct change none[] = {
		{"C-01-dropped", .port = {80, 443}, .type = 3, .code = 4},
		{"C-01-dropped", .port = {80, 443}, .type = 0, .code = 13}, /* the answer to a ping */
	};

	(void)state;
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		struct passive *p = watch_changed(&none[i]);

		assert_non_null(p);
		assert_int_equal(passive_run(p, 0)->answers, 0);
		passive_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(changes_are_seen),
	    cmocka_unit_test(nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
