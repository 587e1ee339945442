/* The phone on a scripted body: what it sends on the wire in stages 1 and 2, what it does with what comes back, and that
 * nothing that may come back upsets it.
 */
#include "check.h"

#include <endian.h>
#include <errno.h>

#include "dialtone/phone.h"
#include "wire/dhcp.h"
#include "wire/eth.h"
#include "wire/lldp.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define SERVER IP(10, 20, 0, 1)
#define ADDRESS IP(10, 20, 0, 100)
#define FRAMES 64

static const uint8_t switch_mac[6] = {2, 0, 0, 0, 0, 1}, server_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t mac[6] = {0x00, 0x04, 0xf2, 0x12, 0x34, 0x56};

struct world {
	uint64_t mono, timer, seed;
	struct {
		uint8_t p[1600];
		size_t n;
		int tci;
	} frame[FRAMES];
	unsigned nframe;
	unsigned vlan, prio, dscp, vlans;
	struct dt_lease lease;
	unsigned addresses, udps, names, streams;
	uint32_t udp_to;
	unsigned dns_id;
	char dns_name[DT_NAME_MAX];
	unsigned results;
	bool ok;
	enum dt_failure failure, last;
	enum dt_stage stage;
	struct dhcp q; /* the last DHCP message that the phone sent, and how */
	struct eth eth;
	struct udp udp;
	int tci;
	unsigned warned; /* attempts that say that a second neighbour tells another VLAN */
	char told[1024]; /* what the attempts "dhcp-inform" came to */
	char said[320];	 /* why, or what the warning was, of the last attempt "dhcp" or "lldp-med" */
	struct dt_phone *ph;
};

static uint64_t b_mono(void *arg)
{
	return ((struct world *)arg)->mono;
}
static int64_t b_unix(void *arg)
{
	return 1795000000000 + (int64_t)((struct world *)arg)->mono;
}
static void b_random(void *arg, void *p, size_t n)
{
	struct world *w = arg;

	for (size_t i = 0; i < n; i++) {
		w->seed = w->seed * 6364136223846793005ull + 1442695040888963407ull;
		((uint8_t *)p)[i] = (uint8_t)(w->seed >> 56);
	}
}
static void b_timer(void *arg, uint64_t at)
{
	((struct world *)arg)->timer = at;
}
static int b_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	struct world *w = arg;

	assert_true(n >= 14 && n <= 1518);
	assert_memory_equal(frame + 6, mac, 6);
	if (w->nframe < FRAMES) {
		memcpy(w->frame[w->nframe].p, frame, n);
		w->frame[w->nframe].n = n;
		w->frame[w->nframe].tci = tci;
		w->nframe++;
	}
	return 0;
}
static int b_vlan(void *arg, unsigned vlan, unsigned prio, unsigned dscp)
{
	struct world *w = arg;

	w->vlan = vlan;
	w->prio = prio;
	w->dscp = dscp;
	w->vlans++;
	return vlan == 666 ? -EPERM : 0;
}
static int b_address(void *arg, const struct dt_lease *l)
{
	struct world *w = arg;

	w->lease = l ? *l : (struct dt_lease){0};
	w->addresses++;
	return 0;
}
static int b_udp(void *arg, uint32_t address, uint16_t port, const void *p, size_t n)
{
	struct world *w = arg;

	(void)p;
	assert_int_equal(port, 123);
	assert_int_equal(n, 48);
	w->udp_to = address;
	w->udps++;
	return 0;
}
static int b_dns(void *arg, unsigned id, const char *name, enum dt_rr type)
{
	struct world *w = arg;

	(void)type;
	w->names++;
	w->dns_id = id;
	snprintf(w->dns_name, sizeof w->dns_name, "%s", name);
	return 0;
}
static int b_stream(void *arg, unsigned id, const struct dt_stream_conf *c)
{
	(void)id;
	(void)c;
	((struct world *)arg)->streams++;
	return 0;
}
static int b_send(void *arg, unsigned id, const void *p, size_t n)
{
	(void)arg;
	(void)id;
	(void)p;
	(void)n;
	return 0;
}
static void b_close(void *arg, unsigned id)
{
	(void)arg;
	(void)id;
}
static int b_key(void *arg, unsigned id)
{
	(void)arg;
	(void)id;
	return 0;
}
static long b_load(void *arg, const char *name, void *p, size_t cap)
{
	(void)arg;
	(void)name;
	(void)p;
	(void)cap;
	return -ENOENT;
}
static int b_save(void *arg, const char *name, const void *p, size_t n)
{
	(void)arg;
	(void)name;
	(void)p;
	(void)n;
	return 0;
}
static int b_forget(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return 0;
}
static int64_t b_slot_size(void *arg, unsigned slot)
{
	(void)arg;
	(void)slot;
	return 0;
}
static int b_slot_catalog(void *arg, unsigned slot, void *p, size_t cap)
{
	(void)arg;
	(void)slot;
	(void)p;
	(void)cap;
	return -ENOENT;
}
static void b_record(void *arg, const struct dt_record *r)
{
	struct world *w = arg;

	assert_in_range(r->failure, 0, DT_FAILURE_COUNT - 1);
	assert_true(r->why == NULL || strstr(r->why, "73914") == NULL);
	assert_true(r->what == NULL || strstr(r->what, "73914") == NULL);
	if (r->failure != DT_F_OK)
		w->last = r->failure;
	if (r->kind == DT_REC_ATTEMPT && (strcmp(r->what, "dhcp") == 0 || strcmp(r->what, "lldp-med") == 0))
		snprintf(w->said, sizeof w->said, "%s", r->why ? r->why : r->warn ? r->warn : "");
	w->warned += r->warn && strstr(r->warn, "a second neighbour");
	if (r->kind == DT_REC_ATTEMPT && strcmp(r->what, "dhcp-inform") == 0) {
		size_t n = strlen(w->told);

		snprintf(w->told + n, sizeof w->told - n, "%s %s%s%s%s%s;", r->ok ? "ok" : "no", r->found ? r->found : "",
			 r->why ? r->why : "", r->warn ? " (" : "", r->warn ? r->warn : "", r->warn ? ")" : "");
	}
	if (r->kind == DT_REC_RESULT) {
		w->results++;
		w->ok = r->ok;
		w->failure = r->failure;
		w->stage = r->stage;
	}
}

static const struct dt_body body = {
    .mono_ms = b_mono, .unix_ms = b_unix, .random = b_random, .timer = b_timer, .frame = b_frame, .vlan = b_vlan,
    .address = b_address, .udp = b_udp, .dns = b_dns, .stream = b_stream, .stream_send = b_send, .stream_close = b_close,
    .make_key = b_key, .load = b_load, .save = b_save, .forget = b_forget, .slot_size = b_slot_size,
    .slot_catalog = b_slot_catalog, .record = b_record,
};

static struct dt_phone_conf conf_of(struct world *w)
{
	struct dt_phone_conf c = {.body = &body, .arg = w, .model = dt_model_find("cx600"), .serial = "7E5C0012",
				  .number = "4411", .pin = "73914"};

	memcpy(c.mac, mac, 6);
	return c;
}

static struct world *plugged(void)
{
	struct world *w = calloc(1, sizeof *w);
	struct dt_phone_conf c;

	assert_non_null(w);
	w->mono = 5000;
	w->seed = 4;
	c = conf_of(w);
	w->ph = dt_phone_new(&c);
	assert_non_null(w->ph);
	dt_phone_start(w->ph);
	dt_phone_link(w->ph, true);
	return w;
}

static void unplug(struct world *w)
{
	dt_phone_free(w->ph);
	free(w);
}

/* Runs timers until `ms` later. */
static void pass(struct world *w, uint64_t ms)
{
	uint64_t end = w->mono + ms;

	while (w->timer <= end) {
		if (w->timer > w->mono)
			w->mono = w->timer;
		w->timer = UINT64_MAX;
		dt_phone_timer(w->ph);
	}
	w->mono = end;
}

/* ---- the other side of the cable --------------------------------------------------------------------------- */

static size_t lldp_frame_of(uint8_t out[600], const uint8_t from[6], uint8_t class, uint16_t caps, struct med_policy p)
{
	struct lldp l = {.chassis_subtype = 4, .chassis = {(const char *)from, 6}, .port_subtype = 7, .port = SV("1"),
			 .ttl = 120, .sys_name = SV("sw"), .has_caps = caps > 0, .caps = caps, .caps_on = caps,
			 .has_med = class > 0, .med_caps = 3, .med_class = class, .npolicy = 1, .policy = {p}};
	struct wr w = wr_of(out, 600);

	eth_write(&w, lldp_group, from, ETH_LLDP);
	lldp_write(&w, &l);
	assert_false(w.err);
	return wr_n(&w);
}

static size_t lldp_frame(uint8_t out[600], struct med_policy p)
{
	return lldp_frame_of(out, switch_mac, MED_NETWORK, 0, p);
}

static void lldp_of(struct world *w, const uint8_t from[6], uint8_t class, uint16_t caps, struct med_policy p)
{
	uint8_t frame[600];
	size_t n = lldp_frame_of(frame, from, class, caps, p);
	uint8_t *exact = exact_copy(frame, n, n);

	dt_phone_frame(w->ph, exact, n, -1);
	free(exact);
}

static void lldp(struct world *w, struct med_policy p)
{
	lldp_of(w, switch_mac, MED_NETWORK, 0, p);
}

static bool read_asked(struct world *w, unsigned i)
{
	struct rd r = rd_of(w->frame[i].p, w->frame[i].n), ip, d;

	if (!eth_read(&r, &w->eth) || w->eth.type != ETH_IPV4)
		return false;
	ip = rd_of(w->eth.payload.p, w->eth.payload.n);
	assert_true(udp_read(&ip, &w->udp)); /* its checksums are right */
	assert_int_equal(w->udp.dport, 67);
	d = rd_of(w->udp.payload.p, w->udp.payload.n);
	assert_true(dhcp_read(&d, &w->q));
	assert_memory_equal(w->q.chaddr, mac, 6);
	w->tci = w->frame[i].tci;
	return true;
}

/* A DHCP message of that type was among the frames. */
static bool asked_for(struct world *w, uint8_t type)
{
	for (unsigned i = 0; i < w->nframe; i++)
		if (read_asked(w, i) && w->q.type == type)
			return true;
	return false;
}

/* The last DHCP message among the frames; false: none since the last call. */
static bool asked(struct world *w)
{
	bool found = false;

	for (unsigned i = 0; i < w->nframe; i++)
		found |= read_asked(w, i);
	w->nframe = 0;
	return found;
}

struct says {
	uint8_t type;
	uint32_t address, mask, seconds;
	struct sv option43;
	bool other_xid, other_mac;
	struct sv domain; /* p NULL: contoso.test */
	uint32_t option42, option4; /* 0: absent */
	struct sv option120;
	uint32_t server; /* 0: SERVER */
	uint32_t router; /* 0: the server; NO_ROUTER: absent */
};
#define NO_ROUTER 1

static size_t dhcp_frame(const struct world *w, const struct says *s, uint8_t out[1518])
{
	struct dhcp *a = calloc(1, sizeof *a);
	uint32_t server = htobe32(s->server ? s->server : SERVER), mask = htobe32(s->mask), lease = htobe32(s->seconds), option42 = htobe32(s->option42),
		 option4 = htobe32(s->option4), router;
	uint8_t bytes[DHCP_SIZE_MAX];
	struct wr pw = wr_of(bytes, sizeof bytes), fw = wr_of(out, 1518);
	struct udp u = {.src = SERVER, .dst = 0xffffffff, .sport = 67, .dport = 68};

	assert_non_null(a);
	a->op = 2;
	a->xid = w->q.xid ^ (s->other_xid ? 1u : 0u);
	a->yiaddr = s->address;
	memcpy(a->chaddr, mac, 6);
	a->chaddr[5] ^= s->other_mac;
	a->type = s->type;
	a->option[53] = (struct sv){(const char *)&s->type, 1};
	a->option[54] = (struct sv){(const char *)&server, 4};
	if (s->mask)
		a->option[1] = (struct sv){(const char *)&mask, 4};
	router = htobe32(s->router ? s->router : be32toh(server));
	a->option[6] = (struct sv){(const char *)&server, 4};
	if (s->router != NO_ROUTER)
		a->option[3] = (struct sv){(const char *)&router, 4};
	a->option[15] = s->domain.p ? s->domain : SV("contoso.test");
	if (s->seconds)
		a->option[51] = (struct sv){(const char *)&lease, 4};
	a->option[43] = s->option43;
	a->option[120] = s->option120;
	if (option42)
		a->option[42] = (struct sv){(const char *)&option42, 4};
	if (option4)
		a->option[4] = (struct sv){(const char *)&option4, 4};
	dhcp_write(&pw, a);
	assert_false(pw.err);
	u.payload = (struct sv){(const char *)bytes, wr_n(&pw)};
	eth_write(&fw, mac, server_mac, ETH_IPV4);
	udp_write(&fw, &u, 0);
	assert_false(fw.err);
	free(a);
	return wr_n(&fw);
}

static void answer_tci(struct world *w, struct says s, int tci)
{
	uint8_t frame[1518];
	size_t n = dhcp_frame(w, &s, frame);
	uint8_t *exact = exact_copy(frame, n, n);

	dt_phone_frame(w->ph, exact, n, tci);
	free(exact);
}

static void answer(struct world *w, struct says s)
{
	answer_tci(w, s, w->tci);
}

static const struct says offer = {.type = DHCP_OFFER, .address = ADDRESS, .mask = 0xffffff00, .seconds = 600},
			 ack = {.type = DHCP_ACK, .address = ADDRESS, .mask = 0xffffff00, .seconds = 600};

/* Up to the address in use, on VLAN 20. */
static struct world *addressed_by(struct says s)
{
	struct world *w = plugged();

	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5, .dscp = 46});
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_DISCOVER);
	answer(w, offer);
	assert_true(asked(w));
	assert_int_equal(w->q.type, DHCP_REQUEST);
	answer(w, s);
	pass(w, 3000); /* the probes */
	assert_int_equal(w->lease.address, ADDRESS);
	return w;
}

static struct world *addressed(void)
{
	return addressed_by(ack);
}

/* ---- tests ------------------------------------------------------------------------------------------------- */

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

/* network reference A.2 */
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
		{ /* network reference A.6: what MED wants of an endpoint; the policy asks */
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

/* What is odd about a lease is told with it: I-02, I-04, I-05, V-10. */
static void odd_leases(void **state)
{
	static const struct {
		struct says s;
		const char *said;
	} rows[] = {
	    {{.router = 0}, ""},
	    {{.domain = {"", 0}}, "option 15, the domain, is missing"},
	    {{.router = NO_ROUTER}, "option 3, the router, is missing"},
	    {{.router = IP(10, 30, 0, 1)}, "option 3, the router, lies outside the subnet"},
	    {{.option43 = {"\x0a\x02\x00\x14", 4}}, ""}, /* DHCP names the same VLAN */
	    {{.option43 = {"\x0a\x02\x00\x1e", 4}}, "DHCP names VLAN 30 for phones, LLDP-MED another: LLDP-MED counts"},
	    {{.option43 = {"\x0a\x02\x00\x1e", 4}, .router = NO_ROUTER}, "option 3, the router, is missing; DHCP names VLAN 30 for "
									   "phones, LLDP-MED another: LLDP-MED counts"},
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
		unplug(w);
	}
	w = plugged(); /* a server that pings the address first */
	lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
	pass(w, 5000);
	assert_true(asked(w));
	answer(w, offer);
	assert_true(asked(w));
	answer(w, ack);
	assert_string_equal(w->said, "the OFFER took 5 s");
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
	assert_string_equal(w->said, "LLDP-MED came too late: the phone goes on untagged");
	w->said[0] = '\0';
	lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
	assert_string_equal(w->said, "");
	assert_int_equal(w->vlan, 0);
	unplug(w);
}

static void no_such_name(struct world *w)
{
	dt_phone_dns(w->ph, w->dns_id, &(struct dt_dns_answer){.status = DT_DNS_NXDOMAIN});
}

/* Network reference C.6: "Ours: 42, SRV, 4, time.windows.com" */
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

static void dhcp_says_no(void **state)
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
	{ /* RFC 2131 3.1: a NAK is a reason to begin again; three are one to stop */
		struct world *w = plugged();
		uint32_t xid = 0;

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
		w = plugged(); /* one NAK, then the address */
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
	{ /* nobody at all */
		struct world *w = plugged();
		unsigned n = 0;

		lldp(w, (struct med_policy){.app = MED_VOICE, .dscp = 46});
		for (unsigned s = 0; s < 180; s++) {
			n += asked(w);
			pass(w, 1000);
		}
		assert_int_equal(n, 4);
		assert_int_equal(w->failure, DT_F_DHCP_SILENT);
		assert_int_equal(w->results, 1);
		assert_string_equal(w->said, "no OFFER to any DISCOVER, untagged");
		unplug(w);
		w = plugged(); /* on the VLAN that the switch announced: V-07 */
		lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
		pass(w, 90000);
		assert_string_equal(w->said, "no OFFER to any DISCOVER, on VLAN 20");
		unplug(w);
		w = plugged();
		lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
		assert_true(asked(w));
		answer(w, offer);
		pass(w, 90000);
		assert_string_equal(w->said, "an address was offered, but the REQUEST was not answered, on VLAN 20");
		unplug(w);
	}
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
			n = dhcp_frame(w, &offer, frame);
		} else if (kind == 2) {
			answer(w, offer);
			assert_true(asked(w));
			n = dhcp_frame(w, &ack, frame);
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

/* Frames of dice: for the sanitizers; whatever happens, it ends when it is told to. */
static void dice(void **state)
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
	     "ok an address (option 120 holds an address: TLS needs a name (encoding 0));ok fe.tld, https://fe.tld/a;"},
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

/* Network reference A.4: "First usable voice policy wins; when two neighbours give different VLANs take the one whose
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
	    cmocka_unit_test(no_link),	       cmocka_unit_test(policies),	  cmocka_unit_test(vlan_by_dhcp),
	    cmocka_unit_test(vlan_cannot_be_joined), cmocka_unit_test(discover_to_ack), cmocka_unit_test(dhcp_says_no),
	    cmocka_unit_test(odd_leases), cmocka_unit_test(lldp_too_late),
	    cmocka_unit_test(domains), cmocka_unit_test(several_inform_answers), cmocka_unit_test(time_sources),
	    cmocka_unit_test(somebody_has_it), cmocka_unit_test(renew_and_rebind), cmocka_unit_test(strays),
	    cmocka_unit_test(broken_frames),   cmocka_unit_test(dice),		  cmocka_unit_test(stopped),
	    cmocka_unit_test(another_vlan),    cmocka_unit_test(two_neighbours),  cmocka_unit_test(address_as_told),
	    cmocka_unit_test(long_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
