/* tests/unit/server/test_webflow.c: the Web Services and the real vault together: every way to a certificate, and those who try
 * without a right to one.
 */
#include "tests/support/flow_world.h"

/* ---- the ways in --------------------------------------------------------------------------------------------------- */

/* Stage 6: the chain, from nobody we know yet. */
static void the_chain_is_there(struct flow *f)
{
	struct buf der = {0}, p7 = {0};
	struct web_answer a;

	assert_int_equal(go(f, HTTP_IN, "GET " CERTPROV "/chain.p7b HTTP/1.1\r\n", SV(""), &a), 200);
	assert_null(pki_p7_read(a.body.p, a.body.n, &p7));
	assert_true(pki_pem_cert(buf_view(&p7), 0, &der));
	web_answer_clear(&a);
	buf_free(&der);
	buf_free(&p7);
}

/* Stage 7: metadata say where, number and PIN say who. */
static void metadata_say_where(struct flow *f)
{
	struct soap_metadata m;
	struct web_answer a;
	xmlDocPtr doc;

	assert_int_equal(go(f, HTTPS_IN, "GET " CERTPROV "/mex HTTP/1.1\r\n", SV(""), &a), 200);
	doc = doc_of(a.body.p, a.body.n);
	assert_null(soap_metadata_read(doc, &m));
	assert_string_equal(m.cert_url, "https://fe01.contoso.test" CERTPROV "/WebTicket_Proof_SHA1");
	assert_string_equal(m.issuer, "https://fe01.contoso.test" WTS);
	xmlFreeDoc(doc);
	web_answer_clear(&a);
}

/* The certificate is a credential: it gets a ticket, and the ticket another certificate. */
static void again_by_certificate(struct flow *f, const struct buf *der)
{
	struct buf sec = {0}, env = {0}, b = {0};
	struct proof p = {0};
	struct soap_issue q;
	struct web_answer a;

	want(f, false, &q);
	assert_true(ticket_sign_x509(&sec, keys.phone, der->p, der->n, f->v->now, false));
	soap_issue_write(&env, &q, buf_view(&sec));
	go(f, HTTPS_IN, SOAP_POST(WTS "/cert"), buf_view(&env), &a);
	take(&a, &q, &p);
	assert_string_equal(p.issued.name_id, "sip:" ALICE);
	web_answer_clear(&a);
	request(f, false, &p, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 0);
	/* five minutes each way, then the Timestamp is stale */
	f->v->now += 11 * 60;
	assert_int_equal(go(f, HTTPS_IN, SOAP_POST(WTS "/cert"), buf_view(&env), &a), 500);
	web_answer_clear(&a);
	soap_issued_clear(&p.issued);
	buf_free(&sec);
	buf_free(&env);
	buf_free(&b);
}

static void from_a_pin_to_a_certificate(void **state)
{
	struct flow *f = *state;
	struct buf b = {0}, der = {0};
	struct pki_cert_info info;
	struct proof p = {0};
	unsigned long before;

	the_chain_is_there(f);
	metadata_say_where(f);
	before = pki_private_operations();
	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &p), 0);
	assert_string_equal(p.issued.name_id, "sip:" ALICE);
	assert_string_equal(p.issued.context, "ctx");
	assert_int_equal(pki_private_operations() - before, 1);
	/* stage 8 */
	request(f, false, &p, ALICE, &b);
	before = pki_private_operations();
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), &der), 0);
	assert_int_equal(pki_private_operations() - before, 1);
	assert_null(pki_cert_info(der.p, der.n, &info));
	assert_string_equal(info.subject_cn, ALICE);
	assert_string_equal(info.issuer_cn, "Communications Server");
	assert_true(pki_cert_is_of(der.p, der.n, keys.phone));
	/* "the certificate must be visible to the registrar by the time the answer leaves" */
	assert_int_equal(call_cert_known(&f->v->link, der.p, der.n, ALICE, &f->v->why), VAULT_OK);
	assert_int_equal(certificates(f), 1);
	again_by_certificate(f, &der);
	soap_issued_clear(&p.issued);
	buf_free(&b);
	buf_free(&der);
}

#define LEG SOAP_POST(WTS) "Authorization: NTLM "

/* The first two legs: the challenge of the server. */
static void challenge(struct flow *f, struct sv body, struct buf *type2)
{
	struct ntlm_negotiate one = {.flags = NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_NTLM | NTLM_ALWAYS_SIGN | NTLM_ESS | NTLM_128 |
					      NTLM_KEY_EXCH};
	struct buf type1 = {0}, head = {0};
	struct web_answer a;
	const char *value;

	assert_int_equal(go(f, HTTPS_IN, SOAP_POST(WTS), body, &a), 401);
	web_answer_clear(&a);
	ntlm_negotiate_write(&type1, &one);
	buf_str(&head, LEG);
	b64_add(&head, type1.p, type1.n);
	buf_str(&head, "\r\n");
	assert_int_equal(go(f, HTTPS_IN, buf_cstr(&head), body, &a), 401);
	value = answer_header(&a, "WWW-Authenticate");
	assert_memory_equal(value, "NTLM ", 5);
	assert_true(b64_read(type2, sv_of(value + 5)));
	web_answer_clear(&a);
	buf_free(&type1);
	buf_free(&head);
}

/* All three legs; the status of the last. */
static unsigned log_in(struct flow *f, const char *password, struct sv body, struct web_answer *a)
{
	struct ntlm_client c = {.user = "alice", .domain = "CONTOSO", .password = password, .workstation = "",
				.filetime = ntlm_filetime((int64_t)NOW * 1000)};
	struct buf type2 = {0}, type3 = {0}, head = {0};
	uint32_t flags;

	challenge(f, body, &type2);
	assert_null(ntlm_answer(&type3, buf_view(&type2), &c, &flags));
	buf_str(&head, LEG);
	b64_add(&head, type3.p, type3.n);
	buf_str(&head, "\r\n");
	go(f, HTTPS_IN, buf_cstr(&head), body, a);
	buf_free(&type2);
	buf_free(&type3);
	buf_free(&head);
	return a->status;
}

static void by_password(void **state)
{
	struct flow *f = *state;
	struct buf body = {0}, der = {0}, b = {0};
	struct soap_issue m;
	struct web_answer a;
	struct proof p = {0};

	want(f, false, &m);
	strcpy(m.claim, "sip:Alice@contoso.test");
	soap_issue_write(&body, &m, SV(""));
	assert_int_equal(log_in(f, "Pa$$wort", buf_view(&body), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM");
	web_answer_clear(&a);
	assert_int_equal(log_in(f, "Pa$$word", buf_view(&body), &a), 200);
	take(&a, &m, &p);
	web_answer_clear(&a);
	assert_string_equal(p.issued.name_id, "sip:" ALICE);
	request(f, false, &p, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), &der), 0);
	/* the claim of another: refused on the connection that is proved */
	strcpy(m.claim, "sip:" BOB);
	buf_clear(&body);
	soap_issue_write(&body, &m, SV(""));
	assert_int_equal(go(f, HTTPS_IN, SOAP_POST(WTS), buf_view(&body), &a), 500);
	assert_true(has(&a.body, "does not match the SIP URI"));
	web_answer_clear(&a);
	/* a ticket for somebody else's service */
	strcpy(m.claim, "");
	strcpy(m.applies_to, "https://evil.example" CERTPROV "/WebTicket_Proof_SHA1");
	buf_clear(&body);
	soap_issue_write(&body, &m, SV(""));
	assert_int_equal(go(f, HTTPS_IN, SOAP_POST(WTS), buf_view(&body), &a), 500);
	assert_false(has(&a.body, "Assertion"));
	web_answer_clear(&a);
	soap_issued_clear(&p.issued);
	buf_free(&body);
	buf_free(&der);
	buf_free(&b);
}

/* ---- PINs ------------------------------------------------------------------------------------------------------------ */

static void a_guesser_learns_nothing(void **state)
{
	struct flow *f = *state;

	assert_int_equal(by_pin(f, HTTPS_IN, "9999", "73914", NULL), 28020); /* no such number */
	for (int i = 0; i < 25; i++) {
		ask_peer = i % 2 ? "192.0.2.8" : "192.0.2.9";
		assert_int_equal(by_pin(f, HTTPS_IN, "4411", "11112", NULL), 28020);
	}
	ask_peer = "192.0.2.7";
	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", NULL), 28020); /* locked, and it looks the same */
	assert_int_equal(by_pin(f, HTTPS_IN, "4412", "60482", NULL), 0);     /* the others are not */
	f->v->now += 3601;
	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", NULL), 0);
}

/* ---- tickets that are not right ---------------------------------------------------------------------------------------- */

static void inside_and_outside_do_not_mix(void **state)
{
	struct flow *f = *state;
	struct proof in = {0}, out = {0}, more = {0};
	struct buf b = {0};

	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &in), 0);
	assert_int_equal(by_pin(f, HTTPS_OUT, "4411", "73914", &out), 28029);
	f->v->site.external_require_pin = true;
	assert_int_equal(by_pin(f, HTTPS_OUT, "4411", "73914", &out), 0);
	assert_true(has(&out.issued.assertion, "web.contoso.example"));
	assert_false(has(&out.issued.assertion, "https://fe01"));
	request(f, true, &out, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28032);
	assert_int_equal(publish(f, HTTPS_OUT, buf_view(&b), NULL), 0);
	request(f, true, &in, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_OUT, buf_view(&b), NULL), 28032);
	/* one envelope, sent again: a ticket is good for three certificates, so that a lost answer costs nothing */
	assert_int_equal(by_pin(f, HTTPS_OUT, "4411", "73914", &more), 0);
	request(f, true, &more, ALICE, &b);
	for (int i = 0; i < 3; i++)
		assert_int_equal(publish(f, HTTPS_OUT, buf_view(&b), NULL), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(publish(f, HTTPS_OUT, buf_view(&b), NULL), 28032);
	/* no remote access: told after the proof, and no ticket */
	f->alice.remote = false;
	assert_int_equal(f->v->store->ops->user_set(f->v->store, &f->alice), STORE_OK);
	assert_int_equal(by_pin(f, HTTPS_OUT, "4411", "73914", NULL), 28000);
	request(f, true, &out, ALICE, &b); /* nor a certificate for a ticket from before */
	assert_int_equal(publish(f, HTTPS_OUT, buf_view(&b), NULL), 28000);
	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", NULL), 0);
	soap_issued_clear(&in.issued);
	soap_issued_clear(&more.issued);
	soap_issued_clear(&out.issued);
	buf_free(&b);
}

/* Shows these octets as a ticket to the update service outside; the status of its answer. */
static unsigned shown(struct flow *f, const void *p, size_t n)
{
	struct buf head = {0};
	struct web_answer a;
	unsigned s;

	buf_str(&head, SOAP_POST("/RequestHandlerExt/ucdevice.upx") "X-MS-WebTicket: opaque=");
	b64_add(&head, p, n);
	buf_str(&head, "\r\n");
	s = go(f, HTTPS_OUT, buf_cstr(&head), SV("<r model='CX600' devicetype='UCPhone'/>"), &a);
	web_answer_clear(&a);
	buf_free(&head);
	return s;
}

static void ticket_outside(struct flow *f, bool bearer, struct soap_issued *ret)
{
	struct buf b = {0}, header = {0};
	struct soap_issue q;
	struct web_answer a;

	want(f, true, &q);
	if (bearer)
		q.nentropy = 0;
	soap_username_write(&header, "4411", "73914");
	soap_issue_write(&b, &q, buf_view(&header));
	assert_int_equal(go(f, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b), &a), 200);
	assert_null(soap_issued_read(a.body.p, a.body.n, ret));
	web_answer_clear(&a);
	buf_free(&b);
	buf_free(&header);
}

/* Stage 4 outside: a ticket is shown to the update service. */
static void a_ticket_for_the_update_question(void **state)
{
	struct flow *f = *state;
	struct soap_issued m = {0};
	struct buf b = {0};

	f->v->site.external_require_pin = true;
	for (int bearer = 0; bearer < 2; bearer++) {
		uint8_t *hit;

		ticket_outside(f, bearer, &m);
		/* "no signature, though the ticket was asked for with a symmetric key" */
		assert_int_equal(shown(f, m.assertion.p, m.assertion.n), 200);
		hit = memmem(m.assertion.p, m.assertion.n, "sip:" ALICE, 22);
		assert_non_null(hit);
		hit[4] = 'b'; /* a word of it changed */
		assert_int_equal(shown(f, m.assertion.p, m.assertion.n), 401);
		hit[4] = 'a';
		if (bearer) { /* and a bearer ticket enrols nobody */
			struct proof p = {.issued = m};

			request(f, true, &p, ALICE, &b);
			assert_int_equal(publish(f, HTTPS_OUT, buf_view(&b), NULL), 28032);
			assert_int_equal(shown(f, m.assertion.p, m.assertion.n), 200);
			f->v->now += 8 * 3600 + 301; /* expired */
			assert_int_equal(shown(f, m.assertion.p, m.assertion.n), 401);
		}
		soap_issued_clear(&m);
	}
	/* octets that are no assertion, and octets that follow one */
	assert_int_equal(shown(f, "<Assertion/></o:Security>", 25), 401);
	buf_free(&b);
}

static void replayed(void **state)
{
	struct flow *f = *state;
	struct proof p = {0}, thief = {0};
	struct buf b = {0}, der = {0};
	unsigned n;

	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &p), 0);
	/* an assertion that was overheard, without its key */
	thief = p;
	thief.key[0] ^= 1;
	request(f, false, &thief, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28032);
	/* somebody else's name */
	request(f, false, &p, BOB, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28001);
	assert_int_equal(certificates(f), 0);
	request(f, false, &p, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), &der), 0);
	/* replayed later: until the ticket ends, then no more */
	f->v->now += 8 * 3600 - 10;
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 0);
	f->v->now += 10 + 301;
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28032);
	f->v->now = NOW - 3600; /* before it began */
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28032);
	/* replayed after a revocation */
	f->v->now = NOW + 5;
	assert_int_equal(f->v->store->ops->cert_revoke(f->v->store, f->alice.id, f->v->now, &n), STORE_OK);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28032);
	assert_int_equal(call_cert_known(&f->v->link, der.p, der.n, ALICE, &f->v->why), VAULT_REFUSED);
	soap_issued_clear(&p.issued);
	buf_free(&b);
	buf_free(&der);
}

static void disabled_while_the_ticket_lives(void **state)
{
	struct flow *f = *state;
	struct proof p = {0};
	struct buf b = {0};

	assert_int_equal(by_pin(f, HTTPS_IN, "4412", "60482", &p), 0);
	f->bob.enabled = false;
	assert_int_equal(f->v->store->ops->user_set(f->v->store, &f->bob), STORE_OK);
	request(f, false, &p, BOB, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28000);
	soap_issued_clear(&p.issued);
	buf_free(&b);
}

/* Of another pool: the same words, another key. */
static void foreign(void **state)
{
	struct flow *f = *state;
	struct ticket t = {.id = "SamlSecurityToken-1", .user = "sip:" ALICE, .method = "pin", .issued = NOW, .not_before = NOW,
			   .not_after = NOW + 28800};
	uint8_t seal[32] = {1};
	struct proof p = {0};
	struct buf b = {0};

	site_wts_url(&f->v->site, false, t.issuer);
	site_certprov_auth_url(&f->v->site, false, t.audience);
	assert_true(ticket_write(&p.issued.assertion, &t, keys.phone, seal, "another pool"));
	strcpy(p.issued.assertion_id, t.id);
	soap_lifetime_write(&p.issued.lifetime, NOW, NOW + 28800);
	request(f, false, &p, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28032);
	buf_free(&p.issued.assertion);
	/* the right key, but a proof key that we did not seal */
	assert_true(ticket_write(&p.issued.assertion, &t, keys.ticket, seal, "k"));
	request(f, false, &p, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 28032);
	soap_issued_clear(&p.issued);
	buf_free(&b);
}

static bool of_certificates(void *arg, int64_t at, const char *what, const char *whom, bool ok, const char *detail)
{
	(void)at, (void)whom, (void)ok, (void)detail;
	*(unsigned *)arg += strcmp(what, "cert") == 0;
	return true;
}

/* How often the vault has looked at a request for a certificate: each time it writes a row. */
static unsigned looked_at(struct flow *f)
{
	unsigned n = 0;

	assert_int_equal(f->v->store->ops->audit_each(f->v->store, 0, of_certificates, &n), STORE_OK);
	return n;
}

/* What a stranger stuffs into an assertion is refused before it costs the vault anything; one that looks like ours is looked at. */
static void stuffed_assertions(void **state)
{
	struct flow *f = *state;
	struct buf many = {0}, b = {0};
	struct proof p = {0};
	char *text, *more;

	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &p), 0);
	request(f, false, &p, ALICE, &b);
	for (unsigned kind = 0; kind < 4; kind++) {
		unsigned before = looked_at(f);

		buf_clear(&many);
		for (unsigned i = 0; i < 200 && kind < 3; i++)
			buf_printf(&many, (const char *const[]){" a%u='1'", " xmlns:n%u='urn:n'", "<x%u/>"}[kind], i);
		more = kind < 2 ? join("<saml:Conditions%s ", buf_cstr(&many)) : join("%s</saml:Conditions>", buf_cstr(&many));
		text = kind < 2    ? swap(sv_dup(buf_view(&b)), "<saml:Conditions ", more)
		       : kind == 2 ? swap(sv_dup(buf_view(&b)), "</saml:Conditions>", more)
				   : swap(sv_dup(buf_view(&b)), ALICE "</saml:NameIdentifier>", BOB "</saml:NameIdentifier>");
		assert_int_equal(publish(f, HTTPS_IN, sv_of(text), NULL), 28032);
		assert_int_equal(looked_at(f) - before, kind == 3 ? 1 : 0);
		free(text);
		free(more);
	}
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), NULL), 0);
	soap_issued_clear(&p.issued);
	buf_free(&many);
	buf_free(&b);
}

/* bob holds the key that alice's phone enrolled, and enrols it: from then on it signs in bob alone. */
static void one_key_serves_one_user(void **state)
{
	struct flow *f = *state;
	struct buf hers = {0}, his = {0}, b = {0};
	struct proof p = {0};

	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &p), 0);
	request(f, false, &p, ALICE, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), &hers), 0);
	soap_issued_clear(&p.issued);
	assert_int_equal(call_cert_known(&f->v->link, hers.p, hers.n, ALICE, &f->v->why), VAULT_OK);
	assert_int_equal(by_pin(f, HTTPS_IN, "4412", "60482", &p), 0);
	request(f, false, &p, BOB, &b);
	assert_int_equal(publish(f, HTTPS_IN, buf_view(&b), &his), 0);
	assert_int_equal(call_cert_known(&f->v->link, his.p, his.n, BOB, &f->v->why), VAULT_OK);
	assert_int_equal(call_cert_known(&f->v->link, hers.p, hers.n, ALICE, &f->v->why), VAULT_REFUSED);
	soap_issued_clear(&p.issued);
	buf_free(&hers);
	buf_free(&his);
	buf_free(&b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, flow_setup, flow_teardown)
	const struct CMUnitTest tests[] = {
	    T(from_a_pin_to_a_certificate), T(by_password), T(a_guesser_learns_nothing), T(inside_and_outside_do_not_mix),
	    T(a_ticket_for_the_update_question), T(replayed), T(disabled_while_the_ticket_lives), T(foreign),
	    T(one_key_serves_one_user), T(stuffed_assertions),
	};

	return cmocka_run_group_tests(tests, flow_group_setup, flow_group_teardown);
}
