/* auth/ntlm.c: NTLMv2 ([MS-NLMP] 3.3.2): the hashes, the server's challenge and its check of the answer. */
#include "auth/ntlm.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { PROOF_N = 16, BLOB_MIN = 28 + 4 }; /* 2.2.2.7: the fixed part of the client challenge, and an end pair */

bool ntlm_nt_hash(struct sv password_utf8, uint8_t out[16])
{
	struct buf b = {0};
	bool ok;

	buf_reserve(&b, 2 * password_utf8.n + 2); /* one piece, so that nothing of it stays behind a realloc */
	ok = utf16_from_utf8(&b, password_utf8, false) && !b.oom;
	if (ok)
		md4(b.p, b.n, out);
	buf_wipe(&b);
	return ok;
}

/* NTOWFv2 = HMAC_MD5(NTOWFv1, UTF16LE(UpperCase(User) || UserDom)) */
bool ntlm_ntowfv2(const uint8_t nt_hash[16], struct sv user16, struct sv domain16, uint8_t out[16])
{
	struct buf utf8 = {0}, name = {0};
	bool ok = utf8_from_utf16(&utf8, user16) && utf16_from_utf8(&name, buf_view(&utf8), true);

	buf_sv(&name, domain16);
	ok = ok && !utf8.oom && !name.oom && HMAC(EVP_md5(), nt_hash, 16, name.p ? name.p : out, name.n, out, NULL) != NULL;
	buf_free(&utf8);
	buf_free(&name);
	return ok;
}

uint64_t ntlm_filetime(int64_t unix_ms)
{
	return (uint64_t)(unix_ms + 11644473600000) * 10000;
}

/* ---- the challenge ------------------------------------------------------------------------------------- */

/* What a real Lync 2013 sets in a SIP challenge [sip 9.2]. */
#define DATAGRAM_FLAGS 0xe29882f3u
#define TARGET_TYPE_DOMAIN 0x10000u

/* Over HTTP the client asks first. UNICODE, NTLM, ALWAYS_SIGN, extended session security and target info are required
 * by SIPE; the protections of messages are granted as asked, though nothing over HTTP uses them. */
static uint32_t connection_flags(uint32_t asked)
{
	return NTLM_UNICODE | NTLM_NTLM | NTLM_REQUEST_TARGET | NTLM_ALWAYS_SIGN | NTLM_ESS | NTLM_TARGET_INFO | NTLM_VERSION |
	       TARGET_TYPE_DOMAIN | (asked & (NTLM_SIGN | NTLM_SEAL | NTLM_IDENTIFY | NTLM_128 | NTLM_56 | NTLM_KEY_EXCH));
}

static bool ntlm_name_add(struct buf *info, unsigned id, const char *name)
{
	struct buf u = {0};
	bool ok = name == NULL || utf16_from_utf8(&u, sv_of(name), false);

	if (ok && name && *name)
		ntlm_av_add(info, id, buf_view(&u));
	info->oom |= u.oom;
	buf_free(&u);
	return ok;
}

bool ntlm_make_challenge(struct buf *b, bool datagram, uint32_t asked, const struct ntlm_names *names,
			 const uint8_t challenge[8], uint64_t filetime)
{
	struct ntlm_challenge m = {.flags = datagram ? DATAGRAM_FLAGS : connection_flags(asked)};
	struct buf info = {0}, target = {0};
	uint8_t time[8];
	bool ok = ntlm_name_add(&info, NTLM_AV_DOMAIN, names->netbios_domain) &&
		  ntlm_name_add(&info, NTLM_AV_COMPUTER, names->netbios_computer) &&
		  ntlm_name_add(&info, NTLM_AV_DNS_DOMAIN, names->dns_domain) &&
		  ntlm_name_add(&info, NTLM_AV_DNS_COMPUTER, names->dns_computer) &&
		  ntlm_name_add(&info, NTLM_AV_DNS_TREE, names->dns_tree);

	for (unsigned i = 0; i < 8; i++)
		time[i] = (uint8_t)(filetime >> (8 * i));
	ntlm_av_add(&info, NTLM_AV_TIME, (struct sv){(const char *)time, sizeof time});
	ntlm_av_add(&info, NTLM_AV_END, (struct sv){NULL, 0});
	if (!datagram && names->netbios_domain) /* a datagram challenge of a real server names no target */
		ok = ok && utf16_from_utf8(&target, sv_of(names->netbios_domain), false);
	memcpy(m.challenge, challenge, sizeof m.challenge);
	memcpy(m.version, ntlm_windows7, sizeof m.version);
	m.info = buf_view(&info);
	m.target = buf_view(&target);
	ok = ok && !info.oom && !target.oom;
	if (ok)
		ntlm_challenge_write(b, &m);
	buf_free(&info);
	buf_free(&target);
	return ok && !b->oom;
}

/* ---- the answer ---------------------------------------------------------------------------------------- */

/* A name of the message as UTF-16LE. Without UNICODE it is in "the OEM code page": taken as UTF-8, which ASCII is. */
static bool ntlm_name16(const struct ntlm_authenticate *m, struct sv name, struct buf *to)
{
	if (m->flags & NTLM_UNICODE)
		buf_sv(to, name);
	else if (!utf16_from_utf8(to, name, false))
		return false;
	return !to->oom;
}

bool ntlm_who(const struct ntlm_authenticate *m, char user[256], char domain[256])
{
	struct buf u = {0}, d = {0}, u8 = {0}, d8 = {0};
	char name[256];
	bool ok = m->user.n && ntlm_name16(m, m->user, &u) && ntlm_name16(m, m->domain, &d) && utf8_from_utf16(&u8, buf_view(&u)) &&
		  utf8_from_utf16(&d8, buf_view(&d)) && !u8.oom && !d8.oom && sv_copy(name, sizeof name, buf_view(&u8)) &&
		  sv_copy(domain, 256, buf_view(&d8));

	if (ok)
		memcpy(user, name, sizeof name);
	buf_free(&u);
	buf_free(&d);
	buf_free(&u8);
	buf_free(&d8);
	return ok;
}

bool ntlm_proof(const uint8_t ntowfv2[16], const uint8_t challenge[8], struct sv rest, uint8_t out[16])
{
	struct buf b = {0};
	bool ok;

	buf_add(&b, challenge, 8);
	buf_sv(&b, rest);
	ok = !b.oom && HMAC(EVP_md5(), ntowfv2, 16, b.p, b.n, out, NULL) != NULL;
	buf_free(&b);
	return ok;
}

bool ntlm_check(const struct ntlm_authenticate *m, const uint8_t nt_hash[16], const uint8_t challenge[8],
		uint8_t session_key[16])
{
	struct sv temp = sv_from(m->nt, PROOF_N);
	uint8_t ntowfv2[16], proof[16], base[16];
	struct buf user = {0}, domain = {0};
	/* [MS-NLMP] 3.2.5.1.2: "If NTLMSSP_NEGOTIATE_KEY_EXCH flag is set in NegFlg AND (NTLMSSP_NEGOTIATE_SIGN OR
	 * NTLMSSP_NEGOTIATE_SEAL are set in NegFlg) ... ELSE Set ExportedSessionKey to KeyExchangeKey" */
	bool exchanged = m->flags & NTLM_KEY_EXCH && m->flags & (NTLM_SIGN | NTLM_SEAL), ok;

	/* NTLMv1 (24 octets) and anonymous logons are not accepted at all. "RespType 1, HiRespType 1" */
	if (m->nt.n < PROOF_N + BLOB_MIN || m->user.n == 0 || temp.p[0] != 1 || temp.p[1] != 1)
		return false;
	if (exchanged && m->key.n != 16)
		return false;
	ok = ntlm_name16(m, m->user, &user) && ntlm_name16(m, m->domain, &domain) &&
	     ntlm_ntowfv2(nt_hash, buf_view(&user), buf_view(&domain), ntowfv2) && ntlm_proof(ntowfv2, challenge, temp, proof) &&
	     CRYPTO_memcmp(proof, m->nt.p, PROOF_N) == 0 && HMAC(EVP_md5(), ntowfv2, 16, proof, 16, base, NULL) != NULL;
	if (ok && exchanged) {
		struct rc4 r;

		rc4_init(&r, base, sizeof base);
		rc4_apply(&r, (const uint8_t *)m->key.p, session_key, 16);
		explicit_bzero(&r, sizeof r);
	} else if (ok) {
		memcpy(session_key, base, 16);
	}
	explicit_bzero(ntowfv2, sizeof ntowfv2);
	explicit_bzero(base, sizeof base);
	explicit_bzero(proof, sizeof proof);
	buf_free(&user);
	buf_free(&domain);
	return ok;
}

/* "temp" of NTLMv2 (2.2.2.7): 01 01 | 6 | time 8 | challenge 8 | 4 | pairs; behind the sixteen octets of the proof */
enum { TIME_AT = PROOF_N + 8, PAIRS_AT = PROOF_N + 28 };

void ntlm_binding_sent(const struct ntlm_authenticate *m, uint8_t out[16])
{
	struct sv sent = m->nt.n > PAIRS_AT ? ntlm_av(sv_from(m->nt, PAIRS_AT), NTLM_AV_CHANNEL) : (struct sv){0};

	memset(out, 0, 16);
	if (sent.n == 16)
		memcpy(out, sent.p, 16);
}

uint64_t ntlm_time_sent(const struct ntlm_authenticate *m)
{
	struct rd r = rd_of(m->nt.p, m->nt.n);

	rd_take(&r, TIME_AT);
	return (uint64_t)rd_le(&r, 8);
}

/* MIC = HMAC_MD5(ExportedSessionKey, NEGOTIATE || CHALLENGE || AUTHENTICATE), with zeros where the MIC stands */
bool ntlm_mic(struct sv negotiate, struct sv challenge, struct sv authenticate, const uint8_t session_key[16], uint8_t mic[16])
{
	struct buf b = {0};
	bool ok;

	buf_sv(&b, negotiate);
	buf_sv(&b, challenge);
	buf_sv(&b, authenticate);
	ok = !b.oom && HMAC(EVP_md5(), session_key, 16, b.p, b.n, mic, NULL) != NULL;
	buf_free(&b);
	return ok;
}

bool ntlm_check_mic(struct sv negotiate, struct sv challenge, struct sv authenticate, size_t mic_at,
		    const uint8_t session_key[16])
{
	uint8_t mic[16];
	struct buf b = {0};
	bool ok = mic_at <= authenticate.n && authenticate.n - mic_at >= 16;

	buf_sv(&b, authenticate);
	if (ok && !b.oom) {
		memset(b.p + mic_at, 0, 16);
		ok = ntlm_mic(negotiate, challenge, buf_view(&b), session_key, mic) && CRYPTO_memcmp(mic, authenticate.p + mic_at, 16) == 0;
	}
	ok = ok && !b.oom;
	buf_free(&b);
	return ok;
}
