#include "tests/support/phone_servers.h"

#include <errno.h>

#include "auth/ticket_xml.h"

struct web_keys web_keys;

/* ---- the body ---------------------------------------------------------------------------------------------------- */

static void push(struct world *w, struct event e)
{
	assert_true(w->nevent < EVENTS);
	w->event[w->nevent++] = e;
}

static uint64_t b_mono(void *arg)
{
	return ((struct world *)arg)->mono;
}
static int64_t b_unix(void *arg)
{
	return NOW * 1000ll + (int64_t)((struct world *)arg)->mono;
}
static void b_random(void *arg, void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)p)[i] = (uint8_t)(((struct world *)arg)->seed++);
}
static void b_timer(void *arg, uint64_t at)
{
	((struct world *)arg)->timer = at;
}
static int b_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	(void)arg, (void)frame, (void)n, (void)tci;
	return 0;
}
static int b_vlan(void *arg, unsigned vlan, unsigned prio, unsigned dscp)
{
	(void)arg, (void)vlan, (void)prio, (void)dscp;
	return 0;
}
static int b_address(void *arg, const struct dt_lease *l)
{
	(void)arg, (void)l;
	return 0;
}
static int b_udp(void *arg, uint32_t address, uint16_t port, const void *p, size_t n)
{
	(void)arg, (void)address, (void)port, (void)p, (void)n;
	return 0;
}
static int b_dns(void *arg, unsigned id, const char *name, enum dt_rr type)
{
	push(arg, (struct event){E_DNS, id, type, strstr(name, "fe0") == name || strstr(name, "pool") == name});
	return 0;
}
static int b_stream(void *arg, unsigned id, const struct dt_stream_conf *c)
{
	struct world *w = arg;

	snprintf(w->host, sizeof w->host, "%s", c->name);
	push(w, (struct event){E_OPENED, id, 0, c->port == 443 || c->port == 80});
	buf_clear(&w->in);
	return 0;
}
static int b_send(void *arg, unsigned id, const void *p, size_t n)
{
	struct world *w = arg;

	buf_add(&w->in, p, n);
	push(w, (struct event){.kind = E_SENT, .id = id});
	return 0;
}
static void b_close(void *arg, unsigned id)
{
	struct world *w = arg;

	for (unsigned i = 0; i < w->nevent; i++) /* "no event for it follows" */
		if (w->event[i].id == id && w->event[i].kind != E_DNS)
			w->event[i].kind = E_DNS, w->event[i].id = 0;
}
static int b_key(void *arg, unsigned id)
{
	push(arg, (struct event){.kind = E_KEY, .id = id});
	return 0;
}
static long b_load(void *arg, const char *name, void *p, size_t cap)
{
	(void)arg, (void)name, (void)p, (void)cap;
	return -ENOENT;
}
static int b_save(void *arg, const char *name, const void *p, size_t n)
{
	struct world *w = arg;

	if (strcmp(name, DT_STATE_ACCOUNT) == 0)
		snprintf(w->sip, sizeof w->sip, "%.*s", (int)strcspn(p, "\n"), (const char *)p);
	(void)n;
	return 0;
}
static int b_forget(void *arg, const char *name)
{
	(void)arg, (void)name;
	return 0;
}
static int64_t b_slot_size(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return 0;
}
static int b_slot_catalog(void *arg, unsigned slot, void *p, size_t cap)
{
	(void)arg, (void)slot, (void)p, (void)cap;
	return -ENOENT;
}
static void b_record(void *arg, const struct dt_record *r)
{
	struct world *w = arg;
	size_t n = strlen(w->told);

	assert_true(r->why == NULL || strstr(r->why, "73914") == NULL);
	if (r->kind == DT_REC_ATTEMPT)
		snprintf(w->told + n, sizeof w->told - n, "%s: %s%s%s\n", r->what, r->ok ? "ok " : "no ", r->found ? r->found : "",
			 r->why ? r->why : "");
	if (r->kind == DT_REC_RESULT && !w->over) {
		w->over = true;
		w->stage = r->stage;
		w->failure = r->failure;
		snprintf(w->why, sizeof w->why, "%s", r->why ? r->why : "");
	}
}

static const struct dt_body body = {
    .mono_ms = b_mono, .unix_ms = b_unix, .random = b_random, .timer = b_timer, .frame = b_frame, .vlan = b_vlan,
    .address = b_address, .udp = b_udp, .dns = b_dns, .stream = b_stream, .stream_send = b_send, .stream_close = b_close,
    .make_key = b_key, .load = b_load, .save = b_save, .forget = b_forget, .slot_size = b_slot_size,
    .slot_catalog = b_slot_catalog, .record = b_record,
};

/* ---- the servers ------------------------------------------------------------------------------------------------- */

/* One question that came whole: is it the one that is expected?  Then its answer, in pieces or in chunks. */
static void serve(struct world *w, unsigned id)
{
	struct msg_error err;
	static struct msg m;
	char line[1024];
	const char *text, *split;
	struct buf out = {0};
	size_t used = 0;

	if (msg_scan((const char *)w->in.p, w->in.n, MSG_HTTP, 1 << 17, &m, &used, &err) != MSG_OK)
		return;
	split = strchr(w->step->ask, '/'); /* with the host before it, or without */
	snprintf(line, sizeof line, SV_FMT " %s" SV_FMT, SV_ARG(m.method), split && split[-1] != ' ' ? w->host : "",
		 SV_ARG(m.target));
	if (w->step->ask[0] == '\0' || strncmp(line, w->step->ask, strlen(w->step->ask)) != 0)
		fail_msg("asked for %s, not for %s; so far:\n%s", line, w->step->ask, w->told);
	assert_true(w->nasked < STEPS);
	snprintf(w->heads[w->nasked], sizeof w->heads[0], "%.*s", (int)m.head_n, (const char *)w->in.p);
	buf_sv(&w->asked[w->nasked++], m.body);
	buf_clear(&w->in);
	text = w->step++->answer;
	split = strstr(text, "\r\n\r\n");
	assert_non_null(split);
	if (line[0] == 'P') /* RFC 9110 15.2: any number of them before the answer */
		buf_str(&out, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
	buf_add(&out, text, (size_t)(split + 2 - text));
	text = split + 4;
	buf_str(&out, "Date: Wed, 18 Nov 2026 11:06:40 GMT\r\nX-Powered-By: ASP.NET\r\nX-MS-Server-Fqdn: " HOST "\r\n");
	if (w->chunked) {
		buf_str(&out, "Transfer-Encoding: chunked\r\n\r\n");
		for (size_t n = strlen(text), i = 0; i < n; i += 100)
			buf_printf(&out, "%zx;x=y\r\n%.100s\r\n", n - i < 100 ? n - i : 100, text + i);
		buf_str(&out, "0\r\n\r\n");
	} else {
		buf_printf(&out, "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
	}
	for (size_t i = 0; i < out.n && http_has(w->ph->http, id); i += 77)
		dt_phone_stream_data(w->ph, id, out.p + i, out.n - i < 77 ? out.n - i : 77);
	buf_free(&out);
}

static void happen(struct world *w, struct event e)
{
	struct dt_dns_answer a = {.status = DT_DNS_NXDOMAIN};
	struct dt_stream_opened o = {.verdict = DT_TRUSTED, .version = "TLSv1.2"};

	switch (e.kind) {
	case E_DNS:
		if (e.known && e.rr == DT_RR_A)
			a = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1, .rr = {{.address = 0x0a000001}}};
		if (e.id)
			dt_phone_dns(w->ph, e.id, &a);
		break;
	case E_OPENED:
		o.failure = e.known ? DT_F_OK : DT_F_CONNECT; /* the Registrar does not answer: stage 9 is not asked for here */
		o.chain[0] = web_keys.ca_der.p;
		o.chain_n[0] = web_keys.ca_der.n;
		o.nchain = 1;
		dt_phone_stream_opened(w->ph, e.id, &o);
		break;
	case E_SENT:
		serve(w, e.id);
		break;
	case E_KEY:
		dt_phone_key(w->ph, e.id, buf_cstr(&web_keys.pem));
	}
}

void web_run(struct world *w, const struct step *steps, bool ntlm)
{
	struct dt_phone_conf c = {.body = &body, .arg = w, .model = dt_model_find(ntlm ? "cx700" : "cx600"), .serial = "7E5C0012",
				  .mac = {0, 4, 0xf2, 1, 2, 3}, .no_vlan = true, .no_dhcp = true, .domain = "contoso.test",
				  .lease = {.address = 0x0a000002, .mask = 0xffffff00, .dns = {0x0a000003}, .ndns = 1},
				  .registrar = HOST ":5061", .web_url = "https://" HOST CERTPROV "/"};

	if (ntlm)
		c.login = "CONTOSO\\alice", c.password = "Pa$$word", c.sip = "alice@contoso.test";
	else
		c.number = "+14255550123", c.pin = "73914";
	w->mono = 5000;
	w->step = steps;
	w->ph = dt_phone_new(&c);
	assert_non_null(w->ph);
	dt_phone_start(w->ph);
	dt_phone_link(w->ph, true);
	for (unsigned i = 0; i < 2000 && !w->over; i++) {
		if (w->nevent) {
			struct event e = w->event[0];

			memmove(w->event, w->event + 1, --w->nevent * sizeof e);
			happen(w, e);
		} else {
			assert_true(w->timer != UINT64_MAX);
			w->mono = w->timer > w->mono ? w->timer : w->mono;
			w->timer = UINT64_MAX;
			dt_phone_timer(w->ph);
		}
	}
	if (!w->over || w->step->ask[0])
		fail_msg("nobody asked for %s; so far:\n%s", w->step->ask, w->told);
}

int web_setup(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return 0;
}

int web_teardown(void **state)
{
	struct world *w = *state;

	dt_phone_free(w->ph);
	buf_free(&w->in);
	for (unsigned i = 0; i < STEPS; i++)
		buf_free(&w->asked[i]);
	free(w);
	return 0;
}

/* Another try in the same test. */
struct world *web_anew(void **state)
{
	web_teardown(state);
	web_setup(state);
	return *state;
}

/* ---- the keys ---------------------------------------------------------------------------------------------------- */

int web_group_setup(void **state)
{
	struct pki_issue ca = {.profile = PKI_CA, .cn = "Communications Server", .not_before = NOW - 9, .not_after = NOW + 99999999};
	struct pki_issue user = {.profile = PKI_USER, .cn = "alice@contoso.test", .not_before = NOW - 9, .not_after = NOW + 9999999};

	(void)state;
	web_keys.key = pki_key_make(2048);
	web_keys.ca = pki_key_make(2048);
	pki_key_write(web_keys.key, &web_keys.pem);
	assert_true(ticket_init() && pki_issue(&ca, web_keys.ca, web_keys.ca, NULL, 0, &web_keys.ca_der));
	assert_true(pki_issue(&user, web_keys.key, web_keys.ca, web_keys.ca_der.p, web_keys.ca_der.n, &web_keys.cert));
	assert_true(pki_issue(&user, web_keys.ca, web_keys.ca, web_keys.ca_der.p, web_keys.ca_der.n, &web_keys.other));
	return 0;
}

int web_group_teardown(void **state)
{
	(void)state;
	pki_key_free(web_keys.key);
	pki_key_free(web_keys.ca);
	buf_free(&web_keys.pem);
	buf_free(&web_keys.ca_der);
	buf_free(&web_keys.cert);
	buf_free(&web_keys.other);
	return 0;
}
