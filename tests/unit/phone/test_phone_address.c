/* Stage 2 on a scripted body: what the phone sends on the wire, what it does with what comes back, and that nothing that may
 * come back upsets it.
 */
#include "tests/support/phone_world.h"

/* RFC 2131 4.1, 4.4.1 */
static void discover_to_ack(void **state)
{
	struct world *w = plugged();
	uint8_t id[7] = {1};
	uint32_t xid, v;

	(void)state;
	memcpy(id + 1, mac, 6);
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5, .dscp = 46});
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_DISCOVER);
	assert_true(sv_eq(w->q.option[61], (struct sv){(const char *)id, 7}));
	assert_true(sv_eq(w->q.option[60], SV(DHCP_CLASS_VLAN)));
	assert_non_null(memchr(w->q.option[55].p, 42, w->q.option[55].n));
	assert_int_equal(w->udp.src, 0);
	assert_int_equal(w->udp.dst, 0xffffffff);
	xid = w->q.xid;

	/* answers that are not meant for it */
	{
		struct says s = offer;

		s.other_xid = true;
		answer(w, s);
		s.other_xid = false;
		s.other_mac = true;
		answer(w, s);
		answer_tci(w, offer, -1);
		answer_tci(w, offer, 30);
		answer(w, ack);
		assert_false(asked(w));
	}
	/* silence: again, with more patience each time, the same transaction */
	pass(w, 5000);
	assert_true(asked(w));
	assert_int_equal(w->q.xid, xid);
	pass(w, 5000);
	assert_false(asked(w));
	pass(w, 4000);
	assert_true(asked(w));
	assert_true(w->q.secs >= 8);

	answer(w, offer);
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_REQUEST);
	assert_int_equal(w->q.xid, xid);
	assert_true(dhcp_u32(&w->q, 50, &v) && v == ADDRESS);
	assert_true(dhcp_u32(&w->q, 54, &v) && v == SERVER);
	assert_int_equal(w->q.ciaddr, 0);
	answer(w, ack);
	assert_int_equal(w->addresses, 0); /* not before the probes */
	pass(w, 3000);
	assert_int_equal(w->addresses, 1);
	assert_int_equal(w->lease.address, ADDRESS);
	assert_int_equal(w->lease.mask, 0xffffff00);
	assert_int_equal(w->lease.router, SERVER);
	assert_int_equal(w->lease.dns[0], SERVER);
	unplug(w);
}

/* The options of the last DHCP message that was sent, in their order, as "53 61 55 60". */
static const char *order(const struct world *w)
{
	static char text[80];
	struct rd list = rd_of(w->udp.payload.p + 240, w->udp.payload.n - 240);
	struct sv value;
	uint8_t code;
	size_t n = 0;

	for (text[0] = '\0'; dhcp_option_next(&list, &code, &value);)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", n ? " " : "", code);
	return text;
}

/* As Windows CE orders options, and as a Polycom device of the time asks [network B.1]. RFC 2131 4.4.1: "The DHCPREQUEST message MUST
 * use the same value in the DHCP message header's 'secs' field ... as the original DHCPDISCOVER message." */
static void as_the_phones_ask(void **state)
{
	static const uint8_t asks[] = {0x37, 0x0a, 0x01, 0x03, 0x06, 0x0f, 0x2a, 0x2b, 0x2c, 0x2e, 0x2f, 0x77};
	struct world *w = plugged();
	uint16_t secs;

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
	pass(w, 14000);
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_DISCOVER);
	assert_non_null(memmem(w->udp.payload.p, w->udp.payload.n, asks, sizeof asks));
	assert_string_equal(order(w), "53 61 55 60");
	secs = w->q.secs;
	assert_true(secs >= 8);
	pass(w, 3000); /* a server that pings first */
	answer(w, offer);
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_REQUEST);
	assert_int_equal(w->q.secs, secs);
	assert_string_equal(order(w), "53 54 50 61 55 60");
	pass(w, 5500); /* and when it is repeated */
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_REQUEST);
	assert_int_equal(w->q.secs, secs);
	unplug(w);
}

/* RFC 2132 2: "the receiver of such options MUST be prepared to delete trailing nulls"; and what scopes hold besides. */
static void domains(void **state)
{
	static const struct sv rows[] = {{"contoso.test", 12}, {"contoso.test\0", 13}, {"contoso.test.", 13}, {"contoso.test.\0\0", 15},
					 {" contoso.test\r\n", 15}, {"contoso.test corp.contoso.test\0", 31}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct says s = ack;
		struct world *w;

		s.domain = rows[i];
		w = addressed_by(s);
		assert_string_equal(w->dns_name, "_ntp._udp.contoso.test");
		unplug(w);
	}
}

/* Oddities of a lease are reported with it: I-02, I-04, I-05, V-10. */
static void odd_leases(void **state)
{
	static const struct {
		struct says s;
		const char *said;
		uint16_t vlan;
	} rows[] = {
	    {{.router = 0}, "", 20},
	    {{.domain = {"", 0}}, "domain-absent", 20},
	    {{.router = NO_ROUTER}, "router-absent", 20},
	    {{.router = IP(10, 30, 0, 1)}, "router-outside", 20},
	    {{.option43 = {"\x0a\x02\x00\x14", 4}}, "", 20}, /* DHCP names the same VLAN */
	    {{.option43 = {"\x0a\x02\x00\x1e", 4}}, "vlan-conflict", 30},
	    {{.option43 = {"\x0a\x02\x00\x1e", 4}, .router = NO_ROUTER}, "router-absent vlan-conflict", 30},
	};
	struct world *w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct says s = rows[i].s;

		s.type = ack.type;
		s.address = ack.address;
		s.mask = ack.mask;
		s.seconds = ack.seconds;
		w = addressed_by(s);
		assert_string_equal(w->said, rows[i].said);
		assert_int_equal(w->fact.vlan, rows[i].vlan);
		unplug(w);
	}
	w = plugged(); /* a server that pings the address first */
	lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
	pass(w, 2998); /* dnsmasq's three seconds */
	assert_true(asked(w));
	answer(w, offer);
	assert_true(asked(w));
	answer(w, ack);
	assert_string_equal(w->said, "offer-slow");
	assert_int_equal(w->fact.seconds, 3);
	unplug(w);
}

static void no_such_name(struct world *w)
{
	dt_phone_dns(w->ph, w->dns_id, &(struct dt_dns_answer){.status = DT_DNS_NXDOMAIN});
}

/* [network C.6]: "Ours: 42, SRV, 4, time.windows.com" */
static void time_sources(void **state)
{
	struct says s = ack;
	struct world *w;

	(void)state;
	s.option42 = IP(10, 20, 0, 42);
	s.option4 = IP(10, 20, 0, 4);
	w = addressed_by(s);
	assert_int_equal(w->udp_to, s.option42);
	assert_int_equal(w->names, 0);
	pass(w, 4000); /* twice asked, not answered */
	assert_string_equal(w->dns_name, "_ntp._udp.contoso.test");
	no_such_name(w);
	assert_int_equal(w->udp_to, s.option4);
	pass(w, 4000);
	assert_string_equal(w->dns_name, "time.windows.com");
	assert_int_equal(w->udps, 4);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_ADDRESS);
	no_such_name(w);
	assert_int_equal(w->last, DT_F_CLOCK_WRONG);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_FIND);
	unplug(w);

	s = ack;
	s.domain = SV("");
	w = addressed_by(s); /* nothing told: Microsoft's */
	assert_string_equal(w->dns_name, "time.windows.com");
	assert_int_equal(w->udps, 0);
	unplug(w);
}

/* What nobody asked for is no reason to do anything. */
static void strays(void **state)
{
	struct world *w = addressed();
	struct dt_dns_answer a = {.status = DT_DNS_OK, .n = 1};
	struct dt_stream_opened o = {.failure = DT_F_OK};
	enum dt_stage was = dt_phone_stage(w->ph);
	unsigned names = w->names, streams = w->streams;

	(void)state;
	dt_phone_dns(w->ph, 0, &a);
	dt_phone_dns(w->ph, 4711, &a);
	dt_phone_stream_opened(w->ph, 0, &o);
	dt_phone_stream_opened(w->ph, 4711, &o);
	dt_phone_stream_data(w->ph, 0, "x", 1);
	dt_phone_stream_data(w->ph, 4711, "x", 1);
	dt_phone_stream_closed(w->ph, 0, NULL);
	dt_phone_stream_closed(w->ph, 4711, "gone");
	dt_phone_key(w->ph, 0, NULL);
	dt_phone_key(w->ph, 4711, "no key");
	dt_phone_udp(w->ph, SERVER, 123, "", 0);
	dt_phone_udp(w->ph, SERVER, 53, "x", 1);
	dt_phone_timer(w->ph);
	assert_int_equal(dt_phone_stage(w->ph), was);
	assert_int_equal(w->names, names);
	assert_int_equal(w->streams, streams);
	assert_int_equal(w->results, 0);
	unplug(w);
}

/* Every frame of stages 1 and 2, cut at each length and with each octet turned over, at the moment it is waited for. */
static void broken_frames(void **state)
{
	struct world *w = plugged();
	uint8_t frame[1518];
	size_t n = lldp_frame(frame, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 4095});

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		if (kind == 1) {
			lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
			assert_true(asked(w));
			n = says_frame(w, &offer, frame);
		} else if (kind == 2) {
			answer(w, offer);
			assert_true(asked(w));
			n = says_frame(w, &ack, frame);
		}
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *exact = exact_copy(frame, n, cut);

			dt_phone_frame(w->ph, exact, cut, -1);
			free(exact);
		}
		for (size_t i = 14; i < n && kind > 0; i++) { /* the IP and UDP checksums see each of them */
			uint8_t *exact = exact_copy(frame, n, n);

			exact[i] ^= 0x41;
			dt_phone_frame(w->ph, exact, n, -1);
			free(exact);
		}
		assert_int_equal(dt_phone_stage(w->ph), kind ? DT_STAGE_ADDRESS : DT_STAGE_VLAN);
		assert_false(asked(w));
	}
	answer(w, ack);
	pass(w, 3000);
	assert_int_equal(w->lease.address, ADDRESS);
	unplug(w);
}

/* Random frames: for the sanitizers; whatever happens, it ends when it is told to. */
static void random_numbers(void **state)
{
	struct world *w = plugged();

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t head[14], n;
		uint8_t *exact;

		b_random(w, &n, 1);
		exact = exact_copy(NULL, 0, n);
		b_random(w, exact, n);
		memcpy(head, i & 1 ? mac : lldp_group, 6);
		memcpy(head + 6, switch_mac, 6);
		head[12] = i % 3 ? 0x08 : 0x88;
		head[13] = i % 3 == 1 ? 0x00 : i % 3 == 2 ? 0x06 : 0xcc;
		if (n >= 14)
			memcpy(exact, head, 14);
		dt_phone_frame(w->ph, exact, n, i % 5 ? -1 : (int)(i & 0xffff));
		free(exact);
		if (i % 100 == 0)
			pass(w, 500);
	}
	dt_phone_stop(w->ph);
	assert_true(w->results >= 1);
	pass(w, 60000);
	assert_int_equal(w->timer, UINT64_MAX);
	unplug(w);
}

#define UC_ID "\x01\x0cMS-UC-Client"
#define UC_A UC_ID "\x02\x05https\x03\x06" "fe.tld\x05\x02/a"
#define UC_B UC_ID "\x02\x05https\x03\x06" "gg.tld\x05\x02/a"
#define SIP_A SV("\x00\x02" "fe\x03tld\x00")
#define SIP_IP SV("\x01\x0a\x14\x00\x09")

/* Up to the INFORM: no name is known to anybody. */
static struct world *informing(void)
{
	struct world *w = addressed();
	unsigned id = 0;

	for (int i = 0; i < 60 && !(asked(w) && w->q.type == DHCP_INFORM); i++) {
		while (id < w->dns_id)
			dt_phone_dns(w->ph, ++id, &(struct dt_dns_answer){.status = DT_DNS_NXDOMAIN});
		pass(w, 500);
	}
	assert_int_equal(w->q.type, DHCP_INFORM);
	assert_int_equal(w->q.ciaddr, ADDRESS);
	assert_int_equal(w->udp.src, ADDRESS);
	assert_int_equal(w->udp.dst, 0xffffffff);
	assert_true(sv_eq(w->q.option[60], SV(DHCP_CLASS_UC)));
	assert_null(w->q.option[50].p);
	assert_null(w->q.option[51].p);
	while (id < w->dns_id)
		dt_phone_dns(w->ph, ++id, &(struct dt_dns_answer){.status = DT_DNS_NXDOMAIN});
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_DISCOVER);
	return w;
}

/* "The phone uses the first response that carries an FQDN and ignores the others unless none carries one." */
static void several_inform_answers(void **state)
{
	static const struct {
		struct sv option43[2], option120[2]; /* of the first and of the second answer */
		bool waits;			     /* the first one decides nothing */
		enum dt_stage stage;		     /* at the end, if nobody says more */
		const char *told;
	} rows[] = {
	    {{SV(UC_A), SV(UC_B)}, {SIP_A, SIP_A}, false, DT_STAGE_CHAIN, "ok fe.tld, https://fe.tld/a;"
	     "ok fe.tld, https://gg.tld/a (a second DHCP server answers, and not the same; the first one counts);"},
	    {{SV(UC_A), SV(UC_A)}, {SIP_A, SIP_A}, false, DT_STAGE_CHAIN, "ok fe.tld, https://fe.tld/a;"},
	    {{{0}, SV(UC_A)}, {SIP_IP, SIP_A}, true, DT_STAGE_CHAIN,
	     "ok an address (option 120 holds an address: TLS needs a name (encoding 0); option 43 is missing);ok fe.tld, https://fe.tld/a;"},
	    {{{0}, SV(UC_A)}, {{0}, SIP_A}, true, DT_STAGE_CHAIN,
	     "no an answer without options 43 and 120;ok fe.tld, https://fe.tld/a;"},
	    {{SV(UC_ID), SV(UC_A)}, {SV("fe.tld"), SIP_A}, true, DT_STAGE_CHAIN,
	     "no option 43: sub-option 3 is missing or not a host name;no option 120: it is plain text; an encoding octet and a name as "
	     "DNS writes it is needed;ok fe.tld, https://fe.tld/a;"},
	    {{SV(UC_ID), SV("\x0a\x02\x00\x14")}, {SIP_A, SIP_A}, false, DT_STAGE_DISCOVER,
	     "no option 43: sub-option 3 is missing or not a host name;ok fe.tld;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world *w = informing();

		w->told[0] = '\0';
		answer(w, (struct says){.type = DHCP_ACK, .option43 = rows[i].option43[0], .option120 = rows[i].option120[0]});
		if (rows[i].waits)
			assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_DISCOVER);
		answer(w, (struct says){.type = DHCP_ACK, .option43 = rows[i].option43[1], .option120 = rows[i].option120[1],
					.server = IP(10, 20, 0, 7)});
		answer(w, (struct says){.type = DHCP_ACK, .option43 = rows[i].option43[1], .option120 = rows[i].option120[1],
					.server = IP(10, 20, 0, 8)});
		assert_int_equal(dt_phone_stage(w->ph), rows[i].stage);
		assert_string_equal(w->told, rows[i].told);
		unplug(w);
	}
	{ /* an address alone: used when nobody knows a name, and the INFORM is not repeated */
		struct world *w = informing();

		answer(w, (struct says){.type = DHCP_ACK, .option43 = SV(UC_ID), .option120 = SIP_IP});
		assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_DISCOVER);
		pass(w, 6000);
		assert_false(asked(w));
		assert_int_equal(w->results, 1); /* there is a Registrar now, but no web service */
		assert_int_equal(w->failure, DT_F_WEB_URL_NONE);
		unplug(w);
	}
}

/* Told to stop, it gives its address back and is quiet. */
static void stopped(void **state)
{
	struct world *w = addressed();

	(void)state;
	asked(w);
	dt_phone_stop(w->ph);
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_RELEASE);
	assert_int_equal(w->q.ciaddr, ADDRESS);
	assert_int_equal(w->lease.address, 0);
	assert_int_equal(w->results, 1);
	assert_false(w->ok);
	assert_int_equal(w->failure, DT_F_STOPPED);
	dt_phone_stop(w->ph);
	dt_phone_link(w->ph, false);
	dt_phone_link(w->ph, true);
	pass(w, 3600 * 1000);
	assert_int_equal(w->results, 1);
	assert_false(asked(w));
	unplug(w);
}

static void address_as_told(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct dt_phone_conf c = conf_of(w);

	(void)state;
	c.no_vlan = c.no_dhcp = true;
	c.lease = (struct dt_lease){.address = ADDRESS, .mask = 0xffffff00, .router = SERVER, .dns = {SERVER}, .ndns = 1};
	c.domain = "contoso.test";
	w->ph = dt_phone_new(&c);
	dt_phone_start(w->ph);
	dt_phone_link(w->ph, true);
	pass(w, 30000);
	assert_int_equal(w->lease.address, ADDRESS);
	assert_int_equal(w->nframe, 0); /* neither LLDP nor DHCP */
	assert_true(w->names > 0);
	assert_non_null(strstr(w->dns_name, "contoso.test"));
	unplug(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(discover_to_ack), cmocka_unit_test(as_the_phones_ask),
	    cmocka_unit_test(domains),
	    cmocka_unit_test(odd_leases),
	    cmocka_unit_test(time_sources),
	    cmocka_unit_test(strays),
	    cmocka_unit_test(broken_frames),
	    cmocka_unit_test(random_numbers),
	    cmocka_unit_test(several_inform_answers),
	    cmocka_unit_test(stopped),
	    cmocka_unit_test(address_as_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
