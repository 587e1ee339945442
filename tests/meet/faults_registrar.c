/* tests/meet/faults_registrar.c: Faults of the Registrar, of the user, of a phone outside. */
#include "tests/meet/changes.h"
#include "tests/meet/faults.h"

#include "tests/meet/octets.h"


static void never_inside(struct meet *m)
{
	m->conf.outside = true;
}

static void old_version(struct meet *m)
{
	m->site.nversion_rule = 1;
	sv_copy(m->site.version_rule[0].pattern, sizeof m->site.version_rule[0].pattern, SV("OCPhone"));
	m->site.version_rule[0].allow = false;
}

static void registrar_hangs_up(struct meet *m)
{
	meet_listener(m, MEET_FE, 5061)->reset = meet_listener(m, MEET_FE, 5060)->reset = true;
	m->net.srv_outside = false;
}

static void other_root_at_the_registrar(struct meet *m)
{
	fault_certified(m, true, fault_all_names);
	meet_listener(m, MEET_FE, 443)->tls = NULL;
	meet_listener(m, MEET_FE, 5061)->tls = m->other_ctx;
	meet_listener(m, MEET_FE, 5060)->down = true;
	m->net.srv_outside = false;
}

static void carried_home(struct meet *m)
{
	change_home(m);
	m->conf.pin = m->conf.number = NULL; /* it has its certificate */
}

static void without_web(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	(void)m;
	if (type == DT_RR_A && sv_ieq(sv_of(name), SV("web.contoso.test")))
		*ret = (struct dt_dns_answer){.status = DT_DNS_NXDOMAIN};
}

static void web_not_in_public_dns(struct meet *m)
{
	carried_home(m);
	m->net.name = without_web;
}

static void web_not_published(struct meet *m)
{
	carried_home(m);
	meet_listener(m, MEET_WEB, 443)->down = true;
}

static void no_public_srv(struct meet *m)
{
	carried_home(m);
	m->net.srv_outside = false;
}

/* A CX700, which signs in outside with user name and password. */
static void no_public_srv_from_the_box(struct meet *m)
{
	meet_was_inside(m); /* by NTLM, and it kept nothing but that */
	no_public_srv(m);
	m->conf.model = dt_model_find("cx700");
	m->conf.login = "CONTOSO\\alice";
	m->conf.password = "Pa$$word";
	m->conf.sip = "alice@contoso.test";
	m->conf.trust = (const char *)meet_keys()->root_pem.p;
}

static void refuses_updates_outside(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (at->outside && sv_istarts(q->target, SV("/RequestHandlerExt/")))
		fault_answer(a, 403, "", SV(""));
}

static void updates_refused_outside(struct meet *m)
{
	carried_home(m);
	m->from_web = refuses_updates_outside;
}

static void change_alice(struct meet *m, void (*change)(struct store_user *))
{
	struct store_user u;

	if (m->store->ops->user_get(m->store, "alice@contoso.test", &u) == STORE_OK) {
		change(&u);
		m->store->ops->user_set(m->store, &u);
	}
}

static void disable(struct store_user *u)
{
	u->enabled = false;
}

static void user_disabled(struct meet *m)
{
	change_alice(m, disable);
}

static void no_remote(struct store_user *u)
{
	u->remote = false;
}

static void no_remote_access(struct meet *m)
{
	change_alice(m, no_remote);
	carried_home(m);
}

/* A phone that still has number and PIN gets another one. */
static void certificate_replaced(struct meet *m)
{
	struct store_user u;
	unsigned n;

	if (m->store->ops->user_get(m->store, "alice@contoso.test", &u) == STORE_OK)
		m->store->ops->cert_revoke(m->store, u.id, m->unix_ms / 1000, &n);
}

static void certificate_revoked(struct meet *m)
{
	certificate_replaced(m);
	m->conf.pin = m->conf.number = NULL;
}

static void registrar_alone_and_gone(struct meet *m)
{
	m->net.srv = m->net.srv_outside = m->net.uc_120 = false;
	meet_listener(m, MEET_FE, 5061)->down = meet_listener(m, MEET_FE, 5060)->down = true;
}

static void at_home_elsewhere(struct store_user *u)
{
	sv_copy(u->home_pool, sizeof u->home_pool, SV("retired.contoso.test"));
}

static void home_pool_down(struct meet *m)
{
	change_alice(m, at_home_elsewhere);
	m->net.name = fault_retired;
	m->net.srv_outside = false;
}

static void home_pool_silent(struct meet *m)
{
	home_pool_down(m);
	fault_silent_at(m, FAULT_RETIRED, 5061, MEET_SIP_TLS);
}

static void home_pool_web_silent(struct meet *m)
{
	home_pool_down(m);
	fault_silent_at(m, FAULT_RETIRED, 443, MEET_HTTPS);
}

static void home_pool_nameless(struct meet *m)
{
	change_alice(m, at_home_elsewhere);
	m->net.srv_outside = false;
}

static void at_home_by_another_name(struct store_user *u)
{
	sv_copy(u->home_pool, sizeof u->home_pool, SV("sip.contoso.test"));
}

static void home_pools_in_a_circle(struct meet *m)
{
	change_alice(m, at_home_by_another_name); /* both names are this server: it never is at home */
}

static void registrar_silent(struct meet *m)
{
	meet_listener(m, MEET_FE, 5061)->silent = meet_listener(m, MEET_FE, 5060)->silent = true;
	m->net.srv_outside = false;
}

static void as_web_server(struct meet *m, struct buf *b)
{
	(void)m;
	buf_clear(b);
	buf_str(b, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
}

static void web_server_on_5061(struct meet *m)
{
	m->from_registrar = as_web_server;
}

/* The 200 becomes this refusal, as it would be before any key is agreed on. */
static void refuse_as(struct buf *b, const char *status, const char *diagnostics)
{
	if (!sv_starts(buf_view(b), SV("SIP/2.0 401")))
		return;
	octets_swap(b, "SIP/2.0 401 Unauthorized", status);
	octets_strike(b, "WWW-Authenticate:");
	octets_strike(b, "ms-diagnostics:");
	octets_swap(b, "Content-Length:", diagnostics);
}

static void too_many(struct meet *m, struct buf *b)
{
	(void)m;
	refuse_as(b, "SIP/2.0 403 Forbidden",
		  "ms-diagnostics: 4140;reason=\"The user has too many endpoints\";source=\"fe01.contoso.test\"\r\nContent-Length:");
}

static void too_many_endpoints(struct meet *m)
{
	m->from_registrar = too_many;
}

static void old_client(struct meet *m, struct buf *b)
{
	(void)m;
	refuse_as(b, "SIP/2.0 403 Forbidden",
		  "ms-diagnostics: 1034;reason=\"This client version is too old\";source=\"fe01.contoso.test\"\r\nContent-Length:");
}

static void version_in_words(struct meet *m)
{
	m->from_registrar = old_client;
}

static void just_no(struct meet *m, struct buf *b)
{
	(void)m;
	refuse_as(b, "SIP/2.0 403 Forbidden", "Content-Length:");
}

static void refused_without_a_reason(struct meet *m)
{
	m->from_registrar = just_no;
}

static void unknown_user(struct meet *m, struct buf *b)
{
	(void)m;
	refuse_as(b, "SIP/2.0 404 Not Found", "Content-Length:");
}

static void no_such_user(struct meet *m)
{
	m->from_registrar = unknown_user;
}

/* An ALG writes another address into what is signed. */
static void alg(struct meet *m, struct buf *b)
{
	(void)m;
	if (sv_starts(buf_view(b), SV("SIP/2.0 200")))
		octets_swap(b, "rspauth=\"", "rspauth=\"00");
}

static void messages_changed(struct meet *m)
{
	m->from_registrar = alg;
}

/* A CX700, with nowhere to take its password to: neither to the Web Services nor to the Registrar. */
static void windows_off(struct meet *m)
{
	m->conf.model = dt_model_find("cx700");
	m->conf.pin = m->conf.number = NULL;
	m->conf.login = "CONTOSO\\alice";
	m->conf.password = "Pa$$word";
	m->conf.sip = "alice@contoso.test";
	m->site.UseWindowsAuth = SITE_WINDOWS_NONE;
	m->site.offer_ntlm = false;
}

/* clang-format off */
const struct meet_fault faults_registrar[] = {
	{"Registrar down", change_registrar_down, "L-01", ""},
	{"the Registrar hangs up", registrar_hangs_up, "L-01", ""},
	{"outside, from the box", never_inside, "E-01", ""},
	{"a version that policy refuses", old_version, "L-05", ""},
	{"TLS-DSK off", change_dsk_off, "A-05", ""},
	{"NTLM off at the Registrar, and at the Web Services", windows_off, "A-10", ""},
	{"another root at the Registrar", other_root_at_the_registrar, "C-03", ""},
	{"another root at the Registrar, later", fault_nothing, "C-05", "", .later = other_root_at_the_registrar},
	{"outside, no public name of the web", fault_nothing, NULL, "E-02 E-02", .later = web_not_in_public_dns},
	{"outside, the web is not published", fault_nothing, NULL, "E-02", .later = web_not_published},
	{"outside, no public SRV", fault_nothing, "E-03", "", .later = no_public_srv},
	{"outside, without a certificate, no public SRV", no_public_srv_from_the_box, "E-03", "E-02"},
	{"outside, the update service refuses", fault_nothing, NULL, "U-05", .later = updates_refused_outside},
	{"the user is disabled", user_disabled, "A-03", ""},
	{"no remote access", fault_nothing, "E-01", "U-05", .later = no_remote_access},
	{"the certificate is revoked", fault_nothing, "L-03", "", .later = certificate_revoked},
	{"the certificate is revoked, and the PIN is good", fault_nothing, NULL, "L-03", .later = certificate_replaced},
	{"only the Registrar of last time, and it is gone", fault_nothing, "L-08", "", .later = registrar_alone_and_gone},
	{"the home pool is down", fault_nothing, "L-04", "", .later = home_pool_down},
	{"the home pool is silent", fault_nothing, "L-04", "", .later = home_pool_silent},
	{"the home pool has lost its address", fault_nothing, "L-04", "", .later = home_pool_nameless},
	{"home pools in a circle", fault_nothing, "L-04", "", .later = home_pools_in_a_circle},
	{"the Web Services of the home pool are down", home_pool_down, "L-04", ""},
	{"the Web Services of the home pool are silent", home_pool_web_silent, "L-04", ""},
	{"the home pool has no address", home_pool_nameless, "L-04", ""},
	{"the Web Services of the pools send in a circle", home_pools_in_a_circle, "L-04", ""},
	{"the Registrar is silent", registrar_silent, "L-01", ""},
	{"a web server on 5061", web_server_on_5061, "L-02", ""},
	{"too many endpoints", too_many_endpoints, "L-06", ""},
	{"the version, in words", version_in_words, "L-05", ""},
	{"refused without a reason", refused_without_a_reason, "L-05", ""},
	{"no such user", no_such_user, "L-03", ""},
	{"messages are changed on the way", messages_changed, "L-03", ""},
	{0}};
/* clang-format on */
