/* cmd/doctor/doctor.c: dialtone doctor: be a phone, and when it gets no dial tone say where, why, and what to type. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/file.h"
#include "cmd/doctor/answer.h"
#include "cmd/doctor/bundle.h"
#include "cmd/doctor/capture.h"
#include "cmd/doctor/check.h"
#include "cmd/doctor/compare.h"
#include "cmd/doctor/every.h"
#include "cmd/doctor/explain.h"
#include "cmd/doctor/findings.h"
#include "cmd/doctor/html.h"
#include "cmd/doctor/plan_show.h"
#include "cmd/doctor/store_look.h"
#include "cmd/phone/run.h"
#include "cmd/phone/record_json.h"
#include "cmd/phone/record_text.h"
#include "cmd/verbs.h"
#include "doctor/probe.h"

#define RECORD_MAX (16 << 20)
#define LLDP_LISTEN_MS 35000
#define DHCP_LISTEN_MS 41500
#define TICK_MS 200

struct doctor {
	struct phone_run run;
	struct command *command;
	const struct phone_options *o;
	struct record_text *text; /* to standard output, or (with --json) NULL */
	struct doctor_run record;
	struct doctor_probe *probe;
	struct findings found;
	json_t *lines; /* the record as JSON, for the bundle */
	json_t *old;   /* the bundle that was read, or NULL */
	struct bundle bundle;
};

/* ---- running ------------------------------------------------------------------------------------------------- */

static void doctor_on_record(void *arg, const struct dt_record *r)
{
	struct doctor *d = arg;
	json_t *j;

	if (!doctor_run_add(&d->record, r))
		fprintf(stderr, "dialtone doctor: out of memory: the record has a gap\n");
	if (r->kind != DT_REC_BEGIN) {
		j = record_json(&d->run.ids, r, clock_unix_ms());
		json_array_append(d->lines, j);
		if (d->text == NULL && !d->o->check)
			json_line(stdout, json_incref(j));
		json_decref(j);
	}
	if (d->text && d->o->verbose)
		record_text_line(d->text, r);
	else if (d->text)
		record_text_progress(d->text, r);
	if (d->probe && r->kind == DT_REC_RESTART)
		doctor_probe_restart(d->probe);
}

static void doctor_on_tick(void *arg)
{
	struct doctor *d = arg;

	if (d->text)
		record_text_tick(d->text);
	if (d->probe)
		doctor_probe_tick(d->probe);
}

static char *anchors(struct doctor *d)
{
	long n = host_body.load(d->run.host, DT_STATE_ROOTS, NULL, 0);
	size_t trust = d->run.trust.n;
	const char *dropped = dt_phone_dropped_chain(d->run.phone); /* what the phone judged by, though it kept it not */
	char *pem = calloc(1, (n > 0 ? (size_t)n : 0) + trust + strlen(dropped) + 2);

	if (pem == NULL)
		return NULL;
	if (n > 0)
		(void)host_body.load(d->run.host, DT_STATE_ROOTS, pem, (size_t)n);
	if (trust)
		memcpy(pem + strlen(pem), d->run.trust.p, trust);
	memcpy(pem + strlen(pem), dropped, strlen(dropped) + 1);
	return pem;
}

/* A switch without fast start sends LLDP every 30 s: without a VLAN a whole interval is listened to before that is blamed on it
 * [network A.4].  Without DHCP a port that spanning tree holds may still open. */
static unsigned doctor_listens(const struct doctor *d)
{
	unsigned ms = d->run.result.failure == DT_F_DHCP_SILENT && !d->run.result.ok ? DHCP_LISTEN_MS : 0;

	for (size_t i = 0; i < d->record.n; i++) {
		const struct doctor_line *l = &d->record.line[i];

		if (ms == 0 && l->kind == DT_REC_STAGE && l->stage == DT_STAGE_VLAN && l->failure == DT_F_VLAN_NONE && d->run.observed.voice == 0)
			ms = LLDP_LISTEN_MS;
	}
	return ms;
}

/* The phone has its result. It is told to sign off only after the doctor's own questions: they need its address. */
static void doctor_on_over(void *arg)
{
	struct doctor *d = arg;
	const struct run_result *r = &d->run.result;
	struct dt_record rec = {.kind = DT_REC_RESULT, .stage = r->stage, .ok = r->ok, .failure = r->failure, .ms = r->ms,
				.why = why_or(&r->why, NULL), .guess = r->guess};

	if (!doctor_run_add(&d->record, &rec))
		fprintf(stderr, "dialtone doctor: out of memory: the record has a gap\n");
	json_array_append_new(d->lines, record_json_result(&d->run.ids, r, clock_unix_ms()));
	if (d->probe == NULL || r->failure == DT_F_STOPPED) { /* a user who stops it wants no more questions */
		host_sign_off(d->run.host, 0);
		return;
	}
	if (d->text && d->o->verbose)
		record_text_print(d->text, "\nchecking further ...");
	doctor_probe_finish(d->probe, dt_phone_clock_off_s(d->run.phone), doctor_listens(d));
}

static void doctor_on_answers(void *arg)
{
	struct doctor *d = arg;

	host_sign_off(d->run.host, 0);
}

/* Beside the phone, from the first moment on. */
static void doctor_ask(struct doctor *d)
{
	unsigned cannot = dt_model_cannot(d->run.conf.model, d->run.conf.factory_version ? d->run.conf.factory_version : d->run.conf.model->firmware);

	d->probe = doctor_probe_new(d->run.host, &d->record, cannot, !d->o->no_dhcp && !d->o->outside, doctor_on_answers, d);
	if (d->probe)
		doctor_probe_more(d->probe);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

static void put_json(struct doctor *d)
{
	if (!d->o->record && d->record.has_observed)
		json_line(stdout, record_json_observed(&d->run.ids, &d->record.observed, clock_unix_ms()));
	for (unsigned i = 0; i < d->record.answers; i++)
		json_line(stdout, answer_json(&d->record.answer[i]));
	for (unsigned i = 0; i < d->found.n; i++)
		json_line(stdout, finding_json(&d->found.one[i]));
	if (!d->o->record)
		json_line(stdout, record_json_result(&d->run.ids, &d->run.result, clock_unix_ms()));
}

/* ---- the two ways in ----------------------------------------------------------------------------------------- */

/* The lines of the record; of a bundle all that it holds. */
static void lines_store(struct doctor *d, const struct buf *text)
{
	struct sv rest = {(const char *)text->p, text->n};
	json_t *whole = json_loadb(rest.p, rest.n, JSON_REJECT_DUPLICATES, NULL), *record = json_object_get(whole, "record");

	if (json_is_array(record)) {
		json_array_extend(d->lines, record);
		d->old = whole;
		return;
	}
	json_decref(whole);
	while (rest.p) {
		struct sv s = sv_trim(sv_cut(&rest, '\n'));
		json_t *j = s.n ? json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, NULL) : NULL;

		if (j)
			json_array_append_new(d->lines, j);
	}
}

static int from_record(struct doctor *d)
{
	struct buf text = {0};
	struct why why = {0};
	int e = file_read_input(d->o->record, RECORD_MAX, &text);
	const struct doctor_line *result;

	if (e < 0) {
		fprintf(stderr, "dialtone doctor: '--record %s': %s\n", d->o->record, strerror(-e));
		buf_free(&text);
		return EX_CONFIG;
	}
	if (doctor_run_read(&d->record, (const char *)text.p, text.n, &why)) {
		fprintf(stderr, "dialtone doctor: '--record %s': %s: it is not what dialtone connect --json writes\n", d->o->record,
			why.text);
		buf_free(&text);
		return EX_CONFIG;
	}
	lines_store(d, &text);
	buf_free(&text);
	result = doctor_run_result(&d->record);
	if (result == NULL)
		return d->record.line[d->record.n - 1].stage ? (int)d->record.line[d->record.n - 1].stage : EX_CONFIG;
	return phone_run_status(&(struct run_result){.ok = result->ok, .stage = result->stage, .failure = result->failure});
}

static void doctor_check(struct doctor *d)
{
	char *pem = d->probe ? anchors(d) : NULL;

	d->record.has_observed = true;
	d->record.observed = d->run.observed;
	json_array_append_new(d->lines, record_json_observed(&d->run.ids, &d->record.observed, clock_unix_ms()));
	if (pem)
		doctor_probe_check(d->probe, pem);
	free(pem);
}

/* The broker writes these after the run: the doctor is not root then. */
static void name_files(struct doctor *d)
{
	const char *const all[] = {d->o->bundle, d->o->pcapng, d->o->html};
	size_t n = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i])
			d->run.files[n++] = all[i];
}

static int from_phone(struct doctor *d)
{
	int rc;

	if ((d->o->bundle || d->o->pcapng || d->o->html) && bundle_begin(&d->bundle))
		d->run.witness = &d->bundle.witness;
	name_files(d);
	rc = phone_run_open(&d->run);
	if (rc)
		return rc;
	if (d->text && d->o->verbose)
		record_text_head(d->text, &d->run);
	doctor_ask(d);
	phone_run_go(&d->run);
	host_witness_all(d->run.host);
	if (d->text)
		record_text_clear(d->text);
	if (d->text && d->o->verbose)
		putchar('\n');
	doctor_check(d);
	if (doctor_run_result(&d->record) == NULL) { /* interrupted */
		struct dt_record rec = {.kind = DT_REC_RESULT, .stage = d->run.result.stage, .failure = d->run.result.failure,
					.why = d->run.result.why.text};

		doctor_run_add(&d->record, &rec);
		json_array_append_new(d->lines, record_json_result(&d->run.ids, &d->run.result, clock_unix_ms()));
	}
	return phone_run_status(&d->run.result);
}

static int write_page(struct doctor *d)
{
	const json_t *first = json_array_get(d->lines, 0);
	const char *mac = json_string_value(json_object_get(first, "mac")), *model = json_string_value(json_object_get(first, "model"));
	char name[128];
	struct buf b = {0};
	int rc;

	snprintf(name, sizeof name, "%s%s%s", model ? model : "phone", mac ? ", " : "", mac ? mac : "");
	html_begin(&b, name);
	html_phone(&b, name, &d->record, &d->found, d->lines);
	html_shown(&b, d->old ? json_object_get(d->old, "certificates") : d->bundle.certificates,
		   d->old ? json_object_get(d->old, "heads") : d->bundle.heads);
	html_end(&b);
	rc = b.oom ? EX_SOFTWARE : bundle_put_file(host_broker(d->run.host), "--html", d->o->html, b.p, b.n);
	buf_free(&b);
	return rc;
}

static int write_files(struct doctor *d)
{
	struct bundle_of of = {&d->record, &d->found, d->lines, d->old, &d->bundle, host_broker(d->run.host)};
	int rc = 0, more = 0;

	if (d->o->bundle)
		rc = bundle_write(&of, d->o->bundle, d->o->redact && strcmp(d->o->redact, "names") == 0);
	if (d->o->pcapng)
		more = bundle_write_pcapng(&of, d->o->pcapng);
	if (d->o->html && rc == 0)
		rc = write_page(d);
	return rc ? rc : more;
}

static int examine(struct doctor *d)
{
	struct doctor_answer store = {0};
	int rc = store_look(d->command, d->o, &store), wrote;

	if (rc)
		return rc;
	rc = d->o->record ? from_record(d) : from_phone(d);
	if (store.what[0] && d->record.answers < DOCTOR_ANSWERS)
		d->record.answer[d->record.answers++] = store;

	if (d->record.n == 0 && !d->o->check)
		return rc;
	if (d->o->nplan && doctor_run_result(&d->record) == NULL)
		return EX_CONFIG;
	if (d->o->nplan)
		return plan_show(d->o, &d->record, d->text == NULL);
	findings_of(&d->found, &d->record);
	if (d->o->check)
		rc = (int)check_print(stdout, &d->record, &d->found);
	else if (d->text)
		answer_print(stdout, d->text, &d->record, &d->found, d->o->verbose);
	else
		put_json(d);
	fflush(stdout);
	wrote = write_files(d);
	if (wrote && d->o->check)
		return CHECK_UNKNOWN;
	return rc ? rc : wrote;
}

/* One run.  *refused: the server does not take number and PIN, or the password. */
static int once(void *arg, bool *refused)
{
	struct doctor *d = calloc(1, sizeof *d);
	struct command *c = arg;
	int rc = EX_SOFTWARE;

	if (d == NULL)
		return rc;
	d->command = c;
	d->o = c->o;
	d->run = (struct phone_run){.verb = "doctor", .o = d->o, .record = doctor_on_record, .tick = doctor_on_tick, .tick_ms = TICK_MS, .over = doctor_on_over,
				    .arg = d};
	d->lines = json_array();
	d->text = c->json || d->o->check ? NULL : record_text_new(stdout);
	if (d->lines && (c->json || d->o->check || d->text))
		rc = examine(d);
	*refused = d->run.result.failure == DT_F_PIN_REFUSED || d->run.result.failure == DT_F_PASSWORD_REFUSED;
	doctor_probe_free(d->probe);
	phone_run_close(&d->run);
	doctor_run_free(&d->record);
	json_decref(d->lines);
	json_decref(d->old);
	bundle_free(&d->bundle);
	record_text_free(d->text);
	free(d);
	return rc;
}

static int doctor_run(struct command *c)
{
	const struct phone_options *o = c->o;
	bool refused = false;
	int rc = phone_options_check(c);

	if (rc == 0 && o->explain)
		return explain(stdout, o->explain);
	if (rc == 0 && o->capture)
		return capture_examine(c);
	if (rc == 0)
		rc = bundle_check("--bundle", o->bundle);
	if (rc == 0)
		rc = bundle_check("--pcapng", o->pcapng);
	if (rc == 0)
		rc = bundle_check("--html", o->html);
	if (rc)
		return o->check ? (int)CHECK_UNKNOWN : rc;
	if (o->compare)
		return compare_run(c, once);
	return o->every ? every_run(every_read(o->every), once, c) : once(c, &refused);
}

const struct verb verb_doctor = {
    .name = "doctor",
    .what = "the same, and then name the stage that fails, the cause and the remedy",
    .flags = VERB_JSON | VERB_SITE,
    .options = doctor_options,
    .shared = phone_options,
    .size = sizeof(struct phone_options),
    .run = doctor_run,
    .usage = "usage: dialtone doctor --interface IF [--model MODEL]\n"
	     "           --extension N --pin-file FILE [OPTIONS]\n"
	     "       dialtone doctor --interface IF --model cx700\n"
	     "           --user 'DOMAIN\\USER' --sip USER@DOMAIN [OPTIONS]\n"
	     "       dialtone doctor --record FILE [--json] [--bundle FILE] [--pcapng FILE]\n"
	     "       dialtone doctor --capture FILE|INTERFACE [--json]\n"
	     "       dialtone doctor --record FILE --plan chain=PEM|dns=ZONE|dhcp=OPTIONS\n"
	     "       dialtone doctor --explain ID\n",
    .text = "Runs a phone as connect does, then names the stage that fails, the likely causes and what to do. --json writes one object "
	    "a line.",
    .example = "  dialtone doctor --interface eth0 --extension 4411\n",
    .status = "exit status: 0 dial tone, 1-9 the stage that failed, 64 usage, 78 configuration, 70 internal error",
};
