/* phone/stages/stage1_vlan.c
 *
 * "...obtain a virtual local area network (VLAN) ID by first trying Link Layer Discovery Protocol (LLDP), and, if that's
 * not available, falling back to Dynamic Host Configuration Protocol (DHCP)."  Without either, it goes on untagged.
 */
#include <errno.h>

#include "phone/internal.h"

#define FAST_MS 1000 /* TIA-1057 medFastStartRepeatCount: three frames, one second apart, for a new neighbour and a new policy */
#define FAST 3
#define SLOW_MS 30000
#define PATIENCE_MS 6000 /* UNKNOWN: how long a real phone waits */

/* Not decided yet: a policy that comes now still counts. */
static bool vlan_deciding(const struct dt_phone *ph)
{
	return ph->run.running && ph->run.verdict == V_WAIT && ph->run.stage == DT_STAGE_VLAN;
}

/* UNKNOWN: which inventory TLVs a real phone sends; all but the asset. */
static void vlan_send_lldp(struct dt_phone *ph)
{
	struct lldp l = {.chassis_subtype = 4, .chassis = {(const char *)ph->core.mac, 6},
			 .port_subtype = 3, .port = {(const char *)ph->core.mac, 6}, .ttl = 120,
			 .has_caps = true, .caps = LLDP_CAP_BRIDGE | LLDP_CAP_TELEPHONE,
			 .caps_on = LLDP_CAP_BRIDGE | LLDP_CAP_TELEPHONE,
			 /* auto-negotiated; 10BASE-T to 1000BASE-T, full duplex too; 1000BASE-T full duplex (RFC 4836) */
			 .has_phy = true, .autonegotiation = 3, .advertised = 0x6c01, .mau = 30,
			 .has_med = true, .med_caps = MED_CAP_CAPABILITIES | MED_CAP_POLICY | MED_CAP_INVENTORY,
			 .med_class = MED_CLASS_3, .npolicy = 1};
	uint8_t frame[600];
	struct wr w = wr_of(frame, sizeof frame);

	/* "U 1 = policy unknown (an endpoint asking)" */
	l.policy[0] = ph->link.lldp_used && (ph->core.tagged || ph->core.dscp)
			      ? (struct med_policy){.app = MED_VOICE, .tagged = ph->core.tagged, .vlan = ph->core.vlan,
						    .prio = ph->core.prio, .dscp = ph->core.dscp}
			      : (struct med_policy){.app = MED_VOICE, .unknown = true};
	l.hw_rev = sv_of(ph->core.model->revision);
	l.fw_rev = l.sw_rev = sv_of(ph->core.version);
	l.serial = sv_of(ph->conf.serial);
	if (l.serial.n > MED_INVENTORY_MAX) /* the maker's may be longer: it is cut */
		l.serial.n = MED_INVENTORY_MAX;
	l.maker = sv_of(ph->core.model->vendor);
	l.model = sv_of(ph->core.model->model);
	eth_write(&w, lldp_group, ph->core.mac, ETH_LLDP);
	lldp_write(&w, &l);
	if (!w.err)
		ph->core.body->frame(ph->core.arg, frame, wr_n(&w), -1);
	if (ph->link.lldp_fast)
		ph->link.lldp_fast--;
	ph->link.lldp_reported = true;
}

/* The first of three. */
static void vlan_fast_start(struct dt_phone *ph)
{
	ph->link.lldp_fast = FAST;
	vlan_send_lldp(ph);
	ph_timer_set(ph, T_LLDP, FAST_MS);
}

/* IEEE 802.1AB 9.1.2.2: a "shutdown LLDPDU" of chassis, port and a time to live of 0, so that the switch forgets the phone at once. */
void vlan_bye(struct dt_phone *ph)
{
	const struct lldp l = {.chassis_subtype = 4, .chassis = {(const char *)ph->core.mac, 6},
			       .port_subtype = 3, .port = {(const char *)ph->core.mac, 6}};
	uint8_t frame[64];
	struct wr w = wr_of(frame, sizeof frame);

	if (!ph->link.lldp_reported)
		return;
	ph->link.lldp_reported = false;
	eth_write(&w, lldp_group, ph->core.mac, ETH_LLDP);
	lldp_write(&w, &l);
	if (!w.err)
		ph->core.body->frame(ph->core.arg, frame, wr_n(&w), -1);
}

static bool vlan_join(struct dt_phone *ph, bool tagged, uint16_t vlan, uint8_t prio, uint8_t dscp)
{
	int rc = ph->core.body->vlan(ph->core.arg, vlan, prio, dscp);
	struct why why = {0};

	if (rc < 0) {
		why_set(&why, "VLAN %u: %s", vlan, strerror(-rc));
		stage_without(ph, DT_F_VLAN_JOIN, why.text);
		return false;
	}
	ph->core.tagged = tagged;
	ph->core.vlan = vlan;
	ph->core.prio = prio;
	ph->core.dscp = dscp;
	return true;
}

void stage_vlan(struct dt_phone *ph)
{
	ph->core.tagged = false;
	ph->core.vlan = ph->core.prio = ph->core.dscp = 0;
	ph->link.lldp_bad = NULL;
	ph->link.lldp_policy_bad = false;
	ph->link.lldp_received = ph->link.lldp_used = ph->link.lldp_late = false;
	if (ph->conf.no_vlan) {
		stage_skip(ph, "untagged, as announced");
		return;
	}
	ph->core.body->vlan(ph->core.arg, 0, 0, 0);
	attempt_begin(ph, &ph->work->lldp_try, "lldp-med");
	vlan_fast_start(ph);
}

/* "keeps the VLAN id, releases that lease at once" */
static bool vlan_have_dhcp(void *arg, const struct dhcp_result *r)
{
	struct dt_phone *ph = arg;
	enum dhcp_vlan_form form;
	uint16_t vlan = 0;
	char found[64];

	if (r->ack == NULL) {
		stage_without(ph, DT_F_VLAN_NONE, NULL);
		return true;
	}
	form = r->ack->option[43].p ? dhcp_vlan_read(r->ack->option[43], &vlan) : DHCP_VLAN_NONE;
	text_set(found, sizeof found, "VLAN %u", vlan);
	r->try->fact.option = 43;
	r->try->fact.sub = 10;
	r->try->fact.vlan = vlan;
	if (form == DHCP_VLAN_NONE)
		attempt_sign(r->try, DT_SIGN_VLAN_OPTION_ABSENT);
	else if (form == DHCP_VLAN_BAD)
		attempt_sign(r->try, DT_SIGN_VLAN_OPTION_RANGE);
	else if (form != DHCP_VLAN_U16)
		attempt_sign(r->try, DT_SIGN_VLAN_OPTION_FORM);
	if (form == DHCP_VLAN_NONE || form == DHCP_VLAN_BAD)
		attempt_fail(ph, r->try, form == DHCP_VLAN_BAD ? DT_F_VLAN_BAD : DT_F_VLAN_NONE, NULL);
	else
		attempt_ok(ph, r->try, found, NULL);
	dhcp_release(ph, r->lease);
	if (form == DHCP_VLAN_NONE || form == DHCP_VLAN_BAD)
		stage_without(ph, form == DHCP_VLAN_BAD ? DT_F_VLAN_BAD : DT_F_VLAN_NONE, NULL);
	else if (vlan_join(ph, true, vlan, 0, 0))
		stage_done(ph, "VLAN %u, from DHCP", vlan);
	return true;
}

/* A frame that was dropped is no silence. */
static void vlan_without_lldp(struct dt_phone *ph)
{
	enum dt_sign sign = ph->link.lldp_policy_bad ? DT_SIGN_LLDP_POLICY_BAD
			    : ph->link.lldp_received ? DT_SIGN_LLDP_NO_POLICY
			    : ph->link.lldp_bad	     ? DT_SIGN_LLDP_MALFORMED
						     : DT_SIGN_LLDP_SILENT;

	attempt_sign(&ph->work->lldp_try, sign);
	attempt_fail(ph, &ph->work->lldp_try, DT_F_VLAN_NONE, sign == DT_SIGN_LLDP_MALFORMED ? ph->link.lldp_bad : NULL);
}

void vlan_lldp_bad(struct dt_phone *ph, const char *why)
{
	ph->link.lldp_bad = why;
}

void vlan_lldp_timer(struct dt_phone *ph)
{
	uint64_t waited, wait = ph->conf.lldp_wait_s * 1000ull;

	if (!vlan_deciding(ph) || dhcp_busy(ph->dhcp)) {
		vlan_send_lldp(ph);
		ph_timer_set(ph, T_LLDP, ph->link.lldp_fast ? FAST_MS : SLOW_MS);
		return;
	}
	waited = ph_now_ms(ph) - ph->work->lldp_try.since;
	if (waited >= wait) {
		vlan_without_lldp(ph);
		ph_timer_set(ph, T_LLDP, SLOW_MS);
		dhcp_free(ph->dhcp);
		ph->dhcp = dhcp_discover(ph, true, 0, vlan_have_dhcp, ph);
		return;
	}
	if (ph->link.lldp_fast)
		vlan_send_lldp(ph);
	ph_timer_set(ph, T_LLDP, wait - waited < FAST_MS ? wait - waited : FAST_MS);
}

static const char *vlan_policy_text(const struct med_policy *p, char *out, size_t cap)
{
	if (!p->tagged)
		text_set(out, cap, "untagged, DSCP %u", p->dscp);
	else if (p->vlan == 0)
		text_set(out, cap, "priority-tagged, priority %u, DSCP %u", p->prio, p->dscp);
	else
		text_set(out, cap, "VLAN %u, priority %u, DSCP %u", p->vlan, p->prio, p->dscp);
	return out;
}

/* Another phone, or a PC, on the same port behind a hub: the policy it tells is its own, and says nothing to this phone. */
static bool vlan_is_endpoint(const struct lldp *l)
{
	return l->has_med && l->med_class >= 1 && l->med_class <= MED_CLASS_3;
}

static bool vlan_is_bridge(const struct lldp *l)
{
	return (l->has_caps && (l->caps & LLDP_CAP_BRIDGE)) || (l->has_med && l->med_class == MED_NETWORK);
}

/* V-13: the phone has fallen back already, and stays where it is; told once a start. */
static void vlan_too_late(struct dt_phone *ph, const struct lldp *l, const struct med_policy *p)
{
	struct attempt a;
	char found[80];

	if (ph->link.lldp_late)
		return;
	ph->link.lldp_late = true;
	attempt_begin(ph, &a, "lldp-med");
	attempt_peer(&a, SV_FMT, SV_ARG(l->sys_name));
	attempt_sign(&a, DT_SIGN_LLDP_TOO_LATE);
	a.fact.vlan = p->vlan;
	attempt_ok(ph, &a, vlan_policy_text(p, found, sizeof found),
		   ph->core.tagged ? "LLDP-MED came too late: the phone has its VLAN, another one, from DHCP"
			      : "LLDP-MED came too late: the phone goes on untagged");
}

/* The neighbour whose policy counts, or any when that one has gone: "keeps it until the time to live is over" (802.1AB 9.2.7.7). */
static bool vlan_is_from(const struct dt_phone *ph, const struct eth *e)
{
	return memcmp(e->src, ph->link.lldp_from, 6) == 0 || ph_now_ms(ph) >= ph->link.lldp_until;
}

/* Its information is good for that many seconds from now; 0: it ends now, and any other bridge may speak. */
static void vlan_remember(struct dt_phone *ph, const struct eth *e, uint16_t ttl)
{
	if (memcmp(e->src, ph->link.lldp_from, 6) != 0)
		return;
	ph->link.lldp_until = ph_now_ms(ph) + ttl * 1000ull;
	if (ttl == 0)
		ph->link.lldp_bridge = false;
}

/* The policy was used already: another one from the same switch means another VLAN; from another neighbour, a conflict.
 * "When two neighbours give different VLANs take the one whose capabilities include bridge, report conflict." */
static void vlan_later(struct dt_phone *ph, const struct eth *e, const struct lldp *l, const struct med_policy *p)
{
	struct attempt a;
	char found[80];
	bool same = vlan_is_from(ph, e), better = !same && vlan_is_bridge(l) && !ph->link.lldp_bridge;

	if (ph->run.stage == DT_STAGE_VLAN || p->vlan == 4095 || (p->tagged == ph->core.tagged && (!p->tagged || p->vlan == ph->core.vlan)))
		return;
	if (!ph->link.lldp_used) {
		vlan_too_late(ph, l, p);
		return;
	}
	attempt_begin(ph, &a, "lldp-med");
	attempt_peer(&a, SV_FMT, SV_ARG(l->sys_name));
	attempt_sign(&a, same ? DT_SIGN_LLDP_CHANGED : DT_SIGN_LLDP_CONFLICT);
	a.fact.vlan = p->vlan;
	attempt_ok(ph, &a, vlan_policy_text(p, found, sizeof found),
		   same	    ? "the switch changed its policy: begin again"
		   : better ? "a second neighbour announces another VLAN, and it is the switch: begin again"
			    : "a second neighbour announces another VLAN; the first one counts");
	ph->link.lldp_bridge |= better;
	if (!same && !better)
		return;
	if (ph->link.bound)
		dhcp_release(ph, &ph->link.lease);
	ph->link.bound = false;
	phone_want_start(ph);
}

/* [network A.2] */
void vlan_lldp(struct dt_phone *ph, const struct eth *e, const struct lldp *l)
{
	const struct med_policy *p = lldp_policy(l, MED_VOICE);
	char found[80];
	bool joined;

	if (ph->conf.no_vlan)
		return;
	if (ph->link.lldp_used && ph_now_ms(ph) >= ph->link.lldp_until)
		ph->link.lldp_bridge = false; /* that one has gone without a word */
	if (l->ttl == 0) {
		vlan_remember(ph, e, 0);
		return;
	}
	ph->link.lldp_received = true;
	ph->link.lldp_policy_bad |= l->bad_policy && !vlan_is_endpoint(l);
	if (p == NULL || vlan_is_endpoint(l) || (ph->link.lldp_bridge && !vlan_is_bridge(l)))
		return;
	if (!vlan_deciding(ph)) {
		vlan_later(ph, e, l, p);
		vlan_remember(ph, e, l->ttl);
		return;
	}
	attempt_peer(&ph->work->lldp_try, SV_FMT, SV_ARG(l->sys_name));
	ph->work->lldp_try.fact.vlan = p->tagged ? p->vlan : 0;
	if (p->tagged && p->vlan == 4095) {
		attempt_sign(&ph->work->lldp_try, DT_SIGN_VLAN_RESERVED);
		attempt_fail(ph, &ph->work->lldp_try, DT_F_VLAN_BAD, NULL);
		return;
	}
	dhcp_stop(ph->dhcp);
	if (ph_now_ms(ph) - ph->work->lldp_try.since > PATIENCE_MS)
		attempt_sign(&ph->work->lldp_try, DT_SIGN_LLDP_LATE);
	if (p->tagged && p->vlan == 0)
		attempt_sign(&ph->work->lldp_try, DT_SIGN_VLAN_ZERO);
	if (!p->tagged && p->vlan != 0) {
		attempt_sign(&ph->work->lldp_try, DT_SIGN_POLICY_UNTAGGED);
		ph->work->lldp_try.fact.vlan = p->vlan;
	}
	if (dt_model_cannot(ph->core.model, ph->core.version) & DT_CANNOT_LLDP)
		attempt_sign(&ph->work->lldp_try, DT_SIGN_LLDP_NOT_READ);
	attempt_ok(ph, &ph->work->lldp_try, vlan_policy_text(p, found, sizeof found), NULL);
	memcpy(ph->link.lldp_from, e->src, 6);
	vlan_remember(ph, e, l->ttl);
	ph->link.lldp_used = true;
	ph->link.lldp_bridge = vlan_is_bridge(l);
	/* "send untagged; VLAN and L2 priority are void, DSCP alone applies" */
	joined = vlan_join(ph, p->tagged, p->tagged ? p->vlan : 0, p->tagged ? p->prio : 0, p->dscp);
	/* 802.1AB 9.2.5.4, somethingChangedLocal: told at once, so that a switch that waits for the confirmation has it. */
	vlan_fast_start(ph);
	if (joined)
		stage_done(ph, "%s, from LLDP-MED", vlan_policy_text(p, found, sizeof found));
}

