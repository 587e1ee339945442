/* wire/dhcp_names.c: the options that hold names as DNS writes them: 120 (RFC 3361) and 119 (RFC 3397).
 *
 * A name is labels (length 1, octets), ended by a zero; c0 and the octet behind it point back to an earlier place
 * of the same option.
 */
#include "wire/dhcp.h"

#include <string.h>

#include "base/name.h"

enum { LABEL_MAX = 63, POINTER = 0xc0, NAMES = 0, ADDRESSES = 1 };

/* Adds one label and its dot; NULL, or why not. */
static const char *label_add(char out[256], size_t *at, struct sv label)
{
	if (sv_find(label, '.') >= 0)
		return "the length of a label counts the dot";
	if (memchr(label.p, '\0', label.n))
		return "a name is not one that a host can have"; /* its text would end there */
	if (*at + label.n + 1 > NAME_TEXT_MAX)
		return "a name is longer than 253 characters";
	memcpy(out + *at, label.p, label.n);
	*at += label.n;
	out[(*at)++] = '.';
	return NULL;
}

/* Reads the name at *r; `all` is where pointers count from.  Each pointer must lead further back than the one
 * before, so that no loop is possible. */
static const char *domain_read(struct rd *r, struct rd all, char out[256])
{
	struct rd at = *r;
	size_t n = 0, lowest = (size_t)(r->p - all.p);
	bool jumped = false;

	for (;;) {
		unsigned length = (unsigned)rd_be(&at, 1);
		const char *why;

		if (at.err)
			return "a name lacks its final zero octet";
		if (length == 0)
			break;
		if ((length & POINTER) == POINTER) {
			size_t to = (length & 0x3f) << 8 | (unsigned)rd_be(&at, 1);

			if (at.err || to >= lowest)
				return "a name points to where no earlier name is";
			if (!jumped)
				*r = at;
			jumped = true;
			lowest = to;
			at = all;
			rd_take(&at, to);
			continue;
		}
		if (length > LABEL_MAX)
			return "a label is longer than 63 octets";
		if (rd_left(&at) < length)
			return "a label runs past the end of the option";
		if ((why = label_add(out, &n, rd_sv(&at, length))) != NULL)
			return why;
	}
	if (n == 0)
		return "a name is empty";
	out[n - 1] = '\0';
	if (host_check(sv_of(out)) != NULL)
		return "a name is not one that a host can have";
	if (!jumped)
		*r = at;
	return NULL;
}

/* All names of an area; those beyond `cap` are read and counted. */
static const char *names_read(struct rd r, char (*name)[256], unsigned cap, unsigned *ret, unsigned *more)
{
	struct rd all = r;
	unsigned n = 0;

	while (rd_left(&r)) {
		char one[256];
		const char *why = domain_read(&r, all, one);

		if (why)
			return why;
		if (n < cap)
			memcpy(name[n++], one, strlen(one) + 1);
		else
			++*more;
	}
	*ret = n;
	return n ? NULL : "it holds no name";
}

static void name_write(struct wr *w, const char *text)
{
	struct sv s = sv_of(text);

	if (host_check(s) != NULL)
		wr_fail(w, "a name is not one that a host can have");
	s = name_plain(s);
	while (s.p) {
		struct sv label = sv_cut(&s, '.');

		wr_be(w, 1, label.n);
		wr_put(w, label.p, label.n);
	}
	wr_be(w, 1, 0);
}

const char *dhcp_sip_read(struct sv option120, struct dhcp_sip *ret)
{
	struct rd r = rd_of(option120.p, option120.n);
	struct dhcp_sip sip = {.n = 0};
	const char *why;

	if (option120.n == 0)
		return "it is empty";
	sip.encoding = (uint8_t)rd_be(&r, 1);
	switch (sip.encoding) {
	case NAMES:
		if (rd_left(&r) && *r.p > LABEL_MAX && *r.p < POINTER)
			return "the name is plain text; it must be labels, each behind its length";
		if ((why = names_read(r, sip.name, sizeof sip.name / sizeof *sip.name, &sip.n, &sip.more)) != NULL)
			return why;
		break;
	case ADDRESSES:
		if (rd_left(&r) == 0 || rd_left(&r) % 4 != 0)
			return "its addresses do not have four octets each";
		while (rd_left(&r) && sip.n < sizeof sip.address / sizeof *sip.address)
			sip.address[sip.n++] = (uint32_t)rd_be(&r, 4);
		sip.more = (unsigned)(rd_left(&r) / 4);
		break;
	default:
		return sip.encoding >= ' ' && sip.encoding <= '~'
			   ? "it is plain text; an encoding octet and a name as DNS writes it is needed"
			   : "its encoding is neither 0 (names) nor 1 (addresses)";
	}
	*ret = sip;
	return NULL;
}

void dhcp_sip_write(struct wr *w, const struct dhcp_sip *sip)
{
	wr_be(w, 1, sip->encoding);
	for (unsigned i = 0; i < sip->n; i++) {
		if (sip->encoding == NAMES && i < sizeof sip->name / sizeof *sip->name)
			name_write(w, sip->name[i]);
		else if (sip->encoding == ADDRESSES && i < sizeof sip->address / sizeof *sip->address)
			wr_be(w, 4, sip->address[i]);
		else
			wr_fail(w, "there is no such encoding, or too much of it");
	}
}

const char *dhcp_search_read(struct sv option119, struct dhcp_search *ret)
{
	struct dhcp_search s = {.n = 0};
	const char *why = names_read(rd_of(option119.p, option119.n), s.name, sizeof s.name / sizeof *s.name, &s.n, &s.more);

	if (why == NULL)
		*ret = s;
	return why;
}

void dhcp_search_write(struct wr *w, const struct dhcp_search *s)
{
	for (unsigned i = 0; i < s->n && i < sizeof s->name / sizeof *s->name; i++)
		name_write(w, s->name[i]);
}
