#include "admin/packages.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/rules.h"
#include "base/enc.h"
#include "pki/key.h"

#define PARTS 24

/* ---- what an image is for -------------------------------------------------------------------------------------------- */

/* DeviceType/Brand/Model/Revision/Locale stand before the version, the nearest last [update-service 3.5]. */
static const struct {
	size_t at, cap;
} before_version[] = {
#define FIELD(name) {offsetof(struct update_image, name), sizeof((struct update_image *)0)->name}
    FIELD(locale), FIELD(revision), FIELD(model), FIELD(vendor), FIELD(device_type)
#undef FIELD
};

static void fill(char *to, size_t cap, struct sv value)
{
	if (to[0] == '\0' && value.n && value.n < cap)
		sv_copy(to, cap, value);
}

/* Names of nested cabinets are often made of the same parts, joined by '_'. */
static void from_path(const char *path, struct update_image *ret)
{
	struct sv part[PARTS], folders = sv_of(path);
	const char *last = strrchr(path, '/');
	struct update_version v;
	size_t n = 0, at;

	folders.n = last ? (size_t)(last - path) : 0;
	while (folders.p && folders.n && n < PARTS) {
		struct sv rest = sv_cut(&folders, '/');

		while (rest.p && n < PARTS)
			part[n++] = sv_cut(&rest, '_');
	}
	for (at = n; at > 0 && !update_version_read(part[at - 1], &v);)
		at--;
	if (at == 0)
		return;
	fill(ret->version, sizeof ret->version, part[--at]);
	for (size_t i = 0; i < sizeof before_version / sizeof *before_version && at > 0; i++)
		fill((char *)ret + before_version[i].at, before_version[i].cap, part[--at]);
}

static void from_description(const struct buf *xml, struct update_image *ret)
{
	struct update_image described;
	const struct {
		char *to;
		size_t cap;
		const char *from;
	} fields[] = {{ret->device_type, sizeof ret->device_type, described.device_type}, {ret->vendor, sizeof ret->vendor, described.vendor},
		      {ret->model, sizeof ret->model, described.model},		     {ret->revision, sizeof ret->revision, described.revision},
		      {ret->locale, sizeof ret->locale, described.locale},		     {ret->version, sizeof ret->version, described.version},
		      {ret->time, sizeof ret->time, described.time}};

	if (update_description_read(xml->p, xml->n, &described) != NULL)
		return; /* one that cannot be read says nothing */
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		fill(fields[i].to, fields[i].cap, sv_of(fields[i].from));
}

/* Descriptions in the folder of the image, then above it: the nearest counts first. */
static void from_descriptions(const struct cab *c, const char *path, struct update_image *ret)
{
	char folder[CAB_PATH_MAX];

	snprintf(folder, sizeof folder, "%s", path);
	for (char *slash = strrchr(folder, '/');; slash = strrchr(folder, '/')) {
		if (slash)
			slash[1] = '\0';
		else
			folder[0] = '\0';
		for (size_t i = 0; i < c->n; i++)
			if (sv_istarts(sv_of(c->file[i].path), sv_of(folder)) && sv_iends(sv_of(c->file[i].path), SV(".xml")) &&
			    strchr(c->file[i].path + strlen(folder), '/') == NULL)
				from_description(&c->file[i].data, ret);
		if (slash == NULL)
			return;
		*slash = '\0';
	}
}

bool package_identify(const struct cab *c, const char *path, const struct update_image *given, struct update_image *ret, struct why *why)
{
	struct update_image im = *given;
	struct update_version v;
	const struct {
		const char *value, *option;
	} needed[] = {{im.vendor, "--vendor"}, {im.model, "--model"}, {im.version, "--version"}};

	from_descriptions(c, path, &im);
	from_path(path, &im);
	fill(im.device_type, sizeof im.device_type, SV("UCPhone"));
	fill(im.revision, sizeof im.revision, SV("A"));
	fill(im.locale, sizeof im.locale, SV("ENU"));
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (needed[i].value[0] == '\0')
			return why_not(why, "neither its path nor a description says which device it is for; give %s", needed[i].option);
	if (!update_version_read(sv_of(im.version), &v))
		return why_not(why, "its version '%s' is not four numbers; give --version", im.version);
	fill(im.time, sizeof im.time, SV("2013-01-01T00:00:00Z"));
	*ret = im;
	return true;
}

/* ---- import ---------------------------------------------------------------------------------------------------------------- */

/* "x/CPE.cat" of "x/CPE.nbt", else the only catalog of that folder. */
static const struct cab_file *catalog_of(const struct cab *c, const char *image)
{
	size_t folder = strrchr(image, '/') ? (size_t)(strrchr(image, '/') - image) + 1 : 0;
	const struct cab_file *only = NULL;
	unsigned n = 0;
	char name[1024];

	for (size_t i = 0; i < c->n; i++) {
		const char *p = c->file[i].path;

		if (!sv_iends(sv_of(p), SV(".cat")) || strncmp(p, image, folder) != 0 || strchr(p + folder, '/'))
			continue;
		if (image_catalog_name(image, name) && sv_ieq(sv_of(p), sv_of(name)))
			return &c->file[i];
		only = &c->file[i];
		n++;
	}
	return n == 1 ? only : NULL;
}

static bool same_target(const struct update_image *a, const struct update_image *b)
{
	return strcasecmp(a->vendor, b->vendor) == 0 && strcasecmp(a->model, b->model) == 0 && strcasecmp(a->revision, b->revision) == 0 &&
	       strcasecmp(a->locale, b->locale) == 0 && strcasecmp(a->device_type, b->device_type) == 0;
}

/* Two images for one device in one package: which of them would a phone get? */
static bool ambiguous(const struct cab *c, size_t which, const struct package_import *in, const struct update_image *head)
{
	struct update_image other;
	struct why why = {0};

	for (size_t i = 0; i < which; i++)
		if (sv_iends(sv_of(c->file[i].path), SV(".nbt")) && package_identify(c, c->file[i].path, in->given, &other, &why) &&
		    same_target(&other, head))
			return true;
	return false;
}

static enum admin_result one_image(struct admin *a, const struct package_import *in, const struct cab *c, size_t which,
				   struct update_image *head, struct why *why)
{
	const struct cab_file *image = &c->file[which], *catalog = catalog_of(c, image->path);
	const char *base = strrchr(image->path, '/');
	struct store_rule rule;
	struct image_of of;

	if (!package_identify(c, image->path, in->given, head, why))
		return ADMIN_REFUSED;
	if (catalog == NULL)
		return admin_no(ADMIN_REFUSED, why, "it has no catalog beside it: phones would not take it");
	if (ambiguous(c, which, in, head))
		return admin_no(ADMIN_REFUSED, why, "another image in the package is for the same device");
	/* as it lies in the package; the version's own folder keeps it apart from any other */
	of = (struct image_of){.head = head, .file = base ? base + 1 : image->path, .image = buf_view(&image->data),
			       .catalog = buf_view(&catalog->data), .min_installed = in->min_installed, .approve = in->approve};
	return image_store(a, &of, &rule, why);
}

/* The image is there as it was asked for, now or already. */
static bool taken(enum admin_result r)
{
	return r == ADMIN_OK || r == ADMIN_UNCHANGED;
}

enum admin_result packages_import(struct admin *a, const struct package_import *in, unsigned *images, unsigned *changed, struct why *why)
{
	static const char *const endings[] = {".nbt", ".cat", ".xml", NULL};
	struct cab c = {0};
	struct why no = {0};
	enum admin_result rc = ADMIN_OK;

	*images = *changed = 0;
	if (!image_min_installed(in->min_installed, why))
		return ADMIN_REFUSED;
	if (!cab_read(in->cab, &cab_usual, endings, &c, &no))
		rc = admin_no(ADMIN_REFUSED, why, "'%.200s' is refused: %s", in->name, no.text);
	for (size_t i = 0; i < c.n && (taken(rc) || rc == ADMIN_REFUSED); i++) {
		struct update_image head = {0};

		if (!sv_iends(sv_of(c.file[i].path), SV(".nbt")))
			continue;
		no = (struct why){0};
		rc = one_image(a, in, &c, i, &head, &no);
		in->done(in->arg, c.file[i].path, &head, rc == ADMIN_OK, taken(rc) ? NULL : no.text);
		*images += taken(rc);
		*changed += rc == ADMIN_OK;
	}
	cab_clear(&c);
	if (*changed)
		admin_audit(a, "", in->approve ? "update import of a package, approved" : "update import of a package");
	if (*images)
		return !taken(rc) && rc != ADMIN_REFUSED ? rc : *changed ? ADMIN_OK : ADMIN_UNCHANGED;
	return rc == ADMIN_OK ? admin_no(ADMIN_REFUSED, why, "'%.200s' holds no image (.nbt)", in->name)
	       : why->text[0] ? rc : admin_no(rc, why, "%s", no.text);
}
