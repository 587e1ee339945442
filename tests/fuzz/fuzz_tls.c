/* tests/fuzz/fuzz_tls.c: a hostile peer feeds both TLS libraries through pki/tls.h.
 *
 * The first octet: 1 our end is a client, otherwise a server; 2 and 4 its profile; 8 a real handshake with flights of it changed.
 *
 *     hostile   pieces of octets, each behind its length in two octets
 *     real      changes: the number of the flight in one octet, then as in edit.h; after the handshake each side says something
 *
 * Whatever comes: an end that has failed says why and gives no octet to read, and nothing is read that was not written.
 */
#include <stdlib.h>
#include <string.h>

#include "pki/tls.h"
#include "tests/fuzz/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */
int LLVMFuzzerInitialize(int *argc, char ***argv);	    /* keys take seconds: they are made before the clock of an input runs */

#define WORDS "REGISTER sip:contoso.test SIP/2.0"

static void must(bool good)
{
	if (!good)
		abort();
}

static const enum tls_profile servers[] = {TLS_MODERN, TLS_LEGACY, TLS_DSK, TLS_LEGACY}, clients[] = {TLS_MODERN, TLS_PHONE, TLS_DSK, TLS_CLIENT_OLD};

static struct pki_key *key;
static struct buf ca_pem, leaf_pem;

/* One key, a CA of its own, and a certificate that serves at either end. */
static void keys_once(void)
{
	static const char *const names[] = {"fe01.contoso.test", NULL};
	struct pki_issue ca = {.profile = PKI_CA, .cn = "CA", .not_after = 4000000000}, leaf = {.profile = PKI_USER, .cn = "alice", .names = names,
			       .not_after = 4000000000};
	struct buf ca_der = {0}, der = {0};

	if (key)
		return;
	key = pki_key_make(2048);
	must(key && pki_issue(&ca, key, key, NULL, 0, &ca_der) && pki_issue(&leaf, key, key, ca_der.p, ca_der.n, &der));
	pki_pem_add(&ca_pem, "CERTIFICATE", ca_der.p, ca_der.n);
	pki_pem_add(&leaf_pem, "CERTIFICATE", der.p, der.n);
	buf_free(&ca_der);
	buf_free(&der);
}

static struct tls_ctx *the_ctx(bool client, unsigned which)
{
	static struct tls_ctx *ctx[2][4];
	bool dsk = servers[which] == TLS_DSK;

	keys_once();
	if (ctx[client][which] == NULL && client)
		ctx[client][which] = tls_ctx_client(&(struct tls_client_conf){clients[which], dsk ? buf_view(&leaf_pem) : (struct sv){"", 0},
									      dsk ? key : NULL});
	else if (ctx[client][which] == NULL)
		ctx[client][which] = tls_ctx_server(&(struct tls_server_conf){.profile = servers[which], .cert_pem = buf_view(&leaf_pem), .key = key,
				.client_ca_pem = dsk ? buf_view(&ca_pem) : (struct sv){"", 0}});
	must(ctx[client][which] != NULL);
	return ctx[client][which];
}

/* The end has to read only WORDS, once, and nothing when it has failed. */
static void read_all(struct tls *t, size_t *got)
{
	uint8_t part[4096];
	long n;

	while ((n = tls_read(t, part, sizeof part)) > 0) {
		must(*got + (size_t)n <= strlen(WORDS) && memcmp(part, &WORDS[*got], (size_t)n) == 0);
		*got += (size_t)n;
	}
	if (tls_state(t) == TLS_FAILED)
		must(n < 0 && tls_why(t) && tls_why(t)[0]);
}

static void hostile(bool client, unsigned which, struct rd *r)
{
	struct tls_ctx *ctx = the_ctx(client, which);
	struct tls *t = client ? tls_connect(ctx, "fe01.contoso.test") : tls_accept(ctx);
	struct buf out = {0};
	const uint8_t *der[4];
	size_t n[4], got = strlen(WORDS); /* nothing is to be read */

	must(t != NULL);
	tls_drain(t, &out);
	while (rd_left(r) > 2 && r->err == NULL) {
		struct sv piece = rd_sv(r, (size_t)rd_be(r, 2) % (rd_left(r) + 1));

		if (r->err == NULL)
			tls_feed(t, piece.p, piece.n);
		tls_drain(t, &out);
		read_all(t, &got);
	}
	must(tls_state(t) != TLS_UP); /* nobody here has a key */
	buf_clear(&out);
	(void)tls_peer_chain(t, &out, der, n, 4);
	tls_shutdown(t);
	tls_free(t);
	buf_free(&out);
}

static void change(struct buf *flight, unsigned which, const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);

	while (rd_left(&r) && r.err == NULL) {
		uint8_t wanted = (uint8_t)rd_be(&r, 1);
		struct buf nowhere = {0};

		edit_one(&r, wanted == which ? flight : &nowhere);
		buf_free(&nowhere);
	}
}

static void real(unsigned which, const uint8_t *p, size_t n)
{
	struct tls *end[2] = {tls_accept(the_ctx(false, which)), tls_connect(the_ctx(true, which), "fe01.contoso.test")};
	size_t got[2] = {0, 0};
	bool wrote[2] = {false, false};
	unsigned flight = 0, idle = 0;

	must(end[0] && end[1]);
	for (unsigned from = 1; idle < 2 && flight < 24; from ^= 1) {
		struct buf b = {0};

		if (!wrote[from] && tls_state(end[from]) == TLS_UP)
			wrote[from] = tls_write(end[from], WORDS, strlen(WORDS));
		tls_drain(end[from], &b);
		idle = b.n ? 0 : idle + 1;
		if (b.n)
			change(&b, flight++, p, n);
		if (b.n)
			tls_feed(end[!from], b.p, b.n);
		read_all(end[!from], &got[!from]);
		buf_free(&b);
	}
	if (n == 0)
		must(got[0] == strlen(WORDS) && got[1] == strlen(WORDS));
	tls_free(end[0]);
	tls_free(end[1]);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	keys_once();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t flags = n ? p[0] : 0;
	struct rd r = rd_of(p + (n > 0), n - (n > 0));

	if (flags & 8)
		real(flags >> 1 & 3, p + 1, n - 1);
	else
		hostile(flags & 1, flags >> 1 & 3, &r);
	return 0;
}
