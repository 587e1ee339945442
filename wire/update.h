/* wire/update.h: the device update question, its answer, and what an image file says of itself.
 *
 * UNKNOWN: Microsoft publishes none of these formats; these carry the documented fields in a design of our own
 * [update-service 4].  Readers are liberal so that a real phone has a chance.
 */
#ifndef DIALTONE_WIRE_UPDATE_H
#define DIALTONE_WIRE_UPDATE_H

#include "base/buf.h"
#include "base/sv.h"

#define UPDATE_NS "urn:lync-bootstrap:device-update:1"
#define UPDATE_MODULES 8
#define UPDATE_IMAGE_MAX ((uint64_t)256 << 20) /* no image is longer */

struct update_module {
	char file[256], signature[256], version[32], time[40];
	uint64_t size;	 /* 0: absent */
	char sha256[65]; /* "": absent */
};

/* "Package content: .cat security catalog, .nbt software image": among several modules the image counts. NULL: none. */
const struct update_module *update_image_of(const struct update_module *m, unsigned n);

struct update_question {
	char device_type[32], mac[24], serial[64], vendor[32], model[32], revision[16], locale[16], user[256];
	struct update_module module[UPDATE_MODULES];
	unsigned nmodule;
};
/* Any XML (UTF-8, UTF-16 with BOM), elements or attributes, local names without case, with the aliases of 4.3; or
 * multipart/form-data with one XML part (content_type says so; NULL: the body itself does). NULL when read, else why not. */
const char *update_question_read(const void *p, size_t n, const char *content_type, struct update_question *ret);
void update_question_write(struct buf *b, const struct update_question *q);

struct update_answer {
	char store[256];
	char uninstall[32]; /* a phone that runs this version goes back to the one before; "": none */
	struct update_module module[UPDATE_MODULES];
	unsigned nmodule; /* 0: up to date */
};
const char *update_answer_read(const void *p, size_t n, struct update_answer *ret);
void update_answer_write(struct buf *b, const struct update_answer *a);

/* The XML in the body of a question or an answer: of a form its part, without blank lines before it, and without a declaration
 * that calls UTF-8 UTF-16. */
struct sv update_xml(const void *p, size_t n, const char *content_type, const char **why);
bool update_knows(const char *name); /* an element or attribute of that name is read */

/* major.minor.build.revision as four integers */
struct update_version {
	uint32_t part[4];
};
bool update_version_read(struct sv s, struct update_version *ret);
int update_version_compare(const struct update_version *a, const struct update_version *b);

/* An image of ours begins with lines "dialtone-image 1", then "name: value" lines, then an empty line, then the
 * payload.  It is trusted only with its catalog: CMS SignedData (attached) over the text "sha256 <hex> <size> <file>\n". */
struct update_image {
	char device_type[32], vendor[32], model[32], revision[16], locale[16], version[32], time[40];
	char not_below[32]; /* the phone that runs it installs no older version than this; "": any */
	size_t head_n; /* where the payload begins */
};
/* What a package's updateInfo.xml says of its image; what it does not say is "".  NULL when read. */
const char *update_description_read(const void *p, size_t n, struct update_image *ret);
#define UPDATE_IMAGE_HEAD_MAX 2048
const char *update_image_read(const void *p, size_t n, struct update_image *ret);
void update_image_write(struct buf *b, const struct update_image *im); /* the head */
const char *update_catalog_read(struct sv text, uint8_t sha256[32], uint64_t *size, char file[256]);
void update_catalog_write(struct buf *b, const uint8_t sha256[32], uint64_t size, const char *file);

#endif
