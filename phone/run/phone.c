/* phone/run/phone.c: the runner.  One function closes a stage, one begins it; nobody else changes where the phone is.
 *
 * Every public call ends in settle(), which obeys what handlers have written down (phone/run/verdict.h).
 */
#include <stdlib.h>

#include "base/name.h"
#include "phone/internal.h"

#define LINK_WAIT_MS 15000

/* ---- the runner ------------------------------------------------------------------------------------------- */

static void phone_off(struct dt_phone *ph)
{
	ph->running = false;
	ph->verdict = V_WAIT;
	ph_clients_free(ph);
	ph->registered = false;
	ph_timers_off(ph);
}

static void phone_result(struct dt_phone *ph, bool ok, enum dt_failure f, const char *why)
{
	ph->told = true;
	ph->result.ok = ok;
	ph->result.stage = ok ? DT_STAGE_LOGON : ph->stage;
	ph->result.failure = f;
	text(ph->result.why, sizeof ph->result.why, "%s", why ? why : "");
	if (ok)
		ph->stage = DT_STAGE_LOGON;
	else
		phone_off(ph);
	record_result(ph, ph->result.stage, ok, f, ph->result.why);
}

static void begin(struct dt_phone *ph)
{
	ph->running = true;
	ph->verdict = V_WAIT;
	ph->failure = DT_F_OK;
	ph->why[0] = ph->found[0] = '\0';
	ph->guess = false;
	ph->skipped = false;
	ph->stage_since = ph_now_ms(ph);
	ph_timer_set(ph, T_STAGE, stages[ph->stage].seconds * 1000ull);
	record_stage(ph, DT_REC_BEGIN, true);
	stages[ph->stage].begin(ph);
}

static void run_plan(struct dt_phone *ph, enum plan_id plan)
{
	ph->plan = plan;
	ph->step = 0;
	ph->stage = plans[plan].run[0];
	begin(ph);
}

static void plan_end(struct dt_phone *ph)
{
	ph->stage = DT_STAGE_LOGON;
	ph->retries = 0;
	/* "If the update service's address is not to be had, the phone goes on, signs in, learns it in-band and asks
	 * then." */
	if (ph->update_unknown && ph->update_url[0] == '\0' && ph->plan != PLAN_UPDATE) {
		update_urls(ph);
		if (ph->update_url[0]) {
			ph->update_unknown = false;
			run_plan(ph, PLAN_UPDATE);
			return;
		}
	}
	if (!ph->told || !ph->result.ok)
		phone_result(ph, true, DT_F_OK, NULL);
}

static void plan_failed(struct dt_phone *ph, enum dt_failure f)
{
	char why[WHY_MAX];

	text(why, sizeof why, "%s", ph->why);
	if (ph->plan == PLAN_RENEW && ph->registered && !dt_failures[f].final) {
		ph->stage = DT_STAGE_LOGON;
		keep_drop_fresh(ph);
		ph_timer_set(ph, T_RENEW, 3600 * 1000ull);
	} else if (ph->told && ph->result.ok && !dt_failures[f].final) {
		stay_lost(ph, why);
	} else {
		phone_result(ph, false, f, why);
	}
}

static void close_stage(struct dt_phone *ph)
{
	enum ph_verdict v = ph->verdict;

	ph->verdict = V_WAIT;
	ph->running = false;
	ph_timer_off(ph, T_STAGE);
	dns_drop(&ph->dns, NULL);
	if (v == V_FAILED && stages[ph->stage].optional)
		v = V_WITHOUT;
	ph->skipped |= v == V_WITHOUT;
	record_stage(ph, DT_REC_STAGE, v != V_FAILED && v != V_INSTEAD);
	if (v == V_RESTART) {
		struct dt_record r = {.kind = DT_REC_RESTART, .stage = ph->stage, .what = "restart", .ok = true};

		if (ph->registered)
			stay_off(ph); /* said, not waited for */
		phone_off(ph);
		ph->core.body->record(ph->core.arg, &r);
		ph->core.body->restart(ph->core.arg);
		return;
	}
	if (v == V_INSTEAD) {
		run_plan(ph, ph->instead);
		return;
	}
	if (v == V_FAILED) {
		plan_failed(ph, ph->failure);
		return;
	}
	ph->step++;
	if (ph->step >= DT_STAGE_COUNT || plans[ph->plan].run[ph->step] == DT_STAGE_NONE) {
		plan_end(ph);
		return;
	}
	ph->stage = plans[ph->plan].run[ph->step];
	begin(ph);
}

static void obey_want(struct dt_phone *ph)
{
	enum ph_want want = ph->want.what;

	ph->want.what = WANT_NOTHING;
	switch (want) {
	case WANT_NOTHING:
		return;
	case WANT_PLAN:
		if (!ph->running)
			run_plan(ph, ph->want.plan);
		return;
	case WANT_START:
		phone_off(ph);
		ph->core.body->address(ph->core.arg, NULL);
		run_plan(ph, plan_of(ph));
		return;
	case WANT_END:
		phone_result(ph, false, ph->want.failure, ph->want.why);
		return;
	}
}

/* Closes stages that have ended, begins others, does what was asked for, until there is nothing of that to do. */
static void obey(struct dt_phone *ph)
{
	if (ph->core.no_memory)
		stage_fail(ph, DT_F_MEMORY, NULL);
	ph->core.no_memory = false;
	for (;;)
		if (ph->want.what != WANT_NOTHING)
			obey_want(ph);
		else if (ph->running && ph->verdict != V_WAIT)
			close_stage(ph);
		else
			return;
}

static void settle(struct dt_phone *ph)
{
	uint64_t at = PH_NEVER;

	obey(ph);
	ph_clients_ended(ph);
	for (int t = 0; t < T_COUNT; t++)
		if (ph->core.timer[t] < at)
			at = ph->core.timer[t];
	ph->core.body->timer(ph->core.arg, at);
}

/* ---- timers ----------------------------------------------------------------------------------------------- */

static void stage_timer(struct dt_phone *ph)
{
	stage_fail(ph, DT_F_TIMEOUT, "the stage took too long");
}

static void link_timer(struct dt_phone *ph)
{
	ph->stage = DT_STAGE_VLAN;
	phone_result(ph, false, DT_F_LINK_DOWN, NULL);
}

static void on_dhcp(struct dt_phone *ph)
{
	dhcp_timer(ph->dhcp);
}

static void on_arp(struct dt_phone *ph)
{
	arp_timer(ph->arp);
}

static void on_sntp(struct dt_phone *ph)
{
	sntp_timer(ph->sntp);
}

static void on_http(struct dt_phone *ph)
{
	http_timer(ph->http);
}

static void on_image(struct dt_phone *ph)
{
	image_timer(ph->image);
}

static void on_sip(struct dt_phone *ph)
{
	sip_timer(ph->sip);
}

static void on_dns(struct dt_phone *ph)
{
	dns_timer(&ph->dns);
}

/* clang-format off */
static void (*const on_timer[T_COUNT])(struct dt_phone *) = {
	[T_LINK] = link_timer,       [T_STAGE] = stage_timer, [T_LLDP] = vlan_lldp_timer, [T_DHCP] = on_dhcp,
	[T_ARP] = on_arp,            [T_SNTP] = on_sntp,      [T_DNS] = on_dns,           [T_HTTP] = on_http,
	[T_IMAGE] = on_image,        [T_SIP] = on_sip,        [T_KEEPALIVE] = stay_keepalive,
	[T_REFRESH] = stay_refresh,  [T_REAUTH] = stay_reauth, [T_LEASE] = lease_timer,   [T_UPDATE] = stay_update,
	[T_RENEW] = stay_renew,      [T_RETRY] = stay_retry,
};
/* clang-format on */

void dt_phone_timer(struct dt_phone *ph)
{
	uint64_t now = ph_now_ms(ph);

	for (int t = 0; t < T_COUNT; t++) {
		if (ph->core.timer[t] > now)
			continue;
		ph->core.timer[t] = PH_NEVER;
		on_timer[t](ph);
		obey(ph);
	}
	settle(ph);
}

/* ---- power ------------------------------------------------------------------------------------------------ */

static void forget_run(struct dt_phone *ph)
{
	ph_clients_free(ph);
	buf_free(&ph->roots);
	buf_free(&ph->anchors);
	buf_free(&ph->dropped);
	buf_wipe(&ph->ask);
	buf_wipe(&ph->user_key);
	buf_wipe(&ph->fresh_key);
	buf_free(&ph->user_cert);
	buf_free(&ph->fresh_cert);
	explicit_bzero((char *)ph + offsetof(struct dt_phone, plan), sizeof *ph - offsetof(struct dt_phone, plan));
	ph_core_reset(&ph->core);
	ph->dns.ph = ph;
}

static bool dup(char **to, const char *s)
{
	*to = s ? strdup(s) : NULL;
	return s == NULL || *to;
}

/* A name, or an address that ends with one, in the normal form of base/name.h. */
static bool dup_name(char **to, const char *s)
{
	*to = s ? sv_dup(name_plain(sv_of(s))) : NULL;
	return s == NULL || *to;
}

struct dt_phone *dt_phone_new(const struct dt_phone_conf *c)
{
	struct dt_phone *ph = calloc(1, sizeof *ph);

	if (ph == NULL)
		return NULL;
	ph->dns.ph = ph;
	ph->core.body = c->body;
	ph->core.arg = c->arg;
	ph->core.model = c->model;
	memcpy(ph->core.mac, c->mac, 6);
	ph->cold = c->cold;
	ph->outside = c->outside;
	ph->no_vlan = c->no_vlan;
	ph->no_dhcp = c->no_dhcp;
	ph->tethered = c->tethered;
	ph->lease_conf = c->lease;
	ph->lldp_wait_s = c->lldp_wait_s ? c->lldp_wait_s : 6;
	ph->strict = (int)c->strict;
	forget_run(ph);
	if (!dup(&ph->serial, c->serial) || !dup(&ph->factory, c->factory_version ? c->factory_version : c->model->firmware) ||
	    !dup(&ph->update_key, c->update_key) || !dup(&ph->number, c->number) || !dup(&ph->pin, c->pin) ||
	    !dup(&ph->login, c->login) || !dup(&ph->password, c->password) || !dup_name(&ph->sip_conf, c->sip) ||
	    !dup_name(&ph->domain_conf, c->domain) || !dup(&ph->web_conf, c->web_url) ||
	    !dup(&ph->registrar_conf, c->registrar) || !dup(&ph->trust, c->trust)) {
		dt_phone_free(ph);
		return NULL;
	}
	text(ph->core.version, sizeof ph->core.version, "%s", ph->factory);
	return ph;
}

static void wipe(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

void dt_phone_free(struct dt_phone *ph)
{
	if (ph == NULL)
		return;
	forget_run(ph);
	wipe(ph->pin);
	wipe(ph->password);
	free(ph->serial);
	free(ph->factory);
	free(ph->update_key);
	free(ph->number);
	free(ph->login);
	free(ph->sip_conf);
	free(ph->domain_conf);
	free(ph->web_conf);
	free(ph->registrar_conf);
	free(ph->trust);
	free(ph);
}

static void power_on(struct dt_phone *ph)
{
	forget_run(ph);
	ph->started = true;
	ph->stage = DT_STAGE_VLAN;
	text(ph->core.version, sizeof ph->core.version, "%s", ph->factory);
	if (ph->cold && !ph->forgot)
		keep_forget(ph);
	ph->forgot = true;
	if (!ticket_init() || !keep_load(ph)) {
		phone_result(ph, false, DT_F_MEMORY, NULL);
		return;
	}
	image_version(ph, ph->update_key);
	if (ph->link)
		run_plan(ph, plan_of(ph));
	else
		ph_timer_set(ph, T_LINK, LINK_WAIT_MS);
}

void dt_phone_start(struct dt_phone *ph)
{
	power_on(ph);
	settle(ph);
}

void dt_phone_restart(struct dt_phone *ph)
{
	ph->link = false;
	power_on(ph);
	settle(ph);
}

void dt_phone_link(struct dt_phone *ph, bool up)
{
	bool was = ph->link;

	ph->link = up;
	if (ph->started && !ph->stopping && up && !was && (!ph->told || ph->result.ok)) {
		phone_off(ph); /* another port, perhaps: from the beginning */
		ph->bound = ph->lldp_bridge = false;
		run_plan(ph, plan_of(ph));
	}
	settle(ph);
}

void dt_phone_stop(struct dt_phone *ph)
{
	if (ph->stopping)
		return;
	ph->stopping = true;
	ph->running = false;
	ph->verdict = V_WAIT;
	dns_drop(&ph->dns, NULL);
	ph_clients_ended(ph); /* no plan runs any more: all but SIP */
	ph_timers_off(ph);
	stay_off(ph);
	settle(ph);
}

/* ---- what happens ------------------------------------------------------------------------------------------- */

void dt_phone_frame(struct dt_phone *ph, const uint8_t *frame, size_t n, int tci)
{
	struct rd r = rd_of(frame, n), body;
	struct eth e;

	if (ph->stopping || !ph->started || !eth_read(&r, &e) || memcmp(e.src, ph->core.mac, 6) == 0)
		return;
	body = rd_of(e.payload.p, e.payload.n);
	if (e.type == ETH_LLDP) {
		struct lldp l;

		if (memcmp(e.dst, lldp_group, 6) == 0 && lldp_read(&body, &l))
			vlan_lldp(ph, &e, &l);
	} else if ((tci < 0 ? 0 : tci & 0xfff) != (ph_tci(ph) < 0 ? 0 : ph_tci(ph) & 0xfff)) {
		return; /* another VLAN's */
	} else if (e.type == ETH_ARP) {
		struct arp a;

		if (arp_read(&body, &a))
			arp_frame(ph->arp, &a);
	} else if (e.type == ETH_IPV4) {
		struct udp u;

		if (udp_read(&body, &u) && u.dport == 68 && u.sport == 67)
			dhcp_frame(ph->dhcp, &e, &u);
	}
	settle(ph);
}

void dt_phone_udp(struct dt_phone *ph, uint32_t address, uint16_t port, const void *p, size_t n)
{
	if (port == 123 && !ph->stopping)
		sntp_udp(ph->sntp, address, p, n);
	settle(ph);
}

void dt_phone_dns(struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a)
{
	dns_answered(&ph->dns, id, a);
	settle(ph);
}

void dt_phone_stream_opened(struct dt_phone *ph, unsigned id, const struct dt_stream_opened *o)
{
	if (http_has(ph->http, id))
		http_opened(ph->http, o);
	else if (sip_has(ph->sip, id))
		sip_opened(ph->sip, o);
	settle(ph);
}

void dt_phone_stream_data(struct dt_phone *ph, unsigned id, const void *p, size_t n)
{
	if (http_has(ph->http, id))
		http_data(ph->http, p, n);
	else if (sip_has(ph->sip, id))
		sip_data(ph->sip, p, n);
	settle(ph);
}

void dt_phone_stream_closed(struct dt_phone *ph, unsigned id, const char *why)
{
	if (http_has(ph->http, id))
		http_closed(ph->http, why);
	else if (sip_has(ph->sip, id))
		sip_closed(ph->sip, why);
	settle(ph);
}

void dt_phone_key(struct dt_phone *ph, unsigned id, const char *pem)
{
	if (!ph->stopping)
		key_made(ph->key, id, pem);
	settle(ph);
}

bool dt_phone_registered(const struct dt_phone *ph)
{
	return ph->registered;
}

enum dt_stage dt_phone_stage(const struct dt_phone *ph)
{
	return ph->stage;
}

const char *dt_phone_dropped_chain(const struct dt_phone *ph)
{
	return ph->dropped.n && !ph->dropped.oom ? (const char *)ph->dropped.p : "";
}

const char *dt_phone_version(const struct dt_phone *ph)
{
	return ph->core.version;
}
