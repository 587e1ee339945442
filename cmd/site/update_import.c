/* cmd/site/update_import.c: dialtone update import: the files of an image and its catalog, for admin/images.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/images.h"
#include "admin/packages.h"
#include "cmd/text.h"
#include "cmd/site/update.h"

#define PACKAGE_MAX ((size_t)512 << 20)

const struct option_row update_import_options[] = {
    {"--catalog", "FILE", "the signed catalog (default: beside the image, FILE.cat)", offsetof(struct update_import_options, catalog)},
    {"--min-installed", "N.N.N.N", "older phones are led over a stepping stone first",
     offsetof(struct update_import_options, min_installed)},
    {"--vendor", "NAME", "the vendor, where paths and files in a cabinet do not say it",
     offsetof(struct update_import_options, vendor)},
    {"--model", "NAME", "the model", offsetof(struct update_import_options, model)},
    {"--revision", "LETTER", "the hardware revision (default: A)", offsetof(struct update_import_options, revision)},
    {"--locale", "CODE", "(default: ENU)", offsetof(struct update_import_options, locale)},
    {"--device-type", "NAME", "(default: UCPhone)", offsetof(struct update_import_options, device_type)},
    {"--version", "N.N.N.N", "the version", offsetof(struct update_import_options, version)},
    {"--approve", NULL, "approves it at once", offsetof(struct update_import_options, approve)},
    {0}};

static int files_read(struct session *s, const char *image, const char *catalog, struct buf *i, struct buf *c)
{
	char beside[1024];
	int rc;

	if (catalog == NULL && !image_catalog_name(image, beside))
		return command_fail(s->c, EX_USAGE, "'%s' does not end in a name like CPE.nbt; name its catalog with --catalog FILE", image);
	if ((rc = session_file(s, image, IMAGE_MAX, i)) != 0)
		return rc;
	catalog = catalog ? catalog : beside;
	if (access(catalog, F_OK) < 0)
		return command_fail(s->c, EX_USAGE, "'%s' has no catalog '%s': %s; name it with --catalog FILE", image, catalog,
				    strerror(errno));
	return session_file(s, catalog, IMAGE_CATALOG_MAX, c);
}

/* ---- a cabinet of Microsoft's ------------------------------------------------------------------------------------------ */

struct package_listing {
	struct session *s;
	struct writer w;
};

struct package_row {
	char path[CAB_PATH_MAX], device[160], version[32], why[512];
	bool changed;
};

static const struct column package_columns[] = {{"image", COLUMN_TEXT, offsetof(struct package_row, path)},
						{"device", COLUMN_TEXT, offsetof(struct package_row, device)},
						{"version", COLUMN_TEXT, offsetof(struct package_row, version)},
						{"changed", COLUMN_BOOL, offsetof(struct package_row, changed)},
						{"refused", COLUMN_TEXT, offsetof(struct package_row, why)},
						{0}};

static void package_one(void *arg, const char *path, const struct update_image *h, bool changed, const char *why)
{
	struct package_listing *l = arg;
	struct package_row row = {.changed = changed};

	snprintf(row.path, sizeof row.path, "%s", path);
	if (h->model[0])
		snprintf(row.device, sizeof row.device, "%s/%s/%s/%s", h->vendor, h->model, h->revision, h->locale);
	snprintf(row.version, sizeof row.version, "%s", h->version);
	snprintf(row.why, sizeof row.why, "%s", why ? why : "");
	writer_row(&l->w, &row);
}

static int package_given(struct session *s, const struct update_import_options *o, struct update_image *ret)
{
	const struct {
		const char *option, *value;
		char *to;
		size_t cap;
	} said[] = {{"--vendor", o->vendor, ret->vendor, sizeof ret->vendor},
		    {"--model", o->model, ret->model, sizeof ret->model},
		    {"--revision", o->revision, ret->revision, sizeof ret->revision},
		    {"--locale", o->locale, ret->locale, sizeof ret->locale},
		    {"--device-type", o->device_type, ret->device_type, sizeof ret->device_type},
		    {"--version", o->version, ret->version, sizeof ret->version}};

	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		if (said[i].value && !sv_copy(said[i].to, said[i].cap, sv_of(said[i].value)))
			return command_fail(s->c, EX_USAGE, "'%s %.40s...': that is too long", said[i].option, said[i].value);
	return 0;
}

static int import_package(struct session *s, const struct update_import_options *o, struct sv octets)
{
	struct package_listing l = {.s = s};
	struct update_image given = {0};
	struct package_import in = {.cab = octets, .name = s->c->argument[0], .given = &given, .min_installed = o->min_installed,
				    .approve = o->approve, .done = package_one, .arg = &l};
	unsigned images = 0, changed = 0;
	int rc = package_given(s, o, &given), written;

	if (rc)
		return rc;
	session_writer(s, &l.w);
	writer_list(&l.w, NULL, package_columns);
	rc = session_end(s, packages_import(&s->admin, &in, &images, &changed, &s->why));
	written = writer_end(&l.w);
	if (rc == 0 && changed == 0)
		text_print(stderr, "unchanged: %u image%s of Microsoft's stored already", images, images == 1 ? " is" : "s are");
	else if (rc == 0)
		text_print(stderr, "%u image%s of Microsoft's stored as they are, %s", images, images == 1 ? "" : "s",
			 o->approve ? "approved" : "pending; 'dialtone update approve' gives them to all phones");
	return rc ? rc : written;
}

int update_import(struct session *s)
{
	const struct update_import_options *o = s->c->o;
	struct image_import in = {.name = s->c->argument[0], .min_installed = o->min_installed, .approve = o->approve};
	struct buf image = {0}, catalog = {0};
	struct store_rule rule;
	char version[32];
	int rc = session_file(s, in.name, PACKAGE_MAX, &image);

	if (rc == 0 && cab_is(buf_view(&image))) {
		rc = import_package(s, o, buf_view(&image));
		buf_free(&image);
		return rc;
	}
	buf_free(&image);
	if (rc == 0 && sv_iends(sv_of(in.name), SV(".cab")))
		rc = command_fail(s->c, EX_USAGE, "'%s' is no cabinet: it does not begin as one; is the download whole?", in.name);
	if (rc == 0)
		rc = files_read(s, in.name, o->catalog, &image, &catalog);

	in.image = buf_view(&image);
	in.catalog = buf_view(&catalog);
	if (rc == 0)
		rc = session_did(s, images_import(&s->admin, &in, &rule, version, &s->why));
	if (rc == 0)
		text_print(stderr, "%s %s: version %s is %s", rule.brand, rule.model, version,
			strcmp(rule.pending, version) != 0 ? "approved" : "pending; 'dialtone update approve' gives it to all phones");
	buf_free(&image);
	buf_free(&catalog);
	return rc;
}
