/* pki/count.c: how many RSA private-key operations this process has done.
 *
 * A sign-in may cost six of them, so they are counted where they happen: every RSA key that enters this room gets an
 * RSA_METHOD whose two private primitives (private_encrypt: signatures, private_decrypt: the RSA key exchange) count
 * and then do what OpenSSL's own method does.  OpenSSL takes such a key for a foreign one (as an engine's would be) and
 * leads every signature through it: certificates, CMS, xmlsec1.  Nothing of what is computed changes.
 *
 * TLS is the exception: OpenSSL 3 refuses the RSA key exchange with a foreign key (the padding it asks for is known to its
 * own providers alone).  A TLS context has the key as OpenSSL would make it, and its messages are counted: pki/tls_ctx.c.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/rsa.h>

#include <stdatomic.h>

#include "pki/internal.h"
#include "pki/key.h"

static atomic_ulong here;
static atomic_ulong *done = &here;

unsigned long pki_private_operations(void)
{
	return atomic_load_explicit(done, memory_order_relaxed);
}

void pki_count_one(void)
{
	atomic_fetch_add_explicit(done, 1, memory_order_relaxed);
}

void pki_count_in(_Atomic unsigned long *shared)
{
	atomic_store(shared, 0);
	done = shared;
}

static int counted_encrypt(int n, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
	pki_count_one();
	return RSA_meth_get_priv_enc(RSA_PKCS1_OpenSSL())(n, from, to, rsa, padding);
}

static int counted_decrypt(int n, const unsigned char *from, unsigned char *to, RSA *rsa, int padding)
{
	pki_count_one();
	return RSA_meth_get_priv_dec(RSA_PKCS1_OpenSSL())(n, from, to, rsa, padding);
}

/* Made once; lasts as long as the process, since keys point to it. */
static const RSA_METHOD *counting(void)
{
	static _Atomic(RSA_METHOD *) made;
	RSA_METHOD *m = atomic_load(&made), *none = NULL;

	if (m != NULL)
		return m;
	m = RSA_meth_dup(RSA_PKCS1_OpenSSL());
	if (m == NULL)
		return NULL;
	RSA_meth_set1_name(m, "dialtone: counted");
	RSA_meth_set_priv_enc(m, counted_encrypt);
	RSA_meth_set_priv_dec(m, counted_decrypt);
	if (!atomic_compare_exchange_strong(&made, &none, m)) {
		RSA_meth_free(m);
		m = none;
	}
	return m;
}

EVP_PKEY *pki_counted(EVP_PKEY *pkey)
{
	EVP_PKEY *out = NULL;
	const RSA_METHOD *m;
	RSA *rsa = NULL;

	if (pkey == NULL || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
		return pkey;
	m = counting();
	if (m != NULL && EVP_PKEY_get0_RSA(pkey) != NULL)
		rsa = RSAPrivateKey_dup(EVP_PKEY_get0_RSA(pkey));
	if (rsa != NULL && RSA_set_method(rsa, m) && (out = EVP_PKEY_new()) != NULL && EVP_PKEY_assign_RSA(out, rsa))
		rsa = NULL; /* it is out's now */
	if (rsa != NULL) {
		RSA_free(rsa);
		EVP_PKEY_free(out);
		out = NULL;
	}
	EVP_PKEY_free(pkey);
	return out;
}
