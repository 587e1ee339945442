#include "base/ip.h"

#include <stdio.h>

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
