/* phone/run/parts.h: what struct dt_phone is made of, part by part, with what each part lives as long as. */
#ifndef DIALTONE_PHONE_PARTS_H
#define DIALTONE_PHONE_PARTS_H

#include "base/buf.h"
#include "dialtone/handset.h"
#include "phone/client/dhcp.h"
#include "phone/client/ntlm.h"
#include "phone/client/sip.h"
#include "phone/run/core.h"
#include "phone/run/record.h"
#include "phone/run/verdict.h"
#include "wire/soap/soap.h"

/* From dt_phone_new() to dt_phone_free(): struct dt_phone_conf, with the strings copied. */
struct ph_conf {
	char *serial, *factory, *update_key, *number, *pin, *login, *password, *sip, *domain, *web_url, *registrar, *trust;
	bool cold, outside, old_tls, no_vlan, no_dhcp, tethered, appliance;
	struct dt_lease lease;
	unsigned lldp_wait_s;
	enum dt_strict strict;
};
bool conf_copy(struct ph_conf *to, const struct dt_phone_conf *c); /* false: out of memory; conf_free() all the same */
void conf_free(struct ph_conf *c); /* wipes */
struct ph_who { /* the strings of a user, while another one is signed in */
	char *number, *pin, *login, *password, *sip;
	bool tethered;
};
void conf_swap_who(struct ph_conf *c, struct ph_who *other);
struct dt_sign_in;
bool conf_set_who(struct ph_conf *c, const struct dt_sign_in *who); /* NULL: nobody.  The strings before are wiped */

struct ph_power { /* as long */
	bool link; /* the cable is in */
	bool started, stopping;
	bool forgot; /* --cold was obeyed */
};

/* All below: from power-on to the next one. */
struct ph_run { /* where the phone is */
	enum plan_id plan;
	unsigned step;
	enum dt_stage stage;
	enum ph_verdict verdict;
	enum plan_id instead; /* of V_INSTEAD */
	struct {
		enum ph_want what;
		enum plan_id plan;
		enum dt_failure failure;
		char *why; /* on the heap, as below; NULL: none */
	} want;
	enum dt_failure failure;
	bool guess;
	bool running, skipped, reported; /* reported: DT_REC_RESULT was given */
	struct {
		bool ok;
		enum dt_stage stage;
		enum dt_failure failure;
		char *why;
	} result;
	uint64_t stage_since;
	bool registered;
	bool signed_off; /* the Registrar has answered the sign-out, or will not: handset_signed_out() is next */
	bool renewing;	     /* the certificate: stages 7 and 8 */
	bool pin_used;	     /* one PIN attempt a run */
	bool ticket_again;   /* a ticket was asked for anew */
	bool enrolled_again; /* since the Registrar did not take the certificate */
	uint64_t bound_until; /* mono_ms: the registration lasts until then */
	unsigned retries;    /* of the log-on, since the last dial tone */
	/* of an appliance */
	bool ready;	  /* it has come up once: DT_REC_READY was given */
	bool gave_up;	  /* the servers decided against the stored certificate: nobody is signed in */
	bool signing_out; /* the answer to the last REGISTER is waited for */
	bool guest_next;  /* then a guest signs in */
	enum dt_logs logs;
};

#define LOCK_SALT 16
struct ph_lock { /* persisted */
	bool set, locked;
	bool by_pc; /* a PC on the USB port has locked it; not persisted: the user is gone with the cable */
	unsigned wrong; /* PINs in a row */
	uint8_t salt[LOCK_SALT], hash[32];
};

struct ph_policy { /* as in-band provisioning told it last */
	bool lock_enforced;
	unsigned lock_minutes, lock_min_length;
	bool hotdesking;
	unsigned hotdesking_s;
};

struct ph_desk { /* hot-desking: from dt_phone_new() on */
	bool guest;
	struct ph_who resident; /* while a guest is there */
	enum dt_stage stage;	/* why the last guest could not sign in */
	enum dt_failure failure;
	char *why; /* on the heap */
};

#define PH_LOG_MAX 12288
struct ph_log { /* lines, oldest first; nothing while the level is Off */
	struct buf lines;
	unsigned lost; /* lines that had to go */
};

struct ph_link { /* VLAN and address */
	uint8_t lldp_from[6]; /* the switch that told the VLAN */
	bool lldp_received, lldp_used;
	const char *lldp_bad; /* why a frame was discarded; NULL: none was */
	bool lldp_policy_bad;
	bool lldp_late;	  /* a policy came after the fall-back, and was reported */
	bool lldp_bridge; /* a bridge has told a policy: nobody else's counts */
	bool lldp_reported;	      /* the switch knows the phone: it is told when it ends */
	unsigned lldp_fast;   /* frames that are still sent one second apart */
	uint64_t lldp_until;  /* the information of lldp_from is good so long */
	struct dhcp_lease lease;
	bool bound;
	uint64_t conflict_at; /* when another machine used the phone's address; 0: never */
};

struct ph_account { /* persisted as "key value" lines */
	char sip[256]; /* "alice@contoso.test" */
	char registrar[300]; /* "fe01.contoso.test:5061 tls" */
	char domain[256];    /* SRV was asked for it with success */
	char update_internal[512], update_external[512], web_url[512], web_external[512];
	char addresses[128]; /* of that Registrar, as text */
	char tethered[2]; /* "1": the certificate is of a user whose PC was on the USB port */
	char sip_security[16], logging[16]; /* Low, Medium, High; Off, Low, Medium, High */
};

struct ph_cred { /* persisted: roots, keys, certificates */
	struct buf roots;   /* PEM: CA certificates of the chain */
	struct buf dropped; /* PEM: a chain that its own server did not prove good for */
	struct buf anchors; /* PEM: roots and what is trusted from the start; NUL-terminated; while a plan runs */
	struct buf user_key, user_cert; /* PEM, DER: the credential shown at log on */
	struct buf fresh_key, fresh_cert; /* renewed, not yet registered */
	bool use_fresh;
	int64_t cert_after, cert_before;
};

struct ph_found { /* what one plan hands on to the next */
	char web_url[SOAP_URI_MAX], update_url[SOAP_URI_MAX];
	bool update_unknown; /* its address is not to be had: it is asked for after the sign-in */
	struct { /* the INFORM's answer that counts */
		char server[16], found[FOUND_MAX];
	} informed;
	bool have_redirect;
	struct sip_target redirect;
};

/* While a plan runs: results that its stages hand on, and the memory of each while it runs. */
#define SIP_TARGETS 24
struct srv_ask {
	struct dt_phone *ph;
	enum dt_candidate candidate;
	bool asked;
	struct dt_dns_answer answer;
};
struct ph_work {
	struct attempt try; /* of the stage that runs */
	struct why why; /* these two are recorded at its end */
	char found[FOUND_MAX];
	struct buf ask;	    /* the body of a question, for its later legs */

	/* stage 1 */
	struct attempt lldp_try;

	/* stages 2 and 3 */
	unsigned declined;
	struct dhcp_search search; /* option 119 */
	char domains[12][DT_NAME_MAX];
	unsigned ndomain, domain_at, service_at;
	enum dt_failure find_failure; /* of the questions for ucupdates-r2: that nobody answered counts more than that it is not there */
	char srv_domain[DT_NAME_MAX], srv_target[DT_NAME_MAX];

	/* stage 4 */
	unsigned credentials; /* how often the question was asked with them */
	struct ntlm_http ntlm;
	struct attempt update_try;

	/* stages 5 and 9: candidates */
	struct dhcp_sip option120;
	bool have_120;
	bool uc_done; /* the INFORM was answered, or is not sent; false in a plan without stage 5 */
	struct srv_ask *srv; /* by enum dt_candidate; NULL: not asked, or made use of */
	unsigned srv_open;   /* questions under way */
	void (*srv_done)(struct dt_phone *ph);
	struct sip_target target[SIP_TARGETS];
	unsigned ntarget;
	bool built; /* target[] and passed[] are those of srv_domain */
	struct { /* why a candidate has no target; OK: it has, or does not count here */
		enum dt_failure failure;
		enum dt_sign sign;
		char target[DT_NAME_MAX]; /* with DT_SIGN_SRV_OTHER_DOMAIN */
	} passed[DT_CAND_CONFIGURED];
	unsigned passed_reported; /* candidates reported so far */

	/* stage 6 */
	bool chain_stored;
	enum dt_failure chain_failure;
	bool chain_fault; /* the service itself refused to hand out the chain */
	struct why chain_why;
	char chain_found[FOUND_MAX];

	/* stage 9 */
	struct sip_target here;
	unsigned target_at, redirects;
	char visited[8][300];
	uint32_t address[8];
	unsigned naddress, address_at;
	bool answered;
	enum dt_failure logon_failure;
	struct why logon_why;
	struct attempt logon_try;
};

#endif
