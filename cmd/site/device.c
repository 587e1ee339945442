/* cmd/site/device.c: dialtone device: which phones have asked the update service. */
#include <stdio.h>

#include "admin/devices.h"
#include "cmd/site/site.h"
#include "cmd/verbs.h"

static const struct column device_columns[] = {
    {"mac", COLUMN_TEXT, offsetof(struct store_device, mac)},
    {"serial", COLUMN_TEXT, offsetof(struct store_device, serial), .late = true},
    {"vendor", COLUMN_TEXT, offsetof(struct store_device, vendor)},
    {"model", COLUMN_TEXT, offsetof(struct store_device, model)},
    {"revision", COLUMN_TEXT, offsetof(struct store_device, revision), .late = true},
    {"locale", COLUMN_TEXT, offsetof(struct store_device, locale), .late = true},
    {"device_type", COLUMN_TEXT, offsetof(struct store_device, device_type), .late = true},
    {"version", COLUMN_TEXT, offsetof(struct store_device, version)},
    {"address", COLUMN_TEXT, offsetof(struct store_device, address)},
    {"user", COLUMN_TEXT, offsetof(struct store_device, user)},
    {"first_seen", COLUMN_TIME, offsetof(struct store_device, first_seen), .late = true},
    {"last_seen", COLUMN_TIME, offsetof(struct store_device, last_seen)},
    {"last_sign_in", COLUMN_TIME, offsetof(struct store_device, signed_in)},
    {"last_sign_off", COLUMN_TIME, offsetof(struct store_device, signed_off)},
    {0}};

static bool list_one(void *arg, const struct store_device *d)
{
	writer_row(arg, d);
	return true;
}

static int device_list(struct session *s)
{
	struct writer w;
	int rc;

	session_writer(s, &w);
	writer_list(&w, NULL, device_columns);
	rc = session_end(s, devices_each(&s->admin, list_one, &w, &s->why));
	if (rc) {
		writer_drop(&w);
		return rc;
	}
	if (w.rows == 0)
		fprintf(stderr, "no device has asked the update service or signed in yet\n");
	return writer_end(&w);
}

static const struct verb *const verbs[] = {SITE_VERB("list", "", "lists the devices that asked, the latest first", device_list), NULL};

const struct verb verb_device = {
    .name = "device",
    .what = "phones that were seen: list",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The inventory of phones: those that asked the update service or signed in, and when they signed in and off last.",
    .example = "  dialtone device list\n",
};
