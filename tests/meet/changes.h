/* tests/meet/changes.h: changes of the world, before a phone starts, that several tests make. */
#ifndef DIALTONE_TESTS_MEET_CHANGES_H
#define DIALTONE_TESTS_MEET_CHANGES_H

#include "tests/meet/meet.h"

void change_no_lldp(struct meet *m);
void change_vlan_0(struct meet *m); /* priority-tagged */
void change_untagged(struct meet *m); /* the LLDP-MED policy */
void change_no_dhcp(struct meet *m);
void change_address_taken(struct meet *m); /* that the DHCP server gives */
void change_no_43(struct meet *m); /* no URL of the web service */
void change_no_registrar(struct meet *m); /* no candidate of stage 5 */
void change_strange_target(struct meet *m); /* the SRV record leads out of the domain */
void change_no_update_record(struct meet *m);
void change_web_down(struct meet *m);
void change_chain_off(struct meet *m);
void change_wrong_name(struct meet *m); /* the web server's certificate has another */
void change_clock_wrong(struct meet *m); /* twenty years behind, and no time server */
void change_registrar_down(struct meet *m);
void change_dsk_off(struct meet *m); /* TLS-DSK */
void change_wrong_pin(struct meet *m);
/* The phone is carried home: the network there is another, and of the site only the Edge is reached. */
void change_home(struct meet *m);

#endif
