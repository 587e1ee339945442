/* cmd/decode/decode.h: one message's octets in, JSON out: what `dialtone decode KIND` shows.
 *
 * One file a kind.  A decoder gives a new reference, or NULL when it refuses: `why` is then a sentence that names the
 * octet.  It prints nothing, reads no file and keeps nothing.  lldp: the Ethernet frame; dhcp: the UDP payload, or the frame
 * or IP packet around it; the others: one whole message.
 */
#ifndef DIALTONE_CMD_DECODE_H
#define DIALTONE_CMD_DECODE_H

#include <jansson.h>
#include <stddef.h>

#include "base/why.h"

json_t *decode_lldp(const void *p, size_t n, struct why *why);
json_t *decode_dhcp(const void *p, size_t n, struct why *why);
json_t *decode_sip(const void *p, size_t n, struct why *why);
json_t *decode_http(const void *p, size_t n, struct why *why);
json_t *decode_soap(const void *p, size_t n, struct why *why);
json_t *decode_ntlm(const void *p, size_t n, struct why *why);
json_t *decode_update(const void *p, size_t n, struct why *why);
json_t *decode_provisioning(const void *p, size_t n, struct why *why);

#endif
