#include "admin/users.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "admin/orders.h"
#include "admin/pins.h"
#include "admin/pools.h"
#include "base/text.h"
#include "base/enc.h"
#include "base/name.h"
#include "base/number.h"
#include "base/text.h"
#include "base/utf8.h"
#include "pki/key.h"
#include "server/vault/make.h"

const char *const user_field_names[USER_FIELDS] = {"login", "number", "extension", "display", "home_pool", "display_number"};

/* ---- fields ---------------------------------------------------------------------------------------------- */

static bool name_ok(struct sv s, const char *also)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(also, c))))
			return false;
	}
	return s.n > 0;
}

bool user_address_read(const struct site *site, const char *text, char ret[256], struct why *why)
{
	struct sv host = sv_of(text), user;
	char name[41] = "USER";

	if (sv_istarts(host, SV("sip:")))
		host = sv_from(host, 4);
	text = host.p;
	user = sv_cut(&host, '@');
	host = name_plain(host);
	if (host.p == NULL || !name_ok(user, ".-_+'!&$=~") || name_check(host) != NULL || strlen(text) > 200)
		return why_not(why, "'%.100s' is not an address; type one like alice@%.100s", text, site->domain);
	if (!sv_ieq(host, sv_of(site->domain))) {
		sv_copy(name, sizeof name, user);
		return why_not(why, "'%.80s' is not in this site's SIP domain; type %.40s@%.80s", text, name, site->domain);
	}
	snprintf(ret, 256, SV_FMT "@" SV_FMT, SV_ARG(user), SV_ARG(host));
	ascii_lower_all(ret);
	return true;
}

/* Text that may be shown on a terminal and written as JSON and XML. A CSV field may have more than one line. */
static bool users_plain(struct sv s)
{
	while (s.n) {
		uint32_t c;
		size_t n = utf8_next(s, &c);

		if (n == 0 || (utf8_is_control(c) && c != '\n' && c != '\t'))
			return false;
		s = sv_from(s, n);
	}
	return true;
}

/* Names of Windows have letters of every script ("CONTOSO\\nguyễn"): a letter outside ASCII is taken as it is, unless it would not be shown. */
static bool login_part_ok(struct sv s, const char *also)
{
	bool ok = s.n > 0;

	while (ok && s.n) {
		uint32_t c = 0;
		size_t n = utf8_next(s, &c);

		ok = n > 1 ? !utf8_is_control(c) : n == 1 && name_ok((struct sv){s.p, 1}, also);
		s = sv_from(s, n);
	}
	return ok;
}

/* "CONTOSO\\alice" or "alice@contoso.test": NTLM finds no user by a name without its domain. */
static bool login_read(const char *text, struct sv s, struct store_user *u, struct why *why)
{
	struct sv rest = s, head = sv_cut(&rest, '\\');
	bool ok = s.n == 0 || (rest.p ? login_part_ok(head, ".-_") && login_part_ok(rest, ".-_ '&$@!") : login_part_ok(s, ".-_@'") && sv_find(s, '@') > 0);

	if (ok && sv_copy(u->login, sizeof u->login, s))
		return true;
	return why_not(why, "'%.100s' is not a login; type it like 'CONTOSO\\alice' or alice@contoso.test", text);
}

/* A whole number, with country code: its extension has a field of its own. */
static bool line_read(const char *text, struct sv s, struct store_user *u, struct why *why)
{
	struct number n = {0};

	if (s.n && (number_read(s, &n) != NULL || n.local[0] || strlen(n.global) < 4))
		return why_not(why, "'%.100s' is not a phone number; type it with country code, like +14255550123", text);
	snprintf(u->number, sizeof u->number, "%s", n.global);
	return true;
}

static bool extension_read(const char *text, struct sv s, struct store_user *u, struct why *why)
{
	if ((s.n == 0 || extension_check(s)) && sv_copy(u->extension, sizeof u->extension, s))
		return true;
	return why_not(why, "'%.100s' is not an extension; type up to 15 digits, like 4411", text);
}

static bool users_display_read(const char *text, struct sv s, struct store_user *u, struct why *why)
{
	if (!users_plain(s))
		return why_not(why, "the display name is not UTF-8, or has control characters; write it as UTF-8");
	if (sv_copy(u->display, sizeof u->display, s))
		return true;
	return why_not(why, "'%.100s...' is too long for a display name: %zu octets fit", text, sizeof u->display - 1);
}

static bool pool_read(const char *text, struct sv s, struct store_user *u, struct why *why)
{
	if ((s.n == 0 || name_check(s) == NULL) && sv_copy(u->home_pool, sizeof u->home_pool, name_plain(s))) {
		ascii_lower_all(u->home_pool);
		return true;
	}
	return why_not(why, "'%.100s' is not a pool's name; type it like pool01.contoso.test", text);
}

/* "+1 (425) 555-6710", as it stands on the phone's label. */
static bool display_number_read(const char *text, struct sv s, struct store_user *u, struct why *why)
{
	struct number n;

	if (s.n && (number_read(s, &n) != NULL || !sv_copy(u->display_number, sizeof u->display_number, s)))
		return why_not(why, "'%.100s' is not a number; type it as people dial it, like '+1 (425) 555-6710' or 4411", text);
	if (s.n == 0)
		u->display_number[0] = '\0';
	return true;
}

bool user_common_area(const struct site *site, struct store_user *u, struct why *why)
{
	uint8_t random[16];
	struct number n;
	char id[UUID_TEXT_MAX];

	if (u->login[0])
		return why_not(why, "a common-area phone has no login: nobody types a password there; leave --login away");
	if (u->display_number[0] == '\0' || number_read(sv_of(u->display_number), &n) != NULL)
		return why_not(why, "a common-area phone needs the number that people dial; type --display-number '+1 (425) 555-6710' or an extension");
	u->common_area = true;
	if (u->number[0] == '\0' && u->extension[0] == '\0') {
		snprintf(u->number, sizeof u->number, "%s", n.global);
		if (n.local[0] && !extension_check(sv_of(n.local)))
			return why_not(why, "'%.60s' is too long for an extension; type it with country code", u->display_number);
		snprintf(u->extension, sizeof u->extension, "%s", n.local);
	}
	if (u->display[0] == '\0')
		snprintf(u->display, sizeof u->display, "%s", u->display_number);
	if (u->aor[0])
		return true;
	if (!pki_random(random, sizeof random))
		return why_not(why, "no address could be made: %s", pki_error());
	text_set(u->aor, sizeof u->aor, "%s@%s", uuid_random(id, random), site->domain);
	return true;
}

bool user_field_read(enum user_field f, const char *text, struct store_user *u, struct why *why)
{
	static bool (*const read[USER_FIELDS])(const char *text, struct sv s, struct store_user *u, struct why *why) = {
	    login_read, line_read, extension_read, users_display_read, pool_read, display_number_read};

	return read[f](text, sv_trim(sv_of(text)), u, why);
}

/* ---- verbs ------------------------------------------------------------------------------------------------- */

/* Every user that has this number, or this extension. */
static enum admin_result get_by_line(struct admin *a, const char *name, const char *number, const char *extension,
				     struct store_user *ret, struct why *why)
{
	struct store_user found[2];
	size_t n = 0;
	enum store_result r = a->store->ops->user_by_line(a->store, number, extension, found, 2, &n);

	if (r == STORE_OK && n > 1)
		return admin_no(ADMIN_REFUSED, why, "'%s' belongs to more than one user, %s and %s; type an address", name, found[0].aor,
				found[1].aor);
	if (r == STORE_OK && n == 1)
		*ret = found[0];
	return r == STORE_OK && n == 1 ? ADMIN_OK : r == STORE_OK || r == STORE_NONE ? ADMIN_NONE : admin_store(a, r, name, why);
}

enum admin_result users_get(struct admin *a, const char *name, struct store_user *ret, struct why *why)
{
	struct sv s = sv_of(name);
	enum admin_result rc;
	struct number n;

	if (sv_istarts(s, SV("sip:")))
		s = sv_from(s, 4);
	if (number_read(s, &n) == NULL)
		rc = n.global[0] ? get_by_line(a, name, n.global, NULL, ret, why) : get_by_line(a, name, NULL, n.local, ret, why);
	else if (sv_find(s, '\\') >= 0)
		rc = admin_store(a, a->store->ops->user_by_login(a->store, s.p, ret), name, why);
	else
		rc = admin_store(a, a->store->ops->user_get(a->store, s.p ? s.p : "", ret), name, why);
	return rc == ADMIN_NONE ? admin_no(rc, why, "there is no user '%s'", name) : rc;
}

enum admin_result user_write_make(struct admin *a, struct user_write *w, struct sv password, struct sv pin, struct why *why)
{
	const char *no;
	struct why text = {0};

	if (pin.n && !pins_check(a, &w->user, pin, why))
		return ADMIN_REFUSED;
	if ((password.n || pin.n) && admin_secret(a, why) != ADMIN_OK)
		return ADMIN_SITE;
	if (password.n && !vault_password_set(a->secret, &w->user, password))
		return admin_no(ADMIN_REFUSED, why, "the password of %s is not UTF-8", w->user.aor);
	w->has_pin = pin.n > 0;
	no = w->has_pin ? vault_pin_make(a->secret, a->pin_key, pin, a->now, &w->pin, &text) : NULL;
	return no ? admin_no(ADMIN_FAILED, why, "%s is not stored, since the PIN cannot be: %s", w->user.aor, no) : ADMIN_OK;
}

enum admin_result user_write_store(struct admin *a, struct user_write *w, struct why *why)
{
	struct store *s = a->store;
	struct store_user *u = &w->user;
	enum store_result r, p = STORE_OK;

	if ((r = s->ops->begin(s)) != STORE_OK)
		return admin_store(a, r, u->aor, why);
	r = u->id ? s->ops->user_set(s, u) : s->ops->user_add(s, u);
	if (r == STORE_OK && w->has_pin)
		p = s->ops->pin_set(s, u->id, &w->pin, vault_pin_policy(a->site, a->store, u).history);
	if (p != STORE_OK)
		admin_no(ADMIN_FAILED, why, "%s is not stored, since the PIN cannot be: %s", u->aor, store_why(s));
	r = s->ops->end(s, p == STORE_OK ? r : STORE_FAILED);
	return p == STORE_OK ? admin_store(a, r, u->aor, why) : ADMIN_FAILED;
}

static enum admin_result users_write(struct admin *a, struct store_user *u, struct sv password, struct sv pin, struct why *why)
{
	struct user_write w = {.user = *u};
	enum admin_result rc = user_write_make(a, &w, password, pin, why);

	if (rc == ADMIN_OK)
		rc = user_write_store(a, &w, why);
	if (rc == ADMIN_OK)
		*u = w.user;
	explicit_bzero(&w, sizeof w);
	return rc;
}

enum admin_result users_share_extension(struct admin *a, const struct store_user *u, struct store_user *ret)
{
	struct store_user found[2];
	size_t n = 0;

	if (u->extension[0] == '\0' || a->store->ops->user_by_line(a->store, NULL, u->extension, found, 2, &n) != STORE_OK)
		return ADMIN_NONE;
	for (size_t i = 0; i < n; i++)
		if (found[i].id != u->id && strcasecmp(found[i].aor, u->aor) != 0) { /* u may not have been stored: no id */
			*ret = found[i];
			return ADMIN_OK;
		}
	return ADMIN_NONE;
}

static bool same_fields(const struct store_user *a, const struct store_user *b)
{
	return strcmp(a->login, b->login) == 0 && strcmp(a->number, b->number) == 0 && strcmp(a->extension, b->extension) == 0 &&
	       strcmp(a->display, b->display) == 0 && strcmp(a->home_pool, b->home_pool) == 0 &&
	       strcmp(a->display_number, b->display_number) == 0 && a->remote == b->remote && a->enabled == b->enabled &&
	       a->common_area == b->common_area;
}

static bool same_password(struct admin *a, const struct store_user *u, struct sv password)
{
	struct store_user other = *u;
	uint8_t had[16], has[16];
	bool same;

	if (password.n == 0)
		return true;
	same = u->n_nt_hash && vault_password_set(a->secret, &other, password) && vault_nt_hash_open(a->secret, u, had) &&
	       vault_nt_hash_open(a->secret, &other, has) && pki_equal(had, has, sizeof had);
	explicit_bzero(had, sizeof had);
	explicit_bzero(has, sizeof has);
	explicit_bzero(&other, sizeof other);
	return same;
}

bool users_same(struct admin *a, const struct store_user *there, const struct store_user *u, struct sv password, struct sv pin)
{
	struct why none = {0};

	if (!same_fields(there, u) || ((password.n || pin.n) && admin_secret(a, &none) != ADMIN_OK))
		return false;
	return same_password(a, there, password) && (pin.n == 0 || pins_same(a, there, pin));
}

enum admin_result users_put(struct admin *a, struct store_user *u, struct sv password, struct sv pin, struct why *why)
{
	bool is_new = u->id == 0;
	struct store_user there;
	enum admin_result rc;

	if (a->store->ops->user_get(a->store, u->aor, &there) == STORE_OK) {
		if (users_same(a, &there, u, password, pin))
			return ADMIN_UNCHANGED;
		if (is_new)
			return admin_no(ADMIN_EXISTS, why, "%s exists already", there.aor);
	}
	rc = users_write(a, u, password, pin, why);
	if (rc == ADMIN_OK)
		admin_audit(a, u->aor, is_new ? "user add" : "user set");
	return rc == ADMIN_OK ? pools_report(a, u->aor, false, why) : rc;
}

enum admin_result users_enable(struct admin *a, struct store_user *u, bool on, unsigned *phones, struct why *why)
{
	enum admin_result rc;

	*phones = 0;
	if (u->enabled == on && on)
		return ADMIN_UNCHANGED;
	if (u->enabled == on) { /* perhaps dialtoned did not act the first time */
		rc = order_reject(a, u->aor, phones, why);
		return rc == ADMIN_OK && *phones == 0 ? ADMIN_UNCHANGED : rc;
	}
	u->enabled = on;
	rc = admin_store(a, a->store->ops->user_set(a->store, u), u->aor, why);
	if (rc != ADMIN_OK)
		return rc;
	admin_audit(a, u->aor, on ? "user enable" : "user disable");
	rc = on ? ADMIN_OK : order_reject(a, u->aor, phones, why);
	return rc == ADMIN_OK ? pools_report(a, u->aor, false, why) : rc;
}

enum admin_result users_remove(struct admin *a, const struct store_user *u, unsigned *phones, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->user_remove(a->store, u->id), u->aor, why);

	*phones = 0;
	if (rc != ADMIN_OK)
		return rc;
	admin_audit(a, u->aor, "user remove");
	rc = order_reject(a, u->aor, phones, why);
	return rc == ADMIN_OK ? pools_report(a, u->aor, true, why) : rc;
}

enum admin_result users_each(struct admin *a, const char *after, bool (*each)(void *arg, const struct store_user *u), void *arg,
			     struct why *why)
{
	return admin_store(a, a->store->ops->user_each(a->store, after, each, arg), "the list of users", why);
}
