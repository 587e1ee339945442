/* phone/client/sntp.c: one source after the other, each asked twice. */
#include "phone/client/sntp.h"

#include <stdlib.h>

#include "base/ip.h"
#include "phone/client/srv.h"
#include "phone/run/core.h"
#include "phone/run/record.h"
#include "wire/sntp.h"
#include "wire/well_known.h"

#define TRIES 2
#define WAIT_MS 1500

struct sntp_client {
	struct dt_phone *ph;
	struct dns_client *dns;
	struct sntp_sources from;
	char domain[DT_NAME_MAX];
	bool ended;
	unsigned at; /* of the sources, in their order */
	uint64_t cookie;
	unsigned tries;
	uint32_t address; /* the server being asked; 0: none */
	uint32_t unset; /* the last server that answered without knowing the time; 0: none */
	struct attempt try;
	sntp_fn *done;
	void *arg;
};

static void sntp_next_source(struct sntp_client *c);

static void sntp_send(struct sntp_client *c)
{
	struct ph_core *core = ph_core(c->ph);
	uint8_t packet[48];
	struct wr w = wr_of(packet, sizeof packet);

	do
		ph_random(c->ph, &c->cookie, sizeof c->cookie);
	while (c->cookie == 0);
	sntp_ask(&w, c->cookie);
	core->body->udp(core->arg, c->address, 123, packet, wr_n(&w));
	c->tries++;
	ph_timer_set(c->ph, T_SNTP, WAIT_MS);
}

static void sntp_ask_server(struct sntp_client *c, uint32_t address)
{
	attempt_begin(c->ph, &c->try, "ntp");
	attempt_at(&c->try, address, 123);
	c->address = address;
	c->tries = 0;
	sntp_send(c);
}

static void sntp_have_address(void *arg, const struct dt_dns_answer *a)
{
	struct sntp_client *c = arg;

	if (a->status == DT_DNS_OK && a->n)
		sntp_ask_server(c, a->rr[0].address);
	else
		sntp_next_source(c);
}

static void sntp_have_srv(void *arg, const struct dt_dns_answer *a)
{
	struct sntp_client *c = arg;
	char host[DT_NAME_MAX];

	if (srv_best(c->ph, a, host))
		dns_ask(c->dns, host, DT_RR_A, sntp_have_address, c);
	else
		sntp_next_source(c);
}

static const char *sntp_unset_text(const struct sntp_client *c, char *out, size_t cap)
{
	char ip[16];

	text_set(out, cap, "%s answers, but its own clock is not set", ip_text(c->unset, ip));
	return out;
}

static void sntp_end(struct sntp_client *c, const char *why)
{
	c->ended = true;
	c->address = 0;
	ph_timer_off(c->ph, T_SNTP);
	c->done(c->arg, why);
}

static void sntp_next_source(struct sntp_client *c)
{
	unsigned srv = c->from.nntp, last = srv + 1 + c->from.ntime, at = c->at;
	char name[DT_NAME_MAX + 16], unset[80];

	if (at == srv && c->domain[0] == '\0')
		at++;
	c->at = at + 1;
	c->address = 0;
	if (at < srv) {
		sntp_ask_server(c, c->from.ntp[at]);
	} else if (at == srv) {
		text_set(name, sizeof name, SRV_NTP ".%s", c->domain);
		dns_ask(c->dns, name, DT_RR_SRV, sntp_have_srv, c);
	} else if (at < last) {
		sntp_ask_server(c, c->from.time[at - srv - 1]);
	} else if (at == last) {
		dns_ask(c->dns, "time.windows.com", DT_RR_A, sntp_have_address, c);
	} else {
		sntp_end(c, c->unset ? sntp_unset_text(c, unset, sizeof unset) : "no time server answers");
	}
}

struct sntp_client *sntp_begin(struct dt_phone *ph, struct dns_client *dns, const struct sntp_sources *s, sntp_fn *done, void *arg)
{
	struct sntp_client *c = ph_alloc(ph, sizeof *c);

	if (c == NULL)
		return NULL;
	*c = (struct sntp_client){.ph = ph, .dns = dns, .from = *s, .done = done, .arg = arg};
	text_set(c->domain, sizeof c->domain, "%s", s->domain);
	c->from.domain = NULL;
	sntp_next_source(c);
	return c;
}

bool sntp_ended(const struct sntp_client *c)
{
	return c == NULL || c->ended;
}

void sntp_free(struct sntp_client *c)
{
	if (c == NULL)
		return;
	if (!c->ended) {
		dns_drop(c->dns, c);
		ph_timer_off(c->ph, T_SNTP);
	}
	free(c);
}

void sntp_timer(struct sntp_client *c)
{
	char unset[80];

	if (sntp_ended(c) || c->address == 0)
		return;
	if (c->tries < TRIES) {
		sntp_send(c);
		return;
	}
	if (c->unset == c->address) {
		attempt_sign(&c->try, DT_SIGN_TIME_UNSET);
		attempt_fail(c->ph, &c->try, DT_F_CLOCK_WRONG, sntp_unset_text(c, unset, sizeof unset));
	} else {
		attempt_fail(c->ph, &c->try, DT_F_TIMEOUT, NULL);
	}
	sntp_next_source(c);
}

void sntp_udp(struct sntp_client *c, uint32_t address, const void *p, size_t n)
{
	struct ph_core *core;
	struct rd r = rd_of(p, n);
	int64_t now_ms, was;
	char found[64];
	enum sntp_answer got;

	if (sntp_ended(c) || c->address == 0 || address != c->address)
		return;
	got = sntp_read(&r, c->cookie, &now_ms);
	if (got == SNTP_UNSET) /* another question may be answered better: the time is over as if nothing had come */
		c->unset = address;
	if (got != SNTP_TIME)
		return;
	core = ph_core(c->ph);
	was = core->body->unix_ms(core->arg) + core->offset_ms;
	core->offset_ms += now_ms - was; /* the host's clock stays as it is */
	core->time_known = true;
	text_set(found, sizeof found, "the clock was off by %lld ms", (long long)(now_ms - was));
	attempt_ok(c->ph, &c->try, found, NULL);
	sntp_end(c, NULL);
}
