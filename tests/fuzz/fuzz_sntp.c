/* tests/fuzz/fuzz_sntp.c: the answer to the one question, whose cookie is the input's own originate timestamp. */
#include <stdlib.h>
#include <string.h>

#include "wire/sntp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1);
	uint64_t cookie = 0;
	int64_t ms = 7;
	struct rd r, c;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	if (n >= 32) {
		c = rd_of(in + 24, 8);
		cookie = rd_be(&c, 8);
	}
	r = rd_of(in, n);
	if (sntp_read(&r, cookie, &ms) == SNTP_TIME) { /* between 1968 and 2104, RFC 4330 3 */
		if (ms < INT64_C(-61505152000) || ms > INT64_C(4233462144000))
			abort();
		r = rd_of(in, n);
		if (sntp_read(&r, cookie + 1, &ms) == SNTP_TIME)
			abort();
	} else if (r.err == NULL || ms != 7) {
		abort();
	}
	free(in);
	return 0;
}
