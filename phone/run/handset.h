/* phone/run/handset.h: a phone that stays on, its user, and the facts that its states follow from. */
#ifndef DIALTONE_PHONE_HANDSET_H
#define DIALTONE_PHONE_HANDSET_H

#include "dialtone/handset.h"

/* An appliance with nobody to sign in: no secret was typed, no certificate is stored that still counts. */
bool handset_nobody(const struct dt_phone *ph);
bool handset_has_secret(const struct dt_phone *ph);
bool handset_has_address(const struct dt_phone *ph);
enum dt_handset handset_refusal(const struct dt_phone *ph); /* whether people can do anything here at all */
enum plan_id handset_sign_in_plan(const struct dt_phone *ph);
void handset_desk_timer(struct dt_phone *ph); /* nobody has touched a guest's phone for too long */
/* A plan has ended well.  true: without dial tone, which is what it was for. */
bool handset_plan_end(struct dt_phone *ph);
/* After a failure was reported: the phone is ready for the next user, or tries again later. */
void handset_failed(struct dt_phone *ph, enum dt_failure f);
void handset_signed_in(struct dt_phone *ph); /* dial tone was reported */
void handset_retry(struct dt_phone *ph); /* T_RETRY, before there was dial tone */
void handset_sign_out(struct dt_phone *ph);   /* whoever is signed in, locked or not */
enum dt_handset handset_check(const struct dt_phone *ph, const struct dt_sign_in *who); /* whether that can be typed here */
void handset_begin(struct dt_phone *ph); /* the user of ph->conf, or of the stored certificate, signs in */
void handset_signed_out(struct dt_phone *ph); /* the Registrar has answered, or will not */

/* phone.c; ph_halt(): handset.c */
void ph_settle(struct dt_phone *ph); /* every public call ends with it */
void ph_off(struct dt_phone *ph);    /* all of it, at once */
void ph_halt(struct dt_phone *ph);   /* ends all that is under way; VLAN, address and lease stay */

#endif
