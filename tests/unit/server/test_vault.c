/* tests/unit/server/test_vault.c: the vault takes nobody's word ([web-services 6 to 9]; [update-service 3]). */
#include "tests/support/vault_world.h"

static void methods_off(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct vault_cert c = {0};
	struct buf b = {0};
	uint64_t id;

	person(w, "alice@contoso.test", "", "", "4411", "73914");
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, true, &t, NULL), VAULT_METHOD_OFF); /* outside */
	w->site.UsePinAuth = false;
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_METHOD_OFF);
	w->site.UseCertificateAuth = false;
	assert_int_equal(call_ticket_cert(&w->link, "<x/>", 4, false, &t, NULL), VAULT_METHOD_OFF);
	assert_int_equal(call_cert_issue(&w->link, "<x/>", 4, false, &c, NULL), VAULT_METHOD_OFF);
	assert_int_equal(call_cert_known(&w->link, (const uint8_t *)"x", 1, "alice@contoso.test", NULL), VAULT_METHOD_OFF);
	w->site.UseWindowsAuth = SITE_WINDOWS_NONE;
	assert_int_equal(call_ntlm_challenge(&w->link, false, NULL, 0, &id, &b), VAULT_METHOD_OFF);
	assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &id, &b), VAULT_OK); /* SIP's own switch */
	w->site.offer_ntlm = false;
	assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &id, &b), VAULT_METHOD_OFF);
	buf_free(&b);
}

/* ---- a ticket, a certificate ------------------------------------------------------------------------------------- */

static struct vault_ticket pin_ticket(struct world *w)
{
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};

	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, false, &t, w->why), VAULT_OK);
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
	st = call_cert_issue(&w->link, env.p, env.n, false, c, w->why);
	buf_free(&env);
	return st;
}

static void certificate(void **state)
{
	struct world *w = *state;
	struct store_user alice = person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	struct vault_ticket t = pin_ticket(w), late;
	struct vault_cert c = {0}, d = {0};
	struct pki_cert_info info;
	struct buf env = {0};
	unsigned n;

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
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "alice@contoso.test", w->why), VAULT_OK);
	down(w);
	up(w);
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "ALICE@contoso.test", w->why), VAULT_OK);
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "bob@contoso.test", w->why), VAULT_REFUSED);
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n - 1, "alice@contoso.test", w->why), VAULT_REFUSED);
	/* a ticket of a PIN may leave the Entity to the server, or give the number; nobody else's name */
	assert_int_equal(issue(w, &t, "+14255550123", &d), VAULT_OK);
	buf_free(&d.der);
	assert_int_equal(issue(w, &t, "bob@contoso.test", &d), VAULT_CSR);
	/* renewed: the older one of this device is good until the newer is seen */
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "alice@contoso.test", w->why), VAULT_OK);
	/* limits of keys */
	w->site.MinCSRKeySize = 3072;
	assert_int_equal(issue(w, &t, "alice@contoso.test", &d), VAULT_CSR);
	assert_non_null(strstr(w->why, "2048"));
	w->site.MinCSRKeySize = 1024;
	/* a request signed with SHA-1 is taken */
	request(w, &t, "alice@contoso.test", true, &env);
	assert_int_equal(call_cert_issue(&w->link, env.p, env.n, false, &d, w->why), VAULT_OK);
	buf_free(&d.der);
	env.p[env.n / 2] ^= 1;
	assert_int_not_equal(call_cert_issue(&w->link, env.p, env.n, false, &d, w->why), VAULT_OK);
	buf_free(&env);
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
	assert_int_equal(call_cert_known(&w->link, c.der.p, c.der.n, "alice@contoso.test", w->why), VAULT_REFUSED);
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
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, false, &t, w->why), VAULT_OK);
	assert_int_equal(t.issued.nentropy, 0);
	buf_str(&env, "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Header><o:Security xmlns:o=\"" NS_WSSE "\"><u:Timestamp xmlns:u=\"" NS_WSU
		      "\">");
	soap_lifetime_write(&env, NOW, NOW + 600);
	buf_str(&env, "</u:Timestamp>");
	buf_sv(&env, buf_view(&t.issued.assertion));
	buf_str(&env, "</o:Security></s:Header><s:Body/></s:Envelope>");
	assert_int_equal(call_cert_issue(&w->link, env.p, env.n, false, &c, w->why), VAULT_TICKET_BAD);
	assert_non_null(strstr(w->why, "bearer"));
	vault_ticket_clear(&t);
	buf_clear(&env);
	/* no ticket at all; nothing to read */
	buf_str(&env, "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body/></s:Envelope>");
	assert_int_equal(call_cert_issue(&w->link, env.p, env.n, false, &c, w->why), VAULT_REFUSED);
	assert_int_equal(call_cert_issue(&w->link, env.p, 20, false, &c, w->why), VAULT_MALFORMED);
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
#define TICKET() call_ticket_pin(&w->link, "4411", "73914", &ask, false, &t, w->why)
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
	assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, w->why), VAULT_OK);
	assert_string_equal(again.issued.name_id, "sip:alice@contoso.test");
	vault_ticket_clear(&again);
	assert_int_equal(w->store->ops->cert_revoke(w->store, alice.id, NOW, &n), STORE_OK);
	assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, w->why), VAULT_REFUSED);
	env.p[env.n / 3] ^= 4;
	assert_int_not_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, w->why), VAULT_OK);
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
		assert_int_equal(call_ticket_cert(&w->link, env.p, env.n, false, &again, w->why),
				 form == 2 ? VAULT_OK : VAULT_REFUSED);
		if (form < 2)
			assert_non_null(strstr(w->why, form ? "signature is not good" : "not published"));
		if (form == 1) { /* had the new one been seen, the old one would be gone */
			struct store_cert c = {0};
			uint8_t sha1[20];

			pki_sha1(old.der.p, old.der.n, sha1);
			assert_int_equal(w->store->ops->cert_find(w->store, sha1, &c), STORE_OK);
			store_cert_clear(&c);
		}
	}
	vault_ticket_clear(&again);
	assert_int_equal(call_cert_known(&w->link, new.der.p, new.der.n, "alice@contoso.test", w->why), VAULT_OK);
	assert_int_equal(call_cert_known(&w->link, old.der.p, old.der.n, "alice@contoso.test", w->why), VAULT_REFUSED);
	vault_ticket_clear(&t);
	buf_free(&sec);
	buf_free(&env);
	buf_free(&stranger);
	buf_free(&old.der);
	buf_free(&new.der);
}

/* ---- NTLM ---------------------------------------------------------------------------------------------------------- */

static enum vault_status ntlm(struct world *w, bool datagram, const char *user, const char *domain, const char *password,
			      struct vault_login *l, uint64_t *used, struct buf *answered)
{
	struct ntlm_client c = {.user = user, .domain = domain, .password = password, .workstation = "pc"};
	struct buf type2 = {0}, type3 = {0};
	enum vault_status st;
	uint32_t flags = 0;
	uint64_t id = 0;

	memset(c.session_key, 0x33, 16);
	assert_int_equal(call_ntlm_challenge(&w->link, datagram, NULL, 0, &id, &type2), VAULT_OK);
	assert_null(ntlm_answer(&type3, buf_view(&type2), &c, &flags));
	st = call_ntlm_verify(&w->link, id, type3.p, type3.n, l, w->why);
	if (used) {
		*used = id;
		buf_sv(answered, buf_view(&type3));
	}
	buf_free(&type2);
	buf_free(&type3);
	return st;
}

/* Passwords as PINs: 25 wrong ones in half an hour lock for an hour, the right one included; the right one begins anew. */
static void passwords_are_locked(void **state)
{
	struct world *w = *state;
	struct vault_login l;
	struct store_user u = person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	struct store_tries t;

	person(w, "bob@contoso.test", "CONTOSO\\bob", "", "", NULL);
	for (int i = 0; i < 24; i++)
		assert_int_equal(ntlm(w, i & 1, "alice", "CONTOSO", "wrong", &l, NULL, NULL), VAULT_REFUSED);
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_OK);
	for (int i = 0; i < 25; i++) {
		assert_int_equal(ntlm(w, i & 1, "alice", "CONTOSO", "wrong", &l, NULL, NULL), VAULT_REFUSED);
		assert_non_null(strstr(w->why, "wrong password"));
	}
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_REFUSED);
	assert_non_null(strstr(w->why, "the password is locked for an hour"));
	assert_int_equal(ntlm(w, true, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_REFUSED); /* SIP as well */
	assert_int_equal(ntlm(w, false, "bob", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_OK);
	w->now += 3599;
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_REFUSED);
	w->now += 2;
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_OK);
	assert_int_equal(w->store->ops->password_get(w->store, u.id, &t), STORE_OK);
	assert_int_equal(t.local, 0);
	assert_int_equal(t.global, 49); /* all wrong ones, for the lock that only an administrator opens */
	/* nobody is locked, and each attempt changes what is stored: neither tells who is known */
	for (int i = 0; i < 60; i++) {
		assert_int_equal(ntlm(w, false, "nobody", "CONTOSO", "x", &l, NULL, NULL), VAULT_REFUSED);
		assert_non_null(strstr(w->why, "no user has this login"));
	}
	assert_int_equal(w->store->ops->password_get(w->store, 0, &t), STORE_OK);
	assert_true(t.all == 60 && t.local == 0 && t.locked_until == 0);
}

/* An answer made for SIP is no login over HTTP, nor the other way round: the challenge was relayed. */
static void ntlm_of_the_other_transport(void **state)
{
	struct world *w = *state;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	for (int datagram = 0; datagram < 2; datagram++)
		for (int carried = 0; carried < 2; carried++) {
			struct ntlm_client c = {.user = "alice", .domain = "CONTOSO", .password = "Pa$$word", .workstation = "pc"};
			struct buf type2 = {0}, type3 = {0};
			struct vault_login l;
			uint32_t flags = 0;
			uint64_t id = 0;

			memset(c.session_key, 0x33, 16);
			assert_int_equal(call_ntlm_challenge(&w->link, datagram, NULL, 0, &id, &type2), VAULT_OK);
			assert_null(ntlm_answer(&type3, buf_view(&type2), &c, &flags));
			assert_int_equal(!!(type3.p[60] & NTLM_DATAGRAM), datagram);
			if (carried)
				type3.p[60] ^= NTLM_DATAGRAM; /* NegotiateFlags, no part of the proof */
			assert_int_equal(call_ntlm_verify(&w->link, id, type3.p, type3.n, &l, w->why), carried ? VAULT_REFUSED : VAULT_OK);
			if (carried)
				assert_string_equal(w->why, datagram ? "the answer is one for HTTP" : "the answer is one for SIP");
			buf_free(&type2);
			buf_free(&type3);
		}
}

/* Outside, the challenge tells nothing internal before the answer: neither the NetBIOS names nor the front end's own. */
static void ntlm_names_outside(void **state)
{
	static const char *const internal[] = {"CORP01", "SECRET7", "FE01", "fe01"};
	struct world *w = *state;
	struct vault_login l;

	strcpy(w->site.netbios_domain, "CORP01");
	strcpy(w->site.netbios_computer, "SECRET7");
	person(w, "alice@contoso.test", "CORP01\\alice", "", "", NULL);
	for (int outside = 0; outside < 2; outside++) {
		strcpy(w->site.external_fqdn, outside ? "sip.contoso.test" : "");
		for (int datagram = 0; datagram < 2; datagram++) {
			struct buf type2 = {0};
			uint64_t id = 0;

			assert_int_equal(call_ntlm_challenge(&w->link, datagram, NULL, 0, &id, &type2), VAULT_OK);
			for (size_t i = 0; i < sizeof internal / sizeof *internal; i++) {
				struct buf name = {0};

				assert_true(utf16_from_utf8(&name, sv_of(internal[i]), false));
				if (outside)
					assert_null(memmem(type2.p, type2.n, name.p, name.n));
				else if (i < 2)
					assert_non_null(memmem(type2.p, type2.n, name.p, name.n));
				buf_free(&name);
			}
			buf_free(&type2);
		}
		/* and whatever domain a client takes from it, the login is the site's */
		assert_int_equal(ntlm(w, true, "alice", "CORP01", "Pa$$word", &l, NULL, NULL), VAULT_OK);
		assert_int_equal(ntlm(w, true, "alice", "", "Pa$$word", &l, NULL, NULL), VAULT_OK);
		assert_int_equal(ntlm(w, true, "alice", "contoso", "Pa$$word", &l, NULL, NULL), outside ? VAULT_OK : VAULT_REFUSED);
	}
}

static void ntlm_logins(void **state)
{
	static const struct {
		const char *user, *domain, *password;
		enum vault_status st;
	} rows[] = {
	    {"alice", "CONTOSO", "Pa$$word", VAULT_OK},	      {"ALICE", "contoso", "Pa$$word", VAULT_OK},
	    {"alice", "contoso.test", "Pa$$word", VAULT_OK},  {"alice", "", "Pa$$word", VAULT_OK},
	    {"alice@contoso.test", "", "Pa$$word", VAULT_OK}, {"alice", "CONTOSO", "pa$$word", VAULT_REFUSED},
	    {"alice", "FABRIKAM", "Pa$$word", VAULT_REFUSED}, {"nobody", "CONTOSO", "Pa$$word", VAULT_REFUSED},
	    {"bob", "CONTOSO", "Pa$$word", VAULT_NOT_ENABLED}, {"bob", "CONTOSO", "x", VAULT_REFUSED},
	    {"carol", "CONTOSO", "", VAULT_REFUSED},
	};
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct vault_login l, first;
	struct buf type3 = {0};
	struct store_user u;
	uint64_t id;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	u = person(w, "bob@contoso.test", "CONTOSO\\bob", "", "", NULL);
	u.enabled = false;
	assert_int_equal(w->store->ops->user_set(w->store, &u), STORE_OK);
	u = person(w, "carol@contoso.test", "CONTOSO\\carol", "", "", NULL);
	u.n_nt_hash = 0;
	assert_int_equal(w->store->ops->user_set(w->store, &u), STORE_OK);
	for (int datagram = 0; datagram < 2; datagram++)
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			enum vault_status st;

			memset(&l, 0xee, sizeof l);
			st = ntlm(w, datagram, rows[i].user, rows[i].domain, rows[i].password, &l, NULL, NULL);
			if (st != rows[i].st)
				fail_msg("%s\\%s: %s (%s)", rows[i].domain, rows[i].user, vault_status_name(st), w->why);
			if (st == VAULT_OK) {
				assert_string_equal(l.aor, "alice@contoso.test");
				assert_true(!datagram || l.flags & NTLM_KEY_EXCH);
				for (int k = 0; k < 16 && l.flags & NTLM_KEY_EXCH; k++) /* the client's own choice */
					assert_int_equal(l.session_key[k], 0x33);
			}
			if (st == VAULT_NOT_ENABLED)
				assert_true(l.aor[0] == '\0' && l.id == 0 && (!datagram || l.session_key[0] == 0x33));
		}
	/* an answer is good once */
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &first, &id, &type3), VAULT_OK);
	assert_int_equal(call_ntlm_verify(&w->link, id, type3.p, type3.n, &l, w->why), VAULT_REFUSED);
	/* a ticket for this login, for no other, and not for ever */
	assert_int_equal(call_ticket_login(&w->link, first.id, &ask, false, &t, w->why), VAULT_OK);
	assert_string_equal(t.issued.name_id, "sip:alice@contoso.test");
	vault_ticket_clear(&t);
	assert_int_equal(call_ticket_login(&w->link, first.id + 4096, &ask, false, &t, w->why), VAULT_REFUSED);
	assert_int_equal(call_ticket_login(&w->link, 0, &ask, false, &t, w->why), VAULT_REFUSED);
	w->now += 600;
	assert_int_equal(call_ticket_login(&w->link, first.id, &ask, false, &t, w->why), VAULT_REFUSED);
	/* rubbish of any length */
	for (size_t n = 0; n <= type3.n; n++) {
		struct buf type2 = {0};
		uint8_t *c = exact_copy(type3.p, type3.n, n);

		assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &id, &type2), VAULT_OK);
		assert_int_not_equal(call_ntlm_verify(&w->link, id, c, n, &l, w->why), VAULT_OK);
		buf_free(&type2);
		free(c);
	}
	buf_free(&type3);
}

static void logins_are_forgotten(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct vault_login first, l;
	uint64_t old = 0, id;
	struct buf b = {0};

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &old, &b), VAULT_OK);
	assert_int_equal(ntlm(w, true, "alice", "CONTOSO", "Pa$$word", &first, NULL, NULL), VAULT_OK);
	for (int i = 0; i < 4096; i++) {
		buf_clear(&b);
		assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &id, &b), VAULT_OK);
	}
	assert_int_equal(call_ntlm_verify(&w->link, old, "x", 1, &l, w->why), VAULT_REFUSED);
	assert_non_null(strstr(w->why, "not known"));
	assert_int_equal(call_ticket_login(&w->link, first.id, &ask, false, &t, w->why), VAULT_OK); /* logins are not */
	vault_ticket_clear(&t);
	buf_free(&b);
}

/* ---- updates ---------------------------------------------------------------------------------------------------------- */

static const char *offered(struct world *w, const char *installed, const char *mac, const char *serial)
{
	static char version[32];
	struct update_question q = {.device_type = "UCPhone", .vendor = "polycom", .model = "cx600", .revision = "A", .locale = "ENU",
				    .nmodule = 1};
	struct vault_offer o = {0};

	strcpy(q.mac, mac);
	strcpy(q.serial, serial);
	strcpy(q.module[0].version, installed);
	assert_int_equal(call_update_offer(&w->link, &q, "10.0.0.9", &o), VAULT_OK);
	assert_true(o.known);
	strcpy(version, o.module.version);
	return version;
}

static bool last_device(void *arg, const struct store_device *d)
{
	*(struct store_device *)arg = *d;
	return true;
}

static void updates(void **state)
{
	struct world *w = *state;
	struct store *s = w->store;
	struct store_rule r = {.guid = "g", .device_type = "UCPhone", .brand = "POLYCOM", .model = "CX600", .revision = "A",
			       .locale = "ENU", .pending = "4.0.7577.4387"};
	struct store_image im = {.version = "4.0.7577.4387", .file = "f", .signature = "c", .size = 9};
	struct store_test_device t = {.name = "lab", .is_mac = true, .id = "0004F2000176"};
	struct update_question q = {.device_type = "UCPhone", .vendor = "HP", .model = "4110", .revision = "A", .locale = "ENU"};
	struct store_device d = {0};
	struct vault_offer o;

	assert_int_equal(s->ops->rule_put(s, &r), STORE_OK);
	im.rule = r.id;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_int_equal(s->ops->test_device_put(s, &t), STORE_OK);
	assert_string_equal(offered(w, "4.0.7577.4363", "00-04-f2-00-01-77", ""), ""); /* pending is for test devices */
	assert_string_equal(offered(w, "4.0.7577.4363", "00:04:f2:00:01:76", ""), "4.0.7577.4387");
	strcpy(r.approved, r.pending);
	r.pending[0] = '\0';
	assert_int_equal(s->ops->rule_put(s, &r), STORE_OK);
	im.released = true;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "4.0.7577.4363", "00-04-f2-00-01-77", ""), "4.0.7577.4387");
	assert_string_equal(offered(w, "4.0.7577.4387", "00-04-f2-00-01-77", ""), "");
	assert_string_equal(offered(w, "4.0.7577.04387", "00-04-f2-00-01-77", ""), ""); /* numbers, not letters */
	assert_string_equal(offered(w, "4.0.7577.9999", "00-04-f2-00-01-77", ""), "4.0.7577.4387"); /* back, too */
	{ /* of several modules the image's version counts */
		struct update_question several = {.device_type = "UCPhone", .vendor = "POLYCOM", .model = "CX600", .revision = "A",
						  .locale = "ENU", .nmodule = 2,
						  .module = {{.file = "boot.xml", .version = "1.0.0.0"},
							     {.file = "CPE.nbt", .version = "4.0.7577.4387"}}};

		o = (struct vault_offer){.known = false};
		assert_int_equal(call_update_offer(&w->link, &several, "10.0.0.9", &o), VAULT_OK);
		assert_true(o.known && o.module.version[0] == '\0');
	}
	/* two steps from 1.0.x */
	strcpy(im.min_installed, "3.5.0.0");
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "1.0.522.101", "00-04-f2-00-01-77", ""), "");
	strcpy(im.version, "3.5.6907.187");
	im.min_installed[0] = '\0';
	im.released = false;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "1.0.522.101", "00-04-f2-00-01-77", ""), ""); /* never approved: not led over it */
	im.released = true;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "1.0.522.101", "00-04-f2-00-01-77", ""), "3.5.6907.187");
	assert_string_equal(offered(w, "3.5.6907.187", "00-04-f2-00-01-77", ""), "4.0.7577.4387");
	/* no rule; the inventory has it all the same */
	assert_int_equal(call_update_offer(&w->link, &q, "10.0.0.9", &o), VAULT_OK);
	assert_true(!o.known && o.module.version[0] == '\0');
	assert_int_equal(s->ops->device_each(s, last_device, &d), STORE_OK);
	assert_string_equal(d.address, "10.0.0.9");
}

/* ---- key files ----------------------------------------------------------------------------------------------------------- */

static void key_files(void **state)
{
	struct world *w = *state;
	struct vault_keys k = {0}, again = {0};
	char path[128], why[300];

	assert_false(vault_keys_load(w->dir, &k, why, sizeof why));
	assert_non_null(strstr(why, "ca.pem"));
	assert_true(vault_keys_make(w->dir, NOW, why, sizeof why));
	assert_true(vault_keys_load(w->dir, &k, why, sizeof why));
	assert_true(vault_keys_make(w->dir, NOW, why, sizeof why)); /* leaves what is there */
	assert_true(vault_keys_load(w->dir, &again, why, sizeof why));
	assert_memory_equal(k.secret, again.secret, 32);
	assert_true(sv_eq(buf_view(&k.ca_der), buf_view(&again.ca_der)));
	assert_true(pki_cert_is_of(k.ticket_der.p, k.ticket_der.n, again.ticket));
	snprintf(path, sizeof path, "%s/vault/secret", w->dir);
	assert_int_equal(file_write(NULL, path, "abc\n", 4, 0600), 0);
	assert_false(vault_secret_load(w->dir, again.secret, why, sizeof why));
	vault_keys_clear(&k);
	vault_keys_clear(&again);
	for (size_t i = 0; i < 5; i++) {
		static const char *const names[] = {"vault/secret", "vault/ca.pem", "vault/ticket.pem", "issuing.pem", "vault"};

		snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
		assert_int_equal(remove(path), 0);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(methods_off),	    T(certificate),	 T(by_certificate), T(shown_is_not_proved),
	    T(no_certificate_that_is_not_stored),
	    T(no_certificate_for_a_stranger), T(claims_and_services), T(passwords_are_locked), T(ntlm_of_the_other_transport), T(ntlm_names_outside), T(ntlm_logins), T(logins_are_forgotten),
	    T(updates),		    T(key_files)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
