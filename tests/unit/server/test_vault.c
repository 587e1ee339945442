/* tests/unit/server/test_vault.c: the vault takes nobody's word: methods that are off, updates, key files ([web-services 6 to 9];
 * [update-service 3]). */
#include "tests/support/vault_world.h"

static void methods_off(void **state)
{
	struct world *w = *state;
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct vault_cert c = {0};
	struct buf b = {0};
	uint64_t id;

	person(w, "alice@contoso.test", "", "", "4411", "73914");
	assert_int_equal(call_ticket_pin(&w->link, "4411", "73914", &ask, true, &t, NULL), VAULT_METHOD_OFF); /* outside */
	w->site.UsePinAuth = false;
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_METHOD_OFF);
	w->site.UseCertificateAuth = false;
	assert_int_equal(call_ticket_cert(&w->link, "<x/>", 4, false, &t, NULL), VAULT_METHOD_OFF);
	assert_int_equal(call_cert_issue(&w->link, "<x/>", 4, false, &c, NULL), VAULT_METHOD_OFF);
	assert_int_not_equal(call_cert_known(&w->link, (const uint8_t *)"x", 1, "alice@contoso.test", NULL), VAULT_METHOD_OFF); /* SIP's is another */
	w->site.offer_tls_dsk = false;
	assert_int_equal(call_cert_known(&w->link, (const uint8_t *)"x", 1, "alice@contoso.test", NULL), VAULT_METHOD_OFF);
	w->site.UseWindowsAuth = SITE_WINDOWS_NONE;
	assert_int_equal(call_ntlm_challenge(&w->link, false, NULL, 0, &id, &b), VAULT_METHOD_OFF);
	assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &id, &b), VAULT_OK); /* SIP's own switch */
	w->site.offer_ntlm = false;
	assert_int_equal(call_ntlm_challenge(&w->link, true, NULL, 0, &id, &b), VAULT_METHOD_OFF);
	buf_free(&b);
}

/* ---- updates --------------------------------------------------------------------------------------------- */

static const char *offered(struct world *w, const char *installed, const char *mac, const char *serial)
{
	static char version[32];
	struct update_question q = {.device_type = "UCPhone", .vendor = "polycom", .model = "cx600", .revision = "A", .locale = "ENU",
				    .nmodule = 1};
	struct vault_offer o = {0};

	strcpy(q.mac, mac);
	strcpy(q.serial, serial);
	strcpy(q.module[0].version, installed);
	assert_int_equal(call_update_offer(&w->link, &q, "10.0.0.9", &o), VAULT_OK);
	assert_true(o.known);
	strcpy(version, o.module.version);
	return version;
}

static bool last_device(void *arg, const struct store_device *d)
{
	*(struct store_device *)arg = *d;
	return true;
}

static void updates(void **state)
{
	struct world *w = *state;
	struct store *s = w->store;
	struct store_rule r = {.guid = "g", .device_type = "UCPhone", .brand = "POLYCOM", .model = "CX600", .revision = "A",
			       .locale = "ENU", .pending = "4.0.7577.4387"};
	struct store_image im = {.version = "4.0.7577.4387", .file = "f", .signature = "c", .size = 9};
	struct store_test_device t = {.name = "lab", .is_mac = true, .id = "0004F2000176"};
	struct update_question q = {.device_type = "UCPhone", .vendor = "HP", .model = "4110", .revision = "A", .locale = "ENU"};
	struct store_device d = {0};
	struct vault_offer o;

	assert_int_equal(s->ops->rule_put(s, &r), STORE_OK);
	im.rule = r.id;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_int_equal(s->ops->test_device_put(s, &t), STORE_OK);
	assert_string_equal(offered(w, "4.0.7577.4363", "00-04-f2-00-01-77", ""), ""); /* pending is for test devices */
	assert_string_equal(offered(w, "4.0.7577.4363", "00:04:f2:00:01:76", ""), "4.0.7577.4387");
	strcpy(r.approved, r.pending);
	r.pending[0] = '\0';
	assert_int_equal(s->ops->rule_put(s, &r), STORE_OK);
	im.released = true;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "4.0.7577.4363", "00-04-f2-00-01-77", ""), "4.0.7577.4387");
	assert_string_equal(offered(w, "4.0.7577.4387", "00-04-f2-00-01-77", ""), "");
	assert_string_equal(offered(w, "4.0.7577.04387", "00-04-f2-00-01-77", ""), ""); /* numbers, not letters */
	assert_string_equal(offered(w, "4.0.7577.9999", "00-04-f2-00-01-77", ""), "4.0.7577.4387"); /* back, too */
	{ /* of several modules the image's version counts */
		struct update_question several = {.device_type = "UCPhone", .vendor = "POLYCOM", .model = "CX600", .revision = "A",
						  .locale = "ENU", .nmodule = 2,
						  .module = {{.file = "boot.xml", .version = "1.0.0.0"},
							     {.file = "CPE.nbt", .version = "4.0.7577.4387"}}};

		o = (struct vault_offer){.known = false};
		assert_int_equal(call_update_offer(&w->link, &several, "10.0.0.9", &o), VAULT_OK);
		assert_true(o.known && o.module.version[0] == '\0');
	}
	/* two steps from 1.0.x */
	strcpy(im.min_installed, "3.5.0.0");
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "1.0.522.101", "00-04-f2-00-01-77", ""), "");
	strcpy(im.version, "3.5.6907.187");
	im.min_installed[0] = '\0';
	im.released = false;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "1.0.522.101", "00-04-f2-00-01-77", ""), ""); /* never approved: not led over it */
	im.released = true;
	assert_int_equal(s->ops->image_put(s, &im), STORE_OK);
	assert_string_equal(offered(w, "1.0.522.101", "00-04-f2-00-01-77", ""), "3.5.6907.187");
	assert_string_equal(offered(w, "3.5.6907.187", "00-04-f2-00-01-77", ""), "4.0.7577.4387");
	/* no rule; the inventory has it all the same */
	assert_int_equal(call_update_offer(&w->link, &q, "10.0.0.9", &o), VAULT_OK);
	assert_true(!o.known && o.module.version[0] == '\0');
	assert_int_equal(s->ops->device_each(s, last_device, &d), STORE_OK);
	assert_string_equal(d.address, "10.0.0.9");
}

/* However the phone writes its MAC, its sign-in is that of the device which asked for an update. */
static void inventory(void **state)
{
	struct world *w = *state;
	struct update_question q = {.model = "CX600"};
	struct vault_ask in = {.kind = VAULT_DEVICE_SIGNED, .device_signed = {.mac = "00:04:f2:00:01:76", .instance = "i1", .user = "alice@contoso.test", .at = NOW}};
	struct store_device d = {0};
	struct vault_offer o;

	strcpy(q.mac, "0004f2000176");
	assert_int_equal(call_update_offer(&w->link, &q, "10.0.0.9", &o), VAULT_OK);
	assert_int_equal(call_tell(&w->link, &in), VAULT_OK);
	in.device_signed.off = true;
	in.device_signed.at = NOW + 60;
	in.device_signed.mac[0] = '\0';
	assert_int_equal(call_tell(&w->link, &in), VAULT_OK);
	assert_int_equal(w->store->ops->device_each(w->store, last_device, &d), STORE_OK);
	assert_string_equal(d.mac, "00-04-F2-00-01-76");
	assert_string_equal(d.user, "alice@contoso.test");
	assert_true(d.signed_in == NOW && d.signed_off == NOW + 60);
}

/* ---- key files ------------------------------------------------------------------------------------------- */

static void key_files(void **state)
{
	struct world *w = *state;
	struct vault_keys k = {0}, again = {0};
	struct why why = {0};
	char path[128];

	assert_false(vault_keys_load(w->dir, &k, &why));
	assert_non_null(strstr(why.text, "ca.pem"));
	assert_true(vault_keys_make(w->dir, NOW, &why));
	assert_true(vault_keys_load(w->dir, &k, &why));
	assert_true(vault_keys_make(w->dir, NOW, &why)); /* leaves what is there */
	assert_true(vault_keys_load(w->dir, &again, &why));
	assert_memory_equal(k.secret, again.secret, 32);
	assert_true(sv_eq(buf_view(&k.ca_der), buf_view(&again.ca_der)));
	assert_true(pki_cert_is_of(k.ticket_der.p, k.ticket_der.n, again.ticket));
	snprintf(path, sizeof path, "%s/vault/secret", w->dir);
	assert_int_equal(file_write(NULL, path, "abc\n", 4, 0600), 0);
	assert_false(vault_secret_load(w->dir, again.secret, &why));
	vault_keys_clear(&k);
	vault_keys_clear(&again);
	for (size_t i = 0; i < 5; i++) {
		static const char *const names[] = {"vault/secret", "vault/ca.pem", "vault/ticket.pem", "issuing.pem", "vault"};

		snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
		assert_int_equal(remove(path), 0);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(methods_off), T(updates), T(inventory), T(key_files),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
