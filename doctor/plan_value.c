/* doctor/plan_value.c reads values of DHCP options as the files of servers write them. */
#include "base/enc.h"
#include "doctor/plan_forms.h"

bool plan_hex_add(struct buf *to, struct sv text)
{
	char digits[2];
	unsigned n = 0;
	uint8_t octet;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == ' ' || text.p[i] == ':' || text.p[i] == '.')
			continue;
		digits[n++] = text.p[i];
		if (n == 2 && !hex_read((struct sv){digits, 2}, &octet, 1))
			return false;
		if (n == 2)
			buf_add(to, &octet, 1);
		n %= 2;
	}
	return n == 0;
}

/* RFC 3361 3.1: encoding 0, then the name as in DNS; dnsmasq and Kea are told the name. */
void plan_sip_name(struct buf *to, struct sv name)
{
	uint8_t zero = 0;

	if (to->n == 0)
		buf_add(to, &zero, 1);
	while (name.p && name.n) {
		struct sv label = sv_cut(&name, '.');
		uint8_t n = (uint8_t)(label.n < 64 ? label.n : 63);

		if (n == 0)
			continue;
		buf_add(to, &n, 1);
		buf_add(to, label.p, n);
	}
	buf_add(to, &zero, 1);
}

void plan_options_free(struct plan_options *o)
{
	for (unsigned i = 0; i < sizeof o->sub / sizeof *o->sub; i++)
		buf_free(&o->sub[i]);
	buf_free(&o->option43);
	buf_free(&o->option120);
}
