/* server/registrar/subscribe.c: the event packages: in-band provisioning, and the least of the rest
 * [sip 14, 15].  Each SUBSCRIBE is answered with the state as it is; subscription.c keeps it.
 */
#include <stdio.h>
#include <string.h>

#include "server/registrar/internal.h"
#include "wire/provisioning.h"

#define SUBSCRIPTION_SECONDS 3600

/* The state, as the body of the question asks for it.  false: that cannot be read. */
typedef bool state_fn(const struct reg_conn *c, const struct reg_sa *sa, struct sv asked, struct buf *body);

/* ---- provisioning --------------------------------------------------------------------------------------------- */

/* "A common area phone whose client policy allows hot-desking": other phones are their user's alone. */
static void provisioning_of(const struct site *s, bool common_area, struct provisioning *p)
{
	*p = (struct provisioning)PROVISIONING_DEFAULT;
	p->has_updates = true;
	p->updates_enabled = s->update_enabled;
	site_update_url(s, false, p->updates_internal);
	if (s->external_web_fqdn[0] || s->external_fqdn[0])
		site_update_url(s, true, p->updates_external);
	(void)sv_copy(p->organization, sizeof p->organization, sv_of(s->organization));
	p->enforce_pin_lock = s->EnforcePhoneLock;
	p->min_pin_length = s->MinPhonePinLength;
	p->phone_timeout_min = s->PhoneLockTimeout;
	p->exchange_mwi_poll = s->CalendarPollInterval;
	p->diffserv_voice = s->VoiceDiffServTag;
	p->voice_8021p = s->Voice8021p;
	(void)sv_copy(p->sip_security, sizeof p->sip_security, sv_of(s->SIPSecurityMode));
	p->hotdesking = common_area && s->EnableHotdesking;
	p->hotdesking_s = s->HotdeskingTimeout;
	(void)sv_copy(p->logging_level, sizeof p->logging_level, sv_of(s->LoggingLevel));
}

static bool provisioning(const struct reg_conn *c, const struct reg_sa *sa, struct sv asked, struct buf *body)
{
	struct provisioning_ask ask = {.group = {"ServerConfiguration"}, .ngroup = 1};
	struct provisioning p;

	if (asked.n && provisioning_ask_read(asked.p, asked.n, &ask) != NULL)
		return false;
	provisioning_of(c->r->conf.site, sa->common_area, &p);
	provisioning_write(body, &p, &ask);
	return true;
}

/* ---- the rest: nobody has contacts, presence or messages here ------------------------------------------------- */

static bool nothing(const struct reg_conn *c, const struct reg_sa *sa, struct sv asked, struct buf *body)
{
	(void)c, (void)sa, (void)asked, (void)body;
	return true;
}

static bool contacts(const struct reg_conn *c, const struct reg_sa *sa, struct sv asked, struct buf *body)
{
	(void)c, (void)sa, (void)asked;
	buf_str(body, "<contactList xmlns=\"http://schemas.microsoft.com/2002/09/sip/contacts\" deltaNum=\"1\" >"
		      "<group id=\"1\" name=\"~\" externalURI=\"\" /></contactList>");
	return true;
}

static bool roaming_self(const struct reg_conn *c, const struct reg_sa *sa, struct sv asked, struct buf *body)
{
	(void)c, (void)asked;
	buf_printf(body,
		   "<roamingData xmlns=\"http://schemas.microsoft.com/2006/09/sip/roaming-self\">"
		   "<categories xmlns=\"http://schemas.microsoft.com/2006/09/sip/categories\" uri=\"sip:%s\"/>"
		   "<containers xmlns=\"http://schemas.microsoft.com/2006/09/sip/container-management\"/>"
		   "<subscribers xmlns=\"http://schemas.microsoft.com/2006/09/sip/presence-subscribers\"/></roamingData>",
		   sa->binding->b->aor);
	return true;
}

static bool messages(const struct reg_conn *c, const struct reg_sa *sa, struct sv asked, struct buf *body)
{
	(void)c, (void)sa, (void)asked;
	buf_str(body, "Messages-Waiting: no\r\n");
	return true;
}

static const struct {
	const char *event, *type;
	state_fn *state;
	bool anybody; /* may ask for it: it is empty for everybody */
	bool asks;    /* its question has a body, of the same type */
} events[] = {
	{"vnd-microsoft-provisioning-v2", PROVISIONING_TYPE, provisioning, .asks = true},
	{"vnd-microsoft-roaming-contacts", "application/vnd-microsoft-roaming-contacts+xml", contacts},
	{"vnd-microsoft-roaming-self", "application/vnd-microsoft-roaming-self+xml", roaming_self},
	{"message-summary", "application/simple-message-summary", messages},
	{"presence", NULL, nothing, true},
	{"presence.wpending", NULL, nothing},
	{"vnd-microsoft-roaming-ACL", NULL, nothing},
	{"vnd-microsoft-provisioning", NULL, nothing},
};

/* ---- the answer ----------------------------------------------------------------------------------------------- */

static unsigned seconds_of(const struct msg *m)
{
	uint64_t asked = SUBSCRIPTION_SECONDS;

	if (!sv_u64(sv_trim(msg_get(m, "Expires")), UINT32_MAX, &asked) || asked > SUBSCRIPTION_SECONDS)
		asked = SUBSCRIPTION_SECONDS;
	return (unsigned)asked;
}

static void subscribe_answer(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, unsigned package, const struct buf *body)
{
	bool rides = reg_has_tag(m, "Supported", "ms-piggyback-first-notify");
	unsigned expires = seconds_of(m);
	const char *type = events[package].type;
	struct buf h = {0};

	buf_printf(&h, "Contact: <sip:%s:%u;transport=%s>\r\nExpires: %u\r\nEvent: ", reg_targetname(c),
		   reg_port(c),
		   c->peer.tls ? "tls" : "tcp", expires);
	buf_sv(&h, msg_get(m, "Event")); /* with its id, if it has one (RFC 6665 4.5.2) */
	buf_printf(&h, "\r\nsubscription-state: %s;expires=%u\r\n", expires ? "active" : "terminated", expires);
	if (rides)
		buf_printf(&h, "ms-piggyback-cseq: %u\r\n", reg_subscription_cseq(sa, m, package));
	buf_str(&h, "Supported: ms-benotify, ms-piggyback-first-notify\r\n");
	reg_answer(c, sa, m, 200, "OK", &h, rides ? type : NULL, rides ? buf_view(body) : (struct sv){0});
	buf_free(&h);
	reg_subscribed(c, sa, m, package, expires, rides, buf_view(body));
}

const char *reg_package_type(unsigned package)
{
	return events[package].type;
}

bool reg_package_changes(unsigned package)
{
	return events[package].asks;
}

bool reg_package_state(const struct reg_conn *c, const struct reg_sa *sa, unsigned package, struct sv asked, struct buf *state)
{
	return events[package].state(c, sa, asked, state);
}

/* The user's own; within a subscription the Request-URI is our Contact, and names no user. */
static bool is_of_own(const struct reg_sa *sa, const struct msg *m)
{
	struct sip_addr to;
	char aor[256];

	return sip_addr_read(msg_get(m, "To"), &to) && reg_is_own(sa, to.uri) && (!reg_aor(m->target, aor) || reg_is_own(sa, m->target));
}

void reg_subscribe(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	struct sv rest = msg_get(m, "Event"), event = sv_trim(sv_cut(&rest, ';'));
	struct sv more = msg_get(m, "Content-Type"), type = sv_trim(sv_cut(&more, ';'));
	struct buf body = {0};

	for (unsigned i = 0; i < sizeof events / sizeof *events; i++) {
		if (!sv_ieq(event, sv_of(events[i].event)))
			continue;
		/* RFC 6665 4.2.1.3: a notifier authorizes who subscribes: settings and lists are their user's alone. */
		if (!events[i].anybody && !is_of_own(sa, m)) {
			reg_refuse(c, sa, m, REFUSE_IDENTITY);
			return;
		}
		if (m->body.n && events[i].asks && !sv_ieq(type, sv_of(events[i].type)))
			reg_refuse(c, sa, m, REFUSE_TYPE);
		else if (!events[i].state(c, sa, events[i].asks ? m->body : (struct sv){0}, &body))
			reg_refuse(c, sa, m, REFUSE_XML);
		else
			subscribe_answer(c, sa, m, i, &body);
		buf_free(&body);
		return;
	}
	reg_refuse(c, sa, m, REFUSE_UNKNOWN_EVENT);
}
