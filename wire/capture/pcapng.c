/* wire/capture/pcapng.c
 *
 *     block:  type 4 | length of all 4 | body, padded to 4 | length of all 4
 */
#include "wire/capture/pcapng.h"

#include <string.h>

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, ENHANCED = 6, DECRYPTION_SECRETS = 10, TLS_KEY_LOG = 0x544c534b };
enum { ORDER = 0x1a2b3c4d, ETHERNET = 1, USER_APPLICATION = 4 };

static void put(struct buf *to, uint64_t v, unsigned octets)
{
	uint8_t o[8];

	for (unsigned i = 0; i < octets; i++)
		o[i] = (uint8_t)(v >> (8 * i));
	buf_add(to, o, octets);
}

static void pad(struct buf *to)
{
	put(to, 0, (unsigned)(-to->n & 3));
}

/* Everything is of whole words, so the length is known when the body is. */
static void block(struct buf *to, uint32_t type, struct buf *body)
{
	pad(body);
	put(to, type, 4);
	put(to, body->n + 12, 4);
	buf_add(to, body->p, body->n);
	put(to, body->n + 12, 4);
	to->oom |= body->oom;
	buf_wipe(body);
}

void pcapng_begin(struct buf *to, const char *application)
{
	struct buf b = {0};

	put(&b, ORDER, 4);
	put(&b, 1, 2); /* version 1.0 */
	put(&b, 0, 2);
	put(&b, UINT64_MAX, 8); /* the section's length is not said */
	put(&b, USER_APPLICATION, 2);
	put(&b, strlen(application), 2);
	buf_add(&b, application, strlen(application));
	pad(&b);
	put(&b, 0, 4); /* end of options */
	block(to, SECTION, &b);
	put(&b, ETHERNET, 2);
	put(&b, 0, 2);
	put(&b, 0, 4); /* no limit to a packet's length */
	block(to, INTERFACE, &b);
}

void pcapng_secrets(struct buf *to, struct sv key_log)
{
	struct buf b = {0};

	if (key_log.n == 0)
		return;
	put(&b, TLS_KEY_LOG, 4);
	put(&b, key_log.n, 4);
	buf_add(&b, key_log.p, key_log.n);
	block(to, DECRYPTION_SECRETS, &b);
}

void pcapng_packet(struct buf *to, int64_t unix_us, struct sv frame)
{
	struct buf b = {0};

	put(&b, 0, 4);
	put(&b, (uint64_t)unix_us >> 32, 4);
	put(&b, (uint64_t)unix_us & 0xffffffff, 4);
	put(&b, frame.n, 4);
	put(&b, frame.n, 4);
	buf_add(&b, frame.p, frame.n);
	block(to, ENHANCED, &b);
}
