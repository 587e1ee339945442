/* phone/run/desk.h: hot-desking: a guest at a common-area phone, and the account of the room that comes back.
 *
 * EnableHotdesking and HotdeskingTimeout come in-band with the settings of the room's account.
 */
#ifndef DIALTONE_PHONE_DESK_H
#define DIALTONE_PHONE_DESK_H

#include <stdbool.h>

#include "dialtone/handset.h"

bool desk_guest(const struct dt_phone *ph); /* a guest has the phone */
void desk_used(struct dt_phone *ph);	    /* the guest's time begins anew */
void desk_signed_off(struct dt_phone *ph);  /* the Registrar has answered: the guest comes, or goes */
void desk_give_back(struct dt_phone *ph);   /* the guest is forgotten, and the room's account signs in */
void desk_close(struct dt_phone *ph);	    /* the power goes: the same without signing in */

#endif
