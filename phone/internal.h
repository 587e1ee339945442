/* phone/internal.h: what the files of phone/ share; nobody else includes it (but tests of the tables).
 *
 * How it runs: every public call ends in settle() (phone.c), which closes the stage that said done, without or failed
 * and begins the next.  Stages and helpers wait by handing a function to a helper (http_ask(), dns_ask(), ...), which
 * calls it later, once.  A function that ended the stage returns at once.
 */
#ifndef DIALTONE_PHONE_INTERNAL_H
#define DIALTONE_PHONE_INTERNAL_H

#include <string.h>

#include "auth/ntlm.h"
#include "auth/ticket.h"
#include "auth/tlsdsk.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/ip.h"
#include "dialtone/phone.h"
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
#include "phone/run/record.h"
#include "phone/run/verdict.h"
#include "pki/cert.h"
#include "wire/dhcp.h"
#include "wire/eth.h"
#include "wire/lldp.h"
#include "wire/msg.h"
#include "wire/provisioning.h"
#include "wire/sip.h"
#include "wire/soap/soap.h"
#include "wire/update.h"
#include "wire/url.h"

/* ---- tables ------------------------------------------------------------------------------------------- */

enum {
	HAS_VLAN = 1, HAS_ADDRESS = 2, HAS_TIME = 4, HAS_UPDATE_URL = 8, HAS_FIRMWARE = 16, HAS_REGISTRAR = 32,
	HAS_WEB = 64, HAS_ROOTS = 128, HAS_IDENTITY = 256, HAS_USER_CERT = 512, HAS_DIAL_TONE = 1024, HAS_SECRET = 2048
};

struct stage {
	void (*begin)(struct dt_phone *ph);
	unsigned seconds; /* a safety net: each wait inside has a deadline of its own */
	bool optional;	  /* "the bootstrapping process continues" */
	unsigned needs, gives;
};
extern const struct stage stages[DT_STAGE_COUNT];

struct plan {
	const char *name;
	unsigned known, proof;
	enum dt_stage run[DT_STAGE_COUNT]; /* DT_STAGE_NONE ends */
};
extern const struct plan plans[PLANS];
enum plan_id plan_of(const struct dt_phone *ph);

#define CANDIDATES DT_CAND_CONFIGURED /* the six, from 1 on; the others are no rows of the table */
struct candidate {
	const char *service; /* NULL: option 120 */
	bool tls, outside;
	uint16_t port; /* when no SRV tells one */
};
extern const struct candidate candidates[CANDIDATES]; /* by enum dt_candidate */
#define SIP_TARGETS 24

/* ---- the phone ----------------------------------------------------------------------------------------- */

struct account {
	char sip[256]; /* "alice@contoso.test" */
	char registrar[300]; /* "fe01.contoso.test:5061 tls" */
	char domain[256];    /* SRV was asked for it with success */
	char update_internal[512], update_external[512], web_url[512], web_external[512];
	char addresses[128]; /* of that Registrar, as text */
};

struct dt_phone {
	struct ph_core core;
	char *serial, *factory, *update_key, *number, *pin, *login, *password, *sip_conf, *domain_conf, *web_conf, *registrar_conf,
	    *trust;
	bool cold, outside, no_vlan, no_dhcp, tethered, link, started, stopping, forgot;
	struct dt_lease lease_conf;
	unsigned lldp_wait_s;
	int strict;

	/* the runner */
	enum plan_id plan;
	unsigned step;
	enum dt_stage stage;
	enum ph_verdict verdict;
	enum plan_id instead; /* of V_INSTEAD */
	struct {
		enum ph_want what;
		enum plan_id plan;
		enum dt_failure failure;
		char why[WHY_MAX];
	} want;
	enum dt_failure failure;
	char why[WHY_MAX], found[WHY_MAX];
	bool guess;
	bool running, skipped, told; /* told: DT_REC_RESULT was given */
	struct {
		bool ok;
		enum dt_stage stage;
		enum dt_failure failure;
		char why[WHY_MAX];
	} result;
	uint64_t stage_since;

	/* time */
	bool clock_told; /* clock_told: that a web server's clock differs */

	/* stages 1 and 2 */
	uint8_t lldp_from[6]; /* the switch that told the VLAN */
	bool lldp_heard, lldp_used;
	bool lldp_late;	  /* a policy came after the fall-back, and was told of */
	bool lldp_bridge; /* a bridge has told a policy: nobody else's counts */
	unsigned lldp_sent;
	struct attempt lldp_try;
	struct dhcp_lease lease;
	struct dhcp_search search; /* option 119 */
	bool bound;
	unsigned declined;

	/* names, HTTP */
	struct dns_client dns;
	struct http_client *http;
	struct ticket_client *ticket;
	struct image_client *image;
	struct key_client *key;
	struct sip_client *sip;
	struct dhcp_client *dhcp; /* NULL: no exchange is under way */
	struct arp_client *arp;
	struct sntp_client *sntp;

	/* stages 3 and 4 */
	char domains[12][DT_NAME_MAX];
	unsigned ndomain, domain_at, service_at;
	enum dt_failure find_failure; /* of the questions for ucupdates-r2: that nobody answered counts more than that it is not there */
	char srv_domain[DT_NAME_MAX], srv_target[DT_NAME_MAX];
	char update_url[SOAP_URI_MAX];
	bool update_unknown;
	unsigned credentials; /* how often the question was asked with them */
	struct attempt update_try;

	/* stage 5 */
	char web_url[SOAP_URI_MAX];
	struct dhcp_sip option120;
	bool have_120;
	struct { /* the INFORM's answer that counts */
		char server[16], found[WHY_MAX];
	} informed;
	struct dt_dns_answer srv[CANDIDATES];
	struct srv_ask {
		struct dt_phone *ph;
		unsigned candidate;
	} srv_ask[CANDIDATES];
	bool srv_asked[CANDIDATES];
	unsigned srv_open; /* questions under way */
	bool uc_done;
	struct sip_target target[SIP_TARGETS];
	unsigned ntarget;
	struct { /* why a candidate has no target; OK: it has, or does not count here */
		enum dt_failure failure;
		enum dt_sign sign;
		char target[DT_NAME_MAX]; /* with DT_SIGN_SRV_OTHER_DOMAIN */
	} passed[CANDIDATES];
	unsigned passed_told; /* candidates reported so far */

	/* stages 6 to 8 */
	struct buf roots;   /* PEM: CA certificates of the chain */
	struct buf dropped; /* PEM: a chain that its own server did not prove good for */
	struct buf anchors; /* PEM: roots and what is trusted from the start; NUL-terminated */
	bool chain_kept;
	enum dt_failure chain_failure;
	char chain_why[WHY_MAX], chain_found[WHY_MAX];
	struct attempt try; /* the one of the stage that runs */
	struct ntlm_http ntlm;
	struct buf ask; /* the body of a question, for its later legs */
	bool ticket_again; /* in this run: a ticket asked for anew */
	bool pin_used;
	struct buf user_key, user_cert; /* PEM, DER: the credential shown at log on */
	struct buf fresh_key, fresh_cert; /* renewed, not yet registered */
	bool use_fresh, renewing;
	int64_t cert_after, cert_before;

	/* stage 9 */
	struct account account;
	struct sip_target here, redirect;
	bool have_redirect;
	unsigned target_at, redirects;
	char visited[8][300];
	uint32_t address[8];
	unsigned naddress, address_at;
	bool registered, answered, enrolled_again;
	enum dt_failure logon_failure;
	char logon_why[WHY_MAX];
	struct attempt logon_try;
	unsigned retries;
};

/* phone.c */

/* phone/run/state.c */
bool keep_load(struct dt_phone *ph); /* everything that lasts; false: out of memory */
bool keep_anchors(struct dt_phone *ph);
bool keep_fresh_roots(struct dt_phone *ph); /* ph->roots, as they are */
bool keep_web(struct dt_phone *ph, const void *der, size_t n);
bool keep_account(struct dt_phone *ph);
bool keep_user(struct dt_phone *ph, const char *name, const struct buf *key, const struct buf *der);
bool keep_promote(struct dt_phone *ph); /* the renewed certificate has registered: it is the one now */
void keep_drop_fresh(struct dt_phone *ph);
void keep_use(struct dt_phone *ph); /* sets cert_after, cert_before of the one in use */
const struct buf *cert_in_use(const struct dt_phone *ph);
const struct buf *key_in_use(const struct dt_phone *ph);
bool cert_good(const struct dt_phone *ph); /* there is one, valid now */
bool cert_half_gone(const struct dt_phone *ph);
void keep_forget(struct dt_phone *ph); /* --cold */

/* phone/stages/lease.c */
void lease_take(struct dt_phone *ph); /* starts T1 */
void lease_timer(struct dt_phone *ph);

/* stage1_vlan.c .. */
void stage_vlan(struct dt_phone *ph);
void stage_address(struct dt_phone *ph);
void stage_find(struct dt_phone *ph);
void stage_update(struct dt_phone *ph);
void stage_discover(struct dt_phone *ph);
void stage_chain(struct dt_phone *ph);
void stage_auth(struct dt_phone *ph);
void stage_cert(struct dt_phone *ph);
void stage_logon(struct dt_phone *ph);
void vlan_lldp(struct dt_phone *ph, const struct eth *e, const struct lldp *l);
void vlan_lldp_timer(struct dt_phone *ph);
void discover_srv(struct dt_phone *ph, const char *domain); /* asks the four; logon_srv() follows when the stage is log on */
void update_urls(struct dt_phone *ph);

/* candidates.c */
void candidates_build(struct dt_phone *ph);
/* Those before `until` that have no target are reported, once each, in the table's order. */
void candidates_report(struct dt_phone *ph, enum dt_candidate until);
/* STRICT_DOMAIN when that is why a candidate has no target, else REGISTRAR_NONE; why: WHY_MAX octets. */
enum dt_failure candidates_failure(const struct dt_phone *ph, char *why);
bool strict_match(int strict, const char *target, const char *domain);
bool target_read(const char *s, struct sip_target *ret); /* "host[:port] [tls|tcp]" */

/* stage9_logon.c, phone/stages/registered.c */
void logon_srv(struct dt_phone *ph); /* the four SRV questions of discover_srv() are answered */
void stay_begin(struct dt_phone *ph);
void stay_request(void *arg, const struct msg *m);
void stay_lost_connection(void *arg, const char *why);
/* stages/registration.c: in-band settings; NULL, or why they cannot be read.  found: what the record says of them */
const char *provisioning_take(struct dt_phone *ph, struct sv body, char found[SOAP_URI_MAX]);
void stay_keepalive(struct dt_phone *ph);
void stay_refresh(struct dt_phone *ph);
void stay_reauth(struct dt_phone *ph);
void stay_update(struct dt_phone *ph);
void stay_renew(struct dt_phone *ph);
void stay_retry(struct dt_phone *ph);
void stay_lost(struct dt_phone *ph, const char *why);
void stay_off(struct dt_phone *ph);

#endif
