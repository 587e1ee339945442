/* wire/dhcp.c: the message itself.
 *
 * RFC 2131 2:
 *
 *     op 1 | htype 1 | hlen 1 | hops 1 | xid 4 | secs 2 | flags 2 | ciaddr 4 | yiaddr 4 | siaddr 4 | giaddr 4 |
 *     chaddr 16 | sname 64 | file 128 | 63 82 53 63 | options: code 1, length 1, value; 00 pads, ff ends
 */
#include "wire/dhcp.h"

#include <string.h>

enum { COOKIE = 0x63825363, PAD = 0, OVERLOAD = 52, TYPE = 53, WANTED = 55, END = 255 };
enum { SNAME = 64, FILE_NAME = 128, CHADDR = 16, PIECE_MAX = 255, BOOTP_MIN = 300 };
enum { IN_FILE = 1, IN_SNAME = 2 };

const char *dhcp_type_name(unsigned type)
{
	static const char *const name[] = {"?",	      "DISCOVER", "OFFER", "REQUEST", "DECLINE",
					   "ACK",     "NAK",	  "RELEASE", "INFORM"};

	return type < sizeof name / sizeof *name ? name[type] : name[0];
}

/* Where options stand.  RFC 3396 5: the options field, then file, then sname. */
struct areas {
	struct rd area[3];
	unsigned n;
	uint8_t overload;
};

bool dhcp_option_next(struct rd *a, uint8_t *code, struct sv *value)
{
	while (rd_left(a) > 0) {
		*code = (uint8_t)rd_be(a, 1);
		if (*code == PAD)
			continue;
		if (*code == END)
			return false;
		*value = rd_sv(a, (size_t)rd_be(a, 1));
		return a->err == NULL;
	}
	return false;
}

/* RFC 2132 9.3: option 52 says that file (1), sname (2) or both hold options as well. */
static bool areas_find(struct rd *r, struct rd sname, struct rd file, struct areas *ret)
{
	struct rd main = rd_sub(r, rd_left(r)), walk = main;
	struct sv v = {0};
	uint8_t code = PAD, overload = 0;

	while (dhcp_option_next(&walk, &code, &v))
		if (code == OVERLOAD && v.n == 1)
			overload = (uint8_t)v.p[0];
	if (walk.err) {
		r->p = walk.p;
		rd_fail(r, "an option runs past the end of the message");
	}
	*ret = (struct areas){.overload = overload};
	ret->area[ret->n++] = main;
	if (overload & IN_FILE)
		ret->area[ret->n++] = file;
	if (overload & IN_SNAME)
		ret->area[ret->n++] = sname;
	return r->err == NULL;
}

/* The length that RFC 2132 gives an option for good; 0: the option may have any length. */
static size_t fixed_length(unsigned code)
{
	static const uint8_t length[256] = {
		[1] = 4, [2] = 4, [50] = 4, [51] = 4, [52] = 1, [53] = 1, [54] = 4, [57] = 2, [58] = 4, [59] = 4,
	};

	return length[code];
}

/* The octets of one option in the message. */
struct option_pieces {
	struct sv first;  /* the first piece */
	size_t length;	  /* of all that is joined */
	unsigned n;
	bool same;	  /* every piece is the first one over again */
};

/* RFC 3396 7 joins the pieces of an option, and no sender splits what fits in one piece: an option of fixed length that
 * stands twice, or a text that stands twice in the same words, is a server's mistake.  The first one counts then, as with
 * other clients. */
static bool option_repeated(unsigned code, const struct option_pieces *o)
{
	return o->n > 1 && ((fixed_length(code) && o->first.n == fixed_length(code)) || (o->same && o->first.n < PIECE_MAX));
}

/* How long each option is when its pieces are joined.  Checks everything that joining relies on. */
static bool areas_measure(struct rd *r, const struct areas *areas, struct option_pieces pieces[256])
{
	size_t total = 0;

	for (unsigned i = 0; i < areas->n; i++) {
		struct rd a = areas->area[i];
		struct sv v = {0};
		uint8_t code = PAD;

		while (dhcp_option_next(&a, &code, &v)) {
			struct option_pieces *o = &pieces[code];

			if (o->n++ == 0)
				*o = (struct option_pieces){.first = v, .n = 1, .same = true};
			o->same = o->same && sv_eq(o->first, v);
			o->length += v.n;
			total += v.n;
		}
		if (a.err) {
			r->p = a.p;
			rd_fail(r, "an option runs past the end of its field");
		}
	}
	if (total > DHCP_SIZE_MAX)
		rd_fail(r, "its options are longer than an Ethernet frame");
	for (unsigned code = 0; code < 256; code++)
		if (option_repeated(code, &pieces[code]))
			pieces[code].length = pieces[code].first.n;
	if (pieces[TYPE].n && pieces[TYPE].length != 1)
		rd_fail(r, "option 53 does not have one octet");
	return r->err == NULL;
}

/* RFC 3396 7: the pieces of an option are one value, in the order in which they stand. */
static void areas_join(const struct areas *areas, const struct option_pieces pieces[256], struct dhcp *d)
{
	size_t at = 0;

	d->repeated = 0;
	for (unsigned code = 0; code < 256; code++) {
		d->option[code] = (struct sv){pieces[code].n ? (const char *)d->joined + at : NULL, 0};
		at += pieces[code].length;
		if (d->repeated == 0 && option_repeated(code, &pieces[code]))
			d->repeated = (uint8_t)code;
	}
	for (unsigned i = 0; i < areas->n; i++) {
		struct rd a = areas->area[i];
		struct sv v = {0};
		uint8_t code = PAD;

		while (dhcp_option_next(&a, &code, &v)) {
			struct sv *o = &d->option[code];

			if (o->n + v.n > pieces[code].length)
				continue; /* it repeats the first piece */
			if (v.n)
				memcpy(d->joined + (o->p - (const char *)d->joined) + o->n, v.p, v.n);
			o->n += v.n;
		}
	}
}

/* The text of sname or file, where the field is not lent to options. */
static struct sv field_text(struct rd field, bool lent)
{
	return sv_trim_nul(rd_sv(&field, lent ? 0 : rd_left(&field)));
}

bool dhcp_read(struct rd *r, struct dhcp *ret)
{
	struct option_pieces pieces[256] = {0};
	struct areas areas;
	struct rd sname, file;
	const uint8_t *head = r->p, *mac;
	uint32_t xid, ciaddr, yiaddr, siaddr, giaddr;
	uint16_t secs, flags;

	rd_take(r, 4);
	if (r->err == NULL && (head[0] < 1 || head[0] > 2))
		rd_fail(r, "it is neither a request nor a reply");
	else if (r->err == NULL && (head[1] != 1 || head[2] != 6))
		rd_fail(r, "its hardware address is not Ethernet's");
	xid = (uint32_t)rd_be(r, 4);
	secs = (uint16_t)rd_be(r, 2);
	flags = (uint16_t)rd_be(r, 2);
	ciaddr = (uint32_t)rd_be(r, 4);
	yiaddr = (uint32_t)rd_be(r, 4);
	siaddr = (uint32_t)rd_be(r, 4);
	giaddr = (uint32_t)rd_be(r, 4);
	mac = rd_take(r, CHADDR);
	sname = rd_sub(r, SNAME);
	file = rd_sub(r, FILE_NAME);
	if (rd_be(r, 4) != COOKIE)
		rd_fail(r, "the magic cookie 63 82 53 63 is missing");
	if (r->err || !areas_find(r, sname, file, &areas) || !areas_measure(r, &areas, pieces))
		return false;

	ret->op = head[0];
	ret->hops = head[3];
	ret->xid = xid;
	ret->secs = secs;
	ret->flags = flags;
	ret->ciaddr = ciaddr;
	ret->yiaddr = yiaddr;
	ret->siaddr = siaddr;
	ret->giaddr = giaddr;
	memcpy(ret->chaddr, mac, 6);
	ret->sname = field_text(sname, areas.overload & IN_SNAME);
	ret->file = field_text(file, areas.overload & IN_FILE);
	areas_join(&areas, pieces, ret);
	ret->type = pieces[TYPE].n ? (uint8_t)ret->option[TYPE].p[0] : 0;
	return true;
}

/* RFC 3396 4: a value longer than 255 octets goes in several options of the same code. */
static void option_write(struct wr *w, unsigned code, struct sv v)
{
	do {
		size_t n = v.n < PIECE_MAX ? v.n : PIECE_MAX;

		wr_be(w, 1, code);
		wr_be(w, 1, n);
		wr_put(w, v.p, n);
		v = sv_from(v, n);
	} while (v.n);
}

static void zeros(struct wr *w, size_t n)
{
	while (n--)
		wr_be(w, 1, 0);
}

static void field_write(struct wr *w, struct sv s, size_t n)
{
	if (s.n > n)
		wr_fail(w, "a text is longer than its field");
	wr_put(w, s.p, s.n);
	zeros(w, s.n < n ? n - s.n : 0);
}

static void options_write(struct wr *w, const struct dhcp *d, const uint8_t *order)
{
	static const uint8_t usual[] = {TYPE, 0};
	bool written[256] = {[PAD] = true, [OVERLOAD] = true, [END] = true};

	for (order = order ? order : usual; *order; order++) {
		if (*order == TYPE && d->type)
			option_write(w, TYPE, (struct sv){(const char *)&d->type, 1});
		else if (*order != TYPE && d->option[*order].p && !written[*order])
			option_write(w, *order, d->option[*order]);
		written[*order] = true;
	}
	for (unsigned code = PAD + 1; code < END; code++)
		if (d->option[code].p && !written[code] && code != WANTED)
			option_write(w, code, d->option[code]);
	if (d->option[WANTED].p && !written[WANTED])
		option_write(w, WANTED, d->option[WANTED]);
}

void dhcp_write(struct wr *w, const struct dhcp *d, const uint8_t *order)
{
	size_t from = wr_n(w), n;

	wr_be(w, 1, d->op);
	wr_be(w, 2, 0x0106); /* Ethernet, six octets */
	wr_be(w, 1, d->hops);
	wr_be(w, 4, d->xid);
	wr_be(w, 2, d->secs);
	wr_be(w, 2, d->flags);
	wr_be(w, 4, d->ciaddr);
	wr_be(w, 4, d->yiaddr);
	wr_be(w, 4, d->siaddr);
	wr_be(w, 4, d->giaddr);
	wr_put(w, d->chaddr, sizeof d->chaddr);
	zeros(w, CHADDR - sizeof d->chaddr);
	field_write(w, d->sname, SNAME);
	field_write(w, d->file, FILE_NAME);
	wr_be(w, 4, COOKIE);
	options_write(w, d, order);
	wr_be(w, 1, END);
	/* RFC 1542 2.1: a BOOTP message has at least 300 octets */
	n = wr_n(w) - from;
	if (w->err == NULL && n < BOOTP_MIN)
		zeros(w, BOOTP_MIN - n);
}

bool dhcp_u32(const struct dhcp *d, unsigned code, uint32_t *ret)
{
	struct rd r;

	if (code > 255 || d->option[code].p == NULL || d->option[code].n != 4)
		return false;
	r = rd_of(d->option[code].p, 4);
	*ret = (uint32_t)rd_be(&r, 4);
	return true;
}

size_t dhcp_addrs(const struct dhcp *d, unsigned code, uint32_t *ret, size_t cap)
{
	size_t n = 0;
	struct rd r;

	if (code > 255 || d->option[code].p == NULL || d->option[code].n % 4 != 0)
		return 0;
	r = rd_of(d->option[code].p, d->option[code].n);
	while (n < cap && rd_left(&r))
		ret[n++] = (uint32_t)rd_be(&r, 4);
	return n;
}

/* RFC 2132 2: "Options containing NVT ASCII data SHOULD NOT include a trailing NULL; however, the receiver of such options
 * MUST be prepared to delete trailing nulls if they exist."  Windows' server puts one behind each text. */
struct sv dhcp_text(const struct dhcp *d, unsigned code)
{
	return sv_trim_text(code > 255 ? (struct sv){0} : d->option[code]);
}

/* ---- leases ---------------------------------------------------------------------------------------------------- */

/* RFC 2132 3.5, 3.6, 3.8, 8.3: "the length MUST always be a multiple of 4".  Returns the first option for which that does not hold; 0: none. */
static uint8_t odd_length(const struct dhcp *ack)
{
	static const uint8_t lists[] = {3, 6, 42, 4};

	for (size_t i = 0; i < sizeof lists; i++)
		if (ack->option[lists[i]].p && (ack->option[lists[i]].n == 0 || ack->option[lists[i]].n % 4 != 0))
			return lists[i];
	return 0;
}

uint8_t dhcp_odd_lease(const struct dhcp *ack, uint32_t seconds, uint8_t twice, enum dt_sign *sign)
{
	uint8_t option = odd_length(ack);

	if (seconds < DHCP_LEASE_SHORT_S)
		dt_signs_add(sign, DT_SIGN_LEASE_SHORT);
	if (option)
		dt_signs_add(sign, DT_SIGN_OPTION_LENGTH);
	if (twice)
		dt_signs_add(sign, DT_SIGN_OPTION_TWICE);
	return option ? option : twice;
}

enum dt_sign dhcp_unfit(const struct dhcp *ack, uint32_t address, uint32_t mask)
{
	uint32_t host = ~mask;

	if (address == 0 || address >> 28 >= 14 || address >> 24 == 127)
		return DT_SIGN_LEASE_ADDRESS;
	if (ack->option[1].p == NULL || mask == 0 || (host & (host + 1)) != 0)
		return DT_SIGN_LEASE_MASK;
	if (host > 1 && ((address & host) == 0 || (address & host) == host)) /* the network's own, and everybody's (RFC 1122 3.2.1.3) */
		return DT_SIGN_LEASE_ADDRESS;
	return DT_SIGN_NONE;
}
