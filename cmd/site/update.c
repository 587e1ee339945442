/* cmd/site/update.c: dialtone update: which firmware the phones get [update-service 3.2, 3.3]. */
#include "cmd/site/update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/rules.h"
#include "base/file.h"
#include "cmd/verbs.h"
#include "server/vault/device_id.h"

int update_file(struct admin *a, const char *path, size_t max, struct buf *ret)
{
	int rc = file_read(path, max, ret);

	return rc < 0 ? admin_fail(a, EX_USAGE, "%s: %s", path, strerror(-rc)) : 0;
}

bool update_catalog_name(const char *image, char ret[1024])
{
	const char *base = strrchr(image, '/'), *dot;

	base = base ? base + 1 : image;
	dot = strrchr(base, '.');
	if (dot == NULL || dot == base || strcmp(dot, ".cat") == 0)
		return false;
	return snprintf(ret, 1024, "%.*s.cat", (int)(dot - image), image) < 1024;
}

/* ---- which rule ------------------------------------------------------------------------------------------ */

/* "3", its GUID, or "POLYCOM/CX600[/A[/ENU]]" */
struct choice {
	const char *wanted;
	struct store_rule found;
	unsigned n;
};

static bool chosen(const struct store_rule *r, const char *wanted)
{
	const char *const parts[] = {r->brand, r->model, r->revision, r->locale};
	struct sv rest = sv_of(wanted);
	uint64_t id;

	if (sv_u64(rest, INT64_MAX, &id))
		return (int64_t)id == r->id;
	if (sv_ieq(rest, sv_of(r->guid)))
		return true;
	for (size_t i = 0; i < 4; i++) {
		if (!sv_ieq(sv_cut(&rest, '/'), sv_of(parts[i])))
			return false;
		if (rest.p == NULL)
			return i > 0;
	}
	return false;
}

static bool choose(void *arg, const struct store_rule *r)
{
	struct choice *c = arg;

	if (chosen(r, c->wanted)) {
		c->found = *r;
		c->n++;
	}
	return true;
}

static int rule_of(struct admin *a, struct store_rule *ret)
{
	struct choice c = {.wanted = a->argument[0]};
	enum store_result r = a->store->ops->rule_each(a->store, choose, &c);

	if (r != STORE_OK)
		return admin_store_failed(a, r, a->argument[0]);
	if (c.n == 0)
		return admin_fail(a, EX_USAGE, "there is no rule '%s'; 'dialtone update list' shows them", a->argument[0]);
	if (c.n > 1)
		return admin_fail(a, EX_USAGE, "'%s' means %u rules; type one's number or GUID out of 'dialtone update list'",
				  a->argument[0], c.n);
	*ret = c.found;
	return 0;
}

/* ---- transitions ------------------------------------------------------------------------------------------- */

/* `nothing`: the sentence, with the rule's name in it once, when the transition has nothing to work on. */
static int change(struct admin *a, rule_transition *transition, const char *done, const char *nothing)
{
	struct store_rule r = {0};
	enum store_result s;
	bool changed = false;
	int rc = rule_of(a, &r);

	if (rc)
		return rc;
	if ((s = rule_change(a->store, &r, transition, &changed)) != STORE_OK)
		return admin_store_failed(a, s, a->argument[0]);
	if (!changed)
		return admin_fail(a, EX_USAGE, "'%s' %s", a->argument[0], nothing);
	admin_audit(a, "", done);
	fprintf(stderr, "%s %s: approved %s, restore %s, pending %s\n", r.brand, r.model, r.approved[0] ? r.approved : "-",
		r.restore[0] ? r.restore : "-", r.pending[0] ? r.pending : "-");
	return 0;
}

static int update_approve(struct admin *a)
{
	return change(a, rule_approve, "update approve",
		      "has nothing pending; import an image first: dialtone update import FILE.nbt");
}

static int update_reject(struct admin *a)
{
	return change(a, rule_reject, "update reject",
		      "has nothing pending; to take back what is approved: dialtone update restore RULE");
}

static int update_restore(struct admin *a)
{
	return change(a, rule_restore, "update restore", "has nothing approved that could be taken back");
}

/* ---- remove ------------------------------------------------------------------------------------------------ */

struct paths {
	const struct admin *a;
	struct buf list; /* NUL behind each */
};

static bool remember(void *arg, const struct store_image *im)
{
	struct paths *p = arg;

	buf_add(&p->list, im->file, strlen(im->file) + 1);
	buf_add(&p->list, im->signature, strlen(im->signature) + 1);
	return true;
}

static int update_remove(struct admin *a)
{
	struct paths p = {.a = a};
	struct store_rule r = {0};
	enum store_result s;
	int rc = rule_of(a, &r);

	if (rc)
		return rc;
	s = a->store->ops->image_each(a->store, r.id, remember, &p);
	if (s == STORE_OK)
		s = a->store->ops->rule_remove(a->store, r.id);
	if (s != STORE_OK)
		rc = admin_store_failed(a, s, a->argument[0]);
	for (size_t i = 0; rc == 0 && i < p.list.n; i += strlen((char *)p.list.p + i) + 1) {
		char path[sizeof a->site.dir + 300];
		int gone;

		snprintf(path, sizeof path, "%s/" UPDATE_FILES "/%s", a->site.dir, (char *)p.list.p + i);
		if ((gone = file_remove(NULL, path)) != 0)
			rc = admin_fail(a, EX_CONFIG, "the rule is removed, its file is not: %s: %s", path, strerror(-gone));
	}
	buf_free(&p.list);
	if (rc == 0)
		admin_audit(a, "", "update remove");
	return rc;
}

/* ---- list ---------------------------------------------------------------------------------------------------- */

static bool list_json(void *arg, const struct store_rule *r)
{
	return json_array_append_new(
		   arg, json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "number", (json_int_t)r->id, "Id", r->guid,
				  "DeviceType", r->device_type, "Brand", r->brand, "Model", r->model, "Revision", r->revision, "Locale",
				  r->locale, "ApprovedVersion", r->approved, "RestoreVersion", r->restore, "PendingVersion",
				  r->pending)) == 0;
}

static bool list_text(void *arg, const struct store_rule *r)
{
	++*(unsigned *)arg;
	printf("%-4lld %-36s %s/%s/%s/%s  approved %s  restore %s  pending %s\n", (long long)r->id, r->guid, r->brand, r->model,
	       r->revision, r->locale, r->approved[0] ? r->approved : "-", r->restore[0] ? r->restore : "-",
	       r->pending[0] ? r->pending : "-");
	return true;
}

static int update_list(struct admin *a)
{
	json_t *all = a->json ? json_array() : NULL;
	unsigned n = 0;
	enum store_result r = a->store->ops->rule_each(a->store, a->json ? list_json : list_text, a->json ? (void *)all : &n);

	if (r != STORE_OK) {
		json_decref(all);
		return admin_store_failed(a, r, "update list");
	}
	if (a->json)
		return admin_print(all);
	if (n == 0)
		fprintf(stderr, "there are no rules yet; 'dialtone update import FILE.nbt' makes one\n");
	return 0;
}

/* ---- test devices (3.3) ---------------------------------------------------------------------------------------- */

static bool test_json(void *arg, const struct store_test_device *d)
{
	return json_array_append_new(arg, json_pack("{s:s, s:s, s:s}", "name", d->name, "IdentifierType",
						    d->is_mac ? "MACAddress" : "SerialNumber", "Identifier", d->id)) == 0;
}

static bool test_text(void *arg, const struct store_test_device *d)
{
	(void)arg;
	printf("%-24s %-12s %s\n", d->name, d->is_mac ? "MACAddress" : "SerialNumber", d->id);
	return true;
}

static int test_list(struct admin *a)
{
	json_t *all = a->json ? json_array() : NULL;
	enum store_result r = a->store->ops->test_device_each(a->store, a->json ? test_json : test_text, all);

	if (r == STORE_OK)
		return a->json ? admin_print(all) : 0;
	json_decref(all);
	return admin_store_failed(a, r, "update testdevice list");
}

static int test_add(struct admin *a)
{
	const char *mac = admin_option(a, "--mac"), *serial = admin_option(a, "--serial");
	struct store_test_device d = {.is_mac = mac != NULL};
	enum store_result r;

	if (a->arguments < 2 || (mac == NULL) == (serial == NULL))
		return admin_fail(a, EX_USAGE, "type: dialtone update testdevice add NAME --mac 01-02-03-04-05-06 (or --serial S)");
	if (!sv_copy(d.name, sizeof d.name, sv_of(a->argument[1])))
		return admin_fail(a, EX_USAGE, "the name '%s' is longer than 63 characters", a->argument[1]);
	if (mac && !update_id_mac(mac, d.id))
		return admin_fail(a, EX_USAGE, "'%s' is not a MAC address; type six pairs, like 01-02-03-04-05-06", mac);
	if (serial && !update_id_serial(serial, d.id))
		return admin_fail(a, EX_USAGE, "'%s' is not a serial number; type letters, digits, '-' and '_'", serial);
	r = a->store->ops->test_device_put(a->store, &d);
	return r == STORE_OK ? 0 : admin_store_failed(a, r, d.name);
}

static int test_remove(struct admin *a)
{
	enum store_result r;

	if (a->arguments < 2)
		return admin_fail(a, EX_USAGE, "type: dialtone update testdevice remove NAME");
	r = a->store->ops->test_device_remove(a->store, a->argument[1]);
	if (r == STORE_NONE)
		return admin_fail(a, EX_USAGE, "there is no test device '%s'; 'dialtone update testdevice list' shows them",
				  a->argument[1]);
	return r == STORE_OK ? 0 : admin_store_failed(a, r, a->argument[1]);
}

static int update_testdevice(struct admin *a)
{
	static const struct {
		const char *name;
		int (*run)(struct admin *a);
	} what[] = {{"add", test_add}, {"remove", test_remove}, {"list", test_list}};

	for (size_t i = 0; i < sizeof what / sizeof *what; i++)
		if (strcmp(a->argument[0], what[i].name) == 0)
			return what[i].run(a);
	return admin_fail(a, EX_USAGE, "there is no 'testdevice %s'; type add, remove or list", a->argument[0]);
}

/* ---- the verb ------------------------------------------------------------------------------------------------------ */

static const struct admin_option test_options[] = {{"--mac", "MAC", "the device's address, like 01-02-03-04-05-06"},
						   {"--serial", "S", "or its serial number"},
						   {0}};

static const struct admin_verb verbs[] = {
    {"sign", "PAYLOAD", 1, 1, update_sign_options, update_sign,
     "makes an image and its signed catalog out of a payload, with DIR/" UPDATE_KEY},
    {"import", "FILE.nbt", 1, 1, update_import_options, update_import,
     "takes an image signed with the update key; it is pending: test devices get it"},
    {"list", "", 0, 0, NULL, update_list, "lists the rules"},
    {"approve", "RULE", 1, 1, NULL, update_approve, "gives what is pending to all phones"},
    {"reject", "RULE", 1, 1, NULL, update_reject, "drops what is pending"},
    {"restore", "RULE", 1, 1, NULL, update_restore, "goes back to the version approved before"},
    {"remove", "RULE", 1, 1, NULL, update_remove, "forgets the rule and deletes its files"},
    {"testdevice", "add|remove|list [NAME]", 1, 2, test_options, update_testdevice, "which devices get what is pending"},
    {0},
};

int cmd_update(int argc, char **argv)
{
	static const struct admin_group group = {
	    "update", "the firmware of phones; RULE is its number, its GUID, or BRAND/MODEL[/REVISION[/LOCALE]]", verbs,
	    "  dialtone update sign payload.bin --vendor POLYCOM --model CX600 \\\n"
	    "      --version 4.0.7577.4387 --out CPE.nbt\n"
	    "  dialtone update import CPE.nbt\n"
	    "  dialtone update approve POLYCOM/CX600\n"
	    "  dialtone update testdevice add lab --mac 00-04-F2-00-01-76\n"};

	return admin_main(argc, argv, &group);
}
