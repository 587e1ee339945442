/* phone/client/dns.c: names.  The body asks; each question is a record line and has a deadline here too. */
#include "phone/internal.h"

#define WAIT_MS 10000

static void rearm(struct dt_phone *ph)
{
	uint64_t at = NEVER;

	for (size_t i = 0; i < DNS_SLOTS; i++)
		if (ph->dns[i].busy && ph->dns[i].deadline < at)
			at = ph->dns[i].deadline;
	ph->timer[T_DNS] = at;
}

/* "_service._proto.domain" -> "domain" */
static const char *behind_service(const char *name)
{
	for (int i = 0; i < 2 && name; i++) {
		name = strchr(name, '.');
		name += name != NULL;
	}
	return name;
}

void dns_ask(struct dt_phone *ph, const char *name, enum dt_rr type, unsigned tag, dns_fn *done)
{
	struct dns_slot *s = NULL;
	int rc;

	for (size_t i = 0; i < DNS_SLOTS && s == NULL; i++)
		if (!ph->dns[i].busy)
			s = &ph->dns[i];
	if (s == NULL) { /* cannot be: no stage asks that many at once */
		stage_fail(ph, DT_F_US, "too many questions to the resolver at once");
		return;
	}
	*s = (struct dns_slot){.busy = true, .id = ++ph->ids, .tag = tag, .type = type, .done = done,
			       .deadline = mono(ph) + WAIT_MS};
	attempt_begin(ph, &s->try, "%s %s", type == DT_RR_SRV ? "srv" : "a", name);
	s->try.fact.host = strchr(s->try.what, ' ') + 1;
	if (type == DT_RR_SRV)
		s->try.fact.domain = behind_service(s->try.fact.host);
	if (type == DT_RR_A && ip_read(sv_of(name), &s->literal)) {
		s->local = true;
		s->deadline = mono(ph);
	} else {
		rc = ph->body->dns(ph->arg, s->id, name, type);
		if (rc < 0) {
			s->local = true;
			s->deadline = mono(ph);
		}
	}
	rearm(ph);
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

static const char *srv_text(const struct dt_dns_answer *a, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < a->n && n + 1 < cap; i++) {
		text(out + n, cap - n, "%s%u %u %u %s", i ? ", " : "", a->rr[i].priority, a->rr[i].weight, a->rr[i].port,
		     a->rr[i].target[0] ? a->rr[i].target : ".");
		n = strlen(out);
	}
	return out;
}

static void addresses_text(const struct dt_dns_answer *a, char *out, size_t cap)
{
	size_t n = 0;
	char ip[16];

	out[0] = '\0';
	for (unsigned i = 0; i < a->n && n + 1 < cap; i++) {
		text(out + n, cap - n, "%s%s", i ? ", " : "", ip_text(a->rr[i].address, ip));
		n = strlen(out);
	}
}

/* RFC 1035 4.1.1 */
static const char *rcode_name(uint8_t rcode)
{
	static const char *const names[] = {"", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

	return rcode < sizeof names / sizeof *names ? names[rcode] : "";
}

void dns_answered(struct dt_phone *ph, struct dns_slot *s, const struct dt_dns_answer *answer)
{
	struct dt_dns_answer a = *answer;
	enum dt_failure f;
	dns_fn *done = s->done;
	unsigned tag = s->tag;
	char found[WHY_MAX];

	if (a.n > sizeof a.rr / sizeof *a.rr)
		a.n = sizeof a.rr / sizeof *a.rr;
	for (unsigned i = 0; i < a.n; i++)
		a.rr[i].target[DT_NAME_MAX - 1] = '\0';
	f = dns_failure(&a);
	if (f == DT_F_OK && s->literal == 0) {
		s->try.fact.address = s->type == DT_RR_A ? a.rr[0].address : 0;
		if (s->type == DT_RR_SRV)
			srv_text(&a, found, sizeof found);
		else
			addresses_text(&a, found, sizeof found);
		attempt_ok(ph, &s->try, found, NULL);
	} else if (f != DT_F_OK) {
		s->try.fact.rcode = a.status == DT_DNS_NXDOMAIN ? 3 : a.rcode;
		if (a.status == DT_DNS_NODATA)
			attempt_sign(&s->try, DT_SIGN_DNS_NO_RECORD);
		if (a.status == DT_DNS_ERROR)
			attempt_sign(&s->try, a.rcode ? DT_SIGN_DNS_RCODE : DT_SIGN_DNS_NO_SERVER);
		text(found, sizeof found, "rcode %u%s%s", a.rcode, rcode_name(a.rcode)[0] ? ", " : "", rcode_name(a.rcode));
		attempt_fail(ph, &s->try, f, f == DT_F_DNS_ERROR ? found : NULL);
	}
	s->busy = false;
	rearm(ph);
	done(ph, tag, &a);
}

void dns_timer(struct dt_phone *ph)
{
	uint64_t now = mono(ph);

	for (size_t i = 0; i < DNS_SLOTS; i++) {
		struct dns_slot *s = &ph->dns[i];
		struct dt_dns_answer a = {.status = s->local ? DT_DNS_ERROR : DT_DNS_TIMEOUT};

		if (!s->busy || s->deadline > now)
			continue;
		if (s->literal)
			a = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1, .rr[0].address = s->literal};
		dns_answered(ph, s, &a);
	}
	rearm(ph);
}

void dns_drop(struct dt_phone *ph)
{
	memset(ph->dns, 0, sizeof ph->dns);
	timer_off(ph, T_DNS);
}

/* RFC 2782: lowest priority first; among equals, in turn by weighted dice, those of weight 0 first in the list. */
void srv_sort(const struct dt_phone *ph, struct dt_dns_answer *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		uint32_t sum = 0, dice_at, run = 0;
		unsigned pick = i;

		for (unsigned j = i; j < a->n; j++) /* the lowest priority left */
			if (a->rr[j].priority < a->rr[pick].priority)
				pick = j;
		for (unsigned j = i; j < a->n; j++)
			sum += a->rr[j].priority == a->rr[pick].priority ? a->rr[j].weight : 0;
		dice_at = dice_below(ph, sum + 1);
		for (int heavy = 0; heavy < 2 && pick < a->n; heavy++) { /* "all those with weight 0 ... at the beginning" */
			uint16_t priority = a->rr[pick].priority;
			bool done = false;

			for (unsigned j = i; j < a->n && !done; j++) {
				if (a->rr[j].priority != priority || (a->rr[j].weight > 0) != heavy)
					continue;
				run += a->rr[j].weight;
				if (run >= dice_at) {
					pick = j;
					done = true;
				}
			}
			if (done)
				break;
		}
		if (pick != i) {
			struct dt_dns_rr t = a->rr[i];

			a->rr[i] = a->rr[pick];
			a->rr[pick] = t;
		}
	}
}
