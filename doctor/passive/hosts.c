/* doctor/passive/hosts.c: the machines of the capture, by MAC address and by IP address. */
#include <stdlib.h>
#include <string.h>

#include "doctor/passive/internal.h"

#define BUCKETS (sizeof((struct passive *)0)->by_mac / sizeof(unsigned))

unsigned host_index(const struct passive *p, const struct host *h)
{
	return (unsigned)(h - p->host);
}

void host_clear(struct passive *p, struct host *h)
{
	for (size_t i = 0; i < h->pub.n; i++)
		doctor_line_clear(&h->pub.line[i]);
	free(h->pub.line);
	flow_drop(p, &h->chain);
	*h = (struct host){0};
}

static unsigned bucket(const struct passive *p, uint64_t v)
{
	v = (v ^ p->key) * 0x9e3779b97f4a7c15ull;
	v ^= v >> 29;
	v *= 0xbf58476d1ce4e5b9ull;
	return (unsigned)(v >> 40) % BUCKETS;
}

static uint64_t mac_value(const uint8_t mac[6])
{
	struct rd r = rd_of(mac, 6);

	return rd_be(&r, 6);
}

static void mac_unlink(struct passive *p, struct host *h)
{
	unsigned *at = &p->by_mac[bucket(p, mac_value(h->pub.mac))], me = host_index(p, h) + 1;

	while (*at && *at != me)
		at = &p->host[*at - 1].hash_next;
	if (*at)
		*at = h->hash_next;
	h->hash_next = 0;
}

static void address_unlink(struct passive *p, struct host *h)
{
	unsigned *at = &p->by_address[bucket(p, h->pub.address)], me = host_index(p, h) + 1;

	if (h->pub.address == 0)
		return;
	while (*at && *at != me)
		at = &p->host[*at - 1].address_next;
	if (*at)
		*at = h->address_next;
	h->address_next = 0;
	h->pub.address = 0;
}

static void host_forget(struct passive *p, struct host *h)
{
	size_t n = 0;

	if (h->pub.has_mac)
		mac_unlink(p, h);
	address_unlink(p, h);
	if (h->is_phone) {
		for (size_t i = 0; i < p->norder; i++)
			if (p->order[i] != host_index(p, h))
				p->order[n++] = p->order[i];
		p->norder = n;
		p->lost.hosts++;
	}
	host_clear(p, h);
	p->nhosts--;
}

/* A place for one more: machines that are no phones go first, then the one that was silent for longest. */
static struct host *host_new(struct passive *p)
{
	struct host *oldest = &p->host[0];

	if (p->nhosts == p->hosts_max) {
		for (unsigned i = 1; i < p->hosts_max; i++) {
			struct host *h = &p->host[i];

			if ((oldest->is_phone && !h->is_phone) ||
			    (oldest->is_phone == h->is_phone && h->pub.last_us < oldest->pub.last_us))
				oldest = h;
		}
		host_forget(p, oldest);
	}
	for (unsigned i = 0; oldest->used && i < p->hosts_max; i++)
		oldest = &p->host[i];
	*oldest = (struct host){.used = true, .pub = {.first_us = p->now, .since_us = p->now, .last_us = p->now}};
	p->nhosts++;
	return oldest;
}

static struct host *mac_find(struct passive *p, const uint8_t mac[6])
{
	for (unsigned i = p->by_mac[bucket(p, mac_value(mac))]; i; i = p->host[i - 1].hash_next)
		if (memcmp(p->host[i - 1].pub.mac, mac, 6) == 0)
			return &p->host[i - 1];
	return NULL;
}

static bool is_router(const struct passive *p, const uint8_t mac[6])
{
	for (unsigned i = 0; i < p->routers; i++)
		if (memcmp(p->router[i], mac, 6) == 0)
			return true;
	return false;
}

struct host *host_find(struct passive *p, uint32_t address)
{
	for (unsigned i = p->by_address[bucket(p, address)]; address && i; i = p->host[i - 1].address_next)
		if (p->host[i - 1].pub.address == address)
			return &p->host[i - 1];
	return NULL;
}

void host_has_address(struct passive *p, struct host *h, uint32_t address)
{
	unsigned *first = &p->by_address[bucket(p, address)];
	struct host *other = host_find(p, address);

	if (address == 0 || h->pub.address == address)
		return;
	if (other)
		address_unlink(p, other);
	address_unlink(p, h);
	h->pub.address = address;
	h->address_next = *first;
	*first = host_index(p, h) + 1;
}

static struct host *host_of_address(struct passive *p, uint32_t address)
{
	struct host *h = host_new(p);

	h->by_address = true;
	host_has_address(p, h, address);
	return h;
}

struct host *host_of_mac(struct passive *p, const uint8_t mac[6])
{
	struct host *h = mac_find(p, mac);
	unsigned *first;

	if (h == NULL) {
		h = host_new(p);
		memcpy(h->pub.mac, mac, 6);
		h->pub.has_mac = true;
		first = &p->by_mac[bucket(p, mac_value(mac))];
		h->hash_next = *first;
		*first = host_index(p, h) + 1;
		for (size_t i = 0; i < dt_model_count; i++)
			if (memcmp(mac, dt_models[i].oui, 3) == 0)
				h->is_model = true;
	}
	h->pub.last_us = p->now;
	return h;
}

/* The sender of this IP packet.  A MAC address that sends for a second IP address, while it uses the first, is a router's. */
struct host *host_of_packet(struct passive *p, const struct packet_view *v)
{
	struct host *h = host_find(p, v->src);

	if (v->src == 0 || v->src >> 28 >= 14)
		return NULL;
	if (h == NULL && (!v->has_mac || is_router(p, v->src_mac))) {
		h = host_of_address(p, v->src);
	} else if (h == NULL) {
		h = mac_find(p, v->src_mac);
		if (h && h->pub.address && p->now - h->pub.last_us < SECONDS(120) && p->routers < ROUTERS) {
			memcpy(p->router[p->routers++], v->src_mac, 6);
			mac_unlink(p, h);
			h->pub.has_mac = false;
			h->by_address = true;
			h = host_of_address(p, v->src);
		} else {
			h = host_of_mac(p, v->src_mac);
			host_has_address(p, h, v->src);
		}
	}
	h->pub.last_us = p->now;
	if (v->vlan)
		h->pub.vlan = v->vlan;
	return h;
}

void host_is_phone(struct passive *p, struct host *h)
{
	if (h->is_phone)
		return;
	h->is_phone = true;
	p->order[p->norder++] = host_index(p, h);
}

const char *host_name_of(const struct host *h, uint32_t address)
{
	for (unsigned i = h->nknown; i > 0; i--)
		if (h->known[i - 1].address == address)
			return h->known[i - 1].name;
	return NULL;
}
