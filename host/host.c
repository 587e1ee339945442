/* host/host.c: the loop, the timer, signals, and the table of what this body can do. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/internal.h"
#include "pki/tls.h"

#define RESTART_MS 500
#define SIGN_OFF_S 5 /* a sign-off that takes longer is not waited for */
#define RENEW_S 20

/* ---- the table ----------------------------------------------------------------------------------------------- */

static uint64_t body_mono(void *arg)
{
	(void)arg;
	return clock_mono_ms();
}

static int64_t body_unix(void *arg)
{
	(void)arg;
	return clock_unix_ms();
}

static void body_random(void *arg, void *p, size_t n)
{
	(void)arg;
	if (!pki_random(p, n))
		abort(); /* no dice, no keys: nothing after this could be trusted */
}

static void body_timer(void *arg, uint64_t at)
{
	struct host *h = arg;
	uint64_t now = clock_mono_ms(), ms = at > now ? at - now : 0;
	struct timeval t = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000) * 1000};

	if (at == UINT64_MAX)
		event_del(&h->timer_ev);
	else
		event_add(&h->timer_ev, &t);
}

static int body_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	return frames_send(arg, frame, n, tci);
}

static int body_vlan(void *arg, unsigned vlan, unsigned priority, unsigned dscp)
{
	return place_vlan(arg, vlan, priority, dscp);
}

static int body_address(void *arg, const struct dt_lease *lease)
{
	return place_address(arg, lease);
}

static int body_udp(void *arg, uint32_t address, uint16_t port, const void *p, size_t n)
{
	return udp_send(arg, address, port, p, n);
}

static int body_dns(void *arg, unsigned id, const char *name, enum dt_rr type)
{
	return names_ask(arg, id, name, type);
}

static int body_stream(void *arg, unsigned id, const struct dt_stream_conf *conf)
{
	return stream_open(arg, id, conf);
}

static int body_stream_send(void *arg, unsigned id, const void *p, size_t n)
{
	return stream_write(arg, id, p, n);
}

static void body_stream_close(void *arg, unsigned id)
{
	stream_close(arg, id);
}

static int body_make_key(void *arg, unsigned id)
{
	return keys_ask(arg, id);
}

static long body_load(void *arg, const char *name, void *p, size_t cap)
{
	return state_load(((struct host *)arg)->state, name, p, cap);
}

static int body_save(void *arg, const char *name, const void *p, size_t n)
{
	return state_save(((struct host *)arg)->state, name, p, n);
}

static int body_forget(void *arg, const char *name)
{
	return state_forget(((struct host *)arg)->state, name);
}

static int64_t body_slot_size(void *arg, unsigned slot)
{
	return state_slot_size(((struct host *)arg)->state, slot);
}

static long body_slot_read(void *arg, unsigned slot, uint64_t at, void *p, size_t n)
{
	return state_slot_read(((struct host *)arg)->state, slot, at, p, n);
}

static int body_slot_write(void *arg, uint64_t at, const void *p, size_t n)
{
	return state_slot_write(((struct host *)arg)->state, at, p, n);
}

static int body_slot_catalog(void *arg, unsigned slot, void *p, size_t cap)
{
	return state_slot_catalog(((struct host *)arg)->state, slot, p, cap);
}

static int body_install(void *arg, const void *catalog, size_t n)
{
	return state_install(((struct host *)arg)->state, catalog, n);
}

static void power_up(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)fd;
	(void)what;
	if (h->phone == NULL || h->stopping)
		return;
	dt_phone_restart(h->phone);
	if (h->phone && h->carries)
		dt_phone_link(h->phone, true);
}

/* The phone's own call is still running: what it had goes when that has returned. */
static void power_down(struct host *h, void *arg)
{
	struct timeval t = {0, RESTART_MS * 1000L};

	(void)arg;
	h->life++;
	event_del(&h->timer_ev);
	streams_close_all(h);
	place_vlan(h, 0, 0, 0);
	place_address(h, NULL);
	event_base_once(h->base, -1, EV_TIMEOUT, power_up, h, &t);
}

static void body_restart(void *arg)
{
	host_later(arg, power_down, NULL);
}

static void body_record(void *arg, const struct dt_record *r)
{
	struct host *h = arg;

	if (r->kind == DT_REC_RESULT && h->stopping)
		host_end(h);
	h->record(h->arg, r);
}

const struct dt_body host_body = {
    .mono_ms = body_mono,
    .unix_ms = body_unix,
    .random = body_random,
    .timer = body_timer,
    .frame = body_frame,
    .vlan = body_vlan,
    .address = body_address,
    .udp = body_udp,
    .dns = body_dns,
    .stream = body_stream,
    .stream_send = body_stream_send,
    .stream_close = body_stream_close,
    .make_key = body_make_key,
    .load = body_load,
    .save = body_save,
    .forget = body_forget,
    .slot_size = body_slot_size,
    .slot_read = body_slot_read,
    .slot_write = body_slot_write,
    .slot_catalog = body_slot_catalog,
    .install = body_install,
    .restart = body_restart,
    .record = body_record,
};

/* ---- events -------------------------------------------------------------------------------------------------- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)fd;
	(void)what;
	if (h->phone)
		dt_phone_timer(h->phone);
}

static void link_is(struct host *h, bool carries)
{
	if (carries == h->carries)
		return;
	h->carries = carries;
	if (h->phone)
		dt_phone_link(h->phone, carries);
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;
	int now = rtnl_watch_read(h->watch, h->link.index);

	(void)fd;
	(void)what;
	if (now >= 0)
		link_is(h, now);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;
	struct rtnl_link l;

	(void)fd;
	(void)what;
	if (rtnl_link(h->rtnl, h->link.name, &l) == 0)
		link_is(h, l.running);
	if (h->tick)
		h->tick(h->arg);
}

static void on_renew(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	place_renew(arg);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(((struct host *)arg)->base);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;
	struct timeval t = {SIGN_OFF_S, 0};

	(void)fd;
	(void)what;
	if (h->stopping)
		return;
	h->stopping = true;
	event_add(&h->end_ev, &t);
	if (h->phone)
		dt_phone_stop(h->phone);
	else
		host_end(h);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)what;
	h->signal = (int)fd;
	if (h->stopping)
		host_end(h);
	else
		on_stop(-1, 0, h);
}

void host_sign_off(struct host *h, unsigned seconds)
{
	struct timeval t = {(time_t)seconds, 0};

	event_add(&h->stop_ev, &t);
}

void host_end(struct host *h)
{
	struct timeval now = {0, 0};

	event_add(&h->end_ev, &now);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static void keylog_line(void *arg, const char *line)
{
	struct host *h = arg;
	char text[1024];
	int n = snprintf(text, sizeof text, "%s\n", line);

	if (n > 0 && (size_t)n < sizeof text && write(h->keylog, text, (size_t)n) < 0)
		errno = 0; /* the log of keys is for looking on: a full disk must not end the call */
}

static int open_tls(struct host *h, const struct host_conf *c, char *why, size_t cap)
{
	h->tls = tls_ctx_client(&(struct tls_client_conf){.profile = TLS_CLIENT_OLD});
	if (h->tls == NULL) {
		snprintf(why, cap, "TLS: %s", pki_error());
		return -EIO;
	}
	if (c->keylog == NULL)
		return 0;
	h->keylog = open(c->keylog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (h->keylog < 0) {
		snprintf(why, cap, "%s: %s", c->keylog, strerror(errno));
		return -errno;
	}
	tls_ctx_keylog(h->tls, keylog_line, h);
	return 0;
}

static int open_state(struct host *h, const struct host_conf *c, char *why, size_t cap)
{
	char dir[PATH_MAX];
	int n, e;

	if (c->state)
		n = snprintf(dir, sizeof dir, "%s", c->state);
	else
		n = snprintf(dir, sizeof dir, "%s/%02x%02x%02x%02x%02x%02x", c->state_base, h->mac[0], h->mac[1], h->mac[2],
			     h->mac[3], h->mac[4], h->mac[5]);
	e = (size_t)n < sizeof dir ? state_open(dir, c->ops, &h->state) : -ENAMETOOLONG;
	if (e == -EBUSY)
		snprintf(why, cap, "%s: another phone lives there now: give each its own --state or --mac", dir);
	else if (e < 0)
		snprintf(why, cap, "%s: %s: choose another folder with --state", dir, strerror(-e));
	return e;
}

static int open_loop(struct host *h)
{
	struct timeval second = {1, 0}, renew = {RENEW_S, 0};

	h->base = event_base_new();
	if (h->base == NULL)
		return -ENOMEM;
	if (event_assign(&h->later_ev, h->base, -1, 0, host_run_later, h) < 0 || evtimer_assign(&h->timer_ev, h->base, on_timer, h) < 0 ||
	    evtimer_assign(&h->end_ev, h->base, on_end, h) < 0 || evtimer_assign(&h->stop_ev, h->base, on_stop, h) < 0 ||
	    event_assign(&h->tick_ev, h->base, -1, EV_PERSIST, on_tick, h) < 0 || event_add(&h->tick_ev, &second) < 0 ||
	    event_assign(&h->renew_ev, h->base, -1, EV_PERSIST, on_renew, h) < 0 || event_add(&h->renew_ev, &renew) < 0 ||
	    evsignal_assign(&h->term_ev, h->base, SIGTERM, on_signal, h) < 0 || event_add(&h->term_ev, NULL) < 0 ||
	    evsignal_assign(&h->int_ev, h->base, SIGINT, on_signal, h) < 0 || event_add(&h->int_ev, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static int open_rest(struct host *h, char *why, size_t cap)
{
	int e = open_loop(h);

	if (e == 0)
		e = names_open(h);
	if (e == 0)
		e = keys_open(h);
	if (e == 0)
		e = frames_open(h);
	if (e == 0)
		e = udp_hold_68(h);
	if (e == -EADDRINUSE)
		e = 0; /* a DHCP client of the host has it: it does the same good */
	if (e == 0 && (event_assign(&h->watch_ev, h->base, rtnl_fd(h->watch), EV_READ | EV_PERSIST, on_watch, h) < 0 ||
		       event_add(&h->watch_ev, NULL) < 0))
		e = -ENOMEM;
	if (e == -EPERM)
		snprintf(why, cap, "raw Ethernet needs root: run this with sudo");
	else if (e < 0)
		snprintf(why, cap, "the phone's sockets: %s", strerror(-e));
	return e;
}

int host_open(const struct host_conf *c, struct host **ret, char *why, size_t cap)
{
	struct host *h = calloc(1, sizeof *h);
	int e;

	if (h == NULL) {
		snprintf(why, cap, "out of memory");
		return -ENOMEM;
	}
	h->packet = h->port68 = h->udp = h->keylog = -1;
	h->later_end = &h->later;
	h->record = c->record;
	h->tick = c->tick;
	h->arg = c->arg;
	e = place_enter(h, c, why, cap);
	if (e == 0)
		e = open_state(h, c, why, cap);
	if (e == 0)
		e = open_tls(h, c, why, cap);
	if (e == 0)
		e = open_rest(h, why, cap);
	if (e < 0) {
		host_free(h);
		return e;
	}
	*ret = h;
	return 0;
}

static void drop_events(struct host *h)
{
	struct event *all[] = {&h->watch_ev, &h->timer_ev, &h->tick_ev, &h->term_ev, &h->int_ev,
			       &h->stop_ev,  &h->end_ev,   &h->renew_ev, &h->later_ev, NULL};

	for (size_t i = 0; h->base && all[i]; i++)
		if (event_initialized(all[i]))
			event_del(all[i]);
}

void host_free(struct host *h)
{
	if (h == NULL)
		return;
	h->phone = NULL;
	streams_close_all(h);
	place_leave(h);
	if (h->keys)
		keys_close(h);
	names_close(h);
	udp_close(h);
	frames_close(h);
	host_drop_later(h);
	drop_events(h);
	if (h->port68 >= 0)
		close(h->port68);
	if (h->keylog >= 0)
		close(h->keylog);
	tls_ctx_free(h->tls);
	state_close(h->state);
	if (h->base)
		event_base_free(h->base);
	free(h);
}

const uint8_t *host_mac(const struct host *h)
{
	return h->mac;
}

const char *host_state(const struct host *h)
{
	return state_dir(h->state);
}

const struct host_heard *host_heard(const struct host *h)
{
	return &h->heard;
}

void host_address(const struct host *h, struct dt_lease *l)
{
	l->address = h->kept.address;
	l->mask = h->kept.mask;
}

void host_listen(struct host *h, const struct host_ears *ears)
{
	h->ears = ears;
}

void host_where(const struct host *h, unsigned *vlan, uint32_t *address)
{
	*vlan = h->vlan;
	*address = h->has_lease ? h->lease.address : 0;
}

void host_attach(struct host *h, struct dt_phone *ph)
{
	h->phone = ph;
}

int host_run(struct host *h)
{
	struct rtnl_link l;

	if (state_load(h->state, DT_KEEP_USER, NULL, 0) < 0)
		keys_ahead(h); /* a first sign-in will ask for one */
	if (h->phone)
		dt_phone_start(h->phone);
	if (rtnl_link(h->rtnl, h->link.name, &l) == 0)
		link_is(h, l.running);
	event_base_dispatch(h->base);
	return h->signal;
}
