/* tests/support/web_world.c: the Web Services without a socket and with a vault made of answers. */
#include "tests/support/web_world.h"

#include "tests/support/fake_vault.h"

static struct buf chain_pem; /* leaf and root */
struct fake fake;

static void say(struct why *why)
{
	if (why && fake.why)
		why_set(why, "%s", fake.why);
}

static void ticket(const struct soap_issue *ask, struct vault_ticket *t)
{
	fake.asked = *ask;
	t->issued = (struct soap_issued){.nentropy = ask->nentropy, .created = 1000, .expires = 2000};
	strcpy(t->issued.context, ask->context);
	strcpy(t->issued.applies_to, ask->applies_to);
	strcpy(t->issued.assertion_id, "a1");
	strcpy(t->issued.name_id, "sip:alice@contoso.test");
	t->remote = fake.remote;
	buf_str(&t->issued.assertion,
		"<saml:Assertion xmlns:saml=\"" NS_SAML "\" AssertionID=\"a1\"></saml:Assertion>");
}

static enum vault_status fake_user(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	if (strcmp(q->user.aor, "alice@contoso.test") != 0)
		return VAULT_NOT_FOUND;
	ret->user = (struct vault_user){.enabled = true, .remote = fake.remote};
	return VAULT_OK;
}

static enum vault_status fake_challenge(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	assert_false(q->ntlm_challenge.datagram);
	assert_int_equal(ntlm_type(q->ntlm_challenge.type1), 1);
	fake.challenges++;
	ret->ntlm_challenge.id = 42;
	buf_add(&ret->ntlm_challenge.challenge, "NTLMSSP\0\2\0\0\0the challenge", 25);
	return VAULT_OK;
}

static enum vault_status fake_verify(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	assert_int_equal(q->ntlm_verify.id, 42);
	fake.verifies++;
	say(&ret->why);
	if (fake.ntlm == VAULT_OK) {
		ret->ntlm_verify.id = 7;
		strcpy(ret->ntlm_verify.aor, "alice@contoso.test");
	}
	return fake.ntlm;
}

static enum vault_status fake_login(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	assert_int_equal(q->ticket_login.login, 7);
	fake.outside = q->ticket_login.outside;
	say(&ret->why);
	if (fake.login == VAULT_OK)
		ticket(&q->ticket_login.issue, &ret->ticket_login);
	return fake.login;
}

static enum vault_status fake_pin(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	fake.pins++;
	fake.outside = q->ticket_pin.outside;
	snprintf(fake.number, sizeof fake.number, "%s", q->ticket_pin.number);
	snprintf(fake.pin_typed, sizeof fake.pin_typed, "%s", q->ticket_pin.pin);
	snprintf(fake.peer, sizeof fake.peer, "%s", q->ticket_pin.peer);
	say(&ret->why);
	if (fake.pin == VAULT_OK)
		ticket(&q->ticket_pin.issue, &ret->ticket_pin);
	return fake.pin;
}

static enum vault_status fake_cert_ticket(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	struct soap_issue m = {.context = "c", .applies_to = "a"};

	(void)arg;
	fake.outside = q->ticket_cert.outside;
	say(&ret->why);
	if (fake.cert_ticket == VAULT_OK)
		ticket(&m, &ret->ticket_cert);
	return fake.cert_ticket;
}

static enum vault_status fake_cert(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg, (void)q;
	fake.certs++;
	say(&ret->why);
	if (fake.cert == VAULT_OK) {
		strcpy(ret->cert_issue.aor, "anna@contoso.example");
		buf_add(&ret->cert_issue.der, "\x30\x03\x02\x01\x07", 5);
	}
	return fake.cert;
}

static enum vault_status fake_pin_change(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	fake.changes++;
	fake.change = *q;
	say(&ret->why);
	return fake.changed;
}

static struct fake_vault fakes = {.answer = {[VAULT_USER] = fake_user,
					     [VAULT_NTLM_CHALLENGE] = fake_challenge,
					     [VAULT_NTLM_VERIFY] = fake_verify,
					     [VAULT_TICKET_LOGIN] = fake_login,
					     [VAULT_TICKET_PIN] = fake_pin,
					     [VAULT_PIN_CHANGE] = fake_pin_change,
					     [VAULT_TICKET_CERT] = fake_cert_ticket,
					     [VAULT_CERT_ISSUE] = fake_cert}};
static const struct vault_link vault = {.send = fake_vault_send, .arg = &fakes};

int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct web_conf conf = {
	    .site = &w->site, .vault = &vault, .chain_pem = buf_view(&chain_pem), .logs = w->logs};

	fake = (struct fake){.remote = true};
	site_defaults(&w->site);
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.web_fqdn, "pool.contoso.test");
	strcpy(w->site.external_web_fqdn, "web.contoso.example");
	w->site.external_https = 443;
	strcpy(w->logs, "/tmp/dialtone-web.XXXXXX");
	assert_non_null(mkdtemp(w->logs));
	w->w = web_new(&conf);
	w->c = web_conn_new();
	assert_true(w->w && w->c);
	*state = w;
	return 0;
}

int teardown(void **state)
{
	struct world *w = *state;

	web_conn_free(w->c);
	web_free(w->w);
	folder_remove(w->logs);
	free(w);
	return 0;
}

unsigned go(struct world *w, enum side side, const char *head, struct sv body, struct web_answer *a)
{
	ask(w->w, w->c, side, head, body, 1768467600, a);
	return a->status;
}

unsigned status_of(struct world *w, enum side side, const char *head, struct sv body)
{
	struct web_answer a;
	unsigned s = go(w, side, head, body, &a);

	web_answer_clear(&a);
	return s;
}

struct sv vector(struct buf *b, const char *name)
{
	buf_clear(b);
	text_vector(b, name);
	return buf_view(b);
}

void pin_request(struct buf *b, const char *user, const char *pin)
{
	struct soap_issue m = {.applies_to = "https://pool.contoso.test" CERTPROV "/WebTicket_Proof_SHA1",
			       .nentropy = 32};
	struct buf header = {0};

	soap_username_write(&header, user, pin);
	buf_clear(b);
	soap_issue_write(b, &m, buf_view(&header));
	buf_free(&header);
}

int group_setup(void **state)
{
	struct pki_key *ca = pki_key_make(2048);
	static const char *const names[] = {"pool.contoso.test", NULL};
	struct pki_issue root = {
	    .profile = PKI_CA, .cn = "Contoso Root", .not_before = 1700000000, .not_after = 2000000000};
	struct pki_issue leaf = {.profile = PKI_SERVER,
				 .cn = "pool.contoso.test",
				 .names = names,
				 .not_before = 1700000000,
				 .not_after = 2000000000};
	struct buf r = {0}, l = {0};

	(void)state;
	assert_true(pki_issue(&root, ca, ca, NULL, 0, &r) && pki_issue(&leaf, ca, ca, r.p, r.n, &l));
	pki_pem_add(&chain_pem, "CERTIFICATE", l.p, l.n);
	pki_pem_add(&chain_pem, "CERTIFICATE", r.p, r.n);
	buf_free(&r);
	buf_free(&l);
	pki_key_free(ca);
	return 0;
}

int group_teardown(void **state)
{
	(void)state;
	buf_free(&chain_pem);
	return 0;
}
