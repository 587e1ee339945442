/* tests/meet/keys.c: the keys and certificates of the world, made once per process. */
#include "tests/meet/meet.h"

#include <assert.h>

static struct meet_keys keys;
static bool made;

static void certificate(enum pki_profile profile, const char *cn, const char *const *names, const struct pki_key *subject,
			const struct pki_key *ca, const struct buf *ca_der, struct buf *der)
{
	struct pki_issue what = {.profile = profile,
				 .cn = cn,
				 .names = names,
				 .not_before = MEET_TIME - 86400,
				 .not_after = MEET_TIME + 10 * 365 * 86400LL};
	bool ok = pki_issue(&what, subject, ca, ca_der ? ca_der->p : NULL, ca_der ? ca_der->n : 0, der);

	assert(ok);
	(void)ok;
}

const struct meet_keys *meet_keys(void)
{
	static const char *const names[] = {"fe01.contoso.test",    "sip.contoso.test",	   "ucupdates-r2.contoso.test",
					    "web.contoso.test",	    "edge.contoso.test",   NULL};
	struct pki_key **const all[] = {&keys.root,	&keys.issuing, &keys.ticket,   &keys.server,  &keys.update,
					&keys.phone[0], &keys.phone[1], &keys.phone[2], &keys.phone[3]};

	if (made)
		return &keys;
	made = true;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		*all[i] = pki_key_make(2048);
		assert(*all[i]);
	}
	certificate(PKI_CA, "Contoso Root CA", NULL, keys.root, keys.root, NULL, &keys.root_der);
	certificate(PKI_CA, "Communications Server", NULL, keys.issuing, keys.issuing, NULL, &keys.issuing_der);
	certificate(PKI_CODE, "Web Ticket", NULL, keys.ticket, keys.issuing, &keys.issuing_der, &keys.ticket_der);
	certificate(PKI_SERVER, names[0], names, keys.server, keys.root, &keys.root_der, &keys.server_der);
	certificate(PKI_CODE, "Update", NULL, keys.update, keys.update, NULL, &keys.update_der);
	pki_pem_add(&keys.root_pem, "CERTIFICATE", keys.root_der.p, keys.root_der.n);
	pki_pem_add(&keys.issuing_pem, "CERTIFICATE", keys.issuing_der.p, keys.issuing_der.n);
	pki_pem_add(&keys.update_pem, "CERTIFICATE", keys.update_der.p, keys.update_der.n);
	pki_pem_add(&keys.chain_pem, "CERTIFICATE", keys.server_der.p, keys.server_der.n);
	pki_pem_add(&keys.chain_pem, "CERTIFICATE", keys.root_der.p, keys.root_der.n);
	buf_cstr(&keys.update_pem);
	return &keys;
}

void meet_keys_done(void)
{
	struct pki_key *const all[] = {keys.root,     keys.issuing,  keys.ticket,   keys.server,  keys.update,
				       keys.phone[0], keys.phone[1], keys.phone[2], keys.phone[3]};
	struct buf *const bufs[] = {&keys.root_der,   &keys.issuing_der, &keys.ticket_der, &keys.server_der, &keys.update_der,
				    &keys.root_pem,   &keys.issuing_pem, &keys.chain_pem,  &keys.update_pem};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		pki_key_free(all[i]);
	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
		buf_free(bufs[i]);
	keys = (struct meet_keys){0};
	made = false;
}
