/* host/host.h: a phone's body on Linux (struct dt_body): frames, VLAN, addresses, names, streams, what lasts.
 *
 * Place: a network namespace of the process's own with a macvlan on the interface; or, with `take`, the interface itself in
 * the namespace the process is in.  Either way nothing of the host's addresses, routes, resolver or clock changes, and what
 * is set ends with the process, also when that is killed: the namespace and the tap go with it, an address on a taken
 * interface has a short life that only a living process renews.
 *
 * One libevent loop, one thread (keys are made in a second one).  host_open() enters the namespace: the calling process is
 * in it from then on.
 */
#ifndef DIALTONE_HOST_HOST_H
#define DIALTONE_HOST_HOST_H

#include "base/file.h"
#include "base/why.h"
#include "dialtone/phone.h"
#include "host/witness.h"

struct host;

struct host_conf {
	const char *interface;
	bool take;
	const uint8_t *mac; /* 6 octets, or NULL: made of `oui` and the interface's own; with take the interface's own */
	const uint8_t *oui; /* 3 octets */
	const char *state;  /* folder of what lasts, made when absent; NULL: one per MAC below `state_base` */
	const char *state_base;
	const struct file_ops *ops; /* NULL: the real ones */
	bool has_address; /* with take: the interface has its address already, and keeps it: host_address() */
	bool phone_tls; /* TLS as phones of the time have it (TLS_PHONE), and nothing later */
	const char *keylog;	    /* file that TLS secrets are appended to, or NULL */
	void (*record)(void *arg, const struct dt_record *r); /* must not call the phone */
	void (*tick)(void *arg);			      /* every tick_ms while it runs, or NULL */
	unsigned tick_ms;				      /* 0: 1000 */
	void (*frame)(void *arg, const uint8_t *frame, size_t n); /* each that arrives, before the phone; or NULL */
	void *arg;
	const struct host_witness *witness; /* or NULL; the caller keeps the struct */
	const char *serial_line;	    /* of usb_open(), or NULL */
	const char *const *files;	    /* that may be written after the run: at most four, then NULL; or NULL */
};

extern const struct dt_body host_body; /* its arg is the struct host */
/* Two functions of any body: the clock, and random octets, without which the program ends.  arg is not used. */
int64_t host_unix(void *arg);
void host_random(void *arg, void *p, size_t n);

/* 0, or -errno: then `why` is a sentence that says what to do. Everything given in `c` is copied or used only here,
 * but `ops`, `arg`, `serial_line` and `files`.
 *
 * Root is given up here, for good: the calling process becomes the owner of the state's folder (host/folder.h) and keeps CAP_NET_RAW and
 * CAP_NET_ADMIN in the phone's namespace. */
int host_open(const struct host_conf *c, struct host **ret, struct why *why);
/* The caller has opened what it needs: from here on the process has the files and system calls that a phone needs, and no others.
 * 0, or -errno with *why. */
int host_confine(struct host *h, struct why *why);
void host_free(struct host *h); /* NULL is fine; does not free the phone */
/* That writes one of `files` with the rights that the program was started with (host/broker.h); h may be NULL. */
struct broker *host_broker(const struct host *h);

/* For who only reads what is open already: root becomes the same user, with no capability, no file and no socket.  0, or -errno with
 * *why; *ret writes `files` (as in struct host_conf), NULL when we are not root; the caller stops it. */
int host_lower_reader(const char *const *files, struct broker **ret, struct why *why);

const uint8_t *host_mac(const struct host *h);
const char *host_state(const struct host *h); /* the folder */

/* With has_address: what the interface has goes into address and mask of *l. */
void host_address(const struct host *h, struct dt_lease *l);

void host_attach(struct host *h, struct dt_phone *ph); /* receiver of events; NULL: none */
/* Starts the phone and runs until host_end(), or until nothing more comes after a sign-off. SIGINT and SIGTERM sign off;
 * a second one ends at once. The value: the signal that ended it, or 0. */
int host_run(struct host *h);
/* May be called from the record function. */
void host_sign_off(struct host *h, unsigned seconds); /* dt_phone_stop() that many seconds from now */
void host_end(struct host *h);			      /* host_run() returns soon */

/* Connections that are open still are given to the witness, as if they ended now. */
void host_witness_all(struct host *h);

bool host_stopping(const struct host *h); /* it signs off, or has */

/* Another user of this body besides the phone: ids from HOST_OBSERVER on are theirs, and so are the answers. */
#define HOST_OBSERVER 0x40000000u
struct host_observer {
	void (*dns)(void *arg, unsigned id, const struct dt_dns_answer *a);
	void (*opened)(void *arg, unsigned id, const struct dt_stream_opened *o);
	void (*data)(void *arg, unsigned id, const void *p, size_t n); /* or NULL */
	void (*closed)(void *arg, unsigned id, uint8_t alert);	       /* by the peer; alert: of TLS, or 0; or NULL */
	void (*frame)(void *arg, const uint8_t *frame, size_t n, int tci); /* whatever the phone is shown too; or NULL */
	void *arg;
};
void host_listen(struct host *h, const struct host_observer *observer); /* NULL: none; the caller keeps the struct */
/* For an observer, 0 or -errno: a stream whose TLS, if it has one, is that of phones of the time and nothing later (phone_tls)
 * or a modern one; and a question to the lease's name server of that number alone, over UDP (two datagrams at
 * most: the second after 1 s without an answer) or TCP. */
int host_ask_stream(struct host *h, unsigned id, const struct dt_stream_conf *conf, bool phone_tls);
int host_ask_dns(struct host *h, unsigned id, unsigned server, bool tcp, const char *name, enum dt_rr type);
const struct dt_lease *host_lease(const struct host *h); /* NULL: the phone has no address */
/* Where the phone is now: its VLAN (0: untagged), and its address (0: it has none). */
void host_where(const struct host *h, unsigned *vlan, uint32_t *address);

#endif
