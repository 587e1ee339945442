/* admin/images.h: firmware images: made out of a payload, imported with their signed catalog.
 *
 * An image is a text head (which device, which version) and the payload behind it; its catalog is CMS over its SHA-256,
 * signed with the site's update key.
 */
#ifndef DIALTONE_ADMIN_IMAGES_H
#define DIALTONE_ADMIN_IMAGES_H

#include "admin/image_files.h"
#include "base/buf.h"
#include "server/site/files.h"
#include "wire/update.h"

#define IMAGE_KEY SITE_UPDATE_KEY   /* in DIR: signs catalogs, when images are made here */
#define IMAGE_CERT SITE_UPDATE_CERT /* in DIR: catalogs must be signed by it */
#define IMAGE_MAX UPDATE_IMAGE_MAX
#define IMAGE_CATALOG_MAX ((size_t)1 << 16)

struct image_import {
	struct sv image, catalog; /* octets */
	const char *name;	  /* what the image is called, in sentences */
	const char *min_installed; /* "3.5.0.0": older phones are led over a stepping stone first; NULL: any */
	bool approve;
};
/* Verifies the catalog and the image against it, writes both below DIR/files, and the rule.  Fills *rule with the rule as
 * it is then, *version with the image's.  UNCHANGED: the image is there, and pending or approved, as it was asked for. */
enum admin_result images_import(struct admin *a, const struct image_import *in, struct store_rule *rule, char version[32],
				struct why *why);

/* An image that its phones judge, or that has been verified. */
struct image_of {
	const struct update_image *head; /* which device, which version */
	const char *file;		 /* its name in the update store: "CPE.nbt" */
	struct sv image, catalog;	 /* octets */
	const char *min_installed;	 /* as in struct image_import */
	bool approve;
};
/* images_import() calls it once it has verified the image. */
enum admin_result image_store(struct admin *a, const struct image_of *of, struct store_rule *rule, struct why *why);
/* Returns whether the text is four numbers, as a version is; NULL is fine. */
bool image_min_installed(const char *text, struct why *why);

/* Clear-CsDeviceUpdateFile: deletes images below DIR/files that are of no version that a rule has in approved, restore or pending,
 * and forgets them.  *n: how many images. */
enum admin_result images_clear(struct admin *a, unsigned *n, struct why *why);

struct image_sign {
	struct update_image head;
	struct sv payload;
	const char *file; /* its name in the catalog: "CPE.nbt" */
	struct sv key, cert; /* PEM; an empty one: the site's */
};
/* *image and *catalog are the caller's to free. */
enum admin_result images_sign(struct admin *a, const struct image_sign *in, struct buf *image, struct buf *catalog, struct why *why);

#endif
