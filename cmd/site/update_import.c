/* cmd/site/update_import.c: dialtone update import: a signed image into the update store, its rule pending.
 *
 * "Import-CsDeviceUpdate: new/updated rule, PendingVersion = package version; Approved/Restore untouched"
 * Stored as DIR/files/<DeviceType>/<Brand>/<Model>/<Revision>/<Locale>/<Version>/ [update-service 3.5].
 */
#include "cmd/site/update.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/rules.h"
#include "base/enc.h"
#include "base/file.h"
#include "wire/update.h"

const struct admin_option update_import_options[] = {
    {"--catalog", "FILE", "the signed catalog (default: beside the image, FILE.cat)"},
    {"--min-installed", "N.N.N.N", "older phones are led over a stepping stone first"},
    {"--approve", NULL, "approves it at once"},
    {0}};

struct package {
	struct update_image head;
	struct buf image, catalog;
	char file[256]; /* its name in the catalog */
	uint8_t sha256[32];
};

static int package_read(struct admin *a, struct package *p)
{
	const char *image = a->argument[0], *catalog = admin_option(a, "--catalog"), *no;
	struct buf anchors = {0}, text = {0};
	char beside[1024], path[sizeof a->site.dir + 32];
	uint8_t sum[32];
	uint64_t size = 0;
	int rc = 0;

	if (catalog == NULL) {
		if (!update_catalog_name(image, beside))
			return admin_fail(a, EX_USAGE, "'%s' does not end in a name like CPE.nbt; name its catalog with --catalog FILE",
					  image);
		catalog = beside;
	}
	snprintf(path, sizeof path, "%s/" UPDATE_CERT, a->site.dir);
	if ((rc = update_file(a, image, UPDATE_IMAGE_MAX, &p->image)) != 0)
		goto out;
	if (access(catalog, F_OK) < 0) {
		rc = admin_fail(a, EX_USAGE, "'%s' has no catalog '%s': %s; name it with --catalog FILE", image, catalog,
				strerror(errno));
		goto out;
	}
	if ((rc = update_file(a, catalog, 1 << 16, &p->catalog)) != 0 || (rc = update_file(a, path, 1 << 16, &anchors)) != 0)
		goto out;
	rc = EX_USAGE;
	if ((no = pki_catalog_verify(p->catalog.p, p->catalog.n, buf_view(&anchors), &text)) != NULL ||
	    (no = update_catalog_read(buf_view(&text), p->sha256, &size, p->file)) != NULL) {
		admin_fail(a, rc, "the catalog '%s' is refused: %s; it must be signed with the update key of %s", catalog, no, path);
		goto out;
	}
	pki_sha256(p->image.p, p->image.n, sum);
	if (size != p->image.n || memcmp(sum, p->sha256, sizeof sum) != 0) {
		admin_fail(a, rc, "the image '%s' is not the one that its catalog '%s' was made for", image, catalog);
		goto out;
	}
	if ((no = update_image_read(p->image.p, p->image.n, &p->head)) != NULL) {
		admin_fail(a, rc, "the image '%s' is refused: %s; 'dialtone update sign' makes images", image, no);
		goto out;
	}
	rc = 0;
out:
	buf_free(&anchors);
	buf_free(&text);
	return rc;
}

/* A part of a path: no way out of the store. */
static bool plain(const char *s)
{
	return s[0] && s[0] != '.' && strcspn(s, "/\\") == strlen(s);
}

static int folder(struct admin *a, const char *path)
{
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	return admin_fail(a, EX_CONFIG, "%s: %s", path, strerror(errno));
}

/* Workers read it, as another user: whatever the administrator's umask says. */
static int package_save(struct admin *a, const struct package *p, struct store_image *im)
{
	const struct update_image *h = &p->head;
	const char *const parts[] = {h->device_type, h->vendor, h->model, h->revision, h->locale, h->version};
	char at[sizeof a->site.dir + 512], catalog[1024];
	size_t below, n;
	int rc;

	umask(022);
	snprintf(at, sizeof at, "%s/" UPDATE_FILES, a->site.dir);
	below = strlen(at) + 1;
	rc = folder(a, at);
	for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++) {
		if (!plain(parts[i]))
			return admin_fail(a, EX_USAGE, "the image's head holds '%s', which is no part of a path", parts[i]);
		n = strlen(at);
		snprintf(at + n, sizeof at - n, "/%s", parts[i]);
		rc = folder(a, at);
	}
	if (rc)
		return rc;
	if (!plain(p->file) || !update_catalog_name(p->file, catalog) || strlen(at) - below + strlen(p->file) + 2 > sizeof im->file)
		return admin_fail(a, EX_USAGE, "the catalog names the file '%s': it must be a short name like CPE.nbt", p->file);
	n = strlen(at);
	snprintf(at + n, sizeof at - n, "/%s", catalog);
	snprintf(im->signature, sizeof im->signature, "%s", at + below);
	if ((rc = file_write(NULL, at, p->catalog.p, p->catalog.n, 0644)) != 0)
		return admin_fail(a, EX_CONFIG, "%s: %s", at, strerror(-rc));
	snprintf(at + n, sizeof at - n, "/%s", p->file);
	snprintf(im->file, sizeof im->file, "%s", at + below);
	if ((rc = file_write(NULL, at, p->image.p, p->image.n, 0644)) != 0)
		return admin_fail(a, EX_CONFIG, "%s: %s", at, strerror(-rc));
	return 0;
}

static int rule_write(struct admin *a, const struct package *p, struct store_image *im)
{
	const struct update_image *h = &p->head;
	bool approve = admin_option(a, "--approve") != NULL;
	struct store_rule rule = {0};
	enum store_result r;

	snprintf(rule.device_type, sizeof rule.device_type, "%s", h->device_type);
	snprintf(rule.brand, sizeof rule.brand, "%s", h->vendor);
	snprintf(rule.model, sizeof rule.model, "%s", h->model);
	snprintf(rule.revision, sizeof rule.revision, "%s", h->revision);
	snprintf(rule.locale, sizeof rule.locale, "%s", h->locale);
	snprintf(im->version, sizeof im->version, "%s", h->version);
	snprintf(im->time, sizeof im->time, "%s", h->time);
	im->size = p->image.n;
	hex_write(im->sha256, p->sha256, 32, false);
	if ((r = rule_import(a->store, &rule, im, approve)) != STORE_OK)
		return admin_store_failed(a, r, rule.model);
	admin_audit(a, "", "update import");
	fprintf(stderr, "%s %s: version %s is %s\n", rule.brand, rule.model, h->version,
		approve ? "approved" : "pending; 'dialtone update approve' gives it to all phones");
	return 0;
}

int update_import(struct admin *a)
{
	const char *min = admin_option(a, "--min-installed");
	struct store_image im = {0};
	struct package p = {0};
	struct update_version v;
	int rc;

	if (min && (!update_version_read(sv_of(min), &v) || !sv_copy(im.min_installed, sizeof im.min_installed, sv_of(min))))
		return admin_fail(a, EX_USAGE, "--min-installed '%s' is not four numbers; type one like 3.5.0.0", min);
	rc = package_read(a, &p);
	if (rc == 0)
		rc = package_save(a, &p, &im);
	if (rc == 0)
		rc = rule_write(a, &p, &im);
	buf_free(&p.image);
	buf_free(&p.catalog);
	return rc;
}
