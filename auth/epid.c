/* auth/epid.c: from an epid to the instance, and from the instance to the body of its GRUU ([MS-SIPRE]; [sip 5]). */
#include <stdio.h>
#include <string.h>

#include "auth/sipsig.h"
#include "base/enc.h"
#include "pki/key.h"

/* fcacfb03-8a73-46ef-91b1-e5ebeeaba4fe as the octets of a Windows GUID: the first three fields are little-endian */
static const uint8_t epid_namespace[16] = {0x03, 0xfb, 0xac, 0xfc, 0x73, 0x8a, 0xef, 0x46,
					   0x91, 0xb1, 0xe5, 0xeb, 0xee, 0xab, 0xa4, 0xfe};

/* Where each printed octet of a GUID lies in the struct. */
static const uint8_t printed[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

void sip_instance_of_epid(struct sv epid, char out[37])
{
	struct buf b = {0};
	uint8_t h[20] = {0};
	uint8_t u[16];

	buf_add(&b, epid_namespace, sizeof epid_namespace);
	buf_sv(&b, epid);
	if (!b.oom)
		pki_sha1(b.p, b.n, h);
	buf_free(&b);
	h[7] = (uint8_t)((h[7] & 0x0f) | 0x50); /* version 5: the high nibble of the third field */
	h[8] = (uint8_t)((h[8] & 0x3f) | 0x80); /* the variant of RFC 4122 */
	for (unsigned i = 0; i < 16; i++)
		u[i] = h[printed[i]];
	uuid_text(out, u);
}

bool sip_gruu_of_instance(struct sv uuid, char out[25])
{
	uint8_t guid[18] = {0}, u[16];
	struct buf b = {0};
	bool good;

	if (!uuid_read(uuid, u))
		return false;
	for (unsigned i = 0; i < 16; i++)
		guid[printed[i]] = u[i];
	b64url_add(&b, guid, sizeof guid);
	good = !b.oom && b.n == 24;
	if (good) {
		memcpy(out, b.p, 24);
		out[24] = '\0';
	}
	buf_free(&b);
	return good;
}
