/* phone/client/image_back.c: an update is uninstalled: the image of the other slot runs again, or the one in ROM when that slot is empty.
 *
 * "With no such previous version the update will simply be uninstalled" (Restore-CsDeviceUpdateRule).  The image that runs afterwards is judged
 * as ever: the other slot's image only with its own catalog.
 */
#include "base/text.h"
#include "phone/client/image.h"
#include "phone/run/persist.h"

#define CATALOG_MAX 65536

static const char *back_catalog(struct dt_phone *ph, const char *key, struct buf *ret, struct update_image *im)
{
	struct ph_core *core = ph_core(ph);
	int n = core->body->slot_catalog(core->arg, 1, NULL, 0);
	enum dt_sign sign;

	text_set(im->version, sizeof im->version, "%s", core->model->firmware);
	if (core->body->slot_size(core->arg, 1) <= 0)
		return NULL; /* the one in ROM */
	if (n <= 0 || n > CATALOG_MAX || !buf_reserve(ret, (size_t)n) || core->body->slot_catalog(core->arg, 1, ret->p, (size_t)n) != n)
		return "the other slot holds no whole image";
	ret->n = (size_t)n;
	return image_check(ph, key, 1, buf_view(ret), im, &sign);
}

enum dt_failure image_uninstall(struct dt_phone *ph, const char *update_key, const char **why)
{
	struct ph_core *core = ph_core(ph);
	struct buf catalog = {0};
	struct update_image im = {0};
	bool below;

	*why = back_catalog(ph, update_key, &catalog, &im);
	below = *why == NULL && image_below_floor(ph, im.version);
	if (below)
		*why = IMAGE_BELOW_FLOOR;
	else if (*why == NULL && core->body->install(core->arg, catalog.n ? (const void *)catalog.p : "", catalog.n) < 0)
		*why = "the slots cannot be exchanged";
	if (*why == NULL)
		persist_forget(ph, DT_STATE_UPDATE); /* the version may be offered again later: that is no loop */
	buf_free(&catalog);
	return *why == NULL ? DT_F_OK : below ? DT_F_UPDATE_OLDER : DT_F_UPDATE_STORE;
}
