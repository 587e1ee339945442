/* wire/capture/dns.h: a DNS message as somebody reads it who looks on: the question, and the A and SRV records of the answer.
 *
 * RFC 1035 4, RFC 2782.  Names come without their final dot; one that cannot be printed is refused.  The program's own questions
 * go through c-ares (host/names.c); this is for the messages of others, of which c-ares takes only the answers.
 */
#ifndef DIALTONE_WIRE_DNS_H
#define DIALTONE_WIRE_DNS_H

#include "base/cursor.h"

enum { DNS_A = 1, DNS_SRV = 33, DNS_RECORDS = 8, DNS_NAME_MAX = 256 };

struct dns_message {
	uint16_t id;
	bool answer;
	uint8_t rcode;
	uint16_t type; /* of its one question, which is of class IN */
	char name[DNS_NAME_MAX];
	unsigned n; /* records of the type that was asked for */
	struct dns_record {
		uint32_t address;
		uint16_t priority, weight, port;
		char target[DNS_NAME_MAX]; /* "" for "." */
	} rr[DNS_RECORDS];
};
bool dns_read(struct rd *r, struct dns_message *ret);

#endif
