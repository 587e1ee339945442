/* cmd/site/update.h: what the files of dialtone update share. */
#ifndef DIALTONE_CMD_UPDATE_H
#define DIALTONE_CMD_UPDATE_H

#include "cmd/site/admin.h"

#define UPDATE_FILES "files"	/* in DIR: the update store; paths in the rules begin below it */
#define UPDATE_KEY "update.key" /* in DIR: signs catalogs, when images are made here */
#define UPDATE_CERT "update.pem" /* in DIR: catalogs must be signed by it */

/* A file whole, or a sentence and the status. */
int update_file(struct admin *a, const char *path, size_t max, struct buf *ret);
/* The catalog beside an image: CPE.nbt -> CPE.cat. false: too long. */
bool update_catalog_name(const char *image, char ret[1024]);

int update_import(struct admin *a);
int update_sign(struct admin *a);

extern const struct admin_option update_import_options[], update_sign_options[];

#endif
