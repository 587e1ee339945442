/* cmd/site/drain.c: dialtone drain: a front end that is to be stopped gives its phones to the others. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/sv.h"
#include "cmd/site/site.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "server/control/control.h"
#include "server/location/drain.h"
#include "server/site/conf.h"

struct drain_options {
	unsigned over;
	bool wait, end;
};

static const char *over_option(void *at, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), DRAIN_SECONDS_MAX, &n))
		return "a number of seconds is needed, 0 to 86400";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

static const struct option_row drain_options[] = {
    {"--over", "SECONDS", "phones are asked one after the other, spread over this time (60)", offsetof(struct drain_options, over), .read = over_option},
    {"--end", NULL, "takes phones again", offsetof(struct drain_options, end)},
    {"--wait", NULL, "ends when no phone is registered here any more", offsetof(struct drain_options, wait)},
    {0}};

static void drain_defaults(void *o)
{
	((struct drain_options *)o)->over = 60;
}

static void near_one(void *arg, const struct control_endpoint *e)
{
	*(unsigned *)arg += e->front_end[0] == '\0';
}

static int drained(const struct command *c, const struct site *site)
{
	const struct timespec pause = {1, 0};
	struct why why = {0};
	bool nobody = false;

	for (unsigned n = 1; n && !nobody; nanosleep(&pause, NULL)) {
		n = 0;
		if (!control_registered(site->dir, NULL, near_one, &n, &nobody, &why))
			return command_fail(c, EX_UNAVAILABLE, "%s", why.text);
	}
	text_print(stderr, "nobody is registered here any more");
	return 0;
}

static int drain_report(const struct command *c, bool changed, unsigned phones)
{
	struct writer w;

	if (command_form(c) == WRITER_TEXT)
		return 0;
	change_begin(&w, c, changed);
	writer_member(&w, "phones", "", json_integer(phones));
	return writer_end(&w);
}

static int drain(struct command *c)
{
	const struct drain_options *o = c->o;
	bool on = !o->end;
	struct site *site = malloc(sizeof *site);
	struct why why = {0};
	unsigned phones = 0;
	bool nobody = false, changed = false;
	int rc = 0;

	if (site == NULL)
		return command_fail(c, EX_OSERR, "out of memory");
	if (!conf_read(c->conf, site, &why))
		rc = command_fail(c, EX_CONFIG, "%s", why.text);
	else if (!control_drain(site->dir, on, o->over, &phones, &changed, &nobody, &why))
		rc = command_fail(c, EX_UNAVAILABLE, "%s", why.text);
	else if (nobody)
		rc = command_fail(c, EX_UNAVAILABLE, "dialtoned does not run: there is nothing to drain");
	else if (!on)
		text_print(stderr, "%s takes phones again", site->fqdn);
	else
		text_print(stderr, "%s takes nobody new; %u phone%s asked to go elsewhere within %u s; to end it: dialtone drain --end", site->fqdn,
			 phones, phones == 1 ? " is" : "s are", o->over);
	if (rc == 0 && !changed && command_form(c) == WRITER_TEXT)
		text_print(stderr, "unchanged");
	if (rc == 0 && on && o->wait) /* phones that do not come back are gone at the end as well */
		rc = drained(c, site);
	free(site);
	return rc ? rc : drain_report(c, changed, phones);
}

const struct verb verb_drain = {
    .name = "drain",
    .what = "gives this front end's phones to the others, before it is stopped",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .options = drain_options,
    .size = sizeof(struct drain_options),
    .begin = drain_defaults,
    .run = drain,
    .text = "/health says 'draining', new sign-ins are refused with 503 and Retry-After, and registered phones are asked to come back: the load "
	    "balancer leads them to the other front ends.",
    .example = "  dialtone drain --over 120 --wait && systemctl restart dialtoned\n",
    .status = "exit status: 0 done, 64 usage, 69 dialtoned does not run, 78 configuration",
};
