/* tests/support/ticket_world.c: a ticket, its key, and the envelope that carries it. */
#include "tests/support/ticket_world.h"

struct ticket_world w;

const uint8_t seal_key[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

const char *at(const struct buf *b, const char *what)
{
	const char *p = memmem(b->p, b->n, what, strlen(what));

	assert_non_null(p);
	return p;
}

void envelope(struct buf *b, struct sv security, const char *body)
{
	buf_str(b, "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:unused=\"urn:not:used\"><s:Header>");
	buf_sv(b, security);
	buf_str(b, "</s:Header><s:Body>");
	buf_str(b, body);
	buf_str(b, "</s:Body></s:Envelope>");
}

static void ticket_of(struct ticket *t, struct soap_issued *m, const char *user)
{
	*t = (struct ticket){.id = "SamlSecurityToken-00112233-4455-4677-8899-aabbccddeeff",
			     .issuer = ISSUER,
			     .audience = AUDIENCE,
			     .method = "pin",
			     .issued = NOW,
			     .not_before = NOW,
			     .not_after = NOW + 28800};
	snprintf(t->user, sizeof t->user, "%s", user);
	memset(t->proof, 0x5a, sizeof t->proof);
	*m = (struct soap_issued){.created = NOW, .expires = NOW + 28800};
	snprintf(m->assertion_id, sizeof m->assertion_id, "%s", t->id);
	soap_lifetime_write(&m->lifetime, m->created, m->expires);
	assert_true(ticket_write(&m->assertion, t, w.key, seal_key, "fe01 ticket key 1"));
}

int ticket_setup(void **state)
{
	struct pki_issue what = {.profile = PKI_CODE, .cn = "ticket", .not_before = NOW - 10, .not_after = NOW + 86400};

	(void)state;
	assert_true(ticket_init());
	w.key = pki_key_make(2048);
	w.other = pki_key_make(2048);
	assert_true(pki_issue(&what, w.key, w.key, NULL, 0, &w.cert));
	assert_true(pki_issue(&what, w.other, w.other, NULL, 0, &w.other_cert));
	ticket_of(&w.ticket, &w.issued, "sip:alice@contoso.test");
	return 0;
}

int ticket_teardown(void **state)
{
	(void)state;
	pki_key_free(w.key);
	pki_key_free(w.other);
	buf_free(&w.cert);
	buf_free(&w.other_cert);
	soap_issued_clear(&w.issued);
	return 0;
}

const char *check(struct sv env, int64_t now, struct ticket *t)
{
	uint8_t *c = exact_copy(env.p, env.n, env.n);
	const char *why = ticket_check(c, env.n, w.cert.p, w.cert.n, seal_key, AUDIENCE, ISSUER, now, t);

	free(c);
	return why;
}

void good_envelope(struct buf *env)
{
	struct buf sec = {0};

	assert_true(ticket_present(&sec, &w.issued, w.ticket.proof, sizeof w.ticket.proof));
	envelope(env, buf_view(&sec), "<x/>");
	buf_free(&sec);
}

void replace(struct buf *b, const char *old, const char *new)
{
	struct buf out = {0};
	size_t i = (size_t)(at(b, old) - (const char *)b->p);

	buf_add(&out, b->p, i);
	buf_str(&out, new);
	buf_add(&out, b->p + i + strlen(old), b->n - i - strlen(old));
	buf_cstr(&out);
	buf_free(b);
	*b = out;
}

char *between(const struct buf *b, const char *from, const char *to)
{
	const char *p = at(b, from), *e;

	e = memmem(p, b->n - (size_t)(p - (const char *)b->p), to, strlen(to));
	assert_non_null(e);
	return sv_dup((struct sv){p, (size_t)(e - p) + strlen(to)});
}

char *joined(const char *a, const char *b, const char *c)
{
	struct buf out = {0};

	buf_str(&out, a);
	buf_str(&out, b);
	buf_str(&out, c);
	return (char *)buf_cstr(&out);
}

void refuse_forgery(const char *name, struct buf *env, const char *words)
{
	struct ticket t = {0};
	const char *why = check(buf_view(env), NOW + 10, &t);

	if (why == NULL ? words != NULL : words == NULL || strcmp(why, words) != 0)
		fail_msg("%s: %s, not: %s", name, why ? why : "accepted", words ? words : "accepted");
	if (why == NULL && strcmp(t.user, "sip:alice@contoso.test") != 0)
		fail_msg("%s: made %s of it", name, t.user);
	buf_free(env);
}
