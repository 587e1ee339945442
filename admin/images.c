#include "admin/images.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/rules.h"
#include "base/enc.h"
#include "base/file.h"
#include "base/text.h"
#include "pki/cert.h"

/* ---- import ---------------------------------------------------------------------------------------------------- */

#define MIN_INSTALLED_NO "'%.40s' is not four numbers; type one like 3.5.0.0"

struct package {
	struct update_image head;
	char file[256]; /* its name in the catalog */
	uint8_t sha256[32];
};

static enum admin_result package_read(const struct admin *a, const struct image_import *in, struct package *p, struct why *why)
{
	struct buf anchors = {0}, text = {0};
	char path[sizeof a->site->dir + 32];
	uint8_t sum[32];
	uint64_t size = 0;
	const char *no;
	enum admin_result rc = ADMIN_REFUSED;
	int e;

	snprintf(path, sizeof path, "%s/" IMAGE_CERT, a->site->dir);
	pki_sha256(in->image.p, in->image.n, sum);
	if ((e = file_read(path, IMAGE_CATALOG_MAX, &anchors)) != 0)
		rc = admin_no(ADMIN_SITE, why, "%s: %s", path, strerror(-e));
	else if ((no = pki_catalog_verify(in->catalog.p, in->catalog.n, buf_view(&anchors), &text)) != NULL ||
		 (no = update_catalog_read(buf_view(&text), p->sha256, &size, p->file)) != NULL)
		admin_no(rc, why, "the catalog of '%s' is refused: %s; it must be signed with the update key of %s", in->name, no, path);
	else if (size != in->image.n || memcmp(sum, p->sha256, sizeof sum) != 0)
		admin_no(rc, why, "the image '%s' is not the one that its catalog was made for", in->name);
	else if ((no = update_image_read(in->image.p, in->image.n, &p->head)) != NULL)
		admin_no(rc, why, "the image '%s' is refused: %s; 'dialtone update sign' makes images", in->name, no);
	else
		rc = ADMIN_OK;
	buf_free(&anchors);
	buf_free(&text);
	return rc;
}

/* The same octets under the same version, and offered as they are to be; their files have just been written anew. */
static bool image_is_there(const struct admin *a, const struct store_rule *key, const struct store_image *im, bool approve, struct store_rule *ret)
{
	struct store_image had;

	return a->store->ops->rule_find(a->store, key, ret) == STORE_OK && a->store->ops->image_get(a->store, ret->id, im->version, &had) == STORE_OK &&
	       strcmp(had.sha256, im->sha256) == 0 && strcmp(had.min_installed, im->min_installed) == 0 &&
	       (strcmp(ret->approved, im->version) == 0 || (!approve && strcmp(ret->pending, im->version) == 0));
}

enum admin_result image_store(struct admin *a, const struct image_of *of, struct store_rule *rule, struct why *why)
{
	struct store_image im = {.size = of->image.n};
	mode_t was = umask(022); /* the workers serve what is here */
	struct store_rule there;
	uint8_t sum[32];
	enum admin_result rc = ADMIN_OK;

	if (of->min_installed && !sv_copy(im.min_installed, sizeof im.min_installed, sv_of(of->min_installed)))
		rc = admin_no(ADMIN_REFUSED, why, MIN_INSTALLED_NO, of->min_installed);
	if (rc == ADMIN_OK)
		rc = image_files_write(a, of->head, of->file, of->image, of->catalog, &im, why);
	umask(was);
	if (rc != ADMIN_OK)
		return rc;
	*rule = (struct store_rule){0};
	snprintf(rule->device_type, sizeof rule->device_type, "%s", of->head->device_type);
	snprintf(rule->brand, sizeof rule->brand, "%s", of->head->vendor);
	snprintf(rule->model, sizeof rule->model, "%s", of->head->model);
	snprintf(rule->revision, sizeof rule->revision, "%s", of->head->revision);
	snprintf(rule->locale, sizeof rule->locale, "%s", of->head->locale);
	snprintf(im.version, sizeof im.version, "%s", of->head->version);
	snprintf(im.time, sizeof im.time, "%s", of->head->time);
	pki_sha256(of->image.p, of->image.n, sum);
	hex_write(im.sha256, sum, sizeof sum, false);
	if (image_is_there(a, rule, &im, of->approve, &there)) {
		*rule = there;
		return ADMIN_UNCHANGED;
	}
	return admin_store(a, rule_import(a->store, rule, &im, of->approve), rule->model, why);
}

bool image_min_installed(const char *text, struct why *why)
{
	struct update_version v;

	return text == NULL || update_version_read(sv_of(text), &v) || why_not(why, MIN_INSTALLED_NO, text);
}

enum admin_result images_import(struct admin *a, const struct image_import *in, struct store_rule *rule, char version[32],
				struct why *why)
{
	struct package p = {0};
	struct image_of of = {.head = &p.head, .file = p.file, .image = in->image, .catalog = in->catalog, .min_installed = in->min_installed,
			      .approve = in->approve};
	enum admin_result rc;

	if (!image_min_installed(in->min_installed, why))
		return ADMIN_REFUSED;
	rc = package_read(a, in, &p, why);
	if (rc == ADMIN_OK)
		rc = image_store(a, &of, rule, why);
	text_set(version, 32, "%s", p.head.version);
	if (rc == ADMIN_OK)
		admin_audit(a, "", in->approve ? "update import, approved" : "update import");
	return rc;
}

/* ---- sign ------------------------------------------------------------------------------------------------------ */

/* PEM that was given, or that of a file of the site; *path: its name, for sentences. */
static enum admin_result pem_get(const struct admin *a, struct sv given, const char *file, char path[1024], struct buf *ret, struct why *why)
{
	int e = 0;

	text_set(path, 1024, given.n ? "the given PEM" : "%s/%s", a->site->dir, file);
	if (given.n)
		buf_sv(ret, given);
	else
		e = file_read(path, IMAGE_CATALOG_MAX, ret);
	return e ? admin_no(ADMIN_SITE, why, "%s: %s", path, strerror(-e)) : ADMIN_OK;
}

static enum admin_result signer_read(const struct admin *a, const struct image_sign *in, struct pki_key **key, struct buf *cert,
				     struct why *why)
{
	struct buf pem = {0};
	char path[1024];
	enum admin_result rc = pem_get(a, in->key, IMAGE_KEY, path, &pem, why);

	if (rc == ADMIN_OK && (*key = pki_key_read(buf_view(&pem))) == NULL)
		rc = admin_no(ADMIN_SITE, why, "%s: there is no private key in it", path);
	buf_wipe(&pem);
	if (rc == ADMIN_OK)
		rc = pem_get(a, in->cert, IMAGE_CERT, path, &pem, why);
	if (rc == ADMIN_OK && !pki_pem_cert(buf_view(&pem), 0, cert))
		rc = admin_no(ADMIN_SITE, why, "%s: there is no certificate in it", path);
	if (rc == ADMIN_OK && !pki_cert_is_of(cert->p, cert->n, *key))
		rc = admin_no(ADMIN_SITE, why, "%s: it is not the certificate of the key", path);
	buf_free(&pem);
	return rc;
}

enum admin_result images_sign(struct admin *a, const struct image_sign *in, struct buf *image, struct buf *catalog, struct why *why)
{
	struct buf text = {0}, cert = {0};
	struct pki_key *key = NULL;
	struct update_image again;
	char file[256];
	uint8_t sha256[32];
	uint64_t size;
	enum admin_result rc = signer_read(a, in, &key, &cert, why);

	if (rc == ADMIN_OK) {
		update_image_write(image, &in->head);
		if (update_image_read(image->p, image->n, &again) != NULL)
			rc = admin_no(ADMIN_REFUSED, why, "the head cannot be written: it is longer than %d octets", UPDATE_IMAGE_HEAD_MAX);
		buf_sv(image, in->payload);
	}
	if (rc == ADMIN_OK && image->oom)
		rc = admin_no(ADMIN_FAILED, why, "out of memory");
	if (rc == ADMIN_OK) {
		pki_sha256(image->p, image->n, sha256);
		update_catalog_write(&text, sha256, image->n, in->file);
		if (update_catalog_read(buf_view(&text), sha256, &size, file) != NULL)
			rc = admin_no(ADMIN_REFUSED, why, "'%s' holds a character that a catalog cannot", in->file);
		else if (!pki_catalog_sign(buf_view(&text), key, cert.p, cert.n, catalog))
			rc = admin_no(ADMIN_FAILED, why, "it cannot be signed: %s", pki_error());
	}
	pki_key_free(key);
	buf_free(&text);
	buf_free(&cert);
	return rc;
}
