/* store/sql_update.c: the devices that asked, the update rules with their images, the test devices. */
#include "store/sql.h"

#include <stdio.h>

#define DEVICES_MAX 200000 /* any client inside may ask: the table has an end */
#define DEVICE_STAYS 86400 /* a device that signed in, or was seen over so many seconds, is not pushed out by new ones */

static const char *device_key(const struct store_device *d)
{
	return d->mac[0] ? d->mac : d->serial;
}

/* Now and then, as rows are written. */
static enum store_result device_trim(struct sql *q)
{
	return ++q->device_puts % 1024 ? STORE_OK : sql_run(q, SQL_DEVICE_TRIM, "ii", (int64_t)DEVICES_MAX, (int64_t)DEVICE_STAYS);
}

enum store_result sql_device_put(struct store *s, const struct store_device *d)
{
	struct sql *q = sql_of(s);
	enum store_result r;

	q->engine->lazy(q, true);
	r = sql_run(q, SQL_DEVICE_PUT, "ttttttttttti", device_key(d), d->mac, d->serial, d->vendor, d->model, d->revision, d->locale, d->device_type, d->version,
		       d->user, d->address, d->last_seen);
	if (r == STORE_OK)
		r = device_trim(q);
	q->engine->lazy(q, false);
	return r;
}

static enum store_result device_sign(struct sql *q, const struct store_sign *g)
{
	if (g->off)
		return sql_run(q, SQL_DEVICE_OFF, "tti", g->instance, g->front_end, g->at);
	if (g->mac[0])
		return sql_run(q, SQL_DEVICE_IN, "tttttitt", g->mac, g->model, g->version, g->user, g->address, g->at, g->instance, g->front_end);
	return sql_run(q, SQL_DEVICE_IN_AS, "tttti", g->instance, g->user, g->address, g->front_end, g->at);
}

enum store_result sql_device_signed(struct store *s, const struct store_sign *g)
{
	struct sql *q = sql_of(s);
	enum store_result r;

	q->engine->lazy(q, true);
	r = device_sign(q, g);
	if (r == STORE_OK && q->engine->changed(q) == 0)
		r = STORE_NONE;
	if (r == STORE_OK && !g->off && g->mac[0])
		r = device_trim(q);
	q->engine->lazy(q, false);
	return r;
}

struct devices_to {
	bool (*each)(void *arg, const struct store_device *d);
	void *arg;
};

static struct sql_st *devices_behind(struct sql *q, const void *of, const void *last)
{
	const struct store_device *d = last;

	(void)of;
	return sql_bind(q, SQL_DEVICE_PAGE, "iti", d ? d->last_seen : INT64_MAX, d ? device_key(d) : "", (int64_t)SQL_PAGE);
}

static bool devices_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct store_device *d = ret;

	*d = (struct store_device){.first_seen = sql_int(q, st, 10), .last_seen = sql_int(q, st, 11),
				    .signed_in = sql_int(q, st, 12), .signed_off = sql_int(q, st, 13)};
	sql_text(q, st, 0, d->mac, sizeof d->mac);
	sql_text(q, st, 1, d->serial, sizeof d->serial);
	sql_text(q, st, 2, d->vendor, sizeof d->vendor);
	sql_text(q, st, 3, d->model, sizeof d->model);
	sql_text(q, st, 4, d->revision, sizeof d->revision);
	sql_text(q, st, 5, d->locale, sizeof d->locale);
	sql_text(q, st, 6, d->device_type, sizeof d->device_type);
	sql_text(q, st, 7, d->version, sizeof d->version);
	sql_text(q, st, 8, d->user, sizeof d->user);
	sql_text(q, st, 9, d->address, sizeof d->address);
	return true;
}

static bool devices_give(void *each, const void *row)
{
	const struct devices_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_device_each(struct store *s, bool (*each)(void *, const struct store_device *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_device), devices_behind, devices_row, devices_give, NULL};

	return sql_each(sql_of(s), &list, NULL, &(struct devices_to){each, arg});
}

/* ---- rules --------------------------------------------------------------------------------------------- */

/* "Identity match key: (DeviceType, Brand, Model, Revision, Locale), case-insensitive" */
static void rule_key(const struct store_rule *r, char key[200])
{
	snprintf(key, 200, "%s\n%s\n%s\n%s\n%s", r->device_type, r->brand, r->model, r->revision, r->locale);
	ascii_lower_all(key);
}

static void rule_row(struct sql *q, struct sql_st *st, struct store_rule *ret)
{
	*ret = (struct store_rule){.id = sql_int(q, st, 0)};
	sql_text(q, st, 1, ret->guid, sizeof ret->guid);
	sql_text(q, st, 2, ret->device_type, sizeof ret->device_type);
	sql_text(q, st, 3, ret->brand, sizeof ret->brand);
	sql_text(q, st, 4, ret->model, sizeof ret->model);
	sql_text(q, st, 5, ret->revision, sizeof ret->revision);
	sql_text(q, st, 6, ret->locale, sizeof ret->locale);
	sql_text(q, st, 7, ret->approved, sizeof ret->approved);
	sql_text(q, st, 8, ret->restore, sizeof ret->restore);
	sql_text(q, st, 9, ret->pending, sizeof ret->pending);
	sql_text(q, st, 10, ret->withdrawn, sizeof ret->withdrawn);
}

enum store_result sql_rule_put(struct store *s, struct store_rule *u)
{
	struct sql *q = sql_of(s);
	enum store_result r;
	char key[200];

	rule_key(u, key);
	if (u->id == 0) {
		struct sql_st *st = sql_bind(q, SQL_RULE_ADD, "ttttttttttt", u->guid, key, u->device_type, u->brand, u->model,
					     u->revision, u->locale, u->approved, u->restore, u->pending, u->withdrawn);

		return sql_one(q, st, &u->id);
	}
	r = sql_run(q, SQL_RULE_SET, "ttttttttttti", u->guid, key, u->device_type, u->brand, u->model, u->revision,
		       u->locale, u->approved, u->restore, u->pending, u->withdrawn, u->id);
	return sql_some(q, r);
}

enum store_result sql_rule_find(struct store *s, const struct store_rule *what, struct store_rule *ret)
{
	struct sql *q = sql_of(s);
	struct sql_st *st;
	enum store_result r;
	char key[200];

	rule_key(what, key);
	st = sql_bind(q, SQL_RULE_FIND, "t", key);
	r = sql_step(q, st);
	if (r == STORE_OK) {
		rule_row(q, st, ret);
		sql_end(q, st);
	}
	return r;
}

struct rules_to {
	bool (*each)(void *arg, const struct store_rule *row);
	void *arg;
};

static struct sql_st *rules_behind(struct sql *q, const void *of, const void *last)
{
	char key[200] = "";

	(void)of;
	if (last)
		rule_key(last, key);
	return sql_bind(q, SQL_RULE_PAGE, "ti", key, (int64_t)SQL_PAGE);
}

static bool rules_row(struct sql *q, struct sql_st *st, void *ret)
{
	rule_row(q, st, ret);
	return true;
}

static bool rules_give(void *each, const void *row)
{
	const struct rules_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_rule_each(struct store *s, bool (*each)(void *, const struct store_rule *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_rule), rules_behind, rules_row, rules_give, NULL};

	return sql_each(sql_of(s), &list, NULL, &(struct rules_to){each, arg});
}

enum store_result sql_rule_remove(struct store *s, int64_t id)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_some(q, sql_run(q, SQL_RULE_REMOVE, "i", id));
	if (r == STORE_OK)
		r = sql_run(q, SQL_IMAGES_REMOVE, "i", id);
	return sql_commit(q, r);
}

/* ---- images -------------------------------------------------------------------------------------------- */

static void image_row(struct sql *q, struct sql_st *st, struct store_image *ret)
{
	*ret = (struct store_image){.rule = sql_int(q, st, 0),
				    .size = (uint64_t)sql_int(q, st, 5),
				    .released = sql_int(q, st, 8) != 0};
	sql_text(q, st, 1, ret->version, sizeof ret->version);
	sql_text(q, st, 2, ret->file, sizeof ret->file);
	sql_text(q, st, 3, ret->signature, sizeof ret->signature);
	sql_text(q, st, 4, ret->time, sizeof ret->time);
	sql_text(q, st, 6, ret->sha256, sizeof ret->sha256);
	sql_text(q, st, 7, ret->min_installed, sizeof ret->min_installed);
}

enum store_result sql_image_put(struct store *s, const struct store_image *im)
{
	return sql_run(sql_of(s), SQL_IMAGE_PUT, "ittttitti", im->rule,
			  im->version, im->file, im->signature, im->time, (int64_t)im->size, im->sha256,
			  im->min_installed, (int64_t)im->released);
}

enum store_result sql_image_remove(struct store *s, int64_t rule, const char *version)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	return sql_commit(q, sql_some(q, sql_run(q, SQL_IMAGE_REMOVE, "it", rule, version)));
}

enum store_result sql_image_get(struct store *s, int64_t rule, const char *version, struct store_image *ret)
{
	struct sql *q = sql_of(s);
	struct sql_st *st = sql_bind(q, SQL_IMAGE_GET, "it", rule, version);
	enum store_result r = sql_step(q, st);

	if (r == STORE_OK) {
		image_row(q, st, ret);
		sql_end(q, st);
	}
	return r;
}

struct images_to {
	bool (*each)(void *arg, const struct store_image *row);
	void *arg;
};

static struct sql_st *images_behind(struct sql *q, const void *rule, const void *last)
{
	return sql_bind(q, SQL_IMAGE_PAGE, "iti", *(const int64_t *)rule, last ? ((const struct store_image *)last)->version : "",
			(int64_t)SQL_PAGE);
}

static bool images_row(struct sql *q, struct sql_st *st, void *ret)
{
	image_row(q, st, ret);
	return true;
}

static bool images_give(void *each, const void *row)
{
	const struct images_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_image_each(struct store *s, int64_t rule, bool (*each)(void *, const struct store_image *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_image), images_behind, images_row, images_give, NULL};

	return sql_each(sql_of(s), &list, &rule, &(struct images_to){each, arg});
}

/* ---- test devices -------------------------------------------------------------------------------------- */

enum store_result sql_test_put(struct store *s, const struct store_test_device *d)
{
	return sql_run(sql_of(s), SQL_TEST_PUT, "tit", d->name, (int64_t)d->is_mac, d->id);
}

enum store_result sql_test_remove(struct store *s, const char *name)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_run(q, SQL_TEST_REMOVE, "t", name);

	return sql_some(q, r);
}

enum store_result sql_test_find(struct store *s, bool is_mac, const char *id)
{
	struct sql *q = sql_of(s);
	struct sql_st *st = sql_bind(q, SQL_TEST_FIND, "it", (int64_t)is_mac, id);
	enum store_result r = sql_step(q, st);

	if (r == STORE_OK)
		sql_end(q, st);
	return r;
}

struct tests_to {
	bool (*each)(void *arg, const struct store_test_device *row);
	void *arg;
};

static struct sql_st *tests_behind(struct sql *q, const void *of, const void *last)
{
	(void)of;
	return sql_bind(q, SQL_TEST_PAGE, "ti", last ? ((const struct store_test_device *)last)->name : "", (int64_t)SQL_PAGE);
}

static bool tests_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct store_test_device *d = ret;

	*d = (struct store_test_device){.is_mac = sql_int(q, st, 1) != 0};
	sql_text(q, st, 0, d->name, sizeof d->name);
	sql_text(q, st, 2, d->id, sizeof d->id);
	return true;
}

static bool tests_give(void *each, const void *row)
{
	const struct tests_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_test_each(struct store *s, bool (*each)(void *, const struct store_test_device *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_test_device), tests_behind, tests_row, tests_give, NULL};

	return sql_each(sql_of(s), &list, NULL, &(struct tests_to){each, arg});
}
