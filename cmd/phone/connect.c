/* cmd/phone/connect.c: dialtone connect: be a phone, from power-on to dial tone. */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cmd/phone/run.h"
#include "cmd/phone/record_json.h"
#include "cmd/phone/record_text.h"
#include "cmd/verbs.h"

#define STAY_MAX 31536000

struct connect {
	struct phone_run run;
	const struct command *command;
	const struct phone_options *o;
	struct record_text *text; /* NULL with --json */
	bool stays, for_ever, mute; /* mute: standard output is gone */
	bool waits, ready; /* waits: without credentials, for `dialtone handset`; ready: it has an address */
	unsigned stay;
};

/* A closed pipe: nobody reads any more, so hang up. */
static void observed(struct connect *c, bool well)
{
	if (well || c->mute)
		return;
	c->mute = true;
	host_sign_off(c->run.host, 0);
}

static void json_out(struct connect *c, json_t *j)
{
	observed(c, json_line(stdout, j));
}

static void connect_on_record(void *arg, const struct dt_record *r)
{
	struct connect *c = arg;

	c->ready |= r->kind == DT_REC_READY;
	if (c->text) {
		record_text_line(c->text, r);
		observed(c, !ferror(stdout));
	} else if (r->kind != DT_REC_BEGIN) {
		json_out(c, record_json(&c->run.ids, r, clock_unix_ms()));
	}
}

static void connect_on_tick(void *arg)
{
	struct connect *c = arg;

	if (c->text)
		record_text_tick(c->text);
}

static void connect_on_over(void *arg)
{
	struct connect *c = arg;
	const struct run_result *r = &c->run.result;

	if (!r->ok && c->waits) {
		if (c->text)
			record_text_result(c->text, r, 0, NULL);
		else
			json_out(c, record_json_result(&c->run.ids, r, clock_unix_ms()));
		return;
	}
	if (!r->ok || !c->stays) {
		host_sign_off(c->run.host, 0);
		return;
	}
	if (c->text) {
		record_text_result(c->text, r, 0, NULL);
		if (c->for_ever)
			record_text_print(c->text, "staying signed in: Ctrl-C signs off");
		else
			record_text_print(c->text, "staying signed in for %u s: Ctrl-C signs off", c->stay);
	} else {
		json_out(c, record_json_dial_tone(&c->run.ids, r, clock_unix_ms()));
	}
	if (!c->for_ever && !c->waits)
		host_sign_off(c->run.host, c->stay);
}

static int read_stay(struct connect *c)
{
	uint64_t v;

	if (c->o->stay == NULL)
		return 0;
	if (!sv_u64(sv_of(c->o->stay), STAY_MAX, &v))
		return command_fail(c->command, EX_USAGE, "'--stay %s': type a number of seconds, 0 for ever", c->o->stay);
	c->stays = true;
	c->for_ever = v == 0;
	c->stay = (unsigned)v;
	return 0;
}

static int go(struct connect *c)
{
	int rc = phone_run_open(&c->run);

	if (rc)
		return rc;
	if (c->text)
		record_text_head(c->text, &c->run);
	if (c->waits && !c->for_ever)
		host_sign_off(c->run.host, c->stay);
	phone_run_go(&c->run);
	if (c->waits && (c->ready || c->run.result.dial_tone)) /* it did what it was started for */
		c->run.result = (struct run_result){.known = true, .ok = true, .dial_tone = c->run.result.dial_tone, .ms = c->run.result.ms};
	if (c->text && c->run.result.ok && c->stays)
		record_text_print(c->text, "signed off");
	else if (c->text)
		record_text_result(c->text, &c->run.result, c->command->argc - 1, c->command->argv + 1);
	if (c->text == NULL) {
		json_out(c, record_json_observed(&c->run.ids, &c->run.observed, clock_unix_ms()));
		json_out(c, record_json_result(&c->run.ids, &c->run.result, clock_unix_ms()));
	}
	return phone_run_status(&c->run.result);
}

static int connect_run(struct command *command)
{
	struct connect c = {.run = {.verb = "connect", .o = command->o, .record = connect_on_record, .tick = connect_on_tick, .over = connect_on_over},
			    .command = command, .o = command->o};
	int rc = phone_options_check(command);

	c.run.arg = &c;
	if (rc == 0)
		rc = read_stay(&c);
	c.run.appliance = c.stays;
	c.waits = c.stays && !c.o->extension && !c.o->number && !c.o->user;
	if (rc == 0 && !command->json) {
		c.text = record_text_new(stdout);
		rc = c.text ? 0 : EX_SOFTWARE;
	}
	if (rc == 0)
		rc = go(&c);
	phone_run_close(&c.run);
	record_text_free(c.text);
	return rc;
}

const struct verb verb_connect = {
    .name = "connect",
    .what = "act as a phone: from power-on to dial tone",
    .flags = VERB_JSON,
    .options = connect_options,
    .shared = phone_options,
    .size = sizeof(struct phone_options),
    .run = connect_run,
    .usage = "usage: dialtone connect --interface IF [--model MODEL]\n"
	     "           --extension N --pin-file FILE [OPTIONS]\n"
	     "       dialtone connect --interface IF --model cx700\n"
	     "           --user 'DOMAIN\\USER' --sip USER@DOMAIN [OPTIONS]\n"
	     "       dialtone connect --interface IF --stay SECONDS [OPTIONS]\n",
    .text = "Acts as a phone, from power-on to dial tone, in a network namespace of its own. --json writes one object a line.",
    .example = "  dialtone connect --interface eth0 --model cx600 --extension 4411\n",
    .status = "exit status: 0 dial tone, 1-9 the stage that failed, 64 usage, 78 configuration, 70 internal error",
};
