/* server/vault/home.c: the pool that a user lives on, and what is told of it [web-services 5.3] [sip 12.1].
 *
 * "A Director's web ticket service authenticates, looks up the home pool, and redirects to the home pool's Web Services, where the
 * client authenticates again." Every pool does so with users who are not its own. A pool may be a Registrar alone, as a Survivable
 * Branch Appliance is: its users' Web Services are those of the pool that it belongs to, and only the Registrar sends phones on.
 * While a pool does not answer, its backup stands in its place.
 */
#include "server/vault/internal.h"

#include <stdio.h>
#include <string.h>

bool vault_is_home(const struct site *s, const char *pool)
{
	return pool[0] == '\0' || vault_name_eq(pool, s->pool) || vault_name_eq(pool, s->fqdn);
}

/* "HOST" or "HOST:PORT" of these Web Services themselves? */
static bool is_own_web(const struct site *s, const char *place)
{
	const char *own[] = {s->web_fqdn, s->external_web_fqdn, s->pool, s->fqdn};
	struct sv rest = sv_of(place), host = sv_cut(&rest, ':');

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (own[i][0] && sv_ieq(host, sv_of(own[i])))
			return true;
	return false;
}

enum vault_home vault_web_home_of(const struct vault *v, const struct store_user *u, bool outside, struct vault_place *ret, struct why *why)
{
	enum vault_home home = vault_home_of(v, u, outside, ret, why);

	if (home != HOME_ELSEWHERE || !is_own_web(v->conf.site, ret->web))
		return home;
	why_set(why, "%s", "");
	return HOME_HERE;
}

enum vault_home vault_home_of(const struct vault *v, const struct store_user *u, bool outside, struct vault_place *ret, struct why *why)
{
	struct store *s = v->conf.store;
	struct store_pool p = {0};
	enum store_result r;

	*ret = (struct vault_place){0};
	if (vault_is_home(v->conf.site, u->home_pool))
		return HOME_HERE;
	r = s->ops->pool_get(s, u->home_pool, &p);
	snprintf(ret->pool, sizeof ret->pool, "%s", u->home_pool);
	if (r == STORE_OK && vault_pool_away(v, &p)) {
		memcpy(ret->pool, p.backup, sizeof ret->pool);
		ret->backup = vault_is_home(v->conf.site, p.backup);
		if (ret->backup)
			return HOME_HERE;
		r = s->ops->pool_get(s, ret->pool, &p);
	}
	if (r == STORE_FAILED) {
		why_set(why, "%s", store_why(s));
		return HOME_UNKNOWN;
	}
	if (r == STORE_NONE) { /* only its name is known: that of its front end, inside */
		snprintf(p.sip, sizeof p.sip, "%s", ret->pool);
		snprintf(p.web, sizeof p.web, "%s", ret->pool);
	}
	snprintf(ret->sip, sizeof ret->sip, "%s", outside ? p.external_sip : p.sip);
	snprintf(ret->web, sizeof ret->web, "%s", outside ? p.external_web : p.web);
	why_set(why, "%.100s lives on pool %.100s%s", u->aor, ret->pool,
		(outside ? p.external_sip[0] && p.external_web[0] : p.sip[0] && p.web[0]) ? "" : ", which has no name on this side");
	return HOME_ELSEWHERE;
}
