/* wire/capture/dns.c
 *
 * RFC 1035 4.1.1:  id 2 | flags 2 | questions 2 | answers 2 | authorities 2 | additional 2
 *          4.1.2:  name | type 2 | class 2
 *          4.1.3:  name | type 2 | class 2 | TTL 4 | length 2 | data
 */
#include "wire/capture/dns.h"

enum { CLASS_IN = 1, POINTER = 0xc0, JUMPS = 16 };

/* RFC 1035 4.1.4: labels, up to an empty one or a pointer to an earlier place.  `whole`: the message, from its id. */
static void name_read(struct rd *r, const struct rd *whole, char ret[DNS_NAME_MAX])
{
	struct rd at = *r;
	size_t n = 0;
	bool jumped = false;

	for (unsigned jumps = 0; at.err == NULL;) {
		unsigned len = (unsigned)rd_be(&at, 1);

		if (len == 0)
			break;
		if (len >= POINTER) {
			size_t to = (len & 0x3f) << 8 | (size_t)rd_be(&at, 1);

			if (!jumped)
				r->p = at.p;
			jumped = true;
			if (++jumps > JUMPS || to >= rd_left(whole)) {
				rd_fail(&at, "a name in the message points nowhere");
				break;
			}
			at.p = whole->p + to;
			continue;
		}
		if (len > 63 || n + len + 2 > DNS_NAME_MAX) {
			rd_fail(&at, "a name in the message is too long");
			break;
		}
		if (n)
			ret[n++] = '.';
		for (; len && at.err == NULL; len--) {
			char c = (char)rd_be(&at, 1);

			if (c <= ' ' || c > '~')
				rd_fail(&at, "a name in the message cannot be printed");
			ret[n++] = c;
		}
	}
	ret[at.err ? 0 : n] = '\0';
	if (at.err)
		rd_fail(r, at.err);
	else if (!jumped)
		r->p = at.p;
}

static void record_read(struct rd *r, const struct rd *whole, struct dns_message *m)
{
	char owner[DNS_NAME_MAX];
	unsigned type, class;
	struct dns_record *rr = &m->rr[m->n < DNS_RECORDS ? m->n : 0];
	struct rd data;

	name_read(r, whole, owner);
	type = (unsigned)rd_be(r, 2);
	class = (unsigned)rd_be(r, 2);
	rd_take(r, 4);
	data = rd_sub(r, (size_t)rd_be(r, 2));
	if (r->err || type != m->type || class != CLASS_IN || m->n == DNS_RECORDS)
		return;
	if (type == DNS_A) {
		rr->address = (uint32_t)rd_be(&data, 4);
	} else if (type == DNS_SRV) {
		rr->priority = (uint16_t)rd_be(&data, 2);
		rr->weight = (uint16_t)rd_be(&data, 2);
		rr->port = (uint16_t)rd_be(&data, 2);
		name_read(&data, whole, rr->target);
	}
	m->n += data.err == NULL;
}

bool dns_read(struct rd *r, struct dns_message *ret)
{
	struct rd whole = *r;
	struct dns_message m = {.id = (uint16_t)rd_be(r, 2)};
	unsigned flags = (unsigned)rd_be(r, 2), questions = (unsigned)rd_be(r, 2), answers = (unsigned)rd_be(r, 2), class;

	rd_take(r, 4);
	if (r->err == NULL && questions != 1)
		rd_fail(r, "a DNS message has one question");
	name_read(r, &whole, m.name);
	m.type = (uint16_t)rd_be(r, 2);
	class = (unsigned)rd_be(r, 2);
	if (r->err == NULL && class != CLASS_IN)
		rd_fail(r, "its class is not IN");
	if (r->err)
		return false;
	m.answer = flags >> 15;
	m.rcode = flags & 15;
	for (; m.answer && answers && r->err == NULL; answers--)
		record_read(r, &whole, &m);
	*ret = m; /* a message that was cut (flag TC) counts by what it holds */
	return true;
}
