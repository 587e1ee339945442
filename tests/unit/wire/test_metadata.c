#include "tests/support/check_xml.h"

#define POOL "https://pool.contoso.example"

static void both_vectors(void **state)
{
	xmlDocPtr doc = doc_of_vector("soap/certprov_wsdl.xml");
	struct soap_metadata m;

	(void)state;
	assert_null(soap_metadata_read(doc, &m));
	xmlFreeDoc(doc);
	assert_string_equal(m.issuer, POOL "/WebTicket/WebTicketService.svc");
	assert_true(m.endorsing);
	assert_string_equal(m.cert_url, POOL "/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1");
	assert_string_equal(m.anon_url, "");
	assert_string_equal(m.pin_url, "");
	doc = doc_of_vector("soap/wts_wsdl.xml");
	assert_null(soap_metadata_read(doc, &m));
	xmlFreeDoc(doc);
	assert_string_equal(m.negotiate_url, POOL "/WebTicket/WebTicketService.svc");
	assert_string_equal(m.cert_auth_url, POOL "/WebTicket/WebTicketService.svc/cert");
	assert_string_equal(m.pin_url, POOL "/WebTicket/WebTicketService.svc/pin");
	assert_string_equal(m.ntlm_url, "");
	assert_string_equal(m.cert_url, "");
}

/* What we write is what the vector says, at the places SIPE looks (sipe-webticket.c): first child of each name, never
 * back; and no WsFedBearer. */
static void as_sipe_reads_it(const struct buf *b, const char *policy, const char *tokens)
{
	const char *const path[] = {"ExactlyOne", "All", tokens, "Policy", "IssuedToken", "Issuer", "Address", NULL};
	xmlDocPtr doc = doc_of(b->p, b->n);
	xmlNodePtr p = xml_child(xmlDocGetRootElement(doc), NULL, "Policy");
	char id[128], text[256];

	assert_true(xml_iattr(p, "id", id, sizeof id));
	assert_true(sv_ieq(sv_of(id), sv_of(policy)));
	assert_true(xml_text(xml_path(p, path), text, sizeof text));
	assert_string_equal(text, POOL "/WebTicket/WebTicketService.svc");
	xmlFreeDoc(doc);
}

static void written_and_read(void **state)
{
	struct soap_metadata m = {.endorsing = true}, again;
	struct buf b = {0}, mex = {0};
	xmlDocPtr doc;

	(void)state;
	strcpy(m.issuer, POOL "/WebTicket/WebTicketService.svc");
	strcpy(m.cert_url, POOL "/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1");
	strcpy(m.anon_url, "http://pool.contoso.example/CertProv/CertProvisioningService.svc/anon");
	soap_metadata_certprov_write(&b, &m);
	as_sipe_reads_it(&b, "CertProvisioningServiceWebTicketProof_SHA1_policy", "EndorsingSupportingTokens");
	doc = doc_of(b.p, b.n);
	assert_null(soap_metadata_read(doc, &again));
	assert_memory_equal(&m, &again, sizeof m);
	xmlFreeDoc(doc);

	for (int soap12 = 0; soap12 < 2; soap12++) {
		buf_clear(&mex);
		soap_mex_answer_write(&mex, "urn:uuid:1", soap12, NS_AUTHWS, buf_view(&b));
		doc = doc_of(mex.p, mex.n);
		assert_int_equal(soap_kind(doc), SOAP_MEX_ANSWER);
		assert_null(soap_metadata_read(doc, &again));
		assert_memory_equal(&m, &again, sizeof m);
		assert_true(has(&mex, "<a:RelatesTo>urn:uuid:1</a:RelatesTo>"));
		xmlFreeDoc(doc);
	}

	m.endorsing = false;
	buf_clear(&b);
	soap_metadata_certprov_write(&b, &m);
	as_sipe_reads_it(&b, "CertProvisioningServiceWebTicketProof_SHA1_policy", "SignedSupportingTokens");
	doc = doc_of(b.p, b.n);
	assert_null(soap_metadata_read(doc, &again));
	assert_false(again.endorsing);
	xmlFreeDoc(doc);
	buf_free(&b);
	buf_free(&mex);
}

/* "Advertise a port only while its method is switched on." */
static void every_choice_of_ports(void **state)
{
	struct buf b = {0};

	(void)state;
	for (unsigned bits = 0; bits < 16; bits++) {
		struct soap_metadata m = {0}, again = {0};
		xmlDocPtr doc;
		const char *why;

		if (bits & 1)
			strcpy(m.negotiate_url, POOL "/w?a=1&b=2");
		if (bits & 2)
			strcpy(m.ntlm_url, POOL "/ntlm");
		if (bits & 4)
			strcpy(m.cert_auth_url, POOL "/cert");
		if (bits & 8)
			strcpy(m.pin_url, POOL "/pin");
		buf_clear(&b);
		soap_metadata_wts_write(&b, &m);
		assert_false(has(&b, "WsFed"));
		doc = doc_of(b.p, b.n);
		why = soap_metadata_read(doc, &again);
		assert_true((bits == 0) == (why != NULL));
		assert_memory_equal(&m, &again, sizeof m);
		xmlFreeDoc(doc);
	}
	buf_free(&b);
}

static void what_is_refused(void **state)
{
	static const char *const bad[] = {
	    "<definitions/>",
	    "<x/>",
	    "<definitions><service><port name='WebTicketServicePin'><address location='ftp://x/'/></port></service></definitions>",
	    "<definitions><service><port name='WebTicketServicePin'><address location='https://x'/></port></service></definitions>",
	    "<definitions><service><port name='WebTicketServicePin'/></service></definitions>",
	    ("<definitions><service><port name='CertProvisioningServiceWebTicketProof_SHA1'><address location='https://x/'/></port>"
	    "</service></definitions>"), /* no policy says who issues */
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		xmlDocPtr doc = doc_of(bad[i], strlen(bad[i]));
		struct soap_metadata m = {.endorsing = true};

		assert_non_null(soap_metadata_read(doc, &m));
		assert_true(m.endorsing);
		xmlFreeDoc(doc);
	}
}

/* As SIPE reads: names of ports without case; unknown elements beside them are passed over. */
static void what_is_borne(void **state)
{
#define LIKES(ports) \
	"<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:p='http://www.w3.org/ns/ws-policy'>" \
	"<p:Policy w:Id='x'/><p:Policy w:id='CERTPROVISIONINGSERVICEWEBTICKETPROOF_sha1_policy'><p:ExactlyOne><p:All><q/>" \
	"<p:EndorsingSupportingTokens><p:Policy><p:IssuedToken><p:Issuer><Address>\r\n https://p/W.svc \r\n</Address></p:Issuer>" \
	"</p:IssuedToken></p:Policy></p:EndorsingSupportingTokens></p:All></p:ExactlyOne></p:Policy><w:service>" ports \
	"</w:service></w:definitions>"
	static const struct {
		const char *text, *cert, *pin;
	} rows[] = {
	    {LIKES("<w:port NAME='certprovisioningserviceWebTicketProof_sha1'><a:address xmlns:a='x' Location='https://p/a'/></w:port>"),
	     "https://p/a", ""},
	    {LIKES("<w:port name='CertProvisioningServiceWebTicketProof'><address location='https://p/b'/></w:port>"
		   "<w:port name='CertProvisioningServiceWebTicketProof_SHA1'><address location='https://p/a'/></w:port>"),
	     "https://p/a", ""},
	    {LIKES("<w:port name='CertProvisioningServiceWebTicketProof'><address location='https://p/b'/></w:port>"), "https://p/b", ""},
	    {LIKES("<w:port name='WebTicketServicePin'><address location='net.tcp://p/x'/></w:port>"
		   "<w:port name='WebTicketServicePin'><address location='https://p/pin'/></w:port>"), "", "https://p/pin"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		xmlDocPtr doc = doc_of(rows[i].text, strlen(rows[i].text));
		struct soap_metadata m = {0};

		assert_null(soap_metadata_read(doc, &m));
		assert_string_equal(m.cert_url, rows[i].cert);
		assert_string_equal(m.pin_url, rows[i].pin);
		assert_string_equal(m.issuer, "https://p/W.svc");
		assert_true(m.endorsing);
		xmlFreeDoc(doc);
	}
}

static void the_question(void **state)
{
	static const char eleven[] = "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body> </s:Body></s:Envelope>";
	xmlDocPtr doc = doc_of_vector("soap/mex_get.xml");
	char id[128];
	bool soap12;

	(void)state;
	assert_true(soap_mex_get_read(doc, id, &soap12));
	assert_true(soap12);
	assert_string_equal(id, "urn:uuid:5d0d7d4e-0d53-4a7b-b3a4-0b8a9c1e2f30");
	xmlFreeDoc(doc);
	doc = doc_of(eleven, sizeof eleven - 1);
	assert_true(soap_mex_get_read(doc, id, &soap12));
	assert_true(!soap12 && id[0] == '\0');
	xmlFreeDoc(doc);
	doc = doc_of_vector("soap/chain.xml");
	assert_false(soap_mex_get_read(doc, id, &soap12));
	xmlFreeDoc(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_vectors),	     cmocka_unit_test(written_and_read), cmocka_unit_test(every_choice_of_ports),
	    cmocka_unit_test(what_is_refused), cmocka_unit_test(what_is_borne), cmocka_unit_test(the_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
