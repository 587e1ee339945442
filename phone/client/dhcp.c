/* phone/client/dhcp.c: the client of RFC 2131.
 *
 * UNKNOWN: option 60 of the address phase on a real phone's wire, its retry counts and times.  RFC 2131 4.1's: 4, 8, 16,
 * 32 seconds, each plus or minus one.
 */
#include "phone/client/dhcp.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/name.h"
#include "phone/client/dhcp_send.h"
#include "phone/run/core.h"

enum { NAKS = 3, NAK_WAIT_MS = 1000, LATE_MS = 10000 };

/* A shorter lease than this, in seconds, counts as this long, as with other clients: it would ask for nothing but renewals. */
enum { LEASE_MIN = 20 };

static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

enum dhcp_state { DHCP_ENDED, DHCP_SELECTING, DHCP_REQUESTING, DHCP_INFORMING, DHCP_RENEWING, DHCP_REBINDING,
		  DHCP_LATE /* the INFORM was answered: others may say something else */ };

struct dhcp_client {
	struct dt_phone *ph;
	enum dhcp_state state;
	bool for_vlan;
	bool answered; /* the INFORM was, to no use: it is not repeated */
	uint32_t xid;
	unsigned tries, naks;
	uint64_t since, offer_ms;
	uint16_t secs; /* of the last DISCOVER */
	uint32_t offered, server;
	uint8_t twice; /* an option of the OFFER; 0: none */
	enum dt_sign dropped; /* an answer came and was discarded, last of all for this, ... */
	char dropped_why[192];
	struct dhcp_lease lease; /* the one that is renewed, or that the INFORM is sent from */
	struct attempt try;
	struct dhcp message; /* the one being read or written */
	dhcp_fn *done, *late;
	void *arg;
};

static void dhcp_send_state(struct dhcp_client *c)
{
	uint64_t secs = (ph_now_ms(c->ph) - c->since) / 1000;
	struct dhcp_fields s = {.mac = everyone, .to = 0xffffffff, .class = DHCP_CLASS_VLAN, .xid = c->xid,
				.ask = c->for_vlan ? DHCP_ASK_VLAN : DHCP_ASK_ADDRESS,
				.secs = (uint16_t)(secs > 0xffff ? 0xffff : secs)};

	switch (c->state) {
	case DHCP_SELECTING:
		s.type = DHCP_DISCOVER;
		c->secs = s.secs;
		break;
	case DHCP_REQUESTING:
		s.type = DHCP_REQUEST;
		s.secs = c->secs;
		s.requested = c->offered;
		s.server = c->server;
		break;
	case DHCP_INFORMING:
		s.type = DHCP_INFORM;
		s.class = DHCP_CLASS_UC;
		s.ciaddr = s.from = c->lease.l.address;
		s.ask = DHCP_ASK_UC;
		break;
	case DHCP_RENEWING:
		s.to = c->lease.server;
		s.mac = c->lease.server_mac;
		/* fall through */
	case DHCP_REBINDING:
		s.type = DHCP_REQUEST;
		s.ciaddr = s.from = c->lease.l.address;
		break;
	default:
		return;
	}
	dhcp_send(c->ph, &s, &c->message);
}

/* ---- an exchange ------------------------------------------------------------------------------------------------ */

static void dhcp_sent(struct dhcp_client *c)
{
	uint64_t wait = ph_wait_ms(c->ph, (4000u << c->tries) - 1000 + ph_random_below(c->ph, 2000));

	if (c->state == DHCP_SELECTING && c->tries == 0)
		c->since = ph_now_ms(c->ph);
	dhcp_send_state(c);
	c->tries++;
	ph_timer_set(c->ph, T_DHCP, wait);
}

static void dhcp_start(struct dhcp_client *c, enum dhcp_state state)
{
	ph_random(c->ph, &c->xid, 4);
	c->state = state;
	c->tries = 0;
	c->since = ph_now_ms(c->ph);
	c->dropped = DT_SIGN_NONE;
	c->dropped_why[0] = '\0';
}

static struct dhcp_client *dhcp_new(struct dt_phone *ph, const struct dhcp_lease *l, dhcp_fn *done, void *arg)
{
	struct dhcp_client *c = ph_alloc(ph, sizeof *c);

	if (c == NULL)
		return NULL;
	c->ph = ph;
	c->done = done;
	c->arg = arg;
	if (l)
		c->lease = *l;
	return c;
}

/* From the DISCOVER, that much later: the timer sends it. */
static void dhcp_again(struct dhcp_client *c, uint64_t ms)
{
	dhcp_start(c, DHCP_SELECTING);
	attempt_begin(c->ph, &c->try, c->for_vlan ? "dhcp-vlan" : "dhcp");
	ph_timer_set(c->ph, T_DHCP, ms);
}

struct dhcp_client *dhcp_discover(struct dt_phone *ph, bool for_vlan, uint64_t delay_ms, dhcp_fn *done, void *arg)
{
	struct dhcp_client *c = dhcp_new(ph, NULL, done, arg);

	if (c == NULL)
		return NULL;
	c->for_vlan = for_vlan;
	dhcp_again(c, delay_ms);
	if (delay_ms == 0)
		dhcp_sent(c);
	return c;
}

struct dhcp_client *dhcp_inform(struct dt_phone *ph, const struct dhcp_lease *l, dhcp_fn *done, dhcp_fn *late, void *arg)
{
	struct dhcp_client *c = dhcp_new(ph, l, done, arg);

	if (c == NULL)
		return NULL;
	c->late = late;
	dhcp_start(c, DHCP_INFORMING);
	attempt_begin(ph, &c->try, "dhcp-inform");
	dhcp_sent(c);
	return c;
}

struct dhcp_client *dhcp_renew(struct dt_phone *ph, const struct dhcp_lease *l, bool rebind, dhcp_fn *done, void *arg)
{
	struct dhcp_client *c = dhcp_new(ph, l, done, arg);

	if (c == NULL)
		return NULL;
	dhcp_start(c, rebind ? DHCP_REBINDING : DHCP_RENEWING);
	attempt_begin(ph, &c->try, rebind ? "dhcp-rebind" : "dhcp-renew");
	dhcp_send_state(c);
	return c;
}

void dhcp_stop(struct dhcp_client *c)
{
	if (c == NULL)
		return;
	c->state = DHCP_ENDED;
	ph_timer_off(c->ph, T_DHCP);
}

bool dhcp_ended(const struct dhcp_client *c)
{
	return c == NULL || c->state == DHCP_ENDED;
}

bool dhcp_busy(const struct dhcp_client *c)
{
	return c && (c->state == DHCP_SELECTING || c->state == DHCP_REQUESTING || c->state == DHCP_INFORMING);
}

void dhcp_free(struct dhcp_client *c)
{
	if (c == NULL)
		return;
	dhcp_stop(c);
	free(c);
}

/* ---- silence ------------------------------------------------------------------------------------------------------ */

static unsigned dhcp_most_tries(const struct dhcp_client *c)
{
	return c->for_vlan ? 3 : 4;
}

/* Where nobody answered decides who must look: on a VLAN that was announced, the switch's side. */
static void dhcp_silence(struct dhcp_client *c, enum dhcp_state state, struct why *why)
{
	const struct ph_core *core = ph_core(c->ph);
	enum dt_sign sign = state == DHCP_REQUESTING ? DT_SIGN_REQUEST_SILENT : DT_SIGN_OFFER_NONE;
	const char *what = dt_signs[sign].what;

	attempt_sign(&c->try, sign);
	if (c->dropped) {
		attempt_sign(&c->try, c->dropped);
		what = c->dropped_why;
	}
	c->try.fact.vlan = core->tagged ? core->vlan : 0;
	if (core->tagged && core->vlan)
		why_set(why, "%s, on VLAN %u", what, core->vlan);
	else
		why_set(why, "%s, untagged", what);
}

static void dhcp_failed(struct dhcp_client *c, enum dt_failure f, const char *why)
{
	struct dhcp_result r = {.failure = f, .why = why, .try = &c->try};

	dhcp_stop(c);
	c->done(c->arg, &r);
}

void dhcp_timer(struct dhcp_client *c)
{
	enum dhcp_state state;
	struct why why = {0};

	if (dhcp_ended(c))
		return;
	state = c->state;
	if (state == DHCP_LATE) {
		dhcp_stop(c);
	} else if (c->tries < dhcp_most_tries(c) && !c->answered) {
		dhcp_sent(c);
	} else if (state == DHCP_INFORMING) {
		attempt_sign(&c->try, c->dropped);
		why_set(&why, "%s", c->dropped_why);
		if (!c->answered)
			attempt_fail(c->ph, &c->try, DT_F_UC_SILENT, c->dropped ? why.text : NULL);
		dhcp_failed(c, DT_F_UC_SILENT, c->dropped ? why.text : NULL);
	} else {
		dhcp_silence(c, state, &why);
		attempt_fail(c->ph, &c->try, DT_F_DHCP_SILENT, why.text);
		dhcp_failed(c, DT_F_DHCP_SILENT, why.text);
	}
}

/* ---- what comes --------------------------------------------------------------------------------------------------- */

static void dhcp_lease_of(const struct dhcp_client *c, const uint8_t from[6], struct dhcp_lease *ret)
{
	const struct dhcp *d = &c->message;
	struct sv name;
	uint32_t v;

	memset(ret, 0, sizeof *ret);
	ret->l.address = d->yiaddr ? d->yiaddr : d->ciaddr;
	dhcp_u32(d, 1, &ret->l.mask);
	if (dhcp_addrs(d, 3, &v, 1))
		ret->l.router = v;
	ret->l.ndns = (unsigned)dhcp_addrs(d, 6, ret->l.dns, 4);
	ret->nntp = (unsigned)dhcp_addrs(d, 42, ret->ntp, 4);
	ret->ntime = (unsigned)dhcp_addrs(d, 4, ret->time, 4);
	if (!dhcp_u32(d, 54, &ret->server))
		ret->server = d->siaddr;
	if (!dhcp_u32(d, 51, &ret->seconds))
		ret->seconds = 3600;
	if (ret->seconds < LEASE_MIN)
		ret->seconds = LEASE_MIN;
	/* RFC 2131 4.4.5: "T1 defaults to (0.5 * duration_of_lease).  T2 defaults to (0.875 * duration_of_lease)"; times that
	 * are next to nothing, or out of order, say nothing. */
	if (!dhcp_u32(d, 58, &ret->t1) || ret->t1 < LEASE_MIN / 2 || ret->t1 >= ret->seconds)
		ret->t1 = ret->seconds / 2;
	if (!dhcp_u32(d, 59, &ret->t2) || ret->t2 >= ret->seconds || ret->t2 < ret->t1)
		ret->t2 = ret->seconds - ret->seconds / 8;
	name = sv_trim(dhcp_text(d, 15));
	sv_copy(ret->domain, sizeof ret->domain, name_plain(sv_cut(&name, ' '))); /* some scopes list several there */
	memcpy(ret->server_mac, from, 6);
	ret->since = ph_now_ms(c->ph);
}

static const char *dhcp_answer_name(uint8_t type)
{
	return type == DHCP_OFFER ? "an OFFER" : type == DHCP_ACK ? "an ACK" : type == DHCP_NAK ? "a NAK" : "an answer";
}

/* A message that came and is discarded is reported when no better one comes: that is another fault than silence. */
static void dhcp_drop(struct dhcp_client *c, enum dt_sign sign, uint8_t type, uint32_t from, const char *why)
{
	char ip[16];

	c->dropped = sign;
	c->try.fact.address = from;
	text_set(c->dropped_why, sizeof c->dropped_why, "%s of %s came, and was discarded: %s", dhcp_answer_name(type), ip_text(from, ip), why);
	attempt_peer(&c->try, "%s", ip);
}

/* RFC 2131 table 3: "Message type" and, in OFFER, ACK and NAK, "Server identifier MUST". */
static void dhcp_lacking(struct dhcp_client *c, uint32_t server, uint32_t from)
{
	const struct dhcp *d = &c->message;

	if (d->type == 0)
		dhcp_drop(c, DT_SIGN_DHCP_MALFORMED, 0, from, "option 53, the message type, is missing");
	else if (server == 0 && c->state != DHCP_INFORMING && c->state != DHCP_RENEWING)
		dhcp_drop(c, DT_SIGN_DHCP_MALFORMED, d->type, from, "option 54, the server identifier, is missing");
	else if (d->type == DHCP_OFFER && d->yiaddr == 0)
		dhcp_drop(c, DT_SIGN_DHCP_MALFORMED, d->type, from, "it offers no address");
}

/* A message that cannot be read: whether it is for this client its fixed part says (RFC 2131 2: op, xid at 4, chaddr at 28). */
static bool dhcp_is_mine(const struct dhcp_client *c, struct sv message)
{
	struct rd r = rd_of(message.p, message.n), mac;
	uint8_t op = (uint8_t)rd_be(&r, 1);
	uint32_t xid;

	rd_take(&r, 3);
	xid = (uint32_t)rd_be(&r, 4);
	rd_take(&r, 20);
	mac = rd_sub(&r, 6);
	return r.err == NULL && op == 2 && xid == c->xid && memcmp(mac.p, ph_core(c->ph)->mac, 6) == 0;
}

/* One message that is for this client, and where it came from. */
struct dhcp_received {
	const uint8_t *mac;
	uint32_t from, server; /* server: option 54; 0: not said */
	char ip[16];
};

static void dhcp_offered(struct dhcp_client *c, const struct dhcp_received *h)
{
	const struct dhcp *d = &c->message;

	if (d->type != DHCP_OFFER || d->yiaddr == 0 || h->server == 0)
		return;
	c->offer_ms = ph_now_ms(c->ph) - c->since;
	c->offered = d->yiaddr;
	c->server = h->server;
	c->twice = d->repeated;
	c->state = DHCP_REQUESTING;
	c->tries = 0;
	dhcp_sent(c);
}

/* RFC 2131 3.1: "If the client receives a DHCPNAK message, the client restarts the configuration process."  But not for
 * ever: a phone on the desk of somebody who waits says at last that it is refused. */
static void dhcp_refused(struct dhcp_client *c)
{
	attempt_fail(c->ph, &c->try, DT_F_DHCP_NAK, NULL);
	if (++c->naks < NAKS)
		dhcp_again(c, NAK_WAIT_MS);
	else
		dhcp_failed(c, DT_F_DHCP_NAK, NULL);
}

static void dhcp_acked(struct dhcp_client *c, const struct dhcp_received *h)
{
	struct dhcp_lease l;
	struct dhcp_result r = {.ack = &c->message, .lease = &l, .server = h->ip, .offer_ms = c->offer_ms, .try = &c->try,
				.twice = c->message.repeated ? c->message.repeated : c->twice};
	enum dt_sign why;

	dhcp_lease_of(c, h->mac, &l);
	why = c->for_vlan ? DT_SIGN_NONE : dhcp_unfit(&c->message, l.l.address, l.l.mask); /* of the first one only option 43 is used */
	if (why) {
		attempt_sign(&c->try, why);
		c->try.fact.option = why == DT_SIGN_LEASE_MASK ? 1 : 0;
		attempt_fail(c->ph, &c->try, DT_F_DHCP_BAD, NULL);
		dhcp_failed(c, DT_F_DHCP_BAD, dt_signs[why].what);
		return;
	}
	dhcp_stop(c);
	c->done(c->arg, &r);
}

static void dhcp_requested(struct dhcp_client *c, const struct dhcp_received *h)
{
	if (h->server != c->server) {
		if (c->message.type == DHCP_ACK && h->server) /* a NAK of a server that was not asked is how RFC 2131 has it */
			dhcp_drop(c, DT_SIGN_DHCP_MALFORMED, DHCP_ACK, h->from, "option 54 names another server than the OFFER did");
		return;
	}
	if (c->message.type == DHCP_ACK)
		dhcp_acked(c, h);
	else if (c->message.type == DHCP_NAK)
		dhcp_refused(c);
}

static void dhcp_informed(struct dhcp_client *c, const struct dhcp_received *h)
{
	struct dhcp_result r = {.ack = &c->message, .server = h->ip, .try = &c->try};

	if (c->message.type != DHCP_ACK)
		return;
	if (!c->done(c->arg, &r)) {
		c->answered = true;
	} else if (c->state == DHCP_INFORMING) {
		c->state = DHCP_LATE;
		ph_timer_set(c->ph, T_DHCP, LATE_MS);
	}
}

static void dhcp_renewed(struct dhcp_client *c, const struct dhcp_received *h)
{
	struct dhcp_lease l;
	struct dhcp_result r = {.ack = &c->message, .lease = &l, .server = h->ip, .try = &c->try};

	if (c->message.type == DHCP_NAK) {
		attempt_fail(c->ph, &c->try, DT_F_DHCP_NAK, NULL);
		dhcp_failed(c, DT_F_DHCP_NAK, NULL);
		return;
	}
	dhcp_lease_of(c, h->mac, &l);
	if (c->message.type != DHCP_ACK || dhcp_unfit(&c->message, l.l.address, l.l.mask) || l.l.address != c->lease.l.address)
		return;
	dhcp_stop(c);
	c->done(c->arg, &r);
}

static void dhcp_received_late(struct dhcp_client *c, const struct dhcp_received *h)
{
	struct dhcp_result r = {.ack = &c->message, .server = h->ip};

	if (c->message.type == DHCP_ACK && c->late(c->arg, &r))
		dhcp_stop(c);
}

/* clang-format off */
static void (*const on_message[])(struct dhcp_client *, const struct dhcp_received *) = {
	[DHCP_SELECTING] = dhcp_offered,  [DHCP_REQUESTING] = dhcp_requested, [DHCP_INFORMING] = dhcp_informed,
	[DHCP_RENEWING] = dhcp_renewed,   [DHCP_REBINDING] = dhcp_renewed,    [DHCP_LATE] = dhcp_received_late,
};
/* clang-format on */

void dhcp_frame(struct dhcp_client *c, const struct eth *e, const struct udp *u, bool damaged)
{
	struct rd r = rd_of(u->payload.p, u->payload.n);
	struct dhcp_received h = {.mac = e->src, .from = u->src};
	bool read;

	if (dhcp_ended(c) || !dhcp_is_mine(c, u->payload))
		return;
	read = dhcp_read(&r, &c->message);
	if (damaged || !read) {
		dhcp_drop(c, damaged ? DT_SIGN_DHCP_CHECKSUM : DT_SIGN_DHCP_MALFORMED, read ? c->message.type : 0, u->src,
			  damaged ? "its UDP checksum is wrong" : r.err);
		return;
	}
	dhcp_u32(&c->message, 54, &h.server);
	dhcp_lacking(c, h.server, u->src);
	ip_text(h.server ? h.server : u->src, h.ip);
	if (c->state != DHCP_LATE) {
		attempt_peer(&c->try, "%s", h.ip);
		c->try.fact.address = h.server ? h.server : u->src;
	}
	on_message[c->state](c, &h);
}
