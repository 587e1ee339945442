/* server/vault/update.c: which firmware a device is offered [update-service 3], and the inventory of devices.
 *
 * "Offer: test device -> Pending if set, else Approved; anyone else -> Approved; empty -> no update."
 */
#include "server/vault/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "base/log.h"
#include "server/vault/device_id.h"

static bool same_version(const char *a, const char *b)
{
	struct update_version x, y;

	if (update_version_read(sv_of(a), &x) && update_version_read(sv_of(b), &y))
		return update_version_compare(&x, &y) == 0;
	return vault_name_eq(a, b);
}

/* -1, 0, 1; an unreadable version counts as older than any. */
static int compare(const char *a, const char *b)
{
	struct update_version x = {0}, y = {0};

	update_version_read(sv_of(a), &x);
	update_version_read(sv_of(b), &y);
	return update_version_compare(&x, &y);
}

static bool is_test_device(struct vault *v, const struct update_question *q)
{
	struct store *s = v->conf.store;
	char id[64];

	if (update_id_mac(q->mac, id) && s->ops->test_device_find(s, true, id) == STORE_OK)
		return true;
	return update_id_serial(q->serial, id) && s->ops->test_device_find(s, false, id) == STORE_OK;
}

/* "rule attribute MinInstalledVersion -> offer the stepping stone instead": the highest released image that this device can
 * take and that brings it nearer. */
struct stone {
	const char *installed, *target;
	struct store_image best;
	bool found;
};

static bool update_look(void *arg, const struct store_image *im)
{
	struct stone *s = arg;

	if (im->released && compare(im->version, s->installed) > 0 && compare(im->version, s->target) < 0 &&
	    (im->min_installed[0] == '\0' || compare(s->installed, im->min_installed) >= 0) &&
	    (!s->found || compare(im->version, s->best.version) > 0)) {
		s->best = *im;
		s->found = true;
	}
	return true;
}

static enum store_result image_for(struct vault *v, const struct store_rule *rule, const char *version,
				   const char *installed, struct store_image *ret)
{
	struct store *s = v->conf.store;
	enum store_result r = s->ops->image_get(s, rule->id, version, ret);
	struct stone stone = {.installed = installed, .target = version};

	if (r != STORE_OK || installed[0] == '\0' || ret->min_installed[0] == '\0' ||
	    compare(installed, ret->min_installed) >= 0)
		return r;
	if (s->ops->image_each(s, rule->id, update_look, &stone) == STORE_FAILED)
		return STORE_FAILED;
	if (!stone.found)
		return STORE_NONE;
	*ret = stone.best;
	return STORE_OK;
}

/* The version that runs, of the modules the device lists; "" when it lists none. */
static const char *running(const struct update_question *q)
{
	const struct update_module *image = update_image_of(q->module, q->nmodule);

	return image ? image->version : "";
}

/* A phone writes its MAC in any form, and the inventory has one: so that its sign-in finds it. */
static void device_mac(char ret[24], const char *claimed)
{
	uint8_t octets[6];

	if (mac_read(sv_of(claimed), octets))
		mac_text_upper(ret, octets, '-');
	else
		snprintf(ret, 24, "%s", claimed);
}

static void inventory(struct vault *v, const struct update_question *q, const char *peer)
{
	struct store *s = v->conf.store;
	struct store_device d = {.first_seen = vault_now(v), .last_seen = vault_now(v)};

	if (q->mac[0] == '\0' && q->serial[0] == '\0')
		return;
	device_mac(d.mac, q->mac);
	snprintf(d.serial, sizeof d.serial, "%s", q->serial);
	snprintf(d.vendor, sizeof d.vendor, "%s", q->vendor);
	snprintf(d.model, sizeof d.model, "%s", q->model);
	snprintf(d.revision, sizeof d.revision, "%s", q->revision);
	snprintf(d.locale, sizeof d.locale, "%s", q->locale);
	snprintf(d.device_type, sizeof d.device_type, "%s", q->device_type);
	snprintf(d.version, sizeof d.version, "%s", running(q));
	snprintf(d.user, sizeof d.user, "%s", q->user);
	snprintf(d.address, sizeof d.address, "%s", peer ? peer : "");
	if (!vault_has_room(v))
		return;
	if (s->ops->device_put(s, &d) != STORE_OK)
		log_line(LOG_WARN, "vault", "the device %s is not stored: %s", q->mac[0] ? q->mac : q->serial,
			 store_why(s));
}

enum vault_status vault_on_update_offer(struct vault *v, const struct vault_ask *ask, struct vault_reply *ret)
{
	const struct update_question *q = &ask->update_offer.device;
	struct store *s = v->conf.store;
	const char *installed = running(q), *version;
	struct store_rule key = {0}, rule;
	struct vault_offer out = {0};
	struct store_image im;
	enum store_result r;

	inventory(v, q, ask->update_offer.peer);
	snprintf(key.device_type, sizeof key.device_type, "%s", q->device_type);
	snprintf(key.brand, sizeof key.brand, "%s", q->vendor);
	snprintf(key.model, sizeof key.model, "%s", q->model);
	snprintf(key.revision, sizeof key.revision, "%s", q->revision);
	snprintf(key.locale, sizeof key.locale, "%s", q->locale);
	r = s->ops->rule_find(s, &key, &rule);
	if (r == STORE_FAILED)
		return VAULT_UNAVAILABLE;
	if (r == STORE_OK) {
		out.known = true;
		out.test_device = is_test_device(v, q);
		version = out.test_device && rule.pending[0] ? rule.pending : rule.approved;
		/* "with no Restore version the update is just uninstalled" */
		if (version[0] == '\0' && rule.withdrawn[0] && installed[0] && same_version(rule.withdrawn, installed))
			snprintf(out.uninstall, sizeof out.uninstall, "%s", rule.withdrawn);
		if (version[0] && !(installed[0] && same_version(version, installed))) {
			r = image_for(v, &rule, version, installed, &im);
			if (r == STORE_FAILED)
				return VAULT_UNAVAILABLE;
			if (r == STORE_OK) {
				snprintf(out.module.file, sizeof out.module.file, "%s", im.file);
				snprintf(out.module.signature, sizeof out.module.signature, "%s", im.signature);
				snprintf(out.module.version, sizeof out.module.version, "%s", im.version);
				snprintf(out.module.time, sizeof out.module.time, "%s", im.time);
				snprintf(out.module.sha256, sizeof out.module.sha256, "%s", im.sha256);
				out.module.size = im.size;
			}
		}
	}
	ret->update_offer = out;
	return VAULT_OK;
}

/* "inventory: what each device is, and when its user signed in and off last" */
enum vault_status vault_on_device_signed(struct vault *v, const struct vault_ask *ask, struct vault_reply *ret)
{
	struct store_sign g = {.at = (int64_t)ask->device_signed.at, .off = ask->device_signed.off};
	struct store *s = v->conf.store;

	(void)ret;
	device_mac(g.mac, ask->device_signed.mac);
	memcpy(g.instance, ask->device_signed.instance, sizeof g.instance);
	memcpy(g.model, ask->device_signed.model, sizeof g.model);
	memcpy(g.version, ask->device_signed.version, sizeof g.version);
	memcpy(g.user, ask->device_signed.user, sizeof g.user);
	memcpy(g.address, ask->device_signed.address, sizeof g.address);
	snprintf(g.front_end, sizeof g.front_end, "%s", v->conf.site->fqdn);
	if (!vault_has_room(v))
		return VAULT_FULL;
	if (s->ops->device_signed(s, &g) != STORE_FAILED)
		return VAULT_OK;
	log_line(LOG_WARN, "vault", "when %s signed %s is not stored: %s", g.mac[0] ? g.mac : g.user, g.off ? "off" : "in", store_why(s));
	return VAULT_UNAVAILABLE;
}
