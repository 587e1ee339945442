/* admin/image_files.h: the update store below DIR/files, one folder a version [update-service 3.5].
 *
 *     DIR/files/<DeviceType>/<Brand>/<Model>/<Revision>/<Locale>/<Version>/CPE.nbt, CPE.cat
 *
 * The database names these files, and belongs to a user with fewer rights than the operator: no name leads out of the
 * folder.
 */
#ifndef DIALTONE_ADMIN_IMAGE_FILES_H
#define DIALTONE_ADMIN_IMAGE_FILES_H

#include "admin/admin.h"
#include "base/sv.h"
#include "wire/update.h"

#define IMAGE_FILES "files" /* in DIR; paths in the rules begin below it */

/* The catalog beside an image: "x/CPE.nbt" -> "x/CPE.cat". false: there is no such name, or it is too long. */
bool image_catalog_name(const char *image, char ret[1024]);
/* Writes catalog and image, in this order, below the folder that the head names; fills im->file and im->signature.
 * file: the image's name in its catalog. */
enum admin_result image_files_write(const struct admin *a, const struct update_image *head, const char *file, struct sv image,
				    struct sv catalog, struct store_image *im, struct why *why);
/* Deletes a file, named below DIR/files as the store names it.  Refused (ADMIN_SITE, nothing deleted): a name that leaves
 * the folder (absolute, "..", a link on the way) or is no regular file.  A file that is not there is fine. */
enum admin_result image_file_remove(const struct admin *a, const char *name, struct why *why);

#endif
