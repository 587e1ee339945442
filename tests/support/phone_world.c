/* tests/support/phone_world.c: a phone without a network. */
#include "tests/support/phone_world.h"

static uint64_t b_mono(void *arg)
{
	return ((struct world *)arg)->mono;
}

static int64_t b_unix(void *arg)
{
	return 1795000000000 + (int64_t)((struct world *)arg)->mono;
}

void b_random(void *arg, void *p, size_t n)
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
	if (r->kind == DT_REC_ATTEMPT && (strcmp(r->what, "dhcp") == 0 || strcmp(r->what, "lldp-med") == 0)) {
		w->said[0] = '\0';
		w->fact = r->fact;
		for (unsigned i = 0; i < DT_SIGNS_MAX && r->sign[i]; i++) {
			size_t n = strlen(w->said);

			snprintf(w->said + n, sizeof w->said - n, "%s%s", n ? " " : "", dt_signs[r->sign[i]].code);
		}
	}
	w->warned += dt_signs_have(r->sign, DT_SIGN_LLDP_CONFLICT);
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

const struct dt_body body = {
    .mono_ms = b_mono, .unix_ms = b_unix, .random = b_random, .timer = b_timer, .frame = b_frame, .vlan = b_vlan,
    .address = b_address, .udp = b_udp, .dns = b_dns, .stream = b_stream, .stream_send = b_send, .stream_close = b_close,
    .make_key = b_key, .load = b_load, .save = b_save, .forget = b_forget, .slot_size = b_slot_size,
    .slot_catalog = b_slot_catalog, .record = b_record,
};

struct dt_phone_conf conf_of(struct world *w)
{
	struct dt_phone_conf c = {.body = &body, .arg = w, .model = dt_model_find("cx600"), .serial = "7E5C0012",
				  .number = "4411", .pin = "73914"};

	memcpy(c.mac, mac, 6);
	return c;
}

struct world *plugged(void)
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

void unplug(struct world *w)
{
	dt_phone_free(w->ph);
	free(w);
}

void pass(struct world *w, uint64_t ms)
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

uint16_t lldp_ttl = 120;

static size_t lldp_frame_of(uint8_t out[600], const uint8_t from[6], uint8_t class, uint16_t caps, struct med_policy p)
{
	struct lldp l = {.chassis_subtype = 4, .chassis = {(const char *)from, 6}, .port_subtype = 7, .port = SV("1"),
			 .ttl = lldp_ttl, .sys_name = SV("sw"), .has_caps = caps > 0, .caps = caps, .caps_on = caps,
			 .has_med = class > 0, .med_caps = 3, .med_class = class, .npolicy = 1, .policy = {p}};
	struct wr w = wr_of(out, 600);

	eth_write(&w, lldp_group, from, ETH_LLDP);
	lldp_write(&w, &l);
	assert_false(w.err);
	return wr_n(&w);
}

size_t lldp_frame(uint8_t out[600], struct med_policy p)
{
	return lldp_frame_of(out, switch_mac, MED_NETWORK, 0, p);
}

void lldp_of(struct world *w, const uint8_t from[6], uint8_t class, uint16_t caps, struct med_policy p)
{
	uint8_t frame[600];
	size_t n = lldp_frame_of(frame, from, class, caps, p);
	uint8_t *exact = exact_copy(frame, n, n);

	dt_phone_frame(w->ph, exact, n, -1);
	free(exact);
}

void lldp(struct world *w, struct med_policy p)
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

bool asked_for(struct world *w, uint8_t type)
{
	for (unsigned i = 0; i < w->nframe; i++)
		if (read_asked(w, i) && w->q.type == type)
			return true;
	return false;
}

bool asked(struct world *w)
{
	bool found = false;

	for (unsigned i = 0; i < w->nframe; i++)
		found |= read_asked(w, i);
	w->nframe = 0;
	return found;
}

size_t says_frame(const struct world *w, const struct says *s, uint8_t out[1518])
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
	a->option[58] = s->t1;
	a->option[59] = s->t2;
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
	dhcp_write(&pw, a, NULL);
	assert_false(pw.err);
	u.payload = (struct sv){(const char *)bytes, wr_n(&pw)};
	eth_write(&fw, mac, server_mac, ETH_IPV4);
	udp_write(&fw, &u, 0);
	assert_false(fw.err);
	free(a);
	return wr_n(&fw);
}

void answer_tci(struct world *w, struct says s, int tci)
{
	uint8_t frame[1518];
	size_t n = says_frame(w, &s, frame);
	uint8_t *exact = exact_copy(frame, n, n);

	dt_phone_frame(w->ph, exact, n, tci);
	free(exact);
}

void answer(struct world *w, struct says s)
{
	answer_tci(w, s, w->tci);
}

struct world *addressed_by(struct says s)
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

struct world *addressed(void)
{
	return addressed_by(ack);
}
