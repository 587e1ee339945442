/* tests/fuzz/fuzz_plan.c reads the files of a plan: those of DHCP servers, and zones. */
#include <stdlib.h>

#include "doctor/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct doctor_plan *plan = calloc(1, sizeof *plan);
	struct why why = {0};
	struct sv text = {(const char *)p, n};

	if (plan == NULL || n == 0)
		goto out;
	if (doctor_plan_dhcp(plan, text, &why) != plan->has_dhcp)
		abort();
	if (doctor_plan_zone(plan, text, &why) && (plan->records == 0 || plan->records > PLAN_RECORDS))
		abort();
out:
	if (plan)
		doctor_plan_free(plan);
	free(plan);
	return 0;
}
