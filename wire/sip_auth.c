/* wire/sip_auth.c: the authentication headers of [MS-SIPAE], read by one table and written by another.
 *
 * SIPE finds parameters by substring: name="value" without blanks around '=', ", " between them, version bare.
 */
#include "wire/sip.h"

#include <string.h>

enum sip_auth_field { QOP, REALM, TARGETNAME, OPAQUE, GSSAPI, VERSION, CRAND, CNUM, RESPONSE, SRAND, SNUM, RSPAUTH, STS_URI, FIELDS };

static const struct {
	struct sv name;
	size_t at;
} fields[FIELDS] = {
	[QOP] = {SV("qop"), offsetof(struct sip_auth, qop)},
	[REALM] = {SV("realm"), offsetof(struct sip_auth, realm)},
	[TARGETNAME] = {SV("targetname"), offsetof(struct sip_auth, targetname)},
	[OPAQUE] = {SV("opaque"), offsetof(struct sip_auth, opaque)},
	[GSSAPI] = {SV("gssapi-data"), offsetof(struct sip_auth, gssapi)},
	[VERSION] = {SV("version"), offsetof(struct sip_auth, version)},
	[CRAND] = {SV("crand"), offsetof(struct sip_auth, crand)},
	[CNUM] = {SV("cnum"), offsetof(struct sip_auth, cnum)},
	[RESPONSE] = {SV("response"), offsetof(struct sip_auth, response)},
	[SRAND] = {SV("srand"), offsetof(struct sip_auth, srand)},
	[SNUM] = {SV("snum"), offsetof(struct sip_auth, snum)},
	[RSPAUTH] = {SV("rspauth"), offsetof(struct sip_auth, rspauth)},
	[STS_URI] = {SV("sts-uri"), offsetof(struct sip_auth, sts_uri)},
};

static const struct sv *sip_auth_field(const struct sip_auth *a, enum sip_auth_field f)
{
	return (const struct sv *)((const char *)a + fields[f].at);
}

static struct sv sip_auth_skip_lws(struct sv s)
{
	while (s.n && strchr(" \t\r\n", s.p[0]) && s.p[0])
		s = sv_from(s, 1);
	return s;
}

static size_t name_n(struct sv s)
{
	size_t n = 0;

	while (n < s.n && char_in(s.p[n], CHAR_TOKEN))
		n++;
	return n;
}

/* token or quoted-string; *s moves behind it.  A bare value ends at a blank or comma; one with a backslash or quote in it is none, as it
 * could not go out again between quotes. */
static bool value_next(struct sv *s, struct sv *ret)
{
	size_t n = 0;

	if (s->n && s->p[0] == '"') {
		for (n = 1; n < s->n && s->p[n] != '"'; n++)
			if (s->p[n] == '\\')
				n++;
		if (n >= s->n)
			return false;
		*ret = (struct sv){s->p + 1, n - 1};
		*s = sv_from(*s, n + 1);
		return true;
	}
	while (n < s->n && s->p[n] && !strchr(" \t\r\n,\"\\", s->p[n]))
		n++;
	*ret = (struct sv){s->p, n};
	*s = sv_from(*s, n);
	return n > 0;
}

bool sip_auth_read(struct sv value, struct sip_auth *ret)
{
	struct sip_auth a = {0};
	unsigned seen = 0;
	size_t n;

	value = sv_trim(value);
	n = name_n(value);
	a.scheme = (struct sv){value.p, n};
	value = sv_from(value, n);
	if (n == 0 || (value.n && sip_auth_skip_lws(value).n == value.n))
		return false;
	value = sip_auth_skip_lws(value);
	while (value.n) {
		struct sv name = {value.p, name_n(value)}, v;

		value = sip_auth_skip_lws(sv_from(value, name.n));
		if (name.n == 0 || value.n == 0 || value.p[0] != '=')
			return false;
		value = sip_auth_skip_lws(sv_from(value, 1));
		if (!value_next(&value, &v))
			return false;
		for (enum sip_auth_field f = 0; f < FIELDS; f++)
			if (sv_ieq(name, fields[f].name)) {
				if (seen & 1u << f)
					return false;
				seen |= 1u << f;
				memcpy((char *)&a + fields[f].at, &v, sizeof v);
			}
		value = sip_auth_skip_lws(value);
		if (value.n == 0)
			break;
		if (value.p[0] != ',')
			return false;
		value = sip_auth_skip_lws(sv_from(value, 1));
		if (value.n == 0)
			return false;
	}
	a.has_gssapi = seen & 1u << GSSAPI;
	*ret = a;
	return true;
}

void sip_auth_write(struct buf *b, enum sip_auth_role role, const struct sip_auth *a)
{
	static const enum sip_auth_field orders[][FIELDS + 1] = {
		{REALM, TARGETNAME, VERSION, STS_URI, FIELDS}, /* the first 401 */
		{OPAQUE, GSSAPI, TARGETNAME, REALM, VERSION, FIELDS},
		{QOP, OPAQUE, REALM, TARGETNAME, GSSAPI, VERSION, CRAND, CNUM, RESPONSE, FIELDS},
		{QOP, OPAQUE, SRAND, SNUM, RSPAUTH, TARGETNAME, REALM, VERSION, FIELDS},
	};
	const enum sip_auth_field *order = role == SIP_CREDENTIALS ? orders[2] : role == SIP_AUTH_INFO ? orders[3] : orders[a->opaque.n > 0];
	const char *between = " ";

	buf_sv(b, a->scheme);
	for (; *order != FIELDS; order++) {
		struct sv v = *sip_auth_field(a, *order);

		if (*order == QOP && v.n == 0)
			v = SV("auth");
		if (v.n == 0 && !(*order == GSSAPI && a->has_gssapi))
			continue;
		buf_str(b, between);
		buf_sv(b, fields[*order].name);
		buf_str(b, *order == VERSION ? "=" : "=\"");
		buf_sv(b, v);
		buf_str(b, *order == VERSION ? "" : "\"");
		between = ", ";
	}
}
