/* fleet/body.c: the table of functions that a phone of the fleet is given: clock, random numbers, streams, names.
 * It has no Ethernet and no image slots. */
#include "fleet/internal.h"

#include "host/host.h"
#include "pki/many_keys.h"

/* ---- answers that come later -------------------------------------------------------------------------------------------- */

/* A server lets one key serve one user only: each phone has its own, as a real one has. */
static void key_answer(struct fleet *f, struct fleet_phone *p, const struct later *l)
{
	struct pki_key *k = pki_many_keys_one(f->keys, l->phone);
	struct buf pem = {0};

	if (k)
		pki_key_write(k, &pem);
	pki_key_free(k);
	dt_phone_key(p->ph, l->id, k && !pem.oom ? buf_cstr(&pem) : NULL);
	buf_wipe(&pem);
}

static void later_one(struct fleet *f, struct fleet_phone *p, const struct later *l)
{
	struct dt_dns_answer a;

	switch (l->kind) {
	case LATER_NAME:
		names_answer(f, p, l->name, l->type, &a);
		dt_phone_dns(p->ph, l->id, &a);
		break;
	case LATER_KEY:
		key_answer(f, p, l);
		break;
	case LATER_STREAM_FAILED:
		fleet_stream_failed_later(p, l->id, l->why);
		return;
	case LATER_RESTART:
		streams_cut(p);
		p->generation++;
		f->stats.restarts++;
		dt_phone_restart(p->ph);
		dt_phone_link(p->ph, true);
		break;
	}
	f->on->changed(p);
}

void later_run(struct fleet *f)
{
	struct later *l;

	while ((l = later_take(f)) != NULL) {
		struct fleet_phone *p = &f->phone[l->phone];

		if (p->ph && p->generation == l->generation)
			later_one(f, p, l);
		free(l);
	}
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

static uint64_t body_mono(void *arg)
{
	return ((struct fleet_phone *)arg)->f->now;
}

static void body_timer(void *arg, uint64_t at)
{
	struct fleet_phone *p = arg;

	p->ph_at = at;
	heap_update(p->f, p);
}

static int body_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	(void)arg, (void)frame, (void)n, (void)tci;
	return 0; /* nobody is on this cable */
}

static int body_vlan(void *arg, unsigned vlan, unsigned priority, unsigned dscp)
{
	(void)arg, (void)vlan, (void)priority, (void)dscp;
	return 0;
}

static int body_address(void *arg, const struct dt_lease *lease)
{
	(void)arg, (void)lease;
	return 0; /* the host's own: `source` */
}

static int body_udp(void *arg, uint32_t address, uint16_t port, const void *p, size_t n)
{
	(void)arg, (void)address, (void)port, (void)p, (void)n;
	return -ENETUNREACH;
}

static int body_dns(void *arg, unsigned id, const char *name, enum dt_rr type)
{
	struct fleet_phone *p = arg;
	struct later l = {.kind = LATER_NAME, .id = id, .type = type};

	text_set(l.name, sizeof l.name, "%s", name);
	return later_add(p->f, p, &l) ? 0 : -ENOMEM;
}

static int body_stream(void *arg, unsigned id, const struct dt_stream_conf *conf)
{
	return fleet_stream_open(arg, id, conf);
}

static int body_stream_send(void *arg, unsigned id, const void *p, size_t n)
{
	return fleet_stream_send(arg, id, p, n);
}

static void body_stream_close(void *arg, unsigned id)
{
	fleet_stream_close(arg, id);
}

static int body_make_key(void *arg, unsigned id)
{
	struct fleet_phone *p = arg;

	return later_add(p->f, p, &(struct later){.kind = LATER_KEY, .id = id}) ? 0 : -ENOMEM;
}

static long body_load(void *arg, const char *name, void *p, size_t cap)
{
	return flash_load(arg, name, p, cap);
}

static int body_save(void *arg, const char *name, const void *p, size_t n)
{
	return flash_save(arg, name, p, n);
}

static int body_forget(void *arg, const char *name)
{
	flash_forget(arg, name);
	return 0;
}

static int64_t body_slot_size(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return 0;
}

static long body_slot_read(void *arg, unsigned slot, uint64_t at, void *p, size_t n)
{
	(void)arg, (void)slot, (void)at, (void)p, (void)n;
	return 0;
}

static int body_slot_write(void *arg, uint64_t at, const void *p, size_t n)
{
	(void)arg, (void)at, (void)p, (void)n;
	return -ENOSPC;
}

static int body_slot_catalog(void *arg, unsigned slot, void *p, size_t cap)
{
	(void)arg, (void)slot, (void)p, (void)cap;
	return -ENOENT;
}

static int body_install(void *arg, const void *catalog, size_t n)
{
	(void)arg, (void)catalog, (void)n;
	return -ENOSPC;
}

static void body_restart(void *arg)
{
	struct fleet_phone *p = arg;

	(void)later_add(p->f, p, &(struct later){.kind = LATER_RESTART});
}

static void body_record(void *arg, const struct dt_record *r)
{
	struct fleet_phone *p = arg;

	p->f->on->record(p, r);
}

const struct dt_body fleet_body = {
    .mono_ms = body_mono, .unix_ms = host_unix, .random = host_random, .timer = body_timer, .frame = body_frame, .vlan = body_vlan,
    .address = body_address, .udp = body_udp, .dns = body_dns, .stream = body_stream, .stream_send = body_stream_send,
    .stream_close = body_stream_close, .make_key = body_make_key, .load = body_load, .save = body_save, .forget = body_forget,
    .slot_size = body_slot_size, .slot_read = body_slot_read, .slot_write = body_slot_write, .slot_catalog = body_slot_catalog,
    .install = body_install, .restart = body_restart, .record = body_record,
};
