/* tests/support/vault_world.c: a vault with a store on disk and a clock that stands, and a store that is
 * watched. */
#include "tests/support/vault_world.h"

struct world_keys keys;
const uint8_t secret[32] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
struct spy spy;
static unsigned preset;

static int64_t world_ms(void *arg)
{
	return ((struct world *)arg)->now * 1000;
}

void vault_up(struct world *w)
{
	struct vault_conf c = {.site = &w->site,
			       .ca = keys.ca,
			       .ca_der = buf_view(&keys.ca_der),
			       .ticket = keys.ticket,
			       .ticket_der = buf_view(&keys.ticket_der),
			       .secret = secret,
			       .unix_ms = world_ms,
			       .arg = w,
			       .health = &w->health,
			       .store = w->store};

	w->vault = vault_new(&c);
	assert_non_null(w->vault);
	vault_direct(w->vault, &w->link);
}

void up(struct world *w)
{
	w->store = store_sqlite(w->path, NULL);
	assert_non_null(w->store);
	vault_up(w);
}

void down(struct world *w)
{
	vault_free(w->vault);
	store_close(w->store);
	w->vault = NULL;
	w->store = NULL;
}

struct store_user person(struct world *w, const char *aor, const char *login, const char *number,
			 const char *ext, const char *pin)
{
	struct store_user u = {.enabled = true, .remote = true, .created = NOW};
	struct why why = {0};

	strcpy(u.aor, aor);
	strcpy(u.login, login);
	strcpy(u.number, number);
	strcpy(u.extension, ext);
	assert_true(vault_password_set(secret, &u, SV("Pa$$word")));
	assert_int_equal(w->store->ops->user_add(w->store, &u), STORE_OK);
	if (pin)
		assert_null(vault_pin_set(secret, &w->site, w->store, &u, sv_of(pin), false, w->now, &why));
	return u;
}

int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	strcpy(w->dir, "/tmp/dialtone-vault.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof w->path, "%s/store.db", w->dir);
	site_defaults(&w->site);
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.pool, "fe01.contoso.test");
	strcpy(w->site.web_fqdn, "fe01.contoso.test");
	strcpy(w->site.netbios_domain, "CONTOSO");
	strcpy(w->site.netbios_computer, "FE01");
	w->now = NOW;
	up(w);
	*state = w;
	return 0;
}

int teardown(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	struct world *w = *state;
	char path[128];

	if (w->vault)
		down(w);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", w->path, ends[i]);
		unlink(path);
	}
	rmdir(w->dir);
	free(w);
	return 0;
}

struct soap_issue ask_of(const struct world *w)
{
	struct soap_issue a = {.context = "ctx", .nentropy = 32};

	site_certprov_auth_url(&w->site, false, a.applies_to);
	strcpy(a.key_type, NS_WST "/SymmetricKey");
	for (uint8_t i = 0; i < 32; i++)
		a.entropy[i] = i;
	return a;
}

enum vault_status try_pin(struct world *w, const char *number, const char *pin)
{
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	enum vault_status st = call_ticket_pin(&w->link, number, pin, &ask, false, &t, &w->why);

	if (st == VAULT_OK)
		vault_ticket_clear(&t);
	return st;
}

static void preset_step(void *arg, size_t i, struct store_pin *p)
{
	(void)arg;
	(void)i;
	p->global = preset;
	p->local = 0;
	p->local_since = p->locked_until = 0;
}

void set_counters(struct world *w, int64_t user, unsigned global)
{
	preset = global;
	assert_int_equal(w->store->ops->pin_step(w->store, &user, 1, preset_step, NULL), STORE_OK);
}

static enum store_result spy_line(struct store *s, const char *number, const char *ext,
				  struct store_user *ret, size_t cap, size_t *n)
{
	(void)s;
	buf_str(&spy.calls, "line ");
	return spy.real->ops->user_by_line(spy.real, number, ext, ret, cap, n);
}

static enum store_result spy_step(struct store *s, const int64_t *users, size_t n,
				  void (*step)(void *, size_t, struct store_pin *), void *arg)
{
	(void)s;
	buf_printf(&spy.calls, "step%zu ", n);
	if (++spy.steps == spy.fail_step)
		return STORE_FAILED;
	return spy.real->ops->pin_step(spy.real, users, n, step, arg);
}

static enum store_result spy_settle(struct store *s, const int64_t *users, size_t n,
				    void (*step)(void *, size_t, struct store_pin *), void *arg)
{
	(void)s;
	buf_printf(&spy.calls, "settle%zu ", n);
	if (++spy.steps == spy.fail_step)
		return STORE_FAILED;
	return spy.real->ops->pin_settle(spy.real, users, n, step, arg);
}

static enum store_result spy_audit(struct store *s, int64_t now, const char *what, const char *whom, bool ok,
				   const char *detail)
{
	(void)s;
	buf_str(&spy.calls, "audit ");
	return spy.real->ops->audit(spy.real, now, what, whom, ok, detail);
}

static enum store_result spy_get(struct store *s, const char *aor, struct store_user *ret)
{
	(void)s;
	return spy.real->ops->user_get(spy.real, aor, ret);
}

static enum store_result spy_cert(struct store *s, const struct store_cert *c)
{
	(void)s;
	return spy.fail_cert ? STORE_FAILED : spy.real->ops->cert_put(spy.real, c);
}

static const char *spy_why(struct store *s)
{
	(void)s;
	return "the disk is full";
}

void spy_on(struct world *w)
{
	struct vault_conf c = {.site = &w->site,
			       .ca = keys.ca,
			       .ca_der = buf_view(&keys.ca_der),
			       .ticket = keys.ticket,
			       .ticket_der = buf_view(&keys.ticket_der),
			       .secret = secret,
			       .unix_ms = world_ms,
			       .arg = w};

	memset(&spy, 0, sizeof spy);
	spy.real = w->store;
	spy.ops = (struct store_ops){.user_by_line = spy_line,
				     .pin_step = spy_step,
				     .pin_settle = spy_settle,
				     .audit = spy_audit,
				     .user_get = spy_get,
				     .cert_put = spy_cert,
				     .why = spy_why};
	spy.store.ops = &spy.ops;
	c.store = &spy.store;
	vault_free(w->vault);
	w->vault = vault_new(&c);
	assert_non_null(w->vault);
	vault_direct(w->vault, &w->link);
}

int group_setup(void **state)
{
	struct pki_issue ca = {.profile = PKI_CA,
			       .cn = "Communications Server",
			       .not_before = NOW - 9,
			       .not_after = NOW + 999999999LL};
	struct pki_issue ticket = {
	    .profile = PKI_CODE, .cn = "Web Ticket", .not_before = NOW - 9, .not_after = NOW + 999999999LL};

	(void)state;
	keys.ca = pki_key_make(2048);
	keys.ticket = pki_key_make(2048);
	keys.phone = pki_key_make(2048);
	assert_true(keys.ca && keys.ticket && keys.phone);
	assert_true(pki_issue(&ca, keys.ca, keys.ca, NULL, 0, &keys.ca_der));
	assert_true(pki_issue(&ticket, keys.ticket, keys.ca, keys.ca_der.p, keys.ca_der.n, &keys.ticket_der));
	return 0;
}

int group_teardown(void **state)
{
	(void)state;
	pki_key_free(keys.ca);
	pki_key_free(keys.ticket);
	pki_key_free(keys.phone);
	buf_free(&keys.ca_der);
	buf_free(&keys.ticket_der);
	return 0;
}
