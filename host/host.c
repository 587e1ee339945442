/* host/host.c: the loop, the timer, signals, and the life of it all. */
#include "host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/internal.h"
#include "pki/tls.h"

#define SIGN_OFF_S 5 /* a sign-off that takes longer is not waited for */
#define RENEW_S 20

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

static void host_on_tick(evutil_socket_t fd, short what, void *arg)
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
	netns_renew(arg);
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

	if (h->secrets && n > 0 && (size_t)n < sizeof text)
		buf_add(h->secrets, text, (size_t)n);
	if (h->keylog >= 0 && n > 0 && (size_t)n < sizeof text && write(h->keylog, text, (size_t)n) < 0)
		errno = 0; /* the log of keys is for looking on: a full disk must not end the call */
	explicit_bzero(text, sizeof text);
}

static int open_tls(struct host *h, const struct host_conf *c, struct why *why)
{
	h->tls = tls_ctx_client(&(struct tls_client_conf){.profile = c->phone_tls ? TLS_PHONE : TLS_CLIENT_OLD});
	if (h->tls == NULL) {
		why_set(why, "TLS: %s", pki_error());
		return -EIO;
	}
	if (c->keylog || c->witness)
		tls_ctx_keylog(h->tls, keylog_line, h);
	h->sessions = tls_sessions_new();
	return 0;
}

/* The log of keys may stand where only root may write, and port 68 needs a capability that goes. */
static int open_as_root(struct host *h, const struct host_conf *c, struct why *why)
{
	int e;

	if (c->keylog && (h->keylog = open(c->keylog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0) {
		e = -errno;
		why_set(why, "%s: %s", c->keylog, strerror(-e));
		return e;
	}
	e = udp_hold_68(h);
	if (e < 0 && e != -EADDRINUSE) { /* a DHCP client of the host that has it does the same good */
		why_set(why, "the phone's sockets: %s", strerror(-e));
		return e;
	}
	return 0;
}

static int open_state(struct host *h, const struct host_conf *c, struct why *why)
{
	char dir[PATH_MAX];
	int n, e;

	if (c->state)
		n = snprintf(dir, sizeof dir, "%s", c->state);
	else
		n = snprintf(dir, sizeof dir, "%s/%02x%02x%02x%02x%02x%02x", c->state_base, h->mac[0], h->mac[1], h->mac[2],
			     h->mac[3], h->mac[4], h->mac[5]);
	if ((size_t)n >= sizeof dir) {
		why_set(why, "the name of the state's folder is too long");
		return -ENAMETOOLONG;
	}
	e = folder_open(dir, &h->folder, why);
	if (e == 0)
		e = host_lower(h, c, why);
	if (e < 0)
		return e;
	e = state_open_folder(h->folder.fd, dir, c->ops, &h->state);
	if (e == -EBUSY)
		why_set(why, "%s: another phone uses it now: give each its own --state or --mac", dir);
	else if (e < 0)
		why_set(why, "%s: %s: choose another folder with --state", dir, strerror(-e));
	return e;
}

static int open_loop(struct host *h)
{
	struct timeval tick = {h->tick_ms / 1000, (suseconds_t)(h->tick_ms % 1000) * 1000}, renew = {RENEW_S, 0};

	h->base = event_base_new();
	if (h->base == NULL)
		return -ENOMEM;
	if (event_assign(&h->later_ev, h->base, -1, 0, host_run_later, h) < 0 || evtimer_assign(&h->timer_ev, h->base, on_timer, h) < 0 ||
	    evtimer_assign(&h->end_ev, h->base, on_end, h) < 0 || evtimer_assign(&h->stop_ev, h->base, on_stop, h) < 0 ||
	    event_assign(&h->tick_ev, h->base, -1, EV_PERSIST, host_on_tick, h) < 0 || event_add(&h->tick_ev, &tick) < 0 ||
	    event_assign(&h->renew_ev, h->base, -1, EV_PERSIST, on_renew, h) < 0 || event_add(&h->renew_ev, &renew) < 0 ||
	    evsignal_assign(&h->term_ev, h->base, SIGTERM, on_signal, h) < 0 || event_add(&h->term_ev, NULL) < 0 ||
	    evsignal_assign(&h->int_ev, h->base, SIGINT, on_signal, h) < 0 || event_add(&h->int_ev, NULL) < 0)
		return -ENOMEM;
	return 0;
}

static int open_rest(struct host *h, struct why *why)
{
	int e = open_loop(h);

	if (e == 0)
		e = names_open(h);
	if (e == 0)
		e = keys_open(h);
	if (e == 0)
		e = frames_open(h);
	if (e == 0)
		e = witness_open(h);
	if (e == 0 && (event_assign(&h->watch_ev, h->base, rtnl_fd(h->watch), EV_READ | EV_PERSIST, on_watch, h) < 0 ||
		       event_add(&h->watch_ev, NULL) < 0))
		e = -ENOMEM;
	if (e == -EPERM)
		why_set(why, "raw Ethernet needs root: run this with sudo");
	else if (e < 0)
		why_set(why, "the phone's sockets: %s", strerror(-e));
	return e;
}

int host_open(const struct host_conf *c, struct host **ret, struct why *why)
{
	struct host *h = calloc(1, sizeof *h);
	int e;

	if (h == NULL) {
		why_set(why, "out of memory");
		return -ENOMEM;
	}
	h->packet = h->port68 = h->udp = h->keylog = h->watcher = h->claim = h->folder.fd = -1;
	h->witness = c->witness;
	h->later_end = &h->later;
	h->record = c->record;
	h->tick = c->tick;
	h->tick_ms = c->tick_ms ? c->tick_ms : 1000;
	h->frame = c->frame;
	h->arg = c->arg;
	e = netns_enter(h, c, why);
	if (e == 0)
		e = open_as_root(h, c, why);
	if (e == 0)
		e = open_state(h, c, why);
	if (e == 0)
		e = open_tls(h, c, why);
	if (e == 0)
		e = open_rest(h, why);
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
	netns_leave(h);
	if (h->keys)
		keys_close(h);
	names_close(h);
	udp_close(h);
	frames_close(h);
	witness_close(h);
	host_drop_later(h);
	drop_events(h);
	if (h->port68 >= 0)
		close(h->port68);
	if (h->keylog >= 0)
		close(h->keylog);
	tls_sessions_free(h->sessions);
	tls_ctx_free(h->tls);
	tls_ctx_free(h->tls_phone);
	tls_ctx_free(h->tls_modern);
	state_close(h->state);
	if (h->folder.fd >= 0)
		close(h->folder.fd);
	broker_stop(h->broker);
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

void host_address(const struct host *h, struct dt_lease *l)
{
	l->address = h->kept.address;
	l->mask = h->kept.mask;
}

void host_listen(struct host *h, const struct host_observer *observer)
{
	h->observer = observer;
}

void host_where(const struct host *h, unsigned *vlan, uint32_t *address)
{
	*vlan = h->vlan;
	*address = h->has_lease ? h->lease.address : 0;
}

const struct dt_lease *host_lease(const struct host *h)
{
	return h->has_lease ? &h->lease : NULL;
}

int host_ask_stream(struct host *h, unsigned id, const struct dt_stream_conf *conf, bool phone_tls)
{
	struct tls_ctx **ctx = phone_tls ? &h->tls_phone : &h->tls_modern;

	if (conf->tls && *ctx == NULL)
		*ctx = tls_ctx_client(&(struct tls_client_conf){.profile = phone_tls ? TLS_PHONE : TLS_CLIENT_OLD});
	return conf->tls && *ctx == NULL ? -EIO : stream_open(h, id, conf, *ctx);
}

int host_ask_dns(struct host *h, unsigned id, unsigned server, bool tcp, const char *name, enum dt_rr type)
{
	return names_ask_one(h, id, server, tcp, name, type);
}

bool host_stopping(const struct host *h)
{
	return h->stopping;
}

void host_attach(struct host *h, struct dt_phone *ph)
{
	h->phone = ph;
}

int host_run(struct host *h)
{
	struct rtnl_link l;

	if (state_load(h->state, DT_STATE_USER, NULL, 0) < 0)
		keys_ahead(h); /* a first sign-in will ask for one */
	if (h->phone)
		dt_phone_start(h->phone);
	if (rtnl_link(h->rtnl, h->link.name, &l) == 0)
		link_is(h, l.running);
	event_base_dispatch(h->base);
	return h->signal;
}
