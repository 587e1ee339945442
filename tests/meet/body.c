/* tests/meet/body.c: a phone's body in memory (struct dt_body), with a power switch.
 *
 * Lasting state is in struct meet_flash, which outlives phone and world: a restart or a death keeps it, nothing else.
 * m->die_at counts the calls that change what lasts: at that one the power goes, before or after the change, at random.
 */
#include "tests/meet/meet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t body_mono(void *arg)
{
	return ((struct meet *)arg)->mono;
}

static int64_t body_unix(void *arg)
{
	struct meet *m = arg;

	return m->unix_ms + m->host_clock_off_ms;
}

static void body_timer(void *arg, uint64_t at)
{
	((struct meet *)arg)->phone_timer = at;
}

static int body_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	if (n > 1518)
		return -EMSGSIZE;
	network_frame(arg, frame, n, tci);
	return 0;
}

static int body_vlan(void *arg, unsigned vlan, unsigned priority, unsigned dscp)
{
	struct meet *m = arg;

	(void)dscp;
	m->vlan = vlan;
	m->vlan_prio = priority;
	return 0;
}

static int body_address(void *arg, const struct dt_lease *lease)
{
	struct meet *m = arg;

	m->lease = lease ? *lease : (struct dt_lease){0};
	return 0;
}

static int body_udp(void *arg, uint32_t address, uint16_t port, const void *p, size_t n)
{
	network_udp(arg, address, port, p, n);
	return 0;
}

static int body_dns(void *arg, unsigned id, const char *name, enum dt_rr type)
{
	network_dns(arg, id, name, type);
	return 0;
}

static int body_stream(void *arg, unsigned id, const struct dt_stream_conf *conf)
{
	return servers_stream(arg, id, conf);
}

static int body_stream_send(void *arg, unsigned id, const void *p, size_t n)
{
	static const char name[] = "response=\"";
	const char *at = memmem(p, n, name, sizeof name - 1);

	if (at)
		((struct meet *)arg)->signature = strspn(at + sizeof name - 1, "0123456789abcdef");
	return servers_send(arg, id, p, n);
}

static void body_stream_close(void *arg, unsigned id)
{
	servers_close(arg, id);
}

struct key_job {
	unsigned id, which;
};

static void key_made(struct meet *m, void *arg)
{
	struct key_job *j = arg;
	struct buf pem = {0};

	pki_key_write(meet_keys()->phone[j->which % 4], &pem);
	if (m->phone)
		dt_phone_key(m->phone, j->id, pem.oom ? NULL : buf_cstr(&pem));
	buf_wipe(&pem);
	free(j);
}

static int body_make_key(void *arg, unsigned id)
{
	struct meet *m = arg;
	struct key_job *j = malloc(sizeof *j);

	if (j == NULL)
		return -ENOMEM;
	*j = (struct key_job){id, m->keys_made++};
	meet_at(m, 120, key_made, j);
	return 0;
}

/* ---- what lasts ---------------------------------------------------------------------------------------- */

/* false: the power went before the change.  m->dead after it: the power went behind it. */
static bool powered(struct meet *m)
{
	uint8_t coin;

	if (m->dead)
		return false;
	if (m->die_at == 0 || ++m->calls < m->die_at)
		return true;
	meet_random(m, &coin, 1);
	m->dead = true;
	return coin & 1;
}

static struct meet_file *file_of(struct meet_flash *f, const char *name, bool make)
{
	for (size_t i = 0; i < 16; i++)
		if (strcmp(f->file[i].name, name) == 0)
			return &f->file[i];
	for (size_t i = 0; make && i < 16; i++)
		if (f->file[i].name[0] == '\0' && sv_copy(f->file[i].name, 32, sv_of(name)))
			return &f->file[i];
	return NULL;
}

static long body_load(void *arg, const char *name, void *p, size_t cap)
{
	struct meet_file *f = file_of(((struct meet *)arg)->flash, name, false);

	if (f == NULL || !f->there)
		return -ENOENT;
	if (p && f->data.n)
		memcpy(p, f->data.p, f->data.n < cap ? f->data.n : cap);
	return (long)f->data.n;
}

static int body_save(void *arg, const char *name, const void *p, size_t n)
{
	struct meet *m = arg;
	struct meet_file *f = file_of(m->flash, name, true);
	struct buf fresh = {0};

	buf_add(&fresh, p, n);
	if (f == NULL || fresh.oom) {
		buf_free(&fresh);
		return -ENOSPC;
	}
	if (!powered(m)) {
		buf_free(&fresh);
		return -EIO;
	}
	buf_free(&f->data);
	f->data = fresh;
	f->there = true;
	return 0;
}

static int body_forget(void *arg, const char *name)
{
	struct meet *m = arg;
	struct meet_file *f = file_of(m->flash, name, false);

	if (f == NULL || !f->there)
		return 0;
	if (!powered(m))
		return -EIO;
	f->there = false;
	buf_free(&f->data);
	return 0;
}

static struct meet_slot *slot_of(struct meet *m, unsigned slot)
{
	return &m->flash->slot[(m->flash->active + slot) % 2];
}

static int64_t body_slot_size(void *arg, unsigned slot)
{
	return (int64_t)slot_of(arg, slot)->data.n;
}

static long body_slot_read(void *arg, unsigned slot, uint64_t at, void *p, size_t n)
{
	struct meet_slot *s = slot_of(arg, slot);

	if (at >= s->data.n)
		return 0;
	if (n > s->data.n - at)
		n = s->data.n - at;
	memcpy(p, s->data.p + at, n);
	return (long)n;
}

static int body_slot_write(void *arg, uint64_t at, const void *p, size_t n)
{
	struct meet *m = arg;
	struct meet_slot *s = slot_of(m, 1);

	if (!powered(m))
		return -EIO;
	if (at == 0) {
		buf_clear(&s->data);
		buf_clear(&s->catalog);
	}
	if (at != s->data.n)
		return -EINVAL;
	buf_add(&s->data, p, n);
	return s->data.oom ? -ENOSPC : 0;
}

static int body_slot_catalog(void *arg, unsigned slot, void *p, size_t cap)
{
	struct meet_slot *s = slot_of(arg, slot);

	if (s->catalog.n == 0)
		return -ENOENT;
	if (cap) /* 0: only the length was asked for */
		memcpy(p, s->catalog.p, s->catalog.n < cap ? s->catalog.n : cap);
	return (int)s->catalog.n;
}

static int body_install(void *arg, const void *catalog, size_t n)
{
	struct meet *m = arg;
	struct meet_slot *s = slot_of(m, 1);

	if (!powered(m))
		return -EIO;
	buf_clear(&s->catalog);
	buf_add(&s->catalog, catalog, n);
	m->flash->active ^= 1;
	return 0;
}

static void restarted(struct meet *m, void *arg)
{
	(void)arg;
	m->vlan = 0;
	m->lease = (struct dt_lease){0};
	if (m->phone)
		dt_phone_restart(m->phone);
	if (m->phone)
		dt_phone_link(m->phone, true);
}

static void body_restart(void *arg)
{
	struct meet *m = arg;

	m->restarts++;
	servers_close_all(m);
	meet_at(m, 1000, restarted, NULL);
}

static void keep(char *to, size_t cap, const char *from)
{
	snprintf(to, cap, "%s", from ? from : "");
}

static const char *keep_fact(char *to, size_t cap, const char *s)
{
	keep(to, cap, s);
	return s ? to : NULL;
}

static void body_record(void *arg, const struct dt_record *r)
{
	struct meet *m = arg;
	struct meet_record *k;

	if (r->kind == DT_REC_RESULT)
		m->ended = true;
	if (m->nrecord == MEET_RECORDS) /* the last one is always the newest */
		m->nrecord--;
	k = &m->record[m->nrecord++];
	*k = (struct meet_record){.kind = r->kind, .stage = r->stage, .ok = r->ok, .skipped = r->skipped,
				  .failure = r->failure, .fact = r->fact, .at = m->mono};
	memcpy(k->sign, r->sign, sizeof k->sign);
	k->ms = r->ms;
	k->fact.host = keep_fact(k->host, sizeof k->host, r->fact.host);
	k->fact.domain = keep_fact(k->domain, sizeof k->domain, r->fact.domain);
	k->fact.cert = keep_fact(k->cert, sizeof k->cert, r->fact.cert);
	k->fact.said = keep_fact(k->said, sizeof k->said, r->fact.said);
	keep(k->what, sizeof k->what, r->what);
	keep(k->peer, sizeof k->peer, r->peer);
	keep(k->found, sizeof k->found, r->found);
	keep(k->why, sizeof k->why, r->why);
	keep(k->warn, sizeof k->warn, r->warn);
}

const struct dt_body meet_body = {
    .mono_ms = body_mono,
    .unix_ms = body_unix,
    .random = meet_random,
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
