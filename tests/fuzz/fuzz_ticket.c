/* tests/fuzz/fuzz_ticket.c: tickets and signed requests as a stranger may send them.
 *
 * The key that signed the corpus was thrown away; its certificate is below.  Whatever the fuzzer makes of the corpus, only
 * what was signed may come out of it.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/ticket.h"
#include "base/enc.h"

#define NOW 1795000100

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static const char cert_b64[] =
    "MIICAjCCAWugAwIBAgIQSH53FR7heDnl+n8V3HWioDANBgkqhkiG9w0BAQsFADAPMQ0wCwYDVQQDDARmdXp6MB4XDTIzMTExNDIy"
    "MTMyMFoXDTMzMDUxODAzMzMyMFowDzENMAsGA1UEAwwEZnV6ejCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAvThR0gX2hINF"
    "Nwx6pGAMHJY4Da2279LwJadpKeP7OJCm5O8uHHPH890jCREic+SYhAGt+swXwoa2TQ9rf2xdgzew/CSHSZ+fzLtY9iOpQQKGSqAc"
    "NLvYAPUB4nPHT5r8tcxqQR1JI8M3FJ5nX/0b2rhPIBORFId1kjXiENg1JhMCAwEAAaNfMF0wDAYDVR0TAQH/BAIwADAOBgNVHQ8B"
    "Af8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwMwHQYDVR0OBBYEFO36WH9IWHpKetfICX9et263vbGTMAkGA1UdIwQCMAAwDQYJ"
    "KoZIhvcNAQELBQADgYEAS8Brw9owhEesEEL4N65HUBxxyqQocVbGPb+7RzXPdnCe++jV42ncHUtbBsGKHiWAXE2eTbzEp1VlIGhX"
    "Nv2pdKepzFzeFi+37+u3SVDCvdmnGivgXhTjcckh4+CSHY3aNeVwm+y5iV1zHWiafJRP042Oi5sBFXcEWHSMegaPbL8=";

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t seal_key[32] = {1};
	struct buf cert = {0}, der = {0};
	struct ticket t = {0};
	uint8_t *in = malloc(n ? n : 1);

	if (in == NULL || !ticket_init() || !b64_read(&cert, sv_of(cert_b64)))
		abort();
	memcpy(in, p, n);
	if (ticket_check(in, n, cert.p, cert.n, seal_key, "https://p/c", "https://p/w", NOW, &t) == NULL &&
	    (strcmp(t.user, "sip:a@b") != 0 || strcmp(t.id, "SamlSecurityToken-1") != 0 || t.not_after != 1795028800))
		abort();
	if (ticket_check_x509(in, n, NOW, &der) == NULL && der.n == 0)
		abort();
	buf_free(&cert);
	buf_free(&der);
	free(in);
	return 0;
}
