/* tests/fuzz/fuzz_gssapi.c: gssapi-data, NTLM messages and flights of TLS-DSK, at both ends.
 *
 * The first octet: 1 TLS-DSK, otherwise NTLM; 2 the client's end, otherwise the Registrar's; 4 not the octets themselves,
 * but a real handshake with octets of it changed: then each four octets are message, offset (two), and what is put on by
 * exclusive or.  Otherwise the rest is messages, each behind its length in two octets.
 */
#include "tests/support/registrar_phone.h"

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */
int LLVMFuzzerInitialize(int *argc, char ***argv);	    /* keys take seconds: they are made before the clock of an input runs */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct world *the_world(void)
{
	static struct world *w;
	void *state = NULL;

	if (w == NULL) {
		log_set(LOG_ERROR, "fuzz");
		keys_make(NULL);
		setup(&state);
		w = state;
	}
	w->mono = 1000000;
	w->unix_s = NOW;
	w->random = 42;
	return w;
}

static struct tls_ctx *the_client(void)
{
	static struct tls_ctx *ctx;
	struct tls_client_conf cc = {.profile = TLS_DSK, .cert_pem = buf_view(&keys.alice_pem), .key = keys.user};

	if (ctx == NULL)
		ctx = tls_ctx_client(&cc);
	check(ctx != NULL);
	return ctx;
}

static bool next(struct rd *r, struct buf *message)
{
	struct sv s;

	buf_clear(message);
	if (rd_left(r) < 2)
		return false;
	s = rd_sv(r, (size_t)rd_be(r, 2));
	if (r->err == NULL)
		buf_sv(message, s);
	return r->err == NULL;
}

/* What merging did not refuse is as long as it was, less five octets for each record that was joined. */
static void merge(const struct buf *flight)
{
	struct buf b = {0};

	buf_sv(&b, buf_view(flight));
	if (dsk_merge(&b))
		check(b.n <= flight->n && (flight->n - b.n) % 5 == 0);
	else
		check(b.n == flight->n);
	buf_free(&b);
}

static void client(bool dsk, struct rd *r)
{
	struct ntlm_client who = {.user = "alice", .domain = "CONTOSO", .password = "Pa$$word", .workstation = "PHONE"};
	struct dsk *d = dsk ? dsk_client(the_client()) : NULL;
	struct buf in = {0}, out = {0};
	uint32_t flags = 0;
	struct sipsig_key a, b;

	if (d)
		check(dsk_step(d, NULL, 0, &out) == DSK_MORE);
	while (next(r, &in)) {
		buf_clear(&out);
		merge(&in);
		if (d && dsk_step(d, in.p ? in.p : (const uint8_t *)"", in.n, &out) == DSK_FAILED)
			break;
		if (d == NULL && ntlm_answer(&out, buf_view(&in), &who, &flags) == NULL) {
			ntlm_sign_keys(who.session_key, flags, &a, &b);
			check(ntlm_type(buf_view(&out)) == 3);
		}
	}
	if (d)
		check(!dsk_keys(d, &a, &b)); /* nobody has the server's key */
	dsk_free(d);
	buf_free(&in);
	buf_free(&out);
}

static int say(struct phone *ph, const struct buf *token)
{
	int status = with_token(ph, token, false, "");

	check(status == 401 || status == 503);
	return status;
}

static void server(struct world *w, bool dsk, struct rd *r)
{
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct buf in = {0}, token = {0};

	ph->ntlm = !dsk;
	if (!dsk) {
		say(ph, &in);
		check(challenged(ph, &token));
	}
	while (!ph->closed && next(r, &in)) {
		say(ph, &in);
		if (!challenged(ph, &token) || token.n == 0)
			ph->opaque[0] = '\0';
	}
	check(bound(w, "alice@contoso.test") == 0);
	phone_free(ph);
	buf_free(&in);
	buf_free(&token);
}

static void change(struct buf *message, unsigned which, const uint8_t *p, size_t n)
{
	for (; n >= 4; p += 4, n -= 4)
		if (p[0] == which && message->n)
			message->p[((size_t)p[1] << 8 | p[2]) % message->n] ^= p[3];
}

/* The even messages are the client's, the odd ones the server's. */
static void real(struct world *w, bool dsk, const uint8_t *p, size_t n)
{
	struct ntlm_client who = {.user = "alice", .domain = "CONTOSO", .password = "Pa$$word", .workstation = "PHONE"};
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct dsk *d = dsk ? dsk_client(the_client()) : NULL;
	enum dsk_result r = DSK_MORE;
	struct buf in = {0}, out = {0};
	unsigned which = 0;
	uint32_t flags;

	memset(who.session_key, 0x55, 16);
	ph->ntlm = !dsk;
	if (!dsk) {
		say(ph, &out);
		check(challenged(ph, &in));
		change(&in, 1, p, n);
		if (ntlm_answer(&out, buf_view(&in), &who, &flags) == NULL) {
			change(&out, 2, p, n);
			/* unsigned, which version 4 does not allow: nobody comes in, whatever it says */
			say(ph, &out);
		}
	}
	while (d && r == DSK_MORE && which < 8) {
		buf_clear(&out);
		r = dsk_step(d, which ? in.p : NULL, in.n, &out);
		if (r == DSK_FAILED)
			break;
		change(&out, which++, p, n);
		if (say(ph, &out) != 401 || !challenged(ph, &in) || in.n == 0)
			break;
		change(&in, which++, p, n);
	}
	check(bound(w, "alice@contoso.test") == 0);
	dsk_free(d);
	phone_free(ph);
	buf_free(&in);
	buf_free(&out);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	the_world();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct world *w = the_world();
	struct rd r = rd_of(p + (n > 0), n - (n > 0));
	uint8_t flags = n ? p[0] : 0;

	if (flags & 4)
		real(w, flags & 1, p + 1, n - 1);
	else if (flags & 2)
		client(flags & 1, &r);
	else
		server(w, flags & 1, &r);
	return 0;
}
