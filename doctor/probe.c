#include "doctor/ask_dhcp.h"
#include "doctor/probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ip.h"
#include "pki/cert.h"

enum ask { ASK_SRV, ASK_A, ASK_TCP, ASK_TLS, ASK_INFORM, ASK_DISCOVER };

struct question {
	enum ask ask;
	enum dt_stage stage;
	char name[DT_NAME_MAX]; /* the name, or who is expected there; DHCP: the class */
	struct ask_dhcp dhcp;
	uint32_t address;
	uint16_t port;
	bool open;
	uint64_t began;
};

struct doctor_probe {
	struct host *h;
	struct doctor_run *run;
	struct host_ears ears;
	char *anchors;
	unsigned seconds, waited, n, open;
	bool started, over;
	char odd[32]; /* a label that nobody made, the same in every domain of this run */
	void (*done)(void *arg);
	void *arg;
	struct question q[DOCTOR_ANSWERS];
};

/* ---- what to ask --------------------------------------------------------------------------------------------- */

static void add(struct doctor_probe *p, enum ask ask, enum dt_stage stage, const char *name, uint32_t address, uint16_t port)
{
	struct question q = {.ask = ask, .stage = stage, .address = address, .port = port};

	if (!sv_copy(q.name, sizeof q.name, sv_of(name)))
		return;
	for (unsigned i = 0; i < p->n; i++)
		if (p->q[i].ask == ask && p->q[i].address == address && p->q[i].port == port && strcmp(p->q[i].name, q.name) == 0)
			return;
	if (p->n < DOCTOR_ANSWERS)
		p->q[p->n++] = q;
}

/* clang-format off */
static const struct {
	enum ask ask;
	enum dt_stage stage;
	const char *before; /* the domain */
} of_a_domain[] = {
	{ASK_SRV, DT_STAGE_DISCOVER, "_sipinternaltls._tcp."},
	{ASK_SRV, DT_STAGE_DISCOVER, "_sipinternal._tcp."},
	{ASK_SRV, DT_STAGE_DISCOVER, "_sip._tls."},
	{ASK_SRV, DT_STAGE_DISCOVER, "_sip._tcp."},
	{ASK_SRV, DT_STAGE_ADDRESS,  "_ntp._udp."},
	{ASK_A,   DT_STAGE_FIND,     "ucupdates-r2."},
	{ASK_A,   DT_STAGE_FIND,     "ucupdates."},
	{ASK_A,   DT_STAGE_DISCOVER, "sip."},
};
/* clang-format on */

static void ask_domain(struct doctor_probe *p, const char *domain)
{
	char name[DT_NAME_MAX];
	uint8_t dice[6];

	if (domain[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof of_a_domain / sizeof *of_a_domain; i++)
		if (snprintf(name, sizeof name, "%s%s", of_a_domain[i].before, domain) < (int)sizeof name)
			add(p, of_a_domain[i].ask, of_a_domain[i].stage, name, 0, 0);
	/* A name that nobody made: if it resolves, the zone has a wildcard, and no other answer means much (D-06). */
	if (p->odd[0] == '\0') {
		host_body.random(p->h, dice, sizeof dice);
		snprintf(p->odd, sizeof p->odd, "dialtone-%02x%02x%02x%02x%02x%02x", dice[0], dice[1], dice[2], dice[3], dice[4],
			 dice[5]);
	}
	if (snprintf(name, sizeof name, "%s.%s", p->odd, domain) < (int)sizeof name)
		add(p, ASK_A, DT_STAGE_FIND, name, 0, 0);
}

/* "10.66.0.1:5061" */
static bool read_peer(const char *peer, uint32_t *address, uint16_t *port)
{
	struct sv rest = sv_of(peer), host = sv_cut(&rest, ':');
	uint64_t v;

	if (rest.p == NULL || !sv_u64(rest, 65535, &v) || v == 0 || !ip_read(host, address))
		return false;
	*port = (uint16_t)v;
	return true;
}

/* The host of an URL within a sentence, or "". */
static void url_host(const char *text, char out[DT_NAME_MAX])
{
	const char *at = text ? strstr(text, "://") : NULL;

	out[0] = '\0';
	if (at)
		sv_copy(out, DT_NAME_MAX, (struct sv){at + 3, strcspn(at + 3, ":/ ,;)")});
}

static bool is_sip_or_web(uint16_t port)
{
	return port == 443 || port == 5061 || port == 4443;
}

/* R-02, V-08: "P: INFORM in both spellings", "DISCOVER in each spelling"; R-01: "if a DISCOVER with the same class does return
 * 43/120, say so". */
/* clang-format off */
static const struct {
	enum dt_stage stage;
	const char *said; /* in why or warn of an attempt */
	enum ask ask;
	const char *class;
} spellings[] = {
	{DT_STAGE_DISCOVER, "without options 43 and 120", ASK_INFORM,   "ms-uc-client"},
	{DT_STAGE_DISCOVER, "without options 43 and 120", ASK_INFORM,   "MS-UC-CLIENT"},
	{DT_STAGE_DISCOVER, "option 43 is missing",       ASK_INFORM,   "ms-uc-client"},
	{DT_STAGE_DISCOVER, "option 43 is missing",       ASK_INFORM,   "MS-UC-CLIENT"},
	{DT_STAGE_DISCOVER, NULL,                         ASK_DISCOVER, "MS-UC-Client"}, /* nobody answered the INFORM */
	{DT_STAGE_VLAN,     "without option 43",          ASK_DISCOVER, "cpe-ocphone"},
	{DT_STAGE_VLAN,     "without option 43",          ASK_DISCOVER, "CPE-OCPhone"},
};
/* clang-format on */

static bool holds(const char *s, const char *text)
{
	return s && strstr(s, text);
}

static void from_dhcp(struct doctor_probe *p, const struct doctor_line *l)
{
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (l->stage == spellings[i].stage && (spellings[i].said == NULL
						       ? l->failure == DT_F_UC_SILENT
						       : holds(l->why, spellings[i].said) || holds(l->warn, spellings[i].said)))
			add(p, spellings[i].ask, l->stage, spellings[i].class, 0, 0);
}

static void from_line(struct doctor_probe *p, const struct doctor_line *l)
{
	char host[DT_NAME_MAX];
	uint32_t address;
	uint16_t port;

	from_dhcp(p, l);

	if (l->what && strncmp(l->what, "srv _", 5) == 0) {
		const char *dot = strchr(l->what + 4, '.');

		dot = dot ? strchr(dot + 1, '.') : NULL; /* behind _service._proto. */
		if (dot)
			ask_domain(p, dot + 1);
	} else if (l->what && strncmp(l->what, "a ", 2) == 0) {
		add(p, ASK_A, l->stage, l->what + 2, 0, 0);
	}
	url_host(l->found, host);
	if (host[0])
		add(p, ASK_A, l->stage, host, 0, 0);
	if (l->peer == NULL || !read_peer(l->peer, &address, &port) || port == 123 || port == 67)
		return;
	url_host(l->what, host);
	add(p, ASK_TCP, l->stage, "", address, port);
	if (is_sip_or_web(port))
		add(p, ASK_TLS, l->stage, host, address, port);
	if (l->stage == DT_STAGE_CHAIN) { /* the chain comes over 80, the rest over 443 */
		add(p, ASK_TCP, DT_STAGE_CHAIN, "", address, 80);
		add(p, ASK_TCP, DT_STAGE_AUTH, "", address, 443);
		add(p, ASK_TLS, DT_STAGE_AUTH, host, address, 443);
	}
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

static void more(char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void more(char *out, size_t cap, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	if (n < cap)
		vsnprintf(out + n, cap - n, fmt, ap);
	va_end(ap);
}

static void finish(struct doctor_probe *p)
{
	if (p->over || p->open)
		return;
	p->over = true;
	host_listen(p->h, NULL);
	p->done(p->arg);
}

static struct doctor_answer *answer(struct doctor_probe *p, struct question *q, bool ok)
{
	static const char *const words[] = {"srv", "a", "tcp", "tls", "inform", "discover"};
	struct doctor_answer *a = &p->run->answer[p->run->answers];

	q->open = false;
	p->open--;
	if (p->run->answers == DOCTOR_ANSWERS)
		return NULL;
	p->run->answers++;
	*a = (struct doctor_answer){.stage = q->stage, .ok = ok};
	if (q->ask != ASK_TCP && q->ask != ASK_TLS)
		snprintf(a->what, sizeof a->what, "%s %s", words[q->ask], q->name);
	else
		snprintf(a->what, sizeof a->what, "%s " IP_FMT ":%u%s%s", words[q->ask], IP_ARG(q->address), q->port,
			 q->name[0] ? " as " : "", q->name);
	return a;
}

static struct question *question_of(struct doctor_probe *p, unsigned id)
{
	unsigned i = id - HOST_EARS;

	return i < p->n && p->q[i].open ? &p->q[i] : NULL;
}

/* Only this run's own label: a site may well have a host whose name begins as ours does. */
static bool made_up(const struct doctor_probe *p, const struct question *q)
{
	size_t n = strlen(p->odd);

	return n && strncmp(q->name, p->odd, n) == 0 && q->name[n] == '.';
}

static void on_dns(void *arg, unsigned id, const struct dt_dns_answer *d)
{
	static const char *const words[] = {[DT_DNS_OK] = "", [DT_DNS_NXDOMAIN] = "the name does not exist",
					    [DT_DNS_NODATA] = "the name exists, but has no such record",
					    [DT_DNS_TIMEOUT] = "no name server answers",
					    [DT_DNS_ERROR] = "the name server answers with an error"};
	struct doctor_probe *p = arg;
	struct question *q = question_of(p, id);
	struct doctor_answer *a;

	if (q == NULL)
		return;
	a = answer(p, q, d->status == DT_DNS_OK);
	for (unsigned i = 0; a && i < d->n; i++) {
		const char *comma = i ? ", " : "";
		uint32_t ip = d->rr[i].address;

		if (q->ask == ASK_SRV)
			more(a->text, sizeof a->text, "%s%s:%u (priority %u, weight %u)", comma,
			     d->rr[i].target[0] ? d->rr[i].target : ".", d->rr[i].port, d->rr[i].priority, d->rr[i].weight);
		else
			more(a->text, sizeof a->text, "%s" IP_FMT, comma, IP_ARG(ip));
	}
	if (a && a->ok && made_up(p, q)) {
		a->ok = false;
		more(a->text, sizeof a->text, ": this name was made up just now, so the zone has a wildcard");
	} else if (a && made_up(p, q) && d->status == DT_DNS_NXDOMAIN) {
		a->ok = true;
		more(a->text, sizeof a->text, "does not exist, as it should: the zone has no wildcard");
	} else if (a && !a->ok) {
		more(a->text, sizeof a->text, "%s", words[d->status]);
	}
	finish(p);
}

/* A certificate chain in a few lines of text: subject, names, issuer, validity, key. */
static void chain_text(const struct dt_stream_opened *o, char *out, size_t cap)
{
	out[0] = '\0';
	for (unsigned i = 0; i < o->nchain; i++) {
		struct pki_cert_info *c = calloc(1, sizeof *c);
		char from[ISO_TIME_MAX], to[ISO_TIME_MAX];
		const char *bad;

		if (c == NULL)
			return;
		bad = pki_cert_info(o->chain[i], o->chain_n[i], c);
		if (bad) {
			more(out, cap, "; certificate %u: %s", i, bad);
			free(c);
			continue;
		}
		more(out, cap, "%s%s, issued by %s, %.10s to %.10s, %s %u bits, %s", i ? "; " : "", c->subject, c->issuer,
		     iso_time(from, c->not_before), iso_time(to, c->not_after), c->rsa ? "RSA" : "EC", c->bits, c->signature);
		for (unsigned n = 0; i == 0 && n < c->nnames; n++)
			more(out, cap, "%s%s", n ? ", " : ", names ", c->names[n]);
		free(c);
	}
}

static void on_opened(void *arg, unsigned id, const struct dt_stream_opened *o)
{
	static const char *const verdicts[] = {[DT_TRUSTED] = "trusted", [DT_UNTRUSTED] = "not trusted by this phone",
					       [DT_WRONG_NAME] = "trusted, but for another name",
					       [DT_WRONG_DATE] = "not valid now", [DT_NO_CERT] = "no certificate"};
	struct doctor_probe *p = arg;
	struct question *q = question_of(p, id);
	struct doctor_answer *a;

	if (q == NULL)
		return;
	a = answer(p, q, o->failure == DT_F_OK && (q->ask == ASK_TCP || o->verdict == DT_TRUSTED));
	if (a && o->failure != DT_F_OK) {
		snprintf(a->text, sizeof a->text, "%s%s%s", dt_failures[o->failure].what, o->why ? ": " : "", o->why ? o->why : "");
	} else if (a && q->ask == ASK_TCP) {
		snprintf(a->text, sizeof a->text, "open");
	} else if (a) {
		char chain[800];

		chain_text(o, chain, sizeof chain);
		snprintf(a->text, sizeof a->text, "%s; %s %s; %s", verdicts[o->verdict], o->version ? o->version : "",
			 o->cipher ? o->cipher : "", chain);
	}
	host_body.stream_close(p->h, id);
	finish(p);
}

static void on_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	struct doctor_probe *p = arg;

	(void)tci;
	for (unsigned i = 0; i < p->n; i++) {
		struct question *q = &p->q[i];
		struct doctor_answer *a;
		char text[900];
		bool has = false;

		if (q->ask < ASK_INFORM || !q->open || !ask_dhcp_read(&q->dhcp, frame, n, &has, text, sizeof text))
			continue;
		a = answer(p, q, has);
		if (a)
			more(a->text, sizeof a->text, "%s", text);
		finish(p);
		return;
	}
}

static int send_dhcp(struct doctor_probe *p, struct question *q)
{
	uint8_t frame[1518];
	unsigned vlan;
	uint32_t address;
	size_t n;

	host_where(p->h, &vlan, &address);
	if (q->stage == DT_STAGE_VLAN) /* as in stage 1: untagged */
		vlan = 0;
	q->dhcp = (struct ask_dhcp){.class = q->name, .address = q->ask == ASK_INFORM ? address : 0};
	if (q->ask == ASK_INFORM && address == 0)
		return -EADDRNOTAVAIL;
	memcpy(q->dhcp.mac, host_mac(p->h), 6);
	host_body.random(p->h, &q->dhcp.xid, sizeof q->dhcp.xid);
	n = ask_dhcp_write(&q->dhcp, frame, sizeof frame);
	return n ? host_body.frame(p->h, frame, n, vlan ? (int)vlan : -1) : -EMSGSIZE;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static int send(struct doctor_probe *p, unsigned i)
{
	struct question *q = &p->q[i];
	struct dt_stream_conf c = {.address = q->address, .port = q->port, .tls = q->ask == ASK_TLS, .tls_judge_only = true,
				   .name = q->name[0] ? q->name : NULL, .anchors = p->anchors,
				   .unix_s = clock_unix_ms() / 1000, .timeout_ms = 4000};

	if (q->ask >= ASK_INFORM)
		return send_dhcp(p, q);
	if (q->ask <= ASK_A)
		return host_body.dns(p->h, HOST_EARS + i, q->name, q->ask == ASK_SRV ? DT_RR_SRV : DT_RR_A);
	return host_body.stream(p->h, HOST_EARS + i, &c);
}

struct doctor_probe *doctor_probe_new(struct host *h, struct doctor_run *r, const char *anchors, unsigned seconds,
				      void (*done)(void *arg), void *arg)
{
	struct doctor_probe *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	*p = (struct doctor_probe){.h = h, .run = r, .seconds = seconds, .done = done, .arg = arg};
	p->anchors = sv_dup(sv_of(anchors));
	if (p->anchors == NULL) {
		free(p);
		return NULL;
	}
	p->ears = (struct host_ears){on_dns, on_opened, on_frame, p};
	return p;
}

void doctor_probe_start(struct doctor_probe *p)
{
	for (size_t i = 0; i < p->run->n; i++)
		if (p->run->line[i].kind == DT_REC_ATTEMPT)
			from_line(p, &p->run->line[i]);
	p->started = true;
	host_listen(p->h, &p->ears);
	p->open = p->n;
	for (unsigned i = 0; i < p->n; i++)
		p->q[i].open = true;
	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a;
		int e = send(p, i);

		if (e < 0 && (a = answer(p, &p->q[i], false)))
			snprintf(a->text, sizeof a->text, "could not be asked: %s", strerror(-e));
	}
	/* With nothing open (no address, say) the next tick says that it is over: not from within this call. */
}

void doctor_probe_tick(struct doctor_probe *p)
{
	if (!p->started || p->over)
		return;
	p->waited++;
	for (unsigned i = 0; p->waited >= p->seconds && i < p->n; i++) {
		struct doctor_answer *a;

		if (p->q[i].open && (a = answer(p, &p->q[i], false)))
			snprintf(a->text, sizeof a->text, "no answer");
	}
	finish(p);
}

void doctor_probe_free(struct doctor_probe *p)
{
	if (p == NULL)
		return;
	if (p->started && !p->over)
		host_listen(p->h, NULL);
	free(p->anchors);
	free(p);
}
