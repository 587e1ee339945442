/* wire/sntp.c
 *
 * RFC 4330 4, the message; only the fields that we read or write are named:
 *
 *     LI 2 | VN 3 | Mode 3     octet 0
 *     stratum                  octet 1
 *     originate timestamp      octets 24..31: what the client sent as its transmit timestamp
 *     transmit timestamp       octets 40..47: seconds since 1900 (32 bits) and their fraction (32 bits)
 */
#include "wire/sntp.h"

enum { CLIENT = 3, SERVER = 4, VERSION = 4, UNSYNCHRONIZED = 3, STRATUM_MAX = 15 };

#define UNIX_EPOCH 2208988800 /* 1970 in seconds since 1900 */

void sntp_ask(struct wr *w, uint64_t cookie)
{
	wr_be(w, 1, VERSION << 3 | CLIENT);
	for (unsigned i = 1; i < 40; i++)
		wr_be(w, 1, 0);
	wr_be(w, 8, cookie);
}

/* RFC 4330 3: "If bit 0 is set, the UTC time is in the range 1968-2036 ...  If bit 0 is not set, the time is in
 * the range 2036-2104" */
static int64_t unix_ms_of(uint64_t stamp)
{
	int64_t s = (int64_t)(stamp >> 32), fraction = (int64_t)(stamp & 0xffffffff);

	if (!(stamp >> 63))
		s += INT64_C(1) << 32;
	return (s - UNIX_EPOCH) * 1000 + (fraction * 1000 >> 32);
}

enum sntp_answer sntp_read(struct rd *r, uint64_t cookie, int64_t *unix_ms)
{
	uint8_t first = (uint8_t)rd_be(r, 1);
	uint8_t stratum = (uint8_t)rd_be(r, 1);
	uint64_t originate, transmit;

	rd_take(r, 22); /* poll, precision, root delay and dispersion, reference */
	originate = rd_be(r, 8);
	rd_take(r, 8); /* receive timestamp */
	transmit = rd_be(r, 8);
	/* What follows, a key identifier and digest or extension fields, is not ours to judge. */
	if (r->err)
		return SNTP_NONE;
	if ((first & 7) != SERVER) {
		rd_fail(r, "it is not a server's answer");
	} else if (first >> 6 == UNSYNCHRONIZED || stratum == 0 || stratum > STRATUM_MAX) {
		rd_fail(r, first >> 6 == UNSYNCHRONIZED ? "the server reports that its clock is not set"
							: "the server reports that it has no source of time");
		return SNTP_UNSET;
	} else if (originate != cookie) {
		rd_fail(r, "it answers another question");
	} else if (transmit == 0) {
		rd_fail(r, "it carries no time");
	}
	if (r->err)
		return SNTP_NONE;
	*unix_ms = unix_ms_of(transmit);
	return SNTP_TIME;
}
