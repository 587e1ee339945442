#include "auth/ticket_xml.h"

#include <pthread.h>
#include <string.h>
#include <xmlsec/xmlsec.h>
#include <xmlsec/xmldsig.h>
#include <xmlsec/xmltree.h>
#include <xmlsec/errors.h>
#include <xmlsec/io.h>
#include <xmlsec/openssl/app.h>
#include <xmlsec/openssl/crypto.h>
#include <xmlsec/openssl/evp.h>

#include "base/date.h"

/* ---- once a process ------------------------------------------------------------------------------------ */

static void sig_quiet(const char *file, int line, const char *func, const char *object, const char *subject, int reason,
		  const char *msg)
{
	(void)file;
	(void)line;
	(void)func;
	(void)object;
	(void)subject;
	(void)reason;
	(void)msg;
}

static bool ready;

static void once(void)
{
	xmlInitParser();
	if (xmlSecInit() < 0)
		return;
	xmlSecIOCleanupCallbacks(); /* no URI is ever fetched */
	ready = xmlSecOpenSSLInit() >= 0;
	xmlSecErrorsSetCallback(sig_quiet); /* last: the line above sets one of its own, which prints */
}

bool ticket_init(void)
{
	static pthread_once_t at = PTHREAD_ONCE_INIT;

	pthread_once(&at, once);
	return ready;
}

/* ---- shape --------------------------------------------------------------------------------------------- */

static bool one_of(const char *const *list, const char *s)
{
	for (; *list; list++)
		if (strcmp(*list, s) == 0)
			return true;
	return false;
}

/* Elements and white space only: nothing else may hide in what is signed. */
static xmlNodePtr next_element(xmlNodePtr n)
{
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

static bool sig_is(xmlNodePtr n, const char *ns, const char *name)
{
	return n && n->ns && strcmp((const char *)n->ns->href, ns) == 0 && strcmp((const char *)n->name, name) == 0;
}

/* The Algorithm of an element that may hold at most an InclusiveNamespaces ("WCF clients may add it; honour it"), and
 * never an HMACOutputLength. */
static bool algorithm(xmlNodePtr n, const char *name, bool inclusive, char uri[160])
{
	xmlNodePtr child;

	if (!sig_is(n, NS_DS, name) || !xml_attr(n, NULL, "Algorithm", uri, 160))
		return false;
	child = next_element(n->children);
	if (child == NULL)
		return true;
	return inclusive && sig_is(child, ALG_EXC_C14N, "InclusiveNamespaces") && !next_element(child->children) &&
	       !next_element(child->next);
}

static const char *reference_read(xmlNodePtr ref, const struct sig_rule *rule, struct sig *ret)
{
	xmlNodePtr transforms = next_element(ref->children), t, method, value;
	char uri[160];

	if (!xml_attr(ref, NULL, "URI", ret->uri[ret->n], sizeof ret->uri[0]) || ret->uri[ret->n][0] != '#' ||
	    ret->uri[ret->n][1] == '\0' || strchr(ret->uri[ret->n], '(') != NULL)
		return "a Reference does not name an element of this document";
	if (!sig_is(transforms, NS_DS, "Transforms"))
		return "a Reference without Transforms";
	t = next_element(transforms->children);
	if (rule->enveloped) {
		if (!algorithm(t, "Transform", false, uri) || strcmp(uri, ALG_ENVELOPED) != 0)
			return "the first Transform is not enveloped-signature";
		t = next_element(t->next);
	}
	if (!algorithm(t, "Transform", true, uri) || strcmp(uri, ALG_EXC_C14N) != 0 || next_element(t->next))
		return "a Transform is not exclusive canonicalisation, or there is one more";
	method = next_element(transforms->next);
	if (!algorithm(method, "DigestMethod", false, uri) || !one_of(rule->digests, uri))
		return "the DigestMethod is not allowed";
	value = next_element(method->next);
	if (!sig_is(value, NS_DS, "DigestValue") || next_element(value->children) || next_element(value->next))
		return "no DigestValue, or something behind it";
	ret->digest[ret->n++] = value;
	return NULL;
}

const char *sig_read(xmlNodePtr signature, const struct sig_rule *rule, struct sig *ret)
{
	struct sig s = {.node = signature};
	xmlNodePtr info, child;
	const char *why;
	char uri[160];

	info = next_element(signature->children);
	if (!sig_is(signature, NS_DS, "Signature") || !sig_is(info, NS_DS, "SignedInfo"))
		return "no SignedInfo";
	child = next_element(info->children);
	if (!algorithm(child, "CanonicalizationMethod", true, uri) || strcmp(uri, ALG_EXC_C14N) != 0)
		return "the CanonicalizationMethod is not exclusive canonicalisation";
	child = next_element(child->next);
	if (!algorithm(child, "SignatureMethod", false, uri) || !one_of(rule->methods, uri))
		return "the SignatureMethod is not allowed";
	for (child = next_element(child->next); child; child = next_element(child->next)) {
		if (!sig_is(child, NS_DS, "Reference"))
			return "SignedInfo holds something that is not a Reference";
		if (s.n >= rule->references || s.n >= SIG_REFERENCES)
			return "too many References";
		if ((why = reference_read(child, rule, &s)) != NULL)
			return why;
	}
	if (s.n == 0)
		return "no Reference";
	s.value = next_element(info->next);
	if (!sig_is(s.value, NS_DS, "SignatureValue") || next_element(s.value->children))
		return "no SignatureValue";
	child = next_element(s.value->next);
	if (child) {
		if (!sig_is(child, NS_DS, "KeyInfo") || next_element(child->next))
			return "something unexpected behind the SignatureValue";
		s.key_info = child;
	}
	*ret = s;
	return NULL;
}

bool sig_id(xmlNodePtr node, const char *ns, const char *attribute, char *id, size_t cap)
{
	xmlAttrPtr a = ns ? xmlHasNsProp(node, (const xmlChar *)attribute, (const xmlChar *)ns)
			  : xmlHasNsProp(node, (const xmlChar *)attribute, NULL);
	char v[160];

	if (a == NULL || a->type != XML_ATTRIBUTE_NODE || !xml_attr(node, ns, attribute, v, sizeof v) || v[0] == '\0' ||
	    strlen(v) >= cap)
		return false;
	/* an xml:id of the same value elsewhere is one already: the reference would not be to this node alone */
	if (xmlGetID(node->doc, (const xmlChar *)v) != NULL || xmlAddID(NULL, node->doc, (const xmlChar *)v, a) == NULL)
		return false;
	memcpy(id, v, strlen(v) + 1);
	return true;
}

/* "Compare positions, not just ids": only these places are looked at, so an Id elsewhere in the envelope is none. */
static xmlNodePtr part_of(xmlNodePtr security, const char *id)
{
	xmlNodePtr header = security->parent, envelope = header->parent;
	const xmlNodePtr places[] = {security, header, envelope, NULL}; /* the Body is a child of the last */
	char have[160];

	for (const xmlNodePtr *place = places; *place; place++)
		for (xmlNodePtr n = next_element((*place)->children); n; n = next_element(n->next))
			if (n != security && n != header && xml_attr(n, NS_WSU, "Id", have, sizeof have) && strcmp(have, id) == 0)
				return n;
	return NULL;
}

bool stamp_read(xmlNodePtr stamp, int64_t *created, int64_t *expires)
{
	xmlNodePtr from = xml_only(stamp, NS_WSU, "Created"), to = xml_only(stamp, NS_WSU, "Expires");
	char a[40], b[40];

	return from && to && xml_text(from, a, sizeof a) && xml_text(to, b, sizeof b) && iso_time_read(sv_of(a), created) &&
	       iso_time_read(sv_of(b), expires);
}

const char *sig_parts(const struct sig *s, xmlNodePtr security, xmlNodePtr stamp, unsigned *at)
{
	bool stamped = false;
	char id[160];

	for (unsigned i = 0; i < s->n; i++) {
		xmlNodePtr part = part_of(security, s->uri[i] + 1);

		if (part == NULL)
			return "a Reference to something else than the Timestamp, a header or the Body";
		if (!sig_id(part, NS_WSU, "Id", id, sizeof id))
			return "a Reference to an Id that another element has, too";
		if (part == stamp) {
			stamped = true;
			*at = i;
		}
	}
	return stamped ? NULL : "the Timestamp is not signed";
}

/* ---- cryptography -------------------------------------------------------------------------------------- */

static xmlSecDSigCtxPtr context(xmlSecKeyPtr key, bool rsa)
{
	xmlSecDSigCtxPtr c = xmlSecDSigCtxCreate(NULL);
	bool ok;

	if (c == NULL) {
		xmlSecKeyDestroy(key);
		return NULL;
	}
	c->signKey = key; /* KeyInfo is not looked at then */
	c->flags = XMLSEC_DSIG_FLAGS_STORE_SIGNEDINFO_REFERENCES;
	c->enabledReferenceUris = xmlSecTransformUriTypeSameDocument;
	ok = xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformExclC14NId) >= 0 &&
	     xmlSecDSigCtxEnableReferenceTransform(c, xmlSecTransformEnvelopedId) >= 0 &&
	     xmlSecDSigCtxEnableReferenceTransform(c, xmlSecOpenSSLTransformSha1Id) >= 0 &&
	     xmlSecDSigCtxEnableReferenceTransform(c, xmlSecOpenSSLTransformSha256Id) >= 0 &&
	     xmlSecDSigCtxEnableSignatureTransform(c, xmlSecTransformExclC14NId) >= 0;
	if (rsa)
		ok = ok && xmlSecDSigCtxEnableSignatureTransform(c, xmlSecOpenSSLTransformRsaSha1Id) >= 0 &&
		     xmlSecDSigCtxEnableSignatureTransform(c, xmlSecOpenSSLTransformRsaSha256Id) >= 0;
	else
		ok = ok && xmlSecDSigCtxEnableSignatureTransform(c, xmlSecOpenSSLTransformHmacSha1Id) >= 0 &&
		     xmlSecDSigCtxEnableSignatureTransform(c, xmlSecOpenSSLTransformHmacSha256Id) >= 0;
	if (ok)
		return c;
	xmlSecDSigCtxDestroy(c);
	return NULL;
}

static const char *digested(xmlSecDSigCtxPtr c, const struct sig *s, struct buf *data)
{
	if (xmlSecPtrListGetSize(&c->signedInfoReferences) != s->n)
		return "the References are not those that were read";
	for (unsigned i = 0; i < s->n; i++) {
		xmlSecDSigReferenceCtxPtr r = xmlSecPtrListGetItem(&c->signedInfoReferences, i);
		xmlSecBufferPtr b = r ? xmlSecDSigReferenceCtxGetPreDigestBuffer(r) : NULL;

		if (b == NULL || xmlSecBufferGetData(b) == NULL)
			return "the digested octets are missing";
		buf_add(&data[i], xmlSecBufferGetData(b), xmlSecBufferGetSize(b));
		if (data[i].oom)
			return "out of memory";
	}
	return NULL;
}

const char *sig_verify_rsa(const struct sig *s, EVP_PKEY *pkey, struct buf *data)
{
	xmlSecKeyDataPtr kd = NULL;
	xmlSecKeyPtr key = NULL;
	xmlSecDSigCtxPtr c;
	const char *why = NULL;

	if (!ticket_init() || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || !EVP_PKEY_up_ref(pkey))
		return "the key is not RSA";
	if ((kd = xmlSecOpenSSLEvpKeyAdopt(pkey)) == NULL) {
		EVP_PKEY_free(pkey);
		return "out of memory";
	}
	if ((key = xmlSecKeyCreate()) == NULL || xmlSecKeySetValue(key, kd) < 0) {
		xmlSecKeyDataDestroy(kd);
		if (key)
			xmlSecKeyDestroy(key);
		return "out of memory";
	}
	if ((c = context(key, true)) == NULL)
		return "out of memory";
	if (xmlSecDSigCtxVerify(c, s->node) < 0)
		why = "the signature cannot be processed";
	else if (c->status != xmlSecDSigStatusSucceeded)
		why = "the signature is not good";
	else
		why = digested(c, s, data);
	xmlSecDSigCtxDestroy(c);
	return why;
}

static bool base64_of(xmlNodePtr n, struct buf *ret)
{
	struct buf text = {0};
	bool ok = xml_text_buf(n, &text) && b64_read(ret, buf_view(&text));

	buf_free(&text);
	return ok;
}

static bool sig_same(struct buf *a, struct buf *b)
{
	return a->n == b->n && a->n && pki_equal(a->p, b->p, a->n);
}

/* The library compares a MAC octet by octet.  So it is made anew here, over the same nodes, and compared in constant time:
 * digests first, then the value. */
const char *sig_verify_hmac(const struct sig *s, const void *key, size_t n, struct buf *data)
{
	struct buf was[SIG_REFERENCES + 1] = {0}, is_now[SIG_REFERENCES + 1] = {0};
	const char *why = NULL;
	xmlSecDSigCtxPtr c = NULL;
	xmlSecKeyPtr k;

	for (unsigned i = 0; i <= s->n; i++)
		if (!base64_of(i < s->n ? s->digest[i] : s->value, &was[i]))
			why = "a value is not base64";
	if (why)
		goto out;
	k = ticket_init() ? xmlSecKeyReadMemory(xmlSecOpenSSLKeyDataHmacId, key, n) : NULL;
	if (k == NULL || (c = context(k, false)) == NULL) {
		why = "out of memory";
		goto out;
	}
	if (xmlSecDSigCtxSign(c, s->node) < 0) {
		why = "the signature cannot be processed";
		goto out;
	}
	for (unsigned i = 0; i <= s->n; i++)
		if (!base64_of(i < s->n ? s->digest[i] : s->value, &is_now[i]) || !sig_same(&was[i], &is_now[i]))
			why = i < s->n ? "a digest is not good" : "the signature is not good";
	if (why == NULL)
		why = digested(c, s, data);
out:
	if (c)
		xmlSecDSigCtxDestroy(c);
	for (unsigned i = 0; i <= SIG_REFERENCES; i++) {
		buf_free(&was[i]);
		buf_free(&is_now[i]);
	}
	return why;
}

/* ---- signing ------------------------------------------------------------------------------------------------ */

bool sig_rsa(const struct pki_key *k, bool sha1, struct sv text, struct buf *base64)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t value[2048];
	size_t n = sizeof value;
	bool ok;

	ok = ctx && EVP_DigestSignInit(ctx, NULL, sha1 ? EVP_sha1() : EVP_sha256(), NULL, pki_key_evp(k)) > 0 &&
	     EVP_DigestSign(ctx, value, &n, (const uint8_t *)text.p, text.n) > 0;
	EVP_MD_CTX_free(ctx);
	if (ok)
		b64_add(base64, value, n);
	return ok && !base64->oom;
}
