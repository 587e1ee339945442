/* tests/fuzz/fuzz_lldp.c: an LLDPDU.  An LLDPDU that is read is written, read again and written again, the same. */
#include <stdlib.h>
#include <string.h>

#include "wire/lldp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

enum { ROOM = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1), *out = malloc(ROOM), *again = malloc(ROOM);
	struct rd r;
	struct lldp l;

	if (in == NULL || out == NULL || again == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	r = rd_of(in, n);
	if (lldp_read(&r, &l)) {
		struct wr w = wr_of(out, ROOM), w2 = wr_of(again, ROOM);

		lldp_write(&w, &l);
		r = rd_of(out, wr_n(&w));
		if (w.err || !lldp_read(&r, &l) || l.skipped)
			abort();
		lldp_write(&w2, &l);
		if (w2.err || wr_n(&w) != wr_n(&w2) || memcmp(out, again, wr_n(&w)) != 0)
			abort();
	} else if (r.err == NULL) {
		abort(); /* refused without a reason */
	}
	free(in);
	free(out);
	free(again);
	return 0;
}
