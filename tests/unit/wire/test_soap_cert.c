/* Certificates and their chain in SOAP, [web-services 8, 10]: read, written, read again, and in the words of other servers. */
#include "tests/support/check_xml.h"

#define AUTH_URL "https://pool.contoso.example/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1"

static void certificate_answers_of_others(void **state)
{
	static const char text[] =
	    "<s:Envelope xmlns:s='" NS_SOAP "' xmlns:a='" NS_WSA "'><s:Header><a:Action>urn:x</a:Action><a:RelatesTo>uuid:1</a:RelatesTo>"
	    "</s:Header><s:Body><t:GetAndPublishCertResponse xmlns:t='" NS_AUTHWS "' xmlns:w='" NS_WST_SLASH "' DeviceId='{1}'>"
	    "<w:RequestSecurityTokenResponseCollection><w:RequestSecurityTokenResponse><e:DispositionMessage xmlns:e='" NS_WSTEP "'/>"
	    "<o:BinarySecurityToken xmlns:o='" NS_WSSE "'>AAAA</o:BinarySecurityToken><w:RequestedSecurityToken>"
	    "<o:BinarySecurityToken xmlns:o='" NS_WSSE "'>\r\nAQID\r\nBA==\r\n</o:BinarySecurityToken></w:RequestedSecurityToken>"
	    "</w:RequestSecurityTokenResponse></w:RequestSecurityTokenResponseCollection></t:GetAndPublishCertResponse></s:Body>"
	    "</s:Envelope>";
	struct soap_cert_answer m;
	xmlDocPtr doc = doc_of(text, sizeof text - 1);

	(void)state;
	assert_null(soap_cert_answer_read(doc, &m));
	assert_true(sv_eq(buf_view(&m.cert), SV("\1\2\3\4")));
	soap_cert_answer_clear(&m);
	xmlFreeDoc(doc);
}

/* Headers that prove nothing may be as long as they like. */
static void long_headers(void **state)
{
	struct buf b = {0};
	struct soap_cert m;
	xmlDocPtr doc;
	char *text, *at;

	(void)state;
	text_vector(&b, "soap/cert.xml");
	text = sv_dup(buf_view(&b));
	at = strstr(text, "uuid:7d0f");
	assert_non_null(at);
	buf_clear(&b);
	buf_add(&b, text, (size_t)(at - text));
	for (int i = 0; i < 100; i++)
		buf_str(&b, "0123456789");
	buf_str(&b, at);
	doc = doc_of(b.p, b.n);
	assert_null(soap_cert_read(doc, &m));
	assert_string_equal(m.message_id, "");
	assert_string_equal(m.entity, "anna@contoso.example");
	soap_cert_clear(&m);
	xmlFreeDoc(doc);
	free(text);
	buf_free(&b);
}

static void cert_both_ways(void **state)
{
	xmlDocPtr doc = doc_of_vector("soap/cert.xml");
	struct soap_cert m, again;
	struct buf b = {0};

	(void)state;
	assert_non_null(soap_security(doc));
	assert_null(soap_cert_read(doc, &m));
	xmlFreeDoc(doc);
	assert_string_equal(m.to, AUTH_URL);
	assert_string_equal(m.message_id, "uuid:7d0f2e0a-9c55-5b7e-8f7a-2f5a7a0b6c11");
	assert_string_equal(m.device_id, "{4b1682a8-f968-5701-83fc-7c6741dc6697}");
	assert_string_equal(m.entity, "anna@contoso.example");
	assert_string_equal(m.request_id, "0a6e8f5c-1d2b-5c3d-9e4f-5a6b7c8d9e0f");
	assert_int_equal(m.csr.n, 4 + 0x264);
	assert_int_equal(m.csr.p[0], 0x30);

	m.want_expires = 1768500000;
	soap_cert_write(&b, &m, SV("<wsse:Security/>"));
	assert_true(has(&b, "xmlns:wst=\"" NS_WST_SLASH "\""));
	doc = doc_of(b.p, b.n);
	assert_null(soap_cert_read(doc, &again));
	assert_true(sv_eq(buf_view(&m.csr), buf_view(&again.csr)));
	assert_string_equal(again.device_id, m.device_id);
	assert_string_equal(again.message_id, m.message_id);
	assert_int_equal(again.want_expires, 1768500000);
	assert_non_null(soap_security(doc));
	xmlFreeDoc(doc);
	soap_cert_clear(&m);
	soap_cert_clear(&again);
	buf_free(&b);
}

static void cert_answer_both_ways(void **state)
{
	xmlDocPtr doc = doc_of_vector("soap/cert_answer.xml");
	struct soap_cert_answer m, again;
	struct buf b = {0};

	(void)state;
	assert_null(soap_cert_answer_read(doc, &m));
	xmlFreeDoc(doc);
	assert_int_equal(m.cert.n, 4 + 0x330);
	assert_string_equal(m.entity, "anna@contoso.example");
	soap_cert_answer_write(&b, &m);
	doc = doc_of(b.p, b.n);
	assert_null(soap_cert_answer_read(doc, &again));
	assert_true(sv_eq(buf_view(&m.cert), buf_view(&again.cert)));
	assert_string_equal(again.request_id, m.request_id);
	xmlFreeDoc(doc);
	soap_cert_answer_clear(&m);
	soap_cert_answer_clear(&again);

	doc = doc_of_vector("soap/cert_error.xml");
	assert_null(soap_cert_answer_read(doc, &m));
	xmlFreeDoc(doc);
	assert_int_equal(m.error_id, 28001);
	assert_string_equal(m.reason, "The user store of the home pool cannot be reached.");
	assert_int_equal(m.cert.n, 0);
	buf_clear(&b);
	soap_cert_answer_write(&b, &m);
	assert_true(has(&b, "ResponseClass=\"Error\""));
	doc = doc_of(b.p, b.n);
	assert_null(soap_cert_answer_read(doc, &again));
	assert_int_equal(again.error_id, 28001);
	assert_string_equal(again.reason, m.reason);
	xmlFreeDoc(doc);
	buf_free(&b);
}

static void chain_is_answered_in_the_askers_words(void **state)
{
	static const char odd[] = "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body><GetTheCertificateChain xmlns=\"urn:who:knows\"/>"
				  "</s:Body></s:Envelope>";
	xmlDocPtr doc = doc_of(odd, sizeof odd - 1);
	struct buf b = {0}, p7 = {0};
	char name[128], ns[256];

	(void)state;
	assert_true(soap_chain_read(doc, name, ns));
	xmlFreeDoc(doc);
	assert_string_equal(name, "GetTheCertificateChain");
	assert_string_equal(ns, "urn:who:knows");
	soap_chain_answer_write(&b, name, ns, "\x30\x00", 2);
	assert_true(has(&b, "<GetTheCertificateChainResponse xmlns=\"urn:who:knows\""));
	doc = doc_of(b.p, b.n);
	assert_null(soap_chain_answer_read(doc, &p7));
	assert_true(sv_eq(buf_view(&p7), (struct sv){"\x30\x00", 2}));
	xmlFreeDoc(doc);

	doc = doc_of_vector("soap/chain_answer.xml");
	buf_clear(&p7);
	assert_null(soap_chain_answer_read(doc, &p7));
	assert_int_equal(p7.n, 4 + 0x2f1);
	xmlFreeDoc(doc);

	buf_clear(&b);
	soap_chain_write(&b);
	doc = doc_of(b.p, b.n);
	assert_true(soap_chain_read(doc, name, ns));
	assert_string_equal(ns, NS_AUTHWS);
	xmlFreeDoc(doc);
	buf_free(&b);
	buf_free(&p7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificate_answers_of_others),
	    cmocka_unit_test(long_headers),
	    cmocka_unit_test(cert_both_ways),
	    cmocka_unit_test(cert_answer_both_ways),
	    cmocka_unit_test(chain_is_answered_in_the_askers_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
