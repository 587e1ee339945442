/* phone/client/image_check.c: is an image what its catalog speaks of, and is it for this phone? */
#include "phone/client/image.h"

#include <stdlib.h>
#include <string.h>

#include "pki/cert.h"
#include "phone/run/record.h"

#define PIECE 65536

static const char *image_sum_of(struct dt_phone *ph, unsigned slot, uint64_t size, uint8_t sum[32])
{
	struct pki_sha256_ctx *c = pki_sha256_new();
	uint8_t piece[4096];
	uint64_t at = 0;

	if (c == NULL)
		return "out of memory";
	while (at < size) {
		long n = ph_core(ph)->body->slot_read(ph_core(ph)->arg, slot, at, piece, sizeof piece);

		if (n <= 0)
			break;
		pki_sha256_add(c, piece, (size_t)n);
		at += (uint64_t)n;
	}
	pki_sha256_end(c, sum);
	return at == size ? NULL : "the slot cannot be read";
}

static bool image_is_ours(const struct dt_model *m, const struct update_image *im)
{
	return sv_ieq(sv_of(im->vendor), sv_of(m->vendor)) && sv_ieq(sv_of(im->model), sv_of(m->model)) &&
	       sv_ieq(sv_of(im->revision), sv_of(m->revision));
}

const char *image_broke(enum dt_sign *sign, enum dt_sign rule)
{
	*sign = rule;
	return dt_signs[rule].what;
}

/* What the signature is good for.  NULL: good.  Else *sign is the rule that it broke; NONE: nothing that a server could help. */
const char *image_catalog_check(const char *key, struct sv catalog, uint8_t sum[32], uint64_t *size, enum dt_sign *sign)
{
	struct buf said = {0};
	char file[256];
	const char *why;

	if (key == NULL)
		return image_broke(sign, DT_SIGN_UPDATE_KEY_NONE);
	*sign = DT_SIGN_CATALOG_BAD;
	why = pki_catalog_verify(catalog.p, catalog.n, sv_of(key), &said);
	if (why == NULL)
		why = said.oom ? "out of memory" : update_catalog_read(buf_view(&said), sum, size, file);
	buf_free(&said);
	if (why == NULL && (*size == 0 || *size > UPDATE_IMAGE_MAX))
		why = "the catalog is for an image that is empty or too long";
	return why;
}

/* The same, with what is in the slot. */
const char *image_check(struct dt_phone *ph, const char *key, unsigned slot, struct sv catalog, struct update_image *ret,
			       enum dt_sign *sign)
{
	uint8_t head[UPDATE_IMAGE_HEAD_MAX], sum[32], want[32];
	uint64_t size = 0;
	struct update_image im;
	const char *why;
	long n;

	why = image_catalog_check(key, catalog, want, &size, sign);
	if (why)
		return why;
	if (ph_core(ph)->body->slot_size(ph_core(ph)->arg, slot) != (int64_t)size)
		return image_broke(sign, DT_SIGN_IMAGE_SIZE);
	*sign = DT_SIGN_NONE;
	why = image_sum_of(ph, slot, size, sum);
	if (why)
		return why;
	if (!pki_equal(sum, want, 32))
		return image_broke(sign, DT_SIGN_IMAGE_CHANGED);
	n = ph_core(ph)->body->slot_read(ph_core(ph)->arg, slot, 0, head, sizeof head);
	if (n <= 0)
		return "the slot cannot be read";
	*sign = DT_SIGN_IMAGE_BAD;
	why = update_image_read(head, (size_t)n, &im);
	if (why == NULL && !image_is_ours(ph_core(ph)->model, &im))
		why = image_broke(sign, DT_SIGN_IMAGE_MODEL);
	if (why == NULL)
		*ret = im;
	return why;
}

bool image_is_older(const char *version, const char *than)
{
	struct update_version a, b;

	return update_version_read(sv_of(version), &a) && update_version_read(sv_of(than), &b) && update_version_compare(&a, &b) < 0;
}

bool image_below_floor(struct dt_phone *ph, const char *version)
{
	const char *floor = ph_core(ph)->floor;

	return floor[0] && image_is_older(version, floor);
}

void image_version(struct dt_phone *ph, const char *update_key)
{
	struct ph_core *core = ph_core(ph);
	struct buf catalog = {0};
	struct update_image im;
	enum dt_sign sign;
	int n = core->body->slot_catalog(core->arg, 0, NULL, 0);

	core->floor[0] = '\0';
	if (n > 0 && n < PIECE && buf_reserve(&catalog, (size_t)n) &&
	    (n = core->body->slot_catalog(core->arg, 0, catalog.p, (size_t)n)) > 0) {
		catalog.n = (size_t)n;
		if (image_check(ph, update_key, 0, buf_view(&catalog), &im, &sign) == NULL) {
			text_set(core->version, sizeof core->version, "%s", im.version);
			text_set(core->floor, sizeof core->floor, "%s", im.not_below);
		}
	}
	buf_free(&catalog);
}
