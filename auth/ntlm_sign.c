/* auth/ntlm_sign.c: [MS-NLMP] 3.4.4.2 and 3.4.5: keys of each direction, and the datagram MAC. */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "auth/ntlm.h"

/* SignKey(dir) = MD5(ExportedSessionKey || constant), the constant with its NUL */
static void derive(const uint8_t *key, size_t n, const char *direction, const char *use, uint8_t out[16])
{
	struct buf b = {0};

	buf_add(&b, key, n);
	buf_printf(&b, "session key to %s %s key magic constant", direction, use);
	buf_add(&b, "", 1);
	if (b.oom || EVP_Digest(b.p, b.n, out, NULL, EVP_md5(), NULL) != 1)
		memset(out, 0, 16); /* without memory: a key that fits nothing */
	buf_wipe(&b);
}

static void one(const uint8_t session_key[16], uint32_t flags, const char *direction, struct sipsig_key *k)
{
	/* 3.4.5.3: "If NTLMSSP_NEGOTIATE_128 ... all bits of the key; NTLMSSP_NEGOTIATE_56 ... 56; else 40" */
	size_t n = flags & NTLM_128 ? 16 : flags & NTLM_56 ? 7 : 5;

	*k = (struct sipsig_key){.mac = SIPSIG_NTLM, .key_exch = flags & NTLM_KEY_EXCH};
	derive(session_key, 16, direction, "signing", k->key);
	derive(session_key, n, direction, "sealing", k->seal);
}

/* 3.4.5.3, without ESS: "If (NTLMSSP_NEGOTIATE_LM_KEY is set in NegFlg) or ((NTLMSSP_NEGOTIATE_DATAGRAM is set in NegFlg) and
 * (NTLMRevisionCurrent >= NTLMSSP_REVISION_W2K3)) ... If NTLMSSP_NEGOTIATE_56 ... ConcatenationOf(RandomSessionKey[0..6], 0xA0) ELSE
 * ConcatenationOf(RandomSessionKey[0..4], 0xE5, 0x38, 0xB0)"; else the key itself. */
static struct sipsig_key old_key(const uint8_t session_key[16], uint32_t flags)
{
	static const uint8_t short_end[] = {0xe5, 0x38, 0xb0};
	struct sipsig_key k = {.mac = SIPSIG_NTLM_OLD, .nkey = 16};

	memcpy(k.key, session_key, 16);
	memcpy(k.seal, session_key, 16);
	if (flags & (NTLM_LM_KEY | NTLM_DATAGRAM)) {
		k.nkey = 8;
		if (flags & NTLM_56)
			k.key[7] = 0xa0;
		else
			memcpy(k.key + 5, short_end, sizeof short_end);
	}
	return k;
}

void ntlm_sign_key_plain(struct sipsig_key *k)
{
	memcpy(k->key, k->seal, 16);
	k->nkey = 16;
}

void ntlm_sign_keys(const uint8_t session_key[16], uint32_t flags, struct sipsig_key *c2s, struct sipsig_key *s2c)
{
	if (!(flags & NTLM_ESS)) { /* one key for both directions */
		*c2s = *s2c = old_key(session_key, flags);
		return;
	}
	one(session_key, flags, "client-to-server", c2s);
	one(session_key, flags, "server-to-client", s2c);
}

static void le32(uint8_t out[4], uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

/* ISO 3309, as in Ethernet. */
static uint32_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* 3.4.4.1: "RandomPad: RC4(Handle, RandomPad); Checksum: RC4(Handle, CRC32(Message)); SeqNum: RC4(Handle, 0x00000000) XOR (application supplied
 * SeqNum); RandomPad: 0". */
void ntlm_mac_old(const uint8_t *key, size_t nkey, uint32_t seq, const void *p, size_t n, uint8_t out[16])
{
	struct rc4 r;

	le32(out, 1);
	le32(out + 4, 0);
	le32(out + 8, crc32_of(p, n));
	le32(out + 12, seq);
	rc4_init(&r, key, nkey);
	rc4_apply(&r, out + 4, out + 4, 12);
	le32(out + 4, 0);
	explicit_bzero(&r, sizeof r);
}

/* MAC = Version 1 || HMAC_MD5(SigningKey, SeqNum || Message)[0..7] || SeqNum; with KEY_EXCH the eight octets go
 * through RC4.  Datagram: "Handle = RC4Init(MD5(SealingKey || SeqNum))" for every message. */
void ntlm_mac(const uint8_t sign_key[16], const uint8_t seal_key[16], bool key_exch, uint32_t seq, const void *p, size_t n,
	      uint8_t out[16])
{
	uint8_t seal[20], handle[16] = {0}, mac[EVP_MAX_MD_SIZE] = {0};
	struct buf b = {0};

	le32(out, 1);
	le32(out + 12, seq);
	buf_add(&b, out + 12, 4);
	buf_add(&b, p, n);
	if (b.oom || HMAC(EVP_md5(), sign_key, 16, b.p, b.n, mac, NULL) == NULL)
		memset(mac, 0, sizeof mac);
	if (key_exch) {
		struct rc4 r;

		memcpy(seal, seal_key, 16);
		le32(seal + 16, seq);
		EVP_Digest(seal, sizeof seal, handle, NULL, EVP_md5(), NULL);
		rc4_init(&r, handle, sizeof handle);
		rc4_apply(&r, mac, mac, 8);
		explicit_bzero(&r, sizeof r);
		explicit_bzero(seal, sizeof seal);
		explicit_bzero(handle, sizeof handle);
	}
	memcpy(out + 4, mac, 8);
	buf_free(&b);
}
