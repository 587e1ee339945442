#include "base/ip.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

const char *ip_text(uint32_t address, char out[IP_TEXT_MAX])
{
	snprintf(out, IP_TEXT_MAX, IP_FMT, IP_ARG(address));
	return out;
}

bool ip_read(struct sv s, uint32_t *ret)
{
	uint32_t v = 0;
	uint64_t part;

	for (int i = 0; i < 4; i++) {
		if (s.p == NULL || !sv_u64(sv_cut(&s, '.'), 255, &part))
			return false;
		v = v << 8 | (uint32_t)part;
	}
	if (s.p)
		return false;
	*ret = v;
	return true;
}

/* The key of 1.2.3.4 has its octets behind ones, which no global IPv6 prefix begins with. */
uint64_t ip_key(const char *address)
{
	struct in6_addr six;
	struct in_addr four;
	uint64_t key = 0;

	if (inet_pton(AF_INET, address, &four) == 1)
		return UINT64_C(0xffffffff00000000) | four.s_addr;
	if (inet_pton(AF_INET6, address, &six) != 1)
		return 0;
	memcpy(&key, six.s6_addr, sizeof key);
	return key ? key : 1; /* ::1 and its like */
}
