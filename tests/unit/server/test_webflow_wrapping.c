/* tests/unit/server/test_webflow_wrapping.c: signature wrapping, on the assertion and on the Timestamp, and spoiled requests.
 *
 * The published forms of the attack (McIntosh and Austel 2005; Somorovsky and others 2012, XSW1 to 8), and what else is done to
 * signatures.  Bob has a right to a ticket, and wants to be Alice.
 */
#include "tests/support/flow_world.h"

/* A request of Bob's that is answered with a certificate, and its parts. */
struct parts {
	struct proof proof;
	char *good, *body_alice; /* body_alice: Entity is Alice */
	char *assertion, *signature, *bare; /* bare: the assertion without its signature */
	char *evil, *evil_id; /* the bare one with Alice's name; and with an id of its own */
	char *closed, *cid; /* evil and evil_id without their end tag */
	char *stamp, *key_sig;
};

static void parts_make(struct flow *f, struct parts *p)
{
	struct buf b = {0};
	char *id;

	*p = (struct parts){.good = NULL};
	assert_int_equal(by_pin(f, HTTPS_IN, "4412", "60482", &p->proof), 0);
	request(f, false, &p->proof, BOB, &b);
	p->good = sv_dup(buf_view(&b));
	assert_int_equal(publish(f, HTTPS_IN, sv_of(p->good), NULL), 0);
	assert_int_equal(certificates(f), 1);
	p->body_alice = swap(sv_dup(sv_of(p->good)), "Entity=\"" BOB "\"", "Entity=\"" ALICE "\"");
	p->assertion = cut(p->good, "<saml:Assertion ", "</saml:Assertion>");
	p->signature = cut(p->assertion, "<ds:Signature", "</ds:Signature>");
	p->bare = swap(sv_dup(sv_of(p->assertion)), p->signature, "");
	p->evil = swap(sv_dup(sv_of(p->bare)), "sip:" BOB, "sip:" ALICE);
	id = join("AssertionID=\"%s\"", p->proof.issued.assertion_id);
	p->evil_id = swap(sv_dup(sv_of(p->evil)), id, "AssertionID=\"SamlSecurityToken-evil\"");
	p->closed = swap(sv_dup(sv_of(p->evil)), "</saml:Assertion>", "");
	p->cid = swap(sv_dup(sv_of(p->evil_id)), "</saml:Assertion>", "");
	p->stamp = cut(p->good, "<wsu:Timestamp", "</wsu:Timestamp>");
	p->key_sig = cut(strstr(p->good, "</saml:Assertion>"), "<Signature", "</Signature>");
	free(id);
	buf_free(&b);
}

/* The only certificate is still Bob's, of the beginning. */
static void parts_end(struct flow *f, struct parts *p)
{
	char *const all[] = {p->good,	 p->body_alice, p->assertion, p->signature, p->bare,	p->evil,
			     p->evil_id, p->closed,	p->cid,	      p->stamp,	    p->key_sig};

	assert_int_equal(certificates(f), 1);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
	soap_issued_clear(&p->proof.issued);
}

/* Sends it, and frees it. */
static void attack(struct flow *f, const char *what, char *text)
{
	unsigned got = publish(f, HTTPS_IN, sv_of(text), NULL);

	if (got == 0 || got == 28001)
		fail_msg("%s: answered with %u", what, got);
	free(text);
}

/* With this in the assertion's place, which is freed. */
static void instead(struct flow *f, const struct parts *p, const char *what, char *to)
{
	attack(f, what, swap(sv_dup(sv_of(p->body_alice)), p->assertion, to));
	free(to);
}

/* With this in another text's place. */
static void changed(struct flow *f, const char *what, const char *text, const char *from, const char *to)
{
	attack(f, what, swap(sv_dup(sv_of(text)), from, to));
}

/* XSW1, 2: the forged one beside the signed one, before and behind, with its own id and the same. */
static void forged_beside_signed(void **state)
{
	struct flow *f = *state;
	struct parts p;

	parts_make(f, &p);
	/* the plain lie, and none of a signature */
	changed(f, "another name inside the signed assertion", p.body_alice, "sip:" BOB, "sip:" ALICE);
	instead(f, &p, "no signature at all", join("%s", p.evil));
	instead(f, &p, "forged before signed", join("%s%s", p.evil_id, p.assertion));
	instead(f, &p, "forged behind signed", join("%s%s", p.assertion, p.evil_id));
	instead(f, &p, "forged before signed, the same id", join("%s%s", p.evil, p.assertion));
	instead(f, &p, "forged behind signed, the same id", join("%s%s", p.assertion, p.evil));
	parts_end(f, &p);
}

/* XSW3 to 8: the signed one within the forged one, within its signature, within an element of another name. */
static void signed_within_forged(void **state)
{
	struct flow *f = *state;
	char *sig_object, *in_object;
	struct parts p;

	parts_make(f, &p);
	/* XSW3, 4 */
	instead(f, &p, "signed within forged", join("%s%s</saml:Assertion>", p.cid, p.assertion));
	instead(f, &p, "the signature in the forged, what it signed beside it",
		join("%s%s%s</saml:Assertion>", p.cid, p.signature, p.bare));
	instead(f, &p, "the signature in the forged, what it signed behind it",
		join("%s%s</saml:Assertion>%s", p.cid, p.signature, p.bare));
	instead(f, &p, "the same id twice, nested", join("%s%s%s</saml:Assertion>", p.closed, p.signature, p.bare));
	/* XSW5, 6 */
	sig_object = swap(sv_dup(sv_of(p.signature)), "</ds:Signature>", "");
	in_object = join("%s<ds:Object>%s</ds:Object></ds:Signature>", sig_object, p.bare);
	instead(f, &p, "signed in the signature's Object", join("%s%s</saml:Assertion>", p.cid, in_object));
	instead(f, &p, "signed in the signature's Object, the same id", join("%s%s</saml:Assertion>", p.closed, in_object));
	free(sig_object);
	free(in_object);
	/* XSW7, 8 */
	instead(f, &p, "signed in Extensions", join("%s<Extensions>%s</Extensions></saml:Assertion>", p.cid, p.assertion));
	instead(f, &p, "signed in Advice", join("%s<saml:Advice>%s</saml:Advice>%s</saml:Assertion>", p.cid, p.bare, p.signature));
	instead(f, &p, "signed in a wrapper of Security", join("%s<Wrapper>%s</Wrapper>", p.evil, p.assertion));
	parts_end(f, &p);
}

/* The signed one elsewhere in the envelope, and two of what there is one of. */
static void signed_elsewhere(void **state)
{
	struct flow *f = *state;
	struct parts p;
	char *x;

	parts_make(f, &p);
	x = swap(sv_dup(sv_of(p.body_alice)), p.assertion, p.evil);
	x = swap(x, "</soap:Body>", "<Old/></soap:Body>");
	attack(f, "signed in the Body", swap(x, "<Old/>", p.assertion));
	x = swap(sv_dup(sv_of(p.body_alice)), p.assertion, p.evil);
	x = swap(x, "</soap:Header>", "<Old/></soap:Header>");
	attack(f, "signed in the Header", swap(x, "<Old/>", p.assertion));
	changed(f, "two Security headers", p.body_alice, "</soap:Header>", "<wsse:Security/></soap:Header>");
	instead(f, &p, "two Security headers, each with an assertion",
		join("%s</wsse:Security><wsse:Security xmlns:wsse=\"" NS_WSSE "\">%s", p.assertion, p.evil));
	changed(f, "two Headers", p.body_alice, "</soap:Header>", "</soap:Header><soap:Header/>");
	changed(f, "two Bodies", p.good, "<soap:Body>", "<soap:Body><X/></soap:Body><soap:Body>");
	parts_end(f, &p);
}

static void what_the_ticket_signs(void **state)
{
	struct flow *f = *state;
	struct parts p;

	parts_make(f, &p);
	/* comments in the name: the canonical form leaves them out */
	changed(f, "a name cut short by a comment", p.body_alice, "sip:" BOB, "sip:" ALICE "<!---->." BOB);
	changed(f, "rsa-sha256 called hmac-sha1", p.body_alice, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
		"http://www.w3.org/2000/09/xmldsig#hmac-sha1");
	changed(f, "a reference to nothing", p.body_alice, "<ds:Reference URI=\"#", "<ds:Reference URI=\"#no");
	changed(f, "a reference to the whole", p.body_alice, "<ds:Transforms>",
		"<ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>1</ds:XPath>"
		"</ds:Transform>");
	parts_end(f, &p);
}

/* The Timestamp and its proof: here Bob's own ticket is good, and the attack is a proof with a key that the client does not
 * have. */
static void the_timestamp_and_its_proof(void **state)
{
#define HMAC "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
	struct flow *f = *state;
	char *late, *longer, *no_proof, *x;
	struct parts p;

	parts_make(f, &p);
	late = swap(sv_dup(sv_of(p.stamp)), "wsu:Id=\"timestamp\"", "wsu:Id=\"other\"");
	longer = swap(sv_dup(sv_of(p.stamp)), "<Expires", "<Expires x=\"\"");
	no_proof = swap(sv_dup(sv_of(p.good)), p.key_sig, "");
	attack(f, "no proof", sv_dup(sv_of(no_proof)));
	x = join("%s%s", late, p.stamp);
	changed(f, "two Timestamps", p.good, p.stamp, x);
	free(x);
	x = join("%s<W>%s</W>", late, p.stamp);
	changed(f, "the signed Timestamp in a wrapper", p.good, p.stamp, x);
	free(x);
	x = join("%s<W>%s</W>", longer, p.stamp);
	changed(f, "the same id twice, the signed one hidden", p.good, p.stamp, x);
	free(x);
	x = join("<W>%s</W>%s", p.stamp, longer);
	changed(f, "the same id twice, the signed one hidden first", p.good, p.stamp, x);
	free(x);
	changed(f, "another time", p.good, "</Expires></wsu:Timestamp>", "1</Expires></wsu:Timestamp>");
	changed(f, "a shorter HMAC", p.good, "<SignatureMethod Algorithm=\"" HMAC "\"></SignatureMethod>",
		"<SignatureMethod Algorithm=\"" HMAC "\"><HMACOutputLength>8</HMACOutputLength></SignatureMethod>");
	changed(f, "another KeyIdentifier", p.good, "#SAMLAssertionID\">", "#SAMLAssertionID\">x");
	x = swap(sv_dup(sv_of(no_proof)), "</saml:Assertion>", "</saml:Assertion><P/><P/>");
	attack(f, "two proofs", swap(x, "<P/>", p.key_sig));
	free(late);
	free(longer);
	free(no_proof);
	parts_end(f, &p);
}

/* Every octet of a good request spoiled in turn, and every prefix: never a certificate for another, never a crash. */
static void spoiled_requests(void **state)
{
	struct flow *f = *state;
	struct proof p = {0};
	struct buf b = {0}, der = {0};
	struct pki_cert_info info;

	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &p), 0);
	request(f, false, &p, ALICE, &b);
	for (size_t n = 0; n < b.n - 1; n += 37)
		assert_true(publish(f, HTTPS_IN, (struct sv){(char *)b.p, n}, NULL) != 0);
	for (size_t i = 0; i < b.n; i += 13) {
		uint8_t was = b.p[i];

		b.p[i] ^= (uint8_t)(1u << i % 7);
		buf_clear(&der);
		if (publish(f, HTTPS_IN, buf_view(&b), &der) == 0) {
			assert_null(pki_cert_info(der.p, der.n, &info));
			assert_string_equal(info.subject_cn, ALICE);
			assert_true(pki_cert_is_of(der.p, der.n, keys.phone));
		}
		b.p[i] = was;
	}
	soap_issued_clear(&p.issued);
	buf_free(&b);
	buf_free(&der);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, flow_setup, flow_teardown)
	const struct CMUnitTest tests[] = {
	    T(forged_beside_signed), T(signed_within_forged), T(signed_elsewhere), T(what_the_ticket_signs),
	    T(the_timestamp_and_its_proof), T(spoiled_requests),
	};

	return cmocka_run_group_tests(tests, flow_group_setup, flow_group_teardown);
}
