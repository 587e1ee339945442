/* tests/unit/store/test_store_devices.c: certificates, the devices that ask, update rules: on every backend. */
#include "tests/unit/store/store_world.h"

static void certificates(void **state)
{
	struct store *s = store_world_open(state);
	struct store_user a = store_world_user("alice@contoso.test", "", "", ""), b = store_world_user("bob@contoso.test", "", "", "");
	struct store_cert c;
	unsigned n = 0;

	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &b), STORE_OK);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(store_world_put(s, a.id, "phone", i), STORE_OK);
	assert_int_equal(store_world_put(s, a.id, "desk", 10), STORE_OK);
	assert_int_equal(store_world_put(s, b.id, "phone", 20), STORE_OK);
	s = store_world_reopen(state, s);
	assert_true(!store_world_has(s, 1) && store_world_has(s, 2) && store_world_has(s, 3) && store_world_has(s, 10) && store_world_has(s, 20)); /* of a device the newest two */
	c = store_world_cert(a.id, "phone", 2);
	assert_int_equal(s->ops->cert_settle(s, &c), STORE_OK); /* the older in use: the newer stays */
	assert_true(store_world_has(s, 2) && store_world_has(s, 3));
	store_cert_clear(&c);
	c = store_world_cert(a.id, "phone", 3);
	assert_int_equal(s->ops->cert_settle(s, &c), STORE_OK);
	store_cert_clear(&c);
	assert_true(!store_world_has(s, 2) && store_world_has(s, 3) && store_world_has(s, 10) && store_world_has(s, 20));
	assert_int_equal(s->ops->cert_each(s, a.id, store_world_count_cert, &n), STORE_OK);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(s->ops->cert_each(s, 0, store_world_count_cert, &n), STORE_OK);
	assert_int_equal(n, 3);
	assert_int_equal(s->ops->cert_revoke(s, a.id, 5555, &n), STORE_OK);
	assert_int_equal(n, 2);
	assert_true(!store_world_has(s, 3) && !store_world_has(s, 10) && store_world_has(s, 20));
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &a), STORE_OK);
	assert_int_equal(a.tickets_after, 5555);
	assert_int_equal(s->ops->cert_revoke(s, 12345, 5555, &n), STORE_NONE);
	assert_int_equal(s->ops->user_remove(s, b.id), STORE_OK);
	assert_false(store_world_has(s, 20));
	store_close(s);
}

/* ---- devices, rules, audit ------------------------------------------------------------------------------- */

static bool keep_device(void *arg, const struct store_device *d)
{
	*(struct store_device *)arg = *d;
	return true;
}

static bool count_image(void *arg, const struct store_image *im)
{
	(void)im;
	++*(unsigned *)arg;
	return true;
}

static void updates(void **state)
{
	struct store *s = store_world_open(state);
	struct store_rule r = {.guid = "g", .device_type = "UCPhone", .brand = "POLYCOM", .model = "CX600", .revision = "A",
			       .locale = "ENU", .pending = "4.0.0.2"};
	struct store_rule key = {.device_type = "ucphone", .brand = "Polycom", .model = "cx600", .revision = "a", .locale = "enu"};
	struct store_rule got, other = r;
	struct store_image im = {.version = "4.0.0.2", .file = "f.nbt", .signature = "f.cat", .size = 1ull << 33, .sha256 = "00"};
	struct store_image im2;
	struct store_device d = {.mac = "00-04-F2-00-01-76", .version = "1", .first_seen = 5, .last_seen = 5}, seen;
	struct store_test_device t = {.name = "lab", .is_mac = true, .id = "0004F2000176"};
	unsigned n = 0;

	assert_int_equal(s->ops->rule_put(s, &r), STORE_OK);
	assert_int_equal(s->ops->rule_find(s, &key, &got), STORE_OK);
	assert_true(got.id == r.id && strcmp(got.pending, "4.0.0.2") == 0 && strcmp(got.brand, "POLYCOM") == 0);
	assert_int_equal(s->ops->rule_put(s, &other), STORE_TAKEN); /* the same device, twice */
	strcpy(got.approved, "4.0.0.2");
	got.pending[0] = '\0';
	assert_int_equal(s->ops->rule_put(s, &got), STORE_OK);
	im.rule = r.id;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	im.released = true;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_int_equal(s->ops->image_get(s, r.id, "4.0.0.2", &im2), STORE_OK);
	assert_true(im2.released && im2.size == 1ull << 33 && strcmp(im2.signature, "f.cat") == 0);
	assert_int_equal(s->ops->image_get(s, r.id, "4.0.0.3", &im2), STORE_NONE);
	assert_int_equal(s->ops->image_each(s, r.id, count_image, &n), STORE_OK);
	assert_int_equal(n, 1);
	assert_int_equal(s->ops->rule_remove(s, r.id), STORE_OK);
	assert_int_equal(s->ops->image_get(s, r.id, "4.0.0.2", &im2), STORE_NONE);
	assert_int_equal(s->ops->rule_find(s, &key, &got), STORE_NONE);

	assert_int_equal(s->ops->device_put(s, &d), STORE_OK);
	d.first_seen = d.last_seen = 9;
	strcpy(d.version, "2");
	assert_int_equal(s->ops->device_put(s, &d), STORE_OK);
	assert_int_equal(s->ops->device_each(s, keep_device, &seen), STORE_OK);
	assert_true(seen.first_seen == 5 && seen.last_seen == 9 && strcmp(seen.version, "2") == 0);

	assert_int_equal(s->ops->test_device_put(s, &t), STORE_OK);
	assert_int_equal(s->ops->test_device_find(s, true, "0004F2000176"), STORE_OK);
	assert_int_equal(s->ops->test_device_find(s, false, "0004F2000176"), STORE_NONE);
	assert_int_equal(s->ops->test_device_remove(s, "lab"), STORE_OK);
	assert_int_equal(s->ops->test_device_remove(s, "lab"), STORE_NONE);
	store_close(s);
}

static bool count_device(void *arg, const struct store_device *d)
{
	(void)d;
	++*(unsigned *)arg;
	return true;
}

/* Devices that were seen in the same second are all listed, the latest first. */
static void devices(void **state)
{
	struct store *s = store_world_open(state);
	struct store_device first = {0};
	unsigned n = 0;

	for (int i = 0; i < 600; i++) {
		struct store_device d = {.last_seen = 100 + i / 300};

		snprintf(i % 2 ? d.mac : d.serial, sizeof d.mac, "%012X", (unsigned)i);
		assert_int_equal(s->ops->device_put(s, &d), STORE_OK);
	}
	assert_int_equal(s->ops->device_each(s, count_device, &n), STORE_OK);
	assert_int_equal(n, 600);
	assert_int_equal(s->ops->device_each(s, keep_device, &first), STORE_OK);
	assert_int_equal(first.last_seen, 100);
	store_close(s);
}

static struct store_device the_device(struct store *s)
{
	struct store_device d = {0};

	assert_int_equal(s->ops->device_each(s, keep_device, &d), STORE_OK);
	return d;
}

/* "inventory with last sign-in and last sign-off" */
static void signed_in_and_off(void **state)
{
	struct store *s = store_world_open(state);
	struct store_device d = {.mac = "00-04-F2-00-01-76", .model = "CX600", .last_seen = 100}, got;
	struct store_sign g = {.instance = "i1", .front_end = "fe1", .user = "alice@contoso.test", .address = "10.0.0.7", .at = 200};
	unsigned n = 0;

	assert_int_equal(s->ops->device_put(s, &d), STORE_OK);
	assert_int_equal(s->ops->device_signed(s, &g), STORE_NONE); /* neither the MAC nor the instance is known */
	strcpy(g.mac, d.mac);
	assert_int_equal(s->ops->device_signed(s, &g), STORE_OK);
	got = the_device(s);
	assert_true(got.signed_in == 200 && got.signed_off == 0 && got.last_seen == 100 && strcmp(got.model, "CX600") == 0);
	assert_string_equal(got.user, "alice@contoso.test");
	assert_int_equal(s->ops->device_put(s, &d), STORE_OK); /* its next question, which names no user */
	assert_string_equal(the_device(s).user, "alice@contoso.test");
	g.mac[0] = '\0'; /* as behind a restart: the instance says who it is */
	g.off = true;
	g.at = 300;
	assert_int_equal(s->ops->device_signed(s, &g), STORE_OK);
	assert_int_equal(the_device(s).signed_off, 300);
	g.off = false;
	g.at = 400;
	strcpy(g.front_end, "fe2");
	assert_int_equal(s->ops->device_signed(s, &g), STORE_OK);
	assert_int_equal(the_device(s).signed_in, 400);
	g.off = true;
	g.at = 401;
	strcpy(g.front_end, "fe1"); /* where it no longer is */
	assert_int_equal(s->ops->device_signed(s, &g), STORE_NONE);
	assert_int_equal(the_device(s).signed_off, 300);
	g.off = false; /* one that asked no update service, and whose MAC the DHCP responder knows */
	strcpy(g.mac, "00-04-F2-00-01-77");
	strcpy(g.instance, "i2");
	assert_int_equal(s->ops->device_signed(s, &g), STORE_OK);
	assert_int_equal(s->ops->device_each(s, count_device, &n), STORE_OK);
	assert_int_equal(n, 2);
	store_close(s);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
	const struct CMUnitTest all[] = {T(certificates), T(updates), T(devices), T(signed_in_and_off)};

	return store_world_run("certificates and devices", all, sizeof all / sizeof *all, NULL, 0);
}
