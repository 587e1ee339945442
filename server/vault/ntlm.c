/* server/vault/ntlm.c: NTLM: the challenge is made here and answered here; a worker only carries it.
 *
 * A challenge is good for one answer.  An unknown user is checked like any other, against a hash that fits nothing.
 */
#include "server/vault/internal.h"

#include <stdio.h>
#include <string.h>

#include "auth/ntlm.h"
#include "auth/pin.h"

enum { NTLM_V1_RESPONSE = 24 };

/* [MS-NLMP] 3.1.1.1: MaxLifetime, "the default value is 36 hours" */
#define MAX_LIFETIME_S ((int64_t)36 * 3600)

struct netbios {
	char domain[SITE_NETBIOS_MAX], computer[SITE_NETBIOS_MAX];
};

/* A challenge goes to unauthenticated clients.  "Nothing internal is told": a site that is reachable
 * from outside names itself in all challenges by what is public, its SIP domain and its public name, whatever
 * netbios_domain and netbios_computer are; no client judges by it. */
static struct ntlm_names names_of(const struct site *s, struct netbios *n)
{
	if (s->external_fqdn[0] == '\0')
		return (struct ntlm_names){s->netbios_domain, s->netbios_computer, s->domain, s->fqdn, s->domain};
	site_netbios(s->domain, n->domain);
	site_netbios(s->external_fqdn, n->computer);
	return (struct ntlm_names){n->domain, n->computer, s->domain, s->external_fqdn, s->domain};
}

static enum vault_status challenge(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct sv type1 = q->ntlm_challenge.type1;
	bool datagram = q->ntlm_challenge.datagram;
	const struct site *site = v->conf.site;
	struct netbios netbios;
	struct ntlm_names names = names_of(site, &netbios);
	struct ntlm_negotiate m = {0};
	struct vault_pending *p;
	unsigned slot;

	if (datagram ? !site->offer_ntlm : site->UseWindowsAuth == SITE_WINDOWS_NONE)
		return VAULT_METHOD_OFF;
	if (type1.n) { /* in datagram mode the first token is empty */
		struct rd r = rd_of(type1.p, type1.n);

		if (type1.n > 4096 || !ntlm_negotiate_read(&r, &m))
			return VAULT_MALFORMED;
	}
	slot = v->next_pending++ % VAULT_SLOTS;
	p = &v->pending[slot];
	buf_clear(&p->negotiate);
	buf_clear(&p->message);
	p->id = vault_id(v, slot);
	p->at = vault_now(v);
	p->datagram = datagram;
	vault_random(v, p->challenge, sizeof p->challenge);
	buf_sv(&p->negotiate, type1);
	if (!ntlm_make_challenge(&p->message, datagram, m.flags, &names, p->challenge,
				 ntlm_filetime(vault_now(v) * 1000)) ||
	    p->negotiate.oom || p->message.oom) {
		p->id = 0;
		return VAULT_UNAVAILABLE;
	}
	buf_sv(&ret->ntlm_challenge.challenge, buf_view(&p->message));
	ret->ntlm_challenge.id = p->id;
	return ret->ntlm_challenge.challenge.oom ? VAULT_UNAVAILABLE : VAULT_OK;
}

enum vault_status vault_on_ntlm_challenge(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	enum vault_status st;

	pthread_mutex_lock(&v->lock);
	st = challenge(v, q, ret);
	pthread_mutex_unlock(&v->lock);
	return st;
}

/* ---- whose login ----------------------------------------------------------------------------------------- */

/* "SIPE sends the login as configured, usually DOMAIN\user, sometimes user@domain.  It may differ from the SIP URI": the
 * account as written; without a domain, with the domain's DNS name, or with the one that a challenge outside names, that of
 * this site; user@domain as a login of its own, else as the address.  All of them are looked up, also when the first
 * is found: a known user costs as much time as an unknown one. */
static enum store_result whose(const struct vault *v, const char *user, const char *domain, struct store_user *ret)
{
	const struct site *site = v->conf.site;
	struct store *s = v->conf.store;
	struct netbios outside;
	const char *public = names_of(site, &outside).netbios_domain;
	bool ours = domain[0] == '\0' || vault_name_eq(domain, site->domain) || vault_name_eq(domain, site->netbios_domain) ||
		    vault_name_eq(domain, public);
	const char *const domains[] = {domain, ours ? site->netbios_domain : domain, ours ? site->domain : domain};
	enum store_result found = STORE_NONE, r;
	struct store_user u;

	for (size_t i = 0; i < 3; i++) {
		char login[520];

		if (strchr(user, '@') || domains[i][0] == '\0')
			snprintf(login, sizeof login, "%s", user);
		else
			snprintf(login, sizeof login, "%s\\%s", domains[i], user);
		if (strlen(login) >= 256)
			continue;
		/* the last of user@domain is the address itself */
		r = i == 2 && strchr(user, '@') ? s->ops->user_get(s, login, &u) : s->ops->user_by_login(s, login, &u);
		if (r == STORE_FAILED)
			return r;
		if (r == STORE_OK && found == STORE_NONE) {
			*ret = u;
			found = r;
		}
	}
	return found;
}

/* ---- guessing ---------------------------------------------------------------------------------------------- */

struct login_try {
	int64_t now;
	bool known;
	enum pin_gate gate;
};

static void tries_to(struct store_tries *t, const struct pin_counters *c)
{
	t->local = c->local;
	t->global = c->global;
	t->local_since = c->local_since;
	t->locked_until = c->locked_until;
}

/* Row 0, of all who are unknown, is never locked: its state would tell who is known. */
static void count(void *arg, struct store_tries *t)
{
	struct login_try *a = arg;
	struct pin_counters c = {t->local, t->global, t->local_since, t->locked_until};

	t->all++;
	a->gate = PIN_OPEN;
	if (!a->known)
		return;
	a->gate = pin_attempt(&c, password_limits(), a->now);
	tries_to(t, &c);
}

static void settle(void *arg, struct store_tries *t)
{
	struct pin_counters c = {t->local, t->global, t->local_since, t->locked_until};

	(void)arg;
	pin_success(&c);
	tries_to(t, &c);
}

static bool mic_ok(const struct vault_pending *p, const struct ntlm_authenticate *m, struct sv raw, const uint8_t key[16])
{
	/* [MS-NLMP] 3.2.5.1.2: demanded when the client said, inside what its proof covers, that it sends one */
	struct sv flags = m->nt.n > 44 ? ntlm_av(sv_from(m->nt, 44), NTLM_AV_FLAGS) : (struct sv){0};

	if (flags.n != 4 || !((uint8_t)flags.p[0] & 2))
		return true;
	return m->has_mic && ntlm_check_mic(buf_view(&p->negotiate), buf_view(&p->message), raw, m->mic_at, key);
}

/* [MS-NLMP] 3.2.5.1.2: "the server MUST compute the channel bindings and compare".  An answer that was made for another TLS connection is carried
 * over by somebody between.  "sent" takes an answer without any, as clients of the time send it. */
static const char *binding_wrong(const struct vault *v, const struct vault_ask *q, const struct ntlm_authenticate *m)
{
	static const uint8_t none[16];
	enum site_binding demand = v->conf.site->ntlm_channel_binding;
	bool demanded = demand == SITE_BINDING_ALWAYS || (demand == SITE_BINDING_OUTSIDE && q->ntlm_verify.outside);
	uint8_t sent[16];

	ntlm_binding_sent(m, sent);
	if (demand == SITE_BINDING_OFF)
		return NULL;
	if (memcmp(sent, none, sizeof none) == 0)
		return demanded ? "it is bound to no TLS connection, and ntlm_channel_binding demands that" : NULL;
	return memcmp(sent, q->ntlm_verify.binding, sizeof sent) == 0
		   ? NULL
		   : "it was made for another TLS connection: somebody between carries it over, or TLS ends at a proxy (ntlm_channel_binding = off)";
}

/* "If the time of the client differs by more than MaxLifetime, the server SHOULD return an error": 3.2.5.1.2. */
static const char *time_wrong(const struct vault *v, const struct ntlm_authenticate *m)
{
	uint64_t now = ntlm_filetime(vault_now(v) * 1000), sent = ntlm_time_sent(m);
	uint64_t off = now > sent ? now - sent : sent - now;

	return off / 10000000 > (uint64_t)MAX_LIFETIME_S ? "its time is more than 36 hours off (MaxLifetime)" : NULL;
}

static const char *because_of(const struct login_try *try, bool known)
{
	return !try->known			 ? "no user has this login"
	       : !known				 ? "no password is set"
	       : try->gate == PIN_LOCKED_GLOBAL ? "the password is locked until an administrator unlocks it"
	       : try->gate == PIN_LOCKED	 ? "the password is locked for an hour"
	       : try->gate == PIN_PAUSED	 ? "the password was wrong too often: not checked for a while"
						 : "wrong password";
}

static enum vault_status check(struct vault *v, struct vault_pending *p, const struct vault_ask *q, struct store_user *u,
			       struct vault_login *ret, struct why *why)
{
	struct sv raw = q->ntlm_verify.type3;
	struct rd r = rd_of(raw.p, raw.n);
	struct ntlm_authenticate m = {0};
	uint8_t hash[16], key[16];
	char user[256], domain[256];
	enum store_result found;
	struct login_try try;
	bool has_one, opened, known, good;
	const char *wrong = NULL;

	if (!ntlm_authenticate_read(&r, &m) || !ntlm_who(&m, user, domain)) {
		why_set(why, "the answer cannot be read");
		return VAULT_MALFORMED;
	}
	if (!!(m.flags & NTLM_DATAGRAM) != p->datagram) { /* made for the other transport: somebody carries it over */
		why_set(why, "the answer is one for %s", p->datagram ? "HTTP" : "SIP");
		vault_audit(v, "ntlm", "", false, "an answer for the other transport");
		return VAULT_REFUSED;
	}
	/* [MS-NLMP] 2.2.2.6: an NTLM v1 response has 24 octets.  It proves too little, and tells the password to who tries all: Windows CE
	 * sends it unless LmCompatibilityLevel is 3 or more. */
	if (m.nt.n == NTLM_V1_RESPONSE) {
		why_set(why, "%.60s\\%.60s: NTLMv1, which is not taken: the client must send NTLMv2 (LmCompatibilityLevel 3)", domain, user);
		vault_audit(v, "ntlm", "", false, "NTLMv1 is not taken: the client must send NTLMv2");
		return VAULT_REFUSED;
	}
	found = whose(v, user, domain, u);
	if (found == STORE_FAILED)
		return VAULT_UNAVAILABLE;
	/* "counted as a failure before it is checked", as a PIN is: asking from many sides at once wins no extra try */
	try = (struct login_try){.now = vault_now(v), .known = found == STORE_OK};
	if (v->conf.store->ops->password_step(v->conf.store, try.known ? u->id : 0, count, &try) != STORE_OK)
		return VAULT_UNAVAILABLE;
	has_one = try.known && u->n_nt_hash;
	opened = vault_nt_hash_open(v->conf.secret, has_one ? u : &v->nobody, hash);
	if (!opened)
		vault_random(v, hash, sizeof hash);
	known = has_one && opened;
	good = ntlm_check(&m, hash, p->challenge, key) && mic_ok(p, &m, raw, key) && known && try.gate == PIN_OPEN;
	explicit_bzero(hash, sizeof hash);
	if (good && ((wrong = binding_wrong(v, q, &m)) != NULL || (wrong = time_wrong(v, &m)) != NULL))
		good = false;
	if (!good) {
		const char *because = wrong ? wrong : because_of(&try, known);

		vault_locked(v, try.gate);
		why_set(why, "%.60s\\%.60s: %s", domain, user, because);
		vault_audit(v, "ntlm", try.known ? u->aor : "", false, because);
		explicit_bzero(key, sizeof key);
		return VAULT_REFUSED;
	}
	if (v->conf.store->ops->password_step(v->conf.store, u->id, settle, NULL) != STORE_OK) {
		explicit_bzero(key, sizeof key);
		return VAULT_UNAVAILABLE;
	}
	memcpy(ret->session_key, key, sizeof key);
	explicit_bzero(key, sizeof key);
	ret->flags = m.flags;
	return VAULT_OK;
}

/* A challenge is taken out by the first answer to it. */
static bool take(struct vault *v, uint64_t id, struct vault_pending *ret)
{
	struct vault_pending *p = &v->pending[id % VAULT_SLOTS];
	bool there;

	pthread_mutex_lock(&v->lock);
	there = id != 0 && p->id == id && vault_now(v) - p->at < VAULT_REMEMBER;
	if (there) {
		*ret = *p;
		*p = (struct vault_pending){.id = 0};
	}
	pthread_mutex_unlock(&v->lock);
	return there;
}

static uint64_t logged_in(struct vault *v, int64_t user)
{
	uint64_t id;
	unsigned slot;

	pthread_mutex_lock(&v->lock);
	slot = v->next_login++ % VAULT_SLOTS;
	id = vault_id(v, slot);
	v->login[slot] = (struct vault_logged_in){id, vault_now(v), user};
	pthread_mutex_unlock(&v->lock);
	return id;
}

static enum vault_status answered(struct vault *v, struct vault_pending *p, const struct vault_ask *q, struct vault_reply *ret)
{
	struct vault_login out = {0};
	struct store_user u = {0};
	enum vault_status st = check(v, p, q, &u, &out, &ret->why);

	if (st == VAULT_OK && !u.enabled) {
		why_set(&ret->why, "%.120s is disabled", u.aor);
		vault_audit(v, "ntlm", u.aor, false, "the user is disabled");
		ret->ntlm_verify = out; /* the session key too: the refusal is signed with it */
		st = VAULT_NOT_ENABLED;
	} else if (st == VAULT_OK) {
		out.id = logged_in(v, u.id);
		memcpy(out.aor, u.aor, sizeof out.aor);
		ret->ntlm_verify = out;
		vault_audit(v, "ntlm", u.aor, true, "");
	}
	explicit_bzero(&out, sizeof out);
	return st;
}

enum vault_status vault_on_ntlm_verify(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct vault_pending p = {.id = 0};
	enum vault_status st;

	if (!take(v, q->ntlm_verify.id, &p)) {
		why_set(&ret->why, "the challenge is not known, or was answered already");
		return VAULT_REFUSED;
	}
	if (vault_source_try(v, q->ntlm_verify.peer, &ret->why))
		st = answered(v, &p, q, ret);
	else
		st = VAULT_WAIT;
	if (st == VAULT_OK || st == VAULT_NOT_ENABLED)
		vault_source_good(v, q->ntlm_verify.peer);
	buf_free(&p.negotiate);
	buf_free(&p.message);
	return st;
}

bool vault_login_find(struct vault *v, uint64_t login, int64_t *user, struct why *why)
{
	struct vault_logged_in l;

	pthread_mutex_lock(&v->lock);
	l = v->login[login % VAULT_SLOTS];
	pthread_mutex_unlock(&v->lock);
	*user = l.user;
	if (login != 0 && l.id == login && vault_now(v) - l.at < VAULT_REMEMBER)
		return true;
	why_set(why, "the login is not known, or too old");
	return false;
}

enum vault_status vault_on_ticket_login(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	uint64_t login = q->ticket_login.login;
	struct why *why = &ret->why;
	struct store *s = v->conf.store;
	struct store_user u;
	int64_t user;

	if (v->conf.site->UseWindowsAuth == SITE_WINDOWS_NONE) {
		why_set(why, "UseWindowsAuth is None");
		return VAULT_METHOD_OFF;
	}
	if (!vault_login_find(v, login, &user, why))
		return VAULT_REFUSED;
	switch (s->ops->user_by_id(s, user, &u)) {
	case STORE_OK:
		return vault_ticket_issue(v, &u, "ntlm", &q->ticket_login.issue, q->ticket_login.outside, &ret->ticket_login, why);
	case STORE_NONE:
		why_set(why, "the user is gone");
		return VAULT_NOT_ENABLED;
	default:
		why_set(why, "%s", store_why(s));
		return VAULT_UNAVAILABLE;
	}
}
