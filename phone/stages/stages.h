/* phone/stages/stages.h: how each stage begins, and what goes on with dial tone. */
#ifndef DIALTONE_PHONE_STAGES_H
#define DIALTONE_PHONE_STAGES_H

#include "dialtone/phone.h"
#include "wire/eth.h"
#include "wire/lldp.h"
#include "wire/msg.h"
#include "wire/soap/soap.h"

void stage_vlan(struct dt_phone *ph);
void stage_address(struct dt_phone *ph);
void stage_find(struct dt_phone *ph);
void stage_update(struct dt_phone *ph);
void stage_discover(struct dt_phone *ph);
void stage_chain(struct dt_phone *ph);
void stage_auth(struct dt_phone *ph);
bool auth_ntlm_is_enough(const struct dt_phone *ph); /* it has user name and password, and may show them to the Registrar */
void stage_cert(struct dt_phone *ph);
void stage_logon(struct dt_phone *ph);

/* stage1_vlan.c: neighbours speak at any time */
void vlan_lldp(struct dt_phone *ph, const struct eth *e, const struct lldp *l);
void vlan_lldp_bad(struct dt_phone *ph, const char *why); /* a frame that cannot be read; why: constant text */
void vlan_lldp_timer(struct dt_phone *ph);
void vlan_bye(struct dt_phone *ph); /* the shutdown LLDPDU, when the phone ends or restarts */

/* lease.c */
void lease_take(struct dt_phone *ph); /* starts T1 */
void lease_timer(struct dt_phone *ph);
void lease_use(struct dt_phone *ph);	  /* the same, and announces the address */
void lease_announce(struct dt_phone *ph); /* once more */
void lease_arp(struct dt_phone *ph, const struct arp *m); /* any that is not the phone's own */

/* registration.c: in-band settings; NULL, or why they cannot be read.  found: what the record says of them */
const char *provisioning_take(struct dt_phone *ph, struct sv body, char found[SOAP_URI_MAX]);

/* registered.c */
void registered_begin(struct dt_phone *ph);
void registered_keepalive(struct dt_phone *ph);
void registered_refresh(struct dt_phone *ph);
void registered_reauth(struct dt_phone *ph);
void registered_update(struct dt_phone *ph);
void registered_update_later(struct dt_phone *ph); /* in a day */
void registered_renew(struct dt_phone *ph);
void registered_retry(struct dt_phone *ph);
void registered_lost(struct dt_phone *ph, const char *why);
void registered_off(struct dt_phone *ph); /* signs off */
void registered_request(void *arg, const struct msg *m); /* struct sip_handlers */
void registered_connection_lost(void *arg, const char *why);

#endif
