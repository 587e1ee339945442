/* tests/fuzz/fuzz_passive.c: a capture, packet by packet, as `dialtone doctor --capture` watches it.  Whatever it holds, the phones
 * are as few as were allowed, their lines too, and the doctor judges each. */
#include <stdlib.h>
#include <string.h>

#include "doctor/diagnose.h"
#include "doctor/passive/passive.h"
#include "wire/capture/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

enum { PHONES = 16, PACKETS = 3000 };

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct passive *w = passive_new(PHONES);
	struct doctor_finding f[12];
	struct capture *c = malloc(sizeof *c);
	struct packet k;

	check(w && c);
	if (!capture_open(c, p, n))
		passive_secrets(w, (struct sv){(const char *)p, n});
	else
		for (unsigned i = 0; i < PACKETS && capture_next(c, &k); i++) {
			uint8_t *exact = malloc(k.octets.n ? k.octets.n : 1);

			check(exact != NULL);
			if (k.octets.n)
				memcpy(exact, k.octets.p, k.octets.n);
			passive_packet(w, k.unix_us, k.link, (struct sv){(const char *)exact, k.octets.n});
			free(exact);
		}
	passive_end(w);
	check(passive_phones(w) <= PHONES);
	for (size_t i = 0; i < passive_phones(w); i++) {
		check(passive_phone_at(w, i)->n <= PASSIVE_LINES);
		doctor_diagnose(passive_run(w, i), f, 12);
	}
	passive_free(w);
	free(c);
	return 0;
}
