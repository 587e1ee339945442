/* cmd/site/device.c: dialtone device: which phones have asked the update service. */
#include <stdio.h>

#include "cmd/site/admin.h"
#include "cmd/verbs.h"

static bool list_json(void *arg, const struct store_device *d)
{
	char first[32], last[32];

	return json_array_append_new(
		   arg, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "mac", d->mac, "serial", d->serial,
				  "device_type", d->device_type, "vendor", d->vendor, "model", d->model, "revision", d->revision,
				  "locale", d->locale, "version", d->version, "user", d->user, "address", d->address, "first_seen",
				  admin_time(first, d->first_seen, ""), "last_seen", admin_time(last, d->last_seen, ""))) == 0;
}

static bool list_text(void *arg, const struct store_device *d)
{
	char last[32];

	++*(unsigned *)arg;
	printf("%-18s %-16s %-10s %-8s %-18s %-16s %s  %s\n", d->mac[0] ? d->mac : "-", d->serial[0] ? d->serial : "-", d->vendor,
	       d->model, d->version[0] ? d->version : "-", d->address, admin_time(last, d->last_seen, "-"), d->user);
	return true;
}

static int device_list(struct admin *a)
{
	json_t *all = a->json ? json_array() : NULL;
	unsigned n = 0;
	enum store_result r =
	    a->store->ops->device_each(a->store, a->json ? list_json : list_text, a->json ? (void *)all : &n);

	if (r != STORE_OK) {
		json_decref(all);
		return admin_store_failed(a, r, "device list");
	}
	if (a->json)
		return admin_print(all);
	if (n == 0)
		fprintf(stderr, "no device has asked the update service yet\n");
	return 0;
}

static const struct admin_verb verbs[] = {
    {"list", "", 0, 0, NULL, device_list, "lists the devices that asked, the latest first"},
    {0},
};

int cmd_device(int argc, char **argv)
{
	static const struct admin_group group = {"device", "the inventory of phones", verbs,
						 "  dialtone device list\n"};

	return admin_main(argc, argv, &group);
}
