/* cmd/site/update_import.c: dialtone update import: the files of an image and its catalog, for admin/images.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/images.h"
#include "cmd/text.h"
#include "cmd/site/update.h"

const struct option_row update_import_options[] = {
    {"--catalog", "FILE", "the signed catalog (default: beside the image, FILE.cat)", offsetof(struct update_import_options, catalog)},
    {"--min-installed", "N.N.N.N", "older phones are led over a stepping stone first",
     offsetof(struct update_import_options, min_installed)},
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

int update_import(struct session *s)
{
	const struct update_import_options *o = s->c->o;
	struct image_import in = {.name = s->c->argument[0], .min_installed = o->min_installed, .approve = o->approve};
	struct buf image = {0}, catalog = {0};
	struct store_rule rule;
	char version[32];
	int rc = files_read(s, in.name, o->catalog, &image, &catalog);

	in.image = buf_view(&image);
	in.catalog = buf_view(&catalog);
	if (rc == 0)
		rc = session_end(s, images_import(&s->admin, &in, &rule, version, &s->why));
	if (rc == 0)
		text_say(stderr, "%s %s: version %s is %s", rule.brand, rule.model, version,
			o->approve ? "approved" : "pending; 'dialtone update approve' gives it to all phones");
	buf_free(&image);
	buf_free(&catalog);
	return rc;
}
