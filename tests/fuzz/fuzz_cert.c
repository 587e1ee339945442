/* tests/fuzz/fuzz_cert.c: everything that reads certificates, requests, chains and catalogs. */
#include <stdlib.h>
#include <string.h>

#include "pki/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1);
	struct pki_cert_info info;
	struct pki_csr csr;
	struct buf out = {0};
	struct sv text;
	const uint8_t *der;
	struct pki_chain_result result;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	text = (struct sv){(const char *)in, n};
	if (pki_cert_info(in, n, &info) == NULL && info.nnames > 16)
		abort();
	pki_cert_names(in, n, "fe01.contoso.test");
	if (pki_csr_read(in, n, &csr) == NULL && csr.rsa && csr.bits == 0)
		abort();
	pki_p7_read(in, n, &out);
	buf_clear(&out);
	for (unsigned i = 0; i < 4 && pki_pem_cert(text, i, &out); i++)
		;
	buf_clear(&out);
	pki_catalog_verify(in, n, text, &out);
	buf_free(&out);
	der = in;
	pki_chain_verify(&der, &n, 1, text, false, "fe01.contoso.test", 1795000000, &result);
	pki_key_free(pki_key_read(text));
	free(in);
	return 0;
}
