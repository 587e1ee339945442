/* doctor/icmp.h reads from an error of ICMP who refused the packet. */
#ifndef DIALTONE_DOCTOR_ICMP_H
#define DIALTONE_DOCTOR_ICMP_H

#include "dialtone/sign.h"
#include "wire/eth.h"

/* Returns a DT_SIGN_ASKED_...; of UDP only questions to a name server are meant.  DT_SIGN_NONE: nobody refuses, the packet was too large. */
enum dt_sign doctor_icmp_sign(const struct icmp_error *e);

#endif
