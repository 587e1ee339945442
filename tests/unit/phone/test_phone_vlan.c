/* Stage 1 on a scripted body: what the phone makes of LLDP-MED, of DHCP, and of neither. */
#include "tests/support/phone_world.h"

static void no_link(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct dt_phone_conf c = conf_of(w);

	(void)state;
	w->ph = dt_phone_new(&c);
	dt_phone_start(w->ph);
	pass(w, 60000);
	assert_int_equal(w->results, 1);
	assert_false(w->ok);
	assert_int_equal(w->failure, DT_F_LINK_DOWN);
	assert_int_equal(w->nframe, 0);
	dt_phone_stop(w->ph);
	pass(w, 60000);
	assert_int_equal(w->timer, UINT64_MAX);
	unplug(w);
}

/* [network A.2] */
static void policies(void **state)
{
	static const struct {
		struct med_policy p;
		bool taken;
		unsigned vlan, prio, dscp;
		int tci;
	} rows[] = {
	    {{.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5, .dscp = 46}, true, 20, 5, 46, 5 << 13 | 20},
	    {{.app = MED_VOICE, .tagged = true, .vlan = 0, .prio = 5, .dscp = 46}, true, 0, 5, 46, 5 << 13},
	    {{.app = MED_VOICE, .tagged = false, .vlan = 20, .prio = 5, .dscp = 46}, true, 0, 0, 46, -1},
	    {{.app = MED_VOICE, .unknown = true}, false, 0, 0, 0, -1},
	    {{.app = MED_VOICE, .tagged = true, .vlan = 4095}, false, 0, 0, 0, -1},
	    {{.app = MED_VOICE_SIGNALLING, .tagged = true, .vlan = 30}, false, 0, 0, 0, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world *w = plugged();

		assert_int_equal(w->nframe, 1); /* it spoke first */
		assert_memory_equal(w->frame[0].p, lldp_group, 6);
		assert_int_equal(w->frame[0].tci, -1);
		{ /* [network A.6]: what MED wants of an endpoint; the policy asks */
			struct rd r = rd_of(w->frame[0].p + 14, w->frame[0].n - 14);
			struct lldp l;

			assert_true(lldp_read(&r, &l));
			assert_true(l.has_phy && l.has_med && l.med_class == MED_CLASS_3 && l.skipped == 0);
			assert_true(l.npolicy == 1 && l.policy[0].unknown && l.ttl == 120);
		}
		lldp(w, rows[i].p);
		assert_int_equal(dt_phone_stage(w->ph), rows[i].taken ? DT_STAGE_ADDRESS : DT_STAGE_VLAN);
		assert_int_equal(w->vlan, rows[i].vlan);
		assert_int_equal(w->prio, rows[i].prio);
		assert_int_equal(w->dscp, rows[i].dscp);
		if (!rows[i].taken) {
			assert_false(asked(w));
			pass(w, 6000);
		}
		assert_true(asked(w));
		assert_int_equal(w->q.type, DHCP_DISCOVER);
		assert_int_equal(w->tci, rows[i].tci);
		unplug(w);
	}
}

/* "it keeps the VLAN, gives the lease back" */
static void vlan_by_dhcp(void **state)
{
	static const struct {
		const char *hex;
		unsigned vlan;
	} rows[] = {{"0a020014ff", 20}, {"0a020014", 20}, {"0a020fff", 0}, {"0a020000", 0}, {"0105", 0}, {"", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world *w = plugged();
		struct buf v = {0};
		struct says s = ack;

		hex_of(&v, rows[i].hex);
		s.option43 = buf_view(&v);
		pass(w, 7000);
		assert_true(asked(w));
		assert_int_equal(w->tci, -1);
		assert_true(sv_eq(w->q.option[60], SV(DHCP_CLASS_VLAN)));
		answer(w, offer);
		assert_true(asked(w));
		assert_int_equal(w->q.type, DHCP_REQUEST);
		w->nframe = 0;
		answer(w, s);
		assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_ADDRESS);
		assert_int_equal(w->vlan, rows[i].vlan);
		/* RELEASE where the lease came from, then DISCOVER on the VLAN */
		assert_true(asked_for(w, DHCP_RELEASE));
		assert_int_equal(w->q.ciaddr, ADDRESS);
		assert_int_equal(w->udp.dst, SERVER);
		assert_memory_equal(w->eth.dst, server_mac, 6);
		assert_int_equal(w->tci, -1);
		assert_true(asked(w));
		assert_int_equal(w->q.type, DHCP_DISCOVER);
		assert_int_equal(w->tci, rows[i].vlan ? (int)rows[i].vlan : -1);
		buf_free(&v);
		unplug(w);
	}
}

/* The phone of the doctor waits a second less than one that lives in the network, unless the user says how long. */
static void how_long_lldp_is_waited_for(void **state)
{
	static const struct {
		bool brief;
		unsigned wait_s, s;
	} rows[] = {{false, 0, 6}, {true, 0, 5}, {true, 9, 9}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world *w = calloc(1, sizeof *w);
		struct dt_phone_conf c = conf_of(w);

		c.brief = rows[i].brief;
		c.lldp_wait_s = rows[i].wait_s;
		w->ph = dt_phone_new(&c);
		dt_phone_start(w->ph);
		dt_phone_link(w->ph, true);
		pass(w, rows[i].s * 1000 - 1);
		assert_false(asked(w));
		pass(w, 1);
		assert_true(asked(w));
		unplug(w);
	}
}

static void vlan_cannot_be_joined(void **state)
{
	struct world *w = plugged();

	(void)state;
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 666});
	assert_int_equal(w->last, DT_F_VLAN_JOIN);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_ADDRESS); /* it goes on without */
	assert_true(asked(w));
	assert_int_equal(w->tci, -1);
	unplug(w);
}

/* V-13: a switch without fast start */
static void lldp_too_late(void **state)
{
	struct world *w = plugged();

	(void)state;
	pass(w, 60000);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_ADDRESS);
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
	assert_string_equal(w->said, "lldp-too-late");
	w->said[0] = '\0';
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
	assert_string_equal(w->said, "");
	assert_int_equal(w->vlan, 0);
	unplug(w);
}

/* The switch changes its mind: the phone begins again, on the other VLAN. */
static void another_vlan(void **state)
{
	struct world *w = addressed();

	(void)state;
	asked(w);
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5, .dscp = 46});
	assert_false(asked(w));
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 30, .prio = 5, .dscp = 46});
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_RELEASE);
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 30, .prio = 5, .dscp = 46});
	assert_int_equal(w->vlan, 30);
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_DISCOVER);
	assert_int_equal(w->tci & 0xfff, 30);
	unplug(w);
}

/* [network A.4]: "First usable voice policy wins; when two neighbours give different VLANs take the one whose
 * capabilities include bridge, report conflict." */
static void two_neighbours(void **state)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 9};
	const struct med_policy v20 = {.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5},
				v30 = {.app = MED_VOICE, .tagged = true, .vlan = 30, .prio = 5};
	struct world *w = plugged();

	(void)state;
	/* a phone behind a hub tells what it uses: that is no policy for this one */
	lldp_of(w, other, MED_CLASS_3, LLDP_CAP_BRIDGE | LLDP_CAP_TELEPHONE, v30);
	lldp_of(w, other, 1, 0, v30);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
	/* one that is no bridge: taken, while nobody else speaks */
	lldp_of(w, other, 0, 0, v30);
	assert_int_equal(w->vlan, 30);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_ADDRESS);
	/* the switch: it counts, and the other does not any more */
	lldp_of(w, switch_mac, 0, LLDP_CAP_BRIDGE, v20);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
	lldp_of(w, other, 0, 0, v30);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
	lldp_of(w, switch_mac, 0, LLDP_CAP_BRIDGE, v20);
	assert_int_equal(w->vlan, 20);
	lldp_of(w, other, 0, 0, v30);
	lldp_of(w, other, MED_NETWORK, 0, v30); /* a second bridge: a conflict, and the first one counts */
	assert_int_equal(w->vlan, 20);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_ADDRESS);
	assert_int_equal(w->warned, 2);
	dt_phone_link(w->ph, false); /* another port, with another switch */
	dt_phone_link(w->ph, true);
	assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
	lldp_of(w, other, 0, 0, v30);
	assert_int_equal(w->vlan, 30);
	unplug(w);
}

/* The LLDPDUs among the frames that the phone has sent since the last call: how many, and the last one. */
static unsigned told(struct world *w, struct lldp *last)
{
	unsigned n = 0;

	for (unsigned i = 0; i < w->nframe; i++) {
		struct rd r = rd_of(w->frame[i].p, w->frame[i].n);
		struct eth e;

		if (!eth_read(&r, &e) || e.type != ETH_LLDP)
			continue;
		r = rd_of(e.payload.p, e.payload.n);
		assert_true(lldp_read(&r, last));
		assert_int_equal(w->frame[i].tci, -1);
		n++;
	}
	w->nframe = 0;
	return n;
}

/* TIA-1057 11.2.1, fast start: "medFastStartRepeatCount" (3) LLDPDUs one second apart, then 802.1AB's msgTxInterval of 30 s. */
static void fast_start(void **state)
{
	struct world *w = plugged();
	struct lldp l;

	(void)state;
	assert_int_equal(told(w, &l), 1);
	assert_true(l.policy[0].unknown);
	pass(w, 1000);
	assert_int_equal(told(w, &l), 1);
	pass(w, 1000);
	assert_int_equal(told(w, &l), 1);
	pass(w, 3900);
	assert_int_equal(told(w, &l), 0);
	unplug(w);
}

/* 802.1AB 9.2.5.4, somethingChangedLocal: a changed policy is told at once, and fast. */
static void a_policy_is_confirmed_at_once(void **state)
{
	struct world *w = plugged();
	struct lldp l;

	(void)state;
	told(w, &l);
	pass(w, 300);
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5, .dscp = 46});
	assert_int_equal(told(w, &l), 1);
	assert_true(l.npolicy == 1 && !l.policy[0].unknown && l.policy[0].tagged && l.policy[0].vlan == 20);
	assert_true(l.policy[0].prio == 5 && l.policy[0].dscp == 46);
	for (int i = 0; i < 2; i++) {
		pass(w, 1000);
		assert_int_equal(told(w, &l), 1);
	}
	pass(w, 29900);
	assert_int_equal(told(w, &l), 0);
	pass(w, 200);
	assert_int_equal(told(w, &l), 1);
	unplug(w);
}

/* 802.1AB 9.1.2.2: "a shutdown LLDPDU", with the three mandatory TLVs, a time to live of 0, and no other. */
static void it_says_that_it_ends(void **state)
{
	struct world *w = plugged();
	struct lldp l;

	(void)state;
	told(w, &l);
	dt_phone_stop(w->ph);
	pass(w, 10000);
	assert_int_equal(told(w, &l), 1);
	assert_int_equal(l.ttl, 0);
	assert_true(!l.has_med && !l.has_caps && l.npolicy == 0);
	assert_memory_equal(l.chassis.p, mac, 6);
	unplug(w);
}

/* 802.1AB 9.2.7.7.2: a neighbour that says that it ends, or whose time to live is over, is forgotten: the next one may be another. */
static void a_neighbour_that_has_gone(void **state)
{
	static const uint8_t other[6] = {2, 0, 0, 0, 0, 9};
	const struct med_policy v20 = {.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5},
				v30 = {.app = MED_VOICE, .tagged = true, .vlan = 30, .prio = 5};

	(void)state;
	for (int silent = 0; silent < 2; silent++) {
		struct world *w = addressed(); /* on VLAN 20, from a switch */

		lldp(w, v20);
		lldp_of(w, other, MED_NETWORK, 0, v30);
		assert_int_equal(w->vlan, 20); /* a conflict, while both are there */
		if (silent) {
			pass(w, 119000);
			lldp_of(w, other, MED_NETWORK, 0, v30);
			assert_int_not_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
			pass(w, 1100);
		} else {
			lldp_ttl = 0;
			lldp(w, v20);
			lldp_ttl = 120;
		}
		lldp_of(w, other, MED_NETWORK, 0, v30);
		assert_int_equal(dt_phone_stage(w->ph), DT_STAGE_VLAN);
		lldp_of(w, other, MED_NETWORK, 0, v30);
		assert_int_equal(w->vlan, 30);
		unplug(w);
	}
}

/* A frame that came and had to be dropped is told as that, not as silence. */
static void dropped_is_not_silence(void **state)
{
	static const struct {
		const char *frame, *said;
	} rows[] = {{"lldp-ttl-not-third/frame.bin", "lldp-malformed"}, {"lldp-policy-9-octets/frame.bin", "lldp-policy-bad"}};
	const char *dir = getenv("TEST_VECTORS");

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world *w = plugged();
		struct buf b = {0};
		char path[512];

		snprintf(path, sizeof path, "%s/reports/%s", dir ? dir : "tests/vectors", rows[i].frame);
		assert_int_equal(file_read(path, 2000, &b), 0);
		dt_phone_frame(w->ph, b.p, b.n, -1);
		assert_int_equal(w->vlan, 0);
		pass(w, 7000);
		assert_string_equal(w->said, rows[i].said);
		buf_free(&b);
		unplug(w);
	}
}

/* A serial number longer than LLDP-MED's 32 octets is cut there: the phone does not fall silent. */
static void long_serial(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct dt_phone_conf c = conf_of(w);
	struct lldp l;
	struct eth e;
	struct rd r;

	(void)state;
	c.serial = "0123456789abcdef0123456789abcdef-and-more";
	w->ph = dt_phone_new(&c);
	dt_phone_start(w->ph);
	dt_phone_link(w->ph, true);
	assert_int_equal(w->nframe, 1);
	r = rd_of(w->frame[0].p, w->frame[0].n);
	assert_true(eth_read(&r, &e));
	r = rd_of(e.payload.p, e.payload.n);
	assert_true(lldp_read(&r, &l));
	assert_true(sv_eq(l.serial, SV("0123456789abcdef0123456789abcdef")));
	unplug(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_link),
	    cmocka_unit_test(policies),
	    cmocka_unit_test(vlan_by_dhcp),
	    cmocka_unit_test(how_long_lldp_is_waited_for),
	    cmocka_unit_test(vlan_cannot_be_joined),
	    cmocka_unit_test(lldp_too_late),
	    cmocka_unit_test(another_vlan),
	    cmocka_unit_test(two_neighbours),
	    cmocka_unit_test(long_serial),
	    cmocka_unit_test(dropped_is_not_silence),
	    cmocka_unit_test(fast_start),
	    cmocka_unit_test(a_policy_is_confirmed_at_once),
	    cmocka_unit_test(it_says_that_it_ends),
	    cmocka_unit_test(a_neighbour_that_has_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
