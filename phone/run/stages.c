/* phone/run/stages.c: the nine stages as a table: what each is called, how it begins, what it needs and gives. */
#include "phone/internal.h"

/* clang-format off */
const struct stage stages[DT_STAGE_COUNT] = {
/*                     begins            s    optional needs            gives           */
[DT_STAGE_VLAN]     = {stage_vlan,       90,  true,    0,               HAS_VLAN},
[DT_STAGE_ADDRESS]  = {stage_address,    180, false,   0,               HAS_ADDRESS | HAS_TIME},
[DT_STAGE_FIND]     = {stage_find,       60,  true,    HAS_ADDRESS,     HAS_UPDATE_URL},
[DT_STAGE_UPDATE]   = {stage_update,     900, true,    HAS_ADDRESS,     HAS_FIRMWARE},
[DT_STAGE_DISCOVER] = {stage_discover,   90,  false,   HAS_ADDRESS,     HAS_REGISTRAR | HAS_WEB},
[DT_STAGE_CHAIN]    = {stage_chain,      90,  false,   HAS_WEB,         HAS_ROOTS},
[DT_STAGE_AUTH]     = {stage_auth,       90,  false,   HAS_WEB | HAS_ROOTS, HAS_IDENTITY},
[DT_STAGE_CERT]     = {stage_cert,       90,  false,   HAS_IDENTITY,    HAS_USER_CERT},
[DT_STAGE_LOGON]    = {stage_logon,      600, false,   HAS_REGISTRAR,   HAS_DIAL_TONE | HAS_WEB},
};
/* clang-format on */
