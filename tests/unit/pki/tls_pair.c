#include "tests/unit/pki/tls_pair.h"

#include "tests/support/check.h"

void tls_keys_issue(enum pki_profile profile, const char *cn, const struct pki_key *of, const struct pki_key *by, const struct buf *issuer,
		    struct buf *der, struct buf *pem)
{
	struct pki_issue what = {.profile = profile, .cn = cn, .not_before = TLS_PAIR_NOW - 60, .not_after = TLS_PAIR_NOW + 86400};
	struct buf own = {0}, *d = der ? der : &own;

	assert_true(pki_issue(&what, of, by, issuer ? issuer->p : NULL, issuer ? issuer->n : 0, d));
	pki_pem_add(pem, "CERTIFICATE", d->p, d->n);
	buf_free(&own);
}

void tls_keys_make(struct tls_keys *k)
{
	*k = (struct tls_keys){0};
	k->ca = pki_key_make(2048);
	k->server = pki_key_make(2048);
	k->user = pki_key_make(2048);
	k->other = pki_key_make(2048);
	tls_keys_issue(PKI_CA, "Communications Server", k->ca, k->ca, NULL, &k->ca_der, &k->ca_pem);
	tls_keys_issue(PKI_SERVER, TLS_PAIR_SERVER, k->server, k->ca, &k->ca_der, &k->server_der, &k->chain_pem);
	pki_pem_add(&k->chain_pem, "CERTIFICATE", k->ca_der.p, k->ca_der.n);
	tls_keys_issue(PKI_USER, "alice@contoso.test", k->user, k->ca, &k->ca_der, &k->user_der, &k->user_pem);
}

void tls_keys_clear(struct tls_keys *k)
{
	pki_key_free(k->ca);
	pki_key_free(k->server);
	pki_key_free(k->user);
	pki_key_free(k->other);
	buf_free(&k->ca_der);
	buf_free(&k->ca_pem);
	buf_free(&k->server_der);
	buf_free(&k->chain_pem);
	buf_free(&k->user_der);
	buf_free(&k->user_pem);
	*k = (struct tls_keys){0};
}

void tls_pair_end(struct tls_pair *p)
{
	tls_free(p->client);
	tls_free(p->server);
	tls_ctx_free(p->client_ctx);
	tls_ctx_free(p->server_ctx);
}

size_t tls_pair_carry(struct tls *from, struct tls *to, size_t step)
{
	struct buf b = {0};
	size_t n;

	tls_drain(from, &b);
	for (size_t at = 0; at < b.n; at += step) {
		size_t k = b.n - at < step ? b.n - at : step;
		uint8_t *copy = exact_copy(b.p + at, k, k);

		tls_feed(to, copy, k);
		free(copy);
	}
	n = b.n;
	buf_free(&b);
	return n;
}

bool tls_pair_shake(struct tls_pair *p, size_t step)
{
	while (tls_pair_carry(p->client, p->server, step) + tls_pair_carry(p->server, p->client, step) > 0)
		;
	return tls_state(p->client) == TLS_UP && tls_state(p->server) == TLS_UP;
}

bool tls_pair_shake_bent(struct tls_pair *p, unsigned flight, size_t at, uint8_t change)
{
	struct buf b = {0};

	for (unsigned turn = 0;; turn++) {
		buf_clear(&b);
		tls_drain(turn % 2 ? p->server : p->client, &b);
		if (b.n == 0)
			break;
		if (turn == flight)
			b.p[at % b.n] ^= change;
		tls_feed(turn % 2 ? p->client : p->server, b.p, b.n);
	}
	buf_free(&b);
	return tls_state(p->client) == TLS_UP && tls_state(p->server) == TLS_UP;
}

void tls_pair_send(struct tls *from, struct tls *to, const void *p, size_t n)
{
	uint8_t *got = malloc(n + 1);
	size_t have = 0;
	long k;

	assert_non_null(got);
	assert_true(tls_write(from, p, n));
	tls_pair_carry(from, to, 1000);
	while ((k = tls_read(to, got + have, n + 1 - have)) > 0)
		have += (size_t)k;
	assert_int_equal(k, 0);
	assert_int_equal(have, n);
	assert_memory_equal(got, p, n);
	free(got);
}
