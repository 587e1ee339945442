/* store/sqlite_update.c: the devices that asked, the update rules with their images, the test devices. */
#include "store/sqlite.h"

#include <stdio.h>

#define DEVICES_MAX 200000 /* any client inside may ask: the table has an end */

enum store_result sqlite_device_put(struct store *s, const struct store_device *d)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r;

	sqlite_lazy(q, true);
	r = sqlite_run(q, SQL_DEVICE_PUT, "ttttttttttti", d->mac[0] ? d->mac : d->serial,
		       d->mac, d->serial, d->vendor, d->model, d->revision, d->locale, d->device_type, d->version,
		       d->user, d->address, d->last_seen);
	if (r == STORE_OK && ++q->device_puts % 1024 == 0)
		r = sqlite_run(q, SQL_DEVICE_TRIM, "i", (int64_t)DEVICES_MAX);
	sqlite_lazy(q, false);
	return r;
}

enum store_result sqlite_device_each(struct store *s, bool (*each)(void *, const struct store_device *), void *arg)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_DEVICE_EACH, "");
	enum store_result r;

	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK) {
		struct store_device d = {.first_seen = sqlite3_column_int64(st, 10),
					 .last_seen = sqlite3_column_int64(st, 11)};

		sqlite_text(st, 0, d.mac, sizeof d.mac);
		sqlite_text(st, 1, d.serial, sizeof d.serial);
		sqlite_text(st, 2, d.vendor, sizeof d.vendor);
		sqlite_text(st, 3, d.model, sizeof d.model);
		sqlite_text(st, 4, d.revision, sizeof d.revision);
		sqlite_text(st, 5, d.locale, sizeof d.locale);
		sqlite_text(st, 6, d.device_type, sizeof d.device_type);
		sqlite_text(st, 7, d.version, sizeof d.version);
		sqlite_text(st, 8, d.user, sizeof d.user);
		sqlite_text(st, 9, d.address, sizeof d.address);
		if (!each(arg, &d))
			break;
	}
	sqlite_end(st);
	return r == STORE_FAILED ? r : STORE_OK;
}

/* ---- rules --------------------------------------------------------------------------------------------- */

/* "Identity match key: (DeviceType, Brand, Model, Revision, Locale), case-insensitive" */
static void rule_key(const struct store_rule *r, char key[200])
{
	snprintf(key, 200, "%s\n%s\n%s\n%s\n%s", r->device_type, r->brand, r->model, r->revision, r->locale);
	ascii_lower_all(key);
}

static void rule_row(sqlite3_stmt *st, struct store_rule *ret)
{
	*ret = (struct store_rule){.id = sqlite3_column_int64(st, 0)};
	sqlite_text(st, 1, ret->guid, sizeof ret->guid);
	sqlite_text(st, 2, ret->device_type, sizeof ret->device_type);
	sqlite_text(st, 3, ret->brand, sizeof ret->brand);
	sqlite_text(st, 4, ret->model, sizeof ret->model);
	sqlite_text(st, 5, ret->revision, sizeof ret->revision);
	sqlite_text(st, 6, ret->locale, sizeof ret->locale);
	sqlite_text(st, 7, ret->approved, sizeof ret->approved);
	sqlite_text(st, 8, ret->restore, sizeof ret->restore);
	sqlite_text(st, 9, ret->pending, sizeof ret->pending);
}

enum store_result sqlite_rule_put(struct store *s, struct store_rule *u)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r;
	char key[200];

	rule_key(u, key);
	if (u->id == 0) {
		r = sqlite_run(q, SQL_RULE_ADD, "tttttttttt", u->guid, key, u->device_type, u->brand, u->model,
			       u->revision, u->locale, u->approved, u->restore, u->pending);
		if (r == STORE_OK)
			u->id = sqlite3_last_insert_rowid(q->db);
		return r;
	}
	r = sqlite_run(q, SQL_RULE_SET, "tttttttttti", u->guid, key, u->device_type, u->brand, u->model, u->revision,
		       u->locale, u->approved, u->restore, u->pending, u->id);
	return r == STORE_OK && sqlite3_changes(q->db) == 0 ? STORE_NONE : r;
}

enum store_result sqlite_rule_find(struct store *s, const struct store_rule *what, struct store_rule *ret)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st;
	enum store_result r;
	char key[200];

	rule_key(what, key);
	st = sqlite_bind(q, SQL_RULE_FIND, "t", key);
	r = st ? sqlite_step(q, st) : STORE_FAILED;
	if (r == STORE_OK) {
		rule_row(st, ret);
		sqlite_end(st);
	}
	return r;
}

enum store_result sqlite_rule_each(struct store *s, bool (*each)(void *, const struct store_rule *), void *arg)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_RULE_EACH, "");
	enum store_result r;

	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK) {
		struct store_rule u;

		rule_row(st, &u);
		if (!each(arg, &u))
			break;
	}
	sqlite_end(st);
	return r == STORE_FAILED ? r : STORE_OK;
}

enum store_result sqlite_rule_remove(struct store *s, int64_t id)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r = sqlite_begin(q);

	if (r != STORE_OK)
		return r;
	r = sqlite_run(q, SQL_RULE_REMOVE, "i", id);
	if (r == STORE_OK && sqlite3_changes(q->db) == 0)
		r = STORE_NONE;
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_IMAGES_REMOVE, "i", id);
	return sqlite_commit(q, r);
}

/* ---- images -------------------------------------------------------------------------------------------- */

static void image_row(sqlite3_stmt *st, struct store_image *ret)
{
	*ret = (struct store_image){.rule = sqlite3_column_int64(st, 0),
				    .size = (uint64_t)sqlite3_column_int64(st, 5),
				    .released = sqlite3_column_int(st, 8) != 0};
	sqlite_text(st, 1, ret->version, sizeof ret->version);
	sqlite_text(st, 2, ret->file, sizeof ret->file);
	sqlite_text(st, 3, ret->signature, sizeof ret->signature);
	sqlite_text(st, 4, ret->time, sizeof ret->time);
	sqlite_text(st, 6, ret->sha256, sizeof ret->sha256);
	sqlite_text(st, 7, ret->min_installed, sizeof ret->min_installed);
}

enum store_result sqlite_image_put(struct store *s, const struct store_image *im)
{
	return sqlite_run(sqlite_of(s), SQL_IMAGE_PUT, "ittttitti", im->rule,
			  im->version, im->file, im->signature, im->time, (int64_t)im->size, im->sha256,
			  im->min_installed, (int64_t)im->released);
}

enum store_result sqlite_image_get(struct store *s, int64_t rule, const char *version, struct store_image *ret)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_IMAGE_GET, "it", rule, version);
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;

	if (r == STORE_OK) {
		image_row(st, ret);
		sqlite_end(st);
	}
	return r;
}

enum store_result sqlite_image_each(struct store *s, int64_t rule, bool (*each)(void *, const struct store_image *),
				    void *arg)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_IMAGE_EACH, "i", rule);
	enum store_result r;

	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK) {
		struct store_image im;

		image_row(st, &im);
		if (!each(arg, &im))
			break;
	}
	sqlite_end(st);
	return r == STORE_FAILED ? r : STORE_OK;
}

/* ---- test devices -------------------------------------------------------------------------------------- */

enum store_result sqlite_test_put(struct store *s, const struct store_test_device *d)
{
	return sqlite_run(sqlite_of(s), SQL_TEST_PUT, "tit", d->name, (int64_t)d->is_mac, d->id);
}

enum store_result sqlite_test_remove(struct store *s, const char *name)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r = sqlite_run(q, SQL_TEST_REMOVE, "t", name);

	return r == STORE_OK && sqlite3_changes(q->db) == 0 ? STORE_NONE : r;
}

enum store_result sqlite_test_find(struct store *s, bool is_mac, const char *id)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_TEST_FIND, "it", (int64_t)is_mac, id);
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;

	if (r == STORE_OK)
		sqlite_end(st);
	return r;
}

enum store_result sqlite_test_each(struct store *s, bool (*each)(void *, const struct store_test_device *), void *arg)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_TEST_EACH, "");
	enum store_result r;

	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK) {
		struct store_test_device d = {.is_mac = sqlite3_column_int(st, 1) != 0};

		sqlite_text(st, 0, d.name, sizeof d.name);
		sqlite_text(st, 2, d.id, sizeof d.id);
		if (!each(arg, &d))
			break;
	}
	sqlite_end(st);
	return r == STORE_FAILED ? r : STORE_OK;
}
