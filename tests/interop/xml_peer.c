/* tests/interop/xml_peer.c: our XML signatures, in files, for the xmlsec1 command to judge; and the other way round.
 *
 *     xml_peer make DIR           DIR/key.pem, cert.pem, proof.bin; assertion.xml (a web ticket), presented.xml (the ticket
 *                                 in an envelope, HMAC-SHA1 over its Timestamp), x509.xml and x509_sha1.xml (WSS X.509)
 *     xml_peer ticket DIR FILE    is the ticket in this envelope good, by the keys of DIR?
 *     xml_peer x509 FILE          is the WSS X.509 signature of this envelope good?
 *
 * Exit status 0 good or made, 1 refused (why on standard output), 2 usage or our own fault.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/ticket.h"
#include "base/clock.h"
#include "base/file.h"

#define ISSUER "https://fe01.contoso.test/WebTicket/WebTicketService.svc"
#define AUDIENCE "https://fe01.contoso.test/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1"

static const uint8_t seal_key[32] = {7, 7, 7};
static const uint8_t proof[32] = "0123456789abcdef0123456789abcde";

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "xml_peer: %s\n", what);
	exit(2);
}

static void keep(const char *dir, const char *name, const struct buf *b)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	must(!b->oom && file_write(NULL, path, b->p, b->n, 0600) == 0, path);
}

static void load(const char *dir, const char *name, struct buf *b)
{
	char path[4096];

	snprintf(path, sizeof path, "%s%s%s", dir ? dir : "", dir ? "/" : "", name);
	must(file_read(path, 1 << 20, b) == 0, path);
}

static void envelope(const char *dir, const char *name, const struct buf *security)
{
	struct buf b = {0};

	buf_str(&b, "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Header>");
	buf_sv(&b, buf_view(security));
	buf_str(&b, "</s:Header><s:Body><x xmlns=\"urn:x\"/></s:Body></s:Envelope>");
	keep(dir, name, &b);
	buf_free(&b);
}

static void make(const char *dir)
{
	int64_t now = clock_unix_ms() / 1000;
	struct pki_issue what = {.profile = PKI_CODE, .cn = "ticket", .not_before = now - 60, .not_after = now + 86400};
	struct ticket t = {.id = "SamlSecurityToken-00112233-4455-4677-8899-aabbccddeeff", .issuer = ISSUER, .audience = AUDIENCE,
			   .user = "sip:alice@contoso.test", .method = "pin", .issued = now, .not_before = now,
			   .not_after = now + 28800};
	struct soap_issued m = {.created = now, .expires = now + 28800};
	struct pki_key *key = pki_key_make(2048);
	struct buf der = {0}, pem = {0}, cert = {0}, security = {0}, secret = {0};

	must(key && pki_issue(&what, key, key, NULL, 0, &der), "a key and its certificate");
	pki_key_write(key, &pem);
	pki_pem_add(&cert, "CERTIFICATE", der.p, der.n);
	keep(dir, "key.pem", &pem);
	keep(dir, "cert.pem", &cert);
	buf_add(&secret, proof, sizeof proof);
	keep(dir, "proof.bin", &secret);

	memcpy(t.proof, proof, sizeof proof);
	snprintf(m.assertion_id, sizeof m.assertion_id, "%s", t.id);
	soap_lifetime_write(&m.lifetime, m.created, m.expires);
	must(ticket_write(&m.assertion, &t, key, seal_key, "ticket key"), "a ticket");
	keep(dir, "assertion.xml", &m.assertion);
	must(ticket_present(&security, &m, proof, sizeof proof), "a ticket, presented");
	envelope(dir, "presented.xml", &security);
	buf_clear(&security);
	must(ticket_sign_x509(&security, key, der.p, der.n, now, false), "a WSS X.509 signature");
	envelope(dir, "x509.xml", &security);
	buf_clear(&security);
	must(ticket_sign_x509(&security, key, der.p, der.n, now, true), "a WSS X.509 signature with SHA-1");
	envelope(dir, "x509_sha1.xml", &security);
	pki_key_free(key);
	soap_issued_clear(&m);
	buf_free(&der);
	buf_free(&pem);
	buf_free(&cert);
	buf_free(&secret);
	buf_free(&security);
}

static const char *ticket(const char *dir, const char *file)
{
	struct buf pem = {0}, der = {0}, text = {0};
	struct ticket t;
	const char *why;

	load(dir, "cert.pem", &pem);
	load(NULL, file, &text);
	must(pki_pem_cert(buf_view(&pem), 0, &der), "cert.pem");
	why = ticket_check(text.p, text.n, der.p, der.n, seal_key, AUDIENCE, ISSUER, clock_unix_ms() / 1000, &t);
	buf_free(&pem);
	buf_free(&der);
	buf_free(&text);
	return why;
}

static const char *x509(const char *file)
{
	struct buf text = {0}, der = {0};
	const char *why;

	load(NULL, file, &text);
	why = ticket_check_x509(text.p, text.n, clock_unix_ms() / 1000, &der);
	buf_free(&text);
	buf_free(&der);
	return why;
}

int main(int argc, char **argv)
{
	const char *why = NULL;

	must(ticket_init(), "libxml2 and xmlsec1");
	if (argc == 3 && strcmp(argv[1], "make") == 0) {
		make(argv[2]);
	} else if (argc == 4 && strcmp(argv[1], "ticket") == 0) {
		why = ticket(argv[2], argv[3]);
	} else if (argc == 3 && strcmp(argv[1], "x509") == 0) {
		why = x509(argv[2]);
	} else {
		fprintf(stderr, "usage: xml_peer make DIR | ticket DIR FILE | x509 FILE\n");
		return 2;
	}
	printf("%s\n", why ? why : "good");
	return why != NULL;
}
