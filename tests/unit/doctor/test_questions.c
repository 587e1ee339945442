/* The doctor: what it asks besides, and DHCP in other spellings. */
#include "doctor/ask_dhcp.h"
#include "doctor/questions.h"
#include "tests/support/check.h"
#include "wire/dhcp.h"
#include "wire/eth.h"

#define ODD "dialtone-00"

static void add(struct doctor_run *r, struct dt_record rec)
{
	rec.kind = DT_REC_ATTEMPT;
	assert_true(doctor_run_add(r, &rec));
}

static const struct doctor_question *find(const struct doctor_question *q, unsigned n, enum doctor_ask ask, const char *name, uint16_t port)
{
	for (unsigned i = 0; i < n; i++)
		if (q[i].ask == ask && strcmp(q[i].name, name) == 0 && q[i].port == port)
			return &q[i];
	return NULL;
}

/* Below the phone: DHCP servers, tagged and not; the router, its own address, neighbours by its mask; each resolver. */
static void of_a_place(void **state)
{
	struct doctor_question *q = calloc(DOCTOR_ANSWERS, sizeof *q);
	struct doctor_run r = {.place = {.asks = true}};
	unsigned n, tcp = 0;

	(void)state;
	assert_non_null(q);
	n = doctor_questions(&r, ODD, q); /* no address yet, no VLAN */
	assert_int_equal(n, 1);
	assert_int_equal(q[0].ask, ASK_OFFERS);
	assert_int_equal(q[0].vlan, 0);
	r.place.vlan = 66;
	r.place.lease = (struct dt_lease){.address = 0x0a420064, .mask = 0xff000000, .router = 0x0a420001, .dns = {0x0a420035, 0x0a420036}, .ndns = 2};
	add(&r, (struct dt_record){.stage = DT_STAGE_FIND, .fact.host = "_sip._tls.a", .fact.domain = "a"});
	add(&r, (struct dt_record){.stage = DT_STAGE_UPDATE, .fact = {.address = 0x0a14000a, .port = 443}});
	n = doctor_questions(&r, ODD, q);
	assert_int_equal(q[1].vlan, 66);
	assert_null(find(q, n, ASK_REBOOT, "CPE-OCPHONE", 0));
	add(&r, (struct dt_record){.stage = DT_STAGE_ADDRESS, .failure = DT_F_DHCP_SILENT});
	n = doctor_questions(&r, ODD, q);
	assert_int_equal(find(q, n, ASK_REBOOT, "CPE-OCPHONE", 0)->vlan, 66);
	assert_int_equal(find(q, n, ASK_REBOOT, "CPE-OCPHONE", 0)->gives, DT_SIGN_ASKED_NAK);
	assert_int_equal(find(q, n, ASK_ARP, "own", 0)->address, 0x0a420064);
	assert_int_equal(find(q, n, ASK_ARP, "router", 0)->address, 0x0a420001);
	assert_int_equal(find(q, n, ASK_ARP, "server", 0)->address, 0x0a14000a);
	assert_non_null(find(q, n, ASK_RESOLVER, "_sip._tls.a", 0));
	for (unsigned i = 0; i < n; i++)
		tcp += q[i].ask == ASK_RESOLVER_TCP;
	assert_int_equal(tcp, 0);
	r.place.lease.ndns = 1;
	r.place.lease.mask = 0xffffff00;
	r.place.lease.router = 0x0a010101; /* outside: told of the lease already */
	n = doctor_questions(&r, ODD, q);
	assert_non_null(find(q, n, ASK_RESOLVER_TCP, "_sip._tls.a", 0));
	assert_null(find(q, n, ASK_ARP, "server", 0));
	assert_null(find(q, n, ASK_ARP, "router", 0));
	doctor_run_free(&r);
	free(q);
}

/* The domain of a server that options 43 and 120 name: the SIP domain, where the lease's is another (D-07). */
static void of_a_sip_domain(void **state)
{
	struct doctor_question *q = calloc(DOCTOR_ANSWERS, sizeof *q);
	struct doctor_run r = {0};
	unsigned n;

	(void)state;
	assert_non_null(q);
	add(&r, (struct dt_record){.stage = DT_STAGE_CHAIN, .fact.host = "fe01.contoso.test"});
	add(&r, (struct dt_record){.stage = DT_STAGE_CHAIN, .fact.host = "10.20.30.40"});
	add(&r, (struct dt_record){.stage = DT_STAGE_CHAIN, .fact.host = "localhost.test"});
	n = doctor_questions(&r, ODD, q);
	assert_int_equal(find(q, n, ASK_SRV, "_sipinternaltls._tcp.contoso.test", 0)->gives, DT_SIGN_ASKED_SRV_INSIDE);
	assert_null(find(q, n, ASK_SRV, "_sipinternaltls._tcp.20.30.40", 0));
	assert_null(find(q, n, ASK_SRV, "_sipinternaltls._tcp.test", 0));
	doctor_run_free(&r);
	free(q);
}

/* Of the domain of an SRV question: the records that phones look for, once, each with the sign that its answer is. */
static void of_a_domain(void **state)
{
	/* clang-format off */
	static const struct {
		enum doctor_ask ask;
		const char *name;
		enum dt_stage stage;
		enum dt_sign gives;
	} rows[] = {
		{ASK_SRV, "_sipinternaltls._tcp.contoso.test", DT_STAGE_DISCOVER, DT_SIGN_ASKED_SRV_INSIDE},
		{ASK_SRV, "_sipinternal._tcp.contoso.test",    DT_STAGE_DISCOVER, DT_SIGN_ASKED_SRV},
		{ASK_SRV, "_sip._tls.contoso.test",            DT_STAGE_DISCOVER, DT_SIGN_ASKED_SRV},
		{ASK_SRV, "_sip._tcp.contoso.test",            DT_STAGE_DISCOVER, DT_SIGN_ASKED_SRV},
		{ASK_SRV, "_ntp._udp.contoso.test",            DT_STAGE_ADDRESS,  DT_SIGN_NONE},
		{ASK_A,   "ucupdates-r2.contoso.test",         DT_STAGE_FIND,     DT_SIGN_ASKED_NEW_NAME},
		{ASK_A,   "ucupdates.contoso.test",            DT_STAGE_FIND,     DT_SIGN_ASKED_OLD_NAME},
		{ASK_A,   "sip.contoso.test",                  DT_STAGE_DISCOVER, DT_SIGN_NONE},
		{ASK_A,   ODD ".contoso.test",                 DT_STAGE_FIND,     DT_SIGN_ASKED_WILDCARD},
	};
	/* clang-format on */
	struct doctor_question *q = calloc(DOCTOR_ANSWERS, sizeof *q);
	struct doctor_run r = {0};
	unsigned n;

	(void)state;
	assert_non_null(q);
	for (int i = 0; i < 2; i++)
		add(&r, (struct dt_record){.stage = DT_STAGE_FIND, .failure = DT_F_DNS_NONE, .fact.host = "_sip._tls.contoso.test",
					   .fact.domain = "contoso.test"});
	n = doctor_questions(&r, ODD, q);
	assert_int_equal(n, sizeof rows / sizeof *rows);
	for (size_t i = 0; i < n; i++) {
		const struct doctor_question *at = find(q, n, rows[i].ask, rows[i].name, 0);

		assert_non_null(at);
		assert_int_equal(at->stage, rows[i].stage);
		assert_int_equal(at->gives, rows[i].gives);
	}
	doctor_run_free(&r);
	free(q);
}

/* DHCP in other letters: only where the answer that came lacked what the class is for. */
static void of_a_class(void **state)
{
	/* clang-format off */
	static const struct {
		enum dt_stage stage;
		bool ok;
		enum dt_failure failure;
		enum dt_sign sign;
		enum doctor_ask ask;
		const char *class[2];
		enum dt_sign gives;
	} rows[] = {
		{DT_STAGE_DISCOVER, false, DT_F_UC_BAD, DT_SIGN_OPTIONS_ABSENT, ASK_INFORM, {"ms-uc-client", "MS-UC-CLIENT"}, DT_SIGN_ASKED_UC_CLASS},
		{DT_STAGE_DISCOVER, true, DT_F_OK, DT_SIGN_OPTION43_ABSENT, ASK_INFORM, {"ms-uc-client", "MS-UC-CLIENT"}, DT_SIGN_ASKED_UC_CLASS},
		{DT_STAGE_DISCOVER, false, DT_F_UC_SILENT, DT_SIGN_NONE, ASK_DISCOVER, {"MS-UC-Client", NULL}, DT_SIGN_ASKED_UC_DISCOVER},
		{DT_STAGE_VLAN, false, DT_F_VLAN_NONE, DT_SIGN_VLAN_OPTION_ABSENT, ASK_DISCOVER, {"cpe-ocphone", "CPE-OCPhone"}, DT_SIGN_ASKED_VLAN_CLASS},
		{DT_STAGE_DISCOVER, false, DT_F_UC_BAD, DT_SIGN_UC_PATH_URL, ASK_INFORM, {NULL, NULL}, DT_SIGN_NONE},
		{DT_STAGE_VLAN, false, DT_F_VLAN_NONE, DT_SIGN_LLDP_SILENT, ASK_DISCOVER, {NULL, NULL}, DT_SIGN_NONE},
		{DT_STAGE_ADDRESS, false, DT_F_UC_SILENT, DT_SIGN_VLAN_OPTION_ABSENT, ASK_DISCOVER, {NULL, NULL}, DT_SIGN_NONE},
	};
	/* clang-format on */
	struct doctor_question *q = calloc(DOCTOR_ANSWERS, sizeof *q);

	(void)state;
	assert_non_null(q);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct doctor_run r = {0};
		unsigned n, want = 0;

		add(&r, (struct dt_record){.stage = rows[i].stage, .ok = rows[i].ok, .failure = rows[i].failure, .sign = {rows[i].sign}});
		n = doctor_questions(&r, ODD, q);
		for (unsigned k = 0; k < 2 && rows[i].class[k]; k++, want++) {
			const struct doctor_question *at = find(q, n, rows[i].ask, rows[i].class[k], 0);

			assert_non_null(at);
			assert_int_equal(at->gives, rows[i].gives);
			assert_int_equal(at->stage, rows[i].stage);
		}
		assert_int_equal(n, want);
		doctor_run_free(&r);
	}
	free(q);
}

/* Servers: whether the port is open, and where TLS is spoken, by the name that the phone expects there. */
static void of_a_server(void **state)
{
	struct doctor_question *q = calloc(DOCTOR_ANSWERS, sizeof *q);
	struct doctor_run r = {0};
	unsigned n;

	(void)state;
	assert_non_null(q);
	add(&r, (struct dt_record){.stage = DT_STAGE_ADDRESS, .fact = {.address = 0x0a140001, .port = 123}});
	add(&r, (struct dt_record){.stage = DT_STAGE_ADDRESS, .fact = {.address = 0x0a140001}});
	n = doctor_questions(&r, ODD, q);
	assert_int_equal(n, 0); /* a time server, and whom no port is known of */
	add(&r, (struct dt_record){.stage = DT_STAGE_LOGON, .fact = {.host = "fe01.contoso.test", .address = 0x0a14000b, .port = 5061}});
	n = doctor_questions(&r, ODD, q);
	assert_int_equal(n, 8);
	assert_non_null(find(q, n, ASK_PLAIN_TLS, "", 5061));
	assert_non_null(find(q, n, ASK_A, "fe01.contoso.test", 0));
	assert_non_null(find(q, n, ASK_PHONE_TLS, "", 5061));
	assert_non_null(find(q, n, ASK_OCTET, "", 5061));
	assert_non_null(find(q, n, ASK_TCP, "", 5061));
	assert_non_null(find(q, n, ASK_TLS, "fe01.contoso.test", 5061));
	add(&r, (struct dt_record){.stage = DT_STAGE_CHAIN, .fact = {.host = "10.20.0.12", .address = 0x0a14000c, .port = 80}});
	n = doctor_questions(&r, ODD, q);
	assert_int_equal(n, 17);
	assert_null(find(q, n, ASK_A, "10.20.0.12", 0)); /* an address is no name */
	assert_non_null(find(q, n, ASK_LARGE, "", 80));
	assert_non_null(find(q, n, ASK_TCP, "", 80));
	assert_non_null(find(q, n, ASK_TCP, "", 443));
	assert_non_null(find(q, n, ASK_TLS, "10.20.0.12", 443));
	for (int i = 0; i < DOCTOR_ANSWERS; i++)
		add(&r, (struct dt_record){.stage = DT_STAGE_LOGON, .fact = {.address = 0x0a150000u + (unsigned)i, .port = 5060}});
	assert_int_equal(doctor_questions(&r, ODD, q), DOCTOR_ANSWERS);
	doctor_run_free(&r);
	free(q);
}

/* The answer of a DHCP server to that question, as a frame. */
static size_t dhcp_answer(const struct ask_dhcp *q, uint8_t type, struct sv option43, struct sv option120, uint8_t out[1518])
{
	static struct dhcp d;
	uint8_t payload[DHCP_SIZE_MAX];
	struct wr w = wr_of(payload, sizeof payload), f = wr_of(out, 1518);
	struct udp u = {.src = 0x0a420001, .dst = 0xffffffff, .sport = 67, .dport = 68};

	d = (struct dhcp){.op = 2, .xid = q->xid, .type = type};
	memcpy(d.chaddr, q->mac, 6);
	d.option[43] = option43;
	d.option[120] = option120;
	dhcp_write(&w, &d, NULL);
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	eth_write(&f, q->mac, q->mac, ETH_IPV4);
	udp_write(&f, &u, 0);
	assert_true(w.err == NULL && f.err == NULL);
	return wr_n(&f);
}

/* "P: INFORM in both spellings", "DISCOVER in each spelling, compare 43" */
static void other_spellings(void **state)
{
	static const struct {
		struct sv option43, option120;
		uint16_t vlan;
		const char *text;
	} rows[] = {
	    {{NULL, 0}, {NULL, 0}, 0, "an answer without options 43 and 120"},
	    {SV("\x0a\x02\x00\x42"), {NULL, 0}, 66, "option 43: VLAN 66"},
	    {SV("\x01\x0cMS-UC-Client\x02\x05https\x03\x06" "fe.tld\x05\x02/a"), SV("\x00\x02" "fe\x03tld\x00"), 0,
	     "option 43: https://fe.tld/a; option 120: fe.tld"},
	    {SV("\x01"), SV("\x01\x0a\x00\x00\x01"), 0, "option 43, unreadable; option 120: an address"},
	    {{NULL, 0}, SV("fe.tld"), 0, "option 120, unreadable"},
	};

	(void)state;
	for (int inform = 0; inform < 2; inform++) {
		struct ask_dhcp q = {.class = "ms-uc-client", .mac = {2, 0, 0, 0, 0, 1}, .xid = 7, .address = inform ? 0x0a420065 : 0};
		uint8_t frame[1518];
		size_t n = ask_dhcp_write(&q, frame, sizeof frame);
		struct rd r = rd_of(frame, n), ip, m;
		struct dhcp *d = malloc(sizeof *d);
		struct eth e;
		struct udp u;
		struct ask_dhcp_answer said;

		assert_non_null(d);
		assert_true(eth_read(&r, &e));
		ip = rd_of(e.payload.p, e.payload.n);
		assert_true(udp_read(&ip, &u) && u.dport == 67 && u.dst == 0xffffffff && u.src == q.address);
		m = rd_of(u.payload.p, u.payload.n);
		assert_true(dhcp_read(&m, d) && d->type == (inform ? DHCP_INFORM : DHCP_DISCOVER) && d->ciaddr == q.address);
		assert_true(sv_eq(d->option[60], SV("ms-uc-client")));
		assert_true(sv_find(d->option[55], 43) >= 0 && sv_find(d->option[55], 120) >= 0);
		free(d);
		assert_int_equal(ask_dhcp_write(&q, frame, 200), 0);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			uint8_t type = inform ? DHCP_ACK : DHCP_OFFER, *cut;
			struct ask_dhcp other = q;

			n = dhcp_answer(&q, type, rows[i].option43, rows[i].option120, frame);
			assert_true(ask_dhcp_read(&q, frame, n, &said));
			assert_int_equal(said.option43, rows[i].option43.p != NULL);
			assert_int_equal(said.option120, rows[i].option120.p != NULL);
			assert_int_equal(said.vlan, rows[i].vlan);
			assert_string_equal(said.text, rows[i].text);
			other.xid = 8;
			assert_false(ask_dhcp_read(&other, frame, n, &said));
			for (size_t k = 0; k < n; k++) {
				cut = exact_copy(frame, n, k);
				assert_false(ask_dhcp_read(&q, cut, k, &said));
				free(cut);
			}
			n = dhcp_answer(&q, DHCP_NAK, rows[i].option43, rows[i].option120, frame);
			assert_false(ask_dhcp_read(&q, frame, n, &said));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_a_place),
	    cmocka_unit_test(of_a_sip_domain), cmocka_unit_test(of_a_domain),
	    cmocka_unit_test(of_a_class),
	    cmocka_unit_test(of_a_server),
	    cmocka_unit_test(other_spellings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
