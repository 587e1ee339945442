#include "wire/url.h"

#include <string.h>

#include "base/name.h"

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

size_t url_scheme(struct sv s)
{
	return sv_istarts(s, SV("http://")) ? 7 : sv_istarts(s, SV("https://")) ? 8 : 0;
}

bool url_read(struct sv s, struct url *ret)
{
	size_t scheme = url_scheme(s), end = 0;
	struct url u = {.https = scheme == 8, .port = scheme == 8 ? 443 : 80};
	struct sv authority = sv_from(s, scheme), host;

	if (scheme == 0 || sv_find(s, '#') >= 0 || sv_find(s, '\0') >= 0)
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
	if (host_read(host, u.host) != NULL)
		return false;
	ascii_lower_all(u.host);
	*ret = u;
	return true;
}
