/* doctor/causes.h: why a stage fails: the failure knowledge base as a table.
 *
 * A row fits a failed attempt when stage and failure are its own, and what it wants to see besides (`sees`) is there.  Rows
 * that saw something come before rows that see nothing; among these the table's order counts: the likelier first.  A row whose
 * failure is OK fits an attempt that went well with a sign.
 *
 * A row looks at codes and facts only.  Words are compared in one case: those that a server wrote (SERVER_SAYS), whole words
 * of dt_facts.said.
 *
 * A row may want two things (`also`), and may be contradicted by a third (`unless`).  `reported`: it is worth a note even when the
 * stage ended well.  `asked`: what the doctor asked itself is enough to know it.
 *
 * Each has an id, so that two people can talk of it: V for the VLAN, I the address, D names, U updates, R Registrar and web
 * service, C certificates, A authentication, P provisioning, L log on, E outside.
 */
#ifndef DIALTONE_DOCTOR_CAUSES_H
#define DIALTONE_DOCTOR_CAUSES_H

#include "dialtone/phone.h"

enum doctor_sees {
	SEES_NOTHING,	  /* the row always fits */
	SEES_SIGN,	  /* the attempt has the sign `value` */
	SEES_RUN_SIGN,	  /* any attempt of the run has it */
	SEES_ANSWER,	  /* an answer to something the doctor asked has it */
	SEES_OTHER_DOMAIN, /* ... an answer about a name of another domain than the attempt's */
	SEES_HOST_ANSWER, /* ... an answer about the attempt's host or address */
	SEES_PORT_IS,	  /* enum doctor_port `value`: of what was heard */
	SEES_TCP_PORT,	  /* the peer's port is `value` */
	SEES_HTTP,	  /* the answer's HTTP status is `value` */
	SEES_HTTP_CLASS,  /* its first digit is */
	SEES_SIP,	  /* the answer's SIP status is `value` */
	SEES_SIP_CLASS,	  /* its first digit is */
	SEES_ALERT,	  /* the peer sent the TLS alert `value` */
	SEES_OPTION,	  /* it is about DHCP option `value` */
	SEES_VLAN,	  /* it is about a VLAN */
	SEES_CANDIDATE,	  /* the Registrar was known by enum dt_candidate `value` */
	SEES_RUN_CANDIDATE, /* the run ended with a Registrar that was known so */
	SEES_OTHER_PORT,  /* another attempt of its stage came through to the same address at another port */
	SEES_SHORT_NAME,  /* the peer's name has no domain */
	SEES_ENDED_WELL,  /* the attempt's stage ended well all the same */
	SEES_DIAG,	  /* the server's reason has the id `value` */
	SEES_SERVER_SAYS, /* the server wrote one of `words` ("|" between them) */
	SEES_STAGE,	  /* it is of the stage `value` */
	SEES_WARM,	  /* an earlier stage used what was stored */
	SEES_INSIDE,	  /* the phone looked for its VLAN: it is inside */
	SEES_OUTSIDE,	  /* it did not */
	SEES_COUNT
};

struct doctor_need {
	enum doctor_sees sees;
	unsigned value;
	const char *words;
};

/* What a cause brings about elsewhere: kinds of failure, of enum doctor_explains.  What it explains is told below it, as its
 * consequence, and not as a fault of its own. */
enum doctor_explains {
	EXPLAINS_REACH = 1, /* a server cannot be reached, is silent, or hangs up */
	EXPLAINS_NAMES = 2, /* a name does not resolve */
	EXPLAINS_TRUST = 4, /* a certificate is not taken, or TLS does not come up */
	EXPLAINS_TALK = 8,  /* an answer is another than it should be, or has an error */
	EXPLAINS_DHCP = 16, /* no answer to DHCP, or no use of it */
	EXPLAINS_HERE = 32, /* only at the address that the cause itself is about */
	EXPLAINS_LEASE = 64 /* the lease is wrong: causes that are `lease` */
};

struct doctor_cause {
	const char *id;
	enum dt_stage stage; /* DT_STAGE_NONE: any */
	enum dt_failure failure;
	enum doctor_sees sees;
	unsigned value;
	const char *words;
	const char *cause, *remedy;
	struct doctor_need also;   /* this must be there as well */
	struct doctor_need unless; /* this must not be; SEES_NOTHING: nothing excludes it */
	unsigned explains;	   /* enum doctor_explains, or 0 */
	enum dt_stage home;	   /* the stage it belongs to, wherever it was met; DT_STAGE_NONE: where it was met */
	bool reported;		   /* it is told also of an attempt that failed in a stage that ended well */
	bool certain;		   /* what it saw leaves no other reason: it comes before rows that saw more */
	bool lease;		   /* it is about what the lease says */
	bool asked;		   /* it needs no attempt: an answer with that sign is enough */
};

extern const struct doctor_cause doctor_causes[];
extern const size_t doctor_cause_count;

#endif
