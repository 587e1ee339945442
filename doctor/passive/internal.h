/* doctor/passive/internal.h: what the files of doctor/passive/ share. */
#ifndef DIALTONE_DOCTOR_PASSIVE_INTERNAL_H
#define DIALTONE_DOCTOR_PASSIVE_INTERNAL_H

#include "base/buf.h"
#include "doctor/passive/passive.h"
#include "pki/tls_open.h"
#include "pki/tls_open_old.h"
#include "wire/capture/packet.h"
#include "wire/eth.h"
#include "wire/msg.h"

enum {
	ROUTERS = 64,	     /* MAC addresses that stand for many machines */
	QUESTIONS = 8,	     /* DNS questions of one phone at once */
	KNOWN = 12,	     /* names that one phone has resolved */
	TEXT_MAX = 128,	     /* of a name, and of a sentence in a line */
	STREAM_MAX = 65536,  /* octets held of one direction of a stream: a TLS flight, a head and its body */
	HELD_MAX = 32 << 20, /* of all streams together */
	REFUSALS = 4,	     /* errors of ICMP that are held of one phone */
	PARTS = 6	     /* segments that came before their turn, of one direction */
};

#define SECONDS(n) ((int64_t)(n) * 1000000)

/* ---- a machine, which may be a phone ----------------------------------------------------------------------------- */

struct exchange { /* of DHCP */
	bool open, for_vlan, inform, answered, offered;
	uint32_t xid;
	int64_t began, asked; /* first and last question */
	unsigned tries, naks;
	uint16_t vlan;
	uint32_t offer_ms;
	uint8_t twice; /* an option of the OFFER that stands twice; 0: none */
};

enum { DISCOVERS = 4 }; /* the phone's own, and those of whoever asks beside it */

struct discover { /* at 0: none */
	uint32_t xid;
	int64_t at; /* when it was sent last */
};

struct refusal { /* an error of ICMP about one of its packets */
	struct icmp_error error;
	enum dt_stage stage; /* in which the packet was sent */
};

struct question { /* of DNS; name[0] == '\0': none */
	char name[TEXT_MAX];
	uint16_t type, id;
	int64_t began;
	enum dt_stage stage;
	uint32_t server;
};

struct known { /* a name, and what it was resolved to */
	char name[TEXT_MAX];
	uint32_t address;
};

struct place { /* where a Registrar is said to be */
	char host[TEXT_MAX];
	uint16_t port;
};

struct host {
	struct passive_phone pub; /* the first member */
	bool used, is_phone, by_address;
	bool is_model; /* its MAC address is of a maker of these phones */
	unsigned hash_next; /* of the two indexes: 1 + place of the next one, 0: none */
	unsigned address_next;
	bool asked_vlan; /* DHCP was asked for the VLAN in this run */
	bool inside;	 /* it did what only a phone inside does */
	bool released;	 /* it gave its address back: it has ended */
	bool no_resolver, no_router;
	uint32_t resolver, router; /* of its lease: the first ones */
	uint32_t wanted;	   /* an address that it asks for by ARP, in vain so far */
	unsigned wanted_times;
	uint32_t mask;
	int64_t lldp_at;  /* its first LLDP frame of this run */
	bool lldp_settled; /* the attempt by LLDP is closed */
	uint16_t announced_vlan; /* the VLAN that it says it uses, or was told */
	struct exchange dhcp;
	struct discover discover[DISCOVERS];
	struct question question[QUESTIONS];
	struct known known[KNOWN];
	unsigned nknown;
	struct refusal refusal[REFUSALS];
	unsigned refusals;
	struct place registrar[DT_CAND_COUNT];
	char web_host[TEXT_MAX]; /* of option 43 */
	bool web_known;
	bool find_ok;
	struct buf chain; /* PEM: the root chain that it fetched in clear */
	/* of its talk with the web service, by shape */
	char hung_up[TEXT_MAX]; /* the Registrar's connection that it ended without dial tone; "": none */
	bool web_up;
	unsigned web_questions;
	/* with the Registrar */
	bool sip_up;
	unsigned flows; /* open ones */
	int64_t stage_us; /* when its stage began */
	/* the outcome that since_us is of */
	enum dt_stage was_stage;
	enum dt_failure was_failure;
	bool was_dial_tone;
	size_t older_lines; /* lines that were dropped for want of room */
};

/* ---- a TCP connection -------------------------------------------------------------------------------------------- */

struct part {
	uint32_t seq;
	size_t n;
	uint8_t *p;
};

struct half { /* one direction: 0 from the client, 1 from the server */
	bool known, lost, fin;
	uint32_t next; /* sequence number of the octet that follows */
	struct part part[PARTS];
	uint64_t octets;
	/* TLS records, or a head in clear */
	struct buf text;
	uint8_t head[5];
	unsigned nhead;
	uint32_t left; /* of the record's body */
	uint8_t type;
	bool hidden;	  /* records are encrypted from here on */
	unsigned secrets; /* encrypted records that came */
	uint32_t longest; /* the longest of them */
	uint8_t alert;
	struct tls_open *open; /* its records can be read; NULL: they cannot */
	struct tls_open_old *old; /* the same, up to TLS 1.2 */
	struct buf record;     /* the body of the record that is coming, then */
};

enum protocol { P_UNKNOWN, P_TLS, P_HTTP, P_SIP, P_OTHER };

struct flow {
	bool used, syn, answered, midway, refused, reset, report_open, report_up, report_end;
	uint8_t closed_by; /* 0: open; 1: the client; 2: the server */
	uint32_t client, server;
	uint16_t cport, sport;
	unsigned host; /* 1 + index; the host's `starts` must still be `start` */
	unsigned start;
	unsigned next; /* in its hash chain: 1 + place */
	int64_t began, last, asked; /* asked: the client's last octets without an answer; 0: none */
	unsigned syns;
	enum dt_stage stage;
	enum dt_candidate candidate;
	enum protocol protocol;
	struct half half[2];
	/* TLS */
	char name[TEXT_MAX]; /* SNI, else the name that was resolved to this address */
	uint16_t version, offered;
	uint8_t random[32]; /* of the client's hello */
	bool basic;	    /* number and PIN were sent, as far as can be read */
	bool greeted, answered_hello;
	struct buf chain; /* DER certificates: length 3, octets */
	/* questions and answers, by shape */
	uint8_t turn; /* the side that spoke last: 1 client, 2 server */
	unsigned questions, answers, up_answers, seen_questions;
	uint32_t ask_octets, answer_octets; /* of the running question, of the last answer */
	/* clear HTTP and SIP */
	char target[TEXT_MAX]; /* of the last request */
	bool proved;	 /* the last REGISTER carried credentials */
	bool challenged; /* a REGISTER without credentials was; nothing came after it */
	enum dt_failure http_failure;
};

struct secret { /* of one direction of a connection; up to TLS 1.2 (from = 2) of both */
	uint8_t random[32], secret[48], n, from;
};

struct neighbour { /* the switches on the captured port, by their LLDP */
	bool any, policy, conflict;
	uint16_t vlan;
	bool tagged;
	uint8_t prio, dscp;
	enum dt_sign sign;
	char name[TEXT_MAX];
	int64_t first, first_policy;
};

struct passive {
	struct host *host; /* hosts_max */
	unsigned hosts_max, flows_max; /* flows: TCP connections at once */
	unsigned by_mac[4096], by_address[4096];
	struct flow *flow; /* flows_max */
	unsigned by_ports[8192];
	uint8_t router[ROUTERS][6];
	unsigned routers;
	struct doctor_run run; /* its lines are a phone's while it is looked at */
	struct secret *secret;
	size_t nsecrets, secrets_cap;
	struct neighbour switch_announces;
	struct doctor_observed observed;
	int64_t now, swept;
	size_t held;
	uint64_t key; /* random: strangers must not choose what collides */
	unsigned nhosts;
	size_t order[PASSIVE_PHONES];
	size_t norder;
	struct passive_lost lost;
	void (*watch)(void *arg, const struct passive_phone *phone);
	void *watch_arg;
};

/* ---- passive.c ---------------------------------------------------------------------------------------------------- */

struct host *host_of_mac(struct passive *p, const uint8_t mac[6]); /* made when there is none */
void host_clear(struct passive *p, struct host *h);
struct host *host_find(struct passive *p, uint32_t address);
void host_has_address(struct passive *p, struct host *h, uint32_t address);
struct host *host_of_packet(struct passive *p, const struct packet_view *v); /* of its sender; may be NULL */
unsigned host_index(const struct passive *p, const struct host *h);
void host_is_phone(struct passive *p, struct host *h);
const char *host_name_of(const struct host *h, uint32_t address); /* the name that it resolved to this; NULL: none */

/* ---- story.c: the lines of the record ------------------------------------------------------------------------------ */

/* An attempt ended; it may bring the phone to a later stage.  r->kind is set here; texts are copied and cut at TEXT_MAX. */
void story_attempt(struct passive *p, struct host *h, struct dt_record *r);
void story_stage(struct passive *p, struct host *h, enum dt_stage s); /* the phone is at s now, if it was before it */
void story_back(struct passive *p, struct host *h, enum dt_stage s);	/* it begins anew at s */
void story_dial_tone(struct passive *p, struct host *h);
void story_end(struct passive *p, struct host *h);
const struct doctor_line *story_last(const struct host *h, enum dt_stage s); /* the stage's last attempt */

/* ---- lan.c, names.c, flows.c, tls.c, clear.c, meaning.c ------------------------------------------------------------ */

void lan_packet(struct passive *p, const struct packet_view *v, struct sv octets);
void lan_dhcp(struct passive *p, const struct packet_view *v);
void lan_overdue(struct passive *p, struct host *h, bool end);
void lan_settle_lldp(struct passive *p, struct host *h, bool by_dhcp);
enum dt_stage names_refused(const struct host *h, const struct icmp_error *e); /* the stage of a question to that server; DT_STAGE_NONE: none */
void names_packet(struct passive *p, const struct packet_view *v);
void names_overdue(struct passive *p, struct host *h, bool end);

void flow_packet(struct passive *p, const struct packet_view *v);
/* The error is about the connection's first packet.  Gives its stage; DT_STAGE_NONE: no such connection waits for an answer. */
enum dt_stage flow_refused(struct passive *p, const struct icmp_error *e);
void flow_sweep(struct passive *p, bool end);
void flow_free(struct passive *p, struct flow *f);
struct host *flow_host(struct passive *p, const struct flow *f); /* NULL: it began anew, or was forgotten */
void flow_hold(struct passive *p, struct buf *b, const void *octets, size_t n); /* counted against HELD_MAX */
void flow_drop(struct passive *p, struct buf *b);

void tls_octets(struct passive *p, struct flow *f, unsigned from, const uint8_t *o, size_t n);
void clear_octets(struct passive *p, struct flow *f, unsigned from, const uint8_t *o, size_t n);

/* refusals.c keeps the errors of ICMP about packets of a stage, and gives them to the phone's run as answers. */
void refusal_add(struct host *h, const struct icmp_error *e, enum dt_stage stage);
void refusals_answer(const struct host *h, struct doctor_run *r);

/* secrets.c: the hello is known: whether its connection can be opened; a record of it has come. */
void secrets_find(struct passive *p, struct flow *f, const struct tls_open_hello *hello);
void secrets_record(struct passive *p, struct flow *f, unsigned from);

/* What a connection means. */
void meaning_began(struct passive *p, struct flow *f);			/* its first SYN */
void meaning_named(struct passive *p, struct flow *f);			/* the client has said whom it wants */
void meaning_turn(struct passive *p, struct flow *f);			/* a question was begun, or answered */
void meaning_up(struct passive *p, struct flow *f);			/* TLS is up: the client has said something under it */
void meaning_http(struct passive *p, struct flow *f, unsigned status, struct sv body); /* in clear */
void meaning_over(struct passive *p, struct flow *f, bool end);		/* it is closed, refused, or waited for too long */
bool meaning_tls_up(const struct flow *f);

struct meaning_line { /* the texts of a record */
	char what[2 * TEXT_MAX], peer[32];
};
struct dt_record meaning_record(const struct flow *f, struct meaning_line *l); /* facts and names of a connection */

/* web.c: the Web Services under TLS that could be opened */
void web_question(struct passive *p, struct flow *f);
void web_answer(struct passive *p, struct flow *f, const struct msg *m, struct sv body);

#endif
