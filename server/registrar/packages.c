/* server/registrar/packages.c: the event packages: in-band provisioning, and the least of the rest [sip 14, 15]. */
#include "server/registrar/internal.h"
#include "wire/provisioning.h"

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

/* ---- a row of the table --------------------------------------------------------------------------------------- */

bool reg_package_find(struct sv event, unsigned *ret)
{
	for (unsigned i = 0; i < sizeof events / sizeof *events; i++)
		if (sv_ieq(event, sv_of(events[i].event))) {
			*ret = i;
			return true;
		}
	return false;
}

const char *reg_package_type(unsigned package)
{
	return events[package].type;
}

bool reg_package_public(unsigned package)
{
	return events[package].anybody;
}

bool reg_package_changes(unsigned package)
{
	return events[package].asks;
}

bool reg_package_state(const struct reg_conn *c, const struct reg_sa *sa, unsigned package, struct sv asked, struct buf *state)
{
	return events[package].state(c, sa, asked, state);
}
