/* tests/unit/server/test_vault_ntlm.c: logins by password: names, transports, locks. */
#include "tests/support/vault_world.h"

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
	st = call_ntlm_verify(&w->link, id, type3.p, type3.n, l, &w->why);
	if (used) {
		*used = id;
		buf_sv(answered, buf_view(&type3));
	}
	buf_free(&type2);
	buf_free(&type3);
	return st;
}

/* Before that, each further wrong one costs time: five at once, then a pause that doubles, in which none is checked or counted. */
static void passwords_are_paused(void **state)
{
	struct world *w = *state;
	struct store_user u = person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	struct store_tries t;
	struct vault_login l;

	for (int i = 0; i < 5; i++)
		assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "wrong", &l, NULL, NULL), VAULT_REFUSED);
	for (unsigned pause = 1; pause <= PIN_PAUSE_MAX; pause *= 2) {
		assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_REFUSED);
		assert_non_null(strstr(w->why.text, "wrong too often"));
		w->now += pause - 1;
		assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_REFUSED);
		w->now++;
		assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "wrong", &l, NULL, NULL), VAULT_REFUSED);
		assert_non_null(strstr(w->why.text, "wrong password"));
	}
	assert_int_equal(w->store->ops->password_get(w->store, u.id, &t), STORE_OK);
	assert_int_equal(t.local, 5 + 7);
	w->now += PIN_PAUSE_MAX;
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_OK);
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "wrong", &l, NULL, NULL), VAULT_REFUSED);
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_OK); /* it begins anew */
}

/* [MS-NLMP] 2.2.2.6: an answer of NTLMv1 has 24 octets.  It is refused with that reason, and is no try at the password. */
static void ntlm_v1_is_refused(void **state)
{
	static const uint8_t v1[24] = {1, 2, 3};
	struct world *w = *state;
	struct store_user u = person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	struct ntlm_authenticate m = {.flags = NTLM_NTLM, .user = SV("alice"), .domain = SV("CONTOSO"),
				      .nt = {(const char *)v1, sizeof v1}, .lm = {(const char *)v1, sizeof v1}};
	struct buf type2 = {0}, type3 = {0};
	struct store_tries t;
	struct vault_login l;
	uint64_t id;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(call_ntlm_challenge(&w->link, false, NULL, 0, &id, &type2), VAULT_OK);
		buf_clear(&type3);
		ntlm_authenticate_write(&type3, &m);
		assert_int_equal(call_ntlm_verify(&w->link, id, type3.p, type3.n, &l, &w->why), VAULT_REFUSED);
		assert_non_null(strstr(w->why.text, "NTLMv1"));
		assert_non_null(strstr(w->why.text, "LmCompatibilityLevel"));
		buf_clear(&type2);
	}
	assert_int_equal(w->store->ops->password_get(w->store, u.id, &t), STORE_OK);
	assert_int_equal(t.local, 0);
	buf_free(&type2);
	buf_free(&type3);
}

/* One who guesses passwords waits as one who guesses PINs does, and one count is for both. */
static void one_address_waits(void **state)
{
	struct world *w = *state;
	struct vault_login l;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "4411", "73914");
	call_peer = "203.0.113.9";
	for (int i = 0; i < 21; i++)
		assert_int_equal(i % 2 ? try_pin(w, "9999", "1") : ntlm(w, false, "nobody", "CONTOSO", "x", &l, NULL, NULL), VAULT_REFUSED);
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_WAIT);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_WAIT);
	call_peer = NULL;
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_OK);
}

/* Passwords as PINs: 25 wrong ones in half an hour lock for an hour, the right one included; the right one begins anew. */
static void passwords_are_locked(void **state)
{
	struct world *w = *state;
	struct vault_login l;
	struct store_user u = person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	struct store_tries t;

	person(w, "bob@contoso.test", "CONTOSO\\bob", "", "", NULL);
	for (int i = 0; i < 24; i++) {
		w->now += PIN_PAUSE_MAX + 1;
		assert_int_equal(ntlm(w, i & 1, "alice", "CONTOSO", "wrong", &l, NULL, NULL), VAULT_REFUSED);
	}
	w->now += PIN_PAUSE_MAX + 1;
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_OK);
	for (int i = 0; i < 25; i++) {
		w->now += PIN_PAUSE_MAX + 1;
		assert_int_equal(ntlm(w, i & 1, "alice", "CONTOSO", "wrong", &l, NULL, NULL), VAULT_REFUSED);
		assert_non_null(strstr(w->why.text, "wrong password"));
	}
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, NULL, NULL), VAULT_REFUSED);
	assert_non_null(strstr(w->why.text, "the password is locked for an hour"));
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
		assert_non_null(strstr(w->why.text, "no user has this login"));
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
			assert_int_equal(call_ntlm_verify(&w->link, id, type3.p, type3.n, &l, &w->why), carried ? VAULT_REFUSED : VAULT_OK);
			if (carried)
				assert_string_equal(w->why.text, datagram ? "the answer is one for HTTP" : "the answer is one for SIP");
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

/* Names in any of their forms, and passwords; the status, and what the asker is told of the login. */
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
	struct vault_login l;
	struct store_user u;

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
				fail_msg("%s\\%s: %s (%s)", rows[i].domain, rows[i].user, vault_status_name(st), w->why.text);
			if (st == VAULT_OK) {
				assert_string_equal(l.aor, "alice@contoso.test");
				assert_true(!datagram || l.flags & NTLM_KEY_EXCH);
				for (int k = 0; k < 16 && l.flags & NTLM_KEY_EXCH; k++) /* the client's own choice */
					assert_int_equal(l.session_key[k], 0x33);
			}
			if (st == VAULT_NOT_ENABLED)
				assert_true(l.aor[0] == '\0' && l.id == 0 && (!datagram || l.session_key[0] == 0x33));
		}
}

static void an_answer_is_good_once(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct vault_login l, first;
	struct buf type3 = {0};
	uint64_t id;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &first, &id, &type3), VAULT_OK);
	assert_int_equal(call_ntlm_verify(&w->link, id, type3.p, type3.n, &l, &w->why), VAULT_REFUSED);
	/* a ticket for this login, for no other, and not for ever */
	assert_int_equal(call_ticket_login(&w->link, first.id, &ask, false, &t, &w->why), VAULT_OK);
	assert_string_equal(t.issued.name_id, "sip:alice@contoso.test");
	vault_ticket_clear(&t);
	assert_int_equal(call_ticket_login(&w->link, first.id + 4096, &ask, false, &t, &w->why), VAULT_REFUSED);
	assert_int_equal(call_ticket_login(&w->link, 0, &ask, false, &t, &w->why), VAULT_REFUSED);
	w->now += 600;
	assert_int_equal(call_ticket_login(&w->link, first.id, &ask, false, &t, &w->why), VAULT_REFUSED);
	buf_free(&type3);
}

static void rubbish_of_any_length(void **state)
{
	struct world *w = *state;
	struct vault_login l;
	struct buf type3 = {0};
	uint64_t id;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	assert_int_equal(ntlm(w, false, "alice", "CONTOSO", "Pa$$word", &l, &id, &type3), VAULT_OK);
	for (size_t n = 0; n <= type3.n; n++) {
		struct buf type2 = {0};
		uint8_t *c = exact_copy(type3.p, type3.n, n);

		assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &id, &type2), VAULT_OK);
		assert_int_not_equal(call_ntlm_verify(&w->link, id, c, n, &l, &w->why), VAULT_OK);
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
	assert_int_equal(call_ntlm_verify(&w->link, old, "x", 1, &l, &w->why), VAULT_REFUSED);
	assert_non_null(strstr(w->why.text, "not known"));
	assert_int_equal(call_ticket_login(&w->link, first.id, &ask, false, &t, &w->why), VAULT_OK); /* logins are not */
	vault_ticket_clear(&t);
	buf_free(&b);
}

/* ---- [MS-NLMP] 3.2.5.1.2 ---- */

struct judged {
	enum vault_status status;
	struct why *why;
};

static void judge(void *arg, struct vault_reply *r)
{
	struct judged *j = arg;

	j->status = r->status;
	*j->why = r->why;
}

/* An answer of a client that knows its TLS connection, and of one that does not, to a worker that knows its own. */
static enum vault_status bound(struct world *w, const uint8_t *client, const uint8_t server[16], bool outside, uint64_t filetime)
{
	static const uint8_t hello[] = "NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\x01\xb1\x1d\0\0\0\x0f";
	struct ntlm_client c = {.user = "alice", .domain = "CONTOSO", .password = "Pa$$word", .workstation = "pc", .binding = client, .filetime = filetime,
				.negotiate = {(const char *)hello, filetime ? 0 : sizeof hello - 1}};
	struct vault_ask q = {.kind = VAULT_NTLM_VERIFY, .ntlm_verify = {.peer = "10.0.0.9", .outside = outside}};
	struct buf type2 = {0}, type3 = {0};
	struct judged j = {.why = &w->why};
	uint32_t flags = 0;

	memset(c.session_key, 0x33, 16);
	assert_int_equal(call_ntlm_challenge(&w->link, false, hello, sizeof hello - 1, &q.ntlm_verify.id, &type2), VAULT_OK);
	if (filetime) { /* a client that goes by its own clock: the challenge's time is taken out */
		uint8_t *at = memmem(type2.p, type2.n, "\x07\0\x08\0", 4);

		assert_non_null(at);
		at[0] = 0x77;
	}
	assert_null(ntlm_answer(&type3, buf_view(&type2), &c, &flags));
	q.ntlm_verify.type3 = buf_view(&type3);
	memcpy(q.ntlm_verify.binding, server, 16);
	vault_send(&w->link, &q, judge, &j);
	buf_free(&type2);
	buf_free(&type3);
	return j.status;
}

/* "If the channel bindings do not match, the server MUST return" an error; a client "MUST set" them where it knows the TLS connection. */
static void channel_bindings(void **state)
{
	static const uint8_t ours[16] = {1, 2, 3}, theirs[16] = {9}, none[16];
	static const struct {
		enum site_binding demand;
		const uint8_t *client, *server;
		bool outside;
		const char *why; /* NULL: taken */
	} rows[] = {
	    {SITE_BINDING_SENT, ours, ours, true, NULL},
	    {SITE_BINDING_SENT, NULL, ours, true, NULL},
	    {SITE_BINDING_SENT, theirs, ours, true, "another TLS connection"},
	    {SITE_BINDING_SENT, theirs, none, false, "another TLS connection"},
	    {SITE_BINDING_OFF, theirs, ours, true, NULL},
	    {SITE_BINDING_OUTSIDE, NULL, ours, false, NULL},
	    {SITE_BINDING_OUTSIDE, NULL, ours, true, "bound to no TLS connection"},
	    {SITE_BINDING_OUTSIDE, ours, ours, true, NULL},
	    {SITE_BINDING_ALWAYS, NULL, ours, false, "bound to no TLS connection"},
	    {SITE_BINDING_ALWAYS, none, ours, false, "bound to no TLS connection"},
	    {SITE_BINDING_ALWAYS, ours, ours, false, NULL},
	};
	struct world *w = *state;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		w->site.ntlm_channel_binding = rows[i].demand;
		if (bound(w, rows[i].client, rows[i].server, rows[i].outside, 0) != (rows[i].why ? VAULT_REFUSED : VAULT_OK))
			fail_msg("row %zu: %s", i, w->why.text);
		if (rows[i].why)
			assert_non_null(strstr(w->why.text, rows[i].why));
	}
}

/* 3.2.5.1.2: an answer whose time differs by more than MaxLifetime, 36 hours, is refused. */
static void lifetime(void **state)
{
	static const uint8_t none[16];
	static const struct {
		int64_t off_s;
		bool taken;
	} rows[] = {{0, true}, {35 * 3600, true}, {-35 * 3600, true}, {37 * 3600, false}, {-37 * 3600, false}, {-10 * 365 * 86400, false}};
	struct world *w = *state;

	person(w, "alice@contoso.test", "CONTOSO\\alice", "", "", NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum vault_status st = bound(w, NULL, none, false, ntlm_filetime((w->now + rows[i].off_s) * 1000));

		if (st != (rows[i].taken ? VAULT_OK : VAULT_REFUSED))
			fail_msg("%lld s: %s", (long long)rows[i].off_s, w->why.text);
		if (!rows[i].taken)
			assert_non_null(strstr(w->why.text, "MaxLifetime"));
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(passwords_are_paused), T(ntlm_v1_is_refused), T(one_address_waits), T(passwords_are_locked), T(ntlm_of_the_other_transport), T(ntlm_names_outside), T(ntlm_logins),
	    T(an_answer_is_good_once), T(rubbish_of_any_length), T(logins_are_forgotten), T(channel_bindings), T(lifetime),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
