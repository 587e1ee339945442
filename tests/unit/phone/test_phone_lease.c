/* The lease of stage 2 on a scripted body: what the phone refuses, how often it asks, and when it renews or gives up. */
#include "tests/support/phone_world.h"

static void leases_refused(void **state)
{
	static const struct {
		struct says s;
		enum dt_failure failure;
	} rows[] = {
	    {{.type = DHCP_ACK, .address = ADDRESS, .seconds = 600}, DT_F_DHCP_BAD},		     /* no mask */
	    {{.type = DHCP_ACK, .address = ADDRESS, .mask = 0xff00ff00, .seconds = 600}, DT_F_DHCP_BAD},
	    {{.type = DHCP_ACK, .address = IP(127, 0, 0, 1), .mask = 0xffffff00, .seconds = 600}, DT_F_DHCP_BAD},
	    {{.type = DHCP_ACK, .address = IP(239, 1, 1, 1), .mask = 0xffffff00, .seconds = 600}, DT_F_DHCP_BAD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world *w = plugged();

		lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
		assert_true(asked(w));
		answer(w, offer);
		assert_true(asked(w));
		answer(w, rows[i].s);
		assert_int_equal(w->results, 1);
		assert_false(w->ok);
		assert_int_equal(w->failure, rows[i].failure);
		assert_int_equal(w->stage, DT_STAGE_ADDRESS);
		assert_int_equal(w->lease.address, 0);
		unplug(w);
	}
}

/* RFC 2131 3.1: a NAK is a reason to begin again; three are one to stop. */
static void three_naks(void **state)
{
	struct world *w = plugged();
	uint32_t xid = 0;

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
	for (int i = 0; i < 3; i++) {
		assert_int_equal(w->results, 0);
		assert_true(asked(w));
		assert_int_equal(w->q.type, DHCP_DISCOVER);
		assert_true(w->q.xid != xid);
		xid = w->q.xid;
		answer(w, offer);
		assert_true(asked(w));
		assert_int_equal(w->q.type, DHCP_REQUEST);
		answer(w, (struct says){.type = DHCP_NAK});
		pass(w, 1000);
	}
	assert_int_equal(w->results, 1);
	assert_int_equal(w->failure, DT_F_DHCP_NAK);
	assert_false(asked(w));
	unplug(w);
}

/* One NAK, then the address. */
static void one_nak(void **state)
{
	struct world *w = plugged();

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
	assert_true(asked(w));
	answer(w, offer);
	assert_true(asked(w));
	answer(w, (struct says){.type = DHCP_NAK});
	pass(w, 1000);
	assert_true(asked(w));
	answer(w, offer);
	assert_true(asked(w));
	answer(w, ack);
	pass(w, 3000);
	assert_int_equal(w->lease.address, ADDRESS);
	unplug(w);
}

/* Nobody answers at all. */
static void silence(void **state)
{
	struct world *w = plugged();
	unsigned n = 0;

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
	for (unsigned s = 0; s < 180; s++) {
		n += asked(w);
		pass(w, 1000);
	}
	assert_int_equal(n, 4);
	assert_int_equal(w->failure, DT_F_DHCP_SILENT);
	assert_int_equal(w->results, 1);
	assert_string_equal(w->said, "offer-none");
	assert_int_equal(w->fact.vlan, 0);
	unplug(w);
}

/* On the VLAN that the switch announced: V-07; and a server that offers and then says no more. */
static void silence_on_the_voice_vlan(void **state)
{
	struct world *w = plugged();

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
	pass(w, 90000);
	assert_string_equal(w->said, "offer-none");
	assert_int_equal(w->fact.vlan, 20);
	unplug(w);
	w = plugged();
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
	assert_true(asked(w));
	answer(w, offer);
	pass(w, 90000);
	assert_string_equal(w->said, "request-silent");
	assert_int_equal(w->fact.vlan, 20);
	unplug(w);
}

static void taken(struct world *w)
{
	struct arp a = {.op = 2, .spa = ADDRESS, .tpa = 0};
	uint8_t frame[60] = {0};
	struct wr fw = wr_of(frame, sizeof frame);

	memcpy(a.sha, switch_mac, 6);
	memcpy(a.tha, mac, 6);
	eth_write(&fw, mac, switch_mac, ETH_ARP);
	arp_write(&fw, &a);
	dt_phone_frame(w->ph, frame, sizeof frame, w->tci);
}

/* RFC 2131 4.4.1, RFC 5227 */
static void somebody_has_it(void **state)
{
	struct world *w = plugged();

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
	for (int i = 0; i < 3; i++) {
		uint32_t v;

		assert_true(asked(w));
		assert_int_equal(w->q.type, DHCP_DISCOVER);
		answer(w, offer);
		assert_true(asked(w));
		answer(w, ack);
		w->nframe = 0;
		pass(w, 200);
		taken(w);
		assert_true(asked(w));
		assert_int_equal(w->q.type, DHCP_DECLINE);
		assert_int_equal(w->q.ciaddr, 0);
		assert_true(dhcp_u32(&w->q, 50, &v) && v == ADDRESS);
		assert_int_equal(w->addresses, 0);
		pass(w, 9000);
		assert_false(asked(w)); /* "The client SHOULD wait a minimum of ten seconds" */
		pass(w, 1500);
	}
	assert_int_equal(w->results, 1);
	assert_int_equal(w->failure, DT_F_ADDRESS_TAKEN);
	unplug(w);
}

/* The ARP announcements of its address among the frames since the last call. */
static unsigned announced(struct world *w)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->nframe; i++) {
		struct rd r = rd_of(w->frame[i].p, w->frame[i].n);
		struct eth e;
		struct arp a;

		if (!eth_read(&r, &e) || e.type != ETH_ARP)
			continue;
		r = rd_of(e.payload.p, e.payload.n);
		n += arp_read(&r, &a) && a.spa == ADDRESS && a.tpa == ADDRESS;
	}
	w->nframe = 0;
	return n;
}

/* RFC 5227 2.3: "the host must broadcast ANNOUNCE_NUM ARP Announcements, spaced ANNOUNCE_INTERVAL seconds apart": two, two seconds. */
static void announces_twice(void **state)
{
	struct world *w = plugged();
	unsigned n;

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
	assert_true(asked(w));
	answer(w, offer);
	assert_true(asked(w));
	answer(w, ack);
	for (n = 0; n < 30 && w->addresses == 0; n++) {
		assert_int_equal(announced(w), 0); /* not while it is probed */
		pass(w, 100);
	}
	assert_int_equal(announced(w), 1);
	pass(w, 1900);
	assert_int_equal(announced(w), 0);
	pass(w, 150);
	assert_int_equal(announced(w), 1);
	pass(w, 10000);
	assert_int_equal(announced(w), 0);
	unplug(w);
}

/* RFC 5227 2.4 (b): "broadcasting one single ARP Announcement"; a second conflict "within DEFEND_INTERVAL seconds, then the host MUST
 * immediately cease using this address". */
static void defends_its_address(void **state)
{
	struct world *w = addressed();
	uint32_t v;

	(void)state;
	pass(w, 3000);
	announced(w);
	taken(w);
	assert_int_equal(announced(w), 1);
	pass(w, 11000);
	taken(w); /* long after the first: defended again */
	assert_int_equal(announced(w), 1);
	assert_int_equal(w->lease.address, ADDRESS);
	pass(w, 9000);
	taken(w);
	assert_true(asked_for(w, DHCP_DECLINE));
	assert_true(dhcp_u32(&w->q, 50, &v) && v == ADDRESS);
	assert_int_equal(w->last, DT_F_ADDRESS_TAKEN);
	assert_int_equal(w->lease.address, 0);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN); /* it begins again */
	unplug(w);
}

/* RFC 2131 4.4.5 */
static void renew_and_rebind(void **state)
{
	struct says lease = ack;
	struct world *w;

	(void)state;
	lease.seconds = 20; /* T1 after 10, T2 after 17.5 */
	w = addressed_by(lease);
	asked(w);
	pass(w, 6000);
	assert_false(asked(w));
	pass(w, 2000);
	assert_true(asked(w)); /* T1: to the one server */
	assert_int_equal(w->q.type, DHCP_REQUEST);
	assert_int_equal(w->q.ciaddr, ADDRESS);
	assert_null(w->q.option[50].p);
	assert_null(w->q.option[54].p);
	assert_int_equal(w->udp.src, ADDRESS);
	assert_int_equal(w->udp.dst, SERVER);
	assert_memory_equal(w->eth.dst, server_mac, 6);
	answer(w, lease);
	pass(w, 9000);
	assert_false(asked(w)); /* it has begun again */
	pass(w, 2000);
	assert_true(asked(w));
	assert_int_equal(w->udp.dst, SERVER);
	pass(w, 7500); /* T2: to everybody */
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_REQUEST);
	assert_int_equal(w->udp.dst, 0xffffffff);
	assert_int_equal(w->q.ciaddr, ADDRESS);
	assert_int_equal(w->lease.address, ADDRESS);
	pass(w, 3000); /* the end */
	assert_int_equal(w->lease.address, 0);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
	unplug(w);
}

/* T1 and T2 that say next to nothing, and a lease of next to nothing: RFC 2131's defaults count, and no storm of renewals. */
static void times_of_nothing(void **state)
{
	static const struct {
		struct sv t1, t2;
		uint32_t seconds, renewals; /* in 18 s, at the most */
	} rows[] = {
		{{"\0\0\0\0", 4}, {"\0\0\0\0", 4}, 30, 1}, {{"\0\0\0\1", 4}, {"\0\0\0\2", 4}, 30, 1},
		{{"\xff\xff\xff\xff", 4}, {0}, 30, 1},	      {{0}, {0}, 1, 2},
		{{0}, {0}, 3, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct says lease = ack;
		struct world *w;
		unsigned n = 0;

		lease.t1 = rows[i].t1;
		lease.t2 = rows[i].t2;
		lease.seconds = rows[i].seconds;
		w = addressed_by(lease);
		for (int ms = 0; ms < 18000; ms += 500) {
			while (asked(w))
				if (w->q.type == DHCP_REQUEST) {
					n++;
					answer(w, lease);
				}
			pass(w, 500);
		}
		if (n > rows[i].renewals || n == 0)
			fail_msg("row %zu: %u renewals", i, n);
		unplug(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(leases_refused),
	    cmocka_unit_test(three_naks),
	    cmocka_unit_test(one_nak),
	    cmocka_unit_test(silence),
	    cmocka_unit_test(silence_on_the_voice_vlan),
	    cmocka_unit_test(somebody_has_it), cmocka_unit_test(announces_twice), cmocka_unit_test(defends_its_address),
	    cmocka_unit_test(renew_and_rebind),
	    cmocka_unit_test(times_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
