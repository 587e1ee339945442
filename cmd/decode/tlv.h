/* cmd/decode/tlv.h: every TLV of an LLDPDU in the order in which it stands, known or not. */
#ifndef DIALTONE_CMD_DECODE_TLV_H
#define DIALTONE_CMD_DECODE_TLV_H

#include <jansson.h>

#include "base/cursor.h"

/* `pdu` is an LLDPDU that lldp_read() has read.  *behind: octets after its End TLV. */
json_t *decode_tlvs(struct rd pdu, size_t *behind);

#endif
