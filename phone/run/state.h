/* phone/run/state.h: the phone's lasting state: the chain, the user, key and certificate. */
#ifndef DIALTONE_PHONE_STATE_H
#define DIALTONE_PHONE_STATE_H

#include "base/buf.h"
#include "dialtone/phone.h"

bool ph_state_load(struct dt_phone *ph); /* everything that lasts; false: out of memory */
bool ph_state_anchors(struct dt_phone *ph);
bool ph_state_save_roots(struct dt_phone *ph); /* ph->roots, as they are */
bool ph_state_save_web(struct dt_phone *ph, const void *der, size_t n);
bool ph_state_save_account(struct dt_phone *ph);
bool ph_state_save_user(struct dt_phone *ph, const char *name, const struct buf *key, const struct buf *der);
bool ph_state_promote(struct dt_phone *ph); /* the renewed certificate has registered: it is the one now */
void ph_state_drop_fresh(struct dt_phone *ph);
void ph_state_use(struct dt_phone *ph); /* sets cert_after, cert_before of the one in use */
const struct buf *cert_in_use(const struct dt_phone *ph);
const struct buf *key_in_use(const struct dt_phone *ph);
bool cert_good(const struct dt_phone *ph); /* there is one, valid now */
bool cert_half_gone(const struct dt_phone *ph);
void ph_state_forget(struct dt_phone *ph); /* --cold */
void ph_state_load_user(struct dt_phone *ph); /* the account and the certificate, as they are stored */
void ph_state_forget_user(struct dt_phone *ph); /* the signed-in one; the chain and the site's settings stay */
void ph_state_update_url(struct dt_phone *ph); /* where the update service is, as in-band provisioning told it; "": it did not */

#endif
