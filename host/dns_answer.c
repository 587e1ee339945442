/* host/dns_answer.c: the records of a DNS answer (RFC 1035, RFC 2782), by c-ares. */
#include "host/dns_answer.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "base/cursor.h"
#include "base/sv.h"

#define RECORDS (sizeof((struct dt_dns_answer *)0)->rr / sizeof((struct dt_dns_answer *)0)->rr[0])

static void add_text(struct dt_dns_answer *a, const char *text)
{
	struct sv host = sv_of(text);

	if (sv_ends(host, SV(".")))
		host.n--;
	if (sv_copy(a->rr[a->n].target, sizeof a->rr[a->n].target, host))
		a->n++;
}

static void add_ipv6(struct dt_dns_answer *a, const void *address)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(AF_INET6, address, text, sizeof text))
		add_text(a, text);
}

static void add_srv(struct dt_dns_answer *a, const char *target, unsigned priority, unsigned weight, unsigned port)
{
	struct dt_dns_rr *rr = &a->rr[a->n];
	struct sv host = sv_of(target);

	if (sv_ends(host, SV(".")))
		host.n--;
	if (!sv_copy(rr->target, sizeof rr->target, host))
		return;
	rr->priority = (uint16_t)priority;
	rr->weight = (uint16_t)weight;
	rr->port = (uint16_t)port;
	a->n++;
}

#if ARES_VERSION >= 0x012200

void dns_answer_read(struct dt_dns_answer *a, const ares_dns_record_t *record)
{
	size_t count = ares_dns_record_rr_cnt(record, ARES_SECTION_ANSWER);
	ares_dns_rec_type_t type = ARES_REC_TYPE_A;
	ares_dns_class_t class;

	/* a CNAME before them is of another type */
	if (ares_dns_record_query_get(record, 0, NULL, &type, &class) != ARES_SUCCESS)
		count = 0;
	for (size_t i = 0; i < count && a->n < RECORDS; i++) {
		const ares_dns_rr_t *rr = ares_dns_record_rr_get_const(record, ARES_SECTION_ANSWER, i);

		if (rr == NULL || ares_dns_rr_get_type(rr) != type)
			continue;
		if (type == ARES_REC_TYPE_SRV)
			add_srv(a, ares_dns_rr_get_str(rr, ARES_RR_SRV_TARGET), ares_dns_rr_get_u16(rr, ARES_RR_SRV_PRIORITY),
				ares_dns_rr_get_u16(rr, ARES_RR_SRV_WEIGHT), ares_dns_rr_get_u16(rr, ARES_RR_SRV_PORT));
		else if (type == ARES_REC_TYPE_CNAME)
			add_text(a, ares_dns_rr_get_str(rr, ARES_RR_CNAME_CNAME));
		else if (type == ARES_REC_TYPE_AAAA)
			add_ipv6(a, ares_dns_rr_get_addr6(rr, ARES_RR_AAAA_ADDR));
		else
			a->rr[a->n++].address = ntohl(ares_dns_rr_get_addr(rr, ARES_RR_A_ADDR)->s_addr);
	}
	if (a->n == 0)
		a->status = DT_DNS_NODATA;
}

#else

static void read_srv(struct dt_dns_answer *a, const unsigned char *p, int n)
{
	struct ares_srv_reply *list = NULL;

	if (ares_parse_srv_reply(p, n, &list) != ARES_SUCCESS)
		return; /* an answer without a record of this type */
	for (struct ares_srv_reply *s = list; s && a->n < RECORDS; s = s->next)
		add_srv(a, s->host, s->priority, s->weight, s->port);
	ares_free_data(list);
}

/* Steps over a name: labels up to an empty one, or a pointer (RFC 1035 4.1.4). */
static void name_skip(struct rd *r)
{
	for (;;) {
		unsigned n = (unsigned)rd_be(r, 1);

		if (r->err || n == 0)
			return;
		if (n >= 0xc0) {
			rd_take(r, 1);
			return;
		}
		rd_take(r, n);
	}
}

static void add_data(struct dt_dns_answer *a, enum dt_rr type, struct sv data, const unsigned char *p, int n)
{
	struct rd r = rd_of(data.p, data.n);
	char *name = NULL;
	long taken = 0;

	if (type == DT_RR_A && data.n == 4)
		a->rr[a->n++].address = (uint32_t)rd_be(&r, 4);
	else if (type == DT_RR_AAAA && data.n == 16)
		add_ipv6(a, data.p);
	else if (type == DT_RR_CNAME && data.n && ares_expand_name((const unsigned char *)data.p, p, n, &name, &taken) == ARES_SUCCESS)
		add_text(a, name);
	ares_free_string(name);
}

/* ares_parse_a_reply() follows CNAMEs downwards only, and the order of an answer's records means nothing (RFC 1034 3.6): every
 * record of the type in the answer counts, as from 1.34 on. */
static void read_others(struct dt_dns_answer *a, enum dt_rr wanted, const unsigned char *p, int n)
{
	enum { CLASS_IN = 1 };
	struct rd r = rd_of(p, n > 0 ? (size_t)n : 0);
	unsigned questions, answers;

	rd_take(&r, 4);
	questions = (unsigned)rd_be(&r, 2);
	answers = (unsigned)rd_be(&r, 2);
	rd_take(&r, 4);
	for (; questions && r.err == NULL; questions--) {
		name_skip(&r);
		rd_take(&r, 4);
	}
	for (; answers && r.err == NULL && a->n < RECORDS; answers--) {
		unsigned type, class;
		struct sv data;

		name_skip(&r);
		type = (unsigned)rd_be(&r, 2);
		class = (unsigned)rd_be(&r, 2);
		rd_take(&r, 4);
		data.n = (size_t)rd_be(&r, 2);
		data.p = (const char *)rd_take(&r, data.n);
		if (r.err == NULL && type == (unsigned)wanted && class == CLASS_IN)
			add_data(a, wanted, data, p, n);
	}
}

void dns_answer_read(struct dt_dns_answer *a, enum dt_rr type, const unsigned char *p, int n)
{
	if (type == DT_RR_SRV)
		read_srv(a, p, n);
	else
		read_others(a, type, p, n);
	if (a->n == 0)
		a->status = DT_DNS_NODATA;
}

#endif
