/* host/internal.h: what the files of this room share. */
#ifndef DIALTONE_HOST_INTERNAL_H
#define DIALTONE_HOST_INTERNAL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <limits.h>
#include <pthread.h>

#include "base/buf.h"
#include "host/broker.h"
#include "host/folder.h"
#include "host/host.h"
#include "host/rtnl.h"
#include "host/state.h"
#include "host/tagger.h"

struct host_later; /* something that happens when the loop comes round: a body function must not call the phone */
struct host_stream;
struct host_names;
struct host_keys;

struct host {
	struct dt_phone *phone;
	const struct host_observer *observer;
	struct event_base *base;
	void (*record)(void *arg, const struct dt_record *r);
	void (*tick)(void *arg);
	unsigned tick_ms;
	void *arg;

	bool take;
	uint8_t mac[6], old_mac[6];
	bool mac_changed;
	int claim; /* a socket that tells other phones that this MAC address is in use; -1: none, or another phone has it */
	struct rtnl *rtnl, *watch;
	struct rtnl_link link; /* the interface: untagged */
	struct rtnl_link ip;   /* the interface with the address: the same, or the VLAN's */
	bool kernel_vlan;      /* `ip` was made by netlink */
	struct tagger *tagger;
	unsigned vlan, dscp;
	bool carries; /* the link, as the phone knows it */
	struct dt_lease lease;
	bool has_lease;
	struct dt_lease kept; /* what a taken interface had and keeps; address 0: nothing */

	int packet, port68, udp;
	struct event watch_ev, packet_ev, udp_ev, timer_ev, tick_ev, term_ev, int_ev, stop_ev, end_ev, renew_ev;
	bool udp_on;
	void (*frame)(void *arg, const uint8_t *frame, size_t n); /* host_conf's */

	struct broker *broker; /* NULL: root did not start us */
	struct folder folder;
	struct state *state;
	struct host_later *later, **later_end;
	struct event later_ev;
	unsigned life; /* grows with every restart: results for an earlier run are dropped */
	struct host_stream *streams;
	struct tls_sessions *sessions; /* the phone's: as a phone has them, gone when it is off */
	struct tls_ctx *tls, *tls_phone, *tls_modern; /* the phone's; an observer's, made when they are asked for */
	int keylog;
	struct buf *secrets; /* of the connection whose TLS is working now, or NULL */
	const struct host_witness *witness;
	int watcher; /* its packet socket */
	struct event watcher_ev;
	struct host_names *names;
	struct host_keys *keys;

	bool stopping, ended;
	int signal;
};

/* netns.c */
int netns_enter(struct host *h, const struct host_conf *c, struct why *why);
void netns_leave(struct host *h);
int netns_vlan(struct host *h, unsigned vlan, unsigned priority, unsigned dscp);
int netns_address(struct host *h, const struct dt_lease *lease);
void netns_renew(struct host *h); /* the short life of an address on a taken interface */

/* lower.c: 0 or -errno with *why */
int host_lower(struct host *h, const struct host_conf *c, struct why *why);

/* socket.c: a socket of the phone: bound to its interface, its DSCP. 0 or -errno */
int netns_socket(struct host *h, int fd);

/* frames.c */
int frames_open(struct host *h);
void frames_close(struct host *h);
int frames_send(struct host *h, const uint8_t *frame, size_t n, int tci);

/* udp.c */
int udp_send(struct host *h, uint32_t address, uint16_t port, const void *p, size_t n);
void udp_close(struct host *h);
int udp_hold_68(struct host *h);

/* names.c */
int names_open(struct host *h);
void names_close(struct host *h);
void names_drop(struct host *h); /* drops the open questions; further ones go to the servers of h->lease */
int names_ask(struct host *h, unsigned id, const char *name, enum dt_rr type);
int names_ask_one(struct host *h, unsigned id, unsigned server, bool tcp, const char *name, enum dt_rr type);

/* stream.c */
int stream_open(struct host *h, unsigned id, const struct dt_stream_conf *conf, struct tls_ctx *tls);
int stream_write(struct host *h, unsigned id, const void *p, size_t n);
void stream_close(struct host *h, unsigned id);
void streams_close_all(struct host *h);

/* keys.c */
int keys_open(struct host *h);
void keys_close(struct host *h);
int keys_ask(struct host *h, unsigned id);
void keys_ahead(struct host *h);

/* tell.c: to the phone, or to the observer that the id belongs to */
void report_dns(struct host *h, unsigned id, const struct dt_dns_answer *a);
void report_opened(struct host *h, unsigned id, const struct dt_stream_opened *o);
void report_data(struct host *h, unsigned id, const void *p, size_t n);
void report_closed(struct host *h, unsigned id, const char *why, uint8_t alert);

/* tell.c: fn runs when the loop comes round, unless the phone restarted meanwhile; `arg` is freed after it, either way. */
int host_later(struct host *h, void (*fn)(struct host *h, void *arg), void *arg);
void host_run_later(evutil_socket_t fd, short what, void *arg); /* for later_ev; arg: the host */
void host_drop_later(struct host *h);

#endif
