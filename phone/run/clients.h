/* phone/run/clients.h: the clients that several stages share, made when they are first needed. */
#ifndef DIALTONE_PHONE_CLIENTS_H
#define DIALTONE_PHONE_CLIENTS_H

#include "phone/client/http.h"
#include "phone/client/ticket.h"

/* NULL: out of memory, and the runner will end the stage. */
struct http_client *ph_http(struct dt_phone *ph);
struct ticket_client *ph_ticket(struct dt_phone *ph);
void ph_key_early(struct dt_phone *ph); /* begins to make a key, if one will be needed */

/* From the runner, when none of their functions is running. */
void ph_clients_ended(struct dt_phone *ph); /* those that nobody needs any more give their memory back */
void ph_clients_network_free(struct dt_phone *ph); /* DHCP, ARP, time, names */
void ph_clients_free(struct dt_phone *ph);  /* all of them; connections are closed */

#endif
