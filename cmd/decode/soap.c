/* cmd/decode/soap.c: a message of the Web Services.  PINs and passwords are stars. */
#include "cmd/decode/decode.h"

#include "base/date.h"
#include "cmd/decode/xml.h"
#include "wire/soap/soap.h"

static void put_time(json_t *o, const char *key, int64_t unix_s)
{
	char text[ISO_TIME_MAX];

	if (unix_s)
		json_object_set_new(o, key, json_string(iso_time(text, unix_s)));
}

static void put_hex(json_t *o, const char *key, const void *p, size_t n)
{
	if (n)
		json_object_set_new(o, key, json_hex((struct sv){p, n}));
}

static const char *issue(xmlDocPtr doc, struct sv text, json_t *o)
{
	struct soap_issue m;
	const char *no = soap_issue_read(doc, &m);

	(void)text;
	if (no)
		return no;
	json_put(o, "context", m.context);
	json_put(o, "token_type", m.token_type);
	json_put(o, "request_type", m.request_type);
	json_put(o, "key_type", m.key_type);
	json_put(o, "applies_to", m.applies_to);
	json_put(o, "claim", m.claim);
	put_hex(o, "entropy", m.entropy, m.nentropy);
	put_time(o, "wants_until", m.want_expires);
	if (m.has_username) {
		json_put(o, "username", m.username);
		json_object_set_new(o, "password", json_string("*****"));
	}
	json_object_set_new(o, "signed", json_boolean(m.has_signature));
	soap_issue_clear(&m);
	return NULL;
}

static const char *issued(xmlDocPtr doc, struct sv text, json_t *o)
{
	struct soap_issued m;
	const char *no = soap_issued_read(text.p, text.n, &m);

	(void)doc;
	if (no)
		return no;
	json_put(o, "context", m.context);
	json_put(o, "applies_to", m.applies_to);
	json_put(o, "assertion_id", m.assertion_id);
	json_put(o, "user", m.name_id);
	put_hex(o, "entropy", m.entropy, m.nentropy);
	put_time(o, "created", m.created);
	put_time(o, "expires", m.expires);
	json_object_set_new(o, "assertion_octets", json_integer((json_int_t)m.assertion.n));
	soap_issued_clear(&m);
	return NULL;
}

static const char *cert(xmlDocPtr doc, struct sv text, json_t *o)
{
	struct soap_cert m;
	const char *no = soap_cert_read(doc, &m);

	(void)text;
	if (no)
		return no;
	json_put(o, "to", m.to);
	json_put(o, "message_id", m.message_id);
	json_put(o, "device_id", m.device_id);
	json_put(o, "entity", m.entity);
	json_put(o, "request_id", m.request_id);
	put_time(o, "wants_until", m.want_expires);
	put_hex(o, "pkcs10", m.csr.p, m.csr.n);
	json_object_set_new(o, "security", json_boolean(soap_security(doc) != NULL));
	soap_cert_clear(&m);
	return NULL;
}

static const char *cert_answer(xmlDocPtr doc, struct sv text, json_t *o)
{
	struct soap_cert_answer m;
	const char *no = soap_cert_answer_read(doc, &m);

	(void)text;
	if (no)
		return no;
	json_put(o, "device_id", m.device_id);
	json_put(o, "entity", m.entity);
	json_put(o, "request_id", m.request_id);
	put_hex(o, "certificate", m.cert.p, m.cert.n);
	if (m.cert.n == 0)
		json_object_set_new(o, "error_id", json_integer(m.error_id));
	json_put(o, "reason", m.reason);
	soap_cert_answer_clear(&m);
	return NULL;
}

static const char *chain(xmlDocPtr doc, struct sv text, json_t *o)
{
	char name[128], ns[256];

	(void)text;
	if (!soap_chain_read(doc, name, ns))
		return "it is no question for the root chain";
	json_put(o, "element", name);
	json_put(o, "namespace", ns);
	return NULL;
}

static const char *chain_answer(xmlDocPtr doc, struct sv text, json_t *o)
{
	struct buf p7 = {0};
	const char *no = soap_chain_answer_read(doc, &p7);

	(void)text;
	if (no == NULL)
		put_hex(o, "pkcs7", p7.p, p7.n);
	buf_free(&p7);
	return no;
}

static const char *fault(xmlDocPtr doc, struct sv text, json_t *o)
{
	struct soap_fault m;
	const char *no = soap_fault_read(doc, &m);

	(void)text;
	if (no)
		return no;
	json_put(o, "code", m.code);
	json_put(o, "reason", m.reason);
	json_put(o, "detail", m.detail);
	if (m.error_id)
		json_object_set_new(o, "error_id", json_integer(m.error_id));
	return NULL;
}

static const char *mex_get(xmlDocPtr doc, struct sv text, json_t *o)
{
	char id[128];
	bool soap12;

	(void)text;
	if (!soap_mex_get_read(doc, id, &soap12))
		return "it is no question for metadata";
	json_put(o, "message_id", id);
	json_object_set_new(o, "soap", json_string(soap12 ? "1.2" : "1.1"));
	return NULL;
}

static const char *metadata(xmlDocPtr doc, struct sv text, json_t *o)
{
	struct soap_metadata m;
	const char *no = soap_metadata_read(doc, &m);

	(void)text;
	if (no)
		return no;
	json_put(o, "issuer", m.issuer);
	if (m.issuer[0])
		json_object_set_new(o, "endorsing", json_boolean(m.endorsing));
	json_put(o, "certificate", m.cert_url);
	json_put(o, "anonymous", m.anon_url);
	json_put(o, "negotiate", m.negotiate_url);
	json_put(o, "ntlm", m.ntlm_url);
	json_put(o, "by_certificate", m.cert_auth_url);
	json_put(o, "by_pin", m.pin_url);
	return NULL;
}

static const char *(*const readers[])(xmlDocPtr doc, struct sv text, json_t *o) = {
    [SOAP_ISSUE] = issue,
    [SOAP_ISSUED] = issued,
    [SOAP_CERT] = cert,
    [SOAP_CERT_ANSWER] = cert_answer,
    [SOAP_CHAIN] = chain,
    [SOAP_CHAIN_ANSWER] = chain_answer,
    [SOAP_FAULT] = fault,
    [SOAP_MEX_GET] = mex_get,
    [SOAP_MEX_ANSWER] = metadata,
    [SOAP_METADATA] = metadata,
};

json_t *decode_soap(const void *p, size_t n, struct why *why)
{
	xmlDocPtr doc = decode_doc(p, n, why);
	const char *no = "it is no message of the Web Services";
	enum soap_kind kind;
	xmlNodePtr first;
	json_t *o;

	if (doc == NULL)
		return NULL;
	kind = soap_kind(doc);
	o = json_pack("{s:s}", "message", soap_kind_name(kind));
	if (o && kind != SOAP_UNKNOWN)
		no = readers[kind](doc, (struct sv){p, n}, o);
	if (no || o == NULL) {
		first = soap_body(doc) ? soap_body(doc) : xmlDocGetRootElement(doc);
		json_decref(o);
		o = decode_refused(p, n, (const char *)first->name, no ? no : "out of memory", why);
	}
	xmlFreeDoc(doc);
	return o;
}
