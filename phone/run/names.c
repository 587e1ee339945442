/* phone/run/names.c: the stages' names. */
#include "dialtone/phone.h"
#include "dialtone/handset.h"

/* clang-format off */
const char *const dt_stage_keys[DT_STAGE_COUNT] = {
	"none", "vlan", "address", "find", "update", "discover", "chain", "auth", "cert", "logon",
};

/* The headings of Microsoft TechNet, "Device Connection Process", Lync Server 2013. */
const char *const dt_stage_titles[DT_STAGE_COUNT] = {
	"",
	"Finding the VLAN ID",
	"Obtain an IP Address",
	"Find the Device Update Web Service",
	"Check for Updates",
	"Obtain Registrar FQDN and Web Service URL",
	"Connect to the Web Service and Download the Root CA Certificate Chain",
	"Authentication Process",
	"Receive and Publish Certificate",
	"Log on to the Lync Server",
};
/* clang-format on */

#define ROW(id, code, what) {code, what},
const struct dt_handset_row dt_handset_answers[DT_HANDSET_COUNT] = {DT_HANDSET_ANSWERS(ROW)};
#undef ROW
const char *const dt_phase_names[DT_PHASE_COUNT] = {"off", "starting", "ready", "signing-in", "signed-in", "retrying", "signing-out"};
const char *const dt_logs_names[DT_LOGS_COUNT] = {"none", "sending", "sent", "failed"};
