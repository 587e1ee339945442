/* doctor/probe_internal.h: what the files of the probe share. */
#ifndef DIALTONE_DOCTOR_PROBE_INTERNAL_H
#define DIALTONE_DOCTOR_PROBE_INTERNAL_H

#include "base/buf.h"
#include "doctor/ask_dhcp.h"
#include "doctor/probe.h"
#include "doctor/questions.h"
#include "wire/eth.h"

#define CERTS 6
#define NAMES_MAX 16
#define ERRORS_MAX 64

struct asked {
	bool sent, open;
	uint64_t since; /* mono ms: when it was sent first */
	uint64_t last;	/* mono ms: when it was sent last */
	uint64_t until; /* mono ms: later than that no answer is waited for */
	struct ask_dhcp dhcp;
	unsigned offers;      /* ASK_OFFERS: how many different ones came */
	bool listens;	      /* ASK_OFFERS: its time is over, and a late offer still counts */
	uint8_t by[6];	      /* ASK_ARP: MAC address of the answer */
	int status;	      /* of a name server's answer */
	unsigned answer;      /* in run->answer, behind the last one: none */
	bool stalled, opened; /* TLS: no answer to the hello; the connection came up */
	struct buf der;	      /* ASK_TLS: the chain */
	size_t der_n[CERTS];
	unsigned certs;
};

struct doctor_probe {
	struct host *h;
	struct doctor_run *run;
	struct host_observer observer;
	unsigned n, open;
	bool started, finishing, over;
	uint64_t began, finish_by, listen_until;
	int64_t off_s; /* the phone's clock less this machine's */
	char odd[32];
	unsigned cannot; /* enum dt_cannot */
	void (*done)(void *arg);
	void *arg;
	struct doctor_question q[DOCTOR_ANSWERS];
	struct asked asked[DOCTOR_ANSWERS];
	struct dt_dns_answer addresses[NAMES_MAX]; /* by name, as they were first */
	char address_of[NAMES_MAX][DT_NAME_MAX];
	unsigned naddresses;
	struct icmp_error error[ERRORS_MAX]; /* as they came */
	unsigned errors;
};

void probe_more(char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Ends the question; ok: a good answer came, and with it the sign that it was asked for.  NULL: there is no room. */
struct doctor_answer *probe_answer(struct doctor_probe *p, unsigned at, bool ok);
/* The same, and the question stays open: more answers may come. */
struct doctor_answer *probe_answer_open(struct doctor_probe *p, unsigned at, bool ok);
void probe_add(struct doctor_probe *p, struct doctor_question q, const char *name);

struct doctor_answer *probe_answer_at(struct doctor_probe *p, unsigned at); /* to that question; NULL: there is none */
unsigned probe_question_of(const struct doctor_probe *p, unsigned id); /* DOCTOR_ANSWERS: nobody's any more */
void probe_close(struct doctor_probe *p, unsigned at);		       /* without an answer */
void probe_end(struct doctor_probe *p, unsigned at);		       /* no answer came, or it could not be asked */

/* probe_names.c: DNS */
void probe_names_answered(struct doctor_probe *p, unsigned at, const struct dt_dns_answer *d);
void probe_names_check(struct doctor_probe *p);

/* probe_streams.c: TCP, and what is said over it */
void probe_streams_opened(struct doctor_probe *p, unsigned at, const struct dt_stream_opened *o);
void probe_on_data(void *arg, unsigned id, const void *data, size_t n);
void probe_on_closed(void *arg, unsigned id, uint8_t alert);
int probe_send_stream(struct doctor_probe *p, unsigned at);
int probe_send_crl(struct doctor_probe *p, unsigned at); /* -EAGAIN: its name is asked first */

/* probe_lan.c: DHCP and ARP */
int probe_lan_send(struct doctor_probe *p, unsigned at);
void probe_lan_frame(struct doctor_probe *p, const uint8_t *frame, size_t n, int tci);
void probe_lan_end(struct doctor_probe *p, unsigned at); /* its time is over */

/* probe_icmp.c: errors of ICMP */
void probe_icmp_frame(struct doctor_probe *p, const uint8_t *frame, size_t n);
void probe_icmp_check(struct doctor_probe *p); /* at the end, all of them */

/* probe_tls.c: what a handshake showed */
bool probe_tls_stays(const struct doctor_question *q); /* what the server says after the handshake is waited for */
void probe_tls_opened(struct doctor_probe *p, unsigned at, const struct dt_stream_opened *o);
void probe_tls_check(struct doctor_probe *p, const char *anchors); /* at the end, all of them */

#endif
