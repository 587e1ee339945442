/* phone/run/phone.c: the runner.  One function closes a stage, one begins it; nobody else changes where the phone is.
 *
 * Every public call ends in ph_settle(), which obeys what handlers have written down (phone/run/verdict.h).
 */
#include <stdlib.h>

#include "auth/ticket.h"
#include "phone/internal.h"

#define LINK_WAIT_MS 15000

/* ---- the runner ------------------------------------------------------------------------------------------- */

static void phone_work_free(struct dt_phone *ph)
{
	if (ph->work == NULL)
		return;
	buf_free(&ph->cred.anchors);
	buf_wipe(&ph->work->ask);
	free(ph->work->srv);
	free(ph->work);
	ph->work = NULL;
}

void ph_off(struct dt_phone *ph)
{
	ph->run.running = false;
	ph->run.verdict = V_WAIT;
	ph_clients_free(ph);
	ph->run.registered = false;
	ph_timers_off(ph);
}

static void phone_result(struct dt_phone *ph, bool ok, enum dt_failure f, const char *why)
{
	ph->run.reported = true;
	ph->run.result.ok = ok;
	ph->run.result.stage = ok ? DT_STAGE_LOGON : ph->run.stage;
	ph->run.result.failure = f;
	why_hold(&ph->run.result.why, why);
	if (ok)
		ph->run.stage = DT_STAGE_LOGON;
	else if (!ph->conf.appliance)
		ph_off(ph);
	record_result(ph, ph->run.result.stage, ok, f, ph->run.result.why);
	if (ok)
		handset_signed_in(ph);
	else if (ph->conf.appliance)
		handset_failed(ph, f);
}

static void phone_begin(struct dt_phone *ph)
{
	ph->run.running = true;
	ph->run.verdict = V_WAIT;
	ph->run.failure = DT_F_OK;
	ph->work->why.text[0] = ph->work->found[0] = '\0';
	ph->run.guess = false;
	ph->run.skipped = false;
	ph->run.stage_since = ph_now_ms(ph);
	ph_timer_set(ph, T_STAGE, stages[ph->run.stage].seconds * 1000ull);
	record_stage(ph, DT_REC_BEGIN, true);
	stages[ph->run.stage].begin(ph);
}

static void phone_run_plan(struct dt_phone *ph, enum plan_id plan)
{
	if (ph->work == NULL)
		ph->work = calloc(1, sizeof *ph->work);
	if (ph->work == NULL || !ph_state_anchors(ph)) {
		phone_result(ph, false, DT_F_MEMORY, NULL);
		return;
	}
	ph->run.plan = plan;
	ph->run.step = 0;
	ph->run.stage = plans[plan].run[0];
	phone_begin(ph);
}

static void phone_plan_end(struct dt_phone *ph)
{
	if (handset_plan_end(ph))
		return;
	ph->run.stage = DT_STAGE_LOGON;
	ph->run.retries = 0;
	/* "If the update service's address is not to be had, the phone goes on, signs in, learns it in-band and asks
	 * then." */
	if (ph->found.update_unknown && ph->found.update_url[0] == '\0' && ph->run.plan != PLAN_UPDATE) {
		ph_state_update_url(ph);
		if (ph->found.update_url[0]) {
			ph->found.update_unknown = false;
			phone_run_plan(ph, PLAN_UPDATE);
			return;
		}
	}
	if (!ph->run.reported || !ph->run.result.ok)
		phone_result(ph, true, DT_F_OK, NULL);
}

static void phone_plan_failed(struct dt_phone *ph, enum dt_failure f)
{
	struct why why = ph->work->why; /* the plan's memory may go */

	if (ph->run.plan == PLAN_RENEW && ph->run.registered && !dt_failures[f].final) {
		ph->run.stage = DT_STAGE_LOGON;
		ph_state_drop_fresh(ph);
		ph_timer_set(ph, T_RENEW, 3600 * 1000ull);
	} else if (ph->run.reported && ph->run.result.ok && !dt_failures[f].final) {
		registered_lost(ph, why.text);
	} else {
		phone_result(ph, false, f, why.text);
	}
}

static void phone_restart(struct dt_phone *ph)
{
	struct dt_record r = {.kind = DT_REC_RESTART, .stage = ph->run.stage, .what = "restart", .ok = true};

	if (ph->run.registered)
		registered_off(ph); /* said, not waited for */
	vlan_bye(ph);
	ph_off(ph);
	record_give(ph, &r);
	ph->core.body->restart(ph->core.arg);
}

/* Outside, with NTLM, log on comes before the Web Services: a dial tone that was reached is not thrown away for these. */
static bool phone_goes_on(const struct dt_phone *ph)
{
	bool before = ph->run.plan == PLAN_OUTSIDE_NTLM || ph->run.plan == PLAN_SIGN_IN_OUTSIDE;

	return stages[ph->run.stage].optional || (before && ph->run.registered && ph->run.stage != DT_STAGE_LOGON);
}

static void phone_close_stage(struct dt_phone *ph)
{
	enum ph_verdict v = ph->run.verdict;

	ph->run.verdict = V_WAIT;
	ph->run.running = false;
	ph_timer_off(ph, T_STAGE);
	dns_drop(&ph->dns, NULL);
	if (v == V_FAILED && phone_goes_on(ph))
		v = V_WITHOUT;
	ph->run.skipped |= v == V_WITHOUT;
	record_stage(ph, DT_REC_STAGE, v != V_FAILED && v != V_INSTEAD);
	if (v == V_RESTART) {
		phone_restart(ph);
		return;
	}
	if (v == V_INSTEAD) {
		phone_run_plan(ph, ph->run.instead);
		return;
	}
	if (v == V_FAILED) {
		phone_plan_failed(ph, ph->run.failure);
		return;
	}
	ph->run.step++;
	if (ph->run.step >= DT_STAGE_COUNT || plans[ph->run.plan].run[ph->run.step] == DT_STAGE_NONE) {
		phone_plan_end(ph);
		return;
	}
	ph->run.stage = plans[ph->run.plan].run[ph->run.step];
	phone_begin(ph);
}

static void phone_obey_want(struct dt_phone *ph)
{
	enum ph_want want = ph->run.want.what;

	ph->run.want.what = WANT_NOTHING;
	switch (want) {
	case WANT_NOTHING:
		return;
	case WANT_PLAN:
		if (!ph->run.running)
			phone_run_plan(ph, ph->run.want.plan);
		return;
	case WANT_START:
		ph_off(ph);
		ph->core.body->address(ph->core.arg, NULL);
		phone_run_plan(ph, plan_of(ph));
		return;
	case WANT_END:
		phone_result(ph, false, ph->run.want.failure, ph->run.want.why);
		return;
	case WANT_RESTART:
		phone_restart(ph);
		return;
	}
}

/* Closes stages that have ended, begins others, does what was asked for, until there is nothing of that to do. */
static void phone_obey(struct dt_phone *ph)
{
	if (ph->core.no_memory)
		stage_fail(ph, DT_F_MEMORY, NULL);
	ph->core.no_memory = false;
	for (;;)
		if (ph->run.signed_off)
			handset_signed_out(ph);
		else if (ph->run.want.what != WANT_NOTHING)
			phone_obey_want(ph);
		else if (ph->run.running && ph->run.verdict != V_WAIT)
			phone_close_stage(ph);
		else
			return;
}

void ph_settle(struct dt_phone *ph)
{
	uint64_t at = PH_NEVER;

	phone_obey(ph);
	ph_clients_ended(ph);
	if (!ph->run.running)
		phone_work_free(ph);
	for (int t = 0; t < T_COUNT; t++)
		if (ph->core.timer[t] < at)
			at = ph->core.timer[t];
	ph->core.body->timer(ph->core.arg, at);
}

/* ---- timers ----------------------------------------------------------------------------------------------- */

static void phone_stage_timer(struct dt_phone *ph)
{
	stage_fail(ph, DT_F_TIMEOUT, "the stage took too long");
}

static void phone_link_timer(struct dt_phone *ph)
{
	ph->run.stage = DT_STAGE_VLAN;
	phone_result(ph, false, DT_F_LINK_DOWN, NULL);
}

static void phone_on_dhcp(struct dt_phone *ph)
{
	dhcp_timer(ph->dhcp);
}

static void phone_on_arp(struct dt_phone *ph)
{
	arp_timer(ph->arp);
}

static void phone_on_sntp(struct dt_phone *ph)
{
	sntp_timer(ph->sntp);
}

static void phone_on_http(struct dt_phone *ph)
{
	http_timer(ph->http);
}

static void phone_on_image(struct dt_phone *ph)
{
	image_timer(ph->image);
}

static void phone_on_sip(struct dt_phone *ph)
{
	sip_timer(ph->sip);
}

static void phone_on_dns(struct dt_phone *ph)
{
	dns_timer(&ph->dns);
}

/* clang-format off */
static void (*const on_timer[T_COUNT])(struct dt_phone *) = {
	[T_LINK] = phone_link_timer,       [T_STAGE] = phone_stage_timer, [T_LLDP] = vlan_lldp_timer, [T_DHCP] = phone_on_dhcp,
	[T_ARP] = phone_on_arp,            [T_ANNOUNCE] = lease_announce, [T_SNTP] = phone_on_sntp,      [T_DNS] = phone_on_dns,           [T_HTTP] = phone_on_http,
	[T_IMAGE] = phone_on_image,        [T_SIP] = phone_on_sip,        [T_KEEPALIVE] = registered_keepalive,
	[T_REFRESH] = registered_refresh,  [T_REAUTH] = registered_reauth, [T_LEASE] = lease_timer,   [T_UPDATE] = registered_update,
	[T_RENEW] = registered_renew,      [T_RETRY] = registered_retry, [T_LOCK] = lock_timer, [T_DESK] = handset_desk_timer,
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
		phone_obey(ph);
	}
	ph_settle(ph);
}

/* ---- power ------------------------------------------------------------------------------------------------ */

/* All but what was given to dt_phone_new(), and the cable. */
static void phone_reset(struct dt_phone *ph)
{
	ph_clients_free(ph);
	phone_work_free(ph);
	buf_free(&ph->cred.dropped);
	buf_free(&ph->cred.roots);
	buf_free(&ph->cred.anchors);
	buf_wipe(&ph->cred.user_key);
	buf_wipe(&ph->cred.fresh_key);
	buf_free(&ph->cred.user_cert);
	buf_free(&ph->cred.fresh_cert);
	free(ph->run.want.why);
	free(ph->run.result.why);
	ph->run = (struct ph_run){0};
	ph->link = (struct ph_link){0};
	ph->account = (struct ph_account){0};
	ph->cred = (struct ph_cred){0};
	ph->found = (struct ph_found){0};
	buf_free(&ph->log.lines);
	ph->log = (struct ph_log){0};
	ph->policy = (struct ph_policy){0};
	ph_core_reset(&ph->core);
}

/* A name, or an address that ends with one, in the normal form of base/name.h. */
struct dt_phone *dt_phone_new(const struct dt_phone_conf *c)
{
	struct dt_phone *ph = calloc(1, sizeof *ph);

	if (ph == NULL)
		return NULL;
	ph->dns.ph = ph;
	ph->core.body = c->body;
	ph->core.arg = c->arg;
	ph->core.model = c->model;
	ph->core.brief = c->brief;
	memcpy(ph->core.mac, c->mac, 6);
	phone_reset(ph);
	if (!conf_copy(&ph->conf, c)) {
		dt_phone_free(ph);
		return NULL;
	}
	text_set(ph->core.version, sizeof ph->core.version, "%s", ph->conf.factory);
	return ph;
}

void dt_phone_free(struct dt_phone *ph)
{
	if (ph == NULL)
		return;
	desk_close(ph);
	phone_reset(ph);
	conf_free(&ph->conf);
	free(ph);
}

static void phone_power_on(struct dt_phone *ph)
{
	desk_close(ph);
	phone_reset(ph);
	ph->power.started = true;
	ph->run.stage = DT_STAGE_VLAN;
	text_set(ph->core.version, sizeof ph->core.version, "%s", ph->conf.factory);
	if (ph->conf.cold && !ph->power.forgot)
		ph_state_forget(ph);
	ph->power.forgot = true;
	if (!ticket_init() || !ph_state_load(ph)) {
		phone_result(ph, false, DT_F_MEMORY, NULL);
		return;
	}
	lock_load(ph);
	image_version(ph, ph->conf.update_key);
	if (ph->power.link)
		phone_run_plan(ph, plan_of(ph));
	else
		ph_timer_set(ph, T_LINK, LINK_WAIT_MS);
}

void dt_phone_start(struct dt_phone *ph)
{
	phone_power_on(ph);
	ph_settle(ph);
}

void dt_phone_restart(struct dt_phone *ph)
{
	ph->power.link = false;
	phone_power_on(ph);
	ph_settle(ph);
}

void dt_phone_link(struct dt_phone *ph, bool up)
{
	bool was = ph->power.link;

	ph->power.link = up;
	if (ph->power.started && !ph->power.stopping && up && !was && (!ph->run.reported || ph->run.result.ok || ph->conf.appliance)) {
		ph_off(ph); /* another port, perhaps: from the beginning */
		ph->link.bound = ph->link.lldp_bridge = false;
		phone_run_plan(ph, plan_of(ph));
	}
	ph_settle(ph);
}

void dt_phone_stop(struct dt_phone *ph)
{
	if (ph->power.stopping)
		return;
	ph->power.stopping = true;
	ph->run.running = false;
	ph->run.verdict = V_WAIT;
	dns_drop(&ph->dns, NULL);
	ph_clients_ended(ph); /* no plan runs any more: all but SIP */
	ph_timers_off(ph);
	registered_off(ph);
	ph_settle(ph);
}

/* ---- what happens ------------------------------------------------------------------------------------------- */

void dt_phone_frame(struct dt_phone *ph, const uint8_t *frame, size_t n, int tci)
{
	struct rd r = rd_of(frame, n), body;
	struct eth e;

	if (ph->power.stopping || !ph->power.started || !eth_read(&r, &e) || memcmp(e.src, ph->core.mac, 6) == 0)
		return;
	body = rd_of(e.payload.p, e.payload.n);
	if (e.type == ETH_LLDP) {
		struct lldp l;

		if (memcmp(e.dst, lldp_group, 6) == 0 && lldp_read(&body, &l))
			vlan_lldp(ph, &e, &l);
		else if (body.err)
			vlan_lldp_bad(ph, body.err);
	} else if ((tci < 0 ? 0 : tci & 0xfff) != (ph_tci(ph) < 0 ? 0 : ph_tci(ph) & 0xfff)) {
		return; /* another VLAN's */
	} else if (e.type == ETH_ARP) {
		struct arp a;

		if (arp_read(&body, &a)) {
			arp_frame(ph->arp, &a);
			lease_arp(ph, &a);
		}
	} else if (e.type == ETH_IPV4) {
		struct udp u;
		bool damaged;

		if (udp_read_damaged(&body, &u, &damaged) && u.dport == 68 && u.sport == 67)
			dhcp_frame(ph->dhcp, &e, &u, damaged);
	}
	ph_settle(ph);
}

void dt_phone_udp(struct dt_phone *ph, uint32_t address, uint16_t port, const void *p, size_t n)
{
	if (port == 123 && !ph->power.stopping)
		sntp_udp(ph->sntp, address, p, n);
	ph_settle(ph);
}

void dt_phone_dns(struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a)
{
	dns_answered(&ph->dns, id, a);
	ph_settle(ph);
}

void dt_phone_stream_opened(struct dt_phone *ph, unsigned id, const struct dt_stream_opened *o)
{
	if (http_has(ph->http, id))
		http_opened(ph->http, o);
	else if (sip_has(ph->sip, id))
		sip_opened(ph->sip, o);
	ph_settle(ph);
}

void dt_phone_stream_data(struct dt_phone *ph, unsigned id, const void *p, size_t n)
{
	if (http_has(ph->http, id))
		http_data(ph->http, p, n);
	else if (sip_has(ph->sip, id))
		sip_data(ph->sip, p, n);
	ph_settle(ph);
}

void dt_phone_stream_closed(struct dt_phone *ph, unsigned id, const char *why)
{
	if (http_has(ph->http, id))
		http_closed(ph->http, why);
	else if (sip_has(ph->sip, id))
		sip_closed(ph->sip, why);
	ph_settle(ph);
}

void dt_phone_key(struct dt_phone *ph, unsigned id, const char *pem)
{
	if (!ph->power.stopping)
		key_made(ph->key, id, pem);
	ph_settle(ph);
}
