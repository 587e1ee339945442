/* tests/unit/auth/test_ticket.c: web tickets against the vectors of [web-services 7, 15], and both ends together. */
#include "tests/support/ticket_world.h"

#include "base/date.h"

#define VECTOR_TIME 1768467600 /* 2026-01-15T09:00:00Z */

static void soap_vector(struct buf *b, const char *name)
{
	const char *dir = getenv("TEST_VECTORS");
	char path[4096];

	snprintf(path, sizeof path, "%s/soap/%s", dir ? dir : "tests/vectors", name);
	assert_int_equal(file_read(path, 1 << 20, b), 0);
	buf_cstr(b);
}

/* ---- the client's side ------------------------------------------------------------------------------------ */

static void proof_vector(uint8_t proof[32])
{
	uint8_t client[32], server[32];

	for (uint8_t i = 0; i < 32; i++)
		client[i] = i, server[i] = (uint8_t)(32 + i);
	pki_p_sha1(client, 32, server, 32, proof, 32);
}

static void presents_as_sipe_does(void **state)
{
	struct buf issued = {0}, stamp = {0}, info = {0}, out = {0}, want = {0};
	struct soap_issued m = {0};
	uint8_t proof[32];

	(void)state;
	proof_vector(proof);
	hex_of(&want, "df59132c2af6d230e4337732076a14561694be12838cc00203d63c816653d75b");
	assert_memory_equal(proof, want.p, 32);
	soap_vector(&issued, "issued.xml");
	soap_vector(&stamp, "timestamp.xml");
	soap_vector(&info, "signed_info.xml");
	assert_null(soap_issued_read(issued.p, issued.n, &m));
	assert_true(ticket_present(&out, &m, proof, sizeof proof));
	at(&out, buf_cstr(&stamp));
	at(&out, buf_cstr(&info));
	at(&out, "<SignatureValue>4t0ChK+a0pqY9ASwRI8EaMkKWCY=</SignatureValue>");
	buf_cstr(&m.assertion);
	at(&out, (const char *)m.assertion.p);
	soap_issued_clear(&m);
	buf_free(&issued);
	buf_free(&stamp);
	buf_free(&info);
	buf_free(&out);
	buf_free(&want);
}

/* The whole envelope of 8.1: its proof signature is real, and the server's half of the code says so. */
static void proof_signature_of_the_vector(void **state)
{
	static const char *const methods[] = {ALG_HMAC_SHA1, NULL}, *const digests[] = {ALG_SHA1, NULL};
	static const struct sig_rule rule = {methods, digests, .references = 1};
	uint8_t proof[32];

	(void)state;
	proof_vector(proof);
	for (int wrong = 0; wrong < 2; wrong++) {
		struct buf text = {0}, data[SIG_REFERENCES] = {0}, stamp = {0};
		const char *why;
		xmlDocPtr doc;
		xmlNodePtr sec;
		struct sig s;
		char id[64];

		proof[31] ^= (uint8_t)wrong;
		soap_vector(&text, "cert.xml");
		doc = xml_read(text.p, text.n, &why);
		assert_non_null(doc);
		sec = soap_security(doc);
		assert_null(sig_read(xml_child(sec, NS_DS, "Signature"), &rule, &s));
		assert_true(sig_id(xml_child(sec, NS_WSU, "Timestamp"), NS_WSU, "Id", id, sizeof id));
		why = sig_verify_hmac(&s, proof, sizeof proof, data);
		if (wrong) {
			assert_string_equal(why, "the signature is not good");
		} else {
			assert_null(why);
			soap_vector(&stamp, "timestamp.xml");
			assert_true(sv_eq(buf_view(&data[0]), buf_view(&stamp)));
		}
		xmlFreeDoc(doc);
		buf_free(&text);
		buf_free(&data[0]);
		buf_free(&stamp);
	}
}

/* ---- the user's certificate (6.2) --------------------------------------------------------------------------- */

static void x509_vector(void **state)
{
	struct buf text = {0}, der = {0};
	struct pki_cert_info info;

	(void)state;
	soap_vector(&text, "issue_x509.xml");
	assert_null(ticket_check_x509(text.p, text.n, VECTOR_TIME + 60, &der));
	assert_null(pki_cert_info(der.p, der.n, &info));
	assert_string_equal(info.subject_cn, "anna@contoso.example");
	der.n = 0;
	assert_non_null(ticket_check_x509(text.p, text.n, VECTOR_TIME + 301, &der));
	assert_non_null(ticket_check_x509(text.p, text.n, VECTOR_TIME - 301, &der));
	assert_int_equal(der.n, 0);
	for (size_t n = 0; n < text.n; n++) {
		uint8_t *c = exact_copy(text.p, text.n, n);
		size_t last = text.n; /* behind the root only white space may be missing */

		while (text.p[last - 1] == '\n')
			last--;
		if (n < last)
			assert_non_null(ticket_check_x509(c, n, VECTOR_TIME, &der));
		free(c);
	}
	buf_free(&text);
	buf_free(&der);
}

static void x509_both_ends(void **state)
{
	(void)state;
	for (int sha1 = 0; sha1 < 2; sha1++) {
		struct buf sec = {0}, env = {0}, der = {0};

		assert_true(ticket_sign_x509(&sec, w.key, w.cert.p, w.cert.n, NOW, sha1));
		envelope(&env, buf_view(&sec), "<x/>");
		assert_null(ticket_check_x509(env.p, env.n, NOW + 20, &der));
		assert_true(sv_eq(buf_view(&der), buf_view(&w.cert)));
		buf_free(&sec);
		buf_free(&env);
		buf_free(&der);
	}
	{ /* another's certificate under our signature */
		struct buf sec = {0}, env = {0}, der = {0};

		assert_true(ticket_sign_x509(&sec, w.key, w.other_cert.p, w.other_cert.n, NOW, false));
		envelope(&env, buf_view(&sec), "<x/>");
		assert_non_null(ticket_check_x509(env.p, env.n, NOW, &der));
		assert_int_equal(der.n, 0);
		buf_free(&sec);
		buf_free(&env);
	}
}

/* ---- a ticket, both ends ------------------------------------------------------------------------------------ */

static void both_ends(void **state)
{
	struct ticket t = {0}, old;
	struct buf env = {0};
	const char *why;

	(void)state;
	good_envelope(&env);
	why = check(buf_view(&env), NOW + 100, &t);
	assert_null(why);
	assert_string_equal(t.user, "sip:alice@contoso.test");
	assert_string_equal(t.method, "pin");
	assert_string_equal(t.id, w.ticket.id);
	assert_memory_equal(t.proof, w.ticket.proof, 32);
	assert_true(t.issued == NOW && t.not_after == NOW + 28800 && !t.bearer);
	assert_null(check(buf_view(&env), NOW + 28799, &t));
	old = t;
	refused(check(buf_view(&env), NOW + 28800, &t), "the Timestamp has expired"); /* no skew there */
	refused(check(buf_view(&env), NOW - 301, &t), "the ticket is not valid yet");
	assert_null(check(buf_view(&env), NOW - 299, &t));
	refused(ticket_check(env.p, env.n, w.other_cert.p, w.other_cert.n, seal_key, AUDIENCE, ISSUER, NOW, &t),
		"the signature is not good");
	refused(ticket_check(env.p, env.n, w.cert.p, w.cert.n, w.ticket.proof, AUDIENCE, ISSUER, NOW, &t),
		"the proof key cannot be opened");
	refused(ticket_check(env.p, env.n, w.cert.p, w.cert.n, seal_key, "https://other/", ISSUER, NOW, &t),
		"the ticket is for another service");
	refused(ticket_check(env.p, env.n, w.cert.p, w.cert.n, seal_key, AUDIENCE, "https://pool2/", NOW, &t),
		"the ticket is from another pool");
	assert_memory_equal(&t, &old, sizeof t); /* untouched by refusals */
	buf_free(&env);
}

/* Canonical as it stands: SIPE pastes it elsewhere; and the signature of an independent reader's view fits. */
static void assertion_is_canonical(void **state)
{
	struct buf again = {0};
	const char *why;
	xmlDocPtr doc = xml_read(w.issued.assertion.p, w.issued.assertion.n, &why);

	(void)state;
	assert_non_null(doc);
	assert_true(xml_canonical(xmlDocGetRootElement(doc), &again));
	assert_true(sv_eq(buf_view(&again), buf_view(&w.issued.assertion)));
	xmlFreeDoc(doc);
	buf_free(&again);
}

static void cut_and_bent(void **state)
{
	struct buf env = {0};
	struct ticket t = {0}, none = {0};
	size_t from, to;

	(void)state;
	good_envelope(&env);
	for (size_t n = 0; n < env.n; n += n < 600 ? 1 : 13) {
		assert_non_null(check((struct sv){(const char *)env.p, n}, NOW, &t));
	}
	/* every octet of the assertion counts, but for those of its signature's KeyInfo, which is not looked at */
	from = (size_t)(at(&env, "<saml:Assertion") - (const char *)env.p);
	to = (size_t)(at(&env, "<ds:KeyInfo><ds:KeyName>fe01 ticket key 1</ds:KeyName></ds:KeyInfo></ds:Signature>") -
		      (const char *)env.p);
	for (size_t i = from; i < to; i += 5) {
		uint8_t was = env.p[i];

		if (was == ' ' || was == '\n' || memcmp(env.p + i + 1, "==<", 3) == 0)
			continue; /* white space between attributes; base64's last digit has four bits to spare */
		env.p[i] = was == 'q' ? 'r' : 'q';
		if (check(buf_view(&env), NOW, &t) == NULL)
			fail_msg("octet %zu does not count: %.40s", i, (const char *)env.p + i - 20);
		env.p[i] = was;
	}
	assert_memory_equal(&t, &none, sizeof t);
	assert_null(check(buf_view(&env), NOW, &t));
	buf_free(&env);
}

static void bearer(void **state)
{
	struct ticket t = {.id = "SamlSecurityToken-b", .issuer = ISSUER, .audience = AUDIENCE, .user = "sip:bob@contoso.test",
			   .method = "ntlm", .issued = NOW, .not_before = NOW, .not_after = NOW + 600, .bearer = true};
	struct ticket got = {0};
	struct buf sec = {0}, env = {0};

	(void)state;
	buf_str(&sec, "<o:Security xmlns:o=\"" NS_WSSE "\"><u:Timestamp xmlns:u=\"" NS_WSU "\">");
	soap_lifetime_write(&sec, NOW, NOW + 600);
	buf_str(&sec, "</u:Timestamp>");
	assert_true(ticket_write(&sec, &t, w.key, seal_key, "k"));
	buf_str(&sec, "</o:Security>");
	envelope(&env, buf_view(&sec), "<x/>");
	assert_null(check(buf_view(&env), NOW, &got));
	assert_true(got.bearer);
	assert_string_equal(got.method, "ntlm");
	buf_free(&sec);
	buf_free(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(presents_as_sipe_does),
	    cmocka_unit_test(proof_signature_of_the_vector),
	    cmocka_unit_test(x509_vector),
	    cmocka_unit_test(x509_both_ends),
	    cmocka_unit_test(both_ends),
	    cmocka_unit_test(assertion_is_canonical),
	    cmocka_unit_test(cut_and_bent),
	    cmocka_unit_test(bearer),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ticket", tests, ticket_setup, ticket_teardown);
}
