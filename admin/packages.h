/* admin/packages.h: Microsoft's firmware packages (UCUpdates.cab): which image in them is for which device, and their import.
 *
 * An image (.nbt) and its catalog (.cat) are stored and served octet for octet: their signature is Microsoft's, and the phones judge
 * it.  What an image is for: first what the operator says; then a description (updateInfo.xml) in its folder or above; then the parts
 * of its path, .../DeviceType/Brand/Model/Revision/Locale/Version/..., found from the part that is a version.
 * UNKNOWN: the description's elements beside the version; the names of the question are read [update-service 3.5, 4.2].
 */
#ifndef DIALTONE_ADMIN_PACKAGES_H
#define DIALTONE_ADMIN_PACKAGES_H

#include "admin/cab.h"
#include "admin/images.h"

struct package_import {
	struct sv cab;
	const char *name; /* what it is called, in sentences */
	const struct update_image *given; /* fields that the operator has said; "" : not said */
	const char *min_installed;
	bool approve;
	/* Each image in it: imported (changed: it was not there so before), or why it is not. */
	void (*done)(void *arg, const char *path, const struct update_image *head, bool changed, const char *why);
	void *arg;
};

/* What an image of that path is for.  false: *why says what is missing. */
bool package_identify(const struct cab *c, const char *path, const struct update_image *given, struct update_image *ret, struct why *why);
/* *images: how many of its images are there now; *changed: how many of these were not before.  ADMIN_REFUSED when none is,
 * ADMIN_UNCHANGED when all that are were there. */
enum admin_result packages_import(struct admin *a, const struct package_import *in, unsigned *images, unsigned *changed, struct why *why);

#endif
