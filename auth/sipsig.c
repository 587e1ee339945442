/* auth/sipsig.c: the string that is signed, its signature, and the window against replays. */
#include <openssl/hmac.h>
#include <string.h>

#include "auth/ntlm.h"
#include "auth/sipsig.h"
#include "base/enc.h"
#include "pki/key.h"

#define SIP_SEQUENCE 100 /* "the sequence number is always 100": [sip 9.5] */

static void sipsig_field(struct buf *b, struct sv s)
{
	buf_add(b, "<", 1);
	buf_sv(b, s);
	buf_add(b, ">", 1);
}

/* The first sip: and the first tel: URI of an identity header, which may hold several values or stand several times. */
static bool sipsig_identity(const struct msg *m, const char *name, struct sv *sip, struct sv *tel)
{
	size_t n = msg_count(m, name);

	for (size_t i = 0; i < n; i++) {
		struct sv rest = msg_get_nth(m, name, i);

		while (rest.p && rest.n) {
			struct sip_addr a;

			if (!sip_addr_read(rest, &a))
				break;
			if (sip->p == NULL && (sv_istarts(a.uri, SV("sip:")) || sv_istarts(a.uri, SV("sips:"))))
				*sip = a.uri;
			if (tel->p == NULL && sv_istarts(a.uri, SV("tel:")))
				*tel = a.uri;
			rest = a.rest;
		}
	}
	return n > 0;
}

/* "<scheme><rand><num><realm><targetname><Call-ID><CSeq-number><method><From-URI><From-tag><To-URI><To-tag><PAI-sip>
 * <PAI-tel><Expires>", and a response's status code.  Version 2 has neither the To URI nor the identities. */
bool sipsig_string(struct buf *b, const struct msg *m, unsigned version, struct sv scheme, struct sv rand, struct sv num,
		   struct sv realm, struct sv targetname)
{
	struct sip_addr from, to;
	struct sv cseq = sv_trim(msg_get(m, "CSeq")), digits, method, sip = {0}, tel = {0};
	uint32_t number;

	if (!sip_addr_read(msg_get(m, "From"), &from) || !sip_addr_read(msg_get(m, "To"), &to) ||
	    !sip_cseq_read(cseq, &number, &method))
		return false;
	digits = cseq;
	for (digits.n = 0; digits.n < cseq.n && cseq.p[digits.n] >= '0' && cseq.p[digits.n] <= '9';)
		digits.n++;
	sipsig_field(b, scheme);
	sipsig_field(b, rand);
	sipsig_field(b, num);
	sipsig_field(b, realm);
	sipsig_field(b, targetname);
	sipsig_field(b, msg_get(m, "Call-ID"));
	sipsig_field(b, digits);
	sipsig_field(b, method);
	sipsig_field(b, from.uri);
	sipsig_field(b, sip_param(from.params, "tag"));
	if (version > 2)
		sipsig_field(b, to.uri);
	sipsig_field(b, sip_param(to.params, "tag"));
	if (version > 2) {
		if (!sipsig_identity(m, "P-Asserted-Identity", &sip, &tel))
			sipsig_identity(m, "P-Preferred-Identity", &sip, &tel);
		sipsig_field(b, sip);
		sipsig_field(b, tel);
	}
	sipsig_field(b, msg_get(m, "Expires"));
	if (!m->request)
		buf_printf(b, "<%u>", m->status);
	return !b->oom;
}

size_t sipsig_make(const struct sipsig_key *k, struct sv string, uint8_t out[SIPSIG_MAX])
{
	uint8_t mac[EVP_MAX_MD_SIZE];
	const EVP_MD *md = NULL;
	unsigned n = 0;

	switch (k->mac) {
	case SIPSIG_NTLM:
		ntlm_mac(k->key, k->seal, k->key_exch, SIP_SEQUENCE, string.p, string.n, out);
		return 16;
	case SIPSIG_NTLM_OLD:
		ntlm_mac_old(k->key, k->nkey, SIP_SEQUENCE, string.p, string.n, out);
		return 16;
	case SIPSIG_HMAC_MD5:
		md = EVP_md5();
		break;
	case SIPSIG_HMAC_SHA1:
		md = EVP_sha1();
		break;
	case SIPSIG_HMAC_SHA256:
		md = EVP_sha256();
		break;
	case SIPSIG_HMAC_SHA384:
		md = EVP_sha384();
		break;
	}
	if (md == NULL || HMAC(md, k->key, sizeof k->key, (const uint8_t *)string.p, string.n, mac, &n) == NULL ||
	    n > SIPSIG_MAX)
		return 0;
	memcpy(out, mac, n);
	explicit_bzero(mac, sizeof mac);
	return n;
}

bool sipsig_check(const struct sipsig_key *k, struct sv string, struct sv hex)
{
	uint8_t ours[SIPSIG_MAX], theirs[SIPSIG_MAX];
	size_t n = sipsig_make(k, string, ours);
	bool good = n > 0 && hex.n == 2 * n && hex_read(hex, theirs, n) && pki_equal(ours, theirs, n);

	explicit_bzero(ours, sizeof ours);
	return good;
}

/* ---- the window: bit (num modulo 256) says whether num was seen ----------------------------------------------- */

#define WINDOW 256

bool sipsig_window_check(const struct sipsig_window *w, uint32_t num)
{
	if (num == 0)
		return false; /* counting starts at 1 */
	if (num > w->highest)
		return true;
	return w->highest - num < WINDOW && !(w->seen[num % WINDOW / 64] >> num % 64 & 1);
}

void sipsig_window_take(struct sipsig_window *w, uint32_t num)
{
	if (num > w->highest) {
		if (num - w->highest >= WINDOW)
			memset(w->seen, 0, sizeof w->seen);
		else
			for (uint32_t i = w->highest + 1; i != num; i++)
				w->seen[i % WINDOW / 64] &= ~(UINT64_C(1) << i % 64);
		w->highest = num;
	}
	w->seen[num % WINDOW / 64] |= UINT64_C(1) << num % 64;
}
