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

void ntlm_sign_keys(const uint8_t session_key[16], uint32_t flags, struct sipsig_key *c2s, struct sipsig_key *s2c)
{
	one(session_key, flags, "client-to-server", c2s);
	one(session_key, flags, "server-to-client", s2c);
}

static void le32(uint8_t out[4], uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (8 * i));
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
