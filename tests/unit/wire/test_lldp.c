/* tests/unit/wire/test_lldp.c */
#include "wire/lldp.h"
#include "tests/support/check.h"

enum { ETHERNET = 14 };

static const char *const vectors[] = {"lldp/switch.hex", "lldp/phone.hex", "lldp/shutdown.hex"};

static bool read_at(const struct buf *v, struct lldp *ret)
{
	struct rd r = rd_of(v->p + ETHERNET, v->n - ETHERNET);

	return lldp_read(&r, ret);
}

static void a_switch(void **state)
{
	struct buf v = {0};
	struct lldp l;
	const struct med_policy *p;

	(void)state;
	vector_read(&v, "lldp/switch.hex");
	assert_memory_equal(v.p, lldp_group, 6);
	assert_true(read_at(&v, &l));
	assert_int_equal(l.chassis_subtype, 4);
	assert_true(sv_eq(l.chassis, SV("\x00\x1b\x21\xaa\xbb\x01")));
	assert_int_equal(l.port_subtype, 5);
	assert_true(sv_eq(l.port, SV("Gi1/0/7")));
	assert_int_equal(l.ttl, 120);
	assert_true(sv_eq(l.sys_name, SV("access-sw1")));
	assert_true(l.has_caps && l.caps == (LLDP_CAP_BRIDGE | LLDP_CAP_ROUTER) && l.caps_on == LLDP_CAP_BRIDGE);
	assert_true(l.has_pvid && l.pvid == 10);
	assert_true(l.has_med && l.med_caps == 3 && l.med_class == MED_NETWORK);
	p = lldp_policy(&l, MED_VOICE);
	assert_non_null(p);
	assert_true(p->tagged && !p->unknown && p->vlan == 200 && p->prio == 5 && p->dscp == 46);
	assert_null(lldp_policy(&l, MED_VOICE_SIGNALLING));
	assert_int_equal(l.skipped, 0);
	buf_free(&v);
}

static void a_phone(void **state)
{
	struct buf v = {0};
	struct lldp l;

	(void)state;
	vector_read(&v, "lldp/phone.hex");
	assert_true(read_at(&v, &l));
	assert_int_equal(l.med_class, MED_CLASS_3);
	assert_int_equal(l.med_caps, 0x33);
	assert_int_equal(l.npolicy, 1);
	assert_true(l.policy[0].unknown);
	assert_null(lldp_policy(&l, MED_VOICE));
	assert_true(sv_eq(l.model, SV("CX600")));
	assert_true(sv_eq(l.sw_rev, SV("4.0.7577.4387")));
	assert_true(sv_eq(l.maker, SV("POLYCOM")));
	assert_null(l.serial.p);
	assert_true(l.has_phy && l.autonegotiation == 3 && l.advertised == 0x6c01 && l.mau == 30);
	assert_int_equal(l.skipped, 0);
	buf_free(&v);
}

/* [network A.6]: whole TLVs; the value after OUI and subtype is read, written and cut. */
static void policies(void **state)
{
	static const struct {
		const char *octets;
		struct med_policy p;
	} row[] = {
	    {"01 41 91 6E", {MED_VOICE, false, true, 200, 5, 46}},
	    {"01 5F FD A8", {MED_VOICE, false, true, 4094, 6, 40}},
	    {"01 40 01 6E", {MED_VOICE, false, true, 0, 5, 46}},
	    {"01 00 00 2E", {MED_VOICE, false, false, 0, 0, 46}},
	    {"01 80 00 00", {MED_VOICE, true, false, 0, 0, 0}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct buf v = {0};
		uint8_t out[4];
		struct wr w = wr_of(out, sizeof out);

		hex_of(&v, row[i].octets);
		for (size_t n = 0; n <= v.n + 1; n++) {
			struct med_policy p = {.vlan = 7};
			uint8_t *in = exact_copy(v.p, v.n, n);
			struct rd r = rd_of(in, n);

			if (n == v.n) {
				assert_true(med_policy_read(&r, &p));
				assert_memory_equal(&p, &row[i].p, sizeof p);
			} else {
				assert_false(med_policy_read(&r, &p));
				assert_int_equal(p.vlan, 7);
			}
			free(in);
		}
		med_policy_write(&w, &row[i].p);
		assert_null(w.err);
		assert_memory_equal(out, v.p, 4);
		buf_free(&v);
	}
}

/* A frame may lack its End; but it never ends within a TLV, nor before the three that must be there. */
static void cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct buf v = {0};
		struct rd whole;
		size_t at = 0;
		unsigned tlv = 0;

		vector_read(&v, vectors[i]);
		whole = rd_of(v.p + ETHERNET, v.n - ETHERNET);
		for (size_t n = 0; n <= v.n - ETHERNET; n++) {
			uint8_t *in = exact_copy(v.p + ETHERNET, v.n - ETHERNET, n);
			struct rd r = rd_of(in, n);
			struct lldp l = {.ttl = 0x7777};
			bool ok = lldp_read(&r, &l);

			while (at < n && whole.p < whole.end) { /* where does the next TLV end? */
				at += 2 + (rd_be(&whole, 2) & 0x1ff);
				rd_take(&whole, at - rd_at(&whole));
				tlv++;
			}
			assert_int_equal(ok, n == at && tlv >= 3);
			assert_int_equal(l.ttl == 0x7777, !ok);
			free(in);
		}
		buf_free(&v);
	}
}

/* What a switch pads behind End is not looked at. */
static void padding(void **state)
{
	struct buf v = {0};
	struct lldp l;

	(void)state;
	vector_read(&v, "lldp/shutdown.hex");
	buf_add(&v, "\xff\xff\xff\xff\xff", 5);
	assert_true(read_at(&v, &l));
	assert_int_equal(l.ttl, 0);
	buf_free(&v);
}

#define MANDATORY "02 07 04 00 04 F2 00 01 76 04 07 03 00 04 F2 00 01 76 06 02 00 78 "

static void order(void **state)
{
	static const struct {
		const char *octets;
		bool ok;
		unsigned skipped;
	} row[] = {
	    {MANDATORY "00 00", true, 0},
	    {MANDATORY, true, 0},
	    {"04 07 03 00 04 F2 00 01 76 02 07 04 00 04 F2 00 01 76 06 02 00 78 00 00", false, 0},
	    {"02 07 04 00 04 F2 00 01 76 06 02 00 78 04 07 03 00 04 F2 00 01 76 00 00", false, 0},
	    {MANDATORY "06 02 00 78 00 00", false, 0},		  /* Time To Live twice */
	    {MANDATORY "02 07 04 00 04 F2 00 01 76 00 00", false, 0}, /* Chassis ID twice */
	    {"02 01 04 04 07 03 00 04 F2 00 01 76 06 02 00 78 00 00", false, 0}, /* an empty identifier */
	    {"02 07 04 00 04 F2 00 01 76 04 07 03 00 04 F2 00 01 76 06 01 78 00 00", false, 0}, /* one octet of TTL */
	    {MANDATORY "0E 03 00 24 00 00 00", true, 1},	  /* capabilities too short: passed over */
	    {MANDATORY "FE 07 00 12 BB 02 01 41 91 00 00", true, 1}, /* a policy too short: passed over */
	    {MANDATORY "FE 03 00 12 BB 00 00", true, 1},	  /* no subtype */
	    {MANDATORY "FE 06 00 80 C2 01 00 0A FE 06 00 80 C2 01 00 0B 00 00", true, 1}, /* the first one counts */
	    {MANDATORY "FE 08 00 12 0F 01 03 6C 01 00 00 00", true, 1},	  /* MAC/PHY too short: passed over */
	    {MANDATORY "12 04 01 02 03 04 00 00", true, 1},	  /* a type not known */
	    {MANDATORY "0A FF 61 62", false, 0},		  /* runs past the frame */
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct buf v = {0};
		struct lldp l;
		struct rd r;

		hex_of(&v, row[i].octets);
		r = rd_of(v.p, v.n);
		if (lldp_read(&r, &l) != row[i].ok)
			fail_msg("row %zu: %s", i, r.err ? r.err : "it was read");
		if (row[i].ok)
			assert_int_equal(l.skipped, row[i].skipped);
		buf_free(&v);
	}
}

static void round_trip(void **state)
{
	struct lldp l = {
	    .chassis_subtype = 4,
	    .port_subtype = 3,
	    .chassis = SV("\x00\x04\xf2\x00\x01\x76"),
	    .port = SV("\x00\x04\xf2\x00\x01\x76"),
	    .ttl = 121,
	    .port_desc = SV("LAN"),
	    .sys_name = SV("CX600"),
	    .sys_desc = SV("an IP phone"),
	    .has_caps = true,
	    .caps = LLDP_CAP_BRIDGE | LLDP_CAP_TELEPHONE,
	    .caps_on = LLDP_CAP_TELEPHONE,
	    .has_pvid = true,
	    .pvid = 4094,
	    .has_phy = true,
	    .autonegotiation = 3,
	    .advertised = 0x6c01,
	    .mau = 30,
	    .has_med = true,
	    .med_caps = MED_CAP_CAPABILITIES | MED_CAP_POLICY | MED_CAP_INVENTORY,
	    .med_class = MED_CLASS_3,
	    .policy = {{MED_VOICE, true, false, 0, 0, 0}, {MED_VOICE_SIGNALLING, false, true, 4095, 7, 63}},
	    .npolicy = 2,
	    .hw_rev = SV("A"),
	    .fw_rev = SV("1"),
	    .sw_rev = SV("4.0.7577.4387"),
	    .serial = SV("0004F2000176"),
	    .maker = SV("POLYCOM"),
	    .model = SV("CX600"),
	    .asset = SV("12345678901234567890123456789012"),
	};
	uint8_t out[512], again[512];
	struct wr w = wr_of(out, sizeof out), w2 = wr_of(again, sizeof again);
	struct lldp back;
	struct rd r;

	(void)state;
	lldp_write(&w, &l);
	assert_null(w.err);
	r = rd_of(out, wr_n(&w));
	assert_true(lldp_read(&r, &back));
	assert_int_equal(back.skipped, 0);
	assert_true(sv_eq(back.asset, l.asset) && sv_eq(back.port_desc, l.port_desc) && back.pvid == 4094 && back.mau == 30);
	assert_memory_equal(back.policy, l.policy, sizeof l.policy);
	lldp_write(&w2, &back);
	assert_int_equal(wr_n(&w2), wr_n(&w));
	assert_memory_equal(again, out, wr_n(&w));

	l.asset = SV("123456789012345678901234567890123"); /* 33 */
	w = wr_of(out, sizeof out);
	lldp_write(&w, &l);
	assert_non_null(w.err);
	for (size_t n = 0; n < wr_n(&w2); n++) { /* too little room is an error, not a short frame */
		uint8_t *small = exact_copy("", 0, n);

		w = wr_of(small, n);
		lldp_write(&w, &back);
		assert_non_null(w.err);
		free(small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_switch), cmocka_unit_test(a_phone), cmocka_unit_test(policies), cmocka_unit_test(cut),
	    cmocka_unit_test(padding),	cmocka_unit_test(order),   cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
