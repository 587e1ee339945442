/* auth/ntlm.h: NTLMv2 ([MS-NLMP] 3.3.2, 3.4; [sip 9]), both ends.  MD4 and RC4 are ours (auth/md4.c, rc4.c).
 *
 * The check of an answer is one function of the NT hash, so that another source (Samba's ntlm_auth) can stand in.
 */
#ifndef DIALTONE_AUTH_NTLM_H
#define DIALTONE_AUTH_NTLM_H

#include "auth/sipsig.h"
#include "wire/ntlm.h"

void md4(const void *p, size_t n, uint8_t out[16]);
struct rc4 {
	uint8_t s[256], i, j;
};
void rc4_init(struct rc4 *r, const uint8_t *key, size_t n);
void rc4_apply(struct rc4 *r, const uint8_t *in, uint8_t *out, size_t n);

bool ntlm_nt_hash(struct sv password_utf8, uint8_t out[16]); /* NTOWFv1 */
/* user and domain: UTF-16LE as received; the user is upper-cased here, the domain is not */
bool ntlm_ntowfv2(const uint8_t nt_hash[16], struct sv user16, struct sv domain16, uint8_t out[16]);
/* HMAC_MD5(NTOWFv2, challenge || rest): NTProofStr, when `rest` is "temp"; the LMv2 answer, when it is the client's
 * challenge.  `out` may be part of what `rest` comes from. */
bool ntlm_proof(const uint8_t ntowfv2[16], const uint8_t challenge[8], struct sv rest, uint8_t out[16]);

/* ---- server ---- */
struct ntlm_names {
	const char *netbios_domain, *netbios_computer, *dns_domain, *dns_computer, *dns_tree; /* UTF-8 */
};
/* datagram: for SIP (9.2's flags); else connection mode, for HTTP, answering the client's `asked` flags. */
bool ntlm_make_challenge(struct buf *b, bool datagram, uint32_t asked, const struct ntlm_names *names,
			 const uint8_t challenge[8], uint64_t filetime);
/* The user as the AUTHENTICATE names it, UTF-8. */
bool ntlm_who(const struct ntlm_authenticate *m, char user[256], char domain[256]);
/* Whether its NT answer was made with that hash, in constant time; on success the exported session key.  NTLMv1 and
 * anonymous answers are refused. */
bool ntlm_check(const struct ntlm_authenticate *m, const uint8_t nt_hash[16], const uint8_t challenge[8],
		uint8_t session_key[16]);
/* The value of MsvAvChannelBindings for a TLS connection whose server showed this certificate (DER): RFC 5929 4, tls-server-end-point.
 * false: it is no certificate. */
bool ntlm_channel_binding(const void *der, size_t n, uint8_t out[16]);
/* That value in an answer; all zero: none was sent ("If the channel binding is not supplied ... Z(16)"). */
void ntlm_binding_sent(const struct ntlm_authenticate *m, uint8_t out[16]);
/* The time in an answer of NTLMv2, a FILETIME; 0: it has none. */
uint64_t ntlm_time_sent(const struct ntlm_authenticate *m);
/* The MIC, for clients that send one: over all three messages, as they were on the wire.  mic_at: its place in the third. */
bool ntlm_mic(struct sv negotiate, struct sv challenge, struct sv authenticate, const uint8_t session_key[16], uint8_t mic[16]);
bool ntlm_check_mic(struct sv negotiate, struct sv challenge, struct sv authenticate, size_t mic_at,
		    const uint8_t session_key[16]);

/* ---- client ---- */
struct ntlm_client {
	const char *user, *domain, *password, *workstation; /* UTF-8 */
	uint8_t client_challenge[8], session_key[16];	     /* random, from the caller */
	uint64_t filetime;				     /* now, when the challenge has no timestamp */
	const uint8_t *binding; /* ntlm_channel_binding(); NULL: there is no TLS */
	struct sv negotiate;	/* the NEGOTIATE that went before; n 0: there was none (SIP) */
};
/* Answers a CHALLENGE.  Behind a NEGOTIATE, and to a challenge with a timestamp, it has a MIC and no LM answer; else, as in SIP, it is as
 * SIPE and OC compose it.  flags: those of the answer, also for the caller.
 * NULL when done, else why the challenge is refused. */
const char *ntlm_answer(struct buf *b, struct sv challenge, const struct ntlm_client *c, uint32_t *flags);

/* ---- signatures ---- */
void ntlm_sign_keys(const uint8_t session_key[16], uint32_t flags, struct sipsig_key *c2s, struct sipsig_key *s2c);
/* Datagram MAC of [MS-NLMP] 3.4.4.2 with ESS; SIP always uses sequence number 100. */
void ntlm_mac(const uint8_t sign_key[16], const uint8_t seal_key[16], bool key_exch, uint32_t seq, const void *p, size_t n,
	      uint8_t out[16]);

/* [MS-NLMP] 3.4.4.1, without ESS: a CRC32 and the number, sealed by RC4. */
void ntlm_mac_old(const uint8_t *key, size_t nkey, uint32_t seq, const void *p, size_t n, uint8_t out[16]);
/* UNKNOWN: whether a client that has no ESS weakens the key as 3.4.5.3 has it for datagrams; the first signature of an association shows it.
 * Makes a key of the one form the other: the exported session key as it is. */
void ntlm_sign_key_plain(struct sipsig_key *k);

uint64_t ntlm_filetime(int64_t unix_ms);

#endif
