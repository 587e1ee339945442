/* tests/fuzz/fuzz_eth.c: frames, IPv4 with UDP, ARP.  A frame that is read is written and read again, the same. */
#include <stdlib.h>
#include <string.h>

#include "wire/eth.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static void check(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1), *out = malloc(n + 64);
	struct rd r, ip, ar;
	struct wr w;
	struct eth e;
	struct udp u, u2;
	struct icmp_error error;
	struct arp a, a2;

	check(in && out);
	if (n)
		memcpy(in, p, n);
	r = rd_of(in, n);
	if (eth_read(&r, &e)) {
		ip = rd_of(e.payload.p, e.payload.n);
		ar = ip;
		if (icmp_error_read(&(struct rd){.p = ip.p, .end = ip.end}, &error))
			check(error.type == ICMP_UNREACHABLE || error.type == ICMP_TIME_EXCEEDED);
		if (udp_read(&ip, &u)) {
			w = wr_of(out, n + 64);
			udp_write(&w, &u, 46);
			check(w.err == NULL);
			ip = rd_of(out, wr_n(&w));
			check(udp_read(&ip, &u2) && u2.src == u.src && u2.dst == u.dst && u2.sport == u.sport &&
			      u2.dport == u.dport && sv_eq(u2.payload, u.payload));
		}
		if (arp_read(&ar, &a)) {
			w = wr_of(out, 28);
			arp_write(&w, &a);
			ar = rd_of(out, 28);
			check(w.err == NULL && arp_read(&ar, &a2) && memcmp(out, e.payload.p, 28) == 0);
		}
	}
	free(in);
	free(out);
	return 0;
}
