#include "cmd/decode/input.h"

#include <string.h>

#include "base/enc.h"

/* ---- hex dumps ---------------------------------------------------------------------------------------------------- */

enum { OFFSET_MIN = 4, LINE_OCTETS = 16, HALF = 8, TCPDUMP_AT = 3 };

static bool input_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static size_t blanks(struct sv s)
{
	size_t n = 0;

	while (n < s.n && input_blank(s.p[n]))
		n++;
	return n;
}

static size_t input_digits(struct sv s)
{
	size_t n = 0;

	while (n < s.n && hex_digit(s.p[n]) >= 0)
		n++;
	return n;
}

static uint64_t value_of(struct sv s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 4 | (uint64_t)hex_digit(s.p[i]);
	return v;
}

/* "00000010: ", "00000010  ", "0010   ", "0x0010:  ", and "000010 " before single octets: where a line stands.  The first
 * one is 0; one with nothing behind it ends a dump. */
static bool offset(struct sv *line, size_t at, bool first, uint64_t *ret)
{
	struct sv s = sv_istarts(*line, SV("0x")) ? sv_from(*line, 2) : *line;
	size_t n = input_digits(s), gap;
	bool colon;

	if (n < OFFSET_MIN || n > 12)
		return false;
	*ret = value_of((struct sv){s.p, n});
	s = sv_from(s, n);
	if (first && (*ret != 0 || s.n == 0))
		return false;
	colon = s.n && s.p[0] == ':';
	s = sv_from(s, colon ? 1 : 0);
	gap = blanks(s);
	if (!(colon && gap) && gap < 2 && s.n && !(*ret == at && gap == 1 && input_digits(sv_from(s, 1)) == 2))
		return false;
	*line = s;
	return true;
}

/* The octets of a line with an offset: up to the letters behind them. */
static bool numbered(struct sv s, struct buf *to)
{
	size_t began = to->n;

	while (s.n) {
		size_t gap = blanks(s), n, have = to->n - began;
		uint8_t octet;

		s = sv_from(s, gap);
		n = input_digits(s);
		if (n == 0 || n % 2 || have == LINE_OCTETS || (n < s.n && !input_blank(s.p[n])))
			break;
		if (have && gap > 1 && !(gap == 2 && have == HALF && n == 2))
			break;
		for (size_t i = 0; i < n; i += 2) {
			if (!hex_read((struct sv){s.p + i, 2}, &octet, 1))
				return false;
			buf_add(to, &octet, 1);
		}
		s = sv_from(s, n);
	}
	return to->n > began;
}

/* The octets of a line without one: nothing else may stand there but a comment. */
static bool input_plain(struct sv s, struct buf *to)
{
	while (s.n) {
		size_t n;
		uint8_t octet;

		if (input_blank(s.p[0]) || s.p[0] == ':' || s.p[0] == '-' || s.p[0] == ',') {
			s = sv_from(s, 1);
			continue;
		}
		if (s.p[0] == '#')
			return true;
		if (sv_istarts(s, SV("0x")))
			s = sv_from(s, 2);
		n = input_digits(s);
		if (n == 0 || n % 2)
			return false;
		for (size_t i = 0; i < n; i += 2) {
			if (!hex_read((struct sv){s.p + i, 2}, &octet, 1))
				return false;
			buf_add(to, &octet, 1);
		}
		s = sv_from(s, n);
	}
	return true;
}

/* hexdump's "*": the line above again, up to the next offset. */
static bool squeezed(struct buf *to, uint64_t upto, size_t most)
{
	if (to->n < LINE_OCTETS || upto > most || (upto - to->n) % LINE_OCTETS)
		return false;
	while (to->n < upto && !to->oom) {
		uint8_t line[LINE_OCTETS];

		memcpy(line, to->p + to->n - LINE_OCTETS, sizeof line);
		buf_add(to, line, sizeof line);
	}
	return true;
}

/* tcpdump says a line about each packet before its octets, which it sets in by a tab. */
static bool by_tcpdump(struct sv text)
{
	return text.n > TCPDUMP_AT && memmem(text.p, text.n, "\n\t0x0000:", 9) != NULL;
}

enum dump dump_read(struct sv text, size_t most, struct buf *ret, const char **why)
{
	bool tcpdump = by_tcpdump(text), star = false, with_offsets = false;
	uint64_t at = 0;

	while (text.p && ret->n <= most) {
		struct sv line = sv_cut(&text, '\n');
		size_t in = blanks(line);

		if (tcpdump && !sv_starts(line, SV("\t0x")))
			continue;
		line = sv_from(line, in);
		if (line.n == 0)
			continue;
		if (with_offsets && line.p[0] == '*') {
			star = true;
			continue;
		}
		if (!offset(&line, ret->n, !with_offsets, &at)) {
			if (with_offsets) {
				*why = "the offsets of the hex dump do not follow one another (hexadecimal ones are wanted)";
				return DUMP_BAD;
			}
			if (!input_plain(line, ret))
				return DUMP_NONE;
			continue;
		}
		if (with_offsets && at == 0) {
			*why = "the dump holds more than one packet: one message is wanted";
			return DUMP_BAD;
		}
		if ((star && at > ret->n && !squeezed(ret, at, most)) || at != ret->n) {
			*why = "the offsets of the hex dump do not follow one another";
			return DUMP_BAD;
		}
		star = false;
		if (blanks(line) < line.n && !numbered(line, ret))
			return DUMP_NONE;
		with_offsets = true;
	}
	return ret->n ? DUMP_READ : DUMP_NONE;
}
