/* tests/support/registrar_world.h: a Registrar without a socket, a vault of answers, and phones that speak NTLM and TLS-DSK
 * by themselves.  For test_registrar.c.
 */
#ifndef DIALTONE_TESTS_REGISTRAR_WORLD_H
#define DIALTONE_TESTS_REGISTRAR_WORLD_H

#include "tests/support/check.h"

#include <poll.h>
#include <sys/socket.h>

#include "auth/ntlm.h"
#include "auth/tlsdsk.h"
#include "server/registrar/registrar.h"
#include "tests/support/fake_vault.h"
#include "wire/provisioning.h"
#include "wire/sip.h"

#define NOW 1795000000
#define FQDN "fe01.contoso.test"
#define EDGE "edge.contoso.test"

/* ---- keys, made once -------------------------------------------------------------------------------------------- */

static struct {
	struct pki_key *ca, *server, *user;
	struct buf ca_der, ca_pem, server_pem, alice_der, alice_pem, bob_der, bob_pem, short_der, short_pem;
} keys;

static inline void issue(enum pki_profile profile, const char *cn, const struct pki_key *k, int64_t until, struct buf *der,
			 struct buf *pem)
{
	struct pki_issue what = {.profile = profile, .cn = cn, .not_before = NOW - 60, .not_after = until};
	bool root = profile == PKI_CA;

	assert_true(pki_issue(&what, k, keys.ca, root ? NULL : keys.ca_der.p, root ? 0 : keys.ca_der.n, der));
	pki_pem_add(pem, "CERTIFICATE", der->p, der->n);
}

static inline int keys_make(void **state)
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

static inline int keys_free(void **state)
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

/* ---- the servers -------------------------------------------------------------------------------------------------- */

struct world {
	struct site site;
	struct vault_link vault;
	struct held {
		vault_done *done;
		void *arg;
		struct vault_reply r;
	} held[8];
	unsigned nheld, admissions;
	bool hold;
	uint64_t changes;
	struct location *location;
	struct location_link location_link;
	struct tls_ctx *dsk;
	struct registrar *registrar;
	uint64_t mono, ids, challenge_id;
	int64_t unix_s;
	uint32_t dice;
	struct location_notice notice[16];
	unsigned notices;
	struct vault_user alice, bob;
	bool down, cert_off, pin, revoked;
	uint8_t challenge[8];
};

static inline const struct vault_user *w_user(const struct world *w, const char *aor)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct vault_user *u = i ? &w->bob : &w->alice;

		if (sv_ieq(sv_of(aor), sv_of(u->aor)))
			return u;
	}
	return NULL;
}

static inline enum vault_status w_cert(const struct world *w, struct sv der, const char *aor, char *why)
{
	const struct buf *all[] = {&keys.alice_der, &keys.short_der, &keys.bob_der};

	for (unsigned i = 0; i < 3; i++)
		if (!w->revoked && sv_eq(der, buf_view(all[i])) &&
		    sv_ieq(sv_of(aor), sv_of(i == 2 ? "bob@contoso.test" : "alice@contoso.test")))
			return (i == 2 ? w->bob : w->alice).enabled ? VAULT_OK : VAULT_NOT_ENABLED;
	strcpy(why, "the certificate is not published here, or was revoked");
	return VAULT_REFUSED;
}

static inline enum vault_status v_cert(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	return w_cert(arg, q->cert_known.der, q->cert_known.aor, ret->why);
}

static inline enum vault_status v_admit(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	struct world *w = arg;
	const struct vault_user *u = w_user(w, q->admit.aor);
	enum vault_status st = q->admit.der.n ? w_cert(w, q->admit.der, q->admit.proved, ret->why) : VAULT_OK;

	w->admissions++;
	if (st != VAULT_OK && st != VAULT_NOT_ENABLED)
		return st;
	if (u == NULL)
		return VAULT_NOT_FOUND;
	ret->admit.user = *u;
	ret->admit.pin = w->pin && strcmp(q->admit.peer, "198.51.100.7") == 0;
	return VAULT_OK;
}

static inline enum vault_status v_challenge(void *arg, const struct vault_ask *q, struct vault_reply *ret)
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

static inline enum vault_status v_verify(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	struct world *w = arg;
	struct ntlm_authenticate m;
	struct rd r = rd_of(q->ntlm_verify.type3.p, q->ntlm_verify.type3.n);
	struct vault_login *l = &ret->ntlm_verify;
	uint8_t hash[16];
	char user[256], domain[256];
	const struct vault_user *u;

	if (!ntlm_authenticate_read(&r, &m) || !ntlm_who(&m, user, domain)) {
		strcpy(ret->why, "the answer cannot be read");
		return VAULT_MALFORMED;
	}
	assert_true(ntlm_nt_hash(SV("Pa$$word"), hash));
	strcpy(ret->why, "wrong password");
	if (q->ntlm_verify.id != w->challenge_id || !ntlm_check(&m, hash, w->challenge, l->session_key))
		return VAULT_REFUSED;
	u = sv_ieq(sv_of(user), SV("bob")) ? &w->bob : &w->alice;
	l->flags = m.flags;
	if (!u->enabled)
		return VAULT_NOT_ENABLED;
	strcpy(l->aor, u->aor);
	return VAULT_OK;
}

static struct fake_vault fakes = {.answer = {[VAULT_CERT_KNOWN] = v_cert, [VAULT_ADMIT] = v_admit,
					     [VAULT_NTLM_CHALLENGE] = v_challenge, [VAULT_NTLM_VERIFY] = v_verify}};

/* At once, or when the test says so (`hold`, release()). */
static inline void v_send(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg)
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

/* The oldest answer that is held back comes; late: it does not, and its time is over. */
static inline void release(struct world *w, bool late)
{
	struct held h = w->held[0];
	struct vault_reply no = {.kind = h.r.kind, .status = VAULT_LATE};

	assert_true(w->nheld > 0);
	memmove(w->held, w->held + 1, --w->nheld * sizeof *w->held);
	h.done(h.arg, late ? &no : &h.r);
	vault_reply_clear(&h.r);
}

static inline uint64_t w_changes(void *arg)
{
	return ((struct world *)arg)->changes;
}

static inline int64_t w_unix(void *arg)
{
	return ((struct world *)arg)->unix_s;
}

static inline void w_notice(void *arg, uint32_t worker, const struct location_notice *n)
{
	struct world *w = arg;

	(void)worker;
	assert_true(w->notices < 16);
	w->notice[w->notices++] = *n;
}

static inline void w_random(void *arg, void *p, size_t n)
{
	struct world *w = arg;

	for (size_t i = 0; i < n; i++) {
		w->dice = w->dice * 1664525u + 1013904223u;
		((uint8_t *)p)[i] = (uint8_t)(w->dice >> 24);
	}
}

static inline int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct tls_server_conf dsk = {.profile = TLS_DSK, .cert_pem = buf_view(&keys.server_pem), .key = keys.server,
				      .client_ca_pem = buf_view(&keys.ca_pem)};
	struct registrar_conf rc = {.site = &w->site, .vault = &w->vault, .location = &w->location_link,
				    .random = w_random, .random_arg = w};

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
	w->dice = 42;
	w->location = location_new(w_unix, w_notice, w);
	location_direct(w->location, &w->location_link);
	rc.dsk = w->dsk = tls_ctx_server(&dsk);
	w->registrar = registrar_new(&rc);
	assert_true(w->location && w->dsk && w->registrar);
	*state = w;
	return 0;
}

static inline int teardown(void **state)
{
	struct world *w = *state;

	registrar_free(w->registrar);
	location_free(w->location);
	tls_ctx_free(w->dsk);
	free(w);
	return 0;
}

static inline void orders_go(struct world *w)
{
	for (unsigned i = 0; i < w->notices; i++)
		registrar_order(w->registrar, &w->notice[i], w->mono, w->unix_s);
	w->notices = 0;
}

static inline size_t bound(const struct world *w, const char *aor)
{
	struct location_binding b[16];

	return location_list(w->location, aor, b, 16);
}

/* ---- a phone --------------------------------------------------------------------------------------------------------- */

struct phone {
	int fd; /* > 0: a connection to a worker instead of c */
	struct world *w;
	struct reg_conn *c;
	struct buf got; /* from the server, not yet looked at */
	bool closed;
	const char *user, *login, *targetname, *epid, *supported;
	const struct buf *cert_pem;
	const char *password;
	unsigned version, cseq, cnum;
	bool ntlm, up;
	char opaque[16];
	struct sipsig_key c2s, s2c;
	struct sipsig_window window;
	struct buf last; /* the message m points into */
	struct msg m;
};

static inline void p_send(void *arg, const void *p, size_t n)
{
	struct phone *ph = arg;

	assert_false(ph->closed);
	buf_add(&ph->got, p, n);
}

static inline void p_ready(void *arg)
{
	struct phone *ph = arg;

	if (!reg_conn_go_on(ph->c, ph->w->mono, ph->w->unix_s))
		ph->closed = true;
}

static inline void p_close(void *arg)
{
	struct phone *ph = arg;

	assert_false(ph->closed);
	ph->closed = true;
}

static inline struct phone *phone_new(struct world *w, const char *user, bool outside)
{
	struct phone *ph = calloc(1, sizeof *ph);
	struct reg_io io = {p_send, p_close, ph, p_ready};
	struct reg_peer peer = {.port = 40000, .tls = true, .outside = outside, .id = ++w->ids};

	assert_non_null(ph);
	strcpy(peer.address, outside ? "198.51.100.7" : "192.0.2.10");
	ph->w = w;
	ph->user = user;
	ph->login = *user == 'b' ? "bob" : "alice";
	ph->targetname = outside ? EDGE : FQDN;
	ph->epid = "c97532c1946f";
	ph->supported = "gruu-10, adhoclist, msrtc-event-categories";
	ph->cert_pem = *user == 'b' ? &keys.bob_pem : &keys.alice_pem;
	ph->password = "Pa$$word";
	ph->version = 4;
	ph->c = reg_conn_new(w->registrar, &io, &peer, w->mono, w->unix_s);
	assert_non_null(ph->c);
	return ph;
}

static inline void phone_free(struct phone *ph)
{
	reg_conn_free(ph->c);
	buf_free(&ph->got);
	buf_free(&ph->last);
	free(ph);
}

static inline bool feed(struct phone *ph, const void *p, size_t n)
{
	uint8_t *copy;
	bool on;

	if (ph->fd > 0)
		return send(ph->fd, p, n, MSG_NOSIGNAL) == (ssize_t)n;
	copy = exact_copy(p, n, n);
	on = reg_conn_feed(ph->c, copy, n, ph->w->mono, ph->w->unix_s);

	free(copy);
	return on;
}

/* From a worker: until a whole message is there, or nothing comes for ten seconds. */
static inline void receive(struct phone *ph)
{
	struct pollfd p = {.fd = ph->fd, .events = POLLIN};
	struct msg_error err;
	char part[4096];
	size_t used;
	ssize_t n;

	while (ph->got.n == 0 ||
	       msg_scan((char *)ph->got.p, ph->got.n, MSG_SIP, 1 << 20, &ph->m, &used, &err) == MSG_PARTIAL) {
		if (poll(&p, 1, 10000) <= 0 || (n = recv(ph->fd, part, sizeof part, 0)) <= 0)
			return;
		buf_add(&ph->got, part, (size_t)n);
	}
}

/* The next message of the server into ph->m; its status, or 0 for a request; -1: there is none. */
static inline int hear(struct phone *ph)
{
	struct msg_error err;
	size_t used;

	if (ph->fd > 0)
		receive(ph);
	if (ph->got.n == 0)
		return -1;
	buf_clear(&ph->last);
	assert_int_equal(msg_scan((char *)ph->got.p, ph->got.n, MSG_SIP, 1 << 20, &ph->m, &used, &err), MSG_OK);
	buf_add(&ph->last, ph->got.p, used);
	buf_drop(&ph->got, used);
	assert_int_equal(msg_scan((char *)ph->last.p, ph->last.n, MSG_SIP, 1 << 20, &ph->m, &used, &err), MSG_OK);
	return ph->m.request ? 0 : (int)ph->m.status;
}

/* The message's signature is good and its number new. */
static inline bool signed_well(struct phone *ph)
{
	struct sip_auth a;
	struct buf text = {0};
	uint64_t num;
	bool good;

	if (!sip_auth_read(msg_get(&ph->m, "Authentication-Info"), &a))
		return false;
	assert_true(sv_eq(a.opaque, sv_of(ph->opaque)) && sv_eq(a.qop, SV("auth")) && a.srand.n == 8);
	assert_true(sv_u64(a.snum, UINT32_MAX, &num));
	good = sipsig_string(&text, &ph->m, ph->version, a.scheme, a.srand, a.snum, SV("SIP Communications Service"),
			     sv_of(ph->targetname)) &&
	       sipsig_check(&ph->s2c, buf_view(&text), a.rspauth) && sipsig_window_check(&ph->window, (uint32_t)num);
	sipsig_window_take(&ph->window, (uint32_t)num);
	buf_free(&text);
	return good;
}

/* Head of a request, without credentials and without its end. */
static inline void head(struct phone *ph, struct buf *b, const char *method, const char *more)
{
	char uuid[37];

	sip_instance_of_epid(sv_of(ph->epid), uuid);
	buf_printf(b, "%s sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/tls 192.0.2.10:40000;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
		   "From: <sip:%s>;tag=f%u;epid=%s\r\nTo: <sip:%s>\r\nCall-ID: call-%s\r\nCSeq: %u %s\r\n",
		   method, ph->cseq, ph->user, ph->cseq + 1, ph->epid, ph->user, ph->user, ph->cseq + 1, method);
	ph->cseq++;
	if (strcmp(method, "REGISTER") == 0)
		buf_printf(b,
			   "Contact: <sip:192.0.2.10:40000;transport=tls;ms-opaque=d3470f2e1d>;methods=\"INVITE, NOTIFY\";"
			   "proxy=replace;+sip.instance=\"<urn:uuid:%s>\"\r\nSupported: %s\r\nEvent: registration\r\n"
			   "ms-keep-alive: UAC;hop-hop=yes\r\n",
			   uuid, ph->supported);
	buf_str(b, more);
}

static inline void credentials(struct phone *ph, struct buf *b, const struct buf *token, bool sign)
{
	char version[4], cnum[12], hex[2 * SIPSIG_MAX + 1];
	struct sip_auth a = {.scheme = ph->ntlm ? SV("NTLM") : SV("TLS-DSK"), .realm = SV("SIP Communications Service"),
			     .targetname = sv_of(ph->targetname), .opaque = sv_of(ph->opaque)};
	struct buf text = {0}, b64 = {0}, whole = {0};
	struct msg_error err;
	uint8_t mac[SIPSIG_MAX];
	struct msg m;

	snprintf(version, sizeof version, "%u", ph->version);
	if (!ph->up)
		a.version = sv_of(version);
	if (token) {
		b64_add(&b64, token->p, token->n);
		a.gssapi = buf_view(&b64);
		a.has_gssapi = true;
	}
	if (sign) {
		snprintf(cnum, sizeof cnum, "%u", ++ph->cnum);
		a.crand = SV("0000002a");
		a.cnum = sv_of(cnum);
		buf_sv(&whole, buf_view(b));
		buf_str(&whole, "\r\n");
		assert_int_equal(msg_scan_head((char *)whole.p, whole.n, MSG_SIP, &m, &err), MSG_OK);
		assert_true(sipsig_string(&text, &m, ph->version, a.scheme, a.crand, a.cnum, a.realm, a.targetname));
		hex_write(hex, mac, sipsig_make(&ph->c2s, buf_view(&text), mac), true);
		a.response = sv_of(hex);
	}
	buf_str(b, "Authorization: ");
	sip_auth_write(b, SIP_CREDENTIALS, &a);
	buf_str(b, "\r\n");
	buf_free(&text);
	buf_free(&b64);
	buf_free(&whole);
}

static inline bool finish(struct phone *ph, struct buf *b, const char *body)
{
	bool on;

	buf_printf(b, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	on = feed(ph, b->p, b->n);
	buf_free(b);
	return on;
}

/* A request without credentials; with a token; signed.  The status of the answer. */
static inline int bare(struct phone *ph, const char *method, const char *more)
{
	struct buf b = {0};

	head(ph, &b, method, more);
	assert_true(finish(ph, &b, ""));
	return hear(ph);
}

static inline int with_token(struct phone *ph, const struct buf *token, bool sign, const char *more)
{
	struct buf b = {0};

	head(ph, &b, "REGISTER", more);
	credentials(ph, &b, token, sign);
	assert_true(finish(ph, &b, ""));
	return hear(ph);
}

static inline int ask(struct phone *ph, const char *method, const char *more, const char *body)
{
	struct buf b = {0};
	int status;

	head(ph, &b, method, more);
	credentials(ph, &b, NULL, true);
	assert_true(finish(ph, &b, body));
	status = hear(ph);
	if (status > 0 && status != 401)
		assert_true(signed_well(ph));
	return status;
}

/* What a 401 says to this phone's scheme; false: nothing. The token goes into *token. */
static inline bool challenged(struct phone *ph, struct buf *token)
{
	struct sip_auth a;

	for (size_t i = 0; i < msg_count(&ph->m, "WWW-Authenticate"); i++) {
		assert_true(sip_auth_read(msg_get_nth(&ph->m, "WWW-Authenticate", i), &a));
		if (!sv_eq(a.scheme, ph->ntlm ? SV("NTLM") : SV("TLS-DSK")))
			continue;
		assert_true(sv_eq(a.realm, SV("SIP Communications Service")) && sv_eq(a.version, SV("4")));
		assert_true(sv_eq(a.targetname, sv_of(ph->targetname)));
		(void)sv_copy(ph->opaque, sizeof ph->opaque, a.opaque);
		buf_clear(token);
		assert_true(b64_read(token, a.gssapi));
		return true;
	}
	return false;
}

/* Up to the keys; the status of the last answer: NTLM's last REGISTER is the signed one, TLS-DSK's is still to come. */
static inline int sign_in(struct phone *ph, bool ntlm, const char *more)
{
	struct tls_client_conf cc = {.profile = TLS_DSK, .cert_pem = buf_view(ph->cert_pem), .key = keys.user};
	struct buf token = {0}, flight = {0};
	int status;

	ph->ntlm = ntlm;
	ph->up = false;
	ph->opaque[0] = '\0';
	ph->cnum = 0;
	ph->window = (struct sipsig_window){0};
	assert_int_equal(bare(ph, "REGISTER", more), 401);
	assert_true(challenged(ph, &token) && token.n == 0);
	if (ntlm) {
		struct ntlm_client n = {.user = ph->login, .domain = "CONTOSO", .password = ph->password, .workstation = "PHONE"};
		uint32_t flags;

		memset(n.session_key, 0x55, 16);
		assert_int_equal(with_token(ph, &token, false, more), 401);
		assert_true(challenged(ph, &token) && ntlm_type(buf_view(&token)) == 2 && strlen(ph->opaque) == 8);
		assert_null(ntlm_answer(&flight, buf_view(&token), &n, &flags));
		ntlm_sign_keys(n.session_key, flags, &ph->c2s, &ph->s2c);
		status = with_token(ph, &flight, ph->version > 3, more);
	} else {
		struct tls_ctx *ctx = tls_ctx_client(&cc);
		struct dsk *d = dsk_client(ctx);
		enum dsk_result r = DSK_MORE;

		for (unsigned i = 0; i < 4 && (r = dsk_step(d, i ? token.p : NULL, token.n, &flight)) == DSK_MORE; i++) {
			if (with_token(ph, &flight, false, more) != 401 || !challenged(ph, &token) || token.n == 0)
				break;
			buf_clear(&flight);
		}
		status = 401;
		if (r == DSK_DONE) {
			assert_true(dsk_keys(d, &ph->c2s, &ph->s2c));
			status = with_token(ph, NULL, ph->version > 3, more);
		}
		dsk_free(d);
		tls_ctx_free(ctx);
	}
	ph->up = true;
	if (status > 0 && status != 401 && status != 503)
		assert_true(signed_well(ph));
	buf_free(&token);
	buf_free(&flight);
	return status;
}

static inline bool says(const struct phone *ph, const char *header, const char *value)
{
	for (size_t i = 0; i < msg_count(&ph->m, header); i++)
		if (sv_eq(msg_get_nth(&ph->m, header, i), sv_of(value)))
			return true;
	return false;
}

static inline unsigned diag(const struct phone *ph)
{
	struct sip_diag d;

	return sip_diag_read(msg_get(&ph->m, "ms-diagnostics"), &d) ? d.id : 0;
}

#endif
