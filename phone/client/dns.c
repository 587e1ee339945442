/* phone/client/dns.c: names.  The body asks; each question is a line of the record and has a deadline here too. */
#include "phone/client/dns.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "phone/run/core.h"
#include "phone/run/record.h"

#define DNS_WAIT_MS 10000

struct dns_question {
	struct dns_question *next;
	unsigned id;
	bool local; /* answered by the phone itself, at the deadline */
	uint32_t literal;
	uint64_t deadline;
	enum dt_rr type;
	dns_fn *done;
	void *arg;
	struct attempt try;
};

static void dns_rearm(struct dns_client *d)
{
	uint64_t at = PH_NEVER;

	for (const struct dns_question *q = d->open; q; q = q->next)
		if (q->deadline < at)
			at = q->deadline;
	ph_core(d->ph)->timer[T_DNS] = at;
}

/* "_service._proto.domain" -> "domain" */
static const char *dns_behind_service(const char *name)
{
	for (int i = 0; i < 2 && name; i++) {
		name = strchr(name, '.');
		name += name != NULL;
	}
	return name;
}

void dns_ask(struct dns_client *d, const char *name, enum dt_rr type, dns_fn *done, void *arg)
{
	struct ph_core *core = ph_core(d->ph);
	struct dns_question *q = ph_alloc(d->ph, sizeof *q), **end = &d->open;

	if (q == NULL)
		return;
	*q = (struct dns_question){.id = ph_next_id(d->ph), .type = type, .done = done, .arg = arg,
				   .deadline = ph_now_ms(d->ph) + ph_wait_ms(d->ph, DNS_WAIT_MS)};
	while (*end)
		end = &(*end)->next;
	*end = q;
	attempt_begin(d->ph, &q->try, "%s %s", type == DT_RR_SRV ? "srv" : "a", name);
	q->try.fact.host = strchr(q->try.what, ' ') + 1;
	if (type == DT_RR_SRV)
		q->try.fact.domain = dns_behind_service(q->try.fact.host);
	q->local = (type == DT_RR_A && ip_read(sv_of(name), &q->literal)) || core->body->dns(core->arg, q->id, name, type) < 0;
	if (q->local)
		q->deadline = ph_now_ms(d->ph);
	dns_rearm(d);
}

static void dns_unlink(struct dns_client *d, const struct dns_question *q)
{
	struct dns_question **at = &d->open;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
}

enum dt_failure dns_failure(const struct dt_dns_answer *a)
{
	switch (a->status) {
	case DT_DNS_OK:
		return a->n ? DT_F_OK : DT_F_DNS_NONE;
	case DT_DNS_NXDOMAIN:
	case DT_DNS_NODATA:
		return DT_F_DNS_NONE;
	case DT_DNS_ERROR:
		return a->rcode ? DT_F_DNS_ERROR : DT_F_DNS_SILENT;
	default:
		return DT_F_DNS_SILENT;
	}
}

enum dt_sign dns_sign(const struct dt_dns_answer *a)
{
	switch (a->status) {
	case DT_DNS_OK: /* dns_without_nobody() has taken them all */
		return a->n ? DT_SIGN_NONE : DT_SIGN_DNS_BLOCKED;
	case DT_DNS_NODATA:
		return DT_SIGN_DNS_NO_RECORD;
	case DT_DNS_ERROR:
		return a->rcode ? DT_SIGN_DNS_RCODE : DT_SIGN_DNS_NO_SERVER;
	default:
		return DT_SIGN_NONE;
	}
}

static const char *dns_srv_text(const struct dt_dns_answer *a, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < a->n && n + 1 < cap; i++) {
		text_set(out + n, cap - n, "%s%u %u %u %s", i ? ", " : "", a->rr[i].priority, a->rr[i].weight, a->rr[i].port,
		     a->rr[i].target[0] ? a->rr[i].target : ".");
		n = strlen(out);
	}
	return out;
}

static void dns_addresses_text(const struct dt_dns_answer *a, char *out, size_t cap)
{
	size_t n = 0;
	char ip[16];

	out[0] = '\0';
	for (unsigned i = 0; i < a->n && n + 1 < cap; i++) {
		text_set(out + n, cap - n, "%s%s", i ? ", " : "", ip_text(a->rr[i].address, ip));
		n = strlen(out);
	}
}

/* RFC 1035 4.1.1 */
static const char *dns_rcode_name(uint8_t rcode)
{
	static const char *const names[] = {"", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

	return rcode < sizeof names / sizeof *names ? names[rcode] : "";
}

static void dns_report_failure(struct dns_client *d, struct dns_question *q, const struct dt_dns_answer *a, enum dt_failure f)
{
	struct why why = {0};

	q->try.fact.rcode = a->status == DT_DNS_NXDOMAIN ? 3 : a->rcode;
	attempt_sign(&q->try, dns_sign(a));
	why_set(&why, "rcode %u%s%s", a->rcode, dns_rcode_name(a->rcode)[0] ? ", " : "", dns_rcode_name(a->rcode));
	attempt_fail(d->ph, &q->try, f, f == DT_F_DNS_ERROR ? why.text : NULL);
}

/* RFC 1122 3.2.1.3: { 0, <host> } and { -1, -1 } "MUST NOT" be a destination of its own, and { 127, <any> } "MUST NOT appear outside
 * a host": nobody's addresses, by which name servers that block names answer.  When no other is left, the answer stays DT_DNS_OK with n = 0. */
static void dns_without_nobody(const struct dt_phone *ph, struct dt_dns_answer *a)
{
	unsigned n = 0;

	if (a->status == DT_DNS_OK && a->n == 0)
		a->status = DT_DNS_NODATA;
	for (unsigned i = 0; i < a->n; i++)
		if (a->rr[i].address >> 24 != 0 && (a->rr[i].address >> 24 != 127 || ph_inside_host(ph)) && a->rr[i].address != 0xffffffff)
			a->rr[n++] = a->rr[i];
	a->n = n;
}

/* Closes the question's line in the record, gives its memory back, calls its handler. */
static void dns_close(struct dns_client *d, struct dns_question *q, const struct dt_dns_answer *answer)
{
	struct dt_dns_answer a = *answer;
	enum dt_failure f;
	dns_fn *done = q->done;
	void *arg = q->arg;
	char found[FOUND_MAX];

	if (a.n > sizeof a.rr / sizeof *a.rr)
		a.n = sizeof a.rr / sizeof *a.rr;
	for (unsigned i = 0; i < a.n; i++)
		a.rr[i].target[DT_NAME_MAX - 1] = '\0';
	if (q->type == DT_RR_A && q->literal == 0)
		dns_without_nobody(d->ph, &a);
	f = dns_failure(&a);
	if (f == DT_F_OK && q->literal == 0) {
		q->try.fact.address = q->type == DT_RR_A ? a.rr[0].address : 0;
		if (q->type == DT_RR_SRV)
			dns_srv_text(&a, found, sizeof found);
		else
			dns_addresses_text(&a, found, sizeof found);
		attempt_ok(d->ph, &q->try, found, NULL);
	} else if (f != DT_F_OK) {
		dns_report_failure(d, q, &a, f);
	}
	dns_unlink(d, q);
	free(q);
	dns_rearm(d);
	done(arg, &a);
}

void dns_answered(struct dns_client *d, unsigned id, const struct dt_dns_answer *a)
{
	for (struct dns_question *q = d->open; q; q = q->next)
		if (q->id == id && !q->local) {
			dns_close(d, q, a);
			return;
		}
}

/* The first question that is due, of those that were asked up to `last`. */
static struct dns_question *dns_due(const struct dns_client *d, unsigned last)
{
	uint64_t now = ph_now_ms(d->ph);

	for (struct dns_question *q = d->open; q; q = q->next)
		if (q->deadline <= now && q->id <= last)
			return q;
	return NULL;
}

void dns_timer(struct dns_client *d)
{
	unsigned last = ph_core(d->ph)->ids; /* queries that handlers make now are answered at the next timer */
	struct dns_question *q;

	while ((q = dns_due(d, last)) != NULL) {
		struct dt_dns_answer a = {.status = q->local ? DT_DNS_ERROR : DT_DNS_TIMEOUT};

		if (q->literal)
			a = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1, .rr[0].address = q->literal};
		dns_close(d, q, &a);
	}
	dns_rearm(d);
}

void dns_drop(struct dns_client *d, const void *arg)
{
	struct dns_question **at = &d->open, *q;

	while ((q = *at) != NULL) {
		if (arg && q->arg != arg) {
			at = &q->next;
			continue;
		}
		*at = q->next;
		free(q);
	}
	dns_rearm(d);
}
