/* server/site/site.c: the well-known URLs of this site ([web-services 1], [update-service 1]) and its NetBIOS names. */
#include "server/site/site.h"

#include <stdio.h>

#include "base/sv.h"
#include "wire/well_known.h"

/* Behind a load balancer (PROXY protocol) the public port is 443, wherever we listen: "443 outside is 4443 on the pool". */
static char *url(const struct site *s, bool tls, bool outside, const char *path, char out[SITE_URL_MAX])
{
	unsigned usual = tls ? 443 : 80, port = tls ? s->https : s->http;
	const char *host = s->web_fqdn[0] ? s->web_fqdn : s->fqdn;

	if (outside) {
		host = s->external_web_fqdn[0] ? s->external_web_fqdn : s->external_fqdn;
		port = s->proxy_protocol || s->external_https == 0 ? usual : s->external_https;
	}
	if (port == usual || port == 0)
		snprintf(out, SITE_URL_MAX, "http%s://%s%s", tls ? "s" : "", host, path);
	else
		snprintf(out, SITE_URL_MAX, "http%s://%s:%u%s", tls ? "s" : "", host, port, path);
	return out;
}

char *site_certprov_url(const struct site *s, bool outside, char out[SITE_URL_MAX])
{
	return url(s, true, outside, CERTPROV_PATH, out);
}

char *site_certprov_auth_url(const struct site *s, bool outside, char out[SITE_URL_MAX])
{
	return url(s, true, outside, CERTPROV_PROOF_PATH, out);
}

char *site_certprov_anon_url(const struct site *s, char out[SITE_URL_MAX])
{
	return url(s, s->http == 0, false, CERTPROV_ANON_PATH, out);
}

char *site_wts_url(const struct site *s, bool outside, char out[SITE_URL_MAX])
{
	return url(s, true, outside, WEBTICKET_PATH, out);
}

char *site_update_url(const struct site *s, bool outside, char out[SITE_URL_MAX])
{
	return url(s, true, outside, outside ? UPDATE_EXT_PATH : UPDATE_PATH, out);
}

/* "Inside, the question goes over HTTPS but the image files over plain HTTP; outside everything is HTTPS." */
char *site_update_store_url(const struct site *s, bool outside, char out[SITE_URL_MAX])
{
	return url(s, outside || s->http == 0, outside, outside ? UPDATE_FILES_EXT_PATH : UPDATE_FILES_PATH, out);
}

void site_netbios(const char *dns, char ret[SITE_NETBIOS_MAX])
{
	size_t n = 0;

	for (; n + 1 < SITE_NETBIOS_MAX && dns[n] && dns[n] != '.'; n++)
		ret[n] = ascii_upper(dns[n]);
	ret[n] = '\0';
}
