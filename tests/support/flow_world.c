/* tests/support/flow_world.c: the Web Services and the real vault together, and the phone's side of asking
 * them. */
#include "tests/support/flow_world.h"

struct buf chain_pem;

int flow_setup(void **state)
{
	struct flow *f = calloc(1, sizeof *f);
	struct web_conf conf = {.chain_pem = buf_view(&chain_pem)};
	void *world;

	assert_non_null(f);
	setup(&world);
	f->v = world;
	strcpy(f->v->site.external_web_fqdn, "web.contoso.example");
	f->v->site.external_https = 443;
	conf.site = &f->v->site;
	conf.vault = &f->v->link;
	f->alice = person(f->v, ALICE, "CONTOSO\\alice", "+14255550123", "4411", "73914");
	f->bob = person(f->v, BOB, "CONTOSO\\bob", "+14255550124", "4412", "60482");
	f->w = web_new(&conf);
	f->c = web_conn_new();
	assert_true(f->w && f->c);
	*state = f;
	return 0;
}

int flow_teardown(void **state)
{
	struct flow *f = *state;
	void *world = f->v;

	web_conn_free(f->c);
	web_free(f->w);
	teardown(&world);
	free(f);
	return 0;
}

unsigned go(struct flow *f, enum side side, const char *head, struct sv body, struct web_answer *a)
{
	ask(f->w, f->c, side, head, body, f->v->now, a);
	return a->status;
}

void want(struct flow *f, bool outside, struct soap_issue *m)
{
	*m = (struct soap_issue){.context = "ctx", .nentropy = 32};
	site_certprov_auth_url(&f->v->site, outside, m->applies_to);
	for (uint8_t i = 0; i < 32; i++)
		m->entropy[i] = (uint8_t)(i + 1);
}

void take(const struct web_answer *a, const struct soap_issue *m, struct proof *ret)
{
	assert_int_equal(a->status, 200);
	assert_null(soap_issued_read(a->body.p, a->body.n, &ret->issued));
	pki_p_sha1(m->entropy, m->nentropy, ret->issued.entropy, ret->issued.nentropy, ret->key,
		   sizeof ret->key);
}

unsigned by_pin(struct flow *f, enum side side, const char *number, const char *pin, struct proof *ret)
{
	struct buf b = {0}, header = {0};
	struct web_answer a;
	struct soap_issue m;
	struct soap_fault fault;
	unsigned id = 0;

	want(f, side == HTTPS_OUT, &m);
	soap_username_write(&header, number, pin);
	soap_issue_write(&b, &m, buf_view(&header));
	if (go(f, side, SOAP_POST(WTS "/pin"), buf_view(&b), &a) == 200) {
		if (ret)
			take(&a, &m, ret);
	} else {
		id = fault_of(&a, &fault);
		assert_true(id != 0);
	}
	web_answer_clear(&a);
	buf_free(&b);
	buf_free(&header);
	return id;
}

void request(struct flow *f, bool outside, const struct proof *p, const char *entity, struct buf *b)
{
	struct soap_cert q = {
	    .device_id = "{4b1682a8-f968-5701-83fc-7c6741dc6697}", .message_id = "uuid:1", .request_id = "r"};
	struct buf sec = {0};

	site_certprov_auth_url(&f->v->site, outside, q.to);
	strcpy(q.entity, entity);
	assert_true(pki_csr_make(keys.phone, entity, false, &q.csr));
	assert_true(ticket_present(&sec, &p->issued, p->key, sizeof p->key));
	buf_clear(b);
	soap_cert_write(b, &q, buf_view(&sec));
	buf_free(&sec);
	soap_cert_clear(&q);
}

unsigned publish(struct flow *f, enum side side, struct sv body, struct buf *der)
{
	struct soap_cert_answer m = {0};
	struct soap_fault fault;
	struct web_answer a;
	xmlDocPtr doc;
	unsigned id;

	if (go(f, side, PUBLISH, body, &a) == 200) {
		doc = doc_of(a.body.p, a.body.n);
		assert_null(soap_cert_answer_read(doc, &m));
		xmlFreeDoc(doc);
		id = m.cert.n ? 0 : m.error_id;
		assert_true(m.cert.n || id);
		if (der)
			buf_sv(der, buf_view(&m.cert));
		soap_cert_answer_clear(&m);
	} else {
		assert_true(a.status == 500 || a.status == 403); /* 403: no access from outside */
		id = fault_of(&a, &fault);
		if (id == 0)
			id = 1;
	}
	web_answer_clear(&a);
	return id;
}

static bool count_one(void *arg, const struct store_cert *c)
{
	(void)c;
	++*(unsigned *)arg;
	return true;
}

unsigned certificates(struct flow *f)
{
	unsigned n = 0;

	f->v->store->ops->cert_each(f->v->store, 0, count_one, &n);
	return n;
}

char *swap(char *text, const char *from, const char *to)
{
	size_t nf = strlen(from), nt = strlen(to);
	struct buf b = {0};
	char *at = text, *hit, *ret;

	if (strstr(text, from) == NULL)
		fail_msg("not there: %s", from);
	while ((hit = strstr(at, from)) != NULL) {
		buf_add(&b, at, (size_t)(hit - at));
		buf_add(&b, to, nt);
		at = hit + nf;
	}
	buf_str(&b, at);
	ret = sv_dup(buf_view(&b));
	buf_free(&b);
	free(text);
	return ret;
}

char *cut(const char *text, const char *from, const char *to)
{
	const char *a = strstr(text, from), *z = a ? strstr(a, to) : NULL;

	assert_non_null(z);
	return sv_dup((struct sv){a, (size_t)(z + strlen(to) - a)});
}

char *join(const char *fmt, ...)
{
	va_list ap;
	char *ret;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&ret, fmt, ap);
	va_end(ap);
	assert_true(n >= 0);
	return ret;
}

int flow_group_setup(void **state)
{
	group_setup(state);
	pki_pem_add(&chain_pem, "CERTIFICATE", keys.ca_der.p, keys.ca_der.n);
	return 0;
}

int flow_group_teardown(void **state)
{
	buf_free(&chain_pem);
	return group_teardown(state);
}
