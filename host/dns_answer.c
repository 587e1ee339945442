/* host/dns_answer.c: the records of a DNS answer (RFC 1035, RFC 2782), by c-ares. */
#include "host/dns_answer.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "base/sv.h"

#define RECORDS (sizeof((struct dt_dns_answer *)0)->rr / sizeof((struct dt_dns_answer *)0)->rr[0])

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

static void read_a(struct dt_dns_answer *a, const unsigned char *p, int n)
{
	struct ares_addrttl list[RECORDS];
	int count = RECORDS;

	if (ares_parse_a_reply(p, n, NULL, list, &count) != ARES_SUCCESS)
		return;
	for (int i = 0; i < count; i++)
		a->rr[a->n++].address = ntohl(list[i].ipaddr.s_addr);
}

void dns_answer_read(struct dt_dns_answer *a, enum dt_rr type, const unsigned char *p, int n)
{
	if (type == DT_RR_SRV)
		read_srv(a, p, n);
	else
		read_a(a, p, n);
	if (a->n == 0)
		a->status = DT_DNS_NODATA;
}

#endif
