/* tests/meet/meet.h: phone and servers meet in memory: no socket, no thread, a clock that only moves when asked.
 *
 *     phone/  --- body (body.c) ---  switch, DHCP, DNS, NTP (network.c)
 *                               \--  TLS on memory  --  web_handle(), reg_conn_feed() (streams.c)  --  vault, location (servers.c)
 *
 * Everything happens as an event with a time; meet_run() takes the next one and sets the clock to it.  Dice are seeded:
 * the same seed gives the same run, to the octet (but for the RSA keys, which are made once per process).
 */
#ifndef DIALTONE_TESTS_MEET_H
#define DIALTONE_TESTS_MEET_H

#include "dialtone/phone.h"
#include "pki/tls.h"
#include "server/location/location.h"
#include "server/registrar/registrar.h"
#include "server/site/site.h"
#include "server/vault/make.h"
#include "server/web/web.h"
#include "store/store.h"
#include "wire/dhcp.h"
#include "wire/lldp.h"

struct meet;

/* ---- keys and certificates: made once per process, RSA is slow ---------------------------------------- */

struct meet_keys {
	struct pki_key *root, *issuing, *ticket, *server, *update, *phone[4];
	struct buf root_der, issuing_der, ticket_der, server_der, update_der;
	struct buf root_pem, issuing_pem, chain_pem, update_pem;
};
const struct meet_keys *meet_keys(void);
void meet_keys_done(void);

/* ---- what lasts: files and slots, with a power switch ------------------------------------------------- */

struct meet_file {
	char name[32];
	struct buf data;
	bool there;
};
struct meet_slot {
	struct buf data, catalog;
};
struct meet_flash {
	struct meet_file file[16];
	struct meet_slot slot[2];
	unsigned active;
	const char *store; /* the servers' database; NULL: one in memory, gone with the world */
};

/* ---- the network -------------------------------------------------------------------------------------- */

struct meet_network {
	bool lldp, dhcp_vlan; /* the sender of the voice VLAN */
	struct med_policy policy;
	uint16_t native, voice;
	bool dhcp, uc; /* the DHCP server answers DISCOVER; INFORM */
	bool uc_120, uc_43;
	struct sv option43, option120; /* p not NULL: this instead, for the UC class */
	struct sv vlan43;	       /* p not NULL: this as option 43 for the VLAN class, wherever it is asked */
	const char *domain;	       /* option 15; NULL: contoso.test */
	bool no_router, slow;	       /* option 3 is missing; each OFFER takes five seconds */
	uint32_t lease_s;	       /* 0: 600 */
	bool ntp;
	int64_t ntp_off_s; /* what the time server is wrong by */
	uint32_t conflict; /* this address is taken: ARP says so once */
	bool conflicts;	   /* so is every other */
	enum { MEET_DNS_ANSWERS, MEET_DNS_SILENT, MEET_DNS_SERVFAIL, MEET_DNS_NONE } dns; /* NONE: no server is known */
	bool srv, srv_outside; /* the SIP SRV records */
	char srv_target[256];
	char web_host[256];
	bool update_record;
	bool unplugged;		/* the cable is out */
	bool cdp;		/* the switch sends CDP with the voice VLAN, too */
	bool nak, no_mask, no_address, no_resolver, router_outside; /* of a lease */
	bool dhcp_checksum, no_server_id; /* each answer's UDP checksum is wrong; option 54 is missing */
	uint8_t dhcp_odd_option; /* of five octets; 0: none */
	bool ntp_unset;		/* the time server answers that its clock is not set */
	bool second_dhcp;	/* another server answers INFORM later, with another option 43 */
	const char *class_vlan, *class_uc; /* as the DHCP server has them; NULL: CPE-OCPHONE, MS-UC-Client */
	void (*lldp_as)(struct lldp *l);   /* what the switch sends instead; NULL: as `policy` says */
	bool lldp_second;		   /* its frames come from another device */
	/* may change what the zone answers */
	void (*name)(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret);
	const char *not_below;	/* in the head of images that servers_offer() makes from now on; NULL: none */
	unsigned update_status; /* not 0: the update service answers with this and update_body, whoever asks */
	const char *update_body;
};

void meet_lldp(struct meet *m); /* the switch sends its LLDP-MED now */
/* What the network would answer to somebody else on the port: a name; an INFORM or DISCOVER of that class with option 43. */
void network_name(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret);
bool network_class(const struct meet *m, const char *class, uint8_t type);

enum meet_service { MEET_HTTP, MEET_HTTPS, MEET_SIP_TLS, MEET_SIP_TCP };

struct meet_listener {
	uint32_t address;
	uint16_t port;
	enum meet_service service;
	bool outside, down, reset; /* down: nobody there; reset: connects, then is closed at the first octet */
	bool silent, mute;	   /* silent: whoever connects gets no answer; mute: whoever has connected gets none */
	struct tls_ctx *tls;	   /* its certificate and key; NULL: the world's */
};

/* ---- the world ---------------------------------------------------------------------------------------- */

#define MEET_RECORDS 600
struct meet_record {
	enum dt_record_kind kind;
	enum dt_stage stage;
	bool ok, skipped;
	enum dt_failure failure;
	char what[160], peer[160], found[400], why[400], warn[400];
	char host[160], domain[160], cert[160], said[160]; /* what fact points to */
	enum dt_sign sign[DT_SIGNS_MAX];
	struct dt_facts fact;
	uint64_t at;
	uint32_t ms;
};

/* Events come from the world's own supply: its memory does not fail when the phone's does (test_oom.c). */
struct meet_event {
	struct meet_event *next;
	uint64_t at, seq;
	void (*fn)(struct meet *, void *);
	void *arg;
};
struct meet_stream;

struct meet {
	uint64_t mono;
	int64_t unix_ms, host_clock_off_ms; /* the truth, and what the phone's own clock is wrong by */
	uint64_t seed;
	struct meet_event *events, *idle, event[2048];
	uint64_t seq, phone_timer;
	unsigned events_run;

	struct meet_network net;
	struct meet_listener listener[12];
	unsigned nlistener;
	struct meet_stream *streams;
	uint64_t conn_id;

	struct site site;
	struct store *store;
	struct vault *vault;
	struct vault_link vault_link;
	struct location *location;
	struct location_link location_link;
	struct tls_ctx *https_ctx, *dsk_ctx, *client_ctx, *other_ctx; /* other_ctx: a test's, for a listener; freed with the world */
	struct registrar *registrar;
	struct web *web;
	char files_dir[64];
	/* between the phone and the Registrar: messages of the latter may be made another server's, those of the
	 * phone be looked at and made such as another server would take them */
	void (*from_registrar)(struct meet *m, struct buf *message);
	void (*to_registrar)(struct meet *m, struct buf *octets);
	/* between the Web Services and the phone: their answer may be made another server's */
	void (*from_web)(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a);
	void (*on_frame)(struct meet *m, const uint8_t *frame, size_t n); /* each frame that reaches the phone's port */
	struct { /* orders on their way to the registrar */
		struct location_notice n[8];
		unsigned count;
	} orders;

	struct meet_flash *flash; /* the caller's: survives the phone */
	struct dt_phone_conf conf;
	struct dt_phone *phone;
	struct dt_lease lease;
	unsigned vlan, vlan_prio;
	unsigned restarts, keys_made;
	unsigned die_at; /* the body dies at its n-th call that changes what lasts; 0: never */
	unsigned calls;
	bool dead;

	struct meet_record record[MEET_RECORDS];
	unsigned nrecord;
	bool ended; /* DT_REC_RESULT was seen */
	size_t signature; /* hexadecimal digits of the last one that the phone put into a SIP message */
	unsigned frames_out, dhcp_out[9];
};

/* A world with all servers, one user (alice, +14255550123, extension 4411, PIN 73914, CONTOSO\alice / Pa$$word), nothing
 * started.  flash: what the phone remembers; may be used again by a later world. */
struct meet *meet_new(struct meet_flash *flash, uint64_t seed);
void meet_free(struct meet *m);
void meet_flash_free(struct meet_flash *f);

void meet_was_inside(struct meet *m); /* the phone remembers Web Services of the company network, and nothing else */
bool meet_phone(struct meet *m); /* makes and starts the phone of m->conf; false: out of memory */
void meet_phone_off(struct meet *m); /* the power goes; the servers go on; meet_phone() may follow */
/* Runs until the phone has a result, or `ms` of its time are over, or it died. true: a result. */
bool meet_run(struct meet *m, uint64_t ms);
bool meet_step(struct meet *m, uint64_t end); /* the one next thing, if it is before `end` */
void meet_stop(struct meet *m);			/* dt_phone_stop, then runs what is left */
const struct meet_record *meet_result(const struct meet *m);
const struct meet_record *meet_find(const struct meet *m, const char *what); /* the last attempt of that name */
const struct meet_record *meet_failed(const struct meet *m, enum dt_failure failure); /* the last attempt that failed so */
void meet_dump(const struct meet *m);

/* ---- between the files -------------------------------------------------------------------------------- */

void meet_at(struct meet *m, uint64_t delay_ms, void (*fn)(struct meet *, void *), void *arg);
void meet_random(void *meet, void *p, size_t n);
extern const struct dt_body meet_body;
void network_frame(struct meet *m, const uint8_t *frame, size_t n, int tci);
void network_udp(struct meet *m, uint32_t address, uint16_t port, const void *p, size_t n);
void network_dns(struct meet *m, unsigned id, const char *name, enum dt_rr type);
extern const uint8_t meet_secret[32];
bool servers_people(struct meet *m);
enum meet_process { MEET_VAULT = 1, MEET_WORKER = 2, MEET_LOCATION = 4, MEET_ALL = 7 };
void servers_stop(struct meet *m, unsigned which); /* as kill -9 does: nothing is said, nothing is saved */
bool servers_start(struct meet *m, unsigned which);
bool servers_new(struct meet *m);
void servers_free(struct meet *m);
void servers_orders(struct meet *m);
uint64_t servers_deadline(const struct meet *m); /* the nearest timer of a connection; UINT64_MAX: none */
void servers_timer(struct meet *m);		 /* runs those that are due */
void servers_files_remove(struct meet *m);
/* The update service offers this version to the phone's model; tampered: one octet of the image is another. */
void servers_offer(struct meet *m, const char *version, bool tampered);
/* The rule says `offered`, the image is of version `inside`. */
void servers_offer_as(struct meet *m, const char *offered, const char *inside, bool tampered);
int servers_stream(struct meet *m, unsigned id, const struct dt_stream_conf *conf);
int servers_send(struct meet *m, unsigned id, const void *p, size_t n);
void servers_close(struct meet *m, unsigned id);
void servers_close_all(struct meet *m);
void servers_hang_up(struct meet *m);
struct meet_listener *meet_listener(struct meet *m, uint32_t address, uint16_t port);

#define MEET_IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define MEET_FE MEET_IP(10, 66, 0, 10)
#define MEET_EDGE MEET_IP(203, 0, 113, 10)
#define MEET_WEB MEET_IP(203, 0, 113, 11)
#define MEET_TIME 1795000000 /* 2026-11-18 */

#endif
