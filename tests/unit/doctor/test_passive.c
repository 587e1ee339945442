/* Phones that a capture shows.  tests/fuzz/corpus/passive/ holds captures of the phone at a switch port of the lab, one fault each,
 * named by the cause that the doctor gives to the phone's own record. */
#include "base/ip.h"
#include "doctor/diagnose.h"
#include "doctor/passive/passive.h"
#include "tests/support/check.h"
#include "wire/capture/capture.h"
#include "wire/capture/packet.h"
#include "wire/dhcp.h"
#include "wire/eth.h"

enum { CAPTURE_MAX = 1 << 20, EVERYBODY = 0 };

static void corpus_read(struct buf *to, const char *name)
{
	const char *dir = getenv("TEST_VECTORS");
	char path[4096];

	snprintf(path, sizeof path, "%s/../fuzz/corpus/passive/%s.pcap", dir ? dir : "tests/vectors", name);
	if (file_read(path, CAPTURE_MAX, to) < 0)
		fail_msg("cannot read %s", path);
}

/* Packets of a capture, by what a bad network or a mirror port does to them. */
enum how { AS_THEY_CAME, TWICE, SWAPPED };

static struct passive *watched_with(const char *name, enum how how, struct sv secrets)
{
	struct passive *p = passive_new(EVERYBODY);
	struct packet k, held = {0};
	struct buf v = {0};
	struct capture c;

	assert_non_null(p);
	passive_secrets(p, secrets);
	corpus_read(&v, name);
	assert_true(capture_open(&c, v.p, v.n));
	while (capture_next(&c, &k)) {
		size_t ip = k.octets.n > 60 && k.octets.p[12] == (char)0x81 ? 18 : 14;
		bool tcp = k.octets.n > 60 && k.octets.p[ip + 9] == 6;

		if (held.octets.p && !(tcp && memcmp(k.octets.p, held.octets.p, 12) == 0)) { /* the other direction: nothing to swap with */
			passive_packet(p, held.unix_us, held.link, held.octets);
			held = (struct packet){0};
		} else if (how == SWAPPED && tcp && held.octets.p == NULL && k.octets.n > 200) {
			held = k;
			continue;
		}
		passive_packet(p, k.unix_us, k.link, k.octets);
		if (how == TWICE && tcp)
			passive_packet(p, k.unix_us, k.link, k.octets);
		if (held.octets.p)
			passive_packet(p, held.unix_us, held.link, held.octets);
		held = (struct packet){0};
	}
	passive_end(p);
	buf_free(&v);
	return p;
}

static struct passive *watched(const char *name, enum how how)
{
	return watched_with(name, how, (struct sv){0});
}

/* The first finding is that of the phone's own record, at its stage. */
static const struct {
	const char *name;
	enum dt_stage stage;
	enum dt_failure failure;
	const char *cause;
} faults[] = {
	{"V-07-trunk", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, "V-07"},
	{"I-01-server-down", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, "V-07"}, /* on a VLAN that was announced: the two look alike */
	{"I-03-nak", DT_STAGE_ADDRESS, DT_F_DHCP_NAK, "I-03"},
	{"I-06-all-taken", DT_STAGE_ADDRESS, DT_F_ADDRESS_TAKEN, "I-06"},
	{"I-04-no-dns", DT_STAGE_CHAIN, DT_F_DNS_SILENT, "I-04"},
	{"D-08-dead-resolver", DT_STAGE_CHAIN, DT_F_DNS_SILENT, "D-08"},
	{"X-servfail", DT_STAGE_CHAIN, DT_F_DNS_ERROR, "D-08"},
	{"R-01-isc", DT_STAGE_DISCOVER, DT_F_WEB_URL_NONE, "R-01"},
	{"R-02-nothing", DT_STAGE_DISCOVER, DT_F_WEB_URL_NONE, "R-02"},
	{"R-04-hex-as-text", DT_STAGE_DISCOVER, DT_F_WEB_URL_NONE, "R-04"},
	{"D-01-no-srv", DT_STAGE_DISCOVER, DT_F_REGISTRAR_NONE, "D-01"},
	{"R-10-web-name", DT_STAGE_CHAIN, DT_F_DNS_NONE, "R-10"},
	{"C-01-down", DT_STAGE_CHAIN, DT_F_CONNECT, NULL},
	{"C-01-dropped", DT_STAGE_CHAIN, DT_F_TIMEOUT, NULL},
	{"C-01-404", DT_STAGE_CHAIN, DT_F_CHAIN_DISABLED, NULL},
	{"C-13-closed", DT_STAGE_CHAIN, DT_F_CONNECT, "C-13"},
	{"R-06-pool-name", DT_STAGE_CHAIN, DT_F_CONNECT, NULL},
	{"C-03-other-ca", DT_STAGE_CHAIN, DT_F_HIDDEN, "C-03"},
	{"A-02-wrong-pin", DT_STAGE_AUTH, DT_F_HIDDEN, "A-02"},
	{"P-01-503", DT_STAGE_CERT, DT_F_HIDDEN, "P-01"},
	{"old-other-name", DT_STAGE_CHAIN, DT_F_TLS_NAME, "C-10"}, /* up to TLS 1.2 the certificate is in clear */
	{"old-no-legacy", DT_STAGE_CHAIN, DT_F_TLS_HANDSHAKE, "C-09"},
	{"I-05-no-router", DT_STAGE_CHAIN, DT_F_CONNECT, "I-05"},
	{"D-04-strict", DT_STAGE_DISCOVER, DT_F_STRICT_DOMAIN, "D-04"},
	{"X-portal-200", DT_STAGE_CHAIN, DT_F_CHAIN_BAD, "C-17"},
	{"X-43-port-80", DT_STAGE_CHAIN, DT_F_TIMEOUT, NULL},
	{"X-client-cert", DT_STAGE_CHAIN, DT_F_CLOSED, NULL},
	{"L-02-name", DT_STAGE_LOGON, DT_F_HIDDEN, "C-10"},
	{"L-01-dropped", DT_STAGE_LOGON, DT_F_TIMEOUT, "L-01"},
	{"L-04-unreachable", DT_STAGE_LOGON, DT_F_CONNECT, NULL},
	{"L-06-endpoints", DT_STAGE_LOGON, DT_F_HIDDEN, "L-05"},
};

static void fault_is_seen(const char *name, enum how how, size_t i)
{
	struct passive *p = watched(name, how);
	const struct passive_phone *ph;
	struct doctor_finding f[8];
	const struct doctor_line *result;

	assert_int_equal(passive_phones(p), 1);
	ph = passive_phone_at(p, 0);
	result = doctor_run_result(passive_run(p, 0));
	if (ph->dial_tone || result == NULL || result->stage != faults[i].stage || result->failure != faults[i].failure)
		fail_msg("%s (%d): stage %d, %s", name, how, result ? (int)result->stage : (int)ph->stage,
			 result ? dt_failures[result->failure].code : "no result");
	assert_true(doctor_diagnose(passive_run(p, 0), f, 8) >= 1);
	if (faults[i].cause && (f[0].ncause == 0 || strcmp(f[0].cause[0]->id, faults[i].cause) != 0))
		fail_msg("%s (%d): %s", name, how, f[0].ncause ? f[0].cause[0]->id : "no cause");
	assert_true(ph->since_us >= ph->first_us && ph->since_us <= ph->last_us + 60 * 1000000ll);
	assert_string_equal(ph->model, "CX600");
	passive_free(p);
}

static void faults_are_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		fault_is_seen(faults[i].name, AS_THEY_CAME, i);
}

static void packets_twice_and_out_of_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		fault_is_seen(faults[i].name, TWICE, i);
		fault_is_seen(faults[i].name, SWAPPED, i);
	}
}

/* With the TLS secrets the reason is read that is hidden without: the same as the phone's own. */
static void with_secrets(void **state)
{
	static const struct {
		const char *name;
		enum dt_stage stage;
		enum dt_failure failure;
		const char *cause;
	} rows[] = {
		{"A-02-wrong-pin", DT_STAGE_AUTH, DT_F_PIN_REFUSED, "A-02"},
		{"L-06-endpoints", DT_STAGE_LOGON, DT_F_SIP_FORBIDDEN, "L-06"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *dir = getenv("TEST_VECTORS");
		const struct doctor_line *result;
		struct doctor_finding f[8];
		struct buf keys = {0};
		struct passive *p;
		char path[4096];

		snprintf(path, sizeof path, "%s/captures/%s.keys", dir ? dir : "tests/vectors", rows[i].name);
		assert_int_equal(file_read(path, CAPTURE_MAX, &keys), 0);
		buf_add(&keys, "nonsense\nCLIENT_TRAFFIC_SECRET_0 00 11\nCLIENT_TRAFFIC_SECRET_0\n", 60);
		p = watched_with(rows[i].name, AS_THEY_CAME, buf_view(&keys));
		result = doctor_run_result(passive_run(p, 0));
		if (result == NULL || result->stage != rows[i].stage || result->failure != rows[i].failure)
			fail_msg("%s: %s", rows[i].name, result ? dt_failures[result->failure].code : "no result");
		assert_true(doctor_diagnose(passive_run(p, 0), f, 8) >= 1);
		assert_string_equal(f[0].cause[0]->id, rows[i].cause);
		passive_free(p);
		buf_free(&keys);
	}
}

static void dial_tone(void **state)
{
	(void)state;
	for (enum how how = AS_THEY_CAME; how <= SWAPPED; how++) {
		struct passive *p = watched("dial-tone", how);
		const struct passive_phone *ph = passive_phone_at(p, 0);
		struct doctor_finding f[8];
		char ip[16];

		assert_int_equal(passive_phones(p), 1);
		assert_true(ph->dial_tone && ph->stage == DT_STAGE_LOGON);
		assert_int_equal(ph->vlan, 66);
		assert_string_equal(ip_text(ph->address, ip), "10.66.0.110");
		assert_int_equal(doctor_diagnose(passive_run(p, 0), f, 8), 0);
		passive_free(p);
	}
}

/* The record is one that `dialtone doctor --record` would have read from the phone: a line for each stage, in their order. */
static void stages_in_order(void **state)
{
	struct passive *p = watched("dial-tone", AS_THEY_CAME);
	const struct passive_phone *ph = passive_phone_at(p, 0);
	enum dt_stage next = DT_STAGE_VLAN;

	(void)state;
	for (size_t i = 0; i < ph->n; i++)
		if (ph->line[i].kind == DT_REC_STAGE) {
			assert_int_equal(ph->line[i].stage, next);
			assert_int_equal(ph->line[i].failure, DT_F_OK);
			next++;
		}
	assert_int_equal(next, DT_STAGE_LOGON);
	assert_int_equal(ph->line[ph->n - 1].kind, DT_REC_RESULT);
	passive_free(p);
}

/* ---- strangers -------------------------------------------------------------------------------------------------- */

static size_t discover(uint8_t frame[600], uint32_t who, const char *class)
{
	struct dhcp *d = calloc(1, sizeof *d);
	uint8_t payload[576], type = DHCP_DISCOVER, all[6];
	struct wr w = wr_of(payload, sizeof payload), f = wr_of(frame, 600);
	struct udp u = {.dst = 0xffffffff, .sport = 68, .dport = 67};
	size_t n;

	memset(all, 0xff, sizeof all);
	assert_non_null(d);
	d->op = 1;
	d->xid = who;
	d->type = type;
	d->chaddr[0] = 2;
	for (unsigned i = 0; i < 4; i++)
		d->chaddr[2 + i] = (uint8_t)(who >> (8 * i));
	d->option[53] = (struct sv){(const char *)&type, 1};
	if (class)
		d->option[60] = sv_of(class);
	dhcp_write(&w, d, NULL);
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	eth_write(&f, all, d->chaddr, ETH_IPV4);
	udp_write(&f, &u, 0);
	assert_null(f.err);
	n = wr_n(&f);
	free(d);
	return n;
}

static size_t syn(uint8_t frame[64], uint32_t from, uint16_t port)
{
	static const uint8_t mac[6] = {2, 9, 9, 9, 9, 9};
	struct wr w = wr_of(frame, 64);

	eth_write(&w, mac, mac, ETH_IPV4);
	wr_be(&w, 4, 0x45000028);
	wr_be(&w, 4, 0);
	wr_be(&w, 4, 0x40060000);
	wr_be(&w, 4, from);
	wr_be(&w, 4, 0x0a14000a);
	wr_be(&w, 2, port);
	wr_be(&w, 2, 443);
	wr_be(&w, 8, 0);
	wr_be(&w, 4, 0x50020000 | 1024);
	wr_be(&w, 4, 0);
	return wr_n(&w);
}

static struct sv view(const uint8_t *frame, size_t n)
{
	return (struct sv){(const char *)frame, n};
}

/* A flood of machines, of connections and of would-be phones takes no more room than was allowed; machines that are no phones
 * displace no phone. */
static void a_flood_is_bounded(void **state)
{
	enum { PHONES = 64, FLOOD = 20000 };
	struct passive *p = passive_new(PHONES);
	static const uint8_t first[6] = {2, 0, 7};
	uint8_t frame[600];
	bool still = false;

	(void)state;
	assert_true(passive_packet(p, 1000000, LINK_ETHERNET, view(frame, discover(frame, 7, DHCP_CLASS_VLAN))));
	for (uint32_t i = 0; i < FLOOD; i++) {
		passive_packet(p, 2000000 + i, LINK_ETHERNET, view(frame, discover(frame, 1000 + i, NULL)));
		passive_packet(p, 2000000 + i, LINK_ETHERNET, view(frame, syn(frame, 0x0a000000 + i, (uint16_t)i)));
	}
	assert_int_equal(passive_phones(p), 1);
	assert_memory_equal(passive_phone_at(p, 0)->mac, first, 6);
	assert_true(passive_lost(p)->flows > 0);
	for (uint32_t i = 0; i < FLOOD; i++)
		passive_packet(p, 4000000 + i, LINK_ETHERNET, view(frame, discover(frame, 1000 + i, DHCP_CLASS_VLAN)));
	assert_int_equal(passive_phones(p), PHONES);
	for (size_t i = 0; i < passive_phones(p); i++)
		still |= memcmp(passive_phone_at(p, i)->mac, first, 6) == 0;
	assert_false(still); /* it was silent for longest */
	passive_end(p);
	passive_free(p);
}

/* A phone that tries for a day is told once, with the time since when. */
static void a_day_of_trying(void **state)
{
	struct passive *p = passive_new(4);
	const struct passive_phone *ph;
	uint8_t frame[600];

	(void)state;
	for (unsigned i = 0; i < 24 * 60; i++)
		passive_packet(p, (i + 1) * 60000000ll, LINK_ETHERNET, view(frame, discover(frame, 7, DHCP_CLASS_VLAN)));
	passive_end(p);
	ph = passive_phone_at(p, 0);
	assert_true(ph->n < 8);
	assert_true(ph->since_us < 5 * 60000000ll);
	assert_int_equal(ph->stage, DT_STAGE_ADDRESS);
	passive_free(p);
}

/* ---- who asks beside a phone ------------------------------------------------------------------------------------- */

/* The DISCOVER as another one sends it: its xid is behind the first four octets, and a UDP checksum of 0 is none (RFC 768). */
static struct sv as_another(uint8_t frame[600], const struct packet *k, const struct packet_view *v, uint8_t xid)
{
	size_t at = (size_t)(v->data.p - k->octets.p);

	assert_true(k->octets.n <= 600);
	memcpy(frame, k->octets.p, k->octets.n);
	memset(frame + at + 4, xid, 4);
	memset(frame + at - 2, 0, 2);
	return view(frame, k->octets.n);
}

/* `dialtone doctor` looks for a second DHCP server beside its phone, each second by the same xid: the phone has not started again.  One
 * that asks by a new xid has. */
static void a_question_beside_the_phone(void **state)
{
	struct passive *p = passive_new(4);
	uint8_t beside[600], anew[600];
	struct sv again = {0}, start = {0};
	struct buf v = {0};
	struct capture c;
	struct packet k;
	int64_t asked = 0, last = 0;

	(void)state;
	corpus_read(&v, "dial-tone");
	assert_true(capture_open(&c, v.p, v.n));
	while (capture_next(&c, &k)) {
		struct packet_view w;

		passive_packet(p, k.unix_us, k.link, k.octets);
		last = k.unix_us;
		if (again.n == 0 && packet_view_read(k.link, k.octets, &w) && w.ip && w.proto == IP_UDP && w.dport == 67) {
			again = as_another(beside, &k, &w, 0x77);
			start = as_another(anew, &k, &w, 0x78);
		}
		if (again.n && k.unix_us - asked >= 1000000) {
			asked = k.unix_us;
			passive_packet(p, asked, LINK_ETHERNET, again);
		}
	}
	assert_true(again.n > 0);
	for (unsigned i = 1; i <= 5; i++)
		passive_packet(p, last + i * 1000000ll, LINK_ETHERNET, again);
	assert_int_equal(passive_phones(p), 1);
	assert_true(passive_phone_at(p, 0)->dial_tone);
	assert_int_equal(passive_phone_at(p, 0)->starts, 0);
	passive_packet(p, last + 6000000, LINK_ETHERNET, start);
	passive_end(p);
	assert_false(passive_phone_at(p, 0)->dial_tone);
	assert_int_equal(passive_phone_at(p, 0)->starts, 1);
	passive_free(p);
	buf_free(&v);
}

/* ---- pieces ----------------------------------------------------------------------------------------------------- */

/* A capture that is read in pieces gives the packets that it gives in one. */
static void pieces(void **state)
{
	struct buf v = {0};
	struct capture whole, part;
	struct packet a, b;
	size_t at, n;
	bool first = true;

	(void)state;
	corpus_read(&v, "C-01-down");
	assert_true(capture_open(&whole, v.p, v.n));
	memset(&part, 0, sizeof part);
	for (at = 0; at < v.n; at += n) {
		n = capture_piece(&part, first, v.p + at, v.n - at < CAPTURE_PIECE_HEAD ? v.n - at : CAPTURE_PIECE_HEAD);
		assert_true(n > 0 && n <= v.n - at);
		if (first)
			assert_true(capture_open(&part, v.p, n));
		else
			capture_feed(&part, v.p + at, n);
		first = false;
		while (capture_next(&part, &b)) {
			assert_true(capture_next(&whole, &a));
			assert_true(a.unix_us == b.unix_us && a.octets.n == b.octets.n);
			assert_memory_equal(a.octets.p, b.octets.p, a.octets.n);
		}
		assert_null(part.err);
	}
	assert_false(capture_next(&whole, &a));
	buf_free(&v);
}

/* The resolution of times is the interface's (if_tsresol): nanoseconds, 2^-20, and the default. */
static void times(void **state)
{
	static const struct {
		const char *options;
		const char *ticks;
		int64_t us;
	} rows[] = {
		{"", "00000000 000f4241", 1000001},
		{"0009 0001 09000000 0000 0000", "00000000 3b9aca07", 1000000},
		{"0009 0001 94000000 0000 0000", "00000000 00180000", 1500000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[512];
		struct buf b = {0};
		struct capture c;
		struct packet k;
		unsigned length = i ? 0x20 : 0x14;

		snprintf(text, sizeof text,
			 "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"
			 "00000001 000000%02x 0001 0000 00000000 %s 000000%02x"
			 "00000006 00000024 00000000 %s 00000004 00000004 01020304 00000024",
			 length, rows[i].options, length, rows[i].ticks);
		hex_of(&b, text);
		assert_true(capture_open(&c, b.p, b.n));
		assert_true(capture_next(&c, &k));
		assert_int_equal(k.unix_us, rows[i].us);
		assert_false(capture_next(&c, &k));
		assert_null(c.err);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_are_seen), cmocka_unit_test(with_secrets), cmocka_unit_test(packets_twice_and_out_of_order), cmocka_unit_test(dial_tone),
		cmocka_unit_test(stages_in_order), cmocka_unit_test(a_flood_is_bounded), cmocka_unit_test(a_day_of_trying),
		cmocka_unit_test(a_question_beside_the_phone),
		cmocka_unit_test(pieces),	   cmocka_unit_test(times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
