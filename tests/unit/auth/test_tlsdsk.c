/* tests/unit/auth/test_tlsdsk.c: both ends of TLS-DSK against each other, SIPE's ClientHello, the merging of records. */
#include "tests/support/check.h"
#include "tests/unit/pki/tls_pair.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "auth/tlsdsk.h"

static struct tls_keys keys;
static struct buf stranger_pem; /* signed by itself */

static int make(void **state)
{
	(void)state;
	tls_keys_make(&keys);
	tls_keys_issue(PKI_USER, "alice@contoso.test", keys.other, keys.other, NULL, NULL, &stranger_pem);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	tls_keys_clear(&keys);
	buf_free(&stranger_pem);
	return 0;
}

static struct tls_ctx *server_ctx(void)
{
	struct tls_server_conf c = {.profile = TLS_DSK, .cert_pem = buf_view(&keys.chain_pem), .key = keys.server,
				    .client_ca_pem = buf_view(&keys.ca_pem)};
	struct tls_ctx *ret = tls_ctx_server(&c);

	assert_non_null(ret);
	return ret;
}

static struct tls_ctx *client_ctx(const struct buf *pem, const struct pki_key *key)
{
	struct tls_client_conf c = {.profile = TLS_DSK, .cert_pem = buf_view(pem), .key = key};
	struct tls_ctx *ret = tls_ctx_client(&c);

	assert_non_null(ret);
	return ret;
}

/* How many handshake records stand before the first ChangeCipherSpec. */
static unsigned handshake_records(const struct buf *b)
{
	unsigned n = 0;

	for (size_t at = 0; at + 5 <= b->n && b->p[at] != 20; at += 5 + ((size_t)b->p[at + 3] << 8 | b->p[at + 4]))
		n += b->p[at] == 22;
	return n;
}

static void same_keys(struct dsk *client, struct dsk *server)
{
	struct sipsig_key k[4];

	assert_true(dsk_keys(client, &k[0], &k[1]));
	assert_true(dsk_keys(server, &k[2], &k[3]));
	assert_int_equal(k[0].mac, k[2].mac);
	assert_memory_equal(k[0].key, k[2].key, 32);
	assert_memory_equal(k[1].key, k[3].key, 32);
	assert_memory_not_equal(k[0].key, k[1].key, 32);
}

/* 8.2: A, B, C, D, and nothing more */
static void four_flights(void **state)
{
	struct tls_ctx *sc = server_ctx(), *cc = client_ctx(&keys.user_pem, keys.user);
	struct dsk *s = dsk_server(sc), *c = dsk_client(cc);
	struct buf f[5] = {{0}}, der = {0};
	struct sipsig_key k[2];
	const uint8_t *chain[2];
	size_t n[2];

	(void)state;
	assert_false(dsk_keys(s, &k[0], &k[1]));
	assert_int_equal(dsk_step(c, NULL, 0, &f[0]), DSK_MORE);
	assert_int_equal(dsk_step(s, f[0].p, f[0].n, &f[1]), DSK_MORE);
	assert_int_equal(handshake_records(&f[1]), 1);
	assert_int_equal(dsk_step(c, f[1].p, f[1].n, &f[2]), DSK_MORE);
	assert_int_equal(handshake_records(&f[2]), 1);
	assert_int_equal(dsk_step(s, f[2].p, f[2].n, &f[3]), DSK_DONE);
	assert_int_equal(f[3].p[0], 20); /* ChangeCipherSpec, Finished: no ticket before them */
	assert_int_equal(dsk_step(c, f[3].p, f[3].n, &f[4]), DSK_DONE);
	assert_int_equal(f[4].n, 0);
	same_keys(c, s);
	assert_int_equal(dsk_peer_chain(s, &der, chain, n, 2), 1);
	assert_int_equal(n[0], keys.user_der.n);
	assert_memory_equal(chain[0], keys.user_der.p, n[0]);
	assert_int_equal(dsk_step(s, f[2].p, f[2].n, &f[4]), DSK_FAILED);
	for (size_t i = 0; i < 5; i++)
		buf_free(&f[i]);
	buf_free(&der);
	dsk_free(c);
	dsk_free(s);
	tls_ctx_free(cc);
	tls_ctx_free(sc);
}

/* ---- 8.5, 8.7, 8.8: the keys ---------------------------------------------------------------------------------------- */

/* key_block = PRF(master_secret, "client EAP encryption", client_random || server_random)[0..127] */
static void key_block(const char *hash, const uint8_t master[48], const uint8_t client[32], const uint8_t server[32],
		      uint8_t out[128])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
	uint8_t seed[21 + 32 + 32];
	OSSL_PARAM p[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)hash, 0),
			  OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)master, 48),
			  OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed), OSSL_PARAM_construct_end()};

	memcpy(seed, "client EAP encryption", 21);
	memcpy(seed + 21, client, 32);
	memcpy(seed + 53, server, 32);
	assert_int_equal(EVP_KDF_derive(c, out, 128, p), 1);
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
}

static void known_key_blocks(void **state)
{
	static const struct {
		const char *hash, *master, *client, *server;
		size_t at;
		const char *block; /* from there on */
	} rows[] = {
	    /* 8.7: recorded, pidgin-sipe and OpenSSL, AES128-SHA */
	    {"MD5-SHA1",
	     "ba7af6cb214283b007ecf9a1c3b480e2db618d2e5cfee1e970295dd345771008e0242ba7b1477ea6e15c980074545e2f",
	     "6b02ca360c0033f1d96aeb21f64e81508c328d6e22ff144ff5319313e5e6407f",
	     "ef06d00506f6080422dee6b1830950e9784cff9db4ca0449444f574e47524400", 0,
	     "64b969508915ba955432b50cd6b7fbd0e1840455e07790e03c43fbeda08690d8"
	     "eaa124c822c48e6c040290f83059e45c2697ef1e2452a911eb7f076dc54bcbf9"
	     "915372a22e35cf32606a87f4f4711e83b8af72c3beed738630a74e78a93a5130"
	     "91aff3cef793f1d9090b5a1045e0a5cbb92860c2016eb234f56d49853569f48d"},
	    /* 8.8: computed */
	    {"MD5-SHA1", NULL, NULL, NULL, 0,
	     "8fc9259b5bae703fe9b8dcc8f6e0ab858dc788a124cd952f29ba968158914206"
	     "d0379f7194c20a06ab0d103cfe28fe7d7b73ffd4462adcea4a8bae25fa495e3d"
	     "948ec3478c1f730527884c487afb5c190e5caa63038b95d25e51212aac42b107"
	     "aeb25bc7797dd7639945e474c411544bbdf52620e2680c41ee9f3ccee452211b"},
	    {"SHA256", NULL, NULL, NULL, 64,
	     "00da8cdb60f50fa5bedd7a6d53f15b9b3a583fda5221460957bd2decc9fd249e"
	     "e2355f2d703c8b19fca7988410488772b5616e326182354e177a53323809d304"},
	    {"SHA384", NULL, NULL, NULL, 64,
	     "686239f210e1a58fa7300ac114b67d32bd2918a2bd111306a6497f277303f314"
	     "a3aafa2d7a817aa8a42d339c249525dc1c8a4daf26c60733ef1da1c9be317828"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t master[48], client[32], server[32], out[128];
		struct buf want = {0};

		for (unsigned k = 0; k < 48; k++)
			master[k] = (uint8_t)k;
		for (unsigned k = 0; k < 32; k++) {
			client[k] = (uint8_t)(0x40 + k);
			server[k] = (uint8_t)(0x80 + k);
		}
		if (rows[i].master)
			assert_true(hex_read(sv_of(rows[i].master), master, 48) && hex_read(sv_of(rows[i].client), client, 32) &&
				    hex_read(sv_of(rows[i].server), server, 32));
		key_block(rows[i].hash, master, client, server, out);
		hex_of(&want, rows[i].block);
		assert_int_equal(rows[i].at + want.n, 128);
		assert_memory_equal(out + rows[i].at, want.p, want.n);
		buf_free(&want);
	}
}

static void keep_line(void *arg, const char *line)
{
	if (strncmp(line, "CLIENT_RANDOM ", 14) == 0)
		buf_str(arg, line);
}

/* What dsk_keys() gives is bytes 64 to 95 and 96 to 127 of that block, by the master secret of this very handshake. */
static void keys_by_the_formula(void **state)
{
	static const char *const hashes[] = {[SIPSIG_HMAC_SHA1] = "MD5-SHA1", [SIPSIG_HMAC_SHA256] = "SHA256", [SIPSIG_HMAC_SHA384] = "SHA384"};
	struct tls_ctx *sc = server_ctx(), *cc = client_ctx(&keys.user_pem, keys.user);
	struct dsk *s = dsk_server(sc), *c = dsk_client(cc);
	struct buf a = {0}, b = {0}, f = {0}, line = {0};
	uint8_t master[48], block[128];
	struct sipsig_key k[2];

	(void)state;
	tls_ctx_keylog(cc, keep_line, &line);
	assert_int_equal(dsk_step(c, NULL, 0, &a), DSK_MORE);
	assert_int_equal(dsk_step(s, a.p, a.n, &b), DSK_MORE);
	assert_int_equal(dsk_step(c, b.p, b.n, &f), DSK_MORE);
	assert_int_equal(line.n, 14 + 64 + 1 + 96); /* CLIENT_RANDOM <random> <master secret> */
	assert_true(hex_read((struct sv){(char *)line.p + 79, 96}, master, 48));
	buf_clear(&line);
	assert_int_equal(dsk_step(s, f.p, f.n, &line), DSK_DONE);
	assert_true(dsk_keys(s, &k[0], &k[1]));
	/* both hellos: record 5, handshake 4, version 2, then the random */
	key_block(hashes[k[0].mac], master, a.p + 11, b.p + 11, block);
	assert_memory_equal(k[0].key, block + 64, 32);
	assert_memory_equal(k[1].key, block + 96, 32);
	buf_free(&a);
	buf_free(&b);
	buf_free(&f);
	buf_free(&line);
	dsk_free(c);
	dsk_free(s);
	tls_ctx_free(cc);
	tls_ctx_free(sc);
}

/* "treat each gssapi-data as bytes appended to the TLS input" */
static void flights_in_pieces(void **state)
{
	struct tls_ctx *sc = server_ctx(), *cc = client_ctx(&keys.user_pem, keys.user);
	struct dsk *s = dsk_server(sc), *c = dsk_client(cc);
	enum dsk_result r = DSK_MORE;
	struct buf to_server = {0}, to_client = {0};

	(void)state;
	assert_int_equal(dsk_step(c, NULL, 0, &to_server), DSK_MORE);
	for (unsigned round = 0; round < 8 && r == DSK_MORE; round++) {
		for (size_t at = 0; at < to_server.n; at += 100) {
			size_t n = to_server.n - at < 100 ? to_server.n - at : 100;
			uint8_t *piece = exact_copy(to_server.p + at, n, n);

			assert_int_not_equal(dsk_step(s, piece, n, &to_client), DSK_FAILED);
			free(piece);
		}
		buf_clear(&to_server);
		r = dsk_step(c, to_client.p, to_client.n, &to_server);
		buf_clear(&to_client);
	}
	assert_int_equal(r, DSK_DONE);
	same_keys(c, s);
	buf_free(&to_server);
	buf_free(&to_client);
	dsk_free(c);
	dsk_free(s);
	tls_ctx_free(cc);
	tls_ctx_free(sc);
}

/* 8.7: the 58 octets that SIPE sends; 8.3: it needs TLS 1.0, RSA, a CertificateRequest, all in one record */
static void what_sipe_says(void **state)
{
	struct tls_ctx *sc = server_ctx();
	struct dsk *s = dsk_server(sc);
	struct buf hello = {0}, b = {0};
	uint8_t types[8];
	size_t n = 0;

	(void)state;
	hex_of(&hello, "16030100350100003103016b02ca360c0033f1d96aeb21f64e81508c328d6e22ff144ff5319313e5e6407f"
		       "00000a00040005002f003500030100");
	assert_int_equal(hello.n, 58);
	assert_int_equal(dsk_step(s, hello.p, hello.n, &b), DSK_MORE);
	assert_true(b.n > 11 && b.p[0] == 22 && b.p[1] == 3 && b.p[2] == 1);
	assert_int_equal(5 + ((size_t)b.p[3] << 8 | b.p[4]), b.n);
	for (size_t at = 5; at + 4 <= b.n; at += 4 + ((size_t)b.p[at + 1] << 16 | (size_t)b.p[at + 2] << 8 | b.p[at + 3])) {
		assert_true(n < sizeof types);
		types[n++] = b.p[at];
	}
	assert_int_equal(n, 4); /* ServerHello, Certificate, CertificateRequest, ServerHelloDone */
	assert_memory_equal(types, "\x02\x0b\x0d\x0e", 4);
	assert_true(b.p[5 + 4] == 3 && b.p[5 + 5] == 1);
	buf_free(&hello);
	buf_free(&b);
	dsk_free(s);
	tls_ctx_free(sc);
}

static void refused_clients(void **state)
{
	static const char *const why[] = {"a certificate of its own making", "no certificate at all"};
	const struct buf none = {0}, *pems[] = {&stranger_pem, &none};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tls_ctx *sc = server_ctx(), *cc = client_ctx(pems[i], keys.other);
		struct dsk *s = dsk_server(sc), *c = dsk_client(cc);
		struct buf a = {0}, b = {0};
		struct sipsig_key k[2];

		print_message("# %s\n", why[i]);
		assert_int_equal(dsk_step(c, NULL, 0, &a), DSK_MORE);
		assert_int_equal(dsk_step(s, a.p, a.n, &b), DSK_MORE);
		buf_clear(&a);
		assert_int_equal(dsk_step(c, b.p, b.n, &a), DSK_MORE);
		buf_clear(&b);
		assert_int_equal(dsk_step(s, a.p, a.n, &b), DSK_FAILED);
		assert_int_equal(b.n, 0); /* "drain the alert (do not send it)" */
		assert_true(strlen(dsk_why(s)) > 10);
		assert_false(dsk_keys(s, &k[0], &k[1]));
		buf_free(&a);
		buf_free(&b);
		dsk_free(c);
		dsk_free(s);
		tls_ctx_free(cc);
		tls_ctx_free(sc);
	}
}

static void garbage(void **state)
{
	struct tls_ctx *sc = server_ctx(), *cc = client_ctx(&keys.user_pem, keys.user);
	struct dsk *c = dsk_client(cc);
	struct buf hello = {0}, out = {0};

	(void)state;
	assert_int_equal(dsk_step(c, NULL, 0, &hello), DSK_MORE);
	for (size_t n = 0; n < hello.n; n += n < 60 ? 1 : 17) { /* a hello that is cut is waited for, one that is bent refused */
		struct dsk *s = dsk_server(sc);
		uint8_t *cut = exact_copy(hello.p, hello.n, n);

		assert_int_equal(dsk_step(s, cut, n, &out), DSK_MORE);
		assert_int_equal(out.n, 0);
		free(cut);
		dsk_free(s);
	}
	for (unsigned i = 0; i < 200; i++) {
		struct dsk *s = dsk_server(sc);
		uint8_t *bent = exact_copy(hello.p, hello.n, hello.n);

		bent[(i * 37) % hello.n] ^= (uint8_t)(1 + i % 255);
		(void)dsk_step(s, bent, hello.n, &out); /* some octets are random anyway */
		free(bent);
		dsk_free(s);
	}
	struct dsk *s = dsk_server(sc);
	uint8_t *much = calloc(1, 65537);

	assert_int_equal(dsk_step(s, much, 65537, &out), DSK_FAILED);
	assert_int_equal(dsk_step(s, hello.p, hello.n, &out), DSK_FAILED);
	free(much);
	dsk_free(s);
	dsk_free(c);
	buf_free(&hello);
	buf_free(&out);
	tls_ctx_free(cc);
	tls_ctx_free(sc);
}

/* ---- 8.4 ----------------------------------------------------------------------------------------------------------------- */

static void merging(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
	    {"", ""},
	    {"1603010002aabb", "1603010002aabb"},
	    {"1603010002aabb 1603010001cc 16030100040e000000", "1603010007aabbcc0e000000"},
	    /* nothing behind ChangeCipherSpec is touched: it is encrypted */
	    {"1603010001aa 1603010001bb 140301000101 1603010001cc 1603010001dd",
	     "1603010002aabb 140301000101 1603010001cc 1603010001dd"},
	    {"140301000101 1603010002ccdd", "140301000101 1603010002ccdd"},
	    {"1603010001aa 15030100020100 1603010001bb", "1603010002aabb 15030100020100"},
	    /* 8.7: flight D */
	    {"140301000101 1603010030 52d936b0a68cbe055f001a7218c7759327fbe54d78a763f1187efbd0fe8212f5d7b68ef9c2670b3dd5857a17f724392e",
	     "140301000101 1603010030 52d936b0a68cbe055f001a7218c7759327fbe54d78a763f1187efbd0fe8212f5d7b68ef9c2670b3dd5857a17f724392e"},
	    {"1603010002aa", NULL},
	    {"16030100", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf in = {0}, want = {0};

		hex_of(&in, rows[i].in);
		hex_of(&want, rows[i].out ? rows[i].out : rows[i].in);
		assert_int_equal(dsk_merge(&in), rows[i].out != NULL);
		assert_int_equal(in.n, want.n);
		assert_memory_equal(in.n ? in.p : (uint8_t *)"", want.n ? want.p : (uint8_t *)"", in.n);
		buf_free(&in);
		buf_free(&want);
	}
}

static void too_long_to_merge(void **state)
{
	struct buf b = {0};
	uint8_t *body = calloc(1, 9000);

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		buf_add(&b, "\x16\x03\x01\x23\x28", 5);
		buf_add(&b, body, 9000);
	}
	assert_false(dsk_merge(&b));
	assert_int_equal(b.n, 2 * 9005); /* as it was */
	free(body);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(four_flights),    cmocka_unit_test(flights_in_pieces), cmocka_unit_test(what_sipe_says),
	    cmocka_unit_test(refused_clients), cmocka_unit_test(garbage),	     cmocka_unit_test(merging),
	    cmocka_unit_test(too_long_to_merge), cmocka_unit_test(known_key_blocks), cmocka_unit_test(keys_by_the_formula),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, unmake);
}
