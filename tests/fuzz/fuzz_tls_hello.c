/* tests/fuzz/fuzz_tls_hello.c: a ClientHello, whole and at every cut: a cut of one that was read asks for more, and what is said to
 * be missing is never less than an octet while more is asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/tls_hello.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static enum tls_hello_result read_exact(const uint8_t *p, size_t n, struct tls_hello *ret)
{
	uint8_t *in = malloc(n ? n : 1);
	enum tls_hello_result r;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	r = tls_hello_read(in, n, ret);
	if (r == TLS_HELLO_MORE && tls_hello_needs(in, n) <= n && n <= TLS_HELLO_MAX)
		abort();
	free(in);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct tls_hello whole, cut;

	if (read_exact(p, n, &whole) != TLS_HELLO_READ)
		return 0;
	if (whole.version >> 8 != 3)
		abort();
	for (size_t i = 0; i < n && i < tls_hello_needs(p, n); i++)
		if (read_exact(p, i, &cut) != TLS_HELLO_MORE)
			abort();
	return 0;
}
