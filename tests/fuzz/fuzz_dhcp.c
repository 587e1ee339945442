/* tests/fuzz/fuzz_dhcp.c: a message, then each option that has a reader of its own.  A message that is read is
 * written and read again, the same; and so are its options. */
#include <stdlib.h>
#include <string.h>

#include "wire/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

enum { ROOM = 4096 };

static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct sv written(const uint8_t *out, const struct wr *w)
{
	check(w->err == NULL);
	return (struct sv){(const char *)out, wr_n(w)};
}

static void option43(struct sv v)
{
	struct dhcp_uc uc, uc2;
	uint16_t vlan = 0, vlan2 = 0;
	uint8_t out[ROOM];
	struct wr w = wr_of(out, sizeof out);
	enum dhcp_vlan_form form = dhcp_vlan_read(v, &vlan);
	char url[800];

	if (form != DHCP_VLAN_NONE && form != DHCP_VLAN_BAD) {
		check(vlan >= 1 && vlan <= 4094);
		dhcp_vlan_write(&w, vlan);
		check(dhcp_vlan_read(written(out, &w), &vlan2) == DHCP_VLAN_U16 && vlan2 == vlan);
	}
	memset(&uc, 0, sizeof uc);
	if (dhcp_uc_read(v, &uc) == DT_SIGN_NONE) {
		w = wr_of(out, sizeof out);
		dhcp_uc_write(&w, &uc);
		memset(&uc2, 0, sizeof uc2);
		check(dhcp_uc_read(written(out, &w), &uc2) == DT_SIGN_NONE && uc2.port == uc.port &&
		      strcmp(uc.host, uc2.host) == 0 && strcmp(uc.path, uc2.path) == 0 &&
		      uc2.odd[0] == (strcmp(uc.scheme, "http") == 0 ? DT_SIGN_UC_SCHEME_PLAIN : DT_SIGN_NONE));
		check(dhcp_uc_url(&uc, url, sizeof url));
	}
}

static void names(struct sv v)
{
	struct dhcp_search s, s2;
	struct dhcp_sip sip, sip2;
	uint8_t out[ROOM];
	struct wr w = wr_of(out, sizeof out);

	if (dhcp_search_read(v, &s) == NULL) {
		dhcp_search_write(&w, &s);
		check(dhcp_search_read(written(out, &w), &s2) == NULL && s2.n == s.n);
		for (unsigned i = 0; i < s.n; i++)
			check(strcmp(s.name[i], s2.name[i]) == 0);
	}
	if (dhcp_sip_read(v, &sip) == NULL) {
		w = wr_of(out, sizeof out);
		dhcp_sip_write(&w, &sip);
		check(dhcp_sip_read(written(out, &w), &sip2) == NULL && sip2.n == sip.n);
		for (unsigned i = 0; i < sip.n && sip.encoding == 0; i++)
			check(strcmp(sip.name[i], sip2.name[i]) == 0);
	}
}

static void message(const uint8_t *p, size_t n)
{
	struct dhcp *d = malloc(sizeof *d), *d2 = malloc(sizeof *d2);
	struct rd r = rd_of(p, n);
	uint8_t out[ROOM];

	check(d && d2);
	if (dhcp_read(&r, d)) {
		struct wr w = wr_of(out, sizeof out);

		dhcp_write(&w, d, NULL);
		check(w.err == NULL);
		r = rd_of(out, wr_n(&w));
		check(dhcp_read(&r, d2) && d2->xid == d->xid && d2->yiaddr == d->yiaddr);
		for (unsigned i = 1; i < 255; i++)
			if (i != 52 && !(i == 53 && d->type == 0))
				check(sv_eq(d->option[i], d2->option[i]));
		if (d->option[43].p)
			option43(d->option[43]);
	} else {
		check(r.err != NULL);
	}
	free(d);
	free(d2);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1);

	check(in);
	if (n)
		memcpy(in, p, n);
	message(in, n);
	option43((struct sv){(const char *)in, n});
	names((struct sv){(const char *)in, n});
	free(in);
	return 0;
}
