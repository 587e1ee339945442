/* doctor/passive/passive.c: a capture, packet by packet. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "doctor/icmp.h"
#include "doctor/passive/internal.h"
#include "wire/eth.h"

struct passive *passive_new(unsigned phones)
{
	struct passive *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->hosts_max = phones && phones < PASSIVE_PHONES ? phones : PASSIVE_PHONES;
	p->flows_max = 2 * p->hosts_max;
	p->host = calloc(p->hosts_max, sizeof *p->host);
	p->flow = calloc(p->flows_max, sizeof *p->flow);
	if (getrandom(&p->key, sizeof p->key, 0) != sizeof p->key)
		p->key = (uint64_t)(uintptr_t)p;
	if (p->host && p->flow)
		return p;
	passive_free(p);
	return NULL;
}

void passive_free(struct passive *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; p->flow && i < p->flows_max; i++)
		if (p->flow[i].used)
			flow_free(p, &p->flow[i]);
	for (unsigned i = 0; p->host && i < p->hosts_max; i++)
		host_clear(p, &p->host[i]);
	if (p->secret)
		explicit_bzero(p->secret, p->nsecrets * sizeof *p->secret);
	free(p->secret);
	free(p->host);
	free(p->flow);
	free(p);
}

/* ---- packets ---------------------------------------------------------------------------------------------------- */

static void sweep(struct passive *p, bool end)
{
	p->swept = p->now;
	flow_sweep(p, end);
	for (unsigned i = 0; i < p->hosts_max; i++)
		if (p->host[i].used) {
			lan_overdue(p, &p->host[i], end);
			names_overdue(p, &p->host[i], end);
		}
}

/* The error of ICMP is about the first packet of a connection, or a question to a name server. */
static void refusal_packet(struct passive *p, const struct packet_view *v, const struct packet_view *about)
{
	struct host *h = host_find(p, about->src);
	struct icmp_error e = {.from = v->src, .type = (uint8_t)v->data.p[0], .code = (uint8_t)v->data.p[1], .protocol = about->proto,
			       .src = about->src, .dst = about->dst, .sport = about->sport, .dport = about->dport};
	enum dt_stage stage;

	if (h == NULL || doctor_icmp_sign(&e) == DT_SIGN_NONE)
		return;
	stage = e.protocol == IP_TCP ? flow_refused(p, &e) : names_refused(h, &e);
	if (stage != DT_STAGE_NONE)
		refusal_add(h, &e, stage);
}

bool passive_packet(struct passive *p, int64_t unix_us, unsigned link, struct sv octets)
{
	struct packet_view v, about;

	p->lost.packets++;
	if (unix_us > p->now) /* packets of several interfaces may be out of order by a little */
		p->now = unix_us;
	if (!packet_view_read(link, octets, &v)) {
		p->lost.unread++;
		return false;
	}
	if (p->now - p->swept > SECONDS(1) / 2)
		sweep(p, false);
	if (!v.ip) {
		lan_packet(p, &v, octets);
	} else if (v.proto == IP_UDP && (v.dport == 67 || v.dport == 68)) {
		lan_dhcp(p, &v);
	} else if (v.proto == IP_UDP && (v.dport == 53 || v.sport == 53)) {
		names_packet(p, &v);
	} else if (v.proto == IP_TCP) {
		flow_packet(p, &v);
	} else if (packet_unreachable(&v, &about)) {
		refusal_packet(p, &v, &about);
	}
	return true;
}

void passive_end(struct passive *p)
{
	sweep(p, true);
	for (size_t i = 0; i < p->norder; i++)
		story_end(p, &p->host[p->order[i]]);
}

void passive_watch(struct passive *p, void (*fn)(void *arg, const struct passive_phone *phone), void *arg)
{
	p->watch = fn;
	p->watch_arg = arg;
}

size_t passive_phones(const struct passive *p)
{
	return p->norder;
}

const struct passive_phone *passive_phone_at(const struct passive *p, size_t i)
{
	return &p->host[p->order[i]].pub;
}

const struct passive_lost *passive_lost(const struct passive *p)
{
	return &p->lost;
}
