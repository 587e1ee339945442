/* phone/client/arp.c: RFC 5227 2.1 and 2.3.
 *
 * DIFFERS: RFC 5227 waits up to seven seconds (PROBE_WAIT, PROBE_MIN to PROBE_MAX, ANNOUNCE_WAIT).  Here: three probes a
 * quarter of a second apart, and half a second of listening after the last.
 */
#include "phone/client/arp.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "phone/run/core.h"

#define PROBES 3
#define PROBE_MS 250
#define LISTEN_MS 500

struct arp_client {
	struct dt_phone *ph;
	uint32_t address;
	unsigned sent; /* probes; 0: it has ended */
	struct attempt try;
	arp_fn *done;
	void *arg;
};

static void arp_send(struct dt_phone *ph, uint32_t spa, uint32_t tpa)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint8_t *mac = ph_core(ph)->mac;
	struct arp a = {.op = 1, .spa = spa, .tpa = tpa};
	uint8_t frame[64];
	struct wr w = wr_of(frame, sizeof frame);

	memcpy(a.sha, mac, 6);
	eth_write(&w, everyone, mac, ETH_ARP);
	arp_write(&w, &a);
	if (!w.err)
		ph_frame(ph, frame, wr_n(&w));
}

void arp_announce(struct dt_phone *ph, uint32_t address)
{
	arp_send(ph, address, address);
}

struct arp_client *arp_probe(struct dt_phone *ph, uint32_t address, arp_fn *done, void *arg)
{
	struct arp_client *c = ph_alloc(ph, sizeof *c);
	char ip[16];

	if (c == NULL)
		return NULL;
	*c = (struct arp_client){.ph = ph, .address = address, .sent = 1, .done = done, .arg = arg};
	attempt_begin(ph, &c->try, "arp-probe %s", ip_text(address, ip));
	arp_send(ph, 0, address);
	ph_timer_set(ph, T_ARP, PROBE_MS);
	return c;
}

bool arp_ended(const struct arp_client *c)
{
	return c == NULL || c->sent == 0;
}

void arp_free(struct arp_client *c)
{
	if (c && c->sent)
		ph_timer_off(c->ph, T_ARP);
	free(c);
}

void arp_timer(struct arp_client *c)
{
	if (arp_ended(c))
		return;
	if (c->sent < PROBES) {
		arp_send(c->ph, 0, c->address);
		c->sent++;
		ph_timer_set(c->ph, T_ARP, c->sent < PROBES ? PROBE_MS : LISTEN_MS);
		return;
	}
	c->sent = 0;
	attempt_ok(c->ph, &c->try, "free", NULL);
	c->done(c->arg, NULL, &c->try);
}

/* "...receives any ARP packet where the sender IP address is the address being probed for", or another's probe for it. */
void arp_frame(struct arp_client *c, const struct arp *a)
{
	if (arp_ended(c) || memcmp(a->sha, ph_core(c->ph)->mac, 6) == 0)
		return;
	if (a->spa != c->address && !(a->op == 1 && a->spa == 0 && a->tpa == c->address))
		return;
	c->sent = 0;
	ph_timer_off(c->ph, T_ARP);
	c->done(c->arg, a->sha, &c->try);
}
