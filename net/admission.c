#include "net/admission.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/ip.h"
#include "base/log.h"

#define LATE_MS 1000	  /* a short stall turns nobody away */
#define LATE_OVER_MS 2000 /* nobody was late for so long: it is over */
#define BEHIND_MS 100
#define BEHIND_KNOWN_MS 300 /* a phone on its way is worth some, but answers that come later than 2 s help nobody */
#define KNOWN_MS 120000	  /* from one handshake of a phone to its next */
#define LOG_EVERY_MS 60000

#define SLOW_TURNS 10 /* for so many of the longest good turns, then one stranger has its chance whatever turns last */

static uint64_t admission_now(const struct admission *a)
{
	return a->conf.now_ms ? a->conf.now_ms(a->conf.arg) : clock_mono_ms();
}

void admission_init(struct admission *a, const struct admission_conf *conf)
{
	*a = (struct admission){.conf = *conf};
}

static struct admission_known *admission_slot(struct admission *a, uint64_t key)
{
	return &a->known[(key * 0x9e3779b97f4a7c15ull >> 40) % ADMISSION_KNOWN];
}

/* NULL: nobody has come through a handshake from there lately. */
static struct admission_known *admission_knows(struct admission *a, const char *address, uint64_t now)
{
	uint64_t key = ip_key(address);
	struct admission_known *k = admission_slot(a, key);

	return key && k->key == key && k->until > now ? k : NULL;
}

void admission_through(struct admission *a, const char *address)
{
	uint64_t key = ip_key(address), now = admission_now(a);
	const struct admission_known *k = admission_knows(a, address, now);

	if (key)
		*admission_slot(a, key) = (struct admission_known){key, now + KNOWN_MS, 1 + (k ? k->further : 0)};
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
static bool admission_late(struct admission *a, unsigned waited_ms, bool known, uint64_t now)
{
	if (waited_ms <= a->conf.wait_ms)
		return false;
	if (now - a->late_last > LATE_OVER_MS)
		a->late_since = now;
	a->late_last = now;
	if (now - a->late_since < LATE_MS || (known && waited_ms <= a->conf.known_ms))
		return false;
	a->turned_away++;
	admission_log(a, now);
	return true;
}

/* A loop that was idle in between has had no turn that a phone waited for. */
static void admission_turn(struct admission *a, uint64_t now)
{
	uint64_t turn = loop_turn(a->conf.loop);

	if (turn == a->turn)
		return;
	a->slow = a->conf.turn_ms && turn == a->turn + 1 && now - a->turn_at > a->conf.turn_ms;
	a->turn = turn;
	a->turn_at = now;
	a->begun = 0;
}

static bool admission_crowded(const struct admission *a, uint64_t now)
{
	return a->slow && now - a->begun_at < SLOW_TURNS * (uint64_t)a->conf.turn_ms;
}

enum admission_verdict admission_ask(struct admission *a, int fd, const char *address)
{
	struct tcp_info info;
	socklen_t n = sizeof info;
	uint64_t now = admission_now(a);
	struct admission_known *known = admission_knows(a, address, now);
	bool first = known && known->further; /* before strangers */

	admission_turn(a, now);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0) {
		if (info.tcpi_state != TCP_ESTABLISHED) {
			a->hung_up++;
			return ADMIT_NEVER;
		}
		if (admission_late(a, info.tcpi_last_data_recv, known != NULL, now))
			return ADMIT_NEVER;
	}
	if (a->begun >= a->conf.at_once || (!first && admission_crowded(a, now)))
		return ADMIT_TURN;
	if (a->conf.behind_ms && a->conf.behind_ms(a->conf.arg) > (first ? BEHIND_KNOWN_MS : BEHIND_MS))
		return ADMIT_LATER;
	a->begun++;
	a->begun_at = now;
	a->admitted++;
	if (!first)
		return ADMIT_NOW;
	known->further--;
	return ADMIT_KNOWN;
}
