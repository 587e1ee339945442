/* wire/dhcp_uc.c: option 43 for Lync phones: code 1, length 1, value; 00 pads, ff ends.
 *
 *     class CPE-OCPHONE    10 the VLAN
 *     class MS-UC-Client    1 "MS-UC-Client"  2 scheme  3 host  4 port  5 path, all plain ASCII text
 *
 * What real servers send of this: dnsmasq turns the order round and puts an ff behind it; bare numbers come as one,
 * two or four octets; one blob may hold both classes; values carry zeros or blanks at their end.
 */
#include "wire/dhcp.h"

#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "base/name.h"
#include "wire/url.h"
#include "wire/well_known.h"

enum { IDENT = 1, SCHEME, HOST, PORT, PATH, VLAN = 10, VLAN_MAX = 4094 };

/* "200" or "0x00C8" */
static bool number_text(struct sv s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	s = sv_trim_text(s);
	if (!sv_istarts(s, SV("0x")))
		return sv_u64(s, max, ret);
	s = sv_from(s, 2);
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = hex_digit(s.p[i]);

		if (digit < 0 || (v = v << 4 | (unsigned)digit) > max)
			return false;
	}
	*ret = v;
	return true;
}

/* UNKNOWN: no source gives the width of sub-option 10.  Two octets is the best reading; what the servers' own
 * number types make of it, and text, is accepted too.  A single digit octet (0x30 to 0x39) counts as binary. */
static enum dhcp_vlan_form vlan_value(struct sv v, uint16_t *vlan)
{
	static const enum dhcp_vlan_form form[] = {
	    [1] = DHCP_VLAN_U8, [2] = DHCP_VLAN_U16, [3] = DHCP_VLAN_NONE, [4] = DHCP_VLAN_U32};
	struct rd r = rd_of(v.p, v.n);
	uint64_t n = 0;

	if (v.n < sizeof form / sizeof *form && form[v.n] != DHCP_VLAN_NONE) {
		n = rd_be(&r, (unsigned)v.n);
		if (n >= 1 && n <= VLAN_MAX) {
			*vlan = (uint16_t)n;
			return form[v.n];
		}
	}
	if (number_text(v, VLAN_MAX, &n) && n >= 1) {
		*vlan = (uint16_t)n;
		return DHCP_VLAN_TEXT;
	}
	return DHCP_VLAN_BAD;
}

enum dhcp_vlan_form dhcp_vlan_read(struct sv option43, uint16_t *vlan)
{
	struct rd r = rd_of(option43.p, option43.n);
	struct sv v = {0};
	uint8_t code = 0;

	while (dhcp_option_next(&r, &code, &v))
		if (code == VLAN)
			return vlan_value(v, vlan);
	return r.err && code == VLAN ? DHCP_VLAN_BAD : DHCP_VLAN_NONE;
}

void dhcp_vlan_write(struct wr *w, uint16_t vlan)
{
	wr_be(w, 1, VLAN);
	wr_be(w, 1, 2);
	wr_be(w, 2, vlan);
}

static void odd(struct dhcp_uc *uc, enum dt_sign sign)
{
	dt_signs_add(uc->odd, sign);
}

static enum dt_sign scheme_set(struct dhcp_uc *uc, struct sv v)
{
	if (v.p == NULL)
		odd(uc, DT_SIGN_UC_SCHEME_ABSENT);
	if (v.p == NULL || sv_ieq(v, SV("https")))
		strcpy(uc->scheme, "https");
	else if (sv_ieq(v, SV("http")))
		strcpy(uc->scheme, "http");
	else
		return DT_SIGN_UC_SCHEME_BAD;
	if (strcmp(uc->scheme, "http") == 0)
		odd(uc, DT_SIGN_UC_SCHEME_PLAIN);
	return DT_SIGN_NONE;
}

static enum dt_sign port_set(struct dhcp_uc *uc, struct sv v)
{
	uint64_t n = 0;
	struct rd r;

	if (v.p == NULL || v.n == 0) {
		uc->port = strcmp(uc->scheme, "https") == 0 ? 443 : 80;
		return DT_SIGN_NONE;
	}
	if (!sv_u64(v, 65535, &n) && v.n <= 4) { /* a bare number of the server's own: 01 bb */
		r = rd_of(v.p, v.n);
		n = rd_be(&r, (unsigned)v.n);
		odd(uc, DT_SIGN_UC_PORT_BINARY);
	}
	if (n < 1 || n > 65535)
		return DT_SIGN_UC_PORT_BAD;
	uc->port = (uint16_t)n;
	return DT_SIGN_NONE;
}

/* Hexadecimal digits as administration tools print them: bare, in pairs with colons, dashes, blanks or commas between, each or all
 * behind 0x or a backslash and x, in quotes or braces. */
static bool hex_as_text(struct sv v)
{
	size_t digits = 0;

	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i], before = '\0';

		if (i)
			before = v.p[i - 1];
		if (hex_digit(c) >= 0)
			digits++;
		else if ((c | 32) == 'x' && (before == '0' || before == '\\'))
			digits -= before == '0';
		else if (c == '\0' || strchr(" :-.,;%\"'{}()[]\\\t\r\n", c) == NULL)
			return false;
	}
	return digits >= 8;
}

/* R-04, "hand-made hex": names the text that was typed instead of codes, lengths and values.  NONE: nothing that can be told. */
static enum dt_sign typed_wrong(struct sv v)
{
	if (hex_as_text(sv_trim_text(v)))
		return DT_SIGN_UC_HEX_TYPED;
	if (sv_istarts(v, SV(DHCP_CLASS_UC)) || url_scheme(v))
		return DT_SIGN_UC_TEXT_TYPED;
	return DT_SIGN_NONE;
}

static enum dt_sign host_set(struct dhcp_uc *uc, struct sv v)
{
	if (url_scheme(v))
		return DT_SIGN_UC_HOST_URL;
	if (sv_find(v, ':') >= 0)
		return DT_SIGN_UC_HOST_PORT;
	return host_read(v, uc->host) == NULL ? DT_SIGN_NONE : DT_SIGN_UC_HOST_BAD;
}

static enum dt_sign path_set(struct dhcp_uc *uc, struct sv v)
{
	if (url_scheme(v))
		return DT_SIGN_UC_PATH_URL;
	if (v.p == NULL || v.n == 0) {
		odd(uc, DT_SIGN_UC_PATH_ABSENT);
		v = SV(CERTPROV_PATH);
	}
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return DT_SIGN_UC_PATH_BAD;
	if (v.p[0] != '/') {
		odd(uc, DT_SIGN_UC_PATH_SLASH);
		uc->path[0] = '/';
		return sv_copy(uc->path + 1, sizeof uc->path - 1, v) ? DT_SIGN_NONE : DT_SIGN_UC_PATH_LONG;
	}
	return sv_copy(uc->path, sizeof uc->path, v) ? DT_SIGN_NONE : DT_SIGN_UC_PATH_LONG;
}

enum dt_sign dhcp_uc_read(struct sv option43, struct dhcp_uc *ret)
{
	struct rd r = rd_of(option43.p, option43.n);
	struct dhcp_uc uc = {.port = 0};
	struct sv sub[PATH + 1] = {{0}}, v = {0};
	bool trimmed = false;
	enum dt_sign why;
	uint8_t code = 0;

	while (dhcp_option_next(&r, &code, &v)) {
		if (code > PATH || sub[code].p != NULL)
			continue; /* not for this class, or reported before */
		sub[code] = sv_trim_text(v);
		trimmed |= sub[code].n != v.n;
	}
	if ((why = typed_wrong(option43)) != DT_SIGN_NONE)
		return why;
	if (r.err)
		return DT_SIGN_UC_OVERRUN;
	if (trimmed)
		odd(&uc, DT_SIGN_UC_VALUE_PADDED);
	if (sv_ends(sub[HOST], SV(".")))
		odd(&uc, DT_SIGN_UC_HOST_DOT);
	if (sub[IDENT].p == NULL)
		return DT_SIGN_UC_CLASS_ABSENT;
	if (!sv_eq(sub[IDENT], SV(DHCP_CLASS_UC)))
		return DT_SIGN_UC_CLASS_OTHER;
	if ((why = host_set(&uc, sub[HOST])) || (why = scheme_set(&uc, sub[SCHEME])) || (why = port_set(&uc, sub[PORT])) ||
	    (why = path_set(&uc, sub[PATH])))
		return why;
	*ret = uc;
	return DT_SIGN_NONE;
}

static void sub_write(struct wr *w, unsigned code, const char *text)
{
	size_t n = strlen(text);

	if (n > 255)
		wr_fail(w, "a sub-option is longer than 255 octets");
	wr_be(w, 1, code);
	wr_be(w, 1, n);
	wr_put(w, text, n);
}

void dhcp_uc_write(struct wr *w, const struct dhcp_uc *uc)
{
	char port[8];

	snprintf(port, sizeof port, "%u", uc->port);
	sub_write(w, IDENT, DHCP_CLASS_UC);
	sub_write(w, SCHEME, uc->scheme);
	sub_write(w, HOST, uc->host);
	if (uc->port)
		sub_write(w, PORT, port);
	sub_write(w, PATH, uc->path);
}

bool dhcp_uc_url(const struct dhcp_uc *uc, char *out, size_t cap)
{
	unsigned usual = strcmp(uc->scheme, "https") == 0 ? 443 : 80;
	int n = uc->port == 0 || uc->port == usual
		    ? snprintf(out, cap, "%s://%s%s", uc->scheme, uc->host, uc->path)
		    : snprintf(out, cap, "%s://%s:%u%s", uc->scheme, uc->host, uc->port, uc->path);

	return n > 0 && (size_t)n < cap;
}
