/* tests/unit/server/test_metrics.c: the text that Prometheus reads: the counts, and the form of every line (text format 0.0.4). */
#include "tests/support/check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "server/location/metrics.h"

static void seen(struct metrics *m, enum seen_step step, enum seen_result result, enum dt_failure code, uint64_t ms)
{
	struct location_ask q = {.kind = LOCATION_SEEN, .seen = {.step = step, .result = result, .code = code, .began = 1000}};
	struct location_reply none = {0};

	metrics_count(m, &q, &none, 1000 + ms);
}

static void bound(struct metrics *m, enum location_action action)
{
	struct location_ask q = {.kind = LOCATION_PUT};
	struct location_reply r = {.kind = LOCATION_PUT, .answered = true, .action = action};

	metrics_count(m, &q, &r, 1000);
}

/* name{label="value",...} number */
static bool sample_is_good(const char *line)
{
	const char *c = line;
	char *end;

	while (isalnum((unsigned char)*c) || *c == '_')
		c++;
	if (c == line || isdigit((unsigned char)line[0]))
		return false;
	if (*c == '{') {
		do {
			c++;
			if (!islower((unsigned char)*c))
				return false;
			while (isalnum((unsigned char)*c) || *c == '_')
				c++;
			if (*c++ != '=' || *c++ != '"' || (c = strpbrk(c, "\"\\\n")) == NULL || *c != '"')
				return false;
			c++;
		} while (*c == ',');
		if (*c++ != '}')
			return false;
	}
	if (*c++ != ' ')
		return false;
	strtod(c, &end);
	return end != c && *end == '\0';
}

/* Each name has HELP and TYPE before its samples, once, and all of its samples are together. */
static void form_is_good(char *text)
{
	char name[128] = "", *rest = text, *line;
	unsigned samples = 0;

	assert_int_equal(text[strlen(text) - 1], '\n');
	while ((line = strsep(&rest, "\n")) != NULL && rest) {
		if (strncmp(line, "# HELP ", 7) == 0) {
			assert_true(sscanf(line, "# HELP %127s", name) == 1);
			assert_null(strstr(rest, line)); /* once */
			continue;
		}
		if (strncmp(line, "# TYPE ", 7) == 0) {
			assert_memory_equal(line + 7, name, strlen(name));
			continue;
		}
		if (!sample_is_good(line) || strncmp(line, name, strlen(name)) != 0)
			fail_msg("%s", line);
		samples++;
	}
	assert_true(samples > 60);
}

static void written(struct metrics *m, const struct scoreboard *s, struct buf *ret)
{
	char *copy;

	buf_clear(ret);
	metrics_write(m, NULL, s, ret);
	assert_non_null(copy = strdup(buf_cstr(ret)));
	form_is_good(copy);
	free(copy);
}

static void has(struct buf *b, const char *line)
{
	if (strstr(buf_cstr(b), line) == NULL)
		fail_msg("%s is not in\n%s", line, buf_cstr(b));
}

static void steps_are_counted(void **state)
{
	struct metrics *m = calloc(1, sizeof *m);
	struct scoreboard *s = calloc(1, sizeof *s);
	struct buf b = {0};

	(void)state;
	seen(m, SEEN_TICKET, SEEN_ANSWERED, DT_F_OK, 7);
	seen(m, SEEN_TICKET, SEEN_ANSWERED, DT_F_OK, 3000);
	seen(m, SEEN_TICKET, SEEN_REFUSED, DT_F_PIN_REFUSED, 20);
	bound(m, LOCATION_ADDED);
	bound(m, LOCATION_REFRESHED);
	bound(m, LOCATION_OLD);
	strcpy(s->row[0].name, "worker");
	atomic_store(&s->row[0].pid, 1);
	atomic_store(&s->row[0].private_operations, 18);
	atomic_store(&s->rows, 1);
	written(m, s, &b);
	has(&b, "dialtone_steps_total{stage=\"7\",step=\"ticket\",outcome=\"answered\"} 2\n");
	has(&b, "dialtone_steps_total{stage=\"7\",step=\"ticket\",outcome=\"refused\"} 1\n");
	has(&b, "dialtone_steps_total{stage=\"9\",step=\"register\",outcome=\"answered\"} 2\n");
	has(&b, "dialtone_refusals_total{code=\"pin-refused\"} 1\n");
	has(&b, "dialtone_step_seconds_bucket{step=\"ticket\",le=\"0.005\"} 0\n");
	has(&b, "dialtone_step_seconds_bucket{step=\"ticket\",le=\"0.010\"} 1\n");
	has(&b, "dialtone_step_seconds_bucket{step=\"ticket\",le=\"2.500\"} 2\n");
	has(&b, "dialtone_step_seconds_bucket{step=\"ticket\",le=\"+Inf\"} 3\n");
	has(&b, "dialtone_step_seconds_sum{step=\"ticket\"} 3.027\n");
	has(&b, "dialtone_private_key_operations_total{process=\"worker\",index=\"0\"} 18\n");
	has(&b, "dialtone_health{state=\"ready\"} 1\n");
	has(&b, "dialtone_replication_lag_seconds -1\n");
	atomic_store(&s->health.lag_ms, 1251);
	atomic_store(&s->health.store, HEALTH_STORE_DOWN);
	written(m, s, &b);
	has(&b, "dialtone_health{state=\"degraded\"} 1\n");
	has(&b, "dialtone_store_up 0\n");
	has(&b, "dialtone_replication_lag_seconds 1.250\n");
	atomic_store(&s->health.draining, 1);
	written(m, s, &b);
	has(&b, "dialtone_health{state=\"draining\"} 1\n");
	has(&b, "dialtone_health{state=\"degraded\"} 0\n");
	buf_free(&b);
	free(m);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(steps_are_counted)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
