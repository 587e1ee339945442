/* cmd/site/update.h: what the files of dialtone update share. */
#ifndef DIALTONE_CMD_UPDATE_H
#define DIALTONE_CMD_UPDATE_H

#include "cmd/site/site.h"

struct update_import_options {
	const char *catalog, *min_installed, *vendor, *model, *revision, *locale, *device_type, *version;
	bool approve;
};
struct update_sign_options {
	const char *vendor, *model, *version, *revision, *locale, *device_type, *time, *not_below, *out, *key, *cert;
};
extern const struct option_row update_import_options[], update_sign_options[];

int update_import(struct session *s);
int update_sign(struct session *s);

#endif
