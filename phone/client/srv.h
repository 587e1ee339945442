/* phone/client/srv.h: the order in which the targets of an SRV record are tried. */
#ifndef DIALTONE_PHONE_SRV_H
#define DIALTONE_PHONE_SRV_H

#include "dialtone/phone.h"

void srv_sort(const struct dt_phone *ph, struct dt_dns_answer *a); /* RFC 2782 */
/* The target that is tried first.  false, and ret as it was: there is no record, or it says that there is no such service. */
bool srv_best(const struct dt_phone *ph, const struct dt_dns_answer *a, char ret[DT_NAME_MAX]);

#endif
