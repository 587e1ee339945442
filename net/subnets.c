#include "net/subnets.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/sv.h"

struct subnet {
	int family;
	uint8_t octet[16];
	unsigned bits;
};

static const char separators[] = " ,;\t";

/* The next word off the front of *rest; false: there is none. */
static bool word_next(struct sv *rest, struct sv *word)
{
	size_t n = 0;

	while (rest->n && strchr(separators, rest->p[0]))
		*rest = sv_from(*rest, 1);
	while (n < rest->n && strchr(separators, rest->p[n]) == NULL)
		n++;
	*word = (struct sv){rest->p, n};
	*rest = sv_from(*rest, n);
	return n > 0;
}

static bool address_read(struct sv text, struct subnet *ret)
{
	char name[INET6_ADDRSTRLEN];

	if (!sv_copy(name, sizeof name, text))
		return false;
	ret->family = memchr(text.p, ':', text.n) ? AF_INET6 : AF_INET;
	ret->bits = ret->family == AF_INET6 ? 128 : 32;
	return inet_pton(ret->family, name, ret->octet) == 1;
}

static bool bit_at(const uint8_t *octets, unsigned i)
{
	return octets[i / 8] >> (7 - i % 8) & 1;
}

/* NULL, or what is wrong with it. */
static const char *subnet_read(struct sv word, struct subnet *ret)
{
	struct sv address = sv_cut(&word, '/');
	bool whole = word.p == NULL || word.n == 0;
	uint64_t bits;
	unsigned most;

	*ret = (struct subnet){0};
	if (!address_read(address, ret))
		return "this is not an address, nor a subnet as 10.66.0.0/16";
	if (whole)
		return NULL;
	most = ret->bits;
	if (!sv_u64(word, most, &bits))
		return "behind the / a number of bits is needed";
	ret->bits = (unsigned)bits;
	for (unsigned i = ret->bits; i < most; i++)
		if (bit_at(ret->octet, i))
			return "this is one machine in a subnet: write the subnet, with zeros behind its bits";
	return NULL;
}

bool subnets_check(const char *list, struct why *why)
{
	struct sv rest = sv_of(list), word;
	struct subnet s;

	while (word_next(&rest, &word)) {
		const char *bad = subnet_read(word, &s);

		if (bad)
			return why_not(why, "%.*s: %s", (int)(word.n < 64 ? word.n : 64), word.p, bad);
	}
	return true;
}

bool subnets_have(const char *list, const char *address)
{
	struct sv rest = sv_of(list), word;
	struct subnet s, one = {0};

	if (!address_read(sv_of(address), &one))
		return false;
	while (word_next(&rest, &word)) {
		unsigned i = 0;

		if (subnet_read(word, &s) != NULL || s.family != one.family)
			continue;
		while (i < s.bits && bit_at(s.octet, i) == bit_at(one.octet, i))
			i++;
		if (i == s.bits)
			return true;
	}
	return false;
}
