#include "wire/url.h"

#include <string.h>

static bool host_read(struct sv s, char out[256])
{
	if (s.n == 0 || s.n > 255 || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		/* '_' is no letter of a host name, but Windows names have it */
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'))
			return false;
		if (c == '.' && i && s.p[i - 1] == '.')
			return false;
		out[i] = c;
	}
	out[s.n] = '\0';
	return true;
}

/* path-abempty [ "?" query ] */
static bool path_read(struct sv s, char *out, size_t cap)
{
	size_t at = 0;

	if (s.n == 0 || s.p[0] == '?')
		out[at++] = '/';
	if (s.n >= cap - at)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"<>\\^`{|}", s.p[i]))
			return false;
	if (s.n)
		memcpy(out + at, s.p, s.n);
	out[at + s.n] = '\0';
	return true;
}

bool url_read(struct sv s, struct url *ret)
{
	static const struct {
		struct sv scheme;
		uint16_t port;
	} schemes[] = {{SV("http://"), 80}, {SV("https://"), 443}};
	struct url u = {0};
	struct sv authority, host;
	size_t end = 0;

	for (size_t i = 0; i < 2; i++)
		if (sv_istarts(s, schemes[i].scheme)) {
			u.https = i == 1;
			u.port = schemes[i].port;
			authority = sv_from(s, schemes[i].scheme.n);
		}
	if (u.port == 0 || sv_find(s, '#') >= 0 || sv_find(s, '\0') >= 0)
		return false;
	while (end < authority.n && authority.p[end] != '/' && authority.p[end] != '?')
		end++;
	if (!path_read(sv_from(authority, end), u.path, sizeof u.path))
		return false;
	authority.n = end;
	host = sv_cut(&authority, ':'); /* authority: now the port; user info fails as a host or as a port */
	if (authority.n) {
		uint64_t port;

		if (!sv_u64(authority, 65535, &port) || port == 0)
			return false;
		u.port = (uint16_t)port;
	}
	if (!host_read(host, u.host))
		return false;
	*ret = u;
	return true;
}
