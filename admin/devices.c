#include "admin/devices.h"

#include <string.h>

#include "base/sv.h"
#include "server/vault/device_id.h"

enum admin_result devices_each(struct admin *a, bool (*each)(void *arg, const struct store_device *d), void *arg, struct why *why)
{
	return admin_store(a, a->store->ops->device_each(a->store, each, arg), "the list of devices", why);
}

enum admin_result test_devices_each(struct admin *a, bool (*each)(void *arg, const struct store_test_device *d), void *arg,
				    struct why *why)
{
	return admin_store(a, a->store->ops->test_device_each(a->store, each, arg), "the list of test devices", why);
}

struct same {
	const struct store_test_device *d;
	bool found;
};

static bool same_device(void *arg, const struct store_test_device *d)
{
	struct same *s = arg;

	s->found = sv_ieq(sv_of(d->name), sv_of(s->d->name)) && d->is_mac == s->d->is_mac && strcmp(d->id, s->d->id) == 0;
	return !s->found;
}

enum admin_result test_device_add(struct admin *a, const char *name, const char *mac, const char *serial, struct why *why)
{
	struct store_test_device d = {.is_mac = mac != NULL};
	struct same same = {.d = &d};
	enum admin_result rc;

	if ((mac == NULL) == (serial == NULL))
		return admin_no(ADMIN_REFUSED, why, "a test device has a MAC address or a serial number; type one of the two");
	if (name[0] == '\0' || !sv_copy(d.name, sizeof d.name, sv_of(name)))
		return admin_no(ADMIN_REFUSED, why, "the name '%s' is empty or longer than %zu octets", name, sizeof d.name - 1);
	if (mac && !update_id_mac(mac, d.id))
		return admin_no(ADMIN_REFUSED, why, "'%s' is not a MAC address; type six pairs, like 01-02-03-04-05-06", mac);
	if (serial && !update_id_serial(serial, d.id))
		return admin_no(ADMIN_REFUSED, why, "'%s' is not a serial number; type letters, digits, '-' and '_'", serial);
	if (a->store->ops->test_device_each(a->store, same_device, &same) == STORE_OK && same.found)
		return ADMIN_UNCHANGED;
	rc = admin_store(a, a->store->ops->test_device_put(a->store, &d), d.name, why);
	if (rc == ADMIN_OK)
		admin_audit(a, "", "update testdevice add");
	return rc;
}

enum admin_result test_device_remove(struct admin *a, const char *name, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->test_device_remove(a->store, name), name, why);

	if (rc == ADMIN_OK)
		admin_audit(a, "", "update testdevice remove");
	return rc == ADMIN_NONE ? admin_no(ADMIN_UNCHANGED, why, "there is no test device '%s'", name) : rc;
}
