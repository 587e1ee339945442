/* tests/fuzz/fuzz_provisioning.c: question and answer, each written and read again. */
#include <stdlib.h>
#include <string.h>

#include "wire/provisioning.h"
#include "wire/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct provisioning_ask all = {.group = {"ServerConfiguration"}, .ngroup = 1};
	static struct provisioning v, v_back;
	static struct provisioning_ask a, a_back;
	uint8_t *in = malloc(n ? n : 1);
	struct buf b = {0};

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	if (provisioning_ask_read(in, n, &a) == NULL) {
		provisioning_ask_write(&b, &a);
		if (b.n <= XML_INPUT_MAX && (provisioning_ask_read(b.p, b.n, &a_back) != NULL || a.ngroup != a_back.ngroup))
			abort();
		buf_clear(&b);
	}
	if (provisioning_read(in, n, &v) == NULL) {
		provisioning_write(&b, &v, &all);
		if (b.n <= XML_INPUT_MAX && (provisioning_read(b.p, b.n, &v_back) != NULL || v.min_pin_length != v_back.min_pin_length ||
					     strcmp(v.updates_internal, v_back.updates_internal) != 0))
			abort();
	}
	buf_free(&b);
	free(in);
	return 0;
}
