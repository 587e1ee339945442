/* host/body.c: the table of what this body can do for the phone. */
#include <stdlib.h>

#include "base/clock.h"
#include "host/internal.h"
#include "pki/key.h"
#include "pki/tls.h"

#define RESTART_MS 500

static uint64_t body_mono(void *arg)
{
	(void)arg;
	return clock_mono_ms();
}

int64_t host_unix(void *arg)
{
	(void)arg;
	return clock_unix_ms();
}

void host_random(void *arg, void *p, size_t n)
{
	(void)arg;
	if (!pki_random(p, n))
		abort(); /* no random numbers, no keys: nothing after this could be trusted */
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
	return netns_vlan(arg, vlan, priority, dscp);
}

static int body_address(void *arg, const struct dt_lease *lease)
{
	return netns_address(arg, lease);
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
	return stream_open(arg, id, conf, ((struct host *)arg)->tls);
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
	tls_sessions_forget(h->sessions);
	netns_vlan(h, 0, 0, 0);
	netns_address(h, NULL);
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
    .unix_ms = host_unix,
    .random = host_random,
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
