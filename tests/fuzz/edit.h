/* tests/fuzz/edit.h: a genuine message, changed as a fuzzer's input says. */
#ifndef DIALTONE_TESTS_FUZZ_EDIT_H
#define DIALTONE_TESTS_FUZZ_EDIT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/cursor.h"

/* One change: what (1 octet), where (2, modulo the length), how many (1), and that many octets for those that need them.
 *
 *     0 exclusive or   1 insert   2 replace   3 remove   4 cut the rest   5 repeat   6 put in the place of all   7 nothing
 */
static inline void edit_one(struct rd *r, struct buf *message)
{
	uint8_t what = (uint8_t)(rd_be(r, 1) & 7);
	size_t at = (size_t)rd_be(r, 2), n = (size_t)rd_be(r, 1), room;
	struct sv octets = what == 0 || what == 1 || what == 2 || what == 6 ? rd_sv(r, n) : (struct sv){"", 0};
	const uint8_t *here;
	struct buf b = {0};

	if (r->err)
		return;
	at = message->n ? at % message->n : 0;
	room = message->n - at;
	here = message->n ? message->p + at : (const uint8_t *)"";
	if (message->n)
		buf_add(&b, message->p, what == 6 ? 0 : at);
	if (what == 1 || what == 2 || what == 6)
		buf_sv(&b, octets);
	if (what == 5)
		buf_add(&b, here, n < room ? n : room);
	if (what == 2 || what == 3)
		buf_add(&b, here + (n < room ? n : room), room - (n < room ? n : room));
	else if (what != 4 && what != 6)
		buf_add(&b, here, room);
	for (size_t i = 0; what == 0 && i < octets.n && at + i < b.n; i++)
		b.p[at + i] ^= (uint8_t)octets.p[i];
	buf_wipe(message);
	*message = b;
}

#endif
