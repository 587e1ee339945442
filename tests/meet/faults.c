/* tests/meet/faults.c: Helpers for the tables of faults. */
#include "tests/meet/faults.h"

#include <unistd.h>

void fault_nothing(struct meet *m)
{
	(void)m;
}

void fault_silent_at(struct meet *m, uint32_t address, uint16_t port, enum meet_service service)
{
	m->listener[m->nlistener++] = (struct meet_listener){.address = address, .port = port, .service = service, .silent = true};
}

void fault_host(struct dt_dns_answer *ret, uint32_t address)
{
	*ret = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1};
	ret->rr[0].address = address;
}

void fault_retired(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	(void)m;
	if (type == DT_RR_A && sv_ieq(sv_of(name), SV("retired.contoso.test")))
		fault_host(ret, FAULT_RETIRED);
}

void fault_certified(struct meet *m, bool foreign, const char *const *names)
{
	static const char *const ca_names[] = {NULL};
	const struct meet_keys *k = meet_keys();
	struct pki_key *const ca = foreign ? k->phone[0] : k->root;
	struct pki_issue root = {.profile = PKI_CA, .cn = "Fabrikam Root CA", .names = ca_names, .not_before = MEET_TIME - 86400,
				 .not_after = MEET_TIME + 365 * 86400LL};
	struct pki_issue leaf = {.profile = PKI_SERVER, .cn = names[0], .names = names, .not_before = MEET_TIME - 86400,
				 .not_after = MEET_TIME + 365 * 86400LL};
	struct buf ca_der = {0}, der = {0}, pem = {0};
	struct tls_server_conf c = {.profile = TLS_MODERN, .key = k->server};
	bool ok = !foreign || pki_issue(&root, ca, ca, NULL, 0, &ca_der);

	if (!foreign)
		buf_sv(&ca_der, buf_view(&k->root_der));
	ok = ok && pki_issue(&leaf, k->server, ca, ca_der.p, ca_der.n, &der);
	pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
	pki_pem_add(&pem, "CERTIFICATE", ca_der.p, ca_der.n);
	c.cert_pem = buf_view(&pem);
	m->other_ctx = ok ? tls_ctx_server(&c) : NULL;
	meet_listener(m, MEET_FE, 443)->tls = m->other_ctx;
	buf_free(&ca_der);
	buf_free(&der);
	buf_free(&pem);
}

const char *const fault_all_names[] = {"fe01.contoso.test", "sip.contoso.test", "ucupdates-r2.contoso.test", NULL};

void fault_answer(struct web_answer *a, unsigned status, const char *type, struct sv body)
{
	if (a->file >= 0)
		close(a->file);
	a->file = -1;
	a->status = status;
	buf_clear(&a->body);
	buf_sv(&a->body, body);
	snprintf(a->type, sizeof a->type, "%s", type);
}
