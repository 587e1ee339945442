/* phone/client/image.h: firmware images: fetched into the spare slot, resumed where it stopped, verified, installed.
 *
 * An image is what it says only with its catalog: CMS SignedData, by the key the phone trusts from the factory, over the
 * image's SHA-256 and size.  The catalog comes first, so that no octet is stored that it does not speak of, and there is an
 * end to what a server may send.  The running version is only ever read from the verified image in the active slot.
 */
#ifndef DIALTONE_PHONE_IMAGE_H
#define DIALTONE_PHONE_IMAGE_H

#include "phone/client/http.h"
#include "wire/update.h"

void image_version(struct dt_phone *ph, const char *update_key); /* of the active slot, when it verifies */

struct image_client;
typedef void image_fn(void *arg, enum dt_failure f, const char *why); /* DT_F_OK: it is installed */

struct image_conf { /* its texts, but the store, live as long as the client */
	const char *update_key;	  /* PEM; NULL: none is trusted, nothing is installed */
	const char *question_url; /* where the question was answered */
	const char *provisioned[2];	  /* update services that in-band provisioning told; "": none */
	const char *store;	  /* where images are; "": beside the question's handler */
	struct update_module offer;
	bool trusted;	 /* the offer came over TLS from a server that the root chain knows */
	bool report_only; /* the store's certificate chain is looked at, but does not decide */
};
struct image_client *image_fetch(struct dt_phone *ph, struct http_client *http, const struct image_conf *c, image_fn *done, void *arg);
bool image_ended(const struct image_client *c); /* true for NULL */
void image_free(struct image_client *c);	/* NULL is fine */
void image_timer(struct image_client *c);	/* from the runner; NULL: nobody waits */

/* image_check.c.  What the signature is good for: NULL, and the image's sum and size; else why not, and *sign the rule that
 * it broke; NONE: nothing that a server could help. */
const char *image_catalog_check(const char *key, struct sv catalog, uint8_t sum[32], uint64_t *size, enum dt_sign *sign);
/* The same, for the image in that slot as well. */
const char *image_check(struct dt_phone *ph, const char *key, unsigned slot, struct sv catalog, struct update_image *ret,
			enum dt_sign *sign);
const char *image_broke(enum dt_sign *sign, enum dt_sign rule); /* what the rule says */

bool image_is_older(const char *version, const char *than);
/* The head of the running image has a floor, and the version is below it: it is installed from nobody, as what it lacks was too bad. */
bool image_below_floor(struct dt_phone *ph, const char *version);
#define IMAGE_BELOW_FLOOR "the head of the running image (not-below) forbids a version as old as this one"

/* image_back.c: back to the image before.  DT_F_OK: the phone must restart; else *why not. */
enum dt_failure image_uninstall(struct dt_phone *ph, const char *update_key, const char **why);

void image_url(const char *store, const char *question, const char *file, char *out, size_t cap);

#endif
