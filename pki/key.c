/* pki/key.c: private keys: made, read, written. */
#include "pki/key.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pki/internal.h"

struct pki_key *pki_key_take(EVP_PKEY *pkey)
{
	struct pki_key *k;

	pkey = pki_counted(pkey);
	if (pkey == NULL)
		return NULL;
	k = malloc(sizeof *k);
	if (k == NULL) {
		EVP_PKEY_free(pkey);
		return NULL;
	}
	k->pkey = pkey;
	return k;
}

EVP_PKEY *pki_key_evp(const struct pki_key *k)
{
	return k ? k->pkey : NULL;
}

struct pki_key *pki_key_make(unsigned rsa_bits)
{
	ERR_clear_error();
	if (rsa_bits < 512 || rsa_bits > 16384)
		return NULL;
	return pki_key_take(EVP_RSA_gen(rsa_bits));
}

/* Without it OpenSSL would ask for a passphrase on the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

struct pki_key *pki_key_read(struct sv pem)
{
	EVP_PKEY *pkey = NULL;
	BIO *in;

	ERR_clear_error();
	if (pem.n == 0 || pem.n > INT_MAX)
		return NULL;
	in = BIO_new_mem_buf(pem.p, (int)pem.n);
	if (in != NULL)
		pkey = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
	BIO_free(in);
	return pkey ? pki_key_take(pkey) : NULL;
}

const char *pki_key_why(struct sv pem)
{
	static const struct {
		const char *holds, *why;
	} rows[] = {
		{"-----BEGIN ENCRYPTED PRIVATE KEY", "its private key is encrypted: openssl pkey -in FILE -out FILE.plain takes the passphrase off"},
		{"Proc-Type: 4,ENCRYPTED", "its private key is encrypted: openssl pkey -in FILE -out FILE.plain takes the passphrase off"},
		{"----------BEGIN", "two PEM blocks stand on one line: put a line break between them"},
		{"PRIVATE KEY-----", "its private key cannot be read"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (pem.n && memmem(pem.p, pem.n, rows[i].holds, strlen(rows[i].holds)))
			return rows[i].why;
	return "there is no private key in it";
}

void pki_key_write(const struct pki_key *k, struct buf *pem)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n;

	ERR_clear_error();
	if (out == NULL || !PEM_write_bio_PKCS8PrivateKey(out, k->pkey, NULL, NULL, 0, NULL, NULL)) {
		pem->oom = true;
	} else {
		n = BIO_get_mem_data(out, &p);
		buf_add(pem, p, (size_t)n);
		OPENSSL_cleanse(p, (size_t)n);
	}
	BIO_free(out);
}

void pki_key_free(struct pki_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

const char *pki_error(void)
{
	static _Thread_local char text[256];
	const char *data = NULL, *reason;
	int flags = 0;
	unsigned long e = ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);

	reason = e ? ERR_reason_error_string(e) : NULL;
	if (e == 0)
		return "OpenSSL gave no reason";
	if (reason == NULL)
		snprintf(text, sizeof text, "OpenSSL error %lx", e);
	else if (data && *data && flags & ERR_TXT_STRING)
		snprintf(text, sizeof text, "%s (%s)", reason, data);
	else
		snprintf(text, sizeof text, "%s", reason);
	return text;
}
