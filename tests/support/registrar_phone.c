/* tests/support/registrar_phone.c: phones that speak NTLM and TLS-DSK by themselves. */
#include "tests/support/registrar_phone.h"

#include <inttypes.h>
#include <poll.h>
#include <sys/socket.h>

static void p_send(void *arg, const void *p, size_t n)
{
	struct phone *ph = arg;

	assert_false(ph->closed);
	buf_add(&ph->got, p, n);
}

static void p_ready(void *arg)
{
	struct phone *ph = arg;

	if (!reg_conn_go_on(ph->c, ph->w->mono, ph->w->unix_s))
		ph->closed = true;
}

static void p_close(void *arg)
{
	struct phone *ph = arg;

	assert_false(ph->closed);
	ph->closed = true;
}

struct phone *phone_new(struct world *w, const char *user, bool outside)
{
	struct phone *ph = calloc(1, sizeof *ph);
	struct reg_io io = {p_send, p_close, ph, p_ready};
	struct reg_peer peer = {.port = 40000, .tls = !w->plain, .outside = outside, .id = ++w->ids};

	assert_non_null(ph);
	strcpy(peer.address, outside ? "198.51.100.7" : "192.0.2.10");
	ph->w = w;
	ph->user = user;
	ph->number = peer.id;
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

void phone_free(struct phone *ph)
{
	reg_conn_free(ph->c);
	buf_free(&ph->got);
	buf_free(&ph->last);
	free(ph);
}

bool feed(struct phone *ph, const void *p, size_t n)
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
static void receive(struct phone *ph)
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

int hear(struct phone *ph)
{
	struct msg_error err;
	size_t used;

	if (ph->fd > 0)
		receive(ph);
	if (ph->got.n == 0)
		return -1;
	buf_clear(&ph->last);
	assert_int_equal(msg_scan((char *)ph->got.p, ph->got.n, MSG_SIP, 1 << 20, &ph->m, &used, &err),
			 MSG_OK);
	buf_add(&ph->last, ph->got.p, used);
	buf_drop(&ph->got, used);
	assert_int_equal(msg_scan((char *)ph->last.p, ph->last.n, MSG_SIP, 1 << 20, &ph->m, &used, &err),
			 MSG_OK);
	return ph->m.request ? 0 : (int)ph->m.status;
}

bool signed_well(struct phone *ph)
{
	struct sip_auth a;
	struct buf text = {0};
	uint64_t num;
	bool good;

	if (!sip_auth_read(msg_get(&ph->m, "Authentication-Info"), &a))
		return false;
	assert_true(sv_eq(a.opaque, sv_of(ph->opaque)) && sv_eq(a.qop, SV("auth")) && a.srand.n == 8);
	assert_true(sv_u64(a.snum, UINT32_MAX, &num));
	good = sipsig_string(&text, &ph->m, ph->version, a.scheme, a.srand, a.snum,
			     SV("SIP Communications Service"), sv_of(ph->targetname)) &&
	       sipsig_check(&ph->s2c, buf_view(&text), a.rspauth) &&
	       sipsig_window_check(&ph->window, (uint32_t)num);
	sipsig_window_take(&ph->window, (uint32_t)num);
	buf_free(&text);
	return good;
}

void head(struct phone *ph, struct buf *b, const char *method, const char *more)
{
	char uuid[37];

	sip_instance_of_epid(sv_of(ph->epid), uuid);
	buf_printf(b,
		   "%s sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/tls "
		   "192.0.2.10:40000;branch=z9hG4bK%u\r\nMax-Forwards: 70\r\n"
		   "From: <sip:%s>;tag=f%u;epid=%s\r\nTo: <sip:%s>\r\nCall-ID: call-%s-%" PRIu64 "\r\nCSeq: %u %s\r\n",
		   method, ph->cseq, ph->user, ph->cseq + 1, ph->epid, ph->user, ph->user, ph->number, ph->cseq + 1,
		   method);
	ph->cseq++;
	if (strcmp(method, "REGISTER") == 0)
		buf_printf(
		    b,
		    "Contact: <sip:192.0.2.10:40000;transport=tls;ms-opaque=d3470f2e1d>;methods=\"INVITE, "
		    "NOTIFY\";"
		    "proxy=replace;+sip.instance=\"<urn:uuid:%s>\"\r\nSupported: %s\r\nEvent: "
		    "registration\r\n"
		    "ms-keep-alive: UAC;hop-hop=yes\r\n",
		    uuid, ph->supported);
	buf_str(b, more);
}

void credentials(struct phone *ph, struct buf *b, const struct buf *token, bool sign)
{
	char version[4], cnum[12], hex[2 * SIPSIG_MAX + 1];
	struct sip_auth a = {.scheme = ph->ntlm ? SV("NTLM") : SV("TLS-DSK"),
			     .realm = SV("SIP Communications Service"),
			     .targetname = sv_of(ph->targetname),
			     .opaque = sv_of(ph->opaque)};
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
		assert_true(
		    sipsig_string(&text, &m, ph->version, a.scheme, a.crand, a.cnum, a.realm, a.targetname));
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

bool finish(struct phone *ph, struct buf *b, const char *body)
{
	bool on;

	buf_printf(b, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	on = feed(ph, b->p, b->n);
	buf_free(b);
	return on;
}

int bare(struct phone *ph, const char *method, const char *more)
{
	struct buf b = {0};

	head(ph, &b, method, more);
	assert_true(finish(ph, &b, ""));
	return hear(ph);
}

int with_token(struct phone *ph, const struct buf *token, bool sign, const char *more)
{
	struct buf b = {0};

	head(ph, &b, "REGISTER", more);
	credentials(ph, &b, token, sign);
	assert_true(finish(ph, &b, ""));
	return hear(ph);
}

int ask(struct phone *ph, const char *method, const char *more, const char *body)
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

bool challenged(struct phone *ph, struct buf *token)
{
	struct sip_auth a;

	for (size_t i = 0; i < msg_count(&ph->m, "WWW-Authenticate"); i++) {
		assert_true(sip_auth_read(msg_get_nth(&ph->m, "WWW-Authenticate", i), &a));
		if (!sv_eq(a.scheme, ph->ntlm ? SV("NTLM") : SV("TLS-DSK")))
			continue;
		assert_true(sv_eq(a.realm, SV("SIP Communications Service")));
		assert_true(sv_eq(a.version, a.has_gssapi && ph->version == 3 ? SV("3") : SV("4")));
		assert_true(sv_eq(a.targetname, sv_of(ph->targetname)));
		(void)sv_copy(ph->opaque, sizeof ph->opaque, a.opaque);
		buf_clear(token);
		assert_true(b64_read(token, a.gssapi));
		return true;
	}
	return false;
}

int sign_in(struct phone *ph, bool ntlm, const char *more)
{
	struct tls_client_conf cc = {
	    .profile = TLS_DSK, .cert_pem = buf_view(ph->cert_pem), .key = keys.user};
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
		struct ntlm_client n = {
		    .user = ph->login, .domain = "CONTOSO", .password = ph->password, .workstation = "PHONE"};
		uint32_t flags;

		memset(n.session_key, 0x55, 16);
		assert_int_equal(with_token(ph, &token, false, more), 401);
		assert_true(challenged(ph, &token) && ntlm_type(buf_view(&token)) == 2 &&
			    strlen(ph->opaque) == 8);
		assert_null(ntlm_answer(&flight, buf_view(&token), &n, &flags));
		if (ph->form != ESS) { /* no proof covers the flags */
			flight.p[62] &= 0xf7;
			flags &= ~(uint32_t)NTLM_ESS;
		}
		ntlm_sign_keys(n.session_key, flags, &ph->c2s, &ph->s2c);
		if (ph->form == NO_ESS_PLAIN) {
			ntlm_sign_key_plain(&ph->c2s);
			ntlm_sign_key_plain(&ph->s2c);
		}
		status = with_token(ph, &flight, ph->version > 3, more);
	} else {
		struct tls_ctx *ctx = tls_ctx_client(&cc);
		struct dsk *d = dsk_client(ctx);
		enum dsk_result r = DSK_MORE;

		for (unsigned i = 0;
		     i < 4 && (r = dsk_step(d, i ? token.p : NULL, token.n, &flight)) == DSK_MORE; i++) {
			if (with_token(ph, &flight, false, more) != 401 || !challenged(ph, &token) ||
			    token.n == 0)
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

bool says(const struct phone *ph, const char *header, const char *value)
{
	for (size_t i = 0; i < msg_count(&ph->m, header); i++)
		if (sv_eq(msg_get_nth(&ph->m, header, i), sv_of(value)))
			return true;
	return false;
}

unsigned diag(const struct phone *ph)
{
	struct sip_diag d;

	return sip_diag_read(msg_get(&ph->m, "ms-diagnostics"), &d) ? d.id : 0;
}
