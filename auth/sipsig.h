/* auth/sipsig.h: the string that is signed, and its signature ([MS-SIPAE] 3.2.5.2; [sip 7, 8.5, 9.5]). */
#ifndef DIALTONE_AUTH_SIPSIG_H
#define DIALTONE_AUTH_SIPSIG_H

#include "base/buf.h"
#include "wire/sip.h"

enum sipsig_mac { SIPSIG_HMAC_MD5, SIPSIG_HMAC_SHA1, SIPSIG_HMAC_SHA256, SIPSIG_HMAC_SHA384, SIPSIG_NTLM,
		  SIPSIG_NTLM_OLD /* without extended session security */ };

struct sipsig_key { /* of one direction; wipe with explicit_bzero */
	enum sipsig_mac mac;
	uint8_t key[32];      /* HMAC: the DSK half; NTLM: the sign key in [0..15] */
	uint8_t seal[16];     /* NTLM; NTLM_OLD: the exported session key */
	uint8_t nkey;	      /* NTLM_OLD: octets of key */
	bool key_exch;	      /* NTLM: NTLMSSP_NEGOTIATE_KEY_EXCH */
};
#define SIPSIG_MAX 48

/* The fifteen (sixteen for a response) values between < and >.  `rand` and `num` are those of the signer's header. */
bool sipsig_string(struct buf *b, const struct msg *m, unsigned version, struct sv scheme, struct sv rand, struct sv num,
		   struct sv realm, struct sv targetname);
size_t sipsig_make(const struct sipsig_key *k, struct sv string, uint8_t out[SIPSIG_MAX]); /* octets; 0: failed */
bool sipsig_check(const struct sipsig_key *k, struct sv string, struct sv hex); /* binary, in constant time */

/* cnum/snum: accepted once each, inside a sliding window of 256 ([MS-SIP] 3.1.5.1). Starts as {0}. */
struct sipsig_window {
	uint32_t highest;
	uint64_t seen[4];
};
bool sipsig_window_check(const struct sipsig_window *w, uint32_t num); /* would be accepted */
void sipsig_window_take(struct sipsig_window *w, uint32_t num);	       /* after the signature was good */

/* epid -> "xxxxxxxx-xxxx-5xxx-xxxx-xxxxxxxxxxxx" [sip 5], and the 24 characters of a GRUU. */
void sip_instance_of_epid(struct sv epid, char out[37]);
bool sip_gruu_of_instance(struct sv uuid, char out[25]);

#endif
