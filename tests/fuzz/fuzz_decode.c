/* tests/fuzz/fuzz_decode.c: what `dialtone decode` reads besides the codecs: hex dumps, captures, the frames around a message,
 * every TLV.  Read or refused; and a refusal names an octet. */
#include <stdlib.h>
#include <string.h>

#include "cmd/decode/decode.h"
#include "cmd/decode/frame.h"
#include "cmd/decode/input.h"
#include "wire/capture/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

enum { PACKETS = 1000, MOST = 1 << 20 };

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void message(json_t *(*decode)(const void *, size_t, struct why *), const void *p, size_t n)
{
	struct why why = {0};
	json_t *j = decode(p, n, &why);

	check((j == NULL) == (strncmp(why.text, "octet ", 6) == 0));
	json_decref(j);
}

static void messages(const void *p, size_t n)
{
	message(decode_lldp, p, n);
	message(decode_dhcp, p, n);
	if (frame_has_lldp(p, n))
		check(!frame_has_dhcp(p, n));
}

static void capture(const void *p, size_t n)
{
	struct capture c;
	struct packet k;

	if (!capture_open(&c, p, n))
		return;
	for (unsigned i = 0; i < PACKETS && capture_next(&c, &k); i++) {
		uint8_t *exact = malloc(k.octets.n ? k.octets.n : 1);

		check(exact && k.octets.n <= n);
		if (k.octets.n)
			memcpy(exact, k.octets.p, k.octets.n);
		messages(exact, k.octets.n);
		free(exact);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1);
	struct buf octets = {0};
	const char *why = NULL;
	enum dump how;

	check(in);
	if (n)
		memcpy(in, p, n);
	messages(in, n);
	capture(in, n);
	how = dump_read((struct sv){(const char *)in, n}, MOST, &octets, &why);
	check((how == DUMP_BAD) == (why != NULL) && (how != DUMP_READ || octets.n > 0));
	if (how == DUMP_READ)
		messages(octets.p, octets.n);
	buf_free(&octets);
	free(in);
	return 0;
}
