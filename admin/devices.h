/* admin/devices.h: the phones that asked the update service, and those that test what is pending [update-service 3.3]. */
#ifndef DIALTONE_ADMIN_DEVICES_H
#define DIALTONE_ADMIN_DEVICES_H

#include "admin/admin.h"

/* The latest first. false from each() stops. */
enum admin_result devices_each(struct admin *a, bool (*each)(void *arg, const struct store_device *d), void *arg, struct why *why);

enum admin_result test_devices_each(struct admin *a, bool (*each)(void *arg, const struct store_test_device *d), void *arg,
				    struct why *why);
/* mac or serial: one of them, the other NULL. */
enum admin_result test_device_add(struct admin *a, const char *name, const char *mac, const char *serial, struct why *why);
enum admin_result test_device_remove(struct admin *a, const char *name, struct why *why);

#endif
