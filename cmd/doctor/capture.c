/* cmd/doctor/capture.c
 *
 *     3 phones: 2 with dial tone, 1 without
 *
 *     00:04:f2:aa:bb:01  10.66.0.110      66  dial tone                       06:37:29
 *     00:04:f2:aa:bb:02  10.66.0.111      66  stage 7, Authentication Process 06:40:12
 *
 * then, for each phone that has something to cure, what the doctor says of any other phone.
 */
#include "cmd/doctor/capture.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "base/ip.h"
#include "base/sv.h"
#include "base/text.h"
#include "cmd/doctor/answer.h"
#include "cmd/doctor/bundle.h"
#include "cmd/doctor/capture_read.h"
#include "cmd/doctor/findings.h"
#include "cmd/doctor/html.h"
#include "cmd/phone/record_json.h"
#include "doctor/passive/passive.h"
#include "host/broker.h"
#include "host/host.h"
#include "wire/capture/capture.h"

enum { SECRETS_MAX = 16 << 20 };

struct watcher {
	struct passive *passive;
	struct record_text *text; /* NULL: JSON */
	bool live, verbose;
	unsigned strange; /* a link type that cannot be read */
	uint64_t packets;
	struct buf page; /* begun, when one was asked for */
	const char *files[2]; /* of the page */
	struct broker *broker; /* that writes it */
};

static void clock_text(int64_t us, char out[16])
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, 16, "%H:%M:%S", &tm) == 0)
		out[0] = '\0';
}

static void phone_text(const struct passive_phone *ph, char id[MAC_TEXT_MAX], char ip[16])
{
	if (ph->has_mac)
		mac_text(id, ph->mac);
	else
		text_set(id, MAC_TEXT_MAX, "behind a router");
	if (ph->address)
		ip_text(ph->address, ip);
	else
		text_set(ip, 16, "-");
}

static void phone_row(const struct watcher *w, const struct passive_phone *ph)
{
	char id[MAC_TEXT_MAX], ip[16], vlan[8] = "-", when[16];
	const char *stage = ph->stage > DT_STAGE_NONE && ph->stage < DT_STAGE_COUNT ? dt_stage_titles[ph->stage] : "";

	phone_text(ph, id, ip);
	clock_text(ph->since_us, when);
	if (ph->vlan)
		snprintf(vlan, sizeof vlan, "%u", ph->vlan);
	if (ph->dial_tone)
		printf("%-17s  %-15s %4s  %s  %sdial tone%s\n", id, ip, vlan, when, record_text_ink(w->text, INK_GOOD),
		       record_text_ink(w->text, INK_PLAIN));
	else
		printf("%-17s  %-15s %4s  %s  stage %d, %.24s%s\n", id, ip, vlan, when, (int)ph->stage, stage,
		       strlen(stage) > 24 ? "..." : "");
}

/* ---- packets ---------------------------------------------------------------------------------------------------- */

static void on_packet(void *arg, int64_t unix_us, unsigned link, struct sv octets)
{
	struct watcher *w = arg;

	if (link == LINK_SECRETS) {
		passive_secrets(w->passive, octets);
		return;
	}
	w->packets++;
	if (!passive_packet(w->passive, unix_us, link, octets) && link != LINK_ETHERNET)
		w->strange = link;
}

static void on_change(void *arg, const struct passive_phone *ph)
{
	const struct watcher *w = arg;

	if (w->live && w->text) {
		phone_row(w, ph);
		fflush(stdout);
	}
}

static void on_second(void *arg)
{
	(void)arg;
}

/* ---- what came of it -------------------------------------------------------------------------------------------- */

static struct dt_record record_of(const struct doctor_line *l)
{
	struct dt_record r = {.kind = l->kind, .stage = l->stage, .what = l->what, .peer = l->peer, .ok = l->ok, .skipped = l->skipped,
			      .ms = l->ms, .found = l->found, .warn = l->warn, .failure = l->failure, .why = l->why, .guess = l->guess,
			      .fact = l->fact};

	memcpy(r.sign, l->sign, sizeof r.sign);
	return r;
}

static struct run_result result_of(const struct passive_phone *ph)
{
	const struct doctor_line *last = ph->n && ph->line[ph->n - 1].kind == DT_REC_RESULT ? &ph->line[ph->n - 1] : NULL;
	struct run_result r = {.known = last != NULL, .ok = last && last->ok, .stage = ph->stage, .ms = (uint32_t)((ph->last_us - ph->first_us) / 1000)};

	if (last) {
		r.stage = last->stage;
		r.failure = last->failure;
		why_set(&r.why, "%s", last->why ? last->why : "");
	}
	return r;
}

/* The record as `dialtone doctor --json` writes that of its own phone, without what was made of it. */
static json_t *phone_lines(struct watcher *w, size_t i)
{
	const struct passive_phone *ph = passive_phone_at(w->passive, i);
	const struct doctor_run *run = passive_run(w->passive, i);
	json_t *lines = json_array();
	struct run_ids ids = {.model = ph->model[0] ? ph->model : "unknown"};
	uint8_t run_id[8] = {0};

	for (unsigned k = 0; k < 4; k++) {
		run_id[k] = (uint8_t)(ph->address >> (24 - 8 * k));
		run_id[4 + k] = (uint8_t)(ph->first_us >> (24 - 8 * k));
	}
	hex_write(ids.run, run_id, sizeof run_id, false);
	mac_text(ids.mac, ph->mac);
	for (size_t k = 0; k < ph->n; k++) {
		struct dt_record rec = record_of(&ph->line[k]);

		if (rec.kind != DT_REC_RESULT)
			json_array_append_new(lines, record_json(&ids, &rec, ph->at_us[k] / 1000));
	}
	if (run->has_observed)
		json_array_append_new(lines, record_json_observed(&ids, &run->observed, ph->last_us / 1000));
	return lines;
}

static void phone_json(struct watcher *w, size_t i, const struct findings *f)
{
	const struct passive_phone *ph = passive_phone_at(w->passive, i);
	json_t *lines = phone_lines(w, i), *l;
	struct run_result r = result_of(ph);
	struct run_ids ids = {.model = ph->model[0] ? ph->model : "unknown"};
	size_t k;

	mac_text(ids.mac, ph->mac);
	json_array_foreach(lines, k, l)
		json_line(stdout, json_incref(l));
	snprintf(ids.run, sizeof ids.run, "%s", json_string_value(json_object_get(json_array_get(lines, 0), "run")));
	for (k = 0; k < f->n; k++) {
		json_t *j = finding_json(&f->one[k]);

		json_object_set_new(j, "mac", json_string(ids.mac));
		json_line(stdout, j);
	}
	if (r.known)
		json_line(stdout, record_json_result(&ids, &r, ph->since_us / 1000));
	json_decref(lines);
}

static void phone_print(struct watcher *w, size_t i, const struct findings *f)
{
	const struct passive_phone *ph = passive_phone_at(w->passive, i);
	char id[MAC_TEXT_MAX], ip[16];

	if (f->n == 0)
		return;
	phone_text(ph, id, ip);
	printf("\n%s%s%s  %s%s%s\n", record_text_ink(w->text, INK_BOLD), id, record_text_ink(w->text, INK_PLAIN), ip, ph->model[0] ? "  " : "",
	       ph->model);
	answer_print(stdout, w->text, passive_run(w->passive, i), f, w->verbose);
}

static void phone_page(struct watcher *w, size_t i, const struct findings *f)
{
	const struct passive_phone *ph = passive_phone_at(w->passive, i);
	json_t *lines = phone_lines(w, i);
	char name[128], id[MAC_TEXT_MAX], ip[16];

	phone_text(ph, id, ip);
	snprintf(name, sizeof name, "%s, %s, %s", ph->model[0] ? ph->model : "phone", id, ip);
	html_phone(&w->page, name, passive_run(w->passive, i), f, lines);
	json_decref(lines);
}

static int report(struct watcher *w)
{
	size_t n = passive_phones(w->passive), good = 0;
	int status = 0;

	for (size_t i = 0; i < n; i++)
		good += passive_phone_at(w->passive, i)->dial_tone;
	if (w->text) {
		printf("%zu phone%s: %zu with dial tone, %zu without\n\n", n, n == 1 ? "" : "s", good, n - good);
		printf("%-17s  %-15s %4s  %-8s  %s\n", "MAC", "ADDRESS", "VLAN", "SINCE", "STAGE");
		for (size_t i = 0; i < n; i++)
			phone_row(w, passive_phone_at(w->passive, i));
	}
	for (size_t i = 0; i < n; i++) {
		const struct passive_phone *ph = passive_phone_at(w->passive, i);
		struct findings f;

		findings_of(&f, passive_run(w->passive, i));
		if (w->page.p)
			phone_page(w, i, &f);
		if (w->text)
			phone_print(w, i, &f);
		else
			phone_json(w, i, &f);
		if (!ph->dial_tone && ph->stage && (status == 0 || (int)ph->stage < status))
			status = (int)ph->stage;
	}
	return status;
}

/* Everything that makes the answer less than whole goes to standard error. */
static void caveats(const struct watcher *w, unsigned dropped)
{
	const struct passive_lost *lost = passive_lost(w->passive);

	if (dropped)
		fprintf(stderr, "dialtone doctor: %u packets came faster than they could be read\n", dropped);
	if (lost->hosts || lost->flows)
		fprintf(stderr, "dialtone doctor: %lu phones and %lu connections were too many, and were forgotten: capture on fewer ports\n",
			lost->hosts, lost->flows);
	if (lost->gaps)
		fprintf(stderr, "dialtone doctor: packets are missing in %lu connections: of these the shape was read only\n", lost->gaps);
}

static bool is_interface(const char *what)
{
	return strchr(what, '/') == NULL && access(what, F_OK) < 0 && if_nametoindex(what) != 0;
}

/* Root reads nothing that strangers have sent. */
static bool on_opened(void *arg, struct why *why)
{
	struct watcher *w = arg;

	return host_lower_reader(w->files, &w->broker, why) == 0;
}

static int watch(struct watcher *w, const struct command *c, const char *what, uint64_t seconds)
{
	struct why why = {0};
	unsigned dropped = 0;
	int rc;

	w->live = is_interface(what);
	if (w->live && w->text)
		printf("watching %s: Ctrl-C ends it\n\n", what);
	fflush(stdout);
	rc = w->live ? capture_read_interface(what, (unsigned)seconds, on_opened, on_packet, on_second, w, &dropped, &why)
		     : capture_read_file(what, on_opened, on_packet, w, &why);
	if (rc < 0)
		return command_fail(c, EX_CONFIG, "'--capture %s': %s", what, why.text);
	if (rc > 0)
		fprintf(stderr, "dialtone doctor: '--capture %s': %s; the packets before it were read\n", what, why.text);
	passive_end(w->passive);
	caveats(w, dropped);
	if (passive_phones(w->passive) == 0 && w->strange)
		return command_fail(c, EX_CONFIG, "'--capture %s': a capture of link type %u: capture on an Ethernet interface", what, w->strange);
	if (passive_phones(w->passive) == 0)
		return command_fail(c, EX_CONFIG, "'--capture %s': %llu packets, and no phone among them: capture on the phone's switch port, "
					"or a mirror of it, while the phone starts", what, (unsigned long long)w->packets);
	if (w->live && w->text)
		putchar('\n');
	return report(w);
}

static int write_page(struct watcher *w, const char *path)
{
	html_end(&w->page);
	return w->page.oom ? EX_SOFTWARE : bundle_put_file(w->broker, "--html", path, w->page.p, w->page.n);
}

static int secrets_read(struct watcher *w, const char *path)
{
	struct buf b = {0};
	int e = file_read(path, SECRETS_MAX, &b);

	if (e < 0)
		fprintf(stderr, "dialtone doctor: '--keylog %s': %s\n", path, strerror(-e));
	else
		passive_secrets(w->passive, buf_view(&b));
	buf_wipe(&b);
	return e < 0 ? EX_CONFIG : 0;
}

int capture_examine(const struct command *c)
{
	const struct phone_options *o = c->o;
	struct watcher w = {.passive = passive_new(0), .text = c->json ? NULL : record_text_new(stdout),
			    .verbose = o->verbose, .files = {o->html}};
	uint64_t seconds = 0;
	int rc = EX_SOFTWARE, wrote = 0;

	if (o->seconds && (!sv_u64(sv_of(o->seconds), UINT64_C(86400) * 7, &seconds) || seconds == 0))
		rc = command_fail(c, EX_USAGE, "'--seconds %s': type a number of seconds", o->seconds);
	else if (w.passive && (c->json || w.text)) {
		passive_watch(w.passive, on_change, &w);
		if (o->keylog)
			rc = secrets_read(&w, o->keylog);
		if (o->keylog && rc) {
			passive_free(w.passive);
			record_text_free(w.text);
			return rc;
		}
		if (o->html)
			html_begin(&w.page, o->capture);
		rc = watch(&w, c, o->capture, seconds);
		wrote = w.page.p ? write_page(&w, o->html) : 0;
	}
	broker_stop(w.broker);
	passive_free(w.passive);
	record_text_free(w.text);
	buf_free(&w.page);
	return rc ? rc : wrote;
}
