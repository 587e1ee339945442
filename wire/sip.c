/* wire/sip.c: URIs, addresses and parameters (RFC 3261 25.1).
 *
 * LWS may hold a folded line's CRLF; it is passed over where the grammar has it and refused inside a URI.
 */
#include "wire/sip.h"

#include <string.h>

#include "base/enc.h"
#include "base/name.h"

static bool lws(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c > '@';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Every octet one of the set, or "%" HEXDIG HEXDIG. */
static bool uri_chars(struct sv s, enum char_set set)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			if (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0)
				return false;
			i += 2;
		} else if (!char_in(c, set)) {
			return false;
		}
	}
	return true;
}

/* scheme  =  ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ); 0: none */
static size_t scheme_n(struct sv s)
{
	size_t n = 0;

	if (s.n == 0 || !alpha(s.p[0]))
		return 0;
	while (n < s.n && (alpha(s.p[n]) || digit(s.p[n]) || s.p[n] == '+' || s.p[n] == '-' || s.p[n] == '.'))
		n++;
	return n < s.n && s.p[n] == ':' ? n : 0;
}

/* hostport  =  host [ ":" port ]; an IPv6reference comes out without its brackets. */
static bool hostport_read(struct sv s, struct sip_uri *u)
{
	struct sv host, port = {NULL, 0};
	uint64_t v = 0;

	if (s.n && s.p[0] == '[') {
		ptrdiff_t end = sv_find(s, ']');

		if (end < 3)
			return false;
		host = (struct sv){s.p + 1, (size_t)end - 1};
		port = sv_from(s, (size_t)end + 1);
		for (size_t i = 0; i < host.n; i++)
			if (hex_digit(host.p[i]) < 0 && host.p[i] != ':' && host.p[i] != '.')
				return false;
		if (port.n && port.p[0] != ':')
			return false;
		port = port.n ? sv_from(port, 1) : (struct sv){NULL, 0};
	} else {
		port = s;
		host = sv_cut(&port, ':');
		if (host_check(host) != NULL)
			return false;
		host = name_plain(host);
	}
	if (host.n == 0 || host.n > 255 || (port.p && (!sv_u64(port, 65535, &v) || v == 0)))
		return false;
	u->host = host;
	u->port = (uint16_t)v;
	return true;
}

bool sip_uri_read(struct sv s, struct sip_uri *ret)
{
	struct sip_uri u = {0};
	size_t n = scheme_n(s);
	struct sv rest, tail;
	ptrdiff_t at;

	u.scheme = (struct sv){s.p, n};
	rest = sv_from(s, n + 1);
	if (n && sv_ieq(u.scheme, SV("tel"))) { /* RFC 3966 */
		u.params = rest;
		u.user = sv_cut(&u.params, ';');
		for (size_t i = 0; i < u.user.n; i++)
			if (hex_digit(u.user.p[i]) < 0 && (u.user.p[i] == '\0' || !strchr("+-.()*#", u.user.p[i])))
				return false;
		if (u.user.n == 0 || !uri_chars(u.params, CHAR_PARAMS))
			return false;
		*ret = u;
		return true;
	}
	if (n == 0 || (!sv_ieq(u.scheme, SV("sip")) && !sv_ieq(u.scheme, SV("sips"))))
		return false;
	/* Only '@' ends the user: ';', '?', '/' and ',' may stand in it, '@' nowhere else. */
	at = sv_find(rest, '@');
	if (at >= 0) {
		struct sv password = {rest.p, (size_t)at};

		u.user = sv_cut(&password, ':');
		if (u.user.n == 0 || !uri_chars(u.user, CHAR_USER) || !uri_chars(password, CHAR_PASSWORD))
			return false;
		rest = sv_from(rest, (size_t)at + 1);
	}
	tail = rest;
	rest = sv_cut(&tail, '?');
	u.headers = tail;
	u.params = rest;
	rest = sv_cut(&u.params, ';');
	if (!hostport_read(rest, &u) || !uri_chars(u.params, CHAR_PARAMS) || !uri_chars(u.headers, CHAR_HEADERS))
		return false;
	*ret = u;
	return true;
}

/* Any URI: sip and tel by their own grammar, others by their characters. */
static bool any_uri(struct sv s)
{
	struct sip_uri u;
	size_t n = scheme_n(s);
	struct sv scheme = {s.p, n};

	if (n == 0 || n + 1 == s.n)
		return false;
	if (sv_ieq(scheme, SV("sip")) || sv_ieq(scheme, SV("sips")) || sv_ieq(scheme, SV("tel")))
		return sip_uri_read(s, &u);
	return uri_chars(sv_from(s, n + 1), CHAR_URI);
}

static struct sv skip_lws(struct sv s)
{
	while (s.n && lws(s.p[0]))
		s = sv_from(s, 1);
	return s;
}

/* Index behind the closing quote of the string that s begins with; 0: it does not end. */
static size_t quoted_n(struct sv s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

struct param {
	struct sv name, value;
	bool has_value;
};

/* generic-param  =  token [ EQUAL gen-value ]: what *s begins with; *s moves behind it and the blanks that follow. */
static bool param_next(struct sv *s, struct param *ret)
{
	struct param v = {0};
	struct sv at = skip_lws(*s);
	size_t n = 0;

	while (n < at.n && char_in(at.p[n], CHAR_TOKEN))
		n++;
	if (n == 0)
		return false;
	v.name = (struct sv){at.p, n};
	at = skip_lws(sv_from(at, n));
	if (at.n && at.p[0] == '=') {
		at = skip_lws(sv_from(at, 1));
		v.has_value = true;
		n = 0;
		if (at.n && at.p[0] == '"') {
			n = quoted_n(at);
			if (n == 0)
				return false;
			v.value = (struct sv){at.p + 1, n - 2};
		} else {
			while (n < at.n && !char_in(at.p[n], CHAR_VALUE_END))
				n++;
			v.value = (struct sv){at.p, n};
		}
		at = skip_lws(sv_from(at, n));
	}
	*ret = v;
	*s = at;
	return true;
}

bool sip_params_skip(struct sv *s)
{
	struct param p;

	*s = skip_lws(*s);
	while (s->n && s->p[0] == ';') {
		*s = sv_from(*s, 1);
		if (!param_next(s, &p))
			return false;
	}
	return s->n == 0 || s->p[0] == ',';
}

struct sv sip_param(struct sv params, const char *name)
{
	struct sv want = sv_of(name);
	struct param p;

	params = skip_lws(params);
	if (params.n && params.p[0] == ';')
		params = sv_from(params, 1);
	while (param_next(&params, &p)) {
		if (sv_ieq(p.name, want))
			return p.has_value ? p.value : (struct sv){p.name.p + p.name.n, 0};
		if (params.n == 0 || params.p[0] != ';')
			break;
		params = sv_from(params, 1);
	}
	return (struct sv){NULL, 0};
}

/* display-name  =  *(token LWS)/ quoted-string */
static bool sip_display_read(struct sv s, struct sv *ret)
{
	struct sv d = sv_trim(s);

	if (d.n && d.p[0] == '"') {
		if (quoted_n(d) != d.n)
			return false;
		*ret = (struct sv){d.p + 1, d.n - 2};
		return true;
	}
	for (size_t i = 0; i < d.n; i++) /* UTF-8 without quotes: DIFFERS, some phones send it */
		if (!char_in(d.p[i], CHAR_TOKEN) && !lws(d.p[i]) && (unsigned char)d.p[i] < 0x80)
			return false;
	*ret = d;
	return true;
}

/* Where the '<' of a name-addr stands; -1: an addr-spec. A quoted display name may hold one. */
static ptrdiff_t angle(struct sv s)
{
	size_t i = s.n && s.p[0] == '"' ? quoted_n(s) : 0;

	for (; i < s.n && s.p[i] != ',' && s.p[i] != ';'; i++)
		if (s.p[i] == '<')
			return (ptrdiff_t)i;
	return -1;
}

bool sip_addr_read(struct sv s, struct sip_addr *ret)
{
	struct sip_addr a = {0};
	struct sv at = skip_lws(s), params;
	ptrdiff_t open = angle(at);

	if (at.n && at.p[0] == '*') {
		a.star = true;
		at = skip_lws(sv_from(at, 1));
	} else if (open >= 0) {
		struct sv inner = sv_from(at, (size_t)open + 1);
		ptrdiff_t close = sv_find(inner, '>');

		if (close < 0 || !sip_display_read((struct sv){at.p, (size_t)open}, &a.display))
			return false;
		a.uri = (struct sv){inner.p, (size_t)close};
		at = sv_from(inner, (size_t)close + 1);
	} else {
		size_t n = 0;

		while (n < at.n && !lws(at.p[n]) && at.p[n] != ';' && at.p[n] != ',')
			n++;
		a.uri = (struct sv){at.p, n};
		/* "If the URI contains a comma, question mark or semicolon, the URI MUST be enclosed in angle brackets" */
		if (sv_find(a.uri, '?') >= 0)
			return false;
		at = sv_from(at, n);
	}
	if (!a.star && !any_uri(a.uri))
		return false;
	params = skip_lws(at);
	at = params;
	if (!sip_params_skip(&at))
		return false;
	params.n -= at.n;
	a.params = sv_trim(params.n ? sv_from(params, 1) : params);
	if (at.n) {
		a.rest = skip_lws(sv_from(at, 1));
		if (a.rest.n == 0)
			return false;
	}
	*ret = a;
	return true;
}

/* CSeq  =  "CSeq" HCOLON 1*DIGIT LWS Method; "The sequence number MUST be expressible as a 32-bit unsigned integer
 * and MUST be less than 2**31." */
bool sip_cseq_read(struct sv s, uint32_t *number, struct sv *method)
{
	size_t n = 0;
	uint64_t v;
	struct sv m;

	while (n < s.n && digit(s.p[n]))
		n++;
	m = sv_trim(sv_from(s, n));
	if (n == 0 || n == s.n || !lws(s.p[n]) || m.n == 0 || !sv_u64((struct sv){s.p, n}, 0x7fffffff, &v))
		return false;
	for (size_t i = 0; i < m.n; i++)
		if (!char_in(m.p[i], CHAR_TOKEN))
			return false;
	*number = (uint32_t)v;
	*method = m;
	return true;
}

bool sip_diag_read(struct sv value, struct sip_diag *ret)
{
	struct sip_diag d = {0};
	struct sv id = sv_cut(&value, ';');
	uint64_t v;

	if (!sv_u64(sv_trim(id), 0xffffffff, &v))
		return false;
	d.id = (unsigned)v;
	d.reason = sip_param(value, "reason");
	d.source = sip_param(value, "source");
	*ret = d;
	return true;
}

bool sip_keepalive_read(struct sv value, struct sip_keepalive *ret)
{
	struct sip_keepalive k = {0};
	struct sv role = sv_trim(sv_cut(&value, ';')), timeout;
	uint64_t v = 0;

	k.uas = sv_ieq(role, SV("UAS"));
	if (!k.uas && !sv_ieq(role, SV("UAC")))
		return false;
	k.hop_hop = sv_ieq(sip_param(value, "hop-hop"), SV("yes"));
	timeout = sip_param(value, "timeout");
	if (timeout.p && !sv_u64(timeout, UINT32_MAX, &v))
		return false;
	k.timeout = (uint32_t)v;
	*ret = k;
	return true;
}
