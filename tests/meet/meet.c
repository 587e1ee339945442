/* tests/meet/meet.c: the clock, the random numbers, and the order in which things happen. */
#include "tests/meet/meet.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/ticket.h"

void meet_at(struct meet *m, uint64_t delay_ms, void (*fn)(struct meet *, void *), void *arg)
{
	struct meet_event *e = m->idle, **at = &m->events;

	if (e == NULL)
		abort(); /* the world is too small for what happens in it */
	m->idle = e->next;
	*e = (struct meet_event){.at = m->mono + delay_ms, .seq = m->seq++, .fn = fn, .arg = arg};
	while (*at && ((*at)->at < e->at || ((*at)->at == e->at && (*at)->seq < e->seq)))
		at = &(*at)->next;
	e->next = *at;
	*at = e;
}

/* splitmix64: small, and good enough for numbers that must be the same tomorrow */
void meet_random(void *arg, void *p, size_t n)
{
	struct meet *m = arg;
	uint8_t *out = p;

	for (size_t i = 0; i < n; i++) {
		uint64_t z = m->seed += 0x9e3779b97f4a7c15ull;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ z >> 27) * 0x94d049bb133111ebull;
		out[i] = (uint8_t)(z >> 33);
	}
}

static void site_of(struct meet *m)
{
	struct site *s = &m->site;

	site_defaults(s);
	s->ntlm_channel_binding = SITE_BINDING_ALWAYS; /* the phone binds each answer */
	sv_copy(s->domain, sizeof s->domain, SV("contoso.test"));
	sv_copy(s->fqdn, sizeof s->fqdn, SV("fe01.contoso.test"));
	sv_copy(s->pool, sizeof s->pool, SV("fe01.contoso.test"));
	sv_copy(s->web_fqdn, sizeof s->web_fqdn, SV("fe01.contoso.test"));
	sv_copy(s->netbios_domain, sizeof s->netbios_domain, SV("CONTOSO"));
	sv_copy(s->netbios_computer, sizeof s->netbios_computer, SV("FE01"));
	sv_copy(s->external_fqdn, sizeof s->external_fqdn, SV("edge.contoso.test"));
	sv_copy(s->external_web_fqdn, sizeof s->external_web_fqdn, SV("web.contoso.test"));
	s->external_sip_tls = s->external_https = 443;
	s->sip_tcp = 5060;
	snprintf(s->dir, sizeof s->dir, "%s", m->files_dir);
}

static void network_of(struct meet *m)
{
	static const struct meet_listener listeners[] = {
	    {MEET_FE, 80, MEET_HTTP},	     {MEET_FE, 443, MEET_HTTPS},
	    {MEET_FE, 5061, MEET_SIP_TLS},     {MEET_FE, 5060, MEET_SIP_TCP},
	    {MEET_EDGE, 443, MEET_SIP_TLS, .outside = true}, {MEET_WEB, 443, MEET_HTTPS, .outside = true},
	};

	m->net = (struct meet_network){
	    .lldp = true,
	    .policy = {.app = MED_VOICE, .tagged = true, .vlan = 20, .prio = 5, .dscp = 46},
	    .native = 10,
	    .voice = 20,
	    .dhcp = true,
	    .uc = true,
	    .uc_120 = true,
	    .uc_43 = true,
	    .ntp = true,
	    .srv = true,
	    .srv_outside = true,
	    .srv_target = "fe01.contoso.test",
	    .web_host = "fe01.contoso.test",
	    .update_record = true,
	};
	memcpy(m->listener, listeners, sizeof listeners);
	m->nlistener = sizeof listeners / sizeof *listeners;
}

struct meet_listener *meet_listener(struct meet *m, uint32_t address, uint16_t port)
{
	for (unsigned i = 0; i < m->nlistener; i++)
		if (m->listener[i].address == address && m->listener[i].port == port)
			return &m->listener[i];
	return NULL;
}

struct meet *meet_new(struct meet_flash *flash, uint64_t seed)
{
	const struct meet_keys *k = meet_keys();
	struct meet *m = calloc(1, sizeof *m);

	if (m == NULL)
		return NULL;
	m->seed = seed;
	m->mono = 1000;
	m->unix_ms = MEET_TIME * 1000LL;
	m->flash = flash;
	snprintf(m->files_dir, sizeof m->files_dir, "/tmp/meet-XXXXXX");
	for (size_t i = 0; i < sizeof m->event / sizeof *m->event; i++) {
		m->event[i].next = m->idle;
		m->idle = &m->event[i];
	}
	if (!ticket_init() || mkdtemp(m->files_dir) == NULL) {
		free(m);
		return NULL;
	}
	site_of(m);
	network_of(m);
	m->conf = (struct dt_phone_conf){
	    .body = &meet_body,
	    .arg = m,
	    .model = dt_model_find("cx600"),
	    .mac = {0x00, 0x04, 0xf2, 0x12, 0x34, 0x56},
	    .serial = "7E5C0012",
	    .update_key = (const char *)k->update_pem.p,
	    .number = "4411",
	    .pin = "73914",
	};
	if (!servers_new(m)) {
		meet_free(m);
		return NULL;
	}
	return m;
}

void meet_free(struct meet *m)
{
	if (m == NULL)
		return;
	dt_phone_free(m->phone);
	m->phone = NULL;
	/* A message on its way frees itself when it arrives; with no phone nobody hears it. */
	servers_close_all(m);
	while (m->events) {
		struct meet_event *e = m->events;

		m->events = e->next;
		e->fn(m, e->arg);
		e->next = m->idle;
		m->idle = e;
	}
	servers_free(m);
	servers_files_remove(m);
	free(m);
}

void meet_flash_free(struct meet_flash *f)
{
	for (size_t i = 0; i < sizeof f->file / sizeof *f->file; i++)
		buf_free(&f->file[i].data);
	for (size_t i = 0; i < 2; i++) {
		buf_free(&f->slot[i].data);
		buf_free(&f->slot[i].catalog);
	}
	*f = (struct meet_flash){0};
}

bool meet_phone(struct meet *m)
{
	m->phone_timer = UINT64_MAX;
	m->phone = dt_phone_new(&m->conf);
	if (m->phone == NULL)
		return false;
	dt_phone_start(m->phone);
	if (!m->dead)
		dt_phone_link(m->phone, !m->net.unplugged);
	return true;
}

void meet_phone_off(struct meet *m)
{
	dt_phone_free(m->phone);
	m->phone = NULL;
	servers_close_all(m);
	m->lease = (struct dt_lease){0};
	m->vlan = 0;
	m->nrecord = 0;
	m->dead = false;
	m->calls = m->die_at = 0;
}

static void pass_to(struct meet *m, uint64_t at)
{
	if (at <= m->mono)
		return;
	m->unix_ms += (int64_t)(at - m->mono);
	m->mono = at;
}

/* The next thing that happens, if it happens before `end`: an event, the phone's timer, a connection's timer. */
bool meet_step(struct meet *m, uint64_t end)
{
	uint64_t event = m->events ? m->events->at : UINT64_MAX, conn = servers_deadline(m);
	uint64_t phone = m->phone ? m->phone_timer : UINT64_MAX, at = event;

	if (phone < at)
		at = phone;
	if (conn < at)
		at = conn;
	if (at > end)
		return false;
	pass_to(m, at);
	m->events_run++;
	if (at == event) {
		struct meet_event *e = m->events;

		m->events = e->next;
		e->fn(m, e->arg);
		e->next = m->idle;
		m->idle = e;
	} else if (at == phone) {
		m->phone_timer = UINT64_MAX;
		dt_phone_timer(m->phone);
	} else {
		servers_timer(m);
	}
	servers_orders(m);
	return true;
}

bool meet_run(struct meet *m, uint64_t ms)
{
	uint64_t end = m->mono + ms;

	m->ended = false;
	while (!m->dead && !m->ended && meet_step(m, end))
		;
	if (!m->dead && !m->ended)
		pass_to(m, end);
	return m->ended;
}

void meet_stop(struct meet *m)
{
	dt_phone_stop(m->phone);
	if (!m->ended)
		meet_run(m, 10000);
	while (meet_step(m, m->mono + 50))
		;
}

const struct meet_record *meet_result(const struct meet *m)
{
	for (unsigned i = m->nrecord; i-- > 0;)
		if (m->record[i].kind == DT_REC_RESULT)
			return &m->record[i];
	return NULL;
}

const struct meet_record *meet_find(const struct meet *m, const char *what)
{
	for (unsigned i = m->nrecord; i-- > 0;)
		if (m->record[i].kind == DT_REC_ATTEMPT && strncmp(m->record[i].what, what, strlen(what)) == 0)
			return &m->record[i];
	return NULL;
}

const struct meet_record *meet_failed(const struct meet *m, enum dt_failure failure)
{
	for (unsigned i = m->nrecord; i-- > 0;)
		if (m->record[i].kind == DT_REC_ATTEMPT && m->record[i].failure == failure)
			return &m->record[i];
	return NULL;
}

void meet_dump(const struct meet *m)
{
	static const char *const kinds[] = {"begin", "try", "stage", "restart", "result"};

	for (unsigned i = 0; i < m->nrecord; i++) {
		const struct meet_record *r = &m->record[i];

		fprintf(stderr, "%8llu %d %-8s %s %s%s%s%s%s%s%s\n", (unsigned long long)r->at, r->stage, kinds[r->kind],
			r->ok ? "ok  " : dt_failures[r->failure].code, r->what, r->found[0] ? " -> " : "", r->found,
			r->why[0] ? " !! " : "", r->why, r->warn[0] ? " ?? " : "", r->warn);
	}
}

void meet_was_inside(struct meet *m)
{
	static const char account[] = "web https://fe01.contoso.test/CertProv/CertProvisioningService.svc\n";
	struct meet_file *f = m->flash->file;

	while (f->there)
		f++;
	sv_copy(f->name, sizeof f->name, SV(DT_STATE_ACCOUNT));
	buf_clear(&f->data);
	buf_str(&f->data, account);
	f->there = true;
}
