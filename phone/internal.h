/* phone/internal.h: the phone itself, for run/ and stages/; clients see phone/run/core.h and no more.
 *
 * How it runs: every public call ends in ph_settle() (run/phone.c), which closes the stage that said done, without or failed
 * and begins the next.  Stages wait by handing a function to a client (http_ask(), dns_ask(), ...), which calls it later,
 * once.  A function that ended the stage returns at once.
 */
#ifndef DIALTONE_PHONE_INTERNAL_H
#define DIALTONE_PHONE_INTERNAL_H

#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "phone/client/arp.h"
#include "phone/client/dhcp.h"
#include "phone/client/dns.h"
#include "phone/client/http.h"
#include "phone/client/image.h"
#include "phone/client/key.h"
#include "phone/client/ntlm.h"
#include "phone/client/sip.h"
#include "phone/client/sntp.h"
#include "phone/client/srv.h"
#include "phone/client/ticket.h"
#include "phone/run/clients.h"
#include "phone/run/core.h"
#include "phone/run/desk.h"
#include "phone/run/handset.h"
#include "phone/run/lock.h"
#include "phone/run/log.h"
#include "phone/run/parts.h"
#include "phone/run/record.h"
#include "phone/run/state.h"
#include "phone/run/tables.h"
#include "phone/run/verdict.h"
#include "phone/stages/candidates.h"
#include "phone/stages/stages.h"

struct dt_phone {
	struct ph_core core; /* the part that clients see */
	struct ph_conf conf;
	struct ph_power power;
	struct ph_desk desk;

	struct ph_run run;
	struct ph_link link;
	struct ph_account account;
	struct ph_cred cred;
	struct ph_lock lock;
	struct ph_policy policy;
	struct ph_log log;
	struct ph_found found;
	struct ph_work *work; /* NULL: no plan runs */

	/* clients; NULL: not at work */
	struct dns_client dns;
	struct dhcp_client *dhcp;
	struct arp_client *arp;
	struct sntp_client *sntp;
	struct http_client *http;
	struct ticket_client *ticket;
	struct image_client *image;
	struct key_client *key;
	struct sip_client *sip;
};

#endif
