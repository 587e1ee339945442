/* tests/fuzz/fuzz_tether.c: octets of a USB cable: frames among noise, greetings, and what a sealed body may hold.  A frame is the
 * same however its octets are cut, and what was read is written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "wire/usb/tether.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static void body(struct sv b)
{
	static struct tether_hello h, h_again;
	static struct tether_message m, m_again;
	struct buf out = {0};

	memset(&h, 0, sizeof h);
	memset(&m, 0, sizeof m);
	if (tether_hello_read(b, &h) == NULL) {
		tether_hello_write(&out, &h);
		if (tether_hello_read(buf_view(&out), &h_again) != NULL || memcmp(&h, &h_again, sizeof h) != 0)
			abort();
	}
	buf_clear(&out);
	if (tether_message_read(b, &m) == NULL) {
		tether_message_write(&out, &m);
		if (tether_message_read(buf_view(&out), &m_again) != NULL || m.kind != m_again.kind ||
		    memcmp(m.field, m_again.field, sizeof m.field) != 0)
			abort();
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1);
	struct tether_frame f;
	size_t at = 0, used = 0;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	body((struct sv){(const char *)in, n});
	while (tether_frame_read(in + at, n - at, &f, &used) == TETHER_FRAME) {
		if (used < TETHER_HEAD + f.body.n || used > n - at || f.body.n > TETHER_BODY_MAX)
			abort();
		body(f.body);
		at += used;
	}
	if (used > n - at || n - at - used >= TETHER_HEAD + TETHER_BODY_MAX)
		abort(); /* more is kept than one frame can have */
	free(in);
	return 0;
}
