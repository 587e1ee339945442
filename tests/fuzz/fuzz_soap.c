/* tests/fuzz/fuzz_soap.c: every reader of the Web Services' messages, and what they read written and read again. */
#include <stdlib.h>
#include <string.h>

#include "wire/soap/soap.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static xmlDocPtr again(const struct buf *b)
{
	xmlDocPtr doc = xml_read(b->p, b->n, NULL);

	if (doc == NULL && b->n <= XML_INPUT_MAX)
		abort(); /* what we write is XML */
	return doc;
}

static void issue(xmlDocPtr doc)
{
	static struct soap_issue m, back;
	struct buf b = {0};
	xmlDocPtr d;

	memset(&m, 0, sizeof m);
	memset(&back, 0, sizeof back);
	if (soap_issue_read(doc, &m) != NULL)
		return;
	soap_issue_write(&b, &m, SV(""));
	d = again(&b);
	if (d && (soap_issue_read(d, &back) != NULL || strcmp(m.applies_to, back.applies_to) != 0 ||
		  strcmp(m.claim, back.claim) != 0 || m.nentropy != back.nentropy ||
		  memcmp(m.entropy, back.entropy, m.nentropy) != 0))
		abort();
	xmlFreeDoc(d);
	buf_free(&b);
}

static void issued(const void *p, size_t n)
{
	static struct soap_issued m, back;
	struct buf b = {0};

	memset(&m, 0, sizeof m);
	if (soap_issued_read(p, n, &m) != NULL)
		return;
	soap_issued_write(&b, &m);
	if (b.n <= XML_INPUT_MAX) {
		xmlFreeDoc(again(&b));
		memset(&back, 0, sizeof back);
		if (soap_issued_read(b.p, b.n, &back) == NULL)
			soap_issued_clear(&back);
	}
	buf_free(&b);
	soap_issued_clear(&m);
}

static void cert(xmlDocPtr doc)
{
	static struct soap_cert m, back;
	struct buf b = {0};
	xmlDocPtr d;

	if (soap_cert_read(doc, &m) != NULL)
		return;
	soap_cert_write(&b, &m, SV(""));
	d = again(&b);
	if (d && (soap_cert_read(d, &back) != NULL || !sv_eq(buf_view(&m.csr), buf_view(&back.csr)) ||
		  strcmp(m.entity, back.entity) != 0))
		abort();
	if (d)
		soap_cert_clear(&back);
	xmlFreeDoc(d);
	soap_cert_clear(&m);
	buf_free(&b);
}

static void cert_answer(xmlDocPtr doc)
{
	static struct soap_cert_answer m, back;
	struct buf b = {0};
	xmlDocPtr d;

	if (soap_cert_answer_read(doc, &m) != NULL)
		return;
	soap_cert_answer_write(&b, &m);
	d = again(&b);
	if (d && (soap_cert_answer_read(d, &back) != NULL || m.error_id != back.error_id || m.cert.n != back.cert.n))
		abort();
	if (d)
		soap_cert_answer_clear(&back);
	xmlFreeDoc(d);
	soap_cert_answer_clear(&m);
	buf_free(&b);
}

static void rest(xmlDocPtr doc)
{
	static struct soap_metadata meta, meta_back;
	static struct soap_fault f, f_back;
	struct soap_frame frame;
	struct buf b = {0}, p7 = {0};
	char name[128], ns[256];
	bool soap12;
	xmlDocPtr d;

	if (soap_fault_read(doc, &f) == NULL) {
		soap_fault_write(&b, &f);
		d = again(&b);
		if (d && (soap_fault_read(d, &f_back) != NULL || f.error_id != f_back.error_id))
			abort();
		xmlFreeDoc(d);
		soap_frame_read(doc, &frame); /* and in the asker's envelope: what we write is XML there, too */
		soap_frame_put(&b, &frame, "urn:x");
		xmlFreeDoc(again(&b));
	}
	buf_clear(&b);
	if (soap_metadata_read(doc, &meta) == NULL) {
		soap_metadata_certprov_write(&b, &meta);
		d = again(&b);
		if (d && soap_metadata_read(d, &meta_back) == NULL && strcmp(meta.cert_url, meta_back.cert_url) != 0)
			abort();
		xmlFreeDoc(d);
		buf_clear(&b);
		soap_metadata_wts_write(&b, &meta);
		xmlFreeDoc(again(&b));
	}
	buf_clear(&b);
	if (soap_chain_read(doc, name, ns)) {
		soap_chain_answer_write(&b, name, ns, "x", 1);
		xmlFreeDoc(again(&b));
	}
	soap_chain_answer_read(doc, &p7);
	soap_mex_get_read(doc, name, &soap12);
	soap_security(doc);
	soap_kind_name(soap_kind(doc));
	buf_free(&b);
	buf_free(&p7);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1);
	char reason[64];
	unsigned id;
	xmlDocPtr doc;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	soap_diag_read((struct sv){(char *)in, n}, &id, reason, sizeof reason);
	issued(in, n);
	doc = xml_read(in, n, NULL);
	if (doc) {
		issue(doc);
		cert(doc);
		cert_answer(doc);
		rest(doc);
		xmlFreeDoc(doc);
	}
	free(in);
	return 0;
}
