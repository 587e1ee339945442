/* tests/support/registrar_world.c: a Registrar without a socket, and a vault of answers. */
#include "tests/support/registrar_world.h"

struct world_keys keys;

static void issue(enum pki_profile profile, const char *cn, const struct pki_key *k, int64_t until,
		  struct buf *der, struct buf *pem)
{
	struct pki_issue what = {.profile = profile, .cn = cn, .not_before = NOW - 60, .not_after = until};
	bool root = profile == PKI_CA;

	assert_true(pki_issue(&what, k, keys.ca, root ? NULL : keys.ca_der.p, root ? 0 : keys.ca_der.n, der));
	pki_pem_add(pem, "CERTIFICATE", der->p, der->n);
}

int keys_make(void **state)
{
	struct buf der = {0};

	(void)state;
	keys.ca = pki_key_make(2048);
	keys.server = pki_key_make(2048);
	keys.user = pki_key_make(2048);
	issue(PKI_CA, "Communications Server", keys.ca, NOW + 86400 * 365, &keys.ca_der, &keys.ca_pem);
	issue(PKI_SERVER, FQDN, keys.server, NOW + 86400 * 30, &der, &keys.server_pem);
	issue(PKI_USER, "alice@contoso.test", keys.user, NOW + 86400 * 30, &keys.alice_der, &keys.alice_pem);
	issue(PKI_USER, "bob@contoso.test", keys.user, NOW + 86400 * 30, &keys.bob_der, &keys.bob_pem);
	issue(PKI_USER, "alice@contoso.test", keys.user, NOW + 3600, &keys.short_der, &keys.short_pem);
	buf_free(&der);
	return 0;
}

int keys_free(void **state)
{
	struct buf *all[] = {&keys.ca_der,  &keys.ca_pem,  &keys.server_pem, &keys.alice_der, &keys.alice_pem,
			     &keys.bob_der, &keys.bob_pem, &keys.short_der,  &keys.short_pem};

	(void)state;
	pki_key_free(keys.ca);
	pki_key_free(keys.server);
	pki_key_free(keys.user);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_free(all[i]);
	return 0;
}

static const struct vault_user *w_user(const struct world *w, const char *aor)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct vault_user *u = i ? &w->bob : &w->alice;

		if (sv_ieq(sv_of(aor), sv_of(u->aor)))
			return u;
	}
	return NULL;
}

static enum vault_status w_cert(const struct world *w, struct sv der, const char *aor, struct why *why)
{
	const struct buf *all[] = {&keys.alice_der, &keys.short_der, &keys.bob_der};

	for (unsigned i = 0; i < 3; i++)
		if (!w->revoked && sv_eq(der, buf_view(all[i])) &&
		    sv_ieq(sv_of(aor), sv_of(i == 2 ? "bob@contoso.test" : "alice@contoso.test")))
			return (i == 2 ? w->bob : w->alice).enabled ? VAULT_OK : VAULT_NOT_ENABLED;
	why_set(why, "the certificate is not published here, or was revoked");
	return VAULT_REFUSED;
}

static enum vault_status v_cert(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	return w_cert(arg, q->cert_known.der, q->cert_known.aor, &ret->why);
}

static enum vault_status v_admit(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	struct world *w = arg;
	const struct vault_user *u = w_user(w, q->admit.aor);
	enum vault_status st = q->admit.der.n ? w_cert(w, q->admit.der, q->admit.proved, &ret->why) : VAULT_OK;

	w->admissions++;
	if (st != VAULT_OK && st != VAULT_NOT_ENABLED)
		return st;
	if (u == NULL)
		return VAULT_NOT_FOUND;
	ret->admit.user = *u;
	ret->admit.elsewhere = u->home_pool[0] && strcasecmp(u->home_pool, w->site.pool) != 0;
	snprintf(ret->admit.sip, sizeof ret->admit.sip, "%s", ret->admit.elsewhere && !w->nameless ? u->home_pool : "");
	ret->admit.pin = w->pin && strcmp(q->admit.peer, "198.51.100.7") == 0;
	return VAULT_OK;
}

static enum vault_status v_challenge(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	struct world *w = arg;
	struct ntlm_names names = {"CONTOSO", "FE01", "contoso.test", FQDN, "contoso.test"};

	assert_true(q->ntlm_challenge.datagram && q->ntlm_challenge.type1.n == 0);
	ret->ntlm_challenge.id = ++w->challenge_id;
	memset(w->challenge, (int)(w->challenge_id & 0xff), 8);
	assert_true(ntlm_make_challenge(&ret->ntlm_challenge.challenge, true, 0, &names, w->challenge,
					ntlm_filetime(NOW * 1000LL)));
	return VAULT_OK;
}

static enum vault_status v_verify(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	struct world *w = arg;
	struct ntlm_authenticate m;
	struct rd r = rd_of(q->ntlm_verify.type3.p, q->ntlm_verify.type3.n);
	struct vault_login *l = &ret->ntlm_verify;
	uint8_t hash[16];
	char user[256], domain[256];
	const struct vault_user *u;

	if (!ntlm_authenticate_read(&r, &m) || !ntlm_who(&m, user, domain)) {
		why_set(&ret->why, "the answer cannot be read");
		return VAULT_MALFORMED;
	}
	assert_true(ntlm_nt_hash(SV("Pa$$word"), hash));
	why_set(&ret->why, "wrong password");
	if (q->ntlm_verify.id != w->challenge_id || !ntlm_check(&m, hash, w->challenge, l->session_key))
		return VAULT_REFUSED;
	u = sv_ieq(sv_of(user), SV("bob")) ? &w->bob : &w->alice;
	l->flags = m.flags;
	if (!u->enabled)
		return VAULT_NOT_ENABLED;
	strcpy(l->aor, u->aor);
	return VAULT_OK;
}

static struct fake_vault fakes = {.answer = {[VAULT_CERT_KNOWN] = v_cert,
					     [VAULT_ADMIT] = v_admit,
					     [VAULT_NTLM_CHALLENGE] = v_challenge,
					     [VAULT_NTLM_VERIFY] = v_verify}};

/* At once, or when the test says so (`hold`, release()). */
static void v_send(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg)
{
	struct world *w = arg;
	struct vault_reply r = {.kind = q->kind, .status = VAULT_UNAVAILABLE};

	fakes.arg = w;
	if (!w->down)
		fake_vault_answer(&fakes, q, &r);
	if (w->hold) {
		assert_true(w->nheld < sizeof w->held / sizeof *w->held);
		w->held[w->nheld++] = (struct held){done, done_arg, r};
		return;
	}
	done(done_arg, &r);
	vault_reply_clear(&r);
}

void release(struct world *w, bool late)
{
	struct held h = w->held[0];
	struct vault_reply no = {.kind = h.r.kind, .status = VAULT_LATE};

	assert_true(w->nheld > 0);
	memmove(w->held, w->held + 1, --w->nheld * sizeof *w->held);
	h.done(h.arg, late ? &no : &h.r);
	vault_reply_clear(&h.r);
}

uint64_t w_changes(void *arg)
{
	return ((struct world *)arg)->changes;
}

static int64_t w_unix(void *arg)
{
	return ((struct world *)arg)->unix_s;
}

static void w_notice(void *arg, uint32_t worker, const struct location_notice *n)
{
	struct world *w = arg;

	(void)worker;
	assert_true(w->notices < 16);
	w->notice[w->notices++] = *n;
}

static void w_random(void *arg, void *p, size_t n)
{
	struct world *w = arg;

	for (size_t i = 0; i < n; i++) {
		w->random = w->random * 1664525u + 1013904223u;
		((uint8_t *)p)[i] = (uint8_t)(w->random >> 24);
	}
}

int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct tls_server_conf dsk = {.profile = TLS_DSK,
				      .cert_pem = buf_view(&keys.server_pem),
				      .key = keys.server,
				      .client_ca_pem = buf_view(&keys.ca_pem)};
	struct registrar_conf rc = {.site = &w->site,
				    .vault = &w->vault,
				    .location = &w->location_link,
				    .random = w_random,
				    .random_arg = w};

	assert_non_null(w);
	site_defaults(&w->site);
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, FQDN);
	strcpy(w->site.pool, "pool.contoso.test");
	strcpy(w->site.web_fqdn, FQDN);
	strcpy(w->site.external_fqdn, EDGE);
	w->alice = (struct vault_user){.aor = "alice@contoso.test", .enabled = true, .remote = true};
	w->bob = (struct vault_user){.aor = "bob@contoso.test", .enabled = true, .remote = true};
	w->vault = (struct vault_link){.send = v_send, .arg = w};
	w->mono = 1000000;
	w->unix_s = NOW;
	w->random = 42;
	w->location = location_new(w_unix, w_notice, w);
	location_direct(w->location, &w->location_link);
	rc.dsk = w->dsk = tls_ctx_server(&dsk);
	w->registrar = registrar_new(&rc);
	assert_true(w->location && w->dsk && w->registrar);
	*state = w;
	return 0;
}

int teardown(void **state)
{
	struct world *w = *state;

	registrar_free(w->registrar);
	location_free(w->location);
	tls_ctx_free(w->dsk);
	free(w);
	return 0;
}

void orders_go(struct world *w)
{
	for (unsigned i = 0; i < w->notices; i++)
		registrar_order(w->registrar, &w->notice[i], w->mono, w->unix_s);
	w->notices = 0;
}

size_t bound(const struct world *w, const char *aor)
{
	struct location_binding b[16];

	return location_list(w->location, aor, b, 16);
}
