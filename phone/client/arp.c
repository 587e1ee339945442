/* phone/client/arp.c: is the address free?  RFC 5227 2.1, in less time.
 *
 * DIFFERS: RFC 5227 waits up to seven seconds (PROBE_WAIT, PROBE_MIN to PROBE_MAX, ANNOUNCE_WAIT).  Here: three probes a
 * quarter of a second apart, and half a second of listening after the last.
 */
#include "phone/internal.h"

#define PROBES 3
#define PROBE_MS 250
#define LISTEN_MS 500

static void send(struct dt_phone *ph, uint32_t spa)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct arp a = {.op = 1, .spa = spa, .tpa = ph->lease.l.address};
	uint8_t frame[64];
	struct wr w = wr_of(frame, sizeof frame);

	memcpy(a.sha, ph->mac, 6);
	eth_write(&w, everyone, ph->mac, ETH_ARP);
	arp_write(&w, &a);
	if (!w.err)
		ph->body->frame(ph->arg, frame, wr_n(&w), phone_tci(ph));
}

void arp_probe(struct dt_phone *ph)
{
	char ip[16];

	attempt_begin(ph, &ph->try, "arp-probe %s", ip_text(ph->lease.l.address, ip));
	send(ph, 0);
	ph->arp_sent = 1;
	timer_set(ph, T_ARP, PROBE_MS);
}

void arp_timer(struct dt_phone *ph)
{
	if (ph->arp_sent < PROBES) {
		send(ph, 0);
		ph->arp_sent++;
		timer_set(ph, T_ARP, ph->arp_sent < PROBES ? PROBE_MS : LISTEN_MS);
		return;
	}
	ph->arp_sent = 0;
	attempt_ok(ph, &ph->try, "free", NULL);
	send(ph, ph->lease.l.address); /* the announcement */
	address_free(ph, false, NULL);
}

/* "...receives any ARP packet where the sender IP address is the address being probed for", or another's probe for it. */
void arp_frame(struct dt_phone *ph, const struct arp *a)
{
	uint32_t ours = ph->lease.l.address;

	if (ph->arp_sent == 0 || memcmp(a->sha, ph->mac, 6) == 0)
		return;
	if (a->spa != ours && !(a->op == 1 && a->spa == 0 && a->tpa == ours))
		return;
	ph->arp_sent = 0;
	timer_off(ph, T_ARP);
	address_free(ph, true, a->sha);
}
