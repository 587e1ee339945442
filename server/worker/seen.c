/* server/worker/seen.c: a TLS connection that came to nothing, as a step of a phone's way. */
#include "base/clock.h"
#include "server/worker/internal.h"

#define LEFT                                                                                                                      \
	"the phone left behind the TLS handshake, without a word: it does not accept the certificate (its CA, its name or its dates)"

void worker_seen_tls(const struct seen_link *seen, enum seen_step step, struct conn *c, bool outside, const char *why)
{
	struct seen s = {.step = step, .evidence = SEEN_ADDRESS, .began = clock_mono_ms(), .outside = outside};

	if (!sv_copy(s.address, sizeof s.address, sv_of(conn_address(c))))
		return;
	if (why)
		seen_tls(&s, conn_tls(c) ? tls_alert(conn_tls(c)) : 0, why);
	else
		seen_refused(&s, DT_F_TLS_UNTRUSTED, LEFT);
	seen_send(seen, &s);
}
