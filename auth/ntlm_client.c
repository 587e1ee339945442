/* auth/ntlm_client.c: the answer to a challenge, as Office Communicator and SIPE compose it [sip 9.3]. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "auth/ntlm.h"

/* Without these there is no NTLMv2, or no signature that both sides can make. */
static const struct {
	uint32_t flag;
	bool datagram; /* in datagram mode alone */
	const char *why;
} demands[] = {
	{NTLM_UNICODE, false, "the NTLM challenge does not offer Unicode"},
	{NTLM_NTLM, false, "the NTLM challenge does not offer NTLM"},
	{NTLM_ESS, false, "the NTLM challenge does not offer extended session security"},
	{NTLM_TARGET_INFO, false, "the NTLM challenge has no target information"},
	{NTLM_SIGN, true, "the NTLM challenge does not offer signatures"},
	{NTLM_KEY_EXCH, true, "the NTLM challenge does not offer a key exchange"},
	{NTLM_128, true, "the NTLM challenge does not offer 128-bit keys"},
};

#define WANTED                                                                                                        \
	((uint32_t)(NTLM_UNICODE | NTLM_SIGN | NTLM_DATAGRAM | NTLM_NTLM | NTLM_ALWAYS_SIGN | NTLM_ESS | NTLM_IDENTIFY | \
		    NTLM_TARGET_INFO | NTLM_VERSION | NTLM_128 | NTLM_KEY_EXCH))

enum { MIC_AT = 72 }; /* [MS-NLMP] 2.2.1.3: behind the version */

struct parts {
	struct buf domain, user, workstation, nt, info;
	uint8_t lm[24], key[16], exported[16];
	bool mic;
};

static void clear(struct parts *p)
{
	buf_free(&p->domain);
	buf_free(&p->user);
	buf_free(&p->workstation);
	buf_free(&p->nt);
	buf_free(&p->info);
	explicit_bzero(p, sizeof *p);
}

static bool client_names(struct parts *p, const struct ntlm_client *c)
{
	return utf16_from_utf8(&p->domain, sv_of(c->domain), false) && utf16_from_utf8(&p->user, sv_of(c->user), false) &&
	       utf16_from_utf8(&p->workstation, sv_of(c->workstation), false) && p->user.n;
}

/* The challenge's pairs, and ours behind them.  [MS-NLMP] 3.1.5.1.2: "If the CHALLENGE_MESSAGE TargetInfo field has an MsvAvTimestamp
 * present, the client SHOULD provide a MIC: ... AV_PAIR ... MsvAvFlags ... 0x00000002"; "If ClientChannelBindingsUnhashed is not NULL add an
 * AV_PAIR ... MsvAvChannelBindings". */
static void client_pairs(struct parts *p, struct sv theirs, const struct ntlm_client *c)
{
	static const char flags[] = {2, 0, 0, 0};
	struct rd r = rd_of(theirs.p, theirs.n);

	p->mic = c->negotiate.n && ntlm_av(theirs, NTLM_AV_TIME).n == 8;
	for (;;) {
		unsigned id = (unsigned)rd_le(&r, 2);
		struct sv value = rd_sv(&r, (size_t)rd_le(&r, 2));

		if (r.err || id == NTLM_AV_END)
			break;
		if (id != NTLM_AV_CHANNEL && (id != NTLM_AV_FLAGS || !p->mic))
			ntlm_av_add(&p->info, id, value);
	}
	if (p->mic)
		ntlm_av_add(&p->info, NTLM_AV_FLAGS, (struct sv){flags, sizeof flags});
	if (c->binding)
		ntlm_av_add(&p->info, NTLM_AV_CHANNEL, (struct sv){(const char *)c->binding, 16});
	ntlm_av_add(&p->info, NTLM_AV_END, (struct sv){NULL, 0});
}

/* temp = 01 01 | 0*6 | time | client challenge | 0*4 | target info | 0*4, behind sixteen octets for the proof */
static void client_response(struct parts *p, struct sv info, const struct ntlm_client *c)
{
	static const uint8_t zeros[16], head[8] = {1, 1};
	struct sv stamp = ntlm_av(info, NTLM_AV_TIME);
	uint8_t now[8];

	for (unsigned i = 0; i < 8; i++)
		now[i] = (uint8_t)(c->filetime >> (8 * i));
	buf_add(&p->nt, zeros, 16);
	buf_add(&p->nt, head, sizeof head);
	buf_add(&p->nt, stamp.n == 8 ? (const uint8_t *)stamp.p : now, 8);
	buf_add(&p->nt, c->client_challenge, 8);
	buf_add(&p->nt, zeros, 4);
	buf_sv(&p->nt, info);
	buf_add(&p->nt, zeros, 4);
}

static bool client_prove(struct parts *p, const struct ntlm_challenge *ch, const struct ntlm_client *c)
{
	uint8_t nt_hash[16], ntowfv2[16] = {0}, base[16] = {0};
	struct rc4 r;
	bool ok = ntlm_nt_hash(sv_of(c->password), nt_hash) &&
		  ntlm_ntowfv2(nt_hash, buf_view(&p->user), buf_view(&p->domain), ntowfv2) &&
		  ntlm_proof(ntowfv2, ch->challenge, sv_from(buf_view(&p->nt), 16), p->nt.p) &&
		  ntlm_proof(ntowfv2, ch->challenge, (struct sv){(const char *)c->client_challenge, 8}, p->lm) &&
		  HMAC(EVP_md5(), ntowfv2, 16, p->nt.p, 16, base, NULL) != NULL;

	memcpy(p->lm + 16, c->client_challenge, 8);
	if (p->mic) /* "the client SHOULD NOT send the LmChallengeResponse and SHOULD send Z(24) instead" */
		memset(p->lm, 0, sizeof p->lm);
	memcpy(p->exported, ch->flags & NTLM_KEY_EXCH && ch->flags & NTLM_SIGN ? c->session_key : base, 16);
	rc4_init(&r, base, sizeof base);
	rc4_apply(&r, c->session_key, p->key, 16);
	explicit_bzero(&r, sizeof r);
	explicit_bzero(nt_hash, sizeof nt_hash);
	explicit_bzero(ntowfv2, sizeof ntowfv2);
	explicit_bzero(base, sizeof base);
	return ok;
}

const char *ntlm_answer(struct buf *b, struct sv challenge, const struct ntlm_client *c, uint32_t *flags)
{
	struct rd r = rd_of(challenge.p, challenge.n);
	struct ntlm_challenge ch;
	struct ntlm_authenticate m = {0};
	struct parts p = {0};
	const char *why = NULL;
	size_t at;

	if (!ntlm_challenge_read(&r, &ch))
		return r.err;
	for (size_t i = 0; i < sizeof demands / sizeof *demands; i++)
		if (!(ch.flags & demands[i].flag) && (!demands[i].datagram || ch.flags & NTLM_DATAGRAM))
			return demands[i].why;
	m.flags = (ch.flags & WANTED) | NTLM_REQUEST_TARGET;
	memcpy(m.version, ntlm_windows7, sizeof m.version);
	if (!client_names(&p, c)) {
		why = "user, domain or workstation is not Unicode text";
	} else {
		client_pairs(&p, ch.info, c);
		client_response(&p, buf_view(&p.info), c);
		if (p.info.oom || p.nt.oom || p.domain.oom || p.user.oom || p.workstation.oom || !client_prove(&p, &ch, c))
			why = "out of memory";
	}
	if (why == NULL) {
		m.domain = buf_view(&p.domain);
		m.user = buf_view(&p.user);
		m.workstation = buf_view(&p.workstation);
		m.lm = (struct sv){(const char *)p.lm, sizeof p.lm};
		m.nt = buf_view(&p.nt);
		if (m.flags & NTLM_KEY_EXCH)
			m.key = (struct sv){(const char *)p.key, sizeof p.key};
		m.has_mic = p.mic;
		at = b->n;
		ntlm_authenticate_write(b, &m);
		if (p.mic && !b->oom && !ntlm_mic(c->negotiate, challenge, sv_from(buf_view(b), at), p.exported, b->p + at + MIC_AT))
			why = "out of memory";
		*flags = m.flags;
	}
	clear(&p);
	return why ? why : b->oom ? "out of memory" : NULL;
}
