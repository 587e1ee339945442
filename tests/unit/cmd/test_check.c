/* The doctor for a monitoring system: its line, its state, and how often it runs. */
#include <signal.h>
#include <unistd.h>

#include "tests/support/check.h"

#include "cmd/doctor/check.h"
#include "cmd/doctor/compare.h"
#include "cmd/doctor/every.h"

static char *line_of(const struct doctor_run *r, enum check state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	struct findings f = {.n = 0};

	if (r->n)
		f.n = doctor_diagnose(r, f.one, FINDINGS);
	assert_int_equal(check_print(to, r, &f), state);
	fclose(to);
	assert_true(n > 0 && text[n - 1] == '\n' && strchr(text, '\n') == text + n - 1); /* one line */
	return text;
}

static void states(void **state)
{
	struct dt_record vlan = {.kind = DT_REC_STAGE, .stage = DT_STAGE_VLAN, .ok = true, .ms = 6};
	struct dt_record odd = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .ok = true, .what = "dhcp", .sign = {DT_SIGN_OFFER_SLOW}};
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_LOGON, .what = "registrar", .failure = DT_F_SIP_STATUS,
				  .why = "a | b\nc"};
	struct dt_record good = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true, .ms = 1234};
	struct dt_record bad = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .failure = DT_F_SIP_STATUS, .why = "a | b\nc", .ms = 50};
	struct dt_record stopped = {.kind = DT_REC_RESULT, .stage = DT_STAGE_FIND, .failure = DT_F_STOPPED};
	struct doctor_run r = {0};
	char *text;

	(void)state;
	text = line_of(&r, CHECK_UNKNOWN);
	assert_int_equal(strncmp(text, "DIALTONE UNKNOWN: ", 18), 0);
	free(text);
	assert_true(doctor_run_add(&r, &vlan) && doctor_run_add(&r, &good));
	text = line_of(&r, CHECK_OK);
	assert_string_equal(text, "DIALTONE OK: dial tone after 1.2 s | time=1.234s;;;0 vlan=0.006s;;;0\n");
	free(text);
	doctor_run_free(&r);
	assert_true(doctor_run_add(&r, &odd) && doctor_run_add(&r, &good));
	text = line_of(&r, CHECK_WARNING);
	assert_int_equal(strncmp(text, "DIALTONE WARNING: stage 2: ", 27), 0);
	assert_non_null(strstr(text, "[I-02]; DO: "));
	free(text);
	doctor_run_free(&r);
	assert_true(doctor_run_add(&r, &tried) && doctor_run_add(&r, &bad));
	text = line_of(&r, CHECK_CRITICAL);
	assert_int_equal(strncmp(text, "DIALTONE CRITICAL: stage 9 fails: ", 34), 0);
	assert_ptr_equal(strchr(text, '|'), strrchr(text, '|')); /* one: before the performance data */
	free(text);
	doctor_run_free(&r);
	assert_true(doctor_run_add(&r, &stopped));
	free(line_of(&r, CHECK_UNKNOWN));
	doctor_run_free(&r);
}

static bool in_order(const char *text, const char *const *words)
{
	for (; *words && text; words++)
		if ((text = strstr(text, *words)) != NULL)
			text += strlen(*words);
	return text != NULL;
}

/* Two runs side by side: what only one of them has is told with its name, the rest once. */
static void side_by_side(void **state)
{
	static const char *const names[2] = {"cx600, warm", "cx600, cold"};
	static const char *const told[] = {"cx600, warm", "cx600, cold", "1 vlan", "ok", "6 ms", "-", "6 chain", "-", "FAILED", "result", "dial tone   1.2 s",
					   "stage 6 fails", "only with cx600, cold: stage 6: ", "DO: ", "with both: stage 2: ", "[I-02]", NULL};
	struct dt_record vlan = {.kind = DT_REC_STAGE, .stage = DT_STAGE_VLAN, .ok = true, .ms = 6};
	struct dt_record odd = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .ok = true, .what = "dhcp", .sign = {DT_SIGN_OFFER_SLOW}};
	struct dt_record good = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true, .ms = 1234};
	struct dt_record bad = {.kind = DT_REC_RESULT, .stage = DT_STAGE_CHAIN, .failure = DT_F_CHAIN_DISABLED, .ms = 50};
	struct doctor_run *r = calloc(2, sizeof *r);
	const struct doctor_run *const runs[2] = {&r[0], &r[1]};
	struct findings f[2];
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	(void)state;
	assert_true(doctor_run_add(&r[0], &vlan) && doctor_run_add(&r[0], &odd) && doctor_run_add(&r[0], &good));
	assert_true(doctor_run_add(&r[1], &odd) && doctor_run_add(&r[1], &bad));
	for (unsigned i = 0; i < 2; i++)
		f[i].n = doctor_diagnose(&r[i], f[i].one, FINDINGS);
	compare_print(to, names, runs, f);
	fclose(to);
	if (!in_order(text, told))
		fail_msg("%s", text);
	assert_null(strstr(strstr(text, "with both") + 1, "with both")); /* once */
	free(text);
	doctor_run_free(&r[0]);
	doctor_run_free(&r[1]);
	free(r);
}

static void periods(void **state)
{
	(void)state;
	assert_int_equal(every_read("5m"), 300);
	assert_int_equal(every_read("30s"), 30);
	assert_int_equal(every_read("90"), 90);
	assert_int_equal(every_read("1h"), 3600);
	assert_int_equal(every_read("1d"), 86400);
	assert_int_equal(every_read("29s"), 0);
	assert_int_equal(every_read("2d"), 0);
	assert_int_equal(every_read("m"), 0);
	assert_int_equal(every_read(""), 0);
	assert_int_equal(every_read("5 m"), 0);
	assert_int_equal(every_read("-5m"), 0);
}

static int run_ends_it(void *arg, bool *end)
{
	*end = true;
	return *(int *)arg;
}

static int run_interrupts(void *arg, bool *end)
{
	(void)end;
	signal(SIGTERM, SIG_IGN); /* it is passed on to the run, which ends in its own time */
	kill(getppid(), SIGTERM);
	return *(int *)arg;
}

/* A refused PIN is not sent again; a signal ends it between two runs. */
static void again_and_again(void **state)
{
	int status = 2;

	(void)state;
	assert_int_equal(every_run(86400, run_ends_it, &status), 2);
	status = 1;
	assert_int_equal(every_run(86400, run_interrupts, &status), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(states), cmocka_unit_test(side_by_side), cmocka_unit_test(periods), cmocka_unit_test(again_and_again)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
