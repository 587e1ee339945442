/* phone/client/sntp.c: the time, before any certificate is judged [network C.6].
 *
 * The order: DHCP option 42, SRV _ntp._udp, DHCP option 4, time.windows.com.  UNKNOWN: what a real phone puts first, and
 * whether it looks at 4.
 */
#include "phone/internal.h"
#include "wire/sntp.h"

#define TRIES 2
#define WAIT_MS 1500

static void next_source(struct dt_phone *ph);

static void ask(struct dt_phone *ph)
{
	uint8_t packet[48];
	struct wr w = wr_of(packet, sizeof packet);

	do
		dice(ph, &ph->sntp_cookie, sizeof ph->sntp_cookie);
	while (ph->sntp_cookie == 0);
	sntp_ask(&w, ph->sntp_cookie);
	ph->body->udp(ph->arg, ph->sntp_address, 123, packet, wr_n(&w));
	ph->sntp_tries++;
	timer_set(ph, T_SNTP, WAIT_MS);
}

static void begin(struct dt_phone *ph, uint32_t address)
{
	attempt_begin(ph, &ph->sntp_try, "ntp");
	attempt_at(&ph->sntp_try, address, 123);
	ph->sntp_address = address;
	ph->sntp_tries = 0;
	ask(ph);
}

static void have_address(struct dt_phone *ph, unsigned tag, const struct dt_dns_answer *a)
{
	(void)tag;
	if (a->status == DT_DNS_OK && a->n)
		begin(ph, a->rr[0].address);
	else
		next_source(ph);
}

static void have_srv(struct dt_phone *ph, unsigned tag, const struct dt_dns_answer *a)
{
	struct dt_dns_answer sorted = *a;

	(void)tag;
	srv_sort(ph, &sorted);
	if (a->status == DT_DNS_OK && sorted.n && sorted.rr[0].target[0])
		dns_ask(ph, sorted.rr[0].target, DT_RR_A, 0, have_address);
	else
		next_source(ph);
}

static void next_source(struct dt_phone *ph)
{
	const char *domain = ph->domain_conf ? ph->domain_conf : ph->lease.domain;
	unsigned srv = ph->lease.nntp, last = srv + 1 + ph->lease.ntime, at = ph->sntp_at;
	char name[DT_NAME_MAX + 16];

	if (at == srv && domain[0] == '\0')
		at++;
	ph->sntp_at = at + 1;
	ph->sntp_address = 0;
	if (at < srv) {
		begin(ph, ph->lease.ntp[at]);
	} else if (at == srv) {
		text(name, sizeof name, "_ntp._udp.%s", domain);
		dns_ask(ph, name, DT_RR_SRV, 0, have_srv);
	} else if (at < last) {
		begin(ph, ph->lease.time[at - srv - 1]);
	} else if (at == last) {
		dns_ask(ph, "time.windows.com", DT_RR_A, 0, have_address);
	} else {
		address_time(ph, false, "no time server answers");
	}
}

void sntp_begin(struct dt_phone *ph)
{
	ph->sntp_at = 0;
	next_source(ph);
}

void sntp_timer(struct dt_phone *ph)
{
	if (ph->sntp_address == 0)
		return;
	if (ph->sntp_tries < TRIES) {
		ask(ph);
		return;
	}
	attempt_fail(ph, &ph->sntp_try, DT_F_TIMEOUT, NULL);
	next_source(ph);
}

void sntp_udp(struct dt_phone *ph, uint32_t address, const void *p, size_t n)
{
	struct rd r = rd_of(p, n);
	int64_t now_ms, was = ph->body->unix_ms(ph->arg) + ph->offset_ms;
	char found[64];

	if (ph->sntp_address == 0 || address != ph->sntp_address || !sntp_read(&r, ph->sntp_cookie, &now_ms))
		return;
	timer_off(ph, T_SNTP);
	ph->sntp_address = 0;
	ph->offset_ms += now_ms - was; /* the host's clock stays as it is */
	ph->time_known = true;
	text(found, sizeof found, "the clock was off by %lld ms", (long long)(now_ms - was));
	attempt_ok(ph, &ph->sntp_try, found, NULL);
	address_time(ph, true, NULL);
}
