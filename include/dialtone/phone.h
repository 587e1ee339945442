/* dialtone/phone.h: the phone's side of the device connection process, as a library that does no I/O.
 *
 * The caller gives the phone a body (struct dt_body: frames, streams, names, a clock, random numbers, memory that lasts)
 * and feeds it what happens (dt_phone_frame(), dt_phone_stream_data(), ... and dt_phone_timer()).  The phone
 * answers by calling the body.  It never blocks, never sleeps, starts no thread and keeps no global.
 *
 *   - A life: dt_phone_new(), dt_phone_start(), dt_phone_link(true) once the cable is in; then whatever happens, and
 *     dt_phone_timer() when the timer is due; at the end dt_phone_stop(), its DT_REC_RESULT, dt_phone_free().
 *   - Calls into the phone come from one thread at a time, never from inside a body function.  A body function
 *     that can answer at once still answers later, by one of the dt_phone_... calls.
 *   - Pointers handed to a body function, and those handed to the phone, are valid during that call only.
 *   - All times: milliseconds of the body's monotonic clock, or UNIX seconds/milliseconds where the name says so.
 *   - Secrets (PIN, password, keys) never enter a record.
 *
 * A body to begin with: examples/first_phone.c.  Whole ones: host/host.c and its neighbours for Linux; tests/meet/body.c,
 * network.c and servers.c in memory, with servers that answer.
 */
#ifndef DIALTONE_PHONE_H
#define DIALTONE_PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialtone/failure.h"
#include "dialtone/sign.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dt_phone;

/* ---- what the phone is ------------------------------------------------------------------------------- */

/* TETHER: user name and password come from a PC on the USB port (struct dt_phone_conf.tethered) */
enum dt_auth { DT_AUTH_PIN = 1, DT_AUTH_NTLM = 2, DT_AUTH_CERT = 4, DT_AUTH_TETHER = 8 };

struct dt_model {
	const char *key;      /* as --model takes it: "cx600" */
	const char *name;     /* "Polycom CX600" */
	const char *vendor;   /* as the update question and LLDP-MED say it: "POLYCOM" */
	const char *model;    /* hardware version string: "CX600" */
	const char *revision; /* "A" */
	const char *firmware; /* what it left the factory with */
	unsigned auth;	      /* enum dt_auth: what it may authenticate with */
	uint8_t oui[3];
	const char *product; /* within its User-Agent: "Microsoft Lync Phone Edition" */
};

/* A real phone of this model, with this firmware, cannot do these; this program may. */
enum dt_cannot {
	DT_CANNOT_LLDP = 1,	   /* it takes its VLAN from DHCP only */
	DT_CANNOT_ONE_STEP = 2,	   /* it is not updated to 4.0 at once */
	DT_CANNOT_STRONG_ROOT = 4, /* a root of 4096 bits with a signature of the SHA-2 family stops it */
	DT_CANNOT_WILDCARD = 8,	   /* it compares names exactly */
	DT_CANNOT_TLS12 = 16	   /* TLS 1.0 is all it speaks */
};
unsigned dt_model_cannot(const struct dt_model *m, const char *firmware); /* enum dt_cannot, or-ed */

extern const struct dt_model dt_models[];
extern const size_t dt_model_count;
const struct dt_model *dt_model_find(const char *key); /* NULL: unknown */
/* The sentence of a refusal: the method that this model cannot sign in with (one of enum dt_auth), and those it can.  An
 * array and its size, not the struct why of base/why.h, which is not installed: a public header stands alone. */
void dt_model_refusal(const struct dt_model *m, unsigned method, char *out, size_t cap);

/* ---- the nine stages --------------------------------------------------------------------------------- */

enum dt_stage {
	DT_STAGE_NONE,
	DT_STAGE_VLAN,
	DT_STAGE_ADDRESS,
	DT_STAGE_FIND,
	DT_STAGE_UPDATE,
	DT_STAGE_DISCOVER,
	DT_STAGE_CHAIN,
	DT_STAGE_AUTH,
	DT_STAGE_CERT,
	DT_STAGE_LOGON,
	DT_STAGE_COUNT
};

extern const char *const dt_stage_keys[DT_STAGE_COUNT];	  /* "vlan" ... "logon" */
extern const char *const dt_stage_titles[DT_STAGE_COUNT]; /* "Finding the VLAN ID" ... */

/* ---- the record: one per attempt --------------------------------------------------------------------- */

enum dt_record_kind {
	DT_REC_BEGIN,	/* a stage begins */
	DT_REC_ATTEMPT, /* something was tried: ok or not */
	DT_REC_STAGE,	/* a stage ended */
	DT_REC_RESTART, /* the phone restarts (an update was installed) */
	DT_REC_RESULT,	/* the run ended, or reached dial tone; of an appliance: a sign-in, or its start, ended so */
	DT_REC_READY,	/* an appliance has an address, nobody is signed in: it waits (dialtone/handset.h) */
};

struct dt_record { /* its texts: UTF-8 mostly, but what servers said is repeated as it came */
	enum dt_record_kind kind;
	enum dt_stage stage;
	const char *what; /* the attempt: "lldp-med", "dhcp-inform", "srv _sipinternaltls._tcp.contoso.test" */
	const char *peer; /* "10.66.0.1:5061", or NULL */
	bool ok;
	bool skipped;	   /* the stage was not needed or went without (optional stage) */
	uint32_t ms;	   /* how long it took */
	const char *found; /* the finding, one line, or NULL */
	const char *warn;  /* worth knowing though it worked, or NULL */
	enum dt_failure failure;
	const char *why;   /* the particular of this failure, or NULL: then the list's sentence */
	bool guess;	   /* no specification publishes the format that was used: the fault may be the phone's */
	enum dt_sign sign[DT_SIGNS_MAX]; /* signs, weightiest first; DT_SIGN_NONE ends them */
	struct dt_facts fact;
};

/* ---- the body ---------------------------------------------------------------------------------------- */

#define DT_NAME_MAX 256

struct dt_lease { /* what an interface is set to; all addresses in host byte order */
	uint32_t address, mask, router;
	uint32_t dns[4];
	unsigned ndns;
};

enum dt_rr { DT_RR_A = 1, DT_RR_CNAME = 5, DT_RR_AAAA = 28, DT_RR_SRV = 33 }; /* a phone asks for A and SRV only */

struct dt_dns_answer {
	/* TIMEOUT: no server answered in time, or none could be reached; ERROR: one answered with rcode, or none is known (0) */
	enum { DT_DNS_OK, DT_DNS_NXDOMAIN, DT_DNS_NODATA, DT_DNS_TIMEOUT, DT_DNS_ERROR } status;
	uint8_t rcode; /* RFC 1035 4.1.1: 2 SERVFAIL, 5 REFUSED */
	unsigned n;
	struct dt_dns_rr {
		uint32_t address;		 /* A */
		uint16_t priority, weight, port; /* SRV */
		char target[DT_NAME_MAX];	 /* SRV and CNAME, without the final dot; "" for "."; AAAA: the address as text */
	} rr[16];
};

/* How a certificate chain was judged. */
enum dt_verdict { DT_TRUSTED, DT_UNTRUSTED, DT_WRONG_NAME, DT_WRONG_DATE, DT_NO_CERT };

struct dt_stream_conf {
	uint32_t address; /* host byte order */
	uint16_t port;
	bool tls;
	bool tls_report_only; /* go on whatever the verdict: the caller looks at it */
	bool public_roots;   /* the host's public roots count too */
	const char *name;    /* TLS: the name to expect, and SNI */
	const char *anchors; /* TLS: PEM, NUL-terminated; may be "" */
	int64_t unix_s;	     /* TLS: the phone's idea of now */
	uint32_t timeout_ms; /* to be open */
};

struct dt_stream_opened {
	enum dt_failure failure; /* DT_F_OK, CONNECT, TIMEOUT, TLS_HANDSHAKE, TLS_UNTRUSTED, TLS_NAME, TLS_DATE */
	const char *why;	 /* system's or TLS library's own words, or NULL */
	enum dt_verdict verdict;
	enum dt_sign sign[DT_SIGNS_MAX]; /* the fault of certificate or handshake: DT_SIGN_CERT_..., DT_SIGN_TLS_ALERT */
	const char *cert_name; /* the first name in the peer's certificate, or NULL */
	uint8_t alert;	       /* with DT_SIGN_TLS_ALERT */
	const uint8_t *chain[8]; /* DER, leaf first */
	size_t chain_n[8];
	unsigned nchain;
	const char *version, *cipher; /* "TLSv1.3", ... */
	uint32_t local_address;
	uint16_t local_port;
};

/* Names of what dt_body.load() and save() keep.  save() is whole or not at all, mode 0600. */
#define DT_STATE_ROOTS "roots.pem"     /* the root chain, stage 6 */
#define DT_STATE_WEB "web.pem"	      /* the web server's certificate */
#define DT_STATE_USER "user.pem"	      /* private key and certificate in one file: never one without the other */
#define DT_STATE_ACCOUNT "account"     /* SIP URI, last good Registrar, update URLs: "key value" lines */
#define DT_STATE_UPDATE "update"	      /* the image offered, fetched, installed: guards against loops */
#define DT_STATE_CATALOG "spare.cat"   /* signature of the image in the spare slot, once it is whole */
#define DT_STATE_FRESH "user-new.pem"  /* a renewed certificate with its key, until it has registered */
#define DT_STATE_LOCK "phone-lock"    /* whether the phone is locked, and a hash of the PIN that opens it */

/* None may be NULL.  An int is 0, or -errno; of a question that was answered by -errno no event follows. */
struct dt_body {
	uint64_t (*mono_ms)(void *arg);
	int64_t (*unix_ms)(void *arg); /* the host's clock; the phone keeps an offset of its own */
	void (*random)(void *arg, void *p, size_t n);
	void (*timer)(void *arg, uint64_t at_mono_ms); /* one timer: call dt_phone_timer() then; UINT64_MAX: none */

	/* Ethernet, for what the phone does itself: LLDP, ARP probes, DHCP (UDP from port 67 to 68). Such frames that arrive go
	 * to dt_phone_frame(); others may, and are passed over. The frame has no 802.1Q tag; tci -1 sends it
	 * untagged, else the body puts the tag in. */
	int (*frame)(void *arg, const uint8_t *frame, size_t n, int tci);
	/* All IP traffic is on this VLAN from now on (0: untagged). dscp: for what the phone sends. */
	int (*vlan)(void *arg, unsigned vlan, unsigned priority, unsigned dscp);
	int (*address)(void *arg, const struct dt_lease *lease); /* NULL: none any more */

	int (*udp)(void *arg, uint32_t address, uint16_t port, const void *p, size_t n); /* answers: dt_phone_udp() */
	int (*dns)(void *arg, unsigned id, const char *name, enum dt_rr type);		 /* dt_phone_dns() */
	int (*stream)(void *arg, unsigned id, const struct dt_stream_conf *conf);	 /* dt_phone_stream_opened() */
	int (*stream_send)(void *arg, unsigned id, const void *p, size_t n);		 /* takes all of it */
	void (*stream_close)(void *arg, unsigned id); /* no event for it follows */

	int (*make_key)(void *arg, unsigned id); /* RSA-2048, off the loop; dt_phone_key() */

	/* What lasts. load: the length, or -ENOENT, or -errno; at most cap octets are copied. */
	long (*load)(void *arg, const char *name, void *p, size_t cap);
	int (*save)(void *arg, const char *name, const void *p, size_t n);
	int (*forget)(void *arg, const char *name);

	/* The two image slots. slot 0 is the active one, 1 the spare one. A slot that was never written is empty.
	 * slot_read: how many octets, 0 at the end, or -errno. slot_catalog: as load. */
	int64_t (*slot_size)(void *arg, unsigned slot);
	long (*slot_read)(void *arg, unsigned slot, uint64_t at, void *p, size_t n);
	int (*slot_write)(void *arg, uint64_t at, const void *p, size_t n); /* the spare one; at 0 empties it first */
	int (*slot_catalog)(void *arg, unsigned slot, void *p, size_t cap); /* the slot's signature */
	int (*install)(void *arg, const void *catalog, size_t n); /* swap the slots in one step, catalog with them */
	void (*restart)(void *arg); /* the body forgets everything but what lasts, then calls dt_phone_restart() */

	void (*record)(void *arg, const struct dt_record *r);
};

/* ---- the phone --------------------------------------------------------------------------------------- */

/* How the target of an SRV record must agree with the SIP domain: a name below it (STRICT); that name less its first label is
 * the domain (EXACT); not at all. */
enum dt_strict { DT_STRICT, DT_EXACT, DT_STRICT_OFF };

struct dt_phone_conf {
	const struct dt_body *body;
	void *arg;
	const struct dt_model *model;
	uint8_t mac[6];
	const char *serial;	     /* LLDP-MED says its first 32 octets */
	const char *factory_version; /* of the image in ROM, at most 31 octets; NULL: the model's */
	const char *update_key;	     /* PEM certificate that images are signed with; NULL: no update is installed */

	const char *number;   /* phone number or extension; with pin */
	const char *pin;      /* digits */
	const char *login;    /* "CONTOSO\\alice"; with password */
	const char *password;
	const char *sip;      /* "alice@contoso.test"; needed with login */

	bool appliance; /* no failure ends it: without a user it waits, and people act on it (dialtone/handset.h) */
	bool cold;    /* forget everything stored, first */
	bool outside; /* not in the company network */
	bool old_tls; /* TLS inside SIP (TLS-DSK) as phones of the time have it; that of streams is the body's */
	bool tethered; /* login and password come from a PC on the USB port: for models with DT_AUTH_TETHER */
	bool no_vlan; /* skip stage 1 */
	bool no_dhcp; /* the lease below is the address; no DHCP at all */
	struct dt_lease lease;
	const char *domain;	   /* instead of DHCP option 15 */
	const char *web_url;	   /* instead of DHCP option 43 */
	const char *registrar;	   /* HOST[:PORT], instead of SRV and option 120 */
	const char *trust;	   /* PEM: the roots that it trusts, and no others; NULL: as a real phone, those that it downloads on its first day */
	unsigned lldp_wait_s;	   /* 0: 6, or 5 when `brief` */
	bool brief; /* two fifths of a phone's waits for answers, for one that examines a network rather than lives in it */
	enum dt_strict strict;
};

struct dt_phone *dt_phone_new(const struct dt_phone_conf *conf); /* copies the strings. NULL: out of memory */
void dt_phone_free(struct dt_phone *ph);			 /* wipes secrets; silent on the wire */

void dt_phone_start(struct dt_phone *ph);   /* power on */
void dt_phone_restart(struct dt_phone *ph); /* after dt_body.restart() */
void dt_phone_stop(struct dt_phone *ph);    /* sign off, release; DT_REC_RESULT follows, then it is quiet */

void dt_phone_link(struct dt_phone *ph, bool up);
void dt_phone_frame(struct dt_phone *ph, const uint8_t *frame, size_t n, int tci); /* tci -1: came untagged */
void dt_phone_udp(struct dt_phone *ph, uint32_t address, uint16_t port, const void *p, size_t n);
void dt_phone_dns(struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a);
void dt_phone_stream_opened(struct dt_phone *ph, unsigned id, const struct dt_stream_opened *o);
void dt_phone_stream_data(struct dt_phone *ph, unsigned id, const void *p, size_t n);
void dt_phone_stream_closed(struct dt_phone *ph, unsigned id, const char *why); /* why NULL: orderly */
void dt_phone_key(struct dt_phone *ph, unsigned id, const char *pem); /* NULL: it failed */
void dt_phone_timer(struct dt_phone *ph);

bool dt_phone_registered(const struct dt_phone *ph);
enum dt_stage dt_phone_stage(const struct dt_phone *ph); /* where it is, or ended */
/* PEM: the chain that stage 6 downloaded and then dropped, since the web server did not prove good for it; "": none.  For
 * whoever looks into the failure; until the next call. */
const char *dt_phone_dropped_chain(const struct dt_phone *ph);
int64_t dt_phone_clock_off_s(const struct dt_phone *ph); /* its clock less the body's: what a time server told it */
const char *dt_phone_version(const struct dt_phone *ph); /* of the verified image in the active slot; until the next call */

#ifdef __cplusplus
}
#endif

#endif
