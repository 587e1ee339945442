/* tests/fuzz/fuzz_proxy.c: the PROXY head, whole and at every cut: a cut of a good head asks for more, and says the same
 * when all of it is there.
 */
#include <stdlib.h>
#include <string.h>

#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static enum proxy_result read_exact(const uint8_t *p, size_t n, struct proxy *ret, size_t *used)
{
	uint8_t *in = malloc(n ? n : 1);
	const char *why = NULL;
	enum proxy_result rc;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	rc = proxy_read(in, n, ret, used, &why);
	if (rc == PROXY_BAD && why == NULL)
		abort();
	free(in);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct proxy whole = {.port = 7}, cut = {.port = 7};
	size_t used = 7, used_cut = 7;
	enum proxy_result rc = read_exact(p, n, &whole, &used);

	if (rc != PROXY_OK) {
		if (whole.port != 7 || used != 7)
			abort();
		return 0;
	}
	if (used > n || used > PROXY_MAX || memchr(whole.address, 0, sizeof whole.address) == NULL)
		abort();
	for (size_t i = 0; i < used; i++)
		if (read_exact(p, i, &cut, &used_cut) != PROXY_MORE || cut.port != 7)
			abort();
	if (read_exact(p, used, &cut, &used_cut) != PROXY_OK || used_cut != used || cut.port != whole.port ||
	    strcmp(cut.address, whole.address) != 0)
		abort();
	return 0;
}
