/* tests/unit/server/test_vault_tickets.c: tickets and certificates, and who gets neither ([web-services 6 to 9]). */
#include "tests/support/vault_world.h"

static struct vault_ticket pin_ticket(struct world *w)
{
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};

	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, false, &t, &w->why), VAULT_OK);
	return t;
}

/* What a phone sends for this ticket. */
static void request(struct world *w, const struct vault_ticket *t, const char *entity, bool sha1, struct buf *env)
{
	struct soap_cert q = {.device_id = "{4B1682A8-F968-5701-83FC-7C6741DC6697}", .message_id = "uuid:1"};
	struct buf sec = {0}, answer = {0};
	struct soap_issued m = {0};
	uint8_t entropy[32], proof[32];

	for (uint8_t i = 0; i < 32; i++)
		entropy[i] = i;
	soap_issued_write(&answer, &t->issued);
	assert_null(soap_issued_read(answer.p, answer.n, &m)); /* as it would come over the wire */
	pki_p_sha1(entropy, 32, m.entropy, m.nentropy, proof, 32);
	site_certprov_auth_url(&w->site, false, q.to);
	strcpy(q.entity, entity);
	assert_true(pki_csr_make(keys.phone, "whoever", sha1, &q.csr));
	assert_true(ticket_present(&sec, &m, proof, 32));
	soap_cert_write(env, &q, buf_view(&sec));
	buf_free(&sec);
	buf_free(&answer);
	soap_issued_clear(&m);
	soap_cert_clear(&q);
}

static enum vault_status issue(struct world *w, const struct vault_ticket *t, const char *entity, struct vault_cert *c)
{
	struct buf env = {0};
	enum vault_status st;

	request(w, t, entity, false, &env);
	st = call_cert_issue(&w->link, env.p, env.n, false, c, &w->why);
	buf_free(&env);
	return st;
}

/* [web-services 8]: the certificate names the user of the ticket, whatever the request says, and the Registrar knows it by the
 * time the answer leaves. */
static void certificate(void **state)
{
	struct world *w = *state;
	struct vault_cert c = {0};
	struct pki_cert_info info;
	struct vault_ticket t;

	person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	t = pin_ticket(w);
	assert_string_equal(t.issued.name_id, "sip:alice@contoso.test");
	assert_string_equal(t.issued.context, "ctx");
	assert_true(t.issued.created == NOW && t.issued.expires == NOW + 28800);
	assert_int_equal(issue(w, &t, "Alice@Contoso.test", &c), VAULT_OK);
	assert_string_equal(c.aor, "alice@contoso.test");
	assert_null(pki_cert_info(c.der.p, c.der.n, &info));
	assert_string_equal(info.subject_cn, "alice@contoso.test"); /* the request said CN=whoever */
	assert_string_equal(info.issuer_cn, "Communications Server");
	assert_true(info.not_before == NOW - 300 && info.not_after == NOW + 4320 * 3600);
	assert_true(pki_cert_is_of(c.der.p, c.der.n, keys.phone));
	/* known at once, also to a vault that starts after this one was ended */
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "alice@contoso.test", &w->why), VAULT_OK);
	down(w);
	up(w);
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "ALICE@contoso.test", &w->why), VAULT_OK);
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "bob@contoso.test", &w->why), VAULT_REFUSED);
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n - 1, "alice@contoso.test", &w->why), VAULT_REFUSED);
	vault_ticket_clear(&t);
	buf_free(&c.der);
}

/* A request may say whose it is, how long its key is, how it is signed. */
static void limits_of_requests(void **state)
{
	struct world *w = *state;
	struct vault_cert c = {0}, d = {0};
	struct buf env = {0};
	struct vault_ticket t;

	person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	t = pin_ticket(w);
	assert_int_equal(issue(w, &t, "Alice@Contoso.test", &c), VAULT_OK);
	/* a ticket of a PIN may leave the Entity to the server, or give the number; nobody else's name */
	assert_int_equal(issue(w, &t, "+14255550123", &d), VAULT_OK);
	buf_free(&d.der);
	assert_int_equal(issue(w, &t, "bob@contoso.test", &d), VAULT_CSR);
	/* renewed: the older one of this device is good until the newer is seen */
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "alice@contoso.test", &w->why), VAULT_OK);
	/* limits of keys */
	w->site.MinCSRKeySize = 3072;
	assert_int_equal(issue(w, &t, "alice@contoso.test", &d), VAULT_CSR);
	assert_non_null(strstr(w->why.text, "2048"));
	w->site.MinCSRKeySize = 1024;
	/* a request signed with SHA-1 is taken */
	request(w, &t, "alice@contoso.test", true, &env);
	assert_int_equal(call_cert_issue(&w->link, env.p, env.n, false, &d, &w->why), VAULT_OK);
	buf_free(&d.der);
	env.p[env.n / 2] ^= 1;
	assert_int_not_equal(call_cert_issue(&w->link, env.p, env.n, false, &d, &w->why), VAULT_OK);
	buf_free(&env);
	vault_ticket_clear(&t);
	buf_free(&c.der);
}

/* A ticket enrols nobody when its user is disabled, after a revocation, and after its end. */
static void tickets_end(void **state)
{
	struct world *w = *state;
	struct store_user alice = person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	struct vault_ticket t = pin_ticket(w), late;
	struct vault_cert c = {0}, d = {0};
	unsigned n;

	assert_int_equal(issue(w, &t, "alice@contoso.test", &c), VAULT_OK);
	/* disabled, then revoked */
	alice.enabled = false;
	assert_int_equal(w->store->ops->user_set(w->store, &alice), STORE_OK);
	assert_int_equal(issue(w, &t, "alice@contoso.test", &d), VAULT_NOT_ENABLED);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_NOT_ENABLED);
	assert_int_equal(try_pin(w, "4411", "73915"), VAULT_REFUSED); /* not told to who does not have the PIN */
	alice.enabled = true;
	assert_int_equal(w->store->ops->user_set(w->store, &alice), STORE_OK);
	w->now += 10;
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, w->now, &n), STORE_OK);
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "alice@contoso.test", &w->why), VAULT_REFUSED);
	assert_int_equal(issue(w, &t, "alice@contoso.test", &d), VAULT_TICKET_BAD);
	w->now += 1;
	late = pin_ticket(w);
	assert_int_equal(issue(w, &late, "alice@contoso.test", &d), VAULT_OK);
	buf_free(&d.der);
	w->now += 28800 + 301;
	assert_int_equal(issue(w, &late, "alice@contoso.test", &d), VAULT_TICKET_BAD);
	vault_ticket_clear(&late);
	vault_ticket_clear(&t);
	buf_free(&c.der);
}

static void no_certificate_that_is_not_stored(void **state)
{
	struct world *w = *state;
	struct vault_cert c = {0};
	struct vault_ticket t;

	person(w, "alice@contoso.test", "", "", "4411", "73914");
	spy_on(w);
	t = pin_ticket(w);
	spy.fail_cert = true;
	assert_int_equal(issue(w, &t, "alice@contoso.test", &c), VAULT_UNAVAILABLE);
	assert_null(c.der.p);
	vault_ticket_clear(&t);
	buf_free(&spy.calls);
}

static void no_certificate_for_a_stranger(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0}, foreign;
	struct vault_cert c = {0};
	struct buf env = {0};

	person(w, "alice@contoso.test", "", "", "4411", "73914");
	/* a bearer ticket is no proof here */
	ask.nentropy = 0;
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, false, &t, &w->why), VAULT_OK);
	assert_int_equal(t.issued.nentropy, 0);
	buf_str(&env, "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Header><o:Security xmlns:o=\"" NS_WSSE "\"><u:Timestamp xmlns:u=\"" NS_WSU
		      "\">");
	soap_lifetime_write(&env, NOW, NOW + 600);
	buf_str(&env, "</u:Timestamp>");
	buf_sv(&env, buf_view(&t.issued.assertion));
	buf_str(&env, "</o:Security></s:Header><s:Body/></s:Envelope>");
	assert_int_equal(call_cert_issue(&w->link, env.p, env.n, false, &c, &w->why), VAULT_TICKET_BAD);
	assert_non_null(strstr(w->why.text, "bearer"));
	vault_ticket_clear(&t);
	buf_clear(&env);
	/* no ticket at all; nothing to read */
	buf_str(&env, "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body/></s:Envelope>");
	assert_int_equal(call_cert_issue(&w->link, env.p, env.n, false, &c, &w->why), VAULT_REFUSED);
	assert_int_equal(call_cert_issue(&w->link, env.p, 20, false, &c, &w->why), VAULT_MALFORMED);
	buf_free(&env);
	/* a ticket of another pool, signed with another key */
	{
		struct pki_key *own = keys.ticket;

		keys.ticket = keys.phone;
		down(w);
		up(w);
		foreign = pin_ticket(w);
		keys.ticket = own;
		down(w);
		up(w);
	}
	assert_int_equal(issue(w, &foreign, "alice@contoso.test", &c), VAULT_TICKET_BAD);
	vault_ticket_clear(&foreign);
	assert_null(c.der.p);
}

static void claims_and_services(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w), was = ask;
	struct vault_ticket t = {0};

	person(w, "alice@contoso.test", "", "", "4411", "73914");
#define TICKET() call_ticket_pin(&w->link, "4411", "73914", &ask, false, &t, &w->why)
	strcpy(ask.claim, "sip:Alice@contoso.test");
	assert_int_equal(TICKET(), VAULT_OK);
	vault_ticket_clear(&t);
	strcpy(ask.claim, "sip:bob@contoso.test");
	assert_int_equal(TICKET(), VAULT_CLAIM);
	ask = was;
	strcpy(ask.applies_to, "https://evil.test/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1");
	assert_int_equal(TICKET(), VAULT_AUDIENCE);
	strcpy(ask.applies_to, "HTTPS://FE01.contoso.test:443/CertProv/CertProvisioningService.svc/WebTicket_Proof");
	assert_int_equal(TICKET(), VAULT_OK);
	vault_ticket_clear(&t);
	ask = was;
	strcpy(ask.token_type, "urn:component:Microsoft.Rtc.WebAuthentication.2010:user-cwt-1");
	assert_int_equal(TICKET(), VAULT_MALFORMED);
	ask = was;
	ask.want_expires = NOW + 3600;
	assert_int_equal(TICKET(), VAULT_OK);
	assert_int_equal(t.issued.expires, NOW + 3600);
	vault_ticket_clear(&t);
	ask.want_expires = NOW + 10; /* "Do not go under 2 minutes" */
	assert_int_equal(TICKET(), VAULT_OK);
	assert_int_equal(t.issued.expires, NOW + 120);
	vault_ticket_clear(&t);
	ask.want_expires = NOW + 1000000;
	assert_int_equal(TICKET(), VAULT_OK);
	assert_int_equal(t.issued.expires, NOW + 28800);
	vault_ticket_clear(&t);
}

static void by_certificate(void **state)
{
	struct world *w = *state;
	struct store_user alice = person(w, "alice@contoso.test", "", "", "4411", "73914");
	struct vault_ticket t = pin_ticket(w), again = {0};
	struct soap_issue ask = ask_of(w);
	struct buf sec = {0}, env = {0};
	struct vault_cert c = {0};
	unsigned n;

	assert_int_equal(issue(w, &t, "alice@contoso.test", &c), VAULT_OK);
	assert_true(ticket_sign_x509(&sec, keys.phone, c.der.p, c.der.n, NOW, false));
	soap_issue_write(&env, &ask, buf_view(&sec));
	assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, &w->why), VAULT_OK);
	assert_string_equal(again.issued.name_id, "sip:alice@contoso.test");
	vault_ticket_clear(&again);
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, NOW, &n), STORE_OK);
	assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, &w->why), VAULT_REFUSED);
	env.p[env.n / 3] ^= 4;
	assert_int_not_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, &w->why), VAULT_OK);
	vault_ticket_clear(&t);
	buf_free(&sec);
	buf_free(&env);
	buf_free(&c.der);
}

/* The store is asked before anything is computed with a stranger's key; and a certificate that is merely shown, by who has
 * not its key, does not end the day of the one before it. */
static void shown_is_not_proved(void **state)
{
	struct world *w = *state;
	struct vault_ticket t, again = {0};
	struct soap_issue ask = ask_of(w);
	struct pki_issue self = {.profile = PKI_USER, .cn = "alice@contoso.test", .not_before = NOW - 9, .not_after = NOW + 9999};
	struct buf sec = {0}, env = {0}, stranger = {0};
	struct vault_cert old = {0}, new = {0};

	person(w, "alice@contoso.test", "", "", "4411", "73914");
	t = pin_ticket(w);
	assert_int_equal(issue(w, &t, "alice@contoso.test", &old), VAULT_OK);
	assert_int_equal(issue(w, &t, "alice@contoso.test", &new), VAULT_OK);
	for (int form = 0; form < 3; form++) {
		struct pki_key *signs = form == 2 ? keys.phone : keys.ticket;
		const struct buf *shows = form == 0 ? &stranger : &new.der;

		if (form == 0) /* and the signature is of yet another key: nobody looks at it */
			assert_true(pki_issue(&self, keys.phone, keys.phone, NULL, 0, &stranger));
		buf_clear(&sec);
		buf_clear(&env);
		assert_true(ticket_sign_x509(&sec, signs, shows->p, shows->n, NOW, false));
		soap_issue_write(&env, &ask, buf_view(&sec));
		assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, &w->why),
				 form == 2 ? VAULT_OK : VAULT_REFUSED);
		if (form < 2)
			assert_non_null(strstr(w->why.text, form ? "signature is not good" : "not published"));
		if (form == 1) { /* had the new one been seen, the old one would be gone */
			struct store_cert c = {0};
			uint8_t sha1[20];

			pki_sha1(old.der.p, old.der.n, sha1);
			assert_int_equal(w->store->ops->cert_find(w->store, sha1, &c), STORE_OK);
			store_cert_clear(&c);
		}
	}
	vault_ticket_clear(&again);
	assert_int_equal(call_cert_known(&w->link, new.der.p, new.der.n, "alice@contoso.test", &w->why), VAULT_OK);
	assert_int_equal(call_cert_known(&w->link, old.der.p, old.der.n, "alice@contoso.test", &w->why), VAULT_REFUSED);
	vault_ticket_clear(&t);
	buf_free(&sec);
	buf_free(&env);
	buf_free(&stranger);
	buf_free(&old.der);
	buf_free(&new.der);
}

/* ---- users of other pools ------------------------------------------------------------------------------------------------ */

static struct vault_admission admitted(struct world *w, const struct buf *der, bool outside, enum vault_status want)
{
	struct vault_ask q = {.kind = VAULT_ADMIT, .admit = {.der = buf_view(der), .outside = outside}};
	struct vault_admission a;
	struct vault_reply r;

	strcpy(q.admit.aor, "alice@contoso.test");
	strcpy(q.admit.proved, "alice@contoso.test");
	vault_answer(w->vault, &q, &r);
	assert_int_equal(r.status, want);
	a = r.admit;
	return a;
}

static void moves(struct world *w, const char *pool)
{
	struct store_user u;

	assert_int_equal(w->store->ops->user_get(w->store, "alice@contoso.test", &u), STORE_OK);
	strcpy(u.home_pool, pool);
	assert_int_equal(w->store->ops->user_set(w->store, &u), STORE_OK);
}

/* Proved here, and sent to the home pool by the names of that side; the certificate of a home pool is enough to be sent on. */
static void at_home_elsewhere(void **state)
{
	static const struct store_pool pool2 = {.name = "pool2.contoso.test", .sip = "fe2.contoso.test:5061", .web = "web2.contoso.test",
						.external_sip = "sip2.contoso.com:443"};
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_cert c = {0}, d = {0};
	struct vault_ticket t, to = {0};
	struct store_user alice;
	struct buf sec = {0}, env = {0};
	unsigned n;

	alice = person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	t = pin_ticket(w);
	assert_int_equal(issue(w, &t, "alice@contoso.test", &c), VAULT_OK);
	assert_int_equal(w->store->ops->pool_put(w->store, &pool2), STORE_OK);
	moves(w, "POOL2.contoso.test");
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, 0, &n), STORE_OK); /* it is in the other store now */

	assert_int_equal(call_ticket_pin(&w->link, "4411", "99999", &ask, false, &to, &w->why), VAULT_REFUSED);
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, false, &to, &w->why), VAULT_ELSEWHERE);
	assert_string_equal(to.web, "web2.contoso.test");
	assert_int_equal(issue(w, &t, "alice@contoso.test", &d), VAULT_TICKET_BAD); /* of before: it is published nowhere here */
	assert_string_equal(admitted(w, &c.der, false, VAULT_OK).sip, "fe2.contoso.test:5061");
	assert_string_equal(admitted(w, &c.der, true, VAULT_OK).sip, "sip2.contoso.com:443");
	assert_true(ticket_sign_x509(&sec, keys.phone, c.der.p, c.der.n, NOW, false));
	soap_issue_write(&env, &ask, buf_view(&sec));
	assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, false, &to, &w->why), VAULT_ELSEWHERE);
	assert_string_equal(to.web, "web2.contoso.test");
	assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, true, &to, &w->why), VAULT_ELSEWHERE);
	assert_string_equal(to.web, ""); /* it has no name outside: none is told */
	c.der.p[c.der.n - 1] ^= 1; /* the signature of the company's CA */
	admitted(w, &c.der, false, VAULT_REFUSED);
	c.der.p[c.der.n - 1] ^= 1;

	assert_int_equal(w->store->ops->pool_remove(w->store, "pool2.contoso.test"), STORE_OK);
	assert_string_equal(admitted(w, &c.der, false, VAULT_OK).sip, "POOL2.contoso.test"); /* only its name is known */
	assert_string_equal(admitted(w, &c.der, true, VAULT_OK).sip, "");
	moves(w, w->site.fqdn);
	admitted(w, &c.der, false, VAULT_REFUSED); /* at home here the store decides */
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, false, &to, &w->why), VAULT_OK);
	vault_ticket_clear(&to);
	vault_ticket_clear(&t);
	buf_free(&sec);
	buf_free(&env);
	buf_free(&c.der);
}

/* A Survivable Branch Appliance: a Registrar alone. Its users' Web Services are these, and so is the store of their certificates;
 * only the Registrar sends their phones on. */
static void at_home_in_a_branch(void **state)
{
	static const char *const webs[] = {"fe01.contoso.test", "WEB.contoso.test:443", "pool.contoso.test"};
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct store_pool branch = {.name = "branch.contoso.test", .sip = "branch.contoso.test:5061"};
	struct store_user alice = person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	unsigned n;

	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.pool, "pool.contoso.test");
	strcpy(w->site.web_fqdn, "web.contoso.test");
	moves(w, branch.name);
	for (size_t i = 0; i < sizeof webs / sizeof *webs; i++) {
		struct vault_ticket t = {0};
		struct vault_cert c = {0};

		strcpy(branch.web, webs[i]);
		assert_int_equal(w->store->ops->pool_put(w->store, &branch), STORE_OK);
		t = pin_ticket(w);
		assert_int_equal(issue(w, &t, "alice@contoso.test", &c), VAULT_OK);
		assert_string_equal(admitted(w, &c.der, false, VAULT_OK).sip, "branch.contoso.test:5061");
		assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, 0, &n), STORE_OK);
		admitted(w, &c.der, false, VAULT_REFUSED); /* the store here knows it */
		vault_ticket_clear(&t);
		buf_free(&c.der);
	}
	strcpy(branch.web, "web.contoso.test.evil.test");
	assert_int_equal(w->store->ops->pool_put(w->store, &branch), STORE_OK);
	struct vault_ticket to = {0};
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, false, &to, &w->why), VAULT_ELSEWHERE);
}

static bool published(struct world *w, const struct buf *der)
{
	struct store_cert found = {0};
	uint8_t sha1[20];
	bool there;

	pki_sha1(der->p, der->n, sha1);
	there = w->store->ops->cert_find(w->store, sha1, &found) == STORE_OK;
	store_cert_clear(&found);
	return there;
}

/* pool1 is away and this pool is its backup: its users get tickets and certificates here, and are admitted with those that the company's CA
 * made before, unless they are from before a revocation.  At home, what a backup made is published when it comes. */
static void stands_in(void **state)
{
	static const struct store_pool pool1 = {.name = "pool1.contoso.test", .sip = "pool1.contoso.test:5061", .web = "web1.contoso.test",
						.backup = "pool2.contoso.test"};
	struct world *w = *state;
	struct store_user alice = person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	struct vault_ticket t = pin_ticket(w);
	struct vault_cert c = {0}, d = {0};
	unsigned n;

	strcpy(w->site.pool, "pool2.contoso.test");
	assert_int_equal(issue(w, &t, "alice@contoso.test", &c), VAULT_OK);
	assert_int_equal(w->store->ops->pool_put(w->store, &pool1), STORE_OK);
	moves(w, pool1.name);
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, 0, &n), STORE_OK); /* it is in the other store */
	assert_true(admitted(w, &c.der, false, VAULT_OK).elsewhere);
	assert_int_equal(atomic_load(&w->health.pool[0].state), HEALTH_POOL_NEW);
	assert_string_equal(w->health.pool[0].host, "web1.contoso.test");

	atomic_store(&w->health.pool[0].state, HEALTH_POOL_AWAY);
	assert_true(admitted(w, &c.der, false, VAULT_OK).backup);
	assert_false(admitted(w, &c.der, false, VAULT_OK).elsewhere);
	vault_ticket_clear(&t);
	t = pin_ticket(w);
	assert_int_equal(issue(w, &t, "alice@contoso.test", &d), VAULT_OK);
	assert_true(published(w, &d.der) && admitted(w, &d.der, false, VAULT_OK).backup);
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, NOW, &n), STORE_OK);
	admitted(w, &c.der, false, VAULT_REFUSED);
	admitted(w, &d.der, false, VAULT_REFUSED);
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, 0, &n), STORE_OK);
	atomic_store(&w->health.pool[0].state, HEALTH_POOL_ANSWERS);
	assert_string_equal(admitted(w, &d.der, false, VAULT_OK).sip, "pool1.contoso.test:5061");

	moves(w, "");
	admitted(w, &d.der, false, VAULT_REFUSED); /* a pool that watches no others takes nothing back */
	w->site.watch_pools = true;
	admitted(w, &c.der, false, VAULT_REFUSED);
	assert_false(admitted(w, &d.der, false, VAULT_OK).backup);
	assert_true(published(w, &d.der) && !published(w, &c.der));
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, NOW, &n), STORE_OK);
	admitted(w, &d.der, false, VAULT_REFUSED);
	vault_ticket_clear(&t);
	buf_free(&c.der);
	buf_free(&d.der);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(certificate), T(limits_of_requests), T(tickets_end), T(no_certificate_that_is_not_stored),
	    T(no_certificate_for_a_stranger), T(claims_and_services), T(by_certificate), T(shown_is_not_proved), T(at_home_elsewhere),
	    T(at_home_in_a_branch), T(stands_in),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
