/* bench/tls_floor.c: measures the processor time of OpenSSL alone for the server's half of a TLS handshake:
 * two ends in memory, no socket, no loop of ours.
 *
 *     cc -O2 tls_floor.c -lssl -lcrypto -o tls_floor && tls_floor KEY CERT 1.2|1.3 HANDSHAKES
 *
 * Printed: microseconds of CPU of the server's calls, and of one RSA signature of that key, on average.
 */
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static SSL *end_make(SSL_CTX *ctx, BIO *in, BIO *out)
{
	SSL *s = SSL_new(ctx);

	BIO_up_ref(in);
	BIO_up_ref(out);
	SSL_set_bio(s, in, out);
	return s;
}

/* The server's share of one handshake and its first octet. */
static double handshake(SSL_CTX *server, SSL_CTX *client)
{
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
	double began = now_us(), spent = now_us() - began;
	SSL *s, *c = end_make(client, down, up);
	char octet = 'x';

	SSL_set_connect_state(c);
	began = now_us();
	s = end_make(server, up, down);
	SSL_set_accept_state(s);
	spent = now_us() - began;
	for (int i = 0; i < 8; i++) {
		SSL_do_handshake(c);
		began = now_us();
		SSL_do_handshake(s);
		spent += now_us() - began;
	}
	SSL_write(c, &octet, 1);
	began = now_us();
	if (SSL_read(s, &octet, 1) != 1)
		abort();
	SSL_free(s);
	spent += now_us() - began;
	SSL_free(c);
	BIO_free(up);
	BIO_free(down);
	return spent;
}

static double signature(EVP_PKEY *key, int times)
{
	unsigned char digest[32] = {1}, sig[512];
	double began = now_us();

	for (int i = 0; i < times; i++) {
		EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
		size_t n = sizeof sig;

		if (EVP_PKEY_sign_init(c) != 1 || EVP_PKEY_sign(c, sig, &n, digest, sizeof digest) != 1)
			abort();
		EVP_PKEY_CTX_free(c);
	}
	return (now_us() - began) / times;
}

int main(int argc, char **argv)
{
	SSL_CTX *server = SSL_CTX_new(TLS_server_method()), *client = SSL_CTX_new(TLS_client_method());
	int times = argc == 5 ? atoi(argv[4]) : 0, version;
	double total = 0;

	if (times < 1 || SSL_CTX_use_PrivateKey_file(server, argv[1], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_certificate_chain_file(server, argv[2]) != 1) {
		fprintf(stderr, "usage: tls_floor KEY CERT 1.2|1.3 HANDSHAKES\n");
		return 64;
	}
	version = strcmp(argv[3], "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
	SSL_CTX_set_min_proto_version(client, version);
	SSL_CTX_set_max_proto_version(client, version);
	SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
	for (int i = 0; i < times; i++)
		total += handshake(server, client);
	printf("%.1f %.1f\n", total / times, signature(SSL_CTX_get0_privatekey(server), times));
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	return 0;
}
