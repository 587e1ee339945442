/* tests/support/check_web.c: one request, one answer. */
#include "tests/support/check_web.h"

#include "pki/cert.h"

static void taken(void *arg, struct web_answer *a)
{
	*(struct web_answer *)arg = *a;
	*a = (struct web_answer){.file = -1}; /* it has moved */
}

const char *ask_peer = "192.0.2.7";

void ask(struct web *w, struct web_conn *c, enum side side, const char *head, struct sv body, int64_t now,
		       struct web_answer *ret)
{
	struct msg *m = calloc(1, sizeof *m);
	struct msg_error err = {0};
	struct buf text = {0};
	struct web_request q = {.m = m, .tls = side <= HTTPS_OUT, .outside = side & 1, .peer = ask_peer, .unix_s = now};
	size_t used = 0, most;
	unsigned status = 0;
	struct buf headers = {0};

	buf_printf(&text, "%sHost: pool\r\nContent-Length: %zu\r\n\r\n", head, body.n);
	buf_sv(&text, body);
	{
		uint8_t *exact = exact_copy(text.p, text.n, text.n);

		assert_int_equal(msg_scan((char *)exact, text.n, MSG_HTTP, 1 << 21, m, &used, &err), MSG_OK);
		q.body = m->body;
		most = web_body_max(w, c, m, &(struct web_side){q.tls, q.outside}, &status, &headers);
		buf_free(&headers);
		*ret = (struct web_answer){.file = -1};
		web_handle(w, c, &q, taken, ret);
		if (most == 0) /* what the head is refused for, the whole is refused for */
			assert_int_equal(ret->status, status);
		free(exact);
	}
	free(m);
	buf_free(&text);
	assert_true(ret->status >= 200 && ret->status < 600);
}

const char *answer_header(const struct web_answer *a, const char *name)
{
	static char value[4096];
	struct sv rest = buf_view(&a->headers);

	while (rest.p && rest.n) {
		struct sv line = sv_cut(&rest, '\n'), v = sv_trim(line), n = sv_cut(&v, ':');

		if (sv_ieq(n, sv_of(name)) && sv_copy(value, sizeof value, sv_trim(v)))
			return value;
	}
	return NULL;
}

unsigned fault_of(const struct web_answer *a, struct soap_fault *f)
{
	xmlDocPtr doc = doc_of(a->body.p, a->body.n);

	assert_null(soap_fault_read(doc, f));
	xmlFreeDoc(doc);
	return f->error_id;
}

void root_pem(struct buf *pem)
{
	struct pki_key *k = pki_key_make(2048);
	struct pki_issue root = {.profile = PKI_CA, .cn = "Contoso Root", .not_before = 1700000000, .not_after = 2000000000};
	struct buf der = {0};

	assert_true(pki_issue(&root, k, k, NULL, 0, &der));
	pki_pem_add(pem, "CERTIFICATE", der.p, der.n);
	buf_free(&der);
	pki_key_free(k);
}
