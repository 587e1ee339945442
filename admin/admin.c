#include "admin/admin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "server/site/files.h"
#include "server/vault/make.h"

enum admin_result admin_no(enum admin_result r, struct why *why, const char *fmt, ...)
{
	char text[WHY_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	why_set(why, "%s", text);
	return r;
}

enum admin_result admin_open(struct admin *a, const struct site *site, int64_t now, const char *who, struct why *why)
{
	char path[PATH_MAX];
	struct why text = {0};

	*a = (struct admin){.site = site, .now = now};
	snprintf(a->who, sizeof a->who, "%s", who);
	if (!site_store(site, path, &text))
		return admin_no(ADMIN_SITE, why, "%s", text.text);
	if (store_is_postgres(path)) {
		a->store = store_open(path, &text);
		return a->store ? ADMIN_OK : admin_no(ADMIN_SITE, why, "%s", text.text);
	}
	if (access(path, F_OK) < 0 && errno != ENOENT)
		return admin_no(ADMIN_SITE, why, "the store '%s': %s; run it as root, or as the user that made the site", path,
				strerror(errno));
	if (access(path, F_OK) < 0)
		return admin_no(ADMIN_SITE, why, "the store %s is missing: restore it from the backup (operation.md: Backup)", path);
	if (!store_whole(path, &text))
		return admin_no(ADMIN_SITE, why, "%s", text.text);
	a->store = store_sqlite(path, &text);
	return a->store ? ADMIN_OK : admin_no(ADMIN_SITE, why, "%s", text.text);
}

void admin_close(struct admin *a)
{
	store_close(a->store);
	explicit_bzero(a, sizeof *a);
}

enum admin_result admin_secret(struct admin *a, struct why *why)
{
	struct why text = {0};
	struct pin_keys keys = {1, 1};

	if (a->has_secret)
		return ADMIN_OK;
	if (!vault_secret_load(a->site->dir, a->secret, &text))
		return admin_no(ADMIN_SITE, why, "%s", text.text);
	if (a->store && vault_pin_keys_read(a->secret, a->store, &keys) != STORE_OK)
		return admin_store(a, STORE_FAILED, "the keys of PINs", why);
	a->pin_key = keys.newest;
	a->has_secret = true;
	return ADMIN_OK;
}

void admin_audit(const struct admin *a, const char *whom, const char *done)
{
	char detail[160];

	snprintf(detail, sizeof detail, "%s%s%s", done, a->who[0] ? ", by " : "", a->who);
	if (a->store->ops->audit(a->store, a->now, STORE_ADMINISTRATOR, whom, true, detail) != STORE_OK)
		log_line(LOG_WARN, "admin", "no audit row of '%s': %s", detail, store_why(a->store));
}

enum admin_result admin_store(const struct admin *a, enum store_result r, const char *what, struct why *why)
{
	switch (r) {
	case STORE_OK:
		return ADMIN_OK;
	case STORE_NONE:
		return admin_no(ADMIN_NONE, why, "'%s' is not in the store", what);
	case STORE_TAKEN:
		return admin_no(ADMIN_TAKEN, why, "'%s' cannot be stored: %s", what, store_why(a->store));
	default:
		return admin_no(ADMIN_STORE, why, "the store failed at '%s': %s", what, store_why(a->store));
	}
}
