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

#define NEVER UINT64_MAX
#define WHY_MAX 320

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

enum plan_id { PLAN_INSIDE, PLAN_OUTSIDE_CERT, PLAN_OUTSIDE_NTLM, PLAN_TETHERED, PLAN_RENEW, PLAN_UPDATE, PLAN_AGAIN,
	       PLAN_ENROL, PLANS };
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

void model_user_agent(const struct dt_phone *ph, char *out, size_t cap);

/* ---- attempts ------------------------------------------------------------------------------------------ */

struct attempt {
	char what[224], peer[288];
	uint64_t since;
	bool guess; /* no specification publishes the format */
	enum dt_sign sign[DT_SIGNS_MAX];
	struct dt_facts fact; /* what it points to stays until the attempt is reported */
};

/* ---- names --------------------------------------------------------------------------------------------- */

#define DNS_SLOTS 12
typedef void dns_fn(struct dt_phone *ph, unsigned tag, const struct dt_dns_answer *a);
struct dns_slot {
	bool busy, local; /* local: answered by the phone itself, at the deadline */
	unsigned id, tag;
	uint64_t deadline;
	enum dt_rr type;
	uint32_t literal;
	dns_fn *done;
	struct attempt try;
};

/* ---- HTTP ---------------------------------------------------------------------------------------------- */

struct http_ask {
	const char *method, *url, *soap_action, *type;
	const struct buf *body;	 /* copied */
	const char *headers;	 /* further lines, each with CRLF; or NULL */
	bool judge_only, public_roots;
	bool follow;		 /* a GET: to where a 3xx sends it */
	uint32_t timeout_ms;	 /* 0: 30 s */
	bool (*sink)(struct dt_phone *ph, const void *p, size_t n); /* takes the body of a 200 or 206 piece by piece */
};
typedef void http_fn(struct dt_phone *ph);
enum http_state { HTTP_IDLE, HTTP_RESOLVE, HTTP_OPENING, HTTP_HEAD, HTTP_BODY, HTTP_FAILING };
struct http {
	enum http_state state;
	bool open, reused, again, follow;
	unsigned hops;
	unsigned id; /* of the stream; 0: none */
	char host[256];
	uint16_t port;
	bool tls, judge_only, public_roots;
	uint32_t address[8];
	unsigned naddress, at;
	struct url url;
	struct buf out, head, in, body;
	struct msg m; /* points into head */
	uint64_t left;
	bool by_close, chunked, keep;
	bool (*sink)(struct dt_phone *, const void *, size_t);
	uint32_t timeout_ms;
	http_fn *done;
	/* the result */
	enum dt_failure failure;
	char why[WHY_MAX], peer[288];
	unsigned status;
	enum dt_verdict verdict;
	enum dt_sign sign[DT_SIGNS_MAX]; /* of the certificate, of the handshake */
	uint8_t alert;
	char cert[256];	      /* the first name in the certificate; "": none */
	char judged[WHY_MAX]; /* what was wrong with the chain though it went on */
	struct buf leaf;      /* DER */
	char tls_version[16];
};

/* ---- SIP ----------------------------------------------------------------------------------------------- */

enum sip_scheme { SCHEME_NONE, SCHEME_DSK, SCHEME_NTLM };
struct sip_sa { /* one security association */
	enum sip_scheme scheme;
	bool up; /* keys are there: everything is signed */
	bool proxy; /* it was asked for in Proxy-Authenticate, and answers in Proxy-Authorization */
	char realm[128], targetname[256], opaque[64], version[8];
	struct sipsig_key ours, theirs;
	uint32_t cnum;
	struct sipsig_window window;
	uint64_t since;
};
struct sip_target {
	enum dt_candidate candidate;
	char host[256];
	uint16_t port;
	bool tls;
};
#define SIP_TARGETS 24
typedef void sip_fn(struct dt_phone *ph, const struct msg *m); /* m NULL: no answer */
struct sip {
	unsigned id;
	bool open;
	struct sip_target peer;
	uint32_t address, local_address;
	uint16_t local_port;
	struct buf in;
	struct msg m, draft; /* received; being composed */
	char call_id[40], epid[17], uuid[37], ids_of[256], gruu[320], contact[128];
	uint32_t cseq;
	struct sip_sa sa, next; /* next: the handshake under way */
	struct tls_ctx *dsk_ctx;
	struct pki_key *dsk_key;
	struct dsk *dsk;
	struct { /* the one request under way */
		bool busy;
		uint32_t cseq;
		char method[16], call_id[40];
		struct sip_sa *signer; /* whose signature the answer must bear; NULL: none is there yet */
		sip_fn *done;
	} asked;
	enum dt_failure bad; /* why done() is called without an answer */
	char why[WHY_MAX];
	unsigned round; /* of the handshake */
	unsigned expires, keepalive;
};

/* ---- the phone ----------------------------------------------------------------------------------------- */

enum timer { T_LINK, T_STAGE, T_LLDP, T_DHCP, T_ARP, T_SNTP, T_DNS, T_HTTP, T_IMAGE, T_SIP, T_KEEPALIVE, T_REFRESH, T_REAUTH,
	     T_LEASE, T_UPDATE, T_RENEW, T_RETRY, T_COUNT };

enum verdict { V_WAIT, V_DONE, V_WITHOUT, V_FAILED, V_RESTART };

struct lease {
	struct dt_lease l;
	uint32_t server;
	uint8_t server_mac[6];
	uint32_t seconds, t1, t2;
	uint64_t since;
	uint32_t ntp[4], time[4]; /* options 42 and 4 */
	unsigned nntp, ntime;
	char domain[DT_NAME_MAX];
	struct dhcp_search search;
};

struct account {
	char sip[256]; /* "alice@contoso.test" */
	char registrar[300]; /* "fe01.contoso.test:5061 tls" */
	char domain[256];    /* SRV was asked for it with success */
	char update_internal[512], update_external[512], web_url[512], web_external[512];
	char addresses[128]; /* of that Registrar, as text */
};

struct dt_phone {
	const struct dt_body *body;
	void *arg;
	const struct dt_model *model;
	uint8_t mac[6];
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
	enum verdict verdict;
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
	uint64_t timer[T_COUNT];
	unsigned ids; /* of streams, questions, keys */

	/* time */
	int64_t offset_ms;
	bool time_known, clock_told; /* clock_told: that a web server's clock differs */
	uint64_t sntp_cookie;
	unsigned sntp_at, sntp_tries;
	uint32_t sntp_address;
	struct attempt sntp_try;

	/* stages 1 and 2 */
	bool tagged;
	uint16_t vlan;
	uint8_t prio, dscp;
	uint8_t lldp_from[6]; /* the switch that told the VLAN */
	bool lldp_heard, lldp_used;
	bool lldp_late;	  /* a policy came after the fall-back, and was told of */
	bool lldp_bridge; /* a bridge has told a policy: nobody else's counts */
	unsigned lldp_sent;
	struct attempt lldp_try;
	struct {
		enum { DHCP_IDLE, DHCP_SELECTING, DHCP_REQUESTING, DHCP_INFORMING, DHCP_RENEWING, DHCP_REBINDING } state;
		bool for_vlan;
		uint32_t xid;
		unsigned tries, naks;
		uint64_t since, offer_ms; /* offer_ms: how long the OFFER took */
		uint32_t offered, server;
		struct attempt try;
	} dhcp;
	struct dhcp message; /* the one being read */
	struct lease lease;
	bool bound;
	unsigned arp_sent, declined;

	/* names, HTTP */
	struct dns_slot dns[DNS_SLOTS];
	struct http http;

	/* stages 3 and 4 */
	char domains[12][DT_NAME_MAX];
	unsigned ndomain, domain_at, service_at;
	enum dt_failure find_failure; /* of the questions for ucupdates-r2: that nobody answered counts more than that it is not there */
	char srv_domain[DT_NAME_MAX], srv_target[DT_NAME_MAX];
	char update_url[SOAP_URI_MAX];
	bool update_asked, update_unknown;
	char version[32];
	struct update_module offer;
	bool offer_trusted; /* it came over TLS from a server that the root chain knows */
	char store_url[256];
	struct {
		uint64_t at, from, size; /* octets in the spare slot; where this download began; of the whole image */
		struct buf catalog;
		unsigned credentials; /* how often the question was asked with them */
		unsigned tries; /* downloads that broke off in this run */
		bool pause;	/* T_IMAGE takes it up again, instead of verifying */
		uint64_t until; /* mono_ms: it must be there by then */
		bool late, too_long; /* why it was not taken any further */
	} image;
	struct attempt update_try;

	/* stage 5 */
	char web_url[SOAP_URI_MAX];
	struct dhcp_sip option120;
	bool have_120;
	struct { /* the INFORM's answer that counts; xid 0: none, or another was told of */
		uint32_t xid;
		char server[16], found[WHY_MAX];
	} informed;
	struct dt_dns_answer srv[CANDIDATES];
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
	struct buf anchors; /* PEM: roots and what is trusted from the start; NUL-terminated */
	bool public_roots, chain_kept, cert_waits;
	enum dt_failure chain_failure;
	char chain_why[WHY_MAX], chain_found[WHY_MAX];
	struct attempt try; /* the one of the stage that runs */
	struct soap_metadata metadata;
	char metadata_of[SOAP_URI_MAX]; /* the Certificate Provisioning service that it was read from */
	struct ntlm_http {
		unsigned leg;
		const char *scheme; /* that the first leg was offered */
	} ntlm;
	void (*ticket_done)(struct dt_phone *, enum dt_failure, const char *);
	enum ticket_by { BY_NOTHING, BY_PIN, BY_NTLM, BY_CERT } ticket_by;
	struct buf ask; /* the body of the question, for its later legs */
	char ask_url[SOAP_URI_MAX], ask_action[128];
	uint8_t entropy[32], proof[64];
	size_t nproof;
	struct soap_issued ticket;
	bool have_ticket;
	bool moved, ticket_again; /* in this run: sent to another pool; a ticket asked for anew */
	bool pin_used, pin_too;
	unsigned key_id;
	bool key_asked, key_failed;
	struct buf new_key; /* PEM: made, not certified yet */
	struct buf user_key, user_cert; /* PEM, DER: what is shown at log on */
	struct buf fresh_key, fresh_cert; /* renewed, not yet registered */
	bool use_fresh, renewing;
	int64_t cert_after, cert_before;

	/* stage 9 */
	struct account account;
	char keep_why[96]; /* what was not kept last, and why */
	struct sip sip;
	struct sip_target here, redirect;
	bool have_redirect;
	unsigned target_at, redirects;
	char visited[8][300];
	uint32_t address[8];
	unsigned naddress, address_at;
	bool registered, answered, enrolled_again;
	enum dt_failure logon_failure;
	char logon_why[WHY_MAX];
	char said[160]; /* the last reason that a server wrote */
	struct attempt logon_try;
	struct provisioning provisioning;
	unsigned retries;
};

/* phone.c */
uint64_t mono(const struct dt_phone *ph);
int64_t phone_unix(const struct dt_phone *ph); /* seconds, by the phone's own clock */
void dice(const struct dt_phone *ph, void *p, size_t n);
uint32_t dice_below(const struct dt_phone *ph, uint32_t n);
void dice_hex(const struct dt_phone *ph, char *out, size_t digits); /* out: digits + 1 octets */
void timer_set(struct dt_phone *ph, enum timer t, uint64_t ms); /* from now */
void timer_off(struct dt_phone *ph, enum timer t);
void run_plan(struct dt_phone *ph, enum plan_id plan);
void stage_done(struct dt_phone *ph, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void stage_skip(struct dt_phone *ph, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* was not needed */
void stage_without(struct dt_phone *ph, enum dt_failure f, const char *why); /* optional: goes on */
void stage_fail(struct dt_phone *ph, enum dt_failure f, const char *why);
void phone_restart(struct dt_phone *ph);
void phone_off(struct dt_phone *ph); /* everything that is under way is dropped */
void phone_result(struct dt_phone *ph, bool ok, enum dt_failure f, const char *why);

/* record.c */
void text(char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4))); /* cut when too long */
void attempt_begin(struct dt_phone *ph, struct attempt *a, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void attempt_peer(struct attempt *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void attempt_at(struct attempt *a, uint32_t address, uint16_t port); /* the peer, as text and as facts */
void attempt_sign(struct attempt *a, enum dt_sign s);
void attempt_http(struct attempt *a, const struct http *h); /* the facts of the question that has ended */
void attempt_sip(struct dt_phone *ph, struct attempt *a, const struct msg *m); /* of an answer; NULL: of the connection */
/* warn, why NULL or "": what the signs say. */
void attempt_ok(struct dt_phone *ph, const struct attempt *a, const char *found, const char *warn);
void attempt_fail(struct dt_phone *ph, const struct attempt *a, enum dt_failure f, const char *why);
void record_stage(struct dt_phone *ph, enum dt_record_kind kind, bool ok);
void record_result(struct dt_phone *ph, enum dt_stage stage, bool ok, enum dt_failure f, const char *why);

/* phone/run/state.c */
bool keep_load(struct dt_phone *ph); /* everything that lasts; false: out of memory */
bool keep_anchors(struct dt_phone *ph);
bool keep_fresh_roots(struct dt_phone *ph); /* ph->roots, as they are */
bool keep_web(struct dt_phone *ph, const void *der, size_t n);
bool keep_account(struct dt_phone *ph);
bool keep_user(struct dt_phone *ph, const char *name, const struct buf *key, const struct buf *der);
bool keep_put(struct dt_phone *ph, const char *name, const struct buf *b); /* false: keep_why says why */
bool keep_file(struct dt_phone *ph, const char *name, struct buf *ret);
bool keep_promote(struct dt_phone *ph); /* the renewed certificate has registered: it is the one now */
void keep_drop_fresh(struct dt_phone *ph);
void keep_use(struct dt_phone *ph); /* sets cert_after, cert_before of the one in use */
const struct buf *cert_in_use(const struct dt_phone *ph);
const struct buf *key_in_use(const struct dt_phone *ph);
bool cert_good(const struct dt_phone *ph); /* there is one, valid now */
bool cert_half_gone(const struct dt_phone *ph);
void keep_forget(struct dt_phone *ph); /* --cold */

/* dhcp.c, arp.c, lease.c, sntp.c, phone/client/dns.c */
enum { DHCP_ANSWERED = 8 }; /* dhcp.tries: somebody did, to no use; the INFORM is not repeated */
void dhcp_discover(struct dt_phone *ph, bool for_vlan);
void dhcp_again(struct dt_phone *ph, uint64_t ms); /* from the DISCOVER, that much later */
void dhcp_inform(struct dt_phone *ph);
void dhcp_release(struct dt_phone *ph);
void dhcp_decline(struct dt_phone *ph);
void dhcp_renew(struct dt_phone *ph, bool rebind);
void dhcp_timer(struct dt_phone *ph);
void dhcp_frame(struct dt_phone *ph, const struct eth *e, const struct udp *u);
void lease_take(struct dt_phone *ph); /* starts T1 */
void lease_timer(struct dt_phone *ph);
void lease_renewed(struct dt_phone *ph);
void lease_lost(struct dt_phone *ph, enum dt_sign why);
int phone_tci(const struct dt_phone *ph);
void arp_probe(struct dt_phone *ph);
void arp_timer(struct dt_phone *ph);
void arp_frame(struct dt_phone *ph, const struct arp *a);
void sntp_begin(struct dt_phone *ph);
void sntp_timer(struct dt_phone *ph);
void sntp_udp(struct dt_phone *ph, uint32_t address, const void *p, size_t n);
void dns_ask(struct dt_phone *ph, const char *name, enum dt_rr type, unsigned tag, dns_fn *done);
void dns_timer(struct dt_phone *ph);
void dns_answered(struct dt_phone *ph, struct dns_slot *s, const struct dt_dns_answer *a);
void dns_drop(struct dt_phone *ph);
void srv_sort(const struct dt_phone *ph, struct dt_dns_answer *a); /* RFC 2782 */
enum dt_failure dns_failure(const struct dt_dns_answer *a);

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
void vlan_dhcp(struct dt_phone *ph, const struct dhcp *ack, const struct lease *l); /* NULL: silent */
void address_dhcp(struct dt_phone *ph, const struct lease *l, enum dt_failure f, const char *why); /* NULL: none */
void address_free(struct dt_phone *ph, bool taken, const uint8_t by[6]);
void address_time(struct dt_phone *ph, bool known, const char *why);
void discover_inform(struct dt_phone *ph, const struct dhcp *ack); /* NULL: silent */
void discover_ignored(struct dt_phone *ph, const struct dhcp *ack, const char *server);
void discover_srv(struct dt_phone *ph, const char *domain); /* asks the four; logon_srv() follows when the stage is log on */
void cert_key(struct dt_phone *ph, const char *pem);
void cert_key_early(struct dt_phone *ph); /* begins to make one, if it will be needed */
void update_urls(struct dt_phone *ph);
bool update_judge_only(const struct dt_phone *ph); /* the update server need not be trusted: no root chain is known yet */

/* http.c, soap.c */
void http_ask(struct dt_phone *ph, const struct http_ask *a, http_fn *done);
void http_close(struct dt_phone *ph);
void http_free(struct dt_phone *ph);
void http_opened(struct dt_phone *ph, const struct dt_stream_opened *o);
void http_data(struct dt_phone *ph, const void *p, size_t n);
void http_closed(struct dt_phone *ph, const char *why);
void http_timer(struct dt_phone *ph);
bool http_unreachable(enum dt_failure f); /* nobody was there: not a refusal */
/* A fault or HTTP status turned into a failure and a sentence. */
enum dt_failure soap_failure(struct dt_phone *ph, enum dt_failure refused /* what 28020 means here */, char why[WHY_MAX]);
bool soap_is_fault(struct dt_phone *ph); /* whatever its status */
xmlDocPtr soap_answer(struct dt_phone *ph, enum dt_failure *f, char why[WHY_MAX]); /* of a 200 */
bool web_external_of(const char *update_url, char *out, size_t cap);
void mex_of(const char *service, char out[SOAP_URI_MAX + 8]);
/* The answer that came sends to another pool, once a run: a ticket is asked for there, then done(). */
bool ticket_moved(struct dt_phone *ph, void (*done)(struct dt_phone *, enum dt_failure, const char *why));
/* A web ticket, by that way; done() with DT_F_OK and ph->ticket, ph->proof. */
/* One leg of NTLM over HTTP [web-services 6.1]: the Authorization line for a challenge's token ("" : the first).
 * false: refused; why[0] says so when the challenge itself is at fault. */
const char *phone_ntlm_answer(struct dt_phone *ph, struct sv challenge, struct buf *answer, uint32_t *flags, uint8_t key[16]);
bool ntlm_http_offered(struct dt_phone *ph, struct sv *token); /* in the 401 that came */
bool ntlm_http_leg(struct dt_phone *ph, struct sv token, struct buf *header, char why[WHY_MAX]);
bool metadata_take(struct dt_phone *ph, const char *certprov_url, char why[WHY_MAX]); /* of the answer that came */
void ticket_get(struct dt_phone *ph, enum ticket_by way, const char *certprov_url,
		void (*done)(struct dt_phone *, enum dt_failure, const char *why));

/* image.c */
void image_version(struct dt_phone *ph); /* of the verified image in the active slot */
void image_fetch(struct dt_phone *ph);
void image_url(const char *store, const char *question, const char *file, char *out, size_t cap);
void image_timer(struct dt_phone *ph);
void image_free(struct dt_phone *ph);

/* sip.c, sip_sign.c, sip_auth.c */
void sip_ids(struct dt_phone *ph);
bool sip_open(struct dt_phone *ph, const struct sip_target *t, uint32_t address);
void sip_close(struct dt_phone *ph);
void sip_opened(struct dt_phone *ph, const struct dt_stream_opened *o);
void sip_data(struct dt_phone *ph, const void *p, size_t n);
void sip_closed(struct dt_phone *ph, const char *why);
void sip_timer(struct dt_phone *ph);
/* expires -1: the server's choice.  signer: signs it (auth: further parameters, or NULL); NULL: auth as it is, or none. */
void sip_register(struct dt_phone *ph, int expires, const struct sip_auth *auth, struct sip_sa *signer, sip_fn *done);
void sip_subscribe(struct dt_phone *ph, sip_fn *done);
void sip_raw(struct dt_phone *ph, const void *p, size_t n);
void sip_reply(struct dt_phone *ph, const struct msg *q, unsigned status, const char *reason);
bool sip_challenged(const struct msg *m); /* 401, or 407 as some servers have it */
unsigned sip_version(const struct sip_sa *sa);
/* The value of Authorization for ph->sip.draft. */
bool sip_sign(struct dt_phone *ph, struct sip_sa *sa, const struct sip_auth *base, struct buf *value);
const char *sip_verify(struct dt_phone *ph, struct sip_sa *sa, const struct msg *m); /* NULL: good */
void sip_sa_clear(struct sip_sa *sa);
/* One step of a handshake. */
enum auth_result { AUTH_AGAIN, AUTH_FAILED };
enum auth_result sip_auth_401(struct dt_phone *ph, const struct msg *m, sip_fn *done, enum dt_failure *f, char why[WHY_MAX]);
void sip_auth_end(struct dt_phone *ph);
void sip_diag_text(const struct msg *m, unsigned *id, char *out, size_t cap);
void sip_said(const struct msg *m, uint32_t *id, char *out, size_t cap); /* the server's own words, and the id of its reason */

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
void stay_request(struct dt_phone *ph, const struct msg *m);
const char *provisioning_take(struct dt_phone *ph, struct sv body); /* in-band settings; NULL, or why they cannot be read */
void stay_keepalive(struct dt_phone *ph);
void stay_refresh(struct dt_phone *ph);
void stay_reauth(struct dt_phone *ph);
void stay_update(struct dt_phone *ph);
void stay_renew(struct dt_phone *ph);
void stay_retry(struct dt_phone *ph);
void stay_lost(struct dt_phone *ph, const char *why);
void stay_off(struct dt_phone *ph);
void logon_opened(struct dt_phone *ph, const struct dt_stream_opened *o);
void registered_as(struct dt_phone *ph, const struct msg *m); /* what a 200 to REGISTER tells */

#endif
