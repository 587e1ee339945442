/* cmd/fleet/options.c: the options of dialtone fleet. */
#include <string.h>

#include "base/ip.h"
#include "base/name.h"
#include "base/sv.h"
#include "cmd/fleet/verb.h"
#include "wire/url.h"

#define PHONES_MOST 1000000
#define SOURCES_MOST 65536

void fleet_options_begin(void *at)
{
	struct fleet_options *o = at;

	memset(o, 0, sizeof *o);
	o->arrive = (struct fleet_arrival){.curve = FLEET_STEADY, .rate = 10};
	o->from = FLEET_WEB;
	o->sip_port = 5061;
}

/* ---- numbers and times -------------------------------------------------------------------------------------------------- */

bool fleet_span(const char *text, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};
	struct sv s = sv_of(text);
	uint64_t n;

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (sv_ends(s, sv_of(units[i].unit)) && sv_u64((struct sv){s.p, s.n - strlen(units[i].unit)}, 1000000, &n) && n) {
			*ms = n * units[i].ms;
			return *ms <= 7ull * 86400000;
		}
	return false;
}

static const char *span_check(const char *v)
{
	uint64_t ms;

	return fleet_span(v, &ms) ? NULL : "type a time like 90s, 5m or 2h";
}

static const char *count(void *at, const char *v)
{
	return sv_u64(sv_of(v), PHONES_MOST, at) && *(uint64_t *)at ? NULL : "type a number from 1 to 1000000";
}

static const char *index_of(void *at, const char *v)
{
	return sv_u64(sv_of(v), PHONES_MOST, at) ? NULL : "type a number from 0 to 1000000";
}

static const char *seed(void *at, const char *v)
{
	return sv_u64(sv_of(v), UINT64_MAX, at) ? NULL : "type a number";
}

static const char *port(void *at, const char *v)
{
	return sv_u64(sv_of(v), 65535, at) && *(uint64_t *)at ? NULL : "type a port from 1 to 65535";
}

/* "steady:50/s", "burst", "power-cut", "power-cut:90s" */
static const char *arrive(void *at, const char *v)
{
	static const char *const help = "type steady:50/s, burst or power-cut:90s";
	struct sv rest = sv_of(v), word = sv_cut(&rest, ':');
	struct fleet_arrival *a = at;
	uint64_t n = 60000;

	if (sv_eq(word, SV("burst")) && rest.p == NULL) {
		*a = (struct fleet_arrival){.curve = FLEET_BURST};
		return NULL;
	}
	if (sv_eq(word, SV("power-cut"))) {
		if (rest.p && !fleet_span(rest.p, &n))
			return help;
		*a = (struct fleet_arrival){.curve = FLEET_POWER_CUT, .spread = (uint32_t)n};
		return NULL;
	}
	if (!sv_eq(word, SV("steady")) || !sv_ends(rest, SV("/s")) || !sv_u64((struct sv){rest.p, rest.n - 2}, 100000, &n) || n == 0)
		return help;
	*a = (struct fleet_arrival){.curve = FLEET_STEADY, .rate = (double)n};
	return NULL;
}

/* ---- words ------------------------------------------------------------------------------------------------------------------ */

static const char *scenario_word(unsigned i)
{
	return i < 4 ? fleet_scenarios[i] : NULL;
}

static const char *scenario(void *at, const char *v)
{
	for (unsigned i = 0; i < 4; i++)
		if (strcmp(v, fleet_scenarios[i]) == 0) {
			*(enum fleet_scenario *)at = (enum fleet_scenario)i;
			return NULL;
		}
	return "type cold, warm, refresh or day";
}

static const char *const froms[] = {"find", "discover", "web"};

static const char *from_word(unsigned i)
{
	return i < 3 ? froms[i] : NULL;
}

static const char *from(void *at, const char *v)
{
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(v, froms[i]) == 0) {
			*(enum fleet_from *)at = (enum fleet_from)i;
			return NULL;
		}
	return "type find, discover or web";
}

static const char *model_word(unsigned i)
{
	return i < dt_model_count ? dt_models[i].key : i == dt_model_count ? "all" : NULL;
}

static const char *model(void *at, const char *v)
{
	struct fleet_options *o = at;
	const struct dt_model *m = dt_model_find(v);

	for (size_t i = 0; strcmp(v, "all") == 0 && i < dt_model_count && o->models < FLEET_MODELS; i++)
		o->model[o->models++] = &dt_models[i];
	if (strcmp(v, "all") == 0)
		return NULL;
	if (m == NULL)
		return "no such model; dialtone fleet --help names them";
	if (o->models == FLEET_MODELS)
		return "so many models are given already; leave this one away";
	o->model[o->models++] = m;
	return NULL;
}

/* ---- addresses and names -------------------------------------------------------------------------------------------------------- */

static const char *address_add(uint32_t *list, unsigned *n, const char *v)
{
	if (*n == FLEET_TARGETS)
		return "64 addresses are given already; leave this one away";
	if (!ip_read(sv_of(v), &list[*n]))
		return "type an address like 10.66.0.10";
	(*n)++;
	return NULL;
}

static const char *target(void *at, const char *v)
{
	struct fleet_options *o = at;

	return address_add(o->target, &o->targets, v);
}

static const char *confirmed(void *at, const char *v)
{
	struct fleet_options *o = at;

	return address_add(o->confirmed, &o->confirmations, v);
}

static const char *name(void *at, const char *v)
{
	struct fleet_options *o = at;
	struct sv ip = sv_of(v), host = sv_cut(&ip, '=');
	uint32_t a;

	if (o->names == FLEET_NAMES)
		return "64 names are given already; leave this one away";
	if (host_check(host) != NULL || ip.p == NULL || !ip_read(ip, &a))
		return "type it like web.contoso.test=10.66.0.10";
	o->name_text[o->names] = sv_dup(host);
	o->name[o->names] = (struct fleet_name){o->name_text[o->names], a};
	o->names++;
	return NULL;
}

/* "10.66.1.7" or "10.66.1.7-10.66.4.250" */
static const char *source(void *at, const char *v)
{
	struct fleet_options *o = at;
	struct sv last = sv_of(v), first = sv_cut(&last, '-');
	uint32_t a, b;

	if (!ip_read(first, &a) || (last.p && !ip_read(last, &b)))
		return "type an address of this machine, or a range like 10.66.1.1-10.66.4.250";
	if (last.p == NULL)
		b = a;
	if (b < a || b - a >= SOURCES_MOST)
		return "the range's second address is before its first, or more than 65536 behind it";
	o->source = a;
	o->sources = b - a + 1;
	return NULL;
}

static const char *domain(const char *v)
{
	return name_check(sv_of(v)) == NULL ? NULL : "type a domain, like contoso.test";
}

static const char *web(const char *v)
{
	struct url u;

	return url_read(sv_of(v), &u) && u.https ? NULL : "type an https URL, like https://web.contoso.test/CertProv/"
							   "CertProvisioningService.svc";
}

static const char *registrar(const char *v)
{
	struct sv p = sv_of(v), host = sv_cut(&p, ':');
	uint64_t n = 1;

	return host_check(host) == NULL && (p.p == NULL || (sv_u64(p, 65535, &n) && n)) ? NULL
										       : "type a host, or host and port, like fe01.contoso.test:5061";
}

#define AT(field) offsetof(struct fleet_options, field)

const struct option_row fleet_options[] = {
    {"--target", "ADDRESS", "a front end; repeat it for more: phones are spread", 0, .read = target, .repeats = true},
    {"--yes-load", "ADDRESS", "each target once more: yes, it may be put under load", 0, .read = confirmed, .repeats = true},
    {"--users", "FILE", "CSV of users and PINs, as dialtone user import writes it", AT(users)},
    {"--phones", "NUMBER", "so many phones (else one a user)", AT(phones), .read = count},
    {"--first", "NUMBER", "skip so many users of the file", AT(first), .read = index_of},
    {"--domain", "DOMAIN", "the SIP domain", AT(domain), .check = domain},
    {"--pool", "HOST", "the pool's name (else sip.DOMAIN)", AT(pool), .check = domain},
    {"--web", "URL", "the certificate service (else the pool's)", AT(web), .check = web},
    {"--registrar", "HOST[:PORT]", "instead of the SRV record", AT(registrar), .check = registrar},
    {"--sip-port", "PORT", "in the SRV record that phones get (else 5061)", AT(sip_port), .read = port},
    {"--name", "HOST=ADDRESS", "this name is at that address, which is a target", 0, .read = name, .repeats = true},
    {"--scenario", "WHAT", "what the phones live through", AT(scenario), .read = scenario, .word = scenario_word},
    {"--from", "STAGE", "where they begin", AT(from), .read = from, .word = from_word},
    {"--arrive", "CURVE", "steady:50/s, burst or power-cut:90s", AT(arrive), .read = arrive},
    {"--model", "MODEL", "of these models in turn (else cx600 and cx700)", 0, .read = model, .word = model_word, .repeats = true},
    {"--source", "ADDRESS[-LAST]", "local addresses, in turn", 0, .read = source},
    {"--for", "TIME", "the measured part ends after this", AT(for_text), .check = span_check},
    {"--together", "NUMBER", "phones at a time while preparing (else 16)", AT(together), .read = count},
    {"--leave", NULL, "hang up as soon as there is dial tone", AT(leave)},
    {"--sign-off", NULL, "sign off at the end (else the power goes)", AT(sign_off)},
    {"--no-retry", NULL, "a refused phone stays out", AT(no_retry)},
    {"--seed", "NUMBER", "repeat arrival and back-off of another run", AT(seed), .read = seed},
    {"--html", "FILE", "a page with the curves", AT(html)},
    {"--metrics", "FILE", "for Prometheus: rewritten every two seconds", AT(metrics)},
    {"--quiet", NULL, "no live table", AT(quiet)},
    {"--plan", NULL, "how many front ends for --phones, as measured here", AT(plan)},
    {0}};
