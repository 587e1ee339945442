#include "doctor/questions.h"

#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/sv.h"
#include "wire/well_known.h"

struct list {
	struct doctor_question *q;
	unsigned n;
};

bool doctor_question_is(const struct doctor_question *a, const struct doctor_question *b)
{
	return a->ask == b->ask && a->address == b->address && a->port == b->port && a->vlan == b->vlan && a->again == b->again &&
	       strcmp(a->name, b->name) == 0;
}

static void questions_add(struct list *l, struct doctor_question q, const char *name)
{
	if (l->n == DOCTOR_ANSWERS || !sv_copy(q.name, sizeof q.name, sv_of(name)))
		return;
	for (unsigned i = 0; i < l->n; i++)
		if (doctor_question_is(&l->q[i], &q))
			return;
	l->q[l->n++] = q;
}

/* clang-format off */
static const struct {
	enum doctor_ask ask;
	enum dt_stage stage;
	const char *before; /* the domain */
	enum dt_sign gives;
} of_a_domain[] = {
	{ASK_SRV, DT_STAGE_DISCOVER, SRV_INTERNAL_TLS ".", DT_SIGN_ASKED_SRV_INSIDE},
	{ASK_SRV, DT_STAGE_DISCOVER, SRV_INTERNAL_TCP ".", DT_SIGN_ASKED_SRV},
	{ASK_SRV, DT_STAGE_DISCOVER, SRV_EXTERNAL_TLS ".", DT_SIGN_ASKED_SRV},
	{ASK_SRV, DT_STAGE_DISCOVER, SRV_EXTERNAL_TCP ".", DT_SIGN_ASKED_SRV},
	{ASK_SRV, DT_STAGE_ADDRESS,  SRV_NTP ".",             DT_SIGN_NONE},
	{ASK_A,   DT_STAGE_FIND,     NAME_UPDATES ".",     DT_SIGN_ASKED_NEW_NAME},
	{ASK_A,   DT_STAGE_FIND,     NAME_UPDATES_OLD ".",    DT_SIGN_ASKED_OLD_NAME},
	{ASK_A,   DT_STAGE_DISCOVER, NAME_SIP ".",            DT_SIGN_NONE},
};

/* R-02, V-08: "P: INFORM in both spellings", "DISCOVER in each spelling"; R-01: "if a DISCOVER with the same class does return
 * 43/120, say so". */
static const struct {
	enum dt_stage stage;
	enum dt_failure failure; /* of an attempt; OK: any */
	enum dt_sign sign;	 /* of it; NONE: any */
	enum doctor_ask ask;
	const char *class;
	enum dt_sign gives;
} of_a_class[] = {
	{DT_STAGE_DISCOVER, DT_F_OK,        DT_SIGN_OPTIONS_ABSENT,     ASK_INFORM,   "ms-uc-client", DT_SIGN_ASKED_UC_CLASS},
	{DT_STAGE_DISCOVER, DT_F_OK,        DT_SIGN_OPTIONS_ABSENT,     ASK_INFORM,   "MS-UC-CLIENT", DT_SIGN_ASKED_UC_CLASS},
	{DT_STAGE_DISCOVER, DT_F_OK,        DT_SIGN_OPTION43_ABSENT,    ASK_INFORM,   "ms-uc-client", DT_SIGN_ASKED_UC_CLASS},
	{DT_STAGE_DISCOVER, DT_F_OK,        DT_SIGN_OPTION43_ABSENT,    ASK_INFORM,   "MS-UC-CLIENT", DT_SIGN_ASKED_UC_CLASS},
	{DT_STAGE_DISCOVER, DT_F_UC_SILENT, DT_SIGN_NONE,               ASK_DISCOVER, "MS-UC-Client", DT_SIGN_ASKED_UC_DISCOVER},
	{DT_STAGE_VLAN,     DT_F_OK,        DT_SIGN_VLAN_OPTION_ABSENT, ASK_DISCOVER, "cpe-ocphone",  DT_SIGN_ASKED_VLAN_CLASS},
	{DT_STAGE_VLAN,     DT_F_OK,        DT_SIGN_VLAN_OPTION_ABSENT, ASK_DISCOVER, "CPE-OCPhone",  DT_SIGN_ASKED_VLAN_CLASS},
};

/* A TCP port that is no question of ours; and those where TLS is spoken. */
enum { NTP = 123, HTTP = 80, HTTPS = 443, WEB_OUTSIDE = 4443, SIP_TLS = 5061 };
/* clang-format on */

static void ask_class(struct list *l, const struct doctor_line *a)
{
	for (size_t i = 0; i < sizeof of_a_class / sizeof *of_a_class; i++)
		if (a->stage == of_a_class[i].stage && (of_a_class[i].failure == DT_F_OK || a->failure == of_a_class[i].failure) &&
		    (of_a_class[i].sign == DT_SIGN_NONE || dt_signs_have(a->sign, of_a_class[i].sign)))
			questions_add(l, (struct doctor_question){.ask = of_a_class[i].ask, .stage = a->stage, .gives = of_a_class[i].gives},
			    of_a_class[i].class);
}

static void ask_domain(struct list *l, const char *domain, const char *odd)
{
	char name[DT_NAME_MAX];

	if (domain[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof of_a_domain / sizeof *of_a_domain; i++)
		if (snprintf(name, sizeof name, "%s%s", of_a_domain[i].before, domain) < (int)sizeof name)
			questions_add(l, (struct doctor_question){.ask = of_a_domain[i].ask, .stage = of_a_domain[i].stage,
							.gives = of_a_domain[i].gives}, name);
	/* A name that nobody made: if it resolves, the zone has a wildcard, and no other answer means much (D-06). */
	if (snprintf(name, sizeof name, "%s.%s", odd, domain) < (int)sizeof name)
		questions_add(l, (struct doctor_question){.ask = ASK_A, .stage = DT_STAGE_FIND, .gives = DT_SIGN_ASKED_WILDCARD}, name);
}

/* A server of options 43 and 120 stands in the SIP domain more often than the lease's domain does (D-07). */
static void ask_srv_of(struct list *l, const char *host)
{
	const char *domain = host ? strchr(host, '.') : NULL;
	char name[DT_NAME_MAX];
	uint32_t literal;

	if (domain && strchr(domain + 1, '.') && host[0] != '_' && !ip_read(sv_of(host), &literal) &&
	    snprintf(name, sizeof name, SRV_INTERNAL_TLS "%s", domain) < (int)sizeof name)
		questions_add(l, (struct doctor_question){.ask = ASK_SRV, .stage = DT_STAGE_DISCOVER, .gives = DT_SIGN_ASKED_SRV_INSIDE}, name);
}

static bool speaks_tls(uint16_t port)
{
	return port == HTTPS || port == SIP_TLS || port == WEB_OUTSIDE;
}

static void ask_port(struct list *l, enum dt_stage stage, uint32_t address, uint16_t port, const char *host)
{
	questions_add(l, (struct doctor_question){.ask = ASK_TCP, .stage = stage, .address = address, .port = port}, "");
	questions_add(l, (struct doctor_question){.ask = ASK_OCTET, .stage = stage, .address = address, .port = port}, "");
	if (!speaks_tls(port))
		return;
	questions_add(l, (struct doctor_question){.ask = ASK_TLS, .stage = stage, .address = address, .port = port}, host);
	if (host[0]) {
		questions_add(l, (struct doctor_question){.ask = ASK_TLS, .stage = stage, .address = address, .port = port, .again = 1}, host);
		questions_add(l, (struct doctor_question){.ask = ASK_PLAIN_TLS, .stage = stage, .address = address, .port = port}, "");
	}
	questions_add(l, (struct doctor_question){.ask = ASK_PHONE_TLS, .stage = stage, .address = address, .port = port}, "");
}

static void ask_server(struct list *l, const struct doctor_line *a)
{
	const struct dt_facts *f = &a->fact;
	const char *host = f->host ? f->host : "";

	ask_port(l, a->stage, f->address, f->port, host);
	if (a->stage != DT_STAGE_CHAIN)
		return;
	/* the chain comes over 80, the rest over 443 */
	ask_port(l, DT_STAGE_CHAIN, f->address, HTTP, host);
	questions_add(l, (struct doctor_question){.ask = ASK_LARGE, .stage = DT_STAGE_CHAIN, .address = f->address, .port = HTTP}, "");
	ask_port(l, DT_STAGE_AUTH, f->address, HTTPS, host);
}

/* The network below the phone: DHCP servers, the router, its own address. */
static void ask_place(struct list *l, const struct doctor_place *p)
{
	const struct dt_lease *e = &p->lease;

	questions_add(l, (struct doctor_question){.ask = ASK_OFFERS, .stage = DT_STAGE_ADDRESS}, "");
	if (p->vlan)
		questions_add(l, (struct doctor_question){.ask = ASK_OFFERS, .stage = DT_STAGE_ADDRESS, .vlan = (uint16_t)p->vlan}, "");
	if (e->address == 0)
		return;
	questions_add(l, (struct doctor_question){.ask = ASK_ARP, .stage = DT_STAGE_ADDRESS, .address = e->address}, "own");
	if (e->router && (e->router & e->mask) == (e->address & e->mask))
		questions_add(l, (struct doctor_question){.ask = ASK_ARP, .stage = DT_STAGE_ADDRESS, .address = e->router}, "router");
}

static void ask_resolvers(struct list *l, const struct dt_lease *e, const char *name)
{
	for (unsigned i = 0; i < e->ndns && i < 4; i++) {
		questions_add(l, (struct doctor_question){.ask = ASK_RESOLVER, .stage = DT_STAGE_ADDRESS, .address = e->dns[i]}, name);
		if (e->ndns == 1) /* of several, that one is silent says enough */
			questions_add(l, (struct doctor_question){.ask = ASK_RESOLVER_TCP, .stage = DT_STAGE_ADDRESS, .address = e->dns[i]}, name);
	}
}

/* "servers look local": with a mask that is too wide nobody answers ARP for them (I-05). */
static void ask_neighbour(struct list *l, const struct dt_lease *e, uint32_t address)
{
	if (e->address && address && address != e->address && (address & e->mask) == (e->address & e->mask))
		questions_add(l, (struct doctor_question){.ask = ASK_ARP, .stage = DT_STAGE_ADDRESS, .address = address}, "server");
}

unsigned doctor_questions(const struct doctor_run *r, const char *odd, struct doctor_question *ret)
{
	struct list l = {.q = ret};

	if (r->place.asks)
		ask_place(&l, &r->place);
	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_line *a = &r->line[i];
		uint32_t literal;

		if (a->kind != DT_REC_ATTEMPT)
			continue;
		ask_class(&l, a);
		if (a->stage == DT_STAGE_ADDRESS && a->failure == DT_F_DHCP_SILENT && r->place.asks) /* here it was: does a server receive it? */
			questions_add(&l, (struct doctor_question){.ask = ASK_REBOOT, .stage = a->stage, .vlan = (uint16_t)r->place.vlan,
								   .gives = DT_SIGN_ASKED_NAK}, "CPE-OCPHONE");
		if (a->fact.domain)
			ask_domain(&l, a->fact.domain, odd);
		else if (a->fact.host && a->fact.host[0] && !ip_read(sv_of(a->fact.host), &literal)) { /* an address is no name */
			questions_add(&l, (struct doctor_question){.ask = ASK_A, .stage = a->stage}, a->fact.host);
			questions_add(&l, (struct doctor_question){.ask = ASK_A, .stage = a->stage, .again = 1}, a->fact.host);
		}
		if (a->stage == DT_STAGE_DISCOVER || a->stage == DT_STAGE_CHAIN)
			ask_srv_of(&l, a->fact.host);
		if (a->fact.domain)
			ask_resolvers(&l, &r->place.lease, a->fact.host ? a->fact.host : a->fact.domain);
		if (a->fact.address && a->fact.port && a->fact.port != NTP)
			ask_server(&l, a);
		ask_neighbour(&l, &r->place.lease, a->fact.port && a->fact.port != NTP ? a->fact.address : 0);
	}
	return l.n;
}
