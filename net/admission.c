#include "net/admission.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/ip.h"
#include "base/log.h"

#define LATE_MS 1000	  /* a short stall turns nobody away */
#define LATE_OVER_MS 2000 /* nobody was late for so long: it is over */
#define BEHIND_MS 150
#define KNOWN_MS 120000	  /* from one handshake of a phone to its next */
#define LOG_EVERY_MS 60000

void admission_init(struct admission *a, const struct admission_conf *conf)
{
	*a = (struct admission){.conf = *conf};
}

static struct admission_known *admission_slot(struct admission *a, uint64_t key)
{
	return &a->known[(key * 0x9e3779b97f4a7c15ull >> 40) % ADMISSION_KNOWN];
}

static bool admission_knows(struct admission *a, const char *address, uint64_t now)
{
	uint64_t key = ip_key(address);
	const struct admission_known *k = admission_slot(a, key);

	return key && k->key == key && k->until > now;
}

void admission_through(struct admission *a, const char *address)
{
	uint64_t key = ip_key(address);

	if (key)
		*admission_slot(a, key) = (struct admission_known){key, clock_mono_ms() + KNOWN_MS};
}

/* One line a minute, whatever comes. */
static void admission_log(struct admission *a, uint64_t now)
{
	if (now < a->log_at)
		return;
	log_line(LOG_WARN, "worker", "overload: %s: %llu connections were turned away, for they had waited longer than %u ms; phones come back by themselves",
		 a->conf.what, (unsigned long long)(a->turned_away - a->logged), a->conf.wait_ms);
	a->logged = a->turned_away;
	a->log_at = now + LOG_EVERY_MS;
}

/* Its first octets came so long ago, and nobody has read them. */
static bool admission_late(struct admission *a, unsigned waited_ms, const char *address)
{
	uint64_t now = clock_mono_ms();

	if (waited_ms <= a->conf.wait_ms)
		return false;
	if (now - a->late_last > LATE_OVER_MS)
		a->late_since = now;
	a->late_last = now;
	if (now - a->late_since < LATE_MS || (waited_ms <= a->conf.known_ms && admission_knows(a, address, now)))
		return false;
	a->turned_away++;
	admission_log(a, now);
	return true;
}

enum admission_verdict admission_ask(struct admission *a, int fd, const char *address)
{
	struct tcp_info info;
	socklen_t n = sizeof info;

	if (a->turn != loop_turn(a->conf.loop)) {
		a->turn = loop_turn(a->conf.loop);
		a->begun = 0;
	}
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0) {
		if (info.tcpi_state != TCP_ESTABLISHED) {
			a->hung_up++;
			return ADMIT_NEVER;
		}
		if (admission_late(a, info.tcpi_last_data_recv, address))
			return ADMIT_NEVER;
	}
	if (a->begun >= a->conf.at_once)
		return ADMIT_TURN;
	if (a->conf.behind_ms && a->conf.behind_ms(a->conf.arg) > BEHIND_MS && !admission_knows(a, address, clock_mono_ms()))
		return ADMIT_LATER;
	a->begun++;
	a->admitted++;
	return ADMIT_NOW;
}
