/* phone/client/http_clock.c: the clocks that a web server's answer lets the phone compare. */
#include <string.h>

#include "base/date.h"
#include "phone/client/http.h"
#include "phone/run/core.h"
#include "phone/run/record.h"

#define DATE_OFF_S 300

/* In the largest unit that leaves at least two: "90 minutes", "550 days". */
static const char *http_span_text(int64_t seconds, char out[32])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
	size_t i = 0;

	while (i + 1 < sizeof units / sizeof *units && seconds < 2 * units[i].seconds)
		i++;
	text_set(out, 32, "%lld %s", (long long)(seconds / units[i].seconds), units[i].name);
	return out;
}

/* Three clocks know more than two: when the web server's and that of the phone's body agree, the time server's is the odd one. */
static enum dt_sign http_odd_clock(const struct http_client *h, int64_t theirs)
{
	struct ph_core *core = ph_core(h->ph);
	int64_t own = core->body->unix_ms(core->arg) / 1000, off = theirs - own;

	if (!core->time_known)
		return DT_SIGN_NONE;
	if (off >= -DATE_OFF_S && off <= DATE_OFF_S)
		return DT_SIGN_TIME_ODD;
	return core->offset_ms / 1000 >= -DATE_OFF_S && core->offset_ms / 1000 <= DATE_OFF_S ? DT_SIGN_WEB_TIME_ODD : DT_SIGN_NONE;
}

/* "The phone also takes the Date: header of any HTTP answer as a cross-check and flags > 5 min" [network C.6].
 * It only reports the difference and never sets the clock: plain HTTP is not authenticated.  Once a run. */
void http_clock_compare(struct http_client *h)
{
	struct ph_core *core = ph_core(h->ph);
	struct attempt a;
	int64_t theirs, off;
	char found[96], span[32];

	if (core->clock_reported || !http_date_read(msg_get(&h->m, "Date"), &theirs))
		return;
	off = theirs - ph_unix_s(h->ph);
	if (off >= -DATE_OFF_S && off <= DATE_OFF_S) {
		core->clock_confirmed = true;
		return;
	}
	core->clock_reported = true;
	attempt_begin(h->ph, &a, "clock");
	attempt_http(&a, h);
	memset(a.sign, 0, sizeof a.sign);
	attempt_sign(&a, http_odd_clock(h, theirs));
	attempt_sign(&a, DT_SIGN_CLOCK_DIFFERS);
	a.fact.off_s = off;
	text_set(found, sizeof found, "the web server's is %s %s the phone's", http_span_text(off < 0 ? -off : off, span),
	     off < 0 ? "behind" : "ahead of");
	attempt_ok(h->ph, &a, found, core->time_known ? "the web server's clock differs from the time server's"
						  : "the phone's clock differs from the web server's, and no time server answered");
}
