#include "doctor/icmp.h"

enum { UDP = 17 };

/* RFC 1122 3.2.2.1: code 3, "port unreachable", is the machine's own; RFC 1812 5.2.7.1: 9, 10 and 13 are of a router that is told to
 * forbid.  Packet filters send 3 as well, from wherever they stand. */
enum dt_sign doctor_icmp_sign(const struct icmp_error *e)
{
	bool itself = e->from == e->dst;

	if (e->protocol == UDP)
		return DT_SIGN_ASKED_DNS_REFUSED;
	if (e->type == ICMP_TIME_EXCEEDED)
		return DT_SIGN_ASKED_NO_ROUTE;
	switch (e->code) {
	case ICMP_NET:
		return DT_SIGN_ASKED_NO_ROUTE;
	case ICMP_HOST:
		return itself ? DT_SIGN_ASKED_HOST_REFUSES : DT_SIGN_ASKED_OFF;
	case ICMP_TOO_LARGE:
		return DT_SIGN_NONE;
	default:
		return itself ? DT_SIGN_ASKED_HOST_REFUSES : DT_SIGN_ASKED_FORBIDDEN;
	}
}
