#include "dialtone/failure.h"

#define ROW(id, code, fault, what, fix) {code, DT_FAULT_##fault, what, fix},
const struct dt_failure_row dt_failures[DT_FAILURE_COUNT] = {DT_FAILURES(ROW)};
#undef ROW

const char *const dt_fault_names[] = {"", "network", "server", "phone", "user", "us"};
