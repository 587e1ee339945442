/* net/subnets.h: addresses and subnets that an administrator names: "10.66.0.0/16, 2001:db8:66::/64 192.0.2.7". */
#ifndef DIALTONE_NET_SUBNETS_H
#define DIALTONE_NET_SUBNETS_H

#include <stdbool.h>

#include "base/why.h"

bool subnets_check(const char *list, struct why *why); /* false: *why quotes what is wrong; an empty list is good */
/* list: checked.  address: as text; one that is no address is in no subnet.  An IPv4 address is in no subnet of IPv6. */
bool subnets_have(const char *list, const char *address);

#endif
