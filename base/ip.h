/* base/ip.h: addresses as text.  An address is a number in host order: 10.66.0.1 is 0x0a420001. */
#ifndef DIALTONE_BASE_IP_H
#define DIALTONE_BASE_IP_H

#include "base/sv.h"

#define IP_TEXT_MAX 16

/* printf(IP_FMT, IP_ARG(a)) */
#define IP_FMT "%u.%u.%u.%u"
#define IP_ARG(a) (a) >> 24, (a) >> 16 & 255, (a) >> 8 & 255, (a)&255

const char *ip_text(uint32_t address, char out[IP_TEXT_MAX]); /* returns out */
/* Four decimal numbers up to 255 and nothing else; *ret is untouched on failure. */
bool ip_read(struct sv s, uint32_t *ret);
/* A number for who is one peer: an IPv4 address, the /64 of an IPv6 address, as a host has all of its /64.  0: no address. */
uint64_t ip_key(const char *address);

#endif
