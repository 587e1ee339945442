/* cmd/site/update.c: dialtone update: which firmware the phones get [update-service 3.2, 3.3]. */
#include "cmd/text.h"
#include "cmd/site/update.h"

#include <stdio.h>

#include "admin/devices.h"
#include "admin/images.h"
#include "admin/rules.h"
#include "base/sv.h"
#include "cmd/verbs.h"
#include "server/web/logs_clean.h"

/* ---- transitions ------------------------------------------------------------------------------------------- */

typedef enum admin_result rules_verb(struct admin *a, const char *name, struct store_rule *ret, struct why *why);

static int change(struct session *s, rules_verb *verb)
{
	struct store_rule r;
	int rc = session_did(s, verb(&s->admin, s->c->argument[0], &r, &s->why));

	if (rc == 0 && s->did == DID_CHANGE)
		text_print(stderr, "%s %s: approved %s, restore %s, pending %s%s%s", r.brand, r.model, r.approved[0] ? r.approved : "-",
			r.restore[0] ? r.restore : "-", r.pending[0] ? r.pending : "-",
			r.approved[0] == '\0' && verb == rules_restore ? "; phones uninstall " : "",
			r.approved[0] == '\0' && verb == rules_restore ? r.withdrawn : "");
	return rc;
}

static int update_approve(struct session *s)
{
	return change(s, rules_approve);
}

static int update_reject(struct session *s)
{
	return change(s, rules_reject);
}

static int update_restore(struct session *s)
{
	return change(s, rules_restore);
}

static int update_remove(struct session *s)
{
	enum admin_result r = rules_remove(&s->admin, s->c->argument[0], &s->why);

	return session_did(s, r == ADMIN_NONE ? ADMIN_UNCHANGED : r);
}

/* ---- list ---------------------------------------------------------------------------------------------------- */

static const struct column rule_columns[] = {
    {"number", COLUMN_NUMBER, offsetof(struct store_rule, id)},
    {"brand", COLUMN_TEXT, offsetof(struct store_rule, brand)},
    {"model", COLUMN_TEXT, offsetof(struct store_rule, model)},
    {"revision", COLUMN_TEXT, offsetof(struct store_rule, revision)},
    {"locale", COLUMN_TEXT, offsetof(struct store_rule, locale)},
    {"approved", COLUMN_TEXT, offsetof(struct store_rule, approved)},
    {"restore", COLUMN_TEXT, offsetof(struct store_rule, restore)},
    {"pending", COLUMN_TEXT, offsetof(struct store_rule, pending)},
    {"device_type", COLUMN_TEXT, offsetof(struct store_rule, device_type)},
    {"id", COLUMN_TEXT, offsetof(struct store_rule, guid)},
    {0}};

static bool rule_one(void *arg, const struct store_rule *r)
{
	writer_row(arg, r);
	return true;
}

static int update_list(struct session *s)
{
	struct writer w;
	int rc;

	session_writer(s, &w);
	writer_list(&w, NULL, rule_columns);
	rc = session_end(s, rules_each(&s->admin, rule_one, &w, &s->why));
	if (rc) {
		writer_drop(&w);
		return rc;
	}
	if (w.rows == 0)
		text_print(stderr, "there are no rules yet; 'dialtone update import FILE.nbt' makes one");
	return writer_end(&w);
}

/* ---- clearing: Clear-CsDeviceUpdateFile, Clear-CsDeviceUpdateLog --------------------------------------------------- */

struct clear_options {
	unsigned days;
};

static const char *clear_days(void *at, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), 36500, &n) || n == 0)
		return "type a number of days from 1 on";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

static const struct option_row clear_options[] = {
    {"--days", "NUMBER", "logs that are older than so many days (DaysBack)", offsetof(struct clear_options, days), .read = clear_days}, {0}};

static int update_clear_files(struct session *s)
{
	unsigned n = 0;
	enum admin_result r = images_clear(&s->admin, &n, &s->why);

	session_member(s, "deleted", json_integer(n));
	if (n)
		text_print(stderr, "%u image%s that no rule has any more %s deleted", n, n == 1 ? "" : "s", n == 1 ? "was" : "were");
	return session_did(s, r == ADMIN_OK && n == 0 ? ADMIN_UNCHANGED : r);
}

static int update_clear_logs(struct session *s)
{
	const struct clear_options *o = s->c->o;
	char logs[sizeof s->site.dir + 8];
	unsigned n;

	if (o->days == 0)
		return command_fail(s->c, EX_USAGE, "how old? type --days NUMBER: logs of devices and of update questions that are older go");
	snprintf(logs, sizeof logs, "%s/logs", s->site.dir);
	n = logs_clean(logs, s->admin.now - (int64_t)o->days * 86400);
	session_member(s, "deleted", json_integer(n));
	if (n) {
		admin_audit(&s->admin, "", "update clear-logs");
		text_print(stderr, "%u log%s deleted", n, n == 1 ? "" : "s");
	}
	return session_did(s, n ? ADMIN_OK : ADMIN_UNCHANGED);
}

/* ---- test devices [update-service 3.3] ---------------------------------------------------------------------------- */

struct test_row {
	char name[64], type[16], id[64];
};

static const struct column test_columns[] = {
    {"name", COLUMN_TEXT, offsetof(struct test_row, name)},
    {"identifier_type", COLUMN_TEXT, offsetof(struct test_row, type)},
    {"identifier", COLUMN_TEXT, offsetof(struct test_row, id)},
    {0}};

static bool test_one(void *arg, const struct store_test_device *d)
{
	struct test_row row = {0};

	snprintf(row.name, sizeof row.name, "%s", d->name);
	snprintf(row.type, sizeof row.type, "%s", d->is_mac ? "MACAddress" : "SerialNumber");
	snprintf(row.id, sizeof row.id, "%s", d->id);
	writer_row(arg, &row);
	return true;
}

static int test_list(struct session *s)
{
	struct writer w;
	int rc;

	session_writer(s, &w);
	writer_list(&w, NULL, test_columns);
	rc = session_end(s, test_devices_each(&s->admin, test_one, &w, &s->why));
	if (rc)
		writer_drop(&w);
	return rc ? rc : writer_end(&w);
}

struct test_options {
	const char *mac, *serial;
};

static const struct option_row test_options[] = {
    {"--mac", "MAC", "the device's address, like 01-02-03-04-05-06", offsetof(struct test_options, mac)},
    {"--serial", "S", "or its serial number", offsetof(struct test_options, serial)},
    {0}};

static int test_add(struct session *s)
{
	const struct test_options *o = s->c->o;

	return session_did(s, test_device_add(&s->admin, s->c->argument[0], o->mac, o->serial, &s->why));
}

static int test_remove(struct session *s)
{
	return session_did(s, test_device_remove(&s->admin, s->c->argument[0], &s->why));
}

static const struct verb *const test_verbs[] = {
    SITE_VERB("add", "NAME", "this device gets what is pending", test_add, .options = test_options, .size = sizeof(struct test_options)),
    SITE_VERB("remove", "NAME", "it gets what all phones get again", test_remove),
    SITE_VERB("list", "", "lists the test devices", test_list),
    NULL};

/* ---- the verb ------------------------------------------------------------------------------------------------------ */

static const struct verb *const verbs[] = {
    SITE_VERB("sign", "PAYLOAD", "makes an image and its signed catalog out of a payload, with DIR/" IMAGE_KEY, update_sign,
	      .options = update_sign_options, .size = sizeof(struct update_sign_options)),
    SITE_VERB("import", "FILE", "takes an image signed with the update key, or a cabinet (UCUpdates.cab); pending: test devices get it", update_import,
	      .options = update_import_options, .size = sizeof(struct update_import_options)),
    SITE_VERB("list", "", "lists the rules", update_list),
    SITE_VERB("approve", "RULE", "gives what is pending to all phones", update_approve),
    SITE_VERB("reject", "RULE", "drops what is pending", update_reject),
    SITE_VERB("restore", "RULE", "goes back to the version approved before; without one, none is offered any more", update_restore),
    SITE_VERB("clear-files", "", "deletes images that no rule has in approved, restore or pending", update_clear_files),
    SITE_VERB("clear-logs", "", "deletes old logs of devices, and old days of the log of update questions", update_clear_logs,
	      .options = clear_options, .size = sizeof(struct clear_options)),
    SITE_VERB("remove", "RULE", "deletes the rule and its files", update_remove),
    &(const struct verb){.name = "testdevice", .what = "which devices get what is pending: add, remove, list", .verbs = test_verbs},
    NULL};

const struct verb verb_update = {
    .name = "update",
    .what = "firmware: sign, import, list, approve, reject, restore, remove, clear-files, clear-logs, testdevice",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The firmware of phones. RULE is its number, its GUID, or BRAND/MODEL[/REVISION[/LOCALE]].",
    .example = "  dialtone update sign payload.bin --vendor POLYCOM --model CX600 \\\n"
	       "      --version 4.0.7577.4387 --out CPE.nbt\n"
	       "  dialtone update import CPE.nbt\n"
	       "  dialtone update approve POLYCOM/CX600\n"
	       "  dialtone update testdevice add lab --mac 00-04-F2-00-01-76\n",
};
